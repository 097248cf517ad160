//! From what bollard, hyper and the engine say to an [`EngineError`].
//!
//! The engine's HTTP status is not enough: a missing file, container and image are all 404. Its
//! message decides, in Docker's words and in Podman's.

use std::error::Error as StdError;
use std::io;

use bollard::errors::Error as BollardError;
use serde::Deserialize;

use crate::engine::{EngineError, SandboxId};

/// How much of an engine's message is kept: some contain a whole command line.
const MESSAGE_LIMIT: usize = 600;

/// What a request was about.
#[derive(Debug, Clone, Copy)]
pub(super) enum Subject<'a> {
    /// A sandbox.
    Sandbox(&'a SandboxId),
    /// An image.
    Image(&'a str),
    /// The engine as a whole.
    Engine,
}

/// A failed call about a sandbox.
pub(super) fn of_sandbox(id: &SandboxId) -> impl Fn(BollardError) -> EngineError + '_ {
    move |error| of_call(error, Subject::Sandbox(id))
}

/// A failed call about an image.
pub(super) fn of_image(reference: &str) -> impl Fn(BollardError) -> EngineError + '_ {
    move |error| of_call(error, Subject::Image(reference))
}

/// A failed call about nothing in particular.
pub(super) fn of_engine(error: BollardError, endpoint: &str) -> EngineError {
    tracing::debug!(endpoint, %error, "engine call failed");
    of_call(error, Subject::Engine)
}

/// A failed bollard call.
pub(super) fn of_call(error: BollardError, subject: Subject<'_>) -> EngineError {
    match error {
        BollardError::DockerResponseServerError { status_code, message } => {
            of_message(Some(status_code), &message, subject)
        }
        BollardError::DockerStreamError { error }
        | BollardError::DockerContainerWaitError { error, .. } => of_message(None, &error, subject),
        BollardError::RequestTimeoutError => {
            EngineError::Timeout { what: "no answer to a request".to_owned() }
        }
        // Transparent wrappers hide what they wrap from `source`.
        BollardError::IOError { err } => of_connection(&err, "the engine"),
        BollardError::HyperResponseError { err } => of_connection(&err, "the engine"),
        BollardError::HyperLegacyError { err } => of_connection(&err, "the engine"),
        other => of_message(None, &format!("an answer that makes no sense: {other}"), subject),
    }
}

/// A request that the engine answered with an error status.
pub(super) fn of_answer(status: u16, body: &[u8], subject: Subject<'_>) -> EngineError {
    #[derive(Deserialize)]
    struct Answer {
        message: String,
    }
    let message = serde_json::from_slice::<Answer>(body)
        .map_or_else(|_| String::from_utf8_lossy(body).into_owned(), |answer| answer.message);
    of_message(Some(status), &message, subject)
}

fn of_message(status: Option<u16>, message: &str, subject: Subject<'_>) -> EngineError {
    let lower = message.to_lowercase();
    let says = |phrases: &[&str]| phrases.iter().any(|phrase| lower.contains(phrase));
    let detail = || message.trim().chars().take(MESSAGE_LIMIT).collect::<String>();

    if says(&["no space left on device", "disk quota exceeded"]) {
        return EngineError::DiskFull { detail: detail() };
    }
    match subject {
        Subject::Sandbox(id) => {
            let id = id.to_string();
            if says(&["no such container", "no container with name or id", "no such exec"]) {
                return EngineError::SandboxGone { id };
            }
            if says(&["is paused"]) {
                return EngineError::SandboxPaused { id };
            }
            if says(&["is not running", "container state improper", "stopped container"]) {
                return EngineError::SandboxStopped { id };
            }
        }
        Subject::Image(image) => {
            let missing = says(&["no such image", "image not known", "unable to find a name"]);
            if missing || status == Some(404) {
                return EngineError::ImageMissing { image: image.to_owned(), detail: detail() };
            }
        }
        Subject::Engine => {}
    }
    EngineError::Refused { detail: detail() }
}

/// A connection that could not be made or broke.
pub(super) fn of_connection(error: &(dyn StdError + 'static), endpoint: &str) -> EngineError {
    let mut words = None;
    let mut cause = Some(error);
    while let Some(error) = cause {
        if let Some(known) = known(error) {
            return known;
        }
        if let Some(error) = error.downcast_ref::<io::Error>()
            && error.kind() == io::ErrorKind::StorageFull
        {
            return EngineError::DiskFull { detail: error.to_string() };
        }
        words = Some(error.to_string());
        cause = error.source();
    }
    let words = words.unwrap_or_default();
    EngineError::ConnectionLost { detail: format!("{endpoint}: {words}") }
}

/// One of ours that went through another crate's error type.
fn known(error: &(dyn StdError + 'static)) -> Option<EngineError> {
    if let Some(error) = error.downcast_ref::<EngineError>() {
        return Some(error.clone());
    }
    let inner = error.downcast_ref::<io::Error>()?.get_ref()?;
    inner.downcast_ref::<EngineError>().cloned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answered(status: u16, message: &str, subject: Subject<'_>) -> EngineError {
        let message = message.to_owned();
        of_call(BollardError::DockerResponseServerError { status_code: status, message }, subject)
    }

    #[test]
    fn docker_and_podman_say_the_same_things_differently() {
        let id = SandboxId("abc".to_owned());
        let gone = EngineError::SandboxGone { id: "abc".to_owned() };
        let stopped = EngineError::SandboxStopped { id: "abc".to_owned() };
        let paused = EngineError::SandboxPaused { id: "abc".to_owned() };
        for (status, message, expected) in [
            (404, "No such container: abc", &gone),
            (404, "no container with name or ID \"abc\" found: no such container", &gone),
            (404, "No such exec instance: abc", &gone),
            (409, "Container abc is not running", &stopped),
            (409, "Container abc is paused, unpause the container before exec", &paused),
            (
                409,
                "can only create exec sessions on running containers: container state improper",
                &stopped,
            ),
        ] {
            assert_eq!(&answered(status, message, Subject::Sandbox(&id)), expected, "{message}");
        }
    }

    #[test]
    fn a_missing_file_is_not_a_missing_sandbox() {
        let id = SandboxId("abc".to_owned());
        let error =
            answered(404, "Could not find the file /x in container abc", Subject::Sandbox(&id));
        assert!(matches!(error, EngineError::Refused { .. }), "{error:?}");
    }

    #[test]
    fn a_full_disk_is_told_whatever_was_done() {
        let message = "mkdir /var/lib/docker/x: No space left on device";
        let id = SandboxId("abc".to_owned());
        for subject in [Subject::Engine, Subject::Image("x"), Subject::Sandbox(&id)] {
            let error = answered(500, message, subject);
            assert!(matches!(error, EngineError::DiskFull { .. }), "{error:?}");
        }
    }

    #[test]
    fn our_own_errors_survive_the_way_through_bollard() {
        let ours = EngineError::PermissionDenied { endpoint: "unix:///x".to_owned() };
        let wrapped = BollardError::from(io::Error::other(ours.clone()));
        assert_eq!(of_call(wrapped, Subject::Engine), ours);
    }

    #[test]
    fn a_broken_pipe_is_a_lost_connection() {
        let broken = BollardError::from(io::Error::from(io::ErrorKind::BrokenPipe));
        let error = of_call(broken, Subject::Engine);
        assert!(matches!(error, EngineError::ConnectionLost { .. }), "{error:?}");
    }
}
