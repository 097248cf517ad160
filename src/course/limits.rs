//! What a sandbox may use, as manifests and the configuration write it.

use super::manifest::ResourceLimits;
use super::model::Resources;
use super::quantity;
use super::yaml::{At, Problems, quote};

/// The most that content may ask for. It is untrusted, and a laptop has other things to do; the
/// user's own configuration has no such bound.
pub(crate) const MOST_FOR_CONTENT: Resources =
    Resources { memory: Some(4 << 30), cpus: Some(8.0), pids: Some(4096) };

/// Below this no container engine starts anything.
const LEAST_MEMORY: u64 = 8 << 20;

/// A slower sandbox cannot be told from one that hangs.
const LEAST_CPUS: f64 = 0.05;

/// A shell, an init and some room.
const LEAST_PIDS: u32 = 8;

/// In-memory file systems count against the machine's memory.
pub(crate) const MAX_TMPFS: u64 = 1 << 30;

/// The limits written at `at`, each between what makes sense and `most`.
pub(crate) fn resources(
    limits: &ResourceLimits,
    most: &Resources,
    at: At<'_>,
    problems: &mut Problems,
) -> Resources {
    let mut told = |key, found: Result<(), String>| {
        if let Err(message) = found {
            problems.rule(at.key(key), message, None);
        }
    };
    let found = limits.memory.as_ref().map(|text| memory(text, most));
    let size = found.as_ref().and_then(|found| found.as_ref().ok().copied());
    told("memory", found.map_or(Ok(()), |found| found.map(|_| ())));
    told("cpus", limits.cpus.map_or(Ok(()), |number| cpus(number, most)));
    told("pids", limits.pids.map_or(Ok(()), |number| pids(number, most)));
    Resources { memory: size, cpus: limits.cpus, pids: limits.pids }
}

/// Bytes of memory, or what is wrong with the text: one sentence.
pub(crate) fn memory(text: &str, most: &Resources) -> Result<u64, String> {
    let refused = |why: &str| format!("{} {why}", quote(text));
    match quantity::size(text).map_err(refused)? {
        size if size < LEAST_MEMORY => Err(refused("is too little memory: 8m at least")),
        size if most.memory.is_some_and(|most| size > most) => {
            let most = most.memory.unwrap_or(size) >> 20;
            Err(refused(&format!("is too much memory: {most}m at most")))
        }
        size => Ok(size),
    }
}

/// What is wrong with this number of cores, if anything: one sentence.
pub(crate) fn cpus(cpus: f64, most: &Resources) -> Result<(), String> {
    let most = most.cpus.unwrap_or(f64::MAX);
    let bound = if cpus > most {
        format!("{most} at most")
    } else if cpus < LEAST_CPUS {
        format!("{LEAST_CPUS} at least")
    } else {
        return Ok(());
    };
    Err(format!("{cpus} is not a usable number of cores: {bound}"))
}

fn pids(pids: u32, most: &Resources) -> Result<(), String> {
    let most = most.pids.unwrap_or(u32::MAX);
    let bound = if pids > most {
        format!("{most} at most")
    } else if pids < LEAST_PIDS {
        format!("{LEAST_PIDS} at least")
    } else {
        return Ok(());
    };
    Err(format!("{pids} is not a usable number of processes: {bound}"))
}
