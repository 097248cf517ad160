//! Whole folders of content: what is loaded, what is told, what is kept.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use proptest::prelude::*;
use tempfile::TempDir;

use super::*;

/// Writes files into a fresh folder.
fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = TempDir::new().unwrap();
    for (path, text) in files {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    folder
}

fn load_folder(folder: &Path) -> Catalogue {
    load(&[Source::folder(folder).unwrap()])
}

/// A faultless manifest with these additions.
fn manifest(id: &str, module: &str, order: u32, more: &str) -> String {
    format!(
        "id: {id}\nmodule: {module}\norder: {order}\ntitle: T\nverify:\n  - {{name: a, cmd: \"true\"}}\n{more}"
    )
}

fn messages(catalogue: &Catalogue) -> Vec<String> {
    catalogue
        .problems
        .iter()
        .map(|d| {
            let file = Path::new(&d.file).file_name().unwrap().to_str().unwrap();
            format!("{file}:{}:{}: {}", d.line, d.column, d.message)
        })
        .collect()
}

/// 000, section 4.1, word for word.
const SEED: &str = r#"# exercises/linux/03-systemd-service.yaml

id: linux-03
module: linux
order: 3
title: "Create a systemd service"
description: |
  Learn how to create and manage a systemd service unit.
  You'll write a unit file, enable the service, and verify it starts on boot.

difficulty: beginner
estimated_time: 15m

backend: vm  # 'vm' or 'container'
container_image: ghcr.io/yourorg/infra-learn/linux-03:latest

# Files to copy into sandbox before user starts
setup:
  - source: files/myapp.py
    dest: /home/learner/myapp.py
  - source: files/instructions.md
    dest: /home/learner/README.md

# Verification checks (run in order, all must pass)
verify:
  - name: "Unit file exists"
    cmd: test -f /etc/systemd/system/myapp.service
    
  - name: "Service is enabled"
    cmd: systemctl is-enabled myapp
    expect: enabled
    
  - name: "Service is running"
    cmd: systemctl is-active myapp
    expect: active
    
  - name: "App responds on port 5000"
    cmd: curl -s http://localhost:5000
    expect_contains: "Hello from myapp"

# Hints (shown progressively if user struggles)
hints:
  - "Start by creating a file at /etc/systemd/system/myapp.service"
  - "Use 'systemctl daemon-reload' after creating the unit file"
  - "The ExecStart should point to: /usr/bin/python3 /home/learner/myapp.py"
"#;

#[test]
fn the_manifest_of_the_seed_loads_word_for_word() {
    let folder = folder(&[
        ("exercises/linux/03-systemd-service.yaml", SEED),
        ("exercises/linux/03-systemd-service/files/myapp.py", "#!/usr/bin/python3\n"),
        // Beside the manifest does as well.
        ("exercises/linux/files/instructions.md", "# Do it\n"),
    ]);
    let catalogue = load_folder(folder.path());
    assert_eq!(catalogue.problems, []);
    let item = catalogue.item("linux-03").unwrap();
    assert_eq!(item.title, "Create a systemd service");
    assert_eq!(item.estimated_time, Duration::from_mins(15));
    assert_eq!(item.difficulty, Difficulty::Beginner);
    let Body::Exercise(exercise) = &item.body else { panic!("not an exercise") };
    assert_eq!(exercise.backend, Backend::Vm);
    assert_eq!(exercise.user, "learner");
    assert!(!exercise.network);
    let expects: Vec<_> = exercise.verify.iter().map(|check| check.expect.clone()).collect();
    assert_eq!(
        expects,
        [
            Expect::Success,
            Expect::Equals("enabled".to_owned()),
            Expect::Equals("active".to_owned()),
            Expect::Contains("Hello from myapp".to_owned()),
        ]
    );
    assert_eq!(exercise.hints.len(), 3);
    let modes = exercise.setup.iter().map(|f| f.permissions(&f.source.read().unwrap()));
    assert_eq!(modes.collect::<Vec<_>>(), [0o755, 0o644]);
    // The module nobody described is made from its id.
    assert_eq!(catalogue.modules[0].title, "Linux");
}

