use crossterm::event::KeyEvent;
use proptest::prelude::*;

use super::entry::LEFT_OUT;
use super::*;
use crate::course::keys;

const SIZE: Size = Size { columns: 40, rows: 10 };

/// A person at a shell, with a clock of their own.
struct Desk {
    emulator: Emulator,
    scribe: Scribe,
    now: Instant,
    folder: tempfile::TempDir,
}

impl Desk {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut emulator = Emulator::new(SIZE, 100);
        emulator.advance(marked("«A»$ «B»").as_bytes());
        let now = Instant::now();
        let scribe = Scribe::begin(&folder.path().join("x.keys"), &emulator, now).unwrap();
        Self { emulator, scribe, now, folder }
    }

    /// The program prints: `«A»` is `OSC 133;A`.
    fn prints(&mut self, output: &str) {
        self.emulator.advance(marked(output).as_bytes());
        for event in self.emulator.take_events() {
            if let crate::terminal::Event::CommandStarted { text } = event {
                self.scribe.command(&text, self.now).unwrap();
            }
        }
        self.scribe.printed(&self.emulator, self.now).unwrap();
        self.now += Duration::from_millis(10);
    }

    fn press(&mut self, key: &str) {
        let chord = Chord::of(KeyEvent::from(key.parse::<Chord>().unwrap()));
        self.scribe.key(chord, &self.emulator, self.now).unwrap();
        self.now += Duration::from_millis(10);
    }

    fn types(&mut self, text: &str) {
        text.chars().for_each(|c| self.press(&c.to_string().replace(' ', "space")));
    }

    /// A command that is typed at the prompt and prints something.
    fn runs(&mut self, command: &str, output: &str) {
        self.types(command);
        self.prints(command);
        self.press("enter");
        self.prints("\r\n«C»");
        self.prints(output);
        self.prints("«D;0»«A»$ «B»");
    }

    /// The file's lines without those at its beginning.
    fn lines(&self) -> Vec<String> {
        let text = std::fs::read_to_string(self.scribe.path()).unwrap();
        keys::lines("x", 1, &text).unwrap();
        text.lines().skip(2).filter(|line| !line.is_empty()).map(str::to_owned).collect()
    }
}

fn marked(output: &str) -> String {
    output.replace('«', "\x1b]133;").replace('»', "\x07")
}

#[test]
fn at_a_prompt_the_command_that_runs_counts() {
    let mut desk = Desk::new();
    desk.types("lss");
    desk.prints("lss");
    desk.press("backspace");
    desk.prints("\x08 \x08");
    desk.press("enter");
    desk.prints("\r\n«C»a b\r\n«D;0»«A»$ «B»");
    // Given up, empty, and continued.
    desk.types("rm");
    desk.prints("rm");
    desk.press("ctrl-c");
    desk.prints("^C\r\n«D;130»«A»$ «B»");
    desk.press("enter");
    desk.prints("\r\n«D;0»«A»$ «B»");
    desk.types("cat <<E");
    desk.prints("cat <<E");
    desk.press("enter");
    desk.prints("\r\n«P;k=s»> «B»");
    desk.types("E");
    desk.prints("E");
    desk.press("enter");
    desk.prints("\r\n«C»«D;0»«A»$ «B»");
    assert_eq!(desk.lines(), ["run ls", "run cat <<E", "run E"]);
}

#[test]
fn what_is_typed_ahead_is_the_next_command() {
    let mut desk = Desk::new();
    desk.types("sleep 1");
    desk.prints("sleep 1");
    desk.press("enter");
    desk.types("l");
    desk.prints("\r\n«C»l");
    desk.types("s");
    desk.press("enter");
    desk.types("pw");
    desk.prints("s\r\npw«D;0»«A»$ «B»");
    desk.prints("ls\r\n«C»a\r\n«D;0»«A»$ «B»pw");
    desk.types("d");
    desk.prints("d");
    desk.press("enter");
    desk.prints("\r\n«C»/\r\n«D;0»«A»$ «B»");
    assert_eq!(desk.lines(), ["run sleep 1", "run ls", "run pwd"]);
    // All of it before anything is printed, which then comes at once.
    let mut desk = Desk::new();
    for command in ["a", "b", "c"] {
        desk.types(command);
        desk.press("enter");
    }
    desk.prints("a\r\n«C»«D;0»«A»$ «B»b\r\n«C»«D;0»«A»$ «B»c\r\n«C»«D;0»«A»$ «B»");
    assert_eq!(desk.lines(), ["run a", "run b", "run c"]);
}

