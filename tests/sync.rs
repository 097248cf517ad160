//! Completions of one learner on two machines: two homes, a bare repository between them, the real git
//! and the real program, through everything that can come between.
#![allow(clippy::unwrap_used, clippy::panic, clippy::expect_used)]

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use drydock::paths::Paths;
use drydock::store::{Status, Store};
use serde_json::Value;
use tempfile::TempDir;

/// A folder with two machines and what lies between them.
struct World {
    folder: TempDir,
}

/// One machine: a home of drydock's.
struct Machine<'a> {
    world: &'a World,
    home: PathBuf,
}

/// What a run of the program did.
#[derive(Debug)]
struct Ran {
    status: i32,
    stdout: String,
    stderr: String,
}

impl World {
    fn new() -> Self {
        let world = Self { folder: TempDir::new().unwrap() };
        world.git(world.path(), &["init", "-q", "--bare", "-b", "main", "remote.git"]);
        world
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn remote(&self) -> PathBuf {
        self.path().join("remote.git")
    }

    /// A machine that knows the remote.
    fn machine(&self, name: &str) -> Machine<'_> {
        let machine = self.alone(name);
        machine.config("sync.remote", self.remote().to_str().unwrap());
        machine
    }

    /// One that knows none.
    fn alone(&self, name: &str) -> Machine<'_> {
        let home = self.path().join(name);
        fs::create_dir_all(&home).unwrap();
        fs::write(home.join(".gitconfig"), "[user]\nname = Ada\nemail = ada@example.org\n")
            .unwrap();
        Machine { world: self, home }
    }

    /// The user's own git, somewhere.
    fn git_out(&self, folder: &Path, arguments: &[&str]) -> Output {
        let mut command = Command::new("git");
        command.args(arguments).current_dir(folder).env("HOME", self.path());
        command.env_remove("XDG_CONFIG_HOME").env("GIT_CONFIG_NOSYSTEM", "1");
        for (name, value) in [("NAME", "Ada"), ("EMAIL", "ada@example.org")] {
            command.env(format!("GIT_AUTHOR_{name}"), value);
            command.env(format!("GIT_COMMITTER_{name}"), value);
        }
        command.output().unwrap()
    }

    #[track_caller]
    fn git(&self, folder: &Path, arguments: &[&str]) -> String {
        let out = self.git_out(folder, arguments);
        assert!(
            out.status.success(),
            "git {arguments:?}: {}",
            String::from_utf8_lossy(&out.stderr)
        );
        String::from_utf8(out.stdout).unwrap().trim_end().to_owned()
    }

    /// A clone, in which somebody works by hand.
    fn clone(&self, name: &str) -> PathBuf {
        self.git(self.path(), &["clone", "-q", "remote.git", name]);
        self.path().join(name)
    }

    /// Somebody adds a file to the remote by hand.
    fn push_file(&self, file: &str, text: &str) {
        let clone = self.clone(&format!("clone-of-{}", file.replace('/', "-")));
        fs::write(clone.join(file), text).unwrap();
        self.git(&clone, &["add", "-A"]);
        self.git(&clone, &["commit", "-qm", "By hand"]);
        // A push that somebody killed drydock in may go on, and come first.
        while !self.git_out(&clone, &["push", "-q", "origin", "HEAD"]).status.success() {
            self.git(&clone, &["pull", "-q", "--rebase"]);
        }
    }

    /// The files of a branch of the remote.
    fn files(&self, branch: &str) -> Vec<String> {
        let listed = self.git(&self.remote(), &["ls-tree", "-r", "--name-only", branch]);
        listed.lines().map(str::to_owned).collect()
    }

    /// How many completions are there.
    fn completions(&self) -> usize {
        self.files("main").iter().filter(|file| file.starts_with("completions/")).count()
    }
}

impl Machine<'_> {
    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_drydock"));
        for (name, _) in std::env::vars_os() {
            let name = name.to_string_lossy();
            if ["DRYDOCK_", "GIT_", "SSH_", "XDG_"].iter().any(|start| name.starts_with(start)) {
                command.env_remove(&*name);
            }
        }
        command.args(arguments).env("DRYDOCK_HOME", &self.home).env("LC_ALL", "C.UTF-8");
        command.env("HOME", &self.home).env("GIT_CONFIG_NOSYSTEM", "1");
        command.env("DOCKER_HOST", "unix:///nonexistent/docker.sock").stdin(Stdio::null());
        command
    }

    fn run(&self, arguments: &[&str]) -> Ran {
        Ran::from(self.command(arguments).output().unwrap())
    }

    fn config(&self, key: &str, value: &str) {
        self.run(&["config", "set", key, value]).ends(0);
    }

    fn sync(&self) -> Ran {
        self.run(&["sync"])
    }

    fn sync_json(&self) -> Value {
        self.run(&["--json", "sync"]).ends(0).json()
    }

    fn store(&self) -> Store {
        let path = Paths::under(&self.home).database;
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        Store::open(&path).unwrap()
    }

    /// Completes items, as the learner does.
    fn complete(&self, items: &[&str]) {
        let store = self.store();
        for item in items {
            let id = store.begin(item, "hash", "docker", Some(7)).unwrap().id;
            store.add_active(id, Duration::from_secs(90)).unwrap();
            store.complete(id).unwrap();
        }
    }

    /// The items that are done here.
    fn done(&self) -> BTreeSet<String> {
        let progress = self.store().progress().unwrap().into_iter();
        progress.filter(|(_, it)| it.status == Status::Completed).map(|(item, _)| item).collect()
    }

    fn count(&self) -> usize {
        self.store().completions(None).unwrap().len()
    }

    fn folder(&self) -> PathBuf {
        self.home.join("data/completions")
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder().join(name)
    }

    fn git(&self, arguments: &[&str]) -> String {
        self.world.git(&self.folder(), arguments)
    }

    /// The changes that git sees.
    fn changes(&self) -> String {
        self.git(&["status", "--porcelain"])
    }

    fn tracker(&self) -> String {
        fs::read_to_string(self.file("LEARNING_TRACKER.md")).unwrap()
    }
}

