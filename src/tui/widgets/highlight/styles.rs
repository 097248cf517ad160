//! How each part of code looks.

use ratatui::style::{Modifier, Style};

use super::Token;
use crate::tui::theme::Theme;

/// A style for each [`Token`].
#[derive(Debug, Clone, PartialEq)]
#[expect(missing_docs, reason = "named as the tokens are")]
pub struct TokenStyles {
    pub plain: Style,
    pub keyword: Style,
    pub function: Style,
    pub parameter: Style,
    pub variable: Style,
    pub key: Style,
    pub text: Style,
    pub number: Style,
    pub comment: Style,
    pub output: Style,
}

impl TokenStyles {
    /// The theme's roles for the parts of code.
    pub fn themed(theme: &Theme) -> Self {
        Self {
            plain: theme.text(),
            keyword: theme.heading(),
            function: theme.accent(),
            parameter: theme.text(),
            variable: theme.attention(),
            key: theme.accent(),
            text: theme.good(),
            number: theme.attention(),
            comment: theme.muted().add_modifier(Modifier::ITALIC),
            output: theme.muted(),
        }
    }

    /// A token's.
    pub fn of(&self, token: Token) -> Style {
        match token {
            Token::Plain => self.plain,
            Token::Keyword => self.keyword,
            Token::Function => self.function,
            Token::Parameter => self.parameter,
            Token::Variable => self.variable,
            Token::Key => self.key,
            Token::Text => self.text,
            Token::Number => self.number,
            Token::Comment => self.comment,
            Token::Output => self.output,
        }
    }
}
