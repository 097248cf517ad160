//! The task that keeps a shell: see the [module above](super).

use std::time::{Duration, Instant};

use bytes::{Buf, Bytes};
use tokio::sync::mpsc;

use super::clients::{Clients, News};
use super::engine_end::EngineEnd;
use super::pace::Pace;
use super::{Command, OnCommand, SLICE, next};
use crate::platform::Signal;
use crate::platform::signals::Signals;
use crate::platform::socket::Listener;
use crate::session::place::{Held, Nest};
use crate::session::protocol::{FromHolder, ToHolder};
use crate::session::recording::{self, Moment, Recorder};
use crate::session::solution::Scribe;
use crate::session::start::Order;
use crate::session::{End, Input};
use crate::terminal::{
    Emulator, Event, View, encode_focus, encode_key, encode_mouse, encode_paste,
};

/// See the module.
pub(super) struct Keeper {
    held: Held,
    nest: Nest,
    listener: Listener,
    engine: EngineEnd,
    pub(super) emulator: Emulator,
    pub(super) clients: Clients,
    news: mpsc::Receiver<News>,
    /// Output that is not parsed yet.
    unparsed: Bytes,
    pace: Pace,
    /// The command that runs now, and since when.
    command: Option<(Command, Instant)>,
    on_command: OnCommand,
    /// `None` where recording is off or does not work.
    recorder: Option<Recorder>,
    /// While what is typed is written down as a solution.
    pub(super) scribe: Option<Scribe>,
    /// What is shown, kept for its memory.
    view: View,
}

impl Keeper {
    pub(super) fn new(
        order: &Order,
        held: Held,
        nest: Nest,
        listener: Listener,
        engine: EngineEnd,
        on_command: OnCommand,
    ) -> Self {
        let (clients, news) = Clients::none();
        Self {
            held,
            nest,
            listener,
            engine,
            emulator: Emulator::new(order.size, order.scrollback),
            clients,
            news,
            unparsed: Bytes::new(),
            pace: Pace::new(Instant::now()),
            command: None,
            on_command,
            recorder: recorder(order),
            scribe: None,
            view: View::blank(order.size),
        }
    }

    /// Keeps the shell until it ends.
    pub(super) async fn run(mut self) {
        let mut terminate = Signals::of(&[Signal::Terminate]).ok();
        let end = loop {
            if let Some(end) = self.step(&mut terminate).await {
                break end;
            }
            if self.clients.wait() {
                self.emulator.view_into(&mut self.view);
                self.clients.show(&self.view, false);
            }
        };
        self.finish(end).await;
    }

    /// Waits for one thing to happen and does what it asks for. The end, if it is over.
    async fn step(&mut self, terminate: &mut Option<Signals>) -> Option<End> {
        let now = Instant::now();
        let slowed = if self.clients.is_empty() { self.pace.next(now) } else { None };
        let parsed = self.unparsed.is_empty();
        let unfinished = self.emulator.held_until();
        let left_out = self.recorder.as_ref().and_then(Recorder::due);
        // Input comes first: it is never behind output.
        tokio::select! {
            biased;
            news = next(&mut self.news) => self.heard(news),
            accepted = self.listener.accept() => match accepted {
                Ok(stream) => {
                    self.clients.join(stream);
                    self.pace.restore(now);
                }
                Err(error) => {
                    tracing::warn!(%error, "a client cannot come in");
                    tokio::time::sleep(SLICE).await; // files run out: not at full speed
                }
            },
            () = told(terminate) => return Some(self.told_to_end().await),
            () = until(unfinished) => {
                if self.emulator.release(Instant::now()) {
                    self.clients.changed();
                }
            }
            () = until(left_out) => {
                if let Some(recorder) = &mut self.recorder {
                    recorder.catch_up(Moment::now(), || self.emulator.to_ansi());
                }
            }
            () = std::future::ready(()), if !parsed => self.parse(),
            () = until(slowed), if slowed.is_some() => {}
            chunk = self.engine.output.recv(), if parsed && slowed.is_none() => match chunk {
                Some(Ok(bytes)) if !bytes.is_empty() => {
                    self.pace.took(bytes.len(), now);
                    self.unparsed = bytes;
                    self.leave_out();
                }
                Some(Ok(_)) | None => return Some(self.engine.end(None).await),
                Some(Err(error)) => return Some(self.engine.end(Some(error)).await),
            }
        }
        None
    }

    /// Leaves out what would be scrolled away anyway. It is shown all the same, as far as a recording
    /// is concerned, which keeps what it keeps.
    fn leave_out(&mut self) {
        let displaced = self.unparsed.split_to(self.emulator.displaced(&self.unparsed));
        if let Some(recorder) = self.recorder.as_mut().filter(|_| !displaced.is_empty()) {
            recorder.output(&displaced, Moment::now(), || self.emulator.to_ansi());
        }
    }

    /// Parses for a while.
    fn parse(&mut self) {
        let taken = self.emulator.advance_until(&self.unparsed, Instant::now() + SLICE);
        // Written before it is shown.
        if let Some(recorder) = &mut self.recorder {
            let screen = || self.emulator.to_ansi();
            recorder.output(&self.unparsed[..taken], Moment::now(), screen);
        }
        self.unparsed.advance(taken);
        self.engine.writer.write(self.emulator.take_replies());
        for event in self.emulator.take_events() {
            self.happened(event);
        }
        self.scribe(Scribe::printed);
        self.clients.changed();
    }

