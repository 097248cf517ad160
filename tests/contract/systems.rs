//! Several machines on a private network.

use std::path::Path;
use std::time::{Duration, Instant};

use drydock::engine::{
    EngineError, Init, Limits, MachineSpec, Network, NetworkSpec, Sandbox, SandboxSpec,
    SandboxState, ShellSpec, Size, SnapshotSpec, Systems,
};

use drydock::lab::{Lab as Practice, SharedStore};
use drydock::session::{Launcher, Place, Shells};
use drydock::store::Store;

use futures_util::future;

use super::{Lab, program, within};

/// A command that does nothing and ends when it is told to.
pub(crate) const IDLE: &[&str] =
    &["sh", "-c", "trap exit TERM; while :; do sleep 1000 & wait; done"];

/// A system being made, of one attempt.
pub(crate) struct System<'a> {
    lab: &'a Lab,
    base: SandboxSpec,
    pub(crate) network: String,
}

impl<'a> System<'a> {
    /// One without machines, where the engine has such a thing.
    pub(crate) async fn new(lab: &'a Lab) -> Option<Self> {
        if !lab.has(|offers| offers.systems) {
            return None;
        }
        let base = lab.spec().await;
        let network = systems(lab).make_network(&network_of(&base)).await.unwrap();
        Some(Self { lab, base, network })
    }

    /// The specification of a machine.
    pub(crate) fn spec(&self, name: &str, command: &[&str]) -> SandboxSpec {
        SandboxSpec {
            network: Network::Private(self.network.clone()),
            machine: Some(MachineSpec {
                name: name.to_owned(),
                command: command.iter().map(|&word| word.to_owned()).collect(),
                processes_of: None,
            }),
            ..self.base.clone()
        }
    }

    /// A machine that was started.
    pub(crate) async fn start(&mut self, name: &str, command: &[&str]) -> Sandbox {
        self.lab.started(&self.spec(name, command)).await
    }
}

fn systems(lab: &Lab) -> &dyn Systems {
    lab.engine.systems().expect("what is offered is there")
}

fn network_of(spec: &SandboxSpec) -> NetworkSpec {
    NetworkSpec {
        item: spec.item.clone(),
        attempt: spec.attempt.clone(),
        owner: spec.owner.clone(),
    }
}

async fn state(lab: &Lab, machine: &Sandbox) -> SandboxState {
    lab.engine.inspect(&machine.id).await.unwrap().state
}

