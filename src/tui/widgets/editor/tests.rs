//! The editor's promises.

use proptest::prelude::*;

use super::*;

fn press(editor: &mut Editor, code: KeyCode, modifiers: KeyModifiers) {
    editor.key(KeyEvent::new(code, modifiers));
}

fn keys(editor: &mut Editor, codes: &[KeyCode]) {
    codes.iter().for_each(|code| press(editor, *code, KeyModifiers::NONE));
}

fn typed(editor: &mut Editor, text: &str) {
    text.chars().for_each(|c| press(editor, KeyCode::Char(c), KeyModifiers::NONE));
}

#[test]
fn a_word_is_undone_at_once_and_done_again() {
    let mut editor = Editor::new("a: b\n");
    keys(&mut editor, &[KeyCode::End]);
    typed(&mut editor, " two words");
    assert!(editor.undo());
    assert_eq!(editor.text(), "a: b two \n");
    while editor.undo() {}
    assert_eq!(editor.text(), "a: b\n");
    while editor.redo() {}
    assert_eq!(editor.text(), "a: b two words\n");
}

#[test]
fn enter_keeps_the_indent_and_tab_makes_one() {
    let mut editor = Editor::new("  - a: 1");
    keys(&mut editor, &[KeyCode::End, KeyCode::Enter]);
    typed(&mut editor, "b");
    keys(&mut editor, &[KeyCode::Enter, KeyCode::Tab]);
    typed(&mut editor, "c");
    assert_eq!(editor.text(), "  - a: 1\n  b\n    c");
    press(&mut editor, KeyCode::BackTab, KeyModifiers::SHIFT);
    assert_eq!((editor.text().as_str(), editor.cursor()), ("  - a: 1\n  b\n  c", (2, 3)));
}

#[test]
fn line_ends_stay_as_they_are_and_new_ones_are_alike() {
    let mut editor = Editor::new("a\r\nb");
    keys(&mut editor, &[KeyCode::End, KeyCode::Enter]);
    editor.paste("x\ry\r\nz\x1b[2J");
    assert_eq!(editor.text(), "a\r\nx\r\ny\r\nz[2J\r\nb");
    // Of both kinds: nothing is made alike.
    assert_eq!(Editor::new("a\r\nb\nc\r").text(), "a\r\nb\nc\r");
}

#[test]
fn what_is_selected_is_copied_and_replaced() {
    let mut editor = Editor::new("one two\nthree");
    press(&mut editor, KeyCode::Right, KeyModifiers::CONTROL);
    press(&mut editor, KeyCode::Down, KeyModifiers::SHIFT);
    assert_eq!(editor.selected().as_deref(), Some("two\nthre"));
    typed(&mut editor, "2");
    assert_eq!(editor.text(), "one 2e");
    editor.undo();
    assert_eq!(editor.text(), "one two\nthree");
    editor.select_all();
    editor.remove_selected();
    assert_eq!(editor.text(), "");
}

#[test]
fn search_goes_around_and_minds_capitals_only_if_there_are_some() {
    let mut editor = Editor::new("Key: (a)\nkey: b\nend");
    editor.search("key");
    assert!(editor.find(true, false));
    assert_eq!(editor.cursor(), (1, 0));
    assert!(editor.find(true, false));
    assert_eq!(editor.cursor(), (0, 0));
    editor.search("Key");
    assert!(editor.find(false, false) && editor.cursor() == (0, 0));
    editor.search("(a)");
    assert!(editor.find(true, true) && editor.cursor() == (0, 5));
    editor.search("none");
    assert!(!editor.find(true, true));
}

#[test]
fn the_cursor_stays_in_view_and_a_click_finds_its_character() {
    let text: String = (0..100).map(|n| format!("\t日本 line {n}\n")).collect();
    let mut editor = Editor::new(&text);
    let view = Rect::new(5, 2, 26, 10);
    editor.resize(view);
    editor.show((50, 0));
    assert!((editor.top..editor.top + 10).contains(&50));
    let text = inner(&editor, view);
    assert_eq!((text.x, text.width), (10, 21), "three digits, a sign and a blank");
    let row = 2 + (50 - editor.top) as u16;
    for (x, column) in [(10, 0), (17, 0), (18, 1), (19, 1), (20, 2), (29, 10)] {
        editor.point(Position::new(x, row), view, false);
        assert_eq!(editor.cursor(), (50, column), "at {x}");
    }
    keys(&mut editor, &[KeyCode::End]);
    assert_eq!(editor.left, 0, "the end is in the last column");
    typed(&mut editor, "!");
    assert_eq!(editor.left, 1);
}

#[test]
fn colours_of_another_text_are_not_taken_and_lines_keep_theirs() {
    use crate::tui::widgets::highlight::Token;
    let tokens = |n: usize| (0..n).map(|at| Arc::new(vec![(Token::Key, at..at + 1)])).collect();
    let mut editor = Editor::new("a\nb\nc");
    editor.colour(0, tokens(3));
    keys(&mut editor, &[KeyCode::End, KeyCode::Enter]);
    assert_eq!(editor.tokens.len(), 4);
    assert_eq!(editor.tokens[2][0].1, 1..2, "the second line's, one further down");
    editor.colour(0, tokens(9));
    assert_eq!(editor.tokens.len(), 4);
    keys(&mut editor, &[KeyCode::Backspace]);
    assert_eq!(editor.tokens[1][0].1, 1..2);
}

fn any_key() -> impl Strategy<Value = KeyEvent> {
    use KeyCode::*;
    let codes = vec![
        Char('a'),
        Char(' '),
        Char('日'),
        Char('w'),
        Char('k'),
        Enter,
        Tab,
        BackTab,
        Backspace,
        Delete,
        Left,
        Right,
        Up,
        Down,
        Home,
        End,
        PageUp,
        PageDown,
    ];
    let modifiers = vec![KeyModifiers::NONE, KeyModifiers::SHIFT, KeyModifiers::CONTROL];
    let pair = (proptest::sample::select(codes), proptest::sample::select(modifiers));
    pair.prop_map(|(code, modifiers)| KeyEvent::new(code, modifiers))
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn a_text_that_is_not_changed_comes_out_as_it_went_in(text in "([ab\t日é\u{301}]|\r|\n|\r\n){0,40}") {
        prop_assert_eq!(Editor::new(&text).text(), text);
    }

    #[test]
    fn everything_can_be_undone_and_done_again(
        text in "([ab ]|\n){0,30}", all in proptest::collection::vec(any_key(), 0..40),
    ) {
        let mut editor = Editor::new(&text);
        editor.resize(Rect::new(0, 0, 20, 5));
        for key in all {
            editor.key(key);
            let (row, column) = editor.cursor();
            prop_assert!(column <= editor.lines()[row].chars().count());
            prop_assert!((editor.top..editor.top + 5).contains(&row));
        }
        let after = editor.text();
        while editor.undo() {}
        prop_assert_eq!(editor.text(), text);
        while editor.redo() {}
        prop_assert_eq!(editor.text(), after);
    }
}
