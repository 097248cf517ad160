//! What the engine is asked for when a sandbox is made: a pure function of its specification.
//!
//! Invariants: nothing of the host is mounted; no capability but the listed ones; memory, processor
//! and process limits always; the image's entry point, health check and log are never used.

use std::collections::HashMap;

use bollard::models::{
    ContainerCreateBody, EndpointSettings, HealthConfig, HostConfig, HostConfigCgroupnsModeEnum,
    HostConfigLogConfig, NetworkCreateRequest, NetworkingConfig,
};

use crate::engine::{Init, LABEL, MachineSpec, Network, NetworkSpec, SandboxSpec};

/// The labels of a sandbox, besides [`LABEL`].
pub(super) mod label {
    /// The value of [`crate::engine::LABEL`].
    pub(crate) const SANDBOX: &str = "sandbox";
    /// Its value for a private network.
    pub(crate) const NETWORK: &str = "network";
    pub(crate) const ITEM: &str = "drydock.item";
    pub(crate) const ATTEMPT: &str = "drydock.attempt";
    pub(crate) const OWNER: &str = "drydock.owner";
    pub(crate) const USER: &str = "drydock.user";
    pub(crate) const IMAGE: &str = "drydock.image";
    pub(crate) const INIT: &str = "drydock.init";
    /// A machine's name in its system.
    pub(crate) const MACHINE: &str = "drydock.machine";
    /// The private network that it belongs on, whether or not it is on it now.
    pub(crate) const ON: &str = "drydock.network";
    /// The packed in-memory file systems that the first start unpacks; see [`super::super::snapshot`].
    pub(crate) const MEMORY: &str = "drydock.memory";
    /// The value of [`INIT`] where an init system runs.
    pub(crate) const SYSTEM: &str = "system";
    /// Its value elsewhere.
    pub(crate) const MINIMAL: &str = "minimal";
}

/// What a learner with sudo needs to look after users, files, processes and low ports: Docker's own
/// default set without raw sockets, device nodes and file capabilities.
const CAPABILITIES: [&str; 11] = [
    "CHOWN",
    "DAC_OVERRIDE",
    "FOWNER",
    "FSETID",
    "KILL",
    "SETGID",
    "SETUID",
    "SETPCAP",
    "NET_BIND_SERVICE",
    "SYS_CHROOT",
    "AUDIT_WRITE",
];

/// PID 1 of a sandbox without init system. A shell as PID 1 reaps orphans, cannot be killed from
/// inside, and wakes up once a day; `sleep infinity` is not to be had everywhere.
const IDLE: &str = "while :; do sleep 86400; done";

/// PID 1 of a sandbox with one: control groups are mounted read-only, systemd needs its own part of
/// them (version 1: its named hierarchy; version 2: all). The namespace is private, so nothing of
/// the host's can be reached through it.
const BOOT: &str = "if [ -d /sys/fs/cgroup/systemd ]; \
                    then mount -o remount,bind,rw /sys/fs/cgroup/systemd; \
                    else mount -o remount,bind,rw /sys/fs/cgroup; fi; \
                    exec /sbin/init";

/// systemd's runtime folders. What lies in them is about processes and is made anew at each start.
pub(super) const RUN_FOLDERS: [&str; 2] = ["/run", "/run/lock"];

/// How much memory they may take.
const RUN_OPTIONS: &str = "rw,nosuid,nodev,mode=755,size=64m";

/// Keeps the host off a private network: without an address of its own on the bridge, the host has
/// none that a machine could reach. An engine that does not know the option leaves it.
const NO_HOST: (&str, &str) = ("com.docker.network.bridge.inhibit_ipv4", "true");

/// Whom the engine's name service on a private network asks for names that are no machine's: the
/// machine itself, where nobody answers. Some versions ask the host's own server otherwise.
const NO_SERVER: &str = "127.0.0.1";