#[test]
fn built_in_content_has_no_problem() {
    let catalogue = load(&[Source::built_in()]);
    assert_eq!(catalogue.problems, []);
    for item in catalogue.items() {
        assert_eq!(item.hash().unwrap().len(), 64);
        item.lesson.as_ref().map(|lesson| lesson.text().unwrap());
    }
}

/// The reference tells every key of each kind of file, and in its tables no other; its examples are what
/// is accepted.
#[test]
fn the_reference_tells_every_key() {
    fn keys(shape: &yaml::Shape, found: &mut Vec<String>) {
        match shape {
            yaml::Shape::Map(map) => map.known.iter().for_each(|(key, shape)| {
                found.push(key.clone());
                keys(shape, found);
            }),
            yaml::Shape::List(shape) | yaml::Shape::Free(shape) => keys(shape, found),
            yaml::Shape::Either(shapes) => shapes.iter().for_each(|shape| keys(shape, found)),
            _ => {}
        }
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/formats.md");
    let text = fs::read_to_string(path).unwrap();
    let kinds = [
        ("An exercise", yaml::Shape::of::<manifest::Manifest>()),
        ("A scenario", yaml::Shape::of::<scenario::ScenarioManifest>()),
        ("A system", yaml::Shape::of::<scenario::SystemManifest>()),
        ("A load pattern", yaml::Shape::of::<scenario::LoadManifest>()),
        ("A configuration state", yaml::Shape::of::<scenario::StateManifest>()),
        ("A fault", yaml::Shape::of::<scenario::FaultManifest>()),
        ("A module", yaml::Shape::of::<manifest::ModuleManifest>()),
        ("The configuration", yaml::Shape::of::<crate::config::Config>()),
    ];
    let mut wrong = Vec::new();
    for (title, shape) in kinds {
        let start = text.find(&format!("\n## {title}\n")).unwrap();
        let section = text[start + 1..].split("\n## ").next().unwrap();
        // What it shares with an earlier kind is told there.
        let so_far = &text[..=start + section.len()];
        let mut known = Vec::new();
        keys(&shape, &mut known);
        let missing = known.iter().filter(|key| !so_far.contains(&format!("`{key}`")));
        wrong.extend(missing.map(|key| format!("{title}: `{key}` is not there")));
        // A key in the first column of a table, and no other.
        let rows = section.lines().filter_map(|line| line.strip_prefix("| ")?.split('|').next());
        let told = rows.flat_map(|first| first.split('`').skip(1).step_by(2));
        let invented = told.filter(|key| !known.iter().any(|known| known == key));
        wrong.extend(invented.map(|key| format!("{title}: there is no `{key}`")));
    }
    assert!(wrong.is_empty(), "{wrong:#?}");

    let examples: Vec<&str> =
        text.split("```yaml\n").skip(1).map(|rest| rest.split("```").next().unwrap()).collect();
    let [exercise, scenario, system, load, state, fault, module] = examples[..] else {
        panic!("{} examples", examples.len())
    };
    let module = module.replace("linux-01, linux-02", "linux-03");
    let folder = folder(&[
        ("exercises/linux/03-x.yaml", exercise),
        ("exercises/linux/03-x/files/myapp.py", ""),
        ("exercises/linux/03-x/prepare.sh", ""),
        ("exercises/linux/03-x/solution.sh", ""),
        ("exercises/linux/03-x/wrong/started-by-hand.sh", ""),
        ("content/linux/module.yaml", &module),
        ("scenarios/incidents/03-x.yaml", scenario),
        ("scenarios/systems/shop.yaml", system),
        ("scenarios/load/steady.yaml", load),
        ("scenarios/config/release-1.1.yaml", state),
        ("scenarios/faults/gateway-pool.yaml", fault),
    ]);
    let catalogue = load_folder(folder.path());
    assert_eq!(messages(&catalogue), [""; 0]);
    assert!(catalogue.item("linux-03").is_some() && catalogue.item("incidents-03").is_some());
}

/// Each `tests/course_faults/NAME.yaml` is told as `NAME.txt` says, whatever the others hold.
#[test]
fn faults_are_told_with_their_place() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/course_faults");
    let catalogue = load_folder(&folder);
    let mut wrong = String::new();
    let mut files = 0;
    for entry in fs::read_dir(&folder).unwrap() {
        let path: PathBuf = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "yaml") {
            continue;
        }
        files += 1;
        let name = path.display().to_string();
        let mut told = String::new();
        for d in catalogue.problems.iter().filter(|d| d.file == name) {
            let help = d.help.as_ref().map(|help| format!(" ({help})")).unwrap_or_default();
            let message = d.message.replace(&format!("{}/", folder.display()), "");
            writeln!(told, "{}:{}: {message}{help}", d.line, d.column).unwrap();
        }
        let expected = fs::read_to_string(path.with_extension("txt")).unwrap_or_default();
        if told != expected {
            write!(wrong, "== {name}\n-- expected\n{expected}-- told\n{told}").unwrap();
        }
    }
    assert!(files > 10);
    assert!(wrong.is_empty(), "{wrong}");
    assert!(catalogue.item("faultless").is_some());
    assert_eq!(catalogue.items().count(), 1);
}

