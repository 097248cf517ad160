//! `drydock schema`: JSON Schemas of what contributors write, for editors.

use clap::ValueEnum;
use clap::builder::PossibleValue;
use serde_json::json;

use super::out::Tone;
use super::{DONE, Invocation, Outcome, table};
use crate::course::schema::Kind;

/// Print the JSON Schema of a kind of file, for an editor to complete and check with
#[derive(Debug, clap::Args)]
#[command(after_help = "Without a kind, the kinds are listed.\n\n\
    Example: drydock schema exercise > exercise.schema.json\n\n\
    The line \"# yaml-language-server: $schema=exercise.schema.json\" at the top of a file tells most\n\
    editors to use it.")]
pub(super) struct Schema {
    /// What kind of file
    #[arg(value_enum)]
    kind: Option<Kind>,
}

impl ValueEnum for Kind {
    fn value_variants<'a>() -> &'a [Self] {
        &Self::ALL
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(PossibleValue::new(self.word()).help(self.files()))
    }
}

impl Schema {
    pub(super) fn run(self, invocation: &Invocation) -> Outcome {
        let out = &invocation.out;
        match self.kind {
            Some(kind) if out.json => out.value(&kind.schema()),
            Some(kind) => out.line(format_args!("{:#}", kind.schema())),
            None if out.json => {
                let kinds =
                    Kind::ALL.map(|kind| json!({"kind": kind.word(), "files": kind.files()}));
                out.value(&json!({ "kinds": kinds }));
            }
            None => {
                let rows = Kind::ALL
                    .map(|kind| vec![kind.word().to_owned(), out.mark(kind.files(), Tone::Muted)]);
                for line in table::aligned(&rows) {
                    out.line(line);
                }
            }
        }
        Ok(DONE)
    }
}
