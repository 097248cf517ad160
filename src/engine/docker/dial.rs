//! Opening a byte stream to an engine, whatever the endpoint is made of.
//!
//! Where nobody named an endpoint, the first default socket that answers is kept for good; if none
//! does, the error is the most telling of theirs.

use std::io::ErrorKind;
use std::path::Path;
use std::sync::OnceLock;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;

use super::endpoint::{Endpoint, Target};
use super::environment::Environment;
use super::{ssh, tls};
use crate::engine::{EngineError, Result};
use crate::platform::socket;

/// A connected stream of any kind.
pub(super) trait Io: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Io for T {}

/// Makes connections to one engine.
#[derive(Debug)]
pub(super) struct Dialer {
    target: Target,
    environment: Environment,
    /// The default socket that answered first.
    found: OnceLock<Endpoint>,
}

impl Dialer {
    pub(super) fn new(target: Target, environment: Environment) -> Self {
        Self { target, environment, found: OnceLock::new() }
    }

    /// The endpoint in use, for people; before the first connection, what will be tried.
    pub(super) fn endpoint(&self) -> String {
        match (&self.target, self.found.get()) {
            (Target::Named(endpoint), _) | (_, Some(endpoint)) => endpoint.to_string(),
            (Target::AnyOf(endpoints), None) => list(endpoints),
        }
    }

    /// A new connection.
    pub(super) async fn dial(&self) -> Result<Box<dyn Io>> {
        match (&self.target, self.found.get()) {
            (Target::Named(endpoint), _) | (_, Some(endpoint)) => self.connect(endpoint).await,
            (Target::AnyOf(endpoints), None) => self.search(endpoints).await,
        }
    }

    async fn search(&self, endpoints: &[Endpoint]) -> Result<Box<dyn Io>> {
        let mut telling = None;
        for endpoint in endpoints {
            if matches!(endpoint, Endpoint::Unix(path) if is_absent(path)) {
                continue;
            }
            match self.connect(endpoint).await {
                Ok(stream) => {
                    tracing::debug!(%endpoint, "engine found");
                    let _ = self.found.set(endpoint.clone());
                    return Ok(stream);
                }
                // A socket that refuses us says more than one that nobody listens on.
                Err(error) => match (&error, &telling) {
                    (
                        EngineError::PermissionDenied { .. },
                        Some(EngineError::NotRunning { .. }),
                    )
                    | (_, None) => telling = Some(error),
                    _ => {}
                },
            }
        }
        Err(telling.unwrap_or_else(|| self.absent(endpoints)))
    }

    /// No socket anywhere: an engine that is installed has only to be started.
    fn absent(&self, endpoints: &[Endpoint]) -> EngineError {
        let installed = [("dockerd", "docker"), ("podman", "podman")]
            .into_iter()
            .find_map(|(program, product)| self.environment.program(program).map(|_| product));
        let socket = installed.and_then(|product| {
            endpoints.iter().find(|endpoint| endpoint.to_string().contains(product))
        });
        match (installed, socket) {
            (Some(product), Some(socket)) => EngineError::NotRunning {
                endpoint: socket.to_string(),
                detail: format!("{product} is installed, but its socket does not exist"),
            },
            _ => EngineError::NotInstalled { looked: list(endpoints) },
        }
    }

    async fn connect(&self, endpoint: &Endpoint) -> Result<Box<dyn Io>> {
        let refused = |error: std::io::Error| match error.kind() {
            ErrorKind::PermissionDenied => {
                EngineError::PermissionDenied { endpoint: endpoint.to_string() }
            }
            // This system has no such thing.
            ErrorKind::Unsupported => EngineError::Configuration { detail: error.to_string() },
            _ => EngineError::NotRunning {
                endpoint: endpoint.to_string(),
                detail: error.to_string(),
            },
        };
        match endpoint {
            Endpoint::Unix(path) => Ok(Box::new(socket::at(path).await.map_err(refused)?)),
            Endpoint::Pipe(name) => Ok(Box::new(socket::pipe(name).await.map_err(refused)?)),
            Endpoint::Tcp { host, port, tls: files } => {
                let stream = TcpStream::connect((host.as_str(), *port)).await.map_err(refused)?;
                // Keys are single bytes: they must not wait to be gathered.
                stream.set_nodelay(true).map_err(refused)?;
                match files {
                    None => Ok(Box::new(stream)),
                    Some(files) => Ok(Box::new(tls::wrap(stream, host, files, endpoint).await?)),
                }
            }
            Endpoint::Ssh { destination, port } => {
                Ok(Box::new(ssh::connect(&self.environment, destination, *port, endpoint)?))
            }
        }
    }
}

/// Whether there is nothing at a path; one that may not be looked at is there.
fn is_absent(path: &Path) -> bool {
    matches!(std::fs::symlink_metadata(path), Err(error)
        if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory))
}

fn list(endpoints: &[Endpoint]) -> String {
    endpoints.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

#[cfg(all(test, unix))]
mod tests {
    use std::path::PathBuf;

    use super::*;

    fn dialer(environment: Environment) -> Dialer {
        let endpoints = environment.default_sockets().into_iter().map(Endpoint::Unix).collect();
        Dialer::new(Target::AnyOf(endpoints), environment)
    }

    async fn error(dialer: &Dialer) -> EngineError {
        match dialer.dial().await {
            Ok(_) => panic!("connected"),
            Err(error) => error,
        }
    }

    /// A socket file that nobody listens on any more.
    fn dead_socket(path: &Path) {
        drop(std::os::unix::net::UnixListener::bind(path).unwrap());
    }

    #[tokio::test]
    async fn no_socket_and_no_program_means_not_installed() {
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("docker.sock");
        let error = error(&dialer(Environment::default().with_system_sockets([socket]))).await;
        assert!(
            matches!(&error, EngineError::NotInstalled { looked }
            if looked.contains("docker.sock")),
            "{error:?}"
        );
    }

    #[tokio::test]
    async fn no_socket_but_a_program_means_not_running() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let program = folder.path().join("dockerd");
        std::fs::write(&program, "").unwrap();
        std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
        let path = folder.path().display().to_string();
        let environment = Environment::new([("PATH", path)], None)
            .with_system_sockets([folder.path().join("docker.sock")]);
        let error = error(&dialer(environment)).await;
        assert!(matches!(error, EngineError::NotRunning { .. }), "{error:?}");
    }

    #[tokio::test]
    async fn a_dead_socket_means_not_running_and_the_next_one_is_tried() {
        let folder = tempfile::tempdir().unwrap();
        let dead = folder.path().join("docker.sock");
        dead_socket(&dead);
        let podman = folder.path().join("podman.sock");
        let environment = Environment::default().with_system_sockets([dead, podman.clone()]);
        let dialer = dialer(environment);
        let error = error(&dialer).await;
        assert!(
            matches!(&error, EngineError::NotRunning { endpoint, .. }
            if endpoint.ends_with("docker.sock")),
            "{error:?}"
        );

        let _listener = tokio::net::UnixListener::bind(&podman).unwrap();
        assert!(dialer.dial().await.is_ok());
        assert!(dialer.endpoint().ends_with("podman.sock"), "{}", dialer.endpoint());
    }

    #[tokio::test]
    async fn a_named_endpoint_is_the_only_one() {
        let target = Target::Named(Endpoint::Unix(PathBuf::from("/nonexistent/docker.sock")));
        let error = error(&Dialer::new(target, Environment::default())).await;
        assert!(matches!(error, EngineError::NotRunning { .. }), "{error:?}");
    }
}
