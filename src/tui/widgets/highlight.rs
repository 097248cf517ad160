//! What the parts of a piece of code are: keywords, strings, comments.
//!
//! Colours are not chosen here: a drawer gives each [`Token`] its theme's. Finding the tokens takes
//! milliseconds a line at worst, so it belongs on a worker; the syntax definitions are loaded the
//! first time they are needed. Code comes with lessons, which anybody may write: whatever it is,
//! the answer covers it, and its cost is bounded.

mod incremental;
mod lines;
mod styles;

pub use incremental::Highlighter;
pub use styles::TokenStyles;

use std::ops::Range;
use std::sync::LazyLock;

use syntect::parsing::{ParseState, Scope, ScopeStack, SyntaxReference, SyntaxSet};

/// Lines and columns beyond these stay plain: lessons show excerpts, and regular expressions on
/// long lines take their time.
const MAX_LINES: usize = 500;
const MAX_COLUMNS: usize = 1000;

/// What a part of a line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Token {
    /// Nothing in particular.
    Plain,
    /// A word of the language.
    Keyword,
    /// A command or a function, where it is called or named.
    Function,
    /// A command's option or a function's parameter.
    Parameter,
    /// A name that stands for a value.
    Variable,
    /// The name of a setting, a section or a tag.
    Key,
    /// Quoted text.
    Text,
    /// A number or another constant.
    Number,
    /// For people.
    Comment,
    /// What a command printed, beside what was typed.
    Output,
}

/// A line's parts, in order and without gaps; ranges count bytes.
pub type Tokens = Vec<(Token, Range<usize>)>;

/// The parts of each line of `code`; `None` for a language that is not known. `language` is the
/// first word after the fence of a code block: a name or a file's ending.
pub fn highlight(code: &str, language: &str) -> Option<Vec<Tokens>> {
    match language {
        "ini" | "conf" | "cfg" | "systemd" | "service" | "desktop" | "properties" | "toml" => {
            Some(code.lines().map(lines::setting).collect())
        }
        "dockerfile" | "Dockerfile" | "containerfile" => {
            Some(code.lines().map(lines::instruction).collect())
        }
        "console" | "shell-session" | "terminal" => Some(session(code)),
        _ => Some(parse(code, syntax(language)?)),
    }
}

static SYNTAXES: LazyLock<SyntaxSet> = LazyLock::new(SyntaxSet::load_defaults_newlines);

fn syntax(language: &str) -> Option<&'static SyntaxReference> {
    let known = match language {
        "" | "text" | "txt" | "plain" | "output" => return None,
        "shell" | "console" => "sh",
        "docker-compose" | "compose" => "yaml",
        "jsonc" => "json",
        other => other,
    };
    SYNTAXES.find_syntax_by_token(known)
}

/// A terminal session: what follows a prompt is a command, the rest is what it printed.
fn session(code: &str) -> Vec<Tokens> {
    let commands = |line| match lines::prompt(line) {
        0 => vec![(Token::Output, 0..line.len())],
        prompt => {
            let command = &line[prompt..];
            let tokens = syntax("sh").map(|syntax| parse(command, syntax)).unwrap_or_default();
            let tokens = tokens.into_iter().next().unwrap_or_default();
            let moved = |(token, range): (Token, Range<usize>)| {
                (token, range.start + prompt..range.end + prompt)
            };
            std::iter::once((Token::Comment, 0..prompt))
                .chain(tokens.into_iter().map(moved))
                .collect()
        }
    };
    code.lines().map(commands).collect()
}

fn parse(code: &str, syntax: &SyntaxReference) -> Vec<Tokens> {
    let mut state = Some((ParseState::new(syntax), ScopeStack::new()));
    let mut lines = Vec::new();
    for line in code.lines() {
        let plain = vec![(Token::Plain, 0..line.len())];
        if lines.len() >= MAX_LINES || line.len() > MAX_COLUMNS {
            state = None; // what comes after it cannot be known
        }
        let tokens = state.as_mut().and_then(|(parser, stack)| parse_line(line, parser, stack));
        lines.push(tokens.unwrap_or(plain));
    }
    lines
}

/// `None` where the definition fails on the line, as the regular expressions of some do.
fn parse_line(line: &str, parser: &mut ParseState, stack: &mut ScopeStack) -> Option<Tokens> {
    let changes = parser.parse_line(&format!("{line}\n"), &SYNTAXES).ok()?;
    let (mut tokens, mut from) = (Tokens::new(), 0);
    for (at, change) in changes {
        add(&mut tokens, token(stack), from..at.min(line.len()));
        from = at.min(line.len()).max(from);
        stack.apply(&change).ok()?;
    }
    add(&mut tokens, token(stack), from..line.len());
    Some(tokens)
}

fn add(tokens: &mut Tokens, token: Token, range: Range<usize>) {
    match tokens.last_mut() {
        _ if range.is_empty() => {}
        Some((last, before)) if *last == token => before.end = range.end,
        _ => tokens.push((token, range)),
    }
}

