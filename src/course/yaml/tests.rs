//! Reading against a small type of its own, damaged input, and bombs.

use std::time::{Duration, Instant};

use proptest::prelude::*;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::*;
use crate::course::manifest::{Manifest, ModuleManifest};
use crate::course::scenario;

#[derive(Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("x-explained" = {"aws": "there is no cloud here"}))]
struct Thing {
    name: String,
    #[schemars(range(min = 1, max = 10))]
    count: u32,
    share: Option<f64>,
    on: Option<bool>,
    kind: Option<Kind2>,
    #[serde(default)]
    tags: Vec<String>,
    inner: Option<Inner>,
    #[serde(default)]
    mixed: Vec<Mixed>,
}

#[derive(Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Kind2 {
    Small,
    Large,
}

#[derive(Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Inner {
    deep: String,
}

#[derive(Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
enum Mixed {
    Text(String),
    Inner(Inner),
}

fn thing(text: &str) -> Reading<Thing> {
    read("thing.yaml", text, &Shape::of::<Thing>())
}

fn told(text: &str) -> Vec<String> {
    let problems = thing(text).problems.into_sorted();
    let one = |d: &crate::course::Diagnostic| {
        let help = d.help.as_ref().map(|help| format!(" ({help})")).unwrap_or_default();
        format!("{}:{}: {}{help}", d.line, d.column, d.message)
    };
    problems.iter().map(one).collect()
}

#[test]
fn scalars_are_text_where_text_is_wanted() {
    for (written, text) in [
        ("8080", "8080"),
        ("true", "true"),
        ("1.10", "1.10"),
        ("null", "null"),
        ("~", "~"),
        ("\"\"", ""),
    ] {
        let read = thing(&format!("name: {written}\ncount: 3"));
        assert!(!read.problems.has_errors(), "{written}");
        assert_eq!(read.value.unwrap().name, text);
    }
}

#[test]
fn everything_has_its_place() {
    let read = thing("name: a\ncount: 3\ntags:\n  - x\n  - é: y\ninner: {deep: z}\n");
    let at = At::root(&read.tree);
    let place = |at: At<'_>| (at.mark().line, at.mark().column);
    assert_eq!(place(at.key("count")), (2, 8));
    assert_eq!(place(at.key("tags").item(1)), (5, 5));
    assert_eq!(place(at.key("inner").key("deep")), (6, 15));
    // What is not there is where it would be.
    assert_eq!(place(at.key("inner").key("none").item(7)), (6, 8));
}

#[test]
fn columns_count_characters() {
    assert_eq!(
        told("{name: ééé, count: x}"),
        ["1:20: \"count\" must be a whole number from 1 to 10, not \"x\""]
    );
}

#[test]
fn all_faults_are_told_at_once() {
    assert_eq!(
        told(
            "nmae: a\ncount: 99\nshare: \"0.5\"\non: yes\nkind: smal\ntags: x\ninner: {deeep: [1]}\nmixed: [a, [b], {}]\naws: {}\ncount: 2\n"
        ),
        [
            "1:1: unknown key \"nmae\" (did you mean \"name\"?)",
            "2:8: \"count\" must be a whole number from 1 to 10, not \"99\"",
            "3:8: \"share\" must be a number, not \"0.5\" (remove the quotes)",
            "4:5: \"on\" must be true or false, not \"yes\"",
            "5:7: \"kind\" must be small or large, not \"smal\" (did you mean \"small\"?)",
            "6:7: \"tags\" must be a list, not \"x\" (write [\"x\"] for a list of one)",
            "7:9: unknown key \"deeep\" (did you mean \"deep\"?)",
            "7:16: \"deep\" must be text, not a list (put quotes around a text that begins with [)",
            "8:12: \"mixed\" must be text or keys with values, not a list",
            "8:17: missing key \"deep\" (add \"deep: …\")",
            "9:1: unknown key \"aws\" (there is no cloud here)",
            "10:1: \"count\" is written twice (the first is on line 2)",
        ]
    );
}

#[test]
fn a_key_without_a_value_is_told() {
    assert_eq!(
        told("name:\ncount: 2\ntags:\nmixed: ~\n"),
        [
            "1:1: \"name\" has no value: it must be text (write the value (\"\" for an empty text), or remove the key)"
        ]
    );
}

#[test]
fn what_is_no_manifest_is_one_problem() {
    assert_eq!(told(""), ["0:0: there is nothing in this file"]);
    assert_eq!(told("# only\n# comments\n").len(), 1);
    assert_eq!(told("just text"), ["1:1: this file must be keys with values, not \"just text\""]);
    assert_eq!(told("- a\n- b"), ["1:1: this file must be keys with values, not a list"]);
    assert_eq!(
        told("name: a\ncount: 1\n---\nname: b\n"),
        ["3:1: a second document begins here (remove the --- line and what follows it)"]
    );
    for broken in ["a: [", "a: b: c", "a: \"x", "{a: b", "a: *x", "%YAML 9"] {
        let told = told(broken);
        assert_eq!(told.len(), 1, "{told:?}");
        assert!(told[0].contains("not valid YAML"), "{told:?}");
    }
}

