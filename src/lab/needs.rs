//! What an item needs of an engine, and whether the engine has it.

use crate::course::{Backend, Catalogue, Item, Need};
use crate::engine::{Engine, Lack, Offers};
use crate::problem::{Exit, Problem};

use super::exercise;

/// Why an item cannot run on an engine that offers this, and what helps; `None` if it can.
pub fn lack(item: &Item, offers: &Offers) -> Option<Lack> {
    needs(item).find_map(|need| {
        let (offer, what) = match need {
            Need::MultipleUsers => (&offers.multiple_users, "several users"),
            Need::InitSystem => (&offers.init_system, "an init system"),
            Need::Network => (&offers.internet, "a network"),
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

/// What it says itself, and what follows from the rest of its manifest.
fn needs(item: &Item) -> impl Iterator<Item = Need> {
    let exercise = exercise(item);
    let system = (exercise.backend == Backend::Vm).then_some(Need::InitSystem);
    let network = exercise.network.then_some(Need::Network);
    system.into_iter().chain(network).chain(exercise.requires.iter().copied())
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
