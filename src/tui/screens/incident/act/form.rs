//! A service's configuration as a form: what its values are, what they were, and what they are to be.

use std::collections::BTreeMap;
use std::time::Instant;

use serde_json::{Map, Value};

use crate::tui::widgets::tame::tame;

/// How long a text may be, and how many fields there are at most.
const MAX_TEXT: usize = 300;
const MAX_FIELDS: usize = 64;

/// One field.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Field {
    pub(super) name: String,
    pub(super) kind: Kind,
    pub(super) about: String,
    pub(super) least: Option<f64>,
    pub(super) most: Option<f64>,
    pub(super) choices: Vec<String>,
    /// What it is now.
    pub(super) value: Value,
    /// What it was before anything was broken, as far as that is known; else the default.
    pub(super) normal: Option<Value>,
}

/// What a field holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Int,
    Float,
    Bool,
    Text,
    /// Anything else, as JSON.
    Json,
}

impl Kind {
    fn of(word: &str, value: &Value) -> Self {
        match (word, value) {
            ("bool" | "boolean", _) | ("", Value::Bool(_)) => Self::Bool,
            ("float" | "number", _) => Self::Float,
            ("", number) if number.is_f64() => Self::Float,
            ("int" | "integer", _) | ("", Value::Number(_)) => Self::Int,
            (_, Value::Object(_) | Value::Array(_)) => Self::Json,
            _ => Self::Text,
        }
    }
}

impl Field {
    /// Whether it differs from what was normal.
    pub(super) fn differs(&self) -> bool {
        self.normal.as_ref().is_some_and(|normal| *normal != self.value)
    }

    /// A value from a text, or what is wrong with it.
    pub(super) fn parse(&self, text: &str) -> Result<Value, String> {
        let text = text.trim();
        let number = |value: f64| match (self.least, self.most) {
            (Some(least), _) if value < least => Err(format!("{} is at least {least}", self.name)),
            (_, Some(most)) if value > most => Err(format!("{} is at most {most}", self.name)),
            _ => Ok(()),
        };
        match self.kind {
            Kind::Int => {
                let value: i64 =
                    text.parse().map_err(|_| format!("{} is a whole number", self.name))?;
                number(value as f64).map(|()| Value::from(value))
            }
            Kind::Float => {
                let value: f64 = text.parse().map_err(|_| format!("{} is a number", self.name))?;
                if !value.is_finite() {
                    return Err(format!("{} is a number", self.name));
                }
                number(value).map(|()| Value::from(value))
            }
            Kind::Bool => match text {
                "true" | "yes" | "on" => Ok(Value::Bool(true)),
                "false" | "no" | "off" => Ok(Value::Bool(false)),
                _ => Err(format!("{} is true or false", self.name)),
            },
            Kind::Json => serde_json::from_str(text).map_err(|error| {
                let error = error.to_string();
                format!("{} is JSON: {}", self.name, error.trim_end_matches('.'))
            }),
            Kind::Text if self.choices.is_empty() || self.choices.iter().any(|it| it == text) => {
                Ok(Value::from(text))
            }
            Kind::Text => Err(format!("{} is one of {}", self.name, self.choices.join(", "))),
        }
    }

    /// What values it may have, in words.
    pub(super) fn range(&self) -> String {
        match (self.least, self.most, self.choices.is_empty(), self.kind) {
            (_, _, false, _) => self.choices.join(" or "),
            (Some(least), Some(most), ..) => format!("{least} to {most}"),
            (Some(least), None, ..) => format!("at least {least}"),
            (None, Some(most), ..) => format!("at most {most}"),
            (None, None, _, Kind::Bool) => "true or false".to_owned(),
            (None, None, ..) => String::new(),
        }
    }
}

/// A value as it is shown and typed.
pub(super) fn text_of(value: &Value) -> String {
    let text = match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    tame(&text).chars().take(MAX_TEXT).collect()
}

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Form {
    pub(super) version: Option<i64>,
    pub(super) fields: Vec<Field>,
    /// What is to be changed, by the field's name.
    pub(super) pending: BTreeMap<String, Value>,
    /// Why it cannot be read, or was not changed.
    pub(super) error: Option<String>,
    /// Index into `fields`.
    pub(super) selected: usize,
    /// When it was last asked for.
    pub(super) asked: Option<Instant>,
    /// What was read before anything was broken.
    pub(super) baseline: Option<Map<String, Value>>,
}