#[test]
fn a_folder_may_hold_just_manifests() {
    let folder = folder(&[
        ("01-one.yaml", &manifest("one", "m", 1, "setup: [{source: files/x.yaml, dest: /x}]")),
        ("files/x.yaml", "not: a manifest"),
        ("deep/02-two.yml", &manifest("two", "m", 2, "setup: [{source: a.yaml, dest: /a}]")),
        ("deep/02-two/a.yaml", "not: a manifest"),
        ("deep/02-two.md", "# Lesson"),
        (".hidden.yaml", "not: a manifest"),
        ("README.md", "hello"),
    ]);
    let catalogue = load_folder(folder.path());
    assert_eq!(messages(&catalogue), [""; 0]);
    assert_eq!(catalogue.items().map(|i| i.id.as_str()).collect::<Vec<_>>(), ["one", "two"]);
    assert!(catalogue.item("two").unwrap().lesson.is_some());
}

#[test]
fn modules_describe_and_order_their_items() {
    let folder = folder(&[
        ("content/b/module.yaml", "title: B\norder: 1\nitems: [b-2, b-1]"),
        ("content/a/module.yaml", "id: a\ntitle: A\norder: 2\nprerequisites: [b]"),
        ("content/b/02-y.md", "# Y"),
        ("exercises/b/01-x.yaml", &manifest("b-1", "b", 1, "")),
        ("exercises/b/02-y.yaml", &manifest("b-2", "b", 2, "")),
        ("exercises/a/01-z.yaml", &manifest("a-1", "a", 1, "estimated_time: 1h")),
    ]);
    let catalogue = load_folder(folder.path());
    assert_eq!(messages(&catalogue), [""; 0]);
    let ids: Vec<_> = catalogue.items().map(|item| item.id.as_str()).collect();
    assert_eq!(ids, ["b-2", "b-1", "a-1"]);
    assert_eq!(catalogue.modules[1].prerequisites, ["b"]);
    assert_eq!(catalogue.modules[1].estimated_time(), Duration::from_hours(1));
    assert_eq!(catalogue.next_after("b-1").unwrap().id, "a-1");
    let lesson = catalogue.item("b-2").unwrap().lesson.as_ref().unwrap();
    assert_eq!(lesson.text().unwrap(), "# Y");
    assert!(lesson.path().ends_with("content/b/02-y.md"));
}

