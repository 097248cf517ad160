//! What a file may hold: a JSON Schema made from a Rust type, brought into the form that reading
//! needs.

use std::fmt;

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

/// The key under which a schema explains keys of earlier or other programs: `{"aws": "why not"}`.
pub(crate) const EXPLAINED: &str = "x-explained";

/// What may stand in a place.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Shape {
    /// Any scalar, as it is written: `1.10` stays `1.10`.
    Text,
    /// A whole number within these bounds.
    Whole(u64, u64),
    /// A number with or without a fraction.
    Number,
    /// `true` or `false`.
    Truth,
    /// One of these words.
    Choice(Vec<String>),
    /// Any number of these.
    List(Box<Shape>),
    /// Keys and values.
    Map(Keys),
    /// Free keys, each with one of these.
    Free(Box<Shape>),
    /// Any value, of the type it is written as.
    Any,
    /// One of these, told apart by being scalar, list or mapping.
    Either(Vec<Shape>),
    /// Something no manifest type uses; nothing fits it. A test keeps it out of our types.
    Unknown,
}

/// The keys of a mapping.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Keys {
    /// All there may be, with what they hold.
    pub(crate) known: Vec<(String, Shape)>,
    /// Those that must be there.
    pub(crate) required: Vec<String>,
    /// Keys that are wrong, with the reason to give.
    pub(crate) explained: Vec<(String, String)>,
}

/// The JSON Schema of a type, each part in its place instead of behind a reference.
pub(crate) fn schema_of<T: JsonSchema>() -> Value {
    let settings = SchemaSettings::draft2020_12().with(|s| s.inline_subschemas = true);
    settings.into_generator().into_root_schema_for::<T>().to_value()
}

impl Shape {
    /// The shape of a type.
    pub(crate) fn of<T: JsonSchema>() -> Self {
        Self::from_schema(&schema_of::<T>())
    }

    /// The shape at a place given by keys, such as `["limits", "memory"]`.
    pub(crate) fn at<'a>(&self, mut path: impl Iterator<Item = &'a str>) -> Option<&Self> {
        match (path.next(), self) {
            (None, _) => Some(self),
            (Some(key), Self::Map(keys)) => keys.get(key)?.at(path),
            _ => None,
        }
    }

    /// Whether an empty file cannot be right.
    pub(crate) fn requires_keys(&self) -> bool {
        matches!(self, Self::Map(keys) if !keys.required.is_empty())
    }

    /// An empty value of this kind, to stand in for a wrong one.
    pub(super) fn stand_in(&self) -> Value {
        match self {
            Self::Text => json!(""),
            Self::Whole(min, _) => json!(min),
            Self::Number => json!(0.0),
            Self::Truth => json!(false),
            Self::Choice(words) => json!(words.first()),
            Self::List(_) => json!([]),
            Self::Free(_) => json!({}),
            Self::Map(keys) => {
                let required = keys.required.iter();
                let value = |key: &String| keys.get(key).map_or(Value::Null, Self::stand_in);
                Value::Object(required.map(|key| (key.clone(), value(key))).collect())
            }
            Self::Either(shapes) => shapes.first().map_or(Value::Null, Self::stand_in),
            Self::Any | Self::Unknown => Value::Null,
        }
    }

    fn from_schema(schema: &Value) -> Self {
        if *schema == Value::Bool(true) {
            return Self::Any;
        }
        let Some(schema) = schema.as_object() else { return Self::Unknown };
        if let Some(words) = choice(schema) {
            return Self::Choice(words);
        }
        for several in ["anyOf", "oneOf"] {
            if let Some(Value::Array(schemas)) = schema.get(several) {
                let real = schemas.iter().filter(|schema| !is_type(schema, "null"));
                let mut shapes: Vec<Self> = real.map(Self::from_schema).collect();
                return if shapes.len() == 1 { shapes.remove(0) } else { Self::Either(shapes) };
            }
        }
        let is = |word| schema.get("type").is_some_and(|t| names(t, word));
        if is("string") {
            Self::Text
        } else if is("integer") {
            let bound = |key, default| schema.get(key).and_then(Value::as_u64).unwrap_or(default);
            Self::Whole(bound("minimum", 0), bound("maximum", u64::from(u32::MAX)))
        } else if is("number") {
            Self::Number
        } else if is("boolean") {
            Self::Truth
        } else if is("array") {
            Self::List(Box::new(schema.get("items").map_or(Self::Unknown, Self::from_schema)))
        } else if is("object") {
            match schema.get("additionalProperties") {
                Some(values) if !schema.contains_key("properties") && values != false => {
                    Self::Free(Box::new(Self::from_schema(values)))
                }
                _ => Self::Map(Keys::from_schema(schema)),
            }
        } else if schema.keys().all(|key| matches!(key.as_str(), "description" | "default")) {
            Self::Any
        } else {
            Self::Unknown
        }
    }
}

