//! What needs no engine.

use std::fs;
use std::io::Read;
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::home::{GOOD, Home, Ran, items};
use crate::support;
use crate::terminal::Terminal;

const COMMANDS: [&str; 32] = [
    "init",
    "home",
    "status",
    "modules",
    "launch",
    "shell",
    "verify",
    "hint",
    "history",
    "sync",
    "due",
    "card",
    "report",
    "export",
    "import-progress",
    "recover",
    "replay",
    "reset",
    "destroy",
    "config",
    "images",
    "pack",
    "permissions",
    "import",
    "new",
    "lint",
    "schema",
    "prove",
    "doctor",
    "completions",
    "man",
    "uninstall",
];

#[test]
fn every_command_explains_itself() {
    let home = Home::alone();
    let all = home.run(&["--help"]).ends(0);
    for command in COMMANDS {
        all.says(&format!("\n  {command} "));
        home.run(&["help", command]).ends(0).says("Example: ").says("Usage: drydock");
    }
    home.run(&["pact"]).ends(2).complains("pack");
    home.run(&["--version"]).ends(0).says(concat!("drydock ", env!("CARGO_PKG_VERSION")));
    // Asking for help leaves nothing behind.
    assert_eq!(fs::read_dir(home.path()).unwrap().count(), 0);
}

#[test]
fn completions_are_there_for_every_shell() {
    let home = Home::alone();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        home.run(&["completions", shell]).ends(0).says("launch");
    }
    home.run(&["completions", "tcsh"]).ends(2).complains("bash");
}

/// A shell at a prompt, with our completions.
fn shell_with_completions(shell: &str, home: &Home) -> Option<Terminal> {
    if !support::program("alone::shells_complete", shell) {
        return None;
    }
    let script = home.run(&["completions", shell]).ends(0).stdout;
    let folder = home.path().join(shell);
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("_drydock"), script).unwrap();
    let (folder, user) = (folder.to_str().unwrap(), home.path().to_str().unwrap());
    let (command, begin): (&[&str], _) = match shell {
        "bash" => (&["bash", "--norc", "--noprofile", "-i"], format!("source {folder}/_drydock")),
        "zsh" => (
            &["zsh", "-f", "-i"],
            format!("fpath=({folder} $fpath); autoload -U compinit; compinit -u -D"),
        ),
        _ => (&["fish", "--no-config", "-i"], format!("source {folder}/_drydock")),
    };
    let variables = [("HOME", user), ("PS1", "> ")];
    let mut terminal = Terminal::run((120, 50), home.path(), command, &variables);
    terminal.see(if shell == "fish" { "~" } else { ">" });
    terminal.send(&format!("{begin}; echo rea''dy\r"));
    terminal.see("ready");
    Some(terminal)
}

#[test]
fn shells_complete_commands_items_and_settings() {
    let home = Home::alone();
    for shell in ["bash", "zsh", "fish"] {
        let Some(mut terminal) = shell_with_completions(shell, &home) else { continue };
        // One that is the only one of its beginning is written out at once.
        for (typed, whole) in [
            ("drydock unin", "drydock uninstall"),
            ("drydock launch linux-03", "drydock launch linux-03 "),
            ("drydock launch inc", "drydock launch incidents-0"),
            ("drydock config set sync.re", "drydock config set sync.remote"),
            ("drydock images ex", "drydock images export"),
        ] {
            terminal.send(&format!("{typed}\t"));
            terminal
                .wait(&format!("{shell}: {whole:?}"), |screen| screen.contains(whole.trim_end()));
            terminal.send("\u{15}");
        }
        // And there is no telling of what drydock starts by itself.
        terminal.send("clear\rdrydock di\t\t\t#\r");
        terminal.see("drydock di#");
        terminal.send("exit\r");
    }
}

