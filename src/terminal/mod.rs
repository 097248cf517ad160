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

mod ansi;
mod cell;
pub mod copy;
mod emulator;
mod extras;
mod guard;
mod history;
mod hold;
mod joined;
mod keyboard;
mod keys;
mod line;
pub mod links;
mod modes;
mod motion;
mod mouse;
mod outbox;
mod palette;
mod paste;
mod reset;
mod row;
mod scanner;
mod screen;
mod shell;
mod view;
mod wrap;

pub use cell::{Attributes, Cell, Color, Mark, Style, Width};
pub use emulator::{Emulator, Size};
pub use joined::Point;
pub use keys::{encode_focus, encode_key};
pub use line::Line;
pub use modes::{Modes, MouseEncoding, MouseReports};
pub use mouse::encode_mouse;
pub use outbox::Event;
pub use palette::{Palette, xterm_color};
pub use paste::encode_paste;
pub use view::{Changes, Cursor, CursorShape, View, ViewState};
