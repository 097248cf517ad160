//! Holding a tree against a shape.

use std::collections::HashMap;

use serde_json::{Map, Value, json};

use super::problems::{Problems, quote};
use super::shape::{Keys, Shape};
use super::tree::{Entry, Kind, Node};
use crate::course::nearest;

/// A value of exactly this shape from the node; every difference is reported and bridged. Keys that
/// are nearly right are put right in the tree too, so that later rules find them by their name.
pub(super) fn fit(node: &mut Node, shape: &Shape, problems: &mut Problems) -> Value {
    value(node, shape, "this file", problems)
}

/// `what` names the place in messages.
fn value(node: &mut Node, shape: &Shape, what: &str, problems: &mut Problems) -> Value {
    if let Shape::Either(shapes) = shape
        && let Some(shape) = shapes.iter().find(|shape| same_kind(&node.kind, shape))
    {
        return value(node, shape, what, problems);
    }
    let (null, blank) = (node.is_null(), node.is_blank());
    let fitted = match (&mut node.kind, shape) {
        (_, Shape::Any) => (!blank).then(|| any(node, problems)),
        (Kind::Map(entries), Shape::Map(keys)) => {
            let mark = node.mark;
            for key in settle_keys(entries, keys, problems) {
                let help = Some(format!("add \"{key}: …\""));
                problems.error(mark, format!("missing key {}", quote(key)), help);
            }
            Some(Value::Object(map(entries, keys, problems)))
        }
        (Kind::Map(entries), Shape::Free(shape)) => {
            once(entries, problems);
            let mut values = Map::new();
            for Entry { key, value: node, .. } in entries {
                values.insert(key.clone(), value(node, shape, &quote(key), problems));
            }
            Some(Value::Object(values))
        }
        (Kind::List(items), Shape::List(shape)) => {
            let items = items.iter_mut().map(|item| value(item, shape, what, problems));
            Some(Value::Array(items.collect()))
        }
        (Kind::Scalar { .. }, Shape::List(_)) if null => Some(json!([])),
        (Kind::Scalar { .. }, Shape::Map(_) | Shape::Free(_)) if null => {
            node.kind = Kind::Map(Vec::new());
            return value(node, shape, what, problems);
        }
        (Kind::Scalar { text, plain }, _) if !(*plain && text.is_empty()) => {
            scalar(text, *plain, shape)
        }
        _ => None,
    };
    fitted.unwrap_or_else(|| {
        let (message, help) = mismatch(node, shape, what);
        problems.error(node.mark, message, help);
        shape.stand_in()
    })
}

fn map(entries: &mut [Entry], keys: &Keys, problems: &mut Problems) -> Map<String, Value> {
    let mut values = Map::new();
    for Entry { key, value: node, .. } in entries {
        if let Some(shape) = keys.get(key) {
            values.insert(key.clone(), value(node, shape, &quote(key), problems));
        }
    }
    for key in &keys.required {
        if !values.contains_key(key) {
            values.insert(key.clone(), keys.get(key).map_or(Value::Null, Shape::stand_in));
        }
    }
    values
}

/// Reports unknown and double keys and removes or renames them; gives the keys that are missing.
fn settle_keys<'k>(
    entries: &mut Vec<Entry>,
    keys: &'k Keys,
    problems: &mut Problems,
) -> Vec<&'k str> {
    let mut present: Vec<(String, u32)> = Vec::new();
    for entry in entries.iter().filter(|entry| keys.get(&entry.key).is_some()) {
        if !present.iter().any(|(key, _)| *key == entry.key) {
            present.push((entry.key.clone(), entry.mark.line));
        }
    }
    let mut seen: Vec<String> = Vec::new();
    entries.retain_mut(|entry| {
        if keys.get(&entry.key).is_none() {
            let near = unknown(entry, keys, problems);
            // A second `verify` beside a `verfy` is not what was meant.
            match near.filter(|near| !present.iter().any(|(key, _)| key == near)) {
                Some(near) => {
                    present.push((near.to_owned(), entry.mark.line));
                    near.clone_into(&mut entry.key);
                }
                None => return false,
            }
        }
        if seen.contains(&entry.key) {
            let first = present.iter().find(|(key, _)| *key == entry.key).map_or(0, |(_, l)| *l);
            let message = format!("{} is written twice", quote(&entry.key));
            problems.error(entry.mark, message, Some(format!("the first is on line {first}")));
            return false;
        }
        seen.push(entry.key.clone());
        true
    });
    let missing = keys.required.iter().filter(|key| !seen.contains(key));
    missing.map(String::as_str).collect()
}

/// Reports an unknown key; gives the one it must have meant, if any is near.
fn unknown<'k>(entry: &Entry, keys: &'k Keys, problems: &mut Problems) -> Option<&'k str> {
    let message = format!("unknown key {}", quote(&entry.key));
    if let Some((_, why)) = keys.explained.iter().find(|(key, _)| *key == entry.key) {
        problems.error(entry.mark, message, Some(why.clone()));
        return None;
    }
    let near = nearest(&entry.key, keys.names());
    let help = match near {
        Some(near) => format!("did you mean {near:?}?"),
        None => format!("the keys here are {}", keys.names().collect::<Vec<_>>().join(", ")),
    };
    problems.error(entry.mark, message, Some(help));
    near
}