#[test]
fn manual_pages_are_written_where_one_says() {
    let home = Home::alone();
    home.run(&["man"]).ends(0).says(".TH drydock 1").says("drydock\\-launch(1)");
    let folder = home.path().join("share/man/man1");
    let name = folder.to_str().unwrap();
    let written = home.run(&["man", name, "--json"]).ends(0).json();
    let files = written["files"].as_array().unwrap();
    assert_eq!(files.len(), fs::read_dir(&folder).unwrap().count());
    home.run(&["man", name]).ends(0).says(name);
    if support::program("alone::manual_pages", "mandoc") {
        for file in files {
            let mut lint = Command::new("mandoc");
            let lint = lint.args(["-T", "lint", "-W", "error", file.as_str().unwrap()]);
            assert_eq!(Ran::from(lint.output().unwrap()).ends(0).stdout, "");
        }
    }
    home.run(&["man", "/dev/null/x"]).ends(3).complains("/dev/null/x cannot be written");
}

#[test]
fn all_items_are_listed_also_without_an_engine() {
    let home = Home::without_engine();
    let modules = home.run(&["modules", "--json"]).ends(0).json();
    let linux = &modules["modules"][0];
    assert_eq!((&linux["id"], &linux["title"]), (&"linux".into(), &"Linux Fundamentals".into()));
    let items = items(&modules);
    let exercises = (1..=5).map(|number| (format!("linux-{number:02}"), "exercise"));
    let scenarios = (1..=8).map(|number| (format!("incidents-{number:02}"), "scenario"));
    let all: Vec<_> = exercises.chain(scenarios).collect();
    assert_eq!(items.len(), all.len());
    for (item, (id, kind)) in items.iter().zip(all) {
        assert_eq!((&item["id"], &item["kind"]), (&id.into(), &kind.into()));
        assert_eq!(item["status"], "new");
        assert_eq!(item["runnable"], false);
        assert!(item["reason"].as_str().unwrap().contains("/nonexistent/docker.sock"), "{item}");
        assert!(item["title"].is_string() && item["difficulty"].is_string());
    }
    let text = home.run(&["modules"]).ends(0);
    text.says("linux-03").says("Create a systemd service").says("15 min");
    text.complains("warning: ").complains("help: ");
}

#[test]
fn signs_are_ascii_where_the_locale_is() {
    let home = Home::alone();
    let ran = Ran::from(home.command(&["modules"]).env("LC_ALL", "C").output().unwrap());
    assert!(ran.stdout.is_ascii() && ran.stdout.contains("  .  linux-01"), "{ran:#?}");
    // And nothing is coloured that is not on a terminal.
    let ran = Ran::from(home.command(&["modules"]).env("COLORTERM", "truecolor").output().unwrap());
    assert!(!ran.stdout.contains('\x1b') && !ran.stderr.contains('\x1b'), "{ran:#?}");
}

#[test]
fn one_bad_file_hides_no_other_and_is_told_with_its_place() {
    let home = Home::alone();
    let bad = "id: harbour-02\nmodule: harbour\norder: 2\ntitel: Splice\nverify: []\n";
    let folder = home.content(&[("a.yaml", GOOD), ("b.yaml", bad)]);
    let content = ["--content", folder.to_str().unwrap()];
    let place = format!("{}:4:1: ", folder.join("b.yaml").display());

    let listed = home.run(&[&["modules"], &content[..]].concat()).ends(0);
    listed.says("harbour-01").complains(&place).complains("title");
    let json = home.run(&[&["modules", "--json"], &content[..]].concat()).ends(0).json();
    assert!(items(&json).iter().any(|item| item["id"] == "harbour-01"));
    assert!(items(&json).iter().all(|item| item["id"] != "harbour-02"));
    let problems = json["problems"].as_array().unwrap();
    let named = |p: &&Value| p["line"] == 4 && p["column"] == 1 && p["severity"] == "error";
    assert!(problems.iter().any(|p| named(&p)), "{json}");

    // Whoever asks for the bad one itself is told the same, as wrong use.
    home.run(&[&["launch", "harbour-02", "--detach"], &content[..]].concat())
        .ends(2)
        .complains(&place);
    let error =
        home.run(&[&["--json", "verify", "harbour-02"], &content[..]].concat()).ends(2).error();
    assert_eq!((&error["kind"], &error["line"]), (&"content".into(), &4.into()));
    // The variable does the same as the flag.
    let mut command = home.command(&["doctor"]);
    Ran::from(command.env("DRYDOCK_CONTENT", &folder).output().unwrap()).says(&place);
}

