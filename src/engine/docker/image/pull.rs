//! Pulling: what can be had from a registry.

use std::collections::HashMap;
use std::time::Duration;

use bollard::models::CreateImageInfo;
use bollard::query_parameters::CreateImageOptionsBuilder;
use futures_util::StreamExt;

use super::super::{Docker, fault};
use crate::engine::{EngineError, Result, Step};

/// How long a registry may take to say the first word: where there is none, the learner should not
/// wait for the network's own patience.
const FIRST_WORD: Duration = Duration::from_secs(10);

/// How long it may be silent after that.
const SILENCE: Duration = Duration::from_mins(1);

/// How far a pull is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Pulled {
    pub(super) done: u64,
    /// The layers that were announced so far.
    pub(super) total: u64,
}

impl Pulled {
    /// As a step of its own.
    pub(super) fn step(self, reference: &str) -> Step {
        Step {
            step: format!("Pulling {reference}"),
            done: self.done,
            total: (self.total > 0).then_some(self.total),
            unit: "bytes",
        }
    }
}

impl Docker {
    /// Pulls an image; `report` gets the bytes as they come.
    pub(super) async fn pull_image(
        &self,
        reference: &str,
        report: &(dyn Fn(Pulled) + Send + Sync),
    ) -> Result<()> {
        let (image, tag) = split(reference);
        let options = CreateImageOptionsBuilder::new().from_image(image).tag(tag).build();
        let mut events = self.api.create_image(Some(options), None, None);
        let mut layers = Layers::default();
        let mut patience = FIRST_WORD;
        loop {
            let event = tokio::time::timeout(patience, events.next()).await.map_err(|_| {
                EngineError::ImageMissing {
                    image: reference.to_owned(),
                    detail: format!("its registry was silent for {} seconds", patience.as_secs()),
                }
            })?;
            let Some(event) = event else { return Ok(()) };
            let event = event.map_err(fault::of_image(reference)).map_err(|error| match error {
                EngineError::Refused { detail } => {
                    EngineError::ImageMissing { image: reference.to_owned(), detail }
                }
                other => other,
            })?;
            patience = SILENCE;
            report(layers.hear(&event));
        }
    }
}

/// The image and its tag or digest, `latest` where there is none.
fn split(reference: &str) -> (&str, &str) {
    if let Some((image, digest)) = reference.split_once('@') {
        return (image, digest);
    }
    match reference.rsplit_once(':') {
        // The colon of a registry's port is followed by a path.
        Some((image, tag)) if !tag.contains('/') => (image, tag),
        _ => (reference, "latest"),
    }
}

#[derive(Default)]
struct Layers(HashMap<String, Pulled>);

impl Layers {
    fn hear(&mut self, event: &CreateImageInfo) -> Pulled {
        if let (Some(id), Some(status)) = (&event.id, event.status.as_deref()) {
            let detail = event.progress_detail.as_ref();
            let number = |value: Option<i64>| value.and_then(|value| u64::try_from(value).ok());
            let layer = self.0.entry(id.clone()).or_default();
            match status {
                "Downloading" => {
                    layer.done = number(detail.and_then(|detail| detail.current)).unwrap_or(0);
                    layer.total = number(detail.and_then(|detail| detail.total)).unwrap_or(0);
                }
                "Download complete" | "Pull complete" => layer.done = layer.total,
                _ => {}
            }
        }
        self.0.values().fold(Pulled::default(), |sum, layer| Pulled {
            done: sum.done + layer.done,
            total: sum.total + layer.total,
        })
    }
}

#[cfg(test)]
mod tests {
    use bollard::models::ProgressDetail;

    use super::*;

    #[test]
    fn references_are_split_at_their_tag() {
        assert_eq!(split("debian"), ("debian", "latest"));
        assert_eq!(split("debian:bookworm-slim"), ("debian", "bookworm-slim"));
        assert_eq!(split("box:5000/debian"), ("box:5000/debian", "latest"));
        assert_eq!(split("debian@sha256:ab"), ("debian", "sha256:ab"));
    }

    #[test]
    fn layers_are_added_up() {
        let event = |id: &str, status: &str, current| CreateImageInfo {
            id: Some(id.to_owned()),
            status: Some(status.to_owned()),
            progress_detail: Some(ProgressDetail { current: Some(current), total: Some(10) }),
            ..CreateImageInfo::default()
        };
        let mut layers = Layers::default();
        layers.hear(&event("a", "Downloading", 4));
        let told = layers.hear(&event("b", "Downloading", 1));
        assert_eq!(told, Pulled { done: 5, total: 20 });
        let told = layers.hear(&event("a", "Download complete", 0));
        assert_eq!(told, Pulled { done: 11, total: 20 });
    }
}
