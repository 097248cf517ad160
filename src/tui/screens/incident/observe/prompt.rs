//! A question to Prometheus, with what could stand where one types.

use std::collections::HashMap;

use crate::incident::gate::wire::{Raw, Told};
use crate::tui::widgets::tame::tame;

/// How many names are kept of each kind.
const MAX_NAMES: usize = 5000;

/// How many are offered.
const OFFERED: usize = 50;

/// How many queries are remembered.
const MAX_PAST: usize = 50;

/// A question may be no longer.
const MAX_TEXT: usize = 2000;

const FUNCTIONS: [&str; 20] = [
    "avg(",
    "avg_over_time(",
    "changes(",
    "count(",
    "delta(",
    "deriv(",
    "histogram_quantile(",
    "increase(",
    "irate(",
    "label_replace(",
    "max(",
    "max_over_time(",
    "min(",
    "min_over_time(",
    "quantile(",
    "quantile_over_time(",
    "rate(",
    "sum(",
    "time()",
    "topk(",
];

/// What a question to Prometheus is about.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum List {
    Metrics,
    Labels,
    Values(String),
}

/// How far names are known.
#[derive(Debug)]
enum Names {
    Asked,
    Known(Vec<String>),
}

/// See the module.
#[derive(Debug, Default)]
pub struct Prompt {
    pub open: bool,
    pub text: String,
    /// What could stand where one types, the best first.
    pub found: Vec<String>,
    pub selected: usize,
    names: HashMap<List, Names>,
    asked: HashMap<u64, List>,
    keys: u64,
    past: Vec<String>,
    /// Index into `past`, while it is looked through.
    back: Option<usize>,
}

/// What is being typed: what kind of name, its beginning, and whether that is within braces.
fn typed(text: &str) -> (List, &str, bool) {
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == ':';
    let tail = |text: &str| text.trim_end_matches(is_name).len();
    let (mut brace, mut quote) = (None, None);
    for (at, c) in text.char_indices() {
        match (c, quote) {
            ('"', None) => quote = Some(at),
            ('"', Some(_)) => quote = None,
            ('{', None) => brace = Some(at),
            ('}', None) => brace = None,
            _ => {}
        }
    }
    match (brace, quote) {
        (Some(brace), Some(quote)) => {
            let before = text[brace + 1..quote].trim_end_matches(['=', '~', '!', ' ']);
            let label = before[tail(before)..].to_owned();
            return (List::Values(label), &text[quote + 1..], true);
        }
        (Some(brace), None) => {
            let inside = &text[brace + 1..];
            return (List::Labels, &inside[tail(inside)..], true);
        }
        (None, _) => {}
    }
    let begin = tail(text);
    let before = text[..begin].trim_end();
    let grouping = before.rfind('(').filter(|at| {
        let word = before[..*at].trim_end();
        !before[*at..].contains(')') && (word.ends_with("by") || word.ends_with("without"))
    });
    let list = if grouping.is_some() { List::Labels } else { List::Metrics };
    (list, &text[begin..], false)
}

impl Prompt {
    /// Opens it.
    pub fn begin(&mut self) {
        self.open = true;
        self.back = None;
        self.find();
    }

    /// Whether no names were asked for yet.
    pub fn is_new(&self) -> bool {
        self.open && self.names.is_empty()
    }

    /// What has to be asked to know what could stand where one types.
    pub fn wanted(&mut self) -> Vec<(u64, Raw)> {
        if !self.open {
            return vec![];
        }
        let mut lists = vec![List::Metrics, List::Labels];
        let (list, ..) = typed(&self.text);
        if matches!(&list, List::Values(label) if !label.is_empty()) {
            lists.push(list);
        }
        let mut raw = Vec::new();
        for list in lists {
            if self.names.contains_key(&list) {
                continue;
            }
            let path = match &list {
                List::Metrics => "/api/v1/label/__name__/values".to_owned(),
                List::Labels => "/api/v1/labels".to_owned(),
                List::Values(label) => format!("/api/v1/label/{label}/values"),
            };
            self.keys += 1;
            self.names.insert(list.clone(), Names::Asked);
            self.asked.insert(self.keys, list);
            raw.push((self.keys, Raw { path }));
        }
        raw
    }

    /// An answer will not come: what was asked for is asked again.
    pub fn lost(&mut self) {
        self.names.retain(|_, names| matches!(names, Names::Known(_)));
    }

    /// An answer.
    pub fn take(&mut self, key: u64, told: Told<serde_json::Value>) {
        let Some(list) = self.asked.remove(&key) else { return };
        let Told::Result { result } = told else {
            // Asked again with the next look.
            self.names.remove(&list);
            return;
        };
        let data = result.get("data").unwrap_or(&result);
        let all = data.as_array().into_iter().flatten().filter_map(|name| name.as_str());
        let names = all.map(tame).filter(|name| !name.is_empty()).take(MAX_NAMES).collect();
        self.names.insert(list, Names::Known(names));
        self.find();
    }

    /// Finds what could stand where one types.
    pub fn find(&mut self) {
        let (list, begun, _) = typed(&self.text);
        let known = match self.names.get(&list) {
            Some(Names::Known(names)) => names.as_slice(),
            _ => &[],
        };
        let functions = if list == List::Metrics { &FUNCTIONS[..] } else { &[] };
        let all = || known.iter().map(String::as_str).chain(functions.iter().copied());
        let lower = begun.to_ascii_lowercase();
        let begins = |name: &&str| name.to_ascii_lowercase().starts_with(&lower);
        let holds = |name: &&str| !begins(name) && name.to_ascii_lowercase().contains(&lower);
        let whole = |name: &&str| *name != begun;
        let found = all().filter(begins).chain(all().filter(holds)).filter(whole);
        // Nothing typed of a metric yet: everything there is would help nobody.
        let nothing = list == List::Metrics && begun.is_empty();
        self.found =
            if nothing { Vec::new() } else { found.take(OFFERED).map(str::to_owned).collect() };
        self.selected = 0;
    }

