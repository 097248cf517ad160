//! What came of proving an item, shown in the preview's place while it is run and until it is put away.

use std::time::Duration;

use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::{Author, PaneId};
use crate::course::Catalogue;
use crate::problem::Problem;
use crate::prove::{Outcome as Came, Stage, Verdict};
use crate::tui::app::{App, Effect, Layer};
use crate::tui::screens::outcome::Outcome;
use crate::tui::widgets::tame::tame;
use crate::tui::widgets::text::duration;

/// See the module.
#[derive(Debug)]
pub struct Proof {
    /// The item's id.
    item: String,
    /// Whether it is still run.
    running: bool,
    /// Whether it was put away.
    away: bool,
    /// How far each engine is, in the order in which they began.
    engines: Vec<(&'static str, State)>,
}

#[derive(Debug)]
enum State {
    /// The stages so far, the last going on.
    At(Vec<Stage>),
    /// What came of it.
    Came(Came),
}

impl Proof {
    fn new(item: String) -> Self {
        Self { item, running: true, away: false, engines: Vec::new() }
    }

    /// A stage begins.
    pub fn begins(&mut self, engine: &'static str, stage: Stage) {
        match self.engines.iter_mut().find(|(name, _)| *name == engine) {
            Some((_, State::At(stages))) => stages.push(stage),
            Some(_) => {}
            None => self.engines.push((engine, State::At(vec![stage]))),
        }
    }

    /// An engine is done.
    pub fn came(&mut self, engine: &'static str, outcome: Came) {
        self.engines.retain(|(name, _)| *name != engine);
        self.engines.push((engine, State::Came(outcome)));
    }

    /// A word for the border.
    pub fn word(&self) -> &'static str {
        if self.running { "P stops it" } else { "P puts it away" }
    }

    /// What is shown of it.
    pub fn lines(&self, app: &App) -> Vec<Line<'static>> {
        let theme = &app.theme;
        let mut lines =
            vec![Line::styled(format!("Proof of {}", tame(&self.item)), theme.heading())];
        if self.engines.is_empty() {
            let word = if self.running { "Looking for engines" } else { "It was not run" };
            lines.push(Line::styled(word, theme.muted()));
        }
        for (engine, state) in &self.engines {
            lines.push(Line::default());
            match state {
                State::At(stages) => {
                    lines.push(Line::styled(*engine, theme.text()));
                    let last = stages.len().saturating_sub(1);
                    lines.extend(stages.iter().enumerate().map(|(index, stage)| {
                        let (sign, style) = if index == last {
                            (app.signs.started(), theme.attention())
                        } else {
                            (app.signs.open(), theme.muted())
                        };
                        Line::styled(format!("  {sign} {}", stage.word()), style)
                    }));
                }
                State::Came(outcome) => lines.extend(outcome_lines(app, engine, outcome)),
            }
        }
        lines
    }
}

fn outcome_lines(app: &App, engine: &str, outcome: &Came) -> Vec<Line<'static>> {
    let theme = &app.theme;
    let proof = match outcome {
        Came::Ran(proof) => proof,
        Came::NotHere(why) => {
            let text = format!("{} {engine}: {}", app.signs.unavailable(), tame(why));
            return vec![Line::styled(text, theme.attention())];
        }
    };
    let took = duration(Duration::from_millis(proof.ms));
    let (word, style) = if proof.proved {
        (format!("proved on {engine} in {took}"), theme.good())
    } else {
        (format!("not proved on {engine}"), theme.bad())
    };
    let mut lines = vec![Line::styled(word, style)];
    for step in &proof.stages {
        let (sign, style) = match step.verdict {
            Verdict::Passed => (app.signs.passed(), theme.good()),
            Verdict::Failed { .. } => (app.signs.failed(), theme.bad()),
            Verdict::Skipped => (app.signs.unavailable(), theme.muted()),
        };
        lines.push(Line::from(vec![
            Span::styled(format!("  {sign} "), style),
            Span::styled(step.stage.word(), theme.text()),
        ]));
        let why = step.verdict.why();
        lines.extend(why.map(|why| Line::styled(format!("    {}", tame(&why)), theme.bad())));
    }
    lines
}

impl Author {
    /// The proof of the item that the preview is about, while it is to be seen.
    pub(super) fn shown_proof(&self) -> Option<&Proof> {
        let item = self.tree.outline().item_of(self.preview.path.as_ref()?)?;
        self.proof.as_ref().filter(|proof| proof.item == item.id && !proof.away)
    }

    /// Begins to prove the item that the preview is about; stops what is run; puts away what came of it.
    pub(super) fn prove(&mut self, course: &Catalogue, area: Rect) -> Outcome {
        if self.proof.as_ref().is_some_and(|proof| proof.running) {
            let effects = vec![Effect::StopProving];
            return Outcome { notice: Some("Stopping".to_owned()), ..Outcome::effects(effects) };
        }
        let shown = self.shown_proof().is_some();
        if let Some(proof) = self.proof.as_mut().filter(|_| shown) {
            proof.away = true;
            self.preview.scroll = 0;
            return Outcome::default();
        }
        let Some(item) = self.to_try(course) else {
            return Outcome::notice("There is no item here that could be proved");
        };
        if self.unsaved().next().is_some() {
            return Outcome::notice("Save first (ctrl-s): what is on the disk is proved");
        }
        self.proof = Some(Proof::new(item.clone()));
        self.preview.scroll = 0;
        let mut effects = self.focus_on(PaneId::Preview, area);
        effects.push(Effect::Prove { visit: self.visit, item });
        Outcome::effects(effects)
    }

    /// Nothing more comes of the proof.
    pub(super) fn proof_over(&mut self, result: Result<(), Problem>) -> Outcome {
        let Some(proof) = &mut self.proof else { return Outcome::default() };
        proof.running = false;
        proof.engines.retain(|(_, state)| matches!(state, State::Came(_)));
        match result {
            Ok(()) => Outcome::default(),
            Err(problem) => Outcome::layer(Layer::Problem(problem)),
        }
    }
}
