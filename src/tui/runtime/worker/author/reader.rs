//! Reads a whole folder of content, again and again.

use std::sync::Arc;
use std::sync::mpsc::{Sender, channel};

use super::{Shared, latest};
use crate::author::Folder;
use crate::course::Texts;
use crate::tui::app::{AuthorEvent, Event};

/// Starts the thread. Each text map that it is sent has the folder read with it; what comes of it is an
/// event, and what the program knows from then on.
pub(super) fn begin(shared: Shared, visit: u64, mut folder: Folder) -> Sender<Texts> {
    let (requests, inbox) = channel();
    std::thread::spawn(move || {
        while let Some(texts) = latest(&inbox) {
            let reading = folder.read(texts);
            shared.learn(Arc::clone(&reading.course));
            let event = AuthorEvent::Read(Box::new(reading));
            shared.send(Event::Author { visit, event });
        }
    });
    requests
}
