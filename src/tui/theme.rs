//! Colours by their role, from `themes/*.yaml`, brought down to what the terminal can show.
//!
//! No meaning is carried by colour alone: whatever a role marks is also a sign or a word, and with
//! no colours at all the roles still differ by bold, dim and reverse.

use include_dir::{Dir, include_dir};
use ratatui::style::{Color, Modifier, Style};
use serde::Deserialize;

static BUILT_IN: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/themes");

/// The theme used where none is configured.
pub const DEFAULT: &str = "harbour";

/// How many colours the terminal shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ColorDepth {
    /// None: `NO_COLOR`, or a terminal without.
    None,
    /// The sixteen named ones.
    Sixteen,
    /// The 256-colour palette.
    Indexed,
    /// 24 bits.
    True,
}

impl ColorDepth {
    /// What the environment promises. `var` looks a variable up.
    pub fn detect(var: impl Fn(&str) -> Option<String>) -> Self {
        let is = |name: &str, words: &[&str]| {
            var(name).is_some_and(|value| words.iter().any(|word| value.contains(word)))
        };
        if var("NO_COLOR").is_some_and(|value| !value.is_empty()) || is("TERM", &["dumb"]) {
            Self::None
        } else if is("COLORTERM", &["truecolor", "24bit"]) && !is("TERM", &["linux"]) {
            Self::True
        } else if is("TERM", &["256color", "kitty", "alacritty", "direct", "ghostty"]) {
            Self::Indexed
        } else {
            Self::Sixteen
        }
    }

    /// A colour brought down to this depth.
    pub fn reduce(self, color: Color) -> Color {
        match (self, color) {
            (Self::None, _) => Color::Reset,
            (Self::Indexed, Color::Rgb(r, g, b)) => Color::Indexed(nearest_256(r, g, b)),
            (Self::Sixteen, Color::Rgb(r, g, b)) => Color::Indexed(nearest_16(r, g, b)),
            (Self::Sixteen, Color::Indexed(i)) if i > 15 => {
                let (r, g, b) = rgb_of_256(i);
                Color::Indexed(nearest_16(r, g, b))
            }
            (_, color) => color,
        }
    }
}

/// The nearest colour of the 6×6×6 cube or the grey ramp (xterm's palette, 16 to 255).
fn nearest_256(r: u8, g: u8, b: u8) -> u8 {
    (16..=255).min_by_key(|index| distance(rgb_of_256(*index), (r, g, b))).unwrap_or(15)
}

/// The nearest of the sixteen in xterm's defaults; a terminal may show its own shades of them.
fn nearest_16(r: u8, g: u8, b: u8) -> u8 {
    (0..=15).min_by_key(|index| distance(rgb_of_256(*index), (r, g, b))).unwrap_or(7)
}

fn rgb_of_256(index: u8) -> (u8, u8, u8) {
    const NAMED: [(u8, u8, u8); 16] = [
        (0, 0, 0),
        (205, 0, 0),
        (0, 205, 0),
        (205, 205, 0),
        (0, 0, 238),
        (205, 0, 205),
        (0, 205, 205),
        (229, 229, 229),
        (127, 127, 127),
        (255, 0, 0),
        (0, 255, 0),
        (255, 255, 0),
        (92, 92, 255),
        (255, 0, 255),
        (0, 255, 255),
        (255, 255, 255),
    ];
    let level = |step: u8| if step == 0 { 0 } else { 55 + 40 * step };
    match index {
        0..=15 => NAMED[index as usize],
        16..=231 => {
            let cube = index - 16;
            (level(cube / 36), level(cube / 6 % 6), level(cube % 6))
        }
        232..=255 => {
            let grey = 8 + 10 * (index - 232);
            (grey, grey, grey)
        }
    }
}

fn distance(a: (u8, u8, u8), b: (u8, u8, u8)) -> u32 {
    let d = |x: u8, y: u8| u32::from(x.abs_diff(y)).pow(2);
    d(a.0, b.0) * 2 + d(a.1, b.1) * 4 + d(a.2, b.2) * 3 // the eye's weights, roughly
}

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

/// The signs that stand for states: words' short forms, with ASCII stand-ins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Signs {
    /// Whether only ASCII may be used.
    pub ascii: bool,
}

impl Signs {
    /// What the environment promises: only ASCII on the Linux console and where the locale is not
    /// UTF-8. `var` looks a variable up.
    pub fn detect(var: impl Fn(&str) -> Option<String>) -> Self {
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"]
            .into_iter()
            .filter_map(&var)
            .find(|value| !value.is_empty());
        let utf8 = locale.is_some_and(|locale| {
            let locale = locale.to_ascii_lowercase();
            locale.contains("utf-8") || locale.contains("utf8")
        });
        Self { ascii: !utf8 || var("TERM").is_some_and(|term| term == "linux" || term == "dumb") }
    }

