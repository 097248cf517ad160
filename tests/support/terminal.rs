//! The real binary in a real pseudo-terminal, its screen read by `vt100`: an emulator that is not
//! the one inside the program.

#![allow(
    dead_code,
    clippy::unwrap_used,
    clippy::panic,
    reason = "shared by tests and benches: each uses a part of it, and a test that cannot go on fails"
)]

use std::io::{Read, Write};
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};

/// How long a state may take to come. Generous: a state that does not come fails the test either
/// way.
pub const PATIENCE: Duration = Duration::from_mins(1);

/// A running program on a terminal.
pub struct Terminal {
    master: Box<dyn MasterPty + Send>,
    input: Box<dyn Write + Send>,
    pub child: Box<dyn Child + Send + Sync>,
    screen: Arc<(Mutex<Shown>, Condvar)>,
}

struct Shown {
    parser: vt100::Parser,
    /// Every byte the program wrote.
    bytes: Vec<u8>,
    updates: Updates,
    /// When the last ones came.
    last: Instant,
    ended: bool,
}

impl Terminal {
    /// Starts drydock with these arguments, its home in `home`.
    pub fn start(size: (u16, u16), home: &Path, arguments: &[&str]) -> Self {
        Self::start_with(size, home, arguments, &[])
    }

    /// The same with further variables.
    pub fn start_with(
        size: (u16, u16),
        home: &Path,
        arguments: &[&str],
        variables: &[(&str, &str)],
    ) -> Self {
        let program = [env!("CARGO_BIN_EXE_drydock")];
        Self::run(size, home, &[&program, arguments].concat(), variables)
    }

    /// Starts any program.
    pub fn run(
        (cols, rows): (u16, u16),
        home: &Path,
        command_line: &[&str],
        variables: &[(&str, &str)],
    ) -> Self {
        let mut command = CommandBuilder::new(command_line[0]);
        command.args(&command_line[1..]);
        for (name, value) in [
            ("DRYDOCK_HOME", home.to_str().unwrap()),
            ("TERM", "xterm-256color"),
            ("COLORTERM", "truecolor"),
            ("LANG", "C.UTF-8"),
        ]
        .iter()
        .chain(variables)
        {
            command.env(name, value);
        }
        command.env_remove("SSH_CONNECTION");
        let size = PtySize { rows, cols, pixel_width: 0, pixel_height: 0 };
        let pair = native_pty_system().openpty(size).unwrap();
        let child = pair.slave.spawn_command(command).unwrap();
        drop(pair.slave);
        let shown = Shown {
            parser: vt100::Parser::new(rows, cols, 0),
            bytes: Vec::new(),
            updates: Updates::default(),
            last: Instant::now(),
            ended: false,
        };
        let screen = Arc::new((Mutex::new(shown), Condvar::new()));
        let mut output = pair.master.try_clone_reader().unwrap();
        let reading = screen.clone();
        std::thread::spawn(move || {
            let mut buffer = vec![0; 64 * 1024];
            loop {
                let count = output.read(&mut buffer).unwrap_or(0);
                let mut shown = reading.0.lock().unwrap();
                shown.parser.process(&buffer[..count]);
                shown.bytes.extend_from_slice(&buffer[..count]);
                shown.updates.push(&buffer[..count]);
                shown.last = Instant::now();
                shown.ended = count == 0;
                reading.1.notify_all();
                if count == 0 {
                    return;
                }
            }
        });
        Self { input: pair.master.take_writer().unwrap(), master: pair.master, child, screen }
    }

    /// Types bytes.
    pub fn send(&mut self, bytes: &str) {
        self.input.write_all(bytes.as_bytes()).unwrap();
        self.input.flush().unwrap();
    }

    /// The screen's text now.
    pub fn text(&self) -> String {
        self.screen.0.lock().unwrap().parser.screen().contents()
    }

    /// Everything that was ever written to the terminal.
    pub fn written(&self) -> Vec<u8> {
        self.screen.0.lock().unwrap().bytes.clone()
    }

    /// Whether the program shows the alternate screen.
    pub fn alternate(&self) -> bool {
        self.screen.0.lock().unwrap().parser.screen().alternate_screen()
    }

