//! What the terminal that drydock runs in is to be set to now, so that the program inside gets what
//! it asked for.

use super::App;
use crate::terminal::{CursorShape, Modes, MouseReports};
use crate::tui::keymap::Context;
use crate::tui::screens::shell::Shell;

/// Flags of kitty's keyboard protocol: ambiguous keys come as `CSI u`; repeats and releases come
/// too; all keys come as `CSI u`.
const DISAMBIGUATE: u8 = 1;
const EVENTS: u8 = 2;
const ALL_KEYS: u8 = 8;

/// See the module. The runtime sets what differs from what it has set before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct OuterModes {
    /// The cursor's shape, and whether it blinks; `None` is the user's own.
    pub cursor: Option<(CursorShape, bool)>,
    /// Whether every move of the mouse is to be reported, not only those with a button down.
    pub every_move: bool,
    /// The flags of kitty's keyboard protocol that the program wants. Where the terminal has not
    /// got the protocol, keys come as they always did.
    pub keyboard: u8,
}

impl App {
    /// What is to be set now. All but the program's own live screen wants nothing special.
    pub fn outer_modes(&self) -> OuterModes {
        if !self.layers.is_empty() || self.context() != Context::Shell {
            return OuterModes::default();
        }
        let Some(view) = self.shell().and_then(Shell::view_state) else {
            return OuterModes::default();
        };
        OuterModes {
            cursor: view.cursor.map(|cursor| (cursor.shape, cursor.blinking)),
            every_move: self.mouse && view.modes.mouse == MouseReports::Motion,
            keyboard: keyboard(&view.modes),
        }
    }
}

fn keyboard(modes: &Modes) -> u8 {
    // What xterm's `modifyOtherKeys` tells apart, only kitty's protocol can bring here.
    let disambiguate = modes.disambiguate_keys || modes.modify_other_keys > 0;
    [(disambiguate, DISAMBIGUATE), (modes.key_events, EVENTS), (modes.all_keys, ALL_KEYS)]
        .into_iter()
        .filter(|(wanted, _)| *wanted)
        .fold(0, |flags, (_, flag)| flags | flag)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::app::driver::Driver;
    use crate::tui::app::{Event, WorkspaceEvent};

    #[test]
    fn the_program_gets_what_it_asked_for_while_it_has_the_keys() {
        let mut driver = Driver::new(120, 40);
        driver.at_work("linux-01");
        driver.print("\x1b[5 q\x1b[?1003h\x1b[>11u");
        let plain = OuterModes::default();
        assert_eq!(driver.app.outer_modes(), plain, "the lesson is in front");
        driver.press("2");
        let wanted = OuterModes {
            cursor: Some((CursorShape::Bar, true)),
            every_move: true,
            keyboard: DISAMBIGUATE | EVENTS | ALL_KEYS,
        };
        assert_eq!(driver.app.outer_modes(), wanted);
        driver.workspace(WorkspaceEvent::Clipboard("x".into()));
        assert_eq!(driver.app.outer_modes(), plain, "a question is in front");
        driver.press("esc");
        assert_eq!(driver.app.outer_modes(), wanted);
        driver.app.mouse = false;
        assert!(!driver.app.outer_modes().every_move, "the mouse is the terminal's");
        driver.press("ctrl-] [");
        driver.lines();
        assert_eq!(driver.app.outer_modes(), plain, "copy mode");
    }

    #[test]
    fn the_program_is_told_of_the_focus() {
        let mut driver = Driver::new(120, 40);
        driver.at_work("linux-01");
        driver.press("2 x ctrl-] 2");
        driver.event(Event::Focus(false));
        driver.event(Event::Focus(false));
        driver.press("ctrl-]");
        driver.event(Event::Focus(true));
        driver.press("ctrl-]");
        assert_eq!(driver.focus, [false, true, false, true, false, true]);
    }
}