    /// Done, holds.
    pub fn passed(self) -> &'static str {
        if self.ascii { "+" } else { "✓" }
    }
    /// Does not hold.
    pub fn failed(self) -> &'static str {
        if self.ascii { "x" } else { "✗" }
    }
    /// Not begun.
    pub fn open(self) -> &'static str {
        if self.ascii { "." } else { "○" }
    }
    /// Begun.
    pub fn started(self) -> &'static str {
        if self.ascii { "o" } else { "◐" }
    }
    /// Cannot be done here.
    pub fn unavailable(self) -> &'static str {
        if self.ascii { "-" } else { "–" }
    }
    /// The lab's fault.
    pub fn error(self) -> &'static str {
        "!"
    }
    /// An open branch of a tree.
    pub fn expanded(self) -> &'static str {
        if self.ascii { "v" } else { "▾" }
    }
    /// A closed one.
    pub fn collapsed(self) -> &'static str {
        if self.ascii { ">" } else { "▸" }
    }
    /// Something that runs.
    pub fn running(self) -> &'static str {
        if self.ascii { "*" } else { "●" }
    }
    /// Between facts on one line.
    pub fn dot(self) -> &'static str {
        if self.ascii { " - " } else { " · " }
    }
    /// A bar of `width` cells, `part` of `whole` filled.
    pub fn bar(self, part: u64, whole: u64, width: usize) -> (String, String) {
        let (full, empty) = if self.ascii { ("#", "-") } else { ("█", "░") };
        let filled = (part.min(whole) * width as u64).checked_div(whole).unwrap_or(0);
        let filled = usize::try_from(filled).unwrap_or(width);
        (full.repeat(filled), empty.repeat(width - filled))
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

    #[test]
    fn the_environment_tells_the_depth() {
        let detect = |pairs: &[(&str, &str)]| {
            let pairs: Vec<(String, String)> =
                pairs.iter().map(|(k, v)| ((*k).into(), (*v).into())).collect();
            ColorDepth::detect(|name| pairs.iter().find(|p| p.0 == name).map(|p| p.1.clone()))
        };
        assert_eq!(detect(&[("TERM", "xterm-256color")]), ColorDepth::Indexed);
        assert_eq!(detect(&[("TERM", "xterm"), ("COLORTERM", "truecolor")]), ColorDepth::True);
        assert_eq!(detect(&[("TERM", "linux"), ("COLORTERM", "truecolor")]), ColorDepth::Sixteen);
        assert_eq!(detect(&[("TERM", "xterm-256color"), ("NO_COLOR", "1")]), ColorDepth::None);
        assert_eq!(detect(&[]), ColorDepth::Sixteen);
    }

    #[test]
    fn the_locale_decides_whether_signs_are_ascii() {
        let with = |pairs: &'static [(&str, &str)]| {
            let var = |name: &str| pairs.iter().find(|p| p.0 == name).map(|p| p.1.to_owned());
            Signs::detect(var).ascii
        };
        assert!(!with(&[("LANG", "C.UTF-8"), ("TERM", "xterm")]));
        assert!(with(&[("LANG", "C.UTF-8"), ("LC_ALL", "C")]));
        assert!(with(&[("LANG", "de_DE.utf8"), ("TERM", "linux")]));
        assert!(with(&[]));
    }

    #[test]
    fn colours_come_down_to_the_nearest() {
        assert_eq!(ColorDepth::Indexed.reduce(Color::Rgb(255, 0, 0)), Color::Indexed(196));
        assert_eq!(ColorDepth::Sixteen.reduce(Color::Rgb(250, 250, 250)), Color::Indexed(15));
        assert_eq!(ColorDepth::Sixteen.reduce(Color::Indexed(196)), Color::Indexed(9));
        assert_eq!(ColorDepth::None.reduce(Color::Red), Color::Reset);
        assert_eq!(ColorDepth::True.reduce(Color::Rgb(1, 2, 3)), Color::Rgb(1, 2, 3));
    }

    #[test]
    fn bars_fill_in_proportion() {
        let signs = Signs { ascii: true };
        assert_eq!(signs.bar(3, 5, 5), ("###".into(), "--".into()));
        assert_eq!(signs.bar(9, 5, 5), ("#####".into(), String::new()));
        assert_eq!(signs.bar(0, 0, 3), (String::new(), "---".into()));
    }
}
