//! The learner's shell in this terminal: raw bytes both ways, resizes passed on, time at the keys
//! counted.

use std::io;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::signal::unix::{SignalKind, signal};

use super::raw::Raw;
use super::{cause, read_input, status};
use crate::cli::Outcome;
use crate::cli::interrupt::interrupted;
use crate::engine::{
    Engine, Sandbox, SandboxId, SandboxState, ShellControl, ShellSpec, ShellStream, Size,
};
use crate::lab::Lab;
use crate::lab::clock::Clock;
use crate::store::Attempt;

/// How much output is taken at once.
const CHUNK: usize = 64 << 10;

/// The size of a terminal that does not tell its own.
const UNKNOWN: Size = Size { cols: 80, rows: 24 };

/// The status of a shell that got SIGKILL: by hand, or together with its sandbox.
const KILLED: i64 = 128 + 9;

/// The engine tells the end of the output a moment before it knows the status.
const STATUS_TIMEOUT: Duration = Duration::from_secs(2);
const STATUS_INTERVAL: Duration = Duration::from_millis(10);

/// How long hanging up may take before the engine is left to it.
const HANG_UP_TIMEOUT: Duration = Duration::from_secs(2);

/// At most this much time at the keys is lost by a `kill -9`.
const TICK: Duration = Duration::from_secs(1);

/// How a shell left us.
enum End {
    /// Its output ended.
    Output(io::Result<()>),
    /// This terminal is gone, or somebody told us to end.
    Told,
}

/// Runs the shell until it ends; gives its exit status.
pub(super) async fn run(lab: &Lab, attempt: &Attempt, sandbox: &Sandbox) -> Outcome {
    let engine = lab.engine.as_ref();
    let spec = ShellSpec { size: size(), user: Some(sandbox.user.clone()) };
    let ShellStream { output, input, control } = engine.shell(&sandbox.id, &spec).await?;
    let clock = Mutex::new(Clock::stopped(Instant::now()));
    lock(&clock).start(attempt.active, Instant::now());
    let mut raw = Raw::enter()?;
    let end = tokio::select! {
        end = show(output) => End::Output(end),
        () = feed(input, &clock) => End::Told,
        () = resizes(control.as_ref()) => End::Told,
        () = told_to_end() => End::Told,
        () = count(lab, attempt, &clock) => End::Told,
    };
    let rest = lock(&clock).stop(Instant::now());
    // The same as in every tick: a failure is logged there and here, the shell matters more.
    record(lab, attempt, rest);
    match end {
        End::Output(ended) => {
            let code = wait_for_status(control.as_ref()).await;
            if let Some(code) = code
                && !(code == KILLED && ends(engine, &sandbox.id).await)
            {
                raw.in_order = code != KILLED;
                return Ok(status(code));
            }
            let detail = ended.err().map_or_else(
                || "the stream of the shell ended while the shell runs".to_owned(),
                |error| error.to_string(),
            );
            drop(raw);
            Err(cause(engine, &sandbox.id, detail).await)
        }
        End::Told => {
            drop(raw);
            if tokio::time::timeout(HANG_UP_TIMEOUT, control.hang_up()).await.is_err() {
                tracing::warn!(sandbox = %sandbox.id, "hanging up took too long");
            }
            let item = &sandbox.item;
            Err(interrupted(format!("The shell of {item} was hung up; its sandbox still runs")))
        }
    }
}

/// From the sandbox to the screen, until the shell ends or nobody looks.
async fn show(mut output: Box<dyn AsyncRead + Send + Unpin>) -> io::Result<()> {
    let mut screen = tokio::io::stdout();
    let mut buffer = vec![0; CHUNK];
    loop {
        let read = output.read(&mut buffer).await?;
        if read == 0 {
            return Ok(());
        }
        screen.write_all(&buffer[..read]).await?;
        screen.flush().await?;
    }
}

/// From the keys to the sandbox, until the terminal is gone.
async fn feed(mut input: Box<dyn AsyncWrite + Send + Unpin>, clock: &Mutex<Clock>) {
    let mut keys = read_input();
    while let Some(bytes) = keys.recv().await {
        lock(clock).present(Instant::now());
        if input.write_all(&bytes).await.is_err() || input.flush().await.is_err() {
            // The end of the output tells why.
            return std::future::pending().await;
        }
    }
}

/// Passes the terminal's size on whenever it changes.
async fn resizes(control: &dyn ShellControl) {
    let Ok(mut changes) = signal(SignalKind::window_change()) else {
        return std::future::pending().await;
    };
    // It may have changed while the shell was opened.
    loop {
        if let Err(error) = control.resize(size()).await {
            tracing::warn!(%error, "the shell was not told its new size");
        }
        if changes.recv().await.is_none() {
            return std::future::pending().await;
        }
    }
}

/// Waits for a signal that means the end. (Ctrl-C is a key: the terminal is in raw mode.)
async fn told_to_end() {
    let kinds = [SignalKind::terminate(), SignalKind::hangup(), SignalKind::interrupt()];
    let signals = kinds.map(|kind| {
        Box::pin(async move {
            match signal(kind) {
                Ok(mut signal) => drop(signal.recv().await),
                Err(_) => std::future::pending().await,
            }
        })
    });
    futures_util::future::select_all(signals).await;
}

/// Writes the time at the keys down, second by second.
async fn count(lab: &Lab, attempt: &Attempt, clock: &Mutex<Clock>) {
    let mut ticks = tokio::time::interval(TICK);
    loop {
        ticks.tick().await;
        let added = lock(clock).read(Instant::now());
        record(lab, attempt, added);
    }
}

fn record(lab: &Lab, attempt: &Attempt, time: Duration) {
    if time > Duration::ZERO
        && let Err(error) = lab.store.lock().add_active(attempt.id, time)
    {
        tracing::warn!(%error, "time at the keys was not written");
    }
}

/// Whether a sandbox ends: its shell is killed a moment before the engine knows that it has.
async fn ends(engine: &dyn Engine, id: &SandboxId) -> bool {
    let deadline = Instant::now() + STATUS_TIMEOUT;
    loop {
        match engine.inspect(id).await {
            Ok(Sandbox { state: SandboxState::Running, .. }) if Instant::now() < deadline => {
                tokio::time::sleep(STATUS_INTERVAL).await;
            }
            Ok(Sandbox { state: SandboxState::Running, .. }) => return false,
            Ok(_) | Err(_) => return true,
        }
    }
}

async fn wait_for_status(control: &dyn ShellControl) -> Option<i64> {
    let deadline = Instant::now() + STATUS_TIMEOUT;
    loop {
        match control.status().await {
            Ok(Some(code)) => return Some(code),
            Ok(None) if Instant::now() < deadline => tokio::time::sleep(STATUS_INTERVAL).await,
            Ok(None) | Err(_) => return None,
        }
    }
}

fn size() -> Size {
    match rustix::termios::tcgetwinsize(io::stdin()) {
        Ok(size) if size.ws_col >= 2 && size.ws_row >= 1 => {
            Size { cols: size.ws_col, rows: size.ws_row }
        }
        _ => UNKNOWN,
    }
}

fn lock(clock: &Mutex<Clock>) -> std::sync::MutexGuard<'_, Clock> {
    clock.lock().unwrap_or_else(PoisonError::into_inner)
}
