//! Several containers on a private network, and what is done to one of them while it runs.
//!
//! A network is a bridge that leads nowhere; a machine finds it again by its own label, since an
//! engine forgets which network a container was taken off.
//!
//! Invariant: what is asked for twice is done once. Where the engine refuses the second time, what is
//! there decides and not the words of its refusal.

use std::collections::HashMap;

use async_trait::async_trait;
use bollard::errors::Error as BollardError;
use bollard::models::{
    ContainerInspectResponse, ContainerUpdateBody, NetworkConnectRequest, NetworkDisconnectRequest,
};
use bollard::query_parameters::{
    InspectContainerOptions, InspectNetworkOptions, ListContainersOptionsBuilder,
    ListNetworksOptionsBuilder, StopContainerOptionsBuilder,
};

use super::recipe::{self, label};
use super::{Docker, fault};
use crate::engine::{
    EngineError, Init, LABEL, MachineSpec, NetworkSpec, PrivateNetwork, Result, SandboxId,
    SandboxSpec, SandboxState, Systems,
};

/// How many seconds a machine's command has to end when it is told to.
const GRACE: i32 = 2;

/// The longest name of a machine: a label of a host name.
const NAME_LIMIT: usize = 63;

/// The most processors that an engine can be asked for.
const MOST_CPUS: f64 = 1e6;

/// Refuses a machine that could not be one.
pub(super) fn check(spec: &SandboxSpec) -> Result<()> {
    let Some(MachineSpec { name, command, .. }) = &spec.machine else { return Ok(()) };
    let plain = (1..=NAME_LIMIT).contains(&name.len())
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
        && !name.starts_with('-')
        && !name.ends_with('-');
    let wrong = if !plain {
        "that is no host name"
    } else if command.first().is_none_or(String::is_empty) {
        "it has no command"
    } else if spec.init == Init::System {
        "it cannot have an init system besides its command"
    } else {
        return Ok(());
    };
    Err(EngineError::Refused { detail: format!("no machine can be made of {name:?}: {wrong}") })
}

#[async_trait]
impl Systems for Docker {
    async fn make_network(&self, spec: &NetworkSpec) -> Result<String> {
        let name = recipe::name(&spec.item);
        let request = recipe::network(spec, &name, self.server().await?.podman);
        self.api.create_network(request).await.map_err(|error| self.failed(error))?;
        Ok(name)
    }

    async fn networks(&self, owner: Option<&str>) -> Result<Vec<PrivateNetwork>> {
        let mut labels = vec![format!("{LABEL}={}", label::NETWORK)];
        labels.extend(owner.map(|owner| format!("{}={owner}", label::OWNER)));
        let filters = HashMap::from([("label", labels)]);
        let options = ListNetworksOptionsBuilder::new().filters(&filters).build();
        let found = self.api.list_networks(Some(options)).await;
        let found = found.map_err(|error| self.failed(error))?;
        let told = found.into_iter().filter_map(|network| {
            let mut labels = network.labels.unwrap_or_default();
            let mut take = |key| labels.remove(key).unwrap_or_default();
            let (item, attempt) = (take(label::ITEM), take(label::ATTEMPT));
            Some(PrivateNetwork { name: network.name?, item, attempt, owner: take(label::OWNER) })
        });
        Ok(told.collect())
    }

    async fn remove_network(&self, name: &str) -> Result<()> {
        if self.api.remove_network(name).await.is_ok() || self.is_gone(name).await? {
            return Ok(());
        }
        self.detach_dead(name).await?;
        match self.api.remove_network(name).await {
            Err(error) if !self.is_gone(name).await? => Err(self.failed(error)),
            _ => Ok(()),
        }
    }

    async fn stop(&self, id: &SandboxId) -> Result<()> {
        let options = StopContainerOptionsBuilder::new().t(GRACE).build();
        self.api.stop_container(&id.0, Some(options)).await.map_err(fault::of_sandbox(id))
    }

    async fn pause(&self, id: &SandboxId) -> Result<()> {
        let Err(error) = self.api.pause_container(&id.0).await else { return Ok(()) };
        if self.inspect_sandbox(id).await?.state == SandboxState::Paused {
            return Ok(());
        }
        Err(fault::of_sandbox(id)(error))
    }

    async fn resume(&self, id: &SandboxId) -> Result<()> {
        let Err(error) = self.api.unpause_container(&id.0).await else { return Ok(()) };
        if self.inspect_sandbox(id).await?.state == SandboxState::Paused {
            return Err(fault::of_sandbox(id)(error));
        }
        Ok(())
    }

    async fn limit(&self, id: &SandboxId, cpus: Option<f64>, memory: Option<u64>) -> Result<()> {
        let memory = memory.map(|memory| i64::try_from(memory).unwrap_or(i64::MAX));
        let update = ContainerUpdateBody {
            nano_cpus: cpus.map(|cpus| (cpus.clamp(0.0, MOST_CPUS) * 1e9) as i64),
            memory,
            memory_swap: memory,
            ..ContainerUpdateBody::default()
        };
        self.api.update_container(&id.0, update).await.map_err(fault::of_sandbox(id))
    }

