//! The screens of `vttest`, a program that was made to tell terminals right from wrong, as the
//! emulator shows them. What each screen must show is written on it; docs/terminal.md lists those that
//! come out otherwise.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "support/pane.rs"]
mod pane;
mod support;

use std::fmt::Write as _;
use std::process::Command;

use crossterm::event::KeyCode;
use drydock::terminal::{Attributes, Size, View};
use pane::Pane;

/// The screens differ from version to version.
const VERSION: &str = "VT100 test program, version 2.7 (20221229)";

const SIZE: Size = Size { columns: 80, rows: 24 };

/// What a screen that waits for Enter ends in, and what a menu does.
const HOLDS: [&[u8]; 2] = [b"Push <RETURN>", b"RETURN key: "];
const MENU: &[u8] = b"): ";

/// Whether there is a vttest; noted for the end of the run if not.
fn vttest(test: &str) -> bool {
    let version = Command::new("vttest").arg("-V").output();
    let version = version.map(|it| String::from_utf8_lossy(&it.stdout).into_owned());
    let skipped: Option<()> = match version.as_deref().map(str::trim) {
        Ok(VERSION) => return true,
        Ok(other) => support::skip(test, &format!("this vttest is not {VERSION}, but {other}")),
        Err(_) => support::skip(test, "there is no vttest (a Debian package)"),
    };
    skipped.is_some()
}

/// A screen's text, and what of it does not look plain.
fn described(view: &View) -> String {
    let mut text = String::new();
    for line in &view.rows {
        writeln!(text, "{}", line.text().trim_end()).unwrap();
    }
    let named = [
        (Attributes::BOLD, "bold"),
        (Attributes::UNDERLINE, "underlined"),
        (Attributes::REVERSE, "reversed"),
    ];
    for (row, line) in view.rows.iter().enumerate() {
        let looks: Vec<String> = line
            .cells()
            .map(|cell| {
                let of = named.iter().filter(|(it, _)| cell.style.attributes.contains(*it));
                of.map(|(_, name)| *name).collect::<Vec<_>>().join(" ")
            })
            .collect();
        let mut column = 0;
        for run in looks.chunk_by(|a, b| a == b) {
            if !run[0].is_empty() {
                writeln!(text, "row {row}, {column} to {}: {}", column + run.len(), run[0])
                    .unwrap();
            }
            column += run.len();
        }
    }
    text
}

/// Chooses from menus and goes on with Enter until there is a menu again; all screens on the way.
fn screens(choices: &[&str]) -> String {
    let pane = Pane::start(SIZE, &["vttest", "24x80.80"], &[]);
    let mut seen = 0;
    // Waits for what comes next; whether it is a menu.
    let mut next = || {
        pane.wait("the next screen", |shown| {
            let new = &shown.bytes[seen..];
            let menu = new.ends_with(MENU);
            (menu || HOLDS.iter().any(|end| new.ends_with(end))).then(|| {
                seen = shown.bytes.len();
                menu
            })
        })
    };
    assert!(next(), "the main menu");
    for choice in choices {
        pane.send(choice);
        pane.press(KeyCode::Enter);
        if !next() {
            break;
        }
    }
    let mut text = String::new();
    for number in 1.. {
        writeln!(text, "--- {number}").unwrap();
        text.push_str(&pane.look(|shown| described(&shown.emulator.view())));
        pane.press(KeyCode::Enter);
        if next() {
            break;
        }
    }
    text
}

/// Compares the screens behind menu entries with those that were found right.
macro_rules! walks {
    ($($name:ident: $($choice:literal)*;)*) => {
        $(#[test]
        fn $name() {
            if vttest(stringify!($name)) {
                insta::assert_snapshot!(stringify!($name), screens(&[$($choice),*]));
            }
        })*
    };
}

walks! {
    cursor_movements: "1";
    screen_features: "2";
    character_sets: "3";
    newline_mode: "6" "2";
    status_reports: "6" "3";
    primary_attributes: "6" "4";
    secondary_attributes: "6" "5";
    tertiary_attributes: "6" "6";
    terminal_parameters: "6" "7";
    insert_and_delete: "8";
    smooth_scroll_bug: "9" "1";
    wide_to_narrow_bug: "9" "3";
    origin_mode_bug: "9" "6";
    wrap_around_bug: "9" "7";
    funny_scroll_regions: "9" "9";
    reset: "10" "1";
    erase_char: "11" "1" "2" "3";
    soft_reset: "11" "1" "6";
    hpa: "11" "5" "1";
    cbt: "11" "5" "2";
    cha: "11" "5" "3";
    cht: "11" "5" "4";
    hpr: "11" "5" "5";
    vpa: "11" "5" "6";
    cnl: "11" "5" "7";
    cpl: "11" "5" "8";
    vpr: "11" "5" "9";
    scroll_down: "11" "7" "3";
    scroll_up: "11" "7" "6";
    alternate_screen_47: "11" "8" "7" "3";
    alternate_screen_1047: "11" "8" "7" "4";
    alternate_screen_1049: "11" "8" "7" "5";
}
