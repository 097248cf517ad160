//! Where somebody was in a workspace.

use ratatui::layout::Rect;
use serde::{Deserialize, Serialize};

use super::borders::Widths;
use super::drawer::Drawer;
use super::{Mode, PaneId, Workspace};
use crate::course::Catalogue;
use crate::lab;
use crate::tui::app::Effect;
use crate::tui::screens::lesson;

/// See the module.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Place {
    focus: PaneId,
    aside: PaneId,
    layout: Mode,
    widths: Widths,
    lesson: lesson::Place,
    /// The first line of the sidebar that is shown.
    sidebar: usize,
    /// The check in the drawer, and its first line that is shown.
    drawer: Option<(usize, usize)>,
}

impl Workspace {
    /// Where somebody is; nothing before there is an attempt.
    pub fn place(&self) -> Option<(&str, Place)> {
        let place = Place {
            focus: self.focus,
            aside: self.aside,
            layout: self.mode,
            widths: self.widths,
            lesson: self.lesson.place(),
            sidebar: self.sidebar_goes_to.unwrap_or(self.sidebar_scroll),
            drawer: self.drawer.map(|drawer| (drawer.check, drawer.scroll)),
        };
        Some((self.attempt.as_deref()?, place))
    }

    /// Goes back there.
    pub(super) fn return_to(
        &mut self,
        place: Place,
        course: &Catalogue,
        area: Rect,
    ) -> Vec<Effect> {
        self.aside = if place.aside == PaneId::Shell { PaneId::Lesson } else { place.aside };
        self.mode = place.layout;
        self.widths = place.widths;
        self.sidebar_scroll = place.sidebar;
        // The checks say more once they were run.
        self.sidebar_goes_to = Some(place.sidebar);
        let checks = lab::checks(&self.item).len();
        self.drawer = place
            .drawer
            .filter(|(check, _)| *check < checks)
            .map(|(check, scroll)| Drawer { check, scroll });
        let mut effects = self.focus_on(place.focus, area);
        let other = place.lesson.path.clone();
        let own = self.item.lesson.as_ref().map(crate::course::Resource::path);
        if other.is_empty() || Some(&other) == own.as_ref() {
            self.lesson.return_to(place.lesson);
        } else if let Some(read) = self.read(&other, course) {
            self.lesson.return_to(place.lesson);
            effects.push(read);
        }
        effects
    }
}
