//! The grid of charts: which are in view, where, over which time, and what has to be asked for them.

use ratatui::layout::Rect;

use super::series::{Known, Window};
use super::{QUERY, SPANS, View};
use crate::course::scenario::{Evidence, Panel, Unit};
use crate::incident::gate::wire::Range;
use crate::tui::app::{App, Effect};
use crate::tui::screens::incident::Incident;
use crate::tui::screens::outcome::Outcome;
use crate::tui::widgets::time_series::{Chart, Event, Look, MAX_SERIES, Series, value_at};

/// A chart is no narrower and no lower than this, if it can be.
const LEAST: (u16, u16) = (38, 8);

/// How many charts are beside and below each other at most.
const MOST: (u16, u16) = (3, 4);

/// From this height on the logs are in view below the charts.
const WITH_LOGS: u16 = 26;

/// How far one can look back, in seconds.
const FURTHEST: f64 = 6.0 * 3600.0;

/// Where things are on the tab.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::tui::screens::incident) struct Parts {
    pub(in crate::tui::screens::incident) prompt: Option<Rect>,
    pub(in crate::tui::screens::incident) charts: Rect,
    pub(in crate::tui::screens::incident) logs: Option<Rect>,
    /// What else stands in a border, where there is none.
    pub(in crate::tui::screens::incident) words: Option<Rect>,
}

impl Incident {
    pub(in crate::tui::screens::incident) fn parts(&self, inner: Rect) -> Parts {
        let height = if self.observe.prompt.open { inner.height.min(1) } else { 0 };
        let prompt = (height > 0).then_some(Rect { height, ..inner });
        let rest = Rect { y: inner.y + height, height: inner.height - height, ..inner };
        let logs = if rest.height >= WITH_LOGS && !self.observe.full {
            (rest.height / 3).clamp(6, 16)
        } else {
            0
        };
        // Without a sidebar there is no border for the time and the page either.
        let bare = inner.x <= 1 && rest.height >= LEAST.1 && self.observe.view == View::Panels;
        let words = u16::from(bare);
        let charts = Rect { height: rest.height - logs - words, ..rest };
        let logs = (logs > 0).then_some(Rect { y: charts.bottom(), height: logs, ..rest });
        let y = rest.bottom() - words;
        let words = bare.then_some(Rect { y, height: words, ..rest });
        Parts { prompt, charts, logs, words }
    }

    fn panel_count(&self) -> usize {
        self.scenario.system.panels.len() + usize::from(self.observe.query.is_some())
    }

    /// A panel of the system; `None` stands for the prompt's query.
    pub(super) fn panel(&self, index: usize) -> Option<&Panel> {
        self.scenario.system.panels.get(index)
    }

    /// How many charts are beside each other and below each other.
    fn grid(&self, charts: Rect) -> (usize, usize) {
        if self.observe.full {
            return (1, 1);
        }
        let count = self.panel_count().max(1);
        let columns = usize::from((charts.width / LEAST.0).clamp(1, MOST.0)).min(count);
        let rows = usize::from((charts.height / LEAST.1).clamp(1, MOST.1));
        (columns, rows.min(count.div_ceil(columns)))
    }

    /// The charts in view and their places, and how many pages of them there are.
    pub(in crate::tui::screens::incident) fn charts(
        &self,
        charts: Rect,
    ) -> (Vec<(usize, Rect)>, (usize, usize)) {
        let (columns, rows) = self.grid(charts);
        let per_page = columns * rows;
        let page = self.observe.panel / per_page;
        let first = page * per_page;
        let part = |whole: u16, index: usize, of: usize| (usize::from(whole) * index / of) as u16;
        let place = |index: usize| {
            let (column, row) = (index % columns, index / columns);
            let (x, y) = (part(charts.width, column, columns), part(charts.height, row, rows));
            Rect {
                x: charts.x + x,
                y: charts.y + y,
                width: part(charts.width, column + 1, columns) - x,
                height: part(charts.height, row + 1, rows) - y,
            }
        };
        let last = self.panel_count().min(first + per_page);
        let all = (first..last).map(|panel| (panel, place(panel - first))).collect();
        (all, (page + 1, self.panel_count().div_ceil(per_page).max(1)))
    }

    /// The time that charts of a width show.
    pub(super) fn window(&self, width: u16) -> Window {
        let end = self.observe.end.unwrap_or(self.now);
        Window::new(end, SPANS[self.observe.zoom], width.saturating_sub(12))
    }

    /// The keys and queries of a panel.
    fn queries(&self, index: usize) -> Vec<(String, &str)> {
        match (self.panel(index), &self.observe.query) {
            (Some(panel), _) => panel
                .series
                .iter()
                .enumerate()
                .map(|(number, series)| (format!("{}/{number}", panel.id), series.query.as_str()))
                .collect(),
            (None, Some(query)) => vec![(QUERY.to_owned(), query.as_str())],
            (None, None) => vec![],
        }
    }

