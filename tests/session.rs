//! Held shells: a real holder on a real socket, with a real shell of this machine behind it.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails")]

#[path = "support/local.rs"]
mod local;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use drydock::session::holder::{self, Command};
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
        let engine = Arc::new(Local::default());
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
