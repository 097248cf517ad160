//! The cases, and the laboratory that each is given: an engine, an image and an owner of its own,
//! whose sandboxes are removed at the end however the case ends.

#![allow(dead_code, reason = "shared by suites: each uses a part of it")]

use std::collections::BTreeMap;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use drydock::engine::{
    Engine, ExecSpec, FileOwner, FileSpec, Init, Lack, Limits, Network, Offers, Output, Sandbox,
    SandboxId, SandboxSpec,
};
use futures_util::future::BoxFuture;
use futures_util::{FutureExt, StreamExt};

pub(crate) mod docker;
pub(crate) mod exec;
pub(crate) mod files;
pub(crate) mod images;
pub(crate) mod native;
pub(crate) mod sandbox;
pub(crate) mod shell;
pub(crate) mod snapshot;
pub(crate) mod systems;

/// How long anything may take before a test gives up: an engine under load is slow.
pub(crate) const PATIENCE: Duration = Duration::from_mins(1);

/// What a case works with.
#[derive(Clone)]
pub(crate) struct Lab {
    pub(crate) engine: Arc<dyn Engine>,
    pub(crate) owner: String,
    /// The case's name.
    pub(crate) name: &'static str,
    connect: Connect,
}

/// Finds the same engine again, as another process would.
type Connect =
    Arc<dyn Fn(&'static str) -> BoxFuture<'static, Option<Arc<dyn Engine>>> + Send + Sync>;

/// Runs a case and clears up after it.
pub(crate) async fn run<F, E, C, R>(name: &'static str, connect: F, case: C)
where
    F: Fn(&'static str) -> E + Send + Sync + 'static,
    E: Future<Output = Option<Arc<dyn Engine>>> + Send + 'static,
    C: FnOnce(Lab) -> R,
    R: Future<Output = ()>,
{
    let Some(engine) = connect(name).await else { return };
    let owner = format!("test-{}", uuid::Uuid::now_v7());
    let connect: Connect = Arc::new(move |name| connect(name).boxed());
    let lab = Lab { engine, owner, name, connect };
    let outcome = AssertUnwindSafe(case(lab.clone())).catch_unwind().await;
    for sandbox in lab.engine.list(Some(&lab.owner)).await.unwrap() {
        lab.engine.destroy(&sandbox.id).await.unwrap();
    }
    if let Some(systems) = lab.engine.systems() {
        for network in systems.networks(Some(&lab.owner)).await.unwrap() {
            systems.remove_network(&network.name).await.unwrap();
        }
    }
    if let Err(panic) = outcome {
        std::panic::resume_unwind(panic);
    }
}

impl Lab {
    /// Another client of the same engine, which knows nothing of this one.
    pub(crate) async fn again(&self) -> Self {
        let engine = (self.connect)(self.name).await.unwrap();
        Self { engine, ..self.clone() }
    }

    /// The same laboratory on another engine.
    pub(crate) fn on(&self, engine: Arc<dyn Engine>) -> Self {
        Self { engine, ..self.clone() }
    }

    /// Whether the engine has what a case is about; noted for the end of the test run if not.
    pub(crate) fn has(&self, offer: impl Fn(Offers) -> Result<(), Lack>) -> bool {
        match offer(self.engine.offers()) {
            Ok(()) => true,
            Err(lack) => crate::support::skip::<()>(self.name, &lack.reason).is_some(),
        }
    }

    /// The specification of an ordinary sandbox of this laboratory.
    pub(crate) async fn spec(&self) -> SandboxSpec {
        SandboxSpec {
            item: "contract".to_owned(),
            attempt: uuid::Uuid::now_v7().to_string(),
            owner: self.owner.clone(),
            image: crate::support::image(&*self.engine, "base").await,
            init: Init::Minimal,
            user: "learner".to_owned(),
            limits: Limits::default(),
            network: Network::None,
            capabilities: Vec::new(),
            tmpfs: Vec::new(),
            files: Vec::new(),
            hostname: "box".to_owned(),
            machine: None,
        }
    }

    /// An ordinary sandbox, running.
    pub(crate) async fn sandbox(&self) -> Sandbox {
        self.started(&self.spec().await).await
    }

    /// A sandbox of this specification, running.
    pub(crate) async fn started(&self, spec: &SandboxSpec) -> Sandbox {
        let sandbox = self.engine.create(spec).await.unwrap();
        self.engine.start(&sandbox.id).await.unwrap();
        sandbox
    }

    /// Runs a script as the sandbox's user; its status and what it printed, trimmed.
    pub(crate) async fn sh(&self, id: &SandboxId, script: &str) -> (Option<i64>, String) {
        let (status, stdout, stderr) = self.exec(id, &["sh", "-c", script], b"").await;
        let text = [stdout, stderr].concat();
        (status, String::from_utf8_lossy(&text).trim().to_owned())
    }

    /// Runs a script that must succeed; what it printed, trimmed.
    pub(crate) async fn said(&self, id: &SandboxId, script: &str) -> String {
        let (status, text) = self.sh(id, script).await;
        assert_eq!(status, Some(0), "{script}: {text}");
        text
    }

    /// Runs a program on some input; its status and outputs.
    pub(crate) async fn exec(
        &self,
        id: &SandboxId,
        argv: &[&str],
        input: &[u8],
    ) -> (Option<i64>, Vec<u8>, Vec<u8>) {
        use tokio::io::AsyncWriteExt;
        let mut stream = self.engine.exec(id, &program(argv)).await.unwrap();
        let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
        let write = async {
            stream.stdin.write_all(input).await.unwrap();
            stream.stdin.shutdown().await.unwrap();
        };
        let read = async {
            while let Some(output) = stream.output.next().await {
                match output.unwrap() {
                    Output::Stdout(bytes) => stdout.extend_from_slice(&bytes),
                    Output::Stderr(bytes) => stderr.extend_from_slice(&bytes),
                }
            }
        };
        within(async { tokio::join!(write, read) }).await;
        let status = stream.status.get().await.unwrap();
        (status, stdout, stderr)
    }
}

/// A program for the sandbox's user.
pub(crate) fn program(argv: &[&str]) -> ExecSpec {
    ExecSpec {
        argv: argv.iter().map(|&part| part.to_owned()).collect(),
        user: None,
        env: BTreeMap::new(),
    }
}

/// A file of the sandbox's user.
pub(crate) fn file(path: &str, contents: &[u8]) -> FileSpec {
    FileSpec {
        path: path.to_owned(),
        mode: 0o644,
        owner: FileOwner::User,
        contents: contents.to_vec(),
    }
}

/// Waits for something that must come.
pub(crate) async fn within<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, future).await.expect("it does not come")
}

/// Bytes that look like nothing in particular, the same each time.
pub(crate) fn noise(length: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_u32;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        state.to_le_bytes()[0]
    };
    (0..length).map(|_| next()).collect()
}
