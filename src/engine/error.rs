//! What an engine can fail with, each case with its own sentence and remedy.

use crate::problem::{Exit, Problem};

/// Why an engine call failed. `Display` is one sentence for people; [`EngineError::remedy`] is what
/// helps.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EngineError {
    /// No engine and no client configuration was found.
    #[error("No Docker engine was found on this machine (looked for {looked})")]
    NotInstalled {
        /// The places that were tried.
        looked: String,
    },
    /// None of the engines can be used.
    #[error("No engine works here. {detail}")]
    NoEngine {
        /// Each engine's reason.
        detail: String,
        /// What helps with any of them.
        remedy: String,
    },
    /// There is an endpoint, but nothing answers.
    #[error("The Docker engine at {endpoint} does not answer: {detail}")]
    NotRunning {
        /// The endpoint tried.
        endpoint: String,
        /// The system's words.
        detail: String,
    },
    /// The socket refuses this user.
    #[error("This user may not use the Docker engine at {endpoint}")]
    PermissionDenied {
        /// The endpoint tried.
        endpoint: String,
    },
    /// The engine's disk, or ours, is full.
    #[error("The disk of the Docker engine is full: {detail}")]
    DiskFull {
        /// The engine's words.
        detail: String,
    },
    /// An image is neither here nor to be had.
    #[error("The image {image} is not on this engine: {detail}")]
    ImageMissing {
        /// The image's reference.
        image: String,
        /// Why it could not be had.
        detail: String,
    },
    /// An image is for another kind of processor.
    #[error("The image {image} is for {theirs}, and this engine is {here}")]
    OtherArchitecture {
        /// The image's reference.
        image: Box<str>,
        /// Its architecture in Docker's words: `arm64`.
        theirs: Box<str>,
        /// The engine's.
        here: Box<str>,
    },
    /// The native engine has no root made of this image.
    #[error(
        "The native engine runs this machine's own programs, and {image} is not unpacked for it"
    )]
    ImageNotUnpacked {
        /// The image's reference.
        image: String,
    },
    /// Something was made from the image and still needs it.
    #[error("The image {image} is in use: a sandbox, or a snapshot of one, lies on it")]
    ImageInUse {
        /// The image's reference.
        image: String,
    },
    /// The base system for our images could not be had in any of the known ways.
    #[error("No base system for the images could be had: {detail}")]
    NoBase {
        /// Each way tried and why it did not work.
        detail: String,
    },
    /// An image's build failed.
    #[error("Building {image} failed at \"{step}\": {detail}")]
    BuildFailed {
        /// The image's reference.
        image: String,
        /// The Dockerfile step.
        step: String,
        /// The last words of the build.
        detail: String,
    },
    /// The sandbox was removed behind our back.
    #[error("The sandbox {id} no longer exists: it was removed outside drydock")]
    SandboxGone {
        /// The sandbox.
        id: String,
    },
    /// The sandbox is there but does not run.
    #[error("The sandbox {id} has stopped")]
    SandboxStopped {
        /// The sandbox.
        id: String,
    },
    /// The sandbox is held where it is.
    #[error("The sandbox {id} is paused")]
    SandboxPaused {
        /// The sandbox.
        id: String,
    },
    /// There is no snapshot of that name.
    #[error("There is no snapshot \"{name}\" of this sandbox")]
    SnapshotMissing {
        /// The name.
        name: String,
    },
    /// There is one of that name already.
    #[error("There is a snapshot \"{name}\" already")]
    SnapshotExists {
        /// The name.
        name: String,
    },
    /// The connection broke in the middle of something.
    #[error("The connection to the engine broke: {detail}")]
    ConnectionLost {
        /// The system's words.
        detail: String,
    },
    /// It took too long.
    #[error("The engine did not finish in time: {what}")]
    Timeout {
        /// What was being waited for.
        what: String,
    },
    /// `--offline` forbids what would be needed.
    #[error("{what} needs the network, and --offline forbids it")]
    Offline {
        /// What would have needed it.
        what: String,
    },
    /// Client configuration (a context, a TLS file, `DOCKER_HOST`) is wrong.
    #[error("The Docker client configuration cannot be used: {detail}")]
    Configuration {
        /// What is wrong, and in which file or variable.
        detail: String,
    },
    /// This machine does not allow it, or lacks what it needs.
    #[error("This is not possible here: {detail}")]
    NotAllowedHere {
        /// What does not work, and why.
        detail: String,
        /// What helps.
        remedy: String,
    },
    /// Anything else the engine answered.
    #[error("The engine refused: {detail}")]
    Refused {
        /// The engine's words.
        detail: String,
    },
}

