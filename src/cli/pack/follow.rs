//! How a server is doing: a line that changes on a terminal, a line for each who has it all, JSON lines with
//! `--json`.

use std::io::{self, Write};
use std::sync::Weak;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use serde_json::json;

use super::super::out::Tone;
use super::super::progress::{cut, width};
use super::super::{Out, words};
use crate::pack::serve::{Event, Server, Tally};

/// The least time between two lines of numbers.
const AGAIN: Duration = Duration::from_secs(1);

/// Shows what happens until the server is gone. Nothing wakes it while nobody fetches.
pub(super) fn follow(out: &Out, server: &Weak<Server>, events: &Receiver<Event>) {
    let mut numbers = Numbers::new(out);
    loop {
        let next = if numbers.are_moving() {
            events.recv_timeout(AGAIN)
        } else {
            events.recv().map_err(|_| RecvTimeoutError::Disconnected)
        };
        match next {
            Ok(event) => numbers.tell(event),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => break,
        }
        let Some(tally) = server.upgrade().map(|server| server.tally()) else { break };
        numbers.show(tally);
    }
    numbers.clear();
}

/// The numbers of a server.
struct Numbers<'a> {
    out: &'a Out,
    now: Tally,
    /// What is on the screen, or was told last.
    shown: Option<Tally>,
    /// When the speed was measured last, and how much was sent then.
    measured: (Instant, u64),
    /// Bytes a second.
    speed: u64,
    /// Whether a line is on the screen.
    drawn: bool,
}

impl<'a> Numbers<'a> {
    fn new(out: &'a Out) -> Self {
        let measured = (Instant::now(), 0);
        Self { out, now: Tally::default(), shown: None, measured, speed: 0, drawn: false }
    }

    /// Whether they change by themselves, or were not shown yet.
    fn are_moving(&self) -> bool {
        self.now.active > 0 || self.shown != Some(self.now)
    }

    /// A line for what happened.
    fn tell(&mut self, event: Event) {
        let out = self.out;
        if out.json {
            return out.value(&match event {
                Event::Began { peer, from } => {
                    json!({ "event": "began", "client": peer.to_string(), "from": from })
                }
                Event::Ended { peer, bytes, whole } => {
                    json!({ "event": "ended", "client": peer.to_string(), "bytes": bytes, "whole": whole })
                }
                Event::WrongCode { from } => {
                    json!({ "event": "wrong_code", "client": from.to_string() })
                }
            });
        }
        match event {
            Event::Ended { peer, whole: true, .. } => {
                self.clear();
                let sign = out.mark(out.signs.passed(), Tone::Good);
                out.line(format_args!("{sign} {} has it all", peer.ip().to_canonical()));
            }
            Event::WrongCode { from } => {
                self.clear();
                out.remark(&format!("{from} gave a wrong code"));
            }
            Event::Began { .. } | Event::Ended { .. } => {}
        }
    }

    /// The numbers, where it is time for them.
    fn show(&mut self, now: Tally) {
        self.now = now;
        let (at, sent) = self.measured;
        let passed = at.elapsed();
        let due =
            self.shown.is_none_or(|shown| shown != now && (passed >= AGAIN || now.active == 0));
        if !due {
            return;
        }
        if passed >= AGAIN {
            self.speed = ((now.bytes - sent) as f64 / passed.as_secs_f64()) as u64;
            self.measured = (Instant::now(), now.bytes);
        }
        self.shown = Some(now);
        let Tally { clients, active, done, bytes } = now;
        let speed = if active == 0 { 0 } else { self.speed };
        if self.out.json {
            self.out.value(&json!({
                "event": "progress", "clients": clients, "active": active, "done": done,
                "bytes": bytes, "bytes_per_second": speed,
            }));
        } else if self.out.errors_on_terminal {
            let clients = words::count(clients, "client");
            let (sent, speed) = (words::size(bytes), words::size(speed));
            let line =
                format!("{clients}, {active} fetching, {done} to the end, {sent} sent, {speed}/s");
            let line = cut(&line, width().saturating_sub(1));
            let line = self.out.mark_error(line, Tone::Muted);
            // Nobody can be told that stderr is gone.
            let _ = write!(io::stderr(), "\r\x1b[K{line}");
            self.drawn = true;
        }
    }

    /// Takes the line off the screen, to be drawn again below what comes.
    fn clear(&mut self) {
        if std::mem::take(&mut self.drawn) {
            let _ = write!(io::stderr(), "\r\x1b[K");
            self.shown = None;
        }
    }
}
