//! Blocks of code.

use std::fmt::Write;
use std::sync::LazyLock;

use regex::Regex;

/// Marks behind a block or in the line that begins it.
static MARKS: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"\{\{[^{}\n]*\}\}").ok());

/// A block of code, while it is read.
#[derive(Debug)]
pub(super) struct Fence {
    /// The line in which it begins, from 1.
    pub(super) begins: u32,
    /// The word behind the fence: `bash`; empty where there is none.
    pub(super) language: String,
    /// Whether a click runs it.
    pub(super) runs: bool,
    /// Whether it is run on a second machine.
    pub(super) elsewhere: bool,
    /// What ends it.
    end: End,
    /// How many blanks stand before it.
    indent: usize,
    lines: Vec<String>,
}

#[derive(Debug)]
enum End {
    /// At least so many of this character.
    Fence(char, usize),
    /// `</pre>`.
    Pre,
}

impl Fence {
    /// The block that begins with this line, if one does.
    pub(super) fn open(line: &str, number: u32) -> Option<Self> {
        let (indent, trimmed) = after_list_mark(line);
        let mark = trimmed.chars().next().filter(|c| matches!(c, '`' | '~'))?;
        let length = trimmed.chars().take_while(|c| *c == mark).count();
        let info = trimmed.get(length..)?;
        // Within one line it is code in a text.
        if length < 3 || mark == '`' && info.contains('`') {
            return None;
        }
        let bare = MARKS.as_ref().map_or(info.into(), |marks| marks.replace_all(info, ""));
        let language = bare.split_whitespace().next().unwrap_or_default().to_owned();
        Some(Self {
            begins: number,
            language,
            runs: runs(info),
            elsewhere: elsewhere(info),
            end: End::Fence(mark, length),
            indent,
            lines: Vec::new(),
        })
    }

    /// The code in single backticks that goes over several lines, and over how many: a block, to its author.
    pub(super) fn span(lines: &[&str], number: u32) -> Option<(Self, usize)> {
        /// Longer ones are no author's.
        const MOST: usize = 200;
        let first = lines.first()?;
        let begun = first.trim_start().strip_prefix('`')?;
        if begun.contains('`') {
            return None;
        }
        let inside = lines.iter().skip(1).take(MOST);
        let more = inside.take_while(|line| !line.contains('`') && !line.trim().is_empty()).count();
        let (last, marks) = lines.get(more + 1)?.split_once('`')?;
        let marks = marks.trim();
        if !(marks.is_empty() || marks.starts_with("{{") && marks.ends_with("}}")) {
            return None;
        }
        let text = std::iter::once(begun).chain(lines.iter().skip(1).take(more).copied());
        let text = text.chain(std::iter::once(last)).map(str::to_owned).collect();
        let block = Self {
            begins: number.saturating_sub(1),
            language: String::new(),
            runs: runs(marks),
            elsewhere: elsewhere(marks),
            end: End::Fence('`', 1),
            indent: first.len() - first.trim_start().len(),
            lines: text,
        };
        Some((block, more + 2))
    }

    /// The block of HTML that begins in this line.
    pub(super) fn pre(number: u32) -> Self {
        Self {
            begins: number,
            language: String::new(),
            runs: false,
            elsewhere: false,
            end: End::Pre,
            indent: 0,
            lines: Vec::new(),
        }
    }

    /// Takes its next line; whether it goes on.
    pub(super) fn line(&mut self, line: &str) -> bool {
        match self.end {
            End::Fence(mark, length) => {
                let trimmed = line.trim();
                let marks = trimmed.chars().take_while(|c| *c == mark).count();
                let rest = trimmed.get(marks..).unwrap_or_default().trim_start();
                if marks >= length && (rest.is_empty() || rest.starts_with("{{")) {
                    self.runs |= runs(rest);
                    self.elsewhere |= elsewhere(rest);
                    return false;
                }
                let blanks = line.len() - line.trim_start_matches(' ').len();
                self.lines.push(line.get(blanks.min(self.indent)..).unwrap_or(line).to_owned());
                true
            }
            End::Pre => {
                let end = line.find("</pre>");
                let text = plain(line.get(..end.unwrap_or(line.len())).unwrap_or(line));
                // What stands in the lines of the tags themselves is often nothing.
                if !text.is_empty() || end.is_none() && !self.lines.is_empty() {
                    self.lines.push(text);
                }
                end.is_none()
            }
        }
    }

