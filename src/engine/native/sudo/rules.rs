//! The rules of `/etc/sudoers`: who may run what as whom.
//!
//! ```text
//! ada, %crew  box = (root : crew) NOPASSWD: /usr/sbin/a, /usr/sbin/b "", !/usr/sbin/c
//! ```
//!
//! Of all that fit, the last one decides. A file or a line that is not understood is told and not
//! followed.

use std::collections::HashMap;
use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::super::account::{Account, Accounts};

/// How deep files may include each other.
const MAX_DEPTH: u32 = 16;
/// The longest file of rules.
const MAX_FILE: u64 = 1 << 20;

/// What a question is asked with.
pub(super) struct Wish<'a> {
    pub(super) accounts: &'a Accounts,
    pub(super) host: &'a str,
}

/// All rules of a machine.
#[derive(Debug, Default)]
pub(super) struct Rules {
    all: Vec<Rule>,
    /// Aliases of every kind, by name: they are all upper case and mean what their place says.
    aliases: HashMap<String, Vec<String>>,
    files: Vec<PathBuf>,
}

/// One command of one rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Rule {
    users: Vec<String>,
    hosts: Vec<String>,
    as_users: Vec<String>,
    as_groups: Vec<String>,
    /// Whether a password would be asked for.
    pub(super) password: bool,
    command: String,
}

impl Rules {
    /// Reads a file and all that it includes, and what is wrong with them.
    pub(super) fn read(path: &Path) -> (Self, Vec<String>) {
        let (mut rules, mut faults) = (Self::default(), Vec::new());
        rules.file(path, true, 0, &mut faults);
        (rules, faults)
    }

    /// The same of a file that lies elsewhere while it is changed: whose it is does not matter.
    pub(super) fn read_alone(path: &Path) -> (Self, Vec<String>) {
        let (mut rules, mut faults) = (Self::default(), Vec::new());
        match fs::read_to_string(path) {
            Ok(text) => rules.text(&text, path, 0, &mut faults),
            Err(error) => faults.push(format!("visudo: {}: {error}", path.display())),
        }
        (rules, faults)
    }

    /// The files that were read.
    pub(super) fn files(&self) -> &[PathBuf] {
        &self.files
    }

    fn file(&mut self, path: &Path, must_be: bool, depth: u32, faults: &mut Vec<String>) {
        let fault = |text: String| format!("sudo: {}: {text}", path.display());
        let read = fs::metadata(path).and_then(|data| Ok((data, fs::read_to_string(path)?)));
        let (data, text) = match read {
            Ok(read) => read,
            Err(error) => {
                if must_be {
                    faults.push(fault(error.to_string()));
                }
                return;
            }
        };
        if data.uid() != 0 {
            faults.push(fault(format!("is owned by uid {}, should be 0", data.uid())));
        } else if data.mode() & 0o002 != 0 || (data.mode() & 0o020 != 0 && data.gid() != 0) {
            faults.push(fault("is world writable".to_owned()));
        } else if data.len() > MAX_FILE || depth > MAX_DEPTH {
            faults.push(fault("is too large, or includes itself".to_owned()));
        } else {
            self.files.push(path.to_owned());
            self.text(&text, path, depth, faults);
        }
    }

    fn text(&mut self, text: &str, path: &Path, depth: u32, faults: &mut Vec<String>) {
        let joined = text.replace("\\\n", " ");
        for (number, line) in joined.lines().enumerate() {
            let line = line.trim();
            let include = line.strip_prefix('@').or_else(|| line.strip_prefix('#'));
            let include = include.and_then(|rest| rest.split_once(char::is_whitespace));
            match include {
                Some(("includedir", folder)) => {
                    self.folder(&beside(path, folder), depth, faults);
                    continue;
                }
                Some(("include", file)) => {
                    self.file(&beside(path, file), true, depth + 1, faults);
                    continue;
                }
                _ => {}
            }
            let line = without_comment(line);
            if line.is_empty() || line.starts_with("Defaults") {
                continue;
            }
            if self.line(line).is_none() {
                faults.push(format!("{}:{}: syntax error: {line}", path.display(), number + 1));
            }
        }
    }

