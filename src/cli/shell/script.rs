//! A shell without a terminal: commands from standard input, outputs passed on, told apart.

use std::collections::BTreeMap;
use std::io::{self, Write};

use futures_util::StreamExt;
use tokio::io::AsyncWriteExt;

use super::{cause, read_input, status};
use crate::cli::{Out, Outcome};
use crate::engine::{Engine, ExecSpec, ExecStream, Output, Sandbox};

/// What a login in the sandbox gives, reading standard input.
const START: &str = "cd 2>/dev/null || cd /; \
    command -v bash >/dev/null 2>&1 && exec bash -l; exec sh -l";

/// Feeds the shell and ends with its status.
pub(super) async fn run(out: &Out, engine: &dyn Engine, sandbox: &Sandbox) -> Outcome {
    let spec = ExecSpec {
        argv: ["sh", "-c", START].map(str::to_owned).into(),
        user: Some(sandbox.user.clone()),
        env: BTreeMap::from([("LANG".to_owned(), "C.UTF-8".to_owned())]),
    };
    let ExecStream { mut stdin, mut output, status: ended } =
        engine.exec(&sandbox.id, &spec).await?;
    let feed = async move {
        let mut chunks = read_input();
        while let Some(chunk) = chunks.recv().await {
            // A shell that has ended reads no more; what it said and how it ended still counts.
            if stdin.write_all(&chunk).await.is_err() || stdin.flush().await.is_err() {
                break;
            }
        }
        let _ = stdin.shutdown().await;
        std::future::pending::<()>().await;
    };
    let show = async {
        while let Some(piece) = output.next().await {
            match piece? {
                Output::Stdout(bytes) => out.write(&bytes),
                // Nobody can be told that stderr is gone.
                Output::Stderr(bytes) => drop(io::stderr().write_all(&bytes)),
            }
        }
        io::Result::Ok(())
    };
    let shown = tokio::select! {
        shown = show => shown,
        () = feed => Ok(()),
    };
    if let Err(error) = shown {
        return Err(cause(engine, &sandbox.id, error.to_string()).await);
    }
    match ended.get().await? {
        Some(code) => Ok(status(code)),
        None => Err(cause(engine, &sandbox.id, "it ended before the shell did".to_owned()).await),
    }
}