    /// Takes what is selected in place of what was begun.
    pub fn complete(&mut self) {
        let Some(name) = self.found.get(self.selected).cloned() else { return };
        let (list, begun, braces) = typed(&self.text);
        let keep = self.text.len() - begun.len();
        self.text.truncate(keep);
        self.text.push_str(&name);
        match list {
            List::Values(_) => self.text.push('"'),
            List::Labels if braces => self.text.push_str("=\""),
            List::Labels | List::Metrics => {}
        }
        self.find();
    }

    /// Up or down: among what is offered, else among the queries before.
    pub fn move_by(&mut self, by: isize) {
        if !self.found.is_empty() && self.back.is_none() {
            self.selected = self.selected.saturating_add_signed(by).min(self.found.len() - 1);
            return;
        }
        let at = self.back.unwrap_or(self.past.len()).saturating_add_signed(by);
        self.back = (at < self.past.len()).then_some(at);
        self.text = self.past.get(at).cloned().unwrap_or_default();
        self.find();
        self.found.clear();
    }

    /// Text is typed or pasted.
    pub fn edited(&mut self) {
        self.back = None;
        if let Some((end, _)) = self.text.char_indices().nth(MAX_TEXT) {
            self.text.truncate(end);
        }
        self.find();
    }

    /// Closes it; gives the query, if there is one.
    pub fn run(&mut self) -> Option<String> {
        self.open = false;
        let text = self.text.trim().to_owned();
        if text.is_empty() {
            return None;
        }
        self.past.retain(|past| *past != text);
        self.past.push(text.clone());
        if self.past.len() > MAX_PAST {
            self.past.remove(0);
        }
        Some(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn prompt(text: &str) -> Prompt {
        let mut prompt = Prompt { text: text.into(), ..Prompt::default() };
        prompt.begin();
        while let wanted @ [_, ..] = &prompt.wanted()[..] {
            for (key, raw) in wanted {
                let names = match raw.path.as_str() {
                    "/api/v1/label/__name__/values" => {
                        json!([
                            "api_workers_busy",
                            "api_workers_max",
                            "haproxy_backend_current_queue"
                        ])
                    }
                    "/api/v1/labels" => json!({"status": "success", "data": ["job", "proxy"]}),
                    "/api/v1/label/proxy/values" => json!(["api", "stats"]),
                    other => {
                        assert!(other.starts_with("/api/v1/label/"), "{other}");
                        json!([])
                    }
                };
                prompt.take(*key, Told::Result { result: names });
            }
        }
        prompt
    }

    fn completed(text: &str) -> String {
        let mut prompt = prompt(text);
        prompt.complete();
        prompt.text
    }

    #[test]
    fn what_is_typed_is_known_by_what_is_before_it() {
        for (text, list, begun) in [
            ("", List::Metrics, ""),
            ("rate(api_wo", List::Metrics, "api_wo"),
            ("a{jo", List::Labels, "jo"),
            ("a{job=\"x\", pr", List::Labels, "pr"),
            ("a{job=\"x", List::Values("job".into()), "x"),
            ("a{job=~\"", List::Values("job".into()), ""),
            ("a{job=\"{}", List::Values("job".into()), "{}"),
            ("a{job=\"x\"} / b", List::Metrics, "b"),
            ("sum by (jo", List::Labels, "jo"),
            ("sum by (job) (api", List::Metrics, "api"),
        ] {
            let (found, beginning, _) = typed(text);
            assert_eq!((found, beginning), (list, begun), "{text}");
        }
    }

    #[test]
    fn names_are_completed() {
        assert_eq!(completed("rate(api_w"), "rate(api_workers_busy");
        assert_eq!(completed("max(queue"), "max(haproxy_backend_current_queue");
        assert_eq!(completed("a{pr"), "a{proxy=\"");
        assert_eq!(completed("a{proxy=\"st"), "a{proxy=\"stats\"");
        assert_eq!(completed("sum by (jo"), "sum by (job");
        assert_eq!(completed("histo"), "histogram_quantile(");
        assert_eq!(completed("nothing_like_it"), "nothing_like_it");
        let mut prompt = prompt("api_w");
        prompt.move_by(1);
        prompt.complete();
        assert_eq!(prompt.text, "api_workers_max");
    }

    #[test]
    fn queries_come_back() {
        let mut prompt = prompt("up");
        assert_eq!(prompt.run().as_deref(), Some("up"));
        prompt.text = "down".into();
        prompt.run();
        prompt.text.clear();
        prompt.begin();
        prompt.move_by(-1);
        assert_eq!(prompt.text, "down");
        prompt.move_by(-1);
        assert_eq!(prompt.text, "up");
        prompt.move_by(1);
        prompt.move_by(1);
        assert_eq!(prompt.text, "");
        assert_eq!(prompt.run(), None);
    }

    #[test]
    fn a_failed_question_is_asked_again() {
        let mut prompt = Prompt { open: true, ..Prompt::default() };
        let first = prompt.wanted();
        assert_eq!(first.len(), 2);
        assert!(prompt.wanted().is_empty());
        prompt.take(first[0].0, Told::Error { error: "gone".into() });
        assert_eq!(prompt.wanted().len(), 1);
    }

    proptest::proptest! {
        #[test]
        fn any_text_can_be_completed(text in "[a{}(),=~\"'é 1_:]{0,20}") {
            let mut prompt = prompt(&text);
            prompt.complete();
        }
    }
}
