//! Author: a folder of content, an editor, what a learner will see, and what is wrong.
//!
//! What is typed is in a [`Buffer`] first; everything that looks at content (the preview, the problems)
//! is told of it at once, and the disk only when it is saved. Nothing here reads or writes a file.

mod ask;
mod buffer;
mod command;
mod layout;
mod mouse;
mod place;
mod preview;
mod problems;
mod prompt;
mod proof;
#[cfg(test)]
mod tests;
mod tree;
mod update;
mod view;

use std::collections::BTreeMap;
use std::path::PathBuf;

pub use ask::{Answer, Way};
pub use command::Command;
pub use layout::{PaneId, Places};
pub use place::Place;
pub use view::{draw, last_scroll};

use crate::problem::Problem;
use crate::tui::keymap::Context;
use crate::tui::widgets::editor::Seat;
use buffer::Buffer;
use preview::Preview;
use problems::Problems;
use prompt::Prompt;
use proof::Proof;
use ratatui::layout::Rect;
use tree::Tree;

/// See the module.
pub struct Author {
    /// Which opening this is; results for another one are not ours.
    pub visit: u64,
    /// The folder, as the user named it.
    pub folder: PathBuf,
    /// How far it is.
    pub phase: Phase,
    /// Where keys go.
    pub focus: PaneId,
    /// Whether the preview is to be seen beside the editor, where there is room.
    pub beside: bool,
    tree: Tree,
    /// The files that were opened, by their path below the folder.
    buffers: BTreeMap<String, Buffer>,
    /// The one in the editor.
    open: Option<String>,
    /// Where to go in a file that is being read: line and column, from 0.
    going: Option<(usize, usize)>,
    preview: Preview,
    problems: Problems,
    /// The last proof.
    proof: Option<Proof>,
    prompt: Option<Prompt>,
    /// What was searched for last.
    searched: String,
    /// What was cut or copied last.
    clip: String,
    /// Where to go once everything is saved.
    leaving: Option<Way>,
    /// The folder with all links followed, once it was opened.
    root: Option<PathBuf>,
    /// Where to go back to,
    going_to: Option<Place>,
    /// and in each file, when it is opened again.
    seats: BTreeMap<String, Seat>,
}

/// How far the folder is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Phase {
    /// It is being read.
    Reading,
    /// It cannot be.
    Failed(Problem),
    /// It is read, and followed.
    Ready,
}

impl Author {
    /// A folder that is about to be read.
    pub fn new(folder: PathBuf, visit: u64) -> Self {
        Self {
            visit,
            folder,
            phase: Phase::Reading,
            focus: PaneId::Files,
            beside: true,
            tree: Tree::default(),
            buffers: BTreeMap::new(),
            open: None,
            going: None,
            preview: Preview::default(),
            problems: Problems::default(),
            proof: None,
            prompt: None,
            searched: String::new(),
            clip: String::new(),
            leaving: None,
            root: None,
            going_to: None,
            seats: BTreeMap::new(),
        }
    }

    /// Where keys go.
    pub fn context(&self) -> Context {
        match self.focus {
            _ if self.prompt.is_some() => Context::AuthorPrompt,
            PaneId::Editor if self.buffer().is_some() => Context::Editor,
            PaneId::Files | PaneId::Editor => Context::Files,
            PaneId::Preview => Context::Preview,
            PaneId::Problems => Context::Problems,
        }
    }

    /// The panes' places.
    pub fn places(&self, area: Rect) -> Places {
        Places::new(area, self.focus, self.beside)
    }

    /// The file in the editor.
    fn buffer(&self) -> Option<&Buffer> {
        self.buffers.get(self.open.as_ref()?)
    }

    fn buffer_mut(&mut self) -> Option<&mut Buffer> {
        self.buffers.get_mut(self.open.as_ref()?)
    }

    /// The files with changes that are not saved.
    pub fn unsaved(&self) -> impl Iterator<Item = &str> {
        self.buffers.iter().filter(|(_, it)| it.is_unsaved()).map(|(path, _)| path.as_str())
    }

    /// Every file there is to open.
    pub fn files(&self) -> Vec<String> {
        self.tree.outline().paths().map(str::to_owned).collect()
    }
}
