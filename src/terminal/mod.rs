//! A terminal emulator behind a small interface, and the encoding of keys: bytes and cells.
