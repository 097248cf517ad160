//! Numbers as people read them: `180 ms`, `5.4 s`, `97.1 %`, `12.3 MB`, `40 /s`.

use crate::course::scenario::{Op, Unit};
use crate::tui::theme::Signs;

/// From here on a number's digits say nothing.
const HUGE: f64 = 1e12;

/// What stands for a value that there is not.
pub const NONE: &str = "-";

/// A factor and the word after the number, for numbers of about this size.
fn scaled(unit: Unit, size: f64) -> (f64, &'static str) {
    let size = size.abs();
    match unit {
        Unit::Percent => (100.0, " %"),
        // Not zero: an axis from nothing to nothing is in seconds.
        Unit::Seconds if size < 0.9995 && size > 0.0 => (1e3, " ms"),
        Unit::Seconds => (1.0, " s"),
        Unit::Bytes if size >= 1e9 => (1e-9, " GB"),
        Unit::Bytes if size >= 1e6 => (1e-6, " MB"),
        Unit::Bytes if size >= 1e3 => (1e-3, " kB"),
        Unit::Bytes => (1.0, " B"),
        Unit::Rate if size >= 1e4 => (1e-3, "k/s"),
        Unit::Rate => (1.0, " /s"),
        Unit::Cores => (1.0, " cores"),
        Unit::Number if size >= 1e9 => (1e-9, " G"),
        Unit::Number if size >= 1e6 => (1e-6, " M"),
        Unit::Number => (1.0, ""),
    }
}

/// A value with as many digits as say something.
pub fn value(unit: Unit, value: f64) -> String {
    if !value.is_finite() {
        return if value.is_nan() { NONE.to_owned() } else { "inf".to_owned() };
    }
    let (factor, word) = scaled(unit, value);
    let number = value * factor;
    if number.abs() >= HUGE {
        return format!("{number:.1e}{word}");
    }
    let whole = (number - number.round()).abs() < 1e-9;
    let size = number.abs();
    let number = match unit {
        Unit::Percent => return format!("{}{word}", percent(value, number)),
        Unit::Number | Unit::Rate if whole => thousands(number),
        Unit::Bytes if factor >= 1.0 => thousands(number),
        Unit::Seconds if whole && number == 0.0 => "0".to_owned(),
        Unit::Cores => format!("{number:.2}"),
        Unit::Number if size < 10.0 => format!("{number:.2}"),
        Unit::Seconds if factor > 1.0 && size >= 9.95 => format!("{number:.0}"),
        Unit::Rate if size >= 9.95 => format!("{number:.0}"),
        _ if size >= 99.95 => thousands(number),
        _ => format!("{number:.1}"),
    };
    format!("{number}{word}")
}

/// What is not all is never shown as all, and what is something never as nothing.
fn percent(share: f64, number: f64) -> String {
    let shown = format!("{number:.1}");
    match shown.as_str() {
        "100.0" if share < 1.0 => "99.9".to_owned(),
        "100.0" => "100".to_owned(),
        "0.0" | "-0.0" if number.abs() < 1e-9 => "0".to_owned(),
        "0.0" => "<0.1".to_owned(),
        _ => shown,
    }
}

/// A value that somebody wrote, in the fewest digits: `99 %`, `0.3` of a second as `300 ms`.
pub fn goal(unit: Unit, value: f64) -> String {
    let (factor, word) = scaled(unit, value);
    let text = format!("{:.4}", value * factor);
    format!("{}{word}", trimmed(&text))
}

fn trimmed(text: &str) -> &str {
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { text }
}

/// A comparison with a value: `≥ 99 %`.
pub fn compared(signs: Signs, op: Op, unit: Unit, with: f64) -> String {
    let sign = match (op, signs.ascii) {
        (Op::AtLeast, false) => "≥",
        (Op::AtMost, false) => "≤",
        (Op::Differs, false) => "≠",
        (Op::Equal, _) => "=",
        (op, _) => op.sign(),
    };
    format!("{sign} {}", goal(unit, with))
}

