//! The docker command's contexts: named endpoints kept in its configuration folder.
//!
//! ```text
//! config.json                                  "currentContext"
//! contexts/meta/SHA256(name)/meta.json         the address
//! contexts/tls/SHA256(name)/docker/*.pem       its certificates
//! ```

use std::fmt::Write;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};

use super::endpoint::{Endpoint, TlsFiles, parse};
use super::environment::Environment;
use crate::engine::{EngineError, Result};

#[derive(Deserialize)]
struct Config {
    #[serde(default, rename = "currentContext")]
    current_context: String,
}

#[derive(Deserialize)]
struct Meta {
    #[serde(rename = "Endpoints")]
    endpoints: Endpoints,
}

#[derive(Deserialize)]
struct Endpoints {
    docker: Option<DockerEndpoint>,
}

#[derive(Deserialize)]
struct DockerEndpoint {
    #[serde(default, rename = "Host")]
    host: String,
    #[serde(default, rename = "SkipTLSVerify")]
    skip_tls_verify: bool,
}

/// The endpoint of the context in use; `None` where that is the default one.
pub(super) fn current(environment: &Environment) -> Result<Option<Endpoint>> {
    let Some(folder) = environment.docker_config() else { return Ok(None) };
    let (name, origin) = if let Some(name) = environment.var("DOCKER_CONTEXT") {
        (name.to_owned(), "DOCKER_CONTEXT".to_owned())
    } else {
        let path = folder.join("config.json");
        match read_json::<Config>(&path)? {
            Some(config) => (config.current_context, path.display().to_string()),
            None => return Ok(None),
        }
    };
    if name.is_empty() || name == "default" {
        return Ok(None);
    }
    endpoint(&folder, &name, &origin).map(Some)
}

fn endpoint(folder: &Path, name: &str, origin: &str) -> Result<Endpoint> {
    let id = digest(name);
    let path = folder.join("contexts/meta").join(&id).join("meta.json");
    let wrong = |detail: String| EngineError::Configuration { detail };
    let meta: Meta = read_json(&path)?.ok_or_else(|| {
        wrong(format!("{origin} names the context {name:?}, but {} does not exist", path.display()))
    })?;
    let docker = meta
        .endpoints
        .docker
        .filter(|docker| !docker.host.is_empty())
        .ok_or_else(|| wrong(format!("the context {name:?} has no Docker endpoint")))?;
    let certificates: PathBuf = folder.join("contexts/tls").join(&id).join("docker");
    let tls = certificates.is_dir().then(|| TlsFiles::in_folder(&certificates));
    if docker.skip_tls_verify && docker.host.starts_with("tcp") {
        return Err(wrong(format!(
            "the context {name:?} skips the check of the engine's certificate, which drydock does not"
        )));
    }
    parse(&docker.host, tls, &format!("the address of the context {name:?}"))
}

/// How the docker command names a context's folder.
fn digest(name: &str) -> String {
    Sha256::digest(name.as_bytes()).iter().fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

/// A JSON file's content; `None` where there is no such file.
fn read_json<T: DeserializeOwned>(path: &Path) -> Result<Option<T>> {
    let wrong = |error: &dyn std::fmt::Display| EngineError::Configuration {
        detail: format!("{}: {error}", path.display()),
    };
    match std::fs::read(path) {
        Ok(bytes) => serde_json::from_slice(&bytes).map(Some).map_err(|error| wrong(&error)),
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            Ok(None)
        }
        Err(error) => Err(wrong(&error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A configuration folder with one context; its current context is `current`.
    fn folder(current: &str, name: &str, meta: &str) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        let config = format!(r#"{{"auths":{{}},"currentContext":"{current}"}}"#);
        std::fs::write(folder.path().join("config.json"), config).unwrap();
        let path = folder.path().join("contexts/meta").join(digest(name));
        std::fs::create_dir_all(&path).unwrap();
        std::fs::write(path.join("meta.json"), meta).unwrap();
        folder
    }

    fn environment(folder: &tempfile::TempDir) -> Environment {
        Environment::new([("DOCKER_CONFIG", folder.path().display().to_string())], None)
    }

    const LAB: &str =
        r#"{"Name":"lab","Endpoints":{"docker":{"Host":"tcp://lab:2376","SkipTLSVerify":false}}}"#;

    #[test]
    fn the_folder_is_the_names_digest() {
        assert_eq!(
            digest("default"),
            "37a8eec1ce19687d132fe29051dca629d164e2c4958ba141d5f4133a33f0688f"
        );
    }

    #[test]
    fn the_current_context_is_used_with_its_certificates() {
        let folder = folder("lab", "lab", LAB);
        let tls = folder.path().join("contexts/tls").join(digest("lab")).join("docker");
        std::fs::create_dir_all(&tls).unwrap();
        for file in ["ca.pem", "cert.pem", "key.pem"] {
            std::fs::write(tls.join(file), "").unwrap();
        }
        let Some(Endpoint::Tcp { host, port, tls: Some(files) }) =
            current(&environment(&folder)).unwrap()
        else {
            panic!();
        };
        assert_eq!((host.as_str(), port), ("lab", 2376));
        assert_eq!(files.identity, Some((tls.join("cert.pem"), tls.join("key.pem"))));
    }

    #[test]
    fn the_variable_wins_over_the_file_and_default_means_none() {
        let folder = folder("nonexistent", "lab", LAB);
        let chosen = environment(&folder).with_var("DOCKER_CONTEXT", "lab");
        assert!(current(&chosen).unwrap().is_some());
        let default = environment(&folder).with_var("DOCKER_CONTEXT", "default");
        assert_eq!(current(&default).unwrap(), None);
    }

    #[test]
    fn what_is_wrong_is_named() {
        let missing = folder("gone", "lab", LAB);
        let error = current(&environment(&missing)).unwrap_err().to_string();
        assert!(error.contains("\"gone\"") && error.contains("config.json"), "{error}");
        let broken = folder("lab", "lab", "{");
        let error = current(&environment(&broken)).unwrap_err().to_string();
        assert!(error.contains("meta.json"), "{error}");
        let unchecked = folder("lab", "lab", &LAB.replace("false", "true"));
        assert!(current(&environment(&unchecked)).is_err());
    }

    #[test]
    fn no_configuration_is_fine() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(current(&environment(&folder)).unwrap(), None);
        assert_eq!(current(&Environment::default()).unwrap(), None);
    }
}
