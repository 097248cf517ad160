//! Addresses and file names in what a program printed.
//!
//! Only what looks plainly like one counts: a person chooses from them, and what is no link only
//! stands in the way. Their characters are letters, digits and the signs listed here, so nothing in
//! a link can hide or turn around what it says.

use super::Line;
use super::joined::{Joined, Point};

/// How many links are given, the newest: more cannot be told apart in a list.
const MAX_LINKS: usize = 200;

/// No link is longer, in characters.
const MAX_LENGTH: usize = 2000;

/// Besides letters and digits.
const ADDRESS_SIGNS: &str = "-._~:/?#[]@!$&'()*+,;=%";
const PATH_SIGNS: &str = "-._~/+@%";

/// What stands between words, besides blanks.
const SEPARATORS: &str = "\"'`()[]{}<>|│,;=";

/// Files without a folder are known by these endings,
const EXTENSIONS: &[&str] = &[
    "bash", "bak", "c", "cfg", "cnf", "conf", "cpp", "crt", "css", "csv", "diff", "env", "go", "h",
    "hcl", "html", "ini", "java", "js", "json", "key", "list", "lock", "log", "lua", "md", "mount",
    "old", "path", "patch", "pem", "php", "pid", "pl", "pub", "py", "rb", "repo", "rs", "rules",
    "service", "sh", "socket", "sql", "target", "tf", "timer", "toml", "ts", "txt", "unit", "xml",
    "yaml", "yml",
];
/// or by their whole name.
const NAMES: &[&str] = &["Dockerfile", "Makefile", "Containerfile", "Vagrantfile", "Jenkinsfile"];

/// Where a link leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// An address of the web.
    Url(String),
    /// A file, perhaps with a line.
    File {
        /// As it was printed: absolute, from the home folder, or from the shell's.
        path: String,
        /// From 1.
        line: Option<u32>,
    },
}

/// A link in lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// Where it leads.
    pub target: Target,
    /// What is to be read.
    pub text: String,
    /// Where it begins.
    first: Point,
    /// Its last character.
    last: Point,
}

impl Link {
    /// Whether it is at a place.
    pub fn covers(&self, place: Point) -> bool {
        (self.first..=self.last).contains(&place)
    }
}

/// The links in lines, the newest last.
pub fn find(lines: &[Line]) -> Vec<Link> {
    let joined = Joined::of(lines);
    let mut found = Vec::new();
    for range in joined.lines() {
        in_line(&joined.text[range.clone()], |begin, text, target| {
            let begin = range.start + begin;
            let last = text.chars().next_back().map_or(0, char::len_utf8);
            found.push(Link {
                target,
                text: text.to_owned(),
                first: joined.point(lines, begin),
                last: joined.point(lines, begin + text.len() - last),
            });
        });
    }
    found.split_off(found.len().saturating_sub(MAX_LINKS))
}

/// Finds the links of one line: where they begin, their text and where they lead.
fn in_line(text: &str, mut found: impl FnMut(usize, &str, Target)) {
    let mut at = 0;
    while let Some(c) = text[at..].chars().next() {
        let rest = &text[at..];
        if is_separator(c) {
            at += c.len_utf8();
            continue;
        }
        if let Some(address) = address(rest) {
            found(at, address, Target::Url(address.to_owned()));
            at += address.len();
            continue;
        }
        // A word ends at a separator, or where an address begins in it.
        let end = rest.find(is_separator).unwrap_or(rest.len());
        if end > MAX_LENGTH {
            at += end;
            continue;
        }
        let mut addresses = rest[..end].match_indices("http").map(|(index, _)| index);
        let next = addresses.find(|index| address(&rest[*index..]).is_some());
        let word = &rest[..next.unwrap_or(end)];
        if let Some((length, target)) = file(word) {
            found(at, &word[..length], target);
        }
        at += word.len();
    }
}

fn is_separator(c: char) -> bool {
    c.is_whitespace() || SEPARATORS.contains(c)
}

/// The address that the text begins with, without what only ends its sentence or its bracket.
fn address(text: &str) -> Option<&str> {
    let scheme = ["https://", "http://"].into_iter().find(|scheme| text.starts_with(scheme))?;
    let of_address = |c: char| c.is_alphanumeric() || ADDRESS_SIGNS.contains(c);
    let beyond = text.char_indices().take(MAX_LENGTH + 1).find(|(_, c)| !of_address(*c));
    let end = match beyond {
        Some((index, _)) => index,
        None if text.chars().nth(MAX_LENGTH).is_some() => return None,
        None => text.len(),
    };
    let mut address = &text[..end];
    // How many more brackets close than open.
    let surplus = |open: char, close: char| {
        let count = |c: char| address.matches(c).count().cast_signed();
        count(close) - count(open)
    };
    let (mut round, mut square) = (surplus('(', ')'), surplus('[', ']'));
    while let Some(last) = address.chars().next_back() {
        match last {
            '.' | ',' | ';' | ':' | '!' | '?' | '\'' | '*' => {}
            ')' if round > 0 => round -= 1,
            ']' if square > 0 => square -= 1,
            _ => break,
        }
        address = &address[..address.len() - last.len_utf8()];
    }
    let host = address.get(scheme.len()..)?.chars().next()?;
    (host.is_alphanumeric() || host == '[').then_some(address)
}

