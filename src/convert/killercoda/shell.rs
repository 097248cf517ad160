//! Which commands a script for a shell runs, as far as reading it tells: enough to know what it needs,
//! without running anything.

mod read;

use read::Reader;

/// Commands of one script that are looked at.
const MOST: usize = 20_000;

/// Scripts within scripts (`bash -c '…'`) that are looked into.
const MAX_DEPTH: usize = 3;

/// A command and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Command {
    /// Its name, without a path, and its arguments, without quotes.
    pub(super) words: Vec<String>,
    /// From 1.
    pub(super) line: u32,
}

impl Command {
    /// What is run.
    pub(super) fn name(&self) -> &str {
        self.words.first().map_or("", String::as_str)
    }

    /// What it is given.
    pub(super) fn arguments(&self) -> impl Iterator<Item = &str> {
        self.words.iter().skip(1).map(String::as_str)
    }
}

/// The commands of a script, in the order written.
pub(super) fn commands(script: &str) -> Vec<Command> {
    let mut found = Vec::new();
    look(script, 1, 0, &mut found);
    found
}

fn look(script: &str, line: u32, depth: usize, found: &mut Vec<Command>) {
    for (words, line) in Reader::of(script, line).read() {
        let Some(words) = without_prefixes(words) else { continue };
        if found.len() >= MOST {
            return;
        }
        if let Some(inner) = script_of(&words).filter(|_| depth < MAX_DEPTH) {
            look(&inner, line, depth + 1, found);
        }
        found.push(Command { words, line });
    }
}

/// What `bash -c`, `su -c`, `eval` and `ssh` run.
fn script_of(words: &[String]) -> Option<String> {
    let (name, rest) = words.split_first()?;
    match name.as_str() {
        "bash" | "sh" | "su" | "dash" | "zsh" => {
            let at = rest.iter().position(|word| word.starts_with('-') && word.ends_with('c'))?;
            rest.get(at + 1).cloned()
        }
        "eval" => Some(rest.join(" ")),
        "ssh" => {
            let mut words = rest.iter();
            while let Some(word) = words.next() {
                if !word.starts_with('-') {
                    // The machine; what follows is run there.
                    let script = words.map(String::as_str).collect::<Vec<_>>().join(" ");
                    return (!script.is_empty()).then_some(script);
                }
                if matches!(word.as_str(), "-i" | "-p" | "-l" | "-o" | "-F" | "-J" | "-L" | "-R") {
                    words.next();
                }
            }
            None
        }
        _ => None,
    }
}

/// The command itself, without what only says how it is run; `None` if nothing is run.
fn without_prefixes(words: Vec<String>) -> Option<Vec<String>> {
    const KEYWORDS: [&str; 18] = [
        "if", "then", "else", "elif", "fi", "do", "done", "while", "until", "!", "{", "}", "time",
        "exec", "nohup", "setsid", "builtin", "esac",
    ];
    let mut words = words.into_iter().peekable();
    loop {
        let word = words.next()?;
        match word.as_str() {
            word if KEYWORDS.contains(&word) => {}
            "sudo" | "env" | "timeout" | "nice" | "stdbuf" | "ionice" => {
                while words.peek().is_some_and(|next| is_option_or_value(next)) {
                    let option = words.next()?;
                    if matches!(option.as_str(), "-u" | "-g" | "-n" | "-k" | "-s")
                        && !(word == "sudo" && matches!(option.as_str(), "-n" | "-k" | "-s"))
                    {
                        words.next();
                    }
                }
            }
            // It asks whether there is such a command.
            "command" if words.peek().is_some_and(|next| next.starts_with('-')) => return None,
            "command" => {}
            word if is_assignment(word) => {}
            _ => {
                let name = word.rsplit('/').next().unwrap_or_default().to_owned();
                return (!name.is_empty()).then(|| std::iter::once(name).chain(words).collect());
            }
        }
    }
}

/// An option, an assignment or a time, between a command that runs another and that one.
fn is_option_or_value(word: &str) -> bool {
    word.starts_with('-') || is_assignment(word) || word.starts_with(|c: char| c.is_ascii_digit())
}

fn is_assignment(word: &str) -> bool {
    let name = |name: &str| {
        name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
            && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
    };
    word.split_once('=').is_some_and(|(left, _)| name(left.trim_end_matches('+')))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(script: &str) -> Vec<String> {
        commands(script).iter().map(|command| command.name().to_owned()).collect()
    }

    #[test]
    fn commands_are_found_wherever_a_shell_runs_them() {
        for (script, expected) in [
            ("a b; c && d | e || f &", "a c d e f"),
            ("if ! a -q x; then sudo -u bob /usr/bin/b; else c; fi", "a b c"),
            ("X=1 Y=$(a b) c", "a c"),
            ("echo \"$(a \"b\") text; no\" 'no; no'", "a echo"),
            ("echo `a` # b\n#c\nd", "a echo d"),
            ("for i in 1 2; do a $i; done", "for a"),
            ("a 2>/dev/null >b < c; d", "a d"),
            ("cat > x <<'EOF' && b\nno; no\nEOF\nc", "cat b c"),
            ("cat <<EOF | a\nno\n\tEOF\nb <<< c; d", "cat a b d"),
            ("bash -c 'a; b' && su - x -c \"c\"", "a b bash c su"),
            ("ssh -i k a@b; ssh -p 22 a 'b; c' | d; ssh a e f", "ssh b c ssh d e ssh"),
            ("timeout 5 a; env K=v b; command -v no; command c; nohup d &", "a b c d"),
            ("a \\\n  b\nc", "a c"),
            ("f() { a; }", "f a"),
        ] {
            assert_eq!(names(script).join(" "), expected, "{script}");
        }
    }

    #[test]
    fn words_have_no_quotes_and_lines_are_right() {
        let found = commands("\n\na 'b c' \"d\\\"e\" f\\ g\nh \"x\ny\"\ni\n");
        assert_eq!(found[0].words, ["a", "b c", "d\"e", "f g"]);
        let lines: Vec<_> = found.iter().map(|command| command.line).collect();
        assert_eq!(lines, [3, 4, 6]);
    }

    #[test]
    fn no_script_is_too_wild_to_be_read() {
        for script in ["\"", "'", "$(", "<<", "<<EOF", "\\", ")", "`", "a <<A <<B\nA\n", "bash -c"]
        {
            commands(script);
        }
        assert!(commands(&"$(".repeat(100_000)).is_empty());
        assert!(commands(&"a;".repeat(100_000)).len() <= MOST);
    }
}
