//! Packs of a small course, whole and spoilt in every way.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tempfile::TempDir;

use super::Fault;
use super::archive::{Pack, Writer};
use super::consent::Sheet;
use super::export::{Order, Selection};
use super::install::{Installed, Packs};
use super::signature::{Key, Signer, sign};
use crate::course::{self, Source};
use crate::engine::Limits;
use crate::engine::image::architecture;
use crate::problem::Problem;
use crate::store::Store;

/// A folder with a course of one item, a pack of it, and where packs are installed.
struct Yard {
    folder: TempDir,
}

impl Yard {
    fn new() -> Self {
        let yard = Self { folder: tempfile::tempdir().unwrap() };
        yard.file("course/content/boats/module.yaml", "title: Boats\norder: 7\n");
        yard.file("course/content/boats/01-rope.md", "# Rope\n\nMake it fast.\n");
        yard.file("course/exercises/boats/01-rope.yaml", MANIFEST);
        yard.file("course/exercises/boats/01-rope/solution.sh", "touch ~/rope\n");
        yard.file("course/exercises/boats/01-rope/tides.csv", "high,06:12\n");
        yard
    }

    fn file(&self, path: &str, text: &str) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn path(&self, path: &str) -> PathBuf {
        self.folder.path().join(path)
    }

    fn packs(&self) -> Packs {
        Packs::at(self.path("packs"))
    }

    /// Exports the course, perhaps signed.
    fn export(&self, key: Option<&Path>) -> PathBuf {
        self.export_of(&Source::folder(&self.path("course")).unwrap(), key)
    }

    fn export_of(&self, source: &Source, key: Option<&Path>) -> PathBuf {
        let course = course::load(std::slice::from_ref(source));
        assert_eq!(course.problems, []);
        let order = Order {
            name: "boats".to_owned(),
            selection: Selection::of(&course, &[]).unwrap(),
            references: BTreeMap::new(),
            images: None,
            with: None,
            proofs: Vec::new(),
        };
        let aside = tempfile::tempdir().unwrap();
        let ready = order.prepare(aside.path(), &|_, _| true).unwrap();
        let signature = key.map(|key| sign(&ready.text, "boats", key, None, false).unwrap());
        let mut bytes = Vec::new();
        ready
            .write(signature.as_deref(), &mut bytes, Path::new("boats.dock"), &|_, _| true)
            .unwrap();
        let path = self.path("boats.dock");
        fs::write(&path, bytes).unwrap();
        path
    }

    /// Installs a file as a pack.
    fn install(&self, path: &Path) -> Result<Installed, Fault> {
        let pack = Pack::open(path)?;
        self.packs().stage(&pack, true, &[], &|_, _| true)?.install()
    }

    /// That a file made of these bytes is refused, nothing is installed and nothing left behind.
    fn refused(&self, bytes: &[u8]) -> String {
        let path = self.path("spoilt.dock");
        fs::write(&path, bytes).unwrap();
        let fault = self.install(&path).expect_err("it was installed");
        assert!(self.packs().all().0.is_empty(), "something is installed");
        self.nothing_aside();
        let problem = Problem::from(fault);
        assert!(problem.remedy.is_some(), "{problem}");
        problem.to_string()
    }

    fn nothing_aside(&self) {
        let left = fs::read_dir(self.path("packs")).into_iter().flatten().flatten();
        let left: Vec<_> =
            left.map(|entry| entry.file_name()).filter(|name| name != ".lock").collect();
        assert!(left.iter().all(|name| !name.to_str().unwrap().starts_with('.')), "{left:?}");
    }
}

const MANIFEST: &str = "\
id: boats-01
module: boats
order: 1
title: Rope
difficulty: beginner
estimated_time: 5m
setup:
  - {source: tides.csv, dest: /home/learner/tides.csv}
verify:
  - {name: The rope is there, cmd: test -e rope, fail: There is no rope.}
hints: [What makes a file?]
";

/// A pack of these files with a manifest that says what it is told to.
fn made(manifest: &Value, files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = Writer::begin(Vec::new(), manifest.to_string().as_bytes(), None).unwrap();
    for (path, bytes) in files {
        writer.add(path, bytes.len() as u64, false, *bytes).unwrap();
    }
    writer.finish().unwrap()
}

