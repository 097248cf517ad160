//! The holder's part in writing a solution down.

use std::io;
use std::path::PathBuf;
use std::time::Instant;

use crossterm::event::KeyEventKind;

use super::keeper::Keeper;
use crate::chord::Chord;
use crate::session::Input;
use crate::session::protocol::FromHolder;
use crate::session::solution::Scribe;
use crate::terminal::Emulator;

impl Keeper {
    /// Begins to write down what is typed, or stops that.
    pub(super) fn solve(&mut self, file: Option<PathBuf>) {
        self.scribe = None;
        let begun = file.map(|file| Scribe::begin(&file, &self.emulator, Instant::now()));
        match begun.transpose() {
            Ok(scribe) => self.scribe = scribe,
            Err(error) => return self.cannot_solve(&error),
        }
        self.clients.tell_all(&self.solving());
    }

    /// Tells a new client what is written down, if something is.
    pub(super) fn tell_solving(&self, client: u64) {
        if self.scribe.is_some() {
            self.clients.tell(client, &self.solving());
        }
    }

    /// Something happened that the scribe should know. One that cannot write is let go.
    pub(super) fn scribe(
        &mut self,
        write: impl FnOnce(&mut Scribe, &Emulator, Instant) -> io::Result<()>,
    ) {
        let Some(scribe) = &mut self.scribe else { return };
        if let Err(error) = write(scribe, &self.emulator, Instant::now()) {
            self.scribe = None;
            self.cannot_solve(&error);
        }
    }

    /// An input is on its way to the program.
    pub(super) fn scribe_input(&mut self, input: &Input) {
        self.scribe(|scribe, emulator, now| match input {
            Input::Key(key) if key.kind != KeyEventKind::Release => {
                scribe.key(Chord::of(*key), emulator, now)
            }
            Input::Paste(text) => scribe.paste(text, emulator, now),
            Input::Key(_) | Input::Mouse(_) | Input::Focus(_) => Ok(()),
        });
    }

    fn solving(&self) -> FromHolder {
        FromHolder::Solving(Ok(self.scribe.as_ref().map(|scribe| scribe.path().to_owned())))
    }

    fn cannot_solve(&self, error: &io::Error) {
        self.clients.tell_all(&FromHolder::Solving(Err(error.to_string())));
    }
}
