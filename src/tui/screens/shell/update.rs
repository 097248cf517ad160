//! How a shell's pane changes.

use std::sync::Arc;

use crossterm::event::{KeyCode, KeyEvent};
use ratatui::layout::Rect;

use super::{Looking, Phase, Shell, links};
use crate::session::{End, Input, Screen};
use crate::terminal::copy::{Command, CopyMode, Kind, Reply};
use crate::terminal::{Line, Point, Size};
use crate::tui::app::{Action, Choice, Dialog, Effect, Layer, WorkspaceEvent};
use crate::tui::keymap::Context;
use crate::tui::screens::outcome::Outcome;
use crate::tui::widgets::input::edit;

/// How many keys are kept until lines come: as many as somebody can press in that moment.
const MAX_EARLY: usize = 64;

/// What to do when all lines come: they are asked for, since the shell is in another process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Wanted {
    /// Scroll by so many rows.
    Scroll(isize),
    /// Copy mode.
    Copy,
    /// Go to a prompt, in copy mode or in a scrolled view.
    Prompt {
        /// The next one.
        forward: bool,
        /// Copy mode.
        keys: bool,
    },
    /// Copy what the last command printed.
    Output,
    /// A selection with the mouse, of cells in view.
    Select {
        /// What it is made of.
        kind: Kind,
        /// Where it began.
        anchor: (u16, u16),
        /// Where the mouse is.
        head: (u16, u16),
        /// Whether the button was let go.
        released: bool,
    },
}

impl Shell {
    /// Something happened to it. What is an exercise's own changes nothing here.
    pub fn happened(&mut self, event: WorkspaceEvent, area: Rect) -> Outcome {
        match event {
            WorkspaceEvent::Shell { screen, lost } => {
                return Outcome {
                    layer: lost.as_deref().map(lost_page),
                    ..Outcome::effects(self.opened(screen))
                };
            }
            // A selection in the live view lasts as long as what was selected.
            WorkspaceEvent::Changed => self.live_at_bottom(),
            WorkspaceEvent::Lines(lines) => return self.lines(lines),
            WorkspaceEvent::Bell => self.bell = true,
            WorkspaceEvent::File { path, line, content } => {
                return links::file(path, line, content, area);
            }
            WorkspaceEvent::ShellEnded(end) => self.ended(end),
            WorkspaceEvent::ShellFailed(problem) => self.phase = Phase::Failed(problem),
            _ => {}
        }
        Outcome::default()
    }

    /// It is open.
    fn opened(&mut self, screen: Screen) -> Vec<Effect> {
        self.phase = Phase::Open(screen);
        self.told_focus = None;
        self.stop_looking();
        // The pane may have changed its size while the shell was being opened.
        vec![Effect::ResizeShell(self.size)]
    }

    /// It is being opened, or will be once its sandbox is there.
    pub fn opening(&mut self, sandbox: bool) {
        self.phase = if sandbox { Phase::Opening } else { Phase::Waiting };
        self.stop_looking();
    }

    /// It is over. Its last screen stays, and what is looked at.
    fn ended(&mut self, end: End) {
        self.phase = match std::mem::replace(&mut self.phase, Phase::Opening) {
            Phase::Open(screen) => Phase::Ended(screen, end),
            other => other,
        };
        self.wanted = None;
        self.early.clear();
        self.press = None;
    }

    /// A view that is not scrolled back any more is the live one again.
    pub(super) fn live_at_bottom(&mut self) {
        let live = |looking: &Looking| !looking.keys && looking.copy.at_bottom();
        if self.press.is_none() && self.looking.as_ref().is_some_and(live) {
            self.stop_looking();
        }
    }

    /// The pane has a size.
    pub fn resize(&mut self, size: Size) -> Vec<Effect> {
        if std::mem::replace(&mut self.size, size) == size {
            return vec![];
        }
        if let Some(looking) = &mut self.looking {
            looking.copy.resize(size);
        }
        if self.is_open() { vec![Effect::ResizeShell(size)] } else { vec![] }
    }

    /// Shows the live view again.
    pub(super) fn stop_looking(&mut self) {
        self.looking = None;
        self.wanted = None;
        self.early.clear();
        self.press = None;
    }

    /// Keeps a key for copy mode, if that was asked for and its lines did not come yet: else it
    /// would be typed into the shell. Whether it did.
    pub fn keeps_for_later(&mut self, key: KeyEvent) -> bool {
        let copy = matches!(self.wanted, Some(Wanted::Copy | Wanted::Prompt { keys: true, .. }));
        if copy && self.early.len() < MAX_EARLY {
            self.early.push(key);
        }
        copy
    }

    /// The keys that were kept, to be pressed now.
    pub fn take_early(&mut self) -> Vec<KeyEvent> {
        std::mem::take(&mut self.early)
    }

