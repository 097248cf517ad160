//! Languages in which each line stands for itself, and which syntect's definitions lack.

use super::{Token, Tokens};

/// A line of settings: a comment, a `[section]` or `key = value`, as in systemd's units and TOML.
pub(super) fn setting(line: &str) -> Tokens {
    let text = line.trim_start();
    let whole = |token| vec![(token, 0..line.len())];
    match (text.chars().next(), line.find('=')) {
        (Some('#' | ';'), _) => whole(Token::Comment),
        (Some('['), _) => whole(Token::Keyword),
        (_, Some(equals)) => vec![(Token::Key, 0..equals), (Token::Plain, equals..line.len())],
        (_, None) => whole(Token::Plain),
    }
}

/// A line of a Dockerfile: a comment or an instruction with its arguments.
pub(super) fn instruction(line: &str) -> Tokens {
    let text = line.trim_start();
    if text.starts_with('#') {
        return vec![(Token::Comment, 0..line.len())];
    }
    let word = text.split(char::is_whitespace).next().unwrap_or_default();
    let end = line.len() - text.len() + word.len();
    let named = !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_uppercase());
    let tokens = [
        (if named { Token::Keyword } else { Token::Plain }, 0..end),
        (Token::Plain, end..line.len()),
    ];
    tokens.into_iter().filter(|(_, range)| !range.is_empty()).collect()
}

/// How many bytes of a terminal's line are the prompt: `$ `, `# `, or those after a name and a
/// folder (`user@host:~$ `); 0 for a line that was printed.
pub(super) fn prompt(line: &str) -> usize {
    let sign = |rest: &str| rest.starts_with("$ ") || rest.starts_with("# ");
    if sign(line) {
        return 2;
    }
    let end = line.find("$ ").into_iter().chain(line.find("# ")).min();
    match end {
        Some(end) if line[..end].contains('@') && !line[..end].contains(' ') => end + 2,
        _ => 0,
    }
}
