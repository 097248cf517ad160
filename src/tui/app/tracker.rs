//! Tracker: opened, told what was read, left.

use std::time::Instant;

use ratatui::layout::Position;

use super::{Action, App, Effect, Screen};
use crate::tracker::Tracker as Summary;
use crate::tui::screens::tracker::{self, PaneId, Tracker};

impl App {
    /// Opens Tracker, or comes back to it.
    pub(super) fn open_tracker(&mut self) -> Vec<Effect> {
        self.tracker.get_or_insert_with(Tracker::default);
        self.screen = Screen::Tracker;
        vec![Effect::LoadTracker]
    }

    pub(super) fn tracker_read(&mut self, summary: Summary) {
        if let Some(tracker) = &mut self.tracker {
            tracker.learn(summary);
        }
    }

    pub(super) fn act_tracker(&mut self, action: Action, now: Instant) -> Vec<Effect> {
        let page = usize::from(self.area.height.saturating_sub(6));
        let Some(tracker) = &mut self.tracker else { return vec![] };
        if action == Action::Open
            && let Some((item, since)) = tracker.choice()
        {
            return self.open_or_ask(&item, since, now);
        }
        match action {
            Action::Pane(id) => {
                tracker.pane = id;
                vec![]
            }
            Action::OpenHistory => {
                let item = tracker.item().unwrap_or_default().to_owned();
                self.open_history(item)
            }
            Action::Refresh => vec![Effect::LoadTracker],
            Action::Back => {
                self.screen = Screen::Home;
                vec![]
            }
            _ => {
                let outcome = tracker.act(action, page);
                self.came(outcome)
            }
        }
    }

    /// A click selects, and opens what is selected; the wheel moves.
    pub(super) fn tracker_clicked(&mut self, at: Position, now: Instant) -> Vec<Effect> {
        let area = self.area;
        let Some(tracker) = &mut self.tracker else { return vec![] };
        let row = tracker::row_at(tracker, area, at);
        let Some(pane) = tracker::pane_at(tracker, area, at) else { return vec![] };
        if tracker.point(pane, row.map(|(_, row)| row)) && row.is_some() {
            return self.act_tracker(Action::Open, now);
        }
        vec![]
    }

    pub(super) fn tracker_wheeled(&mut self, at: Position, by: isize) {
        let area = self.area;
        if let Some(tracker) = &mut self.tracker {
            let pane: Option<PaneId> = tracker::pane_at(tracker, area, at);
            tracker.move_by(pane.unwrap_or(tracker.pane), by);
        }
    }
}
