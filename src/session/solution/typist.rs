//! Types a solution into a shell of its own.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crossterm::event::{KeyCode, KeyEvent};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::sync::{mpsc, watch};
use tokio::time::timeout;
use tokio_util::task::AbortOnDropHandle;
use uuid::Uuid;

use super::text_of;
use crate::chord::Chord;
use crate::course::keys::{Line, Stroke};
use crate::engine::{
    Engine, EngineError, FileOwner, FileSpec, Sandbox, ShellControl, ShellSpec, ShellStream,
    Size as ShellSize,
};
use crate::terminal::{Emulator, Size, encode_key};

/// The terminal's size, until a line gives it another.
const SIZE: Size = Size { columns: 80, rows: 24 };

/// How long a new shell may take to show its first prompt. One that does not tell where its prompts
/// are is typed into after that.
const FIRST_PROMPT: Duration = Duration::from_secs(5);

/// How much of what the shell prints is read at once.
const CHUNK: usize = 64 << 10;

/// Lines above the screen are of no interest.
const SCROLLBACK: usize = 0;

/// How many keys may wait for a program that does not read.
const QUEUE: usize = 256;

/// How many of the screen's last lines are told.
const TOLD: usize = 3;

/// Where a script is put while it runs.
const SCRIPT: &str = "/tmp/.drydock-step";

/// Why a solution could not be typed to its end: one sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stuck {
    /// The line that did not get what it waited for, if it was one.
    pub line: Option<u32>,
    why: String,
}

impl fmt::Display for Stuck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(f, "line {line}: {}", self.why),
            None => f.write_str(&self.why),
        }
    }
}

/// Types into a shell like the learner's own: the user's login shell, on a terminal. The shell lives as
/// long as this, or its sandbox.
pub struct Typist {
    emulator: Arc<Mutex<Emulator>>,
    /// Says that the screen changed, and whether the shell is over.
    news: watch::Receiver<bool>,
    typed: mpsc::Sender<Vec<u8>>,
    control: Box<dyn ShellControl>,
    /// How many prompts there had been when a new one was last asked for.
    asked: u64,
    _attending: AbortOnDropHandle<()>,
}

impl Typist {
    /// Opens a shell and waits until it waits for a command.
    pub async fn open(engine: &dyn Engine, sandbox: &Sandbox) -> Result<Self, EngineError> {
        let size = ShellSize { cols: SIZE.columns, rows: SIZE.rows };
        let spec = ShellSpec { size, user: Some(sandbox.user.clone()) };
        let ShellStream { output, input, control } = engine.shell(&sandbox.id, &spec).await?;
        let emulator = Arc::new(Mutex::new(Emulator::new(SIZE, SCROLLBACK)));
        let (changed, news) = watch::channel(false);
        let (typed, queue) = mpsc::channel(QUEUE);
        let attending = tokio::spawn(attend(output, input, emulator.clone(), changed, queue));
        let mut typist = Self {
            emulator,
            news,
            typed,
            control,
            asked: 0,
            _attending: AbortOnDropHandle::new(attending),
        };
        // One without marks never says so; what is typed too early is read later.
        let _ = typist.until(FIRST_PROMPT, |emulator| emulator.prompts() > 0).await;
        Ok(typist)
    }

    /// Types these lines; each may wait so long for what it waits for.
    pub async fn play(&mut self, lines: &[Line], patience: Duration) -> Result<(), Stuck> {
        for Line { number, stroke } in lines {
            self.stroke(stroke, patience)
                .await
                .map_err(|why| Stuck { line: Some(*number), why: format!("`{stroke}`: {why}") })?;
        }
        Ok(())
    }

    /// Runs a script in a shell of its own, on this terminal, and waits for its end. However it ends is
    /// fine.
    pub async fn script(
        &mut self,
        engine: &dyn Engine,
        sandbox: &Sandbox,
        script: &str,
        patience: Duration,
    ) -> Result<(), Stuck> {
        let told = |why: String| Stuck { line: None, why };
        let file = FileSpec {
            path: SCRIPT.to_owned(),
            mode: 0o644,
            owner: FileOwner::User,
            contents: script.as_bytes().to_vec(),
        };
        let copied = engine.copy_in(&sandbox.id, &[file]).await;
        copied.map_err(|error| told(error.to_string()))?;
        let word = Uuid::new_v4().simple().to_string();
        // In two halves, so that the line itself does not show it.
        let (a, b) = word.split_at(word.len() / 2);
        let shell = "\"$(command -v bash || echo sh)\"";
        let line = format!("{shell} {SCRIPT}; rm -f {SCRIPT}; printf '\\n%s%s\\n' {a} {b}");
        let run = async {
            self.write(&line).await?;
            self.press(KeyCode::Enter.into()).await?;
            self.until(patience, |emulator| text_of(&emulator.view()).contains(&word)).await
        };
        run.await.map_err(|failure| told(self.why(failure, "the script's end", patience)))
    }

