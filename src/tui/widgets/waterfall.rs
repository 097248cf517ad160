//! A trace: its spans below each other, each with a bar where it was.

use std::collections::{HashMap, HashSet};

use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};
use unicode_width::UnicodeWidthStr;

use super::numbers;
use super::text::fit;
use super::time_series::Look;
use crate::course::scenario::Unit;

/// Spans are drawn no deeper than this.
const DEEPEST: usize = 12;

/// One span of a trace.
#[derive(Debug, Clone, PartialEq)]
pub struct Bar {
    /// Its id.
    pub id: String,
    /// The span it is part of, if any.
    pub parent: String,
    /// Who made it.
    pub service: String,
    /// What it stands for.
    pub name: String,
    /// Seconds, on any clock.
    pub start: f64,
    /// Seconds.
    pub length: f64,
    /// Whether it failed.
    pub failed: bool,
}

/// A span in its place.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// Index into the bars it was made from.
    pub bar: usize,
    /// How many spans it is part of.
    pub depth: usize,
    /// Whether the whole trace would have been shorter without it.
    pub critical: bool,
}

/// Orders a trace's spans: each below the one it is part of, by their beginning. Whatever is part of
/// nothing that there is stands at the top, and no span is shown twice.
pub fn ordered(bars: &[Bar]) -> Vec<Row> {
    let ids: HashMap<&str, usize> =
        bars.iter().enumerate().map(|(index, bar)| (bar.id.as_str(), index)).collect();
    let mut children: HashMap<Option<usize>, Vec<usize>> = HashMap::new();
    for (index, bar) in bars.iter().enumerate() {
        let parent = ids.get(bar.parent.as_str()).copied().filter(|parent| *parent != index);
        children.entry(parent).or_default().push(index);
    }
    for list in children.values_mut() {
        list.sort_by(|a, b| bars[*a].start.total_cmp(&bars[*b].start));
    }
    let critical = critical(bars, &children);
    let mut rows = Vec::with_capacity(bars.len());
    let mut seen = HashSet::new();
    let roots = children.get(&None).cloned().unwrap_or_default();
    let mut todo: Vec<_> = roots.into_iter().rev().map(|index| (index, 0)).collect();
    while let Some((index, depth)) = todo.pop() {
        if !seen.insert(index) {
            continue;
        }
        rows.push(Row { bar: index, depth, critical: critical.contains(&index) });
        let below = children.get(&Some(index)).into_iter().flatten().rev();
        todo.extend(below.map(|child| (*child, depth + 1)));
    }
    // Spans that are part of each other in a circle.
    let lost = (0..bars.len()).filter(|index| !seen.contains(index));
    rows.extend(lost.map(|bar| Row { bar, depth: 0, critical: false }));
    rows
}

/// From the longest root: of each span the parts that ended last, going back from its end.
fn critical(bars: &[Bar], children: &HashMap<Option<usize>, Vec<usize>>) -> HashSet<usize> {
    let end = |index: usize| bars[index].start + bars[index].length;
    let roots = children.get(&None).into_iter().flatten().copied();
    let root = roots.max_by(|a, b| bars[*a].length.total_cmp(&bars[*b].length));
    let mut path = HashSet::new();
    let mut todo: Vec<usize> = root.into_iter().collect();
    while let Some(index) = todo.pop() {
        if !path.insert(index) {
            continue;
        }
        let mut below = children.get(&Some(index)).cloned().unwrap_or_default();
        below.sort_by(|a, b| end(*b).total_cmp(&end(*a)));
        let mut until = f64::INFINITY;
        for child in below {
            // What began and ended beside another that ended later was not waited for.
            if end(child) <= until {
                todo.push(child);
                until = bars[child].start;
            }
        }
    }
    path
}

/// When a trace began, and how long it took.
pub fn extent(bars: &[Bar]) -> (f64, f64) {
    let start = bars.iter().map(|bar| bar.start).fold(f64::INFINITY, f64::min);
    let end = bars.iter().map(|bar| bar.start + bar.length).fold(f64::NEG_INFINITY, f64::max);
    if start <= end { (start, end - start) } else { (0.0, 0.0) }
}

/// How the width is shared: names, bars, times.
fn columns(width: usize) -> (usize, usize, usize) {
    let time = 9.min(width / 4);
    let name = (width * 2 / 5).clamp(8.min(width), 44);
    (name, width.saturating_sub(name + time + 2), time)
}