impl From<Output> for Ran {
    fn from(output: Output) -> Self {
        Self {
            status: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

impl Ran {
    #[track_caller]
    fn ends(self, status: i32) -> Self {
        assert_eq!(self.status, status, "{self:#?}");
        self
    }

    #[track_caller]
    fn says(self, words: &str) -> Self {
        assert!(self.stdout.contains(words), "{words:?} is not on stdout: {self:#?}");
        self
    }

    #[track_caller]
    fn complains(self, words: &str) -> Self {
        assert!(self.stderr.contains(words), "{words:?} is not on stderr: {self:#?}");
        self
    }

    #[track_caller]
    fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {self:#?}"))
    }
}

fn set<const N: usize>(items: [&str; N]) -> BTreeSet<String> {
    items.map(str::to_owned).into()
}

/// Every file with its bytes, but for git's own.
fn contents(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    fn visit(folder: &Path, root: &Path, all: &mut Vec<(PathBuf, Vec<u8>)>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() && !path.ends_with(".git") {
                visit(&path, root, all);
            } else if path.is_file() {
                all.push((path.strip_prefix(root).unwrap().to_owned(), fs::read(&path).unwrap()));
            }
        }
    }
    let mut all = Vec::new();
    visit(folder, folder, &mut all);
    all.sort();
    all
}

#[test]
fn what_is_done_on_one_machine_is_done_on_the_other() {
    let world = World::new();
    let (a, b) = (world.machine("a"), world.machine("b"));
    a.complete(&["linux-01", "linux-02", "linux-01"]);
    b.complete(&["incidents-01"]);
    a.sync().ends(0).says("3 completions committed: linux-01, linux-02").says("1 pushed");
    let told = b.sync().ends(0);
    told.says("1 completion committed").says("3 from elsewhere: linux-01, linux-02");
    a.sync().ends(0).says("1 from elsewhere: incidents-01");
    let all = set(["linux-01", "linux-02", "incidents-01"]);
    assert_eq!((a.done(), b.done()), (all.clone(), all));
    assert_eq!((a.count(), b.count(), world.completions()), (4, 4, 4));
    assert_eq!(contents(&a.folder()), contents(&b.folder()));
    assert_eq!((a.changes(), b.changes()), (String::new(), String::new()));
    // Once more changes nothing anywhere.
    let before = a.git(&["rev-parse", "HEAD"]);
    for machine in [&a, &b, &a] {
        let json = machine.sync_json();
        assert_eq!((&json["state"], &json["queued"]), (&"done".into(), &0.into()), "{json}");
        assert_eq!((&json["fetched"], &json["pushed"]), (&0.into(), &0.into()), "{json}");
        assert_eq!(machine.git(&["rev-parse", "HEAD"]), before);
    }
    // Marked done where people look.
    let modules = b.run(&["modules", "--json"]).ends(0).json();
    assert_eq!(modules["modules"][0]["items"][1]["status"], "completed");
}

#[test]
fn machines_that_diverged_come_together() {
    let world = World::new();
    let (a, b) = (world.machine("a"), world.machine("b"));
    a.complete(&["linux-01"]);
    a.sync().ends(0);
    b.sync().ends(0);
    // Both work without a network, more than once.
    for (machine, items) in [(&a, ["linux-02", "linux-03"]), (&b, ["linux-04", "linux-02"])] {
        for item in items {
            machine.complete(&[item]);
            let moved = world.path().join("moved.git");
            fs::rename(world.remote(), &moved).unwrap();
            machine.sync().ends(3).says("1 completion committed").complains("sync.remote");
            fs::rename(moved, world.remote()).unwrap();
        }
    }
    a.sync().ends(0).says("2 pushed");
    b.sync().ends(0).says("2 from elsewhere");
    a.sync().ends(0).says("2 from elsewhere");
    assert_eq!((a.count(), b.count(), world.completions()), (5, 5, 5));
    assert_eq!(contents(&a.folder()), contents(&b.folder()));
    assert_eq!(a.git(&["rev-parse", "HEAD"]), b.git(&["rev-parse", "HEAD"]));
    assert!(a.tracker().contains("**4 of 13 items completed**, 5 completions"), "{}", a.tracker());
}

#[test]
fn offline_it_queues_and_says_so_quietly_and_online_it_catches_up() {
    let world = World::new();
    let a = world.alone("a");
    a.config("sync.remote", "https://sync.invalid/me/progress.git");
    a.complete(&["linux-01", "linux-02"]);
    let told = a.run(&["--offline", "sync"]).ends(0).says("2 completions committed");
    told.says("offline: 2 completions to sync with https://sync.invalid/me/progress.git");
    // Without being told that there is no network, it is found out; that is no failure either.
    let json = a.sync_json();
    assert_eq!((&json["state"], &json["queued"]), (&"unreachable".into(), &2.into()), "{json}");
    let status = a.run(&["status", "--json"]).ends(0).json();
    assert_eq!(status["sync"]["queued"], 2, "{status}");
    a.run(&["status"]).ends(0).says("2 to sync with https://sync.invalid");
    // A repository on this machine's disks needs no network.
    a.config("sync.remote", world.remote().to_str().unwrap());
    a.run(&["--offline", "sync"]).ends(0).says("1 pushed");
    assert_eq!((world.completions(), a.sync_json()["queued"].clone()), (2, 0.into()));
    a.run(&["status"]).ends(0).says(&format!("all at {}", world.remote().display()));
}

#[test]
fn a_remote_that_was_emptied_or_made_anew_gets_everything_again() {
    let world = World::new();
    let (a, b) = (world.machine("a"), world.machine("b"));
    a.complete(&["linux-01", "linux-02"]);
    a.sync().ends(0);
    b.complete(&["linux-03"]);
    b.sync().ends(0);
    fs::remove_dir_all(world.remote()).unwrap();
    a.sync().ends(3).complains("There is no repository").complains("sync.remote URL");
    world.git(world.path(), &["init", "-q", "--bare", "-b", "main", "remote.git"]);
    a.sync().ends(0);
    b.sync().ends(0);
    a.sync().ends(0);
    assert_eq!((a.count(), b.count(), world.completions()), (3, 3, 3));
    // Emptied by a commit: all files are gone, and history says so.
    let clone = world.clone("clone");
    world.git(&clone, &["rm", "-rq", "."]);
    world.git(&clone, &["commit", "-qm", "Start over"]);
    world.git(&clone, &["push", "-q", "origin", "HEAD"]);
    b.sync().ends(0).says("3 completions committed");
    a.sync().ends(0);
    assert_eq!((a.count(), b.count(), world.completions()), (3, 3, 3));
    assert_eq!(contents(&a.folder()), contents(&b.folder()));
}

#[test]
fn a_remote_that_was_rebased_is_not_overwritten_and_loses_nothing() {
    let world = World::new();
    let (a, b) = (world.machine("a"), world.machine("b"));
    for item in ["linux-01", "linux-02", "linux-03"] {
        a.complete(&[item]);
        a.sync().ends(0);
    }
    b.sync().ends(0);
    // Somebody drops the commit in the middle, adds a file, and pushes with force.
    let clone = world.clone("clone");
    world.git(&clone, &["reset", "-q", "--hard", "HEAD~2"]);
    fs::write(clone.join("notes.md"), "Mine\n").unwrap();
    world.git(&clone, &["add", "notes.md"]);
    world.git(&clone, &["commit", "-qm", "Notes"]);
    world.git(&clone, &["push", "-qf", "origin", "HEAD"]);
    let forced = world.git(&clone, &["rev-parse", "HEAD"]);
    b.complete(&["linux-04"]);
    b.sync().ends(0);
    a.sync().ends(0);
    assert_eq!((a.count(), b.count(), world.completions()), (4, 4, 4));
    world.git(&world.remote(), &["merge-base", "--is-ancestor", &forced, "main"]);
    assert_eq!(fs::read_to_string(a.file("notes.md")).unwrap(), "Mine\n");
    assert_eq!((a.changes(), b.changes()), (String::new(), String::new()));
}

#[test]
fn a_push_that_is_rejected_is_tried_again() {
    let world = World::new();
    let (a, b) = (world.machine("a"), world.machine("b"));
    a.complete(&["linux-01"]);
    a.sync().ends(0);
    b.complete(&["linux-02"]);
    // Between b's fetch and its push, a pushes: a hook of b's sees to that, twice.
    b.sync().ends(0);
    b.complete(&["linux-03"]);
    a.complete(&["linux-04", "linux-05"]);
    let hook = b.folder().join(".git/hooks/pre-push");
    let again = world.path().join("again");
    let script = format!(
        "#!/bin/sh\ntest -e {0}.2 && exit 0\ntest -e {0}.1 && touch {0}.2\ntouch {0}.1\n\
         unset GIT_DIR GIT_WORK_TREE\nenv DRYDOCK_HOME={1} HOME={1} {2} sync >/dev/null\n",
        again.display(),
        a.home.display(),
        env!("CARGO_BIN_EXE_drydock"),
    );
    write_hook(&hook, &script);
    b.sync().ends(0).says("from elsewhere");
    a.sync().ends(0);
    assert_eq!((a.count(), b.count(), world.completions()), (5, 5, 5));
    assert_eq!(contents(&a.folder()), contents(&b.folder()));
}

fn write_hook(path: &Path, script: &str) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, script).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}

