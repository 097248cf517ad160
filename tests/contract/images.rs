//! Images in one file: taken in, refused, removed. The archives are made here, by hand.

use std::fs::File;
use std::io::Write;
use std::path::Path;

use drydock::engine::{EngineError, SandboxSpec};
use sha2::{Digest, Sha256};
use tar::EntryType;

use super::Lab;

/// An entry of a layer.
enum Entry<'a> {
    Text(&'a str, &'a str),
    /// The second is where it leads.
    Symlink(&'a str, &'a str),
    HardLink(&'a str, &'a str),
    Folder(&'a str),
    /// Anything else: a device, a pipe.
    Odd(&'a str, EntryType),
    /// With such an owner.
    Owned(&'a str, u64),
    /// With these bits.
    Mode(&'a str, u32),
}
use Entry::{Folder, HardLink, Mode, Odd, Owned, Symlink, Text};

/// The name exactly as it is: the library would refuse what a stranger may write.
fn named(header: &mut tar::Header, name: &str) {
    let field = &mut header.as_gnu_mut().unwrap().name;
    field.fill(0);
    field[..name.len()].copy_from_slice(name.as_bytes());
}

fn layer(entries: &[Entry<'_>]) -> Vec<u8> {
    let mut tar = tar::Builder::new(Vec::new());
    for entry in entries {
        let mut header = tar::Header::new_gnu();
        header.set_mode(0o644);
        header.set_uid(0);
        header.set_gid(0);
        header.set_size(0);
        let mut text = "";
        let (name, kind) = match entry {
            Text(name, contents) => {
                text = contents;
                header.set_size(text.len() as u64);
                (name, EntryType::Regular)
            }
            Symlink(name, target) => {
                header.set_link_name_literal(target).unwrap();
                (name, EntryType::Symlink)
            }
            HardLink(name, target) => {
                header.set_link_name_literal(target).unwrap();
                (name, EntryType::Link)
            }
            Folder(name) => {
                header.set_mode(0o755);
                (name, EntryType::Directory)
            }
            Odd(name, kind) => (name, *kind),
            Owned(name, uid) => {
                header.set_uid(*uid);
                (name, EntryType::Regular)
            }
            Mode(name, mode) => {
                header.set_mode(*mode);
                (name, EntryType::Regular)
            }
        };
        header.set_entry_type(kind);
        named(&mut header, name);
        header.set_cksum();
        tar.append(&header, text.as_bytes()).unwrap();
    }
    tar.into_inner().unwrap()
}

fn digest(bytes: &[u8]) -> String {
    format!("sha256:{:x}", Sha256::digest(bytes))
}

/// What an image says of itself.
struct Says<'a> {
    tag: &'a str,
    architecture: &'a str,
    user: &'a str,
}

fn here(tag: &str) -> Says<'_> {
    let architecture = match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    };
    Says { tag, architecture, user: "" }
}

/// Writes an archive of one image.
fn archive(says: &Says<'_>, layers: &[Vec<u8>], digests: &[String]) -> tempfile::NamedTempFile {
    let config = serde_json::json!({
        "architecture": says.architecture,
        "os": "linux",
        // So that no two tests have the same image.
        "author": says.tag,
        "config": { "User": says.user, "Env": ["PATH=/bin:/usr/bin", "HARBOUR=Kiel", "HOME=/"] },
        "rootfs": { "type": "layers", "diff_ids": digests },
        "history": [],
    });
    let names: Vec<_> = (0..layers.len()).map(|at| format!("{at}/layer.tar")).collect();
    let config_name = format!("{}.json", &digest(config.to_string().as_bytes())[7..]);
    let manifest = serde_json::json!([
        { "Config": config_name, "RepoTags": [says.tag], "Layers": names }
    ]);
    let file = tempfile::NamedTempFile::new().unwrap();
    let mut tar = tar::Builder::new(file.as_file());
    let mut put = |name: &str, bytes: &[u8]| {
        let mut header = tar::Header::new_gnu();
        header.set_mode(0o644);
        header.set_size(bytes.len() as u64);
        tar.append_data(&mut header, name, bytes).unwrap();
    };
    for (name, layer) in names.iter().zip(layers) {
        put(name, layer);
    }
    put(&config_name, config.to_string().as_bytes());
    put("manifest.json", manifest.to_string().as_bytes());
    tar.finish().unwrap();
    drop(tar);
    file
}

fn image(says: &Says<'_>, layers: &[&[Entry<'_>]]) -> tempfile::NamedTempFile {
    let layers: Vec<_> = layers.iter().map(|entries| layer(entries)).collect();
    let digests: Vec<_> = layers.iter().map(|layer| digest(layer)).collect();
    archive(says, &layers, &digests)
}

