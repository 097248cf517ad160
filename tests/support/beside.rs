//! A sandbox's shell twice: in drydock's pane, and in tmux on this machine, whose screen has the
//! pane's size.
//!
//! Of tmux, what it draws is read and not what `capture-pane` tells: that leaves out the colours of
//! cells which were erased.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::time::{Duration, Instant};

use regex::Regex;

use crate::home::Home;
use crate::picture::Picture;
use crate::terminal::{PATIENCE, Terminal};

/// What is shown around the pane has its own rows and columns; nothing else is tmux' own.
const TMUX: &str = "set -g status off
set -g default-terminal xterm-256color
set -as terminal-features ',xterm*:RGB'
set -g prefix None
set -s escape-time 0
set -g destroy-unattached on
";

/// How often both are compared while nothing is written by ours.
const LOOK: Duration = Duration::from_millis(50);

/// Both.
pub struct Beside {
    ours: Terminal,
    theirs: Terminal,
    /// The pane's first row and column.
    corner: (u16, u16),
    /// Its columns and rows.
    size: (u16, u16),
}

impl Beside {
    /// linux-01's shell in a window of this size, and beside it in tmux.
    pub fn start(window: (u16, u16), home: &Home) -> Self {
        let mut ours = Terminal::start(window, home.path(), &["launch", "linux-01"]);
        ours.see("0/4");
        ours.send("l");
        ours.see("Layout: two panes");
        ours.send("l");
        ours.see("Layout: one pane");
        ours.send("2");
        ours.see("goes to the shell");
        ours.see(crate::PROMPT);
        ours.send("clear; echo size=$(stty size)=\r");
        let said = Regex::new("size=([0-9]+) ([0-9]+)=").unwrap();
        let screen = ours.wait("the pane's size", |screen| said.is_match(screen));
        let row = screen.lines().position(|line| said.is_match(line)).unwrap();
        let line = screen.lines().nth(row).unwrap();
        let column = line[..said.find(line).unwrap().start()].chars().count();
        let [rows, columns] = said.captures(line).unwrap().extract::<2>().1;
        let (columns, rows) = (columns.parse().unwrap(), rows.parse().unwrap());

        let configuration = home.path().join("tmux.conf");
        std::fs::write(&configuration, TMUX).unwrap();
        let socket = home.path().join("tmux.sock");
        let shell = format!(
            "docker exec -it -u learner -e TERM=xterm-256color -e COLORTERM=truecolor \
             -e LANG=C.UTF-8 -w /home/learner --detach-keys ctrl-@,ctrl-^,ctrl-] {} bash -l",
            home.sandbox()
        );
        let tmux = ["env", "-u", "TMUX", "tmux", "-S", socket.to_str().unwrap(), "-f"];
        let tmux = [&tmux[..], &[configuration.to_str().unwrap(), "new-session", &shell]].concat();
        let theirs = Terminal::run((columns, rows), home.path(), &tmux, &[]);
        theirs.see(crate::PROMPT);
        let corner = (u16::try_from(row).unwrap(), u16::try_from(column).unwrap());
        let mut beside = Self { ours, theirs, corner, size: (columns, rows) };
        // A home for each, or programs would find each other's traces.
        beside.send("export HOME=$(mktemp -d); cp -a /home/learner/. ~; cd; clear\r");
        beside.alike("the prompt", &[crate::PROMPT], |_| {});
        beside
    }

    /// Types in both.
    pub fn send(&mut self, keys: &str) {
        self.ours.send(keys);
        self.theirs.send(keys);
    }

    /// Types different things.
    pub fn send_each(&mut self, ours: &str, theirs: &str) {
        self.ours.send(ours);
        self.theirs.send(theirs);
    }

    /// Waits until both show a text.
    pub fn see(&self, text: &str) {
        self.ours.see(text);
        self.theirs.see(text);
    }

    /// Waits until neither shows a text any more.
    pub fn lose(&self, text: &str) {
        for side in [&self.ours, &self.theirs] {
            side.wait(&format!("no {text:?}"), |screen| !screen.contains(text));
        }
    }

    /// Waits until both show these texts, and all else is the same too, but for what `mask` hides.
    pub fn alike(&self, what: &str, texts: &[&str], mask: impl Fn(&mut Picture)) {
        let started = Instant::now();
        loop {
            let ours = self.ours.look(|screen| Picture::of(screen, self.corner, self.size));
            let theirs = self.theirs.look(|screen| Picture::of(screen, (0, 0), self.size));
            if let (Some(mut ours), Some(mut theirs)) = (ours, theirs) {
                let (our_text, their_text) = (ours.text(), theirs.text());
                let is_there = |text: &&str| our_text.contains(*text) && their_text.contains(*text);
                let all = texts.iter().all(is_there);
                mask(&mut ours);
                mask(&mut theirs);
                let differences = ours.differences(&theirs);
                if all && differences.is_none() {
                    return;
                }
                assert!(
                    started.elapsed() < PATIENCE,
                    "{what} at {:?}: {}\nours:\n{}\ntheirs:\n{}",
                    self.size,
                    differences.unwrap_or_else(|| format!("not all of {texts:?}")),
                    ours.text(),
                    theirs.text()
                );
            }
            self.ours.wait_for_output(LOOK);
        }
    }
}
