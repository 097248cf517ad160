//! Draws Replay.

use ratatui::Frame;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use unicode_width::UnicodeWidthStr;

use super::{Playing, Replay};
use crate::session::recording::Status;
use crate::terminal::Size;
use crate::tui::app::App;
use crate::tui::screens::body;
use crate::tui::widgets::pane::Pane;
use crate::tui::widgets::shell_pane::{self, ShellPane};
use crate::tui::widgets::text::{clock, fit, split_line};

/// A bar shorter than this shows nothing: then the words beside it stand alone.
const LEAST_BAR: u16 = 8;

struct Places {
    title: Rect,
    /// Where the frame stands; without one where there is no room for it.
    frame: Option<Rect>,
    screen: Rect,
    bar: Rect,
}

fn places(area: Rect, size: Size) -> Places {
    let body = body(area);
    let title = Rect { height: body.height.min(1), ..body };
    let bar = Rect { y: body.bottom().saturating_sub(1), ..title };
    let stage = Rect { y: body.y + 1, height: body.height.saturating_sub(2), ..body };
    let (width, height) = (size.columns.min(stage.width), size.rows.min(stage.height));
    let framed = stage.width >= size.columns + 2 && stage.height >= size.rows + 2;
    if framed {
        let frame = Rect {
            x: stage.x + (stage.width - width - 2) / 2,
            width: width + 2,
            height: height + 2,
            ..stage
        };
        return Places { title, frame: Some(frame), screen: Pane::inner_tight(frame), bar };
    }
    let screen = Rect { x: stage.x + (stage.width - width) / 2, width, height, ..stage };
    Places { title, frame: None, screen, bar }
}

/// Draws Replay; gives the place of the recorded cursor.
pub fn draw(app: &App, replay: &Replay, frame: &mut Frame<'_>) -> Option<Position> {
    let area = frame.area();
    let Some(playing) = &replay.playing else {
        let text = Span::styled(" Opening the recording", app.theme.muted());
        frame.render_widget(text, Rect { height: 1, ..area });
        return None;
    };
    let view = playing.screen.lock();
    let places = places(area, view.size);
    let size = format!("{}x{}", view.size.columns, view.size.rows);
    let cut = (places.screen.width, places.screen.height) != (view.size.columns, view.size.rows);
    title(app, playing, cut.then_some(&size), frame, places.title);
    if let Some(border) = places.frame {
        Pane::new(app, "").right(size).draw_tight(frame, border);
    }
    bar(app, &playing.status, frame, places.bar);
    let first = usize::from(shell_pane::first_row(&view, places.screen.height));
    let rows = view.rows.get(first..).unwrap_or_default();
    let pane = ShellPane { rows, depth: app.theme.depth, over: &[] };
    pane.render(places.screen, frame.buffer_mut());
    shell_pane::cursor(&view, places.screen)
}

/// Draws what is to be seen, or the part of it around the cursor that there is room for.
pub fn draw_screen(app: &App, playing: &Playing, frame: &mut Frame<'_>, area: Rect) {
    let view = playing.screen.lock();
    let first = usize::from(shell_pane::first_row(&view, area.height));
    let rows = view.rows.get(first..).unwrap_or_default();
    let (width, height) = (view.size.columns.min(area.width), view.size.rows.min(area.height));
    let place = Rect { width, height, ..area };
    ShellPane { rows, depth: app.theme.depth, over: &[] }.render(place, frame.buffer_mut());
}

/// What it is of, when it was made, and the marker that was passed last.
fn title(app: &App, playing: &Playing, cut: Option<&String>, frame: &mut Frame<'_>, area: Rect) {
    let theme = &app.theme;
    let dot = || Span::styled(app.signs.dot(), theme.faint());
    let mut left = vec![
        Span::styled(" Replay  ", theme.heading()),
        Span::styled(playing.title.as_str(), theme.text()),
    ];
    if let Some(size) = cut {
        left.extend([dot(), Span::styled(format!("a part of {size}"), theme.attention())]);
    }
    if let Some(started) = &playing.started {
        left.extend([dot(), Span::styled(started.as_str(), theme.muted())]);
    }
    let status = &playing.status;
    let passed = status.marks.partition_point(|mark| mark.at <= status.position);
    let mark = passed.checked_sub(1).and_then(|index| status.marks.get(index));
    let label = mark.map_or("", |mark| mark.label.as_str());
    let right = fit(label, usize::from(area.width) / 2);
    let right = vec![Span::styled(right, theme.accent()), Span::raw(" ")];
    frame.render_widget(split_line(left, right, area.width), area);
}

