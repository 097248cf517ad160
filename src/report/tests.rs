//! A class in folders and repositories, read.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use super::*;
use crate::course::{Source, load};

/// A completion's file.
fn file(item: &str, number: u32, at: &str, active: u32, hints: u32) -> (String, String) {
    let id = format!("01890000-0000-7000-8000-{number:012}");
    let module = item.rsplit_once('-').map_or(item, |(module, _)| module);
    let at: jiff::Timestamp = at.parse().unwrap();
    let text = serde_json::json!({
        "format": 1, "id": id, "item": item, "content_hash": "ab", "seed": 7, "engine": "docker",
        "started": (at - Duration::from_secs(active.into())).to_string(),
        "completed": at.to_string(), "active_seconds": active, "failures": 0, "hints": hints,
        "solution_seen": false, "checks": ["a"], "version": "0.1.0"
    });
    let stamp = at.strftime("%Y%m%dT%H%M%SZ");
    (format!("completions/{module}/{item}/{stamp}-{id}.json"), text.to_string())
}

fn put(root: &Path, (path, text): (String, String)) -> PathBuf {
    let path = root.join(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, text).unwrap();
    path
}

fn git(folder: &Path, arguments: &[&str]) {
    let mut git = Command::new("git");
    git.current_dir(folder).args(["-c", "user.name=a", "-c", "user.email=a@b"]).args(arguments);
    git.env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_SYSTEM", "/dev/null");
    let ran = git.output().unwrap();
    assert!(ran.status.success(), "{ran:?}");
}

fn sources(home: &Path, words: &[&str]) -> Sources {
    let named = words.iter().map(|word| Named::parse(word, home)).collect();
    Sources { named, cache: home.join("cache") }
}

fn read(sources: &Sources) -> Class {
    sources.read(&load(&[Source::built_in()]), &[])
}

/// What each learner has completed.
fn done(class: &Class) -> Vec<(&str, Vec<&str>)> {
    let of = class.learners.iter();
    of.map(|one| (&*one.name, one.done.keys().map(String::as_str).collect())).collect()
}

#[test]
fn learners_and_items_are_summed_up() {
    let home = tempfile::tempdir().unwrap();
    let (anna, bert) = (home.path().join("class/anna"), home.path().join("class/bert"));
    put(&anna, file("linux-01", 1, "2026-03-01T10:00:00Z", 600, 0));
    put(&anna, file("linux-01", 2, "2026-03-02T10:00:00Z", 60, 0));
    put(&anna, file("linux-02", 3, "2026-03-03T10:00:00Z", 300, 2));
    put(&bert, file("linux-01", 4, "2026-03-04T10:00:00Z", 6000, 0));
    put(&bert, file("own-01", 5, "2026-03-01T10:00:00Z", 60, 0));
    let class = read(&sources(home.path(), &["class"]));
    assert_eq!(class.troubles, []);
    assert_eq!(
        done(&class),
        [("anna", vec!["linux-01", "linux-02"]), ("bert", vec!["linux-01", "own-01"])]
    );
    assert_eq!((class.done(), class.all()), (4, 12));
    let ids: Vec<_> = class.items.iter().map(|item| &*item.id).collect();
    assert_eq!(ids, ["linux-01", "linux-02", "linux-03", "linux-04", "linux-05", "own-01"]);
    let first = &class.items[0];
    // The first time counts: 600 and 6000 seconds, the second of them slow.
    assert_eq!((first.done, first.hard, first.median), (2, 1, Some(Duration::from_mins(10))));
    assert_eq!(first.ratio(), Some(50));
    assert_eq!(class.learners[0].done["linux-01"].times, 2);
    assert_eq!(class.learners[0].active, Duration::from_mins(16));
    let stuck: Vec<_> = class.stuck().iter().map(|item| &*item.id).collect();
    assert_eq!(stuck, ["linux-01", "linux-02"]);
    let (learner, item, _) = class.latest().unwrap();
    assert_eq!((learner, item), ("bert", "linux-01"));
}

#[test]
fn what_is_bad_is_told_and_the_rest_is_read() {
    let home = tempfile::tempdir().unwrap();
    let anna = home.path().join("anna");
    put(&anna, file("linux-01", 1, "2026-03-01T10:00:00Z", 600, 0));
    put(&anna, ("completions/linux/linux-02/x.json".into(), "{".into()));
    put(&anna, ("completions/linux/linux-02/notes.txt".into(), "mine".into()));
    put(&anna, ("completions/linux/linux-02/large.json".into(), " ".repeat(80_000)));
    put(&anna, ("completions/README.json".into(), "{".into()));
    let outside = put(home.path(), ("secret.json".into(), "{}".into()));
    let item = anna.join("completions/linux/linux-03");
    fs::create_dir_all(&item).unwrap();
    std::os::unix::fs::symlink(&outside, item.join("link.json")).unwrap();
    std::os::unix::fs::symlink(home.path(), anna.join("completions/away")).unwrap();
    rustix::fs::mkfifoat(rustix::fs::CWD, item.join("pipe.json"), rustix::fs::Mode::RUSR).unwrap();
    let class = read(&sources(home.path(), &["anna"]));
    assert_eq!(done(&class), [("anna", vec!["linux-01"])]);
    let told: Vec<_> = class.troubles.iter().map(|it| it.file.clone().unwrap()).collect();
    assert_eq!(
        told,
        ["completions/linux/linux-02/large.json", "completions/linux/linux-02/x.json"]
    );
}

