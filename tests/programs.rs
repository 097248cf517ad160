//! What people run in a terminal looks in the pane as it does in tmux, cell by cell: the same
//! programs, the same keys, in the same sandbox.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "support/beside.rs"]
mod beside;
#[path = "support/home.rs"]
mod home;
#[path = "support/picture.rs"]
mod picture;
mod support;
#[path = "support/terminal.rs"]
mod terminal;

use beside::Beside;
use home::{Home, engine};
use picture::Picture;

const PROMPT: &str = "learner@sandbox:~$";

const ESCAPE: &str = "\x1b";
const F2: &str = "\x1bOQ";
const F5: &str = "\x1b[15~";
const F8: &str = "\x1b[19~";
const F9: &str = "\x1b[20~";
const F10: &str = "\x1b[21~";
const DOWN: &str = "\x1b[B";

/// Nothing differs by nature.
fn nothing(_: &mut Picture) {}

fn at(window: (u16, u16)) {
    let test = format!("programs::{}x{}", window.0, window.1);
    if !(engine(&test) && support::program(&test, "tmux") && support::program(&test, "docker")) {
        return;
    }
    let home = Home::new();
    let mut beside = Beside::start(window, &home);
    for program in [shell, vim, less, nano, mc, htop, tmux] {
        program(&mut beside);
        beside.see(PROMPT);
        beside.send("clear\r");
        beside.alike("the prompt afterwards", &[PROMPT], nothing);
    }
}

#[test]
fn programs_look_as_in_tmux_at_80x24() {
    at((80, 24));
}

#[test]
fn programs_look_as_in_tmux_at_120x40() {
    at((120, 40));
}

#[test]
fn programs_look_as_in_tmux_at_200x60() {
    at((200, 60));
}

fn shell(beside: &mut Beside) {
    beside.send("ls -l --color=always --time-style=+ /etc | tail -n 70\r");
    beside.alike("a coloured list that scrolls", &["xattr.conf"], nothing);
}

fn vim(beside: &mut Beside) {
    beside.send("vim .bashrc\r");
    beside.see("interactive shells only");
    // Asked for its background by vim, our terminal answers and tmux (3.3) does not: then vim takes
    // it for a light one.
    beside.send(":set number cursorline hlsearch background=dark\r\x0c/alias\r");
    beside.alike("vim's search", &["/alias"], nothing);
    beside.send(":vsplit .profile\r");
    beside.alike("vim, split", &["For login shells"], nothing);
    beside.send("Oa=\"$(ls)\" # wörld 日本\tx");
    beside.alike("vim inserting", &["-- INSERT --"], nothing);
    beside.send(ESCAPE);
    beside.send(":wincmd p\r:set list\rGVkk");
    beside.alike("vim selecting", &["-- VISUAL LINE --"], nothing);
    beside.send(ESCAPE);
    beside.send(":qa!\r");
}

fn less(beside: &mut Beside) {
    beside.send("less -N /etc/login.defs\r");
    beside.alike("less", &["REQUIRED for useradd"], nothing);
    beside.send("/PASS\r");
    beside.alike("less with a search's hits", &["PASS_MAX_DAYS"], nothing);
    beside.send("G");
    beside.alike("less at the end", &["(END)"], nothing);
    beside.send("q");
}

fn nano(beside: &mut Beside) {
    beside.send("nano .bashrc\r");
    beside.alike("nano", &["interactive shells only"], nothing);
    beside.send("# a line\rand another\r");
    beside.alike("nano with a change", &["and another"], nothing);
    beside.send("\x17alias\r");
    beside.alike("nano's search", &["alias"], nothing);
    beside.send("\x07");
    beside.alike("nano's help", &["Main nano help text"], nothing);
    beside.send("\x18");
    beside.see("and another");
    beside.send("\x18");
    beside.see("Save modified buffer?");
    beside.send("n");
}

fn mc(beside: &mut Beside) {
    beside.send("(cd yard/attic; mc -d)\r");
    beside.alike("mc", &["shelf-c"], tip);
    beside.send(F9);
    beside.send(DOWN);
    beside.alike("mc's menu", &["File listing"], tip);
    beside.send(F10);
    beside.alike("mc without its menu", &["Modify time"], tip);
    beside.send(DOWN);
    beside.send(F8);
    beside.alike("mc's question", &["Delete directory"], tip);
    beside.send(F10);
    beside.send(F10);
}

/// Above its last two rows mc shows how much room the disk has, and a tip that it chooses at random.
fn tip(picture: &mut Picture) {
    let rows = picture.lines().len();
    picture.mask(rows - 4..rows - 2, 0..usize::MAX);
}

fn htop(beside: &mut Beside) {
    // Only what runs for long: it reads a process' words once, and those of a shell that is about to
    // become the other's htop would be the shell's in one of the two.
    beside.send("htop -s PID -p $(pgrep -d, -x 'sh|sleep')\r");
    beside.alike("htop", &["F10"], measured);
    beside.send(F5);
    beside.alike("htop's tree", &["F5List"], measured);
    beside.send(F2);
    beside.alike("htop's setup", &["Categories"], measured);
    beside.send(F10);
    beside.send("q");
}

/// Meters, and what processes use, change all the time.
fn measured(picture: &mut Picture) {
    let lines = picture.lines();
    let is_head = |line: &String| line.contains("Command") || line.contains("Categories");
    let Some(head) = lines.iter().position(is_head) else { return };
    let column = |title| lines[head].find(title).map(|at| lines[head][..at].chars().count());
    let used = column("NI ").map_or(0, |at| at + 3)..column("Command").unwrap_or(0);
    picture.mask(0..head, 0..usize::MAX);
    picture.mask(head + 1..lines.len() - 1, used);
}

fn tmux(beside: &mut Beside) {
    // Each its own server, or they would be two clients of one.
    beside.send_each("tmux -L ours\r", "tmux -L theirs\r");
    beside.alike("tmux", &["[0] 0:bash", PROMPT], nothing);
    beside.send("ls --color /\r");
    beside.alike("tmux with colours", &["boot"], nothing);
    beside.send("\x02%");
    beside.alike("tmux, split", &["│learner@sandbox"], nothing);
    beside.send("ls -l --color --time-style=+ /etc\r");
    beside.alike("tmux scrolling one half", &[" vim "], nothing);
    beside.send("exit\r");
    beside.lose("│");
    beside.alike("tmux, whole again", &["boot"], nothing);
    beside.send("exit\r");
    beside.see("[exited]");
}
