//! An open folder of content: its files are read, written and watched, what is not saved is kept, and
//! whatever changes is read anew.
//!
//! Three threads, since each may take longer than the others can wait: this one has the files; the
//! [`reader`] reads the whole content, and [`paint`] finds what lines are made of. To both a newer
//! request replaces an older one that has not begun.

mod paint;
mod reader;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::Shared;
use crate::author::Recovery;
use crate::author::save::{self, Unfit};
use crate::author::watch::{LOOK, Watch};
use crate::course::Texts;
use crate::problem::{Exit, Problem};
use crate::tui::app::{AuthorEvent, AuthorOrder, CONTENT, Event};
use crate::tui::widgets::editor::Editor;
use paint::Job;

/// How long after a change everything is read: until then the next one may come. The editors of others
/// write a file in several steps.
const SETTLE: Duration = Duration::from_millis(40);

/// No change waits longer for those after it.
const PATIENCE: Duration = Duration::from_millis(120);

/// How long a change may be unkept.
const KEEP: Duration = Duration::from_millis(500);

/// An open folder.
pub(super) struct Desk {
    visit: u64,
    messages: Sender<Message>,
    thread: Option<JoinHandle<()>>,
}

enum Message {
    Order(AuthorOrder),
    /// Something has changed on the disk.
    Disk,
    End,
}

impl Desk {
    /// Begins to work at a folder.
    pub(super) fn begin(shared: Shared, visit: u64) -> std::io::Result<Self> {
        let (messages, inbox) = channel();
        let again = messages.clone();
        let work = move || Work::new(shared, visit, again).run(&inbox);
        let thread = std::thread::Builder::new().name("author".to_owned()).spawn(work)?;
        Ok(Self { visit, messages, thread: Some(thread) })
    }

    /// Orders something, if this is the visit that is meant.
    pub(super) fn order(&self, visit: u64, order: AuthorOrder) {
        if visit == self.visit {
            // It fails only once the thread has failed.
            let _ = self.messages.send(Message::Order(order));
        }
    }

    /// Ends it, and waits until everything is kept.
    pub(super) fn finish(mut self) {
        let thread = self.thread.take();
        drop(self);
        let _ = thread.map(JoinHandle::join);
    }
}

impl Drop for Desk {
    fn drop(&mut self) {
        let _ = self.messages.send(Message::End);
    }
}

/// A moment that is put off by each further change, but not for ever.
#[derive(Default)]
struct Due(Option<(Instant, Instant)>);

impl Due {
    fn put_off(&mut self, now: Instant) {
        let last = self.0.map_or(now + PATIENCE, |(_, last)| last);
        self.0 = Some(((now + SETTLE).min(last), last));
    }

    fn at(&self) -> Option<Instant> {
        self.0.map(|(at, _)| at)
    }

    /// Whether it has come; then it is over.
    fn comes(&mut self, now: Instant) -> bool {
        self.0.take_if(|(at, _)| *at <= now).is_some()
    }
}

struct Work {
    shared: Shared,
    visit: u64,
    messages: Sender<Message>,
    root: PathBuf,
    reader: Option<Sender<Texts>>,
    painter: Sender<Job>,
    watch: Option<Watch>,
    recovery: Option<Recovery>,
    /// What the open files hold, as far as is known.
    open: BTreeMap<String, Option<Arc<str>>>,
    /// What is not saved,
    unsaved: Texts,
    /// what of it is not kept, and until when it must be.
    unkept: BTreeSet<String>,
    keep: Option<Instant>,
    /// When to look at the disk, and when to read everything.
    look: Due,
    read: Due,
    /// The lesson that is shown.
    lesson: Option<String>,
}

impl Work {
    fn new(shared: Shared, visit: u64, messages: Sender<Message>) -> Self {
        let painter = paint::begin(shared.clone(), visit);
        let (open, unsaved, unkept) = (BTreeMap::new(), Texts::new(), BTreeSet::new());
        let (look, read) = (Due::default(), Due::default());
        let (root, reader, watch, recovery) = (PathBuf::new(), None, None, None);
        let (keep, lesson) = (None, None);
        Self {
            shared,
            visit,
            messages,
            root,
            reader,
            painter,
            watch,
            recovery,
            open,
            unsaved,
            unkept,
            keep,
            look,
            read,
            lesson,
        }
    }