    /// Looks at the screen, unless a frame is half drawn.
    pub fn look<T>(&self, at: impl FnOnce(&vt100::Screen) -> T) -> Option<T> {
        let shown = self.screen.0.lock().unwrap();
        (!shown.updates.open).then(|| at(shown.parser.screen()))
    }

    /// Waits until something is written, but no longer than `time`.
    pub fn wait_for_output(&self, time: Duration) {
        let shown = self.screen.0.lock().unwrap();
        assert!(!shown.ended, "the program has ended");
        drop(self.screen.1.wait_timeout(shown, time).unwrap());
    }

    /// Waits until the screen's text is as wanted.
    pub fn wait(&self, what: &str, wanted: impl Fn(&str) -> bool) -> String {
        let started = Instant::now();
        let mut shown = self.screen.0.lock().unwrap();
        loop {
            let text = shown.parser.screen().contents();
            if !shown.updates.open && wanted(&text) {
                return text;
            }
            let left = PATIENCE.saturating_sub(started.elapsed());
            assert!(
                !left.is_zero() && !shown.ended,
                "waited for {what}; the screen shows:\n{text}"
            );
            shown = self.screen.1.wait_timeout(shown, left).unwrap().0;
        }
    }

    /// Waits until the screen shows a text.
    pub fn see(&self, text: &str) -> String {
        self.wait(text, |screen| screen.contains(text))
    }

    /// Waits until these bytes have been written.
    pub fn see_written(&self, bytes: &str) {
        let started = Instant::now();
        let is_there = |shown: &Shown| {
            shown.bytes.windows(bytes.len()).any(|window| window == bytes.as_bytes())
        };
        let mut shown = self.screen.0.lock().unwrap();
        while !is_there(&shown) {
            let left = PATIENCE.saturating_sub(started.elapsed());
            assert!(!left.is_zero() && !shown.ended, "waited for {bytes:?} to be written");
            shown = self.screen.1.wait_timeout(shown, left).unwrap().0;
        }
    }

    /// Gives the terminal another size.
    pub fn resize(&mut self, cols: u16, rows: u16) {
        self.screen.0.lock().unwrap().parser.screen_mut().set_size(rows, cols);
        self.master.resize(PtySize { rows, cols, pixel_width: 0, pixel_height: 0 }).unwrap();
    }

    /// Waits for the program's end; whether it ended well.
    pub fn end(&mut self) -> bool {
        let status = self.child.wait().unwrap();
        let mut shown = self.screen.0.lock().unwrap();
        while !shown.ended {
            shown = self.screen.1.wait(shown).unwrap();
        }
        status.success()
    }

    /// Sends a signal to the program.
    pub fn signal(&self, signal: rustix::process::Signal) {
        let pid = i32::try_from(self.child.process_id().unwrap()).unwrap();
        let pid = rustix::process::Pid::from_raw(pid).unwrap();
        rustix::process::kill_process(pid, signal).unwrap();
    }
}

/// Follows synchronized updates through the output, in whatever pieces it comes.
#[derive(Default)]
struct Updates {
    /// The last bytes, where a mark may have begun.
    tail: Vec<u8>,
    /// Whether an update has begun and not ended, and so a frame is half drawn: a terminal with
    /// synchronized updates would not show it.
    open: bool,
}

impl Updates {
    const BEGIN: &[u8] = b"\x1b[?2026h";
    const END: &[u8] = b"\x1b[?2026l";

    fn push(&mut self, bytes: &[u8]) {
        self.tail.extend_from_slice(bytes);
        let last = |mark: &[u8]| self.tail.windows(mark.len()).rposition(|window| window == mark);
        let (begun, ended) = (last(Self::BEGIN), last(Self::END));
        if begun.is_some() || ended.is_some() {
            self.open = begun > ended;
        }
        let kept = self.tail.len().min(Self::BEGIN.len() - 1);
        self.tail.drain(..self.tail.len() - kept);
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Terminal {
    /// Waits until nothing has been written for `time`; how much was written until then.
    pub fn quiet(&self, time: Duration) -> usize {
        let started = Instant::now();
        let mut shown = self.screen.0.lock().unwrap();
        loop {
            assert!(started.elapsed() < PATIENCE, "the program never stops drawing");
            let idle = shown.last.max(started).elapsed();
            if idle >= time {
                return shown.bytes.len();
            }
            shown = self.screen.1.wait_timeout(shown, time.saturating_sub(idle)).unwrap().0;
        }
    }
}
