//! A grid of dots, several to a cell, shown with braille, with blocks or with ASCII.

use serde::{Deserialize, Serialize};

/// What dots are shown with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Dots {
    /// 2×4 dots a cell.
    #[default]
    Braille,
    /// 2×2 dots a cell, for fonts without braille.
    Blocks,
    /// 1×3 dots a cell.
    Ascii,
}

/// By mask: upper left 1, upper right 2, lower left 4, lower right 8.
const QUADRANTS: [char; 16] =
    [' ', '▘', '▝', '▀', '▖', '▌', '▞', '▛', '▗', '▚', '▐', '▜', '▄', '▙', '▟', '█'];

/// By mask: top 1, middle 2, bottom 4.
const MARKS: [char; 8] = [' ', '\'', '-', '"', '.', ':', ',', '|'];

impl Dots {
    /// How many dots a cell has: columns and rows.
    pub fn per_cell(self) -> (usize, usize) {
        match self {
            Self::Braille => (2, 4),
            Self::Blocks => (2, 2),
            Self::Ascii => (1, 3),
        }
    }

    fn bit(self, x: usize, y: usize) -> u8 {
        match (self, x, y) {
            (Self::Braille, _, 3) => 0x40 << x,
            (Self::Braille, ..) => 1 << (3 * x + y),
            (Self::Blocks, ..) => 1 << (2 * y + x),
            (Self::Ascii, ..) => 1 << y,
        }
    }

    fn sign(self, mask: u8) -> char {
        match self {
            Self::Braille => char::from_u32(0x2800 + u32::from(mask)).unwrap_or(' '),
            Self::Blocks => QUADRANTS[usize::from(mask & 15)],
            Self::Ascii => MARKS[usize::from(mask & 7)],
        }
    }
}

/// A grid of dots. Where lines cross in a cell all dots stay; the cell has the later line's colour.
#[derive(Debug)]
pub struct Canvas {
    dots: Dots,
    columns: usize,
    rows: usize,
    /// For each cell its dots and who drew there last.
    cells: Vec<(u8, u8)>,
}

impl Canvas {
    /// An empty one of so many cells.
    pub fn new(dots: Dots, columns: u16, rows: u16) -> Self {
        let (columns, rows) = (usize::from(columns), usize::from(rows));
        Self { dots, columns, rows, cells: vec![(0, 0); columns * rows] }
    }

    /// Its size in dots.
    pub fn size(&self) -> (usize, usize) {
        let (x, y) = self.dots.per_cell();
        (self.columns * x, self.rows * y)
    }

    /// Sets a dot, counted from the upper left; those outside are left out.
    pub fn set(&mut self, x: usize, y: usize, layer: u8) {
        let (across, down) = self.dots.per_cell();
        let (column, row) = (x / across, y / down);
        if column < self.columns
            && let Some(cell) = self.cells.get_mut(row * self.columns + column)
        {
            *cell = (cell.0 | self.dots.bit(x % across, y % down), layer);
        }
    }

    /// Joins two dots that are in the grid.
    pub fn line(&mut self, from: (usize, usize), to: (usize, usize), layer: u8) {
        let signed = |(x, y): (usize, usize)| (x.cast_signed(), y.cast_signed());
        let ((mut x, mut y), (to_x, to_y)) = (signed(from), signed(to));
        let (width, height) = ((to_x - x).abs(), -(to_y - y).abs());
        let (step_x, step_y) = ((to_x - x).signum(), (to_y - y).signum());
        let mut error = width + height;
        loop {
            self.set(x.cast_unsigned(), y.cast_unsigned(), layer);
            if (x, y) == (to_x, to_y) {
                return;
            }
            let twice = 2 * error;
            if twice >= height {
                error += height;
                x += step_x;
            }
            if twice <= width {
                error += width;
                y += step_y;
            }
        }
    }

    /// What a cell shows and who drew there last; `None` where there is no dot.
    pub fn cell(&self, column: u16, row: u16) -> Option<(char, u8)> {
        let index = usize::from(row) * self.columns + usize::from(column);
        let (mask, layer) = *self.cells.get(index)?;
        (mask != 0).then(|| (self.dots.sign(mask), layer))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(canvas: &Canvas) -> Vec<String> {
        let sign = |column: usize, row: usize| {
            canvas.cell(column as u16, row as u16).map_or(' ', |(sign, _)| sign)
        };
        (0..canvas.rows)
            .map(|row| (0..canvas.columns).map(|column| sign(column, row)).collect())
            .collect()
    }

    #[test]
    fn a_line_rises_in_each_kind_of_dots() {
        for (dots, shown) in [
            (Dots::Braille, [" ⢀⠎", "⡰⠁ "]),
            (Dots::Blocks, [" ▗▞", "▞▘ "]),
            (Dots::Ascii, [" .\"", ",' "]),
        ] {
            let mut canvas = Canvas::new(dots, 3, 2);
            let (width, height) = canvas.size();
            canvas.line((0, height - 1), (width - 1, 0), 0);
            assert_eq!(text(&canvas), shown);
        }
    }

    #[test]
    fn where_lines_cross_no_dot_is_lost() {
        let mut canvas = Canvas::new(Dots::Braille, 1, 1);
        canvas.set(0, 0, 0);
        canvas.set(1, 3, 1);
        assert_eq!(canvas.cell(0, 0), Some(('⢁', 1)));
        canvas.set(9, 0, 1);
        canvas.set(0, 9, 1);
        assert_eq!(text(&canvas), ["⢁"]);
    }
}
