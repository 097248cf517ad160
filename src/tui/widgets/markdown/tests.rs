use ratatui::style::{Color, Modifier, Style};

use super::super::highlight::TokenStyles;
use super::*;

/// A style in which each part has a colour of its own.
fn style(ascii: bool) -> MarkdownStyle {
    let color = |index| Style::new().fg(Color::Indexed(index));
    MarkdownStyle {
        text: Style::new(),
        headings: [color(1), color(2), color(3)],
        code: color(4),
        link: color(5),
        muted: color(6),
        faint: color(7),
        note: color(8),
        warning: color(9),
        danger: color(10),
        tokens: TokenStyles {
            plain: Style::new(),
            keyword: color(21),
            function: color(22),
            parameter: color(23),
            variable: color(24),
            key: color(25),
            text: color(26),
            number: color(27),
            comment: color(28),
            output: color(29),
        },
        ascii,
    }
}

fn laid_out(markdown: &str, width: u16) -> Layout {
    Document::parse(markdown).layout(width, &style(false))
}

fn text(layout: &Layout) -> Vec<String> {
    layout.lines.iter().map(ToString::to_string).collect()
}

#[track_caller]
fn check(markdown: &str, width: u16, expected: &[&str]) {
    assert_eq!(text(&laid_out(markdown, width)), expected);
}

/// The style of the first span that begins with `start`.
fn style_of(layout: &Layout, start: &str) -> Style {
    let mut spans = layout.lines.iter().flat_map(|line| &line.spans);
    spans.find(|span| span.content.starts_with(start)).expect("it is shown").style
}

#[test]
fn paragraphs_and_headings() {
    check(
        "# Title\n\nSome words\nthat are wrapped.  \nAfter a break.\n\n## Part\nText",
        12,
        &[
            "Title",
            "────────────",
            "",
            "Some words",
            "that are",
            "wrapped.",
            "After a",
            "break.",
            "",
            "Part",
            "",
            "Text",
        ],
    );
}

#[test]
fn headings_are_found() {
    let layout = laid_out("# A `b`\n\ntext\n\n### C", 40);
    let heading = |level, text: &str, line| Heading { level, text: text.to_owned(), line };
    assert_eq!(layout.headings, [heading(1, "A b", 0), heading(3, "C", 5)]);
    assert_eq!(style_of(&layout, "C"), style(false).headings[2]);
}

#[test]
fn emphasis_and_code() {
    let layout = laid_out("plain **strong** *slanted* ~~gone~~ `code` ***both***", 80);
    assert_eq!(text(&layout), ["plain strong slanted gone code both"]);
    let with = |modifier| Style::new().add_modifier(modifier);
    assert_eq!(style_of(&layout, "strong"), with(Modifier::BOLD));
    assert_eq!(style_of(&layout, "slanted"), with(Modifier::ITALIC));
    assert_eq!(style_of(&layout, "gone"), with(Modifier::CROSSED_OUT));
    assert_eq!(style_of(&layout, "code"), style(false).code);
    assert_eq!(style_of(&layout, "both"), with(Modifier::BOLD | Modifier::ITALIC));
}

#[test]
fn code_that_looks_like_text_keeps_its_backticks() {
    let style = MarkdownStyle { code: Style::new(), ..style(false) };
    let layout = Document::parse("run `ls -l` now\n\n| `a` |\n|---|\n| `b` |").layout(40, &style);
    assert_eq!(text(&layout), ["run `ls -l` now", "", "`a`", "───", "`b`"]);
}

#[test]
fn lists() {
    check(
        "- one that is long\n- two\n  - inner\n    1. deep\n- [x] done\n- [ ] not",
        12,
        &["• one that", "  is long", "• two", "  ◦ inner", "    1. deep", "[✓] done", "[ ] not"],
    );
    // Without room for more indentation, the sign still comes first.
    check("- a\n  - b\n    - c", 10, &["• a", "  ◦ b", "    ▪ ", "    c"]);
    check("9. nine\n10. ten", 20, &[" 9. nine", "10. ten"]);
    check("- a\n\n  b\n- c", 20, &["• a", "", "  b", "", "• c"]);
    check("-\n- x", 20, &["• ", "• x"]);
}

#[test]
fn an_item_with_code() {
    check(
        "1. Do:\n   ```sh\n   ls\n   ```\n2. Look",
        22,
        &[
            "1. Do:",
            "",
            "   ╭ sh ─────────────╮",
            "   │ ls              │",
            "   ╰─────────────────╯",
            "2. Look",
        ],
    );
}

