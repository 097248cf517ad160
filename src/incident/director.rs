//! The process that makes an incident go on, whoever looks.
//!
//! Each second it measures the system in one exchange and lets the [`Life`] go on by it; what is due
//! is carried out beside that, one deed after another; what learners ask is read from the store. The
//! life is written after each change and before anything is done because of it, so a director that is
//! killed is followed by another that knows everything but the last second. The time in between is
//! gone through with what Prometheus has kept of it.
//!
//! Invariants: an incident has one director, by a lock that the system gives back however it dies;
//! measuring never waits for a deed or for a command of a criterion.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use serde_json::json;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

use super::deeds;
use super::gate::Gate;
use super::gate::wire::Question;
use super::life::{CommandReading, Deed, Held, Life, Mode, Phase, Readings, steps};
use super::measure::{Measures, STEP};
use super::order::Order;
use super::picture::Outcome;
use super::rig::{LEARNER, Machines, Rig};
use crate::course::Item;
use crate::course::scenario::{Criterion, CriterionKind, Judged, Scenario, Step};
use crate::engine::{Progress, SandboxState};
use crate::lab::probe::Probes;
use crate::lab::{Lab, LabError, verify};
use crate::store::{
    Attempt, AttemptId, AttemptState, CheckRecord, CheckState, Measured, Store, StoreError,
    random_seed,
};

/// How often the system is measured.
const TICK: Duration = Duration::from_secs(1);

/// How often the learner's wishes are looked for.
const LISTEN: Duration = Duration::from_millis(200);

/// How often the commands of criteria are run: each starts a program on a machine.
const COMMANDS: Duration = Duration::from_secs(4);

/// How often the engine is asked whether all machines are there.
const MACHINES: Duration = Duration::from_secs(3);

/// A silence longer than this (in seconds) is gone through afterwards.
const SILENCE: f64 = 4.0;

/// How long the machines stay after the end if nobody says that the debrief was read.
const LINGER: Duration = Duration::from_mins(15);

/// Begins an incident of a scenario in place of the item's last one: its life is there to be directed.
/// Without a seed it gets one of its own.
pub async fn begin(
    lab: &Lab,
    item: &Item,
    scenario: &Scenario,
    (mode, seed): (Mode, Option<u32>),
    progress: Progress<'_>,
) -> Result<Attempt, LabError> {
    lab.destroy(&item.id).await?;
    let attempt = lab.begin_scenario(item, scenario, progress).await?;
    let life = Life::new(scenario, mode, seed.unwrap_or_else(random_seed), unix_now());
    let text = serde_json::to_string(&life).unwrap_or_default();
    lab.store.lock().keep_incident(attempt.id, &text, Duration::ZERO, None)?;
    Ok(attempt)
}

/// Directs an incident until its machines are gone, or `stop`.
pub async fn direct(rig: Rig, stop: CancellationToken) -> Result<(), LabError> {
    let (done, deeds) = mpsc::unbounded_channel();
    let (life, written) = load(&rig)?;
    let mut director = Director {
        measures: Measures::of(&rig.scenario),
        machines: Machines::default(),
        gate: None,
        commands: None,
        commands_at: None,
        found: BTreeMap::new(),
        probes: BTreeMap::new(),
        machines_at: None,
        measured_at: 0.0,
        looked_at: None,
        here: rig.lab.engine.info().await.is_ok_and(|info| info.endpoint.starts_with("unix:")),
        offset: 0.0,
        busy: false,
        done,
        written,
        checks_written: Vec::new(),
        hints_written: 0,
        elapsed_written: life.elapsed,
        life,
        rig,
    };
    director.run(deeds, stop).await
}

/// The life as it was written, with its text, or a new one. It is not written again before it has
/// gone on: who wants to know how it stands *now* goes by when it was written.
fn load(rig: &Rig) -> Result<(Life, String), LabError> {
    let written = rig.lab.store.lock().incident(rig.attempt)?;
    // What cannot be read is of another version of this program: its incident begins anew.
    let kept = written.and_then(|(text, _)| serde_json::from_str::<Life>(&text).ok());
    let Some(life) = kept else {
        let life = Life::new(&rig.scenario, Mode::Normal, random_seed(), unix_now());
        return Ok((life, String::new()));
    };
    // Not the text that was read: the last digit of a number may be another when it is written again.
    let text = serde_json::to_string(&life).unwrap_or_default();
    Ok((life, text))
}

