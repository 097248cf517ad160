//! Every built-in exercise is proved on each engine of this machine, and content with a fault is
//! rejected for that fault.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails")]

mod support;

use std::path::Path;
use std::sync::Arc;

use drydock::course::{self, Item, Source};
use drydock::engine::{Engine, Limits};
use drydock::lab::{Lab, SharedStore};
use drydock::prove::{self, Outcome, Proof, Stage};
use drydock::session::{Launcher, Place, Shells};
use drydock::store::Store;
use tempfile::TempDir;

/// A lab with a home and an owner of its own, so that runs side by side do not see each other's
/// sandboxes.
fn lab(engine: Arc<dyn Engine>) -> (Lab, TempDir) {
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
    let name = home.path().file_name().unwrap().to_str().unwrap();
    let (owner, limits) = (format!("test-{}", name.trim_start_matches('.')), Limits::default());
    (Lab { engine, store, owner, offline: true, limits, shells }, home)
}

async fn images(engine: &dyn Engine) {
    if engine.builder().is_some() {
        for image in ["base", "systemd"] {
            support::image(engine, image).await;
        }
    }
}

/// Proves one item; `None`, noted, if it cannot run there.
async fn proof(
    test: &str,
    engine: Arc<dyn Engine>,
    item: &Item,
    course: &course::Catalogue,
) -> Option<Proof> {
    let known = ["drydock/base", "drydock/systemd", "drydock/shop"].map(str::to_owned);
    let findings = course::lint(course, &known);
    let (lab, _home) = lab(engine);
    match prove::prove(&lab, item, &findings, &|_| {}).await {
        Outcome::Ran(proof) => Some(proof),
        Outcome::NotHere(why) => support::skip(test, &why),
    }
}

/// Proves a built-in item on one engine of this machine, if it is there and has what the item needs.
async fn proved(id: &str, engine: Option<Arc<dyn Engine>>) {
    let Some(engine) = engine else { return };
    images(engine.as_ref()).await;
    let course = course::load(&[Source::built_in()]);
    assert_eq!(course.problems, []);
    let item = course.item(id).unwrap();
    if let Some(proof) = proof(&format!("exercises::{id}"), engine, item, &course).await {
        assert!(proof.proved, "{proof:#?}");
    }
}

/// Content that uses everything checks and variables can do is proved.
async fn sound(engine: Option<Arc<dyn Engine>>) {
    let Some(engine) = engine else { return };
    images(engine.as_ref()).await;
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/sound");
    let course = course::load(&[Source::folder(&folder).unwrap()]);
    assert_eq!(course.problems, []);
    let item = course.item("everything").unwrap();
    if let Some(proof) = proof("exercises::sound", engine, item, &course).await {
        assert!(proof.proved, "{proof:#?}");
    }
}

#[tokio::test]
async fn sound_content_is_proved_by_docker() {
    sound(support::engine("exercises::sound").await).await;
}

#[tokio::test]
async fn sound_content_is_proved_by_native() {
    sound(support::native("exercises::sound").await).await;
}

/// Each faulty item of `tests/faulty`, the stage that must reject it, and words of the reason.
const FAULTY: [(&str, Stage, &str); 10] = [
    ("solves-itself", Stage::Red, "\"made\" passes before anything is done"),
    ("no-solution", Stage::Lint, "there is no solution"),
    ("hint-is-the-answer", Stage::Lint, "this hint has a line of the solution in it"),
    ("flaky", Stage::Hold, "\"sometimes\" passed and does not any more"),
    ("needs-the-network", Stage::Provision, "preparation script"),
    ("decoy-accepted", Stage::Decoys, "\"made\" should fail, and passes"),
    ("unreachable", Stage::Solve, "\"never\" still fails"),
    ("needless-step", Stage::DropOne, "without step 1 of the solution \"made\" passes too"),
    ("hangs", Stage::Red, "\"slow\" could not be checked: it did not finish within 1 s"),
    ("needs-a-reboot", Stage::Solve, "\"after the next start\" still fails"),
];

async fn rejected(engine: Option<Arc<dyn Engine>>) {
    let Some(engine) = engine else { return };
    images(engine.as_ref()).await;
    let faulty = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/faulty");
    let course = course::load(&[Source::folder(&faulty).unwrap()]);
    assert_eq!(course.problems, []);
    assert_eq!(course.items().count(), FAULTY.len());
    for (id, stage, reason) in FAULTY {
        let item = course.item(id).unwrap();
        let Some(proof) = proof("exercises::faulty", engine.clone(), item, &course).await else {
            continue;
        };
        let (found, why) = proof.failure().unwrap_or_else(|| panic!("{id} is proved: {proof:#?}"));
        assert!(found == stage && why.contains(reason), "{id}: {found:?}: {why}");
        // Whatever was wrong with it, nothing is left.
        let left = engine.list(None).await.unwrap();
        assert!(left.iter().all(|sandbox| sandbox.item != id), "{id}: {left:?}");
    }
}

#[tokio::test]
async fn faulty_content_is_rejected_by_docker() {
    rejected(support::engine("exercises::faulty").await).await;
}

#[tokio::test]
async fn faulty_content_is_rejected_by_native() {
    rejected(support::native("exercises::faulty").await).await;
}

/// A test of each item, on the engine that `$connect` finds.
macro_rules! proofs {
    ($engine:ident, $connect:path: $($item:ident)*) => {
        mod $engine {
            $(
                #[tokio::test]
                async fn $item() {
                    let id = stringify!($item).replace('_', "-");
                    super::proved(&id, $connect(&format!("exercises::{id}")).await).await;
                }
            )*
        }
    };
}

proofs! { docker, crate::support::engine: linux_01 linux_02 linux_03 linux_04 linux_05 }
proofs! { native, crate::support::native: linux_01 linux_02 linux_03 linux_04 linux_05 }
proofs! { unpacked, crate::support::unpacked: linux_01 linux_02 linux_03 linux_04 linux_05 }
