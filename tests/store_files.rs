//! What is found where progress should be: files that are refused stay as they are, and disks that
//! cannot be written say so.
//!
//! Some of it needs another user or a file system of its own: then this test binary runs itself
//! again there, see [`elsewhere`].
#![allow(clippy::unwrap_used, clippy::print_stderr)]

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use drydock::problem::Problem;
use drydock::store::{Fault, Store, backup, recovery};
use rusqlite::Connection;
use tempfile::TempDir;

/// Every file in the folder, byte for byte; of an index of a log, which every reader writes in and
/// which holds no data, only that it is there.
fn contents(folder: &Path) -> BTreeMap<OsString, Vec<u8>> {
    let content = |path: PathBuf| {
        if path.to_str().unwrap().ends_with("-shm") { Vec::new() } else { fs::read(path).unwrap() }
    };
    fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap())
        .map(|entry| (entry.file_name(), content(entry.path())))
        .collect()
}

/// A folder with a database with some practice in it, closed.
fn practised() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("progress.db");
    let store = Store::open(&path).unwrap();
    for number in 0..200 {
        let id = store.begin(&format!("item-{number}"), "hash", "docker", None).unwrap().id;
        store.complete(id).unwrap();
    }
    (folder, path)
}

/// Opens what must be refused, and holds the refusal to leaving everything as it is.
fn refused(path: &Path) -> Fault {
    let folder = path.parent().unwrap();
    let before = contents(folder);
    let error = Store::open(path).unwrap_err();
    assert!(contents(folder) == before, "{error}: something was changed");
    let problem = Problem::from(error.clone());
    assert_eq!(problem.file.as_deref(), path.to_str());
    assert!(problem.remedy.is_some(), "{error}: no remedy");
    error.fault
}

/// Copies the database as a killed program would leave it: with its log not yet in the file.
fn copy_with_log(connection: &Connection, to: &Path) {
    let from = connection.path().unwrap();
    fs::copy(from, to).unwrap();
    fs::copy(format!("{from}-wal"), format!("{}-wal", to.display())).unwrap();
    fs::copy(format!("{from}-shm"), format!("{}-shm", to.display())).unwrap();
    assert!(fs::metadata(format!("{}-wal", to.display())).unwrap().len() > 0);
}

#[test]
fn what_is_no_database_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    for content in [b"".to_vec(), b"Dear diary".to_vec(), vec![0; 100_000], vec![0xa5; 4096]] {
        let path = folder.path().join("progress.db");
        fs::write(&path, content).unwrap();
        assert_eq!(refused(&path), Fault::NotADatabase);
    }
    let error = Store::open(folder.path()).unwrap_err();
    assert_eq!(error.fault, Fault::NotADatabase);
}

#[test]
fn a_damaged_database_is_refused() {
    let (_folder, path) = practised();
    let sound = fs::read(&path).unwrap();
    // A page of garbage, anywhere but at the beginning, which says whose database it is.
    for page in 1..sound.len() / 4096 {
        let mut damaged = sound.clone();
        damaged[page * 4096..][..4096].fill(0xa5);
        fs::write(&path, damaged).unwrap();
        assert!(matches!(refused(&path), Fault::Damaged { .. }), "page {page}");
    }
    for length in [sound.len() / 2, sound.len() - 4096, 4096] {
        fs::write(&path, &sound[..length]).unwrap();
        assert!(matches!(refused(&path), Fault::Damaged { .. }), "cut off at {length}");
    }
    // Left by a killed program besides: the log must not be written into what is damaged.
    fs::write(&path, &sound).unwrap();
    let killed = Connection::open(&path).unwrap();
    killed.execute("INSERT INTO memories VALUES ('key', '1')", []).unwrap();
    let copy = tempfile::tempdir().unwrap();
    let left = copy.path().join("progress.db");
    copy_with_log(&killed, &left);
    drop(killed);
    let mut damaged = fs::read(&left).unwrap();
    damaged[4096..8192].fill(0xa5);
    fs::write(&left, damaged).unwrap();
    assert!(matches!(refused(&left), Fault::Damaged { .. }));

    let mut beheaded = sound.clone();
    beheaded[..100].fill(0);
    fs::write(&path, beheaded).unwrap();
    assert_eq!(refused(&path), Fault::NotADatabase);

    fs::write(&path, &sound).unwrap();
    assert_eq!(Store::open(&path).unwrap().progress().unwrap().len(), 200);
}

