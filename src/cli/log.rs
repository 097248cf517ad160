//! The log: a file, never the screen, opened when there is the first thing to write.
//!
//! `DRYDOCK_LOG` is a level (`error`, `warn`, `info`, `debug`, `trace`, `off`). A file that has grown
//! past [`SIZE_CAP`] is put aside as `drydock.log.1`, in place of the one before.

use std::fs::File;
use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};

use tracing::level_filters::LevelFilter;
use tracing_subscriber::Layer;
use tracing_subscriber::filter::{FilterExt, Targets, filter_fn};
use tracing_subscriber::fmt::layer;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use crate::paths::Paths;
use crate::platform::files;

/// Bytes of one log file: weeks of use at the default level, and quickly sent with a bug report.
const SIZE_CAP: u64 = 2 << 20;

/// The variable with the level.
const LEVEL_VARIABLE: &str = "DRYDOCK_LOG";

/// What image builds print, line by line.
const BUILD_LINES: &str = "drydock::images";

/// Sends everything that is logged to the file; with `verbose`, what image builds print to stderr.
pub(super) fn start(paths: Paths, verbose: bool) {
    let level = std::env::var(LEVEL_VARIABLE).ok();
    let known = level.as_deref().map(str::parse::<LevelFilter>);
    let filter = match known {
        Some(Ok(level)) => level,
        None | Some(Err(_)) => LevelFilter::INFO,
    };
    let ours = Targets::new().with_target("drydock", filter);
    let file =
        layer().with_ansi(false).with_writer(Arc::new(LogFile::new(paths))).with_filter(ours);
    let builds = verbose.then(|| {
        let lines = filter_fn(|event| event.target() == BUILD_LINES);
        let only = Targets::new().with_target(BUILD_LINES, LevelFilter::DEBUG).and(lines);
        layer()
            .without_time()
            .with_level(false)
            .with_target(false)
            .with_ansi(false)
            .with_writer(io::stderr)
            .with_filter(only)
    });
    // It fails only if there is a log already, which then is as good.
    let _ = tracing_subscriber::registry().with(file).with(builds).try_init();
    if let (Some(level), Some(Err(_))) = (level, known) {
        tracing::warn!(level, "{LEVEL_VARIABLE} is no level; logging at info");
    }
}

/// A file that is made when it is first written to, and kept short.
#[derive(Debug)]
struct LogFile {
    paths: Paths,
    open: Mutex<Option<Open>>,
}

#[derive(Debug)]
struct Open {
    file: File,
    length: u64,
}

impl LogFile {
    fn new(paths: Paths) -> Self {
        Self { paths, open: Mutex::new(None) }
    }

    fn open(&self) -> io::Result<Open> {
        self.paths.make(&self.paths.state_dir).map_err(io::Error::other)?;
        let file = files::options(0o600).append(true).create(true).open(&self.paths.log)?;
        let length = file.metadata()?.len();
        Ok(Open { file, length })
    }
}

impl Write for &LogFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut slot = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let mut open = match slot.take() {
            Some(open) => open,
            None => self.open()?,
        };
        if open.length > SIZE_CAP {
            std::fs::rename(&self.paths.log, self.paths.log.with_extension("log.1"))?;
            open = self.open()?;
        }
        let written = open.file.write(bytes)?;
        open.length += written as u64;
        *slot = Some(open);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(()) // every line is written at once
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_made_before_the_first_line_and_a_long_log_is_put_aside() {
        let folder = tempfile::TempDir::new().unwrap();
        let paths = Paths::under(folder.path());
        let path = paths.log.clone();
        let log = LogFile::new(paths);
        assert!(!path.exists());
        (&log).write_all(b"first\n").unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "first\n");
        (&log).write_all(&vec![b'x'; SIZE_CAP as usize]).unwrap();
        (&log).write_all(b"next\n").unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "next\n");
        let aside = std::fs::metadata(path.with_extension("log.1")).unwrap();
        assert!(aside.len() > SIZE_CAP);
    }
}
