//! What a process is told from outside.

use std::future::poll_fn;
use std::io;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::task::Poll;

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM, SIGWINCH};
use tokio::signal::unix::SignalKind;

use crate::platform::Signal;

/// Signals that are waited for. From the first on they do nothing else any more.
pub(crate) struct Signals(Vec<tokio::signal::unix::Signal>);

impl Signals {
    /// These, which are none that a program has no choice about.
    pub(crate) fn of(wanted: &[Signal]) -> io::Result<Self> {
        let caught = wanted.iter().map(|wanted| tokio::signal::unix::signal(kind(*wanted)));
        caught.collect::<io::Result<_>>().map(Self)
    }

    /// Waits for one of them.
    pub(crate) async fn recv(&mut self) {
        poll_fn(|context| {
            let came = self.0.iter_mut().any(|it| it.poll_recv(context) == Poll::Ready(Some(())));
            if came { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
    }
}

fn kind(signal: Signal) -> SignalKind {
    match signal {
        Signal::Interrupt => SignalKind::interrupt(),
        Signal::Terminate => SignalKind::terminate(),
        Signal::HangUp => SignalKind::hangup(),
        Signal::Resize => SignalKind::window_change(),
    }
}

/// Has everything that would end the program noted here instead.
pub(crate) fn note(flag: &Arc<AtomicBool>) -> io::Result<()> {
    for signal in [SIGINT, SIGTERM, SIGHUP] {
        signal_hook::flag::register(signal, Arc::clone(flag))?;
    }
    Ok(())
}

/// Tells, from a thread of its own, of everything that a program with a screen wants to know, until
/// nobody wants to.
pub(crate) fn watch(tell: impl Fn(Signal) -> bool + Send + 'static) -> io::Result<()> {
    let mut signals = signal_hook::iterator::Signals::new([SIGTERM, SIGHUP, SIGINT, SIGWINCH])?;
    std::thread::spawn(move || {
        for signal in signals.forever() {
            let signal = match signal {
                SIGWINCH => Signal::Resize,
                SIGHUP => Signal::HangUp,
                SIGINT => Signal::Interrupt,
                _ => Signal::Terminate,
            };
            if !tell(signal) {
                return;
            }
        }
    });
    Ok(())
}
