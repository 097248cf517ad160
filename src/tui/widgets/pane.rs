//! A bordered pane with a title; the focused one's border is bright and double-signed by its title.

use ratatui::Frame;
use ratatui::layout::{Margin, Rect};
use ratatui::style::Modifier;
use ratatui::symbols::border;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Padding};

use crate::tui::app::App;
use crate::tui::theme::{Signs, Theme};

/// ASCII borders, for terminals without line drawing.
const ASCII: border::Set<'static> = border::Set {
    top_left: "+",
    top_right: "+",
    bottom_left: "+",
    bottom_right: "+",
    vertical_left: "|",
    vertical_right: "|",
    horizontal_top: "-",
    horizontal_bottom: "-",
};

/// What borders are drawn with.
pub fn borders(signs: Signs) -> border::Set<'static> {
    if signs.ascii { ASCII } else { border::ROUNDED }
}

/// A pane about to be drawn.
pub struct Pane<'a> {
    theme: &'a Theme,
    signs: Signs,
    title: Line<'a>,
    right: Option<Line<'a>>,
    focused: bool,
}

impl<'a> Pane<'a> {
    /// A pane with a title.
    pub fn new(app: &'a App, title: &'a str) -> Self {
        Self {
            theme: &app.theme,
            signs: app.signs,
            title: title.into(),
            right: None,
            focused: false,
        }
    }

    /// With something at the right of the title line.
    #[must_use]
    pub fn right(mut self, text: impl Into<Line<'a>>) -> Self {
        self.right = Some(text.into());
        self
    }

    /// Whether keys go here.
    #[must_use]
    pub fn focused(mut self, focused: bool) -> Self {
        self.focused = focused;
        self
    }

    /// The space inside a pane: a border, and a column of air at each side.
    pub fn inner(area: Rect) -> Rect {
        area.inner(Margin::new(2, 1))
    }

    /// The space inside a pane that has no air: a shell's columns are dear.
    pub fn inner_tight(area: Rect) -> Rect {
        area.inner(Margin::new(1, 1))
    }

    /// Draws the pane and gives the space inside.
    pub fn draw(self, frame: &mut Frame<'_>, area: Rect) -> Rect {
        frame.render_widget(self.block().padding(Padding::horizontal(1)), area);
        Self::inner(area)
    }

    /// Draws the pane without air at the sides.
    pub fn draw_tight(self, frame: &mut Frame<'_>, area: Rect) -> Rect {
        frame.render_widget(self.block(), area);
        Self::inner_tight(area)
    }

    fn block(self) -> Block<'a> {
        let set = borders(self.signs);
        let style = if self.focused {
            self.theme.accent().add_modifier(Modifier::BOLD)
        } else {
            self.theme.muted()
        };
        let mut block =
            Block::bordered().border_set(set).border_style(self.theme.border(self.focused));
        if !self.title.spans.is_empty() && self.title.width() > 0 {
            block = block.title_top(spaced(self.title, style));
        }
        if let Some(right) = self.right.filter(|right| right.width() > 0) {
            block = block.title_top(spaced(right, self.theme.muted()).right_aligned());
        }
        block
    }
}

fn spaced(mut line: Line<'_>, style: ratatui::style::Style) -> Line<'_> {
    line.spans.insert(0, Span::raw(" "));
    line.spans.push(Span::raw(" "));
    line.patch_style(style)
}
