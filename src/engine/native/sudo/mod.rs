//! `sudo` and `visudo` in a sandbox, whose machine may have none: enough of them to learn with.
//!
//! This program's setuid copy in the base layer. It knows the rules that `/etc/sudoers` gives (users,
//! groups, aliases, run-as, NOPASSWD, commands with their arguments), and no passwords: a rule that
//! asks for one is a refusal, as with `sudo -n`.
//!
//! Invariants: until a rule allows it nothing is done with the rights of root but reading the rules;
//! rules that others than root may write are not followed; a program never sees the loader's variables.

use std::collections::BTreeMap;
use std::env;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::{self, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use rustix::process::{getgid, getuid};
use rustix::thread::{Gid, Uid, set_thread_groups, set_thread_res_gid, set_thread_res_uid};

use super::account::{Account, Accounts};

mod rules;

use rules::{Rules, Wish};

const SECURE_PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
const SUDOERS: &str = "/etc/sudoers";

/// What a program keeps of its caller's surroundings without `-E`.
const KEPT: [&str; 9] =
    ["TERM", "COLORTERM", "LANG", "LANGUAGE", "TZ", "DISPLAY", "LS_COLORS", "EDITOR", "VISUAL"];

const USAGE: &str = "usage: sudo [-EHniks] [-u user] [-g group] [VAR=value] [command [arg ...]]\n\
                     usage: sudo -l [-U user] [command [arg ...]]\n\
                     usage: sudo -v | -V | -k | -h\n";

/// What was asked for.
#[allow(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
#[derive(Debug, Default, PartialEq, Eq)]
struct Asked {
    user: Option<String>,
    group: Option<String>,
    other: Option<String>,
    list: bool,
    validate: bool,
    forget: bool,
    login: bool,
    shell: bool,
    keep: bool,
    folder: Option<String>,
    variables: Vec<(OsString, OsString)>,
    command: Vec<OsString>,
    help: bool,
    version: bool,
}

/// Runs as `sudo` with these arguments.
pub(super) fn run(words: &[OsString]) -> ExitCode {
    match parse(words).and_then(|asked| serve(&asked)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(sentence) => {
            say(&sentence);
            ExitCode::FAILURE
        }
    }
}

/// To the standard errors; that nobody reads them is no reason to fail differently.
fn say(sentence: &str) {
    let _ = writeln!(io::stderr(), "{sentence}");
}

fn print(text: &str) {
    let _ = writeln!(io::stdout(), "{text}");
}

fn parse(words: &[OsString]) -> Result<Asked, String> {
    let mut asked = Asked::default();
    let mut words = words.iter();
    let usage = || USAGE.trim_end().to_owned();
    while let Some(word) = words.next() {
        let text = word.to_str().unwrap_or_default();
        if text == "--" {
            break;
        }
        if let Some(long) = text.strip_prefix("--") {
            let (name, value) = match long.split_once('=') {
                Some((name, value)) => (name, Some(value.to_owned())),
                None => (long, None),
            };
            let mut value = || {
                let next = || words.next().map(|word| word.to_string_lossy().into_owned());
                value.clone().or_else(next).ok_or_else(usage)
            };
            match name {
                "user" => asked.user = Some(value()?),
                "group" => asked.group = Some(value()?),
                "other-user" => asked.other = Some(value()?),
                "chdir" => asked.folder = Some(value()?),
                "list" => asked.list = true,
                "validate" => asked.validate = true,
                "login" => asked.login = true,
                "shell" => asked.shell = true,
                "preserve-env" => asked.keep = true,
                "help" => asked.help = true,
                "version" => asked.version = true,
                "reset-timestamp" | "remove-timestamp" => asked.forget = true,
                "non-interactive" | "set-home" | "stdin" | "askpass" => {}
                _ => return Err(format!("sudo: unrecognized option '--{name}'\n{}", usage())),
            }
            continue;
        }
        let Some(flags) = text.strip_prefix('-').filter(|flags| !flags.is_empty()) else {
            // VAR=value comes before the command.
            if let Some((name, value)) = variable(word).filter(|_| asked.command.is_empty()) {
                asked.variables.push((name, value));
                continue;
            }
            asked.command.push(word.clone());
            break;
        };
        let mut flags = flags.chars();
        while let Some(flag) = flags.next() {
            let mut value = || {
                let rest: String = flags.by_ref().collect();
                if !rest.is_empty() {
                    return Ok(rest);
                }
                words.next().map(|word| word.to_string_lossy().into_owned()).ok_or_else(usage)
            };
            match flag {
                'u' => asked.user = Some(value()?),
                'g' => asked.group = Some(value()?),
                'U' => asked.other = Some(value()?),
                'D' => asked.folder = Some(value()?),
                'p' | 'C' | 'T' | 'r' | 't' => drop(value()?),
                'l' => asked.list = true,
                'v' => asked.validate = true,
                'i' => asked.login = true,
                's' => asked.shell = true,
                'E' => asked.keep = true,
                'k' | 'K' => asked.forget = true,
                'h' => asked.help = true,
                'V' => asked.version = true,
                'n' | 'H' | 'S' | 'A' | 'P' | 'B' | 'N' => {}
                _ => return Err(format!("sudo: invalid option -- '{flag}'\n{}", usage())),
            }
        }
    }
    asked.command.extend(words.cloned());
    let nothing = asked.command.is_empty()
        && !(asked.list || asked.validate || asked.forget || asked.login || asked.shell)
        && !(asked.help || asked.version);
    if nothing { Err(usage()) } else { Ok(asked) }
}

/// `NAME=value`, if it is one.
fn variable(word: &OsStr) -> Option<(OsString, OsString)> {
    let bytes = word.as_bytes();
    let at = bytes.iter().position(|byte| *byte == b'=')?;
    let (name, value) = (&bytes[..at], &bytes[at + 1..]);
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
    let named = !name.is_empty() && !name[0].is_ascii_digit() && name.iter().all(plain);
    named.then(|| (OsStr::from_bytes(name).to_owned(), OsStr::from_bytes(value).to_owned()))
}

fn serve(asked: &Asked) -> Result<(), String> {
    if asked.help {
        print(USAGE.trim_end());
        return Ok(());
    }
    if asked.version {
        print(&format!("Sudo of drydock {}", env!("CARGO_PKG_VERSION")));
        return Ok(());
    }
    let accounts = Accounts::read();
    let caller = accounts.by_uid(getuid().as_raw());
    if asked.forget && asked.command.is_empty() {
        return Ok(());
    }
    let (rules, faults) = Rules::read(Path::new(SUDOERS));
    for fault in faults {
        say(&fault);
    }
    let host = rustix::system::uname().nodename().to_string_lossy().into_owned();
    let know = |name: &str| accounts.find(name).ok_or_else(|| format!("sudo: unknown user {name}"));
    // `-u #1001` is a number.
    let wanted = asked.user.as_deref().unwrap_or("root");
    let target = know(wanted.strip_prefix('#').unwrap_or(wanted))?;
    let group = asked.group.as_ref().map(|name| {
        let number = accounts.group(name.strip_prefix('#').unwrap_or(name));
        number.map(|gid| (name.clone(), gid)).ok_or_else(|| format!("sudo: unknown group {name}"))
    });
    let group = group.transpose()?;
    let wish = Wish { accounts: &accounts, host: &host };
    if asked.list {
        return list(asked, &rules, &wish, &caller, &target);
    }
    if asked.validate {
        let known = caller.uid == 0 || rules.knows(&wish, &caller);
        return if known { Ok(()) } else { Err(not_there(&caller, &host)) };
    }
    let command = the_command(asked, &target);
    let program = find(&command[0])
        .ok_or_else(|| format!("sudo: {}: command not found", command[0].to_string_lossy()))?;
    // With a login shell it is the shell that is allowed or not.
    let arguments = &command[1..];
    allow(&rules, &wish, &caller, &target, group.as_ref(), &program, arguments)?;
    Err(become_target(asked, &caller, &target, group.map(|(_, gid)| gid), &program, &command))
}

fn not_there(caller: &Account, host: &str) -> String {
    format!("Sorry, user {} may not run sudo on {host}.", caller.name)
}

/// Whether a rule lets the caller; root needs none.
fn allow(
    rules: &Rules,
    wish: &Wish<'_>,
    caller: &Account,
    target: &Account,
    group: Option<&(String, u32)>,
    program: &Path,
    arguments: &[OsString],
) -> Result<(), String> {
    if caller.uid == 0 {
        return Ok(());
    }
    let group = group.map(|(name, _)| name.as_str());
    match rules.judge(wish, caller, target, group, program, arguments) {
        Some(rule) if rule.password => Err("sudo: a password is required".to_owned()),
        Some(_) => Ok(()),
        None if !rules.knows(wish, caller) => {
            Err(format!("{} is not in the sudoers file.", caller.name))
        }
        None => {
            let words = arguments.iter().map(|word| word.to_string_lossy());
            let command = std::iter::once(program.to_string_lossy()).chain(words);
            let command = command.collect::<Vec<_>>().join(" ");
            Err(format!(
                "Sorry, user {} is not allowed to execute '{command}' as {} on {}.",
                caller.name, target.name, wish.host
            ))
        }
    }
}

fn list(
    asked: &Asked,
    rules: &Rules,
    wish: &Wish<'_>,
    caller: &Account,
    target: &Account,
) -> Result<(), String> {
    let whose = match &asked.other {
        Some(name) => {
            wish.accounts.by_name(name).ok_or_else(|| format!("sudo: unknown user {name}"))?
        }
        None => caller.clone(),
    };
    let may_look = whose.uid == caller.uid || caller.uid == 0 || rules.is_all(wish, caller);
    if !may_look {
        return Err(format!(
            "Sorry, user {} is not allowed to execute 'list' as {} on {}.",
            caller.name, whose.name, wish.host
        ));
    }
    if let Some((program, arguments)) = asked.command.split_first() {
        let found = find(program)
            .ok_or_else(|| format!("sudo: {}: command not found", program.to_string_lossy()))?;
        let judged = rules.judge(wish, &whose, target, None, &found, arguments);
        if whose.uid != 0 && judged.is_none() {
            // Without a word, as sudo does.
            std::process::exit(1);
        }
        let words = arguments.iter().map(|word| word.to_string_lossy());
        let line = std::iter::once(found.to_string_lossy()).chain(words);
        print(&line.collect::<Vec<_>>().join(" "));
        return Ok(());
    }
    let lines = rules.list(wish, &whose);
    if lines.is_empty() {
        print(&format!("User {} is not allowed to run sudo on {}.", whose.name, wish.host));
        return Ok(());
    }
    print(&format!("User {} may run the following commands on {}:", whose.name, wish.host));
    for line in lines {
        print(&format!("    {line}"));
    }
    Ok(())
}

/// The words to be run: the command, or the shell that `-i` and `-s` ask for.
fn the_command(asked: &Asked, target: &Account) -> Vec<OsString> {
    if !asked.login && !asked.shell {
        return asked.command.clone();
    }
    let own = env::var_os("SHELL").filter(|shell| asked.shell && !shell.is_empty());
    let mut command = vec![own.unwrap_or_else(|| OsString::from(&target.shell))];
    if !asked.command.is_empty() {
        command.push("-c".into());
        command.push(quoted(&asked.command));
    }
    command
}

/// Words as one line for a shell.
fn quoted(words: &[OsString]) -> OsString {
    let mut line = Vec::new();
    for word in words {
        if !line.is_empty() {
            line.push(b' ');
        }
        for byte in word.as_bytes() {
            if !byte.is_ascii_alphanumeric() && !b"_-$".contains(byte) && byte.is_ascii() {
                line.push(b'\\');
            }
            line.push(*byte);
        }
    }
    OsStr::from_bytes(&line).to_owned()
}

/// A program, as the rules know it: by its path.
fn find(name: &OsStr) -> Option<PathBuf> {
    let runs = |path: &Path| {
        fs::metadata(path)
            .is_ok_and(|data| data.is_file() && data.permissions().mode() & 0o111 != 0)
    };
    if name.as_bytes().contains(&b'/') {
        let path = PathBuf::from(name);
        let path = if path.is_absolute() { path } else { env::current_dir().ok()?.join(path) };
        return path.is_file().then_some(path);
    }
    SECURE_PATH.split(':').map(|folder| Path::new(folder).join(name)).find(|path| runs(path))
}

/// Takes the target's account and becomes the program; comes back with why not.
fn become_target(
    asked: &Asked,
    caller: &Account,
    target: &Account,
    group: Option<u32>,
    program: &Path,
    command: &[OsString],
) -> String {
    let failed = |error: io::Error| format!("sudo: {}: {error}", program.display());
    let gid = Gid::from_raw(group.unwrap_or(target.gid));
    let uid = Uid::from_raw(target.uid);
    let take = || -> io::Result<()> {
        let groups: Vec<_> = target.groups.iter().map(|gid| Gid::from_raw(*gid)).collect();
        // Where there is one number, there are no groups to change.
        let single = caller.uid == 0 && target.uid == 0 && set_thread_groups(&groups).is_err();
        if !single {
            set_thread_groups(&groups)?;
        }
        set_thread_res_gid(gid, gid, gid)?;
        set_thread_res_uid(uid, uid, uid)?;
        Ok(())
    };
    if let Err(error) = take() {
        return match error.raw_os_error() {
            Some(libc::EINVAL) => format!(
                "sudo: this sandbox has one user number only: it cannot become {}",
                target.name
            ),
            _ => failed(error),
        };
    }
    let folder = asked.folder.clone().or_else(|| asked.login.then(|| target.home.clone()));
    if let Some(folder) = folder
        && let Err(error) = env::set_current_dir(&folder)
        && asked.folder.is_some()
    {
        return format!("sudo: unable to change directory to {folder}: {error}");
    }
    let mut run = Command::new(program);
    if asked.login {
        let name = program.file_name().unwrap_or(program.as_os_str());
        run.arg0([OsStr::new("-"), name].join(OsStr::new("")));
    } else {
        run.arg0(&command[0]);
    }
    run.args(&command[1..]).env_clear().envs(surroundings(asked, caller, target, program, command));
    failed(run.exec())
}

/// The variables a program is given.
fn surroundings(
    asked: &Asked,
    caller: &Account,
    target: &Account,
    program: &Path,
    command: &[OsString],
) -> BTreeMap<OsString, OsString> {
    let is_kept = |name: &str| KEPT.contains(&name) || name.starts_with("LC_");
    let is_loader = |name: &str| {
        name.starts_with("LD_")
            || name.starts_with("BASH_FUNC_")
            || name == "IFS"
            || name == "BASH_ENV"
            || name == "ENV"
            || name == "SHELLOPTS"
    };
    let mut variables: BTreeMap<OsString, OsString> = env::vars_os()
        .filter(|(name, _)| {
            let name = name.to_string_lossy();
            is_kept(&name) || (asked.keep && !is_loader(&name))
        })
        .collect();
    let line: Vec<_> = std::iter::once(program.as_os_str().to_owned())
        .chain(command[1..].iter().cloned())
        .collect();
    let set: [(&str, OsString); 10] = [
        ("PATH", SECURE_PATH.into()),
        ("HOME", (&target.home).into()),
        ("USER", (&target.name).into()),
        ("LOGNAME", (&target.name).into()),
        ("SHELL", (&target.shell).into()),
        ("MAIL", format!("/var/mail/{}", target.name).into()),
        ("SUDO_USER", (&caller.name).into()),
        ("SUDO_UID", caller.uid.to_string().into()),
        ("SUDO_GID", getgid().as_raw().to_string().into()),
        ("SUDO_COMMAND", line.join(OsStr::new(" "))),
    ];
    for (name, value) in set {
        let of_caller = asked.keep && (name == "HOME" || name == "SHELL");
        if !of_caller || !variables.contains_key(OsStr::new(name)) {
            variables.insert(name.into(), value);
        }
    }
    for (name, value) in &asked.variables {
        if !is_loader(&name.to_string_lossy()) {
            variables.insert(name.clone(), value.clone());
        }
    }
    variables
}

/// Runs as `visudo`: `-c` reads the rules and says what is wrong with them; without it, the editor
/// changes a copy that takes the place of the rules if nothing is.
pub(super) fn visudo(words: &[OsString]) -> ExitCode {
    // The copy of this program has the setuid bit; visudo has none.
    let (uid, gid) = (getuid(), getgid());
    if set_thread_res_gid(gid, gid, gid).and_then(|()| set_thread_res_uid(uid, uid, uid)).is_err() {
        return ExitCode::FAILURE;
    }
    let mut path = PathBuf::from(SUDOERS);
    let mut check = false;
    let mut words = words.iter();
    while let Some(word) = words.next() {
        match word.to_str().unwrap_or_default() {
            "-c" | "--check" => check = true,
            "-cf" => (check, path) = (true, words.next().map_or(path, PathBuf::from)),
            "-f" | "--file" => path = words.next().map_or(path, PathBuf::from),
            "-q" | "-s" | "-O" | "-P" | "-I" => {}
            other if other.starts_with('-') => {
                say("usage: visudo [-c] [-f sudoers]");
                return ExitCode::FAILURE;
            }
            other => path = PathBuf::from(other),
        }
    }
    if let Err(error) = fs::read(&path) {
        say(&format!("visudo: {}: {error}", path.display()));
        return ExitCode::FAILURE;
    }
    if !check {
        return edit(&path);
    }
    let (rules, faults) = Rules::read(&path);
    for fault in &faults {
        say(fault);
    }
    if !faults.is_empty() {
        return ExitCode::FAILURE;
    }
    for file in rules.files() {
        print(&format!("{}: parsed OK", file.display()));
    }
    ExitCode::SUCCESS
}

fn edit(path: &Path) -> ExitCode {
    let editor = env::var("VISUAL").or_else(|_| env::var("EDITOR"));
    let editor = editor.unwrap_or_else(|_| {
        let nano = Path::new("/usr/bin/nano").exists();
        if nano { "nano" } else { "vi" }.to_owned()
    });
    let copy = path.with_extension("tmp");
    let done = (|| -> io::Result<bool> {
        fs::copy(path, &copy)?;
        Command::new(editor).arg(&copy).status()?;
        let (_, faults) = Rules::read_alone(&copy);
        for fault in &faults {
            say(fault);
        }
        if faults.is_empty() {
            fs::set_permissions(&copy, fs::Permissions::from_mode(0o440))?;
            fs::rename(&copy, path)?;
        }
        Ok(faults.is_empty())
    })();
    let _ = fs::remove_file(&copy);
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => {
            say(&format!("visudo: {} is left as it was", path.display()));
            ExitCode::FAILURE
        }
        Err(error) => {
            say(&format!("visudo: {}: {error}", path.display()));
            ExitCode::FAILURE
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(line: &str) -> Result<Asked, String> {
        parse(&line.split_whitespace().map(OsString::from).collect::<Vec<_>>())
    }

    #[test]
    fn options_end_where_the_command_begins() {
        let all = asked("-nE -u ada -gcrew X=1 ls -l --user=x Y=2").unwrap();
        assert_eq!((all.user.as_deref(), all.group.as_deref()), (Some("ada"), Some("crew")));
        assert_eq!(all.variables, [("X".into(), "1".into())]);
        assert_eq!(all.command, ["ls", "-l", "--user=x", "Y=2"]);
        assert!(all.keep);
        let list = asked("-n -l -U ada /usr/bin/id").unwrap();
        assert!(list.list && list.other.as_deref() == Some("ada"));
        assert_eq!(asked("--user=ben -- -x").unwrap().command, ["-x"]);
        assert!(asked("-i").unwrap().login && asked("-").is_ok());
        for wrong in ["", "-u", "-Z ls", "--nonsense ls"] {
            assert!(asked(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn a_line_for_a_shell_is_the_same_words() {
        let words = ["echo", "a b", "it's", "é"].map(OsString::from);
        assert_eq!(quoted(&words), OsStr::new("echo a\\ b it\\'s é"));
    }

    #[test]
    fn what_steers_the_loader_is_not_passed_on() {
        assert!(variable(OsStr::new("A_1=x=y")).is_some());
        assert!(variable(OsStr::new("1A=x")).is_none());
        let accounts = Accounts::of("ada:x:1:1::/a:/bin/sh", "");
        let ada = accounts.find("ada").unwrap();
        let asked = asked("LD_PRELOAD=/x GOOD=1 id").unwrap();
        let command = ["id".into()];
        let given = surroundings(&asked, &ada, &ada, Path::new("/usr/bin/id"), &command);
        assert!(!given.contains_key(OsStr::new("LD_PRELOAD")));
        assert_eq!(given[OsStr::new("GOOD")], "1");
        assert_eq!(given[OsStr::new("SUDO_COMMAND")], "/usr/bin/id");
    }
}
