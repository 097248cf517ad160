//! What this program is when it is started as a part of a sandbox: `drydock sandbox WHAT ...`, never
//! by hand, or `sudo` inside one.
//!
//! Invariant: everything here runs before there is a second thread.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

use rustix::process::{geteuid, getuid};

use super::ids::Ids;
use super::{ask, base, init, launch, sudo, tree, unpack};

/// Runs the part of a sandbox that these words name; `None` if they name none.
///
/// With rights that its caller has not (the setuid copy in a sandbox), this program is `sudo` by
/// whatever name it is called: nothing else of it may be had that way.
pub fn intercept(words: &[OsString]) -> Option<ExitCode> {
    let name = Path::new(words.first()?).file_name()?.to_str()?;
    if name == "visudo" {
        return Some(sudo::visudo(words.get(1..)?));
    }
    if name == "sudo" || getuid() != geteuid() {
        return Some(sudo::run(words.get(1..)?));
    }
    let [_, command, what, rest @ ..] = words else { return None };
    if command != "sandbox" {
        return None;
    }
    let ended = match (what.to_str()?, rest) {
        ("start", [folder]) => launch::start(Path::new(folder)),
        ("init", [order]) => return Some(init::run(order)),
        ("base", [folder, ids]) => {
            read_ids(ids).and_then(|ids| base::build(Path::new(folder), ids))
        }
        ("try", [ids]) => read_ids(ids).and_then(ask::attempt),
        ("copy", [from, to, ids]) => read_ids(ids)
            .and_then(|ids| tree::copy(Path::new(from), Path::new(to), ids))
            .map(|bytes| drop(writeln!(std::io::stdout(), "{bytes}"))),
        ("unpack", [folder, ids]) => read_ids(ids)
            .and_then(|ids| unpack::unpack(Path::new(folder), ids))
            .map(|unpacked| drop(serde_json::to_writer(std::io::stdout(), &unpacked))),
        ("remove", [folder, ids]) => read_ids(ids).and_then(|ids| remove(Path::new(folder), ids)),
        _ => Err("drydock sandbox is started by drydock itself".to_owned()),
    };
    Some(match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(sentence) => {
            // Whoever started this reads it; if nobody does, nobody wants to know.
            let _ = writeln!(std::io::stdout(), "{sentence}");
            ExitCode::FAILURE
        }
    })
}

fn read_ids(text: &OsStr) -> Result<Ids, String> {
    let wrong = || "drydock sandbox is started by drydock itself".to_owned();
    serde_json::from_str(text.to_str().ok_or_else(wrong)?).map_err(|_| wrong())
}

/// Removes what belongs to a sandbox's users, or is closed to its own owner: as the sandbox's root.
fn remove(folder: &Path, ids: Ids) -> Result<(), String> {
    let words = |error: std::io::Error| format!("{} cannot be removed: {error}", folder.display());
    std::env::set_current_dir(folder).map_err(words)?;
    ids.enter()?;
    for entry in fs::read_dir(".").map_err(words)?.filter_map(Result::ok) {
        let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
        let path = entry.path();
        let removed = if is_folder { fs::remove_dir_all(path) } else { fs::remove_file(path) };
        removed.map_err(words)?;
    }
    Ok(())
}
