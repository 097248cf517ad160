//! What the docker command looks at to find its engine: variables, the home folder, the well-known
//! sockets. Taken once and passed in, so that tests never touch the process's own environment.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::platform::files::is_program;

/// The surroundings in which an engine is looked for.
#[derive(Debug, Clone, Default)]
pub struct Environment {
    vars: BTreeMap<String, String>,
    home: Option<PathBuf>,
    sockets: Vec<PathBuf>,
}

/// Where engines that run as root listen: Docker's, then Podman's.
const SYSTEM_SOCKETS: [&str; 2] = ["/var/run/docker.sock", "/run/podman/podman.sock"];

impl Environment {
    /// The process's own surroundings.
    pub fn from_process() -> Self {
        // Where upper and lower case are the same in names, `Path` is `PATH`.
        let name = |key: String| if cfg!(windows) { key.to_ascii_uppercase() } else { key };
        let vars = std::env::vars_os().filter_map(|(key, value)| {
            Some((name(key.into_string().ok()?), value.into_string().ok()?))
        });
        let home = directories::BaseDirs::new().map(|dirs| dirs.home_dir().to_owned());
        Self::new(vars, home).with_system_sockets(SYSTEM_SOCKETS.map(PathBuf::from))
    }

    /// Made-up surroundings, without any system socket.
    pub fn new(
        vars: impl IntoIterator<Item = (impl Into<String>, impl Into<String>)>,
        home: Option<PathBuf>,
    ) -> Self {
        let vars = vars.into_iter().map(|(key, value)| (key.into(), value.into())).collect();
        Self { vars, home, sockets: Vec::new() }
    }

    /// The same with these sockets as the system's, most wanted first.
    #[must_use]
    pub fn with_system_sockets(mut self, sockets: impl IntoIterator<Item = PathBuf>) -> Self {
        self.sockets = sockets.into_iter().collect();
        self
    }

    /// The same with a variable set.
    #[must_use]
    pub fn with_var(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.vars.insert(name.into(), value.into());
        self
    }

    /// A variable's value; like the docker command, an empty one counts as not set.
    pub fn var(&self, name: &str) -> Option<&str> {
        self.vars.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// The folder of the docker command's configuration.
    pub(super) fn docker_config(&self) -> Option<PathBuf> {
        match self.var("DOCKER_CONFIG") {
            Some(folder) => Some(PathBuf::from(folder)),
            None => self.home.as_ref().map(|home| home.join(".docker")),
        }
    }

    /// The sockets to try where nothing names one, most wanted first: Docker as root, rootless, and
    /// Desktop's; then Podman rootless and as root.
    pub(super) fn default_sockets(&self) -> Vec<PathBuf> {
        let runtime = self.var("XDG_RUNTIME_DIR").map(Path::new);
        let (docker, podman): (Vec<_>, Vec<_>) =
            self.sockets.iter().cloned().partition(|path| path.ends_with("docker.sock"));
        let mut sockets = docker;
        sockets.extend(runtime.map(|folder| folder.join("docker.sock")));
        sockets.extend(self.home.as_ref().map(|home| home.join(".docker/run/docker.sock")));
        sockets.extend(runtime.map(|folder| folder.join("podman/podman.sock")));
        sockets.extend(podman);
        sockets
    }

    /// Where a program is, by `PATH`.
    pub fn program(&self, name: &str) -> Option<PathBuf> {
        std::env::split_paths(self.var("PATH")?)
            .map(|folder| folder.join(name))
            .find(|path| is_program(path))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn default_sockets_go_from_docker_to_podman() {
        let environment =
            Environment::new([("XDG_RUNTIME_DIR", "/run/user/7")], Some("/home/ann".into()))
                .with_system_sockets(SYSTEM_SOCKETS.map(PathBuf::from));
        let sockets: Vec<_> =
            environment.default_sockets().iter().map(|path| path.display().to_string()).collect();
        assert_eq!(
            sockets,
            [
                "/var/run/docker.sock",
                "/run/user/7/docker.sock",
                "/home/ann/.docker/run/docker.sock",
                "/run/user/7/podman/podman.sock",
                "/run/podman/podman.sock",
            ]
        );
    }

    #[test]
    fn an_empty_variable_is_not_set() {
        let environment = Environment::new([("DOCKER_HOST", "")], None);
        assert_eq!(environment.var("DOCKER_HOST"), None);
    }

    #[cfg(unix)]
    #[test]
    fn programs_are_found_by_path_only() {
        let none = Environment::new([("PATH", "/nonexistent")], None);
        assert_eq!(none.program("sh"), None);
        let some = Environment::new([("PATH", "/nonexistent:/usr/bin:/bin")], None);
        assert!(some.program("sh").is_some());
    }
}
