//! What a holder and its clients say to each other over the socket.
//!
//! Messages are `postcard`, each behind its length. The first from either side is always the same,
//! whatever the version, so that programs of two versions can tell each other so. A client that is
//! slow is sent less, never waited for: it says [`ToHolder::Seen`] after each [`FromHolder::Changes`],
//! and gets no other before.

use std::path::PathBuf;
use std::time::Duration;

use bytes::Bytes;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use tokio_util::codec::LengthDelimitedCodec;

use super::Input;
use crate::terminal::{Changes, Line, Size};

/// Counts up with every change of a message.
pub(super) const VERSION: u32 = 2;

/// No message is longer: a full screen of the largest size with a colour in every cell is 3 MB.
const MAX_MESSAGE: usize = 8 << 20;

/// How many lines of history come in one message.
pub(super) const HISTORY_PIECE: usize = 512;

/// From a client.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum ToHolder {
    /// The first message.
    Hello {
        /// The client's [`VERSION`].
        version: u32,
        /// The client's screen.
        size: Size,
        /// Whether it only watches: it cannot type and its size does not count.
        watch: bool,
    },
    /// Something for the program.
    Input(Input),
    /// The client's screen has a new size.
    Resize(Size),
    /// The last changes have been drawn.
    Seen,
    /// Asks for all lines.
    Lines,
    /// Asks the shell to end.
    HangUp,
    /// Asks to write down what is typed, as a solution in a new file, or with `None` to stop that.
    Solve(Option<PathBuf>),
    /// Checks turned green.
    Turned {
        /// Their names.
        names: Vec<String>,
        /// How long ago it was looked at them.
        ago: Duration,
    },
}

/// From the holder.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum FromHolder {
    /// The first message.
    Welcome {
        /// The holder's [`VERSION`].
        version: u32,
        /// The program's version, for people.
        program: String,
    },
    /// What changed on the screen.
    Changes(Changes),
    /// A piece of all lines.
    Lines {
        /// The lines, the oldest first.
        lines: Vec<Line>,
        /// Whether these were the last.
        last: bool,
    },
    /// The bell rang.
    Bell,
    /// The program asks to put this on the clipboard.
    Clipboard(String),
    /// Where what is typed is written down as a solution; `None` when it is not any more. Or why it
    /// cannot be.
    Solving(Result<Option<PathBuf>, String>),
    /// The shell is over.
    Ended(super::End),
}

/// The framing of both directions.
pub(super) fn codec() -> LengthDelimitedCodec {
    LengthDelimitedCodec::builder().max_frame_length(MAX_MESSAGE).new_codec()
}

/// A message as bytes.
pub(super) fn encode(message: &impl Serialize) -> std::io::Result<Bytes> {
    postcard::to_stdvec(message).map(Bytes::from).map_err(std::io::Error::other)
}

/// Bytes as a message.
pub(super) fn decode<M: DeserializeOwned>(bytes: &[u8]) -> std::io::Result<M> {
    postcard::from_bytes(bytes).map_err(std::io::Error::other)
}