    fn happened(&mut self, event: Event) {
        match event {
            // It is part of what is shown.
            Event::Title(_) => {}
            Event::Bell => self.clients.tell_all(&FromHolder::Bell),
            Event::Clipboard(text) => self.clients.tell_latest(&FromHolder::Clipboard(text)),
            Event::CommandStarted { text } => self.command_started(text),
            Event::CommandEnded { status } => {
                if let Some((command, since)) = self.command.take() {
                    (self.on_command)(Command { status, duration: since.elapsed(), ..command });
                }
            }
        }
    }

    fn command_started(&mut self, text: String) {
        let now = Moment::now();
        if let Some(recorder) = &mut self.recorder {
            recorder.marker(&text, now);
        }
        self.scribe(|scribe, _, now| scribe.command(&text, now));
        let command = Command {
            text,
            folder: self.emulator.folder().map(str::to_owned),
            status: None,
            started_at: now.wall,
            duration: Duration::ZERO,
        };
        self.command = Some((command, now.instant));
    }

    /// A client said something.
    fn heard(&mut self, News { client, message }: News) {
        match message {
            Some(ToHolder::Hello { size, watch, .. }) => {
                self.clients.welcome(client, size, watch);
                self.tell_solving(client);
                self.settle_size();
            }
            Some(ToHolder::Input(input)) => {
                if self.clients.acts(client) {
                    self.settle_size();
                    self.scribe_input(&input);
                    self.engine.writer.write(self.encode(input));
                }
            }
            Some(ToHolder::Resize(size)) => {
                self.clients.resize(client, size);
                self.settle_size();
            }
            Some(ToHolder::Seen) => self.clients.seen(client),
            Some(ToHolder::Lines) => self.clients.give_lines(client, self.emulator.lines()),
            Some(ToHolder::Solve(file)) => {
                if self.clients.acts(client) {
                    self.solve(file);
                }
            }
            Some(ToHolder::Turned { names, ago }) => {
                self.scribe(|scribe, _, now| {
                    scribe.turned(names, now.checked_sub(ago).unwrap_or(now))
                });
            }
            Some(ToHolder::HangUp) => drop(self.engine.hang_up()),
            None => {
                self.clients.leave(client);
                self.pace.restore(Instant::now());
                self.settle_size();
            }
        }
    }

    fn encode(&self, input: Input) -> Vec<u8> {
        let modes = self.emulator.modes();
        match input {
            Input::Key(key) => encode_key(key, &modes),
            Input::Paste(text) => encode_paste(&text, &modes),
            Input::Mouse(event) => encode_mouse(event, &modes).unwrap_or_default(),
            Input::Focus(gained) => encode_focus(gained, &modes),
        }
    }

    /// Gives the shell the size that counts now.
    fn settle_size(&mut self) {
        let Some(size) = self.clients.size() else { return };
        let before = self.emulator.size();
        let size = self.emulator.resize(size);
        if size != before {
            self.engine.resize(size);
            if let Some(recorder) = &mut self.recorder {
                recorder.resize(size, Moment::now());
            }
            self.scribe(|scribe, _, now| scribe.resized(size, now));
            self.clients.changed();
        }
    }

    async fn told_to_end(&mut self) -> End {
        if let Err(error) = self.engine.hang_up().await {
            tracing::warn!(%error, "the shell was not hung up");
        }
        End::Lost {
            kind: "holder_ended".to_owned(),
            message: "The process that held it was told to end".to_owned(),
            remedy: None,
        }
    }

    /// Tells everybody, or leaves word for who comes next.
    async fn finish(mut self, end: End) {
        self.emulator.view_into(&mut self.view);
        self.clients.changed();
        self.clients.show(&self.view, true);
        let told = self.clients.farewell(&end).await;
        self.nest.remove_socket();
        if !told {
            self.held.end = Some(end);
            if let Err(error) = self.nest.write_note(&self.held) {
                tracing::warn!(%error, "nobody will be told how the shell ended");
            }
        }
        // It is packed while the lock is held: the next shell goes on in the same recording.
        if let Some(recorder) = self.recorder.take() {
            recorder.close(Moment::now(), || self.emulator.to_ansi());
        }
        if told {
            self.nest.remove();
        }
    }
}

/// Begins to record, and puts older recordings in order meanwhile.
fn recorder(order: &Order) -> Option<Recorder> {
    let folder = order.recordings.as_ref()?;
    let opened = Recorder::open(folder, &order.attempt, order.size, &order.item, Moment::now());
    let tidied = folder.clone();
    tokio::task::spawn_blocking(move || recording::folder::tidy(&tidied));
    opened.inspect_err(|error| tracing::warn!(%error, "the shell is not recorded")).ok()
}

async fn until(moment: Option<Instant>) {
    match moment {
        Some(moment) => tokio::time::sleep_until(moment.into()).await,
        None => std::future::pending().await,
    }
}

/// Waits for the signal, if it can be waited for.
async fn told(signal: &mut Option<Signals>) {
    match signal {
        Some(signal) => signal.recv().await,
        None => std::future::pending().await,
    }
}
