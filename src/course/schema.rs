//! The published JSON Schemas: what an editor completes and checks with.
//!
//! They are made from the types that reading uses, and say exactly what reading takes; a test
//! changes every value of real files and holds the two against each other. What a rule says about
//! values (a duration, an id that must exist) no schema can: `drydock lint` tells it.

use schemars::JsonSchema;
use serde_json::{Value, json};

use super::manifest::{Manifest, ModuleManifest};
use super::scenario::{
    FaultManifest, LoadManifest, ScenarioManifest, StateManifest, SystemManifest,
};
use super::yaml::schema_of;

/// What a contributor can write, and where it lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `exercises/MODULE/NN-slug.yaml`.
    Exercise,
    /// `content/MODULE/module.yaml`.
    Module,
    /// `scenarios/incidents/NN-slug.yaml`.
    Scenario,
    /// `scenarios/systems/NAME.yaml`.
    System,
    /// `scenarios/load/NAME.yaml`.
    Load,
    /// `scenarios/config/NAME.yaml`.
    Config,
    /// `scenarios/faults/NAME.yaml`.
    Fault,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 7] = [
        Self::Exercise,
        Self::Module,
        Self::Scenario,
        Self::System,
        Self::Load,
        Self::Config,
        Self::Fault,
    ];

    /// Its word on the command line.
    pub fn word(self) -> &'static str {
        match self {
            Self::Exercise => "exercise",
            Self::Module => "module",
            Self::Scenario => "scenario",
            Self::System => "system",
            Self::Load => "load",
            Self::Config => "config",
            Self::Fault => "fault",
        }
    }

    /// Which files are of this kind, as a pattern below a folder of content.
    pub fn files(self) -> &'static str {
        match self {
            Self::Exercise => "exercises/*/*.yaml",
            Self::Module => "content/*/module.yaml",
            Self::Scenario => "scenarios/incidents/*.yaml",
            Self::System => "scenarios/systems/*.yaml",
            Self::Load => "scenarios/load/*.yaml",
            Self::Config => "scenarios/config/*.yaml",
            Self::Fault => "scenarios/faults/*.yaml",
        }
    }

    /// Its JSON Schema, draft 2020-12.
    pub fn schema(self) -> Value {
        match self {
            Self::Exercise => of::<Manifest>(),
            Self::Module => of::<ModuleManifest>(),
            Self::Scenario => of::<ScenarioManifest>(),
            Self::System => of::<SystemManifest>(),
            Self::Load => of::<LoadManifest>(),
            Self::Config => of::<StateManifest>(),
            Self::Fault => of::<FaultManifest>(),
        }
    }
}

fn of<T: JsonSchema>() -> Value {
    // A reference could not be left blank in one place and not in another.
    let mut schema = schema_of::<T>();
    as_read(&mut schema);
    schema
}

/// Makes a schema say what reading takes: any scalar is a text, as it is written (`1.10` and `null` stay
/// what they are); an empty list, or a mapping that needs no key, may be left blank; anything else is
/// written or left out.
fn as_read(schema: &mut Value) {
    let Value::Object(keys) = schema else { return };
    for (key, value) in keys.iter_mut() {
        match (key.as_str(), value) {
            // What stands here is named by whoever wrote the type.
            ("properties", Value::Object(named)) => named.values_mut().for_each(as_read),
            ("anyOf" | "oneOf", Value::Array(several)) => {
                several.retain(|one| one.get("type") != Some(&json!("null")));
                several.iter_mut().for_each(as_read);
            }
            ("enum", Value::Array(words)) => words.retain(|word| !word.is_null()),
            ("items" | "additionalProperties", value) => as_read(value),
            _ => {}
        }
    }
    let needs_keys = keys.contains_key("required");
    let listed = keys.contains_key("enum") || keys.contains_key("const");
    let Some(types) = keys.get_mut("type") else { return };
    let mut words: Vec<&str> = match &*types {
        Value::Array(all) => all.iter().filter_map(Value::as_str).collect(),
        one => one.as_str().into_iter().collect(),
    };
    words.retain(|word| *word != "null");
    match words.as_slice() {
        _ if listed => {}
        // A number is also every whole number.
        _ if words.contains(&"string") => words = vec!["string", "number", "boolean", "null"],
        ["array"] => words.push("null"),
        ["object"] if !needs_keys => words.push("null"),
        _ => {}
    }
    *types = if let [one] = words.as_slice() { json!(one) } else { json!(words) };
}

#[cfg(test)]
mod tests {
    use boon::{Compiler, SchemaIndex, Schemas};
    use schemars::JsonSchema;
    use serde::de::DeserializeOwned;

    use super::*;
    use crate::course::Source;
    use crate::course::yaml::{Shape, read};

    /// What reading says against this, as far as keys and kinds of values go.
    type Reads = Box<dyn Fn(&Value) -> Vec<String>>;

