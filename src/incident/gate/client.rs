//! Asking a gate: one long-lived program on the shell machine, many questions on their way at a time.

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::StreamExt;
use tokio::io::{AsyncWrite, AsyncWriteExt};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::wire::{Answer, Question};
use crate::engine::{Engine, EngineError, ExecSpec, Output, SandboxId};

/// How long an answer may be: everything that a large screen asks for, many times over.
const MAX_ANSWER: usize = 16 << 20;

/// How long an answer may take. The gate gives each question that hangs an error of its own before.
const PATIENCE: Duration = Duration::from_secs(20);

/// The account that the gate runs as: none that a learner can end it from.
const ACCOUNT: &str = "root";

type Waiting = Arc<Mutex<HashMap<u64, oneshot::Sender<Answer>>>>;

/// A way into a running system. A connection that broke is opened again for the next question.
pub struct Gate {
    engine: Arc<dyn Engine>,
    machine: SandboxId,
    program: Vec<String>,
    numbers: AtomicU64,
    open: tokio::sync::Mutex<Option<Open>>,
}

/// An open connection.
struct Open {
    stdin: Box<dyn AsyncWrite + Send + Unpin>,
    waiting: Waiting,
    reader: JoinHandle<()>,
}

impl Drop for Open {
    fn drop(&mut self) {
        self.reader.abort();
    }
}

impl Gate {
    /// The gate of a machine; nothing is opened yet.
    pub fn new(engine: Arc<dyn Engine>, machine: SandboxId, program: Vec<String>) -> Self {
        let numbers = AtomicU64::new(1);
        Self { engine, machine, program, numbers, open: tokio::sync::Mutex::default() }
    }

    /// Asks, and waits for the answer. Several may do so at a time.
    pub async fn ask(&self, mut question: Question) -> Result<Answer, EngineError> {
        question.id = self.numbers.fetch_add(1, Ordering::Relaxed);
        let id = question.id;
        let lost = |error: &dyn std::fmt::Display| EngineError::ConnectionLost {
            detail: format!("the system's gate: {error}"),
        };
        let mut line = serde_json::to_vec(&question).map_err(|error| lost(&error))?;
        line.push(b'\n');
        let (sender, answer) = oneshot::channel();
        {
            let mut slot = self.open.lock().await;
            if slot.as_ref().is_some_and(|open| open.reader.is_finished()) {
                *slot = None;
            }
            let open = match &mut *slot {
                Some(open) => open,
                None => slot.insert(self.connect().await?),
            };
            open.waiting.lock().unwrap_or_else(PoisonError::into_inner).insert(id, sender);
            let write = async {
                open.stdin.write_all(&line).await?;
                open.stdin.flush().await
            };
            // A gate that does not read is as good as none.
            let written = tokio::time::timeout(PATIENCE, write).await;
            if !matches!(written, Ok(Ok(()))) {
                *slot = None;
                return Err(lost(&"it does not listen"));
            }
        }
        match tokio::time::timeout(PATIENCE, answer).await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(_)) => Err(lost(&"it has ended")),
            Err(_) => {
                *self.open.lock().await = None;
                Err(lost(&format!("no answer within {} s", PATIENCE.as_secs())))
            }
        }
    }

    async fn connect(&self) -> Result<Open, EngineError> {
        let spec = ExecSpec {
            argv: self.program.clone(),
            user: Some(ACCOUNT.to_owned()),
            env: BTreeMap::new(),
        };
        let stream = self.engine.exec(&self.machine, &spec).await?;
        let waiting = Waiting::default();
        let told = Arc::clone(&waiting);
        let mut output = stream.output;
        let reader = tokio::spawn(async move {
            let mut line = Vec::new();
            while let Some(Ok(piece)) = output.next().await {
                let bytes = match piece {
                    Output::Stdout(bytes) => bytes,
                    Output::Stderr(bytes) => {
                        tracing::debug!(gate = %String::from_utf8_lossy(&bytes));
                        continue;
                    }
                };
                for part in bytes.split_inclusive(|byte| *byte == b'\n') {
                    line.extend_from_slice(part);
                    if line.len() > MAX_ANSWER {
                        tracing::warn!("an answer of the gate is too long");
                        told.lock().unwrap_or_else(PoisonError::into_inner).clear();
                        return;
                    }
                    if line.ends_with(b"\n") {
                        tell(&told, &line);
                        line.clear();
                    }
                }
            }
            // Whoever still waits learns that nothing more comes.
            told.lock().unwrap_or_else(PoisonError::into_inner).clear();
        });
        Ok(Open { stdin: stream.stdin, waiting, reader })
    }
}

/// Hands an answer to who asked for it.
fn tell(waiting: &Waiting, line: &[u8]) {
    match serde_json::from_slice::<Answer>(line) {
        Ok(answer) => {
            let asker = waiting.lock().unwrap_or_else(PoisonError::into_inner).remove(&answer.id);
            if let Some(asker) = asker {
                // Who asked may have gone.
                let _ = asker.send(answer);
            }
        }
        Err(error) => tracing::warn!(%error, "the gate said something that is no answer"),
    }
}
