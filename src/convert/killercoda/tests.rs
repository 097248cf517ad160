//! Whole scenarios, as people lay them out, and as nobody should.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use super::*;
use crate::convert::write::stage;
use crate::course::{self, Body, Exercise, Mode};

/// A repository: paths and texts.
fn repository(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (path, text) in files {
        let path = folder.path().join("harbour").join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    folder
}

fn wish(folder: &Path) -> Wish<'_> {
    Wish { folder, module: None, force: false }
}

fn planned(folder: &Path) -> Plan {
    plan(wish(folder), &Catalogue::default(), &Catalogue::default()).unwrap()
}

/// The exercise that the files of an item are, read as content.
struct Read {
    item: course::Item,
    exercise: Exercise,
    lesson: String,
    /// Where its files are.
    _folder: tempfile::TempDir,
}

fn exercise(plan: &mut Plan) -> Read {
    let folder = tempfile::tempdir().unwrap();
    stage(plan, folder.path(), false).unwrap().put(|| false).unwrap();
    let catalogue = course::load(&[Source::folder(folder.path()).unwrap()]);
    assert!(catalogue.problems.is_empty(), "{:#?}", catalogue.problems);
    let item = catalogue.items().next().unwrap().clone();
    let lesson = item.lesson.as_ref().unwrap().text().unwrap().into_owned();
    let Body::Exercise(exercise) = item.body.clone() else { panic!("{item:?}") };
    Read { item, exercise: *exercise, lesson, _folder: folder }
}

fn messages(found: &[Diagnostic]) -> Vec<String> {
    found.iter().map(|it| it.message.clone()).collect()
}

const KNOTS: &[(&str, &str)] = &[
    (
        "knots/index.json",
        r#"{
  "title": "Tie knots",
  "description": "Two knots.\nOne rope.",
  "difficulty": "Easy to medium",
  "time": "10-15 minutes",
  "details": {
    "intro": {"text": "intro.md", "background": "setup.sh"},
    "steps": [
      {"title": "1. A bowline", "text": "step1/text.md", "verify": "step1/verify.sh"},
      {"title": "Untie it", "text": "step2/text.md", "verify": "../shared/gone.sh"}
    ],
    "finish": {"text": "finish.md"},
    "assets": {"host01": [{"file": "rope.sh", "target": "/usr/local/bin", "chmod": "+x"}]}
  },
  "backend": {"imageid": "ubuntu-4GB"}
}"#,
    ),
    ("knots/intro.md", "# Welcome\n\nTo the pier.\n"),
    ("knots/setup.sh", "#!/bin/bash\nmkdir -p /root/pier\n"),
    (
        "knots/step1/text.md",
        "# A bowline\n\nTie: `touch /root/pier/bowline`{{exec}}\n\n\
        <details><summary>Tip</summary>\n\nWhere do boats lie?\n\n</details>\n",
    ),
    ("knots/step1/verify.sh", "#!/bin/bash\n  [ -f /root/pier/bowline ] || exit 1\n"),
    (
        "knots/step2/text.md",
        "## And off\n\n<details><summary>Solution</summary>\n\n```\nrm /root/pier/bowline\n```{{copy}}\n\n</details>\n",
    ),
    ("shared/gone.sh", "test ! -e /root/pier/bowline\n"),
    ("knots/finish.md", "Well done.\n"),
    ("knots/assets/rope.sh", "#!/bin/sh\necho rope\n"),
];