/// Reports and removes keys that are written twice.
fn once(entries: &mut Vec<Entry>, problems: &mut Problems) {
    let mut seen: HashMap<String, u32> = HashMap::new();
    entries.retain(|entry| {
        let Some(first) = seen.get(&entry.key) else {
            seen.insert(entry.key.clone(), entry.mark.line);
            return true;
        };
        let message = format!("{} is written twice", quote(&entry.key));
        problems.error(entry.mark, message, Some(format!("the first is on line {first}")));
        false
    });
}

/// A node as what it is written as: `1.1` is a number, `"1.1"` a text.
fn any(node: &mut Node, problems: &mut Problems) -> Value {
    let null = node.is_null();
    match &mut node.kind {
        Kind::Map(entries) => {
            once(entries, problems);
            let values = entries.iter_mut();
            values.map(|entry| (entry.key.clone(), any(&mut entry.value, problems))).collect()
        }
        Kind::List(items) => items.iter_mut().map(|item| any(item, problems)).collect(),
        Kind::Scalar { .. } if null => Value::Null,
        Kind::Scalar { text, plain } => {
            let whole = || text.parse::<i64>().ok().map(Value::from);
            // Words such as "inf" are numbers to Rust, and texts to people.
            let number = || {
                let number = text.starts_with(|c: char| c.is_ascii_digit() || "+-.".contains(c));
                scalar(text, number, &Shape::Number)
            };
            let truth = || scalar(text, *plain, &Shape::Truth);
            let found = plain.then(|| truth().or_else(whole).or_else(number)).flatten();
            found.unwrap_or_else(|| json!(text))
        }
    }
}

/// A scalar as what is wanted, if it is that.
fn scalar(text: &str, plain: bool, shape: &Shape) -> Option<Value> {
    match shape {
        Shape::Text => Some(json!(text)),
        Shape::Choice(words) => words.iter().any(|word| word == text).then(|| json!(text)),
        Shape::Whole(min, max) if plain => {
            let digits = text.bytes().all(|b| b.is_ascii_digit());
            let number: u64 = digits.then(|| text.parse().ok()).flatten()?;
            (*min..=*max).contains(&number).then(|| json!(number))
        }
        Shape::Number if plain => {
            let number: f64 = text.parse().ok()?;
            number.is_finite().then(|| json!(number))
        }
        Shape::Truth if plain => match text {
            "true" | "True" | "TRUE" => Some(json!(true)),
            "false" | "False" | "FALSE" => Some(json!(false)),
            _ => None,
        },
        _ => None,
    }
}

/// Why a node does not fit, and what to write.
fn mismatch(node: &Node, shape: &Shape, what: &str) -> (String, Option<String>) {
    let (found, help) = match &node.kind {
        Kind::Scalar { .. } if node.is_blank() => {
            let message = match shape {
                Shape::Any => format!("{what} has no value"),
                _ => format!("{what} has no value: it must be {shape}"),
            };
            let help = "write the value (\"\" for an empty text), or remove the key";
            return (message, Some(help.to_owned()));
        }
        Kind::Scalar { text, plain } => {
            let help = match shape {
                Shape::Choice(words) => nearest(text, words.iter().map(String::as_str))
                    .map(|near| format!("did you mean {near:?}?")),
                Shape::Whole(..) | Shape::Number | Shape::Truth if !plain => {
                    scalar(text, true, shape).map(|_| "remove the quotes".to_owned())
                }
                Shape::List(_) => Some(format!("write [{}] for a list of one", quote(text))),
                _ => None,
            };
            (quote(text), help)
        }
        Kind::List(_) => ("a list".to_owned(), quotes_help(shape, "[")),
        Kind::Map(_) if matches!(shape, Shape::List(_)) => {
            ("keys with values".to_owned(), Some("begin each with \"- \"".to_owned()))
        }
        Kind::Map(_) => {
            ("keys with values".to_owned(), quotes_help(shape, "{ or with \": \" in it"))
        }
    };
    (format!("{what} must be {shape}, not {found}"), help)
}

/// A text that YAML takes for something else is the commonest reason for a list or mapping where
/// text belongs.
fn quotes_help(shape: &Shape, sign: &str) -> Option<String> {
    matches!(shape, Shape::Text)
        .then(|| format!("put quotes around a text that begins with {sign}"))
}

fn same_kind(kind: &Kind, shape: &Shape) -> bool {
    match shape {
        Shape::List(_) => matches!(kind, Kind::List(_)),
        Shape::Map(_) | Shape::Free(_) => matches!(kind, Kind::Map(_)),
        Shape::Any => true,
        _ => matches!(kind, Kind::Scalar { .. }),
    }
}
