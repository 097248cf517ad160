use std::fmt::Write;
use std::time::{Duration, Instant};

use super::*;
use crate::terminal::Mark;

/// Lines of text; one that ends in `\` goes on in the next.
fn lines(texts: &[&str]) -> Arc<[Line]> {
    let line = |text: &&str| {
        let mut line = Line::plain(text.trim_end_matches('\\'));
        line.wrapped = text.ends_with('\\');
        line
    };
    texts.iter().map(line).collect()
}

fn mode(texts: &[&str], columns: u16, rows: u16) -> CopyMode {
    let last = Point::new(texts.len() - 1, 0);
    CopyMode::new(lines(texts), Size { columns, rows }, last)
}

/// Ten columns and three rows, with the cursor at a place.
fn at(texts: &[&str], row: usize, column: usize) -> CopyMode {
    let mut mode = mode(texts, 10, 3);
    mode.jump(Point::new(row, column));
    mode
}

/// The command of a key.
fn command(key: char) -> Command {
    match key {
        'h' => Command::Left,
        'j' => Command::Down,
        'k' => Command::Up,
        'l' => Command::Right,
        'w' => Command::WordRight(Words::Small),
        'b' => Command::WordLeft(Words::Small),
        'e' => Command::WordEnd(Words::Small),
        'W' => Command::WordRight(Words::Big),
        'B' => Command::WordLeft(Words::Big),
        'E' => Command::WordEnd(Words::Big),
        '0' => Command::LineStart,
        '^' => Command::LineText,
        '$' => Command::LineEnd,
        'g' => Command::Top,
        'G' => Command::Bottom,
        'H' => Command::High,
        'M' => Command::Middle,
        'L' => Command::Low,
        'u' => Command::HalfUp,
        'd' => Command::HalfDown,
        'v' => Command::Select(Kind::Characters),
        'V' => Command::Select(Kind::Lines),
        'r' => Command::Select(Kind::Block),
        'o' => Command::OtherEnd,
        '{' => Command::PreviousPrompt,
        '}' => Command::NextPrompt,
        'n' => Command::NextMatch,
        'N' => Command::PreviousMatch,
        other => panic!("{other:?} is no key"),
    }
}

fn press(mode: &mut CopyMode, keys: &str) {
    for key in keys.chars() {
        mode.act(command(key));
    }
}

fn place(mode: &CopyMode) -> (usize, usize) {
    (mode.cursor.row, mode.cursor.column)
}

fn copied(mode: &mut CopyMode, keys: &str) -> String {
    press(mode, keys);
    mode.selected().unwrap_or_default()
}

fn search(mode: &mut CopyMode, forward: bool, query: &str) {
    mode.act(Command::Search { forward });
    mode.edit_query(|text| text.push_str(query));
    mode.act(Command::Found);
}

#[test]
fn the_last_rows_are_in_view_and_the_cursor_brings_others() {
    let mut mode = mode(&["1", "2", "3", "4", "5"], 10, 3);
    assert_eq!((mode.back(), mode.cursor_in_view()), ((0, 2), Some((0, 2))));
    press(&mut mode, "kkk");
    assert_eq!((mode.back(), mode.cursor_in_view()), ((1, 2), Some((0, 0))));
    press(&mut mode, "g");
    assert_eq!(mode.in_view()[0].text(), "1");
    assert_eq!(mode.back(), (2, 2));
    press(&mut mode, "kG");
    assert_eq!((mode.back(), place(&mode)), ((0, 2), (4, 0)));
}

#[test]
fn rows_and_columns() {
    let texts = ["long line", "ab", "", "日本語"];
    let mut mode = at(&texts, 0, 5);
    press(&mut mode, "j");
    assert_eq!(place(&mode), (1, 1), "no further than the text");
    press(&mut mode, "jj");
    assert_eq!(place(&mode), (3, 4), "and back to the column, on a whole character");
    press(&mut mode, "l");
    assert_eq!(place(&mode), (3, 4), "the last");
    press(&mut mode, "h");
    assert_eq!(place(&mode), (3, 2));
    press(&mut mode, "l");
    assert_eq!(place(&mode), (3, 4));
    press(&mut mode, "g$jjk");
    assert_eq!(place(&mode), (1, 1));
    press(&mut mode, "k");
    assert_eq!(place(&mode), (0, 8), "$ keeps to the end");
}

#[test]
fn lines_that_wrap_have_one_beginning_and_one_end() {
    let mut mode = at(&["x", "   abcdefg\\", "hijklmnopq\\", "rs", "y"], 2, 3);
    press(&mut mode, "0");
    assert_eq!(place(&mode), (1, 0));
    press(&mut mode, "^");
    assert_eq!(place(&mode), (1, 3));
    press(&mut mode, "$");
    assert_eq!(place(&mode), (3, 1));
}

