//! What is told of practice: what is due, the card, and a class's completions.

use std::fs;
use std::path::Path;
use std::time::Duration;

use drydock::paths::Paths;
use drydock::store::{Completed, Store};
use jiff::{Span, Timestamp};

use crate::home::Home;

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
