//! Which changes are undone together: what was typed of one word, what was erased in one go.

/// How many changes can be undone at most, each typed character counted.
pub(super) const MOST: usize = 100_000;

/// What a change is like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A letter or digit was typed.
    Word,
    /// A character was erased.
    Erased,
    /// Stands for itself.
    Other,
}

/// How many of the area's steps each change is.
#[derive(Debug, Default)]
pub(super) struct History {
    done: Vec<usize>,
    undone: Vec<usize>,
    /// What the last change was like, if the next may join it.
    open: Option<Kind>,
}

impl History {
    /// Something was changed, in so many steps.
    pub(super) fn changed(&mut self, kind: Kind, steps: usize) {
        if steps == 0 {
            return;
        }
        self.undone.clear();
        match self.done.last_mut() {
            Some(last) if self.open == Some(kind) && kind != Kind::Other => *last += steps,
            _ => self.done.push(steps),
        }
        self.open = Some(kind);
    }

    /// The next change joins no other: the cursor has been elsewhere.
    pub(super) fn close(&mut self) {
        self.open = None;
    }

    /// How many steps are to be undone.
    pub(super) fn undo(&mut self) -> usize {
        self.close();
        self.done.pop().inspect(|steps| self.undone.push(*steps)).unwrap_or(0)
    }

    /// How many steps are to be done again.
    pub(super) fn redo(&mut self) -> usize {
        self.close();
        self.undone.pop().inspect(|steps| self.done.push(*steps)).unwrap_or(0)
    }
}
