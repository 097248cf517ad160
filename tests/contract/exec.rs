//! Programs without a terminal.

use drydock::engine::{ExecSpec, Output};
use futures_util::StreamExt;
use tokio::io::AsyncWriteExt;

use super::{Lab, noise, program, within};

pub(crate) async fn a_megabyte_goes_through_unharmed(lab: Lab) {
    let sandbox = lab.sandbox().await;
    let bytes = noise(1 << 20);
    let (status, stdout, stderr) = lab.exec(&sandbox.id, &["cat"], &bytes).await;
    assert!(stdout == bytes, "{} bytes came back", stdout.len());
    assert_eq!((status, stderr.len()), (Some(0), 0));
    // The bytes that the engine's own framing consists of.
    let frames = [1, 0, 0, 0, 0, 0, 0, 9, 2, 2, 2, 0, 0, 0].repeat(1000);
    assert!(lab.exec(&sandbox.id, &["cat"], &frames).await.1 == frames);
}

pub(crate) async fn outputs_are_apart_and_the_status_is_told(lab: Lab) {
    let sandbox = lab.sandbox().await;
    let script = "echo out; echo err >&2; cat; exit 7";
    let (status, stdout, stderr) = lab.exec(&sandbox.id, &["sh", "-c", script], b"in\n").await;
    assert_eq!(status, Some(7));
    assert_eq!((stdout.as_slice(), stderr.as_slice()), (&b"out\nin\n"[..], &b"err\n"[..]));
    let mut running =
        lab.engine.exec(&sandbox.id, &program(&["sh", "-c", "echo; cat"])).await.unwrap();
    within(running.output.next()).await.unwrap().unwrap();
    assert_eq!(running.status.get().await.unwrap(), None);
}

pub(crate) async fn arguments_and_variables_arrive_as_they_are(lab: Lab) {
    let sandbox = lab.sandbox().await;
    let odd = "a 'b' \"c\" $d\n\\e\u{fc}";
    let (_, stdout, _) = lab.exec(&sandbox.id, &["printf", "%s|", odd, ""], b"").await;
    assert_eq!(String::from_utf8(stdout).unwrap(), format!("{odd}||"));
    let spec = ExecSpec {
        env: [("ODD".to_owned(), odd.to_owned())].into(),
        user: Some("root".to_owned()),
        ..program(&["sh", "-c", "printf %s \"$ODD\"; id -un"])
    };
    let mut stream = lab.engine.exec(&sandbox.id, &spec).await.unwrap();
    let mut text = String::new();
    while let Some(output) = within(stream.output.next()).await {
        let Output::Stdout(bytes) = output.unwrap() else { panic!("stderr") };
        text.push_str(std::str::from_utf8(&bytes).unwrap());
    }
    // Where there is one number, its first name is the learner's.
    let root = if lab.engine.offers().multiple_users.is_ok() { "root" } else { "learner" };
    assert_eq!(text, format!("{odd}{root}\n"));
}

pub(crate) async fn one_connection_answers_again_and_again(lab: Lab) {
    let sandbox = lab.sandbox().await;
    let mut stream = lab.engine.exec(&sandbox.id, &program(&["sh"])).await.unwrap();
    for round in 0..50 {
        stream.stdin.write_all(format!("echo {round}\n").as_bytes()).await.unwrap();
        stream.stdin.flush().await.unwrap();
        let answer = within(stream.output.next()).await.unwrap().unwrap();
        assert_eq!(answer, Output::Stdout(format!("{round}\n").into()));
    }
}

pub(crate) async fn a_missing_program_fails_like_one(lab: Lab) {
    let sandbox = lab.sandbox().await;
    let (status, ..) = lab.exec(&sandbox.id, &["no-such-program"], b"").await;
    assert!(matches!(status, Some(126 | 127)), "{status:?}");
}

pub(crate) async fn dropping_ends_the_input(lab: Lab) {
    let sandbox = lab.sandbox().await;
    let marker = "sh -c 'echo ready; cat >/dev/null; touch /tmp/ended'";
    let mut stream = lab.engine.exec(&sandbox.id, &program(&["sh", "-c", marker])).await.unwrap();
    within(stream.output.next()).await.unwrap().unwrap();
    drop(stream);
    let ended = "test -e /tmp/ended";
    within(async { while lab.sh(&sandbox.id, ended).await.0 != Some(0) {} }).await;
}
