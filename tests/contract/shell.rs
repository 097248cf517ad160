//! The shell on a terminal.

use drydock::engine::{Sandbox, ShellControl, ShellSpec, ShellStream, Size};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use super::{Lab, file, noise, within};

const SIZE: Size = Size { cols: 120, rows: 40 };

/// How often a race gets its chance.
const STARTS: u16 = 30;

/// An open shell and what it has shown.
struct Terminal {
    output: Box<dyn AsyncRead + Send + Unpin>,
    input: Box<dyn AsyncWrite + Send + Unpin>,
    control: Box<dyn ShellControl>,
    shown: Vec<u8>,
}

impl Terminal {
    async fn open(lab: &Lab, sandbox: &Sandbox, size: Size) -> Self {
        let spec = ShellSpec { size, user: None };
        let ShellStream { output, input, control } =
            within(lab.engine.shell(&sandbox.id, &spec)).await.unwrap();
        Self { output, input, control, shown: Vec::new() }
    }

    async fn write(&mut self, bytes: &[u8]) {
        self.input.write_all(bytes).await.unwrap();
        self.input.flush().await.unwrap();
    }

    /// Reads until `text` is shown, and takes all up to its end.
    async fn until(&mut self, text: &str) -> Vec<u8> {
        let text = text.as_bytes();
        within(async {
            loop {
                if let Some(at) = self.shown.windows(text.len()).position(|part| part == text) {
                    return self.shown.drain(..at + text.len()).collect();
                }
                let mut bytes = vec![0; 8192];
                let length = self.output.read(&mut bytes).await.unwrap();
                assert!(
                    length > 0,
                    "the end came after {:?}",
                    String::from_utf8_lossy(&self.shown)
                );
                self.shown.extend_from_slice(&bytes[..length]);
            }
        })
        .await
    }

    /// Runs a command line and returns what it printed. The quotes keep the markers from being
    /// found in the echo of what is typed.
    async fn run(&mut self, line: &str) -> String {
        self.write(format!("printf '<''<'; {line}; printf '>''>'\n").as_bytes()).await;
        self.until("<<").await;
        let text = self.until(">>").await;
        String::from_utf8_lossy(&text).trim_end_matches(">>").trim().to_owned()
    }
}

pub(crate) async fn the_size_is_right_from_the_first_byte(lab: Lab) {
    let sandbox = lab.sandbox().await;
    let mut right = 0;
    for start in 0..STARTS {
        let size = Size { cols: 80 + start, rows: 24 + start };
        let mut terminal = Terminal::open(&lab, &sandbox, size).await;
        let first = terminal.run("stty size").await;
        right += u16::from(first == format!("{} {}", size.rows, size.cols));
    }
    assert_eq!(right, STARTS);
}

pub(crate) async fn a_resize_arrives(lab: Lab) {
    let sandbox = lab.sandbox().await;
    let mut terminal = Terminal::open(&lab, &sandbox, SIZE).await;
    terminal.run("trap 'echo W''INCH' WINCH").await;
    terminal.control.resize(Size { cols: 33, rows: 11 }).await.unwrap();
    assert_eq!(terminal.run("stty size").await.replace("WINCH", "").trim(), "11 33");
}

pub(crate) async fn it_is_a_login_shell_at_home(lab: Lab) {
    let sandbox = lab.sandbox().await;
    let mut terminal = Terminal::open(&lab, &sandbox, SIZE).await;
    let told =
        terminal.run("echo $0 $TERM $COLORTERM $LANG $PWD $(id -un); shopt login_shell").await;
    let expected = "bash xterm-256color truecolor C.UTF-8 /home/learner learner";
    assert!(told.starts_with(expected) && told.ends_with("on"), "{told}");
}

pub(crate) async fn output_is_passed_byte_for_byte(lab: Lab) {
    let mut spec = lab.spec().await;
    // Every start that a decoder could mistake for a frame, then anything.
    let bytes = [vec![0; 100], vec![1; 100], vec![2; 100], noise(200_000)].concat();
    spec.files = vec![file("/home/learner/bytes", &bytes)];
    let sandbox = lab.started(&spec).await;
    let mut terminal = Terminal::open(&lab, &sandbox, SIZE).await;
    terminal.write(b"stty raw -echo; printf '<''<'; cat bytes; sleep 1000\n").await;
    terminal.until("<<").await;
    let missing = bytes.len().saturating_sub(terminal.shown.len());
    let mut rest = vec![0; missing];
    within(terminal.output.read_exact(&mut rest)).await.unwrap();
    let shown = [terminal.shown, rest].concat();
    assert!(shown == bytes, "{} bytes", shown.len());
}

pub(crate) async fn input_is_passed_byte_for_byte(lab: Lab) {
    let sandbox = lab.sandbox().await;
    let mut terminal = Terminal::open(&lab, &sandbox, SIZE).await;
    let bytes: Vec<u8> = (0..=255).collect();
    terminal
        .write(b"stty raw -echo; printf '<''<'; head -c 512 | od -An -v -tu1; echo e''nd\n")
        .await;
    terminal.until("<<").await;
    terminal.write(&bytes).await;
    for byte in &bytes {
        terminal.write(&[*byte]).await;
    }
    let text = String::from_utf8(terminal.until("end").await).unwrap();
    let arrived: Vec<u8> = text.split_whitespace().filter_map(|word| word.parse().ok()).collect();
    assert_eq!(arrived, [bytes.clone(), bytes].concat());
}

