//! A scenario's system on an engine: its machines made, found, started and removed.
//!
//! The shell machine is the sandbox that the store has attached to the attempt, and that is written
//! last: machines of an attempt without it were left half made, and are removed.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures_util::future::try_join_all;

use crate::course::Item;
use crate::course::scenario::{Machine, Scenario, Step, System};
use crate::engine::{
    EngineError, Init, Limits, MachineSpec, Network, NetworkSpec, Sandbox, SandboxId, SandboxSpec,
    SandboxState, Systems, Tmpfs,
};
use crate::lab::{Lab, LabError};
use crate::store::AttemptId;

/// The account of the learner's shell.
pub const LEARNER: &str = "learner";

/// A scenario on an engine.
#[derive(Clone)]
pub struct Rig {
    /// The engine, the store, and whose machines these are.
    pub lab: Lab,
    /// The item.
    pub item: String,
    /// What happens.
    pub scenario: Arc<Scenario>,
    /// The attempt.
    pub attempt: AttemptId,
    /// The image of its machines, which is there.
    pub image: String,
}

/// The machines of a system, by name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Machines {
    /// All of them, as they were when they were looked for.
    pub all: BTreeMap<String, Sandbox>,
}

impl Machines {
    /// A machine.
    pub fn id(&self, name: &str) -> Result<&SandboxId, EngineError> {
        let found = self.all.get(name).map(|machine| &machine.id);
        found.ok_or_else(|| EngineError::SandboxGone { id: name.to_owned() })
    }
}

impl Rig {
    /// Of an attempt at an item's scenario, with the image of its machines there.
    pub async fn of(
        lab: &Lab,
        item: &Item,
        scenario: Arc<Scenario>,
        attempt: AttemptId,
    ) -> Result<Self, LabError> {
        let image = lab.scenario_image(&scenario, &|_| {}).await?;
        Ok(Self { lab: lab.clone(), item: item.id.clone(), scenario, attempt, image })
    }

    fn system(&self) -> &System {
        &self.scenario.system
    }

    fn systems(&self) -> Result<&dyn Systems, EngineError> {
        self.lab.engine.systems().ok_or_else(|| EngineError::Refused {
            detail: format!(
                "the {} engine has no systems of several machines",
                self.lab.engine.name()
            ),
        })
    }

    /// Makes and starts all machines, and attaches the shell machine to the attempt. Says what is
    /// being done.
    pub async fn make(&self, say: &(dyn Fn(&str) + Send + Sync)) -> Result<Machines, LabError> {
        let systems = self.systems()?;
        self.remove().await?;
        say("Making a private network");
        let spec = NetworkSpec {
            item: self.item.clone(),
            attempt: self.attempt.to_string(),
            owner: self.lab.owner.clone(),
        };
        let network = systems.make_network(&spec).await?;
        let count = self.system().machines.len();
        say(&format!("Making and starting {count} machines"));
        let shared = |machine: &&Machine| {
            self.system()
                .machines
                .iter()
                .any(|other| other.shares_processes_with.as_deref() == Some(machine.name.as_str()))
        };
        let mut made = Machines::default();
        // A machine whose processes others share must run before they are made.
        let (first, rest): (Vec<_>, Vec<_>) = self.system().machines.iter().partition(shared);
        for batch in [first, rest] {
            let batch = batch.into_iter().map(|machine| self.make_one(machine, &network, &made));
            for machine in try_join_all(batch).await? {
                made.all.insert(machine.machine.clone().unwrap_or_default(), machine);
            }
        }
        let shell = made.id(&self.system().shell)?;
        self.lab.store.lock().attach_sandbox(self.attempt, Some(&shell.0))?;
        Ok(made)
    }

