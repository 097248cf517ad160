//! The stages of an exercise.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::hands::Hands;
use super::wrong::{About, Wrong};
use super::{Run, Stage, clean, timed};
use crate::course::keys::is_typed;
use crate::course::solution::{SolutionStep, steps};
use crate::course::{Body, Check, Exercise, Item, Mode, Place, Resource};
use crate::engine::Engine;
use crate::engine::native::MACHINE;
use crate::lab::probe::Probes;
use crate::lab::provision::Begin;
use crate::lab::standing::Standing;
use crate::lab::verify::{CheckResult, CheckState, verify};
use crate::lab::{Lab, exercise};

/// How long what a script did may take to show: services start, writers write their next line.
const SETTLE: Duration = Duration::from_secs(10);

/// How long a script may take.
const PATIENCE: Duration = Duration::from_mins(2);

/// How long a script may take that may wait in vain for what was left out.
const IN_VAIN: Duration = Duration::from_secs(10);

/// How long checks must stay red to be said to.
const STAYS: Duration = Duration::from_secs(1);

/// How often what was found is looked at until it is as wanted.
const PACE: Duration = Duration::from_millis(100);

/// How often everything must pass in a row.
const HELD: u32 = 3;

pub(super) async fn prove(lab: &Lab, item: &Item, run: &mut Run<'_>) {
    let bench = Bench { lab, item };
    run.begins(Stage::Provision);
    let (result, took) = timed(bench.provision()).await;
    match result {
        Ok(mut tried) => {
            run.image.clone_from(&tried.image);
            run.add(Stage::Provision, took, Ok(()));
            run.stage(Stage::Red, tried.red()).await;
            if run.stage(Stage::Solve, tried.solve()).await {
                run.stage(Stage::Hold, tried.hold()).await;
            } else {
                run.skip(&[Stage::Hold]);
            }
            run.uses(lab.engine.memory(tried.probes.sandbox()).await.ok().flatten());
            run.stage(Stage::DropOne, bench.drop_one()).await;
            run.stage(Stage::Decoys, bench.decoys()).await;
            run.stage(Stage::Again, bench.again()).await;
        }
        Err(why) => {
            run.add(Stage::Provision, took, Err(why));
            run.skip(&[Stage::Red, Stage::Solve, Stage::Hold]);
            run.skip(&[Stage::DropOne, Stage::Decoys, Stage::Again]);
        }
    }
    run.stage(Stage::Clean, clean(lab, &item.id)).await;
}

struct Bench<'a> {
    lab: &'a Lab,
    item: &'a Item,
}

impl Bench<'_> {
    /// A sandbox in which nothing was done yet, with values of its own.
    async fn provision(&self) -> Result<Tried, Wrong> {
        let begin = Begin { fresh: true, seed: None };
        let ready = self.lab.provision(self.item, begin, &|_| {}).await;
        let ready = ready.map_err(|error| error.to_string())?;
        let exercise = exercise(&ready.item).map_err(|error| error.to_string())?.clone();
        let probes = Probes::of(self.lab.engine.clone(), &ready.sandbox);
        let image = Some(ready.sandbox.image).filter(|image| image != MACHINE);
        let engine = self.lab.engine.clone();
        Ok(Tried { exercise, image, probes, standing: Standing::default(), engine, hands: None })
    }

    /// For each step: all others in a fresh sandbox. Of one that is alone, red has said it.
    async fn drop_one(&self) -> Result<(), Wrong> {
        let Body::Exercise(as_written) = &self.item.body else { return Ok(()) };
        let count = steps_of(as_written)?.1.len();
        for left_out in (0..count).filter(|_| count > 1) {
            self.provision().await?.without(left_out).await?;
        }
        Ok(())
    }

    async fn decoys(&self) -> Result<(), Wrong> {
        let Body::Exercise(as_written) = &self.item.body else { return Ok(()) };
        for index in 0..as_written.decoys.len() {
            let refused = self.provision().await?.refuse(index).await;
            refused.map_err(|wrong| wrong.or_about(About::Entry("decoys", index)))?;
        }
        Ok(())
    }

    /// Everything up to the solution in other sandboxes, with other values, and the checks in another
    /// order: none may live on what another leaves behind.
    async fn again(&self) -> Result<(), Wrong> {
        for turned in [true, false] {
            let mut tried = self.provision().await?;
            if turned {
                tried.exercise.verify = from_the_end(&tried.exercise.verify);
            }
            tried.red().await?;
            tried.solve().await?;
            tried.hold().await?;
        }
        Ok(())
    }
}

/// A sandbox, and what is known of it.
struct Tried {
    /// As its attempt has it.
    exercise: Exercise,
    image: Option<String>,
    probes: Probes,
    standing: Standing,
    engine: Arc<dyn Engine>,
    /// The terminal in which it was solved, open for as long as what was done there is looked at.
    hands: Option<Hands>,
}

/// How the checks stand.
struct Found {
    /// Names of those that do not pass.
    failing: BTreeSet<String>,
    /// Of those, the ones that are true and have yet to stay so.
    waiting: BTreeSet<String>,
    /// Everything that the learner is told of those that fail.
    told: String,
}

