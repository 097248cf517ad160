//! A post-mortem: what happened in an incident, as Markdown beside an SVG of its graphs.
//!
//! Made from what the store has: the machines may be long gone. Text of the learner, of the scenario
//! and of the system's parts is made harmless for Markdown; nothing is fetched.

use std::fmt::Write;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use plotters::prelude::*;
use serde_json::Value;

use super::life::{Life, Phase};
use super::picture::{FeedEntry, FeedKind, Outcome};
use super::words::clock;
use crate::course::Item;
use crate::course::scenario::{CriterionKind, Scenario, Unit};
use crate::store::{Attempt, Command, Measured};

/// A graph's size in the picture, in points.
const GRAPH: (u32, u32) = (900, 190);

/// How many graphs there are at most: the users' three, and the criteria with numbers.
const MOST_GRAPHS: usize = 12;

/// Everything a post-mortem is made of.
#[derive(Debug, Clone, Copy)]
pub struct Material<'a> {
    /// The item.
    pub item: &'a Item,
    /// Its scenario.
    pub scenario: &'a Scenario,
    /// The attempt.
    pub attempt: &'a Attempt,
    /// What happened.
    pub life: &'a Life,
    /// What was measured.
    pub measured: &'a [Measured],
    /// What was run in the shell.
    pub commands: &'a [Command],
}

/// What happened, for a screen: everything by its time, and what was measured.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Story {
    /// Markdown: a list of moments.
    pub timeline: String,
    /// What was measured.
    pub graphs: Vec<Graph>,
}

/// One moment of the timeline.
struct Entry {
    time: f64,
    who: String,
    what: String,
}