    fn run(mut self, inbox: &Receiver<Message>) {
        loop {
            let due = [self.keep, self.look.at(), self.read.at()].into_iter().flatten().min();
            let message = match due {
                None => inbox.recv().map_err(|_| RecvTimeoutError::Disconnected),
                Some(due) => inbox.recv_timeout(due.saturating_duration_since(Instant::now())),
            };
            match message {
                Ok(Message::Order(order)) => self.carry_out(order),
                Ok(Message::Disk) => self.look.put_off(Instant::now()),
                Err(RecvTimeoutError::Timeout) => {}
                Ok(Message::End) | Err(RecvTimeoutError::Disconnected) => {
                    // What was given up is not to be practised either.
                    if self.read.at().is_some() {
                        self.read();
                    }
                    return self.keep();
                }
            }
            let now = Instant::now();
            if self.keep.is_some_and(|at| at <= now) {
                self.keep();
            }
            if self.look.comes(now) {
                self.look();
            }
            if self.read.comes(now) {
                self.read();
            }
        }
    }

    fn tell(&self, event: AuthorEvent) {
        self.shared.send(Event::Author { visit: self.visit, event });
    }

    fn notice(&self, text: String) {
        self.shared.send(Event::Notice(text));
    }

    fn carry_out(&mut self, order: AuthorOrder) {
        match order {
            AuthorOrder::Open(folder) => {
                if let Err(problem) = self.begin(&folder) {
                    self.tell(AuthorEvent::Failed(problem));
                }
            }
            AuthorOrder::Read(path) => {
                let content = self.text_of(&path);
                self.tell(AuthorEvent::File { path, content });
            }
            AuthorOrder::Show(path) => {
                self.lesson = path;
                self.show_lesson();
            }
            AuthorOrder::Changed { path, text, edits, unsaved } => {
                let disk = || self.disk(&path).ok().flatten();
                if !self.open.contains_key(&path) {
                    self.open.insert(path.clone(), disk());
                }
                // It ends only with this thread.
                let _ =
                    self.painter.send(Job::File { path: path.clone(), text: text.clone(), edits });
                if unsaved {
                    self.unsaved.insert(path.clone(), text);
                    self.unkept.insert(path);
                    self.keep.get_or_insert_with(|| Instant::now() + KEEP);
                } else {
                    self.settled(&path);
                }
                self.read.put_off(Instant::now());
            }
            AuthorOrder::Save { path, text, over } => {
                let event =
                    self.save(path, text, over.as_ref()).unwrap_or_else(AuthorEvent::NotSaved);
                self.tell(event);
            }
            AuthorOrder::Closed(path) => {
                self.open.remove(&path);
                self.settled(&path);
                self.read.put_off(Instant::now());
            }
            AuthorOrder::Keep => self.keep(),
            AuthorOrder::Forget(recovered) => {
                // What it was thrown away for may have to be kept as ours first.
                self.keep();
                if let Err(error) = recovered.discard() {
                    self.notice(format!("{} cannot be thrown away: {error}", recovered.path));
                }
            }
        }
    }

    fn begin(&mut self, path: &Path) -> Result<(), Problem> {
        let folder = self.shared.context.folder_to_write(path)?;
        folder.root().clone_into(&mut self.root);
        let place = self.shared.recall(format!("{CONTENT}{}", self.root.display()));
        self.tell(AuthorEvent::Opened { root: self.root.clone(), place });
        let messages = self.messages.clone();
        let tell = move || {
            let _ = messages.send(Message::Disk);
        };
        match Watch::begin(&self.root, folder.watched(), tell) {
            Ok(watch) if watch.looks => {
                let every = LOOK.as_millis();
                self.notice(format!(
                    "Nothing tells of changes here: they are looked for every {every} ms"
                ));
                self.watch = Some(watch);
            }
            Ok(watch) => self.watch = Some(watch),
            Err(error) => self.notice(format!("What others change is not noticed: {error}")),
        }
        self.reader = Some(reader::begin(self.shared.clone(), self.visit, folder));
        self.read();
        self.recover();
        Ok(())
    }