#[test]
fn a_scenario_is_an_exercise_with_all_that_it_has() {
    let folder = repository(KNOTS);
    let mut plan = planned(&folder.path().join("harbour"));
    assert!(plan.refused.is_empty(), "{:?}", plan.refused);
    let item = &plan.items[0];
    assert_eq!((item.id.as_str(), item.from.as_str()), ("harbour-knots", "knots"));
    assert_eq!((item.checks, item.network), (2, false));
    assert!(item.findings.is_empty(), "{:?}", item.findings);
    let read = exercise(&mut plan);
    let (item, exercise, lesson) = (&read.item, &read.exercise, &read.lesson);
    assert_eq!((item.module.as_str(), item.title.as_str()), ("harbour", "Tie knots"));
    assert_eq!(item.description.trim_end(), "Two knots.\nOne rope.");
    assert_eq!(item.difficulty, course::Difficulty::Intermediate);
    assert_eq!(item.estimated_time.as_secs(), 15 * 60);
    assert_eq!(exercise.origin.as_deref(), Some("Killercoda: harbour/knots"));
    assert_eq!((exercise.user.as_str(), exercise.network), ("root", false));
    assert_eq!(exercise.container_image.as_deref(), Some("drydock/base"));
    let file = &exercise.setup[0];
    assert_eq!((file.dest.as_str(), file.mode), ("/usr/local/bin/rope.sh", Some(0o755)));
    let prepare = exercise.prepare.as_ref().unwrap().text().unwrap();
    assert!(prepare.contains("mkdir -p /root/pier\n") && !prepare.contains("apt-get"), "{prepare}");

    let [bowline, untied] = &exercise.verify[..] else { panic!("{:?}", exercise.verify) };
    assert_eq!((bowline.name.as_str(), bowline.mode), ("1. A bowline", Mode::Edge));
    assert!(bowline.cmd.starts_with("#!/bin/bash\n  [ -f"), "{}", bowline.cmd);
    // What the last step asks for is so from the beginning: it must wait for its turn.
    assert_eq!(
        (untied.mode, untied.needs.as_slice()),
        (Mode::Level, &["1. A bowline".to_owned()][..])
    );
    let hint = &exercise.hints[0];
    assert_eq!(hint.text.trim_end(), "Where do boats lie?");
    assert_eq!(hint.trigger.failing.as_deref(), Some("1. A bowline"));
    let solution = exercise.solution.as_ref().unwrap().text().unwrap();
    assert!(solution.contains("# turns: \"Untie it\"\nrm /root/pier/bowline\n"), "{solution}");
    assert_eq!(
        lesson,
        "# Tie knots\n\n## Introduction\n\n### Welcome\n\nTo the pier.\n\n## 1. A bowline\n\n\
        ### A bowline\n\nTie: `touch /root/pier/bowline`\n\n## 2. Untie it\n\n### And off\n\n\
        ## At the end\n\nWell done.\n"
    );
}

/// A scenario of one step, with these texts.
fn small(index: &str, page: &str, verify: &str) -> tempfile::TempDir {
    repository(&[
        ("index.json", index),
        ("step.md", page),
        ("verify.sh", verify),
        ("set.sh", "#!/bin/sh\nls\n"),
    ])
}

const SMALL: &str = r#"{"title": "T", "details": {"steps": [
    {"title": "S", "text": "step.md", "verify": "verify.sh"}]}, "backend": {"imageid": "ubuntu"}}"#;

fn small_plan(index: &str, page: &str, verify: &str) -> Plan {
    planned(&small(index, page, verify).path().join("harbour"))
}

#[test]
fn what_no_sandbox_can_have_is_refused_with_its_place() {
    let plan =
        small_plan(SMALL, "Do.\n", "#!/bin/bash\ntrue\nif lxc list | grep -q x; then exit 0; fi\n");
    let reason = &plan.refused[0].reasons[0];
    assert_eq!(reason.message, "it runs lxc, and no sandbox has a container engine but Podman");
    assert!(reason.file.ends_with("harbour/verify.sh"), "{reason}");
    assert_eq!(reason.line, 3);
    let plan = small_plan(SMALL, "Do:\n\n```bash\nkubectl get pods\n```{{exec}}\n", "test -e /x\n");
    assert_eq!((plan.items.len(), plan.refused[0].reasons[0].line), (0, 4));

    let cluster = SMALL.replace("ubuntu", "kubernetes-kubeadm-1node");
    let plan = small_plan(&cluster, "Use kubectl.\n", "test -e /x\n");
    assert!(messages(&plan.refused[0].reasons)[0].contains("a Kubernetes cluster"));
    let plan = small_plan(&cluster, "Only files here.\n", "test -e /x\n");
    assert!(messages(&plan.items[0].findings)[0].contains("which nothing in it uses"));
    // The word alone needs none, where checks tell what is asked for.
    let plan = small_plan(&cluster, "Elsewhere there is Kubernetes.\n", "test -e /x\n");
    assert_eq!(plan.items.len(), 1);
    let unchecked = cluster.replace(", \"verify\": \"verify.sh\"", "");
    let plan = small_plan(&unchecked, "Try Kubernetes.\n", "");
    assert!(messages(&plan.refused[0].reasons)[0].contains("a Kubernetes cluster"));

    let hosts =
        SMALL.replace("\"steps\"", "\"assets\": {\"host02\": [{\"file\": \"a\"}]}, \"steps\"");
    let plan = small_plan(&hosts, "x\n", "true\n");
    assert!(messages(&plan.refused[0].reasons)[0].contains("several machines"));
}

