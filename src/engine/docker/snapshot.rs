//! Snapshots: a container's files kept as an image of their own, and a container made from one.
//!
//! A snapshot is what `docker commit` makes: the layer of what changed, above the image it changed
//! from. It is made without pausing the container. Its labels say whose it is and carry the note; its
//! tag is what makes it a snapshot: one that was removed while a container or a later snapshot still
//! stands on it only loses the tag, and goes for good with its sandbox.
//!
//! In-memory file systems are no part of a layer. They are packed into a file of root's in the
//! container itself for as long as the layer is made, and the first start of a container that is made
//! from it unpacks them. The packing needs `tar` inside; without it they are not kept.
//!
//! An engine goes on with a commit whose asker was killed. So one that is about to be asked for is
//! announced by another tag, on the image that the container stands on; who destroys the sandbox
//! waits for what was announced, and removes it too.
//!
//! Invariant: a snapshot without a sandbox of its attempt is nobody's. It is removed with that sandbox
//! and, where it could not be, with the next of its owner.

use std::collections::{HashMap, HashSet};
use std::fmt::Write as _;
use std::time::Duration;

use bollard::models::{ContainerConfig, ContainerCreateBody, ContainerInspectResponse, HostConfig};
use bollard::models::{ContainerStateStatusEnum, ImageSummary};
use bollard::query_parameters::{
    CommitContainerOptionsBuilder, CreateContainerOptionsBuilder, InspectContainerOptions,
    ListImagesOptionsBuilder, RemoveImageOptionsBuilder, TagImageOptionsBuilder,
};
use futures_util::future;
use jiff::Timestamp;

use super::recipe::{self, label};
use super::sandbox::Known;
use super::{Docker, fault};
use crate::engine::{
    EngineError, Init, LABEL, Result, Sandbox, SandboxId, SandboxState, Snapshot, SnapshotSpec,
};

/// The repository of all snapshots' tags.
const REPOSITORY: &str = "drydock-snapshot";

/// The repository of the tags that announce one.
pub(super) const ANNOUNCED: &str = "drydock-announced";

/// How long what was announced is waited for: a commit takes seconds where layers are compared file
/// by file.
const COMMIT_TIMEOUT: Duration = Duration::from_secs(15);
const COMMIT_INTERVAL: Duration = Duration::from_millis(100);

/// The value of [`LABEL`].
pub(super) const SNAPSHOT: &str = "snapshot";

/// The labels of a snapshot, besides those of its container, which it inherits.
pub(super) const NAME: &str = "drydock.snapshot";
const NOTE: &str = "drydock.note";
const TAKEN: &str = "drydock.taken";
/// Whether in-memory file systems are all in it: `yes` or `no`.
const WHOLE: &str = "drydock.whole";

/// How much of in-memory file systems is kept, in kilobytes: exercises have some tens of megabytes,
/// and more would take its time and be on the disk with every snapshot.
const MEMORY_LIMIT: u32 = 64 << 10;

/// How long packing or unpacking them may take.
const PACK_TIMEOUT: Duration = Duration::from_secs(30);