/// A label of an axis whose largest value is `largest` and whose labels are `step` apart: all of
/// them in one scale and with the same digits.
pub fn tick(unit: Unit, value: f64, largest: f64, step: f64) -> String {
    let (factor, word) = scaled(unit, largest);
    let step = (step * factor).abs();
    let digits = (0..6).find(|digits| {
        let grown = step * 10f64.powi(*digits);
        (grown - grown.round()).abs() < 1e-6 * grown.max(1e-12)
    });
    let digits = usize::try_from(digits.unwrap_or(6)).unwrap_or(0);
    let number = value * factor;
    if (largest * factor).abs() >= HUGE {
        return format!("{number:.1e}{word}");
    }
    // There is no negative zero on an axis.
    let number = if number.abs() < step * 1e-9 { 0.0 } else { number };
    format!("{number:.digits$}{word}")
}

/// A whole number with its thousands apart: `1,204`.
pub fn thousands(number: f64) -> String {
    let digits = format!("{:.0}", number.abs());
    let mut out = String::with_capacity(digits.len() * 4 / 3 + 1);
    if number < 0.0 && digits != "0" {
        out.push('-');
    }
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_written_as_people_read_them() {
        for (unit, number, shown) in [
            (Unit::Seconds, 0.18, "180 ms"),
            (Unit::Seconds, 0.0024, "2.4 ms"),
            (Unit::Seconds, 0.9999, "1.0 s"),
            (Unit::Seconds, 5.4, "5.4 s"),
            (Unit::Seconds, 125.0, "125 s"),
            (Unit::Seconds, 0.0, "0 s"),
            (Unit::Percent, 0.971, "97.1 %"),
            (Unit::Percent, 0.9999, "99.9 %"),
            (Unit::Percent, 1.0, "100 %"),
            (Unit::Percent, 0.0001, "<0.1 %"),
            (Unit::Percent, 0.0, "0 %"),
            (Unit::Bytes, 12_300_000.0, "12.3 MB"),
            (Unit::Bytes, 512.0, "512 B"),
            (Unit::Bytes, 134_217_728.0, "134 MB"),
            (Unit::Rate, 40.0, "40 /s"),
            (Unit::Rate, 39.7, "40 /s"),
            (Unit::Rate, 3.21, "3.2 /s"),
            (Unit::Cores, 0.512, "0.51 cores"),
            (Unit::Number, 1204.0, "1,204"),
            (Unit::Number, 1.5, "1.50"),
            (Unit::Number, f64::NAN, "-"),
            (Unit::Number, f64::INFINITY, "inf"),
            (Unit::Number, -1234.0, "-1,234"),
            (Unit::Number, 1e300, "1.0e291 G"),
            (Unit::Seconds, 3e15, "3.0e15 s"),
        ] {
            assert_eq!(value(unit, number), shown, "{unit:?} {number}");
        }
    }

    #[test]
    fn goals_have_no_more_digits_than_were_written() {
        let signs = Signs { ascii: false };
        assert_eq!(compared(signs, Op::AtLeast, Unit::Percent, 0.99), "≥ 99 %");
        assert_eq!(compared(signs, Op::AtMost, Unit::Seconds, 0.3), "≤ 300 ms");
        assert_eq!(compared(Signs { ascii: true }, Op::AtLeast, Unit::Rate, 32.0), ">= 32 /s");
        assert_eq!(goal(Unit::Percent, 0.995), "99.5 %");
        assert_eq!(goal(Unit::Number, 0.0), "0");
        assert_eq!(goal(Unit::Number, 100.0), "100");
    }

    #[test]
    fn an_axis_keeps_one_scale() {
        let at = |value| tick(Unit::Seconds, value, 0.2, 0.05);
        assert_eq!([at(0.0), at(0.05), at(0.2)], ["0 ms", "50 ms", "200 ms"]);
        let at = |value| tick(Unit::Percent, value, 1.0, 0.025);
        assert_eq!([at(0.95), at(0.975), at(1.0)], ["95.0 %", "97.5 %", "100.0 %"]);
        assert_eq!(tick(Unit::Number, -1e-18, 2.0, 1.0), "0");
    }
}
