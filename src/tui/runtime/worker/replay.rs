//! Plays a recording on a thread of its own: a long step back is work, and waiting for the next event
//! is a timer.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};

use jiff::tz::TimeZone;

use super::Shared;
use crate::problem::{Exit, Problem};
use crate::session::Screen;
use crate::session::recording::{Control, Player, Recording, Settings, folder};
use crate::tui::app::{Event, ReplayEvent};
use crate::tui::screens::replay::{Playing, Source};

/// The screen is told of no more changes than it draws.
const FRAME: Duration = Duration::from_millis(16);

/// A recording that is played. Dropping it stops that.
pub(super) struct Replay {
    controls: Sender<Control>,
}

impl Replay {
    /// Begins to play.
    pub(super) fn begin(shared: Shared, visit: u64, source: Source) -> std::io::Result<Self> {
        let (controls, inbox) = channel();
        std::thread::Builder::new().name("replay".to_owned()).spawn(move || {
            let tell = |event| shared.send(Event::Replay { visit, event });
            match open(&shared, source) {
                Ok(tape) => play(tape, &inbox, tell),
                Err(problem) => tell(ReplayEvent::Failed(problem)),
            }
        })?;
        Ok(Self { controls })
    }

    /// Tells the player what to do.
    pub(super) fn control(&self, control: Control) {
        // It fails only once playing has failed.
        let _ = self.controls.send(control);
    }
}

/// Why nothing is played where threads cannot be had.
pub(super) fn no_thread(error: &std::io::Error) -> ReplayEvent {
    let message = format!("The recording cannot be played: {error}");
    ReplayEvent::Failed(Problem::new("system", Exit::Environment, message))
}

/// A recording, ready to be played.
struct Tape {
    recording: Arc<Recording>,
    path: PathBuf,
    settings: Settings,
}

fn open(shared: &Shared, source: Source) -> Result<Tape, Problem> {
    match source {
        Source::Read { recording, path, settings } => Ok(Tape { recording, path, settings }),
        Source::Attempt(attempt) => {
            let path = folder::find(&shared.context.paths.recordings, &attempt);
            let none = || shared.context.no_recording("The attempt was not recorded");
            let path = path.ok_or_else(none)?;
            let recording = Arc::new(Recording::read(&path)?);
            Ok(Tape { recording, path, settings: Settings::default() })
        }
        Source::Item(item) => {
            let (_, path) = shared.context.last_recorded(&shared.store.lock(), Some(&item))?;
            let recording = Arc::new(Recording::read(&path)?);
            Ok(Tape { recording, path, settings: Settings::default() })
        }
    }
}

fn play(tape: Tape, inbox: &Receiver<Control>, tell: impl Fn(ReplayEvent)) {
    let Tape { recording, path, settings } = tape;
    let header = recording.header.clone();
    let mut player = Player::new(recording, settings, Instant::now());
    let screen = Screen::new(header.size);
    let mut opened = false;
    loop {
        // The rest of a long way comes next, unless something else is wanted by now.
        let more = player.advance(Instant::now());
        let due = if more {
            Some(Instant::now())
        } else {
            player.view_into(&mut screen.lock());
            let status = player.status();
            tell(if std::mem::replace(&mut opened, true) {
                ReplayEvent::Moved(status)
            } else {
                let name = || path.file_name().unwrap_or_default().to_string_lossy().into_owned();
                let title = header.title.clone().unwrap_or_else(name);
                let started = header.started.map(|started| {
                    let zoned = started.to_zoned(TimeZone::system());
                    zoned.strftime("%Y-%m-%d %H:%M").to_string()
                });
                ReplayEvent::Opened(Playing {
                    title: title.chars().filter(|c| !c.is_control()).collect(),
                    started,
                    screen: screen.clone(),
                    status,
                })
            });
            player.due().map(|due| due.max(Instant::now() + FRAME))
        };
        let Some(controls) = wanted(inbox, due) else { return };
        let now = Instant::now();
        for control in controls {
            player.control(control, now);
        }
    }
}

/// All that is wanted until `due`; `None` when nobody will want anything any more.
fn wanted(inbox: &Receiver<Control>, due: Option<Instant>) -> Option<Vec<Control>> {
    let first = match due {
        None => Some(inbox.recv().ok()?),
        Some(due) => match inbox.recv_timeout(due.saturating_duration_since(Instant::now())) {
            Ok(control) => Some(control),
            Err(RecvTimeoutError::Timeout) => None,
            Err(RecvTimeoutError::Disconnected) => return None,
        },
    };
    Some(first.into_iter().chain(inbox.try_iter()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_plays_to_the_end_then_waits_and_ends_with_who_asked() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let lines = "{\"version\":2,\"width\":20,\"height\":3,\"title\":\"a\\u001b[2Jb\"}\n\
            [0.0,\"o\",\"one\"]\n[0.5,\"o\",\" two\"]\n";
        std::fs::write(file.path(), lines).unwrap();
        let recording = Arc::new(Recording::read(file.path()).unwrap());
        let settings = Settings { speed: 16.0, ..Settings::default() };
        let tape = Tape { recording, path: file.path().to_owned(), settings };
        let ((controls, inbox), (events, told)) = (channel(), channel());
        let thread =
            std::thread::spawn(move || play(tape, &inbox, |event| drop(events.send(event))));
        let ReplayEvent::Opened(playing) = told.recv().unwrap() else { panic!() };
        assert_eq!((playing.title.as_str(), playing.started), ("a[2Jb", None));
        let moved = || match told.recv().unwrap() {
            ReplayEvent::Moved(status) => status,
            other => panic!("{other:?}"),
        };
        let end = std::iter::repeat_with(moved).find(|status| !status.playing).unwrap();
        assert_eq!(end.position, Duration::from_millis(500));
        assert_eq!(playing.screen.lock().text(), "one two");
        // Nothing more comes until something is wanted.
        assert!(told.try_recv().is_err());
        controls.send(Control::Start).unwrap();
        assert_eq!(moved().position, Duration::ZERO);
        assert_eq!(playing.screen.lock().text(), "one");
        drop(controls);
        thread.join().unwrap();
        assert!(told.recv().is_err());
    }
}
