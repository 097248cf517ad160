use super::*;
use crate::terminal::{Emulator, Event, Size};

const SIZE: Size = Size { columns: 20, rows: 5 };

/// Output with marks written short: `«A»` is `OSC 133;A`.
fn marked(output: &str) -> String {
    output.replace('«', "\x1b]133;").replace('»', "\x07")
}

fn emulator(output: &str) -> Emulator {
    let mut emulator = Emulator::new(SIZE, 1000);
    emulator.advance(marked(output).as_bytes());
    emulator
}

fn started(text: &str) -> Event {
    Event::CommandStarted { text: text.to_owned() }
}

fn ended(status: i32) -> Event {
    Event::CommandEnded { status: Some(status) }
}

/// A line's marks, a letter for each cell.
fn marks(line: &Line) -> String {
    let letter = |mark| match mark {
        Mark::Output => 'o',
        Mark::Prompt => 'p',
        Mark::Continuation => 'c',
        Mark::Input => 'i',
    };
    line.cells().map(|cell| letter(cell.mark)).collect()
}

fn all_marks(emulator: &Emulator) -> Vec<String> {
    emulator.lines().iter().map(marks).take_while(|line| !line.is_empty()).collect()
}

#[test]
fn notes_are_read() {
    use Mark::{Continuation, Input, Prompt};
    let folder = |path: &str| Some(Note::Folder(Some(path.to_owned())));
    let cases = [
        ("133;A", Some(Note::Waits)),
        ("133;A;aid=7;cl=m", Some(Note::Waits)),
        ("133;A;k=s", Some(Note::Mark(Continuation))),
        ("133;P;k=s", Some(Note::Mark(Continuation))),
        ("133;P;k=i", Some(Note::Mark(Prompt))),
        ("133;P", Some(Note::Mark(Prompt))),
        ("133;B", Some(Note::Mark(Input))),
        ("133;C", Some(Note::Runs)),
        ("133;D", Some(Note::Over(None))),
        ("133;D;0", Some(Note::Over(Some(0)))),
        ("133;D;130;aid=7", Some(Note::Over(Some(130)))),
        ("133;D;99999999999", Some(Note::Over(None))),
        ("133;", None),
        ("133;Z", None),
        ("133;AB", None),
        ("7;", Some(Note::Folder(None))),
        ("7;file://host/a/b", folder("/a/b")),
        ("7;file:///a%20b%25/%e6%97%a5", folder("/a b%/日")),
        ("7;file:///100%", folder("/100%")),
        ("7;file:///%zz%+1", folder("/%zz%+1")),
        ("7;/plain%20path;x", folder("/plain%20path;x")),
        ("7;file://host", None),
        ("7;relative", None),
        ("7;http://host/a", None),
        ("7;file:///a%1bb", None),
        ("7;file:///a%ff", None),
        ("7;/a\u{9b}b", None),
    ];
    for (command, expected) in cases {
        assert_eq!(Note::read(command.as_bytes()), expected, "{command}");
    }
}

#[test]
fn cells_are_marked() {
    let emulator = emulator("«A»$ «B»ls \x1b[1mx\x1b[m«C»\r\nout «D;0»«A»# «B»");
    assert_eq!(all_marks(&emulator), ["ppiiiii"[..6].to_owned(), "oooopp".to_owned()]);
}

#[test]
fn marks_stay_with_their_cells() {
    let mut emulator = emulator("«A»$ «B»echo a long command 日本語«C»\r\nout");
    assert_eq!(
        all_marks(&emulator),
        [format!("pp{}", "i".repeat(18)), "iiiiiiii".into(), "ooo".into()]
    );
    emulator.resize(Size { columns: 40, rows: 5 });
    assert_eq!(all_marks(&emulator), [format!("pp{}", "i".repeat(26)), "ooo".into()]);
    emulator.advance("\r\n".repeat(2000).as_bytes());
    assert_eq!(emulator.lines()[0].text(), "", "they are too old");
    emulator.advance(marked("«A»$ «B»ls«C»\r\n").as_bytes());
    emulator.advance("\r\n".repeat(900).as_bytes());
    emulator.resize(SIZE);
    let prompts = emulator.lines().into_iter().filter(|line| line.starts_with(Mark::Prompt));
    assert_eq!(prompts.map(|line| marks(&line)).collect::<Vec<_>>(), ["ppii"]);
}

#[test]
fn a_command_is_told() {
    let mut emulator = emulator("«D;0»«A»$ «B»ls -l«C»\r\nout\r\n«D;3»");
    assert_eq!(emulator.take_events(), [started("ls -l"), ended(3)]);
    emulator.advance(marked("«A»$ «B»true«C»\r\n«D;0»«A»$ «B»false«C»\r\n«D;1»«A»").as_bytes());
    let expected = [started("true"), ended(0), started("false"), ended(1)];
    assert_eq!(emulator.take_events(), expected, "in one take");
}