#[test]
fn later_sources_lie_over_earlier_ones() {
    let below = folder(&[
        ("content/m/module.yaml", "title: Below\norder: 1"),
        ("exercises/m/1.yaml", &manifest("m-1", "m", 1, "description: below")),
        ("exercises/m/2.yaml", &manifest("m-2", "m", 2, "")),
    ]);
    let above = folder(&[("1.yaml", &manifest("m-1", "m", 1, "description: above"))]);
    let sources = [below.path(), above.path()].map(|path| Source::folder(path).unwrap());
    let catalogue = load(&sources);
    assert_eq!(messages(&catalogue), [""; 0]);
    assert_eq!(catalogue.modules[0].title, "Below");
    assert_eq!(catalogue.item("m-1").unwrap().description, "above");
    assert_eq!(catalogue.items().count(), 2);

    // A module that lists its items replaces what was in it.
    let above = folder(&[
        ("content/m/module.yaml", "title: Above\norder: 1\nitems: [m-9]"),
        ("exercises/m/9.yaml", &manifest("m-9", "m", 9, "")),
    ]);
    let catalogue = load(&[sources[0].clone(), Source::folder(above.path()).unwrap()]);
    assert_eq!(messages(&catalogue), [""; 0]);
    assert_eq!(catalogue.modules[0].title, "Above");
    assert_eq!(catalogue.items().map(|i| i.id.as_str()).collect::<Vec<_>>(), ["m-9"]);
}

#[test]
fn references_between_files_are_checked() {
    let folder = folder(&[
        ("content/m/module.yaml", "title: M\norder: 1\nprerequisites: [n]\nitems: [m-1, m-4, o-1]"),
        ("content/wrong/module.yaml", "id: right\ntitle: W\norder: 3"),
        ("exercises/m/1.yaml", &manifest("m-1", "m", 1, "prerequisites: [m-2]")),
        ("exercises/m/2.yaml", &manifest("m-2", "m", 2, "prerequisites:\n  - m-1\n  - m-33")),
        ("exercises/m/3.yaml", &manifest("m-3", "m", 3, "prerequisites: [m-3, broken]")),
        ("exercises/m/4.yaml", "id: broken\nmodule: m\ntitle: no more\n"),
        ("exercises/m/5.yaml", &manifest("m-3", "m", 3, "")),
        ("exercises/o/1.yaml", &manifest("o-1", "o", 1, "")),
        ("exercises/o/2.yaml", &manifest("o-2", "o", 1, "")),
    ]);
    let catalogue = load_folder(folder.path());
    let mut told = messages(&catalogue);
    let double = told.iter().position(|m| m.contains("already")).unwrap();
    assert!(told.remove(double).starts_with("5.yaml:1:5: the id \"m-3\" is already that of "));
    assert_eq!(
        told,
        [
            "module.yaml:3:17: there is no module \"n\"",
            "module.yaml:4:14: there is no item \"m-4\"",
            "module.yaml:4:19: the item \"o-1\" belongs to the module \"o\"",
            "module.yaml:1:5: the module \"right\" is in the folder \"wrong\"",
            "2.yaml:1:5: the module \"m\" does not list m-2: it comes last",
            "2.yaml:8:5: a circle of prerequisites: m-1 → m-2 → m-1",
            "2.yaml:9:5: there is no item \"m-33\"",
            "3.yaml:1:5: the module \"m\" does not list m-3: it comes last",
            "3.yaml:7:17: a circle of prerequisites: m-3 → m-3",
            "4.yaml:1:1: missing key \"order\"",
            "4.yaml:1:1: missing key \"verify\"",
            "2.yaml:3:8: o-1 has the same \"order\", 1",
        ]
    );
    assert_eq!(catalogue.item("m-1").unwrap().prerequisites, ["m-2"]);
    assert!(catalogue.item("m-2").unwrap().prerequisites.is_empty());
    let ids: Vec<_> = catalogue.modules[0].items.iter().map(|item| item.id.as_str()).collect();
    assert_eq!(ids, ["m-1", "m-2", "m-3"]);
}

