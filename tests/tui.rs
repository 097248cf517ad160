//! The whole program as a learner meets it: the real binary in a real pseudo-terminal, a real
//! engine behind it.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test that cannot go on fails, and may say what it did"
)]

#[path = "support/home.rs"]
mod home;
mod support;
#[path = "support/terminal.rs"]
mod terminal;

use drydock::course::solution::steps;
use drydock::course::{self, Source};
use drydock::lab::exercise;
use home::{Home, engine};
use rustix::process::Signal;
use terminal::Terminal;

const LEAVE: &str = "\x1d";

/// The program in linux-01's workspace, with the prompt there and the shell in front.
fn in_the_shell(size: (u16, u16), home: &Home) -> Terminal {
    let mut terminal = Terminal::start(size, home.path(), &["launch", "linux-01"]);
    terminal.see("0/4");
    terminal.send("2");
    terminal.see("learner@sandbox:~$");
    terminal
}

/// The solution of an item, a line to type each.
fn solution(item: &str) -> Vec<String> {
    let course = course::load(&[Source::built_in()]);
    let item = course.item(item).unwrap();
    let text = exercise(item).unwrap().solution.as_ref().unwrap().read().unwrap().into_owned();
    let text = String::from_utf8(text).unwrap();
    text.lines()
        .filter(|l| !l.trim_start().starts_with('#') && !l.is_empty())
        .map(str::to_owned)
        .collect()
}

/// First start, Home, launch, the solution by keys, green, quit, start again, done.
fn whole_path(size: (u16, u16)) {
    if engine("tui::whole_path") {
        whole_path_with(size, &[]);
    }
}

fn whole_path_with(size: (u16, u16), variables: &[(&str, &str)]) {
    let home = Home::first();
    let mut terminal = Terminal::start_with(size, home.path(), &[], variables);
    terminal.see("Welcome to drydock");
    terminal.see("works here");
    terminal.send("\x1b"); // finish setup
    terminal.see("Practice");
    terminal.see("Files and the shell");
    assert!(!terminal.text().contains('✓'), "nothing is done yet");
    terminal.send("\r");
    terminal.see("linux-01");
    terminal.send("2");
    terminal.see("learner@sandbox:~$");
    terminal.see("0/4");
    for line in solution("linux-01") {
        terminal.send(&line);
        terminal.send("\r");
    }
    let done = terminal.see("Completed");
    assert!(done.contains("What you learned"), "{done}");
    assert!(done.contains("linux-02"), "{done}");
    terminal.send("h"); // home
    terminal.see("Practice");
    terminal.see("1/5");
    terminal.send("q");
    assert!(terminal.end());
    assert!(!terminal.alternate(), "the terminal is given back");

    let mut again = Terminal::start_with(size, home.path(), &[], variables);
    again.wait("linux-01 is done and linux-02 is next", |screen| {
        screen.contains("1/5")
            && screen.contains("✓ 01")
            && screen.contains("Users and permissions")
    });
    again.send("q");
    assert!(again.end());
}

#[test]
fn whole_path_at_80x24() {
    whole_path((80, 24));
}

#[test]
fn whole_path_at_120x40() {
    whole_path((120, 40));
}

#[test]
fn whole_path_at_200x60() {
    whole_path((200, 60));
}

/// The same where there is no Docker engine: by itself.
#[test]
fn whole_path_without_docker() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    if runtime.block_on(support::native("tui::whole_path_without_docker")).is_some() {
        whole_path_with((80, 24), &[("DOCKER_HOST", "unix:///nowhere/docker.sock")]);
    }
}

#[test]
fn checks_turn_green_by_themselves() {
    if !engine("tui::checks_turn_green") {
        return;
    }
    let home = Home::new();
    let mut terminal = in_the_shell((120, 40), &home);
    terminal
        .send("mkdir keys; cp yard/attic/shelf-c/box-5/.tin/harbour.key keys/; date +%s%N > t\r");
    terminal.see("1/4");
}

