//! What is told of practice: what is due, the card, and a class's completions.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use drydock::paths::Paths;
use drydock::store::{Completed, Store};
use jiff::{Span, Timestamp};

use crate::home::Home;
use crate::terminal::Terminal;

/// A completion this many days ago.
fn completed(item: &str, days: i64, number: u32) -> Completed {
    let at = Timestamp::now() - Span::new().hours(days * 24);
    Completed {
        id: format!("01890000-0000-7000-8000-{number:012}").parse().unwrap(),
        item: item.to_owned(),
        content_hash: "0".repeat(64),
        engine: "docker".to_owned(),
        seed: 7,
        started_at: at - Span::new().minutes(10),
        at,
        active: Duration::from_mins(9),
        failures: 0,
        hints: 0,
        solution_seen: false,
        checks: vec!["the knot is tied".to_owned()],
        version: "0.1.0".to_owned(),
        here: false,
    }
}

/// A home in which these were completed so many days ago.
fn practised(items: &[(&str, i64)]) -> Home {
    let home = Home::without_engine();
    let paths = Paths::under(home.path());
    paths.make(&paths.data_dir).unwrap();
    let store = Store::open(&paths.database).unwrap();
    let numbered = items.iter().zip(1..);
    let all: Vec<_> =
        numbered.map(|((item, days), number)| completed(item, *days, number)).collect();
    store.add_completions(&all).unwrap();
    home
}

