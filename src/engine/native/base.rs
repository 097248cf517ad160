//! The layer that all sandboxes of this machine share, below what each writes.
//!
//! ```text
//! base/KEY/root/   the root: /etc, the homes, /var, the mount points
//! base/KEY/usr/    what lies above the machine's own /usr (bin/, sbin/, lib*/ where they are folders)
//! ```
//!
//! The machine's files belong to its root, who is nobody in a sandbox: inside, nobody may change them,
//! and their setuid bits do nothing. So `/etc` is a copy whose files belong to the sandbox's root, the
//! folders of `/usr` are made anew above the machine's so that files may be added, and the few setuid
//! programs that learners use are copied. All of it is made once, by a process that has the
//! sandboxes' numbers, and found by a key of what it is made from.
//!
//! Invariants: a file that not everybody may read is not copied, nor one that names the machine's
//! users, its networks or its secrets; a base is whole or absent; one in use is never changed.

use std::ffi::OsStr;
use std::fmt::Write as _;
use std::fs::{self, DirBuilder, File, Permissions};
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, lchown, symlink};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::ids::Ids;
use crate::engine::image::definition;
use crate::engine::image::{USER, USER_HOME, USER_ID};

/// Raised when what is made here changes.
const VERSION: u32 = 3;

/// The folders of a machine's programs. Where they are links, the sandbox has the same links.
pub(super) const TOPS: [&str; 7] = ["usr", "bin", "sbin", "lib", "lib32", "lib64", "libx32"];

/// Empty folders of the root, with their modes.
const FOLDERS: [(&str, u32); 35] = [
    ("boot", 0o755),
    ("dev", 0o755),
    ("etc", 0o755),
    ("home", 0o755),
    ("media", 0o755),
    ("mnt", 0o755),
    ("opt", 0o755),
    ("proc", 0o555),
    ("root", 0o700),
    ("run", 0o755),
    ("srv", 0o755),
    ("sys", 0o555),
    ("tmp", 0o1777),
    ("var", 0o755),
    ("var/backups", 0o755),
    ("var/cache", 0o755),
    ("var/lib", 0o755),
    ("var/lib/misc", 0o755),
    ("var/lib/sudo", 0o711),
    ("var/local", 0o2775),
    ("var/log", 0o755),
    ("var/mail", 0o2775),
    ("var/opt", 0o755),
    ("var/spool", 0o755),
    ("var/spool/cron", 0o755),
    ("var/tmp", 0o1777),
    ("etc/drydock", 0o755),
    ("etc/profile.d", 0o755),
    ("etc/skel", 0o755),
    ("etc/sudoers.d", 0o755),
    ("etc/ssh", 0o755),
    ("etc/systemd", 0o755),
    ("etc/systemd/journald.conf.d", 0o755),
    ("etc/systemd/system", 0o755),
    ("var/log/journal", 0o2755),
];

/// What of the machine's `/etc` is not for a learner's eyes, or is nothing to a sandbox: secrets,
/// who its users are, which networks and disks it has, what its services do. Files that not everybody
/// may read need no mention. What a sandbox has instead is made in [`etc`].
const NOT_COPIED: &[&str] = &[
    ".git",
    ".pwd.lock",
    "NetworkManager",
    "ansible",
    "bash.bashrc",
    "ceph",
    "cloud",
    "containers",
    "cron.d",
    "cron.daily",
    "cron.hourly",
    "cron.monthly",
    "cron.weekly",
    "cron.yearly",
    "crontab",
    "crypttab",
    "docker",
    "environment",
    "exports",
    "fstab",
    "group",
    "group-",
    "gshadow",
    "gshadow-",
    "gss",
    "hostname",
    "hosts",
    "hosts.allow",
    "hosts.deny",
    "init.d",
    "ipsec.d",
    "ipsec.secrets",
    "iscsi",
    "krb5.keytab",
    "kubernetes",
    "letsencrypt",
    "libvirt",
    "machine-id",
    "machine-info",
    "mtab",
    "mysql",
    "netplan",
    "network",
    "nfs.conf",
    "openvpn",
    "passwd",
    "passwd-",
    "postgresql",
    "ppp",
    "printcap",
    "profile",
    "profile.d",
    "rancher",
    "resolv.conf",
    "samba",
    "shadow",
    "shadow-",
    "skel",
    "ssh",
    "subgid",
    "subgid-",
    "subuid",
    "subuid-",
    "sudo.conf",
    "sudoers",
    "sudoers.d",
    "systemd",
    "wireguard",
    "wpa_supplicant",
    "xdg",
];

