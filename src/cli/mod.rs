//! Commands: arguments in, text or JSON out; one file per command.