/// A reference that only this test knows.
fn reference() -> String {
    format!("drydock-test/{}:1", uuid::Uuid::now_v7().simple())
}

async fn import(lab: &Lab, archive: &Path) -> Result<Vec<String>, EngineError> {
    lab.engine.images().unwrap().import(archive, &|_| {}).await
}

async fn spec_of(lab: &Lab, image: &str) -> SandboxSpec {
    SandboxSpec { image: image.to_owned(), ..lab.spec().await }
}

pub(crate) async fn an_archive_is_taken_in_and_its_image_removed(lab: Lab) {
    let tag = reference();
    let images = lab.engine.images().unwrap();
    assert!(!images.present(&tag).await.unwrap());
    let archive = image(&here(&tag), &[&[Text("etc/mark", "one")], &[Text("etc/other", "two")]]);
    let steps = std::sync::Mutex::new(Vec::new());
    let taken = images.import(archive.path(), &|step| steps.lock().unwrap().push(step)).await;
    assert_eq!(taken.unwrap(), [tag.as_str()]);
    assert!(steps.lock().unwrap().iter().any(|step| step.total.is_some_and(|all| all > 0)));
    assert!(images.present(&tag).await.unwrap());
    // Again is fine.
    assert_eq!(import(&lab, archive.path()).await.unwrap(), [tag.as_str()]);
    // An engine that writes them gives back what it was given.
    if let Some(builder) = lab.engine.builder() {
        let mut written = tempfile::NamedTempFile::new().unwrap();
        builder.export(&[&tag], written.as_file_mut(), &|_| {}).await.unwrap();
        images.remove(&tag).await.unwrap();
        assert_eq!(import(&lab, written.path()).await.unwrap(), [tag.as_str()]);
    }
    // Packed as a whole.
    images.remove(&tag).await.unwrap();
    let mut packed = flate2::write::GzEncoder::new(
        tempfile::NamedTempFile::new().unwrap(),
        flate2::Compression::fast(),
    );
    std::io::copy(&mut File::open(archive.path()).unwrap(), &mut packed).unwrap();
    let packed = packed.finish().unwrap();
    assert_eq!(import(&lab, packed.path()).await.unwrap(), [tag.as_str()]);
    images.remove(&tag).await.unwrap();
    assert!(!images.present(&tag).await.unwrap());
    let error = images.remove(&tag).await.unwrap_err();
    assert!(matches!(error, EngineError::ImageMissing { .. }), "{error:?}");
}

pub(crate) async fn what_is_no_archive_is_refused(lab: Lab) {
    let mut text = tempfile::NamedTempFile::new().unwrap();
    text.write_all(&[b'x'; 5000]).unwrap();
    let error = import(&lab, text.path()).await.unwrap_err();
    let name = text.path().display().to_string();
    assert!(matches!(error, EngineError::Refused { .. }), "{error:?}");
    assert!(error.to_string().contains(&name), "{error}");
    // Cut short.
    let whole = image(&here(&reference()), &[&[Text("a", &"x".repeat(100_000))]]);
    let half = whole.as_file().metadata().unwrap().len() / 2;
    whole.as_file().set_len(half).unwrap();
    let error = import(&lab, whole.path()).await.unwrap_err();
    assert!(matches!(error, EngineError::Refused { .. }), "{error:?}");
    let error = import(&lab, Path::new("/nonexistent/images.tar")).await.unwrap_err();
    assert!(error.to_string().contains("/nonexistent/images.tar"), "{error}");
}

