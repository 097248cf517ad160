//! The content while it is still being read: lists show it as its index knows it, and what needs more
//! waits.

use std::sync::Arc;
use std::time::Instant;

use super::{App, Effect};
use crate::course::{Catalogue, Item};

/// The content is being read.
#[derive(Debug, Default)]
pub struct Reading {
    /// The item that is opened then, and whether it begins anew; unless a key comes first.
    pub(super) opens: Option<(String, bool)>,
}

impl App {
    /// What Home is begun with.
    pub fn begin(&self) -> Vec<Effect> {
        // Where nothing is known of the content there is nothing to go back to yet.
        let known = self.reading.is_none() || !self.course.modules.is_empty();
        known.then_some(Effect::LoadProgress).into_iter().chain([Effect::LookForEngine]).collect()
    }

    /// What there is to practise was read. Not so where somebody began to write in it meanwhile: that is
    /// newer.
    pub(super) fn course_read(&mut self, course: Arc<Catalogue>, now: Instant) -> Vec<Effect> {
        let Some(Reading { opens }) = self.reading.take() else { return vec![] };
        self.course = course;
        self.home.renew(&self.course);
        let mut effects = vec![Effect::LoadProgress];
        if let Some((id, fresh)) = opens {
            effects.extend(self.open(&id, fresh, now));
        }
        effects
    }

    /// Whether an item has to wait until it was read; then it is opened when it was.
    pub(super) fn must_wait(&mut self, id: &str, fresh: bool) -> bool {
        let Some(reading) = &mut self.reading else { return false };
        if self.course.item(id).is_some_and(Item::is_read) {
            return false;
        }
        reading.opens = Some((id.to_owned(), fresh));
        self.notice = Some("It opens as soon as the content was read".to_owned());
        true
    }
}

#[cfg(test)]
mod tests {
    use super::super::driver::Driver;
    use super::super::{Event, Screen};
    use super::*;
    use crate::course::Body;
    use crate::tui::screens::tests::screen;

    /// A program that knows of the content what an index does.
    fn unread(cols: u16, rows: u16) -> Driver {
        let mut driver = Driver::new(cols, rows);
        let mut course = Catalogue::clone(&driver.app.course);
        for item in course.modules.iter_mut().flat_map(|module| &mut module.items) {
            item.body = Body::Unread(item.summary());
        }
        driver.app.course = Arc::new(course);
        driver.app.reading = Some(Reading::default());
        driver
    }

    fn read(driver: &mut Driver) -> Vec<Effect> {
        let course = Driver::new(80, 24).app.course;
        driver.event(Event::Course(course))
    }

    #[test]
    fn what_is_opened_before_it_was_read_opens_then() {
        let mut driver = unread(80, 24);
        assert!(driver.app.begin().contains(&Effect::LoadProgress));
        assert!(screen(&driver).contains("reading the content"));
        driver.press("enter");
        assert_eq!(driver.app.screen, Screen::Home);
        assert!(screen(&driver).contains("opens as soon as"));
        let effects = read(&mut driver);
        assert_eq!(driver.app.screen, Screen::Workspace);
        let provisions =
            |it: &Effect| matches!(it, Effect::Provision { item, .. } if item == "linux-01");
        assert!(effects.iter().any(provisions), "{effects:?}");
        assert!(!screen(&driver).contains("reading the content"));
    }

    #[test]
    fn a_key_in_between_opens_nothing() {
        let mut driver = unread(80, 24);
        driver.press("enter");
        driver.press("j");
        let at = driver.app.home.selected().cloned();
        assert_eq!(read(&mut driver), [Effect::LoadProgress]);
        assert_eq!(driver.app.screen, Screen::Home);
        // The cursor stays.
        assert_eq!(driver.app.home.selected().cloned(), at);
        driver.press("enter");
        assert_eq!(driver.app.screen, Screen::Workspace);
    }

    #[test]
    fn without_an_index_the_screen_says_what_is_done() {
        let mut driver = unread(80, 24);
        driver.app.course = Arc::default();
        driver.app.home.renew(&Arc::default());
        assert_eq!(driver.app.begin(), [Effect::LookForEngine]);
        assert!(screen(&driver).contains("Reading what there is to practise"));
        driver.press("enter");
        read(&mut driver);
        assert!(screen(&driver).contains("Linux"), "{}", screen(&driver));
    }

    #[test]
    fn lists_show_the_same_before_and_after() {
        let mut driver = unread(120, 40);
        let before = screen(&driver).replace(" \u{b7} reading the content", "");
        read(&mut driver);
        assert!(driver.app.course.items().all(|it| !matches!(it.body, Body::Unread(_))));
        let words = |screen: &str| screen.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(words(&before), words(&screen(&driver)));
    }
}
