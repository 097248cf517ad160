//! Everything of drydock's on a Docker engine, found by its label.

use std::collections::{HashMap, HashSet};

use async_trait::async_trait;
use bollard::models::{ContainerSummary, ImageSummary};
use bollard::query_parameters::{ListContainersOptionsBuilder, ListImagesOptionsBuilder};

use super::image::unregistered;
use super::recipe::label;
use super::sandbox::listed;
use super::snapshot::{self, ANNOUNCED, SNAPSHOT};
use super::{Docker, fault};
use crate::engine::belongings::{Belongings, CommonImage, OwnedSnapshot, Removal};
use crate::engine::image::definition::PREFIX;
use crate::engine::{EngineError, LABEL, PrivateNetwork, Result, Systems};

/// What the engine calls an image that is called nothing.
const NAMELESS: &str = "<none>:<none>";

#[async_trait]
impl Removal for Docker {
    async fn belongings(&self, owners: &[String]) -> Result<Belongings> {
        // The first question must fail by itself, with its own short time.
        self.transport.version().await?;
        let is_ours = |owner: &str| owners.iter().any(|ours| ours == owner);
        let (sandboxes, networks, images, snapshots, containers) = tokio::try_join!(
            self.sandboxes_with_sizes(),
            self.networks(None),
            self.labelled_images(LABEL.to_owned()),
            self.labelled_images(format!("{LABEL}={SNAPSHOT}")),
            self.containers(),
        )?;
        let all = sandboxes.len() + networks.len() + snapshots.len();
        let sandboxes: Vec<_> =
            sandboxes.into_iter().filter(|(one, _)| is_ours(&one.owner)).collect();
        let networks: Vec<_> =
            networks.into_iter().filter(|one: &PrivateNetwork| is_ours(&one.owner)).collect();
        let mut kept = Vec::new();
        for image in snapshots.iter().filter(|image| is_ours(label_of(image, label::OWNER))) {
            kept.push(OwnedSnapshot {
                item: label_of(image, label::ITEM).to_owned(),
                name: label_of(image, snapshot::NAME).to_owned(),
                bytes: self.layer_size(&image.id).await,
            });
        }
        let of_others = all - sandboxes.len() - networks.len() - kept.len();
        let going: HashSet<_> = sandboxes.iter().map(|(one, _)| one.id.0.as_str()).collect();
        let used = containers
            .iter()
            .filter(|one| one.id.as_ref().is_none_or(|id| !going.contains(id.as_str())));
        let images = common(&images, &used.collect::<Vec<_>>(), of_others);
        Ok(Belongings { sandboxes, networks, snapshots: kept, images, of_others })
    }

    async fn remove_image(&self, name: &str) -> Result<()> {
        match self.remove_reference(name).await {
            // It went with another.
            Err(EngineError::ImageMissing { .. }) => Ok(()),
            done => done,
        }
    }

    async fn clear(&self, owners: &[String]) -> Result<()> {
        for owner in owners {
            self.sweep_snapshots(owner, "").await?;
        }
        // A snapshot that was announced and never taken has no owner; it is nobody's where there is no
        // other home.
        if self.belongings(owners).await?.of_others == 0 {
            for tag in self.all_announced().await? {
                self.remove_image_of(&tag).await?;
            }
        }
        Ok(())
    }
}

impl Docker {
    async fn sandboxes_with_sizes(&self) -> Result<Vec<(crate::engine::Sandbox, Option<u64>)>> {
        let filters = HashMap::from([("label", vec![format!("{LABEL}={}", label::SANDBOX)])]);
        let options =
            ListContainersOptionsBuilder::new().all(true).size(true).filters(&filters).build();
        let found = self.api.list_containers(Some(options)).await;
        let found = found.map_err(|error| fault::of_engine(error, &self.transport.endpoint()))?;
        let sized = |summary: ContainerSummary| {
            let bytes = summary.size_rw.and_then(|bytes| u64::try_from(bytes).ok());
            listed(summary).map(|sandbox| (sandbox, bytes))
        };
        Ok(found.into_iter().filter_map(sized).collect())
    }

    /// Everybody's containers.
    async fn containers(&self) -> Result<Vec<ContainerSummary>> {
        let options = ListContainersOptionsBuilder::new().all(true).build();
        let found = self.api.list_containers(Some(options)).await;
        found.map_err(|error| fault::of_engine(error, &self.transport.endpoint()))
    }

