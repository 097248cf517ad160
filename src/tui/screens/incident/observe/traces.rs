//! Traces: the slowest, those that failed, and one of them in full.

use std::collections::{HashMap, VecDeque};

use crate::incident::gate::wire;
use crate::tui::widgets::tame::{tame, visible};
use crate::tui::widgets::waterfall::{self, Bar, Row};

/// How many spans are kept.
const MAX: usize = 2000;

/// How many traces are listed.
const LISTED: usize = 50;

/// How many facts of a span are kept, and how long each is.
const MAX_FACTS: usize = 24;
const MAX_FACT: usize = 300;

#[derive(Debug, Clone)]
struct Kept {
    n: i64,
    trace: String,
    bar: Bar,
    facts: Vec<String>,
}

/// A trace in the list.
#[derive(Debug, Clone, PartialEq)]
pub struct Summary {
    pub id: String,
    pub name: String,
    pub start: f64,
    /// Seconds.
    pub length: f64,
    pub failed: bool,
    pub spans: usize,
}

/// A trace in full. It is kept as it was: its spans may be forgotten while it is read.
#[derive(Debug, Clone)]
pub struct Opened {
    pub id: String,
    pub bars: Vec<Bar>,
    pub rows: Vec<Row>,
    /// What is known of each span besides, in the order of the bars.
    pub facts: Vec<Vec<String>>,
    /// Index into `rows`.
    pub selected: usize,
}

/// See the module.
#[derive(Debug)]
pub struct Traces {
    spans: VecDeque<Kept>,
    after: i64,
    /// Whether those that failed are listed, not the slowest.
    pub failed: bool,
    pub list: Vec<Summary>,
    /// The selected trace.
    chosen: Option<String>,
    pub open: Option<Opened>,
}

impl Default for Traces {
    fn default() -> Self {
        Self {
            spans: VecDeque::new(),
            after: -1,
            failed: false,
            list: Vec::new(),
            chosen: None,
            open: None,
        }
    }
}