pub(crate) async fn a_layer_that_was_changed_is_refused(lab: Lab) {
    let tag = reference();
    let layers = [layer(&[Text("etc/mark", "changed")])];
    let archive = archive(&here(&tag), &layers, &[digest(b"another")]);
    let error = import(&lab, archive.path()).await.unwrap_err();
    assert!(matches!(error, EngineError::Refused { .. }), "{error:?}");
    assert!(!lab.engine.images().unwrap().present(&tag).await.unwrap());
}

/// A file of a sandbox, as it is copied out: nothing is in these images that could show it.
async fn file(lab: &Lab, spec: &SandboxSpec, path: &str) -> Option<String> {
    let sandbox = lab.started(spec).await;
    let found = lab.engine.copy_out(&sandbox.id, path, 1000).await.ok();
    lab.engine.destroy(&sandbox.id).await.unwrap();
    found.map(|bytes| String::from_utf8(bytes).unwrap())
}

pub(crate) async fn layers_are_put_above_each_other(lab: Lab) {
    let tag = reference();
    let archive = image(
        &here(&tag),
        &[
            &[
                Folder("a"),
                Text("a/kept", "kept"),
                Text("a/gone", "gone"),
                Text("a/new", "old"),
                Folder("b"),
                Text("b/below", "below"),
                Folder("c"),
                Text("c/inside", "inside"),
                Symlink("d", "a"),
                Text("etc/passwd", "root:x:0:0::/root:/bin/sh\nada:x:500:500::/:/bin/sh\n"),
            ],
            &[
                Text("a/.wh.gone", ""),
                Text("a/new", "new"),
                Text("b/above", "above"),
                Text("b/.wh..wh..opq", ""),
                Text("c", "a file now"),
                Text("d/through", "the link"),
                HardLink("e", "a/kept"),
                Mode("setuid", 0o4755),
            ],
        ],
    );
    import(&lab, archive.path()).await.unwrap();
    let spec = SandboxSpec { user: "ada".to_owned(), ..spec_of(&lab, &tag).await };
    for (path, text) in [
        ("/a/kept", Some("kept")),
        ("/a/gone", None),
        ("/a/.wh.gone", None),
        ("/a/new", Some("new")),
        ("/b/below", None),
        ("/b/above", Some("above")),
        ("/c", Some("a file now")),
        ("/a/through", Some("the link")),
        ("/e", Some("kept")),
    ] {
        assert_eq!(file(&lab, &spec, path).await.as_deref(), text, "{path}");
    }
    let sandbox = lab.engine.create(&spec).await.unwrap();
    assert_eq!(sandbox.user, "ada");
    let spec = SandboxSpec { user: "ben".to_owned(), ..spec };
    let root = lab.engine.create(&spec).await.unwrap();
    assert_eq!(root.user, "root");
    for sandbox in [sandbox, root] {
        lab.engine.destroy(&sandbox.id).await.unwrap();
    }
    lab.engine.images().unwrap().remove(&tag).await.unwrap();
}

