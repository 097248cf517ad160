//! The code that is typed by those who may fetch: read aloud, so six digits, and no secret for longer
//! than a workshop.

use std::fmt;

use subtle::ConstantTimeEq;

/// Digits of a code that is made here: a million codes, of which [`super::guard`] lets some hundreds be
/// tried in an hour.
const DIGITS: usize = 6;

/// The least characters of one that somebody chose: fewer could be guessed in spite of the limits.
const LEAST: usize = DIGITS;

/// The most: more is nothing that anybody types.
const MOST: usize = 64;

/// A code, as it is compared: letters in lower case and digits, without the gaps that help to read it.
#[derive(Clone, PartialEq, Eq)]
pub struct Code(String);

/// It is no code: too short, too long, or with other signs than letters and digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("A code has {LEAST} to {MOST} letters and digits; spaces and hyphens do not count")]
pub struct NoCode;

impl Code {
    /// A new one, from the system's source of random numbers.
    pub fn random() -> Self {
        // The low half of a version 4 UUID: 62 of its bits are random.
        let number = uuid::Uuid::new_v4().as_u128() as u64 % 10_u64.pow(DIGITS as u32);
        Self(format!("{number:0DIGITS$}"))
    }

    /// A code as somebody typed it, in capitals or with gaps as they like.
    pub fn parse(typed: &str) -> Result<Self, NoCode> {
        let signs = typed.chars().filter(|c| !c.is_whitespace() && *c != '-');
        // One more than may be is enough to refuse it.
        let signs: String = signs.take(MOST + 1).map(|c| c.to_ascii_lowercase()).collect();
        let plain = signs.chars().all(|c| c.is_ascii_alphanumeric());
        let fits = (LEAST..=MOST).contains(&signs.len());
        if plain && fits { Ok(Self(signs)) } else { Err(NoCode) }
    }

    /// Whether it is the other one, in a time that does not tell how much of it is right.
    pub(super) fn is(&self, other: &Self) -> bool {
        self.0.as_bytes().ct_eq(other.0.as_bytes()).into()
    }

    /// As it travels.
    pub(in crate::pack) fn as_str(&self) -> &str {
        &self.0
    }
}

/// With a gap in the middle of six signs, as it is read aloud.
impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.split_at_checked(DIGITS / 2) {
            Some((first, last)) if self.0.len() == DIGITS => write!(f, "{first} {last}"),
            _ => f.write_str(&self.0),
        }
    }
}

/// A code gets into no log.
impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Code(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_code_is_six_digits_and_another_one_each_time() {
        let codes: std::collections::HashSet<_> =
            (0..200).map(|_| Code::random().0).inspect(|code| assert_eq!(code.len(), 6)).collect();
        assert!(codes.len() > 190, "{}", codes.len());
        assert!(codes.iter().all(|code| code.bytes().all(|byte| byte.is_ascii_digit())));
    }

    #[test]
    fn gaps_and_capitals_are_no_matter() {
        let code = Code::parse("482913").unwrap();
        for typed in ["482 913", " 482-913\n", "4 8 2 9 1 3"] {
            assert!(Code::parse(typed).unwrap().is(&code), "{typed}");
        }
        assert_eq!(code.to_string(), "482 913");
        assert!(Code::parse("Blue-Anchor").unwrap().is(&Code::parse("blue anchor").unwrap()));
        assert!(!Code::parse("482914").unwrap().is(&code));
        assert_eq!(format!("{code:?}"), "Code(…)");
    }

    #[test]
    fn what_is_no_code_is_refused() {
        for typed in ["", "12345", "12345\r\nX: y", "schlüssel", &"1".repeat(65), "1 2-3"] {
            assert_eq!(Code::parse(typed), Err(NoCode), "{typed:?}");
        }
    }
}
