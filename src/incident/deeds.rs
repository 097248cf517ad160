//! Carrying out what is due: a scenario's steps on its system.

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::StreamExt;

use super::gate::Gate;
use super::gate::wire::{Http, Question, Reply};
use super::life::{Deed, steps};
use super::rig::{Machines, Rig};
use crate::course::scenario::Step;
use crate::engine::{Engine, ExecSpec, Output, SandboxId};

/// How long a manager may take to answer: it may have to start its program anew.
const CONFIG_TIMEOUT: Duration = Duration::from_secs(15);

/// How long a command of a fault may take that does not go on by itself.
const RUN_TIMEOUT: Duration = Duration::from_mins(1);

/// How long is waited before a manager that is not there yet is asked again.
const RETRY: Duration = Duration::from_millis(200);

/// How much of what it said is told when it fails.
const TOLD: usize = 300;

/// The header that says who changes a configuration.
pub const BY: &str = "X-By";

/// Where every manager listens.
const MANAGER_PORT: u16 = 9000;

/// A manager's address.
pub fn manager(machine: &str, path: &str) -> String {
    format!("http://{machine}:{MANAGER_PORT}{path}")
}

/// A request to a manager.
pub fn http(method: &str, machine: &str, path: &str, body: Option<String>, by: &str) -> Http {
    let mut headers = BTreeMap::from([(BY.to_owned(), by.to_owned())]);
    if body.is_some() {
        headers.insert("Content-Type".to_owned(), "application/json".to_owned());
    }
    let timeout = CONFIG_TIMEOUT.as_secs_f64();
    Http { method: method.to_owned(), url: manager(machine, path), headers, body, timeout }
}

/// Does what is due.
pub async fn carry_out(
    rig: &Rig,
    machines: &Machines,
    gate: Option<&Gate>,
    deed: Deed,
    (still, seed): (&[String], u32),
) -> Result<Option<Machines>, String> {
    let words = |error: &dyn std::fmt::Display| error.to_string();
    let asked = gate.ok_or_else(|| "the machines are not there".to_owned());
    match deed {
        Deed::Remake => {
            let made = rig.make(&|step| tracing::info!(step)).await.map_err(|e| words(&e))?;
            let shell = made.id(&rig.scenario.system.shell).map_err(|e| words(&e))?.clone();
            let program = rig.scenario.system.gate.clone();
            let gate = Gate::new(rig.lab.engine.clone(), shell, program);
            let mut config = rig.scenario.load.config.clone();
            config.insert("seed".to_owned(), seed.into());
            let (machine, by) = (rig.scenario.system.users.clone(), "scenario".to_owned());
            first_push(rig, &made, &gate, &Step::Push { machine, config, by }).await?;
            Ok(Some(made))
        }
        Deed::Remove => rig.remove().await.map(|()| None).map_err(|e| words(&e)),
        Deed::Hold => {
            let _ = call(asked?, users(rig, "/pause")).await;
            rig.hold(machines, true, still).await.map_err(|e| words(&e))?;
            Ok(None)
        }
        Deed::Release => {
            rig.hold(machines, false, still).await.map_err(|e| words(&e))?;
            let _ = call(asked?, users(rig, "/resume")).await;
            Ok(None)
        }
        Deed::Inject(_) | Deed::Act(_) | Deed::Fire | Deed::Unfire => {
            let steps = steps(&rig.scenario, deed);
            take(rig, machines, asked?, &steps).await.map(|()| None)
        }
    }
}

/// The first change, which has to wait until the manager is there.
async fn first_push(
    rig: &Rig,
    machines: &Machines,
    gate: &Gate,
    push: &Step,
) -> Result<(), String> {
    let patience = rig.scenario.system.healthy.within;
    let deadline = tokio::time::Instant::now() + patience;
    loop {
        match take(rig, machines, gate, std::slice::from_ref(push)).await {
            Err(_) if tokio::time::Instant::now() < deadline => {
                tokio::time::sleep(RETRY).await;
            }
            result => return result,
        }
    }
}

