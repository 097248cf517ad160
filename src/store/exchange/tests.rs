//! Progress there and back, and files that nobody should trust.

use std::io::Cursor;
use std::time::Duration;

use super::*;
use crate::store::tests::{set_clock, store, ticks};
use crate::store::{
    AttemptState, CheckRecord, CheckState, Command, Completed, Measured, Proved, SnapshotEvent,
};

/// A store with something of every kind in it.
fn practised() -> (tempfile::TempDir, Store) {
    let (folder, store) = store();
    let found = |states: [CheckState; 2]| {
        let names = ["file is there", "it says \u{9b}hello"].into_iter();
        names
            .zip(states)
            .map(|(name, state)| CheckRecord { name: name.replace('\u{9b}', ""), state })
    };
    for (start, item, completes) in [(1, "linux-01", true), (500, "linux-02", false)] {
        set_clock(start);
        let id = store.begin(item, "hash", "docker", Some(7)).unwrap().id;
        store.attach_sandbox(id, Some("drydock-1")).unwrap();
        for (second, states) in [
            (2, [CheckState::Failed, CheckState::Skipped]),
            (3, [CheckState::Passed, CheckState::Error]),
            (4, [CheckState::Passed, CheckState::Passed]),
        ] {
            set_clock(start + second);
            store.record_checks(id, &found(states).collect::<Vec<_>>(), true).unwrap();
        }
        store.show_hint(id, 1).unwrap();
        store.show_solution(id).unwrap();
        store.add_active(id, Duration::from_secs(61)).unwrap();
        for text in ["ls -l", "echo \u{1b}[2J\u{9b}\n\u{7f}\"ä€\" \\"] {
            let command = Command {
                text: text.to_owned(),
                folder: Some("/srv".to_owned()),
                status: Some(-1),
                started_at: ticks(start + 5),
                duration: Duration::from_millis(1234),
            };
            store.record_command(id, &command).unwrap();
        }
        store.note_snapshot(id, "auto-1", SnapshotEvent::Taken).unwrap();
        store.note_snapshot(id, "auto-1", SnapshotEvent::Rewound).unwrap();
        let measured = Measured { at: ticks(start + 6), numbers: "{\"ok\":0.5}".to_owned() };
        store.keep_incident(id, "{\"phase\":\"live\"}", Duration::ZERO, Some(&measured)).unwrap();
        store.order_incident(id, "\"Hint\"").unwrap();
        if completes {
            store.complete(id).unwrap();
        }
    }
    let proof = Proved {
        item: "linux-01".to_owned(),
        engine: "docker".to_owned(),
        content_hash: "hash".to_owned(),
        image: None,
        version: "0.1.0".to_owned(),
        proved: false,
        at: ticks(9),
        took: Duration::from_secs(3),
        peak: Some(1 << 20),
        failure: Some("solution: it fails\nhere".to_owned()),
    };
    store.keep_proof(&proof).unwrap();
    store.remember("home.selected", "\"linux-02\"").unwrap();
    let elsewhere = Completed {
        id: "01890000-0000-7000-8000-000000000001".parse().unwrap(),
        item: "linux-03".to_owned(),
        here: false,
        ..store.completions(None).unwrap().remove(0)
    };
    store.add_completions(&[elsewhere]).unwrap();
    (folder, store)
}

fn exported(store: &Store) -> String {
    let mut bytes = Vec::new();
    store.export(&mut bytes).unwrap();
    String::from_utf8(bytes).unwrap()
}

fn import(store: &Store, text: &str) -> Result<Imported, ExchangeError> {
    store.import(&mut Cursor::new(text), false)
}

/// Line, column and words of what a file is refused for.
fn refused(store: &Store, text: &str) -> (u32, u32, String) {
    let before = exported(store);
    match import(store, text).unwrap_err() {
        ExchangeError::Line { line, column, message } => {
            assert_eq!(exported(store), before, "{message}: something was taken in");
            (line, column, message)
        }
        other => panic!("{other}: {text}"),
    }
}