/// `$1` the file, `$2` the most kilobytes, then the folders. A file that changes while it is read
/// (status 1) is kept as it was read. What an earlier packing that was killed left behind goes.
const PACK: &str = r#"
file=$1; limit=$2; shift 2
folder=${file%/*}
mkdir -p "$folder" && chmod 700 "$folder" || exit 3
find "$folder" -type f -mmin +5 -exec rm -f {} + 2>/dev/null
total=0
for each in "$@"; do
    size=$(du -skx "$each" 2>/dev/null)
    total=$((total + ${size%%[!0-9]*}))
    set -- "$@" ".$each"; shift
done
[ "$total" -le "$limit" ] || exit 4
tar --acls --xattrs --one-file-system --numeric-owner -cpSf "$file" -C / "$@" 2>/dev/null
[ $? -le 1 ] || tar -cpf "$file" -C / "$@"
"#;

/// `$1` the file. Where it is not there any more it was unpacked before.
const UNPACK: &str = r#"
[ -f "$1" ] || exit 0
tar --acls --xattrs --numeric-owner -xpf "$1" -C / 2>/dev/null || tar -xpf "$1" -C / || exit 1
rm -f "$1"; rmdir "${1%/*}" 2>/dev/null
exit 0
"#;

/// `$1` the file.
const CLEAR: &str = r#"rm -f "$1"; rmdir "${1%/*}" 2>/dev/null"#;

impl Docker {
    /// [`crate::engine::Engine::snapshot`].
    pub(super) async fn take_snapshot(
        &self,
        id: &SandboxId,
        spec: &SnapshotSpec,
    ) -> Result<Snapshot> {
        let SnapshotSpec { name, note } = spec;
        spec.check()?;
        let known = self.know(id).await?;
        if known.machine.is_some() {
            return Err(EngineError::Refused {
                detail: format!("{id} is a machine of a system, and those have no snapshots"),
            });
        }
        let container = self.container(id).await?;
        if self.images_of(&known).await?.iter().any(|image| live(image) == Some(name)) {
            return Err(EngineError::SnapshotExists { name: name.clone() });
        }
        let folders = memory(&container, known.init);
        let runs = container.state.as_ref().and_then(|state| state.status)
            == Some(ContainerStateStatusEnum::RUNNING);
        let file = memory_file(name);
        let packed = !folders.is_empty() && runs && self.pack_memory(id, &file, &folders).await;
        let whole = folders.is_empty() || packed;
        let taken_at = Timestamp::now();
        let announced = self.announce(&container, &known.attempt, name, taken_at).await?;
        let committed = self.commit(id, &known, spec, taken_at, whole, packed).await;
        if !folders.is_empty() && runs {
            self.clear_memory(id, &file).await;
        }
        // Somebody may have destroyed the sandbox meanwhile.
        let there = self.container(id).await;
        if let (Ok(image), Err(EngineError::SandboxGone { .. })) = (&committed, &there) {
            self.remove_image_of(image).await?;
        }
        self.remove_image_of(&announced).await?;
        let image = committed?;
        there?;
        let size = self.layer_size(&image).await;
        Ok(Snapshot { name: name.clone(), note: note.clone(), taken_at, whole, size })
    }

    /// Makes the image; gives its number.
    async fn commit(
        &self,
        id: &SandboxId,
        known: &Known,
        spec: &SnapshotSpec,
        taken_at: Timestamp,
        whole: bool,
        packed: bool,
    ) -> Result<String> {
        let labels = [
            (LABEL, SNAPSHOT.to_owned()),
            (NAME, spec.name.clone()),
            (NOTE, escaped(&spec.note)),
            (TAKEN, taken_at.as_millisecond().to_string()),
            (WHOLE, if whole { "yes" } else { "no" }.to_owned()),
            (label::MEMORY, if packed { memory_file(&spec.name) } else { "no".to_owned() }),
        ];
        let changes: Vec<_> =
            labels.iter().map(|(key, value)| format!("LABEL {key}={value}")).collect();
        let options = CommitContainerOptionsBuilder::new()
            .container(&id.0)
            .repo(REPOSITORY)
            .tag(&tag(&known.attempt, &spec.name))
            // The learner's programs are not stopped for it.
            .pause(false)
            .changes(&changes.join("\n"))
            .build();
        let made = self.api.commit_container(options, ContainerConfig::default()).await;
        Ok(made.map_err(fault::of_sandbox(id))?.id)
    }

    /// [`crate::engine::Engine::snapshots`].
    pub(super) async fn list_snapshots(&self, id: &SandboxId) -> Result<Vec<Snapshot>> {
        // Asked of the engine and not of what is remembered: it may be gone.
        self.inspect_sandbox(id).await?;
        let known = self.know(id).await?;
        let mut images = self.images_of(&known).await?;
        images.retain(|image| live(image).is_some());
        images.sort_by_key(taken);
        let read = images.iter().map(|image| async {
            Snapshot {
                name: label_of(image, NAME).to_owned(),
                note: unescaped(label_of(image, NOTE)),
                taken_at: taken(image),
                whole: label_of(image, WHOLE) == "yes",
                size: self.layer_size(&image.id).await,
            }
        });
        Ok(future::join_all(read).await)
    }

    /// [`crate::engine::Engine::rewind`].
    pub(super) async fn make_from_snapshot(&self, id: &SandboxId, name: &str) -> Result<Sandbox> {
        let known = self.know(id).await?;
        let container = self.container(id).await?;
        let images = self.images_of(&known).await?;
        let image = images.iter().find(|image| live(image) == Some(name));
        let image = image.ok_or_else(|| EngineError::SnapshotMissing { name: name.to_owned() })?;
        let memory = Some(label_of(image, label::MEMORY)).filter(|file| file.starts_with('/'));
        let body = like(container, image, memory);
        let options = CreateContainerOptionsBuilder::new().name(&recipe::name(&known.item)).build();
        let made = self.api.create_container(Some(options), body).await;
        let made = SandboxId(made.map_err(fault::of_image(&image.id))?.id);
        let known = Known { memory: memory.map(str::to_owned), ..known };
        let sandbox = known.sandbox(&made, SandboxState::Created);
        self.known().insert(made, known);
        Ok(sandbox)
    }

    /// [`crate::engine::Engine::remove_snapshot`].
    pub(super) async fn forget_snapshot(&self, id: &SandboxId, name: &str) -> Result<()> {
        let known = self.know(id).await?;
        for image in self.images_of(&known).await? {
            if live(&image) == Some(name) {
                // By its tag: that goes even where the image has to stay.
                for tag in image.repo_tags.iter().filter(|tag| is_ours(tag)) {
                    self.remove_image_of(tag).await?;
                }
            }
        }
        Ok(())
    }

    /// Removes the snapshots of an owner that belong to no sandbox any more: those of the attempt,
    /// one of whose sandboxes has just been removed, and any that was left over before.
    pub(super) async fn sweep_snapshots(&self, owner: &str, attempt: &str) -> Result<()> {
        let own = [(label::OWNER, owner)];
        let (announced, images) = tokio::try_join!(self.announced(attempt), self.images(&own))?;
        if announced.is_empty() && images.is_empty() {
            return Ok(());
        }
        let sandboxes = self.list_sandboxes(Some(owner)).await?;
        let attempts: HashSet<_> = sandboxes.into_iter().map(|sandbox| sandbox.attempt).collect();
        if !attempts.contains(attempt) {
            for tag in announced {
                self.await_commit(owner, attempt, &tag).await?;
            }
        }
        let mut images = self.images(&own).await?;
        images.retain(|image| !attempts.contains(label_of(image, label::ATTEMPT)));
        // None goes before the later ones that stand on it.
        images.sort_by_key(|image| std::cmp::Reverse(taken(image)));
        for image in images {
            self.remove_image_of(&image.id).await?;
        }
        Ok(())
    }

    /// Says that a snapshot is about to be taken; gives the tag that says so.
    async fn announce(
        &self,
        container: &ContainerInspectResponse,
        attempt: &str,
        name: &str,
        at: Timestamp,
    ) -> Result<String> {
        let image = container.image.as_deref().unwrap_or_default();
        let tag = format!("{}.{}", tag(attempt, name), at.as_millisecond());
        let options = TagImageOptionsBuilder::new().repo(ANNOUNCED).tag(&tag).build();
        self.api.tag_image(image, Some(options)).await.map_err(fault::of_image(image))?;
        Ok(format!("{ANNOUNCED}:{tag}"))
    }

    /// The tags that announce snapshots of an attempt.
    async fn announced(&self, attempt: &str) -> Result<Vec<String>> {
        let begin = tag(attempt, "");
        let mut tags = self.all_announced().await?;
        tags.retain(|tag| tag.rsplit_once(':').is_some_and(|(_, tag)| tag.starts_with(&begin)));
        Ok(tags)
    }

    /// The tags that announce snapshots, whosever they are.
    pub(super) async fn all_announced(&self) -> Result<Vec<String>> {
        let filters = HashMap::from([("reference", vec![ANNOUNCED.to_owned()])]);
        let options = ListImagesOptionsBuilder::new().filters(&filters).build();
        let found = self.api.list_images(Some(options)).await;
        let found = found.map_err(|error| fault::of_engine(error, &self.transport.endpoint()))?;
        let is_one = |tag: &String| {
            let repository = tag.rsplit_once(':').map_or("", |(repository, _)| repository);
            repository.rsplit('/').next() == Some(ANNOUNCED)
        };
        Ok(found.into_iter().flat_map(|image| image.repo_tags).filter(is_one).collect())
    }

    /// Waits until an announced snapshot is there, or will not be: then whoever announced it takes
    /// that back, or was killed before it asked.
    async fn await_commit(&self, owner: &str, attempt: &str, announced: &str) -> Result<()> {
        let (named, at) = announced.rsplit_once('.').unwrap_or_default();
        let named = named.rsplit_once(':').map_or("", |(_, named)| named);
        let at = at.parse().ok().and_then(|at| Timestamp::from_millisecond(at).ok());
        // By the clock of whoever announced it, which may be another's.
        let until = at.unwrap_or_default().min(Timestamp::now()) + COMMIT_TIMEOUT;
        while Timestamp::now() < until {
            let images = self.images(&[(label::OWNER, owner), (label::ATTEMPT, attempt)]).await?;
            let is_it =
                |image: &ImageSummary| live(image).is_some_and(|name| tag(attempt, name) == named);
            let taken_back = async || {
                let announced_now = self.announced(attempt).await?;
                Ok::<_, EngineError>(!announced_now.iter().any(|tag| tag == announced))
            };
            if images.iter().any(is_it) || taken_back().await? {
                break;
            }
            tokio::time::sleep(COMMIT_INTERVAL).await;
        }
        self.remove_image_of(announced).await
    }

    /// Brings back what lay in memory, after the first start.
    pub(super) async fn unpack_memory(&self, id: &SandboxId, file: &str) -> Result<()> {
        if self.script_succeeds(id, UNPACK, &[file]).await? {
            return Ok(());
        }
        Err(EngineError::Refused {
            detail: format!("what lay in the memory of {id} could not be brought back"),
        })
    }

    async fn pack_memory(&self, id: &SandboxId, file: &str, folders: &[String]) -> bool {
        let limit = MEMORY_LIMIT.to_string();
        let words: Vec<&str> =
            [file, &limit].into_iter().chain(folders.iter().map(String::as_str)).collect();
        let packed = self.script_succeeds(id, PACK, &words).await;
        packed.unwrap_or_else(|error| {
            tracing::info!(%id, %error, "in-memory file systems are not in the snapshot");
            false
        })
    }

    async fn script_succeeds(&self, id: &SandboxId, script: &str, words: &[&str]) -> Result<bool> {
        let status = self.run_script(id, "0", script, words, PACK_TIMEOUT).await?;
        Ok(status.get().await? == Some(0))
    }

    async fn clear_memory(&self, id: &SandboxId, file: &str) {
        if let Err(error) = self.run_script(id, "0", CLEAR, &[file], PACK_TIMEOUT).await {
            tracing::info!(%id, %error, "the packed memory stays in the sandbox");
        }
    }

    async fn container(&self, id: &SandboxId) -> Result<ContainerInspectResponse> {
        let found = self.api.inspect_container(&id.0, None::<InspectContainerOptions>).await;
        found.map_err(fault::of_sandbox(id))
    }

    /// The images of an attempt's snapshots, those that only others stand on included.
    async fn images_of(&self, known: &Known) -> Result<Vec<ImageSummary>> {
        self.images(&[(label::OWNER, &known.owner), (label::ATTEMPT, &known.attempt)]).await
    }

    async fn images(&self, labels: &[(&str, &str)]) -> Result<Vec<ImageSummary>> {
        let own = [(LABEL, SNAPSHOT)];
        let labels = own.iter().chain(labels).map(|(key, value)| format!("{key}={value}"));
        let filters = HashMap::from([("label", labels.collect::<Vec<_>>())]);
        let options = ListImagesOptionsBuilder::new().all(true).filters(&filters).build();
        let found = self.api.list_images(Some(options)).await;
        found.map_err(|error| fault::of_engine(error, &self.transport.endpoint()))
    }

    /// What a snapshot's own layer takes, if the engine tells.
    pub(super) async fn layer_size(&self, image: &str) -> Option<u64> {
        let layers = self.api.image_history(image).await.ok()?;
        layers.first().and_then(|layer| u64::try_from(layer.size).ok())
    }

    /// Removes an image, or only its tag where others stand on it.
    pub(super) async fn remove_image_of(&self, image: &str) -> Result<()> {
        let options = RemoveImageOptionsBuilder::new().force(true).build();
        match self.api.remove_image(image, Some(options), None).await {
            Ok(_)
            | Err(bollard::errors::Error::DockerResponseServerError {
                status_code: 404 | 409,
                ..
            }) => Ok(()),
            Err(error) => Err(fault::of_image(image)(error)),
        }
    }
}

/// A container for another sandbox like this one, from a snapshot. What is taken over is what
/// [`recipe::container`] asks for, and no more: engines tell much besides.
fn like(
    container: ContainerInspectResponse,
    image: &ImageSummary,
    memory: Option<&str>,
) -> ContainerCreateBody {
    let config = container.config.unwrap_or_default();
    let host = container.host_config.unwrap_or_default();
    let mut labels = config.labels.unwrap_or_default();
    labels.insert(label::MEMORY.to_owned(), memory.unwrap_or_default().to_owned());
    ContainerCreateBody {
        image: Some(image.id.clone()),
        hostname: config.hostname,
        user: config.user,
        entrypoint: config.entrypoint,
        cmd: Some(Vec::new()),
        env: config.env,
        labels: Some(labels),
        healthcheck: config.healthcheck,
        stop_signal: config.stop_signal,
        host_config: Some(HostConfig {
            memory: host.memory,
            memory_swap: host.memory_swap,
            nano_cpus: host.nano_cpus,
            pids_limit: host.pids_limit,
            cap_drop: host.cap_drop,
            cap_add: host.cap_add,
            security_opt: host.security_opt,
            cgroupns_mode: host.cgroupns_mode,
            network_mode: host.network_mode,
            tmpfs: host.tmpfs,
            log_config: host.log_config,
            ..HostConfig::default()
        }),
        ..ContainerCreateBody::default()
    }
}

/// The in-memory file systems that are worth keeping.
fn memory(container: &ContainerInspectResponse, init: Init) -> Vec<String> {
    let host = container.host_config.as_ref();
    let mut folders: Vec<_> =
        host.and_then(|host| host.tmpfs.as_ref()).into_iter().flat_map(HashMap::keys).collect();
    folders
        .retain(|folder| init != Init::System || !recipe::RUN_FOLDERS.contains(&folder.as_str()));
    folders.sort();
    folders.into_iter().cloned().collect()
}

/// Where in-memory file systems are packed while a snapshot is taken.
fn memory_file(name: &str) -> String {
    format!("/.drydock/{name}.tar")
}

/// The tag of a snapshot: unique in its repository.
fn tag(attempt: &str, name: &str) -> String {
    let attempt: String = attempt.chars().filter(char::is_ascii_alphanumeric).take(60).collect();
    format!("{attempt}.{name}")
}

/// Whether a tag is a snapshot's; Podman puts a registry before it.
fn is_ours(tag: &str) -> bool {
    let repository = tag.split_once(':').map_or(tag, |(repository, _)| repository);
    repository.rsplit('/').next() == Some(REPOSITORY)
}

/// The name of a snapshot that has not been removed.
fn live(image: &ImageSummary) -> Option<&str> {
    image.repo_tags.iter().any(|tag| is_ours(tag)).then(|| label_of(image, NAME))
}

fn label_of<'a>(image: &'a ImageSummary, key: &str) -> &'a str {
    image.labels.get(key).map_or("", String::as_str)
}

fn taken(image: &ImageSummary) -> Timestamp {
    let told = label_of(image, TAKEN).parse().ok();
    told.and_then(|at| Timestamp::from_millisecond(at).ok()).unwrap_or_default()
}

/// Any text as one word of an engine's instruction.
fn escaped(text: &str) -> String {
    let mut word = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.,:".contains(&byte) {
            word.push(char::from(byte));
        } else {
            let _ = write!(word, "%{byte:02x}");
        }
    }
    word
}

fn unescaped(word: &str) -> String {
    let mut bytes = Vec::with_capacity(word.len());
    let mut rest = word;
    while let Some(at) = rest.find('%') {
        bytes.extend_from_slice(&rest.as_bytes()[..at]);
        let hex = rest.get(at + 1..at + 3).and_then(|hex| u8::from_str_radix(hex, 16).ok());
        bytes.push(hex.unwrap_or(b'%'));
        rest = &rest[at + if hex.is_some() { 3 } else { 1 }..];
    }
    bytes.extend_from_slice(rest.as_bytes());
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::snapshot_name;

    #[test]
    fn any_note_is_one_word_and_comes_back() {
        for text in ["", "plain", "{\"a\": \"ü $HOME `x`\\\n\"}", "100 %", "%zz%4"] {
            let word = escaped(text);
            assert!(word.bytes().all(|b| b.is_ascii_graphic()), "{word}");
            assert!(!word.contains(['"', '$', '\\', '\'', '=']), "{word}");
            assert_eq!(unescaped(&word), text);
        }
        assert_eq!(unescaped("100%"), "100%");
    }

    #[test]
    fn a_tag_is_known_with_and_without_a_registry() {
        let tagged = format!("{REPOSITORY}:{}", tag("0199-ab/c", "check-1"));
        assert_eq!(tagged, "drydock-snapshot:0199abc.check-1");
        assert!(is_ours(&tagged) && is_ours(&format!("localhost/{tagged}")));
        assert!(!is_ours("drydock/base:latest") && !is_ours("<none>:<none>"));
    }

    #[test]
    fn only_plain_names_are_names() {
        for name in ["start", "check-1", "0", "a.b_c"] {
            assert!(snapshot_name(name), "{name}");
        }
        for name in ["", "-a", ".a", "A", "a b", "a/b", "ü", &"a".repeat(61)] {
            assert!(!snapshot_name(name), "{name}");
        }
    }

    #[test]
    fn what_an_init_system_keeps_in_memory_is_its_own() {
        let container = ContainerInspectResponse {
            host_config: Some(HostConfig {
                tmpfs: Some(
                    ["/run", "/run/lock", "/srv"].map(|f| (f.into(), String::new())).into(),
                ),
                ..HostConfig::default()
            }),
            ..ContainerInspectResponse::default()
        };
        assert_eq!(memory(&container, Init::System), ["/srv"]);
        assert_eq!(memory(&container, Init::Minimal), ["/run", "/run/lock", "/srv"]);
    }
}