impl Tried {
    /// How the checks stand now. One that cannot be run is an error.
    async fn look(&mut self) -> Result<Found, Wrong> {
        let Self { exercise, probes, standing, .. } = self;
        let results = verify(&exercise.verify, probes, standing, |_| ()).await;
        let results = results.map_err(|error| error.to_string())?;
        if let Some(broken) = results.iter().find(|result| result.state == CheckState::Error) {
            let why = format!("the check {:?} {}", broken.name, broken.actual);
            return Err(Wrong::check(why, &broken.name));
        }
        let failing = results.iter().filter(|result| result.state != CheckState::Passed);
        let names = |results: &mut dyn Iterator<Item = &CheckResult>| {
            results.map(|result| result.name.clone()).collect()
        };
        let told = failing.clone().flat_map(|it| [it.message.as_deref(), Some(&it.actual)]);
        Ok(Found {
            told: told.flatten().collect::<Vec<_>>().join("\n"),
            waiting: names(&mut failing.clone().filter(|result| result.held.is_some())),
            failing: names(&mut failing.into_iter()),
        })
    }

    /// Names of the checks that tell of something that is to be done.
    fn tasks(&self) -> BTreeSet<String> {
        let tasks = self.exercise.verify.iter().filter(|check| !check.green_before);
        tasks.map(|check| check.name.clone()).collect()
    }

    async fn red(&mut self) -> Result<(), Wrong> {
        let found = self.look().await?;
        for check in &self.exercise.verify {
            let fails = found.failing.contains(&check.name) && !found.waiting.contains(&check.name);
            if !fails && !check.green_before {
                let name = &check.name;
                let why = format!("the check {name:?} passes before anything is done");
                return Err(Wrong::check(why, name));
            }
            if fails && check.invariant {
                let why = format!("{:?} must be true all the time, and is not", check.name);
                return Err(Wrong::check(why, &check.name));
            }
        }
        Ok(())
    }

    async fn solve(&mut self) -> Result<(), Wrong> {
        let mut failing = self.tasks();
        let (solution, steps) = steps_of(&self.exercise)?;
        for (index, step) in steps.iter().enumerate() {
            let here = |wrong: Wrong| wrong.or_about(line_of(&solution, step));
            self.in_terminal(&solution, step, PATIENCE).await.map_err(here)?;
            failing.retain(|name| !step.turns.contains(name));
            let when = format!("after step {} of the solution", index + 1);
            self.settle(&failing, &when).await.map_err(here)?;
        }
        // What may be green before must be so in the end too.
        self.settle_all(&BTreeSet::new(), "after the solution").await
    }

    async fn hold(&mut self) -> Result<(), Wrong> {
        for _ in 0..HELD {
            if let Some(name) = self.look().await?.failing.first() {
                let why = format!("the check {name:?} passed and does not any more");
                return Err(Wrong::check(why, name));
            }
            tokio::time::sleep(PACE).await;
        }
        Ok(())
    }

    /// All steps of the solution but one, whose checks must stay red.
    async fn without(&mut self, left_out: usize) -> Result<(), Wrong> {
        let tasks = self.tasks();
        let (solution, steps) = steps_of(&self.exercise)?;
        for (_, step) in steps.iter().enumerate().filter(|(index, _)| *index != left_out) {
            // It may need what was left out, and fail or wait for it.
            if !is_typed(&solution) {
                let _ = self.probes.run(None, &step.script, IN_VAIN).await;
            } else if self.in_terminal(&solution, step, IN_VAIN).await.is_err() {
                // Where one got stuck, the next could not be typed.
                self.hands = None;
            }
        }
        let Some(step) = steps.get(left_out) else { return Ok(()) };
        let begun = Instant::now();
        while begun.elapsed() < STAYS {
            let found = self.look().await?;
            let red =
                |name: &&String| found.failing.contains(*name) && !found.waiting.contains(*name);
            let mut turns = step.turns.iter().filter(|name| tasks.contains(*name));
            if let Some(name) = turns.find(|name| !red(name)) {
                let number = left_out + 1;
                let why = format!("without step {number} of the solution {name:?} passes too");
                return Err(Wrong::about(why, line_of(&solution, step)));
            }
            tokio::time::sleep(PACE).await;
        }
        Ok(())
    }

    /// A wrong solution, which exactly its checks must refuse, and say what it says they do.
    async fn refuse(&mut self, decoy: usize) -> Result<(), Wrong> {
        let Some(decoy) = self.exercise.decoys.get(decoy).cloned() else { return Ok(()) };
        let path = decoy.file.path();
        let script = text(&decoy.file)?;
        if is_typed(&decoy.file) {
            let whole = SolutionStep { script, first: 1, turns: Vec::new() };
            self.in_terminal(&decoy.file, &whole, PATIENCE).await?;
        } else {
            self.script(&script, &path).await?;
        }
        let wanted = decoy.fails.into_iter().collect();
        let when = format!("after the wrong solution {path}");
        self.settle_all(&wanted, &when).await?;
        let Some(says) = &decoy.says else { return Ok(()) };
        let told = self.look().await?.told;
        if told.contains(says) {
            return Ok(());
        }
        let told = told.replace('\n', "; ");
        Err(format!("{when} the learner is not told {says:?}, but: {told}").into())
    }