/// Parts of names, in lower case, that a secret's file has; certificates are none.
const SECRET: [&str; 8] =
    [".kdbx", "private", "secret", "credential", "token", "auth.conf", ".key", "passwd"];

/// A file of `/etc` that is longer is no configuration.
const MAX_FILE: u64 = 4 << 20;
/// How deep `/etc` is looked into.
const MAX_DEPTH: u32 = 12;

/// Programs that need the setuid bit, and those with the setgid bit of `shadow`.
const SETUID: [&str; 6] = ["su", "passwd", "chsh", "chfn", "gpasswd", "newgrp"];
const SETGID: [&str; 3] = ["unix_chkpwd", "chage", "expiry"];
const SHADOW: u32 = 42;

/// Who may read the journal.
const JOURNAL: u32 = 999;

/// Debian's accounts of the system, as in our images.
const SYSTEM_ACCOUNTS: [(&str, u32, u32, &str); 17] = [
    ("daemon", 1, 1, "/usr/sbin"),
    ("bin", 2, 2, "/bin"),
    ("sys", 3, 3, "/dev"),
    ("sync", 4, 65534, "/bin"),
    ("games", 5, 60, "/usr/games"),
    ("man", 6, 12, "/var/cache/man"),
    ("lp", 7, 7, "/var/spool/lpd"),
    ("mail", 8, 8, "/var/mail"),
    ("news", 9, 9, "/var/spool/news"),
    ("uucp", 10, 10, "/var/spool/uucp"),
    ("proxy", 13, 13, "/bin"),
    ("www-data", 33, 33, "/var/www"),
    ("backup", 34, 34, "/var/backups"),
    ("list", 38, 38, "/var/list"),
    ("irc", 39, 39, "/run/ircd"),
    ("_apt", 42, 65534, "/nonexistent"),
    ("nobody", 65534, 65534, "/nonexistent"),
];
const SYSTEM_GROUPS: &str = "adm:4 tty:5 disk:6 lp:7 mail:8 news:9 uucp:10 man:12 proxy:13 kmem:15 \
    dialout:20 fax:21 voice:22 cdrom:24 floppy:25 tape:26 sudo:27 audio:29 dip:30 www-data:33 \
    backup:34 operator:37 list:38 irc:39 src:40 shadow:42 utmp:43 video:44 sasl:45 plugdev:46 \
    staff:50 games:60 users:100 daemon:1 bin:2 sys:3 nogroup:65534";

/// What a base is found by: everything that it is made from, as far as a glance tells.
pub(super) fn key(ids: Ids, program: &Path) -> io::Result<String> {
    let mut text = format!("{VERSION} {ids:?}");
    let mut glance = |path: &Path| {
        // The link itself: /etc/mtab leads to something that is always new.
        if let Ok(data) = fs::symlink_metadata(path) {
            let _ = write!(text, "\n{} {} {}", path.display(), data.mtime(), data.mtime_nsec());
            let _ = write!(text, " {}", if data.is_file() { data.size() } else { 0 });
        }
    };
    glance(&fs::canonicalize(program)?);
    for top in TOPS {
        glance(&Path::new("/").join(top));
    }
    for folder in ["/usr/bin", "/usr/sbin", "/usr/lib", "/usr/share", "/usr/local"] {
        glance(Path::new(folder));
    }
    // Not /etc itself, which changes with every name server.
    let copied = |name: &OsStr| NOT_COPIED.iter().all(|not| name != *not) && !is_secret(name);
    let mut entries: Vec<_> = fs::read_dir("/etc")?
        .filter_map(Result::ok)
        .filter(|entry| copied(&entry.file_name()))
        .map(|entry| entry.path())
        .collect();
    entries.sort_unstable();
    for entry in entries {
        glance(&entry);
    }
    let digest = Sha256::digest(text);
    Ok(digest.iter().take(8).fold(String::new(), |mut key, byte| {
        let _ = write!(key, "{byte:02x}");
        key
    }))
}

/// Makes a base in an empty folder that belongs to the sandboxes' root. This process becomes that
/// root and stays it.
pub(super) fn build(folder: &Path, ids: Ids) -> Result<(), String> {
    let words = |error: io::Error| format!("the base of the sandboxes cannot be made: {error}");
    // Both while this process is still who started it: folders above may be closed to the other.
    let program = File::open("/proc/self/exe").map_err(words)?;
    std::env::set_current_dir(folder).map_err(words)?;
    rustix::process::umask(rustix::fs::Mode::from_raw_mode(0o022));
    ids.enter()?;
    let build = || {
        skeleton()?;
        etc(ids)?;
        system(ids)?;
        homes(ids)?;
        programs(ids, &program)
    };
    build().map_err(words)
}