    /// Every file of a folder, in the order of their names, but for those that editors leave.
    fn folder(&mut self, folder: &Path, depth: u32, faults: &mut Vec<String>) {
        let entries = fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok);
        let mut names: Vec<_> =
            entries.filter_map(|entry| entry.file_name().into_string().ok()).collect();
        names.sort_unstable();
        for name in names.iter().filter(|name| !name.contains('.') && !name.ends_with('~')) {
            self.file(&folder.join(name), false, depth + 1, faults);
        }
    }

    /// One line; `None` if it is none that is understood.
    fn line(&mut self, line: &str) -> Option<()> {
        let (first, rest) = line.split_once(char::is_whitespace)?;
        if matches!(first, "User_Alias" | "Runas_Alias" | "Host_Alias" | "Cmnd_Alias" | "Cmd_Alias")
        {
            for part in split(rest, ':') {
                let (name, members) = part.split_once('=')?;
                let name = name.trim();
                let upper = name.starts_with(|c: char| c.is_ascii_uppercase());
                let plain = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
                if !upper || !name.chars().all(plain) {
                    return None;
                }
                let members = split(members, ',');
                if members.iter().any(String::is_empty) {
                    return None;
                }
                self.aliases.insert(name.to_owned(), members);
            }
            return Some(());
        }
        let (left, mut right) = line.split_once('=')?;
        // Users, and behind the last space that no comma precedes, hosts.
        let left = left.trim().replace(", ", ",").replace(" ,", ",");
        let (users, hosts) = left.rsplit_once(char::is_whitespace)?;
        let (users, hosts) = (split(users.trim(), ','), split(hosts.trim(), ','));
        if users
            .iter()
            .chain(&hosts)
            .any(|name| name.is_empty() || name.contains(char::is_whitespace))
        {
            return None;
        }
        let mut as_users = vec!["root".to_owned()];
        let mut as_groups = Vec::new();
        let mut password = true;
        right = right.trim();
        let mut rules = Vec::new();
        for part in split(right, ',') {
            let mut part = part.as_str();
            if let Some(inside) = part.strip_prefix('(') {
                let (whom, rest) = inside.split_once(')')?;
                let (of_users, of_groups) = whom.split_once(':').unwrap_or((whom, ""));
                as_users = split(of_users.trim(), ',');
                as_groups = split(of_groups.trim(), ',');
                as_users.retain(|name| !name.is_empty());
                as_groups.retain(|name| !name.is_empty());
                part = rest.trim();
            }
            while let Some((tag, rest)) = part.split_once(':').filter(|(tag, _)| is_tag(tag)) {
                match tag.trim() {
                    "NOPASSWD" => password = false,
                    "PASSWD" => password = true,
                    _ => {}
                }
                part = rest.trim();
            }
            let command = part.trim_start_matches('!').trim();
            let alias = self.aliases.contains_key(command);
            let known = command == "ALL"
                || command == "sudoedit"
                || command.starts_with('/')
                || command == "list"
                || alias;
            if !known {
                return None;
            }
            rules.push(Rule {
                users: users.clone(),
                hosts: hosts.clone(),
                as_users: as_users.clone(),
                as_groups: as_groups.clone(),
                password,
                command: part.to_owned(),
            });
        }
        if rules.is_empty() {
            return None;
        }
        self.all.extend(rules);
        Some(())
    }

    /// The rule that lets `caller` run this as `target`.
    pub(super) fn judge(
        &self,
        wish: &Wish<'_>,
        caller: &Account,
        target: &Account,
        group: Option<&str>,
        program: &Path,
        arguments: &[OsString],
    ) -> Option<&Rule> {
        let mut decided = None;
        for rule in self.all.iter().filter(|rule| self.is_for(rule, wish, caller)) {
            let as_user = self.lists(&rule.as_users, &|name| is_user(name, target, wish.accounts));
            // Without users, a rule is about groups, for the caller's own account.
            let as_user = as_user || (rule.as_users.is_empty() && target.uid == caller.uid);
            let as_group = group.is_none_or(|group| {
                self.lists(&rule.as_groups, &|name| {
                    name == group
                        || wish
                            .accounts
                            .group(name)
                            .is_some_and(|gid| wish.accounts.group(group) == Some(gid))
                })
            });
            if !(as_user && as_group) {
                continue;
            }
            if let Some(allowed) = self.matches(&rule.command, program, arguments, 0) {
                decided = allowed.then_some(rule);
            }
        }
        decided
    }

    /// Whether any rule is about this account.
    pub(super) fn knows(&self, wish: &Wish<'_>, caller: &Account) -> bool {
        self.all.iter().any(|rule| self.is_for(rule, wish, caller))
    }

    /// Whether this account may run everything as root.
    pub(super) fn is_all(&self, wish: &Wish<'_>, caller: &Account) -> bool {
        self.all.iter().any(|rule| rule.command == "ALL" && self.is_for(rule, wish, caller))
    }

    /// What an account may run, a line for each rule.
    pub(super) fn list(&self, wish: &Wish<'_>, caller: &Account) -> Vec<String> {
        let rules = self.all.iter().filter(|rule| self.is_for(rule, wish, caller));
        let line = |rule: &Rule| {
            let users = rule.as_users.join(", ");
            let whom = if rule.as_groups.is_empty() {
                users
            } else {
                format!("{users} : {}", rule.as_groups.join(", "))
            };
            let tag = if rule.password { "" } else { "NOPASSWD: " };
            format!("({whom}) {tag}{}", rule.command)
        };
        rules.map(line).collect()
    }

    fn is_for(&self, rule: &Rule, wish: &Wish<'_>, caller: &Account) -> bool {
        self.lists(&rule.users, &|name| is_user(name, caller, wish.accounts))
            && self.lists(&rule.hosts, &|name| name == wish.host || name == "localhost")
    }

    /// Whether a list has a name, the last word counting: `ALL, !ada` has everybody but her.
    fn lists(&self, list: &[String], is: &dyn Fn(&str) -> bool) -> bool {
        self.lists_at(list, is, 0).unwrap_or(false)
    }

    fn lists_at(&self, list: &[String], is: &dyn Fn(&str) -> bool, depth: u32) -> Option<bool> {
        if depth > MAX_DEPTH {
            return None;
        }
        let mut decided = None;
        for word in list {
            let name = word.trim_start_matches('!').trim();
            let not = (word.len() - word.trim_start_matches('!').len()) % 2 == 1;
            let found = if name == "ALL" {
                Some(true)
            } else if let Some(members) = self.aliases.get(name) {
                self.lists_at(members, is, depth + 1)
            } else {
                is(name).then_some(true)
            };
            if let Some(found) = found {
                decided = Some(found != not);
            }
        }
        decided
    }

    /// Whether a command is this one, and then whether it is allowed or forbidden.
    fn matches(
        &self,
        command: &str,
        program: &Path,
        arguments: &[OsString],
        depth: u32,
    ) -> Option<bool> {
        let name = command.trim_start_matches('!').trim();
        let allowed = (command.len() - command.trim_start_matches('!').len()).is_multiple_of(2);
        if name == "ALL" {
            return Some(allowed);
        }
        if let Some(members) = self.aliases.get(name).filter(|_| depth <= MAX_DEPTH) {
            let mut last_first = members.iter().rev();
            let found = last_first.find_map(|one| self.matches(one, program, arguments, depth + 1));
            return found.map(|found| found == allowed);
        }
        let (path, pattern) = match name.split_once(char::is_whitespace) {
            Some((path, pattern)) => (path, Some(pattern.trim())),
            None => (name, None),
        };
        let given: Vec<_> = arguments.iter().map(|word| word.to_string_lossy()).collect();
        let fits = match pattern {
            None => true,
            Some("\"\"") => given.is_empty(),
            Some(pattern) => fits(pattern, &given.join(" "), false),
        };
        (fits && is_program(path, program)).then_some(allowed)
    }
}

