//! A chart of values over time, in its own border: the title and what each line is now above, the
//! times below.
//!
//! Ratatui's chart paints what is no number as a plateau, joins lines over gaps, loses dots where
//! lines cross and puts labels beside their columns. Here a gap is a gap, and whatever has a label is
//! where the label is.

mod axis;
mod canvas;
mod sample;
mod scale;
#[cfg(test)]
mod tests;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;
use unicode_width::UnicodeWidthStr;

pub use axis::{TimeLabel, ago, labels};
pub use canvas::{Canvas, Dots};
pub use sample::{Resample, stretches};
pub use scale::Scale;

use super::numbers;
use super::pane::borders;
use super::text::{fit, wrap};
use crate::course::scenario::Unit;
use crate::tui::theme::{Signs, Theme};

/// More lines than these cannot be told apart.
pub const MAX_SERIES: usize = 4;

/// Below this width a label for each row of values would leave no room for the lines.
const GUTTER_FROM: u16 = 24;

/// How far apart points may be that belong together, in steps.
const GAP: f64 = 2.5;

/// How things are drawn.
#[derive(Debug, Clone, Copy)]
pub struct Look<'a> {
    /// Colours.
    pub theme: &'a Theme,
    /// Signs.
    pub signs: Signs,
    /// What lines are made of; ASCII where only that may be used.
    pub dots: Dots,
}

impl Look<'_> {
    /// The style of the line with this number.
    pub fn series(&self, index: usize) -> Style {
        match index % MAX_SERIES {
            0 => self.theme.accent(),
            1 => self.theme.attention(),
            2 => self.theme.good(),
            _ => self.theme.code(),
        }
    }

    fn dots(&self) -> Dots {
        if self.signs.ascii { Dots::Ascii } else { self.dots }
    }

    fn upright(&self) -> &'static str {
        if self.signs.ascii { "|" } else { "│" }
    }
}

/// One line.
#[derive(Debug, Clone, Copy)]
pub struct Series<'a> {
    /// What it is, without control characters.
    pub name: &'a str,
    /// Unix seconds and values, the oldest first.
    pub points: &'a [(f64, f64)],
}

/// A moment with a line of its own.
#[derive(Debug, Clone, Copy)]
pub struct Event<'a> {
    /// Unix seconds.
    pub time: f64,
    /// A word or two, without control characters.
    pub label: &'a str,
    /// Whether the learner did it.
    pub own: bool,
}

/// A chart about to be drawn.
#[derive(Debug, Clone)]
pub struct Chart<'a> {
    /// How.
    pub look: Look<'a>,
    /// What it shows, without control characters.
    pub title: &'a str,
    /// What its numbers are.
    pub unit: Unit,
    /// Its lines; [`MAX_SERIES`] of them are drawn.
    pub series: Vec<Series<'a>>,
    /// The line that is drawn over the others.
    pub front: Option<usize>,
    /// A value with a line of its own.
    pub threshold: Option<f64>,
    /// Moments with lines of their own.
    pub events: &'a [Event<'a>],
    /// From when to when, Unix seconds.
    pub span: (f64, f64),
    /// What labels count back from.
    pub now: f64,
    /// How far apart points are, in seconds.
    pub step: f64,
    /// The moment whose values are read; else the last ones are.
    pub cursor: Option<f64>,
    /// Whether keys go here.
    pub focused: bool,
    /// Said in place of lines: why there are none. The flag is set where something failed.
    pub note: Option<(&'a str, bool)>,
}

/// The value of a line at a moment, if it had one no further away than a gap.
pub fn value_at(points: &[(f64, f64)], time: f64, step: f64) -> Option<f64> {
    let after = points.partition_point(|point| point.0 < time);
    let near = [after.checked_sub(1), Some(after)];
    let near = near.into_iter().flatten().filter_map(|index| points.get(index));
    near.filter(|point| (point.0 - time).abs() <= step * GAP && point.1.is_finite())
        .min_by(|a, b| (a.0 - time).abs().total_cmp(&(b.0 - time).abs()))
        .map(|point| point.1)
}

