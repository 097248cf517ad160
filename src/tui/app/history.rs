//! History: opened, searched, an attempt's story opened and moved on, left.

use crossterm::event::KeyEvent;
use ratatui::layout::Position;

use super::{Action, App, Effect, Screen};
use crate::session::recording::Control;
use crate::tracker::Story;
use crate::tui::screens::history::{self, History, Listed};
use crate::tui::screens::replay::Replay;
use crate::tui::widgets::input::edit;

/// What can happen to an open History.
#[derive(Debug)]
pub enum HistoryEvent {
    /// The attempts that were looked for.
    Found(Vec<Listed>),
    /// The story of the open attempt.
    Story(Box<Story>),
}

impl App {
    /// Opens History; with a text, on what a search for it finds.
    pub(super) fn open_history(&mut self, text: String) -> Vec<Effect> {
        self.visits += 1;
        let history = History::new(self.visits, self.screen, text);
        let effects = vec![history.ask()];
        self.history = Some(history);
        self.screen = Screen::History;
        effects
    }

    pub(super) fn history_happened(&mut self, visit: u64, event: HistoryEvent) -> Vec<Effect> {
        let Some(history) = self.history.as_mut().filter(|it| it.visit == visit) else {
            return vec![];
        };
        match event {
            HistoryEvent::Found(found) => history.learn(found),
            HistoryEvent::Story(story) => {
                let open = history.open.as_mut();
                if let Some(open) = open.filter(|it| it.listed.attempt.id == story.attempt.id) {
                    open.listed.attempt = story.attempt.clone();
                    open.story = Some(*story);
                    return open.show().into_iter().collect();
                }
            }
        }
        vec![]
    }

    pub(super) fn act_history(&mut self, action: Action) -> Vec<Effect> {
        let page = usize::from(self.area.height.saturating_sub(6));
        let Some(history) = &mut self.history else { return vec![] };
        if let Some(by) = action.step(page) {
            history.move_by(by);
            return self.show_moment();
        }
        match action {
            Action::Search => history.typing = true,
            Action::Back if history.typing => history.typing = false,
            Action::Back if history.open.is_some() => {
                history.open = None;
                let mut effects = vec![history.ask()];
                effects.extend(self.close_replay());
                return effects;
            }
            Action::Back if !history.text.is_empty() => {
                history.text.clear();
                return self.ask_history();
            }
            Action::Back => {
                self.screen = history.from;
                self.history = None;
            }
            Action::NextState => {
                history.next_state();
                return self.ask_history();
            }
            Action::Refresh => return self.ask_history(),
            Action::NextMoment | Action::PreviousMoment => {
                history.open.iter_mut().for_each(|open| open.to_check(action));
                return self.show_moment();
            }
            Action::Open if history.open.is_some() => return self.play_story(),
            Action::Open => {
                history.typing = false;
                self.visits += 1;
                let visit = self.visits;
                let effects = history.open(visit);
                if history.open.as_ref().is_some_and(|open| open.listed.recorded) {
                    self.replay = Some(Replay { visit, alone: false, playing: None });
                }
                return effects;
            }
            _ => {}
        }
        vec![]
    }

    /// Looks again for what is wanted now; an answer that is still to come is of before.
    fn ask_history(&mut self) -> Vec<Effect> {
        let Some(history) = &mut self.history else { return vec![] };
        self.visits += 1;
        history.visit = self.visits;
        vec![history.ask()]
    }

    /// The recording follows the selected moment.
    pub(super) fn show_moment(&self) -> Vec<Effect> {
        let open = self.history.as_ref().and_then(|history| history.open.as_ref());
        open.and_then(history::Open::show).into_iter().collect()
    }

    /// The recording alone, from the selected moment on.
    fn play_story(&mut self) -> Vec<Effect> {
        let playing = self.replay.as_ref().is_some_and(|replay| replay.playing.is_some());
        if !playing {
            let open = self.history.as_ref().and_then(|history| history.open.as_ref());
            let recorded = open.is_some_and(|open| open.listed.recorded);
            let word =
                if recorded { "The recording is being opened" } else { "It was not recorded" };
            self.notice = Some(word.to_owned());
            return vec![];
        }
        self.screen = Screen::Replay;
        vec![Effect::Replay(Control::Pause)]
    }

    /// The search is typed.
    pub(super) fn history_key(&mut self, key: KeyEvent) -> Vec<Effect> {
        let Some(history) = self.history.as_mut().filter(|it| it.typing) else { return vec![] };
        if !edit(&mut history.text, key) {
            return vec![];
        }
        history.searched();
        self.ask_history()
    }

    pub(super) fn history_pasted(&mut self, text: &str) -> Vec<Effect> {
        let Some(history) = self.history.as_mut().filter(|it| it.typing) else { return vec![] };
        history.text.push_str(text);
        history.searched();
        self.ask_history()
    }

    /// A click selects, and opens what is selected.
    pub(super) fn history_clicked(&mut self, at: Position) -> Vec<Effect> {
        let area = self.area;
        let Some(history) = &mut self.history else { return vec![] };
        let Some(row) = history::row_at(history, area, at) else { return vec![] };
        if history.point(row) { self.act_history(Action::Open) } else { self.show_moment() }
    }
}