#[test]
fn everything_that_is_kept_goes_there_and_comes_back() {
    let (_folder, from) = practised();
    let text = exported(&from);
    assert!(!text.chars().any(|c| c.is_control() && c != '\n'), "a terminal obeys it");
    for kind in Kind::ALL {
        assert!(text.contains(&format!("{{\"kind\":\"{}\"", kind.word())), "{kind:?} is not told");
    }
    let (_folder, to) = store();
    let imported = import(&to, &text).unwrap();
    assert_eq!((imported.known, imported.new.values().sum()), (0, text.lines().count() as u64 - 2));
    assert_eq!(exported(&to), text);
    assert_eq!(to.progress().unwrap(), from.progress().unwrap());
    assert_eq!(to.reviews().unwrap(), from.reviews().unwrap());
    assert_eq!(to.completions(None).unwrap(), from.completions(None).unwrap());
    let unattached =
        |attempt: crate::store::Attempt| crate::store::Attempt { sandbox: None, ..attempt };
    let all: Vec<_> = from.history(None, 9).unwrap().into_iter().map(unattached).collect();
    assert_eq!(to.history(None, 9).unwrap(), all);
    to.check_integrity().unwrap();

    let again = import(&to, &text).unwrap();
    assert_eq!((again.new.len(), again.known), (0, text.lines().count() as u64 - 2));
    assert_eq!(exported(&to), text);
}

#[test]
fn no_table_is_forgotten() {
    let (_folder, store) = store();
    let mut statement = store
        .connection
        .prepare(
            "SELECT name FROM pragma_table_list
             WHERE type = 'table' AND schema = 'main' AND name NOT GLOB 'sqlite_*'",
        )
        .unwrap();
    let tables: Vec<String> =
        statement.query_map([], |row| row.get(0)).unwrap().collect::<Result<_, _>>().unwrap();
    // Which stretches of time are counted is told on the clock of one start of one machine.
    for table in tables.into_iter().filter(|table| table != "clocks") {
        assert!(Kind::ALL.iter().any(|kind| kind.table() == table), "who tells of {table}?");
    }
}

#[test]
fn no_column_is_forgotten() {
    /// What means nothing elsewhere: a sandbox, and numbers that rows get where they are.
    const HERE_ALONE: &[&str] =
        &["attempts.sandbox", "check_changes.number", "commands.id", "snapshots.number"];
    let (_folder, store) = store();
    for kind in Kind::ALL {
        let sql = format!("SELECT name FROM pragma_table_info('{}')", kind.table());
        let mut statement = store.connection.prepare(&sql).unwrap();
        let columns = statement.query_map([], |row| row.get::<_, String>(0)).unwrap();
        for column in columns {
            let name = format!("{}.{}", kind.table(), column.unwrap());
            let told = kind.columns().iter().any(|c| name == format!("{}.{c}", kind.table()));
            assert!(told || HERE_ALONE.contains(&name.as_str()), "who tells of {name}?");
        }
    }
}

#[test]
fn a_dry_run_tells_and_changes_nothing() {
    let (_folder, from) = practised();
    let text = exported(&from);
    let (_folder, to) = store();
    let before = exported(&to);
    let told = to.import(&mut Cursor::new(&text), true).unwrap();
    assert_eq!(exported(&to), before);
    assert_eq!(import(&to, &text).unwrap(), told);
}

#[test]
fn what_went_further_here_stays_and_what_went_further_there_comes() {
    let (_folder, here) = practised();
    let early = exported(&here);
    let id = here.active("linux-02").unwrap().unwrap().id;
    set_clock(900);
    here.add_active(id, Duration::from_secs(9)).unwrap();
    here.complete(id).unwrap();
    let late = exported(&here);

    assert_eq!(import(&here, &early).unwrap().new.len(), 0);
    assert_eq!(exported(&here), late, "older news changes nothing");

    let (_folder, there) = store();
    import(&there, &early).unwrap();
    import(&there, &late).unwrap();
    assert_eq!(exported(&there), late);
    assert_eq!(there.attempt(id).unwrap().state, AttemptState::Completed);
}

#[test]
fn an_item_keeps_the_active_attempt_that_has_its_sandbox_here() {
    let (_folder, from) = practised();
    let there = from.active("linux-02").unwrap().unwrap().id;
    let (_folder, to) = store();
    let here = to.begin("linux-02", "hash", "native", None).unwrap().id;
    let text = exported(&from);
    import(&to, &text).unwrap();
    assert_eq!(to.active("linux-02").unwrap().unwrap().id, here);
    let other = to.attempt(there).unwrap();
    assert_eq!((other.state, other.ended_at), (AttemptState::Abandoned, Some(other.last_at)));
    let after = exported(&to);
    import(&to, &text).unwrap();
    assert_eq!(exported(&to), after);
}

#[test]
fn a_completion_whose_attempt_comes_later_counts_once() {
    let (_folder, from) = practised();
    let completion =
        Completed { here: false, ..from.completions(Some("linux-01")).unwrap().remove(0) };
    let (_folder, to) = store();
    to.add_completions(&[completion]).unwrap();
    import(&to, &exported(&from)).unwrap();
    assert_eq!(to.progress().unwrap()["linux-01"], from.progress().unwrap()["linux-01"]);
}

