//! Packs: made where there is an engine, carried to where there is nothing, agreed to, replaced and removed.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Instant;

use serde_json::{Value, json};

use crate::dockerd::Dockerd;
use crate::home::{Home, Ran, items, waiting};
use crate::support;

const MANIFEST: &str = "\
id: boats-01
module: boats
order: 1
title: Rope
setup:
  - {source: tides.csv, dest: /home/learner/tides.csv}
verify:
  - {name: The rope is there, cmd: test -e rope, fail: There is no rope.}
hints: [What makes a file?]
";

/// A folder of content with one module of one item.
fn course(home: &Home) -> PathBuf {
    let folder = home.path().join("boats");
    write(&folder, "content/boats/module.yaml", "title: Boats\norder: 7\n");
    write(&folder, "content/boats/01-rope.md", "# Rope\n\nMake it fast.\n");
    write(&folder, "exercises/boats/01-rope.yaml", MANIFEST);
    write(&folder, "exercises/boats/01-rope/solution.sh", "touch ~/rope\n");
    write(&folder, "exercises/boats/01-rope/tides.csv", "high,06:12\n");
    folder
}

fn write(folder: &Path, path: &str, text: &str) {
    let path = folder.join(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

/// Packs the module, and gives the file.
fn export(home: &Home, course: &Path, file: &str, more: &[&str]) -> String {
    let file = home.path().join(file).to_str().unwrap().to_owned();
    let content = course.to_str().unwrap();
    let arguments = [
        "--content",
        content,
        "pack",
        "export",
        "boats",
        "--force",
        "--name",
        "boats",
        "-o",
        &file,
    ];
    home.run(&[&arguments, more].concat()).ends(0).says(&file);
    file
}

/// What is told after all steps.
fn last(ran: &Ran) -> Value {
    serde_json::from_str(ran.stdout.lines().last().unwrap()).unwrap()
}

#[test]
fn a_pack_is_carried_to_where_there_is_no_docker() {
    let Some(docker) = Home::with_engine("packs::no_docker") else { return };
    if waiting(support::native("packs::no_docker")).is_none() {
        return;
    }
    let home = Home::alone();
    let course = course(&docker);
    let file = export(&docker, &course, "boats.dock", &[]);
    docker
        .run(&["pack", "export", "boots", "-o", "x.dock"])
        .ends(2)
        .complains("no module \"boots\"");
    docker.run(&["pack", "list", &file]).ends(0).says("boats-01").says("image drydock/base:");
    home.run(&["pack", "verify", &file]).ends(0).says("is sound").says("not signed");
    assert!(home.run(&["pack", "list"]).ends(0).stdout.is_empty());

    let told = home.run(&["--json", "pack", "import", &file, "--yes"]).ends(0);
    let sheet: Value = told
        .stdout
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap())
        .find(|line| line["pack"] == "boats")
        .unwrap();
    let may = &sheet["items"][0]["permissions"];
    assert_eq!((&may["network"], &may["machines"]), (&json!(false), &json!(1)), "{sheet}");
    let installed = last(&told);
    assert_eq!(installed["items"], json!(["boats-01"]));
    assert!(installed["images"][0].as_str().unwrap().starts_with("drydock/base:"), "{installed}");
    home.run(&["pack", "list"]).ends(0).says("boats").says("1 item");
    let listed = home.run(&["modules", "--json"]).ends(0).json();
    assert!(items(&listed).iter().any(|item| item["id"] == "boats-01"));

    // Nobody is at a terminal: consent is given by a word, once.
    let refused = home.run(&["--json", "launch", "boats-01"]).ends(2).error();
    assert_eq!(refused["kind"], "not_agreed", "{refused}");
    let sheet = home.run(&["--json", "permissions", "boats-01"]).ends(0).json();
    assert_eq!(
        (&sheet["pack"], &sheet["asks"], &sheet["changes"]),
        (&json!("boats"), &json!(true), &Value::Null)
    );
    let launched = last(&home.run(&["--json", "launch", "boats-01", "--yes"]).ends(0));
    assert_eq!(
        (&launched["engine"], &launched["notices"]),
        (&json!("native"), &json!([])),
        "{launched}"
    );
    home.run(&["verify", "boats-01"]).ends(1).says("There is no rope");
    home.feed(&["shell", "boats-01"], b"touch rope\n").ends(0);
    home.run(&["verify", "boats-01"]).ends(0);
    home.run(&["--json", "launch", "boats-01"]).ends(0);

    // What came later, and may more, is told before it starts.
    home.run(&["pack", "remove", "boats", "--yes"]).ends(2).complains("boats-01 has a sandbox");
    home.run(&["destroy", "boats-01", "--yes"]).ends(0);
    let more = format!("{MANIFEST}network: internet\nresources: {{memory: 700m}}\n");
    write(&course, "exercises/boats/01-rope.yaml", &more);
    let later = export(&docker, &course, "later.dock", &["--no-images"]);
    home.run(&["pack", "import", &later, "--yes"]).ends(0).says("replaces the one of");
    home.run(&["--json", "launch", "boats-01"]).ends(2);
    home.run(&["permissions", "boats-01"])
        .ends(0)
        .says("network: none, now reaches other machines and the internet")
        .says("memory: 512 MiB, now 700 MiB");
    // What is built in needs no consent and tells the same.
    home.run(&["permissions", "linux-01"]).ends(0).says("network: none");

    home.run(&["pack", "remove", "boats", "--yes"]).ends(0);
    home.run(&["pack", "remove", "boats", "--yes"])
        .ends(2)
        .complains("no pack \"boats\" is installed");
    home.run(&["launch", "boats-01", "--detach"]).ends(2);
    home.run(&["history", "--json"]).ends(0).says("boats-01");
    home.run(&["images", "remove", "base"]).ends(0);
}

#[test]
fn a_pack_is_carried_to_an_engine_without_images_and_proved_there() {
    let Some(docker) = Home::with_engine("packs::empty_engine") else { return };
    let Some(empty) = Dockerd::start("packs::empty_engine") else { return };
    let file = export(&docker, &course(&docker), "boats.dock", &[]);
    let home = Home::alone();
    fs::write(home.path().join("config.yaml"), "backend: docker\n").unwrap();
    let run = |arguments: &[&str]| {
        let mut command = home.command(arguments);
        Ran::from(command.env("DOCKER_HOST", empty.host()).output().unwrap())
    };
    run(&["--offline", "pack", "import", &file, "--yes"]).ends(0).says("boats is installed");
    run(&["--offline", "prove", "boats-01"]).ends(0).says("proved on docker");
    run(&["images", "list"]).ends(0).says("up to date");
    // Again, and it brings nothing that is there.
    let again = last(&run(&["--json", "pack", "import", &file, "--yes"]).ends(0));
    assert_eq!(again["images"], json!([]));
    run(&["destroy", "--all", "--yes"]).ends(0);
}

#[test]
fn killed_at_any_moment_an_import_has_installed_all_or_nothing() {
    let home = Home::alone();
    let course = course(&home);
    for number in 0..300 {
        write(&course, &format!("exercises/boats/01-rope/files/{number}.txt"), &"x".repeat(20_000));
    }
    let file = export(&home, &course, "boats.dock", &["--no-images"]);
    let listed = || home.run(&["pack", "list", "--json"]).ends(0).json();
    // Spread over the time that one takes, and somewhat beyond.
    let begun = Instant::now();
    home.run(&["pack", "import", &file, "--yes"]).ends(0);
    let mut takes = begun.elapsed();
    let (mut whole, mut killed) = (0, 0);
    let (mut round, mut part) = (0, 0);
    while whole == 0 || killed < 4 || round < 16 {
        let delay = takes * part / 12;
        (round, part) = (round + 1, part + 1);
        home.run(&["pack", "remove", "boats", "--yes"]);
        let mut child = home
            .command(&["pack", "import", &file, "--yes"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let begun = Instant::now();
        let mut ended = false;
        while begun.elapsed() < delay && !ended {
            ended = child.try_wait().unwrap().is_some();
        }
        // What it takes differs with what else the machine does: begun anew from what it took now.
        if ended {
            (takes, part) = (begun.elapsed(), 0);
        }
        let _ = child.kill();
        child.wait().unwrap();
        let json = listed();
        assert_eq!(json["unreadable"], json!([]), "killed after {delay:?}");
        match json["packs"].as_array().unwrap().as_slice() {
            [] => killed += 1,
            [pack] => {
                assert_eq!(pack["name"], "boats");
                let modules = home.run(&["modules", "--json"]).ends(0).json();
                assert_eq!(modules["problems"].as_array().map_or(0, Vec::len), 0, "{modules}");
                let last =
                    home.path().join("data/packs/boats/exercises/boats/01-rope/files/299.txt");
                assert_eq!(fs::metadata(last).unwrap().len(), 20_000);
                whole += 1;
            }
            more => panic!("{more:?}"),
        }
    }
    // What was left aside is gone with the next.
    home.run(&["pack", "import", &file, "--yes"]).ends(0);
    let left: Vec<_> = fs::read_dir(home.path().join("data/packs")).unwrap().flatten().collect();
    let left: Vec<_> =
        left.iter().map(fs::DirEntry::file_name).filter(|name| name != ".lock").collect();
    assert_eq!(left, ["boats"]);
}

#[test]
fn a_pack_that_is_none_or_not_for_here_is_refused_with_what_helps() {
    let home = Home::alone();
    let course = course(&home);
    let file = export(&home, &course, "boats.dock", &["--no-images"]);
    let bytes = fs::read(&file).unwrap();
    let short = home.path().join("short.dock");
    fs::write(&short, &bytes[..bytes.len() - 700]).unwrap();
    let short = short.to_str().unwrap();
    for command in ["verify", "import", "list"] {
        let error = home.run(&["--json", "pack", command, short]).ends(2).error();
        assert_eq!(error["kind"], "pack_damaged", "{error}");
        home.run(&["pack", command, "/nonexistent"]).ends(3).complains("cannot be read");
        home.run(&["pack", command, "/etc/passwd"]).ends(2).complains("is no pack of drydock");
    }
    home.run(&["pack", "import", &file, "--key", "/etc/passwd", "--yes"])
        .ends(2)
        .complains("is no public key");
    home.run(&["pack", "export", "boats", "-o", &file]).ends(2).complains("is there already");
    assert_eq!(home.run(&["pack", "list", "--json"]).ends(0).json()["packs"], json!([]));
}
