//! What contributors run: new, lint and schemas, which need no engine, and proofs.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::home::{Home, waiting};
use crate::support;
use crate::terminal::Terminal;

fn write(root: &Path, files: &[(&str, &str)]) {
    for (path, text) in files {
        let path = root.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
}

const FAULTY: &str = "id: a-01\nmodule: a\norder: 1\ntitle: T\nestimatd_time: 15m\n\
    verify: [{name: x, cmd: \"true\"}]\n";
const BARE: &str = "id: a-02\nmodule: a\norder: 2\ntitle: T\nverify: [{name: x, cmd: \"true\"}]\n";

#[test]
fn built_in_content_is_clean() {
    let home = Home::alone();
    home.run(&["lint", "--strict"]).ends(0).complains("Nothing is wrong");
    let told = home.run(&["lint", "--json"]).ends(0).json();
    assert_eq!((&told["errors"], &told["problems"]), (&0.into(), &Value::Array(vec![])));
}

#[test]
fn what_is_wrong_is_shown_with_its_line_and_the_nearest_word() {
    let home = Home::alone();
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), &[("exercises/a/01.yaml", FAULTY), ("exercises/a/02.yaml", BARE)]);
    let root = folder.path().to_str().unwrap();
    let first = format!("{root}/exercises/a/01.yaml");
    let told = home.run(&["lint", root]).ends(1);
    told.says(&format!(" --> {first}:5:1\n"))
        .says("5 | estimatd_time: 15m\n  | ^^^^^^^^^^^^^\n")
        .says("did you mean \"estimated_time\"?")
        .says("there is no solution")
        .complains("2 errors, 1 warning");
    // One file of it.
    let told = home.run(&["lint", &first, "--json"]).ends(1).json();
    assert_eq!((&told["errors"], &told["warnings"]), (&1.into(), &0.into()));
    let problem = &told["problems"][0];
    assert_eq!((&problem["line"], &problem["column"]), (&5.into(), &1.into()));
    let line = format!("::error file={first},line=5,col=1::unknown key \"estimatd_time\"");
    home.run(&["lint", "--format", "github", &first]).ends(1).says(&line);
    home.run(&["lint", "--format", "github", "--json"]).ends(2);
    home.run(&["lint", "/nonexistent"]).ends(2).complains("cannot be read");
}

#[test]
fn warnings_fail_only_where_that_is_asked() {
    let home = Home::alone();
    let folder = tempfile::tempdir().unwrap();
    write(
        folder.path(),
        &[("exercises/a/02.yaml", BARE), ("exercises/a/02/solution.sh", "touch /srv/x\n")],
    );
    let root = folder.path().to_str().unwrap();
    home.run(&["lint", root]).ends(0).complains("0 errors, 2 warnings");
    home.run(&["lint", "--strict", root]).ends(1);
}

#[test]
fn nothing_in_content_reaches_the_terminal_through_a_finding() {
    let home = Home::alone();
    let folder = tempfile::tempdir().unwrap();
    let wild = "id: a-01\nmodule: a\norder: 1\ntitle: \"x\u{1b}]0;owned\u{7}\"\nverify: []\n";
    write(folder.path(), &[("exercises/a/01.yaml", wild)]);
    let told = home.run(&["lint", folder.path().to_str().unwrap()]).ends(1);
    assert!(!told.stdout.contains('\u{1b}') && !told.stdout.contains('\u{7}'), "{told:?}");
}

#[test]
fn there_is_a_schema_for_every_kind() {
    let home = Home::alone();
    let kinds = home.run(&["schema", "--json"]).ends(0).json();
    let kinds = kinds["kinds"].as_array().unwrap();
    assert_eq!(kinds.len(), 7);
    for kind in kinds {
        let schema = home.run(&["schema", kind["kind"].as_str().unwrap()]).ends(0).json();
        assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
    }
    home.run(&["schema", "exercice"]).ends(2).complains("exercise");
}

/// With content of this repository's tests, on the engine that needs no image.
#[test]
fn a_proof_is_kept_until_the_content_changes() {
    let test = "authoring::a_proof_is_kept";
    let Some(home) = waiting(support::native(test)).map(|_| Home::alone()) else { return };
    let folder = tempfile::tempdir().unwrap();
    let manifest = "id: a-01\nmodule: a\norder: 1\ntitle: T\n\
        verify: [{name: made, cmd: test -d /home/learner/data}]\n\
        hints: [\"Which command makes a folder?\"]\n";
    let solution = ("exercises/a/01/solution.sh", "mkdir data\n");
    write(folder.path(), &[("exercises/a/01.yaml", manifest), solution]);
    let root = folder.path().to_str().unwrap();
    let prove = |more: &[&str]| home.run(&[&["prove", root, "--engine", "native"], more].concat());
    let proof = prove(&["--json"]).ends(0).json();
    assert_eq!((&proof["id"], &proof["proved"]), (&"a-01".into(), &true.into()), "{proof:#}");
    assert_eq!(proof["content_hash"].as_str().unwrap().len(), 64);
    prove(&["--changed"]).ends(0).complains("Nothing has changed since it was proved");
    // A check weakened by one word passes by itself.
    let weak = manifest.replace("test -d /home/learner/data", "test -d /home/learner");
    write(folder.path(), &[("exercises/a/01.yaml", &weak)]);
    let place = format!("{root}/exercises/a/01.yaml:5");
    let why = "the check \"made\" passes before anything is done";
    let why = format!("a-01 on native: red: {place}: {why}");
    prove(&["--changed"]).ends(1).says("not proved on native: red").complains(&why);
    prove(&["--changed"]).ends(1).complains(&why);
}

