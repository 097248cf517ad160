//! What is asked of a system's gate and what it answers: one JSON object a line each way.
//!
//! One line asks for everything that a tick needs, so that looking costs one exchange whatever the
//! number of panels. Answers come in any order and carry the number of their question. Nothing in
//! them is trusted: sizes are capped where lines are read, numbers may be missing.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// One question.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Question {
    /// Its number.
    pub id: u64,
    /// Queries for one moment.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub instant: Vec<Instant>,
    /// Queries for a stretch of time.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub range: Vec<Range>,
    /// Log lines.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub logs: Option<After>,
    /// Spans.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub spans: Option<After>,
    /// Requests to parts of the system.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub http: Vec<Http>,
    /// Other questions to Prometheus.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub raw: Vec<Raw>,
}

/// A query for one moment.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Instant {
    /// `PromQL`.
    pub query: String,
    /// Unix seconds; now if it is left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time: Option<f64>,
}

/// A query for a stretch of time.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Range {
    /// `PromQL`.
    pub query: String,
    /// Unix seconds.
    pub start: f64,
    /// Unix seconds.
    pub end: f64,
    /// Seconds.
    pub step: f64,
}

/// What came after a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct After {
    /// The last number that is known; -1 for the latest.
    pub after: i64,
    /// How many at most.
    pub limit: u32,
}

/// A request to a part of the system.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Http {
    /// `GET`.
    pub method: String,
    /// Within the private network.
    pub url: String,
    /// Headers.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, String>,
    /// What is sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
    /// Seconds it may take.
    pub timeout: f64,
}

/// A question to Prometheus' HTTP API.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Raw {
    /// `/api/v1/label/__name__/values`.
    pub path: String,
}

/// One answer.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Answer {
    /// The question's number.
    pub id: u64,
    /// The gate's clock, Unix seconds.
    pub now: f64,
    /// In the order of the questions.
    #[serde(default)]
    pub instant: Vec<Told<Vec<Sample>>>,
    /// In the order of the questions.
    #[serde(default)]
    pub range: Vec<Told<Vec<Line>>>,
    /// The lines asked for.
    #[serde(default)]
    pub logs: Option<Logs>,
    /// The spans asked for.
    #[serde(default)]
    pub spans: Option<Spans>,
    /// In the order of the requests.
    #[serde(default)]
    pub http: Vec<Reply>,
    /// In the order of the questions.
    #[serde(default)]
    pub raw: Vec<Told<serde_json::Value>>,
}

/// A result or why there is none.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(untagged)]
pub enum Told<T> {
    /// The result.
    Result {
        /// It.
        result: T,
    },
    /// Why not.
    Error {
        /// In one sentence.
        error: String,
    },
}

/// One time series' value at one moment.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Sample {
    /// Its labels.
    pub metric: BTreeMap<String, String>,
    /// When, and the value as Prometheus writes it: `NaN` and `+Inf` are possible.
    pub value: (f64, String),
}

/// One time series over time.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Line {
    /// Its labels.
    pub metric: BTreeMap<String, String>,
    /// When, and the value as Prometheus writes it. Moments without a value are left out.
    pub values: Vec<(f64, String)>,
}

/// Log lines.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
pub struct Logs {
    /// What to ask after next time.
    pub next: i64,
    /// How many were gone before they could be given.
    #[serde(default)]
    pub dropped: u64,
    /// The oldest first.
    pub lines: Vec<LogLine>,
}

/// One log line.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct LogLine {
    /// Its number.
    pub n: i64,
    /// RFC 3339.
    #[serde(default)]
    pub time: String,
    /// Who wrote it.
    #[serde(default)]
    pub service: String,
    /// `debug`, `info`, `warn`, `error`.
    #[serde(default)]
    pub level: String,
    /// What.
    #[serde(default)]
    pub message: String,
    /// Everything else.
    #[serde(flatten)]
    pub fields: BTreeMap<String, serde_json::Value>,
}

/// Spans.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
pub struct Spans {
    /// What to ask after next time.
    pub next: i64,
    /// In the order they came.
    pub spans: Vec<Span>,
}

/// One span of a trace.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Span {
    /// Its number.
    pub n: i64,
    /// The trace.
    pub trace_id: String,
    /// The span.
    pub span_id: String,
    /// The span it is part of, if any.
    #[serde(default)]
    pub parent_id: String,
    /// Who made it.
    pub service: String,
    /// What it stands for.
    pub name: String,
    /// Unix seconds.
    pub start: f64,
    /// How long it took.
    pub ms: f64,
    /// Whether it failed.
    #[serde(default)]
    pub error: bool,
    /// More about it.
    #[serde(default)]
    pub attributes: BTreeMap<String, serde_json::Value>,
}

/// What came of a request.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Reply {
    /// The status; `None` where there was no answer.
    #[serde(default)]
    pub status: Option<u16>,
    /// Headers.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// The beginning of the body.
    #[serde(default)]
    pub body: String,
    /// Why there was no answer.
    #[serde(default)]
    pub error: Option<String>,
    /// How long it took.
    pub ms: f64,
}
