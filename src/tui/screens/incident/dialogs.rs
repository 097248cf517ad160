//! What lies over an incident: pages to be read, and the question what is wrong.

use std::fmt::Write;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use unicode_width::UnicodeWidthStr;

use super::Incident;
use super::graphs::Graphs;
use crate::course::scenario::{Answer, Evidence, Quality};
use crate::incident::order::Order;
use crate::incident::picture::{Bar, Guess, Outcome as End, Phase};
use crate::tui::app::{Action, App, Choice, Dialog};
use crate::tui::theme::{Signs, Theme};
use crate::tui::widgets::markdown::{Document, MarkdownStyle};
use crate::tui::widgets::popup;
use crate::tui::widgets::tame::tame;
use crate::tui::widgets::text::{clock, fit, wrap};

/// How wide a page is at most.
const WIDTH: u16 = 84;

/// A page to be read: Markdown, with bars before it.
#[derive(Debug, Clone, PartialEq)]
pub struct Page {
    title: String,
    bars: Vec<Bar>,
    document: Document,
    graphs: Graphs,
    scroll: usize,
    /// What is asked once it was read.
    after: Option<Dialog>,
}

impl Page {
    /// From its beginning.
    pub fn new(title: impl Into<String>, markdown: &str, bars: Vec<Bar>) -> Self {
        let document = Document::parse(markdown);
        let (title, graphs) = (title.into(), Graphs::default());
        Self { title, bars, document, graphs, scroll: 0, after: None }
    }

    fn size(area: Rect) -> (u16, u16) {
        (WIDTH.min(area.width), area.height.saturating_sub(1))
    }

    fn lines(&self, theme: &Theme, signs: Signs, width: u16) -> Vec<Line<'static>> {
        let style = MarkdownStyle::themed(theme, signs);
        let mut lines = bar_lines(theme, signs, &self.bars, width);
        lines.extend(self.document.layout(width, &style).lines);
        lines.extend(self.graphs.lines(theme, signs, width));
        lines
    }

    /// What is asked once it was read.
    pub fn after(self) -> Option<Dialog> {
        self.after
    }

    /// A key on a terminal of this size. Whether the page is still to be shown.
    #[must_use]
    pub fn key(&mut self, key: KeyEvent, theme: &Theme, signs: Signs, area: Rect) -> bool {
        let (width, height) = Self::size(area);
        let rows = usize::from(height.saturating_sub(2)).max(1);
        let all = self.lines(theme, signs, width.saturating_sub(4)).len();
        let last = all.saturating_sub(rows);
        let page = rows.saturating_sub(1).max(1);
        self.scroll = match key.code {
            // Not enter: the page may come while somebody types.
            KeyCode::Esc | KeyCode::Char('q') => return false,
            KeyCode::Char('c') if key.modifiers.contains(KeyModifiers::CONTROL) => return false,
            KeyCode::Up | KeyCode::Char('k') => self.scroll.saturating_sub(1),
            KeyCode::Down | KeyCode::Char('j') => self.scroll + 1,
            KeyCode::PageUp | KeyCode::Char('b') => self.scroll.saturating_sub(page),
            KeyCode::PageDown | KeyCode::Char(' ') => self.scroll + page,
            KeyCode::Home | KeyCode::Char('g') => 0,
            KeyCode::End | KeyCode::Char('G') => last,
            _ => self.scroll,
        }
        .min(last);
        true
    }

    /// Draws it over the screen.
    pub fn draw(&self, app: &App, frame: &mut Frame<'_>) {
        let (width, height) = Self::size(frame.area());
        let lines = self.lines(&app.theme, app.signs, width.saturating_sub(4));
        let height = height.min(lines.len() as u16 + 2);
        let title = fit(&self.title, usize::from(width).saturating_sub(16));
        let inner = popup::open(app, frame, &title, width, height);
        let rows = usize::from(inner.height);
        let scroll = self.scroll.min(lines.len().saturating_sub(rows));
        for (y, line) in (inner.y..inner.bottom()).zip(lines.iter().skip(scroll)) {
            frame.render_widget(line, Rect { y, height: 1, ..inner });
        }
        if lines.len() > rows {
            let words = format!(
                " {}/{} ",
                (scroll + rows).div_ceil(rows.max(1)),
                lines.len().div_ceil(rows.max(1))
            );
            let x = inner.right().saturating_sub(words.width() as u16);
            let at = Rect { x, y: inner.bottom(), width: words.width() as u16, height: 1 };
            frame.render_widget(
                Span::styled(words, app.theme.muted()),
                at.intersection(frame.area()),
            );
        }
    }
}

