//! A client of a holder.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio_util::codec::{FramedRead, FramedWrite, LengthDelimitedCodec};
use tokio_util::task::AbortOnDropHandle;

use super::protocol::{self, FromHolder, ToHolder};
use super::{End, Input, Notice, Notify, Screen};
use crate::platform::socket::{self, ReadHalf, Stream, WriteHalf};
use crate::problem::{Exit, Problem};
use crate::terminal::{Line, Size};

/// How many messages may wait for the holder: keys come one by one and pastes whole, so this is
/// never reached by hand; past it input is refused rather than kept without bound.
const QUEUE: usize = 1024;

/// Lines that are taken in answer to a question: more than any holder keeps.
const MAX_LINES: usize = 200_000;

/// How long the last input may take to be on its way.
const DETACH: Duration = Duration::from_secs(1);

/// The longest paste that goes in one message.
const PASTE: usize = 256 << 10;

/// Who attaches.
#[derive(Debug, Clone, Copy)]
pub(super) struct Role {
    pub(super) size: Size,
    pub(super) watch: bool,
}

/// A shell that a holder holds, attached to. Dropping it detaches; the shell goes on.
pub struct Session {
    screen: Screen,
    outgoing: mpsc::Sender<ToHolder>,
    /// Ends when `outgoing` is dropped and what was in it is written.
    writing: JoinHandle<()>,
    _reading: AbortOnDropHandle<()>,
}

impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Session")
    }
}

impl Session {
    /// Attaches. When it returns, the screen is as the shell's is.
    pub(super) async fn attach(
        stream: Stream,
        role: Role,
        notify: Notify,
    ) -> Result<Self, Problem> {
        let (read, write) = socket::split(stream);
        let mut reader = FramedRead::new(read, protocol::codec());
        let mut writer = FramedWrite::new(write, protocol::codec());
        let hello =
            ToHolder::Hello { version: protocol::VERSION, size: role.size, watch: role.watch };
        send(&mut writer, &hello).await.map_err(|error| gone(&error))?;
        let screen = Screen::new(role.size);
        match receive(&mut reader).await.map_err(|error| gone(&error))? {
            FromHolder::Welcome { version: protocol::VERSION, .. } => {}
            FromHolder::Welcome { program, .. } => return Err(other_version(&program)),
            _ => return Err(other_version("unknown")),
        }
        // The screen as it is comes right behind.
        let mut early = Vec::new();
        while !early.iter().any(|message| matches!(message, FromHolder::Ended(_))) {
            match receive(&mut reader).await.map_err(|error| gone(&error))? {
                FromHolder::Changes(changes) => {
                    screen.lock().apply(changes);
                    break;
                }
                other => early.push(other),
            }
        }
        let (outgoing, queue) = mpsc::channel(QUEUE);
        let _ = outgoing.try_send(ToHolder::Seen); // there is room
        let mut listener = Listener { screen: screen.clone(), notify, lines: Vec::new() };
        let writing = tokio::spawn(write_all(writer, queue));
        let reading = tokio::spawn(async move {
            let mut over = early.into_iter().any(|message| listener.take(message));
            while !over {
                over = match receive(&mut reader).await {
                    Ok(message) => listener.take(message),
                    Err(error) => {
                        let problem = gone(&error);
                        (listener.notify)(Notice::Ended(End::lost(&problem)));
                        true
                    }
                };
            }
        });
        Ok(Self { screen, outgoing, writing, _reading: AbortOnDropHandle::new(reading) })
    }

    /// What the shell shows.
    pub fn screen(&self) -> Screen {
        self.screen.clone()
    }

    /// Sends an input, without waiting. `false` if the shell is over or does not keep up.
    pub fn send(&self, input: Input) -> bool {
        match input {
            Input::Paste(text) if text.len() > PASTE => pieces(&text)
                .all(|piece| self.tell(ToHolder::Input(Input::Paste(piece.to_owned())))),
            input => self.tell(ToHolder::Input(input)),
        }
    }

    /// The pane has a new size.
    pub fn resize(&self, size: Size) {
        self.tell(ToHolder::Resize(size));
    }

    /// The screen was drawn: only after this more changes come.
    pub fn seen(&self) {
        self.tell(ToHolder::Seen);
    }

    /// Asks for all lines; they come as [`Notice::Lines`].
    pub fn ask_for_lines(&self) {
        self.tell(ToHolder::Lines);
    }