/// The words on both sides of the bar.
fn words<'a>(app: &App, status: &Status) -> (Vec<Span<'a>>, Vec<Span<'a>>) {
    let theme = &app.theme;
    let (word, style) = match status.playing {
        true => ("playing", theme.good()),
        false if status.position >= status.length => ("the end", theme.muted()),
        false => ("paused ", theme.attention()),
    };
    let left = vec![
        Span::styled(format!(" {word}  "), style),
        Span::styled(clock(status.position), theme.text()),
        Span::styled(format!(" / {}  ", clock(status.length)), theme.muted()),
    ];
    let mut right = vec![Span::styled(format!("  {}x", status.speed), theme.text())];
    if status.skip_idle {
        right.extend([
            Span::styled(app.signs.dot(), theme.faint()),
            Span::styled("no pauses", theme.text()),
        ]);
    }
    right.push(Span::raw(" "));
    (left, right)
}

fn width(spans: &[Span<'_>]) -> u16 {
    spans.iter().map(|span| span.content.width()).sum::<usize>() as u16
}

/// Where the bar itself is on its line; `None` where it would be too short.
fn bar_place(app: &App, status: &Status, line: Rect) -> Option<Rect> {
    let (left, right) = words(app, status);
    let (left, right) = (width(&left), width(&right));
    let room = line.width.checked_sub(left + right).filter(|room| *room >= LEAST_BAR)?;
    Some(Rect { x: line.x + left, width: room, ..line })
}

/// The cell of a bar so wide that stands for a moment.
fn cell(status: &Status, at: std::time::Duration, width: u16) -> u16 {
    if status.length.is_zero() {
        return 0;
    }
    let part = at.as_secs_f64() / status.length.as_secs_f64();
    ((part * f64::from(width)) as u16).min(width.saturating_sub(1))
}

fn bar(app: &App, status: &Status, frame: &mut Frame<'_>, line: Rect) {
    let (left, right) = words(app, status);
    frame.render_widget(split_line(left, right, line.width), line);
    let Some(place) = bar_place(app, status, line) else { return };
    let theme = &app.theme;
    let (done, rest, mark, here) =
        if app.signs.ascii { ("=", "-", "|", "O") } else { ("━", "─", "┃", "●") };
    let at = cell(status, status.position, place.width);
    let mut cells: Vec<(&str, Style)> = (0..place.width)
        .map(|x| if x < at { (done, theme.accent()) } else { (rest, theme.faint()) })
        .collect();
    for passed in status.marks.iter() {
        if let Some(cell) = cells.get_mut(usize::from(cell(status, passed.at, place.width))) {
            *cell = (mark, theme.muted());
        }
    }
    if let Some(cell) = cells.get_mut(usize::from(at)) {
        *cell = (here, theme.key());
    }
    let spans = cells.into_iter().map(|(sign, style)| Span::styled(sign, style));
    frame.render_widget(spans.collect::<Line<'_>>(), place);
}

/// The part of the whole, in thousandths, that a place on the bar stands for.
pub fn seek_at(app: &App, replay: &Replay, at: Position) -> Option<u16> {
    let playing = replay.playing.as_ref()?;
    let size = playing.screen.lock().size;
    let place = bar_place(app, &playing.status, places(app.area, size).bar)?;
    if !place.contains(at) {
        return None;
    }
    let last = u32::from(place.width.saturating_sub(1)).max(1);
    u16::try_from(u32::from(at.x - place.x) * 1000 / last).ok()
}