    /// What is missing of what is in view.
    pub(in crate::tui::screens::incident) fn panels_wanted(
        &self,
        area: Rect,
    ) -> Vec<(String, Range)> {
        let inner = self.places(area).inner;
        let (charts, _) = self.charts(self.parts(inner).charts);
        let mut wanted = Vec::new();
        for (panel, place) in charts {
            let window = self.window(place.width);
            for (key, query) in self.queries(panel) {
                let range = match self.observe.data.get(&key) {
                    Some(data) => data.wanted(query, window),
                    None => super::Data::default().wanted(query, window),
                };
                wanted.extend(range.map(|range| (key, range)));
            }
        }
        wanted
    }

    /// How the lines of a query are called.
    pub(in crate::tui::screens::incident) fn legend(&self, key: &str) -> String {
        let found = key.rsplit_once('/').and_then(|(id, number)| {
            let panel = self.scenario.system.panels.iter().find(|panel| panel.id == id)?;
            panel.series.get(number.parse::<usize>().ok()?)
        });
        found.map(|series| series.legend.clone()).unwrap_or_default()
    }

    /// The lines of a panel; of more than can be told apart the largest come first.
    pub(super) fn lines(&self, panel: usize) -> Vec<&Known> {
        let known = self
            .queries(panel)
            .into_iter()
            .filter_map(|(key, _)| self.observe.data.get(&key).map(|data| &data.lines));
        let mut lines: Vec<&Known> = known.flatten().collect();
        if lines.len() > MAX_SERIES {
            let last = |line: &&Known| {
                let value = line.points.last().map(|point| point.1);
                value.filter(|value| !value.is_nan()).unwrap_or(f64::NEG_INFINITY)
            };
            lines.sort_by(|a, b| last(b).total_cmp(&last(a)));
            // The one that was chosen is drawn, whatever it is.
            let chosen = self.observe.line;
            if self.observe.full && chosen >= MAX_SERIES && chosen < lines.len() {
                lines.swap(MAX_SERIES - 1, chosen);
            }
        }
        lines
    }

    /// Index of the line in front.
    fn front(&self, lines: usize) -> Option<usize> {
        (self.observe.full && lines > 1)
            .then(|| self.observe.line.min(lines - 1).min(MAX_SERIES - 1))
    }