impl Keys {
    /// What this key holds.
    pub(crate) fn get(&self, key: &str) -> Option<&Shape> {
        self.known.iter().find(|(known, _)| known == key).map(|(_, shape)| shape)
    }

    /// All keys there may be.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.known.iter().map(|(key, _)| key.as_str())
    }

    fn from_schema(schema: &Map<String, Value>) -> Self {
        let entries = |key| schema.get(key).and_then(Value::as_object).into_iter().flatten();
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let required = schema.get("required").and_then(Value::as_array);
        Self {
            known: entries("properties")
                .map(|(key, schema)| (key.clone(), Shape::from_schema(schema)))
                .collect(),
            required: required.into_iter().flatten().map(text).collect(),
            explained: entries(EXPLAINED).map(|(key, why)| (key.clone(), text(why))).collect(),
        }
    }
}

impl fmt::Display for Shape {
    /// What belongs here, in the words of a message.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text => f.write_str("text"),
            Self::Whole(min, max) if *max == u64::from(u32::MAX) => match min {
                0 => f.write_str("a whole number"),
                min => write!(f, "a whole number from {min}"),
            },
            Self::Whole(min, max) => write!(f, "a whole number from {min} to {max}"),
            Self::Number => f.write_str("a number"),
            Self::Truth => f.write_str("true or false"),
            Self::Choice(words) => f.write_str(&one_of(words)),
            Self::List(_) => f.write_str("a list"),
            Self::Map(_) | Self::Free(_) => f.write_str("keys with values"),
            Self::Any => f.write_str("a value"),
            Self::Either(shapes) => {
                f.write_str(&one_of(&shapes.iter().map(Self::to_string).collect::<Vec<_>>()))
            }
            Self::Unknown => f.write_str("nothing"),
        }
    }
}

/// `a, b or c`.
fn one_of(words: &[String]) -> String {
    match words {
        [] => String::new(),
        [word] => word.clone(),
        [most @ .., last] => format!("{} or {last}", most.join(", ")),
    }
}

/// The words of an enumeration, in any of the ways schemars writes one.
fn choice(schema: &Map<String, Value>) -> Option<Vec<String>> {
    let texts = |values: &[Value]| -> Option<Vec<String>> {
        values.iter().filter(|v| !v.is_null()).map(|v| v.as_str().map(str::to_owned)).collect()
    };
    if let Some(word) = schema.get("const") {
        return texts(std::slice::from_ref(word));
    }
    if let Some(Value::Array(words)) = schema.get("enum") {
        return texts(words);
    }
    let several = ["oneOf", "anyOf"].iter().find_map(|key| schema.get(*key)?.as_array())?;
    let parts = several.iter().filter(|part| !is_type(part, "null"));
    let words: Option<Vec<_>> = parts.map(|part| choice(part.as_object()?)).collect();
    words.map(|words| words.concat())
}

fn is_type(schema: &Value, word: &str) -> bool {
    schema.get("type").is_some_and(|t| t == word)
}

fn names(types: &Value, word: &str) -> bool {
    match types {
        Value::Array(types) => types.iter().any(|t| t == word),
        one => one == word,
    }
}
