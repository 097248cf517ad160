//! The engine: found and how, allowed, its version, control groups, images and disk.

use std::path::Path;

use super::Finding;
use super::machine::disk;
use crate::cli::modules::ENGINE_TIMEOUT;
use crate::context;
use crate::engine::{Engine, EngineError, Info};
use crate::problem::Problem;

/// What building all images takes on the engine's disk, with room for a few sandboxes.
const DISK_NEEDED: u64 = 2_000_000_000;

/// Where Docker keeps everything unless it was told otherwise.
const DOCKER_ROOT: &str = "/var/lib/docker";

/// Looks at everything that is the engine's.
pub(super) async fn findings(offline: bool) -> Vec<Finding> {
    let asked = async {
        let engine = context::engine(offline)?;
        let info = engine.info().await?;
        Ok::<_, EngineError>((engine, info))
    };
    let late = || EngineError::Timeout { what: "looking for the engine".to_owned() };
    // Doctor is for when things are slow, too: it has more patience than a list.
    let asked = tokio::time::timeout(ENGINE_TIMEOUT * 5, asked).await;
    match asked.unwrap_or_else(|_| Err(late())) {
        Ok((engine, info)) => {
            let mut found = vec![Finding::good("engine", found_by(&info))];
            found.push(Finding::good("engine access", "this user may use it"));
            found.push(cgroups(&info));
            found.push(images(engine.as_ref()).await);
            let local = info.endpoint.starts_with("unix://") && info.product == "docker";
            if local && let Some(finding) = disk("engine disk", Path::new(DOCKER_ROOT), DISK_NEEDED)
            {
                found.push(finding);
            }
            found
        }
        Err(error) => {
            let name = match error {
                EngineError::PermissionDenied { .. } => "engine access",
                _ => "engine",
            };
            vec![Finding::fatal(name, &Problem::from(error))]
        }
    }
}

fn found_by(info: &Info) -> String {
    let set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    let how = if set("DOCKER_HOST") {
        "named by DOCKER_HOST"
    } else if set("DOCKER_CONTEXT") {
        "named by DOCKER_CONTEXT"
    } else {
        "found as the docker command finds it"
    };
    let Info { product, version, endpoint, .. } = info;
    format!("{product} {version} at {endpoint}, {how}")
}

fn cgroups(info: &Info) -> Finding {
    const NAME: &str = "control groups";
    match info.cgroup_version {
        Some(version) => Finding::good(NAME, format!("version {version}")),
        None => Finding::poor(
            NAME,
            "the engine does not tell whether it has them; limits may not hold",
            "docker info shows what the engine lacks",
        ),
    }
}

async fn images(engine: &dyn Engine) -> Finding {
    const NAME: &str = "images";
    let Some(images) = engine.images() else {
        return Finding::good(NAME, "this engine needs none");
    };
    let all = match images.list().await {
        Ok(all) => all,
        Err(error) => {
            let problem = Problem::from(error);
            return Finding::poor(NAME, problem.message, problem.remedy.unwrap_or_default());
        }
    };
    let names = |present| {
        let those = all.iter().filter(move |image| image.current && image.present == present);
        those.map(|image| image.name.as_str()).collect::<Vec<_>>().join(", ")
    };
    match names(false) {
        missing if missing.is_empty() => {
            Finding::good(NAME, format!("up to date: {}", names(true)))
        }
        missing => Finding::poor(
            NAME,
            format!("not built yet: {missing} (the first launch that needs them builds them)"),
            "drydock images build",
        ),
    }
}
