//! What comes of a new picture of the incident.

use super::{Incident, Stage};
use crate::course::scenario::Level;
use crate::incident::picture::{FeedEntry, FeedKind, Outcome as End, Phase, Picture, Standing};
use crate::lab::hint::Shown;
use crate::tui::app::{Choice, Dialog, Effect, Layer};
use crate::tui::screens::outcome::Outcome;
use crate::tui::widgets::tame::tame;

/// Lines stay lines; everything else that is not text goes.
fn tame_text(text: &mut String) {
    if text.chars().any(|c| c.is_control() || !c.is_ascii()) {
        let lines: Vec<_> = text.lines().map(tame).collect();
        *text = lines.join("\n");
    }
}

/// Nothing in it moves the cursor any more.
fn tamed(mut picture: Picture) -> Picture {
    let words = picture.word.iter_mut();
    let marks = picture.marks.iter_mut().map(|mark| &mut mark.label);
    let feed = picture.feed.iter_mut().flat_map(|entry| [&mut entry.from, &mut entry.text]);
    let notes = picture.criteria.iter_mut().filter_map(|standing| standing.note.as_mut());
    let refusal = picture.completable.as_mut().err().into_iter();
    let all = words.chain(marks).chain(feed).chain(notes).chain(refusal);
    all.chain(&mut picture.trouble).for_each(tame_text);
    picture
}

/// Whether the learner's turn has come.
pub(super) fn begun(phase: &Phase) -> bool {
    matches!(phase, Phase::Live | Phase::Replaying { .. } | Phase::Over { .. })
}

impl Incident {
    pub(super) fn pictured(&mut self, picture: Picture, area: ratatui::layout::Rect) -> Outcome {
        let picture = tamed(picture);
        let before = self.picture.as_ref();
        let known = before.map_or(0, |picture| picture.feed.len());
        let begun_anew = before.is_some_and(|before| before.feed.len() > picture.feed.len())
            || self.is_begun() && !begun(&picture.phase);
        if begun_anew {
            self.begin_anew();
        }
        self.stage = Stage::Open;
        self.problem = None;
        let fresh = picture.feed.get(known..).unwrap_or_default();
        let hint = fresh.iter().rfind(|entry| entry.kind == FeedKind::Hint).cloned();
        let urgent = fresh
            .iter()
            .rfind(|entry| entry.level == Level::Critical && entry.kind == FeedKind::Stakeholder);
        let notice = urgent.filter(|_| self.told.0).map(said);
        self.act.learn(&picture.normal);
        self.picture = Some(picture);
        let beside = self.places(area).updates.is_some();
        let mut outcome = Outcome { notice, ..Outcome::default() };
        if let Some(hint) = hint
            && std::mem::take(&mut self.wants_hint)
            && !beside
        {
            let (given, of) = self.picture.as_ref().map_or((0, 0), |picture| picture.hints);
            let shown = Shown { index: given.saturating_sub(1), of, text: hint.text };
            outcome.layer = Some(Layer::Hint(shown));
        }
        outcome.effects.extend(self.want_shell());
        outcome.layer = self.turned().or(outcome.layer);
        outcome
    }

    /// Leaving one that is over: its machines may go.
    pub fn close(&self) -> Option<Effect> {
        let over = matches!(self.phase(), Some(Phase::Over { .. }));
        let order = crate::incident::order::Order::Close;
        over.then_some(Effect::IncidentDo { visit: self.visit, order })
    }

    /// A restart: what was seen of the run before says nothing about this one.
    fn begin_anew(&mut self) {
        self.story = None;
        self.told = (false, false);
        self.step = None;
        self.read = 0;
        self.scrolled = 0;
        self.seen.clear();
        self.act = super::Act::default();
        self.observe.begin_anew();
        self.user = super::User::default();
        self.asked = None;
        self.clock = None;
        self.now = 0.0;
        self.shell_asked = false;
        self.shell.opening(false);
    }

    /// The shell is opened once it is the learner's turn.
    fn want_shell(&mut self) -> Option<Effect> {
        let turn = matches!(self.phase(), Some(Phase::Live | Phase::Replaying { .. }));
        if !turn || std::mem::replace(&mut self.shell_asked, true) {
            return None;
        }
        self.shell.opening(true);
        Some(Effect::OpenShell { visit: self.visit, size: self.shell.size() })
    }

    /// The page that goes with where it is in its life, once.
    fn turned(&mut self) -> Option<Layer> {
        let (paged, ended) = self.told;
        match self.phase()? {
            Phase::Live if !paged => {
                self.told.0 = true;
                Some(Layer::Page(self.briefing()))
            }
            Phase::Over { outcome } if !ended => {
                let layer = match outcome {
                    End::LabFailed { why } => lab_failed(why),
                    End::Resolved | End::Escalated => Layer::Page(self.debrief()?),
                };
                self.told.1 = true;
                Some(layer)
            }
            _ => None,
        }
    }

    /// The criteria that can be shown: hidden ones have no title.
    pub(super) fn criteria(&self) -> Vec<&Standing> {
        let all = self.picture.iter().flat_map(|picture| &picture.criteria);
        all.filter(|standing| !standing.title.is_empty()).collect()
    }

    /// How many updates came that nobody has read.
    pub(super) fn unread(&self) -> usize {
        let all = self.picture.as_ref().map_or(0, |picture| picture.feed.len());
        all.saturating_sub(self.read)
    }

    /// Somebody is at the keys: what is in view counts as read.
    pub fn present(&mut self, area: ratatui::layout::Rect) {
        if self.places(area).updates.is_some() {
            self.read = self.picture.as_ref().map_or(0, |picture| picture.feed.len());
        }
    }
}

fn said(entry: &FeedEntry) -> String {
    let text: Vec<_> = crate::tui::widgets::text::plain(&entry.text).collect();
    if entry.from.is_empty() {
        text.join(" ")
    } else {
        format!("{}: {}", entry.from, text.join(" "))
    }
}

/// A failed lab is nobody's failure but the lab's.
fn lab_failed(why: &str) -> Layer {
    use crate::incident::order::Order;
    use crate::tui::app::Action;
    Layer::Dialog(Dialog {
        title: "The lab failed, not you".to_owned(),
        text: format!(
            "{}.\nThis run does not count. It can be started again.",
            tame(why).trim_end_matches('.')
        ),
        answers: vec![
            ("Stay here".to_owned(), Choice::Close),
            ("Start again".to_owned(), Choice::Order(Order::Restart { guided: false })),
            ("Home".to_owned(), Choice::Do(Action::GoHome)),
        ],
        selected: 0,
    })
}
