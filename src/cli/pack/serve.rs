//! `drydock pack serve`: a file for everybody in the room.

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::sync::Arc;
use std::sync::mpsc::sync_channel;

use clap::value_parser;
use serde_json::json;
use tokio::net::TcpListener;

use super::super::interrupt::{interrupted, until_interrupted};
use super::super::out::Tone;
use super::super::{DONE, Invocation, Out, Outcome, words};
use super::fetch::code_of;
use super::follow::follow;
use crate::context::Context;
use crate::pack::serve::{Code, Limits, Offer, PORT, Server, Tally, addresses};
use crate::problem::{Exit, Problem};

/// Events that may wait to be shown; of more, only the numbers are.
const WAITING: usize = 1024;

#[derive(Debug, clap::Args)]
pub(super) struct Serve {
    /// The pack
    file: PathBuf,
    /// The port; 0 takes any that is free
    #[arg(long, value_name = "N", default_value_t = PORT)]
    port: u16,
    /// Serve on this address of the machine alone
    #[arg(long, value_name = "ADDRESS", default_value_t = IpAddr::from(Ipv4Addr::UNSPECIFIED))]
    address: IpAddr,
    /// The code that others have to type, of six or more letters and digits; six digits if not given
    #[arg(long)]
    code: Option<String>,
    /// End by itself when so many have it all
    #[arg(long, value_name = "N", value_parser = value_parser!(u64).range(1..))]
    until: Option<u64>,
}

impl Serve {
    pub(super) fn run(self, invocation: &Invocation, context: &Context) -> Outcome {
        super::online(context)?;
        let out = &invocation.out;
        let offer = Offer::open(&self.file).map_err(|error| unreadable(&self.file, &error))?;
        let length = offer.length();
        let code = self.code.as_deref().map_or_else(|| Ok(Code::random()), code_of)?;
        let (tell, events) = sync_channel(WAITING);
        // One that nobody has time to show is in the numbers all the same.
        let tell = move |event| {
            let _ = tell.try_send(event);
        };
        let server = Server::new(offer, code.clone(), Limits::default(), self.until, tell);
        let server = Arc::new(server);
        // Shown by a thread of its own: a terminal that is stopped must not stop the server.
        let shown = Arc::downgrade(&server);
        let (ended, tally) = std::thread::scope(|scope| {
            scope.spawn(move || follow(out, &shown, &events));
            let ended = invocation.block_on_every_core(async {
                let place = SocketAddr::new(self.address, self.port);
                let failed = |error: io::Error| taken(place, &error);
                let listener = TcpListener::bind(place).await.map_err(failed)?;
                let here = listener.local_addr().map_err(failed)?;
                let mut running = pin!(server.clone().run(listener));
                // Announced where an interrupt is caught already.
                let work = async {
                    self.announce(out, here, &code, length)?;
                    Ok::<_, Problem>(running.as_mut().await)
                };
                let ended = until_interrupted(work).await.transpose()?;
                // What is going on is counted before it is stopped.
                Ok((ended, server.tally()))
            });
            drop(server);
            ended
        })?;
        if let Some(Err(changed)) = ended {
            return Err(Problem::new("file_changed", Exit::Environment, changed.to_string())
                .at(self.file.display().to_string(), None)
                .remedy("serve it again; who was in the middle of it begins anew"));
        }
        let Tally { clients, active, done, bytes } = tally;
        if out.json {
            out.value(&json!({
                "event": "stopped", "clients": clients, "active": active, "done": done, "bytes": bytes,
            }));
        } else {
            let (clients, bytes) = (words::count(clients, "client"), words::size(bytes));
            out.line(format_args!("{clients}, {done} fetched to the end, {bytes} sent"));
        }
        match active {
            0 => Ok(DONE),
            _ => Err(interrupted(format!("{active} fetched when it was stopped"))
                .remedy("serve it again: they go on from where they were")),
        }
    }

    /// Says what others have to type.
    fn announce(
        &self,
        out: &Out,
        here: SocketAddr,
        code: &Code,
        length: u64,
    ) -> Result<(), Problem> {
        let addresses = addresses(here).map_err(|error| {
            let message = format!("The addresses of this machine cannot be read: {error}");
            Problem::new("network", Exit::Environment, message).remedy("--address names one")
        })?;
        if out.json {
            out.value(&json!({
                "event": "serving", "file": self.file, "bytes": length, "port": here.port(),
                "addresses": addresses, "code": code.to_string(),
            }));
            return Ok(());
        }
        let (file, size) = (self.file.display(), words::size(length));
        out.line(format_args!("{file} ({size}) is served until Ctrl-C. The others type:\n"));
        for address in &addresses {
            out.line(format_args!("  drydock pack import {}", out.mark(address, Tone::Strong)));
        }
        out.line(format_args!(
            "\nand, when they are asked, the code {}\n",
            out.mark(code, Tone::Strong)
        ));
        Ok(())
    }
}

fn unreadable(file: &Path, error: &io::Error) -> Problem {
    let message = format!("it cannot be served: {error}");
    Problem::new("no_file", Exit::Usage, message)
        .at(file.display().to_string(), None)
        .remedy("drydock pack export writes a pack")
}

fn taken(place: SocketAddr, error: &io::Error) -> Problem {
    let (message, remedy) = match error.kind() {
        io::ErrorKind::AddrInUse => (
            format!("Port {} is taken by another program", place.port()),
            "--port N chooses another, --port 0 any that is free",
        ),
        io::ErrorKind::AddrNotAvailable => (
            format!("This machine does not have the address {}", place.ip()),
            "without --address it is served on all of them",
        ),
        _ => (format!("{place} cannot be listened at: {error}"), "--port N chooses another"),
    };
    Problem::new("network", Exit::Environment, message).remedy(remedy)
}
