//! Watches the bytes before the parser, for what the parser itself leaves unbounded or unanswered.
//!
//! It follows just enough of the grammar to know where a control or an operating system command
//! begins and ends, changes nothing else, and holds no byte back:
//!
//! - operating system commands are cut at a length: the parser collects them without any;
//! - `REP` with a huge count is cut to one line: ten bytes would print 65 535 characters;
//! - `XTVERSION` is noticed, since the parser drops it unanswered;
//! - a character cut in two by the end of a piece is completed on its own: given more, the
//!   parser (vte 0.15) loses a character after it, and so the screen would depend on the pieces.

const ESC: u8 = 0x1b;
const BEL: u8 = 0x07;
const CAN: u8 = 0x18;
const SUB: u8 = 0x1a;

/// A title, and all of any other command but a copy. Titles are cut further when they are set.
const MAX_COMMAND: usize = 4096;
/// One field of a command that is neither a title nor a copy: a colour, a cursor's name. The
/// longest of use is `rgb:ffff/ffff/ffff`; and the parser's own arithmetic overflows on
/// `#` with 47 digits and more.
const MAX_FIELD: usize = 32;
/// A copy to the clipboard: 75 KB of text as Base64. Many terminals take no more themselves.
const MAX_COPY: usize = 100 * 1024;

/// What to do after the fed bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Then {
    /// Go on.
    Nothing,
    /// Answer the question which terminal this is.
    AnswerVersion,
    /// The fed bytes end inside a `REP` whose last byte was taken away: cancel it, and repeat
    /// the last character to the end of the line instead.
    RepeatLine,
    /// The fed bytes end inside a copy that is too long: make it invalid, since a text cut short
    /// must not be copied as if it were whole.
    SpoilCopy,
}