#[test]
fn tags_and_odd_keys_are_told() {
    let told = told("name: !include x\ncount: 1\n[a]: b");
    assert_eq!(told[0], "1:7: the tag \"!include\" has no meaning here (remove it)");
    assert_eq!(told[1], "3:1: a key must be text (put quotes around it if it is meant as text)");
}

#[test]
fn nothing_for_the_terminal_comes_through() {
    for hidden in ["\\e[31m", "\\x07", "\\u009b2J", "\\u202E", "\\r", "\\u200f"] {
        for text in
            [format!("name: \"{hidden}\"\ncount: 1"), format!("\"{hidden}\": x\nname: a\ncount: 1")]
        {
            let told = told(&text);
            assert!(told[0].contains("control character"), "{told:?}");
            assert!(told.iter().all(|line| hidden_character(line).is_none()), "{told:?}");
        }
    }
    // Written raw, YAML itself may refuse them; either way they are told and escaped.
    let told = told("name: a\u{1b}[31mb\ncount: 1");
    assert!(!told.is_empty() && !told[0].contains('\u{1b}'), "{told:?}");
}

#[test]
fn windows_line_ends_and_a_byte_order_mark_do_no_harm() {
    let read = thing("\u{feff}name: a\r\ncount: 1\r\ntags:\r\n  - |\r\n    x\r\n    y\r\n");
    assert_eq!(read.problems.into_sorted(), []);
    assert_eq!(read.value.unwrap().tags, ["x\ny\n"]);
}

#[test]
fn anchors_are_understood() {
    let read = thing("name: &n a\ncount: 1\ntags: [*n, *n]\ninner: &i {deep: *n}\nmixed: [*i]");
    assert_eq!(read.problems.into_sorted(), []);
    assert_eq!(read.value.unwrap().tags, ["a", "a"]);
}

#[test]
fn bombs_end_quickly_in_one_sentence() {
    let laughs = {
        let mut text = "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n".to_owned();
        for i in 1..30 {
            let alias = format!("*a{}", i - 1);
            text += &format!("a{i}: &a{i} [{}]\n", vec![alias; 10].join(","));
        }
        text
    };
    let long_text = format!("a: &a \"{}\"\nb: [{}]", "x".repeat(100_000), "*a,".repeat(20_000));
    for (bomb, sentence) in [
        (laughs, "more than 20000 values"),
        (long_text, "more than 20000 values"),
        (format!("a: [{}]", "x,".repeat(100_000)), "more than 20000 values"),
        ("[".repeat(100_000), "nested"),
        ("- ".repeat(100_000), "nest"),
        ("{a: ".repeat(100_000), "nested"),
        ("? ".repeat(100_000), "nest"),
        ("a: &a [*a]".to_owned(), "alias"),
        (format!("{}: x", "k".repeat(200_000)), "YAML"),
        ("&a ".repeat(50_000), "YAML"),
        ("#\n".repeat(200_000), "nothing in this file"),
    ] {
        let start = Instant::now();
        let told = told(&bomb);
        let shown = &bomb[..bomb.len().min(20)];
        assert_eq!(told.len(), 1, "{shown}: {told:?}");
        assert!(told[0].contains(sentence), "{shown}: {told:?}");
        // Ten times what the slowest takes unoptimised.
        assert!(start.elapsed() < Duration::from_secs(5), "{shown}: {:?}", start.elapsed());
    }
}

#[test]
fn a_file_of_nothing_but_faults_is_told_in_part() {
    let text: String = (0..5_000).map(|i| format!("k{i}: x\n")).collect();
    assert_eq!(told(&text).len(), 200);
}

/// Every part of our types has a shape: a schema that is not understood would refuse everything.
#[test]
fn the_shapes_of_our_types_are_understood() {
    fn walk(shape: &Shape, path: &str) {
        match shape {
            Shape::Unknown => panic!("{path} has no shape"),
            Shape::List(inner) => walk(inner, &format!("{path}[]")),
            Shape::Free(inner) => walk(inner, &format!("{path}.*")),
            Shape::Map(keys) => {
                assert!(!keys.known.is_empty(), "{path}");
                keys.known.iter().for_each(|(key, shape)| walk(shape, &format!("{path}.{key}")));
            }
            Shape::Either(shapes) => {
                assert!(shapes.len() > 1, "{path}");
                shapes.iter().for_each(|shape| walk(shape, path));
            }
            _ => {}
        }
    }
    for shape in [
        Shape::of::<Manifest>(),
        Shape::of::<ModuleManifest>(),
        Shape::of::<scenario::ScenarioManifest>(),
        Shape::of::<scenario::SystemManifest>(),
        Shape::of::<scenario::LoadManifest>(),
        Shape::of::<scenario::StateManifest>(),
        Shape::of::<scenario::FaultManifest>(),
        Shape::of::<crate::config::Config>(),
    ] {
        walk(&shape, "");
    }
    let manifest = Shape::of::<Manifest>();
    let Shape::Map(keys) = &manifest else { panic!() };
    assert_eq!(keys.required, ["id", "module", "order", "title", "verify"]);
    assert_eq!(keys.get("backend"), Some(&Shape::Choice(vec!["container".into(), "vm".into()])));
    let at = |path: &str| manifest.at(path.split('.')).cloned();
    assert_eq!(at("resources.cpus"), Some(Shape::Number));
    assert_eq!(at("resources.cpu"), None);
    assert!(matches!(at("hints"), Some(Shape::List(hint)) if matches!(*hint, Shape::Either(_))));
}

