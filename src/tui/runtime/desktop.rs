//! What a desktop around the terminal can do: open an address, keep a clipboard. Over SSH there is
//! none that would be the learner's.

use std::path::PathBuf;
use std::process::Stdio;

use tokio::io::AsyncWriteExt;
use tokio::process::Command;

/// The programs of this desktop; each may be missing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Desktop {
    browser: Option<&'static str>,
    clipboard: Option<&'static [&'static str]>,
}

impl Desktop {
    /// Looks around: `var` gives the environment, `has` tells whether a program is there.
    pub(super) fn detect(var: impl Fn(&str) -> Option<String>, has: impl Fn(&str) -> bool) -> Self {
        let set = |name: &str| var(name).is_some_and(|value| !value.is_empty());
        let (mac, far) = (cfg!(target_os = "macos"), set("SSH_CONNECTION"));
        let (wayland, x11) = (set("WAYLAND_DISPLAY"), set("DISPLAY"));
        let browsers = [("open", mac), ("xdg-open", wayland || x11)];
        let clipboards: [(&[&str], bool); 4] = [
            (&["pbcopy"], mac),
            (&["wl-copy"], wayland),
            (&["xclip", "-selection", "clipboard"], x11),
            (&["xsel", "--clipboard", "--input"], x11),
        ];
        let here = |name: &str, fits: bool| fits && !far && has(name);
        Self {
            browser: browsers.into_iter().find(|(name, fits)| here(name, *fits)).map(|b| b.0),
            clipboard: clipboards
                .into_iter()
                .find(|(words, fits)| here(words[0], *fits))
                .map(|c| c.0),
        }
    }

    /// The one around this process.
    pub(super) fn here() -> Self {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
        let has = |name: &str| folders.iter().any(|folder| folder.join(name).is_file());
        Self::detect(|name| std::env::var(name).ok(), has)
    }

    /// Whether addresses can be opened.
    pub(super) fn has_browser(&self) -> bool {
        self.browser.is_some()
    }

    /// Opens an address of the web, and nothing else: it comes from a sandbox.
    pub(super) async fn open(&self, address: &str) -> std::io::Result<()> {
        let (Some(browser), true) = (self.browser, is_web(address)) else { return Ok(()) };
        run(&[browser, address], "").await
    }

    /// Puts text on the clipboard, where there is one besides the terminal's.
    pub(super) async fn copy(&self, text: &str) -> std::io::Result<()> {
        match self.clipboard {
            Some(words) => run(words, text).await,
            None => Ok(()),
        }
    }
}

/// Whether it is an address of the web that a program can be handed as one word.
fn is_web(address: &str) -> bool {
    let web = ["http://", "https://"].iter().any(|scheme| address.starts_with(scheme));
    web && !address.contains(|c: char| c.is_whitespace() || c.is_control())
}

/// Runs a program that shows nothing on our terminal.
async fn run(words: &[&str], input: &str) -> std::io::Result<()> {
    let mut command = Command::new(words[0]);
    command.args(&words[1..]).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = command.spawn()?;
    if let Some(mut stdin) = child.stdin.take() {
        stdin.write_all(input.as_bytes()).await?;
    }
    child.wait().await.map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn desktop(variables: &[&str], programs: &[&str]) -> Desktop {
        let var = |name: &str| variables.contains(&name).then(|| "1".to_owned());
        Desktop::detect(var, |name| programs.contains(&name))
    }

    #[cfg(not(target_os = "macos"))]
    #[test]
    fn what_fits_and_is_there_is_used() {
        let all = ["xdg-open", "wl-copy", "xclip", "xsel", "pbcopy", "open"];
        let wayland = desktop(&["WAYLAND_DISPLAY", "DISPLAY"], &all);
        assert_eq!(wayland.clipboard, Some(&["wl-copy"][..]));
        assert!(wayland.has_browser());
        let x11 = desktop(&["DISPLAY"], &["xsel"]);
        assert_eq!(x11.clipboard, Some(&["xsel", "--clipboard", "--input"][..]));
        assert!(!x11.has_browser());
        let none = Desktop { browser: None, clipboard: None };
        assert_eq!(desktop(&[], &all), none);
        assert_eq!(desktop(&["DISPLAY", "SSH_CONNECTION"], &all), none);
    }

    #[test]
    fn only_addresses_of_the_web_are_opened() {
        assert!(is_web("https://example.org/a?b#c"));
        for other in ["file:///etc/passwd", "--help", "javascript:1", "http://a b", "https://a\nb"]
        {
            assert!(!is_web(other), "{other:?}");
        }
    }
}
