//! Rewinding: the list to choose from, the question, and what the workspace is meanwhile.

use std::time::Instant;

use ratatui::layout::Rect;

use super::{PaneId, Phase, Rewinding, Workspace};
use crate::lab::exercise;
use crate::lab::rewind::Kind;
use crate::problem::Problem;
use crate::tui::app::{Choice, Dialog, Effect, Layer, Moment, Palette, PaletteRow};
use crate::tui::screens::outcome::Outcome;

impl Workspace {
    /// Asks what there is to rewind to.
    pub(super) fn want_moments(&self) -> Outcome {
        match self.phase {
            Phase::Ready { .. } => Outcome {
                effects: vec![Effect::Moments { visit: self.visit }],
                notice: Some("Looking for snapshots …".to_owned()),
                ..Outcome::default()
            },
            _ => Outcome::notice("There are snapshots once the sandbox is ready"),
        }
    }

    /// Asks for a snapshot.
    pub(super) fn want_snapshot(&self) -> Outcome {
        match self.phase {
            Phase::Ready { .. } => Outcome {
                effects: vec![Effect::Snapshot { visit: self.visit }],
                notice: Some("Keeping the files as they are now …".to_owned()),
                ..Outcome::default()
            },
            _ => Outcome::notice("A snapshot can be taken once the sandbox is ready"),
        }
    }

    /// The snapshots came: the latest is the first to be chosen.
    pub(super) fn moments(&self, found: Result<Vec<Moment>, Problem>) -> Outcome {
        let moments = match found {
            Ok(moments) if matches!(self.phase, Phase::Ready { .. }) => moments,
            Ok(_) => return Outcome::default(),
            Err(problem) => return Outcome::layer(Layer::Problem(problem)),
        };
        let rows = moments.into_iter().rev().map(|moment| {
            let point = &moment.point;
            PaletteRow {
                text: format!("{}  {}", point.name, point.words),
                keys: format!("  {}  {}/{}", moment.at, point.passed, point.of),
                choice: Choice::AskRewind(moment),
            }
        });
        let layer = Layer::Palette(Palette::new("Rewind to", rows.collect()));
        Outcome { layer: Some(layer), ..Outcome::default() }
    }

    /// The question before a rewind.
    pub fn ask_rewind(&self, moment: &Moment) -> Dialog {
        let Moment { point, at } = moment;
        let when = match point.kind {
            Kind::Start => "when the exercise was prepared".to_owned(),
            Kind::Check => format!("at {at}, when \"{}\" first passed", point.words),
            Kind::Manual => format!("at {at}"),
            Kind::Before => format!("at {at}, {}", point.words),
        };
        let held = format!("{} of {} checks held then", point.passed, point.of);
        let prepare = exercise(&self.item).ok().and_then(|exercise| exercise.prepare.as_ref());
        let programs = match (point.kind, prepare) {
            (Kind::Start, Some(_)) => "The exercise is prepared anew.",
            (_, Some(_)) => "If the exercise had started some, only start brings those back.",
            (_, None) => "",
        };
        let memory = if point.whole { "" } else { "\nWhat lay in memory then was not kept." };
        Dialog {
            title: format!("Rewind to {}", point.name),
            text: format!(
                "The files will be as they were {when} ({held}). What was done since then is kept \
                 first, so that this can be undone.\nThe shell and all programs end and are not \
                 brought back. {programs}{memory}"
            ),
            answers: vec![
                ("Keep it as it is".to_owned(), Choice::Close),
                ("Rewind".to_owned(), Choice::Rewind(point.name.clone())),
            ],
            selected: 0,
        }
    }

    /// Begins to rewind.
    pub fn rewind(&mut self, to: String, area: Rect, now: Instant) -> Vec<Effect> {
        if !matches!(self.phase, Phase::Ready { .. }) {
            return vec![];
        }
        let rest = self.clock.stop(now);
        let mut effects = self.unwritten(rest);
        let before = std::mem::replace(&mut self.phase, Phase::Provisioning { step: None });
        self.phase =
            Phase::Rewinding(Rewinding { to: to.clone(), step: None, before: Box::new(before) });
        self.shell.opening(false);
        // They are looked at anew: what held may not hold any more.
        self.results.fill(None);
        self.check_problem = None;
        self.retry_checks = None;
        effects.extend(self.focus_on(PaneId::Shell, area));
        effects.push(Effect::Rewind { visit: self.visit, to });
        effects
    }

    /// It did not work: the sandbox is as it was, and so is its shell.
    pub(super) fn rewind_failed(&mut self, problem: Problem, now: Instant) -> Outcome {
        let phase = std::mem::replace(&mut self.phase, Phase::Provisioning { step: None });
        let Phase::Rewinding(Rewinding { before, .. }) = phase else {
            self.phase = phase;
            return Outcome::layer(Layer::Problem(problem));
        };
        self.phase = *before;
        if !self.completed() {
            self.clock.start(self.clock.total(), now);
        }
        self.shell.opening(true);
        self.checking = super::Checking::WaitsForShell;
        Outcome {
            effects: vec![Effect::OpenShell { visit: self.visit, size: self.shell.size() }],
            layer: Some(Layer::Problem(problem)),
            ..Outcome::default()
        }
    }
}
