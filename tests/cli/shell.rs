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

/// How long nothing must have been shown to look whether the program has ended.
const LOOK: Duration = Duration::from_millis(20);

const PROMPT: &str = "learner@sandbox";

/// A terminal with a `drydock shell` in it.
struct Terminal {
    master: Box<dyn MasterPty + Send>,
    /// Kept open, so that the terminal outlives the program and can be looked at.
    _slave: Box<dyn SlavePty + Send>,
    keys: Box<dyn Write + Send>,
    shown: Receiver<Vec<u8>>,
    screen: vt100::Parser,
    child: Box<dyn Child + Send + Sync>,
}

impl Terminal {
    fn open(home: &Home, arguments: &[&str]) -> Self {
        let size = PtySize { rows: 30, cols: 100, pixel_width: 0, pixel_height: 0 };
        let pair = native_pty_system().openpty(size).unwrap();
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_drydock"));
        command.arg("shell");
        command.args(arguments);
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
        let screen = vt100::Parser::new(30, 100, 0);
        Self { master: pair.master, _slave: pair.slave, keys, shown, screen, child }
    }

    fn type_in(&mut self, text: &str) {
        self.keys.write_all(text.as_bytes()).unwrap();
        self.keys.flush().unwrap();
    }

    fn resize(&mut self, cols: u16, rows: u16) {
        self.screen.screen_mut().set_size(rows, cols);
        let size = PtySize { rows, cols, pixel_width: 0, pixel_height: 0 };
        self.master.resize(size).unwrap();
    }

    fn signal(&self, signal: rustix::process::Signal) {
        let id = self.child.process_id().unwrap().cast_signed();
        let id = rustix::process::Pid::from_raw(id).unwrap();
        rustix::process::kill_process(id, signal).unwrap();
    }

    fn text(&self) -> String {
        self.screen.screen().contents()
    }

    fn alternate(&self) -> bool {
        self.screen.screen().alternate_screen()
    }

    /// Waits until these words are on the screen.
    #[track_caller]
    fn see(&mut self, words: &str) -> String {
        let deadline = Instant::now() + PATIENCE;
        while !self.text().contains(words) {
            let left = deadline.saturating_duration_since(Instant::now());
            match self.shown.recv_timeout(left) {
                Ok(bytes) => self.screen.process(&bytes),
                Err(error) => panic!("{words:?} was not shown ({error}):\n{}", self.text()),
            }
        }
        self.text()
    }

    /// Whether lines are edited and echoed, as a shell leaves its terminal to its commands.
    fn is_cooked(&self) -> bool {
        const ICANON_AND_ECHO: u32 = 0o2 | 0o10;
        let flags = self.master.get_termios().unwrap().local_flags.bits();
        flags & ICANON_AND_ECHO == ICANON_AND_ECHO
    }

