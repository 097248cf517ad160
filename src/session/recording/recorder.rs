//! Writes a recording.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::cast::{self, Beginning, MAX_TIME};
use super::error::{Fault, RecordingError};
use super::flood::Flood;
use super::folder::{packed_path, plain_path};
use super::rest::Rest;
use super::utf8::Utf8;
use super::{MAX_BYTES, Moment, pack};
use crate::platform::{Identity, files};
use crate::terminal::Size;

/// Output is cut into events of so many bytes, so that no line is longer than readers take: escaped
/// it is six times as long at most.
const PIECE: usize = 64 << 10;

/// How often the file may be made, packed or removed by others while it is being opened.
const TRIES: usize = 8;

/// How often to look whether a lock is given back. Who tidies holds one while it puts a packed
/// recording in place, some milliseconds; who records holds it for as long as the shell is open.
const LOCK_TRIES: usize = 25;

/// How long to wait between two looks.
const LOCK_PAUSE: Duration = Duration::from_millis(20);

/// Clears the screen and every mode: what an earlier shell left is over.
const RESET: &str = "\x1bc";

/// What the marker at a later shell's beginning says.
const NEW_SHELL: &str = "a new shell";

/// What the last marker says of a recording that has become too long.
const FULL: &str = "the recording ends here: it has reached 16 MB";

/// Records what a shell shows.
///
/// Each call is one write, and no flush to the disk: what was handed over is kept when the program is
/// killed. A write that fails ends the recording, is logged, and changes nothing for the shell.
///
/// What comes faster than a person can follow is left out. Then the screen is recorded instead: those
/// who hand over what is shown also hand over how to get the whole screen, as output, as it is after
/// that; and they call [`Self::catch_up`] when it is [due](Self::due).
#[derive(Debug)]
pub struct Recorder {
    /// Locked, so that nobody else records the attempt or packs it.
    file: File,
    path: PathBuf,
    /// Bytes in the file: whole lines.
    length: u64,
    /// The time in the recording, and when that was.
    time: Duration,
    seen: Moment,
    utf8: Utf8,
    flood: Flood,
    /// Where all that was shown has stopped, recorded or not.
    rest: Rest,
    text: String,
    /// Lines to be written.
    lines: Vec<u8>,
    /// Whether nothing more is recorded.
    stopped: bool,
}

impl Recorder {
    /// Begins the recording of an attempt, or goes on with it: then with a marker, the size and a
    /// cleared screen. The folder is made if need be; it and the file are for their owner only.
    pub fn open(
        folder: &Path,
        attempt: &str,
        size: Size,
        title: &str,
        now: Moment,
    ) -> Result<Self, RecordingError> {
        let path = plain_path(folder, attempt)?;
        let opened = files::make_private(folder).and_then(|()| open_locked(folder, attempt, &path));
        let file = match opened {
            Ok(Some(file)) => file,
            Ok(None) => return Err(RecordingError::new(&path, Fault::InUse)),
            Err(source) => return Err(RecordingError::written(&path, source)),
        };
        let begun = Self::begin(file, path.clone(), size, title, now);
        begun.map_err(|source| RecordingError::written(&path, source))
    }

    fn begin(file: File, path: PathBuf, size: Size, title: &str, now: Moment) -> io::Result<Self> {
        let size = size.clamped();
        let mut recorder = Self {
            length: file.metadata()?.len(),
            file,
            path,
            time: Duration::ZERO,
            seen: now,
            utf8: Utf8::default(),
            flood: Flood::new(now.instant),
            rest: Rest::default(),
            text: String::new(),
            lines: Vec::new(),
            stopped: false,
        };
        if recorder.length >= MAX_BYTES {
            recorder.stopped = true;
            return Ok(recorder);
        }
        let mut bytes = Vec::new();
        (&recorder.file).take(MAX_BYTES).read_to_end(&mut bytes)?;
        let beginning = Beginning::of(&bytes);
        recorder.length = beginning.as_ref().map_or(0, |beginning| beginning.end as u64);
        recorder.file.set_len(recorder.length)?;
        let started = match &beginning {
            Some(beginning) => beginning.header.started,
            None => Some(now.wall),
        };
        let since = started.map(|started| started.as_second() * 1000);
        let since =
            since.and_then(|started| u64::try_from(now.wall.as_millisecond() - started).ok());
        let since = Duration::from_millis(since.unwrap_or_default());
        if let Some(beginning) = beginning {
            recorder.time = beginning.last.max(since).min(MAX_TIME);
            recorder.marker(NEW_SHELL, now);
            recorder.resize(size, now);
            recorder.show(RESET.as_bytes(), now);
        } else {
            if !bytes.is_empty() {
                tracing::warn!(path = %recorder.path.display(), "no recording; made anew");
            }
            recorder.time = since;
            cast::write_header(&mut recorder.lines, size, now.wall, title);
            recorder.write();
        }
        Ok(recorder)
    }

    /// The shell showed this.
    pub fn output(&mut self, bytes: &[u8], now: Moment, screen: impl FnOnce() -> String) {
        if self.stopped {
            return;
        }
        self.rest.advance(bytes);
        if self.flood.admit(bytes.len(), now.instant) {
            self.show(bytes, now);
        } else {
            // The rest of a character that was cut will not come.
            self.utf8 = Utf8::default();
        }
        self.catch_up(now, screen);
    }

