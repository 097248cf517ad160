//! A container's life as a sandbox: made, started, found again, removed.

use std::collections::HashMap;
use std::time::Duration;

use bollard::errors::Error as BollardError;
use bollard::models::{ContainerInspectResponse, ContainerStateStatusEnum, ContainerSummary};
use bollard::query_parameters::{
    CreateContainerOptionsBuilder, InspectContainerOptions, ListContainersOptionsBuilder,
    ListNetworksOptionsBuilder, ListVolumesOptionsBuilder, RemoveContainerOptionsBuilder,
    RemoveVolumeOptions, StartContainerOptions, StatsOptions, WaitContainerOptionsBuilder,
};
use futures_util::{StreamExt, future};

use super::account::Account;
use super::recipe::{self, label};
use super::{Docker, fault, files, systems};
use crate::engine::{
    EngineError, Init, LABEL, Network, Result, Sandbox, SandboxId, SandboxSpec, SandboxState, boot,
};

/// How long the engine may take to finish a removal that another process began.
const REMOVAL_TIMEOUT: Duration = Duration::from_secs(30);

/// What never changes in a sandbox's life.
#[derive(Debug, Clone)]
pub(super) struct Known {
    pub(super) item: String,
    pub(super) attempt: String,
    pub(super) owner: String,
    pub(super) image: String,
    pub(super) user: String,
    pub(super) init: Init,
    /// Its name in its system.
    pub(super) machine: Option<String>,
    /// The private network that it belongs on.
    pub(super) network: Option<String>,
    /// What its first start is to unpack into its in-memory file systems.
    pub(super) memory: Option<String>,
    /// The user's numbers and home, once looked up.
    pub(super) account: Option<Account>,
}

impl Known {
    fn of_spec(spec: &SandboxSpec, account: Account) -> Self {
        Self {
            item: spec.item.clone(),
            attempt: spec.attempt.clone(),
            owner: spec.owner.clone(),
            image: spec.image.clone(),
            user: account.name.clone(),
            init: spec.init,
            machine: spec.machine.as_ref().map(|machine| machine.name.clone()),
            network: match &spec.network {
                Network::None | Network::Internet => None,
                Network::Private(name) => Some(name.clone()),
            },
            memory: None,
            account: Some(account),
        }
    }

    pub(super) fn of_labels(mut labels: HashMap<String, String>) -> Self {
        let mut take = |key| labels.remove(key).unwrap_or_default();
        let (user, image) = (take(label::USER), take(label::IMAGE));
        Self {
            memory: Some(take(label::MEMORY)).filter(|file| !file.is_empty()),
            machine: Some(take(label::MACHINE)).filter(|name| !name.is_empty()),
            network: Some(take(label::ON)).filter(|name| !name.is_empty()),
            item: take(label::ITEM),
            attempt: take(label::ATTEMPT),
            owner: take(label::OWNER),
            init: if take(label::INIT) == label::SYSTEM { Init::System } else { Init::Minimal },
            account: Account::well_known(&user, &image),
            user,
            image,
        }
    }

    pub(super) fn sandbox(&self, id: &SandboxId, state: SandboxState) -> Sandbox {
        Sandbox {
            id: id.clone(),
            item: self.item.clone(),
            attempt: self.attempt.clone(),
            owner: self.owner.clone(),
            image: self.image.clone(),
            state,
            user: self.user.clone(),
            machine: self.machine.clone(),
        }
    }
}

impl Docker {
    /// [`crate::engine::Engine::create`].
    pub(super) async fn create_sandbox(&self, spec: &SandboxSpec) -> Result<Sandbox> {
        files::check(&spec.files, &spec.tmpfs)?;
        systems::check(spec)?;
        let well_known = Account::well_known(&spec.user, &spec.image);
        let id = self.create_container(spec, &spec.user).await?;
        let filled = async {
            let account = match well_known {
                Some(account) => Some(account),
                None => Account::find(&spec.user, &self.passwd(&id).await?),
            };
            if let Some(account) = &account {
                self.upload(&id, &spec.files, account).await?;
            }
            Ok(account)
        };
        match filled.await {
            Ok(Some(account)) => Ok(self.made(id, spec, account)),
            // The image has no such account. Labels cannot be changed: make it again for its own.
            Ok(None) => self.create_for_default_user(spec, id).await,
            Err(error) => {
                self.discard(&id).await;
                Err(error)
            }
        }
    }

    async fn create_for_default_user(
        &self,
        spec: &SandboxSpec,
        first: SandboxId,
    ) -> Result<Sandbox> {
        let looked = async {
            let image = self.api.inspect_image(&spec.image).await;
            let image = image.map_err(fault::of_image(&spec.image))?;
            let user = image.config.and_then(|config| config.user).unwrap_or_default();
            let account = Account::find(&user, &self.passwd(&first).await?);
            account.ok_or_else(|| EngineError::Refused {
                detail: format!(
                    "the image {} has neither {:?} nor its own user {user:?}",
                    spec.image, spec.user
                ),
            })
        };
        let account = looked.await;
        self.discard(&first).await;
        let account = account?;
        let id = self.create_container(spec, &account.name).await?;
        if let Err(error) = self.upload(&id, &spec.files, &account).await {
            self.discard(&id).await;
            return Err(error);
        }
        Ok(self.made(id, spec, account))
    }

