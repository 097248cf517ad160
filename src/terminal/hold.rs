//! Synchronized output: while a program redraws (mode 2026), the picture from before is shown.
//!
//! Output is parsed as it comes, so answers are not delayed and nothing piles up; only the visible
//! cells are copied when an update begins. An update that never ends is shown after
//! [`LONGEST`]; one that is renewed without ever ending cannot prolong that.

use std::time::{Duration, Instant};

use alacritty_terminal::term::Term;

use super::outbox::Outbox;
use super::screen::Picture;

/// How long an unfinished update may hide what is going on: what other terminals use.
const LONGEST: Duration = Duration::from_millis(150);

/// A picture this young still serves: it spares a flood of tiny updates the copying.
const FRESH: Duration = Duration::from_millis(5);

/// The picture that is held, if any.
#[derive(Default)]
pub(super) struct Hold {
    /// When the open update is shown though unfinished; `None` while none is open.
    until: Option<Instant>,
    /// The last picture, and when it was taken.
    picture: Picture,
    taken: Option<Instant>,
}

impl Hold {
    /// An update begins.
    pub(super) fn begin(&mut self, term: &Term<Outbox>, now: Instant) {
        if self.until.is_some() {
            return;
        }
        self.until = Some(now + LONGEST);
        if self.taken.is_none_or(|taken| now.duration_since(taken) >= FRESH) {
            self.picture.take(term);
            self.taken = Some(now);
        }
    }

    /// It ended.
    pub(super) fn end(&mut self) {
        self.until = None;
    }

    /// The screen changed otherwise than by output: no old picture serves.
    pub(super) fn drop_picture(&mut self) {
        *self = Self::default();
    }

    /// Ends an update that is open for too long. Whether it did.
    pub(super) fn expire(&mut self, now: Instant) -> bool {
        let over = self.until.is_some_and(|until| now >= until);
        if over {
            self.end();
        }
        over
    }

    pub(super) fn until(&self) -> Option<Instant> {
        self.until
    }

    /// What to show instead of the present screen.
    pub(super) fn picture(&self) -> Option<&Picture> {
        self.until.map(|_| &self.picture)
    }
}

#[cfg(test)]
mod tests {
    use alacritty_terminal::term::Config;

    use super::*;
    use crate::terminal::Size;

    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn an_update_cannot_prolong_itself() {
        let term = Term::new(Config::default(), &Size { columns: 4, rows: 2 }, Outbox::default());
        let (mut hold, start) = (Hold::default(), Instant::now());
        hold.begin(&term, start);
        hold.begin(&term, start + 100 * MS);
        assert_eq!(hold.until(), Some(start + LONGEST));
        assert!(!hold.expire(start + 149 * MS) && hold.picture().is_some());
        assert!(hold.expire(start + 150 * MS) && hold.picture().is_none());
    }

    #[test]
    fn a_flood_of_updates_copies_the_screen_now_and_then() {
        let term = Term::new(Config::default(), &Size { columns: 4, rows: 2 }, Outbox::default());
        let (mut hold, start) = (Hold::default(), Instant::now());
        let mut taken = Vec::new();
        for n in 0..20 {
            hold.begin(&term, start + n * MS);
            hold.end();
            taken.push(hold.taken);
        }
        taken.dedup();
        assert_eq!(taken.len(), 4, "every five milliseconds");
    }
}
