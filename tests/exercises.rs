//! Every built-in exercise on a real engine: all checks fail before anything is done, the solution
//! passes them all and keeps them passed, and each wrong solution is refused by exactly the checks
//! that should refuse it.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test that cannot go on fails, and may say what it did"
)]

mod support;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use drydock::course::{self, Check, Item, Resource, Source};
use drydock::engine::{Engine, Limits};
use drydock::lab::probe::Probes;
use drydock::lab::verify::{CheckState, verify};
use drydock::lab::{Lab, SharedStore, exercise, needs};
use drydock::session::{Launcher, Place, Shells};
use drydock::store::Store;

/// How long a solution's effects may take to show: services start, writers write their next line.
const SETTLE: Duration = Duration::from_secs(10);

struct Bench {
    lab: Lab,
    item: Item,
    _home: tempfile::TempDir,
}

impl Bench {
    /// A fresh sandbox for an item.
    async fn new(lab: &Lab, item: &Item) -> (Self, Probes) {
        let home = tempfile::tempdir().unwrap();
        let store = SharedStore::new(Store::open(&home.path().join("progress.db")).unwrap());
        // An owner of its own, so that runs side by side do not see each other's sandboxes.
        let owner = format!("test-{:016x}", rand(home.path()));
        let lab = Lab { store, owner, ..lab.clone() };
        let ready = lab.provision(item, false, &|_| {}).await.unwrap();
        let probes = Probes::new(lab.engine.clone(), ready.sandbox.id);
        (Self { lab, item: item.clone(), _home: home }, probes)
    }

    fn checks(&self) -> &[Check] {
        &exercise(&self.item).unwrap().verify
    }

    /// Names of the checks that pass now.
    async fn passing(&self, probes: &mut Probes) -> BTreeSet<String> {
        let results = verify(self.checks(), probes, |_| ()).await.unwrap();
        for result in &results {
            assert_ne!(result.state, CheckState::Error, "{}: {result:?}", self.item.id);
        }
        let passed = results.into_iter().filter(|r| r.state == CheckState::Passed);
        passed.map(|result| result.name).collect()
    }

    async fn run(&self, probes: &mut Probes, script: &Resource) {
        let text = String::from_utf8(script.read().unwrap().into_owned()).unwrap();
        let ran = probes.run(None, &text, Duration::from_mins(1)).await.unwrap();
        println!(
            "{}: {}: status {}: {}",
            self.item.id,
            script.path(),
            ran.status,
            ran.stderr.trim()
        );
    }

    /// Waits until exactly these checks fail.
    async fn settle(&self, probes: &mut Probes, failing: &BTreeSet<String>) {
        let all: BTreeSet<_> = self.checks().iter().map(|check| check.name.clone()).collect();
        let started = Instant::now();
        loop {
            let passing = self.passing(probes).await;
            let found: BTreeSet<_> = all.difference(&passing).cloned().collect();
            if found == *failing {
                return;
            }
            assert!(
                started.elapsed() < SETTLE,
                "{}: {found:?} fail, but {failing:?} should",
                self.item.id
            );
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    async fn clear(self) {
        self.lab.destroy_all().await.unwrap();
    }
}

/// A number for this place and this run.
fn rand(path: &std::path::Path) -> u64 {
    use std::hash::{BuildHasher, Hasher, RandomState};
    let mut hasher = RandomState::new().build_hasher();
    hasher.write(path.as_os_str().as_encoded_bytes());
    hasher.finish()
}

/// Proves an item on one engine of this machine, if it is there and has what the item needs.
async fn prove(id: &str, engine: Option<Arc<dyn Engine>>) {
    let Some(engine) = engine else { return };
    if engine.builder().is_some() {
        for image in ["base", "systemd"] {
            support::image(engine.as_ref(), image).await;
        }
    }
    let course = course::load(&[Source::built_in()]);
    assert_eq!(course.problems, []);
    let item = course.item(id).unwrap();
    if let Some(problem) = needs::obstacle(item, engine.as_ref()) {
        support::skip::<()>(&format!("exercises::{id}"), &problem.message);
        return;
    }
    let home = tempfile::tempdir().unwrap();
    let database = home.path().join("progress.db");
    let store = SharedStore::new(Store::open(&database).unwrap());
    let shells = Shells {
        place: Place::new(home.path().join("run")),
        launcher: Launcher::this().unwrap(), // no shell is opened
        scrollback: 0,
        recordings: None,
        database,
        offline: true,
    };
    let (owner, limits) = (String::new(), Limits::default());
    let lab = Lab { engine, store, owner, offline: true, limits, shells };
    let none = BTreeSet::new();

    let (bench, mut probes) = Bench::new(&lab, item).await;
    assert_eq!(bench.passing(&mut probes).await, none, "{id}: before anything is done");
    bench.run(&mut probes, exercise(item).unwrap().solution.as_ref().unwrap()).await;
    bench.settle(&mut probes, &none).await;
    for _ in 0..3 {
        let all = bench.passing(&mut probes).await;
        assert_eq!(all.len(), bench.checks().len(), "{id}: green stays green");
    }
    bench.clear().await;

    let decoys = &exercise(item).unwrap().decoys;
    assert!(!decoys.is_empty(), "{id} has no wrong solution");
    for decoy in decoys {
        let (bench, mut probes) = Bench::new(&lab, item).await;
        bench.run(&mut probes, &decoy.file).await;
        bench.settle(&mut probes, &decoy.fails.iter().cloned().collect()).await;
        bench.clear().await;
    }
}

/// A test of each item, on the engine that `$connect` finds.
macro_rules! proofs {
    ($engine:ident, $connect:path: $($item:ident)*) => {
        mod $engine {
            $(
                #[tokio::test]
                async fn $item() {
                    let id = stringify!($item).replace('_', "-");
                    super::prove(&id, $connect(&format!("exercises::{id}")).await).await;
                }
            )*
        }
    };
}

proofs! { docker, crate::support::engine: linux_01 linux_02 linux_03 linux_04 linux_05 }
proofs! { native, crate::support::native: linux_01 linux_02 linux_03 linux_04 linux_05 }
proofs! { unpacked, crate::support::unpacked: linux_01 linux_02 linux_03 linux_04 linux_05 }
