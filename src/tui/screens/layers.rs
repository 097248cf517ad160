//! Draws what lies over a screen: help, palette, dialogs, problems, and the moment of completion.

use ratatui::Frame;
use ratatui::layout::{Alignment, Position, Rect};
use ratatui::style::Modifier;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Paragraph, Wrap};
use unicode_width::UnicodeWidthStr;

use crate::lab::hint::Shown;
use crate::problem::Problem;
use crate::tui::app::{App, Completed, Dialog, Layer, Palette};
use crate::tui::keymap;
use crate::tui::widgets::popup;
use crate::tui::widgets::text::{duration, fit, plain, split_line, wrap};

/// How wide a box of running text is: a comfortable measure.
const MEASURE: u16 = 72;

/// Draws all layers; gives the cursor's place if the top one has an input line.
pub fn draw(app: &App, frame: &mut Frame<'_>) -> Option<Position> {
    let mut cursor = None;
    for layer in &app.layers {
        cursor = None;
        match layer {
            Layer::Help(scroll) => help(app, frame, *scroll),
            Layer::Palette(palette) => cursor = Some(commands(app, frame, palette)),
            Layer::Dialog(dialog) => question(app, frame, dialog),
            Layer::Problem(problem) => trouble(app, frame, problem),
            Layer::Hint(shown) => hint(app, frame, shown),
            Layer::File(viewer) => viewer.draw(app, frame),
            Layer::Completed(completed) => completion(app, frame, completed),
            Layer::Page(page) => page.draw(app, frame),
            Layer::Diagnosis(diagnosis) => diagnosis.draw(app, frame),
        }
    }
    cursor
}