    /// Asks to write down what is typed, as a solution in this new file, or with `None` to stop that.
    /// What comes of it is a [`Notice::Solving`].
    pub fn solve(&self, file: Option<PathBuf>) {
        self.tell(ToHolder::Solve(file));
    }

    /// These checks turned green, as somebody found who began to look so long ago. It is written down
    /// with the solution, if one is.
    pub fn turned(&self, names: Vec<String>, ago: Duration) {
        self.tell(ToHolder::Turned { names, ago });
    }

    /// Detaches, once everything that was sent is on its way.
    pub async fn detach(self) {
        drop(self.outgoing);
        if tokio::time::timeout(DETACH, self.writing).await.is_err() {
            tracing::warn!("the holder of the shell does not take what was typed last");
        }
    }

    fn tell(&self, message: ToHolder) -> bool {
        self.outgoing.try_send(message).is_ok()
    }
}

/// Asks the shell at the other end to end, and waits until it has.
pub(super) async fn hang_up(stream: Stream) {
    let (read, write) = socket::split(stream);
    let mut reader = FramedRead::new(read, protocol::codec());
    let mut writer = FramedWrite::new(write, protocol::codec());
    let size = Size { columns: 80, rows: 24 };
    let hello = ToHolder::Hello { version: protocol::VERSION, size, watch: true };
    for message in [hello, ToHolder::HangUp] {
        if send(&mut writer, &message).await.is_err() {
            return;
        }
    }
    // Until it closes the door.
    while reader.next().await.is_some_and(|message| message.is_ok()) {}
}

/// A text in pieces of [`PASTE`] at most.
fn pieces(mut text: &str) -> impl Iterator<Item = &str> {
    std::iter::from_fn(move || {
        let (piece, rest) = text.split_at(text.floor_char_boundary(PASTE));
        text = rest;
        (!piece.is_empty()).then_some(piece)
    })
}

/// Takes what the holder says.
struct Listener {
    screen: Screen,
    notify: Notify,
    /// What has come of an answer that has several pieces.
    lines: Vec<Line>,
}

impl Listener {
    /// Whether the shell is over with this.
    fn take(&mut self, message: FromHolder) -> bool {
        let notice = match message {
            FromHolder::Changes(changes) => {
                self.screen.lock().apply(changes);
                Notice::Changed
            }
            FromHolder::Lines { lines, last } => {
                if self.lines.len() < MAX_LINES {
                    self.lines.extend(lines);
                }
                if !last {
                    return false;
                }
                Notice::Lines(Arc::from(std::mem::take(&mut self.lines)))
            }
            FromHolder::Bell => Notice::Bell,
            FromHolder::Clipboard(text) => Notice::Clipboard(text),
            FromHolder::Solving(state) => Notice::Solving(state),
            FromHolder::Ended(end) => Notice::Ended(end),
            FromHolder::Welcome { .. } => return false,
        };
        let over = matches!(notice, Notice::Ended(_));
        (self.notify)(notice);
        over
    }
}

type Reader = FramedRead<ReadHalf, LengthDelimitedCodec>;
type Writer = FramedWrite<WriteHalf, LengthDelimitedCodec>;

async fn write_all(mut writer: Writer, mut queue: mpsc::Receiver<ToHolder>) {
    while let Some(message) = queue.recv().await {
        // The reading side tells why.
        if send(&mut writer, &message).await.is_err() {
            return;
        }
    }
}

async fn send(writer: &mut Writer, message: &ToHolder) -> io::Result<()> {
    writer.send(protocol::encode(message)?).await
}

async fn receive(reader: &mut Reader) -> io::Result<FromHolder> {
    match reader.next().await {
        Some(message) => protocol::decode(&message?),
        None => Err(io::ErrorKind::UnexpectedEof.into()),
    }
}

fn gone(error: &io::Error) -> Problem {
    let message = match error.kind() {
        io::ErrorKind::UnexpectedEof
        | io::ErrorKind::ConnectionReset
        | io::ErrorKind::BrokenPipe => {
            "The process that held the shell is gone, and the programs that ran in it with it; the \
             sandbox's files are kept"
                .to_owned()
        }
        _ => format!("The process that holds the shell cannot be understood: {error}"),
    };
    Problem::new("holder_gone", Exit::Environment, message).remedy("open a new shell")
}

fn other_version(program: &str) -> Problem {
    let message = format!(
        "This shell is held by drydock {program}, whose language drydock {} does not speak",
        env!("CARGO_PKG_VERSION")
    );
    Problem::new("holder_version", Exit::Environment, message)
        .remedy("end the shell with the drydock that opened it, or start over: drydock reset")
}
