//! Where somebody was in a folder of content. What was typed and not saved is kept elsewhere
//! ([`crate::author`]'s recovery); here is what is around it.

use std::collections::BTreeMap;
use std::path::Path;

use ratatui::layout::Rect;
use serde::{Deserialize, Serialize};

use super::{Author, PaneId};
use crate::course::Catalogue;
use crate::tui::app::Effect;
use crate::tui::screens::lesson;
use crate::tui::widgets::editor::Seat;

/// Of how many files it is remembered where somebody was in them.
const MOST: usize = 200;

/// See the module.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Place {
    focus: PaneId,
    beside: bool,
    /// The file in the editor.
    open: Option<String>,
    /// Where somebody was in each file, by its path below the folder.
    files: BTreeMap<String, Seat>,
    /// The rows of the tree that are not as they are at first, and the selected one.
    turned: Vec<String>,
    selected: Option<String>,
    /// The file in the preview, and where somebody was in it.
    preview: Option<String>,
    scrolled: usize,
    lesson: lesson::Place,
    problem: usize,
}

impl Default for Place {
    fn default() -> Self {
        Self {
            focus: PaneId::Files,
            beside: true,
            open: None,
            files: BTreeMap::new(),
            turned: Vec::new(),
            selected: None,
            preview: None,
            scrolled: 0,
            lesson: lesson::Place::default(),
            problem: 0,
        }
    }
}

impl Author {
    /// The folder with all links followed, once it was opened.
    pub fn root(&self) -> Option<&Path> {
        self.root.as_deref()
    }

    /// Where somebody is; nothing before the folder is there.
    pub fn place(&self) -> Option<(&Path, Place)> {
        // One that is not reached yet is still where to go.
        if let Some(place) = &self.going_to {
            return Some((self.root()?, place.clone()));
        }
        let mut files = self.seats.clone();
        files.extend(self.buffers.iter().map(|(path, it)| (path.clone(), it.editor.seat())));
        while files.len() > MOST {
            files.pop_first();
        }
        let (turned, selected) = self.tree.place();
        let place = Place {
            focus: self.focus,
            beside: self.beside,
            open: self.open.clone(),
            files,
            turned,
            selected,
            preview: self.preview.path.clone(),
            scrolled: self.preview.goes_to.unwrap_or(self.preview.scroll),
            lesson: self.preview.lesson.place(),
            problem: self.problems.cursor,
        };
        Some((self.root()?, place))
    }

    /// The folder was read for the first time: goes back to where somebody was in it.
    pub(super) fn return_to(
        &mut self,
        place: Place,
        course: &Catalogue,
        area: Rect,
    ) -> Vec<Effect> {
        self.seats.clone_from(&place.files);
        self.tree.return_to(&place.turned, place.selected.as_deref());
        self.problems.cursor = place.problem;
        self.problems.move_by(0);
        let there = |path: &String| self.tree.outline().paths().any(|it| it == path);
        let open = place.open.clone().filter(there);
        self.going_to = Some(place);
        if let Some(path) = open {
            return self.edit(&path, None, area);
        }
        let mut effects = self.point_at_row(course);
        effects.extend(self.arrive(area));
        effects
    }

    /// The file that was in the editor is in it again, and what is around it is as it was.
    pub(super) fn arrive(&mut self, area: Rect) -> Vec<Effect> {
        let Some(place) = self.going_to.take() else { return vec![] };
        self.beside = place.beside;
        self.focus = place.focus;
        self.tree.return_to(&place.turned, place.selected.as_deref());
        let effects = self.preview_of(place.preview.as_deref());
        self.preview.goes_to = Some(place.scrolled);
        self.preview.lesson.return_to(place.lesson);
        self.arrange(area);
        self.sit();
        effects
    }

    /// Puts the cursor of the file in the editor where it was when the file was open the last time.
    pub(super) fn sit(&mut self) {
        let seat = self.open.as_ref().and_then(|path| self.seats.get(path)).copied();
        if let (Some(seat), Some(buffer)) = (seat, self.buffer_mut()) {
            buffer.editor.sit(seat);
        }
    }
}
