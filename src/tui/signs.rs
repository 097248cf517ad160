//! The signs that stand for states, with ASCII stand-ins.

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
        // The console of Windows has all characters, whatever the locale.
        let utf8 = locale.map_or(cfg!(windows), |locale| {
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
    /// Done, and due again.
    pub fn due(self) -> &'static str {
        if self.ascii { "~" } else { "↻" }
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
    /// The bell rang.
    pub fn bell(self) -> &'static str {
        if self.ascii { "(bell)" } else { "♪" }
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
    fn bars_fill_in_proportion() {
        let signs = Signs { ascii: true };
        assert_eq!(signs.bar(3, 5, 5), ("###".into(), "--".into()));
        assert_eq!(signs.bar(9, 5, 5), ("#####".into(), String::new()));
        assert_eq!(signs.bar(0, 0, 3), (String::new(), "---".into()));
    }
}
