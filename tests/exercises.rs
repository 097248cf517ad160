//! Every built-in exercise is proved on each engine of this machine, and content with a fault is
//! rejected for that fault.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails")]

#[path = "support/proving.rs"]
mod proving;
mod support;

use std::path::Path;
use std::sync::Arc;

use drydock::course::{self, Source};
use drydock::engine::Engine;
use drydock::prove::Stage;
use proving::proof;

async fn images(engine: &dyn Engine) {
    if engine.builder().is_some() {
        for image in ["base", "systemd"] {
            support::image(engine, image).await;
        }
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
