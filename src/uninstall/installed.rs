//! What was put where other programs look for it: completions of shells and manual pages. And the program.
//!
//! Nobody knows where somebody has put the output of `drydock completions`; looked at are the places that
//! the shells' and man's own documentation names. A file counts when it says of itself that it is ours.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use directories::BaseDirs;

use super::files::{Part, Purpose};

/// How much of a file is read to tell whose it is.
const BEGINNING: u64 = 4 << 10;

/// The words of which one is in the beginning of each file of ours.
const SIGNS: [&str; 6] = [
    "_drydock()",
    "#compdef drydock",
    "__fish_drydock_",
    "edit:completion:arg-completer[drydock]",
    "-CommandName 'drydock'",
    ".TH drydock",
];

/// The program, and what removes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Program {
    /// Its file.
    pub path: PathBuf,
    /// The command for it.
    pub command: String,
}

/// Completions and manual pages of this user's, and those of the whole machine.
pub fn help_files() -> Vec<Part> {
    let Some(dirs) = BaseDirs::new() else { return Vec::new() };
    let (home, data, config) = (dirs.home_dir(), dirs.data_dir(), dirs.config_dir());
    let machine = ["/usr/local/share", "/usr/share"].map(PathBuf::from);
    let mut places = vec![
        home.join(".zfunc/_drydock"),
        home.join(".zsh/completions/_drydock"),
        home.join(".zsh/completion/_drydock"),
        home.join(".config/fish/completions/drydock.fish"),
        config.join("fish/completions/drydock.fish"),
        config.join("elvish/lib/drydock.elv"),
        "/etc/bash_completion.d/drydock".into(),
    ];
    let mut pages = Vec::new();
    for share in machine.iter().map(PathBuf::as_path).chain([data, &home.join(".local/share")]) {
        places.extend([
            share.join("bash-completion/completions/drydock"),
            share.join("zsh/site-functions/_drydock"),
            share.join("fish/vendor_completions.d/drydock.fish"),
        ]);
        pages.push(share.join("man/man1"));
    }
    pages.extend([home.join("man/man1"), home.join(".local/man/man1")]);
    places.extend(pages.iter().flat_map(|folder| pages_in(folder)));
    places.sort();
    places.dedup();
    let ours = places.into_iter().filter(|path| is_ours(path));
    ours.filter_map(|path| Part::at(Purpose::Help, path)).collect()
}

/// The files in a folder of manual pages that are called as ours are.
fn pages_in(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().filter_map(io::Result::ok);
    let is_one = |entry: &fs::DirEntry| {
        let name = entry.file_name().to_string_lossy().into_owned();
        name == "drydock.1" || (name.starts_with("drydock-") && name.ends_with(".1"))
    };
    entries.filter(is_one).map(|entry| entry.path()).collect()
}

fn is_ours(path: &Path) -> bool {
    // A link to a file that others have, such as a package's, is theirs.
    if !fs::symlink_metadata(path).is_ok_and(|found| found.is_file()) {
        return false;
    }
    let mut beginning = Vec::new();
    let read = File::open(path).and_then(|file| file.take(BEGINNING).read_to_end(&mut beginning));
    let text = String::from_utf8_lossy(&beginning);
    read.is_ok() && SIGNS.iter().any(|sign| text.contains(sign))
}

/// This program.
pub fn program() -> io::Result<Program> {
    let path = std::env::current_exe()?;
    let command = match path.parent().and_then(cargo_root) {
        Some(root) if Some(root) == cargo_home().as_deref() => "cargo uninstall drydock".to_owned(),
        Some(root) => format!("cargo uninstall drydock --root {}", word(root)),
        None if cfg!(windows) => format!("del \"{}\"", path.display()),
        None => format!("rm {}", word(&path)),
    };
    Ok(Program { path, command })
}

/// The folder that cargo has installed this program into, if it was cargo.
fn cargo_root(bin: &Path) -> Option<&Path> {
    let root = bin.parent().filter(|_| bin.ends_with("bin"))?;
    let list = fs::read_to_string(root.join(".crates.toml")).ok()?;
    list.contains("\"drydock ").then_some(root)
}

fn cargo_home() -> Option<PathBuf> {
    let set = std::env::var_os("CARGO_HOME").filter(|home| !home.is_empty()).map(PathBuf::from);
    set.or_else(|| Some(BaseDirs::new()?.home_dir().join(".cargo")))
}

/// A path as one word of a shell's command.
fn word(path: &Path) -> String {
    let text = path.display().to_string();
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "/._-+".contains(c);
    if text.chars().all(is_plain) { text } else { format!("'{}'", text.replace('\'', r"'\''")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_of_ours_are_known_by_what_is_in_them() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("_drydock");
        fs::write(&path, "#compdef other\n").unwrap();
        assert!(!is_ours(&path));
        fs::write(&path, "#compdef drydock\n").unwrap();
        assert!(is_ours(&path));
        let link = folder.path().join("link");
        std::os::unix::fs::symlink(&path, &link).unwrap();
        assert!(!is_ours(&link) && !is_ours(folder.path()));
    }

    #[test]
    fn cargos_programs_are_removed_by_cargo() {
        let root = tempfile::tempdir().unwrap();
        let bin = root.path().join("bin");
        assert_eq!(cargo_root(&bin), None);
        let list = "[v1]\n\"drydock 0.1.0 (path+file:///src)\" = [\"drydock\"]\n";
        fs::write(root.path().join(".crates.toml"), list).unwrap();
        assert_eq!(cargo_root(&bin), Some(root.path()));
        assert_eq!(cargo_root(root.path()), None);
    }

    #[test]
    fn a_path_is_one_word() {
        assert_eq!(word(Path::new("/usr/bin/drydock")), "/usr/bin/drydock");
        assert_eq!(word(Path::new("/my bin/it's")), r"'/my bin/it'\''s'");
    }
}
