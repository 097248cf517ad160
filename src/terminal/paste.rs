//! A paste as the bytes that the program in the terminal reads.

use super::modes::Modes;

const START: &str = "\x1b[200~";
const END: &str = "\x1b[201~";

/// What the program should read for `text` pasted.
///
/// A pasted text is data: it must not be able to press keys. So controls are left out, all but
/// tabs and line ends, and with them the escape of an embedded end of paste, after which the rest
/// would count as typed. Programs that know pastes get it bracketed; for the others a line end is
/// what the Enter key sends.
pub fn encode_paste(text: &str, modes: &Modes) -> Vec<u8> {
    let text = text.replace(END, "").replace("\r\n", "\n");
    let kept = text.chars().filter(|c| !c.is_control() || matches!(c, '\n' | '\r' | '\t'));
    if modes.bracketed_paste {
        format!("{START}{}{END}", kept.collect::<String>()).into_bytes()
    } else {
        kept.map(|c| if c == '\n' { '\r' } else { c }).collect::<String>().into_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paste(text: &str, bracketed_paste: bool) -> String {
        let modes = Modes { bracketed_paste, ..Modes::default() };
        String::from_utf8(encode_paste(text, &modes)).unwrap()
    }

    #[test]
    fn line_ends_are_enter_keys_where_pastes_are_not_known() {
        assert_eq!(paste("one\ntwo\r\nthree\r", false), "one\rtwo\rthree\r");
        assert_eq!(paste("one\r\ntwo\n", true), "\x1b[200~one\ntwo\n\x1b[201~");
    }

    #[test]
    fn a_paste_cannot_press_keys() {
        for evil in ["a\x1b[201~b", "a\x1b[20\x1b[201~1~b", "a\u{9b}201~b\x03\x04\x7f"] {
            for bracketed in [false, true] {
                let pasted = paste(evil, bracketed);
                let inside = if bracketed { &pasted[6..pasted.len() - 6] } else { &pasted };
                assert!(!inside.contains(char::is_control), "{evil:?} gave {pasted:?}");
                assert!(inside.starts_with('a') && inside.contains('b'));
            }
        }
    }

    #[test]
    fn tabs_and_other_scripts_stay() {
        assert_eq!(paste("\tindent 日本 é", false), "\tindent 日本 é");
    }
}
