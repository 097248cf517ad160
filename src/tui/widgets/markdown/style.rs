//! How each part of a lesson looks.

use ratatui::style::{Modifier, Style};

use super::super::highlight::TokenStyles;
use super::{Admonition, Look};
use crate::tui::theme::{Signs, Theme};

/// The styles and signs that a layout uses.
#[derive(Debug, Clone, PartialEq)]
pub struct MarkdownStyle {
    /// Running text.
    pub text: Style,
    /// The title, the headings under it, and those under these.
    pub headings: [Style; 3],
    /// Code in running text. Where it looks like [`Self::text`], it keeps its backticks.
    pub code: Style,
    /// Links.
    pub link: Style,
    /// Bullets, numbers and quoted text.
    pub muted: Style,
    /// Frames, rules and lines.
    pub faint: Style,
    /// Notes and tips.
    pub note: Style,
    /// What is important, and warnings.
    pub warning: Style,
    /// Cautions.
    pub danger: Style,
    /// The parts of code blocks.
    pub tokens: TokenStyles,
    /// Whether only ASCII may be used for what is not text.
    pub ascii: bool,
}

impl MarkdownStyle {
    /// The theme's roles for a lesson's parts.
    pub fn themed(theme: &Theme, signs: Signs) -> Self {
        Self {
            text: theme.text(),
            headings: [theme.heading(), theme.heading(), theme.text().add_modifier(Modifier::BOLD)],
            code: theme.code(),
            link: theme.accent().add_modifier(Modifier::UNDERLINED),
            muted: theme.muted(),
            faint: theme.faint(),
            note: theme.accent(),
            warning: theme.attention(),
            danger: theme.bad(),
            tokens: TokenStyles::themed(theme),
            ascii: signs.ascii,
        }
    }

    pub(super) fn run(&self, base: Style, look: Look, linked: bool) -> Style {
        let mut style = base;
        for (applies, modifier) in [
            (look.strong, Modifier::BOLD),
            (look.emphasis, Modifier::ITALIC),
            (look.strike, Modifier::CROSSED_OUT),
        ] {
            if applies {
                style = style.add_modifier(modifier);
            }
        }
        if look.code {
            style = style.patch(self.code);
        }
        if linked { style.patch(self.link) } else { style }
    }

    pub(super) fn marks_code(&self) -> bool {
        self.code == self.text
    }

    /// A note's style, sign and name.
    pub(super) fn note(&self, note: Admonition) -> (Style, &'static str, &'static str) {
        let (style, sign, ascii, name) = match note {
            Admonition::Note => (self.note, "●", "i", "Note"),
            Admonition::Tip => (self.note, "◆", "*", "Tip"),
            Admonition::Important => (self.warning, "■", "!", "Important"),
            Admonition::Warning => (self.warning, "▲", "!", "Warning"),
            Admonition::Caution => (self.danger, "▲", "!", "Caution"),
        };
        (style.add_modifier(Modifier::BOLD), if self.ascii { ascii } else { sign }, name)
    }

    pub(super) fn signs(&self) -> &'static LayoutSigns {
        if self.ascii { &ASCII } else { &UNICODE }
    }
}

/// The characters of frames, rules and bullets.
pub(super) struct LayoutSigns {
    pub(super) bullets: [&'static str; 3],
    pub(super) open: &'static str,
    pub(super) done: &'static str,
    pub(super) quote: &'static str,
    pub(super) rule: &'static str,
    pub(super) column: &'static str,
    pub(super) crossing: &'static str,
    /// Top left, top right, bottom left, bottom right, side.
    pub(super) frame: [&'static str; 5],
    /// Begins a line of code that goes on the one before.
    pub(super) continued: &'static str,
}

const UNICODE: LayoutSigns = LayoutSigns {
    bullets: ["•", "◦", "▪"],
    open: "[ ]",
    done: "[✓]",
    quote: "▎",
    rule: "─",
    column: "│",
    crossing: "┼",
    frame: ["╭", "╮", "╰", "╯", "│"],
    continued: "↪ ",
};

const ASCII: LayoutSigns = LayoutSigns {
    bullets: ["*", "-", "+"],
    open: "[ ]",
    done: "[x]",
    quote: "|",
    rule: "-",
    column: "|",
    crossing: "+",
    frame: ["+", "+", "+", "+", "|"],
    continued: "> ",
};
