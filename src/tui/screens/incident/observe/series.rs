//! What is known of a query over time: each answer adds to what was known before.

use std::collections::BTreeMap;

use crate::incident::gate::wire::{Line, Range, Told};
use crate::tui::widgets::tame::tame;

/// How many points of a line are kept.
const MAX_POINTS: usize = 1024;

/// How many lines of a query are kept.
const MAX_LINES: usize = 40;

/// The last points may still change: they are asked for again.
const AGAIN: f64 = 2.0;

/// How wide a name may be.
const MAX_NAME: usize = 60;

/// A stretch of time in steps, as it is shown.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Window {
    pub start: f64,
    pub end: f64,
    pub step: f64,
}

impl Window {
    /// So long before `end`, on so many columns: no more points than dots side by side, no step
    /// shorter than the system is looked at, and all moments at multiples of the step.
    pub(super) fn new(end: f64, length: f64, columns: u16) -> Self {
        const STEPS: [f64; 9] = [2.0, 5.0, 10.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0];
        let least = length / f64::from(columns.max(1)) / 2.0;
        let step = STEPS.into_iter().find(|step| *step >= least).unwrap_or(600.0);
        let end = (end / step).floor() * step;
        let length = (length / step).ceil() * step;
        Self { start: end - length, end, step }
    }
}

/// One line.
#[derive(Debug, Clone, PartialEq)]
pub struct Known {
    labels: BTreeMap<String, String>,
    pub name: String,
    pub points: Vec<(f64, f64)>,
}

/// See the module.
#[derive(Debug, Default)]
pub struct Data {
    pub lines: Vec<Known>,
    pub error: Option<String>,
    from: f64,
    to: f64,
    /// How far its points are apart.
    pub step: f64,
}

/// Steps come from a short list: two that differ differ much.
fn same(a: f64, b: f64) -> bool {
    (a - b).abs() < 0.01
}

impl Data {
    /// What is missing for a window; nothing if all is there.
    pub(super) fn wanted(&self, query: &str, window: Window) -> Option<Range> {
        let begun = same(self.step, window.step) && self.to > self.from;
        let whole = begun && self.from <= window.start && self.to >= window.end;
        if whole && self.error.is_none() {
            return None;
        }
        let follows = begun && self.from <= window.start && self.to >= window.start;
        let start =
            if follows { (self.to - AGAIN * window.step).max(window.start) } else { window.start };
        Some(Range { query: query.to_owned(), start, end: window.end, step: window.step })
    }

    /// An answer.
    pub fn take(&mut self, range: &Range, told: Told<Vec<Line>>, legend: &str) {
        let lines = match told {
            Told::Result { result } => result,
            Told::Error { error } => {
                self.error = Some(tame(&error));
                return;
            }
        };
        self.error = None;
        let follows =
            same(self.step, range.step) && self.from < range.start && range.start <= self.to;
        if follows {
            for line in &mut self.lines {
                let kept = line.points.partition_point(|point| point.0 < range.start);
                line.points.truncate(kept);
            }
        } else {
            self.lines.clear();
            self.from = range.start;
        }
        self.step = range.step;
        self.to = range.end;
        for line in lines {
            let number = |text: &str| match text {
                "+Inf" => f64::INFINITY,
                "-Inf" => f64::NEG_INFINITY,
                text => text.parse().unwrap_or(f64::NAN),
            };
            let points = line.values.iter().map(|(time, value)| (*time, number(value)));
            if let Some(known) = self.lines.iter_mut().find(|known| known.labels == line.metric) {
                known.points.extend(points);
            } else if self.lines.len() < MAX_LINES {
                let name = named(legend, &line.metric);
                self.lines.push(Known { name, points: points.collect(), labels: line.metric });
            }
        }
        self.forget();
    }

    fn forget(&mut self) {
        let oldest = self.to - MAX_POINTS as f64 * self.step;
        self.from = self.from.max(oldest);
        for line in &mut self.lines {
            let gone = line.points.partition_point(|point| point.0 < self.from);
            line.points.drain(..gone);
            line.points.truncate(2 * MAX_POINTS);
        }
        self.lines.retain(|line| !line.points.is_empty());
        self.lines.sort_by(|a, b| a.name.cmp(&b.name));
    }
}

