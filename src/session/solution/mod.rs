//! Solutions as they are typed: played by a [`Typist`], and written down by a [`Scribe`] while
//! somebody does it.
//!
//! Invariants:
//!
//! - A typist waits for states, each for a limited time, and never for time to go by; what did not come
//!   is told with the line that waited for it and with what the screen showed.
//! - A scribe writes no text that the terminal did not show while it was typed: a password is in no
//!   solution. What is left out is said in its place.
//! - What was handed to a scribe is in its file when the call returns, as far as it may be written at
//!   all: `kill -9` loses none of it.

mod scribe;
mod typist;

pub use scribe::Scribe;
pub use typist::{Stuck, Typist};

use crate::terminal::View;

/// The text of a screen. Rows that the program printed as one line are one.
fn text_of(view: &View) -> String {
    let mut text = String::new();
    for row in &view.rows {
        text.push_str(row.text());
        if !row.wrapped {
            text.truncate(text.trim_end_matches(' ').len());
            text.push('\n');
        }
    }
    text
}