/// A scenario of these pages, without checks, and with these scripts.
fn pages(pages: &[&str], scripts: &[(&str, &str)]) -> Plan {
    let steps: Vec<_> = (0..pages.len())
        .map(|at| format!("{{\"title\": \"S{at}\", \"text\": \"{at}.md\"}}"))
        .collect();
    let index = format!(
        "{{\"title\": \"T\", \"details\": {{\"intro\": {{\"background\": \"set.sh\"}}, \"steps\": [{}], \
        \"assets\": {{\"host01\": [{{\"file\": \"*\", \"target\": \"/usr/local/bin\"}}]}}}}}}",
        steps.join(", ")
    );
    let folder = repository(&[("index.json", &index), ("assets/none", "")]);
    let root = folder.path().join("harbour");
    let files = pages.iter().enumerate().map(|(at, text)| (format!("{at}.md"), *text));
    let scripts = scripts.iter().map(|(name, text)| ((*name).to_owned(), *text));
    for (name, text) in files.chain(scripts) {
        fs::write(root.join(name), text).unwrap();
    }
    planned(&root)
}

#[test]
fn a_lesson_of_which_the_greater_part_can_be_done_says_what_cannot() {
    let (here, not) = ("`touch x`{{exec}}\n", "Run:\n\n`lxc list`{{exec}}\n");
    let mut plan = pages(&[here, not, here, "Only words.\n"], &[]);
    let said = messages(&plan.items[0].findings);
    assert!(said.iter().any(|it| it.contains("lxc") && it.ends_with("says so there")), "{said:?}");
    let read = exercise(&mut plan);
    let note = "## 2. S1\n\n> Not all of this can be done here: it runs `lxc`, and no sandbox has";
    assert!(read.lesson.contains(note), "{}", read.lesson);
    assert_eq!(read.lesson.matches("can be done here").count(), 1);
    for refused in [&[here, not][..], &[not, not, here], &[not, "Only words.\n"]] {
        let plan = pages(refused, &[]);
        assert!(messages(&plan.refused[0].reasons)[0].contains("lxc"), "{refused:?}");
    }
}

#[test]
fn what_a_script_that_sets_up_needs_is_refused_unless_it_goes_on_without() {
    let here = ["`touch x`{{exec}}\n"];
    let plan = pages(&here, &[("set.sh", "#!/bin/bash\nmodprobe dummy 2>/dev/null\ntouch y\n")]);
    let said = messages(&plan.items[0].findings);
    assert!(said[0].contains("modprobe") && said[0].ends_with("the rest of the script goes on"));
    for script in [
        "set -euo pipefail\nmodprobe x\n",
        "#!/bin/bash -e\nsysctl -w a=1\n",
        "modprobe x\nlxc list\n",
    ] {
        assert!(pages(&here, &[("set.sh", script)]).items.is_empty(), "{script}");
    }
}

#[test]
fn who_runs_a_script_of_the_scenario_needs_what_is_in_it() {
    let net = ("assets/net", "#!/bin/bash\nip netns add a\n");
    let mut plan = pages(&["`sudo net`{{exec}}\n"], &[net]);
    let read = exercise(&mut plan);
    assert_eq!(read.exercise.backend, course::Backend::Vm);
    assert_eq!(read.exercise.capabilities, ["NET_ADMIN"]);
    let plan = pages(&["`start.sh`{{exec}}\n"], &[("assets/start.sh", "lxc list\n")]);
    assert!(messages(&plan.refused[0].reasons)[0].contains("lxc"));
}

