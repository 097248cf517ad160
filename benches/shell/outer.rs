//! The outer terminal of a program that is measured: takes what it draws as fast as it comes, and
//! looks for words in it.

use std::io::{Read, Write};
use std::path::Path;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};

use crate::streams::mixed;

/// How long anything may take.
const PATIENCE: Duration = Duration::from_mins(1);

/// How much is remembered of what was drawn, to find words that come in two pieces.
const KEPT: usize = 4096;

/// See the module.
pub(crate) struct Outer {
    _master: Box<dyn MasterPty + Send>,
    input: Box<dyn Write + Send>,
    child: Box<dyn Child + Send + Sync>,
    drawn: Receiver<Vec<u8>>,
    kept: Vec<u8>,
}

impl Outer {
    /// Starts a program on a terminal.
    pub(crate) fn start((cols, rows): (u16, u16), home: &Path, words: &[&str]) -> Self {
        let mut command = CommandBuilder::new(words[0]);
        command.args(&words[1..]);
        for (name, value) in [
            ("DRYDOCK_HOME", home.to_str().unwrap()),
            ("TERM", "xterm-256color"),
            ("COLORTERM", "truecolor"),
            ("LANG", "C.UTF-8"),
            ("PS1", "ready$ "),
        ] {
            command.env(name, value);
        }
        command.env_remove("SSH_CONNECTION");
        command.env_remove("TMUX");
        let size = PtySize { rows, cols, pixel_width: 0, pixel_height: 0 };
        let pair = native_pty_system().openpty(size).unwrap();
        let child = pair.slave.spawn_command(command).unwrap();
        let mut output = pair.master.try_clone_reader().unwrap();
        let (chunks, drawn) = channel();
        std::thread::spawn(move || {
            let mut buffer = vec![0; 64 << 10];
            while let Ok(count @ 1..) = output.read(&mut buffer) {
                if chunks.send(buffer[..count].to_vec()).is_err() {
                    return;
                }
            }
        });
        let input = pair.master.take_writer().unwrap();
        Self { _master: pair.master, input, child, drawn, kept: Vec::new() }
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.process_id().unwrap()
    }

    pub(crate) fn send(&mut self, text: &str) {
        self.kept.clear();
        while self.drawn.try_recv().is_ok() {}
        self.input.write_all(text.as_bytes()).unwrap();
        self.input.flush().unwrap();
    }

    /// Waits until a word is drawn after the last input. A program that draws only what changed
    /// draws it whole if nothing like it was there before.
    pub(crate) fn until(&mut self, word: &str) {
        let started = Instant::now();
        while !self.kept.windows(word.len()).any(|part| part == word.as_bytes()) {
            let surplus = self.kept.len().saturating_sub(KEPT);
            self.kept.drain(..surplus);
            let left = PATIENCE.saturating_sub(started.elapsed());
            self.kept.extend(self.drawn.recv_timeout(left).unwrap());
        }
    }

    /// The same for what may be drawn already.
    pub(crate) fn until_seen(&mut self, word: &str) {
        self.until(word);
    }

    /// Takes what is drawn for so long.
    pub(crate) fn wait(&mut self, time: Duration) {
        let end = Instant::now() + time;
        loop {
            let left = end.saturating_duration_since(Instant::now());
            if self.drawn.recv_timeout(left) == Err(RecvTimeoutError::Timeout) {
                return;
            }
        }
    }

    /// Waits until nothing more than a clock has been drawn for so long; when the last was.
    pub(crate) fn quiet(&mut self, time: Duration) -> Instant {
        let mut last = Instant::now();
        loop {
            match self.drawn.recv_timeout(time.saturating_sub(last.elapsed())) {
                Ok(bytes) if bytes.len() > CLOCK => last = Instant::now(),
                Ok(_) => {}
                Err(_) => return last,
            }
        }
    }
}

/// A frame in which only the clock moved.
const CLOCK: usize = 200;

impl Drop for Outer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// So many bytes of mixed output.
pub(crate) fn flood(length: usize) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(length + 200);
    for n in 0.. {
        if bytes.len() >= length {
            break;
        }
        bytes.extend_from_slice(mixed(n).as_bytes());
    }
    bytes.truncate(length);
    bytes
}
