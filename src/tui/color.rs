//! How many colours the terminal shows, and every colour brought down to that.

use ratatui::style::Color;

use crate::terminal::xterm_color;

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
        } else if is("COLORTERM", &["truecolor", "24bit"]) && !is("TERM", &["linux"])
            || is_console(&var)
        {
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
                let (r, g, b) = xterm_color(i);
                Color::Indexed(nearest_16(r, g, b))
            }
            (_, color) => color,
        }
    }
}

/// Whether it is the console of Windows, which has all colours and says nothing of them.
fn is_console(var: impl Fn(&str) -> Option<String>) -> bool {
    cfg!(windows) && var("TERM").is_none()
}

/// The nearest colour of the 6×6×6 cube or the grey ramp (xterm's palette, 16 to 255).
fn nearest_256(r: u8, g: u8, b: u8) -> u8 {
    (16..=255).min_by_key(|index| distance(xterm_color(*index), (r, g, b))).unwrap_or(15)
}

/// The nearest of the sixteen in xterm's defaults; a terminal may show its own shades of them.
fn nearest_16(r: u8, g: u8, b: u8) -> u8 {
    (0..=15).min_by_key(|index| distance(xterm_color(*index), (r, g, b))).unwrap_or(7)
}

fn distance(a: (u8, u8, u8), b: (u8, u8, u8)) -> u32 {
    let d = |x: u8, y: u8| u32::from(x.abs_diff(y)).pow(2);
    d(a.0, b.0) * 2 + d(a.1, b.1) * 4 + d(a.2, b.2) * 3 // the eye's weights, roughly
}

#[cfg(test)]
mod tests {
    use super::*;

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
    fn colours_come_down_to_the_nearest() {
        assert_eq!(ColorDepth::Indexed.reduce(Color::Rgb(255, 0, 0)), Color::Indexed(196));
        assert_eq!(ColorDepth::Sixteen.reduce(Color::Rgb(250, 250, 250)), Color::Indexed(15));
        assert_eq!(ColorDepth::Sixteen.reduce(Color::Indexed(196)), Color::Indexed(9));
        assert_eq!(ColorDepth::None.reduce(Color::Red), Color::Reset);
        assert_eq!(ColorDepth::True.reduce(Color::Rgb(1, 2, 3)), Color::Rgb(1, 2, 3));
    }
}
