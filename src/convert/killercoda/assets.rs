//! Files that a scenario puts on its machine, as files of `setup`.

use std::collections::BTreeMap;

use regex::Regex;

use super::said::Said;
use super::scenario::{Asset, resolved};
use crate::course::source::{Resource, join, parent};
use crate::course::yaml::quote;
use crate::course::{Source, check_path};

/// All files of one scenario together.
const MAX_BYTES: usize = 64 << 20;

/// How many files a scenario may have.
const MAX_FILES: usize = 1000;

/// A file to be put into the sandbox.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Setup {
    /// Its name below the exercise's folder.
    pub(super) source: String,
    /// Where it goes, an absolute path.
    pub(super) dest: String,
    /// Its permissions in octal; what its contents tell if not given.
    pub(super) mode: Option<&'static str>,
    pub(super) bytes: Vec<u8>,
}

/// The files that a scenario's assets are.
pub(super) fn setup(
    source: &Source,
    folder: &str,
    assets: &[Asset],
    said: &mut Said,
) -> Vec<Setup> {
    let top = join(folder, "assets");
    let there = if assets.is_empty() { Vec::new() } else { source.below(&top) };
    let mut files: BTreeMap<String, Setup> = BTreeMap::new();
    let mut bytes = 0;
    for asset in assets {
        let mark = asset.mark;
        let Some(found) = matching(source, &top, asset, &there, said) else { continue };
        if found.is_empty() {
            let message =
                format!("no file in assets/ is {}: it was passed over", quote(&asset.file));
            said.note(mark, message, None);
        }
        for (name, below, file) in found {
            let dest = format!("{}/{below}", target(&asset.target));
            if let Err(why) = check_path(&dest) {
                said.refuse(mark, format!("{} {why}", quote(&dest)), None);
                continue;
            }
            let contents = match file.read() {
                Ok(contents) => contents.into_owned(),
                Err(error) => {
                    said.refuse(mark, format!("{} cannot be read: {error}", quote(&name)), None);
                    continue;
                }
            };
            bytes += contents.len();
            if bytes > MAX_BYTES || files.len() >= MAX_FILES {
                let most = MAX_BYTES >> 20;
                let message = format!("its files are too many: {most} MiB or {MAX_FILES} at most");
                said.refuse(mark, message, None);
                return Vec::new();
            }
            let mode = asset.mode.as_deref().and_then(mode);
            if mode.is_none() && asset.mode.is_some() {
                said.note(mark, "its \"chmod\" is not understood: it was passed over", None);
            }
            let source = format!("files/{name}");
            // The last one of a name is the one that is there in the end.
            files.insert(dest.clone(), Setup { source, dest, mode, bytes: contents });
        }
    }
    files.into_values().collect()
}

/// The files that an entry means: each with its name below `assets/`, and below its target.
fn matching(
    source: &Source,
    top: &str,
    asset: &Asset,
    there: &[Resource],
    said: &mut Said,
) -> Option<Vec<(String, String, Resource)>> {
    let name = asset.file.trim_start_matches("./");
    let last = |path: &str| path.rsplit('/').next().unwrap_or(path).to_owned();
    let named = resolved(top, name).filter(|path| path.starts_with(top) && path.len() > top.len());
    let Some(path) = named else {
        let message = format!("{} leads out of assets/", quote(name));
        said.refuse(asset.mark, message, None);
        return None;
    };
    let below = path.get(top.len() + 1..)?.to_owned();
    if !name.contains(['*', '?', '[']) {
        return match source.find(&path) {
            Ok(Some(file)) => Some(vec![(below.clone(), last(&below), file)]),
            Err(refused)
                if !there.iter().any(|it| it.relative().starts_with(&format!("{path}/"))) =>
            {
                said.refuse(asset.mark, format!("{} {refused}", quote(name)), None);
                None
            }
            // A folder is all that is in it.
            _ => Some(all(there, top, |file| {
                let inside = file.strip_prefix(&below)?.strip_prefix('/')?;
                Some(format!("{}/{inside}", last(&below)))
            })),
        };
    }
    let pattern = pattern(&below)?;
    let fixed = below.find(['*', '?', '[']).map_or("", |at| parent(below.get(..at).unwrap_or("")));
    Some(all(there, top, |file| {
        let rest = file.strip_prefix(fixed).unwrap_or(file).trim_start_matches('/');
        pattern.is_match(file).then(|| rest.to_owned())
    }))
}

/// Those of the files that are meant, given what each is called below its target.
fn all(
    there: &[Resource],
    top: &str,
    meant: impl Fn(&str) -> Option<String>,
) -> Vec<(String, String, Resource)> {
    let of = |file: &Resource| {
        let name = file.relative().strip_prefix(top)?.strip_prefix('/')?;
        Some((name.to_owned(), meant(name)?, file.clone()))
    };
    let mut found: Vec<_> = there.iter().filter_map(of).collect();
    found.sort_by(|(a, ..), (b, ..)| a.cmp(b));
    found
}

