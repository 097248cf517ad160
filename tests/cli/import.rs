//! Scenarios of others, imported and practised.

use std::fs;
use std::path::Path;

use crate::home::Home;
use crate::support;

/// A repository of scenarios in the shapes that people give them: a course with a list, one with assets
/// and hints, one in the older dialect without checks, one that no sandbox can run.
const REPOSITORY: &[(&str, &str)] = &[
    (
        "shore/structure.json",
        r#"{"title": "On shore", "items": [{"path": "rope"}, {"path": "log"}]}"#,
    ),
    (
        "shore/rope/index.json",
        r#"{"title": "Coil the rope", "description": "Tidy up the pier.", "difficulty": "Beginner", "time": "5 minutes",
  "details": {
    "intro": {"title": "The pier", "text": "intro.md", "background": "background.sh", "foreground": "foreground.sh"},
    "steps": [
      {"title": "Coil it", "text": "step1.md", "verify": "verify1.sh"},
      {"title": "Stow the coil", "text": "step2.md", "verify": "verify2.sh"},
      {"title": "Nothing is left lying about", "text": "step3.md", "verify": "verify3.sh"}
    ],
    "finish": {"text": "finish.md"},
    "assets": {"host01": [{"file": "tools/*.sh", "target": "/usr/local/bin", "chmod": "+x"}]}
  },
  "backend": {"imageid": "ubuntu"}}"#,
    ),
    (
        "shore/rope/intro.md",
        "# A mess\n\nSomebody left a rope on the pier. Look: `ls pier`{{exec}}\n",
    ),
    (
        "shore/rope/background.sh",
        "#!/bin/bash\nmkdir -p /root/pier\necho rope >/root/pier/rope\ntouch /tmp/ready\nfalse\n",
    ),
    (
        "shore/rope/foreground.sh",
        "while [ ! -f /tmp/ready ]; do sleep 0.2; done\nclear\necho ready >/root/pier/sign\n",
    ),
    (
        "shore/rope/step1.md",
        "Use the tool:\n\n```\ncoil pier/rope\n```{{exec}}\n\n<details><summary>Hint</summary>\n\nIt is in the path.\n\n</details>\n\n![A coil](./coil.png)\n",
    ),
    ("shore/rope/verify1.sh", "#!/bin/bash\ngrep -q coiled /root/pier/rope\n"),
    (
        "shore/rope/step2.md",
        "Move it:\n\n<details>\n<summary>Solution</summary>\n\n```bash\nmkdir -p shed\nmv pier/rope shed/\n```{{copy}}\n\n</details>\n",
    ),
    ("shore/rope/verify2.sh", "[ -f /root/shed/rope ]\n"),
    ("shore/rope/step3.md", "Now give it away: `rm shed/rope`{{exec interrupt}}\n"),
    ("shore/rope/verify3.sh", "#!/bin/sh\n! [ -e /root/shed/rope ]\n"),
    ("shore/rope/finish.md", "See [the harbour]({{TRAFFIC_HOST1_80}}).\n"),
    ("shore/rope/assets/tools/coil.sh", "#!/bin/sh\nsed -i 's/rope/coiled rope/' \"$1\"\n"),
    (
        "shore/log/index.json",
        r#"{"title": "Read the log", "details": {"intro": {"text": "intro.md", "courseData": "set.sh"},
  "steps": [{"title": "Read", "text": "step1.md"}]}, "environment": {"uilayout": "terminal"}, "backend": {"imageid": "ubuntu:2004"}}"#,
    ),
    ("shore/log/intro.md", "The log is long.\n"),
    ("shore/log/set.sh", "seq 100 >/root/log\nwhile true; do sleep 60; done\n"),
    ("shore/log/step1.md", "`tail log`{{execute}}\n"),
    (
        "fleet/index.json",
        r#"{"title": "A fleet", "details": {"steps": [{"title": "S", "text": "s.md", "verify": "v.sh"}]}, "backend": {"imageid": "ubuntu"}}"#,
    ),
    ("fleet/s.md", "`lxc launch fleet`{{exec}}\n"),
    ("fleet/v.sh", "#!/bin/bash\n\nlxc list | grep fleet\n"),
];