fn folder(path: impl AsRef<Path>, mode: u32) -> io::Result<()> {
    DirBuilder::new().recursive(true).create(&path)?;
    fs::set_permissions(path, Permissions::from_mode(mode))
}

fn file(path: impl AsRef<Path>, mode: u32, text: impl AsRef<[u8]>) -> io::Result<()> {
    fs::write(&path, text)?;
    fs::set_permissions(path, Permissions::from_mode(mode))
}

/// The folders and links of the root.
fn skeleton() -> io::Result<()> {
    folder("root", 0o755)?;
    for (name, mode) in FOLDERS {
        folder(Path::new("root").join(name), mode)?;
    }
    symlink("/run", "root/var/run")?;
    symlink("/run/lock", "root/var/lock")?;
    symlink("/proc/self/mounts", "root/etc/mtab")?;
    for top in TOPS {
        let of_machine = Path::new("/").join(top);
        let Ok(data) = fs::symlink_metadata(&of_machine) else { continue };
        let here = Path::new("root").join(top);
        if data.is_symlink() {
            symlink(fs::read_link(&of_machine)?, here)?;
        } else if data.is_dir() {
            folder(here, 0o755)?;
            let depth = if top == "usr" { 2 } else { 1 };
            above(&of_machine, Path::new(top), depth)?;
        }
    }
    Ok(())
}

/// Makes a machine's folders anew, so that they belong to the sandbox's root. `local` is where
/// administrators put things: all of it.
fn above(of_machine: &Path, here: &Path, depth: u32) -> io::Result<()> {
    let mode = fs::metadata(of_machine)?.permissions().mode() & 0o1777;
    folder(here, mode | 0o700)?;
    if depth == 0 {
        return Ok(());
    }
    let Ok(entries) = fs::read_dir(of_machine) else { return Ok(()) };
    for entry in entries.filter_map(Result::ok) {
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            let depth = if entry.file_name() == "local" { 4 } else { depth };
            above(&entry.path(), &here.join(entry.file_name()), depth - 1)?;
        }
    }
    Ok(())
}

/// The copy of the machine's `/etc`, and what a sandbox has of its own.
fn etc(ids: Ids) -> io::Result<()> {
    let here = Path::new("root/etc");
    copy_folder(Path::new("/etc"), here, 0)?;

    let learner = if ids.several() { USER_ID } else { 0 };
    let shell = "/bin/bash";
    let account =
        |name: &str, uid: u64, home: &str| format!("{name}:x:{uid}:{uid}:{name}:{home}:{shell}\n");
    let (root, user) = (account("root", 0, "/root"), account(USER, learner, USER_HOME));
    let mut passwd = root.clone();
    for (name, uid, gid, home) in SYSTEM_ACCOUNTS {
        let _ = writeln!(passwd, "{name}:x:{uid}:{gid}:{name}:{home}:/usr/sbin/nologin");
    }
    if ids.several() {
        passwd.push_str(&user);
    } else {
        // Both have the one number there is, and the first of them is who that is.
        passwd = user + &passwd;
    }
    let mut group = String::new();
    for entry in SYSTEM_GROUPS.split_whitespace() {
        let (name, gid) = entry.split_once(':').unwrap_or((entry, "65534"));
        let _ = writeln!(group, "{name}:x:{gid}:");
    }
    // Who may read the journal; without an init system there is none.
    let _ = writeln!(group, "systemd-journal:x:{JOURNAL}:{USER}");
    let (root, user) = ("root:x:0:\n".to_owned(), format!("{USER}:x:{learner}:\n"));
    group = if ids.several() { root + &group + &user } else { user + &root + &group };
    let locked = |names: &str, rest: &str| {
        let names = names.lines().filter_map(|line| line.split(':').next());
        names.fold(String::new(), |mut text, name| {
            let _ = writeln!(text, "{name}:{rest}");
            text
        })
    };
    file(here.join("shadow"), 0o640, locked(&passwd, "*:19700:0:99999:7:::"))?;
    file(here.join("gshadow"), 0o640, locked(&group, "*::"))?;
    file(here.join("passwd"), 0o644, passwd)?;
    file(here.join("group"), 0o644, group)?;
    if ids.several() {
        for secret in ["shadow", "gshadow"] {
            chown(here.join(secret), None, Some(SHADOW))?;
        }
    }
    file(here.join("sudoers"), 0o440, SUDOERS)?;
    file(
        here.join("sudoers.d").join(USER),
        0o440,
        format!("{USER} ALL=(ALL:ALL) NOPASSWD: ALL\n"),
    )?;
    // A sandbox has no name server, unless it has a network: then it is written anew.
    file(here.join("resolv.conf"), 0o644, "")?;
    file(here.join("fstab"), 0o644, "# What is mounted here, drydock has mounted.\n")?;
    file(here.join("environment"), 0o644, "")?;
    file(here.join("machine-id"), 0o444, "")?;
    file(here.join("profile"), 0o644, PROFILE)?;
    file(here.join("bash.bashrc"), 0o644, BASHRC)?;
    file(here.join("drydock/marks.bash"), 0o644, ours("base/marks.bash"))?;
    for (name, text) in [(".bashrc", bashrc(ids)), (".profile", ours("base/profile").to_vec())] {
        file(here.join("skel").join(name), 0o644, text)?;
    }
    Ok(())
}

