//! Our images on a Docker engine: found by their tags, else built from what is found for a base.

mod archive;
mod base;
mod build;
mod pull;
mod stage;

use std::collections::HashMap;
use std::io::Write;
use std::path::Path;

use async_trait::async_trait;
use bollard::models::ImageSummary;
use bollard::query_parameters::ListImagesOptionsBuilder;

use self::stage::Stage;
use super::{Docker, fault};
use crate::engine::image::definition::{self, Definition, PREFIX, Parent};
use crate::engine::image::{BuildOptions, Builder, ImageInfo, Images};
use crate::engine::{EngineError, Progress, Result};

/// How the time of a build is shared out where nothing better is known: making a base takes about
/// a third of what building an image does.
const BASE_WEIGHT: f64 = 0.35;

#[async_trait]
impl Images for Docker {
    async fn present(&self, reference: &str) -> Result<bool> {
        let image =
            match self.api.inspect_image(reference).await.map_err(fault::of_image(reference)) {
                Ok(image) => image,
                Err(EngineError::ImageMissing { .. }) => return Ok(false),
                Err(error) => return Err(error),
            };
        let theirs = image.architecture.filter(|theirs| !theirs.is_empty());
        match (theirs, &self.server().await?.architecture) {
            (Some(theirs), Some(here)) if !runs(&theirs, here) => {
                Err(EngineError::OtherArchitecture {
                    image: reference.into(),
                    theirs: theirs.into(),
                    here: here.as_str().into(),
                })
            }
            _ => Ok(true),
        }
    }

    async fn list(&self) -> Result<Vec<ImageInfo>> {
        let filters = HashMap::from([("reference", vec![format!("{PREFIX}*")])]);
        let options = ListImagesOptionsBuilder::new().filters(&filters).build();
        let found = self.api.list_images(Some(options)).await;
        let found = found.map_err(|error| fault::of_engine(error, &self.transport.endpoint()))?;
        Ok(inventory(definition::all()?, &found))
    }

    async fn import(&self, archive: &Path, progress: Progress<'_>) -> Result<Vec<String>> {
        self.import_archive(archive, progress).await
    }

    async fn remove(&self, reference: &str) -> Result<()> {
        self.remove_reference(reference).await
    }
}

#[async_trait]
impl Builder for Docker {
    async fn ensure(
        &self,
        name: &str,
        options: &BuildOptions,
        progress: Progress<'_>,
    ) -> Result<String> {
        let wanted = definition::find(name)?;
        if !options.force && self.present(&wanted.reference).await? {
            return Ok(wanted.reference.clone());
        }
        if self.offline || options.offline {
            return Err(EngineError::Offline { what: format!("Building {PREFIX}{name}") });
        }
        let plan = self.plan(name, options).await?;
        let needs_base = matches!(plan[0].parent, Parent::Distribution(_));
        let base_weight = if needs_base { BASE_WEIGHT } else { 0.0 };
        let whole = base_weight + plan.len() as f64;
        let bar = Stage::whole(progress);
        let mut done = base_weight;
        for image in &plan {
            let from = match &image.parent {
                Parent::Ours(parent) => definition::find(parent)?.reference.clone(),
                Parent::Distribution(root) => {
                    self.base(root, options, &bar.part(0.0, base_weight / whole)).await?
                }
            };
            let part = bar.part(done / whole, (done + 1.0) / whole);
            self.build(image, &from, options.force, &part).await?;
            done += 1.0;
        }
        bar.report(1.0, &format!("{PREFIX}{name} is ready"));
        Ok(wanted.reference.clone())
    }

    async fn pull(&self, reference: &str, progress: Progress<'_>) -> Result<()> {
        if self.offline {
            return Err(EngineError::Offline { what: format!("Pulling {reference}") });
        }
        self.pull_image(reference, &|bytes| progress(bytes.step(reference))).await
    }

    async fn export(
        &self,
        references: &[&str],
        archive: &mut (dyn Write + Send),
        progress: Progress<'_>,
    ) -> Result<()> {
        self.export_archive(references, archive, progress).await
    }
}

/// Whether an engine runs images of an architecture: of its own, and of the one with half as many bits that its
/// processors have too. That it may emulate others cannot be asked, and would be too slow to practise in.
fn runs(theirs: &str, here: &str) -> bool {
    theirs == here || matches!((theirs, here), ("386", "amd64") | ("arm", "arm64"))
}

impl Docker {
    /// What has to be built for an image, itself last.
    async fn plan(&self, name: &str, options: &BuildOptions) -> Result<Vec<&'static Definition>> {
        let mut plan = definition::lineage(name)?;
        // The youngest ancestor that is there ends the search: its own are inside it.
        for older in (0..plan.len() - 1).rev() {
            if self.present(&plan[older].reference).await? {
                plan.drain(..=older);
                break;
            }
        }
        tracing::debug!(?options, images = plan.len(), "images to build");
        Ok(plan)
    }
}

/// What is defined, present or not, then what is there besides: old builds.
fn inventory(defined: &[Definition], found: &[ImageSummary]) -> Vec<ImageInfo> {
    let tags = || {
        found
            .iter()
            .flat_map(|image| image.repo_tags.iter().map(|tag| (unregistered(tag), image.size)))
    };
    let size = |size: i64| u64::try_from(size).ok();
    let current = defined.iter().map(|image| {
        let there = tags().find(|(tag, _)| *tag == image.reference);
        ImageInfo {
            name: image.name.clone(),
            reference: image.reference.clone(),
            present: there.is_some(),
            current: true,
            size: there.and_then(|(_, bytes)| size(bytes)),
        }
    });
    let old = tags().filter_map(|(tag, bytes)| {
        let (name, version) = tag.strip_prefix(PREFIX)?.split_once(':')?;
        let image = defined.iter().find(|image| image.name == name)?;
        let ours = version != "latest" && version != image.tag();
        ours.then(|| ImageInfo {
            name: name.to_owned(),
            reference: tag.to_owned(),
            present: true,
            current: false,
            size: size(bytes),
        })
    });
    current.chain(old).collect()
}

/// A tag without the registry that Podman puts before every name, its own for what was made here.
pub(super) fn unregistered(tag: &str) -> &str {
    let registries = ["localhost/", "docker.io/"];
    registries.iter().find_map(|registry| tag.strip_prefix(registry)).unwrap_or(tag)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_inventory_tells_current_from_old() {
        let defined = definition::all().unwrap();
        let base = definition::find("base").unwrap();
        let found = [ImageSummary {
            repo_tags: vec![
                base.reference.clone(),
                "drydock/base:latest".to_owned(),
                "localhost/drydock/base:0123456789ab".to_owned(),
                "drydock/debian:bookworm".to_owned(),
            ],
            size: 7,
            ..ImageSummary::default()
        }];
        let inventory = inventory(defined, &found);
        let told: Vec<_> = inventory
            .iter()
            .map(|image| (image.name.as_str(), image.present, image.current, image.size))
            .collect();
        assert!(told.contains(&("base", true, true, Some(7))), "{told:?}");
        assert!(told.contains(&("base", true, false, Some(7))), "{told:?}");
        assert!(told.contains(&("systemd", false, true, None)), "{told:?}");
        assert_eq!(inventory.len(), defined.len() + 1);
    }
}