pub(crate) async fn an_archive_reaches_nothing_outside(lab: Lab) {
    let bait = tempfile::tempdir().unwrap();
    let place = bait.path().display().to_string();
    std::fs::write(bait.path().join("word"), "untouched").unwrap();
    let images = lab.engine.images().unwrap();
    let up = "../".repeat(20);
    let refused: [&[Entry<'_>]; 5] = [
        &[Text(&format!("{up}{place}/new"), "x")],
        &[Text("a/../../x", "x")],
        &[HardLink("stolen", &format!("{place}/word"))],
        &[Symlink("out", &place), Text("out/new", "x")],
        &[Owned("high", 70_000)],
    ];
    for (at, entries) in refused.into_iter().enumerate() {
        let tag = reference();
        if at == 4 && lab.engine.offers().multiple_users.is_err() {
            continue;
        }
        let error = import(&lab, image(&here(&tag), &[entries]).path()).await.unwrap_err();
        assert!(matches!(error, EngineError::Refused { .. }), "{at}: {error:?}");
        assert!(!images.present(&tag).await.unwrap());
    }
    // These are taken in, and lead nowhere.
    let tag = reference();
    let archive = image(
        &here(&tag),
        &[&[
            Symlink("out", &place),
            Symlink("dev", &place),
            Symlink("proc", "/"),
            Symlink("run", &place),
            Symlink("etc", &place),
            Odd("device", EntryType::Char),
            Odd("disk", EntryType::Block),
            Odd("pipe", EntryType::Fifo),
        ]],
    );
    import(&lab, archive.path()).await.unwrap();
    let spec = spec_of(&lab, &tag).await;
    let sandbox = lab.started(&spec).await;
    for path in ["/out/word", "/device", "/disk", "/pipe"] {
        let found = lab.engine.copy_out(&sandbox.id, path, 1000).await;
        assert!(found.is_err(), "{path}: {found:?}");
    }
    let names: Vec<_> = std::fs::read_dir(bait.path()).unwrap().collect();
    assert_eq!(names.len(), 1, "{names:?}");
    assert_eq!(std::fs::read_to_string(bait.path().join("word")).unwrap(), "untouched");
    lab.engine.destroy(&sandbox.id).await.unwrap();
    images.remove(&tag).await.unwrap();
}

pub(crate) async fn an_image_in_use_stays(lab: Lab) {
    let tag = reference();
    let images = lab.engine.images().unwrap();
    let first = image(&here(&tag), &[&[Text("mark", "first")]]);
    import(&lab, first.path()).await.unwrap();
    let spec = spec_of(&lab, &tag).await;
    let sandbox = lab.engine.create(&spec).await.unwrap();
    let error = images.remove(&tag).await.unwrap_err();
    assert!(matches!(error, EngineError::ImageInUse { .. }), "{error:?}");
    // Another of the same name: the old sandbox keeps what it lies on.
    let second = image(&here(&tag), &[&[Text("mark", "second")]]);
    import(&lab, second.path()).await.unwrap();
    assert_eq!(file(&lab, &spec, "/mark").await.as_deref(), Some("second"));
    lab.engine.start(&sandbox.id).await.unwrap();
    let mark = lab.engine.copy_out(&sandbox.id, "/mark", 100).await.unwrap();
    assert_eq!(mark, b"first");
    lab.engine.destroy(&sandbox.id).await.unwrap();
    images.remove(&tag).await.unwrap();
}

pub(crate) async fn an_import_that_was_cut_off_leaves_nothing(lab: Lab) {
    let tag = reference();
    let images = lab.engine.images().unwrap();
    let many: Vec<_> = (0..20_000).map(|at| format!("f{at}")).collect();
    let entries: Vec<_> = many.iter().map(|name| Text(name, "x")).collect();
    let archive = image(&here(&tag), &[&entries]);
    let folder = Path::new(&lab.engine.info().await.unwrap().endpoint).join("images");
    let unfinished = || {
        let entries = std::fs::read_dir(&folder).into_iter().flatten().flatten();
        let names = entries.map(|entry| entry.file_name().to_string_lossy().into_owned());
        names.filter(|name| name.starts_with(".new-")).count()
    };
    let (told, mut hear) = tokio::sync::mpsc::unbounded_channel();
    let progress = move |step: drydock::engine::Step| {
        let _ = told.send(step.done);
    };
    let work = images.import(archive.path(), &progress);
    let inside = async { while hear.recv().await.is_some_and(|done| done == 0) {} };
    tokio::select! {
        done = work => panic!("it went through: {done:?}"),
        () = super::within(inside) => {}
    }
    assert!(!images.present(&tag).await.unwrap());
    // The next who comes clears up.
    let other = reference();
    import(&lab, image(&here(&other), &[&[Text("a", "x")]]).path()).await.unwrap();
    assert_eq!(unfinished(), 0);
    images.remove(&other).await.unwrap();
}

pub(crate) async fn an_image_for_another_machine_is_refused(lab: Lab) {
    let tag = reference();
    let says = Says { architecture: "s390x", ..here(&tag) };
    let images = lab.engine.images().unwrap();
    let refused = match import(&lab, image(&says, &[&[Text("a", "x")]]).path()).await {
        // An engine that stores it does not use it.
        Ok(_) => {
            let refused = images.present(&tag).await.unwrap_err();
            images.remove(&tag).await.unwrap();
            refused
        }
        Err(refused) => refused,
    };
    assert!(
        matches!(&refused, EngineError::OtherArchitecture { theirs, .. } if &**theirs == "s390x"),
        "{refused}"
    );
    assert!(!images.present(&tag).await.unwrap());
}
