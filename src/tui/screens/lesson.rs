//! A lesson on the screen: laid out, where it is scrolled, and the selected code block or link.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::Span;
use serde::{Deserialize, Serialize};

use crate::tui::app::App;
use crate::tui::theme::{Signs, Theme};
use crate::tui::widgets::highlight::Tokens;
use crate::tui::widgets::markdown::{Code, Document, Layout, MarkdownStyle};

/// A lesson on the screen.
#[derive(Debug, Default)]
pub struct Lesson {
    /// Its path, for links.
    pub path: String,
    document: Option<Document>,
    /// The document at the pane's width.
    pub layout: Layout,
    style: Option<MarkdownStyle>,
    width: u16,
    height: u16,
    /// The first line shown.
    pub scroll: usize,
    /// Index into [`Lesson::targets`].
    pub selected: Option<usize>,
    /// Lessons from which a link was followed.
    pub back: Vec<String>,
    /// Where to go in a lesson that is not there yet, has no size, or another width: until it is
    /// exactly there, or somebody scrolls.
    going: Option<Place>,
}

/// Where somebody was in a lesson.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Place {
    /// The lesson.
    pub path: String,
    /// The first line shown,
    line: usize,
    /// and how many there were.
    of: usize,
    selected: Option<usize>,
    back: Vec<String>,
}

/// Something in a lesson that can be acted on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// A code block: its text.
    Code {
        /// What is in it.
        text: String,
        /// Its first line in the layout.
        line: usize,
    },
    /// A link: where to.
    Link {
        /// Its destination.
        to: String,
        /// Its line in the layout.
        line: usize,
    },
}

impl Target {
    /// Its line in the layout.
    pub fn line(&self) -> usize {
        match self {
            Self::Code { line, .. } | Self::Link { line, .. } => *line,
        }
    }
}

impl Lesson {
    /// Shows a lesson from its beginning; gives its code, to be highlighted elsewhere.
    pub fn show(&mut self, path: String, text: &str) -> Vec<Code> {
        self.path = path;
        let document = Document::parse(text);
        let code = document.code().to_vec();
        self.document = Some(document);
        self.scroll = 0;
        self.selected = None;
        self.lay_out();
        self.arrive();
        code
    }

    /// Where somebody is.
    pub fn place(&self) -> Place {
        let place = || Place {
            path: self.path.clone(),
            line: self.scroll,
            of: self.layout.lines.len(),
            selected: self.selected,
            back: self.back.clone(),
        };
        self.going.clone().unwrap_or_else(place)
    }

    /// Goes back there, as soon as that lesson is there.
    pub fn return_to(&mut self, place: Place) {
        self.going = Some(place);
        self.arrive();
    }

    /// Somebody goes elsewhere.
    pub fn depart(&mut self) {
        self.going = None;
    }

    fn arrive(&mut self) {
        let lines = self.layout.lines.len();
        let here = |place: &&Place| place.path == self.path && lines > 0;
        let Some(place) = self.going.as_ref().filter(here).cloned() else { return };
        if place.of == lines {
            self.going = None;
        }
        self.scroll = match place.of {
            of if of == lines => place.line,
            // Another width, or another text: the same part of it.
            of => (place.line as f64 / of.max(1) as f64 * lines as f64).round() as usize,
        };
        self.selected = place.selected.filter(|selected| *selected < self.targets().len());
        self.back = place.back;
        if self.height > 0 {
            self.scroll_by(0);
        }
    }

    /// Shows a lesson as it is now; one that was shown before stays where it was scrolled.
    pub fn renew(&mut self, path: String, document: Document) {
        if self.path != path {
            self.scroll = 0;
        }
        self.path = path;
        self.document = Some(document);
        self.selected = None;
        self.lay_out();
        self.arrive();
        self.scroll_by(0);
    }

    /// Takes the highlighted code, if it is still this lesson's.
    pub fn highlight(&mut self, path: &str, highlights: Vec<Option<Vec<Tokens>>>) {
        if let Some(document) = self.document.as_mut().filter(|_| self.path == path) {
            document.set_highlights(highlights);
            self.lay_out();
        }
    }

    /// Whether there is a lesson.
    pub fn is_loaded(&self) -> bool {
        self.document.is_some()
    }

    /// The pane has a size.
    pub fn resize(&mut self, width: u16, height: u16) {
        self.height = height;
        if width != self.width {
            // The same part of the text stays in view.
            let part = self.scroll as f64 / self.layout.lines.len().max(1) as f64;
            self.width = width;
            self.lay_out();
            self.scroll = (part * self.layout.lines.len() as f64).round() as usize;
        }
        self.arrive();
        self.scroll_by(0);
    }