/// Every file below a folder, by its path.
fn files(root: &Path) -> Vec<String> {
    let Ok(entries) = fs::read_dir(root) else { return Vec::new() };
    let mut found: Vec<_> = entries
        .flat_map(|entry| {
            let path = entry.unwrap().path();
            if path.is_dir() { files(&path) } else { vec![path.display().to_string()] }
        })
        .collect();
    found.sort();
    found
}

#[test]
fn what_is_new_has_nothing_wrong_with_it_and_goes_on_where_the_module_ends() {
    let home = Home::alone();
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("my content");
    let root = root.to_str().unwrap();
    let new = |arguments: &[&str]| home.run(&[&["new", "--dir", root], arguments].concat());
    let quoted = format!("  drydock --content '{root}' prove first-steps-01\n");
    new(&["exercise"]).ends(0).says("first-steps-01 is written").says(&quoted);
    let second = new(&["exercise", "--title", "Größe \"zählt\": {x}", "--json"]).ends(0).json();
    assert_eq!(
        (&second["id"], &second["module"]),
        (&"first-steps-02".into(), &"first-steps".into())
    );
    assert_eq!(second["files"].as_array().unwrap().len(), 5);
    new(&["module", "--title", "Second steps"]).ends(0).says("second-steps is written");
    new(&["exercise"]).ends(0).says("second-steps-01 is written");
    new(&["scenario"]).ends(0).says("first-incidents-01 is written");
    // Into a module of drydock's own, and into one that lists its items.
    new(&["exercise", "--module", "linux"]).ends(0).says("linux-06 is written");
    write(Path::new(root), &[("content/list/module.yaml", "title: L\norder: 9\nitems: []\n")]);
    new(&["exercise", "--module", "list"]).ends(0);
    home.run(&["lint", "--strict", root]).ends(0).complains("Nothing is wrong");
    let modules = home.run(&["--content", root, "modules"]).ends(0);
    modules.says("Größe \"zählt\": {x}").says("list-01").says("Pages load, but late");
}

#[test]
fn what_is_there_is_never_written_over_and_nothing_is_left_of_what_fails() {
    let home = Home::alone();
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().to_str().unwrap();
    let manifest = "exercises/first-steps/01-read-the-log-of-a-service.yaml";
    write(folder.path(), &[(manifest, "what somebody works at\n")]);
    let before = files(folder.path());
    let new = |arguments: &[&str]| home.run(&[&["new", "--dir", root], arguments].concat());
    new(&["exercise"]).ends(2).complains(manifest).complains("is there already");
    assert_eq!(files(folder.path()), before);
    assert!(!folder.path().join("content").exists());
    for (arguments, why) in [
        (&["exercise", "--module", "../x"][..], "Module: \"../x\" is not an id"),
        (&["exercise", "--title", " "], "Title: it must not be empty"),
        (&["exercise", "--title", "a\u{1b}[2J"], "Title: it must be a single line"),
        (&["exercise", "--id", "linux-01"], "linux-01 is already the id of exercises/linux/01-"),
        (&["module", "--id", "linux"], "there is a module linux already"),
        (&["module", "--title", "港"], "Id: \"\" is not an id"),
    ] {
        new(arguments).ends(2).complains(why);
    }
    assert_eq!(files(folder.path()), before);

    let loose = tempfile::tempdir().unwrap();
    write(loose.path(), &[("01.yaml", BARE)]);
    let told = home.run(&["new", "exercise", "--dir", loose.path().to_str().unwrap()]).ends(2);
    told.complains("would not be read any more");
    let mut elsewhere = home.command(&["new", "exercise"]);
    let told = crate::home::Ran::from(elsewhere.current_dir(loose.path()).output().unwrap());
    told.ends(2).complains("--dir my-content");
    let mut here = home.command(&["new", "exercise"]);
    let ran = crate::home::Ran::from(here.current_dir(folder.path()).output().unwrap());
    ran.ends(2).complains("is there already");
}

