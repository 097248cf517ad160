//! Values that are written as short texts: durations, sizes, permissions, names and paths.
//!
//! Each function gives the value or one half of a sentence, to follow the text: `"15 parsecs" …`.

use std::time::Duration;

use jiff::SignedDuration;

/// The longest duration anything here can mean. A longer one is a slip (`90h` for `90m`).
const MAX_DURATION: Duration = Duration::from_hours(24);

/// An id ends up in container names, paths and commands.
const MAX_ID: usize = 64;

/// What Linux allows for a path.
const MAX_PATH: usize = 4096;

/// `15m`, `1h30m`, `90s`, `500ms`, also `15 minutes` or `1 hour 30 minutes`; between 1 ms and a day.
pub(crate) fn duration(text: &str) -> Result<Duration, &'static str> {
    const WRONG: &str = "is not a duration: write, for example, 90s, 15m or 1h30m";
    let parsed: SignedDuration = text.trim().parse().map_err(|_| WRONG)?;
    let duration = Duration::try_from(parsed).map_err(|_| WRONG)?;
    match duration.as_millis() {
        0 => Err("is too short: nothing happens in that time"),
        _ if duration > MAX_DURATION => Err("is too long: it can be a day at most"),
        _ => Ok(duration),
    }
}

/// Bytes: `512m`, `1g`, `1.5GiB`, `64 MB`, `4096`. Units are powers of 1024, as in Docker.
pub(crate) fn size(text: &str) -> Result<u64, &'static str> {
    const WRONG: &str = "is not a size: write, for example, 512m or 1g";
    let text = text.trim();
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    let shift = match unit.trim().to_ascii_lowercase().as_str() {
        "" | "b" => 0,
        "k" | "kb" | "kib" => 10,
        "m" | "mb" | "mib" => 20,
        "g" | "gb" | "gib" => 30,
        _ => return Err(WRONG),
    };
    let number: f64 = number.parse().map_err(|_| WRONG)?;
    // Exact up to 2^53 bytes, far above any limit; larger ones saturate and are refused by it.
    Ok((number * f64::from(1_u32 << shift)) as u64)
}

/// Permission bits in octal: `644`, `0644` or `0o644`.
pub(crate) fn mode(text: &str) -> Result<u32, &'static str> {
    let digits = text.trim().trim_start_matches("0o");
    match u32::from_str_radix(digits, 8) {
        Ok(mode) if mode <= 0o7777 && !digits.starts_with('+') => Ok(mode),
        _ => Err("is not a file mode: write it in octal, for example 0644"),
    }
}

/// An id of an item or module.
pub(crate) fn id(text: &str) -> Result<(), &'static str> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    if text.len() > MAX_ID {
        Err("is too long for an id: 64 characters at most")
    } else if !text.starts_with(|c: char| c.is_ascii_alphanumeric()) || !text.chars().all(allowed) {
        Err("is not an id: use letters, digits, \"-\", \"_\" and \".\", as in linux-03")
    } else {
        Ok(())
    }
}

/// The name of an account.
pub(crate) fn account(text: &str) -> Result<(), &'static str> {
    let first = |c: char| c.is_ascii_lowercase() || c == '_';
    let rest = |c: char| first(c) || c.is_ascii_digit() || c == '-';
    if text.len() <= 32 && text.starts_with(first) && text.chars().all(rest) {
        Ok(())
    } else {
        Err("is not the name of an account")
    }
}

/// The name of a variable.
pub(crate) fn variable(text: &str) -> Result<(), &'static str> {
    let rest = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    if text.len() <= 32
        && text.starts_with(|c: char| c.is_ascii_lowercase())
        && text.chars().all(rest)
    {
        Ok(())
    } else {
        Err("is not the name of a variable: use lower-case letters, digits and \"_\"")
    }
}

/// The name of a machine on a private network: a label of DNS.
pub(crate) fn host(text: &str) -> Result<(), &'static str> {
    let letter = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    if text.len() <= 32
        && text.starts_with(|c: char| c.is_ascii_lowercase())
        && text.ends_with(letter)
        && text.chars().all(|c| letter(c) || c == '-')
    {
        Ok(())
    } else {
        Err("is not the name of a machine: use lower-case letters, digits and \"-\"")
    }
}