#[test]
fn a_machine_to_try_things_on_is_one_and_a_list_is_no_scenario() {
    let try_it = r#"{"title": "Try Debian", "description": "As you like.", "backend": {"imageid": "ubuntu"}}"#;
    let folder = repository(&[
        ("index.json", r#"{"title": "All", "courses": [{"path": "try"}]}"#),
        ("try/index.json", try_it),
    ]);
    let mut plan = planned(&folder.path().join("harbour"));
    assert!(plan.refused.is_empty(), "{:?}", plan.refused);
    assert!(messages(&plan.items[0].findings)[0].contains("a machine to try things on"));
    let read = exercise(&mut plan);
    assert!(read.lesson.starts_with("# Try Debian\n\nAs you like.\n\n## When"), "{}", read.lesson);
    let mut docker = small_plan(&try_it.replace("Debian", "Docker"), "", "");
    assert!(exercise(&mut docker).lesson.contains("Podman stands in for it"));
    for (from, to) in
        [("ubuntu", "kubernetes-kubeadm-1node"), ("Debian", "LXC"), ("like", "minikube")]
    {
        let plan = small_plan(&try_it.replace(from, to), "", "");
        assert!(plan.items.is_empty(), "{to}");
    }
}

#[test]
fn podman_stands_in_for_docker() {
    for (page, verify) in [
        ("`docker run -d --name web nginx`{{exec}}\n", "docker ps | grep -q web\n"),
        ("`podman ps`{{exec}}\n", "true\n"),
        ("Start it.\n", "systemctl is-active docker\n"),
    ] {
        let mut plan = small_plan(SMALL, page, verify);
        let said = messages(&plan.items[0].findings).join("\n");
        assert!(said.contains("Podman stands in for Docker"), "{said}");
        let read = exercise(&mut plan);
        assert!(
            read.lesson.starts_with("# T\n\n> This was written for Docker."),
            "{}",
            read.lesson
        );
        assert_eq!(read.exercise.backend, course::Backend::Vm);
        assert!(read.exercise.network);
        let prepare = read.exercise.prepare.as_ref().unwrap().text().unwrap();
        let (installed, named) = (prepare.find(" podman "), prepare.find("/usr/local/bin/docker"));
        assert!(installed.is_some() && installed < named, "{prepare}");
    }
    let plan = small_plan(SMALL, "`docker swarm init`{{exec}}\n", "docker node ls\n");
    assert!(messages(&plan.refused[0].reasons)[0].contains("what Docker has and Podman has not"));
}

#[test]
fn several_machines_are_one_with_all_their_names() {
    let two = SMALL.replace("ubuntu", "kubernetes-kubeadm-2nodes");
    for (page, verify) in [
        ("Go: `ssh node01`{{exec}}\n", "true\n"),
        ("There: `ls`{{execute HOST2}}\n", "true\n"),
        ("Go there.\n", "ssh root@node01 'test -e /x'\n"),
        ("The inventory has node01.\n", "true\n"),
    ] {
        let mut plan = small_plan(&two, page, verify);
        let said = messages(&plan.items[0].findings).join("\n");
        assert!(said.contains("here all their names lead to one"), "{said}");
        let read = exercise(&mut plan);
        assert!(read.lesson.starts_with("# T\n\n> This was written for several machines"));
        let exercise = &read.exercise;
        assert_eq!(exercise.backend, course::Backend::Vm);
        let prepare = exercise.prepare.as_ref().unwrap().text().unwrap();
        let (installed, reached) = (prepare.find("openssh-server"), prepare.find("ssh-keygen"));
        assert!(installed.is_some() && installed < reached, "{prepare}");
    }
    let plan =
        small_plan(&two, "`ssh node01`{{exec}}\n", "ssh node01 'systemctl status kubelet'\n");
    assert!(plan.items.is_empty());
}

#[test]
fn pages_are_found_wherever_people_put_them() {
    let index = r#"{"title": "T", "details": {"intro": [{"text": "step.md", "background": "set.sh"},
        {"text": "more.md", "background": "more.sh"}], "steps": [{"title": "S", "text": "step.md"}]},
        "finish": {"text": "end.md"}, "backend": {"imageid": "ubuntu"}}"#;
    let folder = small(index, "Page.\n", "");
    for (name, text) in [("more.md", "More.\n"), ("end.md", "The end.\n"), ("more.sh", "touch m\n")]
    {
        fs::write(folder.path().join("harbour").join(name), text).unwrap();
    }
    let mut plan = planned(&folder.path().join("harbour"));
    let read = exercise(&mut plan);
    assert!(
        read.lesson.contains("More.\n") && read.lesson.contains("The end.\n"),
        "{}",
        read.lesson
    );
    let prepare = read.exercise.prepare.as_ref().unwrap().text().unwrap();
    assert!(
        prepare.contains("begin intro-background sh")
            && prepare.contains("begin intro2-background bash"),
        "{prepare}"
    );
}

