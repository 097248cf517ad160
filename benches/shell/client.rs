//! A shell of this machine held and shown by the program's own parts: what the full-screen program
//! does with a sandbox's, without the rest of its screen.

use std::io::{BufWriter, Read, Write};
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::channel;
use std::time::{Duration, Instant};

use crossterm::event::{self, Event};
use drydock::session::holder;
use drydock::session::{Input, Launcher, Notice, Order, Place, Shells, Visitor};
use drydock::terminal::Size;
use drydock::tui::theme::ColorDepth;
use drydock::tui::widgets::shell_pane::{self, ShellPane};

use crate::local::{self, Local};

/// As the full-screen program's.
const FRAME: Duration = Duration::from_millis(16);

enum News {
    Outer(Event),
    Shell(Notice),
}

/// Holds a shell; started by `Shells`.
pub(crate) fn hold() {
    let _ = rustix::process::setsid();
    let mut order = String::new();
    std::io::stdin().read_to_string(&mut order).unwrap();
    let order: Order = serde_json::from_str(&order).unwrap();
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = runtime.enable_all().build().unwrap();
    runtime.block_on(async {
        let engine = Arc::new(Local::default());
        holder::hold(engine, order, Box::new(|_| ()), |line| {
            let mut out = std::io::stdout();
            writeln!(out, "{line}").and_then(|()| out.flush()).unwrap();
        })
        .await;
    });
}

/// Shows it.
pub(crate) fn run(place: &Path) {
    let this = std::env::current_exe().unwrap();
    let shells = Shells {
        place: Place::new(place.to_owned()),
        launcher: Launcher { program: this, arguments: vec!["hold".into()] },
        scrollback: 10_000,
        recordings: None,
        database: place.join("progress.db"),
        offline: true,
    };
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    let runtime = runtime.worker_threads(2).enable_all().build().unwrap();
    let (news, inbox) = channel();
    let outer = news.clone();
    let notify = Arc::new(move |notice| drop(news.send(News::Shell(notice))));
    crossterm::terminal::enable_raw_mode().unwrap();
    let (columns, rows) = crossterm::terminal::size().unwrap();
    let visitor = Visitor { size: Size { columns, rows }, watch: false };
    let opened = runtime.block_on(shells.open(&local::sandbox(), visitor, notify));
    let session = opened.map_err(|problem| problem.to_string()).unwrap().session;
    std::thread::spawn(move || {
        while let Ok(event) = event::read() {
            outer.send(News::Outer(event)).unwrap();
        }
    });
    let backend = ratatui::backend::CrosstermBackend::new(BufWriter::with_capacity(
        1 << 16,
        std::io::stdout(),
    ));
    let mut terminal = ratatui::Terminal::new(backend).unwrap();
    let (mut dirty, mut typed, mut urgent) = (true, false, false);
    let mut drawn = Instant::now();
    loop {
        if dirty && (urgent || drawn.elapsed() >= FRAME) {
            session.seen();
            let screen = session.screen();
            let draw = |frame: &mut ratatui::Frame<'_>| {
                let view = screen.lock();
                let depth = ColorDepth::True;
                let area = frame.area();
                ShellPane { rows: &view.rows, depth, over: &[] }.render(area, frame.buffer_mut());
                if let Some(cursor) = shell_pane::cursor(&view, area) {
                    frame.set_cursor_position(cursor);
                }
            };
            terminal.draw(draw).unwrap();
            (drawn, dirty, urgent) = (Instant::now(), false, false);
        }
        let news = if dirty {
            inbox.recv_timeout((drawn + FRAME).saturating_duration_since(Instant::now()))
        } else {
            inbox.recv().map_err(Into::into)
        };
        match news {
            Ok(News::Outer(Event::Key(key))) => {
                typed = true;
                session.send(Input::Key(key));
            }
            Ok(News::Shell(Notice::Ended(_))) => return,
            Ok(News::Shell(_)) => {
                dirty = true;
                urgent |= std::mem::take(&mut typed);
            }
            Ok(News::Outer(_)) | Err(_) => {}
        }
    }
}
