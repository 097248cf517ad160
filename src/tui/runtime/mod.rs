//! The loop: input, signals and results in; frames and effects out.
//!
//! The thread that runs it owns the terminal and the state and never waits for anything but events:
//! effects are carried out by [`worker`]s, keys are read by [`input`]'s thread. Nothing is drawn
//! unless something happened; frames keep their [`pace`] and are drawn inside a synchronized update; there is no timer but the one the screen shows ([`App::next_tick`]).

mod desktop;
mod input;
mod outer;
mod pace;
mod screen;
mod signals;
mod worker;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Instant;

use ratatui::layout::Rect;

use super::app::{App, Effect, Event, Screen, Settings, WorkspaceEvent};
use super::keymap::Chord;
use super::screens::bare::Ending;
use super::screens::{self, replay::Source};
use super::theme::{ColorDepth, Signs, Theme};
use crate::config::{Ascii, Switch};
use crate::context::Context;
use crate::problem::{Exit, Problem};
use crate::report::Followed;
use crate::store::Store;
use desktop::Desktop;
use pace::Pace;
use screen::Terminal;
use worker::Worker;

/// How many events are taken before the next frame, so that a flood of them cannot keep the screen
/// from being drawn.
const BATCH: usize = 256;

/// Where to begin.
#[derive(Debug, Clone, PartialEq)]
pub enum Start {
    /// Where the learner was; Setup on the first start.
    Back,
    /// Home itself.
    Home,
    /// Setup.
    Setup,
    /// An item's workspace.
    Item {
        /// The item, which must exist.
        id: String,
        /// Start over.
        fresh: bool,
    },
    /// A folder of content, to be written in.
    Author(PathBuf),
    /// A recording, and nothing after it.
    Replay(Source),
    /// A class, and nothing after it.
    Report(Followed),
    /// The shell of an item's sandbox, and nothing around it.
    Shell {
        /// The item, which must exist.
        item: String,
        /// Only to watch.
        watch: bool,
    },
}

/// What the full-screen program needs.
pub struct Options {
    /// Configuration, content and where things are.
    pub context: Context,
    /// Progress.
    pub store: Store,
    /// Where to begin.
    pub start: Start,
}