#[test]
fn hooks_that_refuse_are_told_in_their_own_words_and_nothing_is_lost() {
    let world = World::new();
    let a = world.machine("a");
    a.complete(&["linux-01"]);
    a.sync().ends(0);
    a.complete(&["linux-02"]);
    let hook = a.folder().join(".git/hooks/pre-push");
    write_hook(&hook, "#!/bin/sh\necho 'not on Fridays' >&2\nexit 1\n");
    let told = a.sync().ends(3).says("1 completion committed").says("1 completion to sync");
    told.complains("pre-push hook refused: not on Fridays").complains("hooks/pre-push");
    fs::remove_file(&hook).unwrap();
    let theirs = world.remote().join("hooks/pre-receive");
    write_hook(&theirs, "#!/bin/sh\necho 'sign your commits \x1b[2J' >&2\nexit 1\n");
    let told = a.sync().ends(3);
    let told = told.complains("refused the push: sign your commits").complains("pre-receive hook");
    assert!(!told.stderr.contains('\x1b'), "{told:?}");
    let error = a.run(&["--json", "sync"]).ends(3);
    let error: Value = serde_json::from_str(&error.stderr).unwrap();
    assert_eq!(error["error"]["kind"], "sync_declined");
    fs::remove_file(theirs).unwrap();
    // Hooks of commits are for commits of the learner's: ours are made of nothing of theirs.
    write_hook(&a.folder().join(".git/hooks/pre-commit"), "#!/bin/sh\nexit 1\n");
    a.complete(&["linux-03"]);
    a.sync().ends(0);
    assert_eq!((a.count(), world.completions()), (3, 3));
}