    async fn cut(&self, id: &SandboxId) -> Result<()> {
        let (network, _) = self.place(id).await?;
        if !self.is_on(id, &network).await? {
            return Ok(());
        }
        match self.disconnect(&network, &id.0).await {
            Err(_) if !self.is_on(id, &network).await? => Ok(()),
            done => done.map_err(fault::of_sandbox(id)),
        }
    }

    async fn join(&self, id: &SandboxId) -> Result<()> {
        let (network, machine) = self.place(id).await?;
        if self.is_on(id, &network).await? {
            return Ok(());
        }
        let request = NetworkConnectRequest {
            container: id.0.clone(),
            endpoint_config: Some(recipe::endpoint(&machine)),
        };
        match self.api.connect_network(&network, request).await {
            Err(_) if self.is_on(id, &network).await? => Ok(()),
            done => done.map_err(fault::of_sandbox(id)),
        }
    }
}

impl Docker {
    fn failed(&self, error: BollardError) -> EngineError {
        fault::of_engine(error, &self.transport.endpoint())
    }

    /// The private network that a machine belongs on, and its name there.
    async fn place(&self, id: &SandboxId) -> Result<(String, String)> {
        let known = self.know(id).await?;
        known.network.zip(known.machine).ok_or_else(|| EngineError::Refused {
            detail: format!("{id} is no machine of a private network"),
        })
    }

    /// Whether a machine is on a network now.
    async fn is_on(&self, id: &SandboxId, network: &str) -> Result<bool> {
        let found = self.api.inspect_container(&id.0, None::<InspectContainerOptions>).await;
        let ContainerInspectResponse { network_settings, .. } =
            found.map_err(fault::of_sandbox(id))?;
        let networks = network_settings.and_then(|settings| settings.networks);
        Ok(networks.is_some_and(|networks| networks.contains_key(network)))
    }

    async fn disconnect(
        &self,
        network: &str,
        container: &str,
    ) -> std::result::Result<(), BollardError> {
        let request =
            NetworkDisconnectRequest { container: container.to_owned(), force: Some(true) };
        self.api.disconnect_network(network, request).await
    }

    async fn is_gone(&self, network: &str) -> Result<bool> {
        match self.api.inspect_network(network, None::<InspectNetworkOptions>).await {
            Ok(_) => Ok(false),
            Err(BollardError::DockerResponseServerError { status_code: 404, .. }) => Ok(true),
            Err(error) => Err(self.failed(error)),
        }
    }

    /// Takes containers that do not run any more off a network: some that the engine has lost hold of
    /// stay on it for ever, and some engines count those that will never start again.
    async fn detach_dead(&self, network: &str) -> Result<()> {
        let filters = HashMap::from([("network", vec![network.to_owned()])]);
        let options = ListContainersOptionsBuilder::new().all(true).filters(&filters).build();
        let listed = self.api.list_containers(Some(options)).await;
        let listed = listed.map_err(|error| self.failed(error))?;
        let (alive, dead): (Vec<_>, Vec<_>) = listed.into_iter().partition(|one| {
            let state = one.state.map(|state| state.to_string());
            matches!(state.as_deref(), Some("running" | "paused" | "restarting" | "stopping"))
        });
        let names = |one: &bollard::models::ContainerSummary| one.names.clone().unwrap_or_default();
        let is_alive = |name: &str| {
            alive.iter().flat_map(names).any(|other| other.trim_start_matches('/') == name)
        };
        // The network's own list, which has those whose container is gone altogether.
        let found = self.api.inspect_network(network, None::<InspectNetworkOptions>).await;
        let on_it = found.ok().and_then(|found| found.containers).unwrap_or_default();
        let lost = on_it.into_values().filter_map(|one| one.name).filter(|name| !is_alive(name));
        for container in dead.into_iter().filter_map(|one| one.id).chain(lost) {
            if let Err(error) = self.disconnect(network, &container).await {
                tracing::info!(network, container, %error, "it cannot be taken off the network");
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::{Limits, Network};

    fn machine(name: &str, command: &[&str]) -> SandboxSpec {
        SandboxSpec {
            item: String::new(),
            attempt: String::new(),
            owner: String::new(),
            image: String::new(),
            init: Init::Minimal,
            user: String::new(),
            limits: Limits::default(),
            network: Network::None,
            capabilities: Vec::new(),
            tmpfs: Vec::new(),
            files: Vec::new(),
            hostname: String::new(),
            machine: Some(MachineSpec {
                name: name.to_owned(),
                command: command.iter().map(|&word| word.to_owned()).collect(),
                processes_of: None,
            }),
        }
    }

    #[test]
    fn only_what_can_be_a_machine_is_made() {
        assert_eq!(check(&machine("db-1", &["serve"])), Ok(()));
        for name in ["", "-a", "a-", "a.b", "a b", "ü", &"a".repeat(64)] {
            assert!(check(&machine(name, &["serve"])).is_err(), "{name}");
        }
        assert!(check(&machine("db", &[])).is_err());
        assert!(check(&SandboxSpec { init: Init::System, ..machine("db", &["x"]) }).is_err());
        assert!(check(&SandboxSpec { machine: None, ..machine("", &[]) }).is_ok());
    }
}
