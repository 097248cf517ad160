//! UTF-8 that comes in pieces, cut anywhere.

/// Turns pieces of bytes into text. What is no UTF-8 becomes U+FFFD.
#[derive(Debug, Default)]
pub(super) struct Utf8 {
    /// The beginning of a character whose rest is still to come: three bytes at most.
    cut: Vec<u8>,
}

impl Utf8 {
    /// Adds a piece's text.
    pub(super) fn push(&mut self, mut bytes: &[u8], text: &mut String) {
        while let (false, [next, rest @ ..]) = (self.cut.is_empty(), bytes) {
            self.cut.push(*next);
            match str::from_utf8(&self.cut) {
                Ok(character) => {
                    text.push_str(character);
                    self.cut.clear();
                    bytes = rest;
                }
                Err(error) if error.error_len().is_none() => bytes = rest,
                // The rest never came, and this byte is of something else.
                Err(_) => self.end(text),
            }
        }
        let mut left = bytes.len();
        for chunk in bytes.utf8_chunks() {
            text.push_str(chunk.valid());
            left -= chunk.valid().len() + chunk.invalid().len();
            let unfinished =
                || str::from_utf8(chunk.invalid()).is_err_and(|error| error.error_len().is_none());
            if left == 0 && unfinished() {
                self.cut.extend_from_slice(chunk.invalid());
            } else if !chunk.invalid().is_empty() {
                text.push(char::REPLACEMENT_CHARACTER);
            }
        }
    }

    /// There will be no more: a character that was cut stays so.
    pub(super) fn end(&mut self, text: &mut String) {
        if !self.cut.is_empty() {
            self.cut.clear();
            text.push(char::REPLACEMENT_CHARACTER);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn text(pieces: &[&[u8]]) -> String {
        let (mut utf8, mut text) = (Utf8::default(), String::new());
        pieces.iter().for_each(|piece| utf8.push(piece, &mut text));
        utf8.end(&mut text);
        text
    }

    #[test]
    fn a_character_in_pieces_is_whole() {
        assert_eq!(text(&[b"a\xe2", b"\x82", b"\xacb"]), "a€b");
        assert_eq!(text(&[b"\xf0\x9f", b"", b"\x98\x80"]), "😀");
        assert_eq!(text(&[b"\xe2", b"x"]), "\u{fffd}x");
        assert_eq!(text(&[b"\xe2\x82A\xff\xe2"]), "\u{fffd}A\u{fffd}\u{fffd}");
        assert_eq!(text(&[b"\xe2", b"\xe2\x82\xac"]), "\u{fffd}€");
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]
        /// However bytes are cut, the text is that of all of them.
        #[test]
        fn cutting_changes_nothing(
            bytes in prop::collection::vec(prop::sample::select(&b"ab\xe2\x82\xac\xf0\x9f\x98\x80\xff\xc3\xa9"[..]), 0..40),
            size in 1usize..6,
        ) {
            let pieces: Vec<_> = bytes.chunks(size).collect();
            prop_assert_eq!(text(&pieces), String::from_utf8_lossy(&bytes));
        }
    }
}
