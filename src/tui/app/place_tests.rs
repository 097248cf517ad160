//! What is remembered of where the learner is, and that it leads back there.

use std::collections::HashMap;

use super::*;
use crate::tui::app::driver::{Driver, results};
use crate::tui::screens::tests::screen;

const SIZES: [(u16, u16); 3] = [(80, 24), (120, 40), (200, 60)];

/// What has been remembered, by its key.
fn remembered(effects: Vec<Effect>) -> HashMap<String, String> {
    let memory = effects.into_iter().filter_map(|effect| match effect {
        Effect::Remember { key, json } => Some((key, json)),
        _ => None,
    });
    memory.collect()
}

/// Progress is read; this is remembered.
fn progress(driver: &mut Driver, memory: &HashMap<String, String>) -> Vec<Effect> {
    driver.event(Event::Progress {
        items: HashMap::new(),
        proved: HashSet::new(),
        due: HashMap::new(),
        streak: 0,
        last: None,
        place: [SCREEN, HOME].map(|key| memory.get(key).cloned()),
    })
}

/// A program that is started with this memory.
fn started(size: (u16, u16), memory: &HashMap<String, String>) -> (Driver, Vec<Effect>) {
    let mut driver = Driver::new(size.0, size.1);
    driver.app.go_back();
    driver.engine();
    let effects = progress(&mut driver, memory);
    (driver, effects)
}

fn found(driver: &mut Driver, item: &str, found: Result<(), String>) -> Vec<Effect> {
    driver.event(Event::WayBack { to: At::Item(item.into()), found })
}

/// The sandbox of the open workspace is there again, with what was remembered of its attempt.
fn resumed(driver: &mut Driver, memory: &HashMap<String, String>) {
    let ready = driver.ready();
    let place = memory.get(&format!("{ATTEMPT}{}", ready.attempt)).cloned();
    let ready = ReadyState { place, resumed: true, ..ready };
    driver.workspace(WorkspaceEvent::Ready(Box::new(ready)));
    driver.print("learner@sandbox:~$ ");
}

#[test]
fn a_workspace_is_gone_back_to_exactly() {
    for size in SIZES {
        for keys in
            ["1 pagedown j n > > >", "3 < j", "1 l end", "2", "1 l l pagedown 2", "d", "1 j j 3"]
        {
            let mut driver = Driver::new(size.0, size.1);
            driver.at_work("linux-03");
            driver.lesson("linux-03");
            let all = results(&driver.open().item.clone(), 1);
            let checked =
                || WorkspaceEvent::Checked { asked: false, results: all.clone(), completion: None };
            driver.workspace(checked());
            driver.print("learner@sandbox:~$ ");
            driver.press(keys);
            driver.app.notice = None;
            let before = screen(&driver);
            let memory = remembered(driver.app.remember());
            assert_eq!(memory.len(), 2, "{memory:?}");

            let (mut driver, effects) = started(size, &memory);
            assert_eq!(effects, [Effect::FindWayBack(At::Item("linux-03".into()))]);
            let effects = found(&mut driver, "linux-03", Ok(()));
            assert!(effects.iter().any(|effect| matches!(effect, Effect::Provision { .. })));
            // Whichever comes first.
            if keys.len() % 2 == 0 {
                driver.lesson("linux-03");
                resumed(&mut driver, &memory);
            } else {
                resumed(&mut driver, &memory);
                driver.lesson("linux-03");
            }
            driver.shell_is_there();
            driver.workspace(checked());
            assert_eq!(screen(&driver), before, "{size:?} {keys}");
            let mut again = remembered(driver.app.remember());
            again.remove(HOME);
            assert_eq!(again, memory, "{size:?} {keys}");
        }
    }
}

#[test]
fn home_is_as_it_was() {
    for size in SIZES {
        for keys in ["j j left left j", "G", "/ s y s down", "g left G k"] {
            let mut driver = Driver::new(size.0, size.1);
            driver.engine();
            progress(&mut driver, &HashMap::new());
            driver.press(keys);
            let before = screen(&driver);
            let memory = remembered(driver.app.remember());
            assert!(memory.contains_key(HOME) && memory.contains_key(SCREEN));
            let (driver, effects) = started(size, &memory);
            assert_eq!(effects, []);
            assert_eq!(screen(&driver), before, "{size:?} {keys}");
        }
    }
}

#[test]
fn what_cannot_be_gone_back_to_is_said_on_home() {
    let memory = |screen: &str| HashMap::from([(SCREEN.to_owned(), screen.to_owned())]);
    let there = memory("{\"version\":1,\"place\":{\"item\":\"linux-03\"}}");
    let (mut driver, _) = started((80, 24), &there);
    found(&mut driver, "linux-03", Err("linux-03 has no sandbox any more".into()));
    assert_eq!(driver.app.screen, Screen::Home);
    assert!(screen(&driver).contains("has no sandbox any more"));

    let gone = memory("{\"version\":1,\"place\":{\"item\":\"no\\u001bne-01\"}}");
    let (driver, effects) = started((80, 24), &gone);
    assert_eq!(effects, []);
    assert!(screen(&driver).contains("is not in the content any more"));

    for odd in [
        "{\"version\":2,\"place\":{\"item\":\"linux-03\"}}",
        "{\"version\":1,\"place\":{\"tracker\":\"x\"}}",
        "{\"version\":1,\"place\":7}",
        "{",
        "",
    ] {
        let (driver, effects) = started((80, 24), &memory(odd));
        assert_eq!((effects, &driver.app.notice), (vec![], &None), "{odd}");
    }
}