#[test]
fn quotations_and_notes() {
    check(
        "> quoted words here\n>\n> > inner",
        14,
        &["▎ quoted words", "▎ here", "▎ ", "▎ ▎ inner"],
    );
    let note = &["▎ ● Note", "▎ Mind the `x`."];
    for markdown in [
        "> **Note** Mind the \\`x\\`.",
        "> **Note:** Mind the \\`x\\`.",
        "> [!NOTE]\n> Mind the \\`x\\`.",
    ] {
        check(markdown, 30, note);
    }
    check("> **Warning**\n>\n> Hot.", 30, &["▎ ▲ Warning", "▎ Hot."]);
    let layout = laid_out("> **Warning** Hot.", 30);
    let expected = style(false).warning.add_modifier(Modifier::BOLD);
    assert_eq!(style_of(&layout, "▲ Warning"), expected);
    check("> **Strong** words", 30, &["▎ Strong words"]);
}

#[test]
fn code_blocks() {
    let document =
        Document::parse("```sh setup.sh\nls\t-l\n\nx\n```\n\n    indented\n\n```text\nout\n```");
    let code: Vec<_> = document.code().iter().map(|code| code.text.as_str()).collect();
    assert_eq!(code, ["ls\t-l\n\nx", "indented", "out"]);
    assert_eq!((&*document.code()[0].language, &*document.code()[0].title), ("sh", "setup.sh"));
    let layout = document.layout(20, &style(false));
    assert_eq!(
        text(&layout),
        [
            "╭ setup.sh ────────╮",
            "│ ls    -l         │",
            "│                  │",
            "│ x                │",
            "╰──────────────────╯",
            "",
            "╭──────────────────╮",
            "│ indented         │",
            "╰──────────────────╯",
            "",
            "╭──────────────────╮",
            "│ out              │",
            "╰──────────────────╯",
        ]
    );
    let block = |index, first_line, last_line| CodeBlock { index, first_line, last_line };
    assert_eq!(layout.code, [block(0, 0, 4), block(1, 6, 8), block(2, 10, 12)]);
}

#[test]
fn long_lines_of_code_are_wrapped_where_it_reads_well() {
    check(
        "```sh\nsystemctl status clock --no-pager\ntee /etc/systemd/system/clock.service\n```",
        26,
        &[
            "╭ sh ────────────────────╮",
            "│ systemctl status clock │",
            "│ ↪ --no-pager           │",
            "│ tee /etc/systemd/      │",
            "│ ↪ system/clock.service │",
            "╰────────────────────────╯",
        ],
    );
    check("```sh\nls -l\n```", 10, &["ls -l"]);
}

#[test]
fn highlights_come_with_a_second_layout() {
    let mut document = Document::parse("```sh\nif true; then\n\techo \"日本\"\nfi\n```");
    let plain = document.layout(30, &style(false));
    document.set_highlights(highlight_all(document.code()));
    let colored = document.layout(30, &style(false));
    assert_eq!(text(&plain), text(&colored), "the same text");
    assert_eq!(style_of(&colored, "if"), style(false).tokens.keyword);
    assert_eq!(style_of(&colored, "\"日本\""), style(false).tokens.text);
    assert_ne!(plain, colored);
}

#[test]
fn tables() {
    let table = "| name | n | what it is for |\n|---|--:|:-:|\n| a | 1 | x |\n| bbb | 22 | y `z` |";
    check(
        table,
        40,
        &[
            "name │   n │ what it is for",
            "─────┼─────┼───────────────",
            "a    │   1 │       x",
            "bbb  │  22 │      y z",
        ],
    );
    check(
        table,
        20,
        &[
            "name │   n │ what it",
            "     │     │ is for",
            "─────┼─────┼────────",
            "a    │   1 │    x",
            "bbb  │  22 │   y z",
        ],
    );
    check(
        "| one | two | three |\n|-|-|-|\n| 1 | 2 | 3 |",
        10,
        &["one", "1", "two", "2", "three", "3"],
    );
}

#[test]
fn a_row_that_wraps_is_told_from_the_next() {
    check(
        "| k | v |\n|-|-|\n| a | some words |\n| b | c |",
        12,
        &["k   │ v", "────┼───────", "a   │ some", "    │ words", "────┼───────", "b   │ c"],
    );
}

#[test]
fn links_keep_their_targets() {
    let layout = laid_out("- see [the next lesson](04-next.md), or <https://example.org>", 16);
    assert_eq!(text(&layout), ["• see the next", "  lesson, or", "  https://", "  example.org"]);
    let link = |target: &str, line, columns| Link { target: target.to_owned(), line, columns };
    assert_eq!(
        layout.links,
        [
            link("04-next.md", 0, 6..14),
            link("04-next.md", 1, 2..8),
            link("https://example.org", 2, 2..10),
            link("https://example.org", 3, 2..13),
        ]
    );
    let table = laid_out("| a | b |\n|-|-|\n| x | [y](z) |", 20);
    assert_eq!(table.links, [link("z", 2, 6..7)]);
}

#[test]
fn rules_images_and_html() {
    check(
        "a\n\n---\n\n![a picture](x.png)\n\n<!-- hidden -->\n\nb <br> c",
        20,
        &["a", "", "────────────────────", "", "[image: a picture]", "", "b <br> c"],
    );
}

