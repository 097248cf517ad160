//! Incidents from outside: begun, looked at and told what to do, by commands and screens alike.
//!
//! What an incident is lives in the store; who makes it go on is its director's process. Here is how a
//! director comes to be, and how wishes reach it.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use super::director;
use super::life::{Life, Mode};
use super::order::Order;
use super::rig::Rig;
use crate::course::Item;
use crate::course::scenario::Scenario;
use crate::engine::Progress;
use crate::lab::{Lab, LabError, scenario};
use crate::platform::{files, process};
use crate::problem::{Exit, Problem};
use crate::store::{Attempt, AttemptId, AttemptState};

/// How often who waits looks again.
pub const INTERVAL: Duration = Duration::from_millis(200);

/// How old (in seconds) what is written may be to count as now.
const FRESH: f64 = 3.0;

/// How long a director may take to carry an order out before that is told.
const ORDER_PATIENCE: Duration = Duration::from_secs(15);

/// How an incident is begun.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Begin {
    /// Begin again, if there is one.
    pub fresh: bool,
    /// How it is practised.
    pub mode: Mode,
    /// What the users' wishes follow from; `None` is another each time.
    pub seed: Option<u32>,
}

/// How a home's incidents are directed.
#[derive(Clone)]
pub struct Incidents {
    /// The engine, the store, and whose machines these are.
    pub lab: Lab,
    /// The program that directs, and the arguments before the attempt's.
    pub program: (PathBuf, Vec<OsString>),
    /// Where directors leave their locks: a folder of this user's.
    pub folder: PathBuf,
}

impl Incidents {
    /// Begins an item's incident, or goes on with the one that there is. `fresh` begins again. Makes
    /// the image of its machines, which may take its time; the machines are the director's.
    pub async fn begin(
        &self,
        item: &Item,
        Begin { fresh, mode, seed }: Begin,
        progress: Progress<'_>,
    ) -> Result<Attempt, Problem> {
        let scenario = of(item)?;
        if let Some((attempt, life)) = self.last(item)? {
            // One that is over is there until its debrief was read.
            if !fresh && !life.removed {
                self.ensure(attempt.id)?;
                return Ok(attempt);
            }
            self.end(attempt.id).await?;
        }
        let attempt = director::begin(&self.lab, item, &scenario, (mode, seed), progress).await?;
        self.ensure(attempt.id)?;
        Ok(attempt)
    }

    /// Whether an item has an incident that goes on, or whose debrief was not read yet.
    pub fn goes_on(&self, item: &Item) -> Result<bool, Problem> {
        Ok(self.last(item)?.is_some_and(|(_, life)| !life.removed))
    }

    /// The last incident of an item, if it had one.
    fn last(&self, item: &Item) -> Result<Option<(Attempt, Life)>, Problem> {
        let last = self.lab.store.lock().history(Some(&item.id), 1)?.pop();
        let Some(attempt) = last.filter(|last| last.state != AttemptState::Abandoned) else {
            return Ok(None);
        };
        Ok(self.life(attempt.id)?.map(|life| (attempt, life)))
    }

    /// How an incident stands now: with a director at work, and not longer ago than a few seconds.
    pub async fn fresh(&self, attempt: AttemptId) -> Result<Life, Problem> {
        let deadline = tokio::time::Instant::now() + ORDER_PATIENCE;
        loop {
            self.ensure(attempt)?;
            let written = self.lab.store.lock().incident(attempt)?;
            let Some((text, at)) = written else { return Err(no_incident()) };
            let life: Life = serde_json::from_str(&text).map_err(|_| no_incident())?;
            let age = jiff::Timestamp::now().duration_since(at).as_secs_f64();
            let stands_still = life.is_over()
                || life.paused
                || matches!(life.phase, super::life::Phase::Starting { .. });
            if stands_still || age < FRESH || tokio::time::Instant::now() >= deadline {
                return Ok(life);
            }
            tokio::time::sleep(INTERVAL).await;
        }
    }