#[test]
fn a_long_chain_of_prerequisites_takes_no_time() {
    let mut needs = String::new();
    for i in 0..2000 {
        writeln!(needs, "  - m-{i}").unwrap();
    }
    let files: Vec<(String, String)> = (0..2000)
        .map(|i| {
            (
                format!("{i}.yaml"),
                manifest(&format!("m-{i}"), "m", i, &format!("prerequisites: [m-{}]", i + 1)),
            )
        })
        .collect();
    let files: Vec<(&str, &str)> = files.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
    let folder = folder(&files);
    let start = std::time::Instant::now();
    let catalogue = load_folder(folder.path());
    assert_eq!(messages(&catalogue), ["1999.yaml:7:17: there is no item \"m-2000\""]);
    assert!(start.elapsed() < Duration::from_secs(20), "{:?}", start.elapsed());
}

#[test]
fn the_hash_changes_with_every_file() {
    let more = "setup: [{source: a, dest: /a}]";
    let files = [("1.yaml", manifest("one", "m", 1, more)), ("1/a", "a".to_owned())];
    let files: Vec<(&str, &str)> =
        files.iter().map(|(path, text)| (*path, text.as_str())).collect();
    let folder = folder(&files);
    let hash = || load_folder(folder.path()).item("one").unwrap().hash().unwrap();
    let mut seen = vec![hash()];
    assert_eq!(seen[0], hash());
    for (path, text) in [("1/a", "b"), ("1.md", "lesson"), ("1/solution.sh", "x"), ("1.yaml", "\n")]
    {
        let path = folder.path().join(path);
        let before = fs::read_to_string(&path).unwrap_or_default();
        let text = if text == "\n" { before + text } else { text.to_owned() };
        fs::write(&path, text).unwrap();
        assert!(!seen.contains(&hash()), "{}", path.display());
        seen.push(hash());
    }
}

#[test]
fn a_lesson_that_is_a_link_out_of_the_folder_is_refused() {
    let folder = folder(&[("1.yaml", &manifest("one", "m", 1, ""))]);
    std::os::unix::fs::symlink("/etc/passwd", folder.path().join("1.md")).unwrap();
    let catalogue = load_folder(folder.path());
    assert_eq!(
        messages(&catalogue),
        ["1.yaml:1:1: \"1.md\" is a link that leads out of the content folder"]
    );
    assert_eq!(catalogue.items().count(), 0);
}

#[test]
fn no_source_is_no_folder() {
    let missing = Source::folder(Path::new("/nonexistent/course")).unwrap_err();
    assert!(missing.message.starts_with("this content folder cannot be read"));
    let file = tempfile::NamedTempFile::new().unwrap();
    assert_eq!(Source::folder(file.path()).unwrap_err().message, "this is not a folder");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    /// However a good manifest is damaged, loading ends, and what is loaded has passed all rules.
    #[test]
    fn a_damaged_manifest_never_panics(
        at in 0..SEED.len(),
        length in 0..40_usize,
        junk in "[ -~\n\t]{0,8}|\\PC{0,4}",
    ) {
        let mut text = SEED.to_owned();
        let end = (at + length).min(text.len());
        if text.is_char_boundary(at) && text.is_char_boundary(end) {
            text.replace_range(at..end, &junk);
        }
        let folder = folder(&[("1.yaml", &text), ("files/myapp.py", ""), ("files/instructions.md", "")]);
        let catalogue = load_folder(folder.path());
        if let Some(item) = catalogue.items().next() {
            let Body::Exercise(exercise) = &item.body else { panic!("not an exercise") };
            prop_assert!(!exercise.verify.is_empty());
        } else {
            prop_assert!(!catalogue.problems.is_empty());
        }
    }
}
