//! Where things are on an incident's screen: one function for drawing, for the mouse and for the
//! shell's size.

use ratatui::layout::{Position, Rect};
use unicode_width::UnicodeWidthStr;

use super::Tab;
use crate::terminal::Size;
use crate::tui::screens::body;
use crate::tui::widgets::pane::Pane;

/// Below this width the sidebar would leave the charts too little.
const WIDE: u16 = 104;
/// Below this height borders cost too much.
const TALL: u16 = 20;

/// The places.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Places {
    /// The title line.
    pub title: Rect,
    /// The criteria, where there is room beside.
    pub criteria: Option<Rect>,
    /// The updates, below them.
    pub updates: Option<Rect>,
    /// Both in two lines, where there is none.
    pub strip: Option<Rect>,
    /// The tab in front, its border included.
    pub main: Rect,
    /// The space inside it.
    pub inner: Rect,
}

impl Places {
    /// Whether panes have borders.
    pub fn bordered(&self) -> bool {
        self.criteria.is_some()
    }

    /// The shell's place.
    pub fn shell(&self) -> Rect {
        if self.bordered() { Pane::inner_tight(self.main) } else { self.main }
    }

    /// The shell's size in cells.
    pub fn shell_size(&self) -> Size {
        let place = self.shell();
        Size { columns: place.width, rows: place.height }.clamped()
    }

    /// Where the tabs' names are, each with the blanks around it.
    pub fn tabs(&self) -> [(Tab, Rect); 4] {
        let line = if self.bordered() { self.main } else { self.title };
        let mut x = line.x + if self.bordered() { 2 } else { 1 };
        Tab::ALL.map(|tab| {
            let width = tab.name().width() as u16 + 2;
            let place = Rect { x, y: line.y, width, height: line.height.min(1) };
            x = x.saturating_add(width);
            (tab, place.intersection(line))
        })
    }

    /// The tab whose name is there.
    pub fn tab_at(&self, at: Position) -> Option<Tab> {
        self.tabs().into_iter().find(|(_, place)| place.contains(at)).map(|(tab, _)| tab)
    }
}

/// Places everything on a terminal; `criteria` is how many there are to show.
pub fn places(area: Rect, criteria: usize) -> Places {
    let body = body(area);
    let title = Rect { height: body.height.min(1), ..body };
    let rest = Rect { y: body.y + title.height, height: body.height - title.height, ..body };
    if area.width < WIDE || area.height < TALL {
        let height = rest.height.min(2);
        let strip = Rect { height, ..rest };
        let main = Rect { y: rest.y + height, height: rest.height - height, ..rest };
        let inner = Rect { x: main.x + 1, width: main.width.saturating_sub(2), ..main };
        let strip = Some(strip);
        return Places { title, criteria: None, updates: None, strip, main, inner };
    }
    let width = (rest.width * 26 / 100).clamp(31, 48);
    // Two lines each, a note for one of them, and the border.
    let wished = criteria.saturating_mul(3) as u16 + 2;
    let height = wished.clamp(6, rest.height * 3 / 5);
    let beside = Rect { width, height, ..rest };
    let updates = Rect { y: rest.y + height, height: rest.height - height, ..beside };
    let main = Rect { x: rest.x + width, width: rest.width - width, ..rest };
    Places {
        title,
        criteria: Some(beside),
        updates: Some(updates),
        strip: None,
        main,
        inner: Pane::inner_tight(main),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_classic_terminal_has_a_strip_and_a_shell_of_its_whole_width() {
        let places = places(Rect::new(0, 0, 80, 24), 3);
        assert_eq!(places.strip.unwrap().height, 2);
        assert_eq!((places.shell_size().columns, places.shell_size().rows), (80, 20));
        assert_eq!(places.tab_at(Position::new(2, 0)), Some(Tab::User));
        assert_eq!(places.tab_at(Position::new(79, 0)), None);
    }

    proptest::proptest! {
        #[test]
        fn nothing_overlaps_nor_leaves_the_screen(
            width in 1u16..300, height in 1u16..100, criteria in 0usize..200,
        ) {
            let area = Rect::new(0, 0, width, height);
            let places = places(area, criteria);
            let all: Vec<Rect> =
                [Some(places.title), places.criteria, places.updates, places.strip, Some(places.main)]
                    .into_iter().flatten().collect();
            for (index, place) in all.iter().enumerate() {
                proptest::prop_assert!(area.intersection(*place) == *place || place.is_empty());
                for other in &all[index + 1..] {
                    proptest::prop_assert!(place.intersection(*other).is_empty());
                }
            }
            for (_, tab) in places.tabs() {
                proptest::prop_assert!(area.intersection(tab) == tab || tab.is_empty());
            }
        }
    }
}