#[test]
fn another_programs_database_is_refused() {
    for mode in ["DELETE", "WAL"] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("progress.db");
        let foreign = Connection::open(&path).unwrap();
        foreign.pragma_update(None, "journal_mode", mode).unwrap();
        foreign.execute_batch("CREATE TABLE bookmarks (url TEXT)").unwrap();
        if mode == "WAL" {
            let copy = tempfile::tempdir().unwrap();
            let left = copy.path().join("progress.db");
            copy_with_log(&foreign, &left);
            assert_eq!(refused(&left), Fault::Foreign, "with its log");
        }
        drop(foreign);
        assert_eq!(refused(&path), Fault::Foreign, "{mode}");
    }
}

#[test]
fn a_database_of_a_newer_program_is_refused() {
    let (_folder, path) = practised();
    let newer = Connection::open(&path).unwrap();
    newer.pragma_update(None, "user_version", 99).unwrap();
    // While the newer program runs, or after it was killed, its format may be in the log alone.
    let copy = tempfile::tempdir().unwrap();
    let left = copy.path().join("progress.db");
    copy_with_log(&newer, &left);
    drop(newer);
    assert!(matches!(refused(&path), Fault::Newer { found: 99, .. }));
    assert!(matches!(refused(&left), Fault::Newer { found: 99, .. }));
}

#[test]
fn what_a_killed_program_left_is_taken_up() {
    let (_folder, path) = practised();
    let killed = Connection::open(&path).unwrap();
    killed.execute("INSERT INTO memories VALUES ('key', '1')", []).unwrap();
    let copy = tempfile::tempdir().unwrap();
    let left = copy.path().join("progress.db");
    copy_with_log(&killed, &left);
    let store = Store::open(&left).unwrap();
    assert_eq!(store.recall("key").unwrap().as_deref(), Some("1"));
    drop(store);
    let files: Vec<_> = contents(copy.path()).into_keys().collect();
    assert_eq!(files, ["progress.db"], "closed, it is one file again");
}

#[test]
fn a_link_leads_to_the_database() {
    let (folder, path) = practised();
    let link = folder.path().join("link.db");
    symlink(&path, &link).unwrap();
    assert_eq!(Store::open(&link).unwrap().progress().unwrap().len(), 200);

    let nowhere = folder.path().join("nowhere.db");
    symlink(folder.path().join("gone"), &nowhere).unwrap();
    assert!(matches!(Store::open(&nowhere).unwrap_err().fault, Fault::Io { .. }));
}

/// What to do in the other place, in the environment: a word and a folder.
const TASK: &str = "DRYDOCK_TEST_STORE_TASK";

/// Not a test: the part that runs as another user or on another file system.
#[test]
fn elsewhere() {
    let Ok(task) = std::env::var(TASK) else { return };
    let (task, folder) = task.split_once(' ').unwrap();
    let folder = Path::new(folder);
    match task {
        "without-permission" => without_permission(folder),
        "make" => drop(Store::open(&folder.join("old/progress.db")).unwrap()),
        "read-only" => read_only(folder),
        "full" => full(folder),
        _ => unreachable!(),
    }
}

fn again(binary: &Path, task: &str, folder: &Path) -> Command {
    let mut command = Command::new(binary);
    command.args(["elsewhere", "--exact", "--nocapture"]);
    command.env(TASK, format!("{task} {}", folder.display()));
    command
}

#[test]
fn folders_and_files_of_others_are_told() {
    const NOBODY: u32 = 65534;
    let folder = tempfile::tempdir().unwrap();
    fs::set_permissions(folder.path(), Permissions::from_mode(0o755)).unwrap();
    // To the administrator everything is permitted, so somebody else must try.
    let binary = folder.path().join("test");
    fs::copy(std::env::current_exe().unwrap(), &binary).unwrap();
    for (name, file_mode, folder_mode) in [
        ("empty", 0, 0o555),
        ("closed", 0, 0o000),
        ("file", 0o444, 0o755),
        ("secret", 0, 0o755),
        ("folder", 0o666, 0o555),
    ] {
        let place = folder.path().join(name);
        fs::create_dir(&place).unwrap();
        if !["empty", "closed"].contains(&name) {
            let path = place.join("progress.db");
            Store::open(&path).unwrap();
            fs::set_permissions(&path, Permissions::from_mode(file_mode)).unwrap();
        }
        fs::set_permissions(&place, Permissions::from_mode(folder_mode)).unwrap();
    }
    let mut command = again(&binary, "without-permission", folder.path());
    if rustix::process::geteuid().is_root() {
        command.uid(NOBODY).gid(NOBODY);
    }
    let output = command.output().unwrap();
    for name in ["empty", "closed", "folder"] {
        fs::set_permissions(folder.path().join(name), Permissions::from_mode(0o755)).unwrap();
    }
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}

