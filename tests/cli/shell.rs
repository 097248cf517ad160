//! `drydock shell` in a real pseudo-terminal.

use std::io::{Read, Write};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use drydock::paths::Paths;
use drydock::store::Store;
use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, SlavePty, native_pty_system};

use crate::home::Home;

/// How long a state may take to come on a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);

const PROMPT: &str = "learner@sandbox";

/// A terminal with a `drydock shell` in it.
struct Terminal {
    master: Box<dyn MasterPty + Send>,
    /// Kept open, so that the terminal outlives the program and can be looked at.
    _slave: Box<dyn SlavePty + Send>,
    keys: Box<dyn Write + Send>,
    shown: Receiver<Vec<u8>>,
    seen: String,
    child: Box<dyn Child + Send + Sync>,
}

impl Terminal {
    fn open(home: &Home, item: &str) -> Self {
        let size = PtySize { rows: 30, cols: 100, pixel_width: 0, pixel_height: 0 };
        let pair = native_pty_system().openpty(size).unwrap();
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_drydock"));
        command.args(["shell", item]);
        command.env("DRYDOCK_HOME", home.path());
        command.env("LC_ALL", "C.UTF-8");
        command.env("TERM", "xterm-256color");
        let child = pair.slave.spawn_command(command).unwrap();
        let mut output = pair.master.try_clone_reader().unwrap();
        let keys = pair.master.take_writer().unwrap();
        let (chunks, shown) = channel();
        std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(read @ 1..) = output.read(&mut buffer) {
                if chunks.send(buffer[..read].to_vec()).is_err() {
                    return;
                }
            }
        });
        Self { master: pair.master, _slave: pair.slave, keys, shown, seen: String::new(), child }
    }

    fn type_in(&mut self, text: &str) {
        self.keys.write_all(text.as_bytes()).unwrap();
        self.keys.flush().unwrap();
    }

    /// Waits until these words are shown, after all that was waited for before.
    #[track_caller]
    fn wait_for(&mut self, words: &str) {
        let deadline = Instant::now() + PATIENCE;
        while !self.seen.contains(words) {
            let left = deadline.saturating_duration_since(Instant::now());
            match self.shown.recv_timeout(left) {
                Ok(bytes) => self.seen.push_str(&String::from_utf8_lossy(&bytes)),
                Err(error) => panic!("{words:?} was not shown ({error}): {:?}", self.seen),
            }
        }
        let end = self.seen.find(words).unwrap() + words.len();
        self.seen.drain(..end);
    }

    /// Whether lines are edited and echoed, as a shell leaves its terminal to its commands.
    fn is_cooked(&self) -> bool {
        const ICANON_AND_ECHO: u32 = 0o2 | 0o10;
        let flags = self.master.get_termios().unwrap().local_flags.bits();
        flags & ICANON_AND_ECHO == ICANON_AND_ECHO
    }

    #[track_caller]
    fn ends(&mut self, status: u32) {
        let deadline = Instant::now() + PATIENCE;
        let ended = loop {
            match self.child.try_wait().unwrap() {
                Some(ended) => break ended,
                None if Instant::now() < deadline => std::thread::yield_now(),
                None => panic!("it did not end"),
            }
        };
        assert_eq!(ended.exit_code(), status);
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.child.kill();
    }
}

#[test]
fn the_shell_has_the_size_of_this_terminal_and_gives_it_back() {
    let Some(home) = Home::with_engine("cli::shell") else { return };
    home.run(&["launch", "linux-01", "--detach"]).ends(0);
    let mut terminal = Terminal::open(&home, "linux-01");
    terminal.wait_for(PROMPT);
    assert!(!terminal.is_cooked());
    terminal.type_in("stty size\r");
    terminal.wait_for("30 100\r\n");
    // Ctrl-C is the shell's, not ours. It is pressed only when the command has the terminal: before
    // that the shell itself would get the signal, and go on.
    terminal.type_in("sh -c 'echo run\"\"ning; exec sleep 1000'\r");
    terminal.wait_for("running\r\n");
    terminal.type_in("\x03");
    terminal.wait_for(PROMPT);

    // The new size arrives when it does: the sandbox is asked until it has.
    terminal
        .type_in("until [ \"$(stty size)\" = '41 123' ]; do sleep 0.05; done; echo re''sized\r");
    terminal.wait_for("re''sized\r\n");
    let size = PtySize { rows: 41, cols: 123, pixel_width: 0, pixel_height: 0 };
    terminal.master.resize(size).unwrap();
    terminal.wait_for("resized\r\n");
    terminal.type_in("exit 3\r");
    terminal.ends(3);
    assert!(terminal.is_cooked());

    let store = Store::open(&Paths::under(home.path()).database).unwrap();
    let current = store.progress().unwrap().remove("linux-01").unwrap().current.unwrap();
    assert!(current.active > Duration::ZERO);
}

#[test]
fn a_signal_hangs_the_shell_up_and_gives_the_terminal_back() {
    let Some(home) = Home::with_engine("cli::shell and signals") else { return };
    home.run(&["launch", "linux-01", "--detach"]).ends(0);
    for signal in [rustix::process::Signal::TERM, rustix::process::Signal::HUP] {
        let mut terminal = Terminal::open(&home, "linux-01");
        terminal.wait_for(PROMPT);
        terminal.type_in("echo $$ > ~/shell; echo re''ady\r");
        terminal.wait_for("ready\r\n");
        let id = terminal
            .child
            .process_id()
            .and_then(|id| rustix::process::Pid::from_raw(id.cast_signed()));
        rustix::process::kill_process(id.unwrap(), signal).unwrap();
        terminal.wait_for("The shell of linux-01 was hung up; its sandbox still runs");
        terminal.ends(130);
        assert!(terminal.is_cooked());
        // Nothing of it is left.
        home.feed(&["shell", "linux-01"], b"! kill -0 \"$(cat ~/shell)\" 2>/dev/null\n").ends(0);
    }
}

#[test]
fn a_sandbox_that_ends_under_the_shell_is_named() {
    let Some(home) = Home::with_engine("cli::shell of a dead sandbox") else { return };
    let launched = home.run(&["launch", "linux-01", "--detach", "--json"]).ends(0);
    let last: serde_json::Value =
        serde_json::from_str(launched.stdout.lines().last().unwrap()).unwrap();
    let mut terminal = Terminal::open(&home, "linux-01");
    terminal.wait_for(PROMPT);
    crate::home::kill_sandbox(last["sandbox"].as_str().unwrap());
    terminal.wait_for("has stopped");
    terminal.ends(3);
    assert!(terminal.is_cooked());
}
