//! The distribution root that our first image is built from: the first that can be had.
//!
//! In order: the one the user names; one that is there; pulled; made on this machine from the
//! distribution's packages and imported. Where none works, the error says why for each.

use bytes::Bytes;
use futures_util::{TryStreamExt, stream};
use tokio::io::{AsyncReadExt, BufReader};
use tokio::process::ChildStdout;
use tokio::sync::oneshot;

use bollard::query_parameters::{
    CreateImageOptionsBuilder, RemoveImageOptions, TagImageOptionsBuilder,
};

use super::super::{Docker, fault};
use super::stage::Stage;
use crate::engine::image::root::Way;
use crate::engine::image::{BuildOptions, Images};
use crate::engine::{EngineError, LABEL, Result};

/// What our own root is called once it is imported.
const OURS: &str = "drydock/debian:bookworm";

/// What it is called while it comes in: a Podman engine makes an image even of an import that was
/// broken off, and then under this name.
const UNFINISHED: &str = "drydock/debian:unfinished";

/// Public images that serve as well as the wanted one.
const EQUIVALENT: &[&str] = &["debian:bookworm"];

/// How much of the archive is sent at once.
const CHUNK_BYTES: usize = 256 << 10;

impl Docker {
    /// The reference of a root to build from, made present.
    pub(super) async fn base(
        &self,
        wanted: &str,
        options: &BuildOptions,
        stage: &Stage<'_>,
    ) -> Result<String> {
        if let Some(base) = &options.base {
            if !self.present(base).await? {
                self.pull_base(base, stage).await?;
            }
            return Ok(base.clone());
        }
        for candidate in [wanted, OURS].into_iter().chain(EQUIVALENT.iter().copied()) {
            if self.present(candidate).await? {
                return Ok(candidate.to_owned());
            }
        }
        let mut tried = Vec::new();
        match self.pull_base(wanted, stage).await {
            Ok(()) => return Ok(wanted.to_owned()),
            Err(EngineError::ImageMissing { detail, .. }) => {
                tried.push(format!("{wanted} could not be pulled: {detail}"));
            }
            Err(error) => return Err(error),
        }
        self.check_architecture(&tried).await?;
        for way in Way::ALL {
            match self.make(way, stage).await? {
                Ok(()) => return Ok(OURS.to_owned()),
                Err(reason) => tried.push(format!("{}: {reason}", way.name())),
            }
        }
        Err(EngineError::NoBase { detail: tried.join("; ") })
    }

    async fn pull_base(&self, reference: &str, stage: &Stage<'_>) -> Result<()> {
        stage.report(0.0, &format!("Pulling {reference}"));
        self.pull_image(reference, &|pulled| {
            let megabytes = |bytes: u64| bytes as f64 / 1e6;
            let words = format!(
                "Pulling {reference}: {:.0} of {:.0} MB",
                megabytes(pulled.done),
                megabytes(pulled.total)
            );
            stage.report(pulled.done as f64 / pulled.total.max(1) as f64, &words);
        })
        .await
    }

    /// A root made here has this machine's architecture, which a distant engine may not.
    async fn check_architecture(&self, tried: &[String]) -> Result<()> {
        let here = std::env::consts::ARCH;
        let info = self.api.info().await;
        let info = info.map_err(|error| fault::of_engine(error, &self.transport.endpoint()))?;
        match info
            .architecture
            .map(|name| name.replace("arm64", "aarch64").replace("amd64", "x86_64"))
        {
            Some(there) if there != here => Err(EngineError::NoBase {
                detail: format!(
                    "{}; one made here would be for {here}, but the engine is {there}",
                    tried.join("; ")
                ),
            }),
            _ => Ok(()),
        }
    }

    /// Makes a root one way and imports it as it is made. The inner error says why this way does not
    /// work here; the outer one is the engine's, which no other way would mend.
    async fn make(&self, way: Way, stage: &Stage<'_>) -> Result<std::result::Result<(), String>> {
        stage.report(0.0, "Making a Debian base: looking for the tools");
        let recipe = match way.prepare(&|name| self.environment.program(name)).await {
            Ok(recipe) => recipe,
            Err(reason) => return Ok(Err(reason)),
        };
        let (archive, mut making) = match recipe.start() {
            Ok(started) => started,
            Err(reason) => return Ok(Err(reason)),
        };
        let (verdict, awaited) = oneshot::channel();
        let watch = async {
            let told =
                |words: &str, part| stage.report(part, &format!("Making a Debian base: {words}"));
            let outcome = making.watch(told).await;
            // Without a verdict the import is broken off.
            if outcome.is_ok() {
                let _ = verdict.send(());
            }
            outcome.map_err(Failure::Making)
        };
        let import = async { self.import(archive, awaited).await.map_err(Failure::Engine) };
        match tokio::try_join!(watch, import) {
            Ok(_) => self.finish().await.map(Ok),
            Err(Failure::Making(reason)) => Ok(Err(reason)),
            Err(Failure::Engine(error)) => Err(error),
        }
    }

    /// Streams an archive in as an image. It ends properly only with a verdict: a tool that failed
    /// half-way never becomes an image.
    async fn import(&self, archive: ChildStdout, verdict: oneshot::Receiver<()>) -> Result<()> {
        let reader = BufReader::with_capacity(CHUNK_BYTES, archive);
        let body = stream::try_unfold((reader, Some(verdict)), |(mut reader, mut verdict)| async {
            let mut chunk = vec![0; CHUNK_BYTES];
            let length = reader.read(&mut chunk).await?;
            if length == 0 {
                if let Some(verdict) = verdict.take() {
                    verdict.await.map_err(|_| std::io::Error::other("the archive is not whole"))?;
                }
                return Ok(None);
            }
            chunk.truncate(length);
            Ok(Some((Bytes::from(chunk), (reader, verdict))))
        });
        let options = CreateImageOptionsBuilder::new()
            .from_src("-")
            // Podman takes no tag but the one in here.
            .repo(UNFINISHED)
            .changes(vec![format!("LABEL {LABEL}=base")])
            .build();
        let body = bollard::body_try_stream(body);
        let events = self.api.create_image(Some(options), Some(body), None);
        events.map_err(fault::of_image(OURS)).try_for_each(|_| async { Ok(()) }).await
    }

    /// Gives an import that came in whole its name.
    async fn finish(&self) -> Result<()> {
        let (repository, tag) = OURS.split_once(':').unwrap_or((OURS, "latest"));
        let options = TagImageOptionsBuilder::new().repo(repository).tag(tag).build();
        let tagged = self.api.tag_image(UNFINISHED, Some(options)).await;
        tagged.map_err(fault::of_image(UNFINISHED))?;
        let untagged = self.api.remove_image(UNFINISHED, None::<RemoveImageOptions>, None).await;
        untagged.map(drop).map_err(fault::of_image(UNFINISHED))
    }
}

enum Failure {
    Making(String),
    Engine(EngineError),
}