#[test]
fn words() {
    let texts = ["ls -l /etc", "", "  one two\\", "three.txt!"];
    let walk = |keys: &str, row, column| {
        let mut mode = at(&texts, row, column);
        press(&mut mode, keys);
        place(&mode)
    };
    assert_eq!([walk("w", 0, 0), walk("ww", 0, 0), walk("www", 0, 0)], [(0, 3), (0, 4), (0, 6)]);
    assert_eq!([walk("W", 0, 0), walk("WW", 0, 0), walk("WWW", 0, 0)], [(0, 3), (0, 6), (2, 2)]);
    assert_eq!([walk("e", 0, 0), walk("ee", 0, 0), walk("E", 0, 1)], [(0, 1), (0, 3), (0, 4)]);
    assert_eq!([walk("b", 2, 2), walk("bb", 2, 2), walk("B", 2, 2)], [(0, 7), (0, 6), (0, 6)]);
    assert_eq!(walk("e", 2, 6), (3, 4), "over the wrap");
    assert_eq!(walk("b", 3, 4), (2, 6), "and back");
    assert_eq!([walk("E", 2, 6), walk("wwww", 3, 0)], [(3, 9), (3, 9)], "the end holds");
    assert_eq!(walk("bbb", 0, 3), (0, 0), "the beginning holds");
}

#[test]
fn the_view_has_a_top_a_middle_and_a_bottom_and_pages() {
    let texts: Vec<String> = (0..20).map(|n| n.to_string()).collect();
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    let mut mode = mode(&texts, 10, 6);
    press(&mut mode, "H");
    assert_eq!(place(&mode).0, 14);
    press(&mut mode, "M");
    assert_eq!(place(&mode).0, 16);
    press(&mut mode, "L");
    assert_eq!(place(&mode).0, 19);
    press(&mut mode, "u");
    assert_eq!((place(&mode).0, mode.top), (16, 11));
    mode.act(Command::PageUp);
    assert_eq!((place(&mode).0, mode.top), (12, 7));
    mode.act(Command::ScrollDown);
    assert_eq!((place(&mode).0, mode.top), (12, 8));
    for _ in 0..6 {
        mode.act(Command::ScrollDown);
    }
    assert_eq!((place(&mode).0, mode.top), (14, 14), "the cursor stays in view");
    press(&mut mode, "uuuuuuuuu");
    assert_eq!((place(&mode).0, mode.top), (0, 0));
}

#[test]
fn characters_are_selected_over_line_ends() {
    let texts = ["one two  ", "", "  日本x", "end"];
    assert_eq!(copied(&mut at(&texts, 0, 4), "vl"), "tw");
    assert_eq!(copied(&mut at(&texts, 0, 4), "vjj"), "two\n\n  日本");
    assert_eq!(copied(&mut at(&texts, 2, 4), "vkk"), "two\n\n  日本", "backwards too");
    let mut mode = at(&texts, 2, 2);
    press(&mut mode, "vlo");
    assert_eq!(place(&mode), (2, 2));
    assert_eq!(copied(&mut mode, "h"), " 日本");
    press(&mut mode, "v");
    assert_eq!(mode.selected(), None);
}

#[test]
fn what_was_wrapped_is_copied_as_one_line() {
    let texts = ["x", "abcdefghij\\", "klm", "y"];
    assert_eq!(copied(&mut at(&texts, 2, 0), "V"), "abcdefghijklm");
    assert_eq!(copied(&mut at(&texts, 1, 8), "vjh"), "ijkl");
    assert_eq!(copied(&mut at(&texts, 1, 8), "Vj"), "abcdefghijklm");
    assert_eq!(copied(&mut at(&texts, 0, 0), "Vj"), "x\nabcdefghijklm");
}

#[test]
fn a_block_keeps_its_columns_and_no_character_is_cut() {
    let texts = ["abcdef", "a日本b", "ab", "  x   "];
    let mut mode = at(&texts, 0, 2);
    assert_eq!(copied(&mut mode, "rjjjl"), "cd\n日本\n\nx");
    let spans: Vec<_> = (0..3).map(|row| mode.highlights(row)).collect();
    assert_eq!(spans[0], [(1..5, Highlight::Selected)], "both wide characters whole");
    let mut mode = at(&texts, 2, 1);
    press(&mut mode, "rlll");
    assert_eq!(place(&mode), (2, 4), "beyond the text");
    assert_eq!(copied(&mut at(&texts, 3, 0), "rll"), "  x", "leading blanks stay");
}

