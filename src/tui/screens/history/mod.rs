//! History: the attempts, found by filter and search; and one attempt's story on which one can move,
//! beside its recording.

mod layout;
mod view;

#[cfg(test)]
mod tests;

pub use layout::row_at;
pub use view::draw;

use jiff::{SignedDuration, Timestamp};

use crate::session::recording::Control;
use crate::store::{Attempt, AttemptState, Wanted};
use crate::tracker::{Story, What};
use crate::tui::app::{Action, Effect, Screen};
use crate::tui::screens::replay::Source;

/// How many attempts are listed, the latest: to find older ones there is the search.
pub const LISTED: u32 = 500;

/// What is kept of a search, in characters: nobody types more.
const MAX_SEARCH: usize = 200;

/// What a shell says of a command's end may come before the last of what the command printed.
const LAST_WORDS: SignedDuration = SignedDuration::from_millis(200);

/// An attempt in the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// The attempt.
    pub attempt: Attempt,
    /// When it was begun, where the learner is: `2026-03-05 14:02`.
    pub began: String,
    /// Whether it was recorded.
    pub recorded: bool,
}

/// History's state.
#[derive(Debug)]
pub struct History {
    /// Which question it is that the next answer must be of.
    pub visit: u64,
    /// The screen it was opened from.
    pub from: Screen,
    /// What is searched for.
    pub text: String,
    /// Whether that is being typed.
    pub typing: bool,
    /// Attempts in this state only.
    pub state: Option<AttemptState>,
    /// What was found, once it was.
    pub found: Option<Vec<Listed>>,
    /// The selected attempt.
    pub cursor: usize,
    /// The story that is shown instead of the list.
    pub open: Option<Open>,
}

/// An attempt whose story is shown.
#[derive(Debug)]
pub struct Open {
    /// The attempt, as it was listed.
    pub listed: Listed,
    /// Its story, once it was read.
    pub story: Option<Story>,
    /// The selected moment.
    pub cursor: usize,
}

impl History {
    /// All attempts, or those that a search finds.
    pub fn new(visit: u64, from: Screen, text: String) -> Self {
        Self { visit, from, text, typing: false, state: None, found: None, cursor: 0, open: None }
    }

    /// What looks for the attempts that are wanted.
    pub fn ask(&self) -> Effect {
        let wanted = Wanted { text: self.text.clone(), state: self.state, ..Wanted::default() };
        Effect::FindAttempts { visit: self.visit, wanted }
    }

    /// The selected attempt.
    pub fn selected(&self) -> Option<&Listed> {
        self.found.as_ref()?.get(self.cursor)
    }

    /// What was found is here; the cursor stays on the attempt that it was on.
    pub fn learn(&mut self, found: Vec<Listed>) {
        let was = self.selected().map(|listed| listed.attempt.id);
        let again = found.iter().position(|listed| Some(listed.attempt.id) == was);
        self.cursor = again.unwrap_or_default();
        self.found = Some(found);
    }

    /// Something was typed or pasted into the search, or taken away.
    pub fn searched(&mut self) {
        if let Some((end, _)) = self.text.char_indices().nth(MAX_SEARCH) {
            self.text.truncate(end);
        }
        self.cursor = 0;
    }

    /// The next of: all, completed, active, abandoned.
    pub fn next_state(&mut self) {
        self.state = match self.state {
            None => Some(AttemptState::Completed),
            Some(AttemptState::Completed) => Some(AttemptState::Active),
            Some(AttemptState::Active) => Some(AttemptState::Abandoned),
            Some(AttemptState::Abandoned) => None,
        };
        self.cursor = 0;
    }

    /// Opens the selected attempt's story; gives what reads it and its recording.
    pub fn open(&mut self, replay: u64) -> Vec<Effect> {
        let Some(listed) = self.selected().cloned() else { return vec![] };
        let attempt = listed.attempt.id;
        let source = Source::Attempt(attempt.to_string());
        let mut effects = vec![Effect::ReadStory { visit: self.visit, attempt }];
        if listed.recorded {
            effects.push(Effect::OpenReplay { visit: replay, source });
        }
        self.open = Some(Open { listed, story: None, cursor: 0 });
        effects
    }

    /// Moves in the list, or in the story.
    pub fn move_by(&mut self, by: isize) {
        let (cursor, count) = match &mut self.open {
            Some(open) => {
                (&mut open.cursor, open.story.as_ref().map_or(0, |story| story.moments.len()))
            }
            None => (&mut self.cursor, self.found.as_ref().map_or(0, Vec::len)),
        };
        *cursor = cursor.saturating_add_signed(by).min(count.saturating_sub(1));
    }

    /// Puts the cursor on a row; whether it was there.
    pub fn point(&mut self, row: usize) -> bool {
        let cursor = self.open.as_mut().map_or(&mut self.cursor, |open| &mut open.cursor);
        let there = *cursor == row;
        *cursor = row;
        self.move_by(0);
        there
    }
}

impl Open {
    /// Moves to the next moment in which a check changed, or to the one before.
    pub fn to_check(&mut self, action: Action) {
        let Some(story) = &self.story else { return };
        let is_check = |at: &usize| {
            let what = story.moments.get(*at).map(|moment| &moment.what);
            matches!(what, Some(What::Check { .. }))
        };
        let found = match action {
            Action::NextMoment => (self.cursor + 1..story.moments.len()).find(is_check),
            _ => (0..self.cursor).rfind(is_check),
        };
        self.cursor = found.unwrap_or(self.cursor);
    }

    /// What brings the recording to the selected moment. Of a command that is when it ended, but no
    /// later than the next thing that happened.
    pub fn show(&self) -> Option<Effect> {
        let story = self.story.as_ref().filter(|_| self.listed.recorded)?;
        let moment = story.moments.get(self.cursor)?;
        let at = match &moment.what {
            What::Command { duration, .. } => {
                let end = moment.at.checked_add(*duration).ok();
                let end = end.and_then(|end| end.checked_add(LAST_WORDS).ok());
                let next = story.moments.get(self.cursor + 1).map_or(Timestamp::MAX, |it| it.at);
                end.map_or(next, |end| end.min(next)).max(moment.at)
            }
            _ => moment.at,
        };
        Some(Effect::Replay(Control::At(at)))
    }
}