/// Whether a rule's path is this program: by name, by pattern, or as the same file.
fn is_program(path: &str, program: &Path) -> bool {
    let text = program.to_string_lossy();
    if let Some(folder) = path.strip_suffix('/') {
        return program.parent() == Some(Path::new(folder));
    }
    if path.contains(['*', '?', '[']) {
        return fits(path, &text, true);
    }
    let same = |a: &fs::Metadata, b: &fs::Metadata| a.dev() == b.dev() && a.ino() == b.ino();
    let named = Path::new(path).file_name() == program.file_name();
    let is_same = || {
        let (one, other) = (fs::metadata(path).ok()?, fs::metadata(program).ok()?);
        Some(same(&one, &other))
    };
    text == path || (named && is_same() == Some(true))
}

/// Whether a shell's pattern covers a text; `path`: no star covers a slash.
fn fits(pattern: &str, text: &str, path: bool) -> bool {
    let (pattern, text): (Vec<char>, Vec<char>) =
        (pattern.chars().collect(), text.chars().collect());
    covers(&pattern, &text, path)
}

fn covers(pattern: &[char], text: &[char], path: bool) -> bool {
    match (pattern, text) {
        ([], []) => true,
        (['*', rest @ ..], _) => {
            let end = text.iter().position(|c| path && *c == '/').unwrap_or(text.len());
            (0..=end).any(|taken| covers(rest, &text[taken..], path))
        }
        (['?', rest @ ..], [c, more @ ..]) if !(path && *c == '/') => covers(rest, more, path),
        (['[', rest @ ..], [c, more @ ..]) => {
            let Some(end) = rest.iter().position(|c| *c == ']') else { return false };
            let (not, set) = match &rest[..end] {
                ['!' | '^', set @ ..] => (true, set),
                set => (false, set),
            };
            let mut found = false;
            let mut at = 0;
            while at < set.len() {
                if at + 2 < set.len() && set[at + 1] == '-' {
                    found |= (set[at]..=set[at + 2]).contains(c);
                    at += 3;
                } else {
                    found |= set[at] == *c;
                    at += 1;
                }
            }
            found != not && covers(&rest[end + 1..], more, path)
        }
        (['\\', plain, rest @ ..] | [plain, rest @ ..], [c, more @ ..]) => {
            plain == c && covers(rest, more, path)
        }
        _ => false,
    }
}

