//! The time axis: labels as people say times of now, each in the middle of its true column.

/// Steps between labels, in seconds.
const STEPS: [u32; 15] = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 21600];

/// Between two labels, in columns.
const AIR: usize = 3;

/// More labels would only be read one by one.
const MOST: usize = 8;

/// A label.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimeLabel {
    /// The column of the moment.
    pub column: u16,
    /// The column in which the text begins.
    pub start: u16,
    /// The text.
    pub text: String,
}

/// The column of a moment on so many columns.
pub fn column(time: f64, span: (f64, f64), columns: usize) -> Option<usize> {
    let part = (time - span.0) / (span.1 - span.0);
    let last = columns.checked_sub(1)?;
    // A rounding error at the edge is not outside.
    ((-1e-9)..=(1.0 + 1e-9)).contains(&part).then(|| (part * last as f64).round() as usize)
}

/// How long ago, in the fewest signs: `now`, `-30s`, `-90s`, `-4m`, `-1h`.
pub fn ago(seconds: u64) -> String {
    match seconds {
        0 => "now".to_owned(),
        s if s % 3600 == 0 => format!("-{}h", s / 3600),
        s if s % 60 == 0 => format!("-{}m", s / 60),
        s if s < 120 => format!("-{s}s"),
        s => format!("-{}m{:02}s", s / 60, s % 60),
    }
}

/// Labels for a span of time. They are counted back from `now`, so they stand still while time goes
/// on, and no two touch.
pub fn labels(span: (f64, f64), now: f64, columns: u16) -> Vec<TimeLabel> {
    let length = span.1 - span.0;
    let per_second = f64::from(columns.saturating_sub(1)) / length;
    if !per_second.is_finite() || per_second <= 0.0 || columns < 4 {
        return Vec::new();
    }
    let fits = |step: &&u32| {
        let oldest = ((now - span.0).max(0.0) as u64 / u64::from(**step)) * u64::from(**step);
        let longest = ago(oldest).len().max(ago(u64::from(**step)).len());
        let apart = (longest + AIR).max(usize::from(columns) / MOST);
        f64::from(**step) * per_second >= apart as f64
    };
    let step = STEPS.iter().find(fits).copied().unwrap_or(STEPS[STEPS.len() - 1]);
    let first = ((now - span.1).max(0.0) / f64::from(step) - 1e-9).ceil().max(0.0) as u64;
    let mut labels: Vec<TimeLabel> = Vec::new();
    for index in first.. {
        let back = index * u64::from(step);
        let Some(column) = column(now - back as f64, span, columns.into()) else {
            // The newest may be outside by a rounding error.
            if index == first {
                continue;
            }
            break;
        };
        let text = ago(back);
        // The last label may lean to the left; any other would stand for another column then.
        let mut start = column.cast_signed() - text.len().cast_signed() / 2;
        if index == 0 {
            start = start.min(isize::from(columns.cast_signed()) - text.len().cast_signed());
        }
        let end = start + text.len().cast_signed();
        let next = labels.last().map_or(isize::MAX, |next| next.start.cast_signed().into());
        if start < 0 {
            break;
        }
        if end <= isize::from(columns.cast_signed()) && end < next {
            labels.push(TimeLabel { column: column as u16, start: start as u16, text });
        }
    }
    labels.reverse();
    labels
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(labels: &[TimeLabel]) -> Vec<(u16, &str)> {
        labels.iter().map(|label| (label.column, label.text.as_str())).collect()
    }

    #[test]
    fn labels_stand_at_their_true_columns() {
        let labels = labels((1000.0, 1300.0), 1300.0, 61);
        assert_eq!(
            texts(&labels),
            [(12, "-4m"), (24, "-3m"), (36, "-2m"), (48, "-1m"), (60, "now")]
        );
        for label in &labels[..4] {
            assert_eq!(label.start + label.text.len() as u16 / 2, label.column);
        }
        assert_eq!(labels[4].start, 58, "the last one ends at the edge");
    }

    #[test]
    fn a_look_back_has_labels_of_now_too() {
        let labels = labels((1000.0, 1300.0), 1600.0, 61);
        assert_eq!(texts(&labels), [(12, "-9m"), (24, "-8m"), (36, "-7m"), (48, "-6m")]);
    }

    #[test]
    fn times_are_said_in_the_fewest_signs() {
        let said = [0, 30, 60, 90, 150, 240, 3600].map(ago);
        assert_eq!(said, ["now", "-30s", "-1m", "-90s", "-2m30s", "-4m", "-1h"]);
    }

    proptest::proptest! {
        #[test]
        fn labels_never_touch_nor_leave_the_axis(
            columns in 0u16..300, length in 10f64..20000.0, back in 0f64..9000.0,
        ) {
            let now = 1_700_000_000.0;
            let labels = labels((now - back - length, now - back), now, columns);
            let mut end = 0;
            for label in &labels {
                proptest::prop_assert!(label.start >= end);
                end = label.start + label.text.len() as u16 + 1;
                proptest::prop_assert!(end <= columns + 1);
                proptest::prop_assert!((label.start..end).contains(&label.column));
            }
        }
    }
}