/// The axis: five times over the bars, or three where there is little room.
pub fn axis(look: &Look<'_>, bars: &[Bar], width: u16) -> Line<'static> {
    let (name, room, _) = columns(width.into());
    let (_, length) = extent(bars);
    let mut text = vec![' '; room];
    let mut free = 0;
    let parts = if room < 48 { 2 } else { 4 };
    for tick in 0..=parts {
        let label = numbers::value(Unit::Seconds, length * tick as f64 / parts as f64);
        let at = room.saturating_sub(1) * tick / parts;
        let start = at.saturating_sub(if tick == 0 { 0 } else { label.width() / 2 });
        let start = start.min(room.saturating_sub(label.width()));
        if start >= free && start + label.width() <= room {
            text.splice(start..start + label.width(), label.chars());
            free = start + label.width() + 1;
        }
    }
    let text: String = text.into_iter().collect();
    Line::styled(format!("{}{text}", " ".repeat(name + 1)), look.theme.muted())
}

/// A span's row.
pub fn line(look: &Look<'_>, bars: &[Bar], row: &Row, width: u16) -> Line<'static> {
    let (name, room, time) = columns(width.into());
    let Some(bar) = bars.get(row.bar) else { return Line::default() };
    let theme = look.theme;
    let service = service_style(look, bars, &bar.service);
    let indent = "  ".repeat(row.depth.min(DEEPEST).min(name / 4));
    let failed = if bar.failed { format!("{} ", look.signs.failed()) } else { String::new() };
    let words = fit(&format!("{indent}{failed}{} {}", bar.service, bar.name), name);
    let pad = " ".repeat(name.saturating_sub(words.width()) + 1);
    let style = if bar.failed { theme.bad() } else { theme.text() };
    let (start, length) = extent(bars);
    let (before, inside) = place(bar.start - start, bar.length, length, room);
    let sign = match (look.signs.ascii, row.critical, inside) {
        (false, _, 0) => "┃",
        (true, _, 0) => "|",
        (false, true, _) => "█",
        (false, false, _) => "▒",
        (true, true, _) => "#",
        (true, false, _) => "-",
    };
    let drawn = inside.max(1).min(room.saturating_sub(before));
    let after = room.saturating_sub(before + drawn);
    let value = numbers::value(Unit::Seconds, bar.length);
    let weight = if row.critical { Modifier::BOLD } else { Modifier::empty() };
    Line::from(vec![
        Span::styled(format!("{words}{pad}"), style.add_modifier(weight)),
        Span::raw(" ".repeat(before)),
        Span::styled(sign.repeat(drawn), if bar.failed { theme.bad() } else { service }),
        Span::raw(" ".repeat(after + 1)),
        Span::styled(format!("{value:>time$}"), theme.muted().add_modifier(weight)),
    ])
}

/// The first cell of a bar and how many it covers; none where it is shorter than one.
fn place(offset: f64, length: f64, whole: f64, room: usize) -> (usize, usize) {
    if whole <= 0.0 || room == 0 {
        return (0, 0);
    }
    let cell = |time: f64| time / whole * room as f64;
    let start = (cell(offset).max(0.0) as usize).min(room - 1);
    let inside = cell(length);
    let cells = if inside < 1.0 { 0 } else { inside.round() as usize };
    (start, cells.min(room - start))
}

/// Each service has a colour of its own, by the order in which they appear.
fn service_style(look: &Look<'_>, bars: &[Bar], service: &str) -> Style {
    let mut names: Vec<&str> = Vec::new();
    for bar in bars {
        if !names.contains(&bar.service.as_str()) {
            names.push(&bar.service);
        }
    }
    look.series(names.iter().position(|name| *name == service).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::theme::{ColorDepth, Signs, Theme};
    use crate::tui::widgets::time_series::Dots;

    fn bar(id: &str, parent: &str, start: f64, length: f64) -> Bar {
        Bar {
            id: id.into(),
            parent: parent.into(),
            service: if id < "c" { "gateway" } else { "api" }.into(),
            name: format!("op {id}"),
            start,
            length,
            failed: id == "d",
        }
    }

    fn trace() -> Vec<Bar> {
        vec![
            bar("d", "c", 0.15, 0.02),
            bar("a", "", 0.0, 0.4),
            bar("c", "b", 0.1, 0.25),
            bar("b", "a", 0.02, 0.36),
            bar("e", "c", 0.2, 0.15),
            bar("f", "c", 0.21, 0.0001),
        ]
    }

    #[test]
    fn spans_stand_below_what_they_are_part_of() {
        let bars = trace();
        let rows = ordered(&bars);
        let told: Vec<_> =
            rows.iter().map(|row| (bars[row.bar].id.as_str(), row.depth, row.critical)).collect();
        assert_eq!(
            told,
            [
                ("a", 0, true),
                ("b", 1, true),
                ("c", 2, true),
                ("d", 3, true),
                ("e", 3, true),
                ("f", 3, false)
            ]
        );
    }

    #[test]
    fn circles_and_what_is_part_of_nothing_are_shown_once() {
        let bars = vec![
            bar("a", "b", 0.0, 1.0),
            bar("b", "a", 0.0, 1.0),
            bar("c", "gone", 0.0, 1.0),
            bar("d", "d", 0.0, 1.0),
        ];
        let mut shown: Vec<_> = ordered(&bars).iter().map(|row| row.bar).collect();
        shown.sort_unstable();
        assert_eq!(shown, [0, 1, 2, 3]);
    }

    #[test]
    fn a_waterfall_looks_like_one() {
        let theme = Theme::find("harbour", ColorDepth::True).unwrap();
        for ascii in [false, true] {
            let look = Look { theme: &theme, signs: Signs { ascii }, dots: Dots::Braille };
            let bars = trace();
            let rows = ordered(&bars);
            let lines = std::iter::once(axis(&look, &bars, 70))
                .chain(rows.iter().map(|row| line(&look, &bars, row, 70)));
            let text: Vec<_> = lines.map(|line| line.to_string()).collect();
            assert!(text.iter().all(|line| line.width() <= 70));
            insta::assert_snapshot!(
                format!("waterfall_{}", if ascii { "ascii" } else { "blocks" }),
                text.iter().map(|line| line.trim_end()).collect::<Vec<_>>().join("\n")
            );
            for width in 0..70 {
                for row in &rows {
                    line(&look, &bars, row, width);
                }
                axis(&look, &bars, width);
                axis(&look, &[], width);
            }
        }
    }
}