/// What the innermost scope that says something says.
fn token(stack: &ScopeStack) -> Token {
    static MEANINGS: LazyLock<Vec<(Scope, Token)>> = LazyLock::new(|| {
        // The first that fits counts, so the particular stand before the general.
        let meanings = [
            ("comment", Token::Comment),
            ("constant.character.escape", Token::Number),
            ("string", Token::Text),
            ("constant", Token::Number),
            ("keyword.operator", Token::Plain),
            ("keyword", Token::Keyword),
            ("storage", Token::Keyword),
            ("support.function", Token::Function),
            ("variable.function", Token::Function),
            ("entity.name.function", Token::Function),
            ("variable.parameter", Token::Parameter),
            ("variable", Token::Variable),
            ("punctuation.definition.variable", Token::Variable),
            ("entity", Token::Key),
            ("support", Token::Key),
            ("markup.heading", Token::Keyword),
            ("markup.bold", Token::Keyword),
            ("markup.raw", Token::Text),
            ("markup.quote", Token::Comment),
            ("markup.underline.link", Token::Function),
        ];
        let scope = |(name, token)| Some((Scope::new(name).ok()?, token));
        meanings.into_iter().filter_map(scope).collect()
    });
    let means = |scope: &Scope| {
        MEANINGS.iter().find(|(prefix, _)| prefix.is_prefix_of(*scope)).map(|(_, token)| *token)
    };
    stack.as_slice().iter().rev().find_map(means).unwrap_or(Token::Plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each line's parts as text, the plain ones left out.
    fn parts<'a>(code: &'a str, language: &str) -> Vec<Vec<(Token, &'a str)>> {
        let lines = highlight(code, language).unwrap();
        assert_eq!(lines.len(), code.lines().count());
        let part = |line: &'a str, tokens: &Tokens| -> Vec<(Token, &'a str)> {
            let covered: String = tokens.iter().map(|(_, range)| &line[range.clone()]).collect();
            assert_eq!(covered, line, "without gaps");
            let said = tokens.iter().filter(|(token, _)| *token != Token::Plain);
            said.map(|(token, range)| (*token, line[range.clone()].trim())).collect()
        };
        code.lines().zip(&lines).map(|(line, tokens)| part(line, tokens)).collect()
    }

    #[test]
    fn shell() {
        let lines = parts("# why\nfor f in *; do\n  grep -r \"a b\" $HOME/日本\ndone", "sh");
        assert_eq!(lines[0], [(Token::Comment, "# why")]);
        assert!(lines[1].contains(&(Token::Keyword, "for")), "{lines:?}");
        assert!(lines[2].contains(&(Token::Function, "grep")), "{lines:?}");
        assert!(lines[2].contains(&(Token::Parameter, "-r")), "{lines:?}");
        assert!(lines[2].contains(&(Token::Text, "\"a b\"")), "{lines:?}");
        assert!(lines[2].contains(&(Token::Variable, "$HOME")), "{lines:?}");
    }

    #[test]
    fn a_here_document_goes_over_lines() {
        let lines = parts("cat <<'EOF'\nif then\nEOF\nif true; then :; fi", "sh");
        assert_eq!(lines[1], [(Token::Text, "if then")]);
        assert!(lines[3].contains(&(Token::Keyword, "if")), "{lines:?}");
    }

    #[test]
    fn units_and_settings() {
        let lines = parts("; why\n[Unit]\nDescription=A clock", "ini");
        assert_eq!(lines[0], [(Token::Comment, "; why")]);
        assert_eq!(lines[1], [(Token::Keyword, "[Unit]")]);
        assert_eq!(lines[2], [(Token::Key, "Description")]);
    }

    #[test]
    fn sessions() {
        let lines = parts("$ ls -l\ntotal 0\nroot@sandbox:~# id", "console");
        assert_eq!(lines[0][..2], [(Token::Comment, "$"), (Token::Function, "ls")]);
        assert_eq!(lines[1], [(Token::Output, "total 0")]);
        assert_eq!(lines[2], [(Token::Comment, "root@sandbox:~#"), (Token::Function, "id")]);
    }

    #[test]
    fn other_languages() {
        assert!(parts("key: \"value\" # why", "yaml")[0].contains(&(Token::Comment, "# why")));
        assert!(parts("def f(): return 1", "python")[0].contains(&(Token::Keyword, "def")));
        assert!(parts("{\"a\": 1}", "json")[0].contains(&(Token::Number, "1")));
        assert_eq!(parts("FROM debian", "dockerfile")[0], [(Token::Keyword, "FROM")]);
        assert_eq!(highlight("x", "no-such-language"), None);
        assert_eq!(highlight("x", "text"), None);
    }

    #[test]
    fn much_code_and_long_lines_stay_plain() {
        let long = format!("if true\n{}\nif true", "x".repeat(MAX_COLUMNS + 1));
        let lines = parts(&long, "sh");
        assert!(!lines[0].is_empty() && lines[1].is_empty() && lines[2].is_empty());
        let many = "if true\n".repeat(MAX_LINES + 1);
        assert!(parts(&many, "sh")[MAX_LINES].is_empty());
    }

    proptest::proptest! {
        #![proptest_config(proptest::test_runner::Config {
            cases: 30,
            failure_persistence: None,
            ..Default::default()
        })]
        #[test]
        fn any_text_is_covered(code in "([ -~]|[日é\"'$`{}()#\\\\]|\n){0,120}") {
            for language in ["sh", "yaml", "ini", "console", "python", "dockerfile"] {
                parts(&code, language);
            }
        }
    }
}
