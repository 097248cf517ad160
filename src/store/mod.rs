//! Progress in SQLite.