fn bar_lines(theme: &Theme, signs: Signs, bars: &[Bar], width: u16) -> Vec<Line<'static>> {
    let longest = bars.iter().map(|bar| bar.title.width()).max().unwrap_or(0);
    let name = longest.min(usize::from(width) / 3);
    let cells = (usize::from(width) / 4).min(20);
    let mut lines: Vec<_> = bars
        .iter()
        .map(|bar| {
            let title = fit(&tame(&bar.title), name);
            let pad = " ".repeat(name.saturating_sub(title.width()) + 2);
            let share = (bar.share.clamp(0.0, 1.0) * 1000.0) as u64;
            let (full, empty) = signs.bar(share, 1000, cells);
            let room = usize::from(width).saturating_sub(name + cells + 4);
            let style = match share {
                0..400 => theme.bad(),
                400..750 => theme.attention(),
                _ => theme.good(),
            };
            Line::from(vec![
                Span::styled(format!("{title}{pad}"), theme.text()),
                Span::styled(full, style),
                Span::styled(empty, theme.faint()),
                Span::styled(format!("  {}", fit(&tame(&bar.words), room)), theme.muted()),
            ])
        })
        .collect();
    if !lines.is_empty() {
        lines.push(Line::default());
    }
    lines
}

/// One of the three lists.
#[derive(Debug, Clone, PartialEq, Eq)]
struct List {
    title: &'static str,
    answers: Vec<Answer>,
    selected: Option<usize>,
}

impl List {
    /// Its answers in lines of a width, each with the answer's index.
    fn lines(&self, signs: Signs, width: u16) -> Vec<(usize, String)> {
        let mut lines = Vec::new();
        for (index, answer) in self.answers.iter().enumerate() {
            let sign = match (self.selected == Some(index), signs.ascii) {
                (true, false) => "●",
                (true, true) => "*",
                (false, _) => " ",
            };
            let parts = wrap(&answer.title, usize::from(width).saturating_sub(2));
            for (number, part) in parts.into_iter().enumerate() {
                let lead = if number == 0 { sign } else { " " };
                lines.push((index, format!("{lead} {part}")));
            }
        }
        lines
    }
}

/// The question what is wrong: three closed lists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnosis {
    lists: [List; 3],
    focus: usize,
}

