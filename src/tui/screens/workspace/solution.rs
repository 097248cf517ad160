//! A solution that is written down while it is done: begun, ended and kept.

use std::path::{Path, PathBuf};

use super::{Phase, Workspace};
use crate::lab::solution::Kept;
use crate::problem::Problem;
use crate::tui::app::{Choice, Dialog, Effect, Layer};
use crate::tui::screens::outcome::Outcome;

impl Workspace {
    /// Asks to begin, or to end.
    pub(super) fn record_solution(&self) -> Outcome {
        match self.phase {
            Phase::Ready { .. } if self.shell.is_open() => {
                let (visit, begin) = (self.visit, self.solving.is_none());
                Outcome::effects(vec![Effect::RecordSolution { visit, begin }])
            }
            _ => Outcome::notice("A solution can be written down once the shell is open"),
        }
    }

    /// It was begun or ended, or cannot be.
    pub(super) fn solving(&mut self, now: Result<Option<PathBuf>, String>) -> Outcome {
        match now {
            Ok(Some(file)) => {
                self.solving = Some(file);
                Outcome::notice(match self.passed() {
                    0 => "What you type is written down as a solution; S ends that".to_owned(),
                    _ => {
                        "Some checks hold already: R starts over, then S writes all down".to_owned()
                    }
                })
            }
            Ok(None) => self.solved(),
            Err(why) => {
                let draft = self.solving.take();
                let place = draft.map(|draft| format!("; what there is is in {}", draft.display()));
                let place = place.unwrap_or_default();
                Outcome::notice(format!("The solution cannot be written down: {why}{place}"))
            }
        }
    }

    /// It is over: what was written down is kept.
    pub(super) fn solved(&mut self) -> Outcome {
        let keep = self.solving.take().map(|draft| self.keep_solution(draft, false));
        Outcome::effects(keep.into_iter().collect())
    }

    /// Keeps what was written down.
    pub fn keep_solution(&self, draft: PathBuf, replace: bool) -> Effect {
        Effect::KeepSolution { visit: self.visit, draft, replace }
    }

    /// It was kept, or there is something to ask.
    pub(super) fn solution_kept(draft: &Path, kept: Result<Kept, Problem>) -> Outcome {
        let place = draft.display();
        Outcome::layer(match kept {
            Ok(Kept::There { file, behind: None }) => {
                told(format!("The solution is in {}.", file.display()))
            }
            Ok(Kept::There { file, behind: Some(script) }) => told(format!(
                "The solution is in {}. As long as {script} is there, that is the solution that is \
                 proved.",
                file.display()
            )),
            Ok(Kept::Draft) => told(format!(
                "The solution is in {place}. This exercise has no folder that can be written: to \
                 prove it, copy it to solution.keys in the exercise's folder."
            )),
            Ok(Kept::Taken(file)) => Layer::Dialog(Dialog {
                title: "There is a solution already".to_owned(),
                text: format!(
                    "{} is there. What was written down now is in {place}.",
                    file.display()
                ),
                answers: vec![
                    ("Keep both".to_owned(), Choice::Close),
                    ("Replace it".to_owned(), Choice::ReplaceSolution(draft.to_owned())),
                ],
                selected: 0,
            }),
            Err(problem) => Layer::Problem(problem),
        })
    }
}

/// What somebody must have read.
fn told(text: String) -> Layer {
    Layer::Dialog(Dialog {
        title: "The solution".to_owned(),
        text,
        answers: vec![("Go on".to_owned(), Choice::Close)],
        selected: 0,
    })
}
