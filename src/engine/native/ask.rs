//! What this machine gives the native engine, and what helps where it gives too little.
//!
//! Whether a user may make the namespaces is asked by making them, in a part of this program that ends
//! with them: no setting tells it for certain.

use std::path::PathBuf;

use rustix::mount::{MountFlags, MountPropagationFlags, mount, mount_change};

use super::ids::{COUNT, Ids};
use super::launch::NAMESPACES;
use super::{Limiter, Native, init, network, sys};
use crate::engine::{Lack, Result};

/// The first kernel that lets users lay file systems over each other.
const KERNEL: (u32, u32) = (5, 11);

/// What gives a user further numbers: the programs, and a part of `/etc/subuid` and `/etc/subgid`.
pub(super) const MORE_IDS: &str = "sudo apt-get install uidmap && sudo usermod --add-subuids \
    100000-165535 --add-subgids 100000-165535 \"$USER\"";

/// What there is, for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    /// How many users and groups a sandbox has, and by whose leave.
    pub users: u32,
    /// Which numbers they are on this machine.
    pub numbers: String,
    /// How limits are held.
    pub limiter: Limiter,
    /// What connects a sandbox to a network, or why nothing does.
    pub network: std::result::Result<PathBuf, Lack>,
}

impl Native {
    /// Whether this user may have sandboxes on this machine, asked by making the namespaces of one.
    pub async fn possible(&self) -> Result<()> {
        let ids = serde_json::to_string(&self.ids).unwrap_or_default();
        self.part(&["try".as_ref(), ids.as_ref()], None).await
    }

    /// What a sandbox of this user has here.
    pub fn facts(&self) -> Facts {
        let (users, numbers) = match self.ids {
            Ids::Apart { users, .. } => (COUNT, format!("{users} and up, which nobody else has")),
            Ids::Subordinate { users, .. } => {
                (COUNT, format!("your own and {users} and up, of /etc/subuid"))
            }
            Ids::One => (1, "your own: root and learner are the same in a sandbox".to_owned()),
        };
        let network = network::Tool::find().map(|tool| tool.path().to_owned());
        Facts { users, numbers, limiter: self.limits(), network }
    }

    /// Why no init system can run in a sandbox, if so.
    pub(super) fn no_init_system(&self) -> Option<Lack> {
        if let Some(Lack { reason, remedy }) = self.one_user() {
            return Some(Lack::new(format!("that needs several users, and {reason}"), remedy));
        }
        if !self.limits().can_delegate() {
            return Some(Lack::new(
                "no control group of version 2 can be handed to a sandbox here",
                "log in by a session of systemd, or use Docker: drydock config set backend docker",
            ));
        }
        if !init::of_machine() && !self.has_image("systemd") {
            return Some(Lack::new(
                "this machine has no systemd, and no image with one is unpacked",
                "drydock images import FILE, of a file that drydock images export wrote elsewhere",
            ));
        }
        None
    }

    /// Why there is one user only in a sandbox, if so.
    pub fn one_user(&self) -> Option<Lack> {
        (!self.ids.several()).then(|| {
            Lack::new(
                "this user has no further user numbers here (/etc/subuid, newuidmap)",
                MORE_IDS,
            )
        })
    }
}

/// Makes the namespaces of a sandbox, and a mount in them; they go with this process.
pub(super) fn attempt(ids: Ids) -> std::result::Result<(), String> {
    let release = rustix::system::uname().release().to_string_lossy().into_owned();
    if kernel(&release).is_some_and(|version| version < KERNEL) {
        let (major, minor) = KERNEL;
        return Err(format!(
            "the native engine needs Linux {major}.{minor}, and this is {release}"
        ));
    }
    ids.enter()?;
    sys::unshare(NAMESPACES)
        .map_err(|error| format!("this machine does not allow the namespaces: {error}"))?;
    // Where a security module gives user namespaces no rights, this is what shows it.
    mount_change("/", MountPropagationFlags::PRIVATE | MountPropagationFlags::REC)
        .and_then(|()| mount("tmpfs", "/tmp", "tmpfs", MountFlags::NOSUID, c"size=64k"))
        .map_err(|error| super::root::hint("mount its folders", &error.into()))
}

/// The first two numbers of a kernel's version.
fn kernel(release: &str) -> Option<(u32, u32)> {
    let mut numbers = release.split(|c: char| !c.is_ascii_digit()).map(str::parse);
    Some((numbers.next()?.ok()?, numbers.next()?.ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kernels_are_told_apart() {
        assert_eq!(kernel("6.1.0-9-amd64"), Some((6, 1)));
        assert_eq!(kernel("5.4-rc1"), Some((5, 4)));
        assert!(kernel("5.10.0").unwrap() < KERNEL && kernel("5.15.2").unwrap() > KERNEL);
        assert_eq!(kernel("x"), None);
    }
}
