//! The engine: found and how, allowed, its version, control groups, images and disk.

use std::path::Path;

use super::Finding;
use super::machine::disk;
use crate::cli::modules::ENGINE_TIMEOUT;
use crate::config::Config;
use crate::context;
use crate::engine::choice::{NATIVE, Wanted};
use crate::engine::{Engine, EngineError, Info};
use crate::paths::Paths;
use crate::problem::Problem;

/// What building all images takes on the engine's disk, with room for a few sandboxes.
const DISK_NEEDED: u64 = 2_000_000_000;

/// What a few native sandboxes and their snapshots take.
const SANDBOXES_NEED: u64 = 200_000_000;

/// Where Docker keeps everything unless it was told otherwise.
const DOCKER_ROOT: &str = "/var/lib/docker";

/// Looks at everything that is the engine's.
pub(super) async fn findings(offline: bool) -> Vec<Finding> {
    let paths = match Paths::find() {
        Ok(paths) => paths,
        Err(error) => return vec![Finding::fatal("engine", &Problem::from(error))],
    };
    // A configuration that cannot be read is told elsewhere.
    let wanted =
        Config::load(&paths.config_file).map_or(Wanted::Any, |config| config.backend.wanted());
    let asked = async {
        let engine = context::choose(wanted, &paths, offline).await?;
        let info = engine.info().await?;
        Ok::<_, EngineError>((engine, info))
    };
    let late = || EngineError::Timeout { what: "looking for the engine".to_owned() };
    // Doctor is for when things are slow, too: it has more patience than a list.
    let asked = tokio::time::timeout(ENGINE_TIMEOUT * 5, asked).await;
    let native = context::native(&paths);
    match asked.unwrap_or_else(|_| Err(late())) {
        Ok((engine, info)) if engine.name() == NATIVE => {
            let Info { version, endpoint, .. } = &info;
            let mut found = vec![
                Finding::good("engine", format!("native {version}, sandboxes in {endpoint}")),
                Finding::good("why this one", engine.reason()),
            ];
            if let Ok(native) = native {
                found.extend(super::native::findings(&native).await);
            }
            found.extend(disk("engine disk", &paths.native, SANDBOXES_NEED));
            found
        }
        Ok((engine, info)) => {
            let mut found = vec![Finding::good("engine", found_by(&info))];
            found.push(Finding::good("why this one", engine.reason()));
            found.push(Finding::good("engine access", "this user may use it"));
            found.push(cgroups(&info));
            found.push(images(engine.as_ref()).await);
            let local = info.endpoint.starts_with("unix://") && info.product == "docker";
            if local && let Some(finding) = disk("engine disk", Path::new(DOCKER_ROOT), DISK_NEEDED)
            {
                found.push(finding);
            }
            if let Ok(native) = native {
                found.push(super::native::other(&native).await);
            }
            found
        }
        Err(error) => {
            let name = match error {
                EngineError::PermissionDenied { .. } => "engine access",
                _ => "engine",
            };
            let mut found = vec![Finding::fatal(name, &Problem::from(error))];
            match (wanted, native) {
                (Wanted::Docker, Ok(native)) => found.push(super::native::other(&native).await),
                (_, Ok(native)) => found.extend(super::native::findings(&native).await),
                (_, Err(_)) => {}
            }
            found
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
    let Some(images) = engine.builder() else {
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
