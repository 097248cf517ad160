//! Packs: modules, the images that they need and proofs of them in one file, for machines without a
//! network.
//!
//! A pack is a tar file ([`archive`]): a line that names the manifest's digest, the manifest
//! ([`manifest`]), perhaps its signature ([`signature`]), then each file that the manifest names, in its
//! order. Layers of images are compressed one by one and there once, whichever images have them
//! ([`images`]). [`export`] makes a pack, [`install`] unpacks one aside and puts it in place whole.
//! [`serve`] offers a file to a room's network and [`fetch`] brings it here, also over a link that breaks;
//! both know nothing of what is in it.
//!
//! Invariants: nothing of a pack is trusted. A file is written only below the folder that it is unpacked
//! in, with a size and a digest that were announced; nothing of a pack runs but in a sandbox; and what is
//! installed is there whole or not at all, whatever is killed when.

pub mod archive;
pub mod consent;
pub mod export;
pub mod fault;
pub mod fetch;
pub mod images;
pub mod install;
pub mod manifest;
pub mod serve;
pub mod signature;
mod work;

pub use fault::Fault;
pub use work::Tell;

#[cfg(test)]
mod tests;