#[test]
fn somebody_at_a_terminal_is_asked_little() {
    let home = Home::alone();
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("mine");
    let begin = || {
        let arguments = ["new", "exercise", "--dir", root.to_str().unwrap()];
        Terminal::start((80, 24), home.path(), &arguments)
    };
    let mut terminal = begin();
    terminal.see("Module [first-steps]: ");
    terminal.send("no good\r");
    terminal.see("is not an id");
    terminal.send("harbour\r");
    terminal.see("Title [Read the log of a service]: ");
    terminal.send("\x03");
    assert!(!terminal.end());
    assert!(!root.exists());

    let mut terminal = begin();
    terminal.see("Module [first-steps]: ");
    terminal.send("harbour\r");
    terminal.see("Title [Read the log of a service]: ");
    terminal.send("Tie a knot\r");
    terminal.see("Id [harbour-01]: ");
    terminal.send("\r");
    terminal.see("harbour-01 is written");
    assert!(terminal.end());
    assert!(root.join("exercises/harbour/01-tie-a-knot.yaml").exists());
}

#[test]
fn a_new_exercise_is_proved_as_it_is() {
    let Some(home) = Home::with_engine("cli::new") else { return };
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().to_str().unwrap();
    home.run(&["new", "exercise", "--dir", root]).ends(0);
    let native = waiting(support::native("cli::new on native")).map(|_| "native");
    for engine in ["docker"].into_iter().chain(native) {
        let prove = ["--content", root, "prove", "first-steps-01", "--engine", engine];
        home.run(&prove).ends(0).says(&format!("proved on {engine}"));
    }
}

/// The blocks of code in the first part of docs/authoring.md, in order.
fn tutorial() -> Vec<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/authoring.md");
    let text = fs::read_to_string(path).unwrap();
    let part = text.split("\n## An exercise in half an hour\n").nth(1).unwrap();
    let part = part.split("\n## Something new\n").next().unwrap();
    let (mut blocks, mut fence) = (Vec::<String>::new(), None);
    for line in part.lines() {
        let marks = &line[..line.len() - line.trim_start_matches('`').len()];
        match fence {
            None if marks.len() >= 3 => {
                fence = Some(marks);
                blocks.push(String::new());
            }
            Some(open) if line == open => fence = None,
            Some(_) => blocks.last_mut().unwrap().extend([line, "\n"]),
            None => {}
        }
    }
    blocks
}

#[test]
fn the_tutorial_leads_to_a_proved_exercise() {
    let Some(home) = Home::with_engine("cli::tutorial") else { return };
    let folder = tempfile::tempdir().unwrap();
    let blocks = tutorial();
    let [new, written, _, manifest, files, solution, group, copied, _, lesson, ..] = &blocks[..]
    else {
        panic!("{blocks:#?}")
    };
    let last = |count: usize| &blocks[blocks.len() - count];
    let (lint, fault, prove, failed, mended) = (last(7), last(6), last(5), last(4), last(3));

    let type_in = |commands: &str| {
        let program = Path::new(env!("CARGO_BIN_EXE_drydock")).parent().unwrap();
        let path = format!("{}:{}", program.display(), std::env::var("PATH").unwrap());
        let mut shell = std::process::Command::new("sh");
        shell.args(["-ec", commands]).current_dir(folder.path()).stdin(std::process::Stdio::null());
        shell.env("PATH", path).env("DRYDOCK_HOME", home.path()).env("LC_ALL", "C.UTF-8");
        crate::home::Ran::from(shell.output().unwrap())
    };
    type_in(new).ends(0).says(written);
    type_in(files).ends(0);
    let name = "harbour/01-keys-for-the-harbour";
    let place = |end: &str| folder.path().join(format!("my-content/exercises/{name}{end}"));
    let manifest_file = place(".yaml");
    fs::write(&manifest_file, manifest).unwrap();
    fs::write(place("/solution.sh"), solution).unwrap();
    fs::write(place("/wrong/group-may-read.sh"), group).unwrap();
    fs::write(place("/wrong/copied.sh"), copied).unwrap();
    fs::write(folder.path().join(format!("my-content/content/{name}.md")), lesson).unwrap();
    type_in(lint).ends(0).complains("Nothing is wrong");

    let answer = "Then chmod 600 ~/harbour.key\"";
    fs::write(&manifest_file, manifest.replacen("Who may read them?\"", answer, 1)).unwrap();
    type_in(lint).ends(1).says(fault);
    fs::write(&manifest_file, manifest).unwrap();
    type_in(prove).ends(1).says(failed.lines().nth(1).unwrap());
    let wrong = "  - file: wrong/copied.sh\n    fails: [\"The old key is in the archive\"]\n";
    assert!(manifest.contains(wrong));
    fs::write(&manifest_file, manifest.replace(wrong, mended)).unwrap();
    type_in(prove).ends(0).says("proved on docker");
}