#[test]
fn a_remote_with_a_history_of_its_own_keeps_it() {
    let world = World::new();
    let a = world.machine("a");
    a.complete(&["linux-01"]);
    // Two commits here, before the first meeting; there, what the hosting site made.
    a.run(&["--offline", "sync", "--json"]).ends(0);
    let b = world.alone("b");
    b.complete(&["linux-02"]);
    b.sync().ends(0).complains("drydock config set sync.remote URL");
    fs::remove_dir_all(world.remote()).unwrap();
    world.git(world.path(), &["init", "-q", "--bare", "-b", "trunk", "remote.git"]);
    let clone = world.clone("clone");
    fs::write(clone.join("README.md"), "# Progress\n").unwrap();
    fs::write(clone.join("LEARNING_TRACKER.md"), "My own words\n").unwrap();
    world.git(&clone, &["add", "-A"]);
    world.git(&clone, &["commit", "-qm", "Initial commit"]);
    world.git(&clone, &["push", "-q", "origin", "HEAD:trunk"]);
    b.config("sync.remote", world.remote().to_str().unwrap());
    let told = b.sync().ends(0);
    told.complains("LEARNING_TRACKER.md stays as it is: it is a page of yours");
    a.sync().ends(0).says("1 from elsewhere");
    b.sync().ends(0).says("1 from elsewhere");
    // It is their default branch that is shared, whatever it is called here.
    let files = world.files("trunk");
    assert!(files.contains(&"README.md".to_owned()) && files.contains(&"modules/linux.md".into()));
    assert_eq!(world.git(&world.remote(), &["branch", "--format=%(refname:short)"]), "trunk");
    assert_eq!(a.tracker(), "My own words\n");
    assert_eq!((a.count(), b.count()), (2, 2));
    assert_eq!(contents(&a.folder()), contents(&b.folder()));
    // A machine that begins now is at the branch that the remote calls its own.
    let c = world.machine("c");
    c.sync().ends(0).says("2 from elsewhere").says("(trunk)");
    assert_eq!(c.git(&["branch", "--show-current"]), "trunk");
}

#[test]
fn the_learners_own_files_edits_and_staged_changes_stay_theirs() {
    let world = World::new();
    let (a, b) = (world.machine("a"), world.machine("b"));
    a.complete(&["linux-01"]);
    a.sync().ends(0);
    fs::write(a.file("notes.md"), "one\n").unwrap();
    a.git(&["add", "notes.md"]);
    a.git(&["commit", "-qm", "Notes"]);
    a.sync().ends(0).says("1 pushed");
    b.sync().ends(0);
    // Edited, staged, not tracked, removed: in the middle of everything.
    fs::write(a.file("notes.md"), "two\n").unwrap();
    fs::write(a.file("staged.md"), "staged\n").unwrap();
    a.git(&["add", "staged.md"]);
    fs::write(a.file("staged.md"), "and edited\n").unwrap();
    fs::write(a.file("untracked.md"), "untracked\n").unwrap();
    fs::remove_file(a.file("modules/incidents.md")).unwrap();
    let before = a.changes();
    a.complete(&["linux-02"]);
    b.complete(&["linux-03"]);
    b.sync().ends(0);
    a.sync().ends(0).says("1 from elsewhere");
    assert_eq!(a.changes(), before);
    assert_eq!(fs::read_to_string(a.file("notes.md")).unwrap(), "two\n");
    assert_eq!(a.git(&["show", ":staged.md"]), "staged");
    assert_eq!(a.git(&["show", "HEAD:notes.md"]), "one");
    let files = world.files("main");
    assert!(!files.iter().any(|file| file == "staged.md" || file == "untracked.md"), "{files:?}");
    assert_eq!(world.completions(), 3);
}

