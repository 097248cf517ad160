//! What is found in content that can be read.

use std::fs;

use tempfile::TempDir;

use crate::course::{Severity, Source, lint, load};

const IMAGES: [&str; 2] = ["drydock/base", "drydock/systemd"];

/// Everything told of a folder with these files: where, how bad, what.
fn told(files: &[(&str, &str)]) -> Vec<String> {
    let folder = TempDir::new().unwrap();
    for (path, text) in files {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    let course = load(&[Source::folder(folder.path()).unwrap()]);
    let images = IMAGES.map(str::to_owned);
    let told = lint(&course, &images).into_iter().map(|it| {
        let file = it.file.rsplit('/').next().unwrap_or_default();
        let bad = if it.severity == Severity::Error { "error" } else { "warning" };
        let help = it.help.map_or_else(String::new, |help| format!(" ({help})"));
        format!("{file}:{}:{} {bad}: {}{help}", it.line, it.column, it.message)
    });
    told.collect()
}

const GOOD: &str = "id: a-01\nmodule: a\norder: 1\ntitle: T\n\
    verify:\n  - {name: here, cmd: test -e /srv/data}\n\
    hints: [\"Where do services keep their data?\"]\n\
    decoys: [{file: wrong.sh, fails: [here]}]\n";

fn exercise<'a>(manifest: &'a str, more: &[(&'a str, &'a str)]) -> Vec<String> {
    let usual = [
        ("exercises/a/01.yaml", manifest),
        ("exercises/a/01/solution.sh", "# why\nset -e\nmkdir -p /srv/data\n"),
        ("exercises/a/01/wrong.sh", "mkdir /data\n"),
    ];
    told(&[&usual, more].concat())
}

#[test]
fn nothing_is_said_about_good_content() {
    let lesson = "# One\n\n[two](../a/two.md#x) [up](#one) <https://x.org> ![p](p.png)\n";
    let more = [("content/a/01.md", lesson), ("content/a/two.md", "x"), ("content/a/p.png", "x")];
    assert_eq!(exercise(GOOD, &more), Vec::<String>::new());
}

#[test]
fn a_variable_is_used_and_what_looks_like_one_is_one() {
    let variables = "vars:\n  port: {range: [1, 9]}\n  idle: {random: 3}\n";
    let manifest = format!("{GOOD}{variables}").replace("services", "{{port}}");
    let lesson = ("content/a/01.md", "# One\n\nPort {{ prot }}, {{.Names}}, {{nothing_like}}\n");
    assert_eq!(
        exercise(&manifest, &[lesson]),
        [
            "01.md:3:6 error: there is no variable \"prot\" (did you mean \"port\"?)",
            "01.md:3:30 warning: there is no variable \"nothing_like\" (declare it under \"vars\")",
            "01.yaml:11:3 warning: nothing uses the variable \"idle\" \
             (write {{idle}} where its value belongs, or remove it)",
        ]
    );
    // Elsewhere it is somebody else's.
    assert_eq!(exercise(GOOD, &[lesson]), [""; 0]);
}

#[test]
fn what_keeps_an_exercise_from_being_proved_is_told() {
    let bare = "id: a-01\nmodule: a\norder: 1\ntitle: T\nverify:\n  - {name: x, cmd: \"true\"}\n";
    let found = told(&[("exercises/a/01.yaml", bare)]);
    assert_eq!(found.len(), 2, "{found:#?}");
    assert!(found.iter().any(|it| it.starts_with("01.yaml:1:1 error: there is no solution")));
    assert!(found.iter().any(|it| it.contains("warning: whoever is stuck here gets no hint")));
    let found =
        exercise(&GOOD.replace("solution", ""), &[("exercises/a/01/solution.sh", "# no\n")]);
    assert!(found[0].contains("the solution does nothing"), "{found:#?}");
}

#[test]
fn a_hint_that_is_the_answer_is_told_where_it_stands() {
    let hints =
        "hints:\n  - Look.\n  - {text: \"Then  `sudo mkdir -p  /srv/data`!\", after_failures: 1}\n";
    let start = GOOD.find("hints:").unwrap();
    let end = GOOD.find("decoys:").unwrap();
    let manifest = format!("{}{hints}{}", &GOOD[..start], &GOOD[end..]);
    let found = exercise(&manifest, &[]);
    let wanted = "01.yaml:9:12 error: this hint has a line of the solution in it: \"mkdir -p /srv/data\" \
                  (say where to look or why, and leave the line to the learner)";
    assert_eq!(found, [wanted]);
    // However short the line is and however it is broken; what is in every script is nobody's secret.
    for (script, hint, told) in [
        ("touch k", "Type touch k.", true),
        ("mkdir -p \\\n  /srv/data", "Try mkdir -p /srv/data", true),
        ("echo A=b > f", "A line A=b", false),
        ("Restart=always", "It wants Restart=always", true),
        ("cd /srv\nmkdir d", "Go there: cd /srv", false),
        ("visudo", "Is there anything like visudo?", false),
    ] {
        let manifest = GOOD.replace("Where do services keep their data?", hint);
        let found = exercise(&manifest, &[("exercises/a/01/solution.sh", script)]);
        assert_eq!(found.iter().any(|it| it.contains("a line of the solution")), told, "{script}");
    }
}

