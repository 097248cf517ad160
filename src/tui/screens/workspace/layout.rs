//! Where the workspace's panes are: one function for drawing, for the mouse and for the shell's
//! size, so that they never disagree.

use ratatui::layout::{Position, Rect};
use serde::{Deserialize, Serialize};

use super::borders::Widths;
use crate::terminal::Size;
use crate::tui::screens::body;
use crate::tui::widgets::pane::Pane;

/// The three panes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PaneId {
    /// The lesson.
    #[default]
    Lesson,
    /// The shell.
    Shell,
    /// Checks and hints.
    Sidebar,
}

impl PaneId {
    /// In their order.
    pub const ALL: [Self; 3] = [Self::Lesson, Self::Shell, Self::Sidebar];

    /// The pane `by` places further, around.
    #[must_use]
    pub fn step(self, by: isize) -> Self {
        let at = Self::ALL.iter().position(|pane| *pane == self).unwrap_or(0);
        Self::ALL[(at.cast_signed() + by).rem_euclid(3).cast_unsigned()]
    }
}

/// How many panes the learner wants to see, where there is room.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// All three.
    #[default]
    Three,
    /// The shell beside the lesson or the sidebar, whichever was used last.
    Two,
    /// Only the focused one.
    One,
}

impl Mode {
    /// The next one.
    #[must_use]
    pub fn next(self) -> Self {
        match self {
            Self::Three => Self::Two,
            Self::Two => Self::One,
            Self::One => Self::Three,
        }
    }

    /// What it is called.
    pub fn word(self) -> &'static str {
        match self {
            Self::Three => "all panes",
            Self::Two => "two panes",
            Self::One => "one pane",
        }
    }
}

/// Below this width three panes would leave the shell less than a usable line.
const THREE_WIDE: u16 = 112;
/// Below this width panes are tabs: the shell keeps all 80 columns of a classic terminal.
const TWO_WIDE: u16 = 100;
/// Below this height borders cost too much.
const TALL: u16 = 16;

/// However borders are moved, the panes are no narrower than this.
const LEAST_LESSON: u16 = 24;
const LEAST_SIDEBAR: u16 = 20;
const LEAST_SHELL: u16 = 40;

/// The panes' places.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Places {
    /// The title line.
    pub title: Rect,
    /// The lesson, if shown.
    pub lesson: Option<Rect>,
    /// The shell, if shown.
    pub shell: Option<Rect>,
    /// The sidebar, if shown.
    pub sidebar: Option<Rect>,
    /// The line with the checks' signs, shown when the sidebar is not.
    pub strip: Option<Rect>,
    /// Whether panes have borders; a single one has none.
    pub bordered: bool,
}

impl Places {
    /// A pane's place.
    pub fn of(&self, pane: PaneId) -> Option<Rect> {
        match pane {
            PaneId::Lesson => self.lesson,
            PaneId::Shell => self.shell,
            PaneId::Sidebar => self.sidebar,
        }
    }

    /// The space inside a pane.
    pub fn inner(&self, pane: PaneId) -> Option<Rect> {
        let area = self.of(pane)?;
        Some(match (self.bordered, pane) {
            (false, PaneId::Shell) => area,
            (false, _) => Rect { x: area.x + 1, width: area.width.saturating_sub(2), ..area },
            (true, PaneId::Shell) => Pane::inner_tight(area),
            (true, _) => Pane::inner(area),
        })
    }

    /// The pane whose border with the shell is there.
    pub(super) fn border_at(&self, at: Position) -> Option<PaneId> {
        let shell = self.shell.filter(|shell| (shell.y..shell.bottom()).contains(&at.y))?;
        [PaneId::Lesson, PaneId::Sidebar].into_iter().find(|pane| {
            let borders = match self.of(*pane) {
                Some(pane) if pane.right() == shell.x => [shell.x.checked_sub(1), Some(shell.x)],
                Some(pane) if shell.right() == pane.x => [pane.x.checked_sub(1), Some(pane.x)],
                _ => [None, None],
            };
            self.bordered && borders.contains(&Some(at.x))
        })
    }

    /// The shell's size in cells. While its pane is not shown it keeps the size it would have as
    /// the only one, so that switching tabs does not resize it back and forth.
    pub fn shell_size(&self, area: Rect) -> Size {
        let inner = self.inner(PaneId::Shell).unwrap_or_else(|| {
            let body = body(area);
            Rect { height: body.height.saturating_sub(2), ..body }
        });
        Size { columns: inner.width, rows: inner.height }.clamped()
    }
}

