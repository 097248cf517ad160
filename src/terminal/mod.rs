//! A terminal emulator behind a small interface, and the encoding of keys, mouse and pastes: bytes
//! and cells. It knows no lesson, no engine and nothing of drawing.
//!
//! Everything that goes into [`Emulator::advance`] comes from a container and is data, never an
//! instruction:
//!
//! - no byte sequence and no resize panics, stalls or makes memory grow without bound;
//! - nothing of it can reach the learner's own terminal but as [`Cell`]s of printable text;
//! - the same bytes give the same screen, however they were cut into pieces on the way.
//!
//! The model is `alacritty_terminal`'s (`docs/decisions/terminal-emulator.md`); none of its types
//! leave this module. What it lacks or leaves unbounded is added on its two sides: `scanner`
//! watches the bytes before its parser, `guard` stands between its parser and its screen.

mod cell;
mod emulator;
mod guard;
mod hold;
mod keys;
mod modes;
mod mouse;
mod outbox;
mod palette;
mod paste;
mod scanner;
mod screen;
mod selection;

pub use cell::{Attributes, Cell, Color, Width};
pub use emulator::{Emulator, Scroll, Size};
pub use keys::{encode_focus, encode_key};
pub use modes::{Modes, MouseEncoding, MouseReports};
pub use mouse::encode_mouse;
pub use outbox::Event;
pub use palette::{Palette, xterm_color};
pub use paste::encode_paste;
pub use screen::{Cursor, CursorShape, Screen};
pub use selection::SelectionKind;
