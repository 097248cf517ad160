//! The hands that carry a solution out, in a terminal like the learner's: what needs one is proved too.

use std::sync::Arc;
use std::time::Duration;

use crate::course::Resource;
use crate::course::keys::{is_typed, lines};
use crate::course::solution::SolutionStep;
use crate::engine::{Engine, EngineError, Sandbox, SandboxId};
use crate::session::solution::Typist;

/// How long a line that is typed may wait: what takes longer is waited for by several.
const LINE: Duration = Duration::from_secs(30);

/// A terminal of a sandbox. It is open as long as this: what was begun in it goes on so long.
pub(super) struct Hands {
    engine: Arc<dyn Engine>,
    sandbox: Sandbox,
    typist: Typist,
}

impl Hands {
    /// Opens a terminal.
    pub(super) async fn at(engine: &Arc<dyn Engine>, id: &SandboxId) -> Result<Self, String> {
        let engine = engine.clone();
        let opened = async {
            let sandbox = engine.inspect(id).await?;
            let typist = Typist::open(engine.as_ref(), &sandbox).await?;
            Ok::<_, EngineError>((sandbox, typist))
        };
        let (sandbox, typist) = opened.await.map_err(|error| error.to_string())?;
        Ok(Self { engine, sandbox, typist })
    }

    /// Types a step of this file, or runs it if the file is a script. A script may take as long as
    /// `patience`, and so may each line that is typed, but half a minute at most.
    pub(super) async fn carry_out(
        &mut self,
        file: &Resource,
        step: &SolutionStep,
        patience: Duration,
    ) -> Result<(), String> {
        let path = file.path();
        let done = if is_typed(file) {
            let lines =
                lines(&path, step.first, &step.script).map_err(|wrong| wrong.to_string())?;
            self.typist.play(&lines, patience.min(LINE)).await
        } else {
            let Self { engine, sandbox, typist } = self;
            typist.script(engine.as_ref(), sandbox, &step.script, patience).await
        };
        done.map_err(|stuck| format!("{path}: {stuck}"))
    }
}