/// A manifest of these files and nothing else.
fn manifest(files: &[(&str, &[u8])]) -> Value {
    let files: Vec<_> = files
        .iter()
        .map(|(path, bytes)| {
            let digest = format!("{:x}", Sha256::digest(bytes));
            let mut file = json!({ "path": path, "size": bytes.len(), "sha256": digest });
            if path.ends_with(".tar.zst") {
                file["unpacked"] = json!(bytes.len());
            }
            file
        })
        .collect();
    json!({
        "format": 1, "name": "boats", "program": "drydock 0", "made": "2026-01-01T00:00:00Z",
        "modules": [], "images": [], "proofs": [], "files": files,
    })
}

#[test]
fn what_was_exported_is_what_is_installed() {
    let yard = Yard::new();
    let installed = yard.install(&yard.export(None)).unwrap();
    let course = course::load(&[installed.source().unwrap()]);
    assert_eq!(course.problems, []);
    let original = course::load(&[Source::folder(&yard.path("course")).unwrap()]);
    let [item, was] = [&course, &original].map(|course| course.item("boats-01").unwrap());
    assert_eq!(item.hash().unwrap(), was.hash().unwrap());
    assert_eq!(course.modules[0].title, "Boats");
    assert_eq!(yard.packs().all().0, [installed]);
    yard.nothing_aside();

    // A later one takes its place.
    yard.file("course/content/boats/01-rope.md", "# Rope, again\n");
    let later = yard.install(&yard.export(None)).unwrap();
    let lesson = later.folder.join("content/boats/01-rope.md");
    assert_eq!(fs::read_to_string(lesson).unwrap(), "# Rope, again\n");
    assert_eq!(yard.packs().all().0, [later]);
    yard.nothing_aside();

    yard.packs().remove("boats").unwrap();
    assert_eq!(yard.packs().all().0, []);
    assert!(matches!(yard.packs().remove("boats"), Err(Fault::NotInstalled(_))));
    assert!(matches!(yard.packs().remove("../packs"), Err(Fault::NotInstalled(_))));
    yard.nothing_aside();
}

#[test]
fn a_pack_that_was_cut_anywhere_is_refused() {
    let yard = Yard::new();
    let whole = fs::read(yard.export(None)).unwrap();
    for end in (0..whole.len()).step_by(61) {
        let told = yard.refused(&whole[..end]);
        assert!(told.contains("is damaged") || told.contains("is no pack"), "cut at {end}: {told}");
    }
    let mut more = whole.clone();
    more.push(0);
    assert!(yard.refused(&more).contains("something was added to its end"));
}

#[test]
fn every_byte_of_the_manifest_counts() {
    let yard = Yard::new();
    let whole = fs::read(yard.export(None)).unwrap();
    let begin = whole.windows(10).position(|it| it == b"{\"format\":").unwrap();
    let end = begin + whole[begin..].iter().position(|byte| *byte == 0).unwrap();
    for at in begin..end {
        let mut spoilt = whole.clone();
        spoilt[at] ^= 1;
        let told = yard.refused(&spoilt);
        assert!(told.contains("its manifest was changed"), "byte {at}: {told}");
    }
}

#[test]
fn a_byte_that_was_changed_anywhere_changes_nothing_that_is_installed() {
    let yard = Yard::new();
    let whole = fs::read(yard.export(None)).unwrap();
    let hash = |installed: &Installed| {
        let course = course::load(&[installed.source().unwrap()]);
        course.item("boats-01").unwrap().hash().unwrap()
    };
    let wanted = hash(&yard.install(&yard.path("boats.dock")).unwrap());
    yard.packs().remove("boats").unwrap();
    for at in (0..whole.len()).step_by(53) {
        let mut spoilt = whole.clone();
        spoilt[at] ^= 0x11;
        let path = yard.path("spoilt.dock");
        fs::write(&path, &spoilt).unwrap();
        // What fills a block up means nothing, whatever it is.
        if let Ok(installed) = yard.install(&path) {
            assert_eq!(hash(&installed), wanted, "byte {at}");
            yard.packs().remove("boats").unwrap();
        }
        yard.nothing_aside();
    }
}