impl Material<'_> {
    /// The post-mortem; `picture` is the name of the file with the graphs.
    pub fn markdown(&self, picture: &str) -> String {
        let Self { item, scenario, life, .. } = self;
        let mut page = format!("# Post-mortem: {}\n\n", plain(&item.title));
        let _ = writeln!(page, "{}\n", self.summary());
        let _ = writeln!(page, "![What was measured]({picture})\n");
        if let Some(score) = &life.score {
            page.push_str("## What it cost\n\n| | | |\n|---|---|---|\n");
            for bar in &score.bars {
                let title = &bar.title;
                let _ =
                    writeln!(page, "| {title} | {} | {} |", blocks(bar.share), plain(&bar.words));
            }
            page.push('\n');
        }
        page.push_str("## Diagnosis\n\n");
        let right = super::life::answer(scenario).map(|word| plain(&word)).join(" · ");
        let _ = writeln!(page, "What it was: **{right}**\n");
        if let Some((guess, at)) = &life.diagnosis {
            let said = super::life::in_words(scenario, guess).map(|word| plain(&word)).join(" · ");
            let _ = writeln!(page, "What was said, {} into it: {said}\n", clock(*at));
        }
        if let Some(solution) = life.repaired_by(scenario) {
            let _ = writeln!(page, "How it was repaired: {}\n", plain(&solution.name));
        }
        for text in [&scenario.diagnosis.explain, &scenario.debrief.happened] {
            let _ = writeln!(page, "{}\n", text.trim());
        }
        page.push_str(
            "## Timeline\n\n| time (UTC) | since paged | who | what |\n|---|---|---|---|\n",
        );
        let live = life.live_at.unwrap_or(life.now);
        for Entry { time, who, what } in self.timeline() {
            let since = clock(time - live);
            let _ = writeln!(page, "| {} | {since} | {who} | {what} |", utc(time));
        }
        page.push_str("\n## Next time\n\n");
        let _ = writeln!(page, "{}\n", scenario.debrief.next_time.trim());
        if let Some(outage) = &scenario.debrief.outage {
            let _ = writeln!(page, "## It happened before: {}\n", plain(&outage.title));
            let _ = writeln!(page, "{}\n", outage.text.trim());
            if let Some(source) = &outage.source {
                let _ = writeln!(page, "Told in: {source}\n");
            }
        }
        let own = self.life.repaired_by(scenario);
        page.push_str(match own {
            Some(_) => "## Other ways to repair it\n\n",
            None => "## Ways to repair it\n\n",
        });
        for solution in scenario.solutions.iter().filter(|solution| Some(*solution) != own) {
            let quality = format!("{:?}", solution.quality).to_lowercase();
            let _ = writeln!(page, "- {} ({quality})\n", plain(&solution.name));
            let _ = writeln!(page, "  ```sh\n{}\n  ```\n", indent(solution.run.trim()));
        }
        page
    }

    fn summary(&self) -> String {
        let Self { attempt, life, .. } = self;
        let began = life.live_at.map_or_else(|| attempt.started_at.to_string(), utc_date);
        let took = clock(life.elapsed);
        match &life.phase {
            Phase::Over(Outcome::Resolved) => {
                format!("Paged {began}, resolved {took} later. {}", self.users())
            }
            Phase::Over(Outcome::Escalated) => {
                format!("Paged {began}, handed over {took} later. {}", self.users())
            }
            Phase::Over(Outcome::LabFailed { why }) => {
                format!("The lab failed, not the learner: {}.", plain(why))
            }
            _ => format!("Paged {began}; it goes on, {took} so far. {}", self.users()),
        }
    }

    fn users(&self) -> String {
        let users = &self.life.users;
        format!("{:.0} of {:.0} user requests failed.", users.failed, users.requests)
    }

    /// The same for a screen.
    pub fn story(&self) -> Story {
        let live = self.life.live_at.unwrap_or(self.life.now);
        let mut timeline = String::new();
        for Entry { time, who, what } in self.timeline() {
            let _ = writeln!(timeline, "- **{}** {who}: {what}", clock(time - live));
        }
        Story { timeline, graphs: self.graphs() }
    }

    /// Everything that was said and done, by time.
    fn timeline(&self) -> Vec<Entry> {
        let said = self.life.feed.iter().map(|entry| Entry {
            time: entry.time,
            who: who(entry),
            what: cell(&entry.text),
        });
        let since = self.life.live_at.unwrap_or(f64::INFINITY);
        let ran = self.commands.iter().map(|command| {
            let status = match command.status {
                Some(0) => String::new(),
                Some(status) => format!(" (status {status})"),
                None => " (status unknown)".to_owned(),
            };
            Entry {
                time: command.started_at.as_millisecond() as f64 / 1000.0,
                who: "you, in the shell".to_owned(),
                what: format!("`{}`{status}", cell(&command.text).replace('`', "'")),
            }
        });
        let mut all: Vec<_> = said.chain(ran.filter(|entry| entry.time >= since)).collect();
        all.sort_by(|a, b| a.time.total_cmp(&b.time));
        all
    }

    /// The graphs.
    pub fn svg(&self) -> Result<String, String> {
        let graphs = self.graphs();
        let mut picture = String::new();
        let count = graphs.len().max(1) as u32;
        {
            let root = SVGBackend::with_string(&mut picture, (GRAPH.0, GRAPH.1 * count))
                .into_drawing_area();
            let words = |error: &dyn std::fmt::Display| error.to_string();
            root.fill(&WHITE).map_err(|error| words(&error))?;
            let areas = root.split_evenly((count as usize, 1));
            for (graph, area) in graphs.iter().zip(&areas) {
                self.draw(graph, area).map_err(|error| words(&error))?;
            }
            root.present().map_err(|error| words(&error))?;
        }
        Ok(picture)
    }

    fn draw<B: DrawingBackend>(
        &self,
        graph: &Graph,
        area: &DrawingArea<B, plotters::coord::Shift>,
    ) -> Result<(), DrawingAreaErrorKind<B::ErrorType>> {
        let live = self.life.live_at.unwrap_or(self.life.now);
        let times = graph.lines.iter().flatten().map(|(time, _)| time - live);
        let (from, to) = times.fold((0.0_f64, 1.0_f64), |(a, b), time| (a.min(time), b.max(time)));
        let values = graph.lines.iter().flatten().map(|(_, value)| *value);
        let top = values.chain(graph.threshold).fold(0.0_f64, f64::max);
        let top = if top > 0.0 { top * 1.1 } else { 1.0 };
        let mut chart = ChartBuilder::on(area)
            .caption(&graph.title, ("sans-serif", 14))
            .margin(6)
            .x_label_area_size(22)
            .y_label_area_size(64)
            .build_cartesian_2d(from..to, 0.0..top)?;
        let unit = graph.unit;
        chart
            .configure_mesh()
            .x_labels(8)
            .y_labels(4)
            .x_label_formatter(&|seconds| clock(*seconds))
            .y_label_formatter(&|value| number(*value, unit))
            .light_line_style(WHITE)
            .draw()?;
        for mark in &self.life.marks {
            let at = mark.time - live;
            if (from..to).contains(&at) {
                let color =
                    if mark.learner { RGBColor(40, 120, 60) } else { RGBColor(150, 80, 160) };
                chart.draw_series(LineSeries::new([(at, 0.0), (at, top)], color))?;
            }
        }
        if let Some(threshold) = graph.threshold {
            let ends = [(from, threshold), (to, threshold)];
            chart.draw_series(LineSeries::new(ends, RGBColor(200, 60, 50)))?;
        }
        for line in &graph.lines {
            let points = line.iter().map(|(time, value)| (time - live, *value));
            chart.draw_series(LineSeries::new(points, RGBColor(30, 90, 180)))?;
        }
        Ok(())
    }

    /// What there is to draw: what the users got, then each criterion that has numbers.
    fn graphs(&self) -> Vec<Graph> {
        let moments: Vec<(f64, Value)> = self
            .measured
            .iter()
            .filter_map(|m| {
                let numbers = serde_json::from_str(&m.numbers).ok()?;
                Some((m.at.as_millisecond() as f64 / 1000.0, numbers))
            })
            .collect();
        let named = [
            ("ok", "Requests that succeed", Unit::Percent),
            ("p95", "95 of 100 requests are at least this fast", Unit::Seconds),
            ("traffic", "Requests a second", Unit::Rate),
        ];
        let users = named.map(|(key, title, unit)| (key, title.to_owned(), unit, None));
        let criteria = self.scenario.criteria.iter().zip(&self.life.criteria);
        let criteria = criteria
            .filter(|(criterion, _)| criterion.kind != CriterionKind::Replay)
            .map(|(criterion, held)| {
                let threshold = held.threshold.map(|(_, value)| value);
                (criterion.id.as_str(), criterion.title.clone(), criterion.unit, threshold)
            });
        let all = users.into_iter().chain(criteria);
        let graphs = all.map(|(key, title, unit, threshold)| Graph {
            title,
            unit,
            threshold: threshold.filter(|value| value.is_finite()),
            lines: unbroken(&moments, key),
        });
        graphs.filter(|graph| !graph.lines.is_empty()).take(MOST_GRAPHS).collect()
    }
}