    fn reads<T: JsonSchema + DeserializeOwned + 'static>() -> Reads {
        let shape = Shape::of::<T>();
        // JSON is YAML.
        Box::new(move |value| {
            let problems = read::<T>("x", &value.to_string(), &shape).problems.into_sorted();
            problems.into_iter().map(|problem| problem.to_string()).collect()
        })
    }

    fn reader(kind: Kind) -> Reads {
        match kind {
            Kind::Exercise => reads::<Manifest>(),
            Kind::Module => reads::<ModuleManifest>(),
            Kind::Scenario => reads::<ScenarioManifest>(),
            Kind::System => reads::<SystemManifest>(),
            Kind::Load => reads::<LoadManifest>(),
            Kind::Config => reads::<StateManifest>(),
            Kind::Fault => reads::<FaultManifest>(),
        }
    }

    /// The built-in files of a kind, as values.
    fn built_in(kind: Kind) -> Vec<Value> {
        let source = Source::built_in();
        let files = match kind {
            Kind::Exercise => source.manifests(),
            Kind::Module => source.modules(),
            Kind::Scenario => source.parts("incidents"),
            Kind::System => source.parts("systems"),
            Kind::Load => source.parts("load"),
            Kind::Config => source.parts("config"),
            Kind::Fault => source.parts("faults"),
        };
        let text = |file: &crate::course::Resource| file.utf8().unwrap().into_owned();
        files.unwrap().iter().map(|file| serde_yaml::from_str(&text(file)).unwrap()).collect()
    }

    /// Every value that differs from this one in one place.
    fn changed(value: &Value, all: &mut Vec<Value>) {
        let others = [
            Value::Null,
            json!(true),
            json!(7),
            json!(-1),
            json!(1.5),
            json!("x"),
            json!([]),
            json!({}),
            json!(["x"]),
            json!({"surprise": 1}),
        ];
        all.extend(others);
        match value {
            Value::Object(keys) => {
                for (key, inner) in keys {
                    let mut without = keys.clone();
                    without.remove(key);
                    all.push(Value::Object(without));
                    let mut inside = Vec::new();
                    changed(inner, &mut inside);
                    all.extend(inside.into_iter().map(|inner| {
                        let mut keys = keys.clone();
                        keys.insert(key.clone(), inner);
                        Value::Object(keys)
                    }));
                }
                let mut more = keys.clone();
                more.insert("surprise".to_owned(), json!("x"));
                all.push(Value::Object(more));
            }
            Value::Array(items) => {
                // The others are like the first.
                if let Some(first) = items.first() {
                    let mut inside = Vec::new();
                    changed(first, &mut inside);
                    all.extend(inside.into_iter().map(|inner| {
                        let mut items = items.clone();
                        items[0] = inner;
                        Value::Array(items)
                    }));
                }
            }
            _ => {}
        }
    }

    /// An independent reader of schemas.
    struct Validator {
        schemas: Schemas,
        index: SchemaIndex,
    }

    impl Validator {
        fn new(schema: Value) -> Self {
            let (mut schemas, mut compiler) = (Schemas::new(), Compiler::new());
            compiler.add_resource("schema.json", schema).unwrap();
            let index = compiler.compile("schema.json", &mut schemas).unwrap();
            Self { schemas, index }
        }

        /// What the schema says against a value.
        fn says(&self, value: &Value) -> Option<String> {
            let judged = self.schemas.validate(value, self.index);
            judged.map_err(|error| format!("{error:#}")).err()
        }
    }

    #[test]
    fn a_schema_takes_what_reading_takes_and_nothing_else() {
        for kind in Kind::ALL {
            let validator = Validator::new(kind.schema());
            let reads = reader(kind);
            let files = built_in(kind);
            assert!(!files.is_empty(), "{kind:?}");
            for file in files.iter().take(2) {
                let mut all = vec![file.clone()];
                changed(file, &mut all);
                let mut differing = Vec::new();
                for value in &all {
                    let (schema, reading) = (validator.says(value), reads(value));
                    if schema.is_none() != reading.is_empty() {
                        differing.push((schema, reading));
                    }
                }
                assert!(differing.is_empty(), "{kind:?}: {differing:#?}");
            }
        }
    }

    #[test]
    fn every_key_says_what_it_is() {
        fn look(schema: &Value, path: &str, missing: &mut Vec<String>) {
            let Value::Object(keys) = schema else { return };
            for (name, inner) in
                keys.get("properties").and_then(Value::as_object).into_iter().flatten()
            {
                let path = format!("{path}.{name}");
                let text = inner.get("description").and_then(Value::as_str);
                if text.is_none_or(str::is_empty) {
                    missing.push(path.clone());
                }
                look(inner, &path, missing);
            }
            keys.get("items").into_iter().for_each(|inner| look(inner, path, missing));
        }
        let mut missing = Vec::new();
        for kind in Kind::ALL {
            look(&kind.schema(), kind.word(), &mut missing);
        }
        assert_eq!(missing, Vec::<String>::new());
    }
}