fn repository(root: &Path) {
    for (path, text) in REPOSITORY {
        let path = root.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    // The tool is called without its ending.
    fs::rename(
        root.join("shore/rope/assets/tools/coil.sh"),
        root.join("shore/rope/assets/tools/coil"),
    )
    .unwrap();
    let index = root.join("shore/rope/index.json");
    let text = fs::read_to_string(&index).unwrap();
    fs::write(index, text.replace("tools/*.sh", "tools/*")).unwrap();
}

#[test]
fn what_is_imported_is_listed_and_what_is_not_too() {
    let home = Home::alone();
    let folder = tempfile::tempdir().unwrap();
    repository(&folder.path().join("harbour"));
    let here = |arguments: &[&str]| {
        crate::home::Ran::from(home.command(arguments).current_dir(folder.path()).output().unwrap())
    };
    let dry = here(&["import", "killercoda", "harbour", "--dry-run", "--json"]).ends(1).json();
    assert_eq!((&dry["dry_run"], dry["converted"].as_array().unwrap().len()), (&true.into(), 2));
    assert!(!folder.path().join("drydock-content").exists());

    let told = here(&["import", "killercoda", "harbour"]).ends(1);
    told.says("✓ shore-rope  Coil the rope (3 checks)\n")
        .says("✗ fleet  A fleet\n")
        .says("harbour/fleet/v.sh:3:1: it runs lxc, and no sandbox has a container engine but Podman\n")
        .says("2 of 3 scenarios converted.\n")
        .says("  drydock --content drydock-content launch shore-rope\n");
    here(&["lint", "drydock-content"]).ends(0).complains("0 errors");
    let modules = here(&["--content", "drydock-content", "modules"]).ends(0);
    modules.says("On shore").says("Coil the rope").says("Read the log");

    let again = here(&["import", "killercoda", "harbour", "--json"]).ends(1).json();
    assert_eq!(again["not_converted"].as_array().unwrap().len(), 3);
    let there = "shore-rope is there already: drydock-content/exercises/shore/01-rope.yaml";
    assert!(again.to_string().contains(there), "{again:#}");
    here(&["import", "killercoda", "harbour/shore", "--module", "shore", "--force"]).ends(0);
    // One alone, elsewhere.
    here(&["import", "killercoda", "harbour/shore/rope", "-o", "one"])
        .ends(0)
        .says("killercoda-rope");
    for (arguments, why) in [
        (&["harbour/shore/rope/assets"][..], "there is no scenario here"),
        (&["nowhere"], "cannot be read"),
        (&["harbour", "--module", "../x"], "--module: \"../x\" is not an id"),
    ] {
        here(&[&["import", "killercoda"], arguments].concat()).ends(2).complains(why);
    }
}

#[test]
fn an_imported_scenario_is_solved_as_it_was_meant() {
    let Some(home) = Home::with_engine("cli::import") else { return };
    let folder = tempfile::tempdir().unwrap();
    repository(folder.path());
    let content = folder.path().join("content");
    let content = content.to_str().unwrap();
    let root = folder.path().to_str().unwrap();
    home.run(&["import", "killercoda", root, "-o", content]).ends(1);
    let run = |arguments: &[&str]| home.run(&[&["--content", content], arguments].concat());
    let refused = run(&["launch", "shore-rope", "--detach", "--json"]).ends(2).error();
    assert_eq!(refused["kind"], "not_agreed", "{refused}");
    run(&["launch", "shore-rope", "--detach"])
        .complains("shore-rope was converted from Killercoda");
    let sheet = run(&["permissions", "shore-rope", "--json"]).ends(0).json();
    assert_eq!((&sheet["pack"], &sheet["asks"]), (&serde_json::Value::Null, &true.into()));
    run(&["launch", "shore-rope", "--detach", "--yes"]).ends(0);
    let states = |told: &serde_json::Value| -> Vec<String> {
        let checks = told["checks"].as_array().unwrap();
        checks.iter().map(|check| check["state"].as_str().unwrap().to_owned()).collect()
    };
    let red = run(&["verify", "shore-rope", "--json"]).ends(1).json();
    assert_eq!(states(&red), ["failed", "skipped", "skipped"]);
    let shell = |script: &str| {
        home.feed(&["--content", content, "shell", "shore-rope"], script.as_bytes()).ends(0)
    };
    let looked = shell("pwd; cat pier/sign; ls /var/log/killercoda\n");
    looked.says("/root\nready\n").says("intro-background.log");
    shell("coil pier/rope\n");
    assert_eq!(states(&run(&["verify", "--json"]).ends(1).json()), ["passed", "failed", "skipped"]);
    shell("mkdir shed; mv pier/rope shed\n");
    // What the first step asked for is not there any more, and was done.
    assert_eq!(states(&run(&["verify", "--json"]).ends(1).json()), ["passed", "passed", "failed"]);
    shell("rm shed/rope\n");
    run(&["verify"]).ends(0).says("All checks passed!");

    // A script without an end keeps nobody out; without checks, the learner says when it is done.
    run(&["launch", "shore-log", "--detach", "--yes"]).ends(0);
    run(&["verify", "shore-log"]).ends(1);
    let shell = |script: &str| {
        home.feed(&["--content", content, "shell", "shore-log"], script.as_bytes()).ends(0)
    };
    shell("tail -n 1 log\n").says("100\n");
    shell("touch /root/done\n");
    run(&["verify", "shore-log"]).ends(0);
    let prove = run(&["prove", "shore-rope", "--engine", "docker"]);
    prove.ends(0).says("proved on docker");
}

/// A scenario for Docker, whose image is made by its own script: no registry is needed.
const CONTAINERS: [(&str, &str); 6] = [
    (
        "index.json",
        r#"{"title": "A site", "details": {"intro": {"text": "intro.md", "background": "set.sh"}, "steps": [
  {"title": "Build it", "text": "build.md", "verify": "built.sh"},
  {"title": "Publish it", "text": "run.md", "verify": "runs.sh"}]}, "backend": {"imageid": "ubuntu"}}"#,
    ),
    ("intro.md", "A site is wanted.\n"),
    (
        "set.sh",
        "apt-get install -y busybox-static\nmkdir -p /root/site/bin\ncp /bin/busybox /root/site/bin/httpd\n\
        echo ahoy >/root/site/index.html\n\
        printf 'FROM scratch\\nCOPY . /\\nCMD [\"/bin/httpd\", \"-f\", \"-h\", \"/\"]\\n' >/root/site/Dockerfile\n",
    ),
    ("build.md", "```\ndocker build -t site /root/site\n```{{exec}}\n"),
    ("built.sh", "docker image inspect site\n"),
    ("run.md", "```\ndocker run -d --name web -p 8080:80 site\n```{{exec}}\n"),
];

