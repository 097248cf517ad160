//! Colours by their role, from `themes/*.yaml`, brought down to what the terminal can show.
//!
//! No meaning is carried by colour alone: whatever a role marks is also a sign or a word, and with
//! no colours at all the roles still differ by bold, dim and reverse.

use include_dir::{Dir, include_dir};
use ratatui::style::{Color, Modifier, Style};
use serde::Deserialize;

pub use super::color::ColorDepth;
pub use super::signs::Signs;

static BUILT_IN: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/themes");

/// The theme used where none is configured.
pub const DEFAULT: &str = "harbour";

/// The colours of each role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Theme {
    /// The file's name without its ending.
    pub name: String,
    /// For people.
    pub title: String,
    /// How far colours are brought down.
    pub depth: ColorDepth,
    colors: Colors,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    title: String,
    #[serde(flatten)]
    colors: Colors,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
struct Colors {
    text: Named,
    muted: Named,
    faint: Named,
    accent: Named,
    good: Named,
    bad: Named,
    attention: Named,
    heading: Named,
    code: Named,
    selection: Named,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
struct Named(Color);

impl TryFrom<String> for Named {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let named = match text.as_str() {
            "default" => Color::Reset,
            "bright-black" => Color::DarkGray,
            other => other.parse().map_err(|_| {
                format!(
                    "{other:?} is no colour: write \"#rrggbb\", 0 to 255, a name or \"default\""
                )
            })?,
        };
        Ok(Self(named))
    }
}

/// The names of the built-in themes, the default first.
pub fn names() -> Vec<&'static str> {
    let mut names: Vec<_> =
        BUILT_IN.files().filter_map(|file| file.path().file_stem()?.to_str()).collect();
    names.sort_by_key(|name| (*name != DEFAULT, *name));
    names
}

impl Theme {
    /// A built-in theme.
    pub fn find(name: &str, depth: ColorDepth) -> Option<Self> {
        let text = BUILT_IN.get_file(format!("{name}.yaml"))?.contents_utf8()?;
        Self::parse(name, text, depth).ok()
    }

    /// A theme from its file's text.
    pub fn parse(name: &str, text: &str, depth: ColorDepth) -> Result<Self, serde_yaml::Error> {
        let file: File = serde_yaml::from_str(text)?;
        Ok(Self { name: name.to_owned(), title: file.title, depth, colors: file.colors })
    }

    fn fg(&self, color: Named) -> Style {
        Style::new().fg(self.depth.reduce(color.0))
    }

    /// Running text.
    pub fn text(&self) -> Style {
        self.fg(self.colors.text)
    }
    /// Text of less weight.
    pub fn muted(&self) -> Style {
        self.fg(self.colors.muted)
    }
    /// Borders and rules.
    pub fn faint(&self) -> Style {
        let style = self.fg(self.colors.faint);
        if self.depth == ColorDepth::None { style.add_modifier(Modifier::DIM) } else { style }
    }
    /// What has the focus.
    pub fn accent(&self) -> Style {
        self.fg(self.colors.accent)
    }
    /// What is as it should be.
    pub fn good(&self) -> Style {
        self.fg(self.colors.good)
    }
    /// What is not.
    pub fn bad(&self) -> Style {
        self.fg(self.colors.bad)
    }
    /// What wants a look.
    pub fn attention(&self) -> Style {
        self.fg(self.colors.attention)
    }
    /// Headings.
    pub fn heading(&self) -> Style {
        self.fg(self.colors.heading).add_modifier(Modifier::BOLD)
    }
    /// Code in running text.
    pub fn code(&self) -> Style {
        self.fg(self.colors.code)
    }
    /// The selected row.
    pub fn selection(&self) -> Style {
        match (self.depth, self.depth.reduce(self.colors.selection.0)) {
            (ColorDepth::None, _) | (_, Color::Reset) => {
                Style::new().add_modifier(Modifier::REVERSED)
            }
            (_, color) => Style::new().bg(color).add_modifier(Modifier::BOLD),
        }
    }
    /// A key's name in the footer and in help.
    pub fn key(&self) -> Style {
        self.accent().add_modifier(Modifier::BOLD)
    }
    /// A border: the focused pane's is bright.
    pub fn border(&self, focused: bool) -> Style {
        match (focused, self.depth) {
            (true, ColorDepth::None) => Style::new().add_modifier(Modifier::BOLD),
            (true, _) => self.accent(),
            (false, _) => self.faint(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_built_in_theme_is_read_and_three_are_there() {
        assert_eq!(names(), ["harbour", "daylight", "sixteen"]);
        for name in names() {
            let text = BUILT_IN.get_file(format!("{name}.yaml")).unwrap().contents_utf8().unwrap();
            Theme::parse(name, text, ColorDepth::True).unwrap();
        }
    }

    #[test]
    fn a_wrong_colour_is_refused_with_its_line() {
        let text = BUILT_IN.get_file("sixteen.yaml").unwrap().contents_utf8().unwrap();
        let error =
            Theme::parse("x", &text.replace("cyan", "cyaan"), ColorDepth::True).unwrap_err();
        assert!(error.to_string().contains("cyaan"), "{error}");
    }
}
