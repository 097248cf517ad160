//! The stages of an exercise.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use super::{Run, Stage};
use crate::course::solution::{SolutionStep, steps};
use crate::course::{Check, Exercise, Item, Resource};
use crate::lab::probe::Probes;
use crate::lab::verify::{CheckState, verify};
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
    let Ok(it) = exercise(item) else { return };
    let bench = Bench { lab, item, it };
    let (result, took) = timed(bench.provision()).await;
    match result {
        Ok(mut probes) => {
            run.add(Stage::Provision, took, Ok(()));
            let (red, took) = timed(bench.red(&mut probes)).await;
            run.add(Stage::Red, took, red);
            let (solved, took) = timed(bench.solve(&mut probes)).await;
            if run.add(Stage::Solve, took, solved) {
                let (held, took) = timed(bench.hold(&mut probes)).await;
                run.add(Stage::Hold, took, held);
            } else {
                run.skip(&[Stage::Hold]);
            }
            let (needed, took) = timed(bench.drop_one()).await;
            run.add(Stage::DropOne, took, needed);
            let (refused, took) = timed(bench.decoys()).await;
            run.add(Stage::Decoys, took, refused);
            let (again, took) = timed(bench.again()).await;
            run.add(Stage::Again, took, again);
        }
        Err(why) => {
            run.add(Stage::Provision, took, Err(why));
            run.skip(&[Stage::Red, Stage::Solve, Stage::Hold]);
            run.skip(&[Stage::DropOne, Stage::Decoys, Stage::Again]);
        }
    }
    let (clean, took) = timed(bench.clean()).await;
    run.add(Stage::Clean, took, clean);
}

async fn timed<T>(work: impl Future<Output = T>) -> (T, Duration) {
    let begun = Instant::now();
    (work.await, begun.elapsed())
}

struct Bench<'a> {
    lab: &'a Lab,
    item: &'a Item,
    it: &'a Exercise,
}