/// The file that a word names, and how much of the word does.
fn file(word: &str) -> Option<(usize, Target)> {
    let path = word.split(':').next()?;
    let path = path.trim_end_matches(['.', '!', '?']);
    let of_path = |c: char| c.is_alphanumeric() || PATH_SIGNS.contains(c);
    if !path.chars().all(of_path) || !names_file(path) {
        return None;
    }
    let mut length = path.len();
    let mut numbers = [None; 2];
    for number in &mut numbers {
        let Some(rest) = word[length..].strip_prefix(':') else { break };
        let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        let Ok(value) = rest[..digits].parse::<u32>() else { break };
        *number = Some(value);
        length += 1 + digits;
    }
    Some((length, Target::File { path: path.to_owned(), line: numbers[0] }))
}

fn names_file(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    let named = |text: &str| text.contains(char::is_alphanumeric);
    if !named(name) {
        return false;
    }
    if ["/", "~/", "./", "../"].iter().any(|begin| path.starts_with(begin)) {
        return !path.starts_with("//");
    }
    if path.contains('/') {
        // Not a date, a fraction or an option.
        let letters = path.contains(char::is_alphabetic);
        return letters && !path.starts_with(['-', '~']) && path.split('/').all(named);
    }
    let known = name.rsplit_once('.').is_some_and(|(stem, ending)| {
        named(stem) && EXTENSIONS.contains(&ending) && !stem.starts_with('-')
    });
    known || NAMES.contains(&name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(text: &str) -> Vec<String> {
        let links = find(&[Line::plain(text)]);
        links.into_iter().map(|link| link.text).collect()
    }

    #[test]
    fn addresses_end_where_their_sentence_or_bracket_does() {
        let cases: &[(&str, &[&str])] = &[
            ("see https://example.org/a?b=c#d.", &["https://example.org/a?b=c#d"]),
            ("(http://localhost:8080/x)", &["http://localhost:8080/x"]),
            (
                "<https://en.wikipedia.org/wiki/Foo_(bar)>,",
                &["https://en.wikipedia.org/wiki/Foo_(bar)"],
            ),
            ("[https://a.b/c]: 'http://[::1]:80/'", &["https://a.b/c", "http://[::1]:80/"]),
            ("curl -Lhttps://a.b http://c.d", &["https://a.b", "http://c.d"]),
            ("https://münchen.de/straße", &["https://münchen.de/straße"]),
            ("https:// http://, https://.", &[]),
            ("ftp://a.b javascript:alert(1)", &[]),
            ("https://a.b/\u{202e}gpj.exe", &["https://a.b/"]),
        ];
        for (text, expected) in cases {
            assert_eq!(texts(text), *expected, "{text:?}");
        }
    }

    #[test]
    fn file_names_are_those_that_plainly_are() {
        let cases: &[(&str, &[&str])] = &[
            ("cat /etc/hosts: No such file", &["/etc/hosts"]),
            ("--> src/main.rs:12:5", &["src/main.rs:12:5"]),
            ("src/lib.rs:7:fn main() {", &["src/lib.rs:7"]),
            ("'~/.bashrc', ./run ../x.", &["~/.bashrc", "./run", "../x"]),
            ("--config=/etc/nginx/nginx.conf", &["/etc/nginx/nginx.conf"]),
            ("app.log Makefile getty@tty1.service", &["app.log", "Makefile", "getty@tty1.service"]),
            ("app.log:3: oops", &["app.log:3"]),
            ("10/12/2026 1/2 3.14 v1.2 and so on.", &[]),
            ("/ // /// ./ ../ ~/ /etc/ .. . -", &[]),
            ("learner@sandbox:~/work$ a//b -x/y", &[]),
            ("https://a.b/c.txt", &["https://a.b/c.txt"]),
            ("/tmp/日本.txt", &["/tmp/日本.txt"]),
            ("/tmp/a\u{202e}b", &[]),
        ];
        for (text, expected) in cases {
            assert_eq!(texts(text), *expected, "{text:?}");
        }
        let [link] = &find(&[Line::plain("x.rs:99999999999:3")])[..] else { panic!() };
        assert_eq!(link.target, Target::File { path: "x.rs".into(), line: None });
    }

    #[test]
    fn a_link_goes_over_a_wrap_and_knows_its_place() {
        let mut first = Line::plain("日 https://ex");
        first.wrapped = true;
        let links = find(&[first, Line::plain("ample.org/x ok")]);
        let [link] = &links[..] else { panic!("{links:?}") };
        assert_eq!(link.target, Target::Url("https://example.org/x".into()));
        let covered = [(0, 2), (0, 3), (0, 12), (1, 0), (1, 10), (1, 11)];
        let covered = covered.map(|(row, column)| link.covers(Point::new(row, column)));
        assert_eq!(covered, [false, true, true, true, true, false]);
    }

    #[test]
    fn what_is_endless_is_no_link_and_costs_little() {
        assert_eq!(texts(&"http://x".repeat(5000)), [""; 0]);
        assert_eq!(texts(&format!("http://x{}", ")".repeat(1000))), ["http://x"]);
        assert_eq!(texts(&format!("http://{}", "x,".repeat(5000))).len(), 0);
    }

    #[test]
    fn the_newest_are_kept() {
        let lines: Vec<_> = (0..500).map(|n| Line::plain(&format!("/tmp/{n}"))).collect();
        let found = find(&lines);
        assert_eq!((found.len(), &*found[199].text), (MAX_LINKS, "/tmp/499"));
    }
}
