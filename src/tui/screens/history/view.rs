//! Draws History.

use jiff::Timestamp;
use ratatui::Frame;
use ratatui::layout::{Position, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Paragraph, Wrap};
use unicode_width::UnicodeWidthStr;

use super::layout::{list_places, places};
use super::{History, LISTED, Listed, Open};
use crate::store::{AttemptState, CheckState, SnapshotEvent};
use crate::tracker::{Moment, What};
use crate::tui::app::App;
use crate::tui::screens::replay;
use crate::tui::widgets::list::{first_row, select};
use crate::tui::widgets::pane::Pane;
use crate::tui::widgets::tame::tame;
use crate::tui::widgets::text::{clock, duration, fit, plain, split_line};

/// From this width on a row of the list has room for everything.
const ROOMY: u16 = 90;

/// Draws History; gives the cursor's place while a search is typed.
pub fn draw(app: &App, history: &History, frame: &mut Frame<'_>) -> Option<Position> {
    let places = places(history, frame.area());
    title(app, history, frame, places.title);
    let Some(open) = &history.open else { return list(app, history, frame, places.list) };
    story(app, open, frame, places.list);
    if let Some(area) = places.recording {
        recording(app, open, frame, area);
    }
    None
}

fn title(app: &App, history: &History, frame: &mut Frame<'_>, area: Rect) {
    let theme = &app.theme;
    let mut left = vec![Span::styled(" History  ", theme.heading())];
    let right = match &history.open {
        Some(Open { listed, .. }) => {
            let title = app.course.item(&listed.attempt.item).map(|item| tame(&item.title));
            left.push(Span::styled(tame(&listed.attempt.item), theme.muted()));
            left.push(Span::raw("  "));
            left.push(Span::styled(title.unwrap_or_default(), theme.text()));
            format!("{} ", listed.began)
        }
        None => match history.found.as_ref().map(Vec::len) {
            Some(count) if count >= LISTED as usize => format!("the latest {count} attempts "),
            Some(1) => "1 attempt ".to_owned(),
            Some(count) => format!("{count} attempts "),
            None => String::new(),
        },
    };
    let right = vec![Span::styled(right, theme.muted())];
    frame.render_widget(split_line(left, right, area.width), area);
}

fn list(app: &App, history: &History, frame: &mut Frame<'_>, area: Rect) -> Option<Position> {
    let theme = &app.theme;
    let state = history.state.map_or("all", AttemptState::word);
    Pane::new(app, "Attempts").right(state).focused(true).draw(frame, area);
    let (search, rows) = list_places(area);
    let mut cursor = None;
    if history.typing {
        let shown =
            fit(&format!("/ {}", tame(&history.text)), search.width.saturating_sub(1).into());
        cursor = Some(Position::new(search.x + shown.width() as u16, search.y));
        frame.render_widget(Span::styled(shown, theme.accent()), search);
    } else if !history.text.is_empty() {
        let shown = fit(&format!("/ {}", tame(&history.text)), search.width.into());
        frame.render_widget(Span::styled(shown, theme.attention()), search);
    } else {
        let hint = fit("/ searches items and what was typed", search.width.into());
        frame.render_widget(Span::styled(hint, theme.faint()), search);
    }
    let said = |text: &str, frame: &mut Frame<'_>| {
        let text = Paragraph::new(text.to_owned()).style(theme.muted()).wrap(Wrap { trim: true });
        frame.render_widget(text, rows);
    };
    let Some(found) = &history.found else {
        said("Looking", frame);
        return cursor;
    };
    if found.is_empty() {
        let all = history.text.is_empty() && history.state.is_none();
        said(
            if all { "Nothing was attempted yet" } else { "Nothing like it was attempted" },
            frame,
        );
        return cursor;
    }
    let first = first_row(history.cursor, rows.height);
    for (line, (index, listed)) in (0..rows.height).zip(found.iter().enumerate().skip(first)) {
        let at = Rect { y: rows.y + line, height: 1, ..rows };
        frame.render_widget(attempt_row(app, listed, at.width), at);
        if index == history.cursor {
            select(&app.theme, frame.buffer_mut(), at);
        }
    }
    cursor
}

fn attempt_row<'a>(app: &App, listed: &Listed, width: u16) -> Line<'a> {
    let theme = &app.theme;
    let attempt = &listed.attempt;
    let (sign, style) = match attempt.state {
        AttemptState::Completed => (app.signs.passed(), theme.good()),
        AttemptState::Active => (app.signs.started(), theme.attention()),
        AttemptState::Abandoned => (app.signs.unavailable(), theme.muted()),
    };
    let mut left = vec![
        Span::styled(format!("{sign} "), style),
        Span::styled(format!("{}  ", listed.began), theme.muted()),
        Span::styled(format!("{}  ", tame(&attempt.item)), theme.text()),
    ];
    if let Some(item) = app.course.item(&attempt.item) {
        left.push(Span::styled(tame(&item.title), theme.muted()));
    }
    let mut right = Vec::new();
    if width >= ROOMY {
        let help = match (attempt.hints, attempt.solution_seen_at.is_some()) {
            (_, true) => "solution".to_owned(),
            (0, false) => String::new(),
            (1, false) => "1 hint".to_owned(),
            (hints, false) => format!("{hints} hints"),
        };
        let failures = match attempt.failures {
            0 => String::new(),
            1 => "1 failure".to_owned(),
            failures => format!("{failures} failures"),
        };
        right.push(Span::styled(format!(" {help:>8}  {failures:>11} "), theme.muted()));
    }
    let recorded = if listed.recorded { "rec" } else { "" };
    right.push(Span::styled(format!(" {recorded:<3}"), theme.accent()));
    right.push(Span::styled(format!(" {:>7}", duration(attempt.active)), theme.text()));
    split_line(left, right, width)
}