/// Waits until a machine's command has ended.
async fn ended(lab: &Lab, machine: &Sandbox) {
    within(async {
        while state(lab, machine).await != SandboxState::Stopped {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    })
    .await;
}

/// A web server as a first process.
const SERVE: &[&str] = &["python3", "-u", "-m", "http.server", "8000", "--directory", "/etc"];

/// Whether a page of another machine can be had, within a second.
const ASK: &str = "python3 -c 'import urllib.request as r, sys; \
                   r.urlopen(\"http://\" + sys.argv[1] + \":8000/hostname\", timeout=1)'";

/// Asks until the other answers: its command takes a moment to begin.
async fn answers(lab: &Lab, from: &Sandbox, name: &str) {
    within(async {
        while lab.sh(&from.id, &format!("{ASK} {name} 2>/dev/null")).await.0 != Some(0) {}
    })
    .await;
}

async fn is_silent(lab: &Lab, from: &Sandbox, name: &str) {
    let (status, _) = lab.sh(&from.id, &format!("{ASK} {name} 2>/dev/null")).await;
    assert_ne!(status, Some(0), "{name} answers");
}

pub(crate) async fn machines_see_each_other_by_name_and_nothing_else(lab: Lab) {
    let Some(mut system) = System::new(&lab).await else { return };
    let web = system.start("web-1", SERVE).await;
    let ops = system.start("ops", IDLE).await;
    assert_eq!((web.machine.as_deref(), ops.machine.as_deref()), (Some("web-1"), Some("ops")));
    assert_eq!(lab.said(&ops.id, "hostname").await, "ops");
    assert_eq!(lab.said(&ops.id, "id -un").await, "learner");
    answers(&lab, &ops, "web-1").await;
    answers(&lab, &web, "web-1").await;
    // Who has another network, or none.
    let other = System::new(&lab).await.unwrap();
    let mut apart = other.spec("ops", IDLE);
    apart.attempt = uuid::Uuid::now_v7().to_string();
    let apart = lab.started(&apart).await;
    is_silent(&lab, &apart, "web-1").await;
    let address = lab.said(&web.id, "hostname -i").await;
    is_silent(&lab, &apart, &address).await;
    // Found again as what they are.
    let again = lab.again().await;
    let found = again.engine.list(Some(&lab.owner)).await.unwrap();
    let mut names: Vec<_> = found.iter().filter_map(|one| one.machine.as_deref()).collect();
    names.sort_unstable();
    assert_eq!(names, ["ops", "ops", "web-1"]);
    assert_eq!(again.engine.inspect(&web.id).await.unwrap().machine.as_deref(), Some("web-1"));
    // A name that is nobody's is told soon.
    let began = Instant::now();
    let (status, _) = lab.sh(&ops.id, "getent hosts nobody-of-that-name").await;
    assert_ne!(status, Some(0));
    assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
}

pub(crate) async fn a_command_is_the_first_process_and_its_end_the_machines(lab: Lab) {
    let Some(mut system) = System::new(&lab).await else { return };
    let script = "echo begun >> /begun; [ $(id -u) = 0 ] || exit; \
                  trap 'rm /go; exit 3' TERM; touch /go; while :; do sleep 0.05; done";
    let machine = system.start("job", &["sh", "-c", script]).await;
    let starts = "while [ ! -e /go ]; do sleep 0.05; done; wc -l < /begun";
    assert_eq!(lab.said(&machine.id, starts).await, "1");
    assert!(lab.said(&machine.id, "tr '\\0' ' ' < /proc/1/cmdline").await.starts_with("sh -c"));
    // Told to end, which it does in its own way.
    systems(&lab).stop(&machine.id).await.unwrap();
    systems(&lab).stop(&machine.id).await.unwrap();
    assert_eq!(state(&lab, &machine).await, SandboxState::Stopped);
    let error = lab.engine.exec(&machine.id, &program(&["true"])).await.err().unwrap();
    assert!(matches!(error, EngineError::SandboxStopped { .. }), "{error:?}");
    // Its files stay, those that it wrote at its end included.
    lab.engine.start(&machine.id).await.unwrap();
    assert_eq!(lab.said(&machine.id, starts).await, "2");
    // By its own end.
    lab.said(&machine.id, "sudo kill 1").await;
    ended(&lab, &machine).await;
    lab.engine.start(&machine.id).await.unwrap();
    assert_eq!(lab.said(&machine.id, starts).await, "3");
    // One that does not listen has a moment and no more.
    let deaf = system.start("deaf", &["sh", "-c", "trap '' TERM; while :; do sleep 1; done"]).await;
    let began = Instant::now();
    systems(&lab).stop(&deaf.id).await.unwrap();
    assert_eq!(state(&lab, &deaf).await, SandboxState::Stopped);
    assert!(began.elapsed() < Duration::from_secs(15), "{:?}", began.elapsed());
    // One that is over at once.
    let brief = system.start("brief", &["true"]).await;
    ended(&lab, &brief).await;
    let absent = lab.engine.create(&system.spec("absent", &["no-such-program"])).await.unwrap();
    lab.engine.start(&absent.id).await.unwrap_err();
}

pub(crate) async fn processes_are_shared_where_asked_for(lab: Lab) {
    let Some(mut system) = System::new(&lab).await else { return };
    let mut spec = system.spec("ops", IDLE);
    spec.capabilities = vec!["SYS_PTRACE".to_owned()];
    let ops = lab.started(&spec).await;
    let alone = system.start("alone", &["sleep", "4712"]).await;
    let mut spec = system.spec("api", &["sleep", "4711"]);
    spec.machine.as_mut().unwrap().processes_of = Some(ops.id.clone());
    let api = lab.started(&spec).await;
    let seen = "pgrep -fx 'sleep 471[12]' | wc -l";
    assert_eq!(lab.said(&ops.id, seen).await, "1");
    assert_eq!(lab.said(&api.id, seen).await, "1");
    assert_eq!(lab.said(&alone.id, seen).await, "1");
    // Each has its own files all the same; who may trace looks into the other's.
    lab.said(&api.id, "sudo touch /only-here").await;
    lab.said(&ops.id, "[ ! -e /only-here ]").await;
    lab.said(&ops.id, "sudo ls /proc/$(pgrep -fx 'sleep 4711')/root/only-here").await;
    lab.said(&ops.id, "sudo pkill -fx 'sleep 4711'").await;
    ended(&lab, &api).await;
    lab.engine.start(&api.id).await.unwrap();
    assert_eq!(lab.said(&ops.id, seen).await, "1");
    systems(&lab).stop(&api.id).await.unwrap();
    assert_eq!(lab.said(&ops.id, seen).await, "0");
    lab.engine.start(&api.id).await.unwrap();
    // With whom it shares them it ends, and needs it to begin.
    systems(&lab).stop(&ops.id).await.unwrap();
    ended(&lab, &api).await;
    lab.engine.start(&api.id).await.unwrap_err();
    lab.engine.start(&ops.id).await.unwrap();
    lab.engine.start(&api.id).await.unwrap();
    assert_eq!(lab.said(&ops.id, seen).await, "1");
}

pub(crate) async fn a_machine_is_held_and_goes_on(lab: Lab) {
    let Some(mut system) = System::new(&lab).await else { return };
    let web = system.start("web", SERVE).await;
    let ops = system.start("ops", IDLE).await;
    answers(&lab, &ops, "web").await;
    for _ in 0..2 {
        systems(&lab).pause(&web.id).await.unwrap();
        assert_eq!(state(&lab, &web).await, SandboxState::Paused);
    }
    is_silent(&lab, &ops, "web").await;
    let exec = within(lab.engine.exec(&web.id, &program(&["true"]))).await;
    let error = exec.err().unwrap();
    assert!(matches!(error, EngineError::SandboxPaused { .. }), "{error:?}");
    let shell = ShellSpec { size: Size { cols: 80, rows: 24 }, user: None };
    let error = within(lab.engine.shell(&web.id, &shell)).await.err().unwrap();
    assert!(matches!(error, EngineError::SandboxPaused { .. }), "{error:?}");
    let listed = lab.engine.list(Some(&lab.owner)).await.unwrap();
    assert!(listed.iter().any(|one| one.state == SandboxState::Paused && one.id == web.id));
    for _ in 0..2 {
        systems(&lab).resume(&web.id).await.unwrap();
        assert_eq!(state(&lab, &web).await, SandboxState::Running);
    }
    answers(&lab, &ops, "web").await;
    // Who is held can be stopped, and starting lets go on.
    systems(&lab).pause(&web.id).await.unwrap();
    lab.engine.start(&web.id).await.unwrap();
    answers(&lab, &ops, "web").await;
    systems(&lab).pause(&web.id).await.unwrap();
    within(systems(&lab).stop(&web.id)).await.unwrap();
    ended(&lab, &web).await;
    // What does not run is not held, and cannot be.
    systems(&lab).resume(&web.id).await.unwrap();
    let error = systems(&lab).pause(&web.id).await.unwrap_err();
    assert!(matches!(error, EngineError::SandboxStopped { .. }), "{error:?}");
    lab.engine.destroy(&web.id).await.unwrap();
    for error in [
        systems(&lab).pause(&web.id).await.unwrap_err(),
        systems(&lab).resume(&web.id).await.unwrap_err(),
        systems(&lab).stop(&web.id).await.unwrap_err(),
        systems(&lab).cut(&web.id).await.unwrap_err(),
        systems(&lab).join(&web.id).await.unwrap_err(),
        systems(&lab).limit(&web.id, Some(1.0), None).await.unwrap_err(),
    ] {
        assert!(matches!(error, EngineError::SandboxGone { .. }), "{error:?}");
    }
}

pub(crate) async fn a_paused_machine_is_destroyed(lab: Lab) {
    let Some(mut system) = System::new(&lab).await else { return };
    let machine = system.start("db", IDLE).await;
    systems(&lab).pause(&machine.id).await.unwrap();
    within(lab.engine.destroy(&machine.id)).await.unwrap();
    assert!(lab.engine.list(Some(&lab.owner)).await.unwrap().is_empty());
}

/// What a machine may use, as its control group has it: processors in thousandths, and bytes.
const MAY_USE: &str = "cd /sys/fs/cgroup; if [ -e cpu.max ]; then \
    echo $(awk '{print $1 * 1000 / $2}' cpu.max) $(cat memory.max); else \
    echo $(($(cat cpu/cpu.cfs_quota_us) * 1000 / $(cat cpu/cpu.cfs_period_us))) \
    $(cat memory/memory.limit_in_bytes); fi";

pub(crate) async fn limits_are_changed_while_it_runs(lab: Lab) {
    let Some(system) = System::new(&lab).await else { return };
    let mut spec = system.spec("db", IDLE);
    spec.limits = Limits { memory: 64 << 20, cpus: 0.5, pids: 64 };
    let machine = lab.started(&spec).await;
    let uses = async || lab.said(&machine.id, MAY_USE).await;
    assert_eq!(uses().await, format!("500 {}", 64 << 20));
    systems(&lab).limit(&machine.id, Some(0.25), None).await.unwrap();
    assert_eq!(uses().await, format!("250 {}", 64 << 20));
    systems(&lab).limit(&machine.id, None, Some(96 << 20)).await.unwrap();
    assert_eq!(uses().await, format!("250 {}", 96 << 20));
    systems(&lab).limit(&machine.id, Some(1.0), Some(48 << 20)).await.unwrap();
    assert_eq!(uses().await, format!("1000 {}", 48 << 20));
    systems(&lab).limit(&machine.id, None, None).await.unwrap();
    let (status, _) = lab.sh(&machine.id, "python3 -c 'x = bytearray(200 << 20)'").await;
    assert_ne!(status, Some(0), "200 MB where 48 are allowed");
    // It holds for the next start too.
    systems(&lab).stop(&machine.id).await.unwrap();
    lab.engine.start(&machine.id).await.unwrap();
    assert_eq!(uses().await, format!("1000 {}", 48 << 20));
}

pub(crate) async fn a_machine_is_cut_off_and_joined_again(lab: Lab) {
    let Some(mut system) = System::new(&lab).await else { return };
    let web = system.start("web", SERVE).await;
    let ops = system.start("ops", IDLE).await;
    answers(&lab, &ops, "web").await;
    for _ in 0..2 {
        systems(&lab).cut(&web.id).await.unwrap();
        is_silent(&lab, &ops, "web").await;
    }
    // What runs goes on, and commands still reach it.
    assert_eq!(lab.said(&web.id, "hostname").await, "web");
    // By somebody who has never heard of it.
    let again = lab.again().await;
    for _ in 0..2 {
        systems(&again).join(&web.id).await.unwrap();
        answers(&lab, &ops, "web").await;
    }
    // Whoever was cut off stays so over an end and a beginning; paused or not.
    systems(&lab).pause(&web.id).await.unwrap();
    systems(&lab).cut(&web.id).await.unwrap();
    lab.engine.start(&web.id).await.unwrap();
    systems(&lab).stop(&web.id).await.unwrap();
    lab.engine.start(&web.id).await.unwrap();
    is_silent(&lab, &ops, "web").await;
    systems(&lab).join(&web.id).await.unwrap();
    answers(&lab, &ops, "web").await;
    let error = systems(&lab).cut(&lab.sandbox().await.id).await.unwrap_err();
    assert!(matches!(error, EngineError::Refused { .. }), "{error:?}");
}

pub(crate) async fn networks_are_found_by_owner_and_removed(lab: Lab) {
    let Some(system) = System::new(&lab).await else { return };
    let spec = network_of(&system.base);
    let again = lab.again().await;
    let found = systems(&again).networks(Some(&lab.owner)).await.unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!(
        (&found[0].name, &found[0].item, &found[0].attempt, &found[0].owner),
        (&system.network, &spec.item, &spec.attempt, &spec.owner)
    );
    assert!(found[0].name.starts_with("drydock-contract-"), "{}", found[0].name);
    assert!(systems(&again).networks(None).await.unwrap().contains(&found[0]));
    assert!(systems(&again).networks(Some("somebody else")).await.unwrap().is_empty());
    // A second one is another.
    let second = systems(&lab).make_network(&spec).await.unwrap();
    assert_ne!(second, system.network);
    for name in [&system.network, &second, &second] {
        systems(&lab).remove_network(name).await.unwrap();
    }
    assert!(systems(&lab).networks(Some(&lab.owner)).await.unwrap().is_empty());
}

pub(crate) async fn a_network_goes_with_the_last_machine(lab: Lab) {
    let Some(mut system) = System::new(&lab).await else { return };
    let web = system.start("web", SERVE).await;
    let ops = lab.engine.create(&system.spec("ops", IDLE)).await.unwrap();
    lab.engine.destroy(&web.id).await.unwrap();
    // Of the one that is left, nothing runs yet.
    assert_eq!(systems(&lab).networks(Some(&lab.owner)).await.unwrap().len(), 1);
    lab.engine.start(&ops.id).await.unwrap();
    let snapshot = SnapshotSpec { name: "a".to_owned(), note: String::new() };
    let error = lab.engine.snapshot(&ops.id, &snapshot).await.unwrap_err();
    assert!(matches!(error, EngineError::Refused { .. }), "{error:?}");
    assert!(lab.engine.snapshots(&ops.id).await.unwrap().is_empty());
    // An ordinary sandbox of somebody's else is not of its attempt.
    let ordinary = lab.sandbox().await;
    lab.engine.destroy(&ops.id).await.unwrap();
    assert!(systems(&lab).networks(Some(&lab.owner)).await.unwrap().is_empty());
    assert_eq!(lab.said(&ordinary.id, "hostname").await, "box");
}

pub(crate) async fn a_system_is_made_and_removed_at_once(lab: Lab) {
    for _ in 0..3 {
        let Some(system) = System::new(&lab).await else { return };
        let names = ["ops", "web", "api", "db", "load"];
        let specs = names.map(|name| system.spec(name, IDLE));
        let machines = future::join_all(specs.iter().map(|spec| lab.started(spec))).await;
        future::join_all(machines.iter().map(async |machine| {
            lab.engine.destroy(&machine.id).await.unwrap();
        }))
        .await;
        assert!(lab.engine.list(Some(&lab.owner)).await.unwrap().is_empty());
        assert_eq!(systems(&lab).networks(Some(&lab.owner)).await.unwrap(), []);
    }
}

pub(crate) async fn what_a_cancelled_call_left_is_found(lab: Lab) {
    let Some(system) = System::new(&lab).await else { return };
    let spec = system.spec("ops", IDLE);
    for wait in [1, 5, 20, 60] {
        let wait = Duration::from_millis(wait);
        let network = network_of(&spec);
        let _ = tokio::time::timeout(wait, systems(&lab).make_network(&network)).await;
        let _ = tokio::time::timeout(wait, lab.engine.create(&spec)).await;
    }
    // The engine may still be at it.
    tokio::time::sleep(Duration::from_secs(2)).await;
    let again = lab.again().await;
    for machine in again.engine.list(Some(&lab.owner)).await.unwrap() {
        assert_eq!(machine.machine.as_deref(), Some("ops"));
        again.engine.destroy(&machine.id).await.unwrap();
    }
    for network in systems(&again).networks(Some(&lab.owner)).await.unwrap() {
        assert_eq!(network.attempt, spec.attempt);
        systems(&again).remove_network(&network.name).await.unwrap();
    }
    assert!(again.engine.list(Some(&lab.owner)).await.unwrap().is_empty());
    assert!(systems(&again).networks(Some(&lab.owner)).await.unwrap().is_empty());
}

pub(crate) async fn what_can_be_no_machine_is_refused(lab: Lab) {
    let spec = lab.spec().await;
    let of = |name: &str, command: &[&str]| SandboxSpec {
        machine: Some(MachineSpec {
            name: name.to_owned(),
            command: command.iter().map(|&word| word.to_owned()).collect(),
            processes_of: None,
        }),
        ..spec.clone()
    };
    for spec in [
        of("no name", IDLE),
        of("ops", &[]),
        SandboxSpec { init: Init::System, ..of("ops", IDLE) },
        SandboxSpec { network: Network::Private("no-such-network".to_owned()), ..of("ops", IDLE) },
    ] {
        // On an engine without systems, none can be made at all.
        let refused = match lab.engine.create(&spec).await {
            Ok(machine) => lab.engine.start(&machine.id).await,
            Err(error) => Err(error),
        };
        refused.unwrap_err();
    }
    if lab.engine.offers().systems.is_err() {
        let error = lab.engine.create(&of("ops", IDLE)).await.unwrap_err();
        assert!(matches!(error, EngineError::NotAllowedHere { .. }), "{error:?}");
        assert!(lab.engine.systems().is_none());
    }
}

/// A practice on the engine under test, with an empty store in this folder.
fn practice(lab: &Lab, home: &Path) -> Practice {
    let database = home.join("progress.db");
    Practice {
        engine: lab.engine.clone(),
        store: SharedStore::new(Store::open(&database).unwrap()),
        owner: lab.owner.clone(),
        offline: true,
        limits: Limits::default(),
        shells: Shells {
            place: Place::new(home.join("run")),
            launcher: Launcher::this().unwrap(), // no shell is opened
            scrollback: 0,
            recordings: None,
            database,
            offline: true,
        },
    }
}

pub(crate) async fn the_machines_of_an_attempt_stay_and_go_together(lab: Lab) {
    let Some(mut system) = System::new(&lab).await else { return };
    let home = tempfile::tempdir().unwrap();
    let practice = practice(&lab, home.path());
    let item = system.base.item.clone();
    let there = async || {
        let machines = lab.engine.list(Some(&lab.owner)).await.unwrap().len();
        (machines, systems(&lab).networks(Some(&lab.owner)).await.unwrap().len())
    };
    let attempt = practice.store.lock().begin(&item, "hash", "docker", None).unwrap();
    systems(&lab).remove_network(&system.network).await.unwrap();
    system.base.attempt = attempt.id.to_string();
    system.network = systems(&lab).make_network(&network_of(&system.base)).await.unwrap();
    system.start("web", IDLE).await;
    let ops = system.start("ops", IDLE).await;
    system.start("db", IDLE).await;
    practice.store.lock().attach_sandbox(attempt.id, Some(&ops.id.0)).unwrap();

    // The one that is attached stands for all.
    let (found, sandbox) = practice.sandbox(&item).await.unwrap().unwrap();
    assert_eq!((found.id, &sandbox.id), (attempt.id, &ops.id));
    assert_eq!(practice.tidy(&item).await.unwrap(), 0);
    assert_eq!(there().await, (3, 1));
    // What belongs to no attempt, a network without machines included, is half made.
    let half = System::new(&lab).await.unwrap();
    lab.engine.create(&half.spec("ops", IDLE)).await.unwrap();
    let empty = NetworkSpec { attempt: "?".to_owned(), ..network_of(&system.base) };
    systems(&lab).make_network(&empty).await.unwrap();
    let other = NetworkSpec { item: "another".to_owned(), ..empty };
    let other = systems(&lab).make_network(&other).await.unwrap();
    assert_eq!(there().await, (4, 4));
    assert_eq!(practice.tidy(&item).await.unwrap(), 1);
    assert_eq!(there().await, (3, 2));

    // Held or stopped, they go together.
    systems(&lab).pause(&ops.id).await.unwrap();
    assert_eq!(practice.destroy(&item).await.unwrap(), 3);
    assert_eq!(there().await, (0, 1));
    assert!(practice.sandbox(&item).await.unwrap().is_none());
    assert!(practice.store.lock().active(&item).unwrap().is_none());
    let left = systems(&lab).networks(Some(&lab.owner)).await.unwrap();
    assert_eq!(left[0].name, other);

    // All of them, with what is left of any.
    let half = System::new(&lab).await.unwrap();
    for name in ["ops", "web"] {
        lab.engine.create(&half.spec(name, IDLE)).await.unwrap();
    }
    assert_eq!(practice.destroy_all().await.unwrap(), [item]);
    assert_eq!(there().await, (0, 0));
}