/// An incident as it was last written, for who looks.
pub fn written(store: &Store, attempt: AttemptId) -> Result<Option<Life>, StoreError> {
    Ok(store.incident(attempt)?.and_then(|(text, _)| serde_json::from_str(&text).ok()))
}

/// What came of a deed.
struct Done {
    deed: Deed,
    result: Result<Option<Machines>, String>,
}

struct Director {
    rig: Rig,
    life: Life,
    measures: Measures,
    machines: Machines,
    gate: Option<Arc<Gate>>,
    /// The commands of criteria, while they run.
    commands: Option<JoinHandle<Ran>>,
    commands_at: Option<Instant>,
    /// What they found the last time, until it was looked at.
    found: BTreeMap<String, CommandReading>,
    probes: BTreeMap<String, Probes>,
    machines_at: Option<Instant>,
    /// When numbers were last kept for the graphs, Unix seconds.
    measured_at: f64,
    /// When the life last went on, by a clock that nobody sets and that stands still in a sleep, and what it
    /// knew then to be the time.
    looked_at: Option<(Instant, f64)>,
    /// Whether the system runs on this machine, and sleeps when it does.
    here: bool,
    /// What the system's clock is ahead of ours, in seconds.
    offset: f64,
    /// Whether a deed is under way.
    busy: bool,
    done: mpsc::UnboundedSender<Done>,
    /// The life as it was last written.
    written: String,
    /// The criteria as they were.
    checks_written: Vec<CheckRecord>,
    /// How many hints were.
    hints_written: usize,
    /// The incident's own time, as it was.
    elapsed_written: f64,
}

/// What came of the commands, and the connections they ran over.
type Ran = (BTreeMap<String, CommandReading>, BTreeMap<String, Probes>);