    async fn make_one(
        &self,
        machine: &Machine,
        network: &str,
        made: &Machines,
    ) -> Result<Sandbox, EngineError> {
        let processes_of = match &machine.shares_processes_with {
            Some(other) => Some(made.id(other)?.clone()),
            None => None,
        };
        let spec = SandboxSpec {
            item: self.item.clone(),
            attempt: self.attempt.to_string(),
            owner: self.lab.owner.clone(),
            image: self.image.clone(),
            init: Init::Minimal,
            user: LEARNER.to_owned(),
            limits: Limits { memory: machine.memory, cpus: machine.cpus, pids: machine.pids },
            network: Network::Private(network.to_owned()),
            capabilities: machine.capabilities.clone(),
            tmpfs: machine
                .tmpfs
                .iter()
                .map(|mount| Tmpfs { path: mount.path.clone(), size: mount.size })
                .collect(),
            files: Vec::new(),
            hostname: machine.name.clone(),
            machine: Some(MachineSpec {
                name: machine.name.clone(),
                command: machine.command.clone(),
                processes_of,
            }),
        };
        let mut sandbox = self.lab.engine.create(&spec).await?;
        self.lab.engine.start(&sandbox.id).await?;
        sandbox.state = SandboxState::Running;
        Ok(sandbox)
    }

    /// The machines as they are now: those that there are.
    pub async fn find(&self) -> Result<Machines, LabError> {
        let attempt = self.attempt.to_string();
        let all = self.lab.engine.list(Some(&self.lab.owner)).await?.into_iter();
        let ours = all.filter(|sandbox| sandbox.item == self.item && sandbox.attempt == attempt);
        let named = ours.filter_map(|sandbox| Some((sandbox.machine.clone()?, sandbox)));
        Ok(Machines { all: named.collect() })
    }

    /// Whether all of its machines are there.
    pub fn is_whole(&self, machines: &Machines) -> bool {
        self.system().machines.iter().all(|machine| machines.all.contains_key(&machine.name))
    }

    /// Starts machines that have stopped, in their order. Gives their names.
    pub async fn start_stopped(&self, machines: &Machines) -> Result<Vec<String>, LabError> {
        let mut started = Vec::new();
        for machine in &self.system().machines {
            if let Some(sandbox) = machines.all.get(&machine.name)
                && matches!(sandbox.state, SandboxState::Stopped | SandboxState::Created)
            {
                self.lab.engine.start(&sandbox.id).await?;
                started.push(machine.name.clone());
            }
        }
        Ok(started)
    }

    /// Removes all machines and the network, those of another attempt at the item too.
    pub async fn remove(&self) -> Result<(), LabError> {
        let owner = Some(self.lab.owner.as_str());
        let all = self.lab.engine.list(owner).await?.into_iter();
        let ours: Vec<_> = all.filter(|sandbox| sandbox.item == self.item).collect();
        let ends = ours.iter().map(|sandbox| async {
            self.lab.shells.end(&sandbox.id).await;
            self.lab.engine.destroy(&sandbox.id).await
        });
        try_join_all(ends).await?;
        let systems = self.systems()?;
        for network in systems.networks(owner).await? {
            if network.item == self.item {
                systems.remove_network(&network.name).await?;
            }
        }
        Ok(())
    }

    /// Holds all machines where they are, or lets them go on. Those that `stay` as they are were
    /// paused by the scenario itself.
    pub async fn hold(
        &self,
        machines: &Machines,
        hold: bool,
        stay: &[String],
    ) -> Result<(), EngineError> {
        let systems = self.systems()?;
        let all = machines.all.iter().filter(|(name, _)| !stay.contains(name));
        let each = all.map(|(_, machine)| async move {
            if hold { systems.pause(&machine.id).await } else { systems.resume(&machine.id).await }
        });
        try_join_all(each).await.map(|_| ())
    }

    /// Does something to a machine as the engine can.
    pub async fn touch(&self, machines: &Machines, step: &Step) -> Result<(), EngineError> {
        let systems = self.systems()?;
        match step {
            Step::Pause { machine } => systems.pause(machines.id(machine)?).await,
            Step::Resume { machine } => systems.resume(machines.id(machine)?).await,
            Step::Cut { machine } => systems.cut(machines.id(machine)?).await,
            Step::Join { machine } => systems.join(machines.id(machine)?).await,
            Step::Limit { machine, cpus, memory } => {
                systems.limit(machines.id(machine)?, *cpus, *memory).await
            }
            Step::Push { .. } | Step::Run { .. } | Step::Restart { .. } => Ok(()),
        }
    }
}
