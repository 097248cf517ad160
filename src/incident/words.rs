//! Numbers of an incident as people say them.

/// A time since something, in seconds, negative before it: `12:07`, `-0:02`.
pub fn clock(seconds: f64) -> String {
    let sign = if seconds < 0.0 { "-" } else { "" };
    let whole = seconds.abs() as u64;
    format!("{sign}{}:{:02}", whole / 60, whole % 60)
}
