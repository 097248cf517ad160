//! Whether output has stopped between two sequences, so that what comes next can be understood by
//! itself.

const ESC: u8 = 0x1b;
const BEL: u8 = 0x07;
const CAN: u8 = 0x18;
const SUB: u8 = 0x1a;

/// Follows output just closely enough to know it.
#[derive(Debug, Default)]
pub(super) struct Rest {
    state: State,
    /// How many bytes a character still lacks.
    lacks: usize,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum State {
    #[default]
    Text,
    Escape,
    Control,
    /// A command to the operating system, which a bell ends too.
    Command,
    /// Any other string.
    String,
}

impl Rest {
    /// Whether it is so now.
    pub(super) fn is_between(&self) -> bool {
        self.state == State::Text && self.lacks == 0
    }

    /// More was shown.
    pub(super) fn advance(&mut self, mut bytes: &[u8]) {
        while let [next, rest @ ..] = bytes {
            if self.state == State::Text {
                let end = bytes.iter().position(|byte| *byte == ESC).unwrap_or(bytes.len());
                self.read(&bytes[..end]);
                bytes = &bytes[end..];
                if !bytes.is_empty() {
                    (self.state, self.lacks, bytes) = (State::Escape, 0, &bytes[1..]);
                }
            } else {
                self.state = self.state.after(*next);
                bytes = rest;
            }
        }
    }

    /// Counts what the last character of a text lacks.
    fn read(&mut self, text: &[u8]) {
        let is_rest = |byte: &&u8| matches!(byte, 0x80..=0xbf);
        let rest = text.iter().rev().take_while(is_rest).count();
        if rest == text.len() {
            self.lacks = self.lacks.saturating_sub(rest);
            return;
        }
        let length = match text[text.len() - rest - 1] {
            0xc2..=0xdf => 2,
            0xe0..=0xef => 3,
            0xf0..=0xf4 => 4,
            _ => 1,
        };
        self.lacks = usize::saturating_sub(length, rest + 1);
    }
}

impl State {
    fn after(self, byte: u8) -> Self {
        match (self, byte) {
            (_, ESC) => Self::Escape,
            (Self::Escape, b'[') => Self::Control,
            (Self::Escape, b']') => Self::Command,
            (Self::Escape, b'P' | b'X' | b'^' | b'_') => Self::String,
            (_, CAN | SUB)
            | (Self::Escape, b'0'..=b'~')
            | (Self::Control, b'@'..=b'~')
            | (Self::Command, BEL) => Self::Text,
            (state, _) => state,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn output_is_between_sequences_or_not() {
        let whole = "text\r\n|€|\x1b[1;31m|\x1bM|\x1b(B|\x1b]0;title\x07|\x1b]0;title\x1b\\|\
                     \x1bP+q\x07\x1b\\|\x1b_x\x1b\\|\x1b[3\x18|\x1bPx\x1a|\x1b[3\x1b[m|";
        for output in whole.split('|') {
            let mut rest = Rest::default();
            rest.advance(output.as_bytes());
            assert!(rest.is_between(), "{output:?}");
            rest.advance(b"x");
            assert!(rest.is_between(), "{output:?}");
            let mut pieces = Rest::default();
            output.as_bytes().chunks(1).for_each(|byte| pieces.advance(byte));
            assert!(pieces.is_between(), "{output:?}");
        }
        let cut = "\x1b|\x1b[|\x1b[38;5|\x1b(|\x1b]0;t|\x1bPq\x07|\x1b_\n|\x1b^x\x1b";
        let characters: [&[u8]; 4] = [b"\xe2", b"x\xe2\x82", b"\xf0\x9f\x98", b"\x1b[m\xc3"];
        for output in cut.split('|').map(str::as_bytes).chain(characters) {
            let mut rest = Rest::default();
            rest.advance(output);
            assert!(!rest.is_between(), "{output:?}");
        }
    }

    #[test]
    fn what_is_no_text_ends_a_character() {
        for output in [&b"\xe2x"[..], b"\xe2\xe2\x82\xac", b"\xff", b"\x80"] {
            let mut rest = Rest::default();
            output.chunks(1).for_each(|byte| rest.advance(byte));
            assert!(rest.is_between(), "{output:?}");
        }
    }
}