/// The reference of an image.
pub(crate) fn image(text: &str) -> Result<(), &'static str> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "._-/:@".contains(c);
    if text.len() <= 255
        && text.starts_with(|c: char| c.is_ascii_alphanumeric())
        && text.chars().all(allowed)
    {
        Ok(())
    } else {
        Err("is not an image reference, such as drydock/base or ghcr.io/you/image:latest")
    }
}

/// An absolute path inside a sandbox that names something below the root.
pub(crate) fn absolute_path(text: &str) -> Result<(), &'static str> {
    if !text.starts_with('/') {
        Err("must be an absolute path: begin with /")
    } else if text.split('/').any(|part| part == ".." || part == ".") {
        Err("must be a plain path, without \".\" and \"..\"")
    } else if text.len() > MAX_PATH || text.contains(['\n', '\0']) {
        Err("is not a path")
    } else if text.ends_with('/') {
        Err("must name a thing, not end with /")
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations() {
        for (text, seconds) in [
            ("15m", 900),
            ("1h30m", 5400),
            ("90s", 90),
            ("15 minutes", 900),
            ("1 hour 30 minutes", 5400),
            ("2 hours", 7200),
            (" 5 min ", 300),
            ("24h", 86400),
        ] {
            assert_eq!(duration(text), Ok(Duration::from_secs(seconds)), "{text}");
        }
        assert_eq!(duration("500ms"), Ok(Duration::from_millis(500)));
        for text in ["", "15", "-5m", "0s", "15 parsecs", "25h", "m", "1e9h", "99999999999999999h"]
        {
            assert!(duration(text).is_err(), "{text}");
        }
    }

    #[test]
    fn sizes() {
        for (text, bytes) in [
            ("512m", 512 << 20),
            ("1g", 1 << 30),
            ("1.5GiB", 3 << 29),
            ("64 MB", 64 << 20),
            ("4096", 4096),
            ("4k", 4096),
        ] {
            assert_eq!(size(text), Ok(bytes), "{text}");
        }
        for text in ["", "m", "12x", "-1m", "1.2.3m", "NaN", "inf"] {
            assert!(size(text).is_err(), "{text}");
        }
        assert_eq!(size(&format!("{}g", "9".repeat(40))), Ok(u64::MAX));
    }

    #[test]
    fn modes() {
        assert_eq!(mode("0644"), Ok(0o644));
        assert_eq!(mode("755"), Ok(0o755));
        assert_eq!(mode("0o4755"), Ok(0o4755));
        for text in ["", "rwx", "0888", "17777", "-1", "+644", "0x1ff"] {
            assert!(mode(text).is_err(), "{text}");
        }
    }

    #[test]
    fn names_and_paths() {
        assert!(id("linux-03").is_ok() && id("a").is_ok() && id("K8s_1.2").is_ok());
        for text in ["", "-a", "../x", "a b", "a/b", "é", &"a".repeat(65)] {
            assert!(id(text).is_err(), "{text}");
        }
        assert!(account("learner").is_ok() && account("www-data").is_ok());
        for text in ["", "0", "Root", "a:b", "-u"] {
            assert!(account(text).is_err(), "{text}");
        }
        assert!(host("db").is_ok() && host("api-2").is_ok());
        for text in ["", "2", "-a", "a-", "A", "a.b", "a b", &"a".repeat(33)] {
            assert!(host(text).is_err(), "{text}");
        }
        assert!(image("ghcr.io/yourorg/infra-learn/linux-03:latest").is_ok());
        for text in ["", "--privileged", "a b", "$(id)"] {
            assert!(image(text).is_err(), "{text}");
        }
        assert!(absolute_path("/home/learner/myapp.py").is_ok());
        for text in ["", "home", "/", "/a/", "/a/../etc/shadow", "/a/./b", "~/x"] {
            assert!(absolute_path(text).is_err(), "{text}");
        }
    }
}