impl EngineError {
    /// The command or action that helps, where one is known.
    pub fn remedy(&self) -> Option<String> {
        let text = match self {
            Self::NotInstalled { .. } => {
                "install Docker or Podman (on Debian: sudo apt-get install docker.io), or point \
                 DOCKER_HOST at an engine; `drydock doctor` shows what is looked for"
            }
            Self::NotRunning { .. } => {
                "start it: sudo systemctl start docker (Docker Desktop: open the application); for \
                 Podman: systemctl --user start podman.socket"
            }
            Self::PermissionDenied { .. } => {
                "sudo usermod -aG docker \"$USER\", then log in again; or use rootless Podman: \
                 systemctl --user start podman.socket"
            }
            Self::DiskFull { .. } => {
                "docker system df shows what fills it; docker system prune frees it"
            }
            Self::ImageMissing { .. } => {
                "drydock images list shows those there are; images build builds ours"
            }
            Self::OtherArchitecture { .. } => {
                "get one for this machine; if it is on the engine, drydock images remove makes room for it"
            }
            Self::ImageNotUnpacked { .. } => {
                "drydock images import FILE unpacks it from an archive that drydock images export wrote \
                 on a machine with Docker; or use one here: drydock config set backend docker"
            }
            Self::ImageInUse { .. } => {
                "drydock status shows the sandboxes; drydock destroy ID removes one"
            }
            Self::NoBase { .. } => {
                "any one of these helps: docker pull debian:bookworm-slim (with a network); \
                 sudo apt-get install mmdebstrap, then drydock images build; \
                 drydock images build --base IMAGE with a Debian image you have"
            }
            Self::BuildFailed { .. } => "drydock images build --verbose shows the whole build",
            Self::SandboxGone { .. } => "drydock launch makes a new one; your progress is kept",
            Self::SandboxStopped { .. } => "drydock launch starts it again; its files are kept",
            Self::SandboxPaused { .. } => "drydock launch lets it go on",
            Self::SnapshotMissing { .. } => "drydock rewind --list shows what there is",
            Self::SnapshotExists { .. } => "choose another name; drydock rewind --list shows them",
            Self::ConnectionLost { .. } => "drydock doctor tells whether the engine is back",
            Self::Timeout { .. } => "try again; drydock doctor tells whether the engine answers",
            Self::Offline { .. } => "run it once without --offline, or drydock images import FILE",
            Self::Configuration { .. } => "docker context ls shows what the docker command uses",
            Self::NotAllowedHere { remedy, .. } | Self::NoEngine { remedy, .. } => remedy,
            Self::Refused { .. } => return None,
        };
        Some(text.to_owned())
    }

    /// A stable word for scripts.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::NotInstalled { .. } => "engine_not_installed",
            Self::NoEngine { .. } => "engine_none",
            Self::NotRunning { .. } => "engine_not_running",
            Self::PermissionDenied { .. } => "engine_permission_denied",
            Self::DiskFull { .. } => "engine_disk_full",
            Self::ImageMissing { .. } => "image_missing",
            Self::OtherArchitecture { .. } => "image_architecture",
            Self::ImageNotUnpacked { .. } => "image_not_unpacked",
            Self::ImageInUse { .. } => "image_in_use",
            Self::NoBase { .. } => "image_no_base",
            Self::BuildFailed { .. } => "image_build_failed",
            Self::SandboxGone { .. } => "sandbox_gone",
            Self::SandboxStopped { .. } => "sandbox_stopped",
            Self::SandboxPaused { .. } => "sandbox_paused",
            Self::SnapshotMissing { .. } => "unknown_snapshot",
            Self::SnapshotExists { .. } => "snapshot_exists",
            Self::ConnectionLost { .. } => "engine_connection_lost",
            Self::Timeout { .. } => "engine_timeout",
            Self::Offline { .. } => "offline",
            Self::Configuration { .. } => "engine_configuration",
            Self::NotAllowedHere { .. } => "engine_not_allowed_here",
            Self::Refused { .. } => "engine_refused",
        }
    }
}

impl From<EngineError> for Problem {
    fn from(error: EngineError) -> Self {
        let problem = Self::new(error.kind(), Exit::Environment, error.to_string());
        match error.remedy() {
            Some(remedy) => problem.remedy(remedy),
            None => problem,
        }
    }
}