#[test]
fn a_page_that_is_edited_or_taken_over_stays_as_it_is() {
    let world = World::new();
    let (a, b) = (world.machine("a"), world.machine("b"));
    a.complete(&["linux-01"]);
    a.sync().ends(0);
    b.sync().ends(0);
    let edited = a.tracker().replace("# Learning tracker", "# My tracker");
    fs::write(a.file("LEARNING_TRACKER.md"), &edited).unwrap();
    a.complete(&["linux-02"]);
    let told = a.sync().ends(0);
    told.complains("LEARNING_TRACKER.md stays as it is: it has edits of yours");
    assert_eq!(a.tracker(), edited);
    // What was committed goes on; what is edited is an edit, and nothing is staged.
    assert_eq!(a.changes(), " M LEARNING_TRACKER.md");
    assert!(a.git(&["show", "HEAD:LEARNING_TRACKER.md"]).contains("2 of 13"));
    // Without the first line, and committed, it is the learner's alone, on every machine.
    fs::write(a.file("LEARNING_TRACKER.md"), "Mine\n").unwrap();
    a.git(&["commit", "-qam", "My own tracker"]);
    a.complete(&["linux-03"]);
    b.complete(&["linux-04"]);
    b.sync().ends(0);
    for machine in [&a, &b, &a] {
        machine.sync().ends(0).complains("it is a page of yours");
        assert_eq!(machine.tracker(), "Mine\n");
    }
    assert_eq!((a.count(), b.count(), world.completions()), (4, 4, 4));
    assert_eq!((a.changes(), b.changes()), (String::new(), String::new()));
}

#[test]
fn a_conflict_in_the_learners_own_files_is_theirs_to_resolve() {
    let world = World::new();
    let (a, b) = (world.machine("a"), world.machine("b"));
    a.complete(&["linux-01"]);
    a.sync().ends(0);
    b.sync().ends(0);
    for (machine, text) in [(&a, "a's\n"), (&b, "b's\n")] {
        fs::write(machine.file("notes.md"), text).unwrap();
        machine.git(&["add", "notes.md"]);
        machine.git(&["commit", "-qm", "Notes"]);
    }
    a.complete(&["linux-02"]);
    b.complete(&["linux-03"]);
    a.sync().ends(0);
    let told = b.run(&["sync", "--dry-run"]).ends(3);
    told.complains("notes.md changed here and elsewhere");
    let told = b.sync().ends(3).says("1 completion committed").says("1 from elsewhere: linux-02");
    let told = told.complains("notes.md changed here and elsewhere").complains("git -C ");
    assert_eq!(fs::read_to_string(b.file("notes.md")).unwrap(), "b's\n");
    assert_eq!(b.changes(), "");
    assert_eq!(b.done(), set(["linux-01", "linux-02", "linux-03"]));
    // The way out is the one that was told.
    let way = told.stderr.split_once("by hand: ").unwrap().1.split_once(", then").unwrap().0;
    let merged = Command::new("sh").args(["-c", way]).env("HOME", &b.home).output().unwrap();
    assert!(!merged.status.success());
    b.sync().ends(3).complains("A merge is under way").complains("--abort");
    fs::write(b.file("notes.md"), "both's\n").unwrap();
    b.git(&["checkout", "-q", "--ours", "LEARNING_TRACKER.md", "modules/linux.md"]);
    b.git(&["add", "-A"]);
    b.git(&["commit", "-qm", "Both"]);
    b.sync().ends(0);
    a.sync().ends(0);
    assert_eq!((a.count(), b.count(), world.completions()), (3, 3, 3));
    assert_eq!(fs::read_to_string(a.file("notes.md")).unwrap(), "both's\n");
}

#[test]
fn edits_that_a_fetched_change_would_overwrite_are_in_the_way() {
    let world = World::new();
    let (a, b) = (world.machine("a"), world.machine("b"));
    a.complete(&["linux-01"]);
    a.sync().ends(0);
    world.push_file("notes.md", "theirs\n");
    fs::write(a.file("notes.md"), "not tracked yet\n").unwrap();
    a.complete(&["linux-02"]);
    let told = a.sync().ends(3).says("1 completion committed").says("1 completion to sync");
    told.complains("notes.md changed elsewhere, and has edits here that are not committed");
    assert_eq!(fs::read_to_string(a.file("notes.md")).unwrap(), "not tracked yet\n");
    fs::remove_file(a.file("notes.md")).unwrap();
    a.sync().ends(0);
    assert_eq!(fs::read_to_string(a.file("notes.md")).unwrap(), "theirs\n");
    b.sync().ends(0);
    assert_eq!((b.count(), world.completions()), (2, 2));
}

