//! What every command starts from: the global flags, the output, and the ways down.

use std::future::Future;
use std::path::PathBuf;

use super::Out;
use crate::context::Context;
use crate::lab::{Lab, SharedStore};
use crate::problem::{Exit, Problem};
use crate::store::Store;

/// One run of the program.
#[derive(Debug)]
pub(super) struct Invocation {
    /// Where text and JSON go.
    pub(super) out: Out,
    /// `--offline`; the configuration may say so too.
    pub(super) offline: bool,
    /// `--content` and its variable.
    pub(super) content: Vec<PathBuf>,
}

impl Invocation {
    /// Configuration and content. No engine is asked and no database opened.
    pub(super) fn context(&self) -> Result<Context, Problem> {
        Context::load(&self.content, self.offline)
    }

    /// The lab on the engine that is used.
    pub(super) fn lab(&self, context: &Context, store: Store) -> Result<Lab, Problem> {
        self.block_on(context.lab(SharedStore::new(store)))
    }

    /// Runs work that waits, on this thread.
    pub(super) fn block_on<T>(
        &self,
        work: impl Future<Output = Result<T, Problem>>,
    ) -> Result<T, Problem> {
        run(tokio::runtime::Builder::new_current_thread(), work)
    }

    /// The same, and what the work spawns runs on every core.
    pub(super) fn block_on_every_core<T>(
        &self,
        work: impl Future<Output = Result<T, Problem>>,
    ) -> Result<T, Problem> {
        run(tokio::runtime::Builder::new_multi_thread(), work)
    }
}

fn run<T>(
    mut runtime: tokio::runtime::Builder,
    work: impl Future<Output = Result<T, Problem>>,
) -> Result<T, Problem> {
    let runtime = runtime.enable_all().build().map_err(|error| {
        Problem::new("system", Exit::Environment, format!("drydock cannot run: {error}"))
    })?;
    let result = runtime.block_on(work);
    // A lookup or a file operation that hangs must not keep the program from ending.
    runtime.shutdown_background();
    result
}
