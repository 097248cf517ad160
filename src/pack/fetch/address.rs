//! Where a file is fetched from.

use std::fmt;

use hyper::Uri;

use super::error::FetchError;
use crate::pack::serve::{Code, PACK};

/// The address of a server of ours, or of a file on any other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    uri: Uri,
    /// As a connection is made to it: without brackets.
    host: String,
    port: u16,
}

/// What an address lets one expect of the answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Expected {
    /// The address, for people.
    pub(super) address: String,
    /// Whether the server is ours.
    pub(super) ours: bool,
    /// Whether a code is sent.
    pub(super) coded: bool,
}

impl Address {
    /// Reads an address: `http://192.168.1.20:7070/`, or with the path of a file.
    pub fn parse(text: &str) -> Result<Self, FetchError> {
        let wrong = |why| FetchError::Address { address: text.trim().to_owned(), why };
        let uri: Uri = text.trim().parse().map_err(|_| wrong("it is no address"))?;
        match uri.scheme_str() {
            Some("http") => {}
            Some("https") => {
                return Err(wrong("only http:// is fetched: fetch it with a browser or curl"));
            }
            _ => return Err(wrong("an address begins with http://")),
        }
        let authority = uri.authority().ok_or_else(|| wrong("it names no machine"))?;
        if authority.as_str().contains('@') {
            return Err(wrong("a name or password in it is not sent"));
        }
        let host = uri.host().unwrap_or_default().trim_matches(['[', ']']).to_owned();
        // What follows the last colon outside of brackets is a port, or nothing that there is.
        let named = authority.as_str().rsplit_once(':').filter(|(_, port)| !port.contains(']'));
        let port = match named {
            Some((_, port)) => {
                port.parse().map_err(|_| wrong("its port is no number up to 65535"))?
            }
            None => 80,
        };
        if host.is_empty() {
            return Err(wrong("it names no machine"));
        }
        Ok(Self { uri, host, port })
    }

    /// The last part of its path, where it names a file.
    pub fn file_name(&self) -> Option<&str> {
        let last = self.uri.path().rsplit('/').next().unwrap_or_default();
        (!self.is_ours() && !matches!(last, "" | "." | "..")).then_some(last)
    }

    pub(super) fn host(&self) -> &str {
        &self.host
    }

    pub(super) fn port(&self) -> u16 {
        self.port
    }

    /// Host and port as they were written.
    pub(super) fn authority(&self) -> &str {
        self.uri.authority().map_or("", |it| it.as_str())
    }

    /// What is asked for.
    pub(super) fn path(&self) -> &str {
        if self.is_ours() { PACK } else { self.uri.path_and_query().map_or("/", |it| it.as_str()) }
    }

    pub(super) fn expected(&self, code: Option<&Code>) -> Expected {
        Expected { address: self.to_string(), ours: self.is_ours(), coded: code.is_some() }
    }

    /// Without a path of its own it is a server of ours.
    fn is_ours(&self) -> bool {
        matches!(self.uri.path(), "" | "/" | PACK) && self.uri.query().is_none()
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.uri.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> Address {
        Address::parse(text).unwrap()
    }

    #[test]
    fn a_bare_address_is_a_server_of_ours_and_one_with_a_path_any_file() {
        for text in ["http://10.0.0.1:7070", " http://10.0.0.1:7070/ ", "http://10.0.0.1:7070/pack"]
        {
            let it = address(text);
            assert_eq!((it.host(), it.port(), it.path()), ("10.0.0.1", 7070, "/pack"), "{text}");
            assert_eq!((it.authority(), it.file_name()), ("10.0.0.1:7070", None));
        }
        let it = address("http://anchor/b/linux.pack?x=1");
        assert_eq!((it.host(), it.port(), it.path()), ("anchor", 80, "/b/linux.pack?x=1"));
        assert_eq!(it.file_name(), Some("linux.pack"));
        let it = address("http://[fd00::2]:81/");
        assert_eq!((it.host(), it.port(), it.authority()), ("fd00::2", 81, "[fd00::2]:81"));
        assert_eq!(address("http://[fd00::2]/").port(), 80);
        assert_eq!(address("http://a/b/..").file_name(), None);
    }

    #[test]
    fn what_is_not_fetched_says_why() {
        for (text, why) in [
            ("https://a/", "only http://"),
            ("192.168.1.20:7070", "begins with http://"),
            ("a b", "no address"),
            ("", "no address"),
            ("ftp://a/", "begins with http://"),
            ("http://me:secret@a/", "not sent"),
            ("http://a:99999/", "port"),
            ("http://a:/", "port"),
            ("/pack", "begins with http://"),
        ] {
            let error = Address::parse(text).unwrap_err().to_string();
            assert!(error.contains(why), "{text}: {error}");
        }
    }
}
