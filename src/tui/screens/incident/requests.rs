//! What is asked of the system, and what becomes of the answers.
//!
//! Each tick asks in one exchange for what is visible; the next waits until the answer has come. Log
//! lines are always asked for: whoever comes to read them wants those from before, too.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use ratatui::layout::Rect;

use super::observe::View;
use super::{Incident, Tab};
use crate::incident::gate::wire::{Http, Range};
use crate::incident::observe::{Request, Seen};
use crate::tui::app::Effect;
use crate::tui::screens::outcome::Outcome;

/// An answer that takes longer is not waited for.
const PATIENCE: Duration = Duration::from_secs(6);

/// A look that is under way.
#[derive(Debug)]
pub(super) struct Asked {
    at: Instant,
    ranges: HashMap<String, Range>,
}

impl Incident {
    /// A second has gone by.
    pub fn tick(&mut self, area: Rect, now: Instant) -> Vec<Effect> {
        self.advance(now);
        if !self.runs() || self.asked.as_ref().is_some_and(|asked| now - asked.at < PATIENCE) {
            return vec![];
        }
        self.look(area, now)
    }

    /// Looks before the next tick, if something came into view that is not known yet and no look is
    /// under way.
    pub(super) fn look_soon(&mut self, area: Rect, now: Instant) -> Vec<Effect> {
        if self.tab != Tab::Observe || !self.runs() || self.asked.is_some() {
            return vec![];
        }
        let missing = match self.observe.view {
            View::Panels => self.now > 0.0 && !self.panels_wanted(area).is_empty(),
            View::Logs => false,
            View::Traces => self.observe.traces.next() < 0,
        };
        if missing || self.observe.prompt.is_new() { self.look(area, now) } else { vec![] }
    }

    /// The system's time goes on between two answers.
    fn advance(&mut self, now: Instant) {
        if let Some((time, at)) = self.clock {
            self.now = time + now.saturating_duration_since(at).as_secs_f64();
        }
    }

    /// An answer will not come: what it was about may be asked again.
    pub(super) fn lost(&mut self) {
        self.asked = None;
        self.act.lost();
        self.observe.prompt.lost();
    }

    fn look(&mut self, area: Rect, now: Instant) -> Vec<Effect> {
        if self.asked.is_some() {
            self.lost();
        }
        let mut request =
            Request { logs_after: Some(self.observe.logs.next()), ..Request::default() };
        if self.tab == Tab::Observe {
            match self.observe.view {
                View::Panels if self.now > 0.0 => request.panels = self.panels_wanted(area),
                View::Panels | View::Logs => {}
                View::Traces => request.spans_after = Some(self.observe.traces.next()),
            }
            request.raw = self.observe.prompt.wanted();
        }
        request.http = self.configs_wanted(now);
        let ranges = request.panels.iter().cloned().collect();
        self.asked = Some(Asked { at: now, ranges });
        vec![Effect::Observe { visit: self.visit, request }]
    }

    /// Asks at once, beside the look of the tick.
    pub(super) fn ask(&mut self, http: (u64, Http)) -> Effect {
        let request = Request { http: vec![http], ..Request::default() };
        Effect::Observe { visit: self.visit, request }
    }

    /// The configuration that is to be read: the open form's.
    fn configs_wanted(&mut self, now: Instant) -> Vec<(u64, Http)> {
        let open = self.tab == Tab::Act;
        open.then(|| self.act.refresh(now)).flatten().into_iter().collect()
    }

    /// What was asked for has come.
    pub(super) fn was_seen(&mut self, seen: Seen, now: Instant) -> Outcome {
        self.problem = None;
        if seen.now.is_finite() && seen.now > 0.0 {
            self.clock = Some((seen.now, now));
            self.advance(now);
        }
        let of_a_tick = seen.logs.is_some() || seen.spans.is_some() || !seen.panels.is_empty();
        let asked = if of_a_tick { self.asked.take() } else { None };
        let ranges = asked.map(|asked| asked.ranges).unwrap_or_default();
        for (key, told) in seen.panels {
            if let Some(range) = ranges.get(&key) {
                let legend = self.legend(&key);
                self.observe.data.entry(key).or_default().take(range, told, &legend);
            }
        }
        if let Some(logs) = seen.logs {
            self.user.take(&logs.lines, &self.scenario.system.users);
            self.observe.logs.take(&logs);
        }
        if let Some(spans) = seen.spans {
            self.observe.traces.take(&spans);
        }
        for (key, told) in seen.raw {
            self.observe.prompt.take(key, told);
        }
        let mut outcome = Outcome::default();
        for (key, reply) in seen.http {
            let notice = self.act.take(key, &reply);
            outcome.notice = notice.or(outcome.notice);
        }
        outcome
    }
}