#[test]
fn no_path_leads_out() {
    let yard = Yard::new();
    for path in [
        "/etc/passwd",
        "../evil",
        "content/../../evil",
        "content//evil",
        "content/./evil",
        "content/.evil",
        ".evil",
        "evil",
        "content",
        "content/back\\slash",
        "content/C:evil",
        "content/\u{1b}[2J",
        "content/a\nb",
        "images/evil.tar.zst",
        "images/evil",
        "images/aa/bb.json",
        "home/evil",
    ] {
        // Also where its file is of that name: what is announced is refused before anything is read.
        let files: &[(&str, &[u8])] = &[(path, b"evil")];
        let told = yard.refused(&made(&manifest(files), &[("content/a/b", b"evil")]));
        assert!(told.contains("is refused"), "{path}: {told}");
        assert!(!told.contains('\u{1b}') && !told.contains('\n'), "{told:?}");
    }
    assert!(
        yard.refused(&made(&manifest(&[(&"content/a".repeat(40), b"")]), &[])).contains("too long")
    );
    assert!(
        yard.refused(&made(&manifest(&[(&"content/a/".repeat(9), b"")]), &[]))
            .contains("is refused")
    );
    assert!(!yard.path("evil").exists() && !yard.folder.path().join("packs/evil").exists());
}

#[test]
fn files_that_are_one_on_some_disks_are_refused() {
    let yard = Yard::new();
    for (one, other) in [
        ("content/a/b", "content/a/b"),
        ("content/a/b", "content/a/B"),
        ("content/a/b", "content/a"),
    ] {
        let files: &[(&str, &[u8])] = &[(one, b"1"), (other, b"2")];
        assert!(
            yard.refused(&made(&manifest(files), files)).contains("is refused"),
            "{one} {other}"
        );
    }
}

#[test]
fn what_is_no_plain_file_is_refused() {
    let yard = Yard::new();
    let files: &[(&str, &[u8])] = &[("content/boats/a.md", b"# a\n")];
    let sound = made(&manifest(files), files);
    let name = sound.windows(18).position(|it| it == b"content/boats/a.md").unwrap();
    for kind in *b"123456LKgx" {
        let mut spoilt = sound.clone();
        let header = &mut spoilt[name..name + 512];
        header[156] = kind;
        header[148..156].fill(b' ');
        let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
        write!(&mut header[148..156], "{sum:06o}\0").unwrap();
        let told = yard.refused(&spoilt);
        assert!(
            told.contains("no plain file") || told.contains("damaged"),
            "{}: {told}",
            char::from(kind)
        );
    }
}

#[test]
fn a_pack_is_what_its_manifest_says() {
    let yard = Yard::new();
    let lesson: (&str, &[u8]) = ("content/boats/01-rope.md", b"# Rope\n");
    let item: (&str, &[u8]) = ("exercises/boats/01-rope.yaml", MANIFEST.as_bytes());
    let tides: (&str, &[u8]) = ("exercises/boats/01-rope/tides.csv", b"high\n");
    let all = [lesson, item, tides];
    // An item that is not named,
    assert!(yard.refused(&made(&manifest(&all), &all)).contains("does not name, boats-01"));
    // is another one,
    let named = |hash: &str, id: &str| {
        let mut manifest = manifest(&all);
        let item =
            json!({ "id": id, "kind": "exercise", "title": "Rope", "hash": hash, "image": "" });
        manifest["modules"] = json!([{ "id": "boats", "title": "Boats", "items": [item] }]);
        made(&manifest, &all)
    };
    assert!(yard.refused(&named("0", "boats-01")).contains("not what its manifest says"));
    // or is not there, also where one of that name is built in.
    assert!(yard.refused(&named("0", "linux-01")).contains("is not in it"));
    // Faulty content is told with its place.
    let faulty: (&str, &[u8]) = ("exercises/boats/02-knot.yaml", b"id: boats-02\nmodule: [\n");
    let told = yard.refused(&made(&manifest(&[faulty]), &[faulty]));
    assert!(told.starts_with("exercises/boats/02-knot.yaml:"), "{told}");
    // Names, formats and endless words.
    let with = |key: &str, value: Value| {
        let mut manifest = manifest(&[]);
        manifest[key] = value;
        yard.refused(&made(&manifest, &[]))
    };
    assert!(with("name", json!("../../x")).contains("is no name for a pack"));
    assert!(with("format", json!(2)).contains("reads up to 1"));
    assert!(with("evil", json!(1)).contains("unknown field"));
    assert!(with("program", json!("\u{1b}[2J")).contains("a text that none may have"));
    assert!(with("program", json!("x".repeat(1000))).contains("a text that none may have"));
    let deep = format!("{}{}", "[".repeat(5000), "]".repeat(5000));
    let mut writer = Writer::begin(Vec::new(), deep.as_bytes(), None).unwrap();
    writer.add("content/a/b", 0, false, &[][..]).unwrap();
    assert!(yard.refused(&writer.finish().unwrap()).contains("its manifest is unusable"));
}