#[test]
fn a_bad_file_laid_over_a_good_item_is_not_passed_over() {
    let home = Home::alone();
    let folder = home.content(&[("mine.yaml", "id: linux-01\nmodule: linux\nwhat: this\n")]);
    let content = ["--content", folder.to_str().unwrap()];
    let ran = home.run(&[&["launch", "linux-01", "--detach"], &content[..]].concat()).ends(2);
    ran.complains("mine.yaml:3:1: ");
}

#[test]
fn a_content_folder_that_is_not_there_is_wrong_use() {
    let home = Home::alone();
    home.run(&["modules", "--content", "/nonexistent/course"])
        .ends(2)
        .complains("/nonexistent/course");
}

#[test]
fn an_unknown_item_gets_one_sentence_with_the_nearest() {
    let home = Home::alone();
    for command in ["launch", "shell", "verify", "hint", "history", "replay", "reset", "destroy"] {
        let ran = home.run(&[command, "lnux-03"]).ends(2);
        ran.complains("error: There is no item \"lnux-03\"\n").complains("linux-03?");
        let error = home.run(&["--json", command, "lnux-03"]).ends(2).error();
        assert_eq!(error["kind"], "unknown_item");
    }
    // Nor is there a last one before there was a first.
    for command in ["shell", "verify", "hint", "reset", "destroy"] {
        home.run(&[command]).ends(2).complains("drydock launch linux-01");
    }
}

#[test]
fn wrong_use_is_told_as_json_too() {
    let home = Home::alone();
    let error = home.run(&["--json", "lunch"]).ends(2).error();
    assert_eq!(error["kind"], "usage");
    assert!(error["remedy"].as_str().unwrap().contains("launch"));
    home.run(&["destroy", "linux-01", "--all"]).ends(2);
}

#[test]
fn without_an_engine_everything_says_so_and_what_helps() {
    let home = Home::without_engine();
    for command in [
        &["launch", "linux-01", "--detach"][..],
        &["verify", "linux-01"],
        &["shell", "linux-01"],
        &["reset", "linux-01"],
        &["destroy", "--all"],
        &["images", "list"],
        &["images", "build"],
    ] {
        let ran = home.run(command).ends(3);
        ran.complains("error: ").complains("/nonexistent/docker.sock").complains("\nhelp: ");
        let error = home.run(&[&["--json"], command].concat()).ends(3);
        let lines: Vec<_> = error.stderr.lines().collect();
        assert_eq!(lines.len(), 1, "{error:#?}");
        assert_eq!(error.error()["kind"], "engine_not_running");
    }
    home.run(&["hint", "linux-01"]).ends(3).complains("drydock launch linux-01");
    let status = home.run(&["status", "--json"]).ends(0).json();
    assert_eq!(status["engine"]["reachable"], false);
    assert!(status["engine"]["reason"].is_string() && status["version"].is_string());
    assert_eq!(status["sandboxes"], Value::Array(vec![]));
    assert_eq!(status["offline"], false);
    assert_eq!(status["sync"]["configured"], false);
    let status = home.run(&["status", "--json", "--offline"]).ends(0).json();
    assert_eq!(status["offline"], true);
}

#[test]
fn doctor_looks_at_everything_whatever_is_broken() {
    let home = Home::without_engine();
    let checks = |ran: &Ran| ran.json()["checks"].as_array().unwrap().clone();
    let sound = home.run(&["doctor", "--json"]).ends(3);
    let named = |checks: &[Value], name: &str| {
        checks.iter().find(|check| check["name"] == name).cloned().unwrap_or_default()
    };
    let found = checks(&sound);
    for name in ["engine", "configuration", "content", "progress", "disk", "terminal", "locale"] {
        let check = named(&found, name);
        assert!(check["ok"].is_boolean() && check["detail"].is_string(), "{name}: {found:?}");
    }
    assert_eq!(named(&found, "engine")["ok"], false);
    assert!(named(&found, "engine")["remedy"].is_string());

    fs::write(home.path().join("config.yaml"), "theme: harbour\nthemes: x\n").unwrap();
    fs::create_dir_all(home.path().join("data")).unwrap();
    fs::write(home.path().join("data/progress.db"), "no database").unwrap();
    let broken = home.run(&["doctor", "--json"]).ends(3);
    let found = checks(&broken);
    let config = named(&found, "configuration");
    assert!(config["detail"].as_str().unwrap().contains("config.yaml:2:1: "), "{config}");
    assert_eq!(named(&found, "progress")["ok"], false);
    assert_eq!(named(&found, "locale")["ok"], true);
}