/// What the machine's systemd finds where it is the init system of a sandbox: as in our image of that
/// name.
fn system(ids: Ids) -> io::Result<()> {
    let here = Path::new("root/etc/systemd");
    file(here.join("journald.conf.d/drydock.conf"), 0o644, ours("systemd/journald.conf"))?;
    let masked = String::from_utf8_lossy(ours("systemd/masked"));
    for unit in masked.split_whitespace() {
        symlink("/dev/null", here.join("system").join(unit))?;
    }
    let units = ["/usr/lib/systemd/system", "/lib/systemd/system"].map(Path::new);
    let target = units.iter().map(|units| units.join("multi-user.target"));
    if let Some(target) = target.into_iter().find(|target| target.is_file()) {
        symlink(target, here.join("system/default.target"))?;
    }
    if ids.several() {
        chown("root/var/log/journal", None, Some(JOURNAL))?;
        fs::set_permissions("root/var/log/journal", Permissions::from_mode(0o2755))?;
    }
    Ok(())
}

const SUDOERS: &str = "Defaults\tenv_reset
Defaults\tsecure_path=\"/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\"

root\tALL=(ALL:ALL) ALL
%sudo\tALL=(ALL:ALL) ALL

@includedir /etc/sudoers.d
";

const PROFILE: &str = r#"# For login shells.
if [ "$(id -u)" -eq 0 ]; then
    PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
else
    PATH=/usr/local/bin:/usr/bin:/bin:/usr/local/games:/usr/games
fi
export PATH
if [ -n "${BASH_VERSION-}" ] && [ -n "${PS1-}" ] && [ -r /etc/bash.bashrc ]; then
    . /etc/bash.bashrc
