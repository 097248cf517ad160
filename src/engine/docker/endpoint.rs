//! Which engine to talk to, decided as the docker command decides it.
//!
//! In order: `DOCKER_HOST`; the context named by `DOCKER_CONTEXT`; the configuration's current
//! context; the sockets where an engine usually listens.

use std::fmt;
use std::path::{Path, PathBuf};

use super::context;
use super::environment::Environment;
use crate::engine::{EngineError, Result};

/// Docker's registered ports.
const PLAIN_PORT: u16 = 2375;
const TLS_PORT: u16 = 2376;

/// Where engines listen on Windows: Docker's, and Desktop's for Linux.
const PIPES: [&str; 2] = [r"\\.\pipe\docker_engine", r"\\.\pipe\dockerDesktopLinuxEngine"];

/// One way to reach an engine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Endpoint {
    /// A socket on this machine.
    Unix(PathBuf),
    /// A named pipe of Windows, by the name that Windows gives it.
    Pipe(String),
    /// A TCP port, with TLS where there is material for it.
    Tcp { host: String, port: u16, tls: Option<TlsFiles> },
    /// The remote docker command's `dial-stdio`, through the ssh program.
    Ssh { destination: String, port: Option<u16> },
}

/// The files that make a TLS connection: who is trusted and who we are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct TlsFiles {
    /// Authorities that may have signed the engine's certificate.
    pub(super) ca: PathBuf,
    /// Our certificate and its key, where the engine wants one.
    pub(super) identity: Option<(PathBuf, PathBuf)>,
}

impl TlsFiles {
    /// The three files by the names that the docker command gives them.
    pub(super) fn in_folder(folder: &Path) -> Self {
        let (cert, key) = (folder.join("cert.pem"), folder.join("key.pem"));
        let identity = (cert.exists() || key.exists()).then_some((cert, key));
        Self { ca: folder.join("ca.pem"), identity }
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unix(path) => write!(f, "unix://{}", path.display()),
            Self::Pipe(name) => write!(f, "npipe://{}", name.replace('\\', "/")),
            Self::Tcp { host, port, .. } if host.contains(':') => {
                write!(f, "tcp://[{host}]:{port}")
            }
            Self::Tcp { host, port, .. } => write!(f, "tcp://{host}:{port}"),
            Self::Ssh { destination, port: None } => write!(f, "ssh://{destination}"),
            Self::Ssh { destination, port: Some(port) } => write!(f, "ssh://{destination}:{port}"),
        }
    }
}

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Target {
    /// The user named this one; no other will do.
    Named(Endpoint),
    /// Nobody named one: the first of these that answers.
    AnyOf(Vec<Endpoint>),
}

/// Finds the engine's endpoint; reads configuration files but makes no connection.
pub(super) fn resolve(environment: &Environment) -> Result<Target> {
    if let Some(host) = environment.var("DOCKER_HOST") {
        let tls =
            environment.var("DOCKER_TLS_VERIFY").map(|_| tls_files(environment)).transpose()?;
        return Ok(Target::Named(parse(host, tls, "DOCKER_HOST")?));
    }
    if let Some(endpoint) = context::current(environment)? {
        return Ok(Target::Named(endpoint));
    }
    let endpoints = if cfg!(windows) {
        PIPES.map(|name| Endpoint::Pipe(name.to_owned())).into()
    } else {
        environment.default_sockets().into_iter().map(Endpoint::Unix).collect()
    };
    Ok(Target::AnyOf(endpoints))
}

fn tls_files(environment: &Environment) -> Result<TlsFiles> {
    let folder = match environment.var("DOCKER_CERT_PATH") {
        Some(folder) => PathBuf::from(folder),
        None => environment.docker_config().ok_or_else(|| EngineError::Configuration {
            detail:
                "DOCKER_TLS_VERIFY is set, but neither DOCKER_CERT_PATH nor a home folder says \
                     where the certificates are"
                    .to_owned(),
        })?,
    };
    Ok(TlsFiles::in_folder(&folder))
}