    async fn stroke(&mut self, stroke: &Stroke, patience: Duration) -> Result<(), String> {
        let (done, what) = match stroke {
            Stroke::Run(text) => {
                let done = async {
                    self.write(text).await?;
                    self.press(KeyCode::Enter.into()).await?;
                    self.prompt(patience).await
                };
                (done.await, "the next prompt")
            }
            Stroke::Type(text) => (self.write(text).await, "the text to be read"),
            Stroke::Key(chord) => (self.press(*chord).await, "the key to be read"),
            Stroke::Wait(text) => {
                let shows = |emulator: &Emulator| text_of(&emulator.view()).contains(text);
                (self.until(patience, shows).await, "the text")
            }
            Stroke::Prompt => (self.prompt(patience).await, "the prompt"),
            Stroke::Size { columns, rows } => {
                let size = self.emulator().resize(Size { columns: *columns, rows: *rows });
                let size = ShellSize { cols: size.columns, rows: size.rows };
                return self.control.resize(size).await.map_err(|error| error.to_string());
            }
        };
        done.map_err(|failure| self.why(failure, what, patience))
    }

    async fn write(&mut self, text: &str) -> Result<(), Failure> {
        let modes = self.emulator().modes();
        let keys = text.chars().flat_map(|c| encode_key(KeyCode::Char(c).into(), &modes));
        let bytes = keys.collect();
        self.typed.send(bytes).await.map_err(|_| Failure::Over)
    }

    async fn press(&mut self, chord: Chord) -> Result<(), Failure> {
        let (prompts, modes) = {
            let emulator = self.emulator();
            (emulator.prompts(), emulator.modes())
        };
        if chord == KeyCode::Enter.into() || chord.commands() {
            self.asked = prompts;
        }
        let bytes = encode_key(KeyEvent::from(chord), &modes);
        self.typed.send(bytes).await.map_err(|_| Failure::Over)
    }

    async fn prompt(&mut self, patience: Duration) -> Result<(), Failure> {
        let asked = self.asked;
        self.until(patience, |emulator| emulator.prompts() > asked).await
    }

    /// Waits until the screen is as wanted.
    async fn until(
        &mut self,
        patience: Duration,
        wanted: impl Fn(&Emulator) -> bool,
    ) -> Result<(), Failure> {
        let Self { emulator, news, .. } = self;
        let waiting = async {
            loop {
                let over = *news.borrow_and_update();
                if wanted(&lock(emulator)) {
                    return Ok(());
                }
                if over || news.changed().await.is_err() {
                    return Err(Failure::Over);
                }
            }
        };
        timeout(patience, waiting).await.unwrap_or(Err(Failure::Late))
    }

    fn emulator(&self) -> MutexGuard<'_, Emulator> {
        lock(&self.emulator)
    }

    /// A failure in words: what was waited for, and what the screen shows instead.
    fn why(&self, failure: Failure, what: &str, patience: Duration) -> String {
        let text = text_of(&self.emulator().view());
        let lines: Vec<_> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
        let last = lines[lines.len().saturating_sub(TOLD)..].join(" / ");
        let shows = if last.is_empty() { "nothing".to_owned() } else { format!("{last:?} last") };
        match failure {
            Failure::Over => format!("the shell ended; it showed {shows}"),
            Failure::Late => {
                let seconds = patience.as_secs_f32();
                format!("{what} did not come within {seconds} s; the screen shows {shows}")
            }
        }
    }
}

/// Why a state did not come.
#[derive(Debug, Clone, Copy)]
enum Failure {
    /// The shell is over.
    Over,
    /// It took too long.
    Late,
}

fn lock(emulator: &Mutex<Emulator>) -> MutexGuard<'_, Emulator> {
    emulator.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Keeps the screen as the shell prints, answers what programs ask of the terminal, and passes on what
/// is typed.
async fn attend(
    mut output: Box<dyn AsyncRead + Send + Unpin>,
    mut input: Box<dyn AsyncWrite + Send + Unpin>,
    emulator: Arc<Mutex<Emulator>>,
    news: watch::Sender<bool>,
    mut typed: mpsc::Receiver<Vec<u8>>,
) {
    let mut buffer = vec![0; CHUNK];
    loop {
        let bytes = tokio::select! {
            read = output.read(&mut buffer) => match read {
                Ok(count @ 1..) => {
                    let mut emulator = lock(&emulator);
                    emulator.advance(&buffer[..count]);
                    emulator.take_events();
                    emulator.take_replies()
                }
                Ok(_) | Err(_) => break,
            },
            Some(bytes) = typed.recv() => bytes,
        };
        news.send_replace(false);
        let written = async {
            input.write_all(&bytes).await?;
            input.flush().await
        };
        if !bytes.is_empty() && written.await.is_err() {
            break;
        }
    }
    news.send_replace(true);
}
