//! Looking at a running system: what one look asks for, and what was seen.
//!
//! A look is one exchange with the gate. Keys are the asker's own; they come back with the answers.

use super::gate::wire::{Http, Line, Logs, Range, Raw, Reply, Spans, Told};

/// What is asked for.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Request {
    /// Queries for a stretch of time, each with its key.
    pub panels: Vec<(String, Range)>,
    /// Log lines after this number; -1 for the latest. `None` asks for none.
    pub logs_after: Option<i64>,
    /// Spans after this number; -1 for the latest. `None` asks for none.
    pub spans_after: Option<i64>,
    /// Requests to parts of the system, each with its key.
    pub http: Vec<(u64, Http)>,
    /// Other questions to Prometheus, each with its key.
    pub raw: Vec<(u64, Raw)>,
}

impl Request {
    /// Whether it asks for nothing.
    pub fn is_empty(&self) -> bool {
        self == &Self::default()
    }
}

/// What was seen, under the keys of the request.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Seen {
    /// The system's clock, Unix seconds.
    pub now: f64,
    /// Lines over time, or why there are none.
    pub panels: Vec<(String, Told<Vec<Line>>)>,
    /// The log lines that were asked for.
    pub logs: Option<Logs>,
    /// The spans that were asked for.
    pub spans: Option<Spans>,
    /// What came of the requests.
    pub http: Vec<(u64, Reply)>,
    /// What Prometheus said.
    pub raw: Vec<(u64, Told<serde_json::Value>)>,
}