/// One step through a piece of bytes.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Step<'a> {
    /// For the parser.
    pub(super) feed: &'a [u8],
    /// How many bytes of the piece are done with, fed or dropped.
    pub(super) taken: usize,
    /// What comes then.
    pub(super) then: Then,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum State {
    /// Text, and everything in which only an escape matters.
    #[default]
    Text,
    /// After an escape.
    Escape,
    /// In a control sequence.
    Control(Control),
    /// In an operating system command.
    Command(Command),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Control {
    /// Whether a parameter or a marker has come.
    begun: bool,
    /// The private marker before the parameters: `?`, `>` …; 0 for none.
    marker: u8,
    /// The first parameter.
    first: u32,
    /// Whether a second has begun.
    later: bool,
    /// Whether anything else than digits and separators came.
    other: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Command {
    /// Its first three bytes, of which the first two or three name it.
    tag: [u8; 3],
    /// Its length so far, what was dropped included.
    length: usize,
    /// That of its present field.
    field: usize,
}

impl Control {
    fn collect(&mut self, byte: u8) {
        match byte {
            b'0'..=b'9' if !self.later => {
                self.first = (self.first * 10 + u32::from(byte - b'0')).min(u32::from(u16::MAX));
            }
            b'0'..=b'9' => {}
            b':' | b';' => self.later = true,
            b'<'..=b'?' if !self.begun => self.marker = byte,
            _ => self.other = true,
        }
        self.begun = true;
    }

    /// What the sequence that ends in `byte` asks for.
    fn end(self, byte: u8, columns: u16) -> Then {
        match (self.other, self.marker, byte) {
            (false, 0, b'b') if self.first > u32::from(columns) => Then::RepeatLine,
            (false, b'>', b'q') if self.first == 0 => Then::AnswerVersion,
            _ => Then::Nothing,
        }
    }
}

impl Command {
    fn is_copy(&self) -> bool {
        self.tag == *b"52;"
    }

    fn is_title(&self) -> bool {
        matches!(&self.tag, [b'0' | b'2', b';', _])
    }

    /// Counts `byte` in and tells whether the parser may have it.
    fn admit(&mut self, byte: u8) -> bool {
        if byte < 0x20 {
            return true; // the parser drops it
        }
        if let Some(place) = self.tag.get_mut(self.length) {
            *place = byte;
        }
        self.length += 1;
        self.field = if byte == b';' { 0 } else { self.field + 1 };
        if self.is_copy() {
            self.length <= MAX_COPY
        } else {
            self.length <= MAX_COMMAND && (self.is_title() || self.field <= MAX_FIELD)
        }
    }

    /// How many of `bytes` are dropped in a row from their start; those are counted in.
    fn drop_run(&mut self, bytes: &[u8]) -> usize {
        bytes
            .iter()
            .take_while(|byte| {
                let mut ahead = *self;
                let dropped = !ends_command(**byte) && !ahead.admit(**byte);
                if dropped {
                    *self = ahead;
                }
                dropped
            })
            .count()
    }
}

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Scanner {
    state: State,
    /// How many bytes complete the character that the last piece ended in.
    missing: usize,
}

impl Scanner {
    /// The next step into `bytes`, which must not be empty; `columns` is the line's width.
    pub(super) fn step<'a>(&mut self, bytes: &'a [u8], columns: u16) -> Step<'a> {
        if let Some(head) = self.rest_of_character(bytes) {
            return Step { feed: head, taken: head.len(), then: Then::Nothing };
        }
        let mut i = 0;
        while i < bytes.len() {
            let byte = bytes[i];
            match &mut self.state {
                State::Text => {
                    let Some(n) = bytes[i..].iter().position(|byte| *byte == ESC) else { break };
                    i += n;
                    self.state = State::Escape;
                }
                State::Escape => match byte {
                    b'[' => self.state = State::Control(Control::default()),
                    b']' => self.state = State::Command(Command::default()),
                    CAN | SUB => self.state = State::Text,
                    // Controls act within a sequence; what is no part of one is dropped.
                    ..b' ' | 0x7f.. => {}
                    _ => self.state = State::Text,
                },
                State::Control(control) => match byte {
                    ESC => self.state = State::Escape,
                    CAN | SUB => self.state = State::Text,
                    b' '..=b'?' => control.collect(byte),
                    b'@'..=b'~' => {
                        let then = control.end(byte, columns);
                        self.state = State::Text;
                        match then {
                            Then::Nothing => {}
                            Then::RepeatLine => {
                                return Step { feed: &bytes[..i], taken: i + 1, then };
                            }
                            _ => return Step { feed: &bytes[..=i], taken: i + 1, then },
                        }
                    }
                    _ => {}
                },
                State::Command(_) if byte == ESC => self.state = State::Escape,
                State::Command(_) if ends_command(byte) => self.state = State::Text,
                State::Command(command) => {
                    if !command.admit(byte) {
                        let spoil = command.is_copy() && command.length == MAX_COPY + 1;
                        let then = if spoil { Then::SpoilCopy } else { Then::Nothing };
                        let taken = i + 1 + command.drop_run(&bytes[i + 1..]);
                        return Step { feed: &bytes[..i], taken, then };
                    }
                }
            }
            i += 1;
        }
        if self.state == State::Text {
            self.missing = missing(bytes);
        }
        Step { feed: bytes, taken: bytes.len(), then: Then::Nothing }
    }

    /// The bytes at the start that belong to the character the last piece ended in.
    fn rest_of_character<'a>(&mut self, bytes: &'a [u8]) -> Option<&'a [u8]> {
        let n = bytes.iter().take(self.missing).take_while(|byte| is_continuation(**byte)).count();
        self.missing = if n == bytes.len() { self.missing - n } else { 0 };
        (n > 0).then(|| &bytes[..n])
    }
}

fn ends_command(byte: u8) -> bool {
    matches!(byte, ESC | BEL | CAN | SUB)
}

fn is_continuation(byte: u8) -> bool {
    matches!(byte, 0x80..=0xbf)
}