#[test]
fn keys_in_a_program_are_kept_with_what_they_waited_for() {
    let mut desk = Desk::new();
    desk.types("nano x");
    desk.prints("nano x");
    desk.press("enter");
    desk.prints("\r\n«C»\x1b[?1049h\x1b[HGNU nano 7.2   New Buffer 1");
    assert_eq!(desk.lines(), ["run nano x"], "it may need no keys at all");
    desk.types("hi ");
    desk.prints("\x1b[2;1Hhi ");
    desk.press("ctrl-x");
    desk.prints("\x1b[9;1HSave modified buffer?");
    desk.now += PAUSE;
    desk.types("y");
    desk.prints("\x1b[?1049l«D;0»«A»$ «B»");
    desk.runs("ls", "x\r\n");
    let expected = [
        "type nano x",
        "key Enter",
        "wait New Buffer",
        "type hi",
        "key Space",
        "key Ctrl-x",
        "wait Save modified buffer?",
        "type y",
        "prompt",
        "run ls",
    ];
    assert_eq!(desk.lines(), expected);
}

#[test]
fn a_text_that_the_terminal_does_not_show_is_left_out() {
    let mut desk = Desk::new();
    desk.types("su");
    desk.prints("su");
    desk.press("enter");
    desk.prints("\r\n«C»Password: ");
    desk.types("secret");
    desk.press("enter");
    desk.prints("\r\nReally? ");
    desk.types("yes");
    desk.prints("yes");
    desk.press("enter");
    desk.prints("\r\n--More--");
    // Not shown, and no answer to a question.
    desk.press("space");
    desk.prints("\r        \r«D;0»«A»$ «B»");
    // Something else is printed while a secret is typed that nobody asked for.
    desk.types("cat");
    desk.prints("cat");
    desk.press("enter");
    desk.prints("\r\n«C»");
    desk.types("s");
    desk.prints("tick\r\n");
    desk.types("ecret");
    desk.prints("tick\r\n«D;0»«A»$ «B»");
    desk.runs("ls", "");
    let expected = [
        "type su",
        "key Enter",
        "wait Password:",
        LEFT_OUT.trim_end(),
        "key Enter",
        "type yes",
        "key Enter",
        "key Space",
        "prompt",
        "type cat",
        "key Enter",
        "type s",
        LEFT_OUT.trim_end(),
        "prompt",
        "run ls",
    ];
    assert_eq!(desk.lines(), expected);
    let named = |entry: std::io::Result<std::fs::DirEntry>| entry.unwrap().file_name();
    let files: Vec<_> = std::fs::read_dir(desk.folder.path()).unwrap().map(named).collect();
    assert_eq!(files, ["x.keys"], "nothing else is left");
}

#[test]
fn checks_stand_at_the_beginning_of_the_step_that_turned_them() {
    let mut desk = Desk::new();
    let turned = |desk: &mut Desk, name: &str, asked| {
        desk.scribe.turned(vec![name.to_owned()], asked).unwrap();
    };
    let now = desk.now;
    turned(&mut desk, "before anything", now);
    desk.runs("one", "");
    let asked = desk.now;
    desk.runs("two", "");
    turned(&mut desk, "a", asked);
    desk.runs("three", "");
    let asked = desk.now;
    turned(&mut desk, "b", asked);
    turned(&mut desk, "c", asked);
    desk.runs("four", "");
    let expected =
        ["# turns: \"a\"", "run one", "# turns: \"b\", \"c\"", "run two", "run three", "run four"];
    assert_eq!(desk.lines(), expected);
}

proptest! {
    #![proptest_config(proptest::test_runner::Config {
        cases: 64,
        failure_persistence: None,
        ..Default::default()
    })]
    /// Whatever is typed and printed, what is written can be read.
    #[test]
    fn what_is_written_is_always_a_solution(
        deeds in proptest::collection::vec(
            prop_oneof![
                "[ -~é]{1,4}".prop_map(|text| (true, text)),
                "(enter|ctrl-d|ctrl-c|up|tab|esc|f5|backspace)".prop_map(|key| (true, key)),
                "(«A»\\$ «B»|«C»|«D;0»|«P;k=s»|\r\n|[a-z ]{1,9}|\x1b\\[\\?1049[hl])"
                    .prop_map(|output| (false, output)),
            ],
            1..40,
        ),
    ) {
        let mut desk = Desk::new();
        for (pressed, what) in deeds {
            match (pressed, what.parse::<Chord>()) {
                (true, Ok(_)) => desk.press(&what),
                (true, Err(_)) => desk.scribe.paste(&what, &desk.emulator, desk.now).unwrap(),
                (false, _) => desk.prints(&what),
            }
        }
        desk.lines();
    }
}