fn users(rig: &Rig, path: &str) -> Http {
    http("POST", &rig.scenario.system.users, path, Some("{}".to_owned()), "drydock")
}

/// Takes steps one after another. The first that fails ends it, in one sentence.
async fn take(rig: &Rig, machines: &Machines, gate: &Gate, steps: &[Step]) -> Result<(), String> {
    for step in steps {
        match step {
            Step::Push { machine, config, by } => {
                let body = serde_json::Value::Object(config.clone()).to_string();
                let request = http("POST", machine, "/config", Some(body), by);
                accepted(machine, call(gate, request).await?)?;
            }
            Step::Restart { machine } => {
                let request = http("POST", machine, "/restart", Some("{}".to_owned()), "scenario");
                accepted(machine, call(gate, request).await?)?;
            }
            Step::Run { on, account, command, background } => {
                let id = machines.id(on).map_err(|error| error.to_string())?;
                run(rig.lab.engine.as_ref(), id, account, command, *background).await?;
            }
            engine => rig.touch(machines, engine).await.map_err(|error| error.to_string())?,
        }
    }
    Ok(())
}

/// One request through the gate.
pub async fn call(gate: &Gate, request: Http) -> Result<Reply, String> {
    let question = Question { http: vec![request], ..Question::default() };
    let mut answer = gate.ask(question).await.map_err(|error| error.to_string())?;
    answer.http.pop().ok_or_else(|| "the system's gate gave no answer".to_owned())
}

fn accepted(machine: &str, reply: Reply) -> Result<(), String> {
    match reply.status {
        Some(200..=299) => Ok(()),
        Some(status) => Err(format!("{machine} answered {status}: {}", cut(&reply.body))),
        None => Err(format!("{machine} did not answer: {}", reply.error.unwrap_or_default())),
    }
}

/// Runs a shell command on a machine. In the background it belongs to nobody here: it goes on when
/// this program ends.
async fn run(
    engine: &dyn Engine,
    machine: &SandboxId,
    account: &str,
    command: &str,
    background: bool,
) -> Result<(), String> {
    let quoted = command.replace('\'', "'\\''");
    let script = if background {
        format!("setsid sh -c '{quoted}' </dev/null >/dev/null 2>&1 &")
    } else {
        command.to_owned()
    };
    let spec = ExecSpec {
        argv: vec!["sh".to_owned(), "-c".to_owned(), script],
        user: Some(account.to_owned()),
        env: BTreeMap::new(),
    };
    let work = async {
        let mut stream = engine.exec(machine, &spec).await?;
        let mut said = Vec::new();
        while let Some(piece) = stream.output.next().await {
            let Ok(Output::Stdout(bytes) | Output::Stderr(bytes)) = piece else { break };
            said.extend_from_slice(&bytes);
            let keep = said.len().saturating_sub(4 * TOLD);
            said.drain(..keep);
        }
        let status = stream.status.get().await?;
        Ok::<_, crate::engine::EngineError>((status, said))
    };
    let ended = tokio::time::timeout(RUN_TIMEOUT, work).await;
    let (status, said) = ended
        .map_err(|_| format!("a command took longer than {} s", RUN_TIMEOUT.as_secs()))?
        .map_err(|error| error.to_string())?;
    match status {
        Some(0) => Ok(()),
        status => {
            let status = status.map_or_else(|| "no status".to_owned(), |s| format!("status {s}"));
            Err(format!("a command ended with {status}: {}", cut(&String::from_utf8_lossy(&said))))
        }
    }
}

fn cut(text: &str) -> String {
    let plain = text.chars().map(|c| if c.is_control() { ' ' } else { c });
    let text: String = plain.collect::<String>().trim().chars().take(TOLD).collect();
    text
}
