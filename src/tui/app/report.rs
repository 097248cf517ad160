//! A class's screen: opened, told what was read, left.

use super::{Action, App, Effect, Layer, Screen};
use crate::problem::{Exit, Problem};
use crate::report::Followed;
use crate::tui::screens::report::{Reading, Report};

/// How many of the things that could not be read are told.
const MAX_TOLD: usize = 6;

/// What can happen to a followed class.
#[derive(Debug)]
pub enum ReportEvent {
    /// It was read, and is another than before.
    Read(Reading),
    /// It cannot be followed.
    Failed(Problem),
}

impl App {
    /// Opens a class's screen; the program ends with it.
    pub fn open_report(&mut self, followed: Followed) -> Vec<Effect> {
        self.visits += 1;
        let visit = self.visits;
        self.report = Some(Report::new(visit));
        self.screen = Screen::Report;
        vec![Effect::FollowClass { visit, followed }]
    }

    pub(super) fn report_happened(&mut self, visit: u64, event: ReportEvent) -> Vec<Effect> {
        let area = self.area;
        let Some(report) = self.report.as_mut().filter(|report| report.visit == visit) else {
            return vec![];
        };
        match event {
            ReportEvent::Read(reading) => report.read(reading, area),
            ReportEvent::Failed(problem) => self.layers.push(Layer::Problem(problem)),
        }
        vec![]
    }

    pub(super) fn act_report(&mut self, action: Action) -> Vec<Effect> {
        let area = self.area;
        let Some(report) = &mut self.report else { return vec![] };
        if action == Action::Troubles {
            let layer = report.reading.as_ref().map(told);
            self.layers.extend(layer);
        } else {
            report.act(action, area);
        }
        vec![]
    }
}

/// What could not be read, in words.
fn told(reading: &Reading) -> Layer {
    let troubles = &reading.class.troubles;
    let mut lines: Vec<_> = troubles.iter().take(MAX_TOLD).map(ToString::to_string).collect();
    if let Some(more @ 1..) = troubles.len().checked_sub(MAX_TOLD) {
        lines.push(format!("and {more} more"));
    }
    if lines.is_empty() {
        lines.push("Everything was read".to_owned());
    }
    let problem = Problem::new("unread", Exit::Usage, lines.join("\n"));
    Layer::Problem(problem.remedy("drydock report without --watch names them all"))
}
