//! Text that is no code: links, pictures, tags of HTML and marks for a browser.

use std::borrow::Cow;
use std::sync::LazyLock;

use regex::{Captures, Regex};

type Pattern = LazyLock<Option<Regex>>;

/// Where a port of the machine is reached from outside it.
static PORT: Pattern = LazyLock::new(|| {
    Regex::new(
        r"(?:https?://)?(?:\{\{ ?TRAFFIC_HOST\d+_(\d+) ?\}\}|\[\[HOST\d*_SUBDOMAIN\]\]-(\d+)-\[\[KATACODA_(?:HOST|DOMAIN)\]\](?:\.environments\.katacoda\.com)?)",
    )
    .ok()
});
static SELECTOR: Pattern = LazyLock::new(|| Regex::new(r"\{\{ ?TRAFFIC_SELECTOR ?\}\}").ok());
static ADDRESS: Pattern = LazyLock::new(|| Regex::new(r"\[\[HOST\d*_IP\]\]").ok());

/// Marks behind code: what a click on it does.
static MARK: Pattern = LazyLock::new(|| {
    // Without a word a click does nothing. One brace is a slip, and means the same.
    Regex::new(r"(?i)^(?:\{\{\s*\}\}| ?\{\{? ?(exec\w*|copy|open)\b[^{}\n]*\}\}?)").ok()
});
static LOOSE_MARK: Pattern =
    LazyLock::new(|| Regex::new(r"(?i)\{\{ ?(?:exec\w*|copy|open)\b[^{}\n]*\}\}").ok());

static IMAGE: Pattern = LazyLock::new(|| Regex::new(r"!\[([^\]\n]*)\]\([^)\n]*\)").ok());
static IMAGE_TAG: Pattern = LazyLock::new(|| Regex::new(r"(?i)<img\b[^>\n]*>").ok());
static ALT: Pattern =
    LazyLock::new(|| Regex::new(r#"(?i)\balt\s*=\s*(?:"([^"\n]*)"|'([^'\n]*)')"#).ok());
static LINK: Pattern = LazyLock::new(|| Regex::new(r"\[([^\]\n]*)\]\(([^)\s]*)[^)\n]*\)").ok());
static LINK_TAG: Pattern = LazyLock::new(|| {
    Regex::new(r#"(?i)<a\b[^>\n]*\bhref\s*=\s*["']([^"'\n]*)["'][^>\n]*>(.*?)</a>"#).ok()
});
static DEFINITION: Pattern = LazyLock::new(|| Regex::new(r"^ {0,3}\[[^\]]+\]:\s*(\S+)").ok());
static BREAK: Pattern = LazyLock::new(|| Regex::new(r"(?i)<br\s*/?>").ok());
static BOLD: Pattern = LazyLock::new(|| Regex::new(r"(?i)</?(?:b|strong)>").ok());
/// Tags that say how something looks. Others are somebody's `<placeholder>`.
static LOOKS: Pattern = LazyLock::new(|| {
    Regex::new(
        r"(?i)</?(?:a|abbr|article|blockquote|button|center|cite|code|dd|del|div|dl|dt|em|figcaption|figure|font|footer|h[1-6]|header|hr|i|iframe|ins|kbd|li|link|main|mark|nav|ol|p|q|s|script|section|small|source|span|style|sub|sup|table|tbody|td|tfoot|th|thead|tr|tt|u|ul|var|video)(?:\s[^>\n]*)?/?>",
    )
    .ok()
});
static STRUCTURE: Pattern = LazyLock::new(|| {
    Regex::new(
        r"(?i)<details\b[^>\n]*>|</details>|<summary\b[^>\n]*>|</summary>|<pre\b[^>\n]*>|<!--",
    )
    .ok()
});

/// What a line of text has in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Tag {
    Text(String),
    Details,
    EndDetails,
    Summary,
    EndSummary,
    Pre,
}

/// A line without marks and tags.
#[derive(Debug, Default)]
pub(super) struct Prose {
    pub(super) text: String,
    /// What a click on code in it runs.
    pub(super) run: Vec<String>,
    /// Whether that is on a second machine.
    pub(super) elsewhere: bool,
}

fn replaced<'a>(
    pattern: &Pattern,
    text: Cow<'a, str>,
    with: impl Fn(&Captures<'_>) -> String,
) -> Cow<'a, str> {
    let Some(pattern) = pattern.as_ref() else { return text };
    match pattern.replace_all(&text, |found: &Captures<'_>| with(found)) {
        Cow::Borrowed(_) => text,
        Cow::Owned(new) => Cow::Owned(new),
    }
}

fn group(found: &Captures<'_>, number: usize) -> String {
    found.get(number).map_or_else(String::new, |group| group.as_str().to_owned())
}

/// The page with the sandbox's own addresses in place of those of a machine elsewhere. They stand in code
/// too.
pub(super) fn addresses(text: &str) -> Cow<'_, str> {
    let text = replaced(&PORT, text.into(), |found| {
        let port = [1, 2].map(|number| group(found, number)).concat();
        format!("http://localhost:{port}")
    });
    let text = replaced(&SELECTOR, text, |_| "http://localhost".to_owned());
    replaced(&ADDRESS, text, |_| "127.0.0.1".to_owned())
}