#[test]
fn checks_of_keystrokes_and_images_that_must_be_fetched_are_told() {
    let typed = GOOD.replace("test -e /srv/data", "grep -q mkdir ~/.bash_history");
    let found = exercise(&typed, &[]);
    let wanted = "01.yaml:6:23 warning: the check \"here\" looks at what was typed";
    assert!(found[0].starts_with(wanted), "{found:#?}");
    for (cmd, told) in [("sh -c 'history | grep x'", 1), ("test -f history", 0)] {
        let found = exercise(&GOOD.replace("test -e /srv/data", cmd), &[]);
        assert_eq!(found.len(), told, "{found:#?}");
    }
    for (image, told) in [
        ("drydock/base", None),
        ("drydock/base:latest", None),
        ("drydock/basse", Some("error: there is no image \"drydock/basse\" (did you mean")),
        (
            "drydock/moon",
            Some("error: there is no image \"drydock/moon\" (there are drydock/base,"),
        ),
        ("registry.example:5000/x:1", Some("warning: the image \"registry.example:5000/x:1\" has")),
    ] {
        let found = exercise(&format!("{GOOD}container_image: {image}\n"), &[]);
        match told {
            None => assert_eq!(found, Vec::<String>::new(), "{image}"),
            Some(told) => assert!(found.len() == 1 && found[0].contains(told), "{found:#?}"),
        }
    }
}

#[test]
fn files_that_nothing_names_are_told() {
    let found = exercise(GOOD, &[("exercises/a/01/files/old.txt", "x")]);
    assert!(
        found[0].contains("nothing uses the file \"exercises/a/01/files/old.txt\""),
        "{found:?}"
    );
}

#[test]
fn what_a_lesson_points_to_must_be_there() {
    let lesson = "# One\n\n## Two words\n\nSee [b](b.md), [out](../../../x.md) and\n[it](#two-word).\n\
                  ![far](https://x.org/y.png)\n";
    let found = exercise(GOOD, &[("content/a/01.md", lesson)]);
    assert_eq!(
        found,
        [
            "01.md:5:5 error: the link leads to \"b.md\", which is not there (looked in content/a/)",
            "01.md:5:16 error: the link leads to \"../../../x.md\", which is not there (looked in content/a/)",
            "01.md:6:1 error: this lesson has no heading \"#two-word\" (did you mean \"#two-words\"?)",
            "01.md:7:1 warning: the image \"https://x.org/y.png\" needs a network (put it beside the lesson)",
        ]
    );
    let found = exercise(GOOD, &[("content/a/01.md", " \n")]);
    assert!(found[0].starts_with("01.md:1:1 error: this lesson is empty"), "{found:?}");
}

#[test]
fn what_is_passed_over_for_learners_is_an_error_for_authors() {
    let module = "title: A\norder: 1\nprerequisites: [bey]\nitems: [a-02, a-01]\n";
    let found = exercise(
        &format!("{GOOD}prerequisites: [a-01, a-001]\n"),
        &[("content/a/module.yaml", module), ("content/bay/module.yaml", "title: B\norder: 2\n")],
    );
    assert_eq!(
        found,
        [
            "module.yaml:3:17 error: there is no module \"bey\" (did you mean \"bay\"?)",
            "module.yaml:4:9 error: there is no item \"a-02\" (did you mean \"a-01\"?)",
            "01.yaml:9:17 error: a circle of prerequisites: a-01 → a-01 \
             (nobody could begin with any of these: leave out one)",
            "01.yaml:9:23 error: there is no item \"a-001\" (did you mean \"a-01\"?)",
        ]
    );
    let second = GOOD.replace("a-01", "a-02");
    let found = exercise(
        GOOD,
        &[
            ("exercises/a/02.yaml", &second),
            ("exercises/a/02/solution.sh", "mkdir /srv/data\n"),
            ("exercises/a/02/wrong.sh", "mkdir /data\n"),
        ],
    );
    assert_eq!(
        found,
        ["02.yaml:3:8 error: a-01 has the same \"order\", 1 (give each item of a module its own)"]
    );
}

#[test]
fn the_built_in_content_is_clean() {
    let course = load(&[Source::built_in()]);
    let images = [IMAGES[0], IMAGES[1], "drydock/shop"].map(str::to_owned);
    assert_eq!(lint(&course, &images), []);
}