    /// When to call [`Self::catch_up`], even if nothing more is shown.
    pub fn due(&self) -> Option<Instant> {
        self.flood.due(self.rest.is_between()).filter(|_| !self.stopped)
    }

    /// Records the screen where something was left out, if it is time.
    pub fn catch_up(&mut self, now: Moment, screen: impl FnOnce() -> String) {
        if !self.stopped && self.flood.wants_picture(self.rest.is_between(), now.instant) {
            self.show(screen().as_bytes(), now);
        }
    }

    fn show(&mut self, bytes: &[u8], now: Moment) {
        let mut text = std::mem::take(&mut self.text);
        self.go_on_to(now);
        for piece in bytes.chunks(PIECE) {
            text.clear();
            self.utf8.push(piece, &mut text);
            if !text.is_empty() {
                self.record(|lines, at| cast::write_output(lines, at, &text));
            }
        }
        self.text = text;
        self.write();
    }

    /// The screen has a new size.
    pub fn resize(&mut self, size: Size, now: Moment) {
        self.go_on_to(now);
        self.record(|lines, at| cast::write_resize(lines, at, size.clamped()));
        self.write();
    }

    /// Something that will be looked for: the beginning of a command.
    pub fn marker(&mut self, label: &str, now: Moment) {
        let end = label.floor_char_boundary(PIECE);
        self.go_on_to(now);
        self.record(|lines, at| cast::write_marker(lines, at, &label[..end]));
        self.write();
    }

    /// Ends and packs the recording. This takes up to a second; what fails is logged.
    pub fn close(mut self, now: Moment, screen: impl FnOnce() -> String) {
        if self.flood.lacks() {
            self.show(screen().as_bytes(), now);
        }
        let mut rest = String::new();
        self.utf8.end(&mut rest);
        if !rest.is_empty() {
            self.record(|lines, at| cast::write_output(lines, at, &rest));
            self.write();
        }
        if let Err(error) = pack::pack(&self.file, &self.path, true) {
            tracing::warn!(%error, path = %self.path.display(), "a recording was not packed");
        }
    }

    fn go_on_to(&mut self, now: Moment) {
        self.time = (self.time + now.since(self.seen)).min(MAX_TIME);
        self.seen = now;
    }

    /// Adds a line, and the last one if that makes the recording as long as it may be.
    fn record(&mut self, line: impl FnOnce(&mut Vec<u8>, Duration)) {
        if self.stopped {
            return;
        }
        line(&mut self.lines, self.time);
        if self.length + self.lines.len() as u64 >= MAX_BYTES {
            cast::write_marker(&mut self.lines, self.time, FULL);
            self.write();
            self.stopped = true;
        }
    }

    fn write(&mut self) {
        if self.stopped || self.lines.is_empty() {
            return;
        }
        match (&self.file).write_all(&self.lines) {
            Ok(()) => self.length += self.lines.len() as u64,
            Err(error) => {
                self.stopped = true;
                // So that no half line is left; if not, readers pass it over.
                let _ = self.file.set_len(self.length);
                tracing::warn!(%error, path = %self.path.display(), "recording has ended");
            }
        }
        self.lines.clear();
    }
}

/// Opens the plain file, made or unpacked if need be, and locks it; `None` if somebody else has.
fn open_locked(folder: &Path, attempt: &str, path: &Path) -> io::Result<Option<File>> {
    let packed = packed_path(folder, attempt);
    for _ in 0..TRIES {
        match open(path) {
            Ok(file) => {
                if !lock(&file) {
                    return Ok(None);
                }
                // Somebody may have packed or removed it in between.
                if Identity::is_at(&file, path)? {
                    // It has been unpacked: only the plain one goes on.
                    let _ = std::fs::remove_file(&packed);
                    return Ok(Some(file));
                }
            }
            Err(error) if files::is_taken(&error) => return Ok(None),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                if packed.exists() {
                    pack::unpack(&packed, path)?;
                } else {
                    let new = files::options(0o600).write(true).create_new(true).open(path);
                    match new {
                        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
                            return Err(error);
                        }
                        Ok(_) | Err(_) => {}
                    }
                }
            }
            Err(error) => return Err(error),
        }
    }
    Err(io::Error::other("it is made and removed all the time"))
}

/// Opens the plain file to go on with it; waits for who has it as [`lock`] does, where opening tells.
fn open(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    files::writer(options.read(true).append(true));
    for _ in 1..LOCK_TRIES {
        match options.open(path) {
            Err(error) if files::is_taken(&error) => std::thread::sleep(LOCK_PAUSE),
            opened => return opened,
        }
    }
    options.open(path)
}

/// Locks the file; whether nobody else has. A file system that knows no locks does: then whoever packs
/// leaves it alone too.
fn lock(file: &File) -> bool {
    (0..LOCK_TRIES).any(|n| {
        if n > 0 {
            std::thread::sleep(LOCK_PAUSE);
        }
        !matches!(files::lock_writer(file), Err(TryLockError::WouldBlock))
    })
}

#[cfg(test)]
mod floods;
#[cfg(test)]
mod tests;
