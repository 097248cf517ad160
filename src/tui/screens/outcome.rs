//! What comes of a change, besides the change.

use unicode_segmentation::UnicodeSegmentation;

use crate::tui::app::{Effect, Layer};

/// See the module.
#[derive(Debug, Default)]
pub struct Outcome {
    /// To be done.
    pub effects: Vec<Effect>,
    /// To be laid over the screen.
    pub layer: Option<Layer>,
    /// A word for the footer.
    pub notice: Option<String>,
}

impl Outcome {
    /// Something to be done.
    pub fn effects(effects: Vec<Effect>) -> Self {
        Self { effects, ..Self::default() }
    }

    /// A word for the footer.
    pub fn notice(text: impl Into<String>) -> Self {
        Self { notice: Some(text.into()), ..Self::default() }
    }

    /// Something to be laid over the screen.
    pub fn layer(layer: Layer) -> Self {
        Self { layer: Some(layer), ..Self::default() }
    }

    /// Text to be copied, and a word about it.
    pub fn copied(text: String) -> Self {
        let notice = Some(format!("Copied {}", characters(&text)));
        Self { effects: vec![Effect::Copy(text)], notice, ..Self::default() }
    }
}

/// How long a text is, in words: `1 character`, `12 characters`.
pub fn characters(text: &str) -> String {
    match text.graphemes(true).count() {
        1 => "1 character".to_owned(),
        count => format!("{count} characters"),
    }
}