#[test]
fn one_check_that_cannot_be_is_left_out_and_said() {
    let index = SMALL.replace(
        "\"steps\": [",
        "\"steps\": [{\"title\": \"Engine\", \"text\": \"set.sh\", \"verify\": \"engine.sh\"},",
    );
    let folder = small(&index, "Do: `touch /x`{{exec}}\n", "test -e /x\n");
    fs::write(folder.path().join("harbour/engine.sh"), "lxc info\n").unwrap();
    let mut plan = planned(&folder.path().join("harbour"));
    let said = messages(&plan.items[0].findings);
    assert!(
        said[0].ends_with("a container engine but Podman: this check was left out"),
        "{said:?}"
    );
    let read = exercise(&mut plan);
    let exercise = &read.exercise;
    assert_eq!(exercise.verify.len(), 1);
    assert!(exercise.verify[0].needs.is_empty() && exercise.solution.is_some());
}

#[test]
fn what_a_sandbox_can_have_is_asked_for() {
    let page = "Do:\n```\nsystemctl start x\ngit init\nuseradd bob\niptables -L\n```{{exec}}\n";
    let mut plan = small_plan(SMALL, page, "systemctl is-active x\n");
    let said = messages(&plan.items[0].findings).join("\n");
    assert!(said.contains("our images lack git, iptables"), "{said}");
    let read = exercise(&mut plan);
    let exercise = &read.exercise;
    assert_eq!(exercise.backend, course::Backend::Vm);
    assert_eq!(exercise.container_image.as_deref(), Some("drydock/systemd"));
    assert!(exercise.network && exercise.requires == [course::Need::MultipleUsers]);
    assert_eq!(exercise.capabilities, ["NET_ADMIN"]);
    let prepare = exercise.prepare.as_ref().unwrap().text().unwrap();
    assert!(prepare.contains("--no-install-recommends git iptables "), "{prepare}");
}

#[test]
fn a_scenario_without_checks_is_done_when_the_learner_says_so() {
    let index = SMALL.replace(", \"verify\": \"verify.sh\"", "");
    let mut plan = small_plan(&index, "Read.\n", "");
    assert!(messages(&plan.items[0].findings)[0].contains("the learner says when it is done"));
    let read = exercise(&mut plan);
    let (exercise, lesson) = (&read.exercise, &read.lesson);
    assert_eq!(exercise.verify[0].cmd, "test -e /root/done");
    assert!(lesson.contains("Nothing here is checked.") && lesson.contains("touch /root/done"));
    // Reading about what cannot be done here helps nobody.
    let plan = small_plan(&index, "`lxc launch x`{{exec}}\n", "");
    assert!(plan.items.is_empty());
}