pub(crate) async fn ctrl_p_is_passed_at_once(lab: Lab) {
    let sandbox = lab.sandbox().await;
    let mut terminal = Terminal::open(&lab, &sandbox, SIZE).await;
    terminal
        .write(b"stty raw -echo; printf '<''<'; head -c 1 | od -An -tu1; head -c 1 | od -An -tu1\n")
        .await;
    terminal.until("<<").await;
    // Each must arrive before the next is typed; together they are Docker's own detach keys.
    terminal.write(b"\x10").await;
    terminal.until("16").await;
    terminal.write(b"\x11").await;
    terminal.until("17").await;
}

pub(crate) async fn dropping_types_nothing(lab: Lab) {
    let sandbox = lab.sandbox().await;
    let mut terminal = Terminal::open(&lab, &sandbox, SIZE).await;
    terminal.write(b"touch /tmp/half-typed").await;
    terminal.until("half-typed").await;
    let Terminal { output, input, control, .. } = terminal;
    drop((output, input));
    control.hang_up().await.unwrap();
    assert!(control.status().await.unwrap().is_some());
    assert_eq!(lab.said(&sandbox.id, "ls /tmp").await, "");
}

pub(crate) async fn when_the_stream_ends_the_status_is_known(lab: Lab) {
    let sandbox = lab.sandbox().await;
    for status in 1..=12 {
        let mut terminal = Terminal::open(&lab, &sandbox, SIZE).await;
        assert_eq!(terminal.control.status().await.unwrap(), None);
        terminal.write(format!("exit {status}\n").as_bytes()).await;
        within(terminal.output.read_to_end(&mut Vec::new())).await.unwrap();
        assert_eq!(terminal.control.status().await.unwrap(), Some(status));
    }
}

/// How many processes have this word in their command line, the question itself left out.
async fn count(lab: &Lab, sandbox: &Sandbox, word: &str) -> usize {
    let list = lab.said(&sandbox.id, "ps -eo args=").await;
    list.lines().filter(|line| line.contains(word)).count()
}

pub(crate) async fn hanging_up_leaves_no_process(lab: Lab) {
    let sandbox = lab.sandbox().await;
    for opening in ["", "trap '' HUP; exec 5<&0; "] {
        let mut terminal = Terminal::open(&lab, &sandbox, SIZE).await;
        let line = format!("{opening}sleep 4711 & sudo sleep 4712 & vi -c 'sleep 1000' x_4713\n");
        terminal.write(line.as_bytes()).await;
        within(async { while count(&lab, &sandbox, "4713").await == 0 {} }).await;
        terminal.control.hang_up().await.unwrap();
        assert!(terminal.control.status().await.unwrap().is_some());
        assert_eq!(count(&lab, &sandbox, "bash -l").await, 0, "after {opening:?}");
        // What runs in front of it may take a moment to die of it.
        within(async { while count(&lab, &sandbox, "x_4713").await > 0 {} }).await;
        terminal.control.hang_up().await.unwrap();
        if opening.is_empty() {
            within(async { while count(&lab, &sandbox, "sleep 471").await > 0 {} }).await;
        }
    }
}

pub(crate) async fn a_shell_whose_stream_is_lost_can_be_hung_up(lab: Lab) {
    let sandbox = lab.sandbox().await;
    let mut terminal = Terminal::open(&lab, &sandbox, SIZE).await;
    terminal.write(b"sleep 4711 &\n").await;
    within(async { while count(&lab, &sandbox, "sleep 4711").await == 0 {} }).await;
    let name = terminal.control.name();
    drop(terminal);
    // Another program may have its number by now: it is left alone.
    let (pid, _) = name.split_once(' ').unwrap_or((&name, ""));
    lab.engine.hang_up(&sandbox.id, &format!("{pid} 1")).await.unwrap();
    assert_eq!(count(&lab, &sandbox, "sleep 4711").await, 1);
    lab.engine.hang_up(&sandbox.id, &name).await.unwrap();
    within(async { while count(&lab, &sandbox, "sleep 4711").await > 0 {} }).await;
    lab.engine.hang_up(&sandbox.id, &name).await.unwrap();
    lab.engine.hang_up(&sandbox.id, "nonsense").await.unwrap_err();
}

pub(crate) async fn what_is_told_to_outlive_its_terminal_does(lab: Lab) {
    let sandbox = lab.sandbox().await;
    let mut terminal = Terminal::open(&lab, &sandbox, SIZE).await;
    terminal.run("nohup sleep 4711 >/dev/null 2>&1 & setsid sleep 4712 & true").await;
    within(async { while count(&lab, &sandbox, "sleep 471").await < 2 {} }).await;
    terminal.control.hang_up().await.unwrap();
    assert_eq!(count(&lab, &sandbox, "sleep 471").await, 2);
}