#[derive(Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Open {
    #[serde(default)]
    texts: std::collections::BTreeMap<String, String>,
    #[serde(default)]
    values: std::collections::BTreeMap<String, serde_json::Value>,
    /// Described.
    one: Option<serde_json::Value>,
}

#[test]
fn free_keys_and_values_keep_what_they_are_written_as() {
    let text = "texts: {a: 1.10, b: true}\nvalues:\n  whole: -3\n  part: 1.50\n  text: \"1.5\"\n  \
                version: 1.2.3\n  yes: true\n  word: no\n  none: ~\n  far: inf\n  list: [1, {a: b}]\none: 2";
    let reading = read::<Open>("open.yaml", text, &Shape::of::<Open>());
    assert!(!reading.problems.has_errors(), "{:?}", reading.problems);
    let open = reading.value.unwrap();
    assert_eq!((&*open.texts["a"], &*open.texts["b"]), ("1.10", "true"));
    assert_eq!(
        serde_json::to_value(open.values).unwrap(),
        serde_json::json!({
            "whole": -3, "part": 1.5, "text": "1.5", "version": "1.2.3", "yes": true, "word": "no",
            "none": null, "far": "inf", "list": [1, {"a": "b"}],
        })
    );
    assert_eq!(open.one, Some(2.into()));
}

#[test]
fn free_keys_are_told_of_too() {
    let text = "texts: {a: 1, a: 2, b: [x]}\nvalues:\n  c:\n  d: {e: 1, e: 2}\none:\n";
    let problems = read::<Open>("open.yaml", text, &Shape::of::<Open>()).problems.into_sorted();
    let told = problems.iter().map(|d| format!("{}:{}: {}", d.line, d.column, d.message));
    assert_eq!(
        told.collect::<Vec<_>>(),
        [
            "1:15: \"a\" is written twice",
            "1:24: \"b\" must be text, not a list",
            "3:3: \"c\" has no value",
            "4:13: \"e\" is written twice",
            "5:1: \"one\" has no value",
        ]
    );
}

/// A stand-in has the type's own form, so that rules can go on after any fault.
#[test]
fn a_stand_in_can_always_be_read() {
    serde_json::from_value::<Thing>(Shape::of::<Thing>().stand_in()).unwrap();
    serde_json::from_value::<Manifest>(Shape::of::<Manifest>().stand_in()).unwrap();
    serde_json::from_value::<ModuleManifest>(Shape::of::<ModuleManifest>().stand_in()).unwrap();
}

prop_compose! {
    fn any_thing()(
        name in "\\PC{0,20}",
        count in 1..=10_u32,
        share in proptest::option::of(-1e6..1e6_f64),
        on in any::<Option<bool>>(),
        large in any::<Option<bool>>(),
        tags in proptest::collection::vec("[ -~]{0,12}", 0..4),
        deep in proptest::option::of("[a-z:#\\[\\{ ]{0,8}"),
    ) -> Thing {
        Thing {
            name, count, share, on, tags,
            kind: large.map(|large| if large { Kind2::Large } else { Kind2::Small }),
            mixed: deep.clone().into_iter().map(Mixed::Text).collect(),
            inner: deep.map(|deep| Inner { deep }),
        }
    }
}

proptest! {
    #[test]
    fn no_text_panics_the_reader(text in "\\PC{0,200}|[-a-z0-9 :,\\[\\]{}&*!|>'\"%#?~\n\t]{0,200}") {
        let read = thing(&text);
        prop_assert!(read.value.is_some() || read.problems.has_errors());
        for d in read.problems.into_sorted() {
            prop_assert!(hidden_character(&d.to_string()).is_none(), "{}", d);
        }
    }

    /// What an independent writer and reader make of a value is what we read.
    #[test]
    fn we_read_what_serde_yaml_writes_and_reads(thing_ in any_thing()) {
        prop_assume!(hidden_character(&thing_.name).is_none());
        let mut json = serde_json::to_value(&thing_).unwrap();
        json.as_object_mut().unwrap().retain(|_, value| !value.is_null());
        let text = serde_yaml::to_string(&json).unwrap();
        let read = thing(&text);
        prop_assert_eq!(read.problems.into_sorted(), vec![], "{}", text);
        prop_assert_eq!(read.value.as_ref(), Some(&thing_), "{}", text);
        let theirs: Thing = serde_yaml::from_str(&text).unwrap();
        prop_assert_eq!(theirs, thing_);
    }
}