    /// Waits for the end; what was shown until then is on the screen.
    #[track_caller]
    fn ends(&mut self, status: u32) {
        let deadline = Instant::now() + PATIENCE;
        let ended = loop {
            while let Ok(bytes) = self.shown.recv_timeout(LOOK) {
                self.screen.process(&bytes);
            }
            match self.child.try_wait().unwrap() {
                Some(ended) => break ended,
                None => assert!(Instant::now() < deadline, "it did not end:\n{}", self.text()),
            }
        };
        while let Ok(bytes) = self.shown.recv_timeout(LOOK) {
            self.screen.process(&bytes);
        }
        assert_eq!(ended.exit_code(), status, "{}", self.text());
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
    let mut terminal = Terminal::open(&home, &["linux-01"]);
    terminal.see(PROMPT);
    assert!(!terminal.is_cooked());
    terminal.type_in("stty size\r");
    terminal.see("30 100");
    // Ctrl-C is the shell's, not ours. It is pressed only when the command has the terminal: before
    // that the shell itself would get the signal, and go on.
    terminal.type_in("clear; sh -c 'echo run\"\"ning; exec sleep 1000'\r");
    terminal.see("running");
    terminal.type_in("\x03");
    terminal.type_in("echo inter''rupted\r");
    terminal.see("interrupted");

    // The new size arrives when it does: the sandbox is asked until it has.
    terminal.type_in(
        "echo wait''ing; until [ \"$(stty size)\" = '41 123' ]; do sleep 0.05; done; \
         echo re''sized\r",
    );
    terminal.see("waiting");
    terminal.resize(123, 41);
    terminal.see("resized");
    // A key and a new size at the same moment: neither is lost.
    // It ends by itself: a Ctrl-C between two of its commands would be nobody's.
    terminal.type_in(
        "clear; until [ \"$s\" = '41 99' ]; do sleep 0.02; s=$(stty size); echo \"$s\"; done; \
         echo qui''et\r",
    );
    for columns in 80..100 {
        terminal.type_in("x");
        terminal.resize(columns, 41);
        terminal.see(&format!("41 {columns}"));
    }
    terminal.see("quiet");
    // The keys were nobody's: Ctrl-U takes them off the line.
    terminal.type_in("\x15exit 3\r");
    terminal.ends(3);
    assert!(terminal.is_cooked() && !terminal.alternate());

    let store = Store::open(&Paths::under(home.path()).database).unwrap();
    let current = store.progress().unwrap().remove("linux-01").unwrap().current.unwrap();
    assert!(current.active > Duration::ZERO);
}

#[test]
fn it_goes_on_when_it_is_left_and_when_a_signal_ends_the_program() {
    let Some(home) = Home::with_engine("cli::shell and signals") else { return };
    home.run(&["launch", "linux-01", "--detach"]).ends(0);
    let mut terminal = Terminal::open(&home, &["linux-01"]);
    terminal.see(PROMPT);
    terminal.type_in("harbour=Kiel; echo re''ady\r");
    terminal.see("ready");
    terminal.type_in("\x1d\x1d");
    terminal.ends(0);
    assert!(terminal.is_cooked() && terminal.text().contains("The shell of linux-01 goes on"));

    for signal in [rustix::process::Signal::TERM, rustix::process::Signal::HUP] {
        let mut terminal = Terminal::open(&home, &["linux-01"]);
        terminal.type_in("echo $harbour-$((40+2))\r");
        terminal.see("Kiel-42");
        terminal.type_in("clear\r");
        terminal.signal(signal);
        terminal.ends(130);
        assert!(terminal.is_cooked() && terminal.text().contains("The shell of linux-01 goes on"));
    }
}

#[test]
fn two_terminals_share_a_shell_and_one_may_only_watch() {
    let Some(home) = Home::with_engine("cli::shell --watch") else { return };
    home.run(&["launch", "linux-01", "--detach"]).ends(0);
    home.run(&["shell", "linux-01", "--watch"]).ends(2);
    let mut alone = Terminal::open(&home, &["linux-01", "--watch"]);
    alone.ends(3);
    assert!(alone.text().contains("No shell of linux-01 is open to be watched"));

    let mut learner = Terminal::open(&home, &["linux-01"]);
    learner.see(PROMPT);
    let mut mentor = Terminal::open(&home, &["linux-01", "--watch"]);
    mentor.see("watching linux-01");
    mentor.type_in("echo from the mentor\r");
    mentor.resize(60, 12);
    learner.type_in("echo from $((1+1)) hands; stty size\r");
    let seen = mentor.see("from 2 hands");
    assert!(!seen.contains("mentor"), "{seen}");
    learner.see("30 100");
    mentor.type_in("q");
    mentor.ends(0);
    learner.type_in("exit\r");
    learner.ends(0);
}

#[test]
fn status_tells_which_shells_are_open() {
    let Some(home) = Home::with_engine("cli::status of shells") else { return };
    home.run(&["launch", "linux-01", "--detach"]).ends(0);
    let shell = || {
        let status = home.run(&["status", "--json"]).ends(0);
        let status: serde_json::Value = serde_json::from_str(&status.stdout).unwrap();
        status["sandboxes"][0]["shell"].clone()
    };
    assert!(shell().is_null());
    let mut terminal = Terminal::open(&home, &["linux-01"]);
    terminal.see(PROMPT);
    assert!(shell()["pid"].as_u64().is_some_and(|pid| pid > 1));
    terminal.type_in("exit\r");
    terminal.ends(0);
    assert!(shell().is_null());
}

#[test]
fn a_sandbox_that_ends_under_the_shell_is_named() {
    let Some(home) = Home::with_engine("cli::shell of a dead sandbox") else { return };
    let launched = home.run(&["launch", "linux-01", "--detach", "--json"]).ends(0);
    let last: serde_json::Value =
        serde_json::from_str(launched.stdout.lines().last().unwrap()).unwrap();
    let mut terminal = Terminal::open(&home, &["linux-01"]);
    terminal.see(PROMPT);
    crate::home::kill_sandbox(last["sandbox"].as_str().unwrap());
    terminal.ends(3);
    assert!(terminal.is_cooked() && terminal.text().contains("has stopped"));
}