    async fn labelled_images(&self, label: String) -> Result<Vec<ImageSummary>> {
        let filters = HashMap::from([("label", vec![label])]);
        let options = ListImagesOptionsBuilder::new().filters(&filters).build();
        let found = self.api.list_images(Some(options)).await;
        found.map_err(|error| fault::of_engine(error, &self.transport.endpoint()))
    }
}

/// The images that drydock has made of those with its label, the youngest first: no snapshots, and
/// nothing that others have built on one of ours and called something else.
fn common(
    images: &[ImageSummary],
    containers: &[&ContainerSummary],
    of_others: usize,
) -> Vec<CommonImage> {
    let mut images: Vec<_> = images
        .iter()
        .filter(|image| label_of(image, LABEL) != SNAPSHOT)
        .filter_map(|image| Some((image, names(image)?)))
        .collect();
    images.sort_by_key(|(image, _)| std::cmp::Reverse(image.created));
    let told = |(image, names): (&ImageSummary, Vec<String>)| {
        let user = containers.iter().find(|one| one.image_id.as_deref() == Some(&*image.id));
        let name = |one: &&ContainerSummary| {
            let name = one.names.iter().flatten().next().map(|name| name.trim_start_matches('/'));
            name.unwrap_or("without a name").to_owned()
        };
        let kept = match (of_others, user) {
            (1.., _) => Some("another drydock home has sandboxes on this engine".to_owned()),
            (0, Some(user)) => Some(format!("the container {} uses it", name(user))),
            (0, None) => None,
        };
        CommonImage { names, bytes: u64::try_from(image.size).ok(), kept }
    };
    images.into_iter().map(told).collect()
}

/// The references of an image of ours; `None` where all that it has are somebody else's.
fn names(image: &ImageSummary) -> Option<Vec<String>> {
    let tags: Vec<_> = image.repo_tags.iter().filter(|tag| *tag != NAMELESS).collect();
    if tags.is_empty() {
        return Some(vec![image.id.clone()]);
    }
    let is_ours = |tag: &str| {
        let tag = unregistered(tag);
        tag.starts_with(PREFIX) || tag.split_once(':').is_some_and(|(name, _)| name == ANNOUNCED)
    };
    let ours: Vec<_> = tags.into_iter().filter(|tag| is_ours(tag)).cloned().collect();
    (!ours.is_empty()).then_some(ours)
}

fn label_of<'a>(image: &'a ImageSummary, key: &str) -> &'a str {
    image.labels.get(key).map_or("", String::as_str)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn image(id: &str, kind: &str, created: i64, tags: &[&str]) -> ImageSummary {
        ImageSummary {
            id: id.to_owned(),
            created,
            size: 7,
            labels: HashMap::from([(LABEL.to_owned(), kind.to_owned())]),
            repo_tags: tags.iter().map(|&tag| tag.to_owned()).collect(),
            ..ImageSummary::default()
        }
    }

    #[test]
    fn images_are_ours_by_their_names_and_somebody_elses_are_not_listed() {
        let images = [
            image("a", "base", 1, &["drydock/debian:bookworm"]),
            image(
                "b",
                "image",
                3,
                &["localhost/drydock/base:0123", "localhost/drydock/base:latest"],
            ),
            image("c", "image", 4, &["mine/tools:1"]),
            image("d", "image", 2, &["<none>:<none>"]),
            image("e", "snapshot", 5, &["drydock-snapshot:a.start"]),
            image("f", "image", 0, &["drydock-announced:a.start.1", "mine/other:1"]),
        ];
        let names: Vec<_> =
            common(&images, &[], 0).into_iter().map(|image| image.names.join(" ")).collect();
        assert_eq!(
            names,
            [
                "localhost/drydock/base:0123 localhost/drydock/base:latest",
                "d",
                "drydock/debian:bookworm",
                "drydock-announced:a.start.1",
            ]
        );
    }

    #[test]
    fn what_others_need_stays_and_it_is_said_why() {
        let images = [image("a", "image", 1, &["drydock/base:1"])];
        let container = ContainerSummary {
            image_id: Some("a".to_owned()),
            names: Some(vec!["/mine".to_owned()]),
            ..ContainerSummary::default()
        };
        let why = |containers: &[&ContainerSummary], others| {
            common(&images, containers, others).remove(0).kept.unwrap_or_default()
        };
        assert_eq!(why(&[], 0), "");
        assert_eq!(why(&[&container], 0), "the container mine uses it");
        assert!(why(&[], 2).contains("another drydock home"));
    }
}
