//! The pages for people: `LEARNING_TRACKER.md` and one page for each module.
//!
//! They follow from the completions and the content alone, so that two machines with the same make
//! the same bytes: days are UTC's, and nothing depends on today, on the time zone or on what was only
//! begun. A page begins with [`MARK`]; one without it is the learner's own, and nothing of ours.

mod markdown;
mod module;
mod tracker;

use std::collections::{BTreeMap, HashMap};

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use self::markdown::{count, length};
use crate::course::{Catalogue, check_id};
use crate::store::{Completed, Progress, Review, Status};
use crate::tracker::{Facts, ItemStand, Tracker};

/// The page at the repository's root.
pub const TRACKER: &str = "LEARNING_TRACKER.md";

/// The folder of the other pages.
pub const MODULES: &str = "modules";

/// How a page of ours begins.
const MARK: &str = "<!-- made by drydock";

/// The first line of a page.
const FIRST_LINE: &str =
    "<!-- made by drydock, which writes it anew; without this line it is yours alone -->\n\n";

/// Whether a page is one of ours.
pub fn is_ours(text: &[u8]) -> bool {
    text.starts_with(MARK.as_bytes())
}

/// Whether there may be a page of ours at this path.
pub fn is_page(path: &str) -> bool {
    let page = |rest: &str| rest.strip_suffix(".md").is_some_and(|name| !name.contains('/'));
    path == TRACKER
        || path.strip_prefix(MODULES).and_then(|rest| rest.strip_prefix('/')).is_some_and(page)
}

/// What all pages are written from.
struct Summary<'a> {
    course: &'a Catalogue,
    tracker: Tracker,
    /// By item, the earliest first.
    completions: BTreeMap<&'a str, Vec<&'a Completed>>,
}

/// Every page, by its path. Of completions with one id only the first counts.
pub fn all(course: &Catalogue, completions: &[Completed]) -> BTreeMap<String, String> {
    let mut sorted: Vec<&Completed> = completions.iter().collect();
    sorted.sort_by_key(|one| (one.at, one.id.to_string()));
    sorted.dedup_by_key(|one| one.id);
    let mut by_item: BTreeMap<&str, Vec<&Completed>> = BTreeMap::new();
    for &one in &sorted {
        by_item.entry(&one.item).or_default().push(one);
    }
    let tracker = Tracker::new(course, &facts(&sorted));
    let summary = Summary { course, tracker, completions: by_item };
    let mut pages = BTreeMap::from([(TRACKER.to_owned(), tracker::page(&summary))]);
    for (module, stand) in course.modules.iter().zip(&summary.tracker.modules) {
        if check_id(&module.id).is_ok() {
            pages.insert(page_of(&module.id), module::page(&summary, module, stand));
        }
    }
    pages
}

fn page_of(module: &str) -> String {
    format!("{MODULES}/{module}.md")
}

/// What completions alone tell of a learner's practice, as of the last of them.
fn facts(completions: &[&Completed]) -> Facts {
    let now = completions.last().map_or(Timestamp::UNIX_EPOCH, |one| one.at);
    let mut progress: HashMap<String, Progress> = HashMap::new();
    let mut reviews: HashMap<String, Vec<Review>> = HashMap::new();
    let mut days: Vec<(Date, std::time::Duration)> = Vec::new();
    for one in completions {
        let of_item = progress.entry(one.item.clone()).or_default();
        of_item.status = Status::Completed;
        of_item.completions += 1;
        of_item.spent += one.active;
        of_item.last_at = Some(one.at);
        of_item.best_active =
            Some(of_item.best_active.map_or(one.active, |best| best.min(one.active)));
        reviews.entry(one.item.clone()).or_default().push(Review {
            at: one.at,
            completed: true,
            hints: one.hints,
            failures: one.failures,
            solution_seen: one.solution_seen,
        });
        let day = date(one.at);
        match days.last_mut() {
            Some((last, spent)) if *last == day => *spent += one.active,
            _ => days.push((day, one.active)),
        }
    }
    let streak = last_row(&days.iter().map(|(day, _)| *day).collect::<Vec<_>>());
    Facts { now: now.to_zoned(TimeZone::UTC), progress, reviews, days, streak }
}