    async fn create_container(&self, spec: &SandboxSpec, user: &str) -> Result<SandboxId> {
        let options = CreateContainerOptionsBuilder::new().name(&recipe::name(&spec.item)).build();
        let podman = matches!(spec.network, Network::Private(_)) && self.server().await?.podman;
        let body = recipe::container(spec, user, podman);
        let made = self.api.create_container(Some(options), body).await;
        Ok(SandboxId(made.map_err(fault::of_image(&spec.image))?.id))
    }

    fn made(&self, id: SandboxId, spec: &SandboxSpec, account: Account) -> Sandbox {
        let known = Known::of_spec(spec, account);
        let sandbox = known.sandbox(&id, SandboxState::Created);
        self.known().insert(id, known);
        sandbox
    }

    /// Removes a container that did not become a sandbox; that it could not is the lesser problem.
    async fn discard(&self, id: &SandboxId) {
        if let Err(error) = self.remove_container(id).await {
            tracing::warn!(%id, %error, "an unfinished sandbox is left behind");
        }
    }

    /// [`crate::engine::Engine::start`].
    pub(super) async fn start_sandbox(&self, id: &SandboxId) -> Result<()> {
        match self.api.start_container(&id.0, None::<StartContainerOptions>).await {
            Ok(()) => {}
            Err(BollardError::DockerResponseServerError { message, .. })
                if message.contains("paused") =>
            {
                self.api.unpause_container(&id.0).await.map_err(fault::of_sandbox(id))?;
            }
            Err(error) => return Err(fault::of_sandbox(id)(error)),
        }
        let known = self.know(id).await?;
        if let Some(file) = &known.memory {
            self.unpack_memory(id, file).await?;
        }
        if known.init == Init::System {
            boot::wait(self, id).await?;
        }
        Ok(())
    }

    /// [`crate::engine::Engine::inspect`].
    pub(super) async fn inspect_sandbox(&self, id: &SandboxId) -> Result<Sandbox> {
        let found = self.api.inspect_container(&id.0, None::<InspectContainerOptions>).await;
        let found = found.map_err(fault::of_sandbox(id)).inspect_err(|error| {
            if matches!(error, EngineError::SandboxGone { .. }) {
                self.known().remove(id);
            }
        })?;
        let state = state(&found);
        let labels = found.config.and_then(|config| config.labels).unwrap_or_default();
        if labels.get(LABEL).map(String::as_str) != Some(label::SANDBOX) {
            return Err(EngineError::Refused {
                detail: format!("the container {id} was not made by drydock"),
            });
        }
        let known =
            self.known().entry(id.clone()).or_insert_with(|| Known::of_labels(labels)).clone();
        Ok(known.sandbox(id, state))
    }

    /// See [`crate::engine::Engine::memory`]. The second version of control groups tells no maximum.
    pub(super) async fn memory_of(&self, id: &SandboxId) -> Result<Option<u64>> {
        let options = StatsOptions { stream: false, one_shot: true };
        let mut answers = self.api.stats(&id.0, Some(options));
        let Some(answer) = answers.next().await else { return Ok(None) };
        let memory = answer.map_err(fault::of_sandbox(id))?.memory_stats;
        Ok(memory.and_then(|memory| memory.max_usage.or(memory.usage)))
    }

    /// What never changes in a sandbox, asked for at most once.
    pub(super) async fn know(&self, id: &SandboxId) -> Result<Known> {
        let known = self.known().get(id).cloned();
        if let Some(known) = known {
            return Ok(known);
        }
        let sandbox = self.inspect_sandbox(id).await?;
        let known = self.known().get(&sandbox.id).cloned();
        known.ok_or_else(|| EngineError::SandboxGone { id: id.to_string() })
    }

    /// The sandbox's user with numbers and home.
    pub(super) async fn account(&self, id: &SandboxId) -> Result<Account> {
        let known = self.know(id).await?;
        if let Some(account) = known.account {
            return Ok(account);
        }
        let passwd = self.passwd(id).await?;
        let account = Account::find(&known.user, &passwd).ok_or_else(|| EngineError::Refused {
            detail: format!("the sandbox {id} no longer has the account {:?}", known.user),
        })?;
        if let Some(known) = self.known().get_mut(id) {
            known.account = Some(account.clone());
        }
        Ok(account)
    }

    /// [`crate::engine::Engine::list`].
    pub(super) async fn list_sandboxes(&self, owner: Option<&str>) -> Result<Vec<Sandbox>> {
        let mut labels = vec![format!("{LABEL}={}", label::SANDBOX)];
        labels.extend(owner.map(|owner| format!("{}={owner}", label::OWNER)));
        let filters = HashMap::from([("label", labels)]);
        let options = ListContainersOptionsBuilder::new().all(true).filters(&filters).build();
        let found = self.api.list_containers(Some(options)).await;
        let found = found.map_err(|error| fault::of_engine(error, &self.transport.endpoint()))?;
        Ok(found.into_iter().filter_map(listed).collect())
    }