#[test]
fn signatures_tell_who_made_it() {
    let yard = Yard::new();
    let pair = |name: &str| {
        let pair = minisign::KeyPair::generate_unencrypted_keypair().unwrap();
        yard.file(&format!("{name}.key"), &pair.sk.to_box(None).unwrap().into_string());
        yard.file(&format!("keys/{name}.pub"), &pair.pk.to_box().unwrap().into_string());
        (
            yard.path(&format!("{name}.key")),
            Key::read(&yard.path(&format!("keys/{name}.pub"))).unwrap(),
        )
    };
    let ((ada, ada_key), (_, bob_key)) = (pair("ada"), pair("bob"));
    let signed = yard.export(Some(&ada));
    let pack = Pack::open(&signed).unwrap();
    let keys = Key::all(&yard.path("keys"));
    assert_eq!(keys.iter().map(|key| key.name.as_str()).collect::<Vec<_>>(), ["ada", "bob"]);
    let key = ada_key.number();
    let known = Signer::Known { name: "ada".to_owned(), key: key.clone() };
    assert_eq!(pack.signer(&keys).unwrap(), known);
    assert_eq!(pack.signer(&[bob_key]).unwrap(), Signer::Unknown { key });
    assert_eq!(yard.install(&signed).unwrap().signer(&keys).unwrap(), known);
    yard.packs().remove("boats").unwrap();

    // Somebody else's words under her signature.
    let theirs = pack.signature.clone();
    yard.file("course/content/boats/01-rope.md", "# Evil\n");
    let other = Pack::open(&yard.export(None)).unwrap();
    let mut forged = Writer::begin(Vec::new(), &other.text, theirs.as_deref()).unwrap();
    for file in &other.manifest.files {
        let bytes = fs::read(yard.path("course").join(&file.path)).unwrap();
        forged.add(&file.path, file.size, file.executable, &*bytes).unwrap();
    }
    yard.file("forged.dock", "");
    fs::write(yard.path("forged.dock"), forged.finish().unwrap()).unwrap();
    let forged = Pack::open(&yard.path("forged.dock")).unwrap();
    let told = yard.packs().stage(&forged, true, &keys, &|_, _| true).unwrap_err().to_string();
    assert!(told.contains("a signature that ada did not make"), "{told}");
}

