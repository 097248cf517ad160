//! Held shells: a real holder on a real socket, with a real shell of this machine behind it.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails")]

#[path = "support/local.rs"]
mod local;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use drydock::course::keys;
use drydock::session::holder::{self, Command};
use drydock::session::solution::Typist;
use drydock::session::{
    End, Input, Launcher, Notice, Opened, Order, Place, Screen, Session, Shells, Visitor,
};
use drydock::terminal::Size;
use local::Local;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

const SIZE: Size = Size { columns: 60, rows: 10 };

/// How long a state may take to come. Generous: one that does not come fails the test either way.
const PATIENCE: Duration = Duration::from_secs(30);

struct Home {
    folder: tempfile::TempDir,
    shells: Shells,
}

impl Home {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let shells = Shells {
            place: Place::new(folder.path().join("run")),
            // Shells here are held by the test itself: nothing is to be started.
            launcher: Launcher { program: PathBuf::from("/nowhere"), arguments: vec![] },
            scrollback: 1000,
            recordings: None,
            database: folder.path().join("progress.db"),
            offline: true,
        };
        Self { folder, shells }
    }

    /// Holds a shell; its commands arrive in the channel.
    async fn hold(&self) -> (JoinHandle<()>, mpsc::UnboundedReceiver<Command>) {
        self.hold_on(Local::default()).await
    }

    /// The same on this engine.
    async fn hold_on(&self, engine: Local) -> (JoinHandle<()>, mpsc::UnboundedReceiver<Command>) {
        let sandbox = local::sandbox();
        let order = Order {
            folder: self.shells.place.folder().to_owned(),
            item: sandbox.item,
            attempt: sandbox.attempt,
            sandbox: sandbox.id,
            user: sandbox.user,
            size: SIZE,
            scrollback: self.shells.scrollback,
            recordings: None,
            database: self.shells.database.clone(),
            offline: true,
            orphan: None,
        };
        let (told, commands) = mpsc::unbounded_channel();
        let (ready, is_ready) = tokio::sync::oneshot::channel();
        let on_command = Box::new(move |command| drop(told.send(command)));
        let engine = Arc::new(engine);
        let holder = tokio::spawn(holder::hold(engine, order, on_command, |line: &str| {
            ready.send(line.to_owned()).unwrap();
        }));
        assert_eq!(is_ready.await.unwrap(), "\"Ready\"");
        (holder, commands)
    }

    async fn open(&self, size: Size, watch: bool) -> Client {
        let (notices, inbox) = mpsc::unbounded_channel();
        let notify = Arc::new(move |notice| drop(notices.send(notice)));
        let visitor = Visitor { size, watch };
        let opened = self.shells.open(&local::sandbox(), visitor, notify).await.unwrap();
        let Opened { session, lost } = opened;
        assert_eq!(lost, None);
        Client { screen: session.screen(), session, inbox }
    }

    fn run(&self) -> PathBuf {
        self.folder.path().join("run")
    }
}

