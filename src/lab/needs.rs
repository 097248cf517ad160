//! What an item needs of an engine, and whether the engine has it.

use crate::course::{Catalogue, Item, Need};
use crate::engine::{Engine, Lack, Offers};
use crate::problem::{Exit, Problem};

/// Why an item cannot run on an engine that offers this, and what helps; `None` if it can.
pub fn lack(item: &Item, offers: &Offers) -> Option<Lack> {
    item.summary().needs().iter().find_map(|need| {
        let (offer, what) = match need {
            Need::MultipleUsers => (&offers.multiple_users, "several users"),
            Need::InitSystem => (&offers.init_system, "an init system"),
            Need::Network => (&offers.internet, "a network"),
            Need::Systems => (&offers.systems, "several machines on a private network"),
        };
        let Lack { reason, remedy } = offer.as_ref().err()?.clone();
        Some(Lack { reason: format!("it needs {what}, and {reason}"), remedy })
    })
}

/// The item after this one that can run.
pub fn next_after<'a>(course: &'a Catalogue, id: &str, offers: &Offers) -> Option<&'a Item> {
    let mut next = course.next_after(id);
    while let Some(item) = next
        && lack(item, offers).is_some()
    {
        next = course.next_after(&item.id);
    }
    next
}

/// What items lack on an engine that offers this, each lack once, with the ids of the items.
pub fn lacks<'a>(
    items: impl IntoIterator<Item = &'a Item>,
    offers: &Offers,
) -> Vec<(Lack, Vec<&'a str>)> {
    let mut all: Vec<(Lack, Vec<&str>)> = Vec::new();
    for item in items {
        let Some(lack) = lack(item, offers) else { continue };
        match all.iter_mut().find(|(known, _)| *known == lack) {
            Some((_, ids)) => ids.push(&item.id),
            None => all.push((lack, vec![&item.id])),
        }
    }
    all
}

/// Why items cannot run here, each reason once.
pub fn obstacles<'a>(
    items: impl IntoIterator<Item = &'a Item>,
    engine: &dyn Engine,
) -> Vec<Problem> {
    let lacks = lacks(items, &engine.offers());
    lacks.into_iter().map(|(lack, ids)| problem(&ids.join(", "), engine.name(), lack)).collect()
}

/// The same as a problem: that an item cannot run here.
pub fn obstacle(item: &Item, engine: &dyn Engine) -> Option<Problem> {
    lack(item, &engine.offers()).map(|lack| problem(&item.id, engine.name(), lack))
}

pub(super) fn problem(item: &str, engine: &str, lack: Lack) -> Problem {
    let Lack { reason, remedy } = lack;
    let message = format!("{item} cannot run on the {engine} engine here: {reason}");
    Problem::new("not_runnable_here", Exit::Environment, message).remedy(remedy)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::course::{Source, load};

    #[test]
    fn a_scenario_needs_several_machines_and_is_no_exercise() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/course/scenario/fixtures");
        let course = load(&[Source::folder(&folder).unwrap()]);
        let item = course.item("incidents-01").unwrap();
        assert_eq!(lack(item, &Offers::default()), None);
        let offers =
            Offers { systems: Err(Lack::new("it has no networks", "help")), ..Offers::default() };
        let reason = lack(item, &offers).unwrap().reason;
        assert_eq!(
            reason,
            "it needs several machines on a private network, and it has no networks"
        );
        assert!(next_after(&course, "incidents-01", &offers).is_none());
        let both = lacks([item, item], &offers);
        assert_eq!(both.len(), 1);
        assert_eq!(both[0].1, ["incidents-01", "incidents-01"]);
        assert_eq!(lacks([item], &Offers::default()), []);

        assert!(super::super::checks(item).is_empty());
        let problem = Problem::from(super::super::exercise(item).err().unwrap());
        assert_eq!((problem.kind, problem.exit), ("usage", Exit::Usage));
        assert_eq!(problem.message, "incidents-01 is a scenario: this is for exercises");
    }
}