fn kept(span: &wire::Span) -> Kept {
    let value = |value: &serde_json::Value| match value {
        serde_json::Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let fact = |(name, it): (&String, &serde_json::Value)| {
        let text: String = format!("{name}={}", value(it)).chars().take(MAX_FACT).collect();
        visible(&text)
    };
    let finite = |number: f64| if number.is_finite() { number } else { 0.0 };
    let short = |text: &str| tame(text).chars().take(80).collect::<String>();
    Kept {
        n: span.n,
        facts: span.attributes.iter().take(MAX_FACTS).map(fact).collect(),
        bar: Bar {
            id: short(&span.span_id),
            parent: short(&span.parent_id),
            service: short(&span.service),
            name: short(&span.name),
            start: finite(span.start),
            length: finite(span.ms).max(0.0) / 1e3,
            failed: span.error,
        },
        trace: short(&span.trace_id),
    }
}

impl Traces {
    /// What to ask after.
    pub fn next(&self) -> i64 {
        self.after
    }

    /// More spans.
    pub fn take(&mut self, spans: &wire::Spans) {
        self.after = spans.next;
        let last = self.spans.back().map_or(i64::MIN, |span| span.n);
        let fresh = spans.spans.iter().filter(|span| span.n > last);
        self.spans.extend(fresh.map(kept));
        let gone = self.spans.len().saturating_sub(MAX);
        self.spans.drain(..gone);
        self.arrange();
        // Spans of one trace come one after the other.
        if let Some(open) = &self.open
            && let Some(more) = self.opened(&open.id).filter(|it| it.bars.len() > open.bars.len())
        {
            let selected = open.selected.min(more.rows.len().saturating_sub(1));
            self.open = Some(Opened { selected, ..more });
        }
    }

    fn arrange(&mut self) {
        let mut all: HashMap<&str, Vec<&Kept>> = HashMap::new();
        for span in &self.spans {
            all.entry(&span.trace).or_default().push(span);
        }
        let summary = |(id, spans): (&str, Vec<&Kept>)| {
            let first = spans.iter().min_by(|a, b| {
                let depth = |kept: &Kept| (!kept.bar.parent.is_empty(), kept.bar.start);
                let (a, b) = (depth(a), depth(b));
                a.0.cmp(&b.0).then(a.1.total_cmp(&b.1))
            })?;
            let end = spans.iter().map(|it| it.bar.start + it.bar.length).fold(0.0, f64::max);
            let start = spans.iter().map(|it| it.bar.start).fold(f64::INFINITY, f64::min);
            Some(Summary {
                id: id.to_owned(),
                name: format!("{} {}", first.bar.service, first.bar.name),
                start,
                length: end - start,
                failed: spans.iter().any(|it| it.bar.failed),
                spans: spans.len(),
            })
        };
        let wanted = |it: &Summary| it.failed || !self.failed;
        let mut list: Vec<Summary> = all.into_iter().filter_map(summary).filter(wanted).collect();
        list.sort_by(|a, b| {
            let order = if self.failed {
                b.start.total_cmp(&a.start)
            } else {
                b.length.total_cmp(&a.length)
            };
            order.then_with(|| a.id.cmp(&b.id))
        });
        list.truncate(LISTED);
        self.list = list;
    }

    /// Index of the selected trace.
    pub fn selected(&self) -> usize {
        let chosen = self.chosen.as_ref();
        chosen.and_then(|id| self.list.iter().position(|it| it.id == *id)).unwrap_or(0)
    }

    /// Moves in the list, or in the trace that is open.
    pub fn move_by(&mut self, by: isize) {
        if let Some(open) = &mut self.open {
            let last = open.rows.len().saturating_sub(1);
            open.selected = open.selected.saturating_add_signed(by).min(last);
            return;
        }
        let last = self.list.len().saturating_sub(1);
        let at = self.selected().saturating_add_signed(by).min(last);
        self.select(at);
    }

    /// Selects a trace of the list.
    pub fn select(&mut self, at: usize) {
        self.chosen = self.list.get(at).map(|it| it.id.clone());
    }

    /// The slowest, or those that failed.
    pub fn turn(&mut self) {
        self.failed = !self.failed;
        self.chosen = None;
        self.arrange();
    }

    /// Opens the selected trace.
    pub fn open_selected(&mut self) {
        let id = self.list.get(self.selected()).map(|it| it.id.clone());
        self.open = id.and_then(|id| self.opened(&id));
    }

    fn opened(&self, id: &str) -> Option<Opened> {
        let spans = self.spans.iter().filter(|span| span.trace == id);
        let (bars, facts): (Vec<_>, Vec<_>) =
            spans.map(|span| (span.bar.clone(), span.facts.clone())).unzip();
        let rows = waterfall::ordered(&bars);
        (!bars.is_empty()).then(|| Opened { id: id.to_owned(), bars, rows, facts, selected: 0 })
    }
}

#[cfg(test)]
pub mod tests {
    use super::*;

    pub fn span(
        n: i64,
        trace: &str,
        (id, parent): (&str, &str),
        (start, ms): (f64, f64),
        error: bool,
    ) -> wire::Span {
        wire::Span {
            n,
            trace_id: trace.into(),
            span_id: id.into(),
            parent_id: parent.into(),
            service: if parent.is_empty() { "gateway" } else { "api" }.into(),
            name: "GET /products".into(),
            start,
            ms,
            error,
            attributes: [("http.status_code".to_owned(), serde_json::json!(200))].into(),
        }
    }

    fn traces() -> Traces {
        let mut traces = Traces::default();
        traces.take(&wire::Spans {
            next: 4,
            spans: vec![
                span(1, "quick", ("a", ""), (1.0, 5.0), false),
                span(2, "slow", ("c", "b"), (2.0, 300.0), true),
                span(3, "slow", ("b", ""), (1.9, 420.0), false),
                span(4, "other", ("d", ""), (3.0, 50.0), true),
            ],
        });
        traces
    }

    fn ids(traces: &Traces) -> Vec<&str> {
        traces.list.iter().map(|it| it.id.as_str()).collect()
    }

    #[test]
    fn the_slowest_and_those_that_failed() {
        let mut traces = traces();
        assert_eq!(ids(&traces), ["slow", "other", "quick"]);
        assert_eq!(traces.list[0].name, "gateway GET /products");
        assert_eq!((traces.list[0].spans, traces.list[0].failed), (2, true));
        traces.turn();
        assert_eq!(ids(&traces), ["other", "slow"]);
    }

    #[test]
    fn the_selection_stays_with_its_trace() {
        let mut traces = traces();
        traces.move_by(1);
        let more = vec![span(5, "slowest", ("e", ""), (4.0, 9000.0), false)];
        traces.take(&wire::Spans { next: 5, spans: more });
        assert_eq!(ids(&traces)[traces.selected()], "other");
        traces.open_selected();
        let more = vec![span(6, "other", ("f", "d"), (3.01, 20.0), false)];
        traces.take(&wire::Spans { next: 6, spans: more });
        let open = traces.open.as_ref().unwrap();
        assert_eq!((open.id.as_str(), open.rows.len()), ("other", 2));
        assert_eq!(open.facts[0], ["http.status_code=200"]);
        traces.move_by(9);
        assert_eq!(traces.open.unwrap().selected, 1);
    }

    #[test]
    fn there_is_an_end_to_what_is_kept() {
        let mut traces = Traces::default();
        let spans = (0..3000).map(|n| span(n, &n.to_string(), ("a", ""), (1.0, 5.0), false));
        traces.take(&wire::Spans { next: 3000, spans: spans.collect() });
        assert_eq!((traces.spans.len(), traces.list.len()), (MAX, LISTED));
    }
}