fn files(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

struct Client {
    session: Session,
    screen: Screen,
    inbox: mpsc::UnboundedReceiver<Notice>,
}

impl Client {
    /// The next notice that is not about the screen.
    async fn notice(&mut self) -> Notice {
        loop {
            let notice = tokio::time::timeout(PATIENCE, self.inbox.recv()).await;
            match notice.unwrap().unwrap() {
                Notice::Changed => self.session.seen(),
                notice => return notice,
            }
        }
    }

    async fn wait(&mut self, what: &str, wanted: impl Fn(&str) -> bool) -> String {
        let look = async {
            loop {
                let text = self.screen.lock().text();
                if wanted(&text) {
                    return text;
                }
                match self.inbox.recv().await {
                    Some(_) => self.session.seen(),
                    None => panic!("the session is over; {what} was not seen"),
                }
            }
        };
        let Ok(text) = tokio::time::timeout(PATIENCE, look).await else {
            panic!("waited for {what}; the screen shows:\n{}", self.screen.lock().text());
        };
        text
    }

    async fn see(&mut self, text: &str) -> String {
        self.wait(text, |screen| screen.contains(text)).await
    }

    fn press(&self, code: KeyCode, modifiers: KeyModifiers) {
        assert!(self.session.send(Input::Key(KeyEvent::new(code, modifiers))));
    }

    fn keys(&self, text: &str) {
        for c in text.chars() {
            let code = if c == '\n' { KeyCode::Enter } else { KeyCode::Char(c) };
            self.press(code, KeyModifiers::NONE);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shell_outlives_its_clients_with_all_it_shows() {
    let home = Home::new();
    let (_holder, _) = home.hold().await;
    let mut first = home.open(SIZE, false).await;
    first.see("ready$").await;
    first.keys("harbour=Kiel; seq 300; printf '\\e[31mr''ed\\e[0m\\n'\n");
    first.see("red").await;
    first.keys("echo half ty");
    first.see("half ty").await;
    first.session.detach().await;

    let wider = Size { columns: 100, rows: 30 };
    let mut again = home.open(wider, false).await;
    let screen = again.wait("the half-typed line", |screen| screen.contains("half ty")).await;
    assert!(screen.contains("red") && screen.contains("299"), "{screen}");
    assert_eq!(again.screen.lock().size, wider);
    again.session.ask_for_lines();
    let Notice::Lines(lines) = again.notice().await else { panic!("no lines") };
    let numbers = lines.iter().filter(|line| line.text().parse::<u32>().is_ok()).count();
    assert_eq!(numbers, 300, "nothing above the screen is lost");
    again.keys("ped; echo $harbour $COLUMNS\n");
    again.see("Kiel 100").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_look_at_one_shell_and_the_last_to_act_decides_its_size() {
    let home = Home::new();
    let (_holder, _) = home.hold().await;
    let mut first = home.open(SIZE, false).await;
    first.see("ready$").await;
    let small = Size { columns: 40, rows: 8 };
    let mut second = home.open(small, false).await;
    second.see("ready$").await;
    second.keys("stty size\n");
    first.see("8 40").await;
    assert_eq!(first.screen.lock().size, small, "both see the same");
    first.keys("stty size\n");
    second.see("10 60").await;
    first.session.detach().await;
    second.keys("echo $((40+2)); stty size\n");
    second.see("42").await;
    second.see("8 40").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_watches_sees_and_changes_nothing() {
    let home = Home::new();
    let (_holder, _) = home.hold().await;
    let mut learner = home.open(SIZE, false).await;
    learner.see("ready$").await;
    let mut mentor = home.open(Size { columns: 30, rows: 5 }, true).await;
    mentor.keys("echo from the mentor\n");
    mentor.session.resize(Size { columns: 20, rows: 4 });
    learner.keys("echo from $((1+1)) hands; stty size\n");
    mentor.see("from 2 hands").await;
    let screen = mentor.see("10 60").await;
    assert!(!screen.contains("mentor"), "{screen}");
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_watches_what_is_not_there() {
    let home = Home::new();
    let visitor = Visitor { size: SIZE, watch: true };
    let opened = home.shells.open(&local::sandbox(), visitor, Arc::new(|_| ())).await;
    let problem = opened.err().unwrap();
    assert_eq!(problem.kind, "no_shell");
    assert_eq!(problem.remedy.as_deref(), Some("drydock shell local-01"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_holder_ends_with_its_shell_and_leaves_nothing() {
    let home = Home::new();
    let (holder, _) = home.hold().await;
    assert_eq!(home.shells.place.held().len(), 1);
    let mut client = home.open(SIZE, false).await;
    client.see("ready$").await;
    client.keys("exit 7\n");
    assert_eq!(client.notice().await, Notice::Ended(End::Exited(Some(7))));
    holder.await.unwrap();
    assert_eq!(files(&home.run()), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shell_that_ended_while_nobody_looked_is_spoken_of() {
    let home = Home::new();
    let (holder, _) = home.hold().await;
    let mut client = home.open(SIZE, false).await;
    client.see("ready$").await;
    let go = home.folder.path().join("go");
    client.keys(&format!("until [ -e {} ]; do sleep 0.01; done; exit 3\n", go.display()));
    client.see("exit 3").await;
    client.session.detach().await;
    std::fs::write(go, "").unwrap();
    holder.await.unwrap();
    assert!(home.shells.place.held().is_empty());
    let note = std::fs::read_to_string(home.run().join("local.json")).unwrap();
    assert!(note.contains(r#""end":{"Exited":3}"#), "{note}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shell_can_be_ended_from_outside() {
    let home = Home::new();
    let (holder, _) = home.hold().await;
    let mut client = home.open(SIZE, false).await;
    client.see("ready$").await;
    home.shells.end(&local::sandbox().id).await;
    assert!(matches!(client.notice().await, Notice::Ended(End::Exited(_))));
    holder.await.unwrap();
    assert_eq!(files(&home.run()), Vec::<String>::new());
    // Once more is no trouble.
    home.shells.end(&local::sandbox().id).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn clients_that_are_deaf_dumb_or_mad_disturb_nobody() {
    let home = Home::new();
    let (_holder, _) = home.hold().await;
    let socket = home.run().join("local.sock");
    // One that never says anything, one that talks nonsense, one that never reads.
    let _dumb = UnixStream::connect(&socket).await.unwrap();
    let mut mad = UnixStream::connect(&socket).await.unwrap();
    mad.write_all(&[0xff; 4096]).await.unwrap();
    let deaf = home.open(SIZE, false).await;
    let mut client = home.open(SIZE, false).await;
    client.see("ready$").await;
    client.keys("seq 100000; echo do''ne\n");
    client.see("done").await;
    drop(deaf);
    // The mad one was shown the door.
    let mut rest = Vec::new();
    let closed = tokio::time::timeout(PATIENCE, mad.read_to_end(&mut rest)).await.unwrap();
    assert!(closed.is_err() || rest.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn input_is_never_behind_output() {
    let home = Home::new();
    let (_holder, _) = home.hold().await;
    let mut client = home.open(SIZE, false).await;
    client.see("ready$").await;
    client.keys("yes flood\n");
    client.wait("the flood", |screen| screen.lines().all(|line| line == "flood")).await;
    client.press(KeyCode::Char('c'), KeyModifiers::CONTROL);
    client.see("ready$").await;
    client.keys("echo $((40+2))\n");
    client.see("42").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_paste_may_be_long() {
    let home = Home::new();
    let (_holder, _) = home.hold().await;
    let mut client = home.open(SIZE, false).await;
    client.see("ready$").await;
    let file = home.folder.path().join("pasted");
    let to = file.display();
    client.keys(&format!("stty -echo; echo g''o; cat > {to}; stty echo; wc -c < {to}\n"));
    client.wait("the command", |screen| screen.contains("\ngo")).await;
    let line = "Ein Stück Text über Häfen, so lang wie eine Zeile eben ist.\n";
    let text = line.repeat((2 << 20) / line.len());
    assert!(client.session.send(Input::Paste(text.clone())));
    client.press(KeyCode::Char('d'), KeyModifiers::CONTROL);
    client.see(&text.len().to_string()).await;
    assert_eq!(std::fs::read_to_string(file).unwrap(), text);
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_and_pastes_are_encoded_as_the_program_asked() {
    let home = Home::new();
    let (_holder, _) = home.hold().await;
    let mut client = home.open(SIZE, false).await;
    client.see("ready$").await;
    client.keys("printf '\\e[?1h\\e[?2004h\\e[?1004hset'; cat -v\n");
    client.wait("the modes", |screen| screen.contains("set\n") || screen.ends_with("set")).await;
    client.press(KeyCode::Up, KeyModifiers::NONE);
    client.see("^[OA").await;
    client.session.send(Input::Paste("two\x1b[201~ words".to_owned()));
    client.see("^[[200~two words^[[201~").await;
    client.session.send(Input::Focus(false));
    client.see("^[[O").await;
}

/// Shells that tell where their prompts are, as those of our images do.
fn telling() -> Local {
    let marks = concat!(env!("CARGO_MANIFEST_DIR"), "/images/base/marks.bash");
    // The machine's own file for all shells gives them another prompt.
    let start = format!("exec bash --rcfile <(cat {marks}; echo \"PS1='ready$ '\") -i");
    Local { command: ["bash".to_owned(), "-c".to_owned(), start].into() }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_solution_is_written_down_while_it_is_typed_but_no_password() {
    let home = Home::new();
    let (_holder, _) = home.hold_on(telling()).await;
    let mut client = home.open(SIZE, false).await;
    client.see("ready$").await;
    let prompts = |count| move |screen: &str| screen.matches("ready$").count() == count;
    let file = home.folder.path().join("x.keys");
    client.session.solve(Some(file.clone()));
    assert_eq!(client.notice().await, Notice::Solving(Ok(Some(file.clone()))));
    client.keys("echo on''e\n");
    client.wait("the second prompt", prompts(2)).await;
    client.keys("read -sp 'Word: ' word; echo $word | wc -c\n");
    client.wait("the question", |screen| screen.ends_with("Word:")).await;
    client.keys("secret\n");
    client.wait("the third prompt", prompts(3)).await;
    assert!(client.screen.lock().text().contains('7'), "it was typed");
    client.session.turned(vec!["a \"check\"".to_owned()], Duration::ZERO);
    // Whoever comes is told.
    let mut second = home.open(SIZE, false).await;
    assert_eq!(second.notice().await, Notice::Solving(Ok(Some(file.clone()))));
    second.session.solve(None);
    assert_eq!(client.notice().await, Notice::Solving(Ok(None)));
    client.keys("echo l''ater\n");
    client.see("later").await;
    let written = std::fs::read_to_string(&file).unwrap();
    let expected = "size 60x10\n\n# turns: \"a \\\"check\\\"\"\nrun echo on''e\n\
        type read -sp 'Word: ' word; echo $word | wc -c\nkey Enter\nwait Word:\n\
        # something was typed here that the terminal did not show; it is not written down\n\
        key Enter\nprompt\n";
    assert_eq!(written.split_once('\n').unwrap().1, expected);
    // Where it cannot be written is said.
    client.session.solve(Some(PathBuf::from("/nowhere/x.keys")));
    let Notice::Solving(Err(why)) = client.notice().await else { panic!("it was begun") };
    assert!(why.contains("No such file"), "{why}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_typist_waits_for_states_and_tells_which_did_not_come() {
    let engine = telling();
    let mut typist = Typist::open(&engine, &local::sandbox()).await.unwrap();
    let lines = |text: &str| keys::lines("x.keys", 1, text).unwrap();
    let all = "run word=1; sleep 0.2\nsize 100x30\nrun cat <<E\nrun E\ntype read -p 'Wo''rd: ' word\n\
        key Enter\nwait Word:\ntype harb\nkey Ctrl-w\ntype quay\nkey Enter\nprompt\n\
        run echo $word-$COLUMNS\nwait quay-100\n";
    typist.play(&lines(all), PATIENCE).await.unwrap();
    let short = Duration::from_millis(300);
    let stuck = typist.play(&lines("run true\nwait Hamburg\n"), short).await.unwrap_err();
    assert_eq!(stuck.line, Some(2));
    let told = stuck.to_string();
    assert!(told.contains("`wait Hamburg`: the text did not come within 0.3 s"), "{told}");
    assert!(told.contains("quay-100 / ready$ true / ready$"), "{told}");
    let stuck = typist.play(&lines("run cat\n"), short).await.unwrap_err().to_string();
    assert!(stuck.contains("the next prompt did not come"), "{stuck}");
    let ended = typist.play(&lines("key Ctrl-d\nprompt\nrun exit\n"), PATIENCE).await;
    assert!(ended.unwrap_err().to_string().contains("`run exit`: the shell ended"));
}
