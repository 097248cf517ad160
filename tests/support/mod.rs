//! What tests with a real engine share: finding it, having its images, and saying so when there is
//! none.

#![allow(
    dead_code,
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "shared by tests: each uses a part of it, and a test that cannot go on fails"
)]

use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;

use drydock::engine::Engine;
use drydock::engine::docker::{Docker, Environment};
use drydock::engine::image::BuildOptions;
use drydock::engine::native::{MACHINE, Native};

/// The engine of this machine; `None`, noted for the end of the test run, where there is none.
pub(crate) async fn engine(test: &str) -> Option<Arc<dyn Engine>> {
    let docker = match Docker::connect(&Environment::from_process(), false) {
        Ok(docker) => docker,
        Err(error) => return skip(test, &error.to_string()),
    };
    match docker.info().await {
        Ok(_) => Some(Arc::new(docker)),
        Err(error) => skip(test, &error.to_string()),
    }
}

/// The native engine of this machine, with a home that all tests share; `None`, noted, where it has
/// none.
pub(crate) async fn native(test: &str) -> Option<Arc<dyn Engine>> {
    native_in(test, "native-tests").await
}

async fn native_in(test: &str, name: &str) -> Option<Arc<dyn Engine>> {
    let program = PathBuf::from(env!("CARGO_BIN_EXE_drydock"));
    let folder = std::env::var_os("DRYDOCK_TEST_NATIVE").map_or_else(target, PathBuf::from);
    let engine = Native::new(folder.join(name), program);
    match engine.info().await {
        Ok(_) => Some(Arc::new(engine)),
        Err(error) => skip(test, &error.to_string()),
    }
}

/// The native engine with our images unpacked, as a Docker engine of this machine exports them: its
/// sandboxes have these as their roots.
pub(crate) async fn unpacked(test: &str) -> Option<Arc<dyn Engine>> {
    let native = native_in(test, "native-unpacked").await?;
    let images = native.images().expect("it has images");
    let _alone = build_lock().await;
    let all = images.list().await.unwrap();
    // Machines of a system are no matter of this engine's.
    let ours = all.into_iter().filter(|image| image.current && image.name != "shop");
    let ours: Vec<_> = ours.collect();
    if ours.iter().all(|image| image.present) {
        return Some(native);
    }
    let archive = tempfile::NamedTempFile::new_in(target()).unwrap();
    if let Some(path) = std::env::var_os("DRYDOCK_TEST_IMAGES") {
        // One that somebody who may use Docker has made.
        fs::copy(path, archive.path()).unwrap();
    } else {
        let docker = engine(test).await?;
        let builder = docker.builder().expect("it builds images");
        let mut references = Vec::new();
        for image in &ours {
            let built = builder.ensure(&image.name, &BuildOptions::default(), &|_| {}).await;
            references.push(built.unwrap());
        }
        let references: Vec<_> = references.iter().map(String::as_str).collect();
        builder.export(&references, &mut archive.as_file(), &|_| {}).await.unwrap();
    }
    images.import(archive.path(), &|_| {}).await.unwrap();
    Some(native)
}

/// Whether this machine has a program; noted for the end of the test run if not.
pub(crate) fn program(test: &str, name: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path).any(|folder| folder.join(name).is_file());
    found || skip::<()>(test, &format!("{name} is not installed")).is_some()
}

/// Notes for the end of the test run that a test was skipped.
pub(crate) fn skip<T>(test: &str, reason: &str) -> Option<T> {
    let path = target().join("skipped-tests.txt");
    let mut file = OpenOptions::new().create(true).append(true).open(path).unwrap();
    // One write: tests of several processes share the file.
    file.write_all(format!("{test}: {reason}\n").as_bytes()).unwrap();
    None
}

/// An image of ours, built if need be: once per machine, whichever test needs it first. An engine
/// that builds none has what was unpacked, or else the machine's own directories.
pub(crate) async fn image(engine: &dyn Engine, name: &str) -> String {
    let Some(builder) = engine.builder() else {
        let Some(images) = engine.images() else { return MACHINE.to_owned() };
        let all = images.list().await.unwrap().into_iter();
        let mut all = all.filter(|image| image.current && image.present);
        let found = all.find(|image| image.name == name).map(|image| image.reference);
        return found.unwrap_or_else(|| MACHINE.to_owned());
    };
    let _alone = build_lock().await;
    builder.ensure(name, &BuildOptions::default(), &|_| {}).await.unwrap()
}

/// Keeps all other tests, of other processes too, from building images until it is dropped.
pub(crate) async fn build_lock() -> File {
    let lock = File::create(target().join("images.lock")).unwrap();
    let taken = tokio::task::spawn_blocking(move || lock.lock().map(|()| lock));
    taken.await.unwrap().unwrap()
}

/// The build folder, which all tests of all processes share.
fn target() -> PathBuf {
    let target = std::env::var_os("CARGO_TARGET_DIR")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("target"), PathBuf::from);
    fs::create_dir_all(&target).unwrap();
    target
}
