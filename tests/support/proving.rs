//! Proving an item in a home of its own.

use std::sync::Arc;

use drydock::course::{self, Item};
use drydock::engine::{Engine, Limits};
use drydock::lab::{Lab, SharedStore};
use drydock::prove::{self, Outcome, Proof};
use drydock::session::{Launcher, Place, Shells};
use drydock::store::Store;
use tempfile::TempDir;

use crate::support;

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

/// Proves one item; `None`, noted, if it cannot run there.
pub async fn proof(
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