#[test]
fn garbled_places_are_no_places() {
    for odd in [
        "{}",
        "{\"version\":1,\"place\":{\"focus\":\"nowhere\"}}",
        "{\"version\":1,\"place\":{\"sidebar\":18446744073709551615,\"drawer\":[99,99],\
          \"widths\":{\"lesson\":65535,\"sidebar\":65535},\
          \"lesson\":{\"path\":\"../../etc/passwd\",\"line\":18446744073709551615,\"of\":1}}}",
    ] {
        let mut driver = Driver::new(120, 40);
        driver.engine();
        let now = driver.now;
        driver.app.open("linux-03", false, now);
        let key = format!("{ATTEMPT}{}", driver.ready().attempt);
        resumed(&mut driver, &HashMap::from([(key, odd.to_owned())]));
        driver.lesson("linux-03");
        driver.shell_is_there();
        assert!(screen(&driver).contains("linux-03"), "{odd}");
    }
}

#[test]
fn a_key_that_comes_first_is_where_the_learner_is() {
    let memory = "{\"version\":1,\"place\":{\"item\":\"linux-03\"}}".to_owned();
    let memory = HashMap::from([(SCREEN.to_owned(), memory)]);
    let (mut driver, _) = started((80, 24), &memory);
    driver.press("j");
    assert_eq!(found(&mut driver, "linux-03", Ok(())), []);
    assert_eq!(driver.app.screen, Screen::Home);
    let mut driver = Driver::new(80, 24);
    driver.app.go_back();
    driver.press("j");
    assert_eq!(progress(&mut driver, &memory), []);
}

#[test]
fn nothing_is_written_before_it_is_known_where_the_learner_was() {
    let memory = "{\"version\":1,\"place\":{\"item\":\"linux-03\"}}".to_owned();
    let memory = HashMap::from([(SCREEN.to_owned(), memory)]);
    let mut driver = Driver::new(80, 24);
    driver.app.go_back();
    assert_eq!(driver.app.remember(), []);
    progress(&mut driver, &memory);
    assert!(!remembered(driver.app.remember()).contains_key(SCREEN));
    found(&mut driver, "linux-03", Ok(()));
    assert_eq!(remembered(driver.app.remember())[SCREEN], memory[SCREEN]);
}

#[test]
fn it_is_written_soon_after_a_change_and_once() {
    let mut driver = Driver::new(80, 24);
    driver.engine();
    progress(&mut driver, &HashMap::new());
    let beat = |driver: &mut Driver| {
        driver.now = driver.app.next_beat().unwrap();
        driver.event(Event::Beat)
    };
    beat(&mut driver);
    assert_eq!(driver.app.next_beat(), None, "nothing wakes up while nothing happens");
    let pressed = driver.now;
    driver.press("j j j");
    let written = beat(&mut driver);
    assert_eq!(written.len(), 1);
    assert!(driver.now.duration_since(pressed) < Duration::from_secs(1));
    driver.press("k j");
    assert_eq!(beat(&mut driver), [], "it is where it was");
    assert_eq!(driver.app.next_beat(), None);
    driver.at_work("linux-01");
    driver.press("2");
    driver.print("x");
    let effects = beat(&mut driver);
    assert!(effects.iter().all(Effect::is_silent));
}

#[test]
fn a_linked_lesson_is_gone_back_to_with_the_way_back_from_it() {
    let mut driver = Driver::new(120, 40);
    driver.at_work("linux-03");
    driver.lesson("linux-03");
    let path = driver.app.course.item("linux-02").unwrap().lesson.clone().unwrap().path();
    let place = format!(
        "{{\"version\":1,\"place\":{{\"lesson\":{{\"path\":{path:?},\"line\":3,\"of\":1000000,\
         \"back\":[\"somewhere.md\"]}}}}}}"
    );
    let now = driver.now;
    driver.app.open("linux-03", false, now);
    driver.lesson("linux-03");
    let key = format!("{ATTEMPT}{}", driver.ready().attempt);
    let ready = ReadyState { place: Some(place), resumed: true, ..driver.ready() };
    let effects = driver.workspace(WorkspaceEvent::Ready(Box::new(ready)));
    let read = effects
        .iter()
        .any(|effect| matches!(effect, Effect::ReadLesson { lesson, .. } if lesson.path() == path));
    assert!(read, "{effects:?}");
    driver.lesson("linux-02");
    driver.lesson("linux-03"); // asked for before, and late
    let lesson = &driver.open().lesson;
    assert_eq!((&lesson.path, &*lesson.back), (&path, &["somewhere.md".to_owned()][..]));
    assert!(remembered(driver.app.remember())[&key].contains(&path));
}

#[test]
fn tracker_and_a_search_of_the_history_are_gone_back_to() {
    for keys in ["t", "H / m y esc"] {
        let mut driver = Driver::new(80, 24);
        driver.engine();
        progress(&mut driver, &HashMap::new());
        driver.press(keys);
        let was = driver.app.screen;
        let memory = remembered(driver.app.remember());

        let (driver, effects) = started((80, 24), &memory);
        assert_eq!(driver.app.screen, was);
        match &effects[..] {
            [Effect::LoadTracker] => assert_eq!(was, Screen::Tracker),
            [Effect::FindAttempts { wanted, .. }] => assert_eq!(wanted.text, "my"),
            effects => panic!("{effects:?}"),
        }
    }
}