impl Bench<'_> {
    /// A sandbox in which nothing was done yet.
    async fn provision(&self) -> Result<Probes, String> {
        let ready = self.lab.provision(self.item, true, &|_| {}).await;
        let ready = ready.map_err(|error| error.to_string())?;
        Ok(Probes::of(self.lab.engine.clone(), &ready.sandbox))
    }

    fn checks(&self) -> &[Check] {
        &self.it.verify
    }

    /// Names of the checks that do not pass now. One that cannot be run is an error.
    async fn failing(&self, probes: &mut Probes) -> Result<BTreeSet<String>, String> {
        let results = verify(self.checks(), probes, |_| ()).await;
        let results = results.map_err(|error| error.to_string())?;
        if let Some(broken) = results.iter().find(|result| result.state == CheckState::Error) {
            return Err(format!("the check {:?} {}", broken.name, broken.actual));
        }
        let failing = results.into_iter().filter(|result| result.state != CheckState::Passed);
        Ok(failing.map(|result| result.name).collect())
    }

    async fn red(&self, probes: &mut Probes) -> Result<(), String> {
        let failing = self.failing(probes).await?;
        match self.checks().iter().find(|check| !failing.contains(&check.name)) {
            Some(check) => {
                Err(format!("the check {:?} passes before anything is done", check.name))
            }
            None => Ok(()),
        }
    }

    fn steps(&self) -> Result<Vec<SolutionStep>, String> {
        let Some(solution) = &self.it.solution else {
            return Err("there is no solution".to_owned());
        };
        let steps = steps(&solution.path(), &text(solution)?, self.checks());
        steps.map_err(|wrong| wrong.to_string())
    }

    async fn solve(&self, probes: &mut Probes) -> Result<(), String> {
        let mut failing: BTreeSet<_> = self.checks().iter().map(|it| it.name.clone()).collect();
        for (index, step) in self.steps()?.iter().enumerate() {
            self.script(probes, &step.script, "the solution").await?;
            failing.retain(|name| !step.turns.contains(name));
            let when = format!("after step {} of the solution", index + 1);
            self.settle(probes, &failing, &when).await?;
        }
        Ok(())
    }

    /// For each step: all others in a fresh sandbox. Of one that is alone, red has said it.
    async fn drop_one(&self) -> Result<(), String> {
        let steps = self.steps()?;
        if steps.len() < 2 {
            return Ok(());
        }
        for (left_out, step) in steps.iter().enumerate() {
            let mut probes = self.provision().await?;
            for (_, other) in steps.iter().enumerate().filter(|(index, _)| *index != left_out) {
                // It may need what was left out, and fail or wait for it.
                let _ = probes.run(None, &other.script, IN_VAIN).await;
            }
            let begun = Instant::now();
            while begun.elapsed() < STAYS {
                let failing = self.failing(&mut probes).await?;
                if let Some(name) = step.turns.iter().find(|name| !failing.contains(*name)) {
                    let number = left_out + 1;
                    return Err(format!(
                        "without step {number} of the solution {name:?} passes too"
                    ));
                }
                tokio::time::sleep(PACE).await;
            }
        }
        Ok(())
    }

    /// Runs a script as the learner. What it leaves counts, not how it ends.
    async fn script(&self, probes: &mut Probes, script: &str, what: &str) -> Result<(), String> {
        let ran = probes.run(None, script, PATIENCE).await;
        ran.map(drop).map_err(|error| format!("{what}: {error}"))
    }

    /// Waits until exactly these checks fail.
    async fn settle(
        &self,
        probes: &mut Probes,
        wanted: &BTreeSet<String>,
        when: &str,
    ) -> Result<(), String> {
        let begun = Instant::now();
        loop {
            let failing = self.failing(probes).await?;
            if failing == *wanted {
                return Ok(());
            }
            if begun.elapsed() > SETTLE {
                return Err(different(when, wanted, &failing));
            }
            tokio::time::sleep(PACE).await;
        }
    }

    async fn hold(&self, probes: &mut Probes) -> Result<(), String> {
        for _ in 0..HELD {
            if let Some(name) = self.failing(probes).await?.first() {
                return Err(format!("the check {name:?} passed and does not any more"));
            }
            tokio::time::sleep(PACE).await;
        }
        Ok(())
    }

    async fn decoys(&self) -> Result<(), String> {
        for decoy in &self.it.decoys {
            let mut probes = self.provision().await?;
            let path = decoy.file.path();
            self.script(&mut probes, &text(&decoy.file)?, &path).await?;
            let wanted = decoy.fails.iter().cloned().collect();
            let when = format!("after the wrong solution {path}");
            self.settle(&mut probes, &wanted, &when).await?;
        }
        Ok(())
    }

    /// Everything up to the solution, in another sandbox.
    async fn again(&self) -> Result<(), String> {
        let mut probes = self.provision().await?;
        self.red(&mut probes).await?;
        self.solve(&mut probes).await?;
        self.hold(&mut probes).await
    }

    async fn clean(&self) -> Result<(), String> {
        let (lab, id) = (self.lab, &self.item.id);
        lab.destroy(id).await.map_err(|error| error.to_string())?;
        let left = lab.engine.list(Some(&lab.owner)).await.map_err(|error| error.to_string())?;
        let left = left.iter().filter(|sandbox| sandbox.item == *id).count();
        if left > 0 { Err(format!("{left} sandboxes are left of it")) } else { Ok(()) }
    }
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
    fn what_is_different_is_said() {
        let set = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        let said =
            |wanted: &[&str], failing: &[&str]| different("then", &set(wanted), &set(failing));
        assert_eq!(said(&[], &["a", "b"]), "then \"a\", \"b\" still fails");
        assert_eq!(said(&["a"], &["b"]), "then \"a\" should fail, and passes");
    }
}