    /// [`crate::engine::Engine::destroy`].
    pub(super) async fn destroy_sandbox(&self, id: &SandboxId) -> Result<()> {
        let Known { attempt, owner, .. } = match self.know(id).await {
            Ok(known) => known,
            Err(EngineError::SandboxGone { .. }) => return Ok(()),
            Err(error) => return Err(error),
        };
        self.remove_container(id).await?;
        self.known().remove(id);
        self.remove_leftovers(&owner, &attempt).await?;
        self.sweep_snapshots(&owner, &attempt).await
    }

    pub(super) async fn remove_container(&self, id: &SandboxId) -> Result<()> {
        let options = RemoveContainerOptionsBuilder::new().force(true).v(true).build();
        let removed = self.api.remove_container(&id.0, Some(options)).await;
        match removed.map_err(fault::of_sandbox(id)) {
            Ok(()) | Err(EngineError::SandboxGone { .. }) => Ok(()),
            Err(EngineError::Refused { detail }) if detail.contains("already in progress") => {
                self.await_removal(id).await
            }
            Err(error) => Err(error),
        }
    }

    /// Somebody else is removing it: gone is gone, but not before it is.
    async fn await_removal(&self, id: &SandboxId) -> Result<()> {
        let options = WaitContainerOptionsBuilder::new().condition("removed").build();
        let mut waiting = self.api.wait_container(&id.0, Some(options));
        tokio::time::timeout(REMOVAL_TIMEOUT, waiting.next())
            .await
            .map(|_| ())
            .map_err(|_| EngineError::Timeout { what: format!("the removal of the sandbox {id}") })
    }

    /// Removes the networks and volumes of an attempt, but those that another of its sandboxes uses.
    async fn remove_leftovers(&self, owner: &str, attempt: &str) -> Result<()> {
        if attempt.is_empty() {
            return Ok(());
        }
        let failed = |error| fault::of_engine(error, &self.transport.endpoint());
        let filters = HashMap::from([("label", vec![format!("{}={attempt}", label::ATTEMPT)])]);
        let networks = ListNetworksOptionsBuilder::new().filters(&filters).build();
        let volumes = ListVolumesOptionsBuilder::new().filters(&filters).build();
        let (networks, volumes) = tokio::try_join!(
            self.api.list_networks(Some(networks)),
            self.api.list_volumes(Some(volumes))
        )
        .map_err(failed)?;
        // A machine that does not run uses its network without showing there.
        let is_private = |network: &bollard::models::Network| {
            let kind = network.labels.as_ref().and_then(|labels| labels.get(LABEL));
            kind.map(String::as_str) == Some(label::NETWORK)
        };
        let needed = networks.iter().any(is_private)
            && self.list_sandboxes(Some(owner)).await?.iter().any(|one| one.attempt == attempt);
        let networks = networks.into_iter().filter(|network| !needed || !is_private(network));
        let networks = networks.filter_map(|network| network.id);
        future::try_join_all(
            networks.map(|id| async move { unless_in_use(self.api.remove_network(&id).await) }),
        )
        .await
        .map_err(failed)?;
        let volumes = volumes.volumes.unwrap_or_default().into_iter();
        future::try_join_all(volumes.map(|volume| async move {
            unless_in_use(self.api.remove_volume(&volume.name, None::<RemoveVolumeOptions>).await)
        }))
        .await
        .map_err(failed)?;
        Ok(())
    }
}

/// A removal that is refused because of others (403, 409) or is not needed (404) is fine.
fn unless_in_use(
    removed: std::result::Result<(), BollardError>,
) -> std::result::Result<(), BollardError> {
    match removed {
        Err(BollardError::DockerResponseServerError { status_code: 403 | 404 | 409, .. }) => Ok(()),
        other => other,
    }
}

pub(super) fn listed(summary: ContainerSummary) -> Option<Sandbox> {
    let id = SandboxId(summary.id?);
    // The list's own word for the state, read as leniently as an inspection's.
    let state = match summary.state.map(|state| state.to_string()).as_deref() {
        Some("created") => SandboxState::Created,
        Some("running" | "restarting" | "stopping") => SandboxState::Running,
        Some("paused") => SandboxState::Paused,
        _ => SandboxState::Stopped,
    };
    Some(Known::of_labels(summary.labels.unwrap_or_default()).sandbox(&id, state))
}

fn state(found: &ContainerInspectResponse) -> SandboxState {
    match found.state.as_ref().and_then(|state| state.status) {
        Some(ContainerStateStatusEnum::CREATED) => SandboxState::Created,
        Some(ContainerStateStatusEnum::RUNNING | ContainerStateStatusEnum::RESTARTING) => {
            SandboxState::Running
        }
        Some(ContainerStateStatusEnum::PAUSED) => SandboxState::Paused,
        _ => SandboxState::Stopped,
    }
}