/// As many rows as the text takes at a width, plus the border.
fn boxed(lines: &[Line<'_>], width: u16) -> u16 {
    let inner = width.saturating_sub(4);
    let text = Paragraph::new(lines.to_vec()).wrap(Wrap { trim: false });
    (text.line_count(inner) as u16).saturating_add(2)
}

fn text_box(app: &App, frame: &mut Frame<'_>, title: &str, lines: Vec<Line<'_>>) -> Rect {
    let width = MEASURE.min(frame.area().width);
    let height = boxed(&lines, width);
    let inner = popup::open(app, frame, title, width, height);
    frame.render_widget(Paragraph::new(lines).wrap(Wrap { trim: false }), inner);
    inner
}

fn help(app: &App, frame: &mut Frame<'_>, scroll: u16) {
    let context = app.context();
    let mut lines = Vec::new();
    for binding in keymap::bindings(context).filter(|binding| !binding.keys.is_empty()) {
        let names: Vec<_> = binding.keys.iter().map(|key| keymap::label(key, app.leave)).collect();
        lines.push(Line::from(vec![
            Span::styled(format!("{:>16}  ", names.join(" ")), app.theme.key()),
            Span::styled(binding.long, app.theme.text()),
        ]));
    }
    let rest = match context {
        keymap::Context::Shell => &["Every other key goes to the shell."][..],
        keymap::Context::Editor => &[
            "The arrows, home, end and the page keys move; with Ctrl by words and to the ends,",
            "with Shift they select. Every other key is typed.",
        ],
        _ => &[],
    };
    lines.extend(rest.iter().map(|line| Line::from(*line)));
    let width = MEASURE.min(frame.area().width);
    let height = boxed(&lines, width);
    let title = format!("Keys: {}", context.title());
    let inner = popup::open(app, frame, &title, width, height);
    let scroll = scroll.min((lines.len() as u16).saturating_sub(inner.height));
    frame.render_widget(Paragraph::new(lines).scroll((scroll, 0)), inner);
}

fn commands(app: &App, frame: &mut Frame<'_>, palette: &Palette) -> Position {
    let height = (palette.all.len() as u16 + 4).min(frame.area().height.saturating_sub(3)).min(20);
    let inner = popup::open(app, frame, palette.title, MEASURE, height);
    let input = fit(&format!(": {}", palette.query), inner.width.saturating_sub(1).into());
    let cursor = Position::new(inner.x + input.width() as u16, inner.y);
    frame.render_widget(Span::styled(input, app.theme.accent()), Rect { height: 1, ..inner });
    let list = Rect { y: inner.y + 1, height: inner.height.saturating_sub(1), ..inner };
    if palette.found.is_empty() {
        frame.render_widget(Span::styled("Nothing matches", app.theme.muted()), list);
    }
    let first = palette.selected.saturating_sub(usize::from(list.height).saturating_sub(1));
    let rows = palette.found.iter().enumerate().skip(first);
    for (line, (index, row)) in (0..list.height).zip(rows) {
        let Some(row) = palette.all.get(*row) else { continue };
        let at = Rect { y: list.y + line, height: 1, ..list };
        if index == palette.selected {
            frame.buffer_mut().set_style(at, app.theme.selection());
        }
        let left = vec![Span::raw(&*row.text)];
        let right = vec![Span::styled(&*row.keys, app.theme.muted())];
        frame.render_widget(split_line(left, right, at.width), at);
    }
    cursor
}

fn question(app: &App, frame: &mut Frame<'_>, dialog: &Dialog) {
    let mut lines: Vec<_> =
        dialog.text.lines().map(|line| Line::styled(line, app.theme.text())).collect();
    lines.push(Line::default());
    let mut answers = Vec::new();
    for (index, (words, _)) in dialog.answers.iter().enumerate() {
        let selected = index == dialog.selected;
        let style = if selected { app.theme.selection() } else { app.theme.muted() };
        let text = if selected { format!("[ {words} ]") } else { format!("  {words}  ") };
        answers.extend([Span::styled(text, style), Span::raw("  ")]);
    }
    lines.push(Line::from(answers));
    text_box(app, frame, &dialog.title, lines);
}

fn trouble(app: &App, frame: &mut Frame<'_>, problem: &Problem) {
    let mut lines = vec![Line::styled(problem.to_string(), app.theme.text())];
    if let Some(remedy) = &problem.remedy {
        lines.extend([Line::default(), Line::styled("What helps", app.theme.muted())]);
        lines.push(Line::styled(remedy.as_str(), app.theme.attention()));
    }
    text_box(app, frame, "That did not work", lines);
}

fn hint(app: &App, frame: &mut Frame<'_>, shown: &Shown) {
    let title = format!("Hint {} of {}", shown.index + 1, shown.of);
    let lines = plain(&shown.text).map(|text| Line::styled(text, app.theme.text())).collect();
    text_box(app, frame, &title, lines);
}

fn completion(app: &App, frame: &mut Frame<'_>, done: &Completed) {
    let theme = &app.theme;
    let width = MEASURE.min(frame.area().width);
    let text_width = usize::from(width.saturating_sub(8));
    let mut lines = vec![
        Line::default(),
        Line::styled(
            format!("{}  {}", app.signs.passed(), done.title),
            theme.good().add_modifier(Modifier::BOLD),
        )
        .alignment(Alignment::Center),
        Line::default(),
    ];
    let estimate = if done.active <= done.estimate { "within" } else { "over" };
    let hints = match done.hints {
        0 => "no hints".to_owned(),
        1 => "1 hint".to_owned(),
        n => format!("{n} hints"),
    };
    let dot = app.signs.dot();
    lines.push(
        Line::styled(
            format!(
                "{} at the keys, {estimate} the {} planned{dot}all {} checks{dot}{hints}",
                duration(done.active),
                duration(done.estimate),
                done.checks
            ),
            theme.muted(),
        )
        .alignment(Alignment::Center),
    );
    if !done.first {
        lines.push(
            Line::styled("done before: practice makes it stick", theme.muted())
                .alignment(Alignment::Center),
        );
    }
    if !done.takeaways.is_empty() {
        lines.extend([Line::default(), Line::styled("What you learned", theme.heading())]);
        for takeaway in &done.takeaways {
            for (index, part) in wrap(takeaway, text_width).into_iter().enumerate() {
                let lead = if index == 0 { "· " } else { "  " };
                let lead = if app.signs.ascii { lead.replace('·', "-") } else { lead.to_owned() };
                lines.push(Line::from(vec![Span::styled(lead, theme.accent()), Span::raw(part)]));
            }
        }
    }
    lines.push(Line::default());
    lines.push(match &done.next {
        Some((id, title)) => Line::from(vec![
            Span::styled("Next: ", theme.muted()),
            Span::styled(title.as_str(), theme.text().add_modifier(Modifier::BOLD)),
            Span::styled(format!(" ({id})"), theme.muted()),
        ]),
        None => Line::styled("That was the last item there is. Well done.", theme.text()),
    });
    lines.push(Line::default());
    lines.push(Line::from(vec![
        Span::styled("enter", theme.key()),
        Span::styled(if done.next.is_some() { " next item   " } else { " home   " }, theme.muted()),
        Span::styled("h", theme.key()),
        Span::styled(" home   ", theme.muted()),
        Span::styled("s", theme.key()),
        Span::styled(" stay here", theme.muted()),
    ]));
    let height = boxed(&lines, width);
    let inner = popup::open(app, frame, "Completed", width, height);
    frame.render_widget(Paragraph::new(lines).wrap(Wrap { trim: false }), inner);
}
