//! A line of values in one row, the latest at the right. Where there was none is a gap.

use super::time_series::{Dots, Resample};
use crate::tui::theme::Signs;

const BLOCKS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
const ASCII: [char; 5] = ['_', '.', '-', '=', '#'];
/// Braille's dots from the bottom up, of the left and the right column.
const BRAILLE: [[u32; 5]; 2] = [[0, 0x40, 0x44, 0x46, 0x47], [0, 0x80, 0xa0, 0xb0, 0xb8]];

/// How many values a cell shows.
fn per_cell(signs: Signs, dots: Dots) -> usize {
    if dots == Dots::Braille && !signs.ascii { 2 } else { 1 }
}

/// All values in `width` cells, however many there are: means of as many as fall together.
pub fn whole(
    values: &[Option<f64>],
    level: Option<f64>,
    width: usize,
    signs: Signs,
    dots: Dots,
) -> String {
    let values = brought_down(values, width * per_cell(signs, dots), Resample::Mean);
    sparkline(&values, level, width, signs, dots)
}

/// The values in `width` cells, between the least and the largest of them and `level`, which is what
/// they are compared with. Of more values than fit the latest are shown.
pub fn sparkline(
    values: &[Option<f64>],
    level: Option<f64>,
    width: usize,
    signs: Signs,
    dots: Dots,
) -> String {
    let per_cell = per_cell(signs, dots);
    let shown = &values[values.len().saturating_sub(width * per_cell)..];
    let finite = |value: &Option<f64>| value.filter(|value| value.is_finite());
    let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
    for value in shown.iter().filter_map(finite).chain(level) {
        low = low.min(value);
        high = high.max(value);
    }
    // 0 to 1; with nothing to compare everything is in the middle.
    let part = |value: f64| if high > low { (value - low) / (high - low) } else { 0.5 };
    let step = |value: f64, steps: usize| (part(value) * (steps - 1) as f64).round() as usize;
    let mut out = String::with_capacity(width * 3);
    if per_cell == 1 {
        let signs = if signs.ascii { &ASCII[..] } else { &BLOCKS[..] };
        out.extend(std::iter::repeat_n(' ', width - shown.len()));
        out.extend(shown.iter().map(|value| match finite(value) {
            Some(value) => signs[step(value, signs.len())],
            None => ' ',
        }));
        return out;
    }
    // The latest is at the right edge, whether the number of values is even or not.
    let pad = shown.len() % 2;
    let at = |index: usize| index.checked_sub(pad).and_then(|index| shown.get(index));
    let cells = shown.len().div_ceil(2);
    out.extend(std::iter::repeat_n(' ', width - cells));
    for cell in 0..cells {
        let mask: u32 = (0..2)
            .map(|side| match at(cell * 2 + side).and_then(finite) {
                Some(value) => BRAILLE[side][1 + step(value, 4)],
                None => 0,
            })
            .sum();
        out.extend(if mask == 0 { Some(' ') } else { char::from_u32(0x2800 + mask) });
    }
    out
}

/// As many values as there is room for, from all of them.
fn brought_down(values: &[Option<f64>], count: usize, how: Resample) -> Vec<Option<f64>> {
    if values.len() <= count || count == 0 {
        return values.to_vec();
    }
    let bounds = |index: usize| index * values.len() / count;
    (0..count)
        .map(|index| {
            let part = &values[bounds(index)..bounds(index + 1)];
            how.pool(part.iter().flatten().copied().filter(|value| value.is_finite()))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const UNICODE: Signs = Signs { ascii: false };

    fn some(values: &[f64]) -> Vec<Option<f64>> {
        values.iter().map(|value| Some(*value)).collect()
    }

    #[test]
    fn the_latest_is_at_the_right() {
        let values = some(&[0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0]);
        assert_eq!(sparkline(&values, None, 10, UNICODE, Dots::Blocks), "  ▁▂▃▄▅▆▇█");
        assert_eq!(sparkline(&values, None, 3, UNICODE, Dots::Blocks), "▁▅█");
        assert_eq!(sparkline(&values, None, 5, UNICODE, Dots::Braille), " ⣀⣤⣶⣿");
        assert_eq!(sparkline(&values[..3], None, 3, UNICODE, Dots::Braille), " ⢀⣾");
        let ascii = Signs { ascii: true };
        assert_eq!(sparkline(&values, None, 9, ascii, Dots::Braille), " _..--==#");
    }

    #[test]
    fn what_there_is_not_is_a_gap() {
        let values = [Some(1.0), None, Some(f64::NAN), Some(2.0)];
        assert_eq!(sparkline(&values, None, 4, UNICODE, Dots::Blocks), "▁  █");
        assert_eq!(sparkline(&values, None, 2, UNICODE, Dots::Braille), "⡀⢸");
        assert_eq!(sparkline(&[], None, 3, UNICODE, Dots::Braille), "   ");
    }

    #[test]
    fn a_level_is_part_of_the_height() {
        let values = some(&[0.5, 0.5]);
        assert_eq!(sparkline(&values, Some(1.0), 2, UNICODE, Dots::Blocks), "▁▁");
        assert_eq!(sparkline(&values, None, 2, UNICODE, Dots::Blocks), "▅▅");
    }

    #[test]
    fn many_values_are_brought_down() {
        let values = some(&[1.0, 9.0, 2.0, 4.0]);
        assert_eq!(brought_down(&values, 2, Resample::Max), [Some(9.0), Some(4.0)]);
        assert_eq!(brought_down(&values, 2, Resample::Mean), [Some(5.0), Some(3.0)]);
        assert_eq!(brought_down(&values, 9, Resample::Max).len(), 4);
        assert_eq!(brought_down(&[None, None], 1, Resample::Last), [None]);
        assert_eq!(whole(&values, None, 1, UNICODE, Dots::Braille), "⣇");
        assert_eq!(whole(&values, Some(0.0), 2, UNICODE, Dots::Blocks), "█▅");
    }
}
