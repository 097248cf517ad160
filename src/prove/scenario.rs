//! The stages of a scenario. Its incident is directed in this process, beside the proof: nobody else
//! knows of it.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::task::JoinHandle;
use tokio_util::sync::{CancellationToken, DropGuard};

use super::wrong::{About, Wrong};
use super::{Run, Stage, timed};
use crate::course::Item;
use crate::course::scenario::{CriterionKind, Scenario, Solution, WrongFix};
use crate::incident::director;
use crate::incident::life::{Life, Mode, Phase};
use crate::incident::order::Order;
use crate::incident::picture::{Guess, Outcome};
use crate::incident::rig::Rig;
use crate::lab::probe::Probes;
use crate::lab::{Lab, LabError};
use crate::store::AttemptId;

/// From the beginning to the learner's turn: machines, healthy seconds, the baseline, the symptom.
const LIVE: Duration = Duration::from_mins(3);

/// How long it must be well before anything is broken.
const HEALTHY: Duration = Duration::from_secs(30);

/// How long it must stay broken when nobody does anything.
const UNTOUCHED: Duration = Duration::from_mins(1);

/// How soon after a repair everything must hold: the window drains, then it must hold.
const GREEN: Duration = Duration::from_mins(1);

/// How long a fix's script may take.
const PATIENCE: Duration = Duration::from_mins(2);

/// How long it may take until what was ordered has happened.
const ORDERED: Duration = Duration::from_secs(20);

/// How often it is looked at: it is judged once a second.
const PACE: Duration = Duration::from_millis(500);

pub(super) async fn prove(lab: &Lab, item: &Item, scenario: &Arc<Scenario>, run: &mut Run<'_>) {
    let bench = Bench { lab, item };
    let alarm = scenario.inject.is_empty();
    run.begins(Stage::Provision);
    let (begun, took) = timed(bench.begin(calm(scenario))).await;
    match begun {
        Ok(calm) => {
            run.image.clone_from(&calm.image);
            run.add(Stage::Provision, took, Ok(()));
            run.stage(Stage::Healthy, async { Ok(calm.stays_green().await?) }).await;
            calm.end().await;
            broken(&bench, scenario, run).await;
        }
        Err(why) => {
            run.add(Stage::Provision, took, Err(why.into()));
            run.skip(&[Stage::Healthy]);
            run.skip(if alarm { &[] } else { &[Stage::Red, Stage::Untouched] });
            run.skip(&[Stage::Solve, Stage::Decoys]);
        }
    }
    run.stage(Stage::Clean, bench.clean()).await;
}

/// The stages of the incident itself. Of a false alarm nothing is broken.
async fn broken(bench: &Bench<'_>, scenario: &Scenario, run: &mut Run<'_>) {
    let alarm = scenario.inject.is_empty();
    run.begins(if alarm { Stage::Solve } else { Stage::Red });
    let (broken, took) = timed(bench.break_it(scenario)).await;
    if !alarm {
        run.add(Stage::Red, took, broken.as_ref().map(drop).map_err(|why| why.clone().into()));
    }
    let incident = match broken {
        Ok(incident) => incident,
        Err(why) if alarm => {
            run.add(Stage::Solve, took, Err(why.into()));
            return run.skip(&[Stage::Decoys]);
        }
        Err(_) => return run.skip(&[Stage::Untouched, Stage::Solve, Stage::Decoys]),
    };
    if !alarm {
        let untouched = async { Ok(incident.stays_red(UNTOUCHED, "with nobody's help").await?) };
        run.stage(Stage::Untouched, untouched).await;
    }
    run.stage(Stage::Solve, bench.solve(scenario, incident)).await;
    run.uses(bench.memory().await);
    run.stage(Stage::Decoys, bench.refuse(scenario)).await;
}

/// The same system with the same criteria, in which nothing is broken and nothing happens.
fn calm(scenario: &Scenario) -> Scenario {
    Scenario {
        inject: Vec::new(),
        symptom: None,
        replay: None,
        timeline: Vec::new(),
        ..scenario.clone()
    }
}

struct Bench<'a> {
    lab: &'a Lab,
    item: &'a Item,
}