fn story(app: &App, open: &Open, frame: &mut Frame<'_>, area: Rect) {
    let theme = &app.theme;
    Pane::new(app, "What happened").focused(true).draw(frame, area);
    let (facts, rows) = list_places(area);
    let attempt = &open.listed.attempt;
    let dot = app.signs.dot();
    let words = format!(
        "{}{dot}{} at the keys{dot}{}{}",
        attempt.state.word(),
        duration(attempt.active),
        attempt.engine,
        if attempt.seed == 0 { String::new() } else { format!("{dot}seed {}", attempt.seed) },
    );
    let words = fit(&words, facts.width.into());
    frame.render_widget(Span::styled(words, theme.muted()), facts);
    let Some(story) = &open.story else {
        return frame.render_widget(Span::styled("Reading", theme.muted()), rows);
    };
    let first = first_row(open.cursor, rows.height);
    for (line, (index, moment)) in
        (0..rows.height).zip(story.moments.iter().enumerate().skip(first))
    {
        let at = Rect { y: rows.y + line, height: 1, ..rows };
        frame.render_widget(moment_row(app, moment, attempt.started_at, at.width), at);
        if index == open.cursor {
            select(&app.theme, frame.buffer_mut(), at);
        }
    }
}

fn moment_row<'a>(app: &App, moment: &Moment, began: Timestamp, width: u16) -> Line<'a> {
    let (theme, signs) = (&app.theme, app.signs);
    let after = std::time::Duration::try_from(moment.at.duration_since(began)).unwrap_or_default();
    let mut right = Vec::new();
    let (sign, style, text, words) = match &moment.what {
        What::Begun => (signs.open(), theme.muted(), "begun".to_owned(), theme.muted()),
        What::Command { text, status, duration: took } => {
            match status {
                Some(0) | None => {}
                Some(status) => {
                    right.push(Span::styled(format!(" {} {status}", signs.failed()), theme.bad()));
                }
            }
            if took.as_secs() > 0 {
                right.push(Span::styled(format!(" {}", duration(*took)), theme.muted()));
            }
            ("$", theme.muted(), tame(&text.replace('\n', " ")), theme.text())
        }
        What::Check { name, state } => {
            let (sign, style) = match state {
                CheckState::Passed => (signs.passed(), theme.good()),
                CheckState::Failed => (signs.failed(), theme.bad()),
                CheckState::Error => (signs.error(), theme.attention()),
                CheckState::Skipped => (signs.open(), theme.muted()),
            };
            (sign, style, format!("{} {}", tame(name), state.word()), style)
        }
        What::Hint { number } => {
            ("?", theme.attention(), format!("hint {number}"), theme.attention())
        }
        What::Solution => {
            ("?", theme.attention(), "the solution was shown".to_owned(), theme.attention())
        }
        What::Snapshot { name, what } => {
            let words = match what {
                SnapshotEvent::Taken => format!("snapshot {} taken", tame(name)),
                SnapshotEvent::Rewound => format!("rewound to {}", tame(name)),
            };
            (signs.running(), theme.accent(), words, theme.accent())
        }
        What::Told { who, text } => {
            let text = plain(text).next().unwrap_or_default();
            let words = format!("{}: {}", tame(who), tame(&text));
            (signs.running(), theme.attention(), words, theme.text())
        }
        What::Ended(state) => {
            (signs.open(), theme.muted(), state.word().to_owned(), theme.heading())
        }
    };
    let left = vec![
        Span::styled(format!("{:>8}  ", clock(after)), theme.muted()),
        Span::styled(format!("{sign} "), style),
        Span::styled(text, words),
    ];
    split_line(left, right, width)
}

/// What the shell showed at the selected moment.
fn recording(app: &App, open: &Open, frame: &mut Frame<'_>, area: Rect) {
    let playing = app.replay.as_ref().and_then(|replay| replay.playing.as_ref());
    let word = match playing {
        Some(playing) => clock(playing.status.position),
        None => String::new(),
    };
    let inner = Pane::new(app, "What the shell showed").right(word).draw_tight(frame, area);
    if let Some(playing) = playing {
        return replay::draw_screen(app, playing, frame, inner);
    }
    let text = if open.listed.recorded {
        "Opening the recording"
    } else {
        "This attempt was not recorded"
    };
    let place = Rect { x: inner.x + 1, width: inner.width.saturating_sub(2), ..inner };
    frame.render_widget(Span::styled(text, app.theme.muted()), place);
}
