//! Whether one can go back to where the learner was. Nothing is made for it: what is gone is said, and
//! made again when somebody wants it.

use super::Shared;
use crate::course::Body;
use crate::problem::Problem;
use crate::tui::app::At;

/// Looks; if one cannot, gives a sentence about it.
pub(super) async fn find(shared: &Shared, to: &At) -> Result<(), String> {
    match to {
        At::Home | At::Tracker | At::History(_) => Ok(()),
        At::Author(folder) if folder.is_dir() => Ok(()),
        At::Author(folder) => {
            Err(format!("{}, which you were writing in, is not there any more", folder.display()))
        }
        At::Item(item) => match has_sandbox(shared, item).await {
            Ok(true) => Ok(()),
            Ok(false) => Err(format!("{item}, which you were at, has no sandbox any more")),
            Err(problem) => Err(format!("{item}, which you were at, waits: {}", problem.message)),
        },
    }
}

async fn has_sandbox(shared: &Shared, id: &str) -> Result<bool, Problem> {
    let course = shared.course();
    let Some(item) = course.item(id) else { return Ok(false) };
    match &item.body {
        Body::Exercise(_) => Ok(shared.lab().await?.sandbox(id).await?.is_some()),
        Body::Scenario(_) => {
            let incidents = shared.context.incidents(shared.store.clone()).await?;
            incidents.goes_on(item)
        }
        // What the worker knows was read.
        Body::Unread(_) => Ok(false),
    }
}
