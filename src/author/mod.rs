//! What writing content needs and is no screen: a folder of content as it is at this moment, what is
//! noticed of it while others write there too, how a file is saved, and what is kept of a text that
//! was not.
//!
//! [`reading`] and [`outline`] are pure but for the files that are read; [`watch`], [`save`] and
//! [`recovery`] are about the disk. None of them knows an editor.

pub mod difference;
pub mod outline;
pub mod reading;
pub mod recovery;
pub mod save;
pub mod watch;

pub use outline::Outline;
pub use reading::{Folder, Reading};
pub use recovery::{Recovered, Recovery};