#[test]
fn a_repository_in_which_somebody_is_in_the_middle_of_something_is_left_alone() {
    let world = World::new();
    let a = world.machine("a");
    a.complete(&["linux-01"]);
    a.sync().ends(0);
    a.complete(&["linux-02"]);
    a.git(&["switch", "-q", "--detach"]);
    a.sync().ends(3).complains("No branch is checked out").complains("switch BRANCH");
    a.git(&["switch", "-q", "-c", "practice"]);
    // Another branch than the default is as good: it is shared under its name.
    a.sync().ends(0).says("(practice)");
    assert_eq!(world.files("practice").iter().filter(|f| f.starts_with("completions/")).count(), 2);
    a.complete(&["linux-03"]);
    let lock = a.folder().join(".git/index.lock");
    fs::write(&lock, "").unwrap();
    a.sync().ends(3).complains("Another git is at work").complains("index.lock");
    assert!(lock.exists());
    fs::remove_file(lock).unwrap();
    fs::write(a.file("notes.md"), "1\n").unwrap();
    a.git(&["add", "notes.md"]);
    a.git(&["commit", "-qm", "1"]);
    a.git(&["switch", "-q", "-c", "other", "HEAD~1"]);
    fs::write(a.file("notes.md"), "2\n").unwrap();
    a.git(&["add", "notes.md"]);
    a.git(&["commit", "-qm", "2"]);
    assert!(!world.git_out(&a.folder(), &["rebase", "practice"]).status.success());
    a.sync().ends(3).complains("A rebase is under way").complains("--abort");
    a.git(&["rebase", "--abort"]);
    a.git(&["switch", "-q", "practice"]);
    a.sync().ends(0);
    assert_eq!(a.count(), 3);
    assert_eq!(world.files("practice").iter().filter(|f| f.starts_with("completions/")).count(), 3);
}

#[test]
fn nothing_is_written_through_a_link_or_over_what_is_not_ours() {
    let world = World::new();
    let outside = world.path().join("outside");
    fs::create_dir_all(&outside).unwrap();
    // In the files only.
    let a = world.machine("a");
    a.complete(&["linux-01"]);
    fs::create_dir_all(a.folder()).unwrap();
    symlink(&outside, a.file("completions")).unwrap();
    a.sync().ends(3).complains("completions is no folder in the repository");
    assert_eq!(fs::read_dir(&outside).unwrap().count(), 0);
    fs::remove_file(a.file("completions")).unwrap();
    // In what the remote has: a link, and a file where a folder has to be.
    let clone = world.clone("clone");
    symlink(&outside, clone.join("completions")).unwrap();
    fs::write(clone.join("modules"), "a file\n").unwrap();
    world.git(&clone, &["add", "-A"]);
    world.git(&clone, &["commit", "-qm", "Links"]);
    world.git(&clone, &["push", "-q", "origin", "HEAD:main"]);
    a.sync().ends(3).complains("completions is no folder in the repository");
    world.git(&clone, &["rm", "-q", "completions"]);
    world.git(&clone, &["commit", "-qm", "No link"]);
    world.git(&clone, &["push", "-q", "origin", "HEAD:main"]);
    a.sync().ends(3).complains("modules is no folder in the repository");
    world.git(&clone, &["rm", "-q", "modules"]);
    world.git(&clone, &["commit", "-qm", "No file"]);
    world.git(&clone, &["push", "-q", "origin", "HEAD:main"]);
    a.sync().ends(0);
    assert_eq!((a.count(), world.completions()), (1, 1));
    assert_eq!(fs::read_dir(&outside).unwrap().count(), 0);
}

#[test]
fn files_that_cannot_be_read_are_told_and_left_and_break_nothing() {
    let world = World::new();
    let (a, b) = (world.machine("a"), world.machine("b"));
    a.complete(&["linux-01", "linux-02"]);
    a.sync().ends(0);
    let clone = world.clone("clone");
    let bad =
        "completions/linux/linux-01/20260101T000000Z-01890000-0000-7000-8000-000000000001.json";
    fs::write(clone.join(bad), "{\"format\": 1, \"item\": \"../../x\"}").unwrap();
    fs::write(clone.join("completions/README.md"), "mine\n").unwrap();
    let good = fs::read_dir(clone.join("completions/linux/linux-02")).unwrap().next().unwrap();
    let good = good.unwrap().path();
    let newer = fs::read_to_string(&good).unwrap().replace("\"format\": 1", "\"format\": 9");
    fs::write(&good, newer).unwrap();
    world.git(&clone, &["add", "-A"]);
    world.git(&clone, &["commit", "-qm", "Bad"]);
    world.git(&clone, &["push", "-q", "origin", "HEAD"]);
    b.complete(&["linux-03"]);
    let told = b.sync().ends(0).says("1 from elsewhere: linux-01");
    let told =
        told.complains(&format!("{bad} stays as it is")).complains("a newer drydock wrote it");
    assert!(!told.stdout.contains(".."), "{told:?}");
    a.sync().ends(0).complains(bad);
    assert_eq!((a.count(), b.count(), world.completions()), (3, 2, 5));
    assert!(b.file(bad).exists() && b.file("completions/README.md").exists());
}

