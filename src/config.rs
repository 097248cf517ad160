//! Configuration: one YAML file, refused with its line when wrong, written atomically.
