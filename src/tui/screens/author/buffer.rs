//! A file that is edited, and what the disk has of it.

use std::sync::Arc;

use crate::tui::widgets::editor::Editor;

/// See the module.
#[derive(Debug)]
pub struct Buffer {
    /// Its text on the screen.
    pub editor: Editor,
    /// The same as a whole.
    pub text: Arc<str>,
    /// What the file holds, as far as is known; `None` where there is none.
    pub disk: Option<Arc<str>>,
    /// Whether the file has become another while this text was not saved, and nobody has decided yet.
    pub conflict: bool,
}

impl Buffer {
    /// What was read.
    pub fn new(text: Arc<str>) -> Self {
        Self { editor: Editor::new(&text), disk: Some(text.clone()), text, conflict: false }
    }

    /// Whether saving would change the file.
    pub fn is_unsaved(&self) -> bool {
        self.disk.as_ref() != Some(&self.text)
    }

    /// Takes the text out of the editor, after a key. Whether it is another.
    pub fn edited(&mut self) -> bool {
        let text = self.editor.text();
        let changed = *text != *self.text;
        self.text = text.into();
        changed
    }

    /// Another text is to stand here.
    pub fn set(&mut self, text: &Arc<str>) {
        if *text != self.text {
            self.editor.replace(text);
            self.text = Arc::clone(text);
        }
    }
}