/// So such a name fails in seconds. No other names are tried in its place.
const RESOLVER: [&str; 1] = ["timeout:1"];
const NO_DOMAIN: &str = ".";

/// The longest part of an item's id in a container's name.
const NAME_LIMIT: usize = 40;

/// A fresh name for a sandbox or a network: `drydock-ITEM-xxxxxxxx`.
pub(super) fn name(item: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() || c == '_' || c == '.' { c } else { '-' };
    let item: String = item.chars().take(NAME_LIMIT).map(plain).collect();
    let random = uuid::Uuid::now_v7().as_u128() as u32;
    format!("drydock-{item}-{random:08x}")
}

/// A private network of this name. Podman refuses options that are not its own.
pub(super) fn network(spec: &NetworkSpec, name: &str, podman: bool) -> NetworkCreateRequest {
    let labels = [
        (LABEL, label::NETWORK),
        (label::ITEM, &spec.item),
        (label::ATTEMPT, &spec.attempt),
        (label::OWNER, &spec.owner),
    ];
    NetworkCreateRequest {
        name: name.to_owned(),
        driver: Some("bridge".to_owned()),
        // Neither a way out nor, with what the engine adds, a way to other networks.
        internal: Some(true),
        options: (!podman).then(|| owned([NO_HOST])),
        labels: Some(owned(labels)),
        ..NetworkCreateRequest::default()
    }
}

/// What a container is called on its private network.
pub(super) fn endpoint(name: &str) -> EndpointSettings {
    EndpointSettings { aliases: Some(vec![name.to_owned()]), ..EndpointSettings::default() }
}

/// The container for a sandbox whose shells run as `user`.
pub(super) fn container(spec: &SandboxSpec, user: &str, podman: bool) -> ContainerCreateBody {
    let strings = |texts: &[&str]| Some(texts.iter().map(|&text| text.to_owned()).collect());
    let (entrypoint, stop_signal) = match (&spec.machine, spec.init) {
        (Some(machine), _) => (Some(machine.command.clone()), Some("SIGTERM")),
        // Nothing in PID 1 is worth waiting for when somebody stops the container.
        (None, Init::Minimal) => (strings(&["sh", "-c", IDLE]), Some("SIGKILL")),
        (None, Init::System) => (strings(&["sh", "-c", BOOT]), None),
    };
    let name = name_of(spec);
    let networking = match &spec.network {
        Network::None | Network::Internet => None,
        Network::Private(network) => Some(NetworkingConfig {
            endpoints_config: Some([(network.clone(), endpoint(name))].into()),
        }),
    };
    ContainerCreateBody {
        image: Some(spec.image.clone()),
        hostname: Some(name.to_owned()),
        // PID 1 is root's, so that no learner's `kill` reaches its children.
        user: Some("0".to_owned()),
        entrypoint,
        cmd: Some(Vec::new()),
        env: strings(match spec.init {
            Init::Minimal => &[],
            // How systemd learns that it is not on a machine of its own.
            Init::System => &["container=docker"],
        }),
        labels: Some(labels(spec, user)),
        healthcheck: Some(HealthConfig { test: strings(&["NONE"]), ..HealthConfig::default() }),
        stop_signal: stop_signal.map(str::to_owned),
        host_config: Some(host(spec, podman)),
        networking_config: networking,
        ..ContainerCreateBody::default()
    }
}

/// Its name on a network and inside.
fn name_of(spec: &SandboxSpec) -> &str {
    spec.machine.as_ref().map_or(&spec.hostname, |machine| &machine.name)
}

fn owned<const N: usize>(pairs: [(&str, &str); N]) -> HashMap<String, String> {
    pairs.map(|(key, value)| (key.to_owned(), value.to_owned())).into()
}