    /// Gives up a look that was asked for: somebody did something else meanwhile.
    pub fn want_no_look(&mut self) {
        if matches!(self.wanted, Some(Wanted::Scroll(_) | Wanted::Copy | Wanted::Prompt { .. })) {
            self.wanted = None;
            self.early.clear();
        }
    }

    /// A key that the keymap has no meaning for.
    pub fn key(&mut self, key: KeyEvent) -> Vec<Effect> {
        match self.context() {
            Context::Shell => {
                self.looking = None;
                self.want_no_look();
            }
            // What only modifies the next key types nothing.
            Context::Scrolled if !matches!(key.code, KeyCode::Modifier(_)) => self.stop_looking(),
            Context::CopySearch => {
                if let Some(looking) = &mut self.looking {
                    looking.copy.edit_query(|query| {
                        edit(query, key);
                    });
                }
                return vec![];
            }
            _ => return vec![],
        }
        self.send(Input::Key(key))
    }

    /// Pasted text.
    pub fn paste(&mut self, text: String) -> Vec<Effect> {
        match self.context() {
            Context::Shell | Context::Scrolled => self.stop_looking(),
            Context::CopySearch => {
                if let Some(looking) = &mut self.looking {
                    let typed = text.chars().filter(|c| !c.is_control());
                    looking.copy.edit_query(|query| query.extend(typed));
                }
                return vec![];
            }
            _ => return vec![],
        }
        self.send(Input::Paste(text))
    }

    /// Text for the program from elsewhere on the screen.
    pub fn type_in(&mut self, text: String) -> Vec<Effect> {
        self.stop_looking();
        self.send(Input::Paste(text))
    }

    /// Something for the program, if there is one.
    pub fn send(&mut self, input: Input) -> Vec<Effect> {
        self.bell = false;
        // While it is being opened, what is typed waits for it.
        let takes = matches!(self.phase, Phase::Open(_) | Phase::Opening);
        if takes && !self.watch { vec![Effect::Shell(input)] } else { vec![] }
    }

    /// Whether it has the focus: tells the program, once for each change.
    pub fn focus(&mut self, focused: bool) -> Vec<Effect> {
        if !self.is_open() || self.watch || self.told_focus.replace(focused) == Some(focused) {
            return vec![];
        }
        vec![Effect::Shell(Input::Focus(focused))]
    }

    /// Whether the program has an action's key for itself: in the alternate screen nothing is above.
    pub fn keeps(&self, action: Action) -> bool {
        let looks_back = matches!(
            action,
            Action::PageUp | Action::PageDown | Action::PreviousPrompt | Action::NextPrompt
        );
        looks_back && self.context() == Context::Shell && self.modes().alternate_screen
    }

    /// Does an action, if it is one of a shell's pane.
    pub fn act(&mut self, action: Action) -> Option<Outcome> {
        Some(match action {
            Action::Copy(command) => {
                let Some(looking) = &mut self.looking else { return Some(Outcome::default()) };
                let reply = looking.copy.act(command);
                self.replied(reply)
            }
            Action::CopyMode => match &mut self.looking {
                Some(looking) => {
                    looking.keys = true;
                    looking.copy.catch_cursor();
                    Outcome::default()
                }
                None => self.want(Wanted::Copy),
            },
            Action::CopyOutput => match &mut self.looking {
                Some(looking) => {
                    let reply = looking.copy.act(Command::CopyOutput);
                    self.replied(reply)
                }
                None => self.want(Wanted::Output),
            },
            Action::PreviousPrompt | Action::NextPrompt => {
                self.prompt(action == Action::NextPrompt, false)
            }
            Action::OpenLinks => self.open_links(),
            Action::PageUp => self.scroll(-self.page()),
            Action::PageDown => self.scroll(self.page()),
            Action::Back => {
                self.stop_looking();
                Outcome::default()
            }
            _ => return None,
        })
    }

    /// Does an action from elsewhere on the screen: what looks back in it. Whether the pane is then
    /// the one to be in front.
    pub fn act_from_aside(&mut self, action: Action) -> Option<(Outcome, bool)> {
        Some(match action {
            Action::CopyMode => (self.act(action)?, true),
            Action::PreviousPrompt | Action::NextPrompt => {
                (self.prompt(action == Action::NextPrompt, true), true)
            }
            Action::CopyOutput | Action::OpenLinks => (self.act(action)?, false),
            _ => return None,
        })
    }

    fn page(&self) -> isize {
        isize::try_from(self.size.rows.saturating_sub(2).max(1)).unwrap_or(1)
    }

