//! Waiting for the init system of a sandbox, on any engine.

use std::time::Duration;

use futures_util::StreamExt;

use super::{Engine, ExecSpec, Result, SandboxId};

/// How long an init system may boot before the sandbox is handed over as it is: a unit that hangs
/// is the learner's to look at. A boot takes a third of a second.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Waits until systemd takes commands, then until it has started what it starts.
const SCRIPT: &str = "until [ -S /run/systemd/private ]; do sleep 0.05; done; \
                      systemctl is-system-running --wait";

/// Waits until the init system has started what it starts, or has had the time to.
pub(super) async fn wait(engine: &dyn Engine, id: &SandboxId) -> Result<()> {
    let seconds = TIMEOUT.as_secs().to_string();
    let spec = ExecSpec {
        argv: ["timeout", &seconds, "sh", "-c", SCRIPT].map(str::to_owned).into(),
        user: Some("0".to_owned()),
        env: std::collections::BTreeMap::new(),
    };
    let mut stream = engine.exec(id, &spec).await?;
    // It is `degraded` and of status 1 where a unit has failed: that too is for the learner to see.
    let drain = async { while stream.output.next().await.is_some() {} };
    if tokio::time::timeout(TIMEOUT * 2, drain).await.is_err() {
        tracing::warn!(%id, "init is still starting");
    }
    Ok(())
}
