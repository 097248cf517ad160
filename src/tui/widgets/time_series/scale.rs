//! The value axis: from where to where, with labels at round numbers.

use crate::course::scenario::Unit;

/// Values no smaller than this part of the largest may do without the zero line: only shares, of
/// which the last percents are what matters.
const NEAR_ALL: f64 = 0.5;

/// A threshold so many times the largest value would press all lines to the bottom.
const FAR: f64 = 4.0;

/// An axis.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Scale {
    /// The value at the bottom.
    pub low: f64,
    /// The value at the top.
    pub high: f64,
    /// How far labels are apart.
    pub step: f64,
}

impl Scale {
    /// An axis for these values on so many rows. It begins at zero, so that heights can be compared,
    /// unless these are shares that are all near the whole.
    pub fn fit(
        values: impl Iterator<Item = f64>,
        threshold: Option<f64>,
        unit: Unit,
        rows: u16,
    ) -> Self {
        let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
        for value in values.filter(|value| value.is_finite()) {
            low = low.min(value);
            high = high.max(value);
        }
        if low > high {
            (low, high) = (0.0, threshold.unwrap_or(0.0).max(0.0));
        }
        if let Some(threshold) = threshold.filter(|it| it.is_finite()) {
            let near = threshold.abs() <= FAR * high.abs().max(low.abs()) || high <= 0.0;
            if near {
                low = low.min(threshold);
                high = high.max(threshold);
            }
        }
        let whole = unit == Unit::Percent && high <= 1.0;
        if whole {
            high = 1.0;
        }
        if !(unit == Unit::Percent && low > NEAR_ALL * high) {
            low = low.min(0.0);
        }
        if high - low < f64::MIN_POSITIVE || (high - low) < high.abs() * 1e-9 {
            high = low + if whole { 0.01 } else { 1.0 };
            if whole {
                (low, high) = (0.99, 1.0);
            }
        }
        let wanted = f64::from((rows / 3).clamp(1, 5));
        let step = nice((high - low) / wanted);
        let down = (low / step + 1e-9).floor() * step;
        let up = (high / step - 1e-9).ceil() * step;
        Self { low: down, high: up.max(down + step), step }
    }

    /// The labels' values, the lowest first.
    pub fn ticks(&self) -> Vec<f64> {
        let count = ((self.high - self.low) / self.step).round().clamp(1.0, 50.0) as u32;
        (0..=count).map(|index| self.low + f64::from(index) * self.step).collect()
    }

    /// How far up a value is, 0 to 1; values outside are at the edges.
    pub fn part(&self, value: f64) -> f64 {
        ((value - self.low) / (self.high - self.low)).clamp(0.0, 1.0)
    }

    /// Whether a value is on it.
    pub fn contains(&self, value: f64) -> bool {
        (self.low..=self.high).contains(&value)
    }
}

/// The next round number that is not smaller: 1, 2, 2.5 or 5 times a power of ten.
fn nice(rough: f64) -> f64 {
    if !rough.is_finite() || rough <= 0.0 {
        return 1.0;
    }
    let power = 10f64.powf(rough.log10().floor());
    let factor = [1.0, 2.0, 2.5, 5.0].into_iter().find(|it| it * power >= rough * (1.0 - 1e-9));
    factor.unwrap_or(10.0) * power
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fit(values: &[f64], threshold: Option<f64>, unit: Unit, rows: u16) -> (f64, f64, f64) {
        let scale = Scale::fit(values.iter().copied(), threshold, unit, rows);
        let round = |value: f64| (value * 1e6).round() / 1e6;
        (round(scale.low), round(scale.high), round(scale.step))
    }

    #[test]
    fn axes_end_at_round_numbers() {
        assert_eq!(fit(&[0.024, 0.183], Some(0.2), Unit::Seconds, 12), (0.0, 0.2, 0.05));
        assert_eq!(fit(&[39.0, 41.5], None, Unit::Rate, 6), (0.0, 50.0, 25.0));
        assert_eq!(fit(&[0.971, 1.0], Some(0.99), Unit::Percent, 9), (0.97, 1.0, 0.01));
        assert_eq!(fit(&[0.0, 1.0], None, Unit::Percent, 9), (0.0, 1.0, 0.5));
        assert_eq!(fit(&[-3.0, 4.0], None, Unit::Number, 9), (-5.0, 5.0, 2.5));
    }

    #[test]
    fn a_threshold_far_above_does_not_press_the_lines_down() {
        assert_eq!(fit(&[0.02], Some(0.3), Unit::Seconds, 3), (0.0, 0.02, 0.02));
        assert_eq!(fit(&[], Some(0.3), Unit::Seconds, 3), (0.0, 0.5, 0.5));
    }

    #[test]
    fn nothing_and_what_is_no_number_have_an_axis_too() {
        assert_eq!(fit(&[], None, Unit::Number, 9), (0.0, 1.0, 0.5));
        assert_eq!(fit(&[f64::NAN, f64::INFINITY], None, Unit::Number, 9), (0.0, 1.0, 0.5));
        assert_eq!(fit(&[0.0, 0.0], None, Unit::Number, 3), (0.0, 1.0, 1.0));
        assert_eq!(fit(&[1.0, 1.0], None, Unit::Percent, 3), (0.99, 1.0, 0.01));
    }

    proptest::proptest! {
        #[test]
        fn every_value_is_on_its_axis(values in proptest::collection::vec(-1e12f64..1e12, 1..9), rows in 1u16..40) {
            let scale = Scale::fit(values.iter().copied(), None, Unit::Number, rows);
            for value in values {
                proptest::prop_assert!(scale.low <= value + 1e-3 && value <= scale.high + 1e-3);
            }
            proptest::prop_assert!(scale.ticks().len() < 12);
        }
    }
}
