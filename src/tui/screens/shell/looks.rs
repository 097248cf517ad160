//! How the shell's pane looks, at the three sizes that matter.

use super::*;
use crate::tui::app::driver::Driver;
use crate::tui::app::{FileContent, WorkspaceEvent};
use crate::tui::screens::tests::{laid_over, snapshots, working};

/// A shell that has printed more than its screen holds.
fn busy(driver: &mut Driver) {
    working(driver);
    driver.press("2");
    for n in 1..=80 {
        driver.print(&format!(
            "\r\nNov 20 10:{:02}:07 sandbox myapp[{n}]: listening on :5000",
            n % 60
        ));
    }
    driver.print("\r\nError: address already in use, see /var/log/myapp.log:80");
    driver.print("\r\n\x1b[32mlearner@sandbox\x1b[m:~$ ");
    driver.app.notice = None;
}

#[test]
fn scrolled() {
    snapshots("scrolled", |driver| {
        busy(driver);
        driver.press("shift-pageup");
        driver.lines();
    });
}

#[test]
fn copy_mode_with_a_selection() {
    snapshots("copy_mode", |driver| {
        busy(driver);
        driver.press("ctrl-] [");
        driver.lines();
        driver.press("k k V k k");
    });
}

#[test]
fn copy_mode_with_a_search() {
    snapshots("copy_search", |driver| {
        busy(driver);
        driver.press("ctrl-] [");
        driver.lines();
        driver.press("?");
        driver.text("listening");
    });
}

#[test]
fn a_search_that_stays() {
    snapshots("copy_found", |driver| {
        busy(driver);
        driver.press("ctrl-] [");
        driver.lines();
        driver.press("? r r o r enter n");
    });
}

#[test]
fn what_is_laid_over_the_lines() {
    let shown = |keys: &str| {
        let mut driver = Driver::new(80, 24);
        busy(&mut driver);
        driver.press("ctrl-] [");
        driver.lines();
        driver.press(keys);
        format!("{keys}\n{}", laid_over(&driver))
    };
    let cases = [
        "k k $ ctrl-v k k h h",
        "k V k",
        "? e r r o r enter v $",
        "? 7 x backspace ] : enter",
        "H / i n g enter",
    ];
    insta::assert_snapshot!("laid_over", cases.map(shown).join("\n\n"));
}

#[test]
fn the_links_in_view() {
    snapshots("links", |driver| {
        busy(driver);
        driver.print("curl -v http://localhost:5000/health");
        driver.press("ctrl-] o");
    });
}

#[test]
fn a_file() {
    snapshots("file", |driver| {
        busy(driver);
        let text: String = (1..=400)
            .map(|n| match n {
                120 => "\tExecStart=/usr/bin/myapp \x1b]52;c;aGk=\x07\n".to_owned(),
                _ => format!("# line {n} of a file that is longer than the screen is high\n"),
            })
            .collect();
        driver.workspace(WorkspaceEvent::File {
            path: "/etc/systemd/system/myapp.service".into(),
            line: Some(120),
            content: Ok(FileContent { bytes: text.into_bytes(), size: 3_200_000 }),
        });
    });
}

#[test]
fn the_bell_and_a_title() {
    snapshots("bell", |driver| {
        working(driver);
        driver.print(
            "\x1b]2;vim /etc/systemd/system/myapp.service - a title longer than the pane\x07",
        );
        driver.workspace(WorkspaceEvent::Bell);
    });
}

#[test]
fn a_shell_that_was_lost() {
    snapshots("lost", |driver| {
        busy(driver);
        driver.workspace(WorkspaceEvent::ShellEnded(End::Lost {
            kind: "sandbox_stopped".into(),
            message: "The sandbox was stopped, and what ran in it with it; its files are kept"
                .into(),
            remedy: Some("look at the engine's log if you did not stop it".into()),
        }));
    });
}
