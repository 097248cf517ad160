//! What contributors run: lint and schemas, which need no engine, and proofs.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::home::{Home, waiting};
use crate::support;

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
    let why = "a-01 on native: red: the check \"made\" passes before anything is done";
    prove(&["--changed"]).ends(1).says("not proved on native: red").complains(why);
    prove(&["--changed"]).ends(1).complains(why);
}
