//! What can be seen of the system: charts, logs and traces.

pub(super) mod logs;
pub(super) mod panels;
pub(super) mod prompt;
pub(super) mod series;
pub(super) mod traces;
mod view;

pub(super) use view::{draw, log_at, place_in_words, trace_at};

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use logs::Logs;
use prompt::Prompt;
use series::Data;
use traces::Traces;

/// What is in front.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(in crate::tui::screens::incident) enum View {
    #[default]
    Panels,
    Logs,
    Traces,
}

/// How long the charts look back, in seconds.
pub(super) const SPANS: [f64; 7] = [60.0, 120.0, 300.0, 600.0, 900.0, 1800.0, 3600.0];

/// The key of what was asked in the prompt.
pub(super) const QUERY: &str = "query";

/// See the module.
#[derive(Debug)]
pub(super) struct Observe {
    pub(super) view: View,
    /// Index of the panel that has the keys; the one after the last is the prompt's query.
    pub(super) panel: usize,
    /// Whether it has the whole place.
    pub(super) full: bool,
    /// Index into [`SPANS`].
    pub(super) zoom: usize,
    /// Index of the line in front, in a panel that has the whole place.
    pub(super) line: usize,
    /// Where the charts end, while that is not now.
    pub(super) end: Option<f64>,
    /// The moment whose values are read.
    pub(super) cursor: Option<f64>,
    pub(super) prompt: Prompt,
    /// What was asked in the prompt last.
    pub(super) query: Option<String>,
    /// What is known, by the key of its query.
    pub(super) data: HashMap<String, Data>,
    pub(super) logs: Logs,
    pub(super) traces: Traces,
}

impl Default for Observe {
    fn default() -> Self {
        Self {
            view: View::default(),
            panel: 0,
            full: false,
            line: 0,
            zoom: 2,
            end: None,
            cursor: None,
            prompt: Prompt::default(),
            query: None,
            data: HashMap::new(),
            logs: Logs::default(),
            traces: Traces::default(),
        }
    }
}

impl Observe {
    /// Another run: nothing of what was seen is true any more.
    pub(super) fn begin_anew(&mut self) {
        *self = Self { view: self.view, zoom: self.zoom, ..Self::default() };
    }
}

/// The time of day in a moment as logs write it: `10:03:12`.
pub(in crate::tui::screens::incident) fn clock_of(rfc3339: &str) -> String {
    let clock = rfc3339
        .get(11..19)
        .filter(|clock| clock.bytes().all(|byte| byte.is_ascii_digit() || byte == b':'));
    clock.unwrap_or("--:--:--").to_owned()
}