#[test]
fn a_layer_that_is_not_what_it_says_is_refused() {
    let yard = Yard::new();
    let layer = vec![0_u8; 4 << 20];
    let digest = format!("{:x}", Sha256::digest(&layer));
    let config = json!({
        "architecture": architecture(None),
        "rootfs": { "type": "layers", "diff_ids": [format!("sha256:{digest}")] },
    })
    .to_string();
    let config_digest = format!("{:x}", Sha256::digest(&config));
    let packed = zstd::encode_all(&*layer, 3).unwrap();
    let (layer_path, config_path) =
        (format!("images/{digest}.tar.zst"), format!("images/{config_digest}.json"));
    let files: [(&str, &[u8]); 2] = [(&layer_path, &packed), (&config_path, config.as_bytes())];
    let with = |unpacked: u64, architecture: &str| {
        let mut manifest = manifest(&files);
        manifest["files"][0]["unpacked"] = json!(unpacked);
        manifest["images"] = json!([{ "reference": "a/b:1", "architecture": architecture,
            "config": config_digest, "layers": [digest] }]);
        fs::write(yard.path("image.dock"), made(&manifest, &files)).unwrap();
        let pack = Pack::open(&yard.path("image.dock")).unwrap();
        let staged = yard.packs().stage(&pack, true, &[], &|_, _| true).unwrap();
        let wanted: Vec<_> = staged.manifest.images.iter().collect();
        staged.archive(&wanted, &yard.path("cache"), &|_, _| true).map(drop)
    };
    let whole = layer.len() as u64;
    with(whole, architecture(None)).unwrap();
    for (unpacked, architecture, why) in [
        (whole - 1, architecture(None), "is not what its digest says"),
        (whole + 1, architecture(None), ""),
        (1, architecture(None), "is not what its digest says"),
        (whole, "vax", "another architecture"),
    ] {
        let told = with(unpacked, architecture).unwrap_err().to_string();
        assert!(told.contains(why), "{unpacked} {architecture}: {told}");
    }
    // A part that no image has, and an image that lacks one.
    assert!(yard.refused(&made(&manifest(&files), &files)).contains("belongs to no image"));
    let mut lacking = manifest(&[]);
    lacking["images"] = json!([{ "reference": "a/b:1", "architecture": "amd64",
        "config": config_digest, "layers": [] }]);
    assert!(yard.refused(&made(&lacking, &[])).contains("lacks a part of itself"));
}

#[test]
fn what_is_built_in_needs_no_consent_when_it_comes_in_a_pack() {
    let yard = Yard::new();
    yard.install(&yard.export_of(&Source::built_in(), None)).unwrap();
    let installed = yard.packs().find("boats").unwrap().source().unwrap();
    let store = Store::open(&yard.path("progress.db")).unwrap();
    let asks = |sources: &[Source], id: &str| {
        let course = course::load(sources);
        let item = course.item(id).unwrap();
        assert_eq!(item.pack(), Some("boats"));
        Sheet::of(item, &yard.packs(), &[], &store, Limits::default()).unwrap().asks()
    };
    assert!(!asks(&[Source::built_in(), installed.clone()], "linux-01"));
    // As soon as a word is different, it does.
    let lesson = installed.find("content/linux/01-files-and-shell.md").unwrap().unwrap();
    fs::write(lesson.on_disk().unwrap(), "# Evil\n").unwrap();
    assert!(asks(&[Source::built_in(), installed], "linux-01"));
}

#[test]
fn what_was_converted_asks_for_what_it_may_do_and_may_be_edited() {
    let yard = Yard::new();
    let store = Store::open(&yard.path("progress.db")).unwrap();
    let sheet = |manifest: &str| {
        yard.file("course/exercises/boats/01-rope.yaml", manifest);
        let course = course::load(&[Source::folder(&yard.path("course")).unwrap()]);
        Sheet::of(course.item("boats-01").unwrap(), &yard.packs(), &[], &store, Limits::default())
            .unwrap()
    };
    assert!(!sheet(MANIFEST).asks());
    let converted = format!("{MANIFEST}origin: \"Killercoda: harbour/rope\"\n");
    let first = sheet(&converted);
    assert!(first.asks());
    assert_eq!(first.lines()[0], "It was converted from Killercoda: harbour/rope.");
    first.agree(&store).unwrap();
    assert!(!sheet(&converted.replace("Rope", "Hawser")).asks());
    let more = sheet(&format!("{converted}network: internet\n"));
    assert!(more.asks());
    assert_eq!(more.changes.unwrap()[0].0, "network");
}

#[test]
fn one_at_a_time_and_what_was_left_aside_goes() {
    let yard = Yard::new();
    let path = yard.export(None);
    let pack = Pack::open(&path).unwrap();
    yard.file("packs/.new-killed/content/a", "half");
    let staged = yard.packs().stage(&pack, true, &[], &|_, _| true).unwrap();
    assert!(!yard.path("packs/.new-killed").exists());
    assert!(matches!(yard.packs().stage(&pack, true, &[], &|_, _| true), Err(Fault::Busy)));
    drop(staged);
    yard.nothing_aside();
    let stopped = yard.packs().stage(&pack, true, &[], &|_, _| false);
    assert!(matches!(stopped, Err(Fault::Stopped)), "{stopped:?}");
    yard.nothing_aside();
    yard.install(&path).unwrap();
}