    /// Offers what was left behind.
    fn recover(&mut self) {
        let folder = self.shared.context.paths.recovered();
        match Recovery::begin(&folder).and_then(|it| Ok((it.left_behind(&self.root)?, it))) {
            Ok((found, recovery)) => {
                self.recovery = Some(recovery);
                for it in found {
                    self.tell(AuthorEvent::Recovered(it));
                }
            }
            Err(error) => {
                self.notice(format!("Changes are not kept before they are saved: {error}"));
            }
        }
    }

    fn disk(&self, path: &str) -> Result<Option<Arc<str>>, Unfit> {
        Ok(save::text(&save::inside(&self.root, path)?)?.map(Arc::from))
    }

    fn text_of(&mut self, path: &str) -> Result<Arc<str>, Problem> {
        let unfit = |why: String| {
            let message = format!("{path} cannot be edited here: {why}");
            Problem::new("file", Exit::Usage, message)
        };
        let text = self.disk(path).map_err(|error| unfit(error.to_string()))?;
        let text = text.ok_or_else(|| unfit("it is not there any more".to_owned()))?;
        if !Editor::takes(&text) {
            return Err(unfit("it has too many lines".to_owned()));
        }
        self.open.insert(path.to_owned(), Some(text.clone()));
        Ok(text)
    }

    fn save(
        &mut self,
        path: String,
        text: Arc<str>,
        over: Option<&Arc<str>>,
    ) -> Result<AuthorEvent, Problem> {
        let failed = |why: String| {
            let message = format!("{path} is not saved: {why}");
            let remedy = "what you have written is kept; save it again when that is mended";
            Problem::new("file", Exit::Environment, message).remedy(remedy)
        };
        let disk = self.disk(&path).map_err(|error| failed(error.to_string()))?;
        if disk.as_ref() != over && disk.as_ref() != Some(&text) {
            self.open.insert(path.clone(), disk.clone());
            return Ok(AuthorEvent::Conflict { path, text: disk });
        }
        let file = self.root.join(&path);
        save::save(&file, &text).map_err(|error| failed(error.to_string()))?;
        self.open.insert(path.clone(), Some(text.clone()));
        // A later text of it may be known by now.
        if self.unsaved.get(&path) == Some(&text) {
            self.settled(&path);
        }
        self.read.put_off(Instant::now());
        Ok(AuthorEvent::Saved { path, text })
    }

    /// The disk has it all: nothing is kept of a file.
    fn settled(&mut self, path: &str) {
        self.unsaved.remove(path);
        self.unkept.remove(path);
        if let Some(Err(error)) = self.recovery.as_ref().map(|it| it.forget(&self.root, path)) {
            tracing::warn!(%error, "a kept text was not removed");
        }
    }

    /// Keeps everything that is not saved.
    fn keep(&mut self) {
        self.keep = None;
        let Some(recovery) = &self.recovery else { return };
        for path in std::mem::take(&mut self.unkept) {
            let text = self.unsaved.get(&path).map(|text| recovery.keep(&self.root, &path, text));
            if let Some(Err(error)) = text {
                self.notice(format!("{path} could not be kept, and is not saved: {error}"));
            }
        }
    }

    /// Somebody has changed something: which of the open files?
    fn look(&mut self) {
        if let Some(Err(error)) = self.watch.as_mut().map(Watch::again) {
            self.notice(format!("What others change is not noticed any more: {error}"));
        }
        let paths: Vec<_> = self.open.keys().cloned().collect();
        for path in paths {
            // A file that is just being written may be no text for a moment.
            let Ok(text) = self.disk(&path) else { continue };
            if self.open.get(&path) != Some(&text) {
                self.open.insert(path.clone(), text.clone());
                self.tell(AuthorEvent::Disk { path, text });
            }
        }
        self.read();
    }

    /// Has everything read.
    fn read(&mut self) {
        self.show_lesson();
        if let Some(reader) = &self.reader {
            let _ = reader.send(self.unsaved.clone());
        }
    }

    fn show_lesson(&self) {
        let Some(path) = self.lesson.clone() else { return };
        let unsaved = self.unsaved.get(&path).cloned();
        if let Some(text) = unsaved.or_else(|| self.disk(&path).ok().flatten()) {
            let _ = self.painter.send(Job::Lesson { path, text });
        }
    }
}

/// The next request, and of those that have come meanwhile the last; `None` when no more will come.
fn latest<T>(inbox: &Receiver<T>) -> Option<T> {
    let first = inbox.recv().ok()?;
    Some(inbox.try_iter().last().unwrap_or(first))
}