#[test]
fn a_dry_run_tells_what_would_happen_and_changes_nothing() {
    let world = World::new();
    let (a, b) = (world.machine("a"), world.machine("b"));
    a.complete(&["linux-01"]);
    // Before there is a repository.
    let told = a.run(&["sync", "--dry-run"]).ends(0).says("1 completion to commit: linux-01");
    told.says("LEARNING_TRACKER.md").says("1 to push");
    assert!(!a.folder().exists());
    a.sync().ends(0);
    b.sync().ends(0);
    a.complete(&["linux-02"]);
    a.sync().ends(0);
    b.complete(&["linux-03"]);
    let all = |machine: &Machine<'_>| {
        let mut all = contents(&machine.folder());
        let git = machine.folder().join(".git");
        all.extend(contents(&git).into_iter().map(|(path, text)| (git.join(path), text)));
        all.retain(|(path, _)| !path.ends_with("drydock.lock"));
        all
    };
    let before = (all(&b), contents(&world.remote()), b.count());
    let dry = b.run(&["--json", "sync", "--dry-run"]).ends(0).json();
    assert!(before == (all(&b), contents(&world.remote()), b.count()), "something changed");
    assert_eq!(dry["dry_run"], true);
    let real = b.sync_json();
    for field in ["state", "written", "received", "files", "fetched", "pushed", "branch", "remote"]
    {
        assert_eq!(dry[field], real[field], "{field}");
    }
    assert_eq!((&real["received"], &real["fetched"]), (&vec!["linux-02"].into(), &1.into()));
}

#[test]
fn a_repository_that_the_learner_has_already_can_be_the_one() {
    let world = World::new();
    let a = world.alone("a");
    let clone = world.clone("mine");
    fs::write(clone.join("README.md"), "# All of mine\n").unwrap();
    world.git(&clone, &["add", "-A"]);
    world.git(&clone, &["commit", "-qm", "Mine"]);
    world.git(&clone, &["push", "-q", "origin", "HEAD"]);
    a.config("sync.folder", clone.to_str().unwrap());
    a.complete(&["linux-01"]);
    a.sync().ends(0).says("1 pushed");
    assert_eq!((world.completions(), a.folder().exists()), (1, false));
    assert!(clone.join("LEARNING_TRACKER.md").exists());
    let inside = clone.join("modules");
    a.config("sync.folder", inside.to_str().unwrap());
    a.sync().ends(3).complains("a part of another repository").complains("sync.folder");
    assert!(!inside.join(".git").exists());
    a.config("sync.folder", world.remote().to_str().unwrap());
    a.sync().ends(3).complains("bare");
}

#[test]
fn a_lost_database_is_made_again_from_the_repository() {
    let world = World::new();
    let a = world.machine("a");
    a.complete(&["linux-01", "linux-02"]);
    a.sync().ends(0);
    let before: Vec<_> = a.store().completions(None).unwrap();
    fs::remove_dir_all(a.home.join("data")).unwrap();
    a.sync().ends(0).says("2 from elsewhere");
    let after = a.store().completions(None).unwrap();
    let same =
        |one: &drydock::store::Completed| drydock::store::Completed { here: false, ..one.clone() };
    assert_eq!(after, before.iter().map(same).collect::<Vec<_>>());
}

#[test]
fn without_git_or_a_name_it_says_so_and_commits() {
    let world = World::new();
    let a = world.machine("a");
    fs::remove_file(a.home.join(".gitconfig")).unwrap();
    a.complete(&["linux-01"]);
    let ran = Ran::from(a.command(&["sync"]).env("PATH", "/nonexistent").output().unwrap());
    let ran = ran.ends(3).says("1 completion committed");
    ran.complains("Git is not installed").complains("git config --global user.name");
    assert_eq!(a.git(&["log", "--format=%an <%ae>"]), "drydock <drydock@localhost>");
    a.sync().ends(0);
    assert_eq!(world.completions(), 1);
}

#[test]
fn a_password_is_never_asked_for() {
    let world = World::new();
    let a = world.alone("a");
    // A server that wants to know who it is, and one that never answers.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        use std::io::{Read, Write};
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let _ = stream.read(&mut [0; 4096]);
            let _ = stream.write_all(
                b"HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic realm=\"x\"\r\n\
                  Content-Length: 0\r\nConnection: close\r\n\r\n",
            );
        }
    });
    let asked = world.path().join("asked");
    let askpass = world.path().join("askpass");
    write_hook(&askpass, &format!("#!/bin/sh\ntouch {}\necho secret\n", asked.display()));
    a.config("sync.remote", &format!("http://me:hunter2@127.0.0.1:{port}/x.git"));
    a.complete(&["linux-01"]);
    let mut command = a.command(&["sync"]);
    command.env("GIT_ASKPASS", &askpass).env("SSH_ASKPASS", &askpass).env("DISPLAY", ":0");
    let ran = Ran::from(command.output().unwrap()).ends(3).says("1 completion committed");
    let ran = ran.complains("does not let you in").complains(" ls-remote ");
    assert!(!asked.exists() && !format!("{ran:?}").contains("hunter2"), "{ran:?}");

    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = silent.local_addr().unwrap().port();
    a.config("sync.remote", &format!("git://127.0.0.1:{port}/x.git"));
    let began = Instant::now();
    let ran = a.run(&["sync", "--timeout", "1"]).ends(0);
    ran.says("1 completion to sync").says("did not answer within 1 s");
    assert!(began.elapsed() < Duration::from_secs(20));
}

