//! A real shell of this machine behind the engine's trait: what a held shell costs without a
//! container around it. It can do nothing but open shells.

#![allow(dead_code, clippy::unwrap_used, reason = "shared by tests and benches")]

use std::io::{self, Read, Write};
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, ready};

use async_trait::async_trait;
use drydock::engine::{
    Engine, EngineError, ExecSpec, ExecStream, FileSpec, Info, Result, Sandbox, SandboxId,
    SandboxSpec, SandboxState, ShellControl, ShellSpec, ShellStream, Size, Snapshot, SnapshotSpec,
    image,
};
use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::mpsc;

/// See the module.
#[derive(Debug, Default)]
pub struct Local {
    /// Run in place of `bash --norc`.
    pub command: Vec<String>,
}

/// The only sandbox there is.
pub fn sandbox() -> Sandbox {
    Sandbox {
        id: SandboxId("local".to_owned()),
        item: "local-01".to_owned(),
        attempt: "018f0000-0000-7000-8000-000000000000".to_owned(),
        owner: String::new(),
        image: String::new(),
        state: SandboxState::Running,
        user: String::new(),
        machine: None,
    }
}

fn no() -> EngineError {
    EngineError::Refused { detail: "this machine only opens shells".to_owned() }
}

#[async_trait]
impl Engine for Local {
    fn name(&self) -> &'static str {
        "local"
    }

    async fn info(&self) -> Result<Info> {
        Err(no())
    }

    async fn create(&self, _: &SandboxSpec) -> Result<Sandbox> {
        Err(no())
    }

    async fn start(&self, _: &SandboxId) -> Result<()> {
        Err(no())
    }

    async fn inspect(&self, _: &SandboxId) -> Result<Sandbox> {
        Ok(sandbox())
    }

    async fn exec(&self, _: &SandboxId, _: &ExecSpec) -> Result<ExecStream> {
        Err(no())
    }

    async fn shell(&self, _: &SandboxId, spec: &ShellSpec) -> Result<ShellStream> {
        let pair = native_pty_system().openpty(pty_size(spec.size)).unwrap();
        let words = match &*self.command {
            [] => vec!["bash".to_owned(), "--norc".to_owned()],
            words => words.to_vec(),
        };
        let mut command = CommandBuilder::new(&words[0]);
        command.args(&words[1..]);
        for (name, value) in
            [("TERM", "xterm-256color"), ("LANG", "C.UTF-8"), ("PS1", "ready$ "), ("HISTFILE", "")]
        {
            command.env(name, value);
        }
        let child = pair.slave.spawn_command(command).unwrap();
        let mut reader = pair.master.try_clone_reader().unwrap();
        let mut writer = pair.master.take_writer().unwrap();
        let (chunks, output) = mpsc::channel(4);
        std::thread::spawn(move || {
            let mut buffer = vec![0; 64 << 10];
            while let Ok(count @ 1..) = reader.read(&mut buffer) {
                if chunks.blocking_send(buffer[..count].to_vec()).is_err() {
                    return;
                }
            }
        });
        let (input, mut typed) = mpsc::unbounded_channel::<Vec<u8>>();
        std::thread::spawn(move || {
            while let Some(bytes) = typed.blocking_recv() {
                if writer.write_all(&bytes).is_err() {
                    break;
                }
            }
            // Dropping it would type a line end.
            std::mem::forget(writer);
        });
        let control = Control {
            master: Arc::new(Mutex::new(pair.master)),
            child: Arc::new(Mutex::new(child)),
        };
        Ok(ShellStream {
            output: Box::new(Output { chunks: output, rest: Vec::new() }),
            input: Box::new(Typed(input)),
            control: Box::new(control),
        })
    }

    async fn hang_up(&self, _: &SandboxId, _: &str) -> Result<()> {
        Ok(())
    }

    async fn copy_in(&self, _: &SandboxId, _: &[FileSpec]) -> Result<()> {
        Err(no())
    }

    async fn copy_out(&self, _: &SandboxId, _: &str, _: u64) -> Result<Vec<u8>> {
        Err(no())
    }

    async fn list(&self, _: Option<&str>) -> Result<Vec<Sandbox>> {
        Ok(vec![sandbox()])
    }

    async fn memory(&self, _: &SandboxId) -> Result<Option<u64>> {
        Ok(None)
    }

    async fn destroy(&self, _: &SandboxId) -> Result<()> {
        Err(no())
    }

    async fn snapshot(&self, _: &SandboxId, _: &SnapshotSpec) -> Result<Snapshot> {
        Err(no())
    }

    async fn snapshots(&self, _: &SandboxId) -> Result<Vec<Snapshot>> {
        Err(no())
    }

    async fn rewind(&self, _: &SandboxId, _: &str) -> Result<Sandbox> {
        Err(no())
    }

    async fn remove_snapshot(&self, _: &SandboxId, _: &str) -> Result<()> {
        Err(no())
    }

    fn images(&self) -> Option<&dyn image::Images> {
        None
    }

    fn builder(&self) -> Option<&dyn image::Builder> {
        None
    }
}

struct Control {
    master: Arc<Mutex<Box<dyn MasterPty + Send>>>,
    child: Arc<Mutex<Box<dyn Child + Send + Sync>>>,
}

fn pty_size(size: Size) -> PtySize {
    PtySize { rows: size.rows, cols: size.cols, pixel_width: 0, pixel_height: 0 }
}

#[async_trait]
impl ShellControl for Control {
    fn name(&self) -> String {
        self.child.lock().unwrap().process_id().unwrap_or(0).to_string()
    }

    async fn resize(&self, size: Size) -> Result<()> {
        self.master.lock().unwrap().resize(pty_size(size)).map_err(|_| no())
    }

    async fn status(&self) -> Result<Option<i64>> {
        let child = self.child.clone();
        // The output ends a moment before the program does.
        let status = tokio::task::spawn_blocking(move || child.lock().unwrap().wait());
        Ok(status.await.unwrap().ok().map(|status| status.exit_code().into()))
    }

    async fn hang_up(&self) -> Result<()> {
        let pid = self.child.lock().unwrap().process_id().unwrap_or(0).cast_signed();
        if let Some(pid) = rustix::process::Pid::from_raw(pid) {
            let _ = rustix::process::kill_process_group(pid, rustix::process::Signal::HUP);
        }
        Ok(())
    }
}

struct Output {
    chunks: mpsc::Receiver<Vec<u8>>,
    rest: Vec<u8>,
}

impl AsyncRead for Output {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.rest.is_empty() {
            match ready!(self.chunks.poll_recv(cx)) {
                Some(chunk) => self.rest = chunk,
                None => return Poll::Ready(Ok(())),
            }
        }
        let count = self.rest.len().min(buf.remaining());
        buf.put_slice(&self.rest[..count]);
        self.rest.drain(..count);
        Poll::Ready(Ok(()))
    }
}

struct Typed(mpsc::UnboundedSender<Vec<u8>>);

impl AsyncWrite for Typed {
    fn poll_write(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let sent = self.0.send(bytes.to_vec());
        Poll::Ready(sent.map(|()| bytes.len()).map_err(|_| io::ErrorKind::BrokenPipe.into()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