#[test]
fn variants_of_the_format_are_understood() {
    let old = "\u{feff}{\n  // by hand\n  \"title\": \"Old\",\n  \"time\": 20,\n  \"details\": {\"intro\": \
        {\"text\": \"step.md\", \"courseData\": \"set.sh\", \"code\": \"set.sh\", \"credits\": \"\"},\n \"steps\": \
        [{\"title\": \"A\", \"text\": \"step.md\", \"verify\": \"verify.sh\", \"answer\": \"x\"},\n {\"title\": \"A\", \
        \"text\": \"none.md\", \"verify\": \"./verify.sh\",}],},\n \"environment\": {\"uilayout\": \"terminal\"},\n \
        \"backend\": {\"imageid\": \"ubuntu:2004\"},\n}\n";
    let mut plan = small_plan(
        old,
        "Click `ls`{{execute}}.\n",
        "#!/usr/bin/env python3\nimport sys\nsys.exit(0)\n",
    );
    let said = messages(&plan.items[0].findings);
    assert!(said[0].contains("not quite JSON"), "{said:?}");
    assert!(said[1].contains("\"none.md\" does not exist"), "{said:?}");
    assert_eq!(plan.items[0].findings[1].line, 7);
    assert_eq!(plan.items[0].id, "killercoda-harbour");
    let read = exercise(&mut plan);
    let exercise = &read.exercise;
    let said = small_plan(&SMALL.replace("\"T\"", "\"\"").replace("ubuntu", "bash"), "x\n", "ls\n");
    assert_eq!(said.items[0].title, "Harbour");
    let said = messages(&said.items[0].findings);
    assert!(said[0].contains("no title") && said[1].contains("Debian stands in"), "{said:?}");
    let names: Vec<_> = exercise.verify.iter().map(|check| check.name.as_str()).collect();
    assert_eq!(names, ["A", "A (2)"]);
    assert!(exercise.verify[0].cmd.starts_with("python3 - <<'END_OF_SCRIPT'\n"));
    let prepare = exercise.prepare.as_ref().unwrap().text().unwrap();
    assert!(
        prepare.contains("begin intro-background sh")
            && prepare.contains("begin intro-foreground sh")
    );
}

#[test]
fn hostile_scenarios_are_refused_or_cleaned() {
    for (index, why) in [
        (SMALL.replace("verify.sh", "../../../etc/passwd"), "leads out of the folder"),
        (SMALL.replace("verify.sh", "/etc/passwd"), "leads out of the folder"),
        (SMALL.replace("verify.sh", "link.sh"), "is a link that leads out"),
        (SMALL.replace("verify.sh", "zero"), "is a link that leads out"),
        (SMALL.replace("verify.sh", "pipe"), "is not a regular file"),
        (SMALL.replace("verify.sh", "huge"), "larger than"),
        (SMALL.replace("verify.sh", "latin"), "not UTF-8"),
        (
            SMALL.replace(
                "\"steps\": [",
                &format!("\"steps\": [{}", "{\"text\": \"large\"},".repeat(20)),
            ),
            "more than 4 MiB together",
        ),
        (format!("{}{SMALL}", "[".repeat(5000)), "recursion limit"),
        ("x".repeat(600 << 10), "larger than 512 KiB"),
        ("{".to_owned(), "this is not JSON"),
        ("{\"details\": 3}".to_owned(), "no \"details\""),
        ("{\"details\": {\"steps\": []}}".to_owned(), "no page with a text"),
    ] {
        let folder = small(&index, "x\n", "true\n");
        let root = folder.path().join("harbour");
        symlink("/etc/passwd", root.join("link.sh")).unwrap();
        symlink("/dev/zero", root.join("zero")).unwrap();
        rustix::fs::mkfifoat(rustix::fs::CWD, root.join("pipe"), 0o600.into()).unwrap();
        fs::File::create(root.join("huge")).unwrap().set_len(600 << 10).unwrap();
        fs::write(root.join("large"), "x".repeat(400 << 10)).unwrap();
        fs::write(root.join("latin"), b"caf\xe9").unwrap();
        let plan = planned(&root);
        assert!(plan.items.is_empty(), "{why}");
        let said = messages(&plan.refused[0].reasons);
        assert!(said[0].contains(why), "{why}: {said:?}");
    }

    let wild = SMALL
        .replace("\"T\"", "\"T\\u001b]0;x\\u0007 \\u202e\"")
        .replace("\"S\"", "\"S\\u001b[2J\\nx\"");
    let mut plan = small_plan(&wild, "a\u{1b}[31mb\n", "echo '\u{1b}[31m'\nexit 1\n");
    let text = format!("{plan:?}");
    assert!(!text.contains('\u{1b}') && !text.contains("\\u{1b}"), "{text}");
    let read = exercise(&mut plan);
    let (item, exercise, lesson) = (&read.item, &read.exercise, &read.lesson);
    assert_eq!((item.title.as_str(), exercise.verify[0].name.as_str()), ("T]0;x", "S[2J x"));
    assert!(lesson.contains("a[31mb"));
}