#[test]
fn after_kill_9_everything_that_was_shown_is_there_again() {
    if !engine("tui::kill_9") {
        return;
    }
    let home = Home::new();
    let mut terminal = Terminal::start((120, 40), home.path(), &["launch", "linux-01"]);
    terminal.see("learner@sandbox:~$");
    terminal.send("h");
    terminal.see("Hints 1/3");
    terminal.send("2");
    terminal.see("learner@sandbox:~$");
    terminal.send("mkdir keys; cp yard/attic/shelf-c/box-5/.tin/harbour.key keys/\r");
    terminal.see("1/4");
    terminal.see("00:03 of");
    terminal.signal(Signal::KILL);
    terminal.end();

    let again = Terminal::start((120, 40), home.path(), &["launch", "linux-01"]);
    again.see("Hints 1/3");
    let screen = again.see("1/4");
    assert!(!screen.contains("00:00 of") && !screen.contains("00:01 of"), "{screen}");
}

#[test]
fn programs_run_in_the_pane_as_in_a_terminal() {
    if !engine("tui::programs") {
        return;
    }
    let home = Home::new();
    let mut terminal = Terminal::start((80, 24), home.path(), &["launch", "linux-01"]);
    terminal.see("1 Lesson");
    terminal.see("0/4");
    terminal.send("2");
    terminal.see("learner@sandbox:~$");

    terminal.send("vim note\r");
    terminal.see("[New]");
    terminal.send("ihello from vim\x1b:wq\r");
    terminal.see("learner@sandbox:~$"); // vim's screen had no prompt on it
    terminal.send("clear; cat note\r");
    terminal.see("hello from vim");

    terminal.send("seq 500 | less\r");
    terminal.wait("less at its beginning", |screen| screen.lines().any(|line| line.trim() == "20"));
    terminal.send("G");
    terminal.wait("less at its end", |screen| screen.lines().any(|line| line.trim() == "500"));
    terminal.send("q");
    terminal.see("learner@sandbox:~$");

    terminal.send("htop\r");
    terminal.wait("htop", |screen| screen.contains("Tasks") && screen.contains("F10"));
    terminal.send("q");
    terminal.see("learner@sandbox:~$");

    terminal.send("tmux\r");
    terminal.wait("tmux's status line", |screen| screen.contains("[0] 0:"));
    terminal.send("echo in-$((40+2))-tmux\r");
    terminal.see("in-42-tmux");
    terminal.send("\x02%"); // Ctrl-B %: split; the program leaves tmux its prefix
    terminal.see("│learner@sandbox:~$");
    terminal.send("exit\r");
    terminal.wait("the right half is gone", |screen| !screen.contains('│'));
    terminal.send("exit\r");
    terminal.see("[exited]");

    // the way out is shown and works
    terminal.see("Ctrl-] leaves");
    terminal.send(LEAVE);
    terminal.see("[1 Lesson]");
}

#[test]
fn a_shell_that_ends_can_be_opened_again() {
    if !engine("tui::shell_ends") {
        return;
    }
    let home = Home::new();
    let mut terminal = in_the_shell((120, 40), &home);
    terminal.send("exit\r");
    terminal.see("The shell ended");
    terminal.send("\r");
    terminal.wait("a new prompt", |screen| {
        screen.contains("learner@sandbox:~$") && !screen.contains("The shell ended")
    });
}

#[test]
fn a_sandbox_removed_behind_our_back_is_explained_and_made_again() {
    if !engine("tui::sandbox_removed") {
        return;
    }
    let home = Home::new();
    let mut terminal = in_the_shell((120, 40), &home);
    let other = home.destroy();
    assert!(other.success());
    terminal.wait("a sentence about it", |screen| screen.contains("no longer exists"));
    terminal.send("\r");
    terminal.wait("a new shell", |screen| screen.contains("learner@sandbox:~$"));
    terminal.see("0/4");
}

