//! What a learner will see of the file that one is at.

use ratatui::text::Line;

use crate::author::Outline;
use crate::course::{Catalogue, Item, Module};
use crate::tui::app::App;
use crate::tui::screens::lesson::Lesson;
use crate::tui::screens::{home, workspace};

/// See the module.
#[derive(Debug, Default)]
pub struct Preview {
    /// The file.
    pub path: Option<String>,
    /// What is shown of it.
    pub shown: Shown,
    /// Whether it cannot be read as it is: then it is shown as it was, if that is known.
    pub stale: bool,
    /// A lesson, laid out.
    pub lesson: Lesson,
    /// The first line that is shown of anything else,
    pub scroll: usize,
    /// and what that is to be as soon as it is known what there is to show.
    pub goes_to: Option<usize>,
}

/// What is shown.
#[derive(Debug, Default)]
pub enum Shown {
    /// Learners see nothing of it.
    #[default]
    Nothing,
    /// The lesson.
    Lesson,
    /// What Home and the workspace say of the item.
    Item(Box<Item>),
    /// What Home says of the module.
    Module(Box<Module>),
}

impl Preview {
    /// Shows another file from its beginning. Whether it is another.
    pub fn show(&mut self, path: Option<&str>) -> bool {
        let other = self.path.as_deref() != path;
        if other {
            *self = Self { lesson: std::mem::take(&mut self.lesson), ..Self::default() };
            self.path = path.map(str::to_owned);
        }
        other
    }

    /// The content is another now.
    pub fn renew(&mut self, course: &Catalogue, outline: &Outline) {
        let Some(path) = &self.path else { return };
        let item = outline.item_of(path);
        if is_lesson(path) {
            self.shown = Shown::Lesson;
        } else if let Some(found) = item.and_then(|item| course.item(&item.id)) {
            self.shown = Shown::Item(Box::new(found.clone()));
        } else if let Some(module) = outline.module_of(path) {
            let found = course.modules.iter().find(|it| it.id == module.id);
            self.shown = found.map_or(Shown::Nothing, |it| Shown::Module(Box::new(it.clone())));
        }
        self.scroll = self.goes_to.take().unwrap_or(self.scroll);
        self.stale = !is_lesson(path) && item.is_some_and(|item| !item.readable);
    }

    /// The lines of what is no lesson.
    pub fn lines<'a>(&'a self, app: &'a App, width: u16) -> Vec<Line<'a>> {
        match &self.shown {
            Shown::Item(item) => {
                let mut lines = home::item_facts(app, item, width);
                lines.push(Line::default());
                lines.extend(workspace::preview(app, item, width.into()));
                lines
            }
            Shown::Module(module) => home::module_facts(app, module),
            Shown::Lesson => vec![],
            Shown::Nothing if self.stale => {
                let text = "It cannot be read as it is: the problems say why.";
                vec![Line::styled(text, app.theme.attention())]
            }
            Shown::Nothing if self.path.is_some() => {
                vec![Line::styled("Learners see nothing of this file.", app.theme.muted())]
            }
            Shown::Nothing => vec![Line::styled("No file is selected.", app.theme.muted())],
        }
    }
}

/// Whether a file is shown as a lesson is.
pub fn is_lesson(path: &str) -> bool {
    path.rsplit_once('.').is_some_and(|(_, ending)| ending == "md")
}
