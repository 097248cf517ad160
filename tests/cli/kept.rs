//! Progress carried elsewhere, and put back where it was damaged.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use drydock::store::{Command, Store, backup};
use jiff::Timestamp;
use serde_json::json;

use crate::home::Home;
use crate::terminal::Terminal;

fn database(home: &Home) -> PathBuf {
    home.path().join("data/progress.db")
}

fn practise(home: &Home, items: std::ops::Range<u32>) {
    fs::create_dir_all(home.path().join("data")).unwrap();
    let store = Store::open(&database(home)).unwrap();
    for number in items {
        let id = store.begin(&format!("linux-{number:02}"), "hash", "docker", None).unwrap().id;
        let command = Command {
            text: "echo \u{1b}[2J\u{9b}".to_owned(),
            folder: None,
            status: Some(0),
            started_at: Timestamp::now(),
            duration: std::time::Duration::from_millis(3),
        };
        store.record_command(id, &command).unwrap();
        store.complete(id).unwrap();
    }
}

/// Damages all but the first page, which says whose it is.
fn damage(path: &Path) -> Vec<u8> {
    let mut bytes = fs::read(path).unwrap();
    bytes[4096..].fill(0xa5);
    fs::write(path, &bytes).unwrap();
    bytes
}

#[test]
fn progress_goes_to_another_home_and_back() {
    let (here, there) = (Home::alone(), Home::alone());
    practise(&here, 1..4);
    let file = here.path().join("progress.jsonl");
    let name = file.to_str().unwrap();
    here.run(&["export", "-o", name]).ends(0).says("3 attempts, 3 completions, 3 commands");
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    here.run(&["export", "-o", name]).ends(2).complains("--force replaces it");
    let facts = here.run(&["export", "-o", name, "--force", "--json"]).ends(0).json();
    assert_eq!(facts["records"]["attempt"], 3);
    let printed = here.run(&["export"]).ends(0).stdout;
    assert_eq!(printed, fs::read_to_string(&file).unwrap());
    assert!(!printed.contains(['\u{1b}', '\u{9b}']), "a terminal obeys it");

    let dry = there.run(&["import-progress", name, "--dry-run", "--json"]).ends(0).json();
    assert_eq!((&dry["new"]["attempt"], &dry["dry_run"]), (&json!(3), &json!(true)));
    there.run(&["import-progress", name]).ends(0).says("3 attempts, 3 completions, 3 commands");
    assert_eq!(there.run(&["export"]).stdout, printed);
    let again = there.feed(&["import-progress", "-", "--json"], printed.as_bytes()).ends(0).json();
    assert_eq!((&again["new"], &again["file"]), (&json!({}), &json!("-")));
    there.run(&["history"]).ends(0).says("linux-02");
}

#[test]
fn a_file_with_a_mistake_is_refused_with_its_place() {
    let home = Home::alone();
    practise(&home, 1..3);
    let lines = home.run(&["export"]).stdout;
    let wrong = lines.replacen("\"state\":\"completed\"", "\"state\":\"won\"", 1);
    let file = home.path().join("wrong.jsonl");
    fs::write(&file, wrong).unwrap();
    let other = Home::alone();
    let name = file.to_str().unwrap();
    let error = other.run(&["import-progress", name, "--json"]).ends(2).error();
    assert_eq!((&error["file"], &error["line"]), (&json!(name), &json!(2)));
    assert!(error["column"].as_u64().unwrap() > 1, "{error}");
    assert!(error["message"].as_str().unwrap().contains("won"), "{error}");
    other.run(&["import-progress", name]).ends(2).complains("wrong.jsonl:2:");
    assert!(other.run(&["export"]).stdout.lines().count() == 2, "something was taken in");
    other.run(&["import-progress", "nowhere"]).ends(2).complains("nowhere");
    other.run(&["import-progress", "/"]).ends(2).complains("it is a folder");
    other.feed(&["import-progress", "-"], b"").ends(2).complains("there is nothing in it");
}

#[test]
fn a_damaged_database_is_told_by_every_command_and_put_right_by_one() {
    let home = Home::alone();
    practise(&home, 1..4);
    home.run(&["history"]).ends(0); // the copy of the day follows
    let copy = backup::all(&database(&home)).remove(0);
    practise(&home, 4..6);
    let damaged = damage(&database(&home));

    for command in [
        &["status"][..],
        &["history"],
        &["modules"],
        &["hint"],
        &["verify"],
        &["launch", "linux-01"],
        &["reset", "--yes"],
        &["replay"],
        &["export"],
        &["import-progress", "/dev/null"],
        &["shell"],
    ] {
        let error = home.run(&[command, &["--json"]].concat()).ends(3).error();
        assert_eq!(error["kind"], "progress_damaged", "{command:?}");
        let remedy = error["remedy"].as_str().unwrap();
        assert!(remedy.contains("drydock recover puts back the copy of"), "{command:?}: {remedy}");
        assert!(remedy.contains("(3 attempts)"), "{command:?}: {remedy}");
    }
    assert_eq!(fs::read(database(&home)).unwrap(), damaged, "it was left as it was");

    home.run(&["recover", "--list"]).ends(0).says(&copy.name).says("3 attempts, 3 completions");
    let listed = home.run(&["recover", "--list", "--json"]).ends(0).json();
    assert_eq!((&listed["sound"], &listed["copies"][0]["good"]), (&json!(false), &json!(true)));
    let doctor = home.run(&["doctor", "--json"]).json();
    let finding = |name: &str| {
        let all = doctor["checks"].as_array().unwrap();
        all.iter().find(|finding| finding["name"] == name).unwrap().clone()
    };
    assert_eq!(
        (&finding("progress")["ok"], &finding("copies")["ok"]),
        (&json!(false), &json!(true))
    );

    home.run(&["recover", "yesterday"]).ends(2).complains("drydock recover --list");
    let done = home.run(&["recover", "--json"]).ends(0).json();
    assert_eq!(done["copy"], copy.name.as_str());
    assert_eq!(fs::read(done["aside"].as_str().unwrap()).unwrap(), damaged);
    home.run(&["history"]).ends(0).says("linux-03");
    home.run(&["recover"]).ends(0).says("is sound");
    home.run(&["recover", &copy.name, "--yes"]).ends(0).says("is back");
}

#[test]
fn the_screen_asks_before_it_opens() {
    let home = Home::alone();
    fs::write(home.path().join("config.yaml"), "version: 1\nbackend: native\n").unwrap();
    practise(&home, 1..4);
    home.run(&["history"]).ends(0);
    damage(&database(&home));
    let mut terminal = Terminal::start((80, 24), home.path(), &[]);
    terminal.see("Put back the copy of just now (3 attempts) now? [y/N]");
    terminal.send("\r");
    terminal.see("Nothing was changed");
    terminal.end();

    let mut terminal = Terminal::start((80, 24), home.path(), &[]);
    terminal.see("[y/N]");
    terminal.send("y\r");
    terminal.see("Practice");
    terminal.send("q");
    terminal.end();
    home.run(&["history"]).ends(0).says("linux-03");
}

#[test]
fn shells_complete_the_commands() {
    let home = Home::alone();
    let script = home.run(&["completions", "bash"]).ends(0).stdout;
    for command in ["export", "import-progress", "recover"] {
        assert!(script.contains(command), "{command}");
    }
}
