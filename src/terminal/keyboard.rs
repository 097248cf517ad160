//! The flags of kitty's keyboard protocol that the program has asked for.
//!
//! The model has its own, but reports and restores others than were set.

use alacritty_terminal::vte::ansi::{KeyboardModes, KeyboardModesApplyBehavior};

/// What we speak of them; nothing else is confirmed.
const SPOKEN: KeyboardModes = KeyboardModes::DISAMBIGUATE_ESC_CODES
    .union(KeyboardModes::REPORT_EVENT_TYPES)
    .union(KeyboardModes::REPORT_ALL_KEYS_AS_ESC);

/// Requests that can be stacked: no program nests so deep. Of more the oldest is forgotten.
const MAX_STACKED: usize = 64;

/// The flags of one screen.
#[derive(Debug, Clone, Default)]
pub(super) struct Keyboard {
    flags: KeyboardModes,
    /// Those from before, the oldest first.
    before: Vec<KeyboardModes>,
}

impl Keyboard {
    pub(super) fn flags(&self) -> KeyboardModes {
        self.flags
    }

    pub(super) fn set(&mut self, flags: KeyboardModes, how: KeyboardModesApplyBehavior) {
        self.flags = match how {
            KeyboardModesApplyBehavior::Replace => flags & SPOKEN,
            KeyboardModesApplyBehavior::Union => self.flags | flags & SPOKEN,
            KeyboardModesApplyBehavior::Difference => self.flags - flags,
        };
    }

    pub(super) fn push(&mut self, flags: KeyboardModes) {
        if self.before.len() == MAX_STACKED {
            self.before.remove(0);
        }
        self.before.push(self.flags);
        self.flags = flags & SPOKEN;
    }

    pub(super) fn pop(&mut self, count: u16) {
        for _ in 0..usize::from(count).min(MAX_STACKED + 1) {
            self.flags = self.before.pop().unwrap_or_default();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: KeyboardModes = KeyboardModes::DISAMBIGUATE_ESC_CODES;
    const TWO: KeyboardModes = KeyboardModes::REPORT_EVENT_TYPES;

    #[test]
    fn what_was_set_comes_back() {
        let mut keyboard = Keyboard::default();
        keyboard.set(ONE, KeyboardModesApplyBehavior::Replace);
        keyboard.push(TWO | KeyboardModes::REPORT_ALTERNATE_KEYS);
        assert_eq!(keyboard.flags(), TWO, "and no more than is spoken");
        keyboard.set(ONE, KeyboardModesApplyBehavior::Union);
        assert_eq!(keyboard.flags(), ONE | TWO);
        keyboard.set(TWO, KeyboardModesApplyBehavior::Difference);
        assert_eq!(keyboard.flags(), ONE);
        keyboard.pop(1);
        assert_eq!(keyboard.flags(), ONE);
        keyboard.pop(1);
        assert_eq!(keyboard.flags(), KeyboardModes::NO_MODE);
    }

    #[test]
    fn the_stack_is_bounded() {
        let mut keyboard = Keyboard::default();
        for _ in 0..100_000 {
            keyboard.push(ONE);
        }
        assert_eq!(keyboard.before.len(), MAX_STACKED);
        keyboard.pop(u16::MAX);
        assert_eq!(keyboard.flags(), KeyboardModes::NO_MODE);
    }
}