#[test]
fn settings_are_set_shown_refused_and_reset() {
    let home = Home::alone();
    let file = home.path().join("config.yaml");
    home.run(&["config", "path"]).ends(0).says(file.to_str().unwrap());
    home.run(&["config", "set", "theme", "daylight"]).ends(0).says("theme: daylight");
    home.run(&["config", "set", "limits.memory", "1g"]).ends(0);
    let shown = home.run(&["config", "show"]).ends(0);
    shown.says("theme: daylight").says("memory: 1g");
    assert_eq!(home.run(&["config", "show", "--json"]).ends(0).json()["theme"], "daylight");

    let before = fs::read(&file).unwrap();
    for (key, value, help) in
        [("themes", "x", "theme"), ("theme", "dailight", "daylight"), ("scrollback", "many", "")]
    {
        home.run(&["config", "set", key, value]).ends(2).complains("error: ").complains(help);
    }
    assert_eq!(fs::read(&file).unwrap(), before);

    fs::write(&file, "theme: daylight\nscrolback: 7\n").unwrap();
    for command in [&["config", "show"][..], &["modules"], &["status"]] {
        let ran = home.run(command).ends(2);
        ran.complains("config.yaml:2:1: ").complains("scrollback");
    }
    home.run(&["config", "reset"]).ends(0);
    assert!(!file.exists());
    home.run(&["config", "show"]).ends(0).says("theme: harbour");
}

#[test]
fn init_sets_up_by_flags() {
    let home = Home::without_engine();
    let ran = home.run(&["init", "--yes", "--theme", "sixteen"]).ends(0);
    ran.says("drydock launch linux-01").complains("warning: ");
    home.run(&["config", "show"]).says("theme: sixteen");
    home.run(&["init", "--yes", "--backend", "vmware"]).ends(2).complains("vmware");
    home.run(&["init", "--yes", "--build-images"]).ends(3);
}

#[test]
fn a_damaged_database_is_reported_and_left_as_it_is() {
    let home = Home::alone();
    let file = home.path().join("data/progress.db");
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    let damaged = b"SQLite format 3\0 and then nothing that makes sense".repeat(100);
    fs::write(&file, &damaged).unwrap();
    for command in [&["modules"][..], &["status"], &["verify", "linux-01"]] {
        home.run(command).ends(3).complains("progress.db: ").complains("help: ");
    }
    let error = home.run(&["modules", "--json"]).ends(3).error();
    assert!(error["kind"].as_str().unwrap().starts_with("progress_"), "{error}");
    assert_eq!(fs::read(&file).unwrap(), damaged);
}

#[test]
fn the_screen_needs_a_terminal_and_has_no_json() {
    let home = Home::alone();
    home.run(&[]).ends(3).complains("terminal");
    home.run(&["launch", "linux-01"]).ends(3).complains("terminal");
    assert_eq!(home.run(&["--json"]).ends(2).error()["kind"], "usage");
}

#[test]
fn a_reader_who_goes_away_ends_nothing_but_the_printing() {
    let home = Home::alone();
    let mut command = home.command(&["modules", "--json"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let mut errors = String::new();
    child.stderr.take().unwrap().read_to_string(&mut errors).unwrap();
    assert_eq!((child.wait().unwrap().code(), errors.as_str()), (Some(0), ""));
}

#[test]
fn the_log_is_a_file_and_only_there_when_something_is_said() {
    let home = Home::alone();
    home.run(&["config", "show"]).ends(0);
    let log = home.path().join("state/drydock.log");
    assert!(!log.exists());
    let ran = Ran::from(home.command(&["modules"]).env("DRYDOCK_LOG", "loud").output().unwrap());
    assert!(!ran.stderr.contains("DRYDOCK_LOG"), "{ran:#?}");
    assert!(fs::read_to_string(log).unwrap().contains("loud"));
}