/// Whether a name of a list is this account: `ada`, `#1001`, `%crew`, `%#50`.
fn is_user(name: &str, account: &Account, accounts: &Accounts) -> bool {
    if let Some(group) = name.strip_prefix('%') {
        let gid = group.strip_prefix('#').map_or_else(|| accounts.group(group), |n| n.parse().ok());
        return gid.is_some_and(|gid| account.groups.contains(&gid));
    }
    match name.strip_prefix('#') {
        Some(number) => number.parse() == Ok(account.uid),
        None => name == account.name,
    }
}

fn is_tag(word: &str) -> bool {
    let word = word.trim();
    !word.is_empty() && word.chars().all(|c| c.is_ascii_uppercase() || c == '_')
}

/// The parts between separators that no backslash and no parenthesis guards.
fn split(text: &str, separator: char) -> Vec<String> {
    let (mut parts, mut part, mut inside, mut escaped) = (Vec::new(), String::new(), 0, false);
    for c in text.chars() {
        match c {
            _ if escaped => {
                escaped = false;
                part.push(c);
            }
            '\\' => escaped = true,
            '(' => {
                inside += 1;
                part.push(c);
            }
            ')' => {
                inside -= 1;
                part.push(c);
            }
            c if c == separator && inside <= 0 => parts.push(std::mem::take(&mut part)),
            c => part.push(c),
        }
    }
    parts.push(part);
    parts.into_iter().map(|part| part.trim().to_owned()).collect()
}

/// A line up to its comment; `#1001` is a number.
fn without_comment(line: &str) -> &str {
    let mut before = ' ';
    for (at, c) in line.char_indices() {
        let number = line[at + c.len_utf8()..].starts_with(|next: char| next.is_ascii_digit());
        if c == '#' && before != '\\' && !number {
            return line[..at].trim();
        }
        before = c;
    }
    line.trim()
}