impl Bench<'_> {
    /// An incident of this scenario that is live.
    async fn begin(&self, scenario: Scenario) -> Result<Incident<'_>, String> {
        let (lab, item, scenario) = (self.lab, self.item, Arc::new(scenario));
        let begun = async {
            let how = (Mode::Normal, None);
            let attempt = director::begin(lab, item, &scenario, how, &|_| {}).await?;
            Rig::of(lab, item, scenario.clone(), attempt.id).await
        };
        let rig: Rig = begun.await.map_err(|error: LabError| error.to_string())?;
        let (attempt, image) = (rig.attempt, rig.image.clone());
        let stop = CancellationToken::new();
        let director = tokio::spawn(director::direct(rig, stop.clone()));
        let stop = stop.drop_guard();
        let image = Some(image);
        let incident = Incident { lab, item, scenario, attempt, image, director, stop };
        incident.live().await?;
        Ok(incident)
    }

    async fn break_it(&self, scenario: &Scenario) -> Result<Incident<'_>, String> {
        let incident = self.begin(scenario.clone()).await?;
        if !scenario.inject.is_empty() && incident.failing(&incident.life()?).is_empty() {
            return Err("every criterion is met although it is broken".to_owned());
        }
        Ok(incident)
    }

    /// Each accepted repair; the first on machines that are broken already, each other on its own.
    async fn solve(&self, scenario: &Scenario, broken: Incident<'_>) -> Result<(), Wrong> {
        let mut broken = Some(broken);
        for (index, solution) in scenario.solutions.iter().enumerate() {
            let incident = match broken.take() {
                Some(incident) => incident,
                None => self.break_it(scenario).await?,
            };
            let solved = incident.solve(solution).await;
            incident.end().await;
            solved.map_err(|why| {
                let why = format!("after the repair {:?} {why}", solution.name);
                Wrong::about(why, About::Entry("solutions", index))
            })?;
        }
        Ok(())
    }

    /// Each wrong repair, on machines of its own.
    async fn refuse(&self, scenario: &Scenario) -> Result<(), Wrong> {
        for (index, decoy) in scenario.decoys.iter().enumerate() {
            let incident = self.break_it(scenario).await?;
            let refused = incident.refuse(decoy).await;
            incident.end().await;
            refused.map_err(|why| Wrong::about(why, About::Entry("decoys", index)))?;
        }
        Ok(())
    }

    /// Bytes: what all machines together used at most.
    async fn memory(&self) -> Option<u64> {
        let machines = self.lab.engine.list(Some(&self.lab.owner)).await.ok()?;
        let mut sum = None;
        for machine in machines.iter().filter(|machine| machine.item == self.item.id) {
            let used = self.lab.engine.memory(&machine.id).await.ok().flatten()?;
            sum = Some(sum.unwrap_or(0) + used);
        }
        sum
    }

    async fn clean(&self) -> Result<(), Wrong> {
        let (lab, id) = (self.lab, &self.item.id);
        super::clean(lab, id).await?;
        let Some(systems) = lab.engine.systems() else { return Ok(()) };
        let left = systems.networks(Some(&lab.owner)).await.map_err(|error| error.to_string())?;
        let left = left.iter().filter(|network| network.item == *id).count();
        if left > 0 { Err(format!("{left} networks are left of it").into()) } else { Ok(()) }
    }
}

/// An incident that goes on.
struct Incident<'a> {
    lab: &'a Lab,
    item: &'a Item,
    scenario: Arc<Scenario>,
    attempt: AttemptId,
    image: Option<String>,
    director: JoinHandle<Result<(), LabError>>,
    /// Ends its director, also where the proof is dropped.
    stop: DropGuard,
}