fn without_permission(folder: &Path) {
    for name in ["empty", "closed", "file", "secret", "folder"] {
        let error = Store::open(&folder.join(name).join("progress.db")).unwrap_err();
        assert_eq!(error.fault, Fault::PermissionDenied, "{name}");
    }
}

/// Runs the shell script with a small file system of its own at `$1` and this binary as `$2`; tells
/// whether that is possible here.
fn on_a_small_disk(script: &str, task: &str) -> bool {
    let folder = tempfile::tempdir().unwrap();
    let unshare = ["--user", "--map-root-user", "--mount"];
    let mount = "mount -t tmpfs -o size=512k none";
    let possible = Command::new("unshare")
        .args(unshare)
        .args(["sh", "-c", &format!("{mount} \"$1\""), "sh"])
        .arg(folder.path())
        .output()
        .is_ok_and(|output| output.status.success());
    if !possible {
        eprintln!("skipped: no file system can be mounted here (unshare --user --mount)");
        return false;
    }
    let output = Command::new("unshare")
        .args(unshare)
        .args(["sh", "-ec", &format!("{mount} \"$1\"; {script}"), "sh"])
        .arg(folder.path())
        .arg(std::env::current_exe().unwrap())
        .env(TASK, format!("{task} {}", folder.path().display()))
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    true
}

#[test]
fn a_full_disk_is_told() {
    on_a_small_disk("exec \"$2\" elsewhere --exact", "full");
}

fn full(folder: &Path) {
    let path = folder.join("progress.db");
    let filler = folder.join("filler");
    assert!(fs::write(&filler, vec![1; 1024 * 1024]).is_err(), "this disk has no end");
    assert_eq!(Store::open(&path).unwrap_err().fault, Fault::DiskFull);

    fs::remove_file(&filler).unwrap();
    let store = Store::open(&path).unwrap();
    let json = format!("\"{}\"", "x".repeat(10_000));
    let mut kept = 0;
    let fault = loop {
        match store.remember(&kept.to_string(), &json) {
            Ok(()) => kept += 1,
            Err(error) => break error.fault,
        }
    };
    assert_eq!(fault, Fault::DiskFull);
    assert!(kept > 5, "{kept}");
    drop(store);
    // Nor is there room for a copy, and nothing half made is left of one.
    let backups = folder.join("progress.db.backups");
    assert_eq!(backup::daily(&path).unwrap_err().fault, Fault::DiskFull);
    assert_eq!(recovery::recover(&path, None).unwrap_err().fault, Fault::DiskFull);
    let left = fs::read_dir(backups).unwrap().map(|file| file.unwrap().file_name());
    assert_eq!(left.collect::<Vec<_>>(), [".lock"]);
    // What was kept is kept, and can be read while there is still no room.
    let store = Store::open(&path).unwrap();
    store.check_integrity().unwrap();
    for key in 0..kept {
        assert_eq!(store.recall(&key.to_string()).unwrap().as_ref(), Some(&json), "{key}");
    }
}

#[test]
fn a_read_only_file_system_is_told() {
    let make = "DRYDOCK_TEST_STORE_TASK=\"make $1\" \"$2\" elsewhere --exact";
    let then = "mount -o remount,ro \"$1\"; exec \"$2\" elsewhere --exact";
    on_a_small_disk(&format!("{make}; {then}"), "read-only");
}

fn read_only(folder: &Path) {
    for name in ["new/progress.db", "progress.db", "old/progress.db"] {
        assert_eq!(Store::open(&folder.join(name)).unwrap_err().fault, Fault::ReadOnly, "{name}");
    }
    let path = folder.join("old/progress.db");
    assert_eq!(backup::daily(&path).unwrap_err().fault, Fault::ReadOnly);
    assert_eq!(recovery::recover(&path, None).unwrap_err().fault, Fault::ReadOnly);
}
