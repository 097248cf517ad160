//! Replay: opened, told how far it is, left.

use ratatui::layout::Position;

use super::{Action, App, Effect, Layer, Screen};
use crate::problem::Problem;
use crate::session::recording::{Control, Status};
use crate::tui::screens::home;
use crate::tui::screens::replay::{Playing, Replay, Source, seek_at};

/// What can happen to an opened recording.
#[derive(Debug)]
pub enum ReplayEvent {
    /// It is open, and plays.
    Opened(Playing),
    /// There is more to see, or it is elsewhere.
    Moved(Status),
    /// There is none, or it cannot be played.
    Failed(Problem),
}

impl App {
    /// Opens a recording; `alone` if that is all the program was started for.
    pub fn open_replay(&mut self, source: Source, alone: bool) -> Vec<Effect> {
        self.visits += 1;
        let visit = self.visits;
        self.replay = Some(Replay { visit, alone, playing: None });
        self.screen = Screen::Replay;
        vec![Effect::OpenReplay { visit, source }]
    }

    /// Plays the recording of the item that is selected on Home.
    pub(super) fn replay_selected(&mut self) -> Vec<Effect> {
        match self.home.selected() {
            Some(home::Row::Item { id, .. }) => {
                let source = Source::Item(id.clone());
                self.open_replay(source, false)
            }
            Some(home::Row::Module { .. }) | None => vec![],
        }
    }

    pub(super) fn replay_happened(&mut self, visit: u64, event: ReplayEvent) -> Vec<Effect> {
        let Some(replay) = self.replay.as_mut().filter(|replay| replay.visit == visit) else {
            return vec![];
        };
        match event {
            ReplayEvent::Opened(playing) => {
                replay.playing = Some(playing);
                if self.screen == Screen::History {
                    // It stands at the selected moment until it is to play.
                    return self.show_moment();
                }
            }
            ReplayEvent::Moved(status) => {
                if let Some(playing) = &mut replay.playing {
                    playing.status = status;
                }
            }
            ReplayEvent::Failed(problem) => {
                self.layers.push(Layer::Problem(problem));
                self.replay = None;
                if self.screen == Screen::Replay {
                    self.screen = self.behind_replay();
                }
            }
        }
        vec![]
    }

    pub(super) fn act_replay(&mut self, action: Action) -> Vec<Effect> {
        match action {
            Action::Replay(control) => vec![Effect::Replay(control)],
            Action::Back => {
                self.quitting |= self.replay.as_ref().is_some_and(|replay| replay.alone);
                self.screen = self.behind_replay();
                if self.screen == Screen::History {
                    return self.show_moment();
                }
                self.close_replay().into_iter().collect()
            }
            _ => vec![],
        }
    }

    /// The screen that a recording was opened from.
    fn behind_replay(&self) -> Screen {
        if self.history.is_some() { Screen::History } else { Screen::Home }
    }

    /// Lets an open recording go.
    pub(super) fn close_replay(&mut self) -> Option<Effect> {
        self.replay.take().map(|_| Effect::CloseReplay)
    }

    /// A click on the bar goes there.
    pub(super) fn replay_clicked(&mut self, at: Position) -> Vec<Effect> {
        let part = self.replay.as_ref().and_then(|replay| seek_at(self, replay, at));
        part.map(|part| Effect::Replay(Control::To(part))).into_iter().collect()
    }
}