#[test]
fn a_repository_without_files_is_read_and_nothing_of_it_is_run_or_changed() {
    let home = tempfile::tempdir().unwrap();
    let anna = home.path().join("anna");
    put(&anna, file("linux-01", 1, "2026-03-01T10:00:00Z", 600, 0));
    put(&anna, ("completions/linux/linux-02/large.json".into(), " ".repeat(80_000)));
    let item = anna.join("completions/linux/linux-03");
    fs::create_dir_all(&item).unwrap();
    std::os::unix::fs::symlink("/etc/passwd", item.join("link.json")).unwrap();
    git(&anna, &["init", "-q", "-b", "main"]);
    git(&anna, &["add", "-A"]);
    git(&anna, &["commit", "-q", "-m", "a"]);
    let bare = home.path().join("bare");
    fs::create_dir(&bare).unwrap();
    git(&bare, &["clone", "-q", "--bare", "../anna", "anna.git"]);
    git(&bare, &["init", "-q", "--bare", "bert.git"]);
    // What git itself would run when it is asked for an object that is not there.
    let trap = home.path().join("trapped");
    let config = format!(
        "[core]\n\tsshCommand = touch {0}\n\tfsmonitor = touch {0}\n\tpager = touch {0}\n\
         [extensions]\n\tpartialClone = origin\n[remote \"origin\"]\n\turl = ssh://x/y\n\tpromisor = true\n",
        trap.display()
    );
    let path = bare.join("anna.git/config");
    let before = fs::read_to_string(&path).unwrap() + &config;
    fs::write(&path, &before).unwrap();
    let class = read(&sources(home.path(), &["bare"]));
    assert_eq!(done(&class), [("anna", vec!["linux-01"]), ("bert", vec![])]);
    let told: Vec<_> = class.troubles.iter().map(ToString::to_string).collect();
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].ends_with("large.json: it is larger than 64 KB"), "{told:?}");
    assert!(!trap.exists());
    assert_eq!(fs::read_to_string(&path).unwrap(), before);
}

#[tokio::test]
async fn a_remote_repository_is_fetched_and_what_was_fetched_stays() {
    let home = tempfile::tempdir().unwrap();
    let anna = home.path().join("anna");
    put(&anna, file("linux-01", 1, "2026-03-01T10:00:00Z", 600, 0));
    git(&anna, &["init", "-q", "-b", "main"]);
    let commit = || {
        git(&anna, &["add", "-A"]);
        git(&anna, &["commit", "-q", "-m", "a"]);
    };
    commit();
    let address = format!("file://{}", anna.display());
    let gone = format!("file://{}/gone", home.path().display());
    let empty = home.path().join("empty");
    fs::create_dir(&empty).unwrap();
    git(&empty, &["init", "-q", "--bare"]);
    let empty = format!("file://{}", empty.display());
    let sources = sources(home.path(), &[&format!("Anna={address}"), &gone, &empty]);
    assert!(sources.has_remotes());
    let troubles = sources.fetch().await;
    assert_eq!(troubles.len(), 1, "{troubles:?}");
    assert_eq!(troubles[0].source, gone);
    assert_eq!(done(&read(&sources))[0], ("Anna", vec!["linux-01"]));
    put(&anna, file("linux-02", 2, "2026-03-02T10:00:00Z", 600, 0));
    commit();
    sources.fetch().await;
    assert_eq!(done(&read(&sources))[0], ("Anna", vec!["linux-01", "linux-02"]));
    // Rewritten, it is read as it is now; gone, as it was last.
    git(&anna, &["reset", "-q", "--hard", "HEAD~1"]);
    sources.fetch().await;
    assert_eq!(done(&read(&sources))[0], ("Anna", vec!["linux-01"]));
    fs::remove_dir_all(&anna).unwrap();
    assert_eq!(sources.fetch().await.len(), 2);
    assert_eq!(done(&read(&sources))[0], ("Anna", vec!["linux-01"]));
}

#[test]
fn one_name_for_two_machines_is_one_learner() {
    let home = tempfile::tempdir().unwrap();
    let shared = file("linux-01", 1, "2026-03-01T10:00:00Z", 600, 0);
    put(&home.path().join("laptop"), shared.clone());
    put(&home.path().join("desk"), shared);
    put(&home.path().join("desk"), file("linux-02", 2, "2026-03-02T10:00:00Z", 600, 0));
    let class = read(&sources(home.path(), &["anna=laptop", "anna=desk"]));
    assert_eq!(done(&class), [("anna", vec!["linux-01", "linux-02"])]);
    assert_eq!(class.learners[0].active, Duration::from_mins(20));
}

#[test]
fn what_changes_is_told() {
    let home = tempfile::tempdir().unwrap();
    fs::create_dir_all(home.path().join("class/anna/completions")).unwrap();
    let sources = sources(home.path(), &["class"]);
    let (told, inbox) = std::sync::mpsc::channel();
    let mut watch = Watch::begin(&sources, move || {
        let _ = told.send(());
    });
    let until = |count: usize| {
        while done(&read(&sources)).iter().map(|(_, done)| done.len()).sum::<usize>() < count {
            inbox.recv_timeout(Duration::from_mins(1)).unwrap();
        }
    };
    put(&home.path().join("class/anna"), file("linux-01", 1, "2026-03-01T10:00:00Z", 600, 0));
    until(1);
    // Somebody comes late.
    fs::create_dir_all(home.path().join("class/bert/completions")).unwrap();
    inbox.recv_timeout(Duration::from_mins(1)).unwrap();
    watch.again(&sources);
    while inbox.try_recv().is_ok() {}
    put(&home.path().join("class/bert"), file("linux-01", 2, "2026-03-01T10:00:00Z", 600, 0));
    inbox.recv_timeout(Duration::from_mins(1)).unwrap();
    until(2);
}