#[test]
fn what_is_due_is_listed_with_what_comes_and_what_is_learned() {
    let learned = [60, 58, 50, 40, 15].map(|days| ("linux-03", days));
    let home = practised(
        &[&[("linux-01", 4), ("linux-02", 0), ("withdrawn-01", 9)], &learned[..]].concat(),
    );
    let json = home.run(&["due", "--json"]).ends(0).json();
    let items = |key: &str| -> Vec<String> {
        let rows = json[key].as_array().unwrap();
        rows.iter().map(|row| row["item"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(items("due"), ["linux-01"]);
    assert_eq!(items("coming"), ["linux-02"]);
    assert_eq!(items("learned"), ["linux-03"]);
    let day = |at: &serde_json::Value| at.as_str().unwrap().parse::<jiff::civil::Date>().unwrap();
    let today = day(&json["today"]);
    assert_eq!(day(&json["due"][0]["since"]), day(&json["due"][0]["last"]).tomorrow().unwrap());
    assert_eq!(day(&json["coming"][0]["on"]), today.tomorrow().unwrap());
    assert_eq!(json["learned"][0]["completions"], 5);

    let text = home.run(&["due"]).ends(0);
    text.says("↻  since ").says("3 days").says("○  tomorrow").says("✓  linux-03");
    text.complains("drydock launch linux-01 practises it again");
    home.run(&["due", "--help"]).ends(0).says("1, 3, 7 and 21 days");
}

#[test]
fn nothing_completed_is_nothing_due() {
    let home = Home::without_engine();
    home.run(&["due"]).ends(0).complains("Nothing was completed yet");
    let json = home.run(&["due", "--json"]).ends(0).json();
    assert_eq!(json["due"], serde_json::json!([]));
}

#[test]
fn an_item_that_is_due_is_practised_anew_with_other_values() {
    let Some(home) = Home::with_engine("cli::due") else { return };
    let launch = || -> serde_json::Value {
        let ran = home.run(&["launch", "linux-01", "--detach", "--json"]).ends(0);
        serde_json::from_str(ran.stdout.lines().last().unwrap()).unwrap()
    };
    let solve = || {
        let script = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("exercises/linux/01-files-and-shell/solution.sh");
        home.feed(&["shell", "linux-01"], &fs::read(script).unwrap()).ends(0);
        home.run(&["verify", "linux-01"]).ends(0);
    };
    let first = launch();
    solve();
    // What is completed and not due opens as it was left.
    let same = launch();
    assert_eq!((&same["resumed"], &same["seed"]), (&true.into(), &first["seed"]));
    // It was completed days ago, elsewhere; the completion of today would say that it is not due.
    let paths = Paths::under(home.path());
    let store = Store::open(&paths.database).unwrap();
    let database = rusqlite::Connection::open(&paths.database).unwrap();
    database.execute("UPDATE completions SET at = at - 400000000", []).unwrap();
    let due = home.run(&["due", "--json"]).ends(0).json();
    assert_eq!(due["due"][0]["item"], "linux-01");
    let again = launch();
    assert_eq!(again["resumed"], false);
    assert_ne!((&again["seed"], &again["sandbox"]), (&first["seed"], &first["sandbox"]));
    assert_eq!(home.sandboxes(), ["linux-01"]);
    // Begun, it is gone on with.
    let on = launch();
    assert_eq!((&on["resumed"], &on["seed"]), (&true.into(), &again["seed"]));
    solve();
    assert_eq!(home.run(&["due", "--json"]).ends(0).json()["due"], serde_json::json!([]));
    assert_eq!(store.completions(Some("linux-01")).unwrap().len(), 2);
}

#[test]
fn a_card_is_printed_or_written_and_says_nothing_of_the_machine() {
    let home = practised(&[("linux-01", 4), ("linux-02", 3), ("linux-01", 1)]);
    let card = home.run(&["card"]).ends(0);
    card.says("2 of ").says("Linux Fundamentals").says("2/5").says("First item completed");
    for line in card.stdout.lines() {
        assert!(unicode_width::UnicodeWidthStr::width(line) <= 80, "{line:?}");
    }
    let picture = home.path().join("card.svg");
    let path = picture.to_str().unwrap();
    home.run(&["card", "--name", "Anna <3", "-o", path]).ends(0).says(path);
    let svg = fs::read_to_string(&picture).unwrap();
    assert!(svg.starts_with("<svg ") && svg.contains("Anna &lt;3"), "{svg}");
    assert_eq!(home.run(&["card", "--svg", "--name", "Anna <3"]).ends(0).stdout, svg);
    let json = home.run(&["card", "--json"]).ends(0).json();
    assert_eq!((&json["done"], &json["modules"][0]["done"]), (&2.into(), &2.into()));
    assert!(json["name"].is_null() && json["file"].is_null());
    assert_eq!(json["weeks"].as_array().unwrap().len(), 12);
    let user = std::env::var("USER").unwrap_or_default();
    for text in [&card.stdout, &svg, &json.to_string()] {
        assert!(!text.contains(home.path().to_str().unwrap()), "{text}");
        assert!(user.is_empty() || !text.contains(&user), "{text}");
    }
    let nowhere = home.path().join("not/there.svg");
    home.run(&["card", "-o", nowhere.to_str().unwrap()]).ends(3).complains("cannot be written");
}

/// A completion's file below `root`.
fn put(root: &Path, item: &str, number: u32, hints: u32) -> PathBuf {
    let one = completed(item, 1, number);
    let module = item.rsplit_once('-').map_or(item, |(module, _)| module);
    let folder = root.join("completions").join(module).join(item);
    fs::create_dir_all(&folder).unwrap();
    let text = serde_json::json!({
        "format": 1, "id": one.id.to_string(), "item": item, "content_hash": one.content_hash,
        "seed": 7, "engine": "docker", "started": one.started_at.to_string(),
        "completed": one.at.to_string(), "active_seconds": 540, "failures": 0, "hints": hints,
        "solution_seen": false, "checks": one.checks, "version": "0.1.0"
    });
    let path = folder.join(format!("{}-{}.json", one.at.strftime("%Y%m%dT%H%M%SZ"), one.id));
    fs::write(&path, text.to_string()).unwrap();
    path
}

fn git(folder: &Path, arguments: &[&str]) {
    let mut git = Command::new("git");
    git.current_dir(folder).args(["-c", "user.name=a", "-c", "user.email=a@b"]).args(arguments);
    let ran = git.output().unwrap();
    assert!(ran.status.success(), "{ran:?}");
}

/// A class of three: two folders, one of them with a name like a formula, and a bare repository.
fn class(home: &Home) -> PathBuf {
    let class = home.path().join("class");
    put(&class.join("anna"), "linux-01", 1, 0);
    put(&class.join("anna"), "linux-02", 2, 2);
    put(&class.join("=1+1"), "linux-01", 3, 0);
    let cleo = home.path().join("cleo");
    put(&cleo, "linux-01", 4, 5);
    git(&cleo, &["init", "-q", "-b", "main"]);
    git(&cleo, &["add", "-A"]);
    git(&cleo, &["commit", "-q", "-m", "a"]);
    git(&class, &["clone", "-q", "--bare", "../cleo", "cleo.git"]);
    // Made bare where the first branch has another name: nobody ever pushed to its HEAD.
    git(&class.join("cleo.git"), &["symbolic-ref", "HEAD", "refs/heads/elsewhere"]);
    class
}

#[test]
fn a_class_is_told_as_a_table_as_csv_and_as_json() {
    let home = Home::without_engine();
    let class = class(&home);
    let bad = class.join("anna/completions/linux/linux-01/bad.json");
    fs::write(&bad, "{\"format\": 1, \"engine\": \"\u{1b}[2J\"").unwrap();
    let path = class.to_str().unwrap();

    let table = home.run(&["report", path]).ends(0);
    table.says("3 learners, 5 items, 4 of 15 done").says("Where most got stuck");
    table.says("anna  ✓!···").says("cleo  !····").says("=1+1  ✓····");
    table.complains("linux-01/bad.json: it is not JSON");
    assert!(!table.stderr.contains('\u{1b}'), "{table:?}");
    for line in table.stdout.lines() {
        assert!(unicode_width::UnicodeWidthStr::width(line) <= 80, "{line:?}");
    }

    let csv = home.run(&["report", path, "--format", "csv"]).ends(0);
    let rows: Vec<_> = csv.stdout.lines().collect();
    assert_eq!(rows.len(), 5);
    assert!(rows[0].starts_with("learner,item,title,"), "{rows:?}");
    assert!(rows[1].starts_with("'=1+1,linux-01,Files and the shell,linux,"), "{rows:?}");

    let json = home.run(&["report", path, "--json"]).ends(0).json();
    assert_eq!(json, home.run(&["report", path, "--format", "json"]).ends(0).json());
    let names: Vec<_> = json["learners"].as_array().unwrap().iter().map(|it| &it["name"]).collect();
    assert_eq!(names, ["=1+1", "anna", "cleo"]);
    let anna = &json["learners"][1];
    assert_eq!((&anna["done"], &anna["of"], &anna["hints"]), (&2.into(), &5.into(), &2.into()));
    assert_eq!(anna["items"][1]["hard"], true);
    assert_eq!(json["stuck"], serde_json::json!(["linux-01", "linux-02"]));
    assert_eq!(json["problems"][0]["file"], "completions/linux/linux-01/bad.json");
    assert_eq!(json["items"][0]["done"], 3);
}

#[test]
fn learners_are_called_as_is_said_and_addresses_are_fetched_unless_offline() {
    let home = Home::without_engine();
    class(&home);
    let cleo = home.path().join("cleo");
    let address = format!("file://{}", cleo.display());
    let names = home.path().join("names.txt");
    fs::write(&names, format!("# the class\nCleo={address}\n\nAnna=class/anna\n")).unwrap();
    let report = |more: &[&str]| {
        let arguments = [&["report", "--json", "--names", names.to_str().unwrap()], more].concat();
        home.run(&arguments).ends(0).json()
    };
    let done = |json: &serde_json::Value| -> Vec<(String, u64)> {
        let learners = json["learners"].as_array().unwrap().iter();
        let of = |it: &serde_json::Value| {
            (it["name"].as_str().unwrap().to_owned(), it["done"].as_u64().unwrap())
        };
        learners.map(of).collect()
    };
    let told = report(&["--offline"]);
    assert_eq!(done(&told), [("Anna".into(), 2), ("Cleo".into(), 0)]);
    assert_eq!(told["problems"][0]["message"], "nothing of it was fetched yet");
    let told = report(&[]);
    assert_eq!(done(&told), [("Anna".into(), 2), ("Cleo".into(), 1)]);
    assert_eq!(told["problems"], serde_json::json!([]));
    // What was fetched is there without the network, and without the remote.
    fs::remove_dir_all(&cleo).unwrap();
    assert_eq!(done(&report(&["--offline"])), [("Anna".into(), 2), ("Cleo".into(), 1)]);
    let told = report(&[]);
    assert_eq!(done(&told), [("Anna".into(), 2), ("Cleo".into(), 1)]);
    assert_eq!(told["problems"].as_array().unwrap().len(), 1, "{told}");
}

#[test]
fn where_there_is_nothing_it_says_what_is_looked_for() {
    let home = Home::without_engine();
    let path = home.path().to_str().unwrap();
    home.run(&["report", path]).ends(2).complains("no completions").complains("completions/ in it");
    home.run(&["report", "/nowhere", "--watch"]).ends(2).complains("/nowhere");
    home.run(&["report"]).ends(2).complains("required");
    home.run(&["report", path, "--names", "/nowhere"]).ends(2).complains("one NAME=DIR");
    let error = home.run(&["report", path, "--json"]).ends(2).error();
    assert_eq!(error["kind"], "no_completions");
    home.run(&["report", path, "--watch", "--json"]).ends(2);
    home.run(&["completions", "bash"]).ends(0).says("report").says("card").says("due");
}

#[test]
fn a_followed_class_is_shown_as_it_changes() {
    let home = Home::without_engine();
    let class = class(&home);
    let arguments = ["report", class.to_str().unwrap(), "--watch", "--every", "3600"];
    let mut terminal = Terminal::start((80, 24), home.path(), &arguments);
    terminal.see("4 of 15 done");
    put(&class.join("anna"), "linux-03", 9, 0);
    terminal.see("5 of 15 done");
    // Somebody comes late, into a folder that was not there.
    put(&class.join("zoe"), "linux-01", 10, 0);
    terminal.see("6 of 20 done");
    terminal.see("Learners 4");
    terminal.send("q");
    assert!(terminal.end());
}
