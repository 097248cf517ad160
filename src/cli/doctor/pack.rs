//! A pack before the event: whether this machine can run everything in it.

use std::path::Path;

use super::Finding;
use super::machine::disk;
use crate::cli::{Invocation, words};
use crate::context::Context;
use crate::engine::image::architecture;
use crate::engine::{Engine, Info};
use crate::lab::needs;
use crate::lab::permissions::Permissions;
use crate::pack::archive::Pack;
use crate::pack::install::{Staged, look_at};
use crate::pack::manifest::Manifest;
use crate::platform::process;
use crate::problem::Problem;

/// Looks at everything that a pack needs.
pub(super) fn findings(invocation: &Invocation, file: &Path) -> Vec<Finding> {
    let looked = invocation.context().and_then(|context| {
        // The folder goes after what is in it.
        let (staged, _aside) = look_at(&Pack::open(file)?, &[], &|_, _| true)?;
        let found = invocation.block_on(async {
            let engine = context.engine().await?;
            let info = engine.info().await?;
            Ok(on_engine(&staged, engine.as_ref(), &info).await)
        });
        // Without an engine there is still a disk.
        let mut all = vec![sound(&staged)];
        all.extend(found.unwrap_or_default());
        all.extend(room(&context, &staged.manifest));
        all.extend(memory(&context, &staged));
        Ok(all)
    });
    looked.unwrap_or_else(|problem| vec![Finding::fatal("pack", &problem)])
}

fn sound(staged: &Staged) -> Finding {
    let manifest = &staged.manifest;
    let items = words::count(manifest.items().count(), "item");
    Finding::good(
        "pack",
        format!("{} is sound: {items}, {}", manifest.name, words::size(manifest.size())),
    )
}

/// Architecture and images, and what each item needs that the engine has not.
async fn on_engine(staged: &Staged, engine: &dyn Engine, info: &Info) -> Vec<Finding> {
    let here = architecture(info.architecture.as_deref());
    let manifest = &staged.manifest;
    let mut all = Vec::new();
    let theirs: Vec<_> = manifest.architectures().into_iter().collect();
    if theirs.is_empty() {
        all.push(Finding::good("pack architecture", "it has no images: any will do"));
    } else if theirs.contains(&here) {
        all.push(Finding::good("pack architecture", format!("it has images for {here}")));
    } else {
        let detail = format!("it has images for {}, and the engine is {here}", theirs.join(", "));
        let remedy = format!("drydock pack export --with OTHER, on a machine that is {here}");
        all.push(Finding::poor("pack architecture", detail, remedy));
    }
    all.push(images(manifest, engine, here).await);
    all.extend(needs::lacks(staged.items(), &engine.offers()).into_iter().map(|(lack, items)| {
        let detail = format!("{} cannot run here: {}", items.join(", "), lack.reason);
        Finding::poor("pack items", detail, lack.remedy)
    }));
    all
}

async fn images(manifest: &Manifest, engine: &dyn Engine, here: &str) -> Finding {
    const NAME: &str = "pack images";
    let mut needed: Vec<_> = manifest.items().map(|item| item.image.as_str()).collect();
    needed.retain(|image| !image.is_empty());
    needed.sort_unstable();
    needed.dedup();
    let Some(images) = engine.images() else {
        return Finding::good(NAME, "this engine needs none");
    };
    let (mut present, mut carried, mut missing) = (0, 0, Vec::new());
    for image in needed {
        let fits =
            |it: &&crate::pack::manifest::Image| it.reference == image && it.architecture == here;
        match images.present(image).await {
            Ok(true) => present += 1,
            Ok(false) if manifest.images.iter().any(|it| fits(&it)) => carried += 1,
            Ok(false) => missing.push(image),
            Err(error) => return Finding::fatal(NAME, &Problem::from(error)),
        }
    }
    let detail = format!("{present} here, {carried} come with the pack");
    if missing.is_empty() {
        return Finding::good(NAME, detail);
    }
    let detail = format!("{detail}, neither is {}", missing.join(", "));
    Finding::poor(
        NAME,
        detail,
        "drydock images build; or a pack that carries them for this machine",
    )
}

/// Its images are on the disk three times for a moment: as they are in it, unpacked, and on the engine.
fn room(context: &Context, manifest: &Manifest) -> Option<Finding> {
    let unpacked: u64 = manifest.files.iter().filter_map(|file| file.unpacked).sum();
    disk(
        "pack disk",
        &context.paths.packs(),
        manifest.size().saturating_add(unpacked.saturating_mul(2)),
    )
}

/// The item that may use most must fit; `None` where the machine does not tell what it has.
fn memory(context: &Context, staged: &Staged) -> Option<Finding> {
    const NAME: &str = "pack memory";
    let needs = |item| Some((Permissions::of(item, context.limits())?.memory, &item.id));
    let Some((most, item)) = staged.items().filter_map(needs).max() else {
        return Some(Finding::good(NAME, "it has no items"));
    };
    let all = process::memory()?;
    let detail = format!("{item} may use {}, of {} here", words::size(most), words::size(all));
    Some(if all >= most {
        Finding::good(NAME, detail)
    } else {
        Finding::poor(NAME, detail, "leave it out on this machine, or use an engine on another one")
    })
}