#[test]
fn an_imported_scenario_has_containers_without_docker() {
    let Some(home) = Home::with_engine("cli::import_containers") else { return };
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in CONTAINERS {
        fs::write(folder.path().join(name), text).unwrap();
    }
    let runs =
        "docker ps --format '{{.Names}}' | grep -qx web && curl -s localhost:8080 | grep -q ahoy\n";
    fs::write(folder.path().join("runs.sh"), runs).unwrap();
    let content = folder.path().join("content");
    let content = content.to_str().unwrap();
    let root = folder.path().to_str().unwrap();
    let arguments = ["import", "killercoda", root, "-o", content, "--module", "harbour", "--json"];
    let made = home.run(&arguments).ends(0).json();
    let id = made["converted"][0]["id"].as_str().unwrap();
    let run = |arguments: &[&str]| home.run(&[&["--content", content], arguments].concat());
    let launched = run(&["launch", id, "--detach", "--yes"]);
    if launched.stderr.contains("which takes a network") {
        return support::skip::<()>("cli::import_containers", "it takes a network").unwrap_or(());
    }
    launched.ends(0);
    run(&["verify", id]).ends(1);
    let shell =
        |script: &str| home.feed(&["--content", content, "shell", id], script.as_bytes()).ends(0);
    shell("docker build -t site site\n");
    run(&["verify", id]).ends(1).says("✓ Check 1/2: Build it");
    shell("docker run -d --name web -p 8080:80 site\n");
    run(&["verify", id]).ends(0).says("All checks passed!");
}
