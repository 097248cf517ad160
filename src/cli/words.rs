//! Numbers as people say them.

use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;

/// A moment, where the reader is: `2026-03-04 14:02`.
pub(super) fn when(at: Timestamp) -> String {
    at.to_zoned(TimeZone::system()).strftime("%Y-%m-%d %H:%M").to_string()
}

/// How long a command ran: `4 ms`, `1.2 s`, `3 min`.
pub(super) fn short_length(time: Duration) -> String {
    match time.as_millis() {
        milliseconds @ 0..1000 => format!("{milliseconds} ms"),
        1000..60_000 => format!("{:.1} s", time.as_secs_f64()),
        _ => length(time),
    }
}

/// A length of practice: `40 s`, `12 min`, `1 h 05 min`.
pub(super) fn length(time: Duration) -> String {
    let seconds = time.as_secs();
    match seconds {
        0..=59 => format!("{seconds} s"),
        60..=3599 => format!("{} min", seconds / 60),
        _ => format!("{} h {:02} min", seconds / 3600, seconds % 3600 / 60),
    }
}

/// A size: `812 KB`, `1.2 GB`, by thousands as engines and disks count.
pub(super) fn size(bytes: u64) -> String {
    const UNITS: [&str; 4] = ["B", "KB", "MB", "GB"];
    let mut amount = bytes as f64;
    let mut unit = 0;
    while amount >= 1000.0 && unit + 1 < UNITS.len() {
        amount /= 1000.0;
        unit += 1;
    }
    let digits = usize::from(unit == 3);
    format!("{amount:.digits$} {}", UNITS[unit])
}

/// `1 hint`, `2 hints`.
pub(super) fn count(number: usize, one: &str) -> String {
    if number == 1 { format!("1 {one}") } else { format!("{number} {one}s") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_said_shortly() {
        let said = |seconds| length(Duration::from_secs(seconds));
        assert_eq!([said(0), said(61), said(3900)], ["0 s", "1 min", "1 h 05 min"]);
        let ran = |milliseconds| short_length(Duration::from_millis(milliseconds));
        assert_eq!([ran(4), ran(1_240), ran(90_000)], ["4 ms", "1.2 s", "1 min"]);
        assert_eq!(
            [size(900), size(272_000_000), size(1_240_000_000)],
            ["900 B", "272 MB", "1.2 GB"]
        );
        assert_eq!([count(1, "hint"), count(0, "hint")], ["1 hint", "0 hints"]);
    }
}
