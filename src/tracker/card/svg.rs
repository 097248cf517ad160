//! The card as a picture: one SVG with nothing in it that is fetched or run.
//!
//! Colours stand at the shapes, for a light ground; where a viewer says that it is dark, a style turns
//! them. Words that may be long are cut to where there is room for them in any font.

use std::fmt::Write;
use std::time::Duration;

use unicode_segmentation::UnicodeSegmentation;

use super::{Card, CardDay, CardMilestone, CardModule};

const WIDTH: usize = 720;
const MARGIN: usize = 32;

/// From one line of a list to the next.
const LINE: usize = 26;

/// From one day of the calendar to the next.
const DAY: usize = 18;

/// Where the calendar's days begin.
const DAYS: usize = MARGIN + 40;

/// Where the milestones stand.
const BESIDE: usize = 330;

/// How a module's bar stands: where it begins, and how long it is.
const BAR: (usize, usize) = (300, 300);

/// What a shade of the calendar is filled with, on light and on dark ground.
const SHADES: [(&str, &str); 5] = [
    ("#ebeef2", "#21262d"),
    ("#b9dcc8", "#123d2a"),
    ("#7fc39d", "#1f6b48"),
    ("#3f9a6b", "#2f9a66"),
    ("#1d6b45", "#54cf93"),
];

