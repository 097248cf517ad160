//! Where content is read from: the binary itself, or a folder.