/// What was measured of one thing.
#[derive(Debug, Clone, PartialEq)]
pub struct Graph {
    /// For people.
    pub title: String,
    /// What its numbers are.
    pub unit: Unit,
    /// What they had to be.
    pub threshold: Option<f64>,
    /// Unix seconds and values: stretches without a gap.
    pub lines: Vec<Vec<(f64, f64)>>,
}

/// A number over time, broken where it was not measured.
fn unbroken(moments: &[(f64, Value)], key: &str) -> Vec<Vec<(f64, f64)>> {
    /// Two moments further apart than this (in seconds) have something between them that is not known.
    const GAP: f64 = 6.0;
    let mut lines: Vec<Vec<(f64, f64)>> = Vec::new();
    let mut last = f64::NEG_INFINITY;
    for (time, numbers) in moments {
        let Some(value) = numbers.get(key).and_then(Value::as_f64) else { continue };
        match lines.last_mut() {
            Some(line) if time - last <= GAP => line.push((*time, value)),
            _ => lines.push(vec![(*time, value)]),
        }
        last = *time;
    }
    lines
}

fn who(entry: &FeedEntry) -> String {
    match entry.kind {
        FeedKind::Hint => "hint".to_owned(),
        FeedKind::System => "drydock".to_owned(),
        FeedKind::Metric => "criterion".to_owned(),
        FeedKind::Stakeholder => plain(&entry.from),
        FeedKind::Change => "change".to_owned(),
        FeedKind::Learner => "you".to_owned(),
    }
}

/// A number as people read it.
fn number(value: f64, unit: Unit) -> String {
    match unit {
        Unit::Percent => format!("{:.0} %", value * 100.0),
        Unit::Seconds if value < 1.0 => format!("{:.0} ms", value * 1000.0),
        Unit::Seconds => format!("{value:.1} s"),
        Unit::Bytes => format!("{:.0} MB", value / 1e6),
        Unit::Rate => format!("{value:.0}/s"),
        Unit::Number | Unit::Cores if value.abs() >= 10.0 => format!("{value:.0}"),
        Unit::Number | Unit::Cores => format!("{value:.2}"),
    }
}

fn moment(unix: f64) -> Option<jiff::Zoned> {
    let moment = Timestamp::from_millisecond((unix * 1000.0) as i64).ok()?;
    Some(moment.to_zoned(TimeZone::UTC))
}

fn utc(unix: f64) -> String {
    moment(unix).map_or_else(String::new, |at| at.strftime("%H:%M:%S").to_string())
}

fn utc_date(unix: f64) -> String {
    moment(unix).map_or_else(String::new, |at| at.strftime("%Y-%m-%d %H:%M:%S UTC").to_string())
}

/// A share as ten blocks.
fn blocks(share: f64) -> String {
    let full = (share.clamp(0.0, 1.0) * 10.0).round() as usize;
    format!("`{}{}`", "█".repeat(full), "░".repeat(10 - full))
}

/// Text on one line, without what Markdown or a terminal would obey.
fn plain(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars().filter(|c| !c.is_control()) {
        if matches!(c, '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '|' | '#') {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

/// Text in a cell of a table: one line, shortened.
fn cell(text: &str) -> String {
    const MOST: usize = 300;
    let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let kept: String = words.chars().filter(|c| !c.is_control()).take(MOST).collect();
    let dots = if words.chars().count() > MOST { "…" } else { "" };
    format!("{}{dots}", kept.replace('|', "\\|"))
}

fn indent(text: &str) -> String {
    text.lines().map(|line| format!("  {line}")).collect::<Vec<_>>().join("\n")
}
