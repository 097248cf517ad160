//! Where somebody was in an incident.

use ratatui::layout::Rect;
use serde::{Deserialize, Serialize};

use super::observe::logs::Severity;
use super::observe::{SPANS, View};
use super::{Incident, Tab, act};
use crate::tui::app::Effect;
use crate::tui::widgets::tame::tame;
use crate::tui::widgets::time_series::Dots;

/// See the module.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Place {
    tab: Tab,
    before: Tab,
    view: View,
    panel: usize,
    /// Whether one chart has the whole place.
    full: bool,
    zoom: usize,
    dots: Dots,
    logs: Filter,
    failed_traces: bool,
    act: usize,
    updates: usize,
    /// How many updates were read.
    read: usize,
    /// Whether the page that calls for help was shown.
    briefed: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
struct Filter {
    service: Option<String>,
    least: Severity,
    text: String,
    each: bool,
}

impl Default for Place {
    fn default() -> Self {
        Self {
            tab: Tab::User,
            before: Tab::User,
            view: View::default(),
            panel: 0,
            full: false,
            zoom: super::observe::Observe::default().zoom,
            dots: Dots::default(),
            logs: Filter::default(),
            failed_traces: false,
            act: 0,
            updates: 0,
            read: 0,
            briefed: false,
        }
    }
}

impl Incident {
    /// Where somebody is; nothing before there is an attempt.
    pub fn place(&self) -> Option<(&str, Place)> {
        let logs = &self.observe.logs;
        let place = Place {
            tab: self.tab,
            before: self.before,
            view: self.observe.view,
            panel: self.observe.panel,
            full: self.observe.full,
            zoom: self.observe.zoom,
            dots: self.dots,
            logs: Filter {
                service: logs.service.clone(),
                least: logs.least,
                text: logs.text.clone(),
                each: !logs.fold,
            },
            failed_traces: self.observe.traces.failed,
            act: self.act.selected,
            updates: self.scrolled,
            read: self.read,
            briefed: self.told.0,
        };
        Some((self.attempt.as_deref()?, place))
    }

    /// Goes back there, as far as there is such a place.
    pub(super) fn return_to(&mut self, place: Place, area: Rect) -> Vec<Effect> {
        self.before = if place.before == Tab::Shell { Tab::User } else { place.before };
        self.dots = place.dots;
        let observe = &mut self.observe;
        observe.view = place.view;
        observe.zoom = place.zoom.min(SPANS.len() - 1);
        let panels = self.scenario.system.panels.len();
        observe.panel = if place.panel < panels { place.panel } else { 0 };
        observe.full = place.full && place.panel < panels;
        observe.logs.service = place.logs.service.map(|service| tame(&service));
        observe.logs.least = place.logs.least;
        observe.logs.text = tame(&place.logs.text);
        observe.logs.fold = !place.logs.each;
        observe.traces.failed = place.failed_traces;
        let rows = act::rows(&self.scenario.system).len();
        self.act.selected = if place.act < rows { place.act } else { 0 };
        self.scrolled = place.updates;
        self.read = place.read;
        self.told.0 = place.briefed;
        let before = self.before;
        let effects = self.show(place.tab, area);
        self.before = before;
        effects
    }
}
