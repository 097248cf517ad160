//! Reads what Tracker and History show.

use std::collections::HashSet;

use jiff::Zoned;

use super::Shared;
use crate::problem::Problem;
use crate::session::recording::folder;
use crate::store::{AttemptId, Wanted};
use crate::tracker::{Facts, Story, Tracker};
use crate::tui::app::{Event, HistoryEvent};
use crate::tui::screens::history::{LISTED, Listed};

pub(super) fn load_tracker(shared: &Shared) -> Result<(), Problem> {
    // The first look at the time zone reads files: not while others wait for the store.
    let now = Zoned::now();
    let facts = Facts::read(&shared.store.lock(), now)?;
    let tracker = Tracker::new(&shared.course(), &facts);
    shared.send(Event::Tracker(Box::new(tracker)));
    Ok(())
}

/// Looks for attempts; items whose titles have all the words are wanted too.
pub(super) fn find(shared: &Shared, visit: u64, mut wanted: Wanted) -> Result<(), Problem> {
    wanted.items = shared.course().titled(&wanted.text);
    let zone = Zoned::now().time_zone().clone();
    let attempts = shared.store.lock().find_attempts(&wanted, LISTED)?;
    let recorded = folder::attempts(&shared.context.paths.recordings).unwrap_or_default();
    let recorded: HashSet<_> = recorded.into_iter().collect();
    let found = attempts.into_iter().map(|attempt| Listed {
        began: zone.to_datetime(attempt.started_at).strftime("%Y-%m-%d %H:%M").to_string(),
        recorded: recorded.contains(&attempt.id.to_string()),
        attempt,
    });
    shared.send(Event::History { visit, event: HistoryEvent::Found(found.collect()) });
    Ok(())
}

pub(super) fn read(shared: &Shared, visit: u64, attempt: AttemptId) -> Result<(), Problem> {
    let story = Story::read(&shared.store.lock(), attempt)?;
    shared.send(Event::History { visit, event: HistoryEvent::Story(Box::new(story)) });
    Ok(())
}