    /// Carries a step of this file out in a terminal.
    async fn in_terminal(
        &mut self,
        file: &Resource,
        step: &SolutionStep,
        patience: Duration,
    ) -> Result<(), Wrong> {
        let hands = match self.hands.take() {
            Some(hands) => hands,
            None => Hands::at(&self.engine, self.probes.sandbox()).await?,
        };
        Ok(self.hands.insert(hands).carry_out(file, step, patience).await?)
    }

    /// Runs a script as the learner. What it leaves counts, not how it ends.
    async fn script(&mut self, script: &str, what: &str) -> Result<(), Wrong> {
        let ran = self.probes.run(None, script, PATIENCE).await;
        Ok(ran.map(drop).map_err(|error| format!("{what}: {error}"))?)
    }

    /// Waits until of what is to be done exactly these checks fail.
    async fn settle(&mut self, wanted: &BTreeSet<String>, when: &str) -> Result<(), Wrong> {
        let tasks = self.tasks();
        self.wait_for(wanted, when, |found| &found.failing & &tasks).await
    }

    /// Waits until of all checks exactly these fail.
    async fn settle_all(&mut self, wanted: &BTreeSet<String>, when: &str) -> Result<(), Wrong> {
        self.wait_for(wanted, when, |found| found.failing.clone()).await
    }

    async fn wait_for(
        &mut self,
        wanted: &BTreeSet<String>,
        when: &str,
        failing: impl Fn(&Found) -> BTreeSet<String>,
    ) -> Result<(), Wrong> {
        let holds = self.exercise.verify.iter().filter_map(|check| match check.mode {
            Mode::Hold(hold) => Some(hold),
            Mode::Level | Mode::Edge => None,
        });
        let limit = SETTLE + holds.max().unwrap_or_default();
        let begun = Instant::now();
        loop {
            let found = self.look().await?;
            let failing = failing(&found);
            // One that only has to stay true for longer fails, and will not.
            if failing == *wanted && found.waiting.is_empty() {
                return Ok(());
            }
            if begun.elapsed() > limit {
                return Err(different(when, wanted, &failing).into());
            }
            tokio::time::sleep(PACE).await;
        }
    }
}

/// The solution and its steps.
fn steps_of(exercise: &Exercise) -> Result<(Resource, Vec<SolutionStep>), String> {
    let Some(solution) = &exercise.solution else {
        return Err("there is no solution".to_owned());
    };
    let steps = steps(&solution.path(), &text(solution)?, &exercise.verify);
    Ok((solution.clone(), steps.map_err(|wrong| wrong.to_string())?))
}

/// Where a step of this file begins.
fn line_of(file: &Resource, step: &SolutionStep) -> About {
    About::Line(Place { file: file.path(), line: step.first })
}

/// The checks from the last to the first, but each after those it needs.
fn from_the_end(checks: &[Check]) -> Vec<Check> {
    let mut ordered: Vec<Check> = Vec::new();
    while ordered.len() < checks.len() {
        let there = |name: &String| ordered.iter().any(|check| check.name == *name);
        let ready = |check: &&Check| !there(&check.name) && check.needs.iter().all(there);
        let Some(next) = checks.iter().rev().find(ready).cloned() else { break };
        ordered.push(next);
    }
    ordered
}

fn text(script: &Resource) -> Result<String, String> {
    let bytes = script.read().map_err(|error| format!("{}: {error}", script.path()))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// What fails and should not, or does not and should: one sentence.
fn different(when: &str, wanted: &BTreeSet<String>, failing: &BTreeSet<String>) -> String {
    let listed = |names: Vec<&String>| {
        names.iter().map(|name| format!("{name:?}")).collect::<Vec<_>>().join(", ")
    };
    let missing: Vec<_> = wanted.difference(failing).collect();
    let more: Vec<_> = failing.difference(wanted).collect();
    match (missing.is_empty(), more.is_empty()) {
        (false, _) => format!("{when} {} should fail, and passes", listed(missing)),
        (true, _) => format!("{when} {} still fails", listed(more)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_order_still_keeps_what_is_needed_first() {
        let check = |name: &str, needs: &[&str]| Check {
            needs: needs.iter().map(ToString::to_string).collect(),
            ..Check::new(name, "true")
        };
        let checks = [check("a", &[]), check("b", &["a"]), check("c", &[]), check("d", &["b"])];
        let names: Vec<_> = from_the_end(&checks).into_iter().map(|check| check.name).collect();
        assert_eq!(names, ["c", "a", "b", "d"]);
    }

    #[test]
    fn what_is_different_is_said() {
        let set = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        let said =
            |wanted: &[&str], failing: &[&str]| different("then", &set(wanted), &set(failing));
        assert_eq!(said(&[], &["a", "b"]), "then \"a\", \"b\" still fails");
        assert_eq!(said(&["a"], &["b"]), "then \"a\" should fail, and passes");
    }
}
