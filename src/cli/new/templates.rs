//! What is written: texts with blanks, and where they belong.

use serde_json::Value;

/// What a module's blanks are filled with.
pub(super) struct Module {
    pub(super) id: String,
    pub(super) title: String,
    pub(super) order: u32,
}

/// The same for an exercise or a scenario.
pub(super) struct Item {
    pub(super) id: String,
    pub(super) title: String,
    pub(super) order: u32,
    /// Of its files: `03-slug`.
    pub(super) name: String,
    pub(super) module: Module,
}

/// A file to write.
#[derive(Debug)]
pub(super) struct File {
    /// Below the folder of content.
    pub(super) path: String,
    pub(super) text: String,
}

/// Paths and texts, both with blanks.
type Template = (&'static str, &'static str);

const MODULE: Template = ("content/{{module}}/module.yaml", include_str!("templates/module.yaml"));

/// The manifest last: before it is there, the others are nobody's.
const EXERCISE: [Template; 5] = [
    ("content/{{module}}/{{name}}.md", include_str!("templates/lesson.md")),
    ("exercises/{{module}}/{{name}}/files/service.log", include_str!("templates/service.log")),
    ("exercises/{{module}}/{{name}}/solution.sh", include_str!("templates/solution.sh")),
    ("exercises/{{module}}/{{name}}/wrong/any-case.sh", include_str!("templates/any-case.sh")),
    ("exercises/{{module}}/{{name}}.yaml", include_str!("templates/exercise.yaml")),
];

const SCENARIO: [Template; 1] =
    [("scenarios/incidents/{{name}}.yaml", include_str!("templates/scenario.yaml"))];

impl Module {
    /// Its description.
    pub(super) fn file(&self) -> File {
        filled(&MODULE, &self.words())
    }

    fn words(&self) -> Vec<(&'static str, String)> {
        vec![
            ("{{module}}", self.id.clone()),
            ("{{module_order}}", self.order.to_string()),
            ("{{module_title}}", quoted(&self.title)),
        ]
    }
}

impl Item {
    /// What an exercise is made of.
    pub(super) fn exercise(&self) -> Vec<File> {
        self.filled(&EXERCISE)
    }

    /// What a scenario is made of.
    pub(super) fn scenario(&self) -> Vec<File> {
        self.filled(&SCENARIO)
    }

    fn filled(&self, templates: &[Template]) -> Vec<File> {
        let mut words = self.module.words();
        // The title last: it is somebody's words, in which a blank would be no blank.
        words.extend([
            ("{{id}}", self.id.clone()),
            ("{{name}}", self.name.clone()),
            ("{{order}}", self.order.to_string()),
            ("{{heading}}", self.title.clone()),
            ("{{title}}", quoted(&self.title)),
        ]);
        templates.iter().map(|template| filled(template, &words)).collect()
    }
}

fn filled((path, text): &Template, words: &[(&str, String)]) -> File {
    let fill = |text: &str| {
        words.iter().fold(text.to_owned(), |text, (blank, word)| text.replace(blank, word))
    };
    File { path: fill(path), text: fill(text) }
}

/// A text of JSON is one of YAML, whatever is in it.
fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}
