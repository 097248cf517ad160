//! Watches the bytes before the parser, for what the parser itself leaves unbounded or unanswered.
//!
//! It follows just enough of the grammar to know where a control or an operating system command
//! begins and ends, changes nothing else, and holds no byte back:
//!
//! - operating system commands are cut at a length: the parser collects them without any;
//! - `REP` with a huge count is cut to one line: ten bytes would print 65 535 characters;
//! - what the parser drops is noticed: `XTVERSION`, `DECREQTPARM`, `DECSTR`, and a shell's notes
//!   (OSC 7 and 133);
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
    /// Answer what the line's parameters are: may it be asked again (0) or not (1).
    AnswerParameters(u8),
    /// Reset the modes.
    SoftReset,
    /// A shell's note has ended: it is in [`Scanner::note`].
    TakeNote,
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
    /// The intermediate before the last byte; 0 for none.
    intermediate: u8,
    /// Whether anything else came than digits, separators and one intermediate.
    other: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Command {
    /// Its first bytes, which name it.
    tag: [u8; 4],
    /// Its length so far, what was dropped included.
    length: usize,
    /// That of its present field.
    field: usize,
}

impl Control {
    fn collect(&mut self, byte: u8) {
        match byte {
            b'0'..=b'?' if self.intermediate != 0 => self.other = true,
            b'0'..=b'9' if !self.later => {
                self.first = (self.first * 10 + u32::from(byte - b'0')).min(u32::from(u16::MAX));
            }
            b'0'..=b'9' => {}
            b':' | b';' => self.later = true,
            b'<'..=b'?' if !self.begun => self.marker = byte,
            b' '..=b'/' if self.intermediate == 0 => self.intermediate = byte,
            _ => self.other = true,
        }
        self.begun = true;
    }

    /// What the sequence that ends in `byte` asks for.
    fn end(self, byte: u8, columns: u16) -> Then {
        match (self.marker, self.intermediate, byte) {
            _ if self.other => Then::Nothing,
            (0, 0, b'b') if self.first > u32::from(columns) => Then::RepeatLine,
            (0, 0, b'x') if self.first <= 1 => Then::AnswerParameters(self.first as u8),
            (0, b'!', b'p') => Then::SoftReset,
            (b'>', 0, b'q') if self.first == 0 => Then::AnswerVersion,
            _ => Then::Nothing,
        }
    }
}

impl Command {
    fn is_copy(&self) -> bool {
        self.tag.starts_with(b"52;")
    }

    fn is_title(&self) -> bool {
        matches!(&self.tag, [b'0' | b'2', b';', ..])
    }

    fn is_note(&self) -> bool {
        self.tag.starts_with(b"7;") || self.tag == *b"133;"
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
        } else if self.is_note() {
            self.length <= self.tag.len() // the parser has no use for the rest
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
    /// The present command, as far as it may be a shell's note.
    note: Vec<u8>,
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
                    b']' => {
                        self.note.clear();
                        self.state = State::Command(Command::default());
                    }
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
                State::Command(command) if ends_command(byte) => {
                    // Cancelled or too long, it says nothing.
                    let noted = command.is_note()
                        && matches!(byte, ESC | BEL)
                        && self.note.len() <= MAX_COMMAND;
                    self.state = if byte == ESC { State::Escape } else { State::Text };
                    if noted {
                        let then = Then::TakeNote;
                        return Step { feed: &bytes[..=i], taken: i + 1, then };
                    }
                }
                State::Command(command) => {
                    if !command.admit(byte) {
                        let spoil = command.is_copy() && command.length == MAX_COPY + 1;
                        let then = if spoil { Then::SpoilCopy } else { Then::Nothing };
                        let taken = i + 1 + command.drop_run(&bytes[i + 1..]);
                        if command.is_note() {
                            let room = (MAX_COMMAND + 1).saturating_sub(self.note.len());
                            self.note.extend(bytes[i..taken].iter().take(room));
                        }
                        return Step { feed: &bytes[..i], taken, then };
                    }
                    if byte >= b' ' && command.length <= command.tag.len() {
                        self.note.push(byte);
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

    /// Whether what came has ended between two characters, and in no sequence.
    pub(super) fn is_between(&self) -> bool {
        self.state == State::Text && self.missing == 0
    }

    /// The note that has ended, without what begins and ends it.
    pub(super) fn note(&self) -> &[u8] {
        &self.note
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
mod tests;
