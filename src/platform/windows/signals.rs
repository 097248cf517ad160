//! What a process is told from outside: events of its console.

use std::future::poll_fn;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use tokio::signal::windows::{
    CtrlBreak, CtrlC, CtrlClose, CtrlLogoff, CtrlShutdown, ctrl_break, ctrl_c, ctrl_close,
    ctrl_logoff, ctrl_shutdown,
};

use crate::platform::Signal;

/// What ends a program.
const ENDS: [Signal; 3] = [Signal::Interrupt, Signal::Terminate, Signal::HangUp];

/// Events that are waited for. From the first on they do nothing else any more.
pub(crate) struct Signals(Vec<Event>);

/// One of them.
enum Event {
    C(CtrlC),
    Break(CtrlBreak),
    Close(CtrlClose),
    Logoff(CtrlLogoff),
    Shutdown(CtrlShutdown),
}

impl Event {
    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Option<()>> {
        match self {
            Self::C(it) => it.poll_recv(context),
            Self::Break(it) => it.poll_recv(context),
            Self::Close(it) => it.poll_recv(context),
            Self::Logoff(it) => it.poll_recv(context),
            Self::Shutdown(it) => it.poll_recv(context),
        }
    }
}

impl Signals {
    /// These.
    pub(crate) fn of(wanted: &[Signal]) -> io::Result<Self> {
        let mut all = Vec::new();
        for signal in wanted {
            match signal {
                Signal::Interrupt => all.push(Event::C(ctrl_c()?)),
                Signal::Terminate => {
                    all.push(Event::Break(ctrl_break()?));
                    all.push(Event::Shutdown(ctrl_shutdown()?));
                }
                Signal::HangUp => {
                    all.push(Event::Close(ctrl_close()?));
                    all.push(Event::Logoff(ctrl_logoff()?));
                }
                Signal::Resize => {}
            }
        }
        Ok(Self(all))
    }

    /// Waits for one of them.
    pub(crate) async fn recv(&mut self) {
        poll_fn(|context| {
            let came = self.0.iter_mut().any(|it| it.poll(context) == Poll::Ready(Some(())));
            if came { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
    }
}

/// Has everything that would end the program noted here instead.
pub(crate) fn note(flag: &Arc<AtomicBool>) -> io::Result<()> {
    let flag = Arc::clone(flag);
    watch(move |_| {
        flag.store(true, Ordering::SeqCst);
        true
    })
}

/// Tells, from a thread of its own, of everything that a program with a screen wants to know, until
/// nobody wants to.
pub(crate) fn watch(tell: impl Fn(Signal) -> bool + Send + 'static) -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    let mut signals = Signals::of(&ENDS)?;
    std::thread::spawn(move || {
        runtime.block_on(async {
            loop {
                signals.recv().await;
                if !tell(Signal::Terminate) {
                    return;
                }
            }
        });
    });
    Ok(())
}