#[test]
fn a_file_that_is_cut_off_or_is_none_is_refused() {
    let (_folder, from) = practised();
    let text = exported(&from);
    let (_folder, to) = store();
    let lines = text.lines().count() as u32;
    let last = text.trim_end().rfind('\n').unwrap() + 1;
    assert_eq!(refused(&to, &text[..last]).0, lines, "the last line is missing");
    assert_eq!(refused(&to, &text[..last - 5]).0, lines - 1);
    assert_eq!(refused(&to, &format!("{text}\n")).0, lines + 1);
    for none in ["", "\n", "hello\n", "{}\n", "{\"kind\":\"attempt\"}\n", "[1]\n", "\u{0}"] {
        assert_eq!(refused(&to, none).0, 1, "{none}");
    }
    let newer = text.replacen("\"format\":1", "\"format\":2", 1);
    let error = import(&to, &newer).unwrap_err();
    assert!(matches!(error, ExchangeError::Newer { found: 2 }), "{error}");
}

#[test]
fn a_line_that_makes_no_sense_is_named_with_its_place() {
    let (_folder, from) = practised();
    let text = exported(&from);
    let (_folder, to) = store();
    let attempt = text.lines().nth(1).unwrap();
    let id = &attempt[attempt.find("\"id\":\"").unwrap() + 6..][..36];
    for (found, instead, words) in [
        ("\"failures\":1", "\"failures\":-1", "expected u32"),
        ("\"failures\":1", "\"mistakes\":1", "unknown field `mistakes`"),
        ("\"failures\":1,", "", "missing field `failures`"),
        ("\"item\":\"linux-01\"", "\"item\":\"\"", "a name is"),
        ("\"item\":\"linux-01\"", "\"item\":\"a\\u001b[2J\"", "a name is"),
        ("\"state\":\"completed\"", "\"state\":\"won\"", "unknown variant `won`"),
        ("\"state\":\"completed\"", "\"state\":\"active\"", "`ended` unless"),
        ("\"active_ms\":61000", "\"active_ms\":9223372036854775807", "ten years"),
        ("\"started\":\"1970", "\"started\":\"9998", "from 1970 to 2199"),
        (
            "\"started\":\"1970-01-01T00:00:01Z",
            "\"started\":\"1971-01-01T00:00:01Z",
            "does not end",
        ),
        (id, "nobody", "UUID"),
        ("{\"kind\":\"attempt\"", "{\"kind\":\"mood\"", "there is no such kind"),
        ("{\"kind\":\"attempt\"", "[{\"kind\":\"attempt\"", "expected"),
    ] {
        let broken = attempt.replacen(found, instead, 1);
        assert_ne!(broken, attempt, "{found}");
        let (line, column, message) = refused(&to, &text.replacen(attempt, &broken, 1));
        assert!(message.contains(words), "{message}");
        assert!(!message.contains("column"), "{message}");
        assert_eq!(line, 2, "{message}");
        assert!((1..=broken.chars().count() as u32 + 1).contains(&column), "{message}: {column}");
    }
    let nobody = text.replace(id, "01890000-0000-7000-8000-0000000000ff");
    let nobody = nobody.replacen("01890000-0000-7000-8000-0000000000ff", id, 1);
    assert!(refused(&to, &nobody).2.contains("no line before it"));
    let mut bytes = text.clone().into_bytes();
    let at = text.find("linux-02").unwrap();
    bytes[at] = 0xff;
    let error = to.import(&mut Cursor::new(bytes), false).unwrap_err();
    assert!(matches!(error, ExchangeError::Line { line: 3, column: 2.., .. }), "{error:?}");
}

#[test]
fn whatever_is_done_to_a_file_it_is_taken_in_whole_or_refused() {
    let (_folder, from) = practised();
    let text = exported(&from);
    let (_folder, to) = store();
    let empty = exported(&to);
    for at in (0..text.len()).step_by(7) {
        for with in [b'9', b'"', b'\n', 0, 0xc3] {
            let mut bytes = text.clone().into_bytes();
            bytes[at] = with;
            // Dry, so that each begins with nothing: all is done but the commit.
            let result = to.import(&mut Cursor::new(&bytes), true);
            let refused_well = match &result {
                Ok(_) | Err(ExchangeError::Newer { .. }) => true,
                Err(ExchangeError::Line { line, .. }) => *line > 0,
                Err(ExchangeError::Store(_) | ExchangeError::File(_)) => false,
            };
            assert!(refused_well, "{result:?}: byte {at} is {with}");
        }
    }
    assert_eq!(exported(&to), empty);
    to.check_integrity().unwrap();
}