    /// How an incident stands, as it was last written.
    pub fn life(&self, attempt: AttemptId) -> Result<Option<Life>, Problem> {
        Ok(director::written(&self.lab.store.lock(), attempt)?)
    }

    /// Sees to it that an incident has a director. What the last one ended with, if it did not end
    /// well, is told once.
    pub fn ensure(&self, attempt: AttemptId) -> Result<(), Problem> {
        let known = self.lab.store.lock().attempt(attempt)?;
        if known.state == AttemptState::Abandoned {
            let message = format!("The incident of {} was ended elsewhere", known.item);
            return Err(Problem::new("no_attempt", Exit::Environment, message)
                .remedy(format!("drydock launch {} begins it again", known.item)));
        }
        if self.lock(attempt).map_err(|error| system(&error))?.is_none() {
            return Ok(());
        }
        if let Some(problem) = self.last_words(attempt) {
            return Err(problem);
        }
        let (program, arguments) = &self.program;
        let mut director = std::process::Command::new(program);
        process::outlive(&mut director);
        director
            .args(arguments)
            .arg(attempt.to_string())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .current_dir("/")
            .spawn()
            .map(|mut child| {
                // It ends on its own; somebody must take note of it while this program lives.
                std::thread::spawn(move || child.wait());
            })
            .map_err(|error| system(&error))
    }

    /// Takes an incident for this process; `None` if another directs it.
    pub fn lock(&self, attempt: AttemptId) -> io::Result<Option<File>> {
        lock(&self.folder, attempt)
    }

    /// Leaves word of what a director ended with.
    pub fn leave_word(&self, attempt: AttemptId, problem: &Problem) {
        let text = serde_json::json!({ "message": problem.message, "remedy": problem.remedy });
        // If even that cannot be written, the log has it.
        let _ = fs::write(self.folder.join(format!("{attempt}.word")), text.to_string());
    }

    fn last_words(&self, attempt: AttemptId) -> Option<Problem> {
        let path = self.folder.join(format!("{attempt}.word"));
        let text = fs::read_to_string(&path).ok()?;
        let _ = fs::remove_file(path);
        let told: serde_json::Value = serde_json::from_str(&text).ok()?;
        let problem = Problem::new("incident", Exit::Environment, told.get("message")?.as_str()?);
        Some(match told.get("remedy").and_then(serde_json::Value::as_str) {
            Some(remedy) => problem.remedy(remedy),
            None => problem,
        })
    }

    /// Writes down what is asked; gives its number.
    pub fn order(&self, attempt: AttemptId, order: &Order) -> Result<i64, Problem> {
        let text = serde_json::to_string(order).unwrap_or_default();
        Ok(self.lab.store.lock().order_incident(attempt, &text)?)
    }

    /// The same, and waits until it was carried out or refused.
    pub async fn ask(&self, attempt: AttemptId, order: &Order) -> Result<Life, Problem> {
        let number = self.order(attempt, order)?;
        let deadline = tokio::time::Instant::now() + ORDER_PATIENCE;
        loop {
            self.ensure(attempt)?;
            if let Some(life) = self.life(attempt)?
                && life.handled >= number
            {
                return match &life.refused {
                    Some(why) if life.handled == number => {
                        Err(Problem::new("refused", Exit::NotPassed, sentence(why)))
                    }
                    _ => Ok(life),
                };
            }
            if tokio::time::Instant::now() >= deadline {
                let message = "The incident's director does not answer";
                return Err(Problem::new("timeout", Exit::Environment, message)
                    .remedy("drydock doctor shows what is wrong; the log says more"));
            }
            tokio::time::sleep(INTERVAL).await;
        }
    }

    /// Ends an incident's director, whatever it does, and waits until it is gone.
    pub async fn end(&self, attempt: AttemptId) -> Result<(), Problem> {
        end(&self.folder, attempt).await
    }

