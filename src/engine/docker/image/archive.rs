//! Images in one file: the engine writes and reads it, and packs and unpacks the layers itself.

use std::io::Write;
use std::path::Path;

use bollard::query_parameters::{ImportImageOptions, RemoveImageOptions};
use futures_util::{StreamExt, TryStreamExt};
use tokio_util::io::ReaderStream;

use super::super::{Docker, fault};
use crate::engine::{EngineError, Progress, Result, Step};

/// How an archive is read: in pieces of this many bytes.
const PIECE: usize = 256 << 10;

/// What the engine says of each image that it has taken in.
const LOADED: [&str; 2] = ["Loaded image: ", "Loaded image ID: "];

impl Docker {
    /// [`Builder::export`](crate::engine::image::Builder::export).
    pub(super) async fn export_archive(
        &self,
        references: &[&str],
        archive: &mut (dyn Write + Send),
        progress: Progress<'_>,
    ) -> Result<()> {
        let mut total = 0;
        for reference in references {
            let image = self.api.inspect_image(reference).await.map_err(fault::of_image(reference));
            total += image?.size.and_then(|size| u64::try_from(size).ok()).unwrap_or(0);
        }
        let step = format!("Exporting {}", references.join(", "));
        let mut pieces = std::pin::pin!(self.api.export_images(references));
        let mut done = 0;
        while let Some(piece) = pieces.next().await {
            let piece =
                piece.map_err(|error| fault::of_engine(error, &self.transport.endpoint()))?;
            archive.write_all(&piece).map_err(|error| written(&error))?;
            done += piece.len() as u64;
            // Layers that images share are counted once in what is written.
            progress(Step {
                step: step.clone(),
                done: done.min(total),
                total: Some(total),
                unit: "bytes",
            });
        }
        archive.flush().map_err(|error| written(&error))
    }

    /// [`Images::import`](crate::engine::image::Images::import).
    pub(super) async fn import_archive(
        &self,
        path: &Path,
        progress: Progress<'_>,
    ) -> Result<Vec<String>> {
        let refused = |error: std::io::Error| EngineError::Refused {
            detail: format!("{}: {error}", path.display()),
        };
        let file = tokio::fs::File::open(path).await.map_err(refused)?;
        let total = file.metadata().await.map_err(refused)?.len();
        let (tell, mut far) = tokio::sync::watch::channel(0);
        let pieces = ReaderStream::with_capacity(file, PIECE).inspect_ok(move |piece| {
            tell.send_modify(|far| *far += piece.len() as u64);
        });
        let mut said = std::pin::pin!(self.api.import_image_stream(
            ImportImageOptions { quiet: true, ..ImportImageOptions::default() },
            pieces,
            None
        ));
        let step = format!("Loading {}", path.display());
        let mut references = Vec::new();
        loop {
            tokio::select! {
                heard = said.next() => {
                    let Some(heard) = heard else { break };
                    let heard = heard.map_err(|error| {
                        match fault::of_engine(error, &self.transport.endpoint()) {
                            EngineError::Refused { detail } => EngineError::Refused {
                                detail: format!("{}: {detail}", path.display()),
                            },
                            other => other,
                        }
                    })?;
                    for line in heard.stream.as_deref().unwrap_or_default().lines() {
                        let loaded = LOADED.iter().find_map(|word| line.strip_prefix(word));
                        references.extend(loaded.map(|name| name.trim().to_owned()));
                    }
                }
                Ok(()) = far.changed() => progress(Step {
                    step: step.clone(),
                    done: *far.borrow(),
                    total: Some(total),
                    unit: "bytes",
                }),
            }
        }
        Ok(references)
    }

    /// [`Images::remove`](crate::engine::image::Images::remove).
    pub(in super::super) async fn remove_reference(&self, reference: &str) -> Result<()> {
        let removed = self.api.remove_image(reference, None::<RemoveImageOptions>, None).await;
        match removed {
            Ok(_) => Ok(()),
            Err(bollard::errors::Error::DockerResponseServerError { status_code: 409, .. }) => {
                Err(EngineError::ImageInUse { image: reference.to_owned() })
            }
            Err(error) => Err(fault::of_image(reference)(error)),
        }
    }
}

/// Our own disk's error.
fn written(error: &std::io::Error) -> EngineError {
    let detail = format!("the archive cannot be written: {error}");
    match error.kind() {
        std::io::ErrorKind::StorageFull => EngineError::DiskFull { detail },
        _ => EngineError::Refused { detail },
    }
}
