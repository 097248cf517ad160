//! What is to be done first: of items and of modules, which must exist and lead in no circle.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::catalogue::Placed;
use super::yaml::{Mark, quote};
use super::{Diagnostic, nearest};

/// For each id, those of its prerequisites that exist and lead in no circle; the others are reported.
pub(super) fn settle<T>(
    what: &str,
    all: &BTreeMap<String, Placed<T>>,
    broken: &HashSet<String>,
    problems: &mut Vec<Diagnostic>,
) -> HashMap<String, Vec<String>> {
    let mut graph: Graph<'_> = BTreeMap::new();
    for (id, placed) in all {
        let mut known = Vec::new();
        for (need, mark) in &placed.needs {
            if all.contains_key(need) {
                known.push((need.as_str(), *mark));
            } else if !broken.contains(need) {
                let help = guess(need, all.keys(), problems);
                let message = format!("there is no {what} {}", quote(need));
                problems.push(placed.warn(*mark, message, help));
            }
        }
        graph.insert(id, known);
    }
    for (id, (mark, circle)) in break_circles(&mut graph) {
        if let Some(placed) = all.get(id) {
            let message = format!("a circle of prerequisites: {}", circle.join(" → "));
            let help = "nobody could begin with any of these: leave out one".to_owned();
            problems.push(placed.warn(mark, message, Some(help)));
        }
    }
    let own = |(id, needs): (&str, Vec<(&str, Mark)>)| {
        (id.to_owned(), needs.into_iter().map(|(need, _)| need.to_owned()).collect())
    };
    graph.into_iter().map(own).collect()
}

/// What needs what, and where that is written.
type Graph<'a> = BTreeMap<&'a str, Vec<(&'a str, Mark)>>;

/// Removes what closes a circle: gives who needed it, where that is written, and the circle. Each
/// edge is walked once, so that ten thousand items in one chain take no time.
fn break_circles<'a>(graph: &mut Graph<'a>) -> Vec<(&'a str, (Mark, Vec<&'a str>))> {
    let mut circles = Vec::new();
    let mut done: HashSet<&str> = HashSet::new();
    let starts: Vec<&str> = graph.keys().copied().collect();
    for start in starts {
        // The way from the start to here, with the next edge to take at each place.
        let mut way: Vec<(&str, usize)> = vec![(start, 0)];
        let mut on_way: HashSet<&str> = HashSet::from([start]);
        while let Some(&(id, edge)) = way.last() {
            let next =
                graph.get(id).filter(|_| !done.contains(id)).and_then(|needs| needs.get(edge));
            let Some(&(need, mark)) = next else {
                done.insert(id);
                on_way.remove(id);
                way.pop();
                continue;
            };
            if on_way.contains(need) {
                let from = way.iter().position(|(id, _)| *id == need).unwrap_or(0);
                let circle = way.iter().skip(from).map(|(id, _)| *id).chain([need]).collect();
                circles.push((id, (mark, circle)));
                if let Some(needs) = graph.get_mut(id) {
                    needs.remove(edge);
                }
                continue;
            }
            if let Some(place) = way.last_mut() {
                place.1 += 1;
            }
            if !done.contains(need) {
                way.push((need, 0));
                on_way.insert(need);
            }
        }
    }
    circles
}

/// Help for a mistyped id. Comparing with every id takes a moment, which a course with ten thousand
/// wrong ones would add up to minutes: then the first guesses must do.
pub(super) fn guess<'a>(
    word: &str,
    ids: impl IntoIterator<Item = &'a String>,
    problems: &[Diagnostic],
) -> Option<String> {
    const MAX_GUESSES: usize = 200;
    if problems.len() >= MAX_GUESSES {
        return None;
    }
    nearest(word, ids.into_iter().map(String::as_str)).map(|near| format!("did you mean {near:?}?"))
}
