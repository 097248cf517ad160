//! The watch over what no control group holds: all memory together, all processes together, and the
//! machine's disk.
//!
//! Looks twice a second, and only while something runs. What goes over a limit is ended, the largest
//! first, and all terminals are told; also what a control group did, which says nothing by itself.

use std::collections::HashMap;
use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::time::{Duration, Instant};

use rustix::fs::{OFlags, statvfs};
use rustix::process::{Pid, Signal, kill_process};

use super::super::place::Record;
use super::processes;

const OFTEN: Duration = Duration::from_millis(500);

/// What a sandbox leaves of the machine's disk, in bytes.
const RESERVE: u64 = 512 << 20;

/// Who writes less between two looks does not fill a disk.
const WRITER: u64 = 1 << 20;
/// Who has written less in all is not behind a disk that fills faster than is looked.
const FLOOD: u64 = 256 << 20;

pub(super) struct Watch {
    memory: u64,
    pids: usize,
    /// Where the control group counts; `None` if there is none.
    counts: Option<Vec<File>>,
    /// How often memory and processes ran out.
    counted: [u64; 2],
    /// Whether there were as many processes as there may be.
    crowded: bool,
    next: Instant,
    /// What each process had written at the last look.
    written: HashMap<Pid, u64>,
}

impl Watch {
    pub(super) fn new(record: &Record, counts: Option<Vec<File>>) -> Self {
        Self {
            memory: record.memory,
            pids: record.pids as usize,
            counts,
            counted: [0; 2],
            crowded: false,
            next: Instant::now(),
            written: HashMap::new(),
        }
    }

    /// When to look next.
    pub(super) fn next(&self) -> Instant {
        self.next
    }

    /// Looks, if it is time.
    pub(super) fn look<'a>(&mut self, terminals: impl Iterator<Item = &'a str>) {
        let now = Instant::now();
        if now < self.next {
            return;
        }
        self.next = now + OFTEN;
        let mut sentences = if self.counts.is_some() {
            self.look_at_group()
        } else {
            self.look_at_processes().into_iter().collect()
        };
        sentences.extend(self.look_at_disk());
        if sentences.is_empty() {
            return;
        }
        let text = sentences.concat();
        for terminal in terminals {
            let flags = OFlags::NONBLOCK | OFlags::NOCTTY;
            let opened = OpenOptions::new()
                .write(true)
                .custom_flags(flags.bits().cast_signed())
                .open(terminal);
            // A terminal that takes nothing is told nothing.
            let _ = opened.and_then(|mut terminal| terminal.write_all(text.as_bytes()));
        }
    }

    /// What the group did since the last look.
    fn look_at_group(&mut self) -> Vec<String> {
        let mut now = [0; 2];
        for file in self.counts.iter().flatten() {
            let mut bytes = [0; 1024];
            let length = file.read_at(&mut bytes, 0).unwrap_or(0);
            let text = String::from_utf8_lossy(&bytes[..length]);
            let count = |name: &str| {
                text.lines().find_map(|line| line.strip_prefix(name)?.trim().parse::<u64>().ok())
            };
            match count("oom_kill ") {
                Some(killed) => now[0] += killed,
                // The limit of memory is `max` there too: it is no end of anything.
                None => now[1] += count("max ").unwrap_or(0),
            }
        }
        let [killed, refused] = [0, 1].map(|kind| now[kind] > self.counted[kind]);
        self.counted = now;
        let memory = self.memory >> 20;
        [
            killed.then(|| {
                said(&format!("a process was ended: {memory} MB of memory is this sandbox's limit"))
            }),
            refused.then(|| self.no_more()),
        ]
        .into_iter()
        .flatten()
        .collect()
    }

    fn no_more(&self) -> String {
        said(&format!("no process more can be started: {} are this sandbox's limit", self.pids))
    }

    fn look_at_processes(&mut self) -> Option<String> {
        let page = rustix::param::page_size() as u64;
        let sizes: Vec<(Pid, u64)> =
            processes().map(|pid| (pid, resident(pid).unwrap_or(0).saturating_mul(page))).collect();
        if sizes.len() > self.pids {
            for (pid, _) in &sizes {
                let _ = kill_process(*pid, Signal::KILL);
            }
            return Some(said(&format!(
                "more than {} processes, the limit of this sandbox: all were ended",
                self.pids
            )));
        }
        // The kernel refuses the next of one user, and programs say so in many ways.
        let crowded = sizes.len() + 1 >= self.pids;
        let told = std::mem::replace(&mut self.crowded, crowded);
        if crowded && !told {
            return Some(self.no_more());
        }
        let total: u64 = sizes.iter().map(|(_, size)| size).sum();
        let (largest, _) = sizes.into_iter().max_by_key(|(_, size)| *size)?;
        if total <= self.memory {
            return None;
        }
        let name = name(largest);
        let _ = kill_process(largest, Signal::KILL);
        Some(said(&format!(
            "{name} was ended: {} MB of memory is the limit of this sandbox",
            self.memory >> 20
        )))
    }

    fn look_at_disk(&mut self) -> Option<String> {
        let disk = statvfs("/").ok()?;
        let low = disk.f_bavail.saturating_mul(disk.f_frsize) < RESERVE;
        let last = std::mem::take(&mut self.written);
        if !low && last.is_empty() {
            return None;
        }
        // From the first look at a full disk on: who wrote since.
        self.written = processes().filter_map(|pid| Some((pid, written(pid)?))).collect();
        if !low {
            self.written.clear();
            return None;
        }
        // Who has only now come into sight has written all of it lately, or long ago: it takes more.
        let more = |(pid, now): (&Pid, &u64)| match last.get(pid) {
            Some(before) => {
                let since = now.saturating_sub(*before);
                (since > WRITER).then_some((*pid, since))
            }
            None => (*now > FLOOD).then_some((*pid, *now)),
        };
        let (writer, _) = self.written.iter().filter_map(more).max_by_key(|(_, since)| *since)?;
        let name = name(writer);
        let _ = kill_process(writer, Signal::KILL);
        Some(said(&format!(
            "{name} was ended: the disk of this machine has less than {} MB left",
            RESERVE >> 20
        )))
    }
}

fn said(sentence: &str) -> String {
    format!("\r\ndrydock: {sentence}\r\n")
}

/// A process's name, which its owner chose: without what a terminal would obey.
fn name(pid: Pid) -> String {
    let name = fs::read_to_string(format!("/proc/{}/comm", pid.as_raw_nonzero()));
    let name = name.unwrap_or_else(|_| "a process".to_owned());
    name.trim().chars().map(|c| if c.is_control() { '?' } else { c }).collect()
}

/// Pages in memory that are a process's own.
fn resident(pid: Pid) -> Option<u64> {
    let text = fs::read_to_string(format!("/proc/{}/statm", pid.as_raw_nonzero())).ok()?;
    let mut numbers = text.split_whitespace().skip(1).map(str::parse::<u64>);
    let (all, shared) = (numbers.next()?.ok()?, numbers.next()?.ok()?);
    Some(all.saturating_sub(shared))
}

/// Bytes that a process has written to disks.
fn written(pid: Pid) -> Option<u64> {
    let text = fs::read_to_string(format!("/proc/{}/io", pid.as_raw_nonzero())).ok()?;
    text.lines().find_map(|line| line.strip_prefix("write_bytes: ")?.parse().ok())
}
