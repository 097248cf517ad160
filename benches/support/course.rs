//! A course of any size, in real files.

#![allow(clippy::unwrap_used, reason = "a bench that cannot go on stops")]

use std::fmt::Write;
use std::fs;
use std::path::Path;

/// Items of one module.
const MODULE: usize = 100;

/// Writes so many exercises: each a manifest, a lesson, a solution in steps, a wrong one, a file for the
/// sandbox, three hints. Nothing is wrong with them.
pub(crate) fn write(root: &Path, items: usize) {
    for index in 0..items {
        let (module, order) = (format!("m{:03}", index / MODULE), index % MODULE + 1);
        let name = format!("{order:02}-harbour");
        let (content, exercises) =
            (root.join("content").join(&module), root.join("exercises").join(&module));
        let folder = exercises.join(&name);
        fs::create_dir_all(&content).unwrap();
        fs::create_dir_all(&folder).unwrap();
        if order == 1 {
            let text = format!("title: \"Module {module}\"\norder: {}\n", 100 + index / MODULE);
            fs::write(content.join("module.yaml"), text).unwrap();
        }
        fs::write(content.join(format!("{name}.md")), lesson(order)).unwrap();
        fs::write(exercises.join(format!("{name}.yaml")), manifest(&module, order)).unwrap();
        fs::write(folder.join("solution.sh"), SOLUTION).unwrap();
        fs::write(folder.join("careless.sh"), "mkdir -p ~/quay\ntouch ~/quay/rope\n").unwrap();
        fs::write(folder.join("tides.csv"), "high,06:12\nlow,12:31\n".repeat(20)).unwrap();
    }
}

const SOLUTION: &str = "\
# Why this is done is said here, at some length, as people do.
# turns: \"The quay is there\"
mkdir -p ~/quay

# turns: \"The tides are counted\"
grep -c high ~/tides.csv > ~/quay/tides.txt

# turns: \"The boat is made fast\"
ln -s ~/quay ~/boat
";

fn manifest(module: &str, order: usize) -> String {
    let needs = if order > 1 { format!("{module}-{:02}", order - 1) } else { String::new() };
    format!(
        r#"id: {module}-{order:02}
module: {module}
order: {order}
title: "Make the boat fast, {order}"
description: |
  A boat comes in, and nothing is ready. Make a quay, count the tides,
  and make it fast.
difficulty: beginner
estimated_time: 20m
objectives:
  - "Make folders and links"
  - "Count lines in a file"
takeaways: ["A link points to a name."]
prerequisites: [{needs}]
setup:
  - source: tides.csv
    dest: /home/learner/tides.csv
verify:
  - name: "The quay is there"
    cmd: test -d quay
    fail: "There is no folder quay."
  - name: "The tides are counted"
    cmd: cat quay/tides.txt
    expect: 20
    fail: "quay/tides.txt does not hold the right number."
    observe: ls -l quay
  - name: "The boat is made fast"
    cmd: readlink boat
    expect_contains: quay
    needs: ["The quay is there"]
hints:
  - "What is the command that makes a folder called?"
  - text: "grep can count the lines it finds instead of printing them."
    trigger_after: 4m
    after_failures: 3
    when_failing: "The tides are counted"
  - text: "A link of the soft kind points to a name: which option of ln makes one?"
    trigger_after: 10m
decoys:
  - file: careless.sh
    fails: ["The tides are counted", "The boat is made fast"]
    why: "Nothing was counted."
"#
    )
}

fn lesson(order: usize) -> String {
    let mut text =
        format!("# Make the boat fast, {order}\n\nBack to [the first](01-harbour.md).\n");
    for part in 1..=6 {
        write!(
            text,
            "\n## Part {part}\n\nA quay is where boats are made fast. It is there before the boat is, and it\n\
             stays when the boat has left. See [the beginning](#part-1).\n\n```sh\nls -l ~/quay\n```\n\n\
             - High water comes twice a day.\n- Low water does too.\n"
        )
        .unwrap();
    }
    text
}
