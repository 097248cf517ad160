//! A program in a real pseudo-terminal, its screen read by our own emulator.

#![allow(
    dead_code,
    clippy::unwrap_used,
    reason = "shared by tests: each uses a part of it, and a test that cannot go on fails"
)]

use std::io::{Read, Write};
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use drydock::terminal::{Emulator, Event, Size, encode_key};
use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};

/// How long a state may take to come. Generous: one that does not come fails the test either way.
const PATIENCE: Duration = Duration::from_mins(1);

/// Lines kept above the screen.
const SCROLLBACK: usize = 10_000;

/// A running program and its terminal.
pub struct Pane {
    // Both are kept for their ends: the program's terminal goes with them.
    _master: Box<dyn MasterPty + Send>,
    child: Box<dyn Child + Send + Sync>,
    input: Arc<Mutex<Box<dyn Write + Send>>>,
    shown: Arc<(Mutex<Shown>, Condvar)>,
}

/// What came of its output so far.
pub struct Shown {
    pub emulator: Emulator,
    /// What has happened so far.
    pub events: Vec<Event>,
    /// Every byte of it.
    pub bytes: Vec<u8>,
    ended: bool,
}

impl Pane {
    /// Starts a program that sees nothing of this process' environment but these variables.
    pub fn start(size: Size, program: &[&str], variables: &[(&str, &str)]) -> Self {
        let mut command = CommandBuilder::new(program[0]);
        command.args(&program[1..]);
        command.env_clear();
        let common = [("TERM", "xterm-256color"), ("LANG", "C.UTF-8"), ("PATH", "/usr/bin:/bin")];
        for (name, value) in common.iter().chain(variables) {
            command.env(name, value);
        }
        let Size { columns: cols, rows } = size;
        let size = PtySize { rows, cols, pixel_width: 0, pixel_height: 0 };
        let pair = native_pty_system().openpty(size).unwrap();
        let child = pair.slave.spawn_command(command).unwrap();
        drop(pair.slave);
        let emulator = Emulator::new(Size { columns: cols, rows }, SCROLLBACK);
        let shown = Shown { emulator, events: Vec::new(), bytes: Vec::new(), ended: false };
        let shown = Arc::new((Mutex::new(shown), Condvar::new()));
        let input = Arc::new(Mutex::new(pair.master.take_writer().unwrap()));
        let mut output = pair.master.try_clone_reader().unwrap();
        let (place, answers) = (shown.clone(), input.clone());
        std::thread::spawn(move || {
            let mut buffer = vec![0; 64 * 1024];
            loop {
                let count = output.read(&mut buffer).unwrap_or(0);
                let mut shown = place.0.lock().unwrap();
                shown.emulator.advance(&buffer[..count]);
                shown.bytes.extend_from_slice(&buffer[..count]);
                let replies = shown.emulator.take_replies();
                let events = shown.emulator.take_events();
                shown.events.extend(events);
                shown.ended = count == 0;
                place.1.notify_all();
                drop(shown);
                if count == 0 {
                    return;
                }
                // A program that has just ended reads no answers.
                let _ = answers.lock().unwrap().write_all(&replies);
            }
        });
        Self { _master: pair.master, child, input, shown }
    }

    /// Types bytes.
    pub fn send(&self, bytes: &str) {
        let mut input = self.input.lock().unwrap();
        input.write_all(bytes.as_bytes()).unwrap();
        input.flush().unwrap();
    }

    /// Presses a key.
    pub fn press(&self, key: KeyCode) {
        let modes = self.look(|shown| shown.emulator.modes());
        let bytes = encode_key(KeyEvent::new(key, KeyModifiers::NONE), &modes);
        let mut input = self.input.lock().unwrap();
        input.write_all(&bytes).unwrap();
        input.flush().unwrap();
    }

    /// Waits until it is as wanted, and gives what `wanted` gave.
    pub fn wait<T>(&self, what: &str, mut wanted: impl FnMut(&mut Shown) -> Option<T>) -> T {
        let started = Instant::now();
        let mut shown = self.shown.0.lock().unwrap();
        loop {
            if let Some(found) = wanted(&mut shown) {
                return found;
            }
            let left = PATIENCE.saturating_sub(started.elapsed());
            assert!(
                !left.is_zero() && !shown.ended,
                "waited for {what}; the screen shows:\n{}\nevents: {:?}",
                shown.emulator.view().text(),
                shown.events
            );
            shown = self.shown.1.wait_timeout(shown, left).unwrap().0;
        }
    }

    /// Waits until the screen shows a text; the whole screen's.
    pub fn see(&self, text: &str) -> String {
        self.wait(text, |shown| {
            Some(shown.emulator.view().text()).filter(|screen| screen.contains(text))
        })
    }

    /// Waits until the program waits. A signal that comes just before may be forgotten until the next
    /// key: readline looks for it, and then waits.
    pub fn until_it_waits(&self) {
        let started = Instant::now();
        let stat = format!("/proc/{}/stat", self.child.process_id().unwrap());
        let waits = || std::fs::read_to_string(&stat).unwrap().contains(") S ");
        while !waits() {
            assert!(started.elapsed() < PATIENCE, "it does not come to rest");
            std::thread::yield_now();
        }
    }

    /// Looks at the present state.
    pub fn look<T>(&self, at: impl FnOnce(&mut Shown) -> T) -> T {
        at(&mut self.shown.0.lock().unwrap())
    }
}

impl Drop for Pane {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