impl Diagnosis {
    fn new(lists: [(&'static str, &[Answer], Option<&str>); 3]) -> Self {
        let lists = lists.map(|(title, answers, chosen)| List {
            title,
            answers: answers.to_vec(),
            selected: chosen.and_then(|id| answers.iter().position(|answer| answer.id == id)),
        });
        Self { lists, focus: 0 }
    }

    /// A key; gives what is to be done where that ends the question.
    #[must_use]
    pub fn key(&mut self, key: KeyEvent) -> Option<Choice> {
        let last = self.lists.len() - 1;
        match key.code {
            KeyCode::Esc => return Some(Choice::Close),
            KeyCode::Left | KeyCode::BackTab | KeyCode::Char('h') => {
                self.focus = self.focus.saturating_sub(1);
            }
            KeyCode::Right | KeyCode::Tab | KeyCode::Char('l') => {
                self.focus = (self.focus + 1).min(last);
            }
            KeyCode::Up | KeyCode::Char('k') => self.step(-1),
            KeyCode::Down | KeyCode::Char('j') => self.step(1),
            KeyCode::Enter => {
                if let Some(guess) = self.guess() {
                    return Some(Choice::Order(Order::Diagnose(guess)));
                }
                let open = self.lists.iter().position(|list| list.selected.is_none());
                self.focus = open.unwrap_or(self.focus);
            }
            _ => {}
        }
        None
    }

    fn step(&mut self, by: isize) {
        let list = &mut self.lists[self.focus];
        let count = list.answers.len();
        let next = |at: usize| at.saturating_add_signed(by).min(count.saturating_sub(1));
        list.selected = (count > 0).then(|| list.selected.map_or(0, next));
    }

    /// What is chosen, once something is in each list.
    fn guess(&self) -> Option<Guess> {
        let chosen = |index: usize| {
            let list: &List = self.lists.get(index)?;
            list.answers.get(list.selected?).map(|answer| answer.id.clone())
        };
        Some(Guess { component: chosen(0)?, mechanism: chosen(1)?, trigger: chosen(2)? })
    }

    /// Draws it over the screen.
    pub fn draw(&self, app: &App, frame: &mut Frame<'_>) {
        let width = 96.min(frame.area().width);
        let each = width.saturating_sub(4) / 3;
        let lists = self.lists.each_ref().map(|list| list.lines(app.signs, each.saturating_sub(1)));
        let most = lists.iter().map(Vec::len).max().unwrap_or(0);
        let inner = popup::open(app, frame, "What is wrong?", width, most as u16 + 6);
        let theme = &app.theme;
        let rows = inner.height.saturating_sub(4);
        for (index, (list, lines)) in self.lists.iter().zip(&lists).enumerate() {
            let focused = index == self.focus;
            let x = inner.x + each * index as u16;
            let place = Rect { x, width: each.saturating_sub(1), ..inner }.intersection(inner);
            let head = if focused { theme.key() } else { theme.heading() };
            let title = Rect { height: place.height.min(1), ..place };
            frame.render_widget(Span::styled(list.title, head), title);
            let chosen = |answer: &usize| Some(*answer) == list.selected;
            let last = lines.iter().rposition(|(answer, _)| chosen(answer)).unwrap_or(0);
            let first = last.saturating_sub(usize::from(rows.max(1)) - 1);
            for (y, (answer, text)) in (inner.y + 2..inner.y + 2 + rows).zip(&lines[first..]) {
                let row = Rect { y, height: 1, ..place }.intersection(inner);
                let style = match (chosen(answer), focused) {
                    (true, true) => theme.selection(),
                    (true, false) => theme.accent(),
                    (false, _) => theme.text(),
                };
                frame.render_widget(Span::styled(text.as_str(), style), row);
            }
        }
        let foot =
            Rect { y: inner.bottom().saturating_sub(1), height: inner.height.min(1), ..inner };
        let words = if self.guess().is_some() {
            "enter gives this as your diagnosis"
        } else {
            "choose one in each list"
        };
        frame.render_widget(Span::styled(fit(words, foot.width.into()), theme.muted()), foot);
    }
}

impl Incident {
    /// The question, with what was answered before.
    pub(super) fn diagnosis(&self) -> Diagnosis {
        let system = &self.scenario.system;
        let before = self.picture.as_ref().and_then(|picture| picture.diagnosis.as_ref());
        Diagnosis::new([
            ("What is at fault", &system.components, before.map(|it| it.component.as_str())),
            ("How it breaks", &system.mechanisms, before.map(|it| it.mechanism.as_str())),
            ("What set it off", &system.triggers, before.map(|it| it.trigger.as_str())),
        ])
    }

    /// The page that called for help, and how the system works.
    pub(super) fn briefing(&self) -> Page {
        let system = &self.scenario.system;
        let text = format!(
            "{}\n\n## {}\n\n{}\n\n---\n\n`2` looks at the system, `3` changes it, `4` is a shell \
             inside it. `d` says what is wrong, `c` that it is repaired, `h` asks for a hint.\n",
            self.scenario.briefing, system.title, system.about
        );
        Page::new(self.item.title.clone(), &text, vec![])
    }

    /// All updates, the latest first.
    pub(super) fn updates(&mut self) -> Page {
        let feed = self.picture.as_ref().map_or(&[][..], |picture| &picture.feed);
        let mut text = String::new();
        for entry in feed.iter().rev() {
            let (_, who) = super::sidebar::kind(entry);
            let at = super::sidebar::at(entry.at);
            let said = entry.text.trim();
            // Writing into a string does not fail.
            let _ = write!(text, "**{at} {}**\n\n{said}\n\n", escaped(&who));
        }
        if text.is_empty() {
            text.push_str("Nothing was said yet.");
        }
        self.read = feed.len();
        Page::new("Updates, the latest first", &text, vec![])
    }

    /// What happened, once it is over.
    pub(super) fn debrief(&self) -> Option<Page> {
        let picture = self.picture.as_ref()?;
        let Phase::Over { outcome } = &picture.phase else { return None };
        let time = clock(picture.elapsed);
        let heading = match outcome {
            End::Resolved => format!("Resolved after {time}"),
            End::Escalated => format!("Escalated after {time}: this is how it was"),
            End::LabFailed { .. } => return None,
        };
        let scenario = &self.scenario;
        let mut text = format!("# {heading}\n\n");
        text.push_str(&self.compared_diagnosis());
        text.push_str(scenario.diagnosis.explain.trim());
        let mut part = |title: &str, body: &str| {
            if !body.trim().is_empty() {
                let _ = write!(text, "\n\n## {title}\n\n{}", body.trim());
            }
        };
        part("What happened", &scenario.debrief.happened);
        let solutions: Vec<_> = scenario
            .solutions
            .iter()
            .map(|solution| {
                let quality = match solution.quality {
                    Quality::Root => "removes the cause",
                    Quality::Mitigation => "contains the cause",
                    Quality::Restart => "works until it happens again",
                };
                let yours =
                    if picture.repair.as_ref() == Some(&solution.name) { " (yours)" } else { "" };
                format!("- **{}**{yours}: {quality}", escaped(&solution.name))
            })
            .collect();
        part("Ways to repair it", &solutions.join("\n"));
        let evidence: Vec<_> = scenario.evidence.iter().map(|it| self.evidence_line(it)).collect();
        part("What somebody experienced looks at", &evidence.join("\n"));
        part("Next time", &scenario.debrief.next_time);
        if let Some(outage) = &scenario.debrief.outage {
            let source = outage.source.as_ref().map_or(String::new(), |it| format!("\n\n{it}"));
            let body = format!("**{}**\n\n{}{source}", escaped(&outage.title), outage.text.trim());
            part("It has happened before", &body);
        }
        if let Some(story) = &self.story {
            part("Timeline", &story.timeline);
        }
        let takeaways: Vec<_> = self.item.takeaways.iter().map(|it| format!("- {it}")).collect();
        part("What you take with you", &takeaways.join("\n"));
        let bars = picture.score.as_ref().map(|score| score.bars.clone()).unwrap_or_default();
        let page = Page::new(self.item.title.clone(), &text, bars);
        let graphs = self.story.as_ref().map(|story| Graphs::new(story, picture));
        let after = Some(self.what_now(outcome));
        Some(Page { graphs: graphs.unwrap_or_default(), after, ..page })
    }

    /// What can be done with an incident that is over.
    fn what_now(&self, outcome: &End) -> Dialog {
        let guided = Choice::Order(Order::Restart { guided: true });
        let guided = ("Replay it, step by step".to_owned(), guided);
        let again = Choice::OpenItem { item: self.item.id.clone(), fresh: true };
        let mut answers = vec![
            ("Look around".to_owned(), Choice::Close),
            ("Home".to_owned(), Choice::Do(Action::GoHome)),
            ("Start over".to_owned(), again),
        ];
        let text = if *outcome == End::Escalated {
            answers.insert(1, guided);
            "It can be replayed with every step explained: that is how it stays in mind. The machines \
             are there until you go Home."
        } else {
            "The machines are there until you go Home; m shows this page again. drydock postmortem \
             writes it down."
        };
        Dialog { title: "What now?".to_owned(), text: text.to_owned(), answers, selected: 0 }
    }

    fn compared_diagnosis(&self) -> String {
        let system = &self.scenario.system;
        let right = &self.scenario.diagnosis;
        let guess = self.picture.as_ref().and_then(|picture| picture.diagnosis.as_ref());
        let title = |answers: &[Answer], id: &str| {
            let found = answers.iter().find(|answer| answer.id == id);
            escaped(found.map_or(id, |answer| &answer.title))
        };
        let line = |what: &str, answers: &[Answer], right: &str, said: Option<&str>| {
            let truth = title(answers, right);
            match said {
                Some(said) if said == right => format!("- [x] {what}: **{truth}**\n"),
                Some(said) => {
                    format!("- [ ] {what}: **{truth}**; you said {}\n", title(answers, said))
                }
                None => format!("- {what}: **{truth}**\n"),
            }
        };
        let said = |of: fn(&Guess) -> &String| guess.map(|guess| of(guess).as_str());
        [
            line("at fault", &system.components, &right.component, said(|it| &it.component)),
            line("how", &system.mechanisms, &right.mechanism, said(|it| &it.mechanism)),
            line("set off by", &system.triggers, &right.trigger, said(|it| &it.trigger)),
            "\n".to_owned(),
        ]
        .concat()
    }

    fn evidence_line(&self, evidence: &Evidence) -> String {
        let words = match evidence {
            Evidence::Panel(id) => {
                let panel = self.scenario.system.panels.iter().find(|panel| panel.id == *id);
                format!("the chart {}", escaped(panel.map_or(id, |panel| &panel.title)))
            }
            Evidence::Query(text) => format!("a query with `{text}`"),
            Evidence::Command(text) => return format!("- the command `{text}`"),
            Evidence::Config(machine) => format!("the configuration of {machine}"),
            Evidence::Logs(service) => format!("the logs of {service}"),
            Evidence::Traces => "the traces".to_owned(),
        };
        let seen = self.seen.iter().any(|seen| match (seen, evidence) {
            (Evidence::Query(run), Evidence::Query(text)) => run.contains(text),
            (seen, evidence) => seen == evidence,
        });
        format!("- [{}] {words}", if seen { "x" } else { " " })
    }
}

/// A text whose characters mean themselves in Markdown.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if matches!(c, '*' | '_' | '`' | '[' | ']' | '<' | '>' | '#' | '\\' | '|' | '~') {
            out.push('\\');
        }
        out.push(c);
    }
    out
}