/// A path in a file of rules; one that is not absolute lies beside that file.
fn beside(file: &Path, named: &str) -> PathBuf {
    let named = named.trim().trim_matches('"');
    file.parent().unwrap_or(Path::new("/")).join(named)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accounts() -> Accounts {
        Accounts::of(
            "root:x:0:0::/root:/bin/sh\nada:x:1001:1001::/a:/bin/sh\nben:x:1002:1002::/b:/bin/sh\n",
            "crew:x:50:ben\n",
        )
    }

    fn rules(text: &str) -> (Rules, Vec<String>) {
        let mut rules = Rules::default();
        let mut faults = Vec::new();
        rules.text(text, Path::new("/nonexistent/sudoers"), 0, &mut faults);
        (rules, faults)
    }

    /// Whether a command line is allowed, and with a password.
    fn may(text: &str, who: &str, whom: &str, line: &str) -> Option<bool> {
        let (rules, faults) = rules(text);
        assert_eq!(faults, Vec::<String>::new(), "{text}");
        let accounts = accounts();
        let wish = Wish { accounts: &accounts, host: "box" };
        let (who, whom) = (accounts.find(who).unwrap(), accounts.find(whom).unwrap());
        let mut words = line.split_whitespace();
        let program = Path::new(words.next().unwrap());
        let arguments: Vec<OsString> = words.map(OsString::from).collect();
        rules.judge(&wish, &who, &whom, None, program, &arguments).map(|rule| rule.password)
    }

    #[test]
    fn one_user_may_run_one_program() {
        let rule = "ada ALL=(root) NOPASSWD: /usr/local/sbin/pier-light # for the pier";
        let light = "/usr/local/sbin/pier-light";
        assert_eq!(may(rule, "ada", "root", light), Some(false));
        assert_eq!(may(rule, "ada", "root", "/usr/local/sbin/pier-light on"), Some(false));
        assert_eq!(may(rule, "ada", "root", "/usr/bin/id"), None);
        assert_eq!(may(rule, "ada", "ben", light), None);
        assert_eq!(may(rule, "ben", "root", light), None);
    }

    #[test]
    fn the_last_rule_that_fits_decides() {
        let text = "ada ALL = NOPASSWD: ALL, !/usr/bin/su\n";
        assert_eq!(may(text, "ada", "root", "/usr/bin/id"), Some(false));
        assert_eq!(may(text, "ada", "root", "/usr/bin/su"), None);
        let text = "ada ALL = NOPASSWD: ALL\nada ALL = PASSWD: /usr/bin/id\n";
        assert_eq!(may(text, "ada", "root", "/usr/bin/id"), Some(true));
        assert_eq!(may("ada ALL=(ALL) ALL", "ada", "ben", "/bin/x"), Some(true));
    }

    #[test]
    fn groups_aliases_hosts_and_arguments_count() {
        let text =
            "Cmnd_Alias LIGHTS = /bin/on, /bin/off now\n%crew box = (root) NOPASSWD: LIGHTS\n";
        assert_eq!(may(text, "ben", "root", "/bin/on"), Some(false));
        assert_eq!(may(text, "ben", "root", "/bin/off"), None);
        assert_eq!(may(text, "ben", "root", "/bin/off now"), Some(false));
        assert_eq!(may(text, "ada", "root", "/bin/on"), None);
        assert_eq!(may("ada other = NOPASSWD: ALL", "ada", "root", "/bin/x"), None);
        assert_eq!(may("#1001 ALL = NOPASSWD: /bin/x \"\"", "ada", "root", "/bin/x"), Some(false));
        assert_eq!(may("#1001 ALL = NOPASSWD: /bin/x \"\"", "ada", "root", "/bin/x 1"), None);
        assert_eq!(may("ALL, !ada ALL = /bin/x", "ada", "root", "/bin/x"), None);
        assert_eq!(may("ada ALL = NOPASSWD: /opt/*/run", "ada", "root", "/opt/a/run"), Some(false));
        assert_eq!(may("ada ALL = NOPASSWD: /opt/*/run", "ada", "root", "/opt/a/b/run"), None);
    }

    #[test]
    fn what_is_not_understood_is_told_and_not_followed() {
        for wrong in [
            "ada",
            "ada ALL",
            "ada ALL=",
            "ada ALL=(root /bin/x",
            "ada ALL=(root) reboot",
            "User_Alias lower = ada",
            "ALL=(ALL) ALL",
        ] {
            let (rules, faults) = rules(wrong);
            assert_eq!(faults.len(), 1, "{wrong}");
            assert!(rules.all.is_empty(), "{wrong}");
        }
        let (rules, faults) = rules("# nothing\n\nDefaults env_reset\nada ALL = \\\n  /bin/x\n");
        assert_eq!((rules.all.len(), faults.len()), (1, 0));
    }
}