impl Incident<'_> {
    fn life(&self) -> Result<Life, String> {
        let life = director::written(&self.lab.store.lock(), self.attempt);
        life.map_err(|error| error.to_string())?.ok_or_else(|| "there is no incident".to_owned())
    }

    /// Waits until it is as wanted.
    async fn until(
        &self,
        what: &str,
        patience: Duration,
        wanted: impl Fn(&Life) -> bool,
    ) -> Result<Life, String> {
        let begun = Instant::now();
        loop {
            let life = self.life()?;
            if wanted(&life) {
                return Ok(life);
            }
            if let Phase::Over(Outcome::LabFailed { why }) = &life.phase {
                return Err(why.clone());
            }
            if self.director.is_finished() {
                return Err("its director has ended: the log says why".to_owned());
            }
            if begun.elapsed() > patience {
                return Err(format!("it is not {what} after {} s", patience.as_secs()));
            }
            tokio::time::sleep(PACE).await;
        }
    }

    async fn live(&self) -> Result<(), String> {
        self.until("live", LIVE, |life| life.phase == Phase::Live).await.map(drop)
    }

    async fn order(&self, order: &Order) -> Result<(), String> {
        let text = serde_json::to_string(order).map_err(|error| error.to_string())?;
        let number = self.lab.store.lock().order_incident(self.attempt, &text);
        let number = number.map_err(|error| error.to_string())?;
        let life = self.until("answered", ORDERED, |life| life.handled >= number).await?;
        life.refused.map_or(Ok(()), |why| Err(format!("it is refused: {why}")))
    }

    /// Ids of the criteria that are not met now.
    fn failing(&self, life: &Life) -> BTreeSet<String> {
        let all = self.scenario.criteria.iter().zip(&life.criteria);
        let failing = all.filter(|(criterion, held)| {
            criterion.kind != CriterionKind::Replay && held.met != Some(true)
        });
        failing.map(|(criterion, _)| criterion.id.clone()).collect()
    }

    fn passed(&self, life: &Life) -> bool {
        life.passed(&self.scenario)
    }

    /// Waits until every criterion holds; else tells which do not.
    async fn until_green(&self, what: &str) -> Result<(), String> {
        let green = self.until(what, GREEN, |life| self.passed(life)).await;
        green.map(drop).map_err(|why| match self.life() {
            Ok(life) => format!("{why}: {}", listed(&self.failing(&life))),
            Err(_) => why,
        })
    }

    async fn stays_green(&self) -> Result<(), String> {
        self.until_green("green with nothing broken").await?;
        let begun = Instant::now();
        while begun.elapsed() < HEALTHY {
            let failing = self.failing(&self.life()?);
            if !failing.is_empty() {
                return Err(format!("with nothing broken it fails: {}", listed(&failing)));
            }
            tokio::time::sleep(PACE).await;
        }
        Ok(())
    }

    /// Watches for a while that it does not pass.
    async fn stays_red(&self, how_long: Duration, when: &str) -> Result<(), String> {
        let begun = Instant::now();
        while begun.elapsed() < how_long {
            let life = self.life()?;
            if let Phase::Over(Outcome::LabFailed { why }) = &life.phase {
                return Err(why.clone());
            }
            if self.passed(&life) {
                let after = begun.elapsed().as_secs();
                return Err(format!("{when} every criterion holds after {after} s"));
            }
            tokio::time::sleep(PACE).await;
        }
        Ok(())
    }

    /// Commands at the learner's shell. What they leave counts, not how they end.
    async fn script(&self, script: &str) -> Result<(), String> {
        let (_, shell) =
            self.lab.running(&self.item.id).await.map_err(|error| error.to_string())?;
        let mut probes = Probes::of(self.lab.engine.clone(), &shell);
        let ran = probes.run(None, script, PATIENCE).await;
        ran.map(drop).map_err(|error| error.to_string())
    }

    async fn solve(&self, solution: &Solution) -> Result<(), String> {
        self.script(&solution.run).await?;
        self.until_green("green").await?;
        let right = &self.scenario.diagnosis;
        self.order(&Order::Diagnose(Guess {
            component: right.component.clone(),
            mechanism: right.mechanism.clone(),
            trigger: right.trigger.clone(),
        }))
        .await?;
        self.order(&Order::Complete).await?;
        let replay = self.scenario.replay.as_ref();
        let patience = replay.map_or(Duration::ZERO, |replay| replay.lasts + replay.recover_within);
        let is_over = |life: &Life| matches!(life.phase, Phase::Over(_));
        let over = self.until("over", patience + ORDERED, is_over).await?;
        if over.phase != Phase::Over(Outcome::Resolved) {
            return Err(format!("it ends as {:?}", over.phase));
        }
        let known = over.repaired_by(&self.scenario).map(|known| known.name.as_str());
        if solution.known_by.is_some() && known != Some(solution.name.as_str()) {
            return Err(format!("it is taken for {:?}", known.unwrap_or("none of the repairs")));
        }
        Ok(())
    }

    async fn refuse(&self, decoy: &WrongFix) -> Result<(), String> {
        self.script(&decoy.run).await?;
        let when = format!("after the wrong repair {:?}", decoy.name);
        self.stays_red(GREEN, &when).await?;
        let life = self.life()?;
        let mut failing = self.failing(&life);
        // A guard that was broken for a moment has caught it too.
        failing.extend(life.broken_guards);
        if decoy.fails.is_empty() || decoy.fails.iter().any(|id| failing.contains(id)) {
            return Ok(());
        }
        let wanted = decoy.fails.iter().cloned().collect();
        Err(format!("{when} {} refuses it, not {}", listed(&failing), listed(&wanted)))
    }

    /// Ends its director; the machines stay.
    async fn end(self) {
        drop(self.stop);
        if let Ok(Err(error)) = self.director.await {
            tracing::info!(%error, "the incident's director ended");
        }
    }
}

fn listed(ids: &BTreeSet<String>) -> String {
    ids.iter().map(|id| format!("{id:?}")).collect::<Vec<_>>().join(", ")
}
