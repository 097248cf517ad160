//! How fast the author's editor answers a key, and how long content is read: `cargo bench --bench author`.

#![allow(missing_docs, reason = "criterion's macros make public functions")]
#![allow(clippy::format_push_string, reason = "what is written is not what is measured")]

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use criterion::{Criterion, criterion_group, criterion_main};
use crossterm::event::KeyCode;
use drydock::author::Folder;
use drydock::course::{Catalogue, Source, Texts};
use drydock::tui::app::{App, AuthorEvent, Event, Settings};
use drydock::tui::color::ColorDepth;
use drydock::tui::screens;
use drydock::tui::theme::{Signs, Theme};
use drydock::tui::widgets::highlight::Highlighter;
use ratatui::Terminal;
use ratatui::backend::TestBackend;

/// A manifest of so many lines.
fn manifest(lines: usize) -> String {
    let mut text = "id: my-01\nmodule: mine\norder: 1\ntitle: Long\nverify:\n".to_owned();
    for n in 0..lines / 2 {
        text += &format!("  - name: \"Check {n} holds\" # why\n    cmd: test -f /srv/data/{n}\n");
    }
    text
}

fn app() -> Option<App> {
    let settings = Settings {
        theme: Theme::find("harbour", ColorDepth::True)?,
        signs: Signs { ascii: false },
        leave: "ctrl-]".parse().ok()?,
        mouse: true,
        offline: true,
        first_start: false,
        content: None,
        reading: false,
    };
    let mut app = App::new(settings, Arc::new(Catalogue::default()), Instant::now());
    app.update(Event::Resize(200, 60), Instant::now());
    app.open_author("content".into());
    Some(app)
}

/// From a key to its frame, in the middle of a manifest.
fn keys(criterion: &mut Criterion) {
    for lines in [100, 5000] {
        let Some(mut app) = app() else { return };
        let Ok(mut terminal) = Terminal::new(TestBackend::new(200, 60));
        let text = manifest(lines);
        let (path, edits) = ("exercises/a.yaml".to_owned(), 0);
        let content = Ok(text.as_str().into());
        let mut event = |event| drop(app.update(Event::Author { visit: 1, event }, Instant::now()));
        event(AuthorEvent::File { path: path.clone(), content });
        if let Some(mut highlighter) = Highlighter::of(&path, &text) {
            while !highlighter.advance(lines) {}
            event(AuthorEvent::Coloured { path, edits, tokens: highlighter.tokens() });
        }
        for _ in 0..lines / 2 {
            app.update(Event::Key(KeyCode::Down.into()), Instant::now());
        }
        let mut keys = [KeyCode::Char('x'), KeyCode::Backspace].into_iter().cycle();
        criterion.bench_function(&format!("author/key/{lines}"), |bencher| {
            bencher.iter(|| {
                let key = keys.next().unwrap_or(KeyCode::Left);
                let effects = app.update(Event::Key(key.into()), Instant::now());
                let drawn = terminal.draw(|frame| screens::draw(&app, frame)).is_ok();
                (effects, drawn)
            });
        });
    }
}

/// What a line is made of: at first, and after a key in the middle.
fn colours(criterion: &mut Criterion) {
    let text = manifest(5000);
    let changed = text.replacen("Check 1250 holds", "Check 1250 hold", 1);
    criterion.bench_function("author/colours/first", |bencher| {
        bencher.iter(|| {
            let mut highlighter = Highlighter::of("a.yaml", &text)?;
            while !highlighter.advance(5000) {}
            Some(highlighter.tokens())
        });
    });
    let Some(mut highlighter) = Highlighter::of("a.yaml", &text) else { return };
    let mut texts = [&changed, &text].into_iter().cycle();
    criterion.bench_function("author/colours/change", |bencher| {
        bencher.iter(|| {
            highlighter.update(texts.next().unwrap_or(&text));
            while !highlighter.advance(5000) {}
            highlighter.tokens()
        });
    });
}

/// A folder of so many exercises, each with a lesson and a solution.
fn write(root: &Path, items: usize) -> std::io::Result<()> {
    for n in 0..items {
        let (module, number) = (format!("m{:02}", n / 50), n % 50);
        let (below, content) =
            (root.join("exercises").join(&module), root.join("content").join(&module));
        fs::create_dir_all(below.join(format!("{number:02}")))?;
        fs::create_dir_all(&content)?;
        let mut text = format!(
            "id: {module}-{number:02}\nmodule: {module}\norder: {number}\ntitle: Item {n}\n"
        );
        text += &format!("solution: {number:02}/solution.sh\nverify:\n");
        for check in 0..4 {
            text += &format!("  - name: Check {check}\n    cmd: test -f /srv/{check}\n");
        }
        text += "hints:\n  - Look again.\n  - text: There.\n    trigger_after: 2m\n";
        fs::write(below.join(format!("{number:02}.yaml")), text)?;
        let solution = "#!/bin/sh\n# turns: \"Check 0\", \"Check 1\", \"Check 2\", \"Check 3\"\ntouch /srv/0\n";
        fs::write(below.join(format!("{number:02}/solution.sh")), solution)?;
        let lesson =
            "# A lesson\n\nWith a [link](#a-lesson) and code.\n\n```sh\nls -l\n```\n\nText.\n"
                .repeat(5);
        fs::write(content.join(format!("{number:02}.md")), lesson)?;
    }
    Ok(())
}

/// Everything anew after a change.
fn reading(criterion: &mut Criterion) {
    for items in [100, 1000] {
        let Ok(root) = tempfile::tempdir() else { return };
        if write(root.path(), items).is_err() {
            return;
        }
        let Ok(mut folder) = Folder::open(root.path(), vec![Source::built_in()], vec![]) else {
            return;
        };
        criterion.bench_function(&format!("author/read/{items}"), |bencher| {
            bencher.iter(|| folder.read(Texts::new()));
        });
    }
}

criterion_group!(benches, keys, colours, reading);
criterion_main!(benches);
