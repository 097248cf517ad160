//! Writing the configuration: one writer at a time, the whole file or nothing.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use tempfile::NamedTempFile;

use super::{Config, ConfigError, SHAPE, edit, shape_of, text_of};
use crate::course::yaml::{Shape, read};
use crate::platform::files;

/// Sets one key, such as `theme` or `limits.memory`, in the file; gives the configuration that
/// results. Comments and the order of keys stay as they are.
///
/// For a list, the value is one item or a YAML list: `[a, b]`.
pub fn set(path: &Path, key: &str, value: &str) -> Result<Config, ConfigError> {
    let shape = shape_of(key)?;
    let parts: Vec<&str> = key.split('.').collect();
    let value = written(shape, value);
    // Alone first, to tell a wrong value from a file that was wrong before.
    let alone = edit::with_value("", &crate::course::yaml::Node::empty(), &parts, &value);
    let alone = Config::parse("", &alone).map_err(|found| {
        let first = found.into_iter().next();
        ConfigError::WrongValue {
            message: first.as_ref().map_or_else(String::new, |d| d.message.clone()),
            help: first.and_then(|d| d.help),
        }
    })?;
    change(path, |file, text| {
        let root = read::<Config>(file, text, &SHAPE).tree;
        let edited = edit::with_value(text, &root, &parts, &value);
        let after = Config::parse(file, &edited);
        match Config::parse(file, text) {
            Ok(before) => {
                let expected = with_key(&before, &alone, &parts);
                match after {
                    Ok(after) if after == expected => Ok((edited, after)),
                    // Written in a way the edit does not understand: the values matter more than
                    // the comments.
                    _ => Ok((expected.to_yaml()?, expected)),
                }
            }
            Err(_) => after.map(|after| (edited, after)).map_err(ConfigError::Invalid),
        }
    })
}

/// Back to the defaults: removes the file.
pub fn reset(path: &Path) -> Result<(), ConfigError> {
    let path = &real(path);
    let trouble = |source| ConfigError::File { action: "removed", path: path.clone(), source };
    let _lock = lock(path).map_err(trouble)?;
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(trouble(error)),
        _ => Ok(()),
    }
}

/// Replaces the file's text while no other drydock does.
fn change(
    path: &Path,
    edit: impl FnOnce(&str, &str) -> Result<(String, Config), ConfigError>,
) -> Result<Config, ConfigError> {
    let path = &real(path);
    let trouble = |source| ConfigError::File { action: "written", path: path.clone(), source };
    let _lock = lock(path).map_err(trouble)?;
    let (text, config) = edit(&path.display().to_string(), &text_of(path)?)?;
    replace(path, &text).map_err(trouble)?;
    Ok(config)
}

/// Where the file really is: one that is linked to from a folder of dot files stays there.
fn real(path: &Path) -> PathBuf {
    files::real(path).unwrap_or_else(|_| path.to_owned())
}

/// Held until dropped. Its own file, since the configuration itself is replaced.
fn lock(path: &Path) -> io::Result<File> {
    if let Some(folder) = path.parent() {
        files::make_private(folder)?;
    }
    let name = path.with_extension("lock");
    let file = files::options(0o600).write(true).create(true).truncate(false).open(name)?;
    file.lock()?;
    Ok(file)
}

fn replace(path: &Path, text: &str) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    // Readable by its owner only from the start: that is how temporary files are made.
    let mut file = NamedTempFile::new_in(folder)?;
    file.write_all(text.as_bytes())?;
    file.as_file().sync_all()?;
    file.persist(path).map_err(|error| error.error)?;
    // The name too must be on the disk before this is called done.
    files::sync_folder(folder)
}

/// The value as YAML on one line, of the kind wanted.
fn written(shape: &Shape, value: &str) -> String {
    let text = |value: &str| json!(value).to_string();
    match shape {
        Shape::List(_) if value.trim_start().starts_with('[') => value.to_owned(),
        Shape::List(_) if value.trim().is_empty() => "[]".to_owned(),
        Shape::List(_) => format!("[{}]", text(value)),
        // Quotes only where they are needed: this is a file that people read.
        _ if !value.is_empty()
            && value.chars().all(|c| c.is_alphanumeric() || "_./".contains(c)) =>
        {
            value.to_owned()
        }
        _ => text(value),
    }
}

/// `before` with the value that `alone` has for this key.
fn with_key(before: &Config, alone: &Config, key: &[&str]) -> Config {
    fn set(to: &mut Value, from: &Value, key: &[&str]) {
        match key {
            [] => to.clone_from(from),
            [first, rest @ ..] => set(&mut to[*first], &from[*first], rest),
        }
    }
    let mut all = before.to_json();
    set(&mut all, &alone.to_json(), key);
    serde_json::from_value(all).unwrap_or_else(|_| before.clone())
}