/// How many bytes the character lacks that `bytes` end in the middle of; 0 where they end whole.
fn missing(bytes: &[u8]) -> usize {
    let begun = bytes.iter().rev().take(3).take_while(|byte| is_continuation(**byte)).count() + 1;
    let length = match bytes.iter().rev().nth(begun - 1) {
        Some(0xc2..=0xdf) => 2,
        Some(0xe0..=0xef) => 3,
        Some(0xf0..=0xf4) => 4,
        _ => 1,
    };
    usize::saturating_sub(length, begun)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Everything fed, and what was to be done on the way.
    fn scan(pieces: &[&[u8]]) -> (Vec<u8>, Vec<Then>) {
        let (mut scanner, mut fed, mut thens) = (Scanner::default(), Vec::new(), Vec::new());
        for mut bytes in pieces.iter().copied() {
            while !bytes.is_empty() {
                let step = scanner.step(bytes, 80);
                assert!(step.taken > 0, "a step takes something");
                fed.extend_from_slice(step.feed);
                thens.extend((step.then != Then::Nothing).then_some(step.then));
                bytes = &bytes[step.taken..];
            }
        }
        (fed, thens)
    }

    #[test]
    fn ordinary_output_passes_untouched() {
        let text =
            "plain \x1b[1;31mred\x1b[0m \x1b]0;title\x07 \x1bP+q\x1b\\ \x1b(0lqk\x1b(B 日本\x1b[3b";
        assert_eq!(scan(&[text.as_bytes()]), (text.as_bytes().to_vec(), vec![]));
        let single: Vec<&[u8]> = text.as_bytes().chunks(1).collect();
        assert_eq!(scan(&single), (text.as_bytes().to_vec(), vec![]));
    }

    #[test]
    fn the_question_for_the_version_is_noticed() {
        for question in ["\x1b[>q", "\x1b[>0q", "\x1b\x1b[>q", "\x1b[\r>q"] {
            assert_eq!(scan(&[question.as_bytes()]).1, [Then::AnswerVersion], "{question:?}");
        }
        for other in ["\x1b[q", "\x1b[ q", "\x1b[>1q", "\x1b[0>q", "\x1b[?q", "\x1b(>q", "[>q"] {
            assert_eq!(scan(&[other.as_bytes()]).1, [], "{other:?}");
        }
    }

    #[test]
    fn a_long_repeat_is_cut_to_a_line() {
        assert_eq!(scan(&[b"=\x1b[80b."]), (b"=\x1b[80b.".to_vec(), vec![]));
        assert_eq!(scan(&[b"=\x1b[81b."]), (b"=\x1b[81.".to_vec(), vec![Then::RepeatLine]));
        assert_eq!(scan(&[b"\x1b[99999999", b"9b"]).1, [Then::RepeatLine]);
        assert_eq!(scan(&[b"\x1b[?99999b"]).1, [], "another sequence");
    }

    #[test]
    fn commands_are_cut_at_their_length() {
        let title = [b"\x1b]0;".as_slice(), &vec![b'x'; 100_000], b"\x07after"].concat();
        let (fed, _) = scan(&[&title]);
        assert_eq!(fed.len(), 2 + MAX_COMMAND + 1 + 5);
        assert!(fed.ends_with(b"x\x07after"));
        let single: Vec<&[u8]> = title.chunks(1).collect();
        assert_eq!(scan(&single).0, fed, "whatever the pieces");
    }

    #[test]
    fn a_field_is_cut_and_the_next_begins_anew() {
        let fields = [b"\x1b]4;1;#".as_slice(), &[b'0'; 90], b";2;?\x1b\\"].concat();
        let expected = [b"\x1b]4;1;#".as_slice(), &[b'0'; MAX_FIELD - 1], b";2;?\x1b\\"].concat();
        assert_eq!(scan(&[&fields]).0, expected);
    }

    #[test]
    fn a_copy_is_taken_whole_or_not_at_all() {
        let fits = [b"\x1b]52;c;".as_slice(), &vec![b'A'; MAX_COPY - 5], b"\x07"].concat();
        assert_eq!(scan(&[&fits]), (fits.clone(), vec![]));
        let long = [b"\x1b]52;c;".as_slice(), &vec![b'A'; MAX_COPY], b"\x07"].concat();
        assert_eq!(scan(&[&long]).1, [Then::SpoilCopy]);
        let pieces: Vec<&[u8]> = long.chunks(1000).collect();
        assert_eq!(scan(&pieces).1, [Then::SpoilCopy], "once");
    }

    #[test]
    fn a_character_cut_in_two_is_completed_on_its_own() {
        let mut scanner = Scanner::default();
        assert_eq!(scanner.step(b"a\xf0\x9f", 80).taken, 3);
        assert_eq!(scanner.step(b"\x98", 80).feed, b"\x98");
        assert_eq!(scanner.step(b"\x80bc", 80).feed, b"\x80");
        assert_eq!(scanner.step(b"bc\xc3", 80).feed, b"bc\xc3");
        assert_eq!(scanner.step(b"broken off", 80).feed, b"broken off");
    }

    #[test]
    fn what_lacks_is_counted() {
        let cases: [(&[u8], usize); 8] = [
            (b"", 0),
            (b"a", 0),
            (b"\xc3", 1),
            (b"\xe2\x82", 1),
            (b"\xe2", 2),
            (b"\xf0\x9f\x98", 1),
            (b"\xf0\x9f\x98\x80", 0),
            (b"\x80\x80\x80\x80", 0),
        ];
        for (bytes, expected) in cases {
            assert_eq!(missing(bytes), expected, "{bytes:x?}");
        }
    }
}