#[test]
fn without_an_engine_everything_else_works_and_says_why() {
    let home = Home::first();
    std::fs::write(home.path().join("config.yaml"), "backend: docker\n").unwrap();
    let nowhere = [("DOCKER_HOST", "unix:///nowhere/docker.sock")];
    let mut terminal = Terminal::start_with((80, 24), home.path(), &[], &nowhere);
    terminal.see("no engine");
    terminal.see("Cannot run here");
    terminal.send("\r");
    terminal.send("2");
    terminal.see("What helps");
    terminal.send("1");
    terminal.see("Lesson");
    terminal.send("\x1b");
    terminal.see("Practice");
    terminal.send("q");
    assert!(terminal.end());
}

#[test]
fn signals_end_it_with_the_terminal_as_it_was() {
    for signal in [Signal::TERM, Signal::HUP, Signal::INT] {
        let home = Home::new();
        let mut terminal = Terminal::start((80, 24), home.path(), &[]);
        terminal.see("Practice");
        assert!(terminal.alternate());
        terminal.signal(signal);
        terminal.end();
        assert!(!terminal.alternate(), "{signal:?}");
        let written = String::from_utf8_lossy(&terminal.written()).into_owned();
        assert!(written.rfind("\x1b[?1000l") > written.rfind("\x1b[?1000h"), "{signal:?}");
        assert!(written.rfind("\x1b[?25h") > written.rfind("\x1b[?25l"), "{signal:?}");
    }
}

#[test]
fn resizing_in_a_storm_leaves_a_good_screen() {
    let home = Home::new();
    let mut terminal = Terminal::start((80, 24), home.path(), &[]);
    terminal.see("Practice");
    for step in 0..60u16 {
        terminal.resize(1 + (step * 37) % 220, 1 + (step * 13) % 70);
    }
    terminal.resize(120, 40);
    terminal.send("\x0c"); // Ctrl-L: draw anew
    terminal.wait("Home at its last size", |screen| {
        screen.contains("Practice")
            && screen.lines().any(|line| line.trim_end().chars().count() == 120)
    });
    terminal.send("q");
    assert!(terminal.end());
}

#[test]
fn a_key_that_comes_with_a_new_size_is_read() {
    let home = Home::new();
    let mut terminal = Terminal::start((100, 30), home.path(), &[]);
    terminal.see("q quit");
    for step in 0..100 {
        terminal.resize(101, 30);
        // The key comes while the signal is on its way: how long that is varies.
        let resized = std::time::Instant::now();
        while resized.elapsed() < std::time::Duration::from_micros(step * 20) {
            std::hint::spin_loop();
        }
        terminal.send("?");
        terminal.see("Keys: Home");
        terminal.resize(100, 30);
        terminal.send("\x1b");
        terminal.wait("Home alone", |screen| !screen.contains("Keys: Home"));
    }
}

#[test]
fn idle_on_home_draws_nothing() {
    let home = Home::new();
    let mut terminal = Terminal::start((120, 40), home.path(), &[]);
    terminal.see("Practice");
    // Quiet: until nothing has been written for a while, after engine and progress were shown.
    let before = terminal.quiet(std::time::Duration::from_millis(500));
    let after = terminal.quiet(std::time::Duration::from_secs(2));
    assert_eq!(before, after, "bytes were written while nothing happened");
    terminal.send("q");
    assert!(terminal.end());
}

