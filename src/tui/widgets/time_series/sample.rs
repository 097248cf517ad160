//! Points brought down to the columns there are, and split where there were none.

use super::axis::column;
use crate::course::scenario::Unit;

/// Which of several values in one column is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resample {
    /// The largest: a peak is what matters.
    Max,
    /// The mean.
    Mean,
    /// The last.
    Last,
}

impl Resample {
    /// What suits numbers of a kind.
    pub fn of(unit: Unit) -> Self {
        match unit {
            Unit::Seconds | Unit::Number => Self::Max,
            Unit::Rate | Unit::Percent => Self::Mean,
            Unit::Bytes | Unit::Cores => Self::Last,
        }
    }

    /// One value for several, in the order of time.
    pub fn pool(self, values: impl Iterator<Item = f64>) -> Option<f64> {
        let mut pool = Pool::default();
        values.for_each(|value| pool.add(value));
        pool.take(self)
    }
}

#[derive(Default)]
struct Pool {
    count: u32,
    sum: f64,
    largest: f64,
    last: f64,
}

impl Pool {
    fn add(&mut self, value: f64) {
        self.largest = if self.count == 0 { value } else { self.largest.max(value) };
        self.count += 1;
        self.sum += value;
        self.last = value;
    }

    fn take(&mut self, how: Resample) -> Option<f64> {
        let pool = std::mem::take(self);
        (pool.count > 0).then(|| match how {
            Resample::Max => pool.largest,
            Resample::Mean => pool.sum / f64::from(pool.count),
            Resample::Last => pool.last,
        })
    }
}

/// Stretches of points without a gap, each point with its column. Points further apart than `gap`
/// seconds do not belong together, nor do those with something between them that is no number.
pub fn stretches(
    points: &[(f64, f64)],
    span: (f64, f64),
    gap: f64,
    columns: usize,
    how: Resample,
) -> Vec<Vec<(usize, f64)>> {
    let mut all: Vec<Vec<(usize, f64)>> = Vec::new();
    let mut stretch = Vec::new();
    let mut pool = Pool::default();
    let mut before: Option<(f64, usize)> = None;
    let mut flush = |stretch: &mut Vec<(usize, f64)>, pool: &mut Pool, at: usize, ends: bool| {
        stretch.extend(pool.take(how).map(|value| (at, value)));
        if ends && !stretch.is_empty() {
            all.push(std::mem::take(stretch));
        }
    };
    for &(time, value) in points {
        let Some(at) = column(time, span, columns) else { continue };
        if let Some((earlier, column)) = before {
            let apart = time - earlier > gap || !value.is_finite();
            if apart || column != at {
                flush(&mut stretch, &mut pool, column, apart);
            }
        }
        before = value.is_finite().then(|| {
            pool.add(value);
            (time, at)
        });
    }
    if let Some((_, column)) = before {
        flush(&mut stretch, &mut pool, column, true);
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gap_is_a_gap_and_so_is_what_is_no_number() {
        let points = [
            (0.0, 1.0),
            (2.0, 2.0),
            (8.0, 3.0),
            (10.0, f64::NAN),
            (12.0, 4.0),
            (14.0, f64::INFINITY),
            (16.0, f64::NAN),
            (18.0, 5.0),
        ];
        let found = stretches(&points, (0.0, 20.0), 3.0, 11, Resample::Last);
        assert_eq!(
            found,
            [vec![(0, 1.0), (1, 2.0)], vec![(4, 3.0)], vec![(6, 4.0)], vec![(9, 5.0)]]
        );
    }

    #[test]
    fn several_points_of_a_column_are_one() {
        let points: Vec<_> = [1.0, 9.0, 2.0, 3.0]
            .into_iter()
            .enumerate()
            .map(|(index, value)| (index as f64, value))
            .collect();
        let with = |how| stretches(&points, (0.0, 3.0), 2.0, 2, how);
        assert_eq!(with(Resample::Max), [[(0, 9.0), (1, 3.0)]]);
        assert_eq!(with(Resample::Mean), [[(0, 5.0), (1, 2.5)]]);
        assert_eq!(with(Resample::Last), [[(0, 9.0), (1, 3.0)]]);
        let outside = stretches(&points, (10.0, 20.0), 2.0, 5, Resample::Max);
        assert!(outside.is_empty());
    }
}