/// Reads an address such as `tcp://host:2376`; `origin` is where it was written.
pub(super) fn parse(address: &str, tls: Option<TlsFiles>, origin: &str) -> Result<Endpoint> {
    let wrong = |detail: &str| EngineError::Configuration {
        detail: format!("{origin} is {address:?}: {detail}"),
    };
    // The docker command takes an address without a scheme for TCP.
    let (scheme, rest) = address.split_once("://").unwrap_or(("tcp", address));
    match scheme {
        "unix" if rest.starts_with('/') => Ok(Endpoint::Unix(PathBuf::from(rest))),
        "unix" => Err(wrong("the path of a unix socket is absolute: unix:///path")),
        "tcp" | "http" | "https" => {
            let default = if tls.is_some() { TLS_PORT } else { PLAIN_PORT };
            let authority = rest.split('/').next().unwrap_or_default();
            let (host, port) = host_and_port(authority).ok_or_else(|| wrong("not HOST:PORT"))?;
            if scheme == "https" && tls.is_none() {
                return Err(wrong("TLS needs DOCKER_TLS_VERIFY=1 and DOCKER_CERT_PATH"));
            }
            Ok(Endpoint::Tcp { host, port: port.unwrap_or(default), tls })
        }
        "ssh" => {
            let authority = rest.split('/').next().unwrap_or_default();
            let (user, address) = match authority.rsplit_once('@') {
                Some((user, address)) => (Some(user), address),
                None => (None, authority),
            };
            let (host, port) = host_and_port(address).ok_or_else(|| wrong("not USER@HOST:PORT"))?;
            // ssh would take a leading dash for an option.
            if user.unwrap_or(&host).starts_with('-') || host.starts_with('-') {
                return Err(wrong("neither user nor host starts with a dash"));
            }
            let destination = user.map_or_else(|| host.clone(), |user| format!("{user}@{host}"));
            Ok(Endpoint::Ssh { destination, port })
        }
        "npipe" if cfg!(windows) && rest.starts_with("//") => {
            Ok(Endpoint::Pipe(rest.replace('/', "\\")))
        }
        "npipe" => Err(wrong("named pipes are there on Windows only, as npipe:////./pipe/NAME")),
        "fd" => Err(wrong("fd:// is for the engine itself; use unix:///var/run/docker.sock")),
        _ => Err(wrong("unix://, tcp:// and ssh:// are understood")),
    }
}

/// `host`, `host:port`, `[v6]` or `[v6]:port`.
fn host_and_port(authority: &str) -> Option<(String, Option<u16>)> {
    let (host, port) = match authority.strip_prefix('[') {
        Some(rest) => {
            let (host, rest) = rest.split_once(']')?;
            (host, rest.strip_prefix(':').or(if rest.is_empty() { None } else { Some("x") }))
        }
        None => match authority.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (authority, None),
        },
    };
    let host = if host.is_empty() { "localhost" } else { host };
    let port = match port {
        None | Some("") => None,
        Some(port) => Some(port.parse().ok()?),
    };
    Some((host.to_owned(), port))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tcp(host: &str, port: u16) -> Endpoint {
        Endpoint::Tcp { host: host.to_owned(), port, tls: None }
    }

    #[test]
    fn addresses_are_read_as_docker_reads_them() {
        let read = |address| parse(address, None, "DOCKER_HOST").unwrap();
        assert_eq!(read("unix:///a/b.sock"), Endpoint::Unix("/a/b.sock".into()));
        assert_eq!(read("tcp://box:99"), tcp("box", 99));
        assert_eq!(read("tcp://box"), tcp("box", PLAIN_PORT));
        assert_eq!(read("tcp://[::1]:99/"), tcp("::1", 99));
        assert_eq!(read("tcp://[::1]"), tcp("::1", PLAIN_PORT));
        assert_eq!(read(":99"), tcp("localhost", 99));
        assert_eq!(
            read("ssh://ann@box:22/run/docker.sock"),
            Endpoint::Ssh { destination: "ann@box".to_owned(), port: Some(22) }
        );
        assert_eq!(read("tcp://[::1]:99").to_string(), "tcp://[::1]:99");
    }

    #[test]
    fn wrong_addresses_name_their_origin() {
        for address in [
            "tcp://box:port",
            "tcp://[::1]99",
            "unix://relative",
            "ssh://-oProxyCommand=x",
            "ssh://ann@-x",
            "npipe:////./pipe/docker_engine",
            "gopher://box",
            "https://box",
        ] {
            let error = parse(address, None, "DOCKER_HOST").unwrap_err();
            assert!(
                matches!(&error, EngineError::Configuration { detail }
                if detail.contains("DOCKER_HOST") && detail.contains(address)),
                "{address}: {error}"
            );
        }
    }

    #[test]
    fn docker_host_wins_and_brings_its_certificates() {
        let folder = tempfile::tempdir().unwrap();
        let config = folder.path().join("config.json");
        std::fs::write(&config, r#"{"currentContext":"other"}"#).unwrap();
        let folder = folder.path().display().to_string();
        let environment = Environment::new(
            [
                ("DOCKER_HOST", "tcp://box"),
                ("DOCKER_CONTEXT", "nonexistent"),
                ("DOCKER_CONFIG", &folder),
                ("DOCKER_TLS_VERIFY", "1"),
            ],
            None,
        );
        let Ok(Target::Named(Endpoint::Tcp { port, tls: Some(tls), .. })) = resolve(&environment)
        else {
            panic!("{:?}", resolve(&environment));
        };
        assert_eq!(port, TLS_PORT);
        assert_eq!(tls.ca, Path::new(&folder).join("ca.pem"));
    }

    #[test]
    fn without_any_hint_the_default_sockets_are_tried() {
        let environment = Environment::new([("XDG_RUNTIME_DIR", "/run/user/7")], None);
        let Ok(Target::AnyOf(endpoints)) = resolve(&environment) else { panic!() };
        assert_eq!(endpoints.len(), 2);
        assert_eq!(endpoints[0].to_string(), "unix:///run/user/7/docker.sock");
    }
}