    /// What is in it.
    pub(super) fn text(&self) -> String {
        self.lines.join("\n")
    }

    /// The block as a lesson has it.
    pub(super) fn shown(&self) -> String {
        let longest = self.lines.iter().flat_map(|line| line.split(|c| c != '`')).map(str::len);
        let fence = "`".repeat((longest.max().unwrap_or(0) + 1).max(3));
        let indent = " ".repeat(self.indent);
        let mut block = format!("{indent}{fence}{}\n", self.language);
        for line in &self.lines {
            let _ = writeln!(block, "{indent}{line}");
        }
        let _ = writeln!(block, "{indent}{fence}");
        block
    }
}

/// Whether code in this language, or in none, is for a shell.
pub(super) fn is_shell(language: &str, text: &str) -> bool {
    match language.to_lowercase().as_str() {
        "bash" | "sh" | "shell" | "console" | "terminal" | "zsh" => true,
        // Outputs and files have none either: a first word that is a command's tells.
        "" => text.lines().find(|line| !line.trim().is_empty()).is_some_and(|line| {
            let word = line.trim().trim_start_matches("$ ").split_whitespace().next();
            word.is_some_and(|word| {
                word.chars().all(|c| c.is_ascii_lowercase() || "-_.".contains(c))
            })
        }),
        _ => false,
    }
}

/// Whether code in this language is for something else, a program in which the learner is by then.
pub(super) fn is_other(language: &str) -> bool {
    const OTHERS: [&str; 26] = [
        "c",
        "cpp",
        "cql",
        "css",
        "dockerfile",
        "go",
        "groovy",
        "hcl",
        "html",
        "ini",
        "java",
        "javascript",
        "js",
        "json",
        "lua",
        "php",
        "powershell",
        "py",
        "python",
        "ruby",
        "rust",
        "scala",
        "sql",
        "toml",
        "xml",
        "yaml",
    ];
    OTHERS.contains(&language.to_lowercase().as_str())
}

fn runs(marks: &str) -> bool {
    marks.to_lowercase().replace("{{ ", "{{").contains("{{exec")
}

/// Whether marks say that a second machine is meant: `{{execute HOST2}}`.
pub(super) fn elsewhere(marks: &str) -> bool {
    marks.to_lowercase().contains("host2")
}

/// How far a line's text is indented, a mark of a list included, and the text.
fn after_list_mark(line: &str) -> (usize, &str) {
    let trimmed = line.trim_start();
    let indent = line.len() - trimmed.len();
    let digits = trimmed.chars().take_while(char::is_ascii_digit).count();
    let mark = match trimmed.get(digits..).unwrap_or_default().chars().next() {
        Some('.' | ')') if digits > 0 => digits + 1,
        Some('-' | '*' | '+') if digits == 0 => 1,
        _ => return (indent, trimmed),
    };
    let after = trimmed.get(mark..).unwrap_or_default();
    let text = after.trim_start();
    if text.starts_with("```") && text.len() < after.len() {
        (indent + mark + after.len() - text.len(), text)
    } else {
        (indent, trimmed)
    }
}

/// Text of HTML as it is meant.
fn plain(line: &str) -> String {
    static TAGS: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"</?code[^>]*>").ok());
    let text = TAGS.as_ref().map_or(line.into(), |tags| tags.replace_all(line, ""));
    // The sign that begins all the others comes last.
    let signs = [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"), ("&amp;", "&")];
    signs.iter().fold(text.into_owned(), |text, (name, sign)| text.replace(name, sign))
}