#[test]
fn a_command_is_told_as_it_was_typed() {
    let cases = [
        ("a wrapped line", "«A»$ «B»echo a long command 日本語«C»", "echo a long command 日本語"),
        ("wrapped by the shell", "«A»$ «B»123456789012345678\r\n9«C»", "1234567890123456789"),
        ("to the edge", "«A»$ «B»123456789012345678 \r\r\n«C»", "123456789012345678"),
        (
            "continued",
            "«A»$ «B»for i in 1 2\r\n«P;k=s»> «B»do echo $i\r\n«P;k=s»> «B»done\r\n«C»",
            "for i in 1 2\ndo echo $i\ndone",
        ),
        (
            "continued at the edge",
            "«A»$ «B»12345678901234567\\\r\n«P;k=s»> «B»8\r\n«C»",
            "12345678901234567\\\n8",
        ),
        ("lines of one input", "«A»$ «B»echo 'a\r\n  b'\r\n«C»", "echo 'a\n  b'"),
        ("an empty line in it", "«A»$ «B»a\r\n«P;k=s»> «B»\r\n«P;k=s»> «B»b\r\n«C»", "a\n\nb"),
        ("a prompt of two lines", "«A»one\r\n«P»$ «B»ls\r\n«C»", "ls"),
        ("a prompt drawn anew", "«A»$ «B»ls /\r\nbin etc\r\n«A»$ «B»ls /etc\r\n«C»", "ls /etc"),
        ("an edited line", "«A»$ «B»lss\x08\x1b[K -l\x08\x08\x08\x1b[@x\r\n«C»", "lsx -l"),
        ("another's output", "no prompt\r\n«A»«B»ls\r\n«C»", "ls"),
        ("a prompt at the right", "«A»$ \x1b[16G«A»12:00\x1b[3G«B»ls\r\n«C»", "ls"),
        ("marks combine", "«A»$ «B»e\u{301}\r\n«C»", "e\u{301}"),
        ("nothing", "«A»$ «B»\r\n«C»", ""),
    ];
    for (name, output, text) in cases {
        for before in ["", "\r\n\r\n\r\n\r\n"] {
            let mut emulator = emulator(before);
            emulator.advance(marked(output).as_bytes());
            assert_eq!(emulator.take_events(), [started(text)], "{name}");
        }
    }
}

#[test]
fn a_long_command_is_cut() {
    let script: String = (0..240).map(|n| format!("«P;k=s»> «B»echo {n:012}\r\n")).collect();
    let mut emulator = emulator(&format!("«A»$ «B»{}\r\n«C»", "日".repeat(3000)));
    let [Event::CommandStarted { text }] = &emulator.take_events()[..] else {
        panic!("no command")
    };
    assert_eq!(*text, "日".repeat(MAX_TEXT / 3));
    emulator.advance(marked(&format!("«A»$ «B»begin\r\n{script}«C»")).as_bytes());
    let [Event::CommandStarted { text }] = &emulator.take_events()[..] else {
        panic!("no command")
    };
    assert!(text.starts_with("begin\necho 000000000000\n") && text.len() == MAX_TEXT);
}

#[test]
fn what_does_not_fit_is_not_told() {
    let cases = [
        ("an end without a start", "«D;0»«A»$ «B»\r\n«D;130»«A»$ «B»"),
        ("a start without a prompt", "«C»out«D;0»«C»«D;0»"),
        ("a start without input", "«A»$ «C»out«D;0»"),
    ];
    for (name, output) in cases {
        assert_eq!(emulator(output).take_events(), [], "{name}");
    }
    let mut emulator =
        emulator("«A»$ «B»bash\r\n«C»«A»% «B»ls\r\n«C»«D;0»«D;1»«A»% «B»exit\r\n«C»«D;2»");
    let expected = [started("bash"), started("ls"), ended(0), started("exit"), ended(2)];
    assert_eq!(emulator.take_events(), expected, "a shell in a shell");
}

#[test]
fn events_that_nobody_takes_do_not_pile_up() {
    let mut emulator = emulator(&"«A»$ «B»ls\r\n«C»«D;0»".repeat(1000));
    let events = emulator.take_events();
    assert_eq!((events.len(), events.last()), (128, Some(&ended(0))), "each start has its end");
    emulator.advance(marked("«D;0»«A»$ «B»ls\r\n«C»").as_bytes());
    assert_eq!(emulator.take_events(), [started("ls")]);
}

#[test]
fn a_shells_folder_is_kept() {
    let mut emulator = emulator("\x1b]7;file://sandbox/home/learner/a%20b\x07");
    assert_eq!(emulator.view().state.folder.as_deref(), Some("/home/learner/a b"));
    emulator.advance(b"\x1b]7;nowhere\x07");
    assert_eq!(emulator.view().state.folder.as_deref(), Some("/home/learner/a b"));
    emulator.advance(b"\x1b]7;\x07");
    assert_eq!(emulator.view().state.folder, None);
}

#[test]
fn marks_outlive_other_cursors() {
    // A program saved the cursor while it ran; the prompt restores it.
    let restored = emulator("\x1b7«A»$ \x1b8#«B»");
    assert_eq!(all_marks(&restored), ["pp"]);
    let alternate = emulator("«A»$ «B»vi\r\n«C»\x1b[?1049h«D;0»«A»$ \x1b[?1049l«B»x");
    assert_eq!(all_marks(&alternate), ["ppii", "i"]);
    let mut killed = emulator("«A»$ «B»vi\r\n«C»\x1b[?1049h\x1b[H«D;137»«A»$ «B»ls\r\n«C»");
    assert_eq!(killed.take_events(), [started("vi"), ended(137), started("ls")]);
    assert_eq!(all_marks(&killed), ["ppii"]);
}

#[test]
fn a_reset_ends_marks_but_no_command() {
    let mut emulator = emulator("«A»$ «B»reset\r\n«C»\x1bc");
    emulator.advance(marked("text«D;0»").as_bytes());
    assert_eq!(all_marks(&emulator), ["oooo"]);
    assert_eq!(emulator.take_events(), [started("reset"), ended(0)]);
    emulator.advance(marked("«A»$ «B»ls\x1bcx«C»").as_bytes());
    assert_eq!(all_marks(&emulator), ["o"]);
    assert_eq!(emulator.take_events(), []);
}

#[test]
fn links_are_no_marks() {
    let emulator = emulator("\x1b]8;id=prompt;file:///x\x07link\x1b]8;;\x07«A»$ \x1b]8;;\x07x");
    assert_eq!(all_marks(&emulator), ["ooooppp"]);
}