    /// A panel as a chart.
    pub(super) fn chart<'a>(
        &'a self,
        app: &'a App,
        panel: usize,
        width: u16,
        events: &'a [Event<'a>],
    ) -> Chart<'a> {
        let lines = self.lines(panel);
        let front = self.front(lines.len());
        // The only line of a chart is what its title says, unless it has a name of its own.
        let named = |panel: &Panel| panel.series.iter().any(|series| !series.legend.is_empty());
        let plain = lines.len() == 1 && self.panel(panel).is_some_and(|panel| !named(panel));
        let series = lines
            .iter()
            .map(|line| Series { name: if plain { "" } else { &line.name }, points: &line.points });
        let window = self.window(width);
        let errors = self.queries(panel).into_iter();
        let mut errors =
            errors.filter_map(|(key, _)| self.observe.data.get(&key)?.error.as_deref());
        let asked = self.queries(panel).iter().any(|(key, _)| self.observe.data.contains_key(key));
        let note = match errors.next() {
            Some(error) => Some((error, true)),
            None if asked => None,
            None => Some(("looking", false)),
        };
        // Until an answer comes, what is known may have been asked for in other steps.
        let known = self.queries(panel).into_iter();
        let known = known.filter_map(|(key, _)| self.observe.data.get(&key));
        let step = known.map(|data| data.step).fold(window.step, f64::max);
        let shape = self.panel(panel);
        Chart {
            look: Look { theme: &app.theme, signs: app.signs, dots: self.dots },
            title: match (shape, &self.observe.query) {
                (Some(shape), _) => &shape.title,
                (None, Some(query)) => query,
                (None, None) => "",
            },
            unit: shape.map_or(Unit::Number, |shape| shape.unit),
            series: series.collect(),
            front,
            threshold: shape.and_then(|shape| shape.threshold),
            events,
            span: (window.start, window.end),
            now: if self.observe.end.is_some() { self.now } else { window.end },
            step,
            cursor: self.observe.cursor,
            focused: panel == self.observe.panel,
            note,
        }
    }

    /// Moments that have a line in every chart.
    pub(super) fn events(&self) -> Vec<Event<'_>> {
        let Some(picture) = &self.picture else { return vec![] };
        let began = picture.injected_at.map(|time| Event { time, label: "it began", own: false });
        let marks = picture.marks.iter();
        let marks =
            marks.map(|mark| Event { time: mark.time, label: &mark.label, own: mark.learner });
        began.into_iter().chain(marks).collect()
    }

    /// Moves the focus to another chart.
    pub(in crate::tui::screens::incident) fn focus_panel(&mut self, panel: usize) -> Vec<Effect> {
        self.observe.panel = panel.min(self.panel_count().saturating_sub(1));
        self.observe.line = 0;
        self.looked_at()
    }

    pub(in crate::tui::screens::incident) fn next_panel(&mut self, by: isize) -> Vec<Effect> {
        let count = self.panel_count().max(1).cast_signed();
        let panel = (self.observe.panel.cast_signed() + by).rem_euclid(count).cast_unsigned();
        self.focus_panel(panel)
    }

    /// Up or down: to the chart there, or in a single one to its next line.
    pub(in crate::tui::screens::incident) fn move_in_panels(
        &mut self,
        by: isize,
        area: Rect,
    ) -> Vec<Effect> {
        if self.observe.full {
            let last = self.lines(self.observe.panel).len().saturating_sub(1);
            self.observe.line = self.observe.line.saturating_add_signed(by).min(last);
            return vec![];
        }
        let (columns, _) = self.grid(self.parts(self.places(area).inner).charts);
        let to = self.observe.panel.cast_signed() + by * columns.cast_signed();
        match usize::try_from(to) {
            Ok(to) if to < self.panel_count() => self.focus_panel(to),
            _ => vec![],
        }
    }

    pub(in crate::tui::screens::incident) fn page_of_panels(
        &mut self,
        by: isize,
        area: Rect,
    ) -> Vec<Effect> {
        let (columns, rows) = self.grid(self.parts(self.places(area).inner).charts);
        let to = self.observe.panel.saturating_add_signed(by * (columns * rows).cast_signed());
        self.focus_panel(to)
    }

    /// One chart on the whole place, or all again.
    pub(in crate::tui::screens::incident) fn turn_full(&mut self) -> Vec<Effect> {
        self.observe.full = !self.observe.full;
        self.observe.line = 0;
        self.looked_at()
    }

    /// A chart that has the whole place or the cursor was looked at.
    fn looked_at(&mut self) -> Vec<Effect> {
        if !self.observe.full && self.observe.cursor.is_none() {
            return vec![];
        }
        match self.panel(self.observe.panel) {
            Some(panel) => self.saw(Evidence::Panel(panel.id.clone())),
            None => vec![],
        }
    }

    pub(in crate::tui::screens::incident) fn zoom(&mut self, by: isize) -> Outcome {
        self.observe.zoom = self.observe.zoom.saturating_add_signed(by).min(SPANS.len() - 1);
        let minutes = SPANS[self.observe.zoom] / 60.0;
        let words = if minutes > 1.0 { format!("{minutes:.0} minutes") } else { "A minute".into() };
        Outcome::notice(words)
    }

    /// To the left or right: the cursor, if there is one, else all charts.
    pub(in crate::tui::screens::incident) fn pan(&mut self, by: f64, area: Rect) -> Outcome {
        if self.now <= 0.0 {
            return Outcome::default();
        }
        let span = SPANS[self.observe.zoom];
        let (oldest, newest) = (self.now - FURTHEST, self.now);
        if let Some(cursor) = self.observe.cursor {
            let inner = self.places(area).inner;
            let (charts, _) = self.charts(self.parts(inner).charts);
            let place = charts.iter().find(|(panel, _)| *panel == self.observe.panel);
            let width = place.map_or(40, |(_, place)| place.width);
            let window = self.window(width);
            let column = (span / f64::from(width.saturating_sub(12).max(1))).max(window.step);
            self.observe.cursor = Some((cursor + by * column).clamp(window.start, window.end));
            return Outcome::default();
        }
        let end = self.observe.end.unwrap_or(newest) + by * span / 4.0;
        self.observe.end = (end < newest).then_some(end.max(oldest));
        Outcome::default()
    }

    /// The cursor appears in the middle, or goes.
    pub(in crate::tui::screens::incident) fn turn_cursor(&mut self) -> Outcome {
        if self.now <= 0.0 {
            return Outcome::notice("Nothing was seen yet");
        }
        let window = self.window(80);
        self.observe.cursor = match self.observe.cursor {
            Some(_) => None,
            None => Some(f64::midpoint(window.start, window.end)),
        };
        Outcome::effects(self.looked_at())
    }

    /// Back to now, without a cursor.
    pub(in crate::tui::screens::incident) fn live(&mut self) {
        self.observe.end = None;
        self.observe.cursor = None;
    }

    /// Runs a query of the prompt.
    pub(in crate::tui::screens::incident) fn run_query(&mut self, query: String) -> Vec<Effect> {
        self.observe.data.remove(QUERY);
        self.observe.query = Some(query.clone());
        self.observe.view = View::Panels;
        self.observe.panel = self.scenario.system.panels.len();
        self.observe.full = true;
        self.observe.line = 0;
        self.saw(Evidence::Query(query))
    }

    /// What a line was over the time in view: now, least, mean and largest.
    pub(super) fn figures(line: &Known, window: Window, at: f64) -> [Option<f64>; 4] {
        let inside = |point: &&(f64, f64)| {
            (window.start..=window.end).contains(&point.0) && point.1.is_finite()
        };
        let (mut count, mut sum) = (0.0, 0.0);
        let (mut least, mut largest) = (f64::INFINITY, f64::NEG_INFINITY);
        for (_, value) in line.points.iter().filter(inside) {
            count += 1.0;
            sum += value;
            least = least.min(*value);
            largest = largest.max(*value);
        }
        let some = |value: f64| (count > 0.0).then_some(value);
        [value_at(&line.points, at, window.step), some(least), some(sum / count), some(largest)]
    }
}