    /// The theme has changed.
    pub fn restyle(&mut self, theme: &Theme, signs: Signs) {
        self.style = Some(MarkdownStyle::themed(theme, signs));
        self.lay_out();
    }

    fn lay_out(&mut self) {
        if let (Some(document), Some(style), 1..) = (&self.document, &self.style, self.width) {
            self.layout = document.layout(self.width, style);
        }
    }

    /// Scrolls by lines, stopping at the ends.
    pub fn scroll_by(&mut self, by: isize) {
        if by != 0 {
            self.depart();
        }
        let last = self.layout.lines.len().saturating_sub(self.height.into());
        self.scroll = self.scroll.saturating_add_signed(by).min(last);
    }

    /// Scrolls by pages.
    pub fn page_by(&mut self, by: isize) {
        self.scroll_by(by * isize::from(self.height.saturating_sub(2).max(1).cast_signed()));
    }

    /// How far the lesson is read: the page shown and how many there are.
    pub fn page(&self) -> (usize, usize) {
        let height = usize::from(self.height.max(1));
        let pages = self.layout.lines.len().div_ceil(height).max(1);
        let end = (self.scroll + height).min(self.layout.lines.len());
        (end.div_ceil(height).max(1), pages)
    }

    /// Everything in the lesson that can be acted on, from top to bottom.
    pub fn targets(&self) -> Vec<Target> {
        let Some(document) = &self.document else { return Vec::new() };
        let code = self.layout.code.iter().map(|block| Target::Code {
            text: document.code()[block.index].text.clone(),
            line: block.first_line,
        });
        let links = self
            .layout
            .links
            .iter()
            .map(|link| Target::Link { to: link.target.clone(), line: link.line });
        let mut targets: Vec<_> = code.chain(links).collect();
        targets.sort_by_key(Target::line);
        targets
    }

    /// The selected target; where none is selected, the first code block in view.
    pub fn target(&self) -> Option<Target> {
        let targets = self.targets();
        match self.selected {
            Some(index) => targets.into_iter().nth(index),
            None => targets.into_iter().find(|target| {
                matches!(target, Target::Code { .. }) && self.in_view(target.line())
            }),
        }
    }

    /// Selects the next (or previous) target; from none, the first in view.
    pub fn select_by(&mut self, by: isize) {
        let targets = self.targets();
        if targets.is_empty() {
            return;
        }
        self.depart();
        let last = targets.len() - 1;
        let index = match self.selected {
            Some(index) => index.saturating_add_signed(by).min(last),
            None => targets.iter().position(|target| target.line() >= self.scroll).unwrap_or(last),
        };
        self.selected = Some(index);
        let line = targets[index].line();
        if !self.in_view(line) {
            self.scroll = line.saturating_sub(usize::from(self.height) / 3);
            self.scroll_by(0);
        }
    }

    /// The target that covers a line of the layout.
    pub fn target_at(&self, line: usize) -> Option<usize> {
        let block = |first: usize| self.layout.code.iter().find(|block| block.first_line == first);
        self.targets().iter().position(|target| match target {
            Target::Code { line: first, .. } => block(*first)
                .is_some_and(|block| (block.first_line..=block.last_line).contains(&line)),
            Target::Link { line: at, .. } => *at == line,
        })
    }

    fn in_view(&self, line: usize) -> bool {
        (self.scroll..self.scroll + usize::from(self.height)).contains(&line)
    }

    /// Draws what is in view of it.
    pub fn draw(&self, app: &App, frame: &mut Frame<'_>, inner: Rect) {
        let rows = self.layout.lines.iter().skip(self.scroll);
        for (row, line) in (0..inner.height).zip(rows) {
            let at = Rect { y: inner.y + row, height: 1, ..inner };
            frame.render_widget(line, at);
        }
        self.mark_target(app, frame, inner);
    }

    /// Marks the selected code block or link at the pane's edge and by its colour.
    fn mark_target(&self, app: &App, frame: &mut Frame<'_>, inner: Rect) {
        let Some(target) = self.selected.and_then(|index| self.targets().into_iter().nth(index))
        else {
            return;
        };
        let block = self.layout.code.iter().find(|block| block.first_line == target.line());
        let last = block.map_or(target.line(), |block| block.last_line);
        for line in target.line()..=last {
            let height = usize::from(inner.height);
            let Some(row) = line.checked_sub(self.scroll).filter(|row| *row < height) else {
                continue;
            };
            let at = Rect { x: inner.x - 1, y: inner.y + row as u16, width: 1, height: 1 };
            let sign = if app.signs.ascii { ">" } else { "▌" };
            frame.render_widget(Span::styled(sign, app.theme.key()), at);
        }
    }
}
