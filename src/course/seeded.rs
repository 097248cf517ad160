//! An item as one attempt has it: with its variables' values in every text and file.

use std::borrow::Cow;

use super::vars::{Values, Variable};
use super::{Body, Check, Expect, Item};

impl Item {
    /// The item with the values that follow from an attempt's seed. Names stay as they are: checks
    /// are known by them.
    pub fn seeded(&self, seed: u32) -> Cow<'_, Self> {
        self.filled(|variables| Values::of(variables, seed))
    }

    /// The item before there is an attempt: each value is still open.
    pub fn unseeded(&self) -> Cow<'_, Self> {
        self.filled(Values::unknown)
    }

    /// Whether it differs from attempt to attempt.
    pub fn varies(&self) -> bool {
        matches!(&self.body, Body::Exercise(it) if !it.vars.is_empty())
    }

    fn filled(&self, values: impl FnOnce(&[Variable]) -> Values) -> Cow<'_, Self> {
        match &self.body {
            Body::Exercise(it) if self.varies() => {
                let mut item = self.clone();
                fill(&mut item, &values(&it.vars));
                Cow::Owned(item)
            }
            Body::Exercise(_) | Body::Scenario(_) | Body::Unread(_) => Cow::Borrowed(self),
        }
    }
}

fn fill(item: &mut Item, values: &Values) {
    let text = |text: &mut String| {
        if let Cow::Owned(filled) = values.fill(text) {
            *text = filled;
        }
    };
    text(&mut item.title);
    text(&mut item.description);
    item.objectives.iter_mut().chain(&mut item.takeaways).for_each(text);
    item.lesson.iter_mut().for_each(|file| *file = file.with_values(values));
    let Body::Exercise(it) = &mut item.body else { return };
    for file in &mut it.setup {
        file.source = file.source.with_values(values);
    }
    let scripts = it.prepare.iter_mut().chain(&mut it.solution);
    for file in scripts.chain(it.decoys.iter_mut().map(|decoy| &mut decoy.file)) {
        *file = file.with_values(values);
    }
    it.decoys.iter_mut().filter_map(|decoy| decoy.says.as_mut()).for_each(text);
    it.hints.iter_mut().for_each(|hint| text(&mut hint.text));
    for Check { cmd, expect, fail, observe, .. } in &mut it.verify {
        text(cmd);
        fail.iter_mut().chain(observe).for_each(text);
        match expect {
            Expect::Equals(wanted) | Expect::Contains(wanted) => text(wanted),
            Expect::Matches(pattern) => *pattern = values.fill_pattern(pattern).into_owned(),
            Expect::Success => {}
        }
    }
}
