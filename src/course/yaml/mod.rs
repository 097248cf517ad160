//! Reading YAML so that everything wrong with a file is told at once, each with its place.
//!
//! Three steps, one file each: [`tree`] turns text into nodes that know where they stand; [`shape`]
//! is what a type's JSON Schema says a file may hold; [`fit`] holds the one against the other,
//! reports every difference and gives a JSON value of exactly the right shape, which serde turns
//! into the type. The schema is thus the only list of keys: for reading, for editors and for help.
//!
//! A wrong or missing value is replaced by an empty one of its kind and a mistyped key by the one
//! it must have meant, so that the rules which follow (see [`Problems::rule`]) still find what else
//! is wrong. Whoever reads must therefore look at [`Problems::has_errors`] before using a value.
//!
//! Invariants: no input panics or takes long (nodes, depth and aliases are capped); nothing that a
//! terminal would obey comes through in a text or a message.

mod fit;
mod problems;
mod shape;
mod tree;

use serde::de::DeserializeOwned;

pub(crate) use problems::{Problems, quote};
pub(crate) use shape::{Shape, schema_of};
pub(crate) use tree::{At, Kind, Mark, Node, hidden_character};

/// What came of reading one file.
#[derive(Debug)]
pub(crate) struct Reading<T> {
    /// `None` only if the file is not YAML, or nothing like the type.
    pub(crate) value: Option<T>,
    /// Where everything stands.
    pub(crate) tree: Node,
    /// What is wrong so far.
    pub(crate) problems: Problems,
}

/// Reads one document of the given shape; `file` is its name in messages.
pub(crate) fn read<T: DeserializeOwned>(file: &str, text: &str, shape: &Shape) -> Reading<T> {
    let mut problems = Problems::new(file);
    let Some(mut tree) = tree::parse(text, &mut problems) else {
        return Reading { value: None, tree: Node::empty(), problems };
    };
    if tree.is_blank() && shape.requires_keys() {
        problems.error(tree.mark, "there is nothing in this file", None);
        return Reading { value: None, tree, problems };
    }
    let value = fit::fit(&mut tree, shape, &mut problems);
    let value = match serde_json::from_value(value) {
        Ok(value) => Some(value),
        Err(error) => {
            // The shape is made from the type, so only a type that refuses more than its schema
            // tells comes here: said without a place rather than lost.
            if !problems.has_errors() {
                problems.error(tree.mark, format!("cannot be used: {error}"), None);
            }
            None
        }
    };
    Reading { value, tree, problems }
}

/// The text as nodes with their places, for whoever knows already what is in it.
pub(crate) fn parse_for_places(text: &str) -> Option<Node> {
    tree::parse(text, &mut Problems::new(""))
}

#[cfg(test)]
mod tests;