#[test]
fn what_is_there_already_stays_unless_it_is_to_be_replaced() {
    let folder = repository(KNOTS);
    let root = folder.path().join("harbour");
    let content = folder.path().join("content");
    let load = || course::load(&[Source::folder(&content).unwrap()]);
    let mut first = planned(&root);
    stage(&mut first, &content, false).unwrap().put(|| false).unwrap();
    let again = plan(wish(&root), &load(), &load()).unwrap();
    assert!(messages(&again.refused[0].reasons)[0].starts_with("harbour-knots is there already"));

    fs::write(root.join("knots/intro.md"), "Anew.\n").unwrap();
    let force = Wish { force: true, ..wish(&root) };
    let mut anew = plan(force, &load(), &load()).unwrap();
    // Interrupted, everything is as it was.
    let before = load().item("harbour-knots").unwrap().hash().unwrap();
    stage(&mut anew, &content, false).unwrap().put(|| true).unwrap_err();
    assert_eq!(load().item("harbour-knots").unwrap().hash().unwrap(), before);
    let mut anew = plan(force, &load(), &load()).unwrap();
    stage(&mut anew, &content, false).unwrap().put(|| false).unwrap();
    let catalogue = load();
    assert_eq!(catalogue.items().count(), 1);
    let lesson = catalogue.item("harbour-knots").unwrap().lesson.clone().unwrap();
    assert!(lesson.text().unwrap().contains("Anew."));
    // Nothing else lies beside it.
    let names = fs::read_dir(&content).unwrap().map(|it| it.unwrap().file_name());
    let mut names: Vec<_> = names.collect();
    names.sort();
    assert_eq!(names, ["content", "exercises"]);
    // An id of somebody else's is never taken.
    let elsewhere = plan(force, &Catalogue::default(), &catalogue).unwrap();
    assert!(messages(&elsewhere.refused[0].reasons)[0].contains("the id of an exercise elsewhere"));
}

#[test]
fn what_cannot_be_put_in_its_place_leaves_everything_as_it_was() {
    let folder = repository(KNOTS);
    let content = folder.path().join("content");
    fs::create_dir_all(content.join("exercises")).unwrap();
    // A file where a folder has to be.
    fs::write(content.join("exercises/harbour"), "mine").unwrap();
    let mut plan = planned(&folder.path().join("harbour"));
    let staged = stage(&mut plan, &content, false).unwrap();
    staged.put(|| false).unwrap_err();
    assert_eq!(fs::read_to_string(content.join("exercises/harbour")).unwrap(), "mine");
    assert!(!content.join("content").exists());
    let left = fs::read_dir(&content).unwrap().count();
    assert_eq!(left, 1);
}

#[test]
fn courses_are_modules_in_the_order_of_their_lists() {
    let mut files = vec![(
        "course/structure.json",
        r#"{"title": "The Course", "items": [{"path": "b"}, {"path": "a"}]}"#,
    )];
    for name in ["a", "b"] {
        let path =
            |file: &str| -> &'static str { Box::leak(format!("course/{name}/{file}").into()) };
        files.extend([
            (path("index.json"), SMALL),
            (path("step.md"), "x\n"),
            (path("verify.sh"), "ls\n"),
        ]);
    }
    let folder = repository(&files);
    let root = folder.path().join("harbour");
    let plan = planned(&root);
    let module = NewModule { id: "course".into(), title: "The Course".into(), order: 1 };
    assert_eq!(plan.modules, [module]);
    let paths: Vec<_> = plan.items.iter().map(|item| item.path.as_str()).collect();
    assert_eq!(paths, ["course/01-b", "course/02-a"]);
    let one = Wish { module: Some("mine"), ..wish(&root) };
    let plan = super::plan(one, &Catalogue::default(), &Catalogue::default()).unwrap();
    assert_eq!((plan.modules[0].id.as_str(), plan.items[1].id.as_str()), ("mine", "mine-a"));
    let empty = tempfile::tempdir().unwrap();
    assert!(super::plan(wish(empty.path()), &Catalogue::default(), &Catalogue::default()).is_err());
}
