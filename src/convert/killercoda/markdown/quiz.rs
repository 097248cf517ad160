//! Questions of a page: `>>Q1: How much is it?<<` and the answers in the lines after it.
//!
//! Their own platform shows a form. A lesson has the question and what there is to choose from; which of it
//! is right comes out by itself.

/// A question, while its answers are read.
#[derive(Debug, Default)]
pub(super) struct Question {
    text: String,
    right: Vec<String>,
}

impl Question {
    /// The question that this line asks, if it does.
    pub(super) fn begun(line: &str) -> Option<Self> {
        let text = line.trim().strip_prefix(">>")?.strip_suffix("<<")?.trim();
        (!text.is_empty()).then(|| Self { text: text.to_owned(), right: Vec::new() })
    }

    /// The question as a lesson has it.
    pub(super) fn shown(&self) -> String {
        format!("**{}**\n", self.text)
    }

    /// What the lesson has of a line with an answer; `None` if it is none.
    pub(super) fn answer(&mut self, line: &str) -> Option<String> {
        let line = line.trim();
        if let Some(right) = line.strip_prefix("===").or_else(|| line.strip_prefix("=~=")) {
            self.right.push(right.trim().to_owned());
            return Some(String::new());
        }
        let (mark, choice) = line.split_at_checked(3)?;
        match mark {
            "( )" | "[ ]" => {}
            "(*)" | "[*]" | "(x)" | "[x]" | "(X)" | "[X]" => {
                self.right.push(choice.trim().to_owned());
            }
            _ => return None,
        }
        Some(format!("- {}\n", choice.trim()))
    }

    /// The question with what is right; `None` if that is not told.
    pub(super) fn told(self) -> Option<String> {
        (!self.right.is_empty()).then(|| format!("{} {}", self.text, self.right.join("; ")))
    }
}