impl Director {
    async fn run(
        &mut self,
        mut deeds: mpsc::UnboundedReceiver<Done>,
        stop: CancellationToken,
    ) -> Result<(), LabError> {
        self.find().await?;
        self.keep(None)?;
        let mut tick = tokio::time::interval(TICK);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut listen = tokio::time::interval(LISTEN);
        listen.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            self.begin();
            tokio::select! {
                biased;
                () = stop.cancelled() => return self.keep(None),
                Some(done) = deeds.recv() => {
                    if self.finish(done)? {
                        return Ok(());
                    }
                }
                _ = listen.tick() => {
                    if self.listen()? {
                        return Ok(());
                    }
                }
                _ = tick.tick() => self.tick().await?,
            }
        }
    }

    fn now(&self) -> f64 {
        unix_now() + self.offset
    }

    /// Finds the machines that there are. Those of an incident that had begun must be.
    async fn find(&mut self) -> Result<(), LabError> {
        if matches!(self.life.phase, Phase::Starting { .. }) {
            return Ok(());
        }
        let machines = self.rig.find().await?;
        if self.rig.is_whole(&machines) {
            self.use_machines(machines);
        } else if !self.life.is_over() {
            self.life.fail("machines of the system were removed outside drydock");
        }
        Ok(())
    }

    fn use_machines(&mut self, machines: Machines) {
        let system = &self.rig.scenario.system;
        if let Ok(shell) = machines.id(&system.shell) {
            let engine = self.rig.lab.engine.clone();
            self.gate = Some(Arc::new(Gate::new(engine, shell.clone(), system.gate.clone())));
        }
        // What still runs on other machines is of no interest any more.
        if let Some(commands) = self.commands.take() {
            commands.abort();
        }
        self.probes.clear();
        self.found.clear();
        self.machines = machines;
        self.measures = Measures::of(&self.rig.scenario);
    }

    /// Writes the life down if it has changed, and with it what the attempt's progress has of it.
    fn keep(&mut self, measured: Option<&Measured>) -> Result<(), LabError> {
        let text = serde_json::to_string(&self.life).unwrap_or_default();
        if text == self.written && measured.is_none() {
            return Ok(());
        }
        let (store, attempt) = (self.rig.lab.store.lock(), self.rig.attempt);
        // Begun again, it begins at nothing; what went by before stays spent.
        let spent = self.life.elapsed - self.elapsed_written;
        let spent = Duration::try_from_secs_f64(spent.max(0.0)).unwrap_or_default();
        // What is less than a millisecond is left for the next time.
        let spent = Duration::from_millis(spent.as_millis() as u64);
        store.keep_incident(attempt, &text, spent, measured)?;
        self.written = text;
        self.elapsed_written = (self.elapsed_written + spent.as_secs_f64()).min(self.life.elapsed);
        if self.life.live_at.is_some() {
            let checks = self.checks();
            if checks != self.checks_written {
                store.record_checks(attempt, &checks, false)?;
                self.checks_written = checks;
            }
        }
        let given = self.life.hints_given();
        for hint in self.hints_written..given {
            store.show_hint(attempt, hint as u32)?;
        }
        self.hints_written = given;
        match self.life.phase {
            // Who is shown every step has repaired nothing.
            Phase::Over(Outcome::Resolved) if self.life.mode != Mode::Guided => {
                drop(store.complete(attempt)?);
            }
            Phase::Over(_) if self.life.removed => store.abandon(attempt)?,
            _ => {}
        }
        Ok(())
    }

    /// The criteria as the progress knows them.
    fn checks(&self) -> Vec<CheckRecord> {
        let all = self.rig.scenario.criteria.iter().zip(&self.life.criteria);
        let all = all.filter(|(criterion, _)| criterion.kind != CriterionKind::Replay);
        let record = |(criterion, held): (&Criterion, &Held)| CheckRecord {
            name: criterion.id.clone(),
            state: match held.met {
                Some(true) => CheckState::Passed,
                Some(false) => CheckState::Failed,
                None => CheckState::Skipped,
            },
        };
        all.map(record).collect()
    }

    /// Takes what learners have asked for. Gives whether the incident was ended by somebody who
    /// removes its machines.
    fn listen(&mut self) -> Result<bool, LabError> {
        let store = self.rig.lab.store.clone();
        if store.lock().attempt(self.rig.attempt)?.state == AttemptState::Abandoned {
            return Ok(true);
        }
        let orders = store.lock().incident_orders(self.rig.attempt, self.life.handled)?;
        let now = self.now();
        for (number, text) in orders {
            match serde_json::from_str::<Order>(&text) {
                Ok(order) => {
                    if matches!(order, Order::Restart { .. }) {
                        store.lock().forget_incident_values(self.rig.attempt)?;
                    }
                    self.life.order(&self.rig.scenario, number, &order, now);
                }
                Err(error) => {
                    tracing::warn!(%error, "an order that nobody understands");
                    self.life.handled = number;
                }
            }
        }
        let known = self.life.commands;
        for command in store.lock().commands_after(self.rig.attempt, known)? {
            self.life.ran(&self.rig.scenario, &command.text);
        }
        self.keep(None)?;
        Ok(false)
    }

    /// Begins the next deed, if none is under way.
    fn begin(&mut self) {
        let Some(deed) = self.life.due().first().copied().filter(|_| !self.busy) else { return };
        self.busy = true;
        let (rig, machines, gate) = (self.rig.clone(), self.machines.clone(), self.gate.clone());
        let (done, still) = (self.done.clone(), self.life.still.clone());
        let seed = self.life.seed;
        tokio::spawn(async move {
            let result =
                deeds::carry_out(&rig, &machines, gate.as_deref(), deed, (&still, seed)).await;
            // It fails only while the director is ending.
            let _ = done.send(Done { deed, result });
        });
    }

    /// Takes in what came of a deed. Gives whether there is nothing left to direct.
    fn finish(&mut self, done: Done) -> Result<bool, LabError> {
        let Done { deed, result } = done;
        self.busy = false;
        let scenario = Arc::clone(&self.rig.scenario);
        if result.is_ok() {
            for step in steps(&scenario, deed) {
                match step {
                    Step::Pause { machine } => self.life.still.push(machine),
                    Step::Resume { machine } => self.life.still.retain(|name| *name != machine),
                    _ => {}
                }
            }
        }
        let result = result.map(|machines| {
            if let Some(machines) = machines {
                self.use_machines(machines);
            }
        });
        let gone = deed == Deed::Remove && result.is_ok();
        let now = self.now();
        self.life.done(&scenario, deed, result, now);
        self.keep(None)?;
        Ok(gone)
    }

    /// Goes on by a second.
    async fn tick(&mut self) -> Result<(), LabError> {
        if self.life.is_over() {
            let since = self.life.over_at.map_or(0.0, |over| self.now() - over);
            let lingers = since < LINGER.as_secs_f64();
            if !lingers && !self.life.deeds.contains(&Deed::Remove) {
                self.life.deeds.push(Deed::Remove);
            }
            return Ok(());
        }
        let (Some(gate), false) = (self.gate.clone(), self.life.paused) else { return Ok(()) };
        if matches!(self.life.phase, Phase::Starting { .. }) {
            return Ok(());
        }
        let mut trouble = self.watch_machines().await?;
        self.leave_out_jumps();
        if self.now() - self.life.now > SILENCE {
            self.catch_up(&gate).await;
        }
        self.run_commands();
        self.read_normal(&gate).await;
        let system = Arc::clone(&self.rig.scenario.system);
        let (now, mut readings) = match self.measures.now(&gate, &system).await {
            Ok((now, readings)) => {
                self.offset = now - unix_now();
                (now, readings)
            }
            Err(error) => {
                trouble.push(format!("The system cannot be asked: {error}"));
                (self.now(), Readings::default())
            }
        };
        readings.commands = std::mem::take(&mut self.found);
        trouble.append(&mut readings.trouble);
        readings.trouble = trouble;
        self.life.advance(&self.rig.scenario, now, &readings);
        self.looked_at = Some((Instant::now(), now));
        let measured = self.numbers(now);
        self.keep(measured.as_ref())
    }

    /// Leaves out time that the clock tells of and that did not go by: somebody has set it, or the machine
    /// slept. Where the system runs elsewhere it may have gone on meanwhile: what it measured tells.
    fn leave_out_jumps(&mut self) {
        // Not if something else, such as a new beginning, has told it the time since then.
        let same = |(_, now): &(Instant, f64)| now.to_bits() == self.life.now.to_bits();
        let Some((looked, _)) = self.looked_at.filter(same).filter(|_| self.here) else { return };
        self.life.leave_out(self.now(), looked.elapsed().as_secs_f64());
    }

    /// Reads what all machines are configured to, once, before anything is done to them.
    async fn read_normal(&mut self, gate: &Gate) {
        if !matches!(self.life.phase, Phase::Baseline { .. }) || !self.life.normal.is_empty() {
            return;
        }
        let machines = &self.rig.scenario.system.machines;
        let names: Vec<_> = machines.iter().filter(|m| m.configurable).map(|m| &m.name).collect();
        let http = names.iter().map(|name| deeds::http("GET", name, "/config", None, "drydock"));
        let question = Question { http: http.collect(), ..Question::default() };
        let Ok(answer) = gate.ask(question).await else { return };
        for (name, reply) in names.into_iter().zip(answer.http) {
            let told: Option<serde_json::Value> = serde_json::from_str(&reply.body).ok();
            if let Some(config) = told.as_ref().and_then(|told| told.get("config")?.as_object()) {
                self.life.normal.insert(name.clone(), config.clone());
            }
        }
    }

    /// What is kept for the graphs, every other second.
    fn numbers(&mut self, now: f64) -> Option<Measured> {
        if now - self.measured_at < STEP - 0.5 || self.life.injected_at.is_none() {
            return None;
        }
        self.measured_at = now;
        let users = &self.life.users;
        let mut numbers = json!({
            "ok": users.success, "p95": users.p95, "traffic": users.rate,
        });
        for (criterion, held) in self.rig.scenario.criteria.iter().zip(&self.life.criteria) {
            if let (Some(object), Some(value)) = (numbers.as_object_mut(), held.value) {
                object.insert(criterion.id.clone(), json!(value));
            }
        }
        let at = jiff::Timestamp::from_millisecond((now * 1000.0) as i64).ok()?;
        Some(Measured { at, numbers: numbers.to_string() })
    }

    /// Goes through the time in which nobody looked.
    async fn catch_up(&mut self, gate: &Gate) {
        let (since, until) = (self.life.now, self.now());
        match self.measures.between(gate, since, until).await {
            Ok(moments) => {
                for (time, readings) in moments {
                    match readings {
                        Some(readings) => self.life.advance(&self.rig.scenario, time, &readings),
                        // The machine slept, or the system did not run: nobody's time.
                        None => self.life.skip(time),
                    }
                }
                self.life.skip(until - TICK.as_secs_f64());
            }
            Err(error) => {
                tracing::warn!(%error, "what happened meanwhile cannot be asked");
                self.life.skip(until - TICK.as_secs_f64());
            }
        }
    }

    /// Looks after machines that somebody stopped, held or removed behind our back. Gives what is
    /// wrong.
    async fn watch_machines(&mut self) -> Result<Vec<String>, LabError> {
        if self.busy || self.machines_at.is_some_and(|at| at.elapsed() < MACHINES) {
            return Ok(Vec::new());
        }
        self.machines_at = Some(Instant::now());
        let machines = match self.rig.find().await {
            Ok(machines) => machines,
            Err(error) => return Ok(vec![format!("The engine does not answer: {error}")]),
        };
        if !self.rig.is_whole(&machines) {
            self.life.fail("machines of the system were removed outside drydock");
            return Ok(Vec::new());
        }
        let mut trouble = Vec::new();
        match self.rig.start_stopped(&machines).await {
            Ok(started) => {
                for name in started {
                    let text = format!(
                        "The machine {name} had been stopped from outside, which is no part of \
                         this incident: it is started again"
                    );
                    self.life.tell(text);
                }
            }
            Err(error) => trouble.push(format!("A stopped machine cannot be started: {error}")),
        }
        let held = |sandbox: &crate::engine::Sandbox| sandbox.state == SandboxState::Paused;
        let strangers: Vec<_> = machines
            .all
            .iter()
            .filter(|(name, sandbox)| held(sandbox) && !self.life.still.contains(name))
            .map(|(name, _)| name.clone())
            .collect();
        for machine in strangers {
            let step = Step::Resume { machine: machine.clone() };
            match self.rig.touch(&machines, &step).await {
                Ok(()) => self.life.tell(format!(
                    "The machine {machine} had been paused from outside: it goes on"
                )),
                Err(error) => trouble.push(format!("{machine} is paused: {error}")),
            }
        }
        Ok(trouble)
    }

    /// Takes in what the commands of criteria found, and begins them again when it is time.
    fn run_commands(&mut self) {
        if let Some(running) = self.commands.take_if(|running| running.is_finished()) {
            use futures_util::FutureExt;
            if let Some(Ok((found, probes))) = running.now_or_never() {
                (self.found, self.probes) = (found, probes);
            }
        }
        if self.commands.is_some() || self.commands_at.is_some_and(|at| at.elapsed() < COMMANDS) {
            return;
        }
        let scenario = Arc::clone(&self.rig.scenario);
        if !scenario.criteria.iter().any(|c| matches!(c.judged, Judged::Command { .. })) {
            return;
        }
        self.commands_at = Some(Instant::now());
        let (engine, machines) = (self.rig.lab.engine.clone(), self.machines.clone());
        let mut probes = std::mem::take(&mut self.probes);
        self.commands = Some(tokio::spawn(async move {
            let mut found = BTreeMap::new();
            for criterion in &scenario.criteria {
                let Judged::Command { on, check } = &criterion.judged else { continue };
                let name = on.as_deref().unwrap_or(&scenario.system.shell);
                let Some(machine) = machines.all.get(name) else { continue };
                let probe = probes
                    .entry(name.to_owned())
                    .or_insert_with(|| Probes::new(engine.clone(), machine.id.clone()));
                let user = check.user.as_deref().unwrap_or(LEARNER);
                let reading = match probe.run(Some(user), &check.cmd, check.timeout).await {
                    Ok(ran) => {
                        let result = verify::judge(check, &ran);
                        let met = Some(result.state == CheckState::Passed);
                        CommandReading { met, found: result.actual }
                    }
                    Err(error) => CommandReading {
                        met: None,
                        found: format!("could not be checked: {error}"),
                    },
                };
                found.insert(criterion.id.clone(), reading);
            }
            (found, probes)
        }));
    }
}

/// Unix seconds.
pub fn unix_now() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |since| since.as_secs_f64())
}