#[test]
fn an_interrupt_ends_git_too_and_says_what_stopped() {
    let world = World::new();
    let a = world.machine("a");
    a.complete(&["linux-01"]);
    a.sync().ends(0);
    a.complete(&["linux-02"]);
    let (begun, ended) = (world.path().join("begun"), world.path().join("ended"));
    let script = format!(
        "#!/bin/sh\ntrap 'touch {}; exit 1' TERM\ntouch {}\nwhile :; do sleep 0.1; done\n",
        ended.display(),
        begun.display()
    );
    write_hook(&a.folder().join(".git/hooks/pre-push"), &script);
    let mut command = a.command(&["sync"]);
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let child = command.spawn().unwrap();
    wait_for(&begun);
    let pid = rustix::process::Pid::from_raw(child.id().cast_signed()).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
    let ran = Ran::from(child.wait_with_output().unwrap()).ends(130);
    ran.complains("Stopped while pushing; everything is committed here");
    wait_for(&ended);
    fs::remove_file(a.folder().join(".git/hooks/pre-push")).unwrap();
    a.sync().ends(0).says("1 pushed");
}

fn wait_for(file: &Path) {
    let until = Instant::now() + Duration::from_mins(1);
    while !file.exists() {
        assert!(Instant::now() < until, "{} is not there", file.display());
        std::thread::yield_now();
    }
}

#[test]
fn killed_at_any_moment_it_loses_nothing_and_takes_nothing_for_an_edit() {
    let world = World::new();
    let (a, b) = (world.machine("a"), world.machine("b"));
    a.complete(&["linux-01"]);
    a.sync().ends(0);
    b.sync().ends(0);
    let mut count = 1;
    for round in 0..24_u64 {
        let item = format!("linux-{:02}", round % 5 + 1);
        a.complete(&[&item]);
        b.complete(&[&item]);
        count += 2;
        world.push_file(&format!("notes-{round}.md"), "theirs\n");
        b.sync().ends(0);
        let mut command = a.command(&["sync"]);
        command.stdout(Stdio::null()).stderr(Stdio::null());
        let mut child = command.spawn().unwrap();
        let until = Instant::now() + Duration::from_millis(round * 12);
        while Instant::now() < until && child.try_wait().unwrap().is_none() {
            std::thread::yield_now();
        }
        let _ = child.kill();
        child.wait().unwrap();
        // Git that it began may still be there; it takes locks of its own.
        let lock = a.folder().join(".git/index.lock");
        let _ = fs::remove_file(lock);
    }
    let ran = a.sync().ends(0);
    assert!(!ran.stderr.contains("stays as it is"), "{ran:?}");
    b.sync().ends(0);
    assert_eq!((a.count(), b.count(), world.completions()), (count, count, count));
    assert_eq!(contents(&a.folder()), contents(&b.folder()));
    assert_eq!((a.changes(), b.changes()), (String::new(), String::new()));
}

#[test]
fn two_at_once_take_turns() {
    let world = World::new();
    let a = world.machine("a");
    a.complete(&["linux-01", "linux-02", "linux-03"]);
    let begin = || {
        let mut command = a.command(&["--json", "sync"]);
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    };
    let children: Vec<_> = (0..4).map(|_| begin()).collect();
    let written: u64 = children
        .into_iter()
        .map(|child| Ran::from(child.wait_with_output().unwrap()).ends(0).json())
        .map(|json| json["written"].as_array().unwrap().len() as u64)
        .sum();
    assert_eq!((written, world.completions()), (3, 3));
    assert_eq!(a.git(&["rev-list", "--count", "HEAD"]), "1");
}

#[test]
fn a_repository_that_cannot_be_written_says_so() {
    if rustix::process::geteuid().is_root() {
        // Rights do not stop root: a file where git's folder of objects is does.
        let world = World::new();
        let a = world.machine("a");
        a.complete(&["linux-01"]);
        a.sync().ends(0);
        a.complete(&["linux-02"]);
        let objects = a.folder().join(".git/objects");
        fs::rename(&objects, a.folder().join(".git/kept")).unwrap();
        fs::write(&objects, "").unwrap();
        a.sync().ends(3).complains("repository of completions").complains("help: ");
        fs::remove_file(&objects).unwrap();
        fs::rename(a.folder().join(".git/kept"), &objects).unwrap();
        a.sync().ends(0);
        assert_eq!((a.count(), world.completions()), (2, 2));
    }
}