impl Form {
    /// What the manager answered. Whether it can be understood.
    pub(super) fn read(&mut self, body: &str) -> bool {
        let Ok(answer) = serde_json::from_str::<Value>(body) else { return false };
        let Some(config) = answer.get("config").and_then(Value::as_object) else { return false };
        self.version = answer.get("version").and_then(Value::as_i64);
        let normal = self.baseline.as_ref();
        let normal = normal.or_else(|| answer.get("defaults").and_then(Value::as_object));
        let field = |(name, value): (&String, &Value)| {
            let about = answer.get("fields").and_then(|fields| fields.get(name));
            let word = |key: &str| about.and_then(|it| it.get(key));
            let text = |key: &str| word(key).and_then(Value::as_str).map(tame).unwrap_or_default();
            let choices = ["values", "choices", "enum"].into_iter().find_map(word);
            let choices = choices.and_then(Value::as_array).into_iter().flatten();
            Field {
                name: tame(name),
                kind: Kind::of(&text("type"), value),
                about: text("about").chars().take(MAX_TEXT).collect(),
                least: word("min").and_then(Value::as_f64),
                most: word("max").and_then(Value::as_f64),
                choices: choices.filter_map(Value::as_str).map(tame).collect(),
                value: value.clone(),
                normal: normal.and_then(|normal| normal.get(name)).cloned(),
            }
        };
        self.fields = config.iter().take(MAX_FIELDS).map(field).collect();
        let fields = &self.fields;
        // Somebody else has set what was to be set.
        self.pending.retain(|name, value| {
            fields.iter().any(|field| field.name == *name && field.value != *value)
        });
        self.selected = self.selected.min(self.fields.len().saturating_sub(1));
        self.error = None;
        true
    }

    /// The selected field is to have this value.
    pub(super) fn set(&mut self, value: Value) {
        let Some(field) = self.fields.get(self.selected) else { return };
        if field.value == value {
            self.pending.remove(&field.name);
        } else {
            self.pending.insert(field.name.clone(), value);
        }
    }

    /// What the selected field is, or is to be.
    pub(super) fn selected_value(&self) -> Option<&Value> {
        let field = self.fields.get(self.selected)?;
        Some(self.pending.get(&field.name).unwrap_or(&field.value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn form() -> Form {
        let mut form = Form::default();
        let normal = json!({"workers": 8, "release": "1.0", "cache": true});
        form.baseline = normal.as_object().cloned();
        let answer = json!({
            "version": 2,
            "config": {"workers": 1, "release": "1.0", "cache": true, "mix": {"a": 1}, "ratio": 0.5},
            "defaults": {"workers": 4},
            "fields": {
                "workers": {"type": "int", "min": 1, "max": 64, "about": "Threads\u{1b}"},
                "release": {"type": "str", "values": ["1.0", "1.1"]},
            },
        });
        assert!(form.read(&answer.to_string()));
        form
    }

    fn at<'a>(form: &'a Form, name: &str) -> &'a Field {
        form.fields.iter().find(|field| field.name == name).unwrap()
    }

    #[test]
    fn a_configuration_becomes_a_form() {
        let form = form();
        let workers = at(&form, "workers");
        assert_eq!((workers.kind, workers.about.as_str()), (Kind::Int, "Threads"));
        assert!(workers.differs() && !at(&form, "cache").differs());
        assert_eq!(workers.normal, Some(json!(8)), "not the default: it was set before");
        assert_eq!(at(&form, "cache").kind, Kind::Bool);
        assert_eq!(at(&form, "mix").kind, Kind::Json);
        assert_eq!(at(&form, "ratio").kind, Kind::Float);
        assert!(!Form::default().read("<html>"));
    }

    #[test]
    fn values_are_read_by_their_kind() {
        let form = form();
        let parse = |name: &str, text: &str| at(&form, name).parse(text);
        assert_eq!(parse("workers", " 16 "), Ok(json!(16)));
        assert_eq!(parse("workers", "99").unwrap_err(), "workers is at most 64");
        assert_eq!(parse("workers", "many").unwrap_err(), "workers is a whole number");
        assert_eq!(parse("ratio", "0.25"), Ok(json!(0.25)));
        assert!(parse("ratio", "NaN").is_err());
        assert_eq!(parse("cache", "off"), Ok(json!(false)));
        assert_eq!(parse("release", "2.0").unwrap_err(), "release is one of 1.0, 1.1");
        assert_eq!(parse("mix", "{\"a\": 2}"), Ok(json!({"a": 2})));
        assert!(parse("mix", "{").is_err());
    }

    #[test]
    fn changes_wait_until_they_are_applied() {
        let mut form = form();
        form.selected = form.fields.iter().position(|field| field.name == "workers").unwrap();
        form.set(json!(8));
        assert_eq!(form.selected_value(), Some(&json!(8)));
        assert_eq!(form.pending.len(), 1);
        form.set(json!(1));
        assert!(form.pending.is_empty());
        form.set(json!(8));
        form.read(r#"{"version": 3, "config": {"workers": 8}}"#);
        assert!(form.pending.is_empty());
    }
}
