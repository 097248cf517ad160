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

/// The limits written at `at`, each between what makes sense and `most`.
pub(crate) fn resources(
    limits: &ResourceLimits,
    most: &Resources,
    at: At<'_>,
    problems: &mut Problems,
) -> Resources {
    let memory = limits.memory.as_ref().and_then(|text| {
        match quantity::size(text) {
            Ok(size) if size < LEAST_MEMORY => Err("is too little memory: 8m at least".to_owned()),
            Ok(size) if most.memory.is_some_and(|most| size > most) => {
                let most = most.memory.unwrap_or(size) >> 20;
                Err(format!("is too much memory: {most}m at most"))
            }
            Ok(size) => Ok(size),
            Err(why) => Err(why.to_owned()),
        }
        .map_err(|why| problems.rule(at.key("memory"), format!("{} {why}", quote(text)), None))
        .ok()
    });
    if let Some(cpus) = limits.cpus {
        let most = most.cpus.unwrap_or(f64::MAX);
        if cpus < LEAST_CPUS || cpus > most {
            let bound = if cpus > most {
                format!("{most} at most")
            } else {
                format!("{LEAST_CPUS} at least")
            };
            problems.rule(
                at.key("cpus"),
                format!("{cpus} is not a usable number of cores: {bound}"),
                None,
            );
        }
    }
    if let Some(pids) = limits.pids {
        let most = most.pids.unwrap_or(u32::MAX);
        if pids < LEAST_PIDS || pids > most {
            let bound = if pids > most {
                format!("{most} at most")
            } else {
                format!("{LEAST_PIDS} at least")
            };
            problems.rule(
                at.key("pids"),
                format!("{pids} is not a usable number of processes: {bound}"),
                None,
            );
        }
    }
    Resources { memory, cpus: limits.cpus, pids: limits.pids }
}