/// A line's name: the legend with its labels' values, or all its labels.
fn named(legend: &str, labels: &BTreeMap<String, String>) -> String {
    let mut name = String::new();
    let mut rest = legend;
    let next = |text: &'_ str| {
        let (before, after) = text.split_once("{{")?;
        let (label, after) = after.split_once("}}")?;
        Some((before.to_owned(), label.trim().to_owned(), text.len() - after.len()))
    };
    while let Some((before, label, end)) = next(rest) {
        name.push_str(&before);
        name.push_str(labels.get(&label).map_or("", String::as_str));
        rest = &rest[end..];
    }
    name.push_str(rest);
    if legend.is_empty() {
        let pairs: Vec<_> = labels
            .iter()
            .filter(|(label, _)| *label != "__name__")
            .map(|(label, value)| format!("{label}={value}"))
            .collect();
        name = match (labels.get("__name__"), pairs.is_empty()) {
            (Some(metric), true) => metric.clone(),
            _ => pairs.join(" "),
        };
    }
    tame(&name).chars().take(MAX_NAME).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(job: &str, times: &[f64]) -> Line {
        Line {
            metric: [("job".to_owned(), job.to_owned())].into(),
            values: times.iter().map(|time| (*time, time.to_string())).collect(),
        }
    }

    fn told(lines: Vec<Line>) -> Told<Vec<Line>> {
        Told::Result { result: lines }
    }

    #[test]
    fn a_window_has_no_more_points_than_dots() {
        let window = Window::new(1003.7, 300.0, 60);
        assert_eq!(window, Window { start: 700.0, end: 1000.0, step: 5.0 });
        assert_eq!(Window::new(1003.7, 60.0, 200), Window { start: 942.0, end: 1002.0, step: 2.0 });
        let coarsest = Window { start: -3000.0, end: 600.0, step: 600.0 };
        assert_eq!(Window::new(1003.7, 3600.0, 0), coarsest);
    }

    #[test]
    fn only_what_is_missing_is_asked_for() {
        let mut data = Data::default();
        let window = |end: f64| Window { start: end - 20.0, end, step: 2.0 };
        let first = data.wanted("up", window(100.0)).unwrap();
        assert_eq!((first.start, first.end), (80.0, 100.0));
        let times: Vec<_> = (40..=50).map(|n| f64::from(n) * 2.0).collect();
        data.take(&first, told(vec![line("api", &times)]), "");
        assert_eq!(data.wanted("up", window(100.0)), None);
        let next = data.wanted("up", window(104.0)).unwrap();
        assert_eq!((next.start, next.end), (96.0, 104.0));
        data.take(&next, told(vec![line("api", &[96.0, 98.0, 100.0, 102.0, 104.0])]), "");
        let times: Vec<_> = data.lines[0].points.iter().map(|point| point.0).collect();
        assert_eq!(times, (40..=52).map(|n| f64::from(n) * 2.0).collect::<Vec<_>>());
        let wider = Window { start: 0.0, end: 104.0, step: 2.0 };
        let start = |window| data.wanted("up", window).map(|range| range.start as i64);
        assert_eq!(start(wider), Some(0), "what was before is not known");
        let coarser = Window { start: 80.0, end: 100.0, step: 5.0 };
        assert_eq!(start(coarser), Some(80));
    }

    #[test]
    fn a_failed_query_keeps_what_was_known_and_asks_again() {
        let mut data = Data::default();
        let window = Window { start: 80.0, end: 100.0, step: 2.0 };
        let range = data.wanted("up", window).unwrap();
        data.take(&range, told(vec![line("api", &[80.0])]), "{{job}} now");
        assert_eq!(data.lines[0].name, "api now");
        data.take(&range, Told::Error { error: "gone\u{1b}[31m".into() }, "");
        assert_eq!(data.error.as_deref(), Some("gone[31m"));
        assert_eq!(data.lines.len(), 1);
        assert!(data.wanted("up", window).is_some());
    }

    #[test]
    fn there_is_an_end_to_what_is_kept() {
        let mut data = Data::default();
        let range = Range { query: String::new(), start: 0.0, end: 10_000.0, step: 2.0 };
        let times: Vec<_> = (0..5000).map(|n| f64::from(n) * 2.0).collect();
        let lines = (0..99).map(|n| line(&n.to_string(), &times)).collect();
        data.take(&range, told(lines), "");
        assert_eq!(data.lines.len(), MAX_LINES);
        assert!(data.lines[0].points.len() <= MAX_POINTS + 1);
        assert_eq!(named("", &[("__name__".to_owned(), "up".to_owned())].into()), "up");
        assert_eq!(named("{{nobody", &BTreeMap::new()), "{{nobody");
    }
}
