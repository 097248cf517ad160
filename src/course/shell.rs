//! Texts in commands for `sh`.

/// One word, whatever the text holds.
pub(crate) fn shell_word(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quoting_survives_every_character() {
        assert_eq!(shell_word("echo 'a' \"$b\""), r#"'echo '\''a'\'' "$b"'"#);
    }
}
