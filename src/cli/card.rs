//! `drydock card`: what one has done, to show to others. Nothing is sent anywhere.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::json;

use super::out::Tone;
use super::{DONE, Invocation, Out, Outcome, file, words};
use crate::tracker::card::{Card, CardMilestone};
use crate::tracker::{Facts, Tracker};
use crate::tui::widgets::text::{fit, wide};

/// How wide the card is, in cells.
const WIDTH: usize = 80;

/// Make a card of what you have done, to show to others
#[derive(Debug, clap::Args)]
#[command(
    after_help = "The card has the content's titles, numbers and days in it, and the name that you give; no user,\n\
    host or path. It is printed or written, and sent nowhere.\n\n\
    Example: drydock card\n         drydock card --name Anna -o card.svg"
)]
pub(super) struct CardCommand {
    /// As an SVG picture instead of text
    #[arg(long)]
    svg: bool,
    /// The file to write; one that ends in .svg is a picture
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
    /// A name to stand on it
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
}

impl CardCommand {
    pub(super) fn run(self, invocation: &Invocation) -> Outcome {
        let out = &invocation.out;
        let context = invocation.context()?;
        let facts = Facts::read(&context.store()?, jiff::Zoned::now())?;
        let card = Card::new(&Tracker::new(context.course(), &facts), self.name.as_deref());
        let is_svg = |path: &PathBuf| {
            path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("svg"))
        };
        let svg = self.svg || self.output.as_ref().is_some_and(is_svg);
        if let Some(path) = &self.output {
            let text = if svg { card.svg() } else { text(out, &card, false) };
            file::write(path, &text)?;
        }
        let path = self.output.as_deref().map(Path::display);
        if out.json {
            let mut value = json!(card);
            value["file"] = json!(path.map(|path| path.to_string()));
            out.value(&value);
        } else if let Some(path) = path {
            out.line(path);
        } else if svg {
            out.write(card.svg().as_bytes());
        } else {
            out.write(text(out, &card, out.color).as_bytes());
        }
        Ok(DONE)
    }
}

/// The card as text.
fn text(out: &Out, card: &Card, color: bool) -> String {
    let mark = |text: &str, tone| if color { out.mark(text, tone) } else { text.to_owned() };
    let (dot, rule) = (out.signs.dot(), if out.signs.ascii { "-" } else { "─" });
    let mut lines = Vec::new();
    let title = card.name.as_ref().map_or("drydock".to_owned(), |n| format!("drydock{dot}{n}"));
    let day = card.day.to_string();
    let title = wide(&fit(&title, WIDTH - day.len() - 1), WIDTH - day.len());
    lines.push(format!("{}{day}", mark(&title, Tone::Strong)));
    lines.push(rule.repeat(WIDTH));
    let streak = format!("{} in a row", words::count(card.streak as usize, "day"));
    let facts = [
        format!("{} of {} items done", card.done, card.items),
        words::length(Duration::from_secs(card.seconds)),
        streak,
    ];
    lines.push(facts.join(dot));
    lines.push(String::new());
    for module in &card.modules {
        let (full, empty) = out.signs.bar(module.done as u64, module.items as u64, 30);
        let sign = if module.done == module.items { out.signs.passed() } else { " " };
        let title = wide(&fit(&module.title, 34), 34);
        let count = format!("{}/{}", module.done, module.items);
        lines.push(format!("{title}  {}{empty}  {count:>9} {sign}", mark(&full, Tone::Good)));
    }
    if card.more_modules > 0 {
        lines.push(format!("and {} more", card.more_modules));
    }
    if !card.modules.is_empty() {
        lines.push(String::new());
    }
    lines.push(mark(&format!("The last {} weeks", card.weeks.len()), Tone::Strong));
    for (row, name) in ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"].into_iter().enumerate() {
        let days: Vec<_> = card
            .weeks
            .iter()
            .filter_map(|week| week.get(row))
            .map(|day| shade(out, day.shade))
            .collect();
        let beside = card.milestones.get(row).map(|milestone| beside(out, milestone));
        let line = format!("{name}  {}    {}", days.join(" "), beside.unwrap_or_default());
        lines.push(line.trim_end().to_owned());
    }
    lines.join("\n") + "\n"
}

fn shade(out: &Out, shade: Option<u8>) -> &'static str {
    let shades = if out.signs.ascii {
        [".", "-", "+", "x", "#"]
    } else {
        ["·", "░", "▒", "▓", "█"]
    };
    shade.and_then(|shade| shades.get(usize::from(shade))).copied().unwrap_or(" ")
}

fn beside(out: &Out, milestone: &CardMilestone) -> String {
    let (sign, when) = match (milestone.reached, milestone.towards) {
        (Some(day), _) => (out.signs.passed(), day.to_string()),
        (None, Some((done, of))) => (out.signs.open(), format!("{done} of {of}")),
        (None, None) => (out.signs.open(), String::new()),
    };
    format!("{sign} {when:<10}  {}", fit(&milestone.title, 34))
}