/// The first frame needs none of the content's files: it is drawn from what was kept of the last reading.
#[test]
fn content_of_ones_own_is_listed_at_once_and_then_as_it_is() {
    let (home, content) = (Home::new(), tempfile::tempdir().unwrap());
    let write = |title: &str| {
        let text = format!(
            "id: my-01\nmodule: my\norder: 1\ntitle: {title}\nverify:\n  - {{name: a, cmd: \"true\"}}\n"
        );
        std::fs::write(content.path().join("one.yaml"), text).unwrap();
    };
    let start = || {
        let arguments = ["--content", content.path().to_str().unwrap()];
        Terminal::start((120, 60), home.path(), &arguments)
    };
    write("Before");
    for change in ["Before", "After"] {
        let mut terminal = start();
        terminal.see("01 Before");
        terminal.wait("the content was read", |screen| !screen.contains("reading the content"));
        terminal.send("q");
        assert!(terminal.end());
        write(change);
    }
    let mut terminal = start();
    terminal.see("01 After");
    let written = String::from_utf8(terminal.written()).unwrap();
    assert!(written.contains("Before"), "the first frame was not drawn from the index");
    terminal.send("q");
    assert!(terminal.end());

    // A damaged one is none.
    let index = home.path().join("cache/index");
    let half = std::fs::read(&index).unwrap();
    std::fs::write(&index, &half[..half.len() / 2]).unwrap();
    let mut terminal = start();
    terminal.see("01 After");
    terminal.send("q");
    assert!(terminal.end());
    assert!(String::from_utf8(terminal.written()).unwrap().contains("Reading what there is"));
}

/// The first solution of an exercise comes from doing it: what was typed proves it.
#[test]
fn a_solve_is_written_down_and_proves_the_exercise() {
    if !engine("tui::a_solve_is_written_down") {
        return;
    }
    let home = Home::new();
    let folder = tempfile::tempdir().unwrap();
    unsolved("linux", "01-files-and-shell", folder.path());
    let content = folder.path().to_str().unwrap();
    let arguments = ["--content", content, "launch", "linux-01"];
    let mut terminal = Terminal::start((80, 24), home.path(), &arguments);
    terminal.see("0/4");
    terminal.send("2");
    terminal.see("learner@sandbox:~$");
    terminal.send(LEAVE);
    terminal.send("S");
    terminal.see("writing down");
    terminal.send("2");
    terminal.see("Ctrl-] leaves");
    let course = course::load(&[Source::built_in()]);
    let it = exercise(course.item("linux-01").unwrap()).unwrap();
    let script = it.solution.as_ref().unwrap().read().unwrap();
    let script = String::from_utf8_lossy(&script);
    let mut typed = 0;
    for (index, step) in steps("solution.sh", &script, &it.verify).unwrap().iter().enumerate() {
        let commands =
            step.script.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
        for command in commands {
            typed += 1;
            terminal
                .wait("a prompt", |screen| screen.matches("learner@sandbox:~$").count() == typed);
            terminal.send(command);
            terminal.send("\r");
        }
        terminal.see(&format!("{}/4", index + 1));
    }
    terminal.see("Completed");
    terminal.send("s");
    terminal.send(LEAVE);
    terminal.send("S");
    terminal.see("The solution is in");
    terminal.send("\r");
    terminal.wait("no question", |screen| !screen.contains("The solution is in"));
    terminal.send("q");
    assert!(terminal.end());

    let file = folder.path().join("exercises/linux/01-files-and-shell/solution.keys");
    let text = std::fs::read_to_string(file).unwrap();
    assert!(text.contains("\nrun grep -rh ERROR ~/yard/logs > ~/errors.txt\n"), "{text}");
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_drydock"));
    command.args(["--content", content, "prove", "linux-01"]).env("DRYDOCK_HOME", home.path());
    let proved = command.output().unwrap();
    let told = String::from_utf8_lossy(&proved.stdout);
    assert!(proved.status.success(), "{told}\n{text}");
}

/// A built-in exercise without its solution, in a folder of content.
fn unsolved(module: &str, name: &str, root: &std::path::Path) {
    let from = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("exercises").join(module);
    let to = root.join("exercises").join(module);
    let copy = ["-r", from.to_str().unwrap(), to.to_str().unwrap()];
    std::fs::create_dir_all(root.join("exercises")).unwrap();
    assert!(std::process::Command::new("cp").args(copy).status().unwrap().success());
    std::fs::remove_file(to.join(name).join("solution.sh")).unwrap();
    let manifest = to.join(name).with_extension("yaml");
    let text = std::fs::read_to_string(&manifest).unwrap();
    std::fs::write(manifest, text.replace("solution: solution.sh\n", "")).unwrap();
}