impl Card {
    /// The picture.
    pub fn svg(&self) -> String {
        let modules = MARGIN + 106;
        let more = usize::from(self.more_modules > 0);
        let calendar = modules + (self.modules.len() + more) * LINE + 30;
        let height = calendar + 8 * DAY + MARGIN + 2;
        let mut out = format!(
            r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" role="img" aria-labelledby="t" font-family="system-ui, sans-serif" font-size="14">
<title id="t">{}</title>
<style>
@media (prefers-color-scheme: dark) {{
.ground {{ fill: #0d1117; stroke: #30363d; }}
.text {{ fill: #e6edf3; }}
.muted {{ fill: #9198a1; }}
.good {{ fill: #54cf93; }}
.check {{ stroke: #54cf93; }}
.ring {{ stroke: #9198a1; }}
.s0 {{ fill: {}; }}
"#,
            escaped(&self.in_words()),
            SHADES[0].1
        );
        for (number, (_, dark)) in SHADES.iter().enumerate().skip(1) {
            line(&mut out, &format!(".s{number} {{ fill: {dark}; }}"));
        }
        line(&mut out, "}\n</style>");
        line(
            &mut out,
            &format!(
                r##"<rect class="ground" x="0.5" y="0.5" width="{}" height="{}" rx="12" fill="#ffffff" stroke="#d0d7de"/>"##,
                WIDTH - 1,
                height - 1
            ),
        );
        self.head(&mut out);
        for (row, module) in self.modules.iter().enumerate() {
            bar(&mut out, modules + row * LINE, module);
        }
        if more > 0 {
            let words = format!("and {} more", self.more_modules);
            let at = (MARGIN, modules + self.modules.len() * LINE);
            text(&mut out, at, "muted", "", &words);
        }
        self.calendar(&mut out, calendar);
        for (row, milestone) in self.milestones.iter().enumerate() {
            reached(&mut out, calendar + DAY + 13 + row * DAY, milestone);
        }
        out.push_str("</svg>\n");
        out
    }

    /// What the picture shows, for who does not see it.
    fn in_words(&self) -> String {
        let whose = self.name.as_ref().map_or_else(String::new, |name| format!("{name}: "));
        format!("{whose}{} of {} items done with drydock", self.done, self.items)
    }

    fn head(&self, out: &mut String) {
        let (left, top) = (MARGIN, MARGIN + 16);
        let title = self.name.as_deref().unwrap_or("drydock");
        text(out, (left, top), "text", r#"font-size="22" font-weight="700""#, &cut(title, 40));
        let right = format!("drydock · {}", self.day);
        text(out, (WIDTH - MARGIN, top), "muted", r#"text-anchor="end""#, &right);
        let facts = [
            (format!("{} of {}", self.done, self.items), "items done"),
            (length(self.seconds), "of practice"),
            (
                self.streak.to_string(),
                if self.streak == 1 { "day in a row" } else { "days in a row" },
            ),
        ];
        for (column, (number, what)) in facts.iter().enumerate() {
            let x = left + column * 220;
            text(out, (x, top + 36), "text", r#"font-size="18" font-weight="600""#, number);
            text(out, (x, top + 54), "muted", "", what);
        }
    }

    fn calendar(&self, out: &mut String, top: usize) {
        let words = format!("The last {} weeks", self.weeks.len());
        text(out, (MARGIN, top), "text", r#"font-weight="600""#, &words);
        text(out, (BESIDE, top), "text", r#"font-weight="600""#, "Milestones");
        for (row, name) in ["Mon", "", "Wed", "", "Fri", "", "Sun"].into_iter().enumerate() {
            if !name.is_empty() {
                let at = (MARGIN, top + DAY + 12 + row * DAY);
                text(out, at, "muted", r#"font-size="12""#, name);
            }
        }
        for (column, week) in self.weeks.iter().enumerate() {
            for (row, day) in week.iter().enumerate() {
                square(out, (DAYS + column * DAY, top + DAY + row * DAY), day);
            }
        }
    }
}

fn square(out: &mut String, (x, y): (usize, usize), day: &CardDay) {
    let Some(shade) = day.shade.map(usize::from).filter(|shade| *shade < SHADES.len()) else {
        return;
    };
    let size = DAY - 4;
    let words = format!("{}: {}", day.day, length(day.seconds));
    line(
        out,
        &format!(
            r#"<rect class="s{shade}" x="{x}" y="{y}" width="{size}" height="{size}" rx="3" fill="{}"><title>{words}</title></rect>"#,
            SHADES[shade].0
        ),
    );
}

fn bar(out: &mut String, y: usize, module: &CardModule) {
    let (x, whole) = BAR;
    text(out, (MARGIN, y), "text", "", &cut(&module.title, 34));
    let part = (module.done.min(module.items) * whole).checked_div(module.items).unwrap_or(0);
    let rect = |class: &str, width: usize, fill: &str| {
        format!(
            r#"<rect class="{class}" x="{x}" y="{}" width="{width}" height="10" rx="5" fill="{fill}"/>"#,
            y - 10
        )
    };
    line(out, &rect("s0", whole, SHADES[0].0));
    if part > 0 {
        line(out, &rect("good", part, "#1a7f4b"));
    }
    let words = format!("{}/{}", module.done, module.items);
    text(out, (WIDTH - MARGIN, y), "muted", r#"text-anchor="end""#, &words);
    if module.done >= module.items {
        sign(out, (x + whole + 14, y), true);
    }
}

/// A check mark, or a ring for what is ahead: drawn, since not every font has them.
fn sign(out: &mut String, (x, y): (usize, usize), reached: bool) {
    let drawn = if reached {
        format!(
            r##"<path class="check" d="M{x} {} l4 4 l7 -9" fill="none" stroke="#1a7f4b" stroke-width="2"/>"##,
            y - 5
        )
    } else {
        format!(
            r##"<circle class="ring" cx="{}" cy="{}" r="4.5" fill="none" stroke="#59636e" stroke-width="1.5"/>"##,
            x + 5,
            y - 5
        )
    };
    line(out, &drawn);
}

fn reached(out: &mut String, y: usize, milestone: &CardMilestone) {
    let title = cut(&milestone.title, 34);
    let when = match (milestone.reached, milestone.towards) {
        (Some(day), _) => day.to_string(),
        (None, Some((done, of))) => format!("{done} of {of}"),
        (None, None) => String::new(),
    };
    let is_reached = milestone.reached.is_some();
    sign(out, (BESIDE, y), is_reached);
    text(out, (BESIDE + 20, y), if is_reached { "text" } else { "muted" }, "", &title);
    text(out, (WIDTH - MARGIN, y), "muted", r#"text-anchor="end" font-size="12""#, &when);
}

fn text(out: &mut String, (x, y): (usize, usize), class: &str, more: &str, words: &str) {
    let fill = if class == "muted" { "#59636e" } else { "#1f2328" };
    let words = escaped(words);
    line(
        out,
        &format!(r#"<text class="{class}" x="{x}" y="{y}" fill="{fill}" {more}>{words}</text>"#),
    );
}

fn line(out: &mut String, text: &str) {
    // Writing into a string does not fail.
    let _ = writeln!(out, "{text}");
}

/// Text of at most so many characters as people count them.
fn cut(text: &str, most: usize) -> String {
    if text.graphemes(true).count() <= most {
        return text.to_owned();
    }
    text.graphemes(true).take(most.saturating_sub(1)).chain(["…"]).collect()
}

/// Text that is nothing but text in XML, without the characters that it cannot have.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => {}
            c => out.push(c),
        }
    }
    out
}

fn length(seconds: u64) -> String {
    let minutes = Duration::from_secs(seconds).as_secs() / 60;
    match minutes {
        0..60 => format!("{minutes} min"),
        _ => format!("{} h {:02} min", minutes / 60, minutes % 60),
    }
}

#[cfg(test)]
mod tests {
    use quick_xml::events::Event;
    use quick_xml::reader::Reader;

    use super::super::tests::tracker;
    use super::*;

    /// The texts and the names of the elements; it must be well-formed.
    fn read(svg: &str) -> (Vec<String>, Vec<String>) {
        let mut reader = Reader::from_str(svg);
        reader.config_mut().check_comments = true;
        let (mut texts, mut names) = (Vec::new(), Vec::new());
        let mut text = String::new();
        loop {
            match reader.read_event().unwrap() {
                Event::Start(start) | Event::Empty(start) => {
                    for attribute in start.attributes() {
                        let attribute = attribute.unwrap();
                        let key = attribute.key.as_ref().to_owned();
                        assert!(!key.contains("href") && !key.starts_with("on"), "{key}");
                    }
                    names.push(start.name().as_ref().to_owned());
                }
                Event::Text(part) => text.push_str(&part),
                Event::GeneralRef(part) => match &*part {
                    "amp" => text.push('&'),
                    "lt" => text.push('<'),
                    "gt" => text.push('>'),
                    "quot" => text.push('"'),
                    "#39" => text.push('\''),
                    other => panic!("{other}"),
                },
                Event::End(_) => texts.push(std::mem::take(&mut text).trim().to_owned()),
                Event::Eof => return (texts, names),
                _ => {}
            }
        }
    }

    #[test]
    fn the_picture_is_well_formed_and_fetches_nothing() {
        let name = "A & B <script>alert(\"1\")</script>";
        let card = Card::new(&tracker(), Some(name));
        let svg = card.svg();
        let (texts, names) = read(&svg);
        assert!(texts.iter().any(|text| text == &cut(name, 40)), "{texts:?}");
        assert!(texts.iter().any(|text| text == "Incidents & <Alarms>"), "{texts:?}");
        assert!(texts.iter().any(|text| text == "7 of 18"), "{texts:?}");
        let allowed = ["svg", "title", "style", "rect", "text", "path", "circle"];
        assert!(names.iter().all(|name| allowed.contains(&&**name)), "{names:?}");
        let style = texts.iter().find(|text| text.contains("prefers-color-scheme")).unwrap();
        assert!(!style.contains("url") && !style.contains("import"), "{style}");
        assert_eq!(svg.matches("http").count(), 1, "the name of the format alone");
    }

    #[test]
    fn every_day_that_has_come_has_its_square() {
        let card = Card::new(&tracker(), None);
        let days = card.weeks.iter().flatten().filter(|day| day.shade.is_some()).count();
        let (texts, _) = read(&card.svg());
        assert_eq!(
            texts.iter().filter(|text| text.starts_with("202") && text.contains(": ")).count(),
            days
        );
        assert!(texts.iter().any(|text| text == "2026-03-04: 2 h 00 min"));
    }

    proptest::proptest! {
        #![proptest_config(proptest::test_runner::Config {
            failure_persistence: None,
            cases: 64,
            ..Default::default()
        })]
        #[test]
        fn whatever_a_name_is_it_stays_text(name in r"(\PC|[\x00-\x1f<>&'\u{fffe}]){0,60}") {
            let card = Card::new(&tracker(), Some(&name));
            read(&card.svg());
        }
    }
}