#[test]
fn a_double_click_takes_a_word_and_a_triple_click_a_line() {
    let texts = ["see '/etc/ho\\", "sts:12', ok", "  indented"];
    let click = |kind, row, column| {
        let mut mode = mode(&texts, 12, 3);
        mode.select(kind, Point::new(row, column));
        mode.selected().unwrap()
    };
    assert_eq!(click(Kind::Words, 0, 7), "/etc/hosts:12");
    assert_eq!(click(Kind::Words, 1, 2), "/etc/hosts:12");
    assert_eq!(click(Kind::Words, 0, 4), "'");
    assert_eq!(click(Kind::Words, 2, 11), "", "beyond the text");
    assert_eq!(click(Kind::Lines, 1, 0), "see '/etc/hosts:12', ok");
    let mut mode = mode(&texts, 12, 3);
    mode.select(Kind::Words, Point::new(1, 9));
    mode.extend(Point::new(0, 1));
    assert_eq!(mode.selected().unwrap(), "see '/etc/hosts:12', ok");
}

#[test]
fn a_search_finds_over_wraps_and_around() {
    let texts = ["Error one", "ok", "an er\\", "ror", "last"];
    let mut mode = mode(&texts, 5, 3);
    mode.act(Command::Search { forward: false });
    mode.edit_query(|query| query.push_str("err"));
    assert_eq!(mode.typing(), Some(("err", false)));
    assert_eq!(place(&mode), (2, 3));
    assert_eq!(mode.found(), Some(Found { at: Some(2), count: 2, more: false }));
    assert_eq!(mode.highlights(0), [(3..5, Highlight::CurrentMatch)]);
    assert_eq!(mode.highlights(1), [(0..1, Highlight::CurrentMatch)]);
    mode.act(Command::Found);
    press(&mut mode, "n");
    assert_eq!(place(&mode), (0, 0));
    press(&mut mode, "n");
    assert_eq!(place(&mode), (2, 3), "around the end");
    press(&mut mode, "NN");
    assert_eq!(place(&mode), (2, 3));
    search(&mut mode, true, "Err");
    assert_eq!((place(&mode), mode.found().unwrap().count), ((0, 0), 1), "a capital is meant");
}

#[test]
fn a_search_that_is_given_up_or_finds_nothing_leads_nowhere() {
    let mut mode = mode(&["a.c", "abc", "x"], 10, 1);
    mode.act(Command::Search { forward: false });
    mode.edit_query(|query| query.push('a'));
    assert_eq!(place(&mode), (1, 0));
    mode.edit_query(|query| query.push('.'));
    assert_eq!(place(&mode), (0, 0), "a dot is a dot");
    mode.edit_query(|query| query.push('!'));
    assert_eq!((place(&mode), mode.found().unwrap().count), ((2, 0), 0));
    assert_eq!(mode.act(Command::Found), Reply::Say("Nothing was found"));
    mode.act(Command::Search { forward: false });
    mode.edit_query(|query| query.push('a'));
    mode.act(Command::Cancel);
    assert_eq!((place(&mode), mode.found()), ((2, 0), None));
    assert!(matches!(mode.act(Command::NextMatch), Reply::Say(_)));
}

#[test]
fn what_there_is_first_is_given_up_first() {
    let mut mode = mode(&["abc"], 10, 1);
    press(&mut mode, "v");
    assert_eq!(mode.act(Command::Cancel), Reply::Done);
    assert!(matches!(mode.act(Command::Copy), Reply::Say(_)));
    assert_eq!(mode.act(Command::Cancel), Reply::Leave);
    press(&mut mode, "v$");
    assert_eq!(mode.act(Command::Copy), Reply::Copied("abc".into()));
}

fn prompt(typed: &str) -> Line {
    Line::marked(&[(Mark::Prompt, "$ "), (Mark::Input, typed)])
}

fn session(lines: Vec<Line>) -> CopyMode {
    let last = Point::new(lines.len() - 1, 2);
    CopyMode::new(lines.into(), Size { columns: 20, rows: 2 }, last)
}

#[test]
fn prompts_are_found_above_and_below() {
    let mut wrapped = prompt("a long command with");
    wrapped.wrapped = true;
    let rest = Line::marked(&[(Mark::Input, "more"), (Mark::Prompt, ">")]);
    let out = Line::plain("out");
    let mut mode = session(vec![wrapped, rest, out.clone(), prompt("ls"), out, prompt("")]);
    press(&mut mode, "{");
    assert_eq!((place(&mode), mode.top), ((3, 0), 3));
    press(&mut mode, "{");
    assert_eq!((place(&mode), mode.top), ((0, 0), 0));
    assert_eq!(mode.act(Command::PreviousPrompt), Reply::Say("There is no prompt above"));
    press(&mut mode, "}}");
    assert_eq!((place(&mode), mode.top), ((5, 0), 4));
    assert!(mode.scroll_to_prompt(false));
    assert_eq!(mode.top, 3);
}