/// A line's text and the tags in it that give a page its structure. Those within code are text, and what is
/// in a comment is nothing.
pub(super) fn pieces(line: &str, comment: &mut bool) -> Vec<Tag> {
    let mut found = Vec::new();
    let mut rest = line;
    let mut text = String::new();
    let pattern = STRUCTURE.as_ref();
    loop {
        if *comment {
            let Some((_, after)) = rest.split_once("-->") else { break };
            *comment = false;
            rest = after;
        }
        let tag = pattern
            .and_then(|pattern| pattern.find_iter(rest).find(|tag| !in_code(rest, tag.start())));
        let Some(tag) = tag else {
            text.push_str(rest);
            break;
        };
        text.push_str(rest.get(..tag.start()).unwrap_or_default());
        rest = rest.get(tag.end()..).unwrap_or_default();
        let name = tag.as_str().to_lowercase();
        let tag = match name.get(..4).unwrap_or_default() {
            "<!--" => {
                *comment = true;
                // Two blanks would be left where it was.
                if text.ends_with(' ') && rest.contains("--> ") {
                    text.pop();
                }
                continue;
            }
            "<det" => Tag::Details,
            "</de" => Tag::EndDetails,
            "<sum" => Tag::Summary,
            "</su" => Tag::EndSummary,
            _ => Tag::Pre,
        };
        if !text.is_empty() {
            found.push(Tag::Text(std::mem::take(&mut text)));
        }
        found.push(tag);
    }
    if !text.is_empty() {
        found.push(Tag::Text(text));
    }
    found
}

/// Whether a byte of a line is within code.
fn in_code(line: &str, byte: usize) -> bool {
    spans(line)
        .iter()
        .any(|(text, code, start)| *code && (*start..start + text.len()).contains(&byte))
}

/// A line's parts in order: text, and code with its marks; each with whether it is code and where it begins.
fn spans(line: &str) -> Vec<(&str, bool, usize)> {
    let mut found = Vec::new();
    let (mut from, mut at) = (0, 0);
    while let Some(start) = line.get(at..).and_then(|rest| rest.find('`')).map(|tick| at + tick) {
        let rest = line.get(start..).unwrap_or_default();
        let ticks = rest.len() - rest.trim_start_matches('`').len();
        let Some(end) = closing(line, start + ticks, ticks) else {
            at = start + ticks;
            continue;
        };
        found.push((line.get(from..start).unwrap_or_default(), false, from));
        found.push((line.get(start..end).unwrap_or_default(), true, start));
        (from, at) = (end, end);
    }
    found.push((line.get(from..).unwrap_or_default(), false, from));
    found
}