/// How many days follow each other at the end.
fn last_row(days: &[Date]) -> u32 {
    let follows = |pair: &&[Date]| pair[0].tomorrow().is_ok_and(|next| next == pair[1]);
    let row = days.windows(2).rev().take_while(follows).count();
    u32::try_from(row + usize::from(!days.is_empty())).unwrap_or(u32::MAX)
}

fn date(at: Timestamp) -> Date {
    TimeZone::UTC.to_datetime(at).date()
}

/// `[x]` or `[ ]`.
fn sign(done: bool) -> &'static str {
    if done { "[x]" } else { "[ ]" }
}

/// The least help that it was completed with.
fn help(completions: &[&Completed]) -> String {
    let least = completions.iter().map(|one| (one.solution_seen, one.hints)).min();
    match least {
        Some((true, _)) => "solution".to_owned(),
        Some((false, 0)) => "none".to_owned(),
        Some((false, hints)) => count(hints as usize, "hint"),
        None => String::new(),
    }
}

/// The first day and how often: `2026-11-20`, `2026-11-20, 3 times`.
fn when(completions: &[&Completed]) -> String {
    match completions {
        [] => String::new(),
        [one] => date(one.at).to_string(),
        [first, ..] => format!("{}, {} times", date(first.at), completions.len()),
    }
}

fn best(item: &ItemStand) -> String {
    item.progress.best_active.map(length).unwrap_or_default()
}

impl Summary<'_> {
    fn of(&self, item: &str) -> &[&Completed] {
        self.completions.get(item).map_or(&[], Vec::as_slice)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::course::{Source, load};
    use crate::sync::completion::tests::completed;

    fn practised() -> Vec<Completed> {
        let mut all = vec![
            completed("linux-01", 1, "2026-11-20T18:00:00Z"),
            completed("linux-02", 2, "2026-11-21T18:30:00Z"),
            completed("linux-01", 3, "2026-11-23T07:00:00Z"),
            completed("incidents-01", 4, "2026-11-24T23:59:00Z"),
            completed("withdrawn-01", 5, "2026-11-24T20:00:00Z"),
        ];
        all[1].solution_seen = true;
        all[2].hints = 0;
        all[2].active = std::time::Duration::from_secs(312);
        all
    }

    #[test]
    fn the_pages_as_they_are_read() {
        let course = load(&[Source::built_in()]);
        let pages = all(&course, &practised());
        assert_eq!(
            pages.keys().collect::<Vec<_>>(),
            [TRACKER, "modules/incidents.md", "modules/linux.md"]
        );
        insta::assert_snapshot!("tracker", pages[TRACKER]);
        insta::assert_snapshot!("module", pages["modules/linux.md"]);
        assert!(pages.iter().all(|(path, text)| is_page(path) && is_ours(text.as_bytes())));
    }

    #[test]
    fn the_order_they_come_in_and_doubles_change_nothing() {
        let course = load(&[Source::built_in()]);
        let mut other = practised();
        other.reverse();
        other.push(other[2].clone());
        assert_eq!(all(&course, &practised()), all(&course, &other));
    }

    #[test]
    fn before_the_first_completion_there_is_what_comes_first() {
        let pages = all(&load(&[Source::built_in()]), &[]);
        assert!(pages[TRACKER].contains("Nothing is completed yet"), "{}", pages[TRACKER]);
        assert!(pages[TRACKER].contains("linux-01"));
    }

    #[test]
    fn a_page_stays_as_long_as_somebody_reads() {
        let many: Vec<_> = (1..=30)
            .map(|number| completed("linux-01", number, &format!("2026-11-20T18:{number:02}:00Z")))
            .collect();
        let pages = all(&load(&[Source::built_in()]), &many);
        let page = &pages["modules/linux.md"];
        assert_eq!(page.matches("| 2026-11-20").count(), 20);
        assert!(
            page.contains("And 10 completions before these.")
                && pages[TRACKER].contains("30 times")
        );
    }

    #[test]
    fn only_pages_are_pages() {
        for (path, page) in [
            (TRACKER, true),
            ("modules/linux.md", true),
            ("modules/a/b.md", false),
            ("modules/linux.txt", false),
            ("README.md", false),
            ("x/LEARNING_TRACKER.md", false),
        ] {
            assert_eq!(is_page(path), page, "{path}");
        }
    }
}
