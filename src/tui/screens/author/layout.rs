//! Where Author's panes are: one function for drawing and for the mouse.

use ratatui::layout::Rect;
use serde::{Deserialize, Serialize};

use crate::tui::screens::body;
use crate::tui::widgets::pane::Pane;

/// The panes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PaneId {
    /// What there is in the folder.
    Files,
    /// The open file.
    Editor,
    /// What a learner will see.
    Preview,
    /// What is wrong.
    Problems,
}

impl PaneId {
    /// In their order.
    pub const ALL: [Self; 4] = [Self::Files, Self::Editor, Self::Preview, Self::Problems];

    /// What it is called.
    pub fn word(self) -> &'static str {
        match self {
            Self::Files => "Files",
            Self::Editor => "Editor",
            Self::Preview => "Preview",
            Self::Problems => "Problems",
        }
    }
}

/// Below this size there is room for one pane, and the others are tabs.
const WIDE: u16 = 112;
const TALL: u16 = 18;

/// The panes' places.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Places {
    /// The title line.
    pub title: Rect,
    /// A line about what is wrong, where that has no pane.
    pub strip: Option<Rect>,
    /// Whether panes have borders; a single one has none.
    pub bordered: bool,
    panes: [Option<Rect>; 4],
}

impl Places {
    /// Places the panes on a terminal. Without a `preview` the editor gets its room.
    pub fn new(area: Rect, focus: PaneId, preview: bool) -> Self {
        let body = body(area);
        let title = Rect { height: body.height.min(1), ..body };
        let rest = Rect { y: body.y + title.height, height: body.height - title.height, ..body };
        if area.width < WIDE || area.height < TALL {
            return Self::one(title, rest, focus);
        }
        let side = (rest.width * 22 / 100).clamp(26, 40);
        let below = (rest.height / 5).clamp(5, 10);
        let files = Rect { width: side, ..rest };
        let right = Rect { x: rest.x + side, width: rest.width - side, ..rest };
        let upper = Rect { height: right.height - below, ..right };
        let problems = Rect { y: upper.bottom(), height: below, ..right };
        let aside = if preview || focus == PaneId::Preview { right.width * 42 / 100 } else { 0 };
        let editor = Rect { width: upper.width - aside, ..upper };
        let preview = (aside > 0).then_some(Rect { x: editor.right(), width: aside, ..upper });
        let panes = [Some(files), Some(editor), preview, Some(problems)];
        Self { title, strip: None, bordered: true, panes }
    }

    fn one(title: Rect, rest: Rect, focus: PaneId) -> Self {
        let height = rest.height.saturating_sub(1);
        let strip = Rect { y: rest.y + height, height: rest.height - height, ..rest };
        let mut panes = [None; 4];
        panes[focus as usize] = Some(Rect { height, ..rest });
        Self { title, strip: Some(strip), bordered: false, panes }
    }

    /// A pane's place, where it is shown.
    pub fn of(&self, pane: PaneId) -> Option<Rect> {
        self.panes[pane as usize]
    }

    /// The space inside a pane.
    pub fn inner(&self, pane: PaneId) -> Option<Rect> {
        let area = self.of(pane)?;
        Some(match (self.bordered, pane) {
            (false, PaneId::Editor) => area,
            (false, _) => Rect { x: area.x + 1, width: area.width.saturating_sub(2), ..area },
            (true, PaneId::Editor) => Pane::inner_tight(area),
            (true, _) => Pane::inner(area),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]
        #[test]
        fn panes_never_overlap_nor_leave_the_screen(
            width in 1u16..300, height in 1u16..100, focus in 0usize..4, preview: bool,
        ) {
            let area = Rect::new(0, 0, width, height);
            let focus = PaneId::ALL[focus];
            let places = Places::new(area, focus, preview);
            prop_assert!(places.of(focus).is_some());
            let panes = PaneId::ALL.into_iter().filter_map(|pane| places.of(pane));
            let all: Vec<Rect> = panes.chain([places.title]).chain(places.strip).collect();
            for (i, a) in all.iter().enumerate() {
                prop_assert!(area.intersection(*a) == *a || a.is_empty());
                for b in &all[i + 1..] {
                    prop_assert!(a.intersection(*b).is_empty());
                }
            }
        }
    }
}