    /// To the next prompt or the one before: in copy mode, or by scrolling.
    pub fn prompt(&mut self, forward: bool, keys: bool) -> Outcome {
        let Some(looking) = &mut self.looking else {
            return self.want(Wanted::Prompt { forward, keys });
        };
        looking.keys |= keys;
        if looking.keys {
            let command = if forward { Command::NextPrompt } else { Command::PreviousPrompt };
            let reply = looking.copy.act(command);
            return self.replied(reply);
        }
        let found = looking.copy.scroll_to_prompt(forward);
        self.live_at_bottom();
        match (found, forward) {
            (true, _) => Outcome::default(),
            (false, true) => Outcome::notice("There is no prompt below"),
            (false, false) => Outcome::notice("There is no prompt above"),
        }
    }

    /// Scrolls by rows; at the bottom the view is live again.
    pub(super) fn scroll(&mut self, by: isize) -> Outcome {
        match (&mut self.looking, &mut self.wanted) {
            (Some(looking), _) => {
                looking.copy.scroll(by);
                self.live_at_bottom();
                Outcome::default()
            }
            (None, Some(Wanted::Scroll(wanted))) => {
                *wanted += by;
                Outcome::default()
            }
            (None, _) if by < 0 => self.want(Wanted::Scroll(by)),
            (None, _) => Outcome::default(),
        }
    }

    /// Asks for the lines, unless they were asked for and did not come yet.
    pub(super) fn want(&mut self, wanted: Wanted) -> Outcome {
        match &self.phase {
            Phase::Open(_) => {
                let asked = self.wanted.replace(wanted).is_some();
                Outcome::effects(if asked { vec![] } else { vec![Effect::ReadLines] })
            }
            // The last screen is all there is.
            Phase::Ended(screen, _) => {
                let lines = Arc::from(&*screen.lock().rows);
                self.wanted = Some(wanted);
                self.lines(lines)
            }
            Phase::Waiting | Phase::Opening | Phase::Failed(_) => {
                Outcome::notice("No shell is open yet")
            }
        }
    }

    /// All lines have come.
    fn lines(&mut self, lines: Arc<[Line]>) -> Outcome {
        let Some(wanted) = self.wanted.take() else { return Outcome::default() };
        match wanted {
            Wanted::Scroll(by) => {
                self.look(lines, false);
                self.scroll(by)
            }
            Wanted::Copy => {
                self.look(lines, true);
                Outcome::default()
            }
            Wanted::Prompt { forward, keys } => {
                self.look(lines, keys);
                let outcome = self.prompt(forward, keys);
                // Where there is none, nothing has become of it.
                if outcome.notice.is_some() {
                    self.stop_looking();
                }
                outcome
            }
            Wanted::Output => {
                self.look(lines, true);
                let outcome = self.act(Action::CopyOutput).unwrap_or_default();
                self.stop_looking();
                outcome
            }
            Wanted::Select { kind, anchor, head, released } => {
                self.look(lines, false);
                let Some(Looking { copy, .. }) = &mut self.looking else {
                    return Outcome::default();
                };
                let anchor = copy.point_at(anchor.0, anchor.1);
                copy.select(kind, anchor);
                copy.extend(copy.point_at(head.0, head.1));
                if released { self.copy_selection() } else { Outcome::default() }
            }
        }
    }

    /// Looks at lines, from where the live view is.
    fn look(&mut self, lines: Arc<[Line]>, keys: bool) {
        let Some(screen) = self.screen() else { return };
        let view = screen.lock();
        let top = lines.len().saturating_sub(view.rows.len());
        let cursor =
            view.state.cursor.map_or(Point::new(lines.len().saturating_sub(1), 0), |cursor| {
                Point::new(top + usize::from(cursor.row), cursor.column.into())
            });
        let size = Size { columns: view.size.columns, rows: self.size.rows };
        drop(view);
        self.looking = Some(Looking { copy: CopyMode::new(lines, size, cursor), keys });
    }

    fn replied(&mut self, reply: Reply) -> Outcome {
        match reply {
            Reply::Done => Outcome::default(),
            Reply::Say(words) => Outcome::notice(words),
            Reply::Leave => {
                self.stop_looking();
                Outcome::default()
            }
            Reply::Copied(text) => {
                self.stop_looking();
                Outcome::copied(text)
            }
        }
    }

    /// Copies what the mouse selected; it stays selected.
    pub(super) fn copy_selection(&mut self) -> Outcome {
        let text = self.looking.as_ref().and_then(|looking| looking.copy.selected());
        match text.filter(|text| !text.is_empty()) {
            Some(text) => Outcome::copied(text),
            None => Outcome::default(),
        }
    }
}

/// Says what is gone with an earlier shell, so that it is not overlooked.
fn lost_page(text: &str) -> Layer {
    Layer::Dialog(Dialog {
        title: "Before you go on".to_owned(),
        text: format!("{}.", text.trim_end_matches('.')),
        answers: vec![("Go on".to_owned(), Choice::Close)],
        selected: 0,
    })
}