/// The byte after the run of just so many backticks that comes next.
fn closing(line: &str, mut at: usize, ticks: usize) -> Option<usize> {
    loop {
        let start = at + line.get(at..)?.find('`')?;
        let rest = line.get(start..)?;
        let run = rest.len() - rest.trim_start_matches('`').len();
        if run == ticks {
            return Some(start + run);
        }
        at = start + run;
    }
}

/// A line of text without marks and tags; headings sink by `shift` levels.
pub(super) fn prose(line: &str, shift: usize) -> Prose {
    let mut prose = Prose::default();
    // What stands behind code and belongs to it.
    let mut code = None;
    for (text, is_code, _) in spans(line) {
        if is_code {
            prose.text.push_str(text);
            code = Some(text.trim_matches('`').trim());
            continue;
        }
        let mut text = text;
        let mark = MARK.as_ref().and_then(|mark| mark.captures(text));
        if let (Some(code), Some(found)) = (code.take(), mark) {
            if group(&found, 1).to_lowercase().starts_with("exec") {
                prose.run.push(code.to_owned());
                prose.elsewhere |= super::code::elsewhere(&group(&found, 0));
            }
            text = text.get(found.get(0).map_or(0, |all| all.end())..).unwrap_or_default();
        }
        prose.text.push_str(&words(text));
    }
    prose.text = with_links(&prose.text);
    let level = prose.text.chars().take_while(|c| *c == '#').count();
    if (1..=6).contains(&level) && prose.text[level..].starts_with([' ', '\t']) {
        prose.text.insert_str(0, &"#".repeat(shift.min(6 - level)));
    }
    let definition = DEFINITION.as_ref().and_then(|it| it.captures(&prose.text));
    if definition.is_some_and(|found| !leads_out(&group(&found, 1))) {
        prose.text.clear();
    }
    prose
}

/// Text between code.
fn words(text: &str) -> String {
    let image = |alt: &str| {
        let alt = if alt.trim().is_empty() { "without a description" } else { alt.trim() };
        format!("(image: {alt})")
    };
    let text = replaced(&IMAGE, text.into(), |found| image(&group(found, 1)));
    let text = replaced(&IMAGE_TAG, text, |found| {
        let tag = group(found, 0);
        let alt = ALT.as_ref().and_then(|alt| alt.captures(&tag));
        image(&alt.map_or_else(String::new, |alt| group(&alt, 1) + &group(&alt, 2)))
    });
    let text =
        replaced(&LINK_TAG, text, |found| format!("[{}]({})", group(found, 2), group(found, 1)));
    let text = replaced(&BREAK, text, |_| " ".to_owned());
    let text = replaced(&BOLD, text, |_| "**".to_owned());
    let text = replaced(&LOOKS, text, |_| String::new());
    replaced(&LOOSE_MARK, text, |_| String::new()).into_owned()
}

/// Links that lead nowhere here are their words. Code may be in them.
fn with_links(line: &str) -> String {
    let shown = |found: &Captures<'_>| {
        let (words, target) = (group(found, 1), group(found, 2));
        if leads_out(&target) { group(found, 0) } else { words }
    };
    let hidden =
        spans(line).iter().filter(|(_, code, _)| *code).any(|(text, ..)| text.contains("]("));
    if hidden { line.to_owned() } else { replaced(&LINK, line.into(), shown).into_owned() }
}

fn leads_out(target: &str) -> bool {
    target.contains("://") || target.starts_with("mailto:")
}

/// A text as one line, without emphasis.
pub(in crate::convert::killercoda) fn one_line(text: &str) -> String {
    let words: Vec<_> = text.split_whitespace().collect();
    words.join(" ").replace("**", "").trim_start_matches('#').trim().to_owned()
}