fn labels(spec: &SandboxSpec, user: &str) -> HashMap<String, String> {
    let init = match spec.init {
        Init::Minimal => label::MINIMAL,
        Init::System => label::SYSTEM,
    };
    let mut labels = owned([
        (LABEL, label::SANDBOX),
        (label::ITEM, &spec.item),
        (label::ATTEMPT, &spec.attempt),
        (label::OWNER, &spec.owner),
        (label::USER, user),
        (label::IMAGE, &spec.image),
        (label::INIT, init),
    ]);
    if let Some(machine) = &spec.machine {
        labels.insert(label::MACHINE.to_owned(), machine.name.clone());
    }
    if let Network::Private(network) = &spec.network {
        labels.insert(label::ON.to_owned(), network.clone());
    }
    labels
}

fn host(spec: &SandboxSpec, podman: bool) -> HostConfig {
    let memory = i64::try_from(spec.limits.memory).unwrap_or(i64::MAX);
    let mut tmpfs: HashMap<_, _> = spec
        .tmpfs
        .iter()
        .map(|memory| {
            (memory.path.clone(), format!("rw,nosuid,nodev,mode=1777,size={}", memory.size))
        })
        .collect();
    let mut capabilities: Vec<String> =
        CAPABILITIES.iter().map(|&name| name.to_owned()).chain(spec.capabilities.clone()).collect();
    let mut security = Vec::new();
    if spec.init == Init::System {
        // systemd mounts: it needs the capability, and neither the system call filter nor the
        // profile that would forbid it all the same.
        capabilities.push("SYS_ADMIN".to_owned());
        security.extend(["seccomp=unconfined", "apparmor=unconfined"].map(str::to_owned));
        for folder in RUN_FOLDERS {
            tmpfs.entry(folder.to_owned()).or_insert_with(|| RUN_OPTIONS.to_owned());
        }
    }
    capabilities.sort_unstable();
    capabilities.dedup();
    let private = matches!(spec.network, Network::Private(_));
    let processes = spec.machine.as_ref().and_then(|MachineSpec { processes_of, .. }| {
        processes_of.as_ref().map(|other| format!("container:{other}", other = other.0))
    });
    HostConfig {
        memory: Some(memory),
        // As much as memory alone: no swap beyond it.
        memory_swap: Some(memory),
        nano_cpus: Some((spec.limits.cpus * 1e9) as i64),
        pids_limit: Some(i64::from(spec.limits.pids)),
        cap_drop: Some(vec!["ALL".to_owned()]),
        cap_add: Some(capabilities),
        security_opt: Some(security),
        cgroupns_mode: Some(HostConfigCgroupnsModeEnum::PRIVATE),
        network_mode: Some(
            match &spec.network {
                Network::None => "none",
                Network::Internet => "bridge",
                Network::Private(name) => name,
            }
            .to_owned(),
        ),
        // A server of its own would be all that Podman asks.
        dns: (private && !podman).then(|| vec![NO_SERVER.to_owned()]),
        dns_options: private.then(|| RESOLVER.map(str::to_owned).into()),
        dns_search: private.then(|| vec![NO_DOMAIN.to_owned()]),
        pid_mode: processes,
        // Whatever the engine's own custom is, a machine's command is its first process.
        init: spec.machine.is_some().then_some(false),
        tmpfs: Some(tmpfs),
        // What PID 1 prints would grow without end on the host's disk.
        log_config: Some(HostConfigLogConfig { typ: Some("none".to_owned()), config: None }),
        ..HostConfig::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::{Limits, Tmpfs};

    fn spec(init: Init) -> SandboxSpec {
        SandboxSpec {
            item: "linux-01".to_owned(),
            attempt: "a".to_owned(),
            owner: "o".to_owned(),
            image: "drydock/base:0".to_owned(),
            init,
            user: "learner".to_owned(),
            limits: Limits { memory: 1 << 20, cpus: 0.5, pids: 9 },
            network: Network::None,
            capabilities: vec!["SYS_PTRACE".to_owned(), "KILL".to_owned()],
            tmpfs: vec![Tmpfs { path: "/data".to_owned(), size: 4096 }],
            files: Vec::new(),
            hostname: "box".to_owned(),
            machine: None,
        }
    }

    fn machine() -> SandboxSpec {
        SandboxSpec {
            machine: Some(MachineSpec {
                name: "api".to_owned(),
                command: vec!["serve".to_owned(), "it".to_owned()],
                processes_of: Some(crate::engine::SandboxId("abc".to_owned())),
            }),
            network: Network::Private("net".to_owned()),
            ..spec(Init::Minimal)
        }
    }

    #[test]
    fn a_machine_is_its_command_under_its_name() {
        let made = container(&machine(), "learner", false);
        assert_eq!(made.entrypoint, Some(vec!["serve".to_owned(), "it".to_owned()]));
        assert_eq!((made.hostname.as_deref(), made.user.as_deref()), (Some("api"), Some("0")));
        let labels = made.labels.unwrap();
        assert_eq!((&*labels[label::MACHINE], &*labels[label::ON]), ("api", "net"));
        let networks = made.networking_config.unwrap().endpoints_config.unwrap();
        assert_eq!(networks["net"].aliases, Some(vec!["api".to_owned()]));
        let host = made.host_config.unwrap();
        assert_eq!(host.network_mode.as_deref(), Some("net"));
        assert_eq!(host.pid_mode.as_deref(), Some("container:abc"));
        assert_eq!((host.init, host.port_bindings), (Some(false), None));
        assert_eq!(host.log_config.unwrap().typ.as_deref(), Some("none"));
        assert!(host.dns.is_some());
        assert_eq!(container(&machine(), "learner", true).host_config.unwrap().dns, None);
    }

    #[test]
    fn a_private_network_leads_nowhere() {
        let spec = NetworkSpec { item: "i".into(), attempt: "a".into(), owner: "o".into() };
        let made = network(&spec, "net", false);
        assert_eq!((made.internal, made.options.unwrap().len()), (Some(true), 1));
        let labels = made.labels.unwrap();
        assert_eq!((&*labels[LABEL], &*labels[label::OWNER]), ("network", "o"));
        assert_eq!(network(&spec, "net", true).options, None);
    }

    #[test]
    fn names_are_plain_and_fresh() {
        assert!(name("a/b c").starts_with("drydock-a-b-c-"), "{}", name("a/b c"));
        assert!(name(&"x".repeat(500)).len() < 64);
        assert_ne!(name("a"), name("a"));
    }

    #[test]
    fn limits_and_confinement_are_always_asked_for() {
        for init in [Init::Minimal, Init::System] {
            let host = container(&spec(init), "learner", false).host_config.unwrap();
            assert_eq!((host.memory, host.memory_swap), (Some(1 << 20), Some(1 << 20)));
            assert_eq!((host.nano_cpus, host.pids_limit), (Some(500_000_000), Some(9)));
            assert_eq!(host.cap_drop, Some(vec!["ALL".to_owned()]));
            assert_eq!(host.network_mode.as_deref(), Some("none"));
            assert_eq!((host.binds, host.mounts, host.privileged), (None, None, None));
            let tmpfs = &host.tmpfs.unwrap()["/data"];
            assert!(tmpfs.contains("size=4096"), "{tmpfs}");
        }
    }

    #[test]
    fn only_an_init_system_gets_more() {
        let minimal = container(&spec(Init::Minimal), "learner", false).host_config.unwrap();
        let system = container(&spec(Init::System), "learner", false).host_config.unwrap();
        let may_mount = |host: &HostConfig| {
            host.cap_add.iter().flatten().any(|capability| capability == "SYS_ADMIN")
        };
        assert!(!may_mount(&minimal) && may_mount(&system));
        assert_eq!(minimal.security_opt, Some(Vec::new()));
        assert_eq!(minimal.cap_add.unwrap().len(), CAPABILITIES.len() + 1);
    }
}