/// Runs the full-screen program until the user quits.
///
/// Gives how a shell that was opened alone came to its end; `None` for everything else, and where a
/// signal ended the program.
pub fn run(options: Options) -> Result<Option<Ending>, Problem> {
    let Options { context, store, start } = options;
    let context = Arc::new(context);
    let now = Instant::now();
    let course = context.glimpse();
    let mut app = App::new(settings(&context, &start)?, course, now);
    let (events, inbox) = channel();
    Terminal::report_in(context.paths.log.clone());
    // Before the terminal is taken: a signal that came in between would not give it back.
    signals::watch(events.clone()).map_err(no_terminal)?;
    let mut terminal = Terminal::enter(app.mouse).map_err(no_terminal)?;
    let area = Terminal::area().map_err(no_terminal)?;
    app.update(Event::Resize(area.width, area.height), now);
    // The first frame comes before anything else is begun: no database, no engine.
    terminal.draw(|frame| screens::draw(&app, frame)).map_err(no_terminal)?;

    input::read(events.clone());
    let desktop = Arc::new(Desktop::here());
    let mut worker = Worker::start(context, store, events, desktop.clone()).map_err(no_terminal)?;
    let mut effects = match start {
        // Home's own questions come when somebody comes to it.
        Start::Item { id, fresh } => app.open(&id, fresh, Instant::now()),
        Start::Author(folder) => app.open_author(folder),
        Start::Report(followed) => app.open_report(followed),
        Start::Replay(source) => app.open_replay(source, true),
        Start::Shell { item, watch } => app.attach(&item, watch),
        Start::Back if app.screen == Screen::Home => {
            app.go_back();
            app.begin()
        }
        Start::Home | Start::Back | Start::Setup => app.begin(),
    };
    effects.extend(app.reading.is_some().then_some(Effect::ReadCourse));
    effects.push(Effect::BackUp);

    let ssh = std::env::var_os("SSH_CONNECTION").is_some();
    let mut pace = Pace::new(ssh, Instant::now());
    let mut dirty = true;
    // What was typed is answered at once, however shortly ago the last frame was.
    let mut typed = false;
    let mut urgent = false;
    loop {
        for effect in effects.drain(..) {
            typed |= matches!(effect, Effect::Shell(_));
            dirty |= !effect.is_silent();
            match effect {
                Effect::Redraw => terminal.clear().map_err(no_terminal)?,
                Effect::Mouse(on) => Terminal::mouse(on).map_err(no_terminal)?,
                // Both: the terminal's reaches the learner over SSH too, if it takes it.
                Effect::Copy(text) => {
                    if !Terminal::copy(&text).map_err(no_terminal)? {
                        let notice = "Copied the beginning: terminals take no more than 74 kB";
                        app.update(Event::Notice(notice.to_owned()), Instant::now());
                    }
                    worker.carry_out(Effect::Copy(text));
                }
                Effect::OpenUrl(address) if !desktop.has_browser() => {
                    Terminal::copy(&address).map_err(no_terminal)?;
                    let notice = format!("There is no browser here; copied {address}");
                    app.update(Event::Notice(notice), Instant::now());
                }
                Effect::Suspend => {
                    let area = terminal.suspend(app.mouse).map_err(no_terminal)?;
                    app.update(Event::Resize(area.width, area.height), Instant::now());
                }
                effect => worker.carry_out(effect),
            }
        }
        if app.quitting {
            break;
        }
        let now = Instant::now();
        if dirty && now >= pace.next(urgent) {
            worker.screen_seen();
            terminal.draw(|frame| screens::draw(&app, frame)).map_err(no_terminal)?;
            terminal.set(app.outer_modes()).map_err(no_terminal)?;
            pace.drew(now, terminal.take_written());
            dirty = false;
            urgent = false;
        }
        let frame_due = dirty.then_some(pace.next(urgent));
        let due = [frame_due, app.next_tick(), app.next_beat()].into_iter().flatten().min();
        let event = match due {
            Some(due) => inbox.recv_timeout(due.saturating_duration_since(Instant::now())),
            None => inbox.recv().map_err(|_| RecvTimeoutError::Disconnected),
        };
        match event {
            Ok(event) => {
                let batch = std::iter::once(event).chain(inbox.try_iter().take(BATCH));
                let now = Instant::now();
                for event in batch {
                    if typed && is_answer(&event) {
                        (typed, urgent) = (false, true);
                    }
                    // A frame between a key and its echo would only keep the echo waiting.
                    let silent =
                        app.knows(&event) || is_key(&event) && app.only_the_shell_listens();
                    let done = app.update(event, now);
                    dirty |= !(silent && done.iter().all(Effect::is_silent));
                    effects.extend(done);
                }
            }
            Err(RecvTimeoutError::Timeout) => {}
            // The input thread holds a sender for as long as the process lives.
            Err(RecvTimeoutError::Disconnected) => break,
        }
        let now = Instant::now();
        if app.next_tick().is_some_and(|tick| now >= tick) {
            effects.extend(app.update(Event::Tick, now));
            dirty = true;
        }
        if app.next_beat().is_some_and(|beat| now >= beat) {
            effects.extend(app.update(Event::Beat, now));
        }
    }
    drop(terminal);
    let mut rest = app.remember();
    rest.extend(app.workspace.as_mut().map(|it| it.leave(Instant::now())).unwrap_or_default());
    worker.finish(rest);
    Ok(app.ending)
}

fn is_key(event: &Event) -> bool {
    matches!(event, Event::Key(_))
}

/// Whether the shell's screen has changed.
fn is_answer(event: &Event) -> bool {
    matches!(event, Event::Workspace { event: WorkspaceEvent::Changed, .. })
}

fn settings(context: &Context, start: &Start) -> Result<Settings, Problem> {
    let var = |name: &str| std::env::var(name).ok();
    let depth = ColorDepth::detect(var);
    let config = &context.config;
    let wrong = |message: String, remedy: &str| {
        Problem::new("config", Exit::Usage, message)
            .at(context.paths.config_file.display().to_string(), None)
            .remedy(remedy)
    };
    let leave: Chord = config.leave_key.parse().map_err(|error: String| {
        wrong(format!("leave_key: {error}"), "drydock config set leave_key ctrl-]")
    })?;
    let theme = Theme::find(&config.theme, depth).ok_or_else(|| {
        let message = format!(
            "theme: there is no theme \"{}\"; there are {}",
            config.theme,
            super::theme::names().join(", ")
        );
        wrong(message, "drydock config set theme harbour")
    })?;
    let ascii = match config.ascii {
        Ascii::On => true,
        Ascii::Off => false,
        Ascii::Auto => Signs::detect(var).ascii,
    };
    Ok(Settings {
        theme,
        signs: Signs { ascii },
        leave,
        mouse: config.mouse == Switch::On,
        offline: context.offline,
        content: context.content_to_write(),
        reading: !context.has_read(),
        first_start: *start == Start::Setup
            || (matches!(start, Start::Back | Start::Home) && context.first_start),
    })
}

fn no_terminal(error: impl std::fmt::Display) -> Problem {
    Problem::new("terminal", Exit::Environment, format!("The terminal cannot be used: {error}"))
        .remedy("the full-screen program needs a terminal on its input and output; drydock --help lists the commands that do not")
}

/// The area at the origin with a size.
fn at_origin((cols, rows): (u16, u16)) -> Rect {
    Rect::new(0, 0, cols, rows)
}
