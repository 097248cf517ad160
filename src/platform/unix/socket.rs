//! A socket in a private folder.

use std::fs::{self, File, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use rustix::fs::{Mode, OFlags};
use rustix::process::geteuid;
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{UnixListener, UnixStream};

/// A connection.
pub(crate) type Stream = UnixStream;
/// What comes from it.
pub(crate) type ReadHalf = OwnedReadHalf;
/// What goes to it.
pub(crate) type WriteHalf = OwnedWriteHalf;

/// Where connections come in.
pub(crate) struct Listener(UnixListener);

impl Listener {
    /// Listens at a name in a folder, in place of what was left there.
    pub(crate) fn bind(folder: &Path, name: &str) -> io::Result<Self> {
        let _ = fs::remove_file(folder.join(name));
        let (path, _folder) = short(folder, name)?;
        let listener = UnixListener::bind(path)?;
        fs::set_permissions(folder.join(name), Permissions::from_mode(0o600))?;
        Ok(Self(listener))
    }

    /// Waits for the next. Who stops to wait loses none.
    pub(crate) async fn accept(&mut self) -> io::Result<Stream> {
        self.0.accept().await.map(|(stream, _)| stream)
    }
}

/// Connects to who listens at a name in a folder; refuses another user.
pub(crate) async fn connect(folder: &Path, name: &str) -> io::Result<Stream> {
    let (path, _folder) = short(folder, name)?;
    let stream = UnixStream::connect(path).await?;
    is_ours(&stream)?;
    Ok(stream)
}

/// Both directions of a connection.
pub(crate) fn split(stream: Stream) -> (ReadHalf, WriteHalf) {
    stream.into_split()
}

/// A path to the socket that is short enough, however deep the folder lies: the system takes no
/// more than 108 bytes. The file keeps the folder open meanwhile.
fn short(folder: &Path, name: &str) -> io::Result<(PathBuf, File)> {
    let flags = OFlags::DIRECTORY | OFlags::CLOEXEC;
    let open = File::from(rustix::fs::open(folder, flags, Mode::empty())?);
    #[cfg(target_os = "linux")]
    let path = {
        use std::os::fd::AsRawFd;
        PathBuf::from(format!("/proc/self/fd/{}/{name}", open.as_raw_fd()))
    };
    #[cfg(not(target_os = "linux"))]
    let path = folder.join(name);
    Ok((path, open))
}

/// Refuses a peer that is another user: what the folder's permissions promise, looked at once more.
pub(crate) fn is_ours(stream: &Stream) -> io::Result<()> {
    let peer = stream.peer_cred()?.uid();
    if peer == geteuid().as_raw() {
        return Ok(());
    }
    let message = format!("the other end is user {peer}");
    Err(io::Error::new(io::ErrorKind::PermissionDenied, message))
}

/// Connects to an engine's pipe by the name that Windows gives it.
#[expect(clippy::unused_async, reason = "where there are pipes it waits")]
pub(crate) async fn pipe(name: &str) -> io::Result<Stream> {
    let message = format!("{name} is a named pipe, which only Windows has");
    Err(io::Error::new(io::ErrorKind::Unsupported, message))
}

/// Connects to a socket by its path.
pub(crate) async fn at(path: &Path) -> io::Result<Stream> {
    UnixStream::connect(path).await
}