/// `*` and `?` for anything within a name, `**` for anything.
fn pattern(glob: &str) -> Option<Regex> {
    let mut pattern = "^".to_owned();
    let mut rest = glob.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '*' if rest.next_if_eq(&'*').is_some() => {
                rest.next_if_eq(&'/');
                pattern.push_str(".*");
            }
            '*' => pattern.push_str("[^/]*"),
            '?' => pattern.push_str("[^/]"),
            c => pattern.push_str(&regex::escape(&c.to_string())),
        }
    }
    Regex::new(&(pattern + "$")).ok()
}

/// The folder that a target means; paths that are not absolute begin in root's home.
fn target(target: &str) -> String {
    let target = target.trim_end_matches('/');
    match target.strip_prefix('~') {
        Some(rest) => format!("/root{rest}"),
        None if target.starts_with('/') || target.is_empty() => target.to_owned(),
        None => format!("/root/{target}"),
    }
}

/// What a `chmod` comes to for a file of root's.
fn mode(chmod: &str) -> Option<&'static str> {
    let octal = chmod.trim_start_matches('0');
    if chmod.contains('x') && !chmod.contains("-x") {
        return Some("0755");
    }
    match octal {
        "755" | "775" | "777" | "744" | "711" | "555" | "754" => Some("0755"),
        "700" | "750" | "500" => Some("0700"),
        "600" | "400" | "640" => Some("0600"),
        "644" | "664" | "666" | "444" => Some("0644"),
        _ if chmod.contains(['w', 'r']) => Some("0644"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::course::yaml::Mark;

    fn found(
        entries: &[(&str, &str, Option<&str>)],
    ) -> (Vec<(String, Option<&'static str>)>, Said) {
        let folder = tempfile::tempdir().unwrap();
        let assets = folder.path().join("s/assets");
        fs::create_dir_all(assets.join("app/lib")).unwrap();
        for name in ["a.sh", "b.yaml", "c.yaml", ".env", "app/main.py", "app/lib/x.py"] {
            fs::write(assets.join(name), name).unwrap();
        }
        fs::write(folder.path().join("secret"), "s").unwrap();
        std::os::unix::fs::symlink("/etc/passwd", assets.join("link")).unwrap();
        std::os::unix::fs::symlink("/dev/zero", assets.join("zero")).unwrap();
        let source = Source::folder(folder.path()).unwrap();
        let asset = |(file, target, mode): &(&str, &str, Option<&str>)| Asset {
            file: (*file).to_owned(),
            target: (*target).to_owned(),
            mode: mode.map(str::to_owned),
            mark: Mark::default(),
        };
        let assets: Vec<_> = entries.iter().map(asset).collect();
        let mut said = Said::of("index.json".to_owned());
        let files = setup(&source, "s", &assets, &mut said);
        (files.into_iter().map(|file| (file.dest, file.mode)).collect(), said)
    }

    #[test]
    fn names_patterns_and_folders_are_files_with_a_place() {
        for (entry, expected) in [
            (("a.sh", "/usr/local/bin/", Some("+x")), vec![("/usr/local/bin/a.sh", Some("0755"))]),
            (("*.yaml", "~", None), vec![("/root/b.yaml", None), ("/root/c.yaml", None)]),
            ((".env", "work", None), vec![("/root/work/.env", None)]),
            (("app/main.py", "/srv", Some("0600")), vec![("/srv/main.py", Some("0600"))]),
            (("app/**/*", "/srv", None), vec![("/srv/lib/x.py", None), ("/srv/main.py", None)]),
            (("app", "/srv", None), vec![("/srv/app/lib/x.py", None), ("/srv/app/main.py", None)]),
            (("none*", "/srv", None), vec![]),
        ] {
            let (files, said) = found(&[entry]);
            let files: Vec<_> = files.iter().map(|(dest, mode)| (dest.as_str(), *mode)).collect();
            assert_eq!(files, expected, "{entry:?}");
            assert!(!said.refused(), "{said:?}");
        }
    }

    #[test]
    fn nothing_leads_out_and_nothing_but_files_is_read() {
        for (entry, why) in [
            (("../../secret", "/srv", None), "leads out of assets/"),
            (("/etc/passwd", "/srv", None), "leads out of assets/"),
            (("link", "/srv", None), "is a link that leads out"),
            (("zero", "/srv", None), "is a link that leads out"),
            (("*", "/srv", None), "cannot be read"),
            (("a.sh", "/srv/../etc", None), "must be a plain path"),
        ] {
            let (_, said) = found(&[entry]);
            let reasons = said.reasons();
            assert!(reasons[0].message.contains(why), "{entry:?}: {reasons:?}");
        }
    }
}