    /// Ends the directors of an item's incidents, or of all: what comes next removes their machines.
    pub async fn end_all(&self, item: Option<&str>) -> Result<(), Problem> {
        for id in known(&self.folder) {
            let attempt = self.lab.store.lock().attempt(id);
            let meant = item.is_none_or(|item| attempt.is_ok_and(|attempt| attempt.item == item));
            if meant {
                self.end(id).await?;
            }
        }
        Ok(())
    }

    /// Says which process directs an incident.
    pub fn note_process(&self, attempt: AttemptId) {
        let path = self.folder.join(format!("{attempt}.pid"));
        let _ = fs::write(path, std::process::id().to_string());
    }

    /// What a director works with.
    pub async fn rig(&self, item: &Item, attempt: AttemptId) -> Result<Rig, LabError> {
        let scenario =
            scenario(item).ok_or_else(|| LabError::NoSandbox { item: item.id.clone() })?;
        Rig::of(&self.lab, item, scenario, attempt).await
    }
}

/// The incidents that have, or had, a director with its lock in this folder.
pub fn known(folder: &Path) -> Vec<AttemptId> {
    let entries = fs::read_dir(folder).into_iter().flatten();
    let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    names.filter_map(|name| name.strip_suffix(".lock")?.parse().ok()).collect()
}

/// Those of them that have one now.
pub fn directed(folder: &Path) -> Vec<AttemptId> {
    let is_directed = |id: &AttemptId| {
        let file = File::open(folder.join(format!("{id}.lock")));
        file.is_ok_and(|file| matches!(file.try_lock_shared(), Err(fs::TryLockError::WouldBlock)))
    };
    known(folder).into_iter().filter(is_directed).collect()
}

/// Ends an incident's director, whatever it does, and waits until it is gone.
pub async fn end(folder: &Path, attempt: AttemptId) -> Result<(), Problem> {
    let path = folder.join(format!("{attempt}.pid"));
    let deadline = tokio::time::Instant::now() + ORDER_PATIENCE;
    while lock(folder, attempt).map_err(|error| system(&error))?.is_none() {
        let pid = fs::read_to_string(&path).ok().and_then(|text| text.trim().parse().ok());
        if let Some(pid) = pid {
            // It is ours: nobody else has the lock of this folder.
            process::end(pid);
        }
        if tokio::time::Instant::now() >= deadline {
            let message = "The incident's director does not end";
            return Err(Problem::new("timeout", Exit::Environment, message));
        }
        tokio::time::sleep(INTERVAL).await;
    }
    for name in ["lock", "pid", "word"] {
        let _ = fs::remove_file(folder.join(format!("{attempt}.{name}")));
    }
    Ok(())
}

fn lock(folder: &Path, attempt: AttemptId) -> io::Result<Option<File>> {
    files::make_private(folder)?;
    let path = folder.join(format!("{attempt}.lock"));
    let file = files::options(0o600).create(true).read(true).append(true).open(path)?;
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(fs::TryLockError::WouldBlock) => Ok(None),
        Err(fs::TryLockError::Error(error)) => Err(error),
    }
}

/// The scenario of an item that is one.
pub fn of(item: &Item) -> Result<Arc<Scenario>, Problem> {
    scenario(item).ok_or_else(|| no_scenario(&item.id))
}

fn no_scenario(id: &str) -> Problem {
    Problem::new("usage", Exit::Usage, format!("{id} is no scenario"))
        .remedy("drydock modules lists what there is; kinds are in its --json")
}

fn no_incident() -> Problem {
    Problem::new("no_attempt", Exit::Environment, "There is no such incident any more")
        .remedy("drydock launch ID begins one")
}

fn system(error: &io::Error) -> Problem {
    Problem::new("incident", Exit::Environment, format!("The incident cannot be directed: {error}"))
}

/// The first letter large.
fn sentence(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |c| c.to_uppercase().chain(chars).collect())
}