#[test]
fn wide_characters_and_long_words() {
    check("日本語テキスト ab", 7, &["日本語", "テキス", "ト ab"]);
    check("an-option-that/is/too/long.txt", 12, &["an-option-", "that/is/too/", "long.txt"]);
    check("aaaaaaaaaaaaaaa b", 10, &["aaaaaaaaaa", "aaaaa b"]);
    check("👩‍🚀 ❤️ x", 10, &["👩🚀 ❤ x"]);
}

#[test]
fn ascii_only() {
    let markdown = "# T\n\n- a\n- [x] b\n\n> **Note** c\n\n```sh\nd\n```\n\n| e | f |\n|-|-|\n| g | h |\n\n---";
    let layout = Document::parse(markdown).layout(20, &style(true));
    let text = text(&layout).join("\n");
    assert!(text.is_ascii(), "{text}");
}

#[test]
fn controls_are_never_passed_on() {
    let markdown = "a\u{1b}[31mb\u{7}\u{9b}c\u{202e}d\u{7f} `\u{1b}]0;x\u{7}`\n\n```sh\u{1b}\n\u{1b}[2J\r\n```\n\n[l](<\u{202e}x>)";
    let document = Document::parse(markdown);
    let layout = document.layout(30, &style(false));
    let all = text(&layout).concat() + &document.code()[0].text + &layout.links[0].target;
    assert!(!all.contains(|c: char| c.is_control()), "{all:?}");
    assert!(all.contains('\u{fffd}') && !all.contains('\u{202e}'));
}

#[test]
fn nesting_and_length_are_bounded() {
    for deep in [">".repeat(3000) + " end", "- ".repeat(3000) + "end"] {
        let lines = text(&laid_out(&deep, 80));
        assert!(lines.iter().any(|line| line.ends_with("end")));
    }
    let long = "word ".repeat(100_000);
    let lines = laid_out(&long, 80).lines.len();
    assert!((3_000..4_000).contains(&lines), "{lines}");
}

#[test]
fn a_lesson_is_laid_out_fast() {
    let lesson = "# T\n\nSome *words* with `code` in them.\n\n- item\n- item\n\n```sh\nls\n```\n\n"
        .repeat(100);
    let document = Document::parse(&lesson);
    let started = std::time::Instant::now();
    document.layout(80, &style(false));
    // Ten thousand words, unoptimised; a stall is seconds.
    assert!(started.elapsed() < std::time::Duration::from_secs(1), "{:?}", started.elapsed());
}

proptest::proptest! {
    #![proptest_config(proptest::test_runner::Config {
        cases: 150,
        failure_persistence: None,
        ..Default::default()
    })]

    /// Nothing is ever wider than the width, whatever the author wrote.
    #[test]
    fn no_line_is_too_wide(
        parts in proptest::collection::vec(part(), 0..14),
        width in 1u16..200,
        ascii: bool,
    ) {
        let mut document = Document::parse(&parts.concat());
        if width % 2 == 0 {
            document.set_highlights(highlight_all(document.code()));
        }
        let layout = document.layout(width, &style(ascii));
        for line in &layout.lines {
            let columns: usize = line.spans.iter().map(|span| wrap::columns(&span.content)).sum();
            proptest::prop_assert!(columns <= usize::from(width), "{columns} > {width}: {line}");
            proptest::prop_assert!(line.width() <= usize::from(width));
            proptest::prop_assert!(!line.to_string().contains(char::is_control));
        }
        for link in &layout.links {
            proptest::prop_assert!(link.line < layout.lines.len() && link.columns.end <= width);
        }
        for block in &layout.code {
            proptest::prop_assert!(block.first_line <= block.last_line);
            proptest::prop_assert!(block.last_line < layout.lines.len());
        }
        proptest::prop_assert_eq!(layout.code.len(), document.code().len());
    }
}

/// Pieces of Markdown, sensible and not.
fn part() -> impl proptest::strategy::Strategy<Value = String> {
    use proptest::prelude::*;
    let fixed = prop::sample::select(vec![
        "# ",
        "## ",
        "- ",
        "  - ",
        "    1. ",
        "> ",
        "> **Note** ",
        "```sh\n",
        "```\n",
        "---\n",
        "\n",
        "\n\n",
        "| a | b |\n|---|--:|\n| c | d |\n",
        "| x |\n|-|\n",
        "|",
        "**",
        "*",
        "`",
        "~~",
        "[",
        "](x)",
        "<b>",
        "- [ ] ",
        "  \n",
        "\\",
        "![i](j)",
        "日本語テキスト",
        "👨‍👩‍👧",
        "e\u{301}",
        "لا",
        "ｆｕｌｌ",
        "\u{1b}[31m",
        "\t",
        "\u{200b}",
    ]);
    prop_oneof![
        3 => fixed.prop_map(str::to_owned),
        2 => "[ -~]{0,60}",
        1 => r"\PC{0,12}",
        1 => "[a-z/.-]{30,120}",
    ]
}