/// Places the panes on a terminal. `aside` is the pane that is not the shell which was used last.
pub(super) fn places(
    area: Rect,
    (mode, widths): (Mode, Widths),
    focus: PaneId,
    aside: PaneId,
) -> Places {
    let body = body(area);
    let title = Rect { height: body.height.min(1), ..body };
    let rest = Rect { y: body.y + title.height, height: body.height - title.height, ..body };
    let mode = match mode {
        _ if area.width < TWO_WIDE || area.height < TALL => Mode::One,
        Mode::Three if area.width < THREE_WIDE => Mode::Two,
        mode => mode,
    };
    let mut places = Places {
        title,
        lesson: None,
        shell: None,
        sidebar: None,
        strip: None,
        bordered: mode != Mode::One,
    };
    let strip = |places: &mut Places, rest: Rect| {
        let height = rest.height.saturating_sub(1);
        places.strip = Some(Rect { y: rest.y + height, height: rest.height - height, ..rest });
        Rect { height, ..rest }
    };
    match mode {
        Mode::Three => {
            let least = rest.width - LEAST_LESSON - LEAST_SHELL;
            let sidebar = match widths.of(PaneId::Sidebar, area.width) {
                Some(width) => width.clamp(LEAST_SIDEBAR, least),
                None => (rest.width * 26 / 100).clamp(29, 44),
            };
            let lesson = match widths.of(PaneId::Lesson, area.width) {
                Some(width) => width.clamp(LEAST_LESSON, rest.width - sidebar - LEAST_SHELL),
                None => ((rest.width - sidebar) * 41 / 100).clamp(36, 80),
            };
            // A sidebar that was made wide takes from the lesson first.
            let lesson = lesson.min(rest.width - sidebar - LEAST_SHELL);
            let shell = rest.width - sidebar - lesson;
            places.lesson = Some(Rect { width: lesson, ..rest });
            places.shell = Some(Rect { x: rest.x + lesson, width: shell, ..rest });
            places.sidebar = Some(Rect { x: rest.x + lesson + shell, width: sidebar, ..rest });
        }
        Mode::Two => {
            let rest = if aside == PaneId::Sidebar { rest } else { strip(&mut places, rest) };
            let beside = if aside == PaneId::Sidebar { aside } else { PaneId::Lesson };
            let least = if aside == PaneId::Sidebar { LEAST_SIDEBAR } else { LEAST_LESSON };
            let width = match widths.of(beside, area.width) {
                Some(width) => width.clamp(least, rest.width - LEAST_SHELL),
                None => (rest.width * 42 / 100).clamp(38, 90),
            };
            let left = Rect { width, ..rest };
            let right = Rect { x: rest.x + width, width: rest.width - width, ..rest };
            if aside == PaneId::Sidebar {
                places.sidebar = Some(left);
            } else {
                places.lesson = Some(left);
            }
            places.shell = Some(right);
        }
        Mode::One => {
            let rest = if focus == PaneId::Sidebar { rest } else { strip(&mut places, rest) };
            match focus {
                PaneId::Lesson => places.lesson = Some(rest),
                PaneId::Shell => places.shell = Some(rest),
                PaneId::Sidebar => places.sidebar = Some(rest),
            }
        }
    }
    places
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(width: u16, height: u16, focus: PaneId) -> Places {
        let shape = (Mode::Three, Widths::default());
        places(Rect::new(0, 0, width, height), shape, focus, PaneId::Lesson)
    }

    #[test]
    fn a_classic_terminal_gives_the_shell_all_80_columns() {
        let area = Rect::new(0, 0, 80, 24);
        let size = at(80, 24, PaneId::Shell).shell_size(area);
        assert_eq!((size.columns, size.rows), (80, 21));
        // and the same while another tab is open
        assert_eq!(at(80, 24, PaneId::Lesson).shell_size(area), size);
    }

    #[test]
    fn wide_terminals_show_all_three() {
        for (width, height, cols) in [(120, 40, 50), (200, 60, 90)] {
            let places = at(width, height, PaneId::Shell);
            assert!(places.lesson.is_some() && places.sidebar.is_some());
            assert!(places.shell_size(Rect::new(0, 0, width, height)).columns >= cols);
        }
    }

    proptest! {
        #[test]
        fn panes_never_overlap_nor_leave_the_screen(
            width in 1u16..300, height in 1u16..100, mode in 0usize..3, focus in 0usize..3, aside in 0usize..3,
            moved in proptest::option::of((0u16..400, 0u16..400)),
        ) {
            let area = Rect::new(0, 0, width, height);
            let mode = [Mode::Three, Mode::Two, Mode::One][mode];
            let mut widths = Widths::default();
            if let Some((lesson, sidebar)) = moved {
                widths.set(PaneId::Lesson, lesson, width);
                widths.set(PaneId::Sidebar, sidebar, width);
            }
            let places = places(area, (mode, widths), PaneId::ALL[focus], PaneId::ALL[aside]);
            let all: Vec<Rect> =
                [Some(places.title), places.lesson, places.shell, places.sidebar, places.strip]
                    .into_iter().flatten().collect();
            for (i, a) in all.iter().enumerate() {
                prop_assert!(area.intersection(*a) == *a || a.is_empty());
                for b in &all[i + 1..] {
                    prop_assert!(a.intersection(*b).is_empty());
                }
            }
            let size = places.shell_size(area);
            prop_assert!(size.columns >= 2 && size.rows >= 1);
        }
    }
}
