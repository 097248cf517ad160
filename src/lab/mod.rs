//! The practice itself: an attempt's life, the same for the TUI and the commands.