#[test]
fn the_last_commands_output() {
    let output = |lines: Vec<Line>| session(lines).act(Command::CopyOutput);
    let out = |text: &str| Line::plain(text);
    let copied = |text: &str| Reply::Copied(text.into());
    let nothing = Reply::Say("The last command printed nothing");
    assert_eq!(output(vec![prompt("ls"), out("a"), out("b"), prompt(""), out("")]), copied("a\nb"));
    assert_eq!(output(vec![prompt("ls"), out("a"), prompt("half typed")]), copied("a"));
    assert_eq!(output(vec![prompt("ls"), out("a"), prompt(""), prompt("")]), copied("a"));
    assert_eq!(output(vec![prompt("ls"), out("a"), prompt("cd /"), prompt("")]), nothing);
    assert_eq!(output(vec![prompt("a"), prompt("ping"), out("1"), out("")]), copied("1"), "runs");
    assert_eq!(output(vec![prompt("")]), nothing);
    assert_eq!(
        output(vec![out("$ ls"), out("a")]),
        Reply::Say("This shell does not mark its prompts")
    );
    assert_eq!(output(vec![out("98"), out("99"), prompt("")]), copied("98\n99"), "a long one");
    let behind = Line::marked(&[(Mark::Output, "no end"), (Mark::Prompt, "$ ")]);
    assert_eq!(output(vec![prompt("printf"), behind]), copied("no end"));
    let more = Line::marked(&[(Mark::Continuation, "> "), (Mark::Input, "done")]);
    assert_eq!(output(vec![prompt("for"), more, out("1"), prompt("")]), copied("1"));
}

#[test]
fn another_width_wraps_anew_and_keeps_the_place() {
    let mut mode = at(&["x", "abcdefghij\\", "klmnopqrst\\", "uv", "y"], 2, 5);
    press(&mut mode, "vl");
    assert_eq!(mode.selected().unwrap(), "pq");
    mode.resize(Size { columns: 5, rows: 4 });
    assert_eq!(mode.selected().unwrap(), "pq");
    assert_eq!(mode.in_view()[0].text(), "klmno");
    mode.resize(Size { columns: 30, rows: 4 });
    assert_eq!((mode.selected().unwrap(), place(&mode)), ("pq".to_owned(), (1, 16)));
}

#[test]
fn no_key_is_slow_over_ten_thousand_lines() {
    let text = |n: usize| {
        let mut text = String::new();
        let _ = write!(text, "Nov 20 10:03:{:02} api[{n}]: GET /checkout 200 in {n} ms", n % 60);
        Line::plain(&text)
    };
    let lines: Arc<[Line]> = (0..10_000).map(text).collect();
    let mut mode = CopyMode::new(lines, Size { columns: 120, rows: 40 }, Point::new(9_999, 0));
    let begun = Instant::now();
    mode.act(Command::Search { forward: false });
    for c in "e checkout 9".chars() {
        mode.edit_query(|query| query.push(c));
    }
    for _ in 0..10 {
        press(&mut mode, "nwbeVguGd");
        for row in 0..40 {
            mode.highlights(row);
        }
        mode.selected();
    }
    // A hundred keys: some 2 ms each without optimization.
    assert!(begun.elapsed() < Duration::from_secs(3), "{:?}", begun.elapsed());
}

proptest::proptest! {
    #![proptest_config(proptest::test_runner::Config {
        failure_persistence: None,
        ..Default::default()
    })]
    /// Whatever the lines are and whichever keys are pressed, the cursor is on a character that is
    /// there, and nothing is cut in half.
    #[test]
    fn any_keys_over_any_lines(
        texts in proptest::collection::vec(r"([ab_.]|日|e\u{301}){0,8}\\?", 1..12),
        keys in "[hjklwbeWBE0^$gGHMLudvVro{}nN]{0,30}",
        query in "[ab日.]{0,2}",
        columns in 2u16..9,
    ) {
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        let all = CopyMode::new(lines(&texts), Size { columns: 8, rows: 3 }, Point::default());
        let mut mode = all;
        search(&mut mode, true, &query);
        for (index, key) in keys.chars().enumerate() {
            mode.act(command(key));
            if index % 7 == 6 {
                mode.resize(Size { columns, rows: 3 });
            }
            let (column, row) = mode.cursor_in_view().unwrap();
            let line = &mode.in_view()[usize::from(row)];
            let cell = line.cells().nth(column.into());
            proptest::prop_assert!(cell.is_none_or(|cell| cell.width != Width::Spacer));
            for row in 0..3 {
                mode.highlights(row);
            }
            let selected = mode.selected().unwrap_or_default();
            proptest::prop_assert!(selected.lines().all(|line| !line.ends_with(' ')));
        }
    }
}