fi
for script in /etc/profile.d/*.sh; do
    [ -r "$script" ] && . "$script"
done
unset script
"#;

const BASHRC: &str = "# For every interactive bash.
[ -n \"${PS1-}\" ] || return
shopt -s checkwinsize
PS1='\\u@\\h:\\w\\$ '
. /etc/drydock/marks.bash
";

/// A file of the images' folder; there is a test that all asked for are there.
fn ours(path: &str) -> &'static [u8] {
    definition::file(path).unwrap_or_default()
}

/// The learner's own, and the marks again: not every distribution's bash reads `/etc/bash.bashrc`.
fn bashrc(ids: Ids) -> Vec<u8> {
    // With one number for both, bash would take the learner for root.
    let sign: &[u8] = b"\n[ \"$USER\" = root ] || PS1=${PS1//'\\$'/'$'}\n";
    let marks: &[u8] = b"\n[ -n \"${__drydock_runs-}\" ] || . /etc/drydock/marks.bash\n";
    [ours("base/bashrc"), if ids.several() { b"" } else { sign }, marks].concat()
}

fn homes(ids: Ids) -> io::Result<()> {
    let learner = if ids.several() { USER_ID as u32 } else { 0 };
    let mut homes = vec![(Path::new("root").join(USER_HOME.trim_start_matches('/')), learner)];
    homes.push((PathBuf::from("root/root"), 0));
    for (home, owner) in homes {
        if owner == learner && home != Path::new("root/root") {
            folder(&home, 0o755)?;
            chown(&home, Some(owner), Some(owner))?;
        }
        for name in [".bashrc", ".profile"] {
            fs::copy(Path::new("root/etc/skel").join(name), home.join(name))?;
            chown(home.join(name), Some(owner), Some(owner))?;
        }
    }
    Ok(())
}

/// The programs that need rights, above the machine's own; `sudo` is always this program, so that it
/// is the same everywhere and needs nobody to have installed it.
fn programs(ids: Ids, program: &File) -> io::Result<()> {
    let bin = Path::new("usr/bin");
    folder(bin, 0o755)?;
    folder("usr/sbin", 0o755)?;
    let sudo = bin.join("sudo");
    let own = format!("/proc/self/fd/{}", program.as_raw_fd());
    fs::copy(own, &sudo)?;
    fs::set_permissions(&sudo, Permissions::from_mode(if ids.several() { 0o4755 } else { 0o755 }))?;
    symlink("../bin/sudo", "usr/sbin/visudo")?;
    if !ids.several() {
        return Ok(());
    }
    for top in ["usr/bin", "usr/sbin", "bin", "sbin"] {
        let of_machine = Path::new("/").join(top);
        if !Path::new(top).is_dir() || fs::symlink_metadata(&of_machine)?.is_symlink() {
            continue;
        }
        for name in SETUID.iter().chain(&SETGID) {
            let (from, to) = (of_machine.join(name), Path::new(top).join(name));
            let Ok(data) = fs::symlink_metadata(&from) else { continue };
            if !data.is_file() || fs::copy(&from, &to).is_err() {
                continue;
            }
            let setuid = SETUID.contains(name);
            chown(&to, None, Some(if setuid { 0 } else { SHADOW }))?;
            // After the owner: changing that takes the bits away.
            let mode = if setuid { 0o4755 } else { 0o2755 };
            fs::set_permissions(&to, Permissions::from_mode(mode))?;
        }
    }
    Ok(())
}

/// Copies what everybody may read of a folder. What cannot be read, or goes while it is read, is left
/// out.
fn copy_folder(from: &Path, to: &Path, depth: u32) -> io::Result<()> {
    let Ok(entries) = fs::read_dir(from) else { return Ok(()) };
    for entry in entries.filter_map(Result::ok) {
        let (name, path) = (entry.file_name(), entry.path());
        let Ok(data) = entry.metadata() else { continue };
        if (depth == 0 && NOT_COPIED.iter().any(|not| name == *not)) || is_secret(&name) {
            continue;
        }
        let here = to.join(&name);
        let mode = data.permissions().mode();
        if data.is_symlink() {
            if fs::symlink_metadata(&here).is_err() {
                symlink(fs::read_link(&path)?, &here)?;
                lchown(&here, Some(0), Some(0))?;
            }
        } else if data.is_dir() && depth < MAX_DEPTH && mode & 0o005 == 0o005 {
            folder(&here, 0o755)?;
            copy_folder(&path, &here, depth + 1)?;
        } else if data.is_file() && data.size() <= MAX_FILE && mode & 0o004 != 0 {
            let Ok(bytes) = fs::read(&path) else { continue };
            file(&here, mode & 0o755, bytes)?;
        }
    }
    Ok(())
}

fn is_secret(name: &OsStr) -> bool {
    let name = name.to_string_lossy().to_lowercase();
    SECRET.iter().any(|part| name.contains(part))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_of_the_images_is_there() {
        let paths = ["base/marks.bash", "base/bashrc", "base/profile"];
        for path in paths.into_iter().chain(["systemd/masked", "systemd/journald.conf"]) {
            assert!(!ours(path).is_empty(), "{path}");
        }
    }

    #[test]
    fn secrets_are_told_by_their_names() {
        for name in ["tls.key", "my-secret.txt", "auth.conf.d", "API_TOKEN", "private"] {
            assert!(is_secret(OsStr::new(name)), "{name}");
        }
        for name in ["ca-certificates.crt", "keyboard", "nsswitch.conf", "pam.d"] {
            assert!(!is_secret(OsStr::new(name)), "{name}");
        }
    }

    #[test]
    fn a_key_changes_with_what_it_is_made_from() {
        let program = std::env::current_exe().unwrap();
        let one = key(Ids::One, &program).unwrap();
        assert_eq!(one, key(Ids::One, &program).unwrap());
        let apart = Ids::Apart { users: 1 << 20, groups: 1 << 20 };
        assert_ne!(one, key(apart, &program).unwrap());
    }
}