impl Chart<'_> {
    fn drawn(&self) -> &[Series<'_>] {
        &self.series[..self.series.len().min(MAX_SERIES)]
    }

    fn scale(&self, rows: u16) -> Scale {
        let inside = |point: &&(f64, f64)| (self.span.0..=self.span.1).contains(&point.0);
        let values = self.drawn().iter().flat_map(|series| series.points.iter().filter(inside));
        Scale::fit(values.map(|point| point.1), self.threshold, self.unit, rows)
    }

    /// Where lines are drawn within the chart's place, and the width of the values' labels.
    fn plot(&self, area: Rect, scale: &Scale) -> (Rect, u16) {
        let labels = scale.ticks().into_iter().map(|tick| self.tick(tick, scale).width() as u16);
        let gutter = match labels.max() {
            Some(width) if area.width >= GUTTER_FROM => width + 1,
            _ => 0,
        };
        // The number of each line stands at its end.
        let ends = u16::from(self.drawn().len() > 1);
        let left = 1 + gutter;
        let plot = Rect {
            x: area.x + left.min(area.width),
            y: area.y + 1.min(area.height),
            width: area.width.saturating_sub(left + 1 + ends),
            height: area.height.saturating_sub(2),
        };
        (plot, gutter)
    }

    fn tick(&self, value: f64, scale: &Scale) -> String {
        numbers::tick(self.unit, value, scale.high.abs().max(scale.low.abs()), scale.step)
    }

    /// A line's value that is read: at the cursor, else the last one.
    fn read(&self, series: &Series<'_>) -> String {
        let value = value_at(series.points, self.cursor.unwrap_or(self.span.1), self.step);
        value.map_or_else(|| numbers::NONE.to_owned(), |value| numbers::value(self.unit, value))
    }

    /// Title and legend, as much of it as fits; and the threshold, where it is not in the picture.
    fn head(&self, width: usize, scale: &Scale) -> Line<'static> {
        let theme = self.look.theme;
        let title =
            if self.focused { theme.accent().add_modifier(Modifier::BOLD) } else { theme.muted() };
        let mut spans = vec![Span::styled(format!(" {}", fit(self.title, width)), title)];
        let mut used = spans[0].width() + 1;
        if let Some(cursor) = self.cursor {
            let back = (self.now - cursor).max(0.0).round() as u64;
            let at = format!("{}at {}", self.look.signs.dot(), ago(back));
            if used + at.width() <= width {
                used += at.width();
                spans.push(Span::styled(at, theme.text()));
            }
        }
        let many = self.drawn().len() > 1;
        for (index, series) in self.drawn().iter().enumerate() {
            let number = if many { format!("{} ", index + 1) } else { String::new() };
            let name = if series.name.is_empty() || series.name == self.title {
                String::new()
            } else {
                format!("{} ", series.name)
            };
            let dot = self.look.signs.dot();
            let value = self.read(series);
            let words = [format!("{dot}{number}{name}{value}"), format!("{dot}{number}{value}")];
            let Some(text) = words.into_iter().find(|text| used + text.width() <= width) else {
                break;
            };
            used += text.width();
            spans.push(Span::styled(text, self.look.series(index)));
        }
        let more = self.series.len() - self.drawn().len();
        if more > 0 {
            let text = format!("{}+{more}", self.look.signs.dot());
            if used + text.width() <= width {
                spans.push(Span::styled(text, theme.muted()));
            }
        }
        if let Some(threshold) = self.threshold.filter(|value| !scale.contains(*value)) {
            let goal = numbers::goal(self.unit, threshold);
            let text = format!("{}limit {goal}", self.look.signs.dot());
            let used: usize = spans.iter().map(Span::width).sum();
            if used + text.width() <= width {
                spans.push(Span::styled(text, theme.bad()));
            }
        }
        spans.push(Span::raw(" "));
        Line::from(spans)
    }

    fn frame(&self, area: Rect, plot: Rect, scale: &Scale, buffer: &mut Buffer) {
        let set = borders(self.look.signs);
        let style = self.look.theme.border(self.focused);
        let (right, bottom) = (area.right() - 1, area.bottom() - 1);
        for x in area.x + 1..right {
            buffer[(x, area.y)].set_symbol(set.horizontal_top).set_style(style);
            buffer[(x, bottom)].set_symbol(set.horizontal_bottom).set_style(style);
        }
        for y in area.y + 1..bottom {
            buffer[(area.x, y)].set_symbol(set.vertical_left).set_style(style);
            buffer[(right, y)].set_symbol(set.vertical_right).set_style(style);
        }
        for (x, y, sign) in [
            (area.x, area.y, set.top_left),
            (right, area.y, set.top_right),
            (area.x, bottom, set.bottom_left),
            (right, bottom, set.bottom_right),
        ] {
            buffer[(x, y)].set_symbol(sign).set_style(style);
        }
        let room = usize::from(area.width.saturating_sub(4));
        buffer.set_line(area.x + 1, area.y, &self.head(room, scale), area.width.saturating_sub(2));
        let labels = labels(self.span, self.now, plot.width);
        let muted = self.look.theme.muted();
        for label in labels {
            // A blank at each side keeps a minus apart from the border.
            let text = format!(" {} ", label.text);
            let x = plot.x + label.start - 1;
            let room = right.saturating_sub(x);
            buffer.set_stringn(x, bottom, text, room.into(), muted);
        }
    }

    fn values(&self, plot: Rect, gutter: u16, scale: &Scale, buffer: &mut Buffer) {
        if gutter == 0 || plot.height == 0 {
            return;
        }
        let mut last = None;
        for tick in scale.ticks() {
            let row = row_of(scale, tick, plot.height);
            // On few rows two labels can fall together.
            if last == Some(row) {
                continue;
            }
            last = Some(row);
            let text = self.tick(tick, scale);
            let x = plot.x - 1 - text.width().min(usize::from(gutter)) as u16;
            let style = self.look.theme.muted();
            buffer.set_stringn(x, plot.y + row, text, gutter.into(), style);
        }
    }

    fn threshold(&self, plot: Rect, scale: &Scale, buffer: &mut Buffer) {
        let Some(value) = self.threshold.filter(|value| scale.contains(*value)) else { return };
        let y = plot.y + row_of(scale, value, plot.height);
        let style = self.look.theme.bad();
        for x in plot.x..plot.right() {
            let sign = match (self.look.signs.ascii, x % 2) {
                (false, _) => "┄",
                (true, 0) => "=",
                (true, _) => " ",
            };
            buffer[(x, y)].set_symbol(sign).set_style(style);
        }
    }

    fn uprights(&self, plot: Rect, buffer: &mut Buffer) {
        for event in self.events {
            let style =
                if event.own { self.look.theme.heading() } else { self.look.theme.attention() };
            let Some(at) = axis::column(event.time, self.span, plot.width.into()) else { continue };
            for y in plot.y..plot.bottom() {
                let sign = if self.look.signs.ascii { ":" } else { "┊" };
                buffer[(plot.x + at as u16, y)].set_symbol(sign).set_style(style);
            }
        }
        let cursor = self.cursor.and_then(|time| axis::column(time, self.span, plot.width.into()));
        if let Some(at) = cursor {
            for y in plot.y..plot.bottom() {
                let cell = &mut buffer[(plot.x + at as u16, y)];
                cell.set_symbol(self.look.upright()).set_style(self.look.theme.text());
            }
        }
    }

    fn lines(&self, plot: Rect, scale: &Scale, buffer: &mut Buffer) {
        let mut canvas = Canvas::new(self.look.dots(), plot.width, plot.height);
        let (columns, rows) = canvas.size();
        if columns == 0 || rows == 0 {
            return;
        }
        let dot = |value: f64| ((1.0 - scale.part(value)) * (rows - 1) as f64).round() as usize;
        let how = Resample::of(self.unit);
        let count = self.drawn().len();
        let front = self.front.filter(|front| *front < count);
        let order = (0..count).filter(|index| Some(*index) != front).chain(front);
        let mut ends = Vec::new();
        for index in order {
            let points = self.series[index].points;
            let mut end = None;
            for stretch in stretches(points, self.span, self.step * GAP, columns, how) {
                let dots = stretch.iter().map(|(x, value)| (*x, dot(*value)));
                let mut before = None;
                for at in dots {
                    canvas.line(before.unwrap_or(at), at, index as u8);
                    before = Some(at);
                }
                end = before;
            }
            ends.extend(end.map(|(_, y)| (index, y)));
        }
        for row in 0..plot.height {
            for column in 0..plot.width {
                if let Some((sign, layer)) = canvas.cell(column, row) {
                    let index = usize::from(layer);
                    let mut style = self.look.series(index);
                    if Some(index) == front && count > 1 {
                        style = style.add_modifier(Modifier::BOLD);
                    }
                    let cell = &mut buffer[(plot.x + column, plot.y + row)];
                    cell.set_char(sign).set_style(style);
                }
            }
        }
        if count > 1 {
            self.numbers(plot, &ends, rows, buffer);
        }
    }

    /// The number of each line where it ends: colours alone tell them apart for nobody who sees none.
    fn numbers(&self, plot: Rect, ends: &[(usize, usize)], rows: usize, buffer: &mut Buffer) {
        let mut taken = Vec::new();
        for (index, y) in ends {
            let wished = (y * usize::from(plot.height) / rows) as u16;
            let free = (0..plot.height)
                .flat_map(|away| [wished.checked_sub(away), Some(wished + away)])
                .flatten()
                .find(|row| *row < plot.height && !taken.contains(row));
            let Some(row) = free else { return };
            taken.push(row);
            let number = (index + 1).to_string();
            let style = self.look.series(*index);
            buffer.set_stringn(plot.right(), plot.y + row, number, 1, style);
        }
    }

    /// What the uprights are, wherever a row is free beside them.
    fn event_labels(&self, plot: Rect, buffer: &mut Buffer) {
        let empty = |buffer: &Buffer, x: u16, y: u16, width: u16| {
            (x..x + width).all(|x| matches!(buffer[(x, y)].symbol(), " " | "┄" | "="))
        };
        for event in self.events {
            let Some(at) = axis::column(event.time, self.span, plot.width.into()) else { continue };
            let at = plot.x + at as u16;
            let own = match (event.own, self.look.signs.ascii) {
                (false, _) => "",
                (true, false) => "▸",
                (true, true) => ">",
            };
            let text = format!("{own}{}", event.label);
            let width = text.width() as u16;
            let sides = [Some(at + 1), at.checked_sub(width)];
            let place = (0..plot.height).flat_map(|row| sides.map(|x| (x, plot.y + row))).find_map(
                |(x, y)| {
                    let x = x.filter(|x| *x >= plot.x && x + width <= plot.right())?;
                    empty(buffer, x, y, width).then_some((x, y))
                },
            );
            if let Some((x, y)) = place {
                buffer.set_stringn(x, y, text, width.into(), self.look.theme.muted());
            }
        }
    }

    fn note(&self, plot: Rect, buffer: &mut Buffer) {
        let nothing = self.drawn().iter().all(|series| {
            !series.points.iter().any(|point| (self.span.0..=self.span.1).contains(&point.0))
        });
        let (text, failed) = match self.note {
            Some(note) => note,
            None if nothing => ("no data", false),
            None => return,
        };
        let theme = self.look.theme;
        let style = if failed { theme.bad() } else { theme.muted() };
        let lines = wrap(text, usize::from(plot.width));
        let top = plot.y + plot.height.saturating_sub(lines.len() as u16) / 2;
        for (y, line) in (top..plot.bottom()).zip(&lines) {
            let x = plot.x + plot.width.saturating_sub(line.width() as u16) / 2;
            buffer.set_stringn(x, y, line, plot.width.into(), style);
        }
    }
}

fn row_of(scale: &Scale, value: f64, rows: u16) -> u16 {
    ((1.0 - scale.part(value)) * f64::from(rows.saturating_sub(1))).round() as u16
}

impl Widget for Chart<'_> {
    fn render(self, area: Rect, buffer: &mut Buffer) {
        let area = area.intersection(buffer.area);
        if area.is_empty() {
            return;
        }
        if area.width < 4 || area.height < 2 {
            buffer.set_stringn(
                area.x,
                area.y,
                self.title,
                area.width.into(),
                self.look.theme.muted(),
            );
            return;
        }
        let scale = self.scale(area.height - 2);
        let (plot, gutter) = self.plot(area, &scale);
        self.frame(area, plot, &scale, buffer);
        if plot.is_empty() {
            return;
        }
        self.values(plot, gutter, &scale, buffer);
        self.threshold(plot, &scale, buffer);
        self.uprights(plot, buffer);
        self.lines(plot, &scale, buffer);
        self.event_labels(plot, buffer);
        self.note(plot, buffer);
    }
}
