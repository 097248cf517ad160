//! What changes the class's screen: what was read, keys, and pages that turn by themselves.

use ratatui::layout::Rect;

use super::{List, PAGE, Reading, Report, view};
use crate::tui::app::Action;

impl Report {
    /// Something was read.
    pub fn read(&mut self, reading: Reading, area: Rect) {
        self.reading = Some(reading);
        self.settle(area);
    }

    /// What a key does.
    pub fn act(&mut self, action: Action, area: Rect) {
        let page = view::rows(area, self.count(self.list));
        if let Some(by) = action.step(page) {
            let first = &mut self.first[self.list as usize];
            *first = first.saturating_add_signed(by);
            // Who scrolls reads.
            self.turning = false;
        }
        match action {
            Action::NextPane => {
                self.list = self.list.other();
                self.left = PAGE;
            }
            Action::Sort => {
                let sort = &mut self.sort[self.list as usize];
                *sort = sort.next();
                self.first[self.list as usize] = 0;
            }
            Action::Turn => {
                self.turning = !self.turning;
                self.left = PAGE;
            }
            _ => {}
        }
        self.settle(area);
    }

    /// A second has gone by.
    pub fn tick(&mut self, area: Rect) {
        self.left = self.left.saturating_sub(1);
        if self.left == 0 {
            self.left = PAGE;
            self.turn(area);
        }
    }

    /// The next page: of both lists where both are seen, else of the one and then of the other.
    fn turn(&mut self, area: Rect) {
        if view::is_wide(area) {
            for list in [List::Learners, List::Items] {
                self.next_page(list, area);
            }
        } else if self.next_page(self.list, area) {
            self.list = self.list.other();
        }
    }

    /// Turns a list's page; tells whether it was the last, and begins again.
    fn next_page(&mut self, list: List, area: Rect) -> bool {
        let (end, page) = (self.last_first(list, area), view::rows(area, self.count(list)));
        let first = &mut self.first[list as usize];
        let is_last = *first >= end;
        *first = if is_last { 0 } else { (*first + page).min(end) };
        is_last
    }

    /// No list is scrolled further than to its end, which moves with what is read and with the size.
    pub fn settle(&mut self, area: Rect) {
        for list in [List::Learners, List::Items] {
            let last = self.last_first(list, area);
            let first = &mut self.first[list as usize];
            *first = (*first).min(last);
        }
    }
}
