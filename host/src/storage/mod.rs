//! The local file system, as far as strangers and other processes have a hand
//! in it.
//!
//! Files are read within bounds and only where they are regular files; folders
//! are walked without recursion, without following links, and however long
//! their paths are; what the system refuses is a [`StorageError`].

mod blocking;
mod error;
mod file;
mod folder;
mod scratch;
mod walk;

pub(crate) use blocking::blocking;
pub use error::StorageError;
pub(crate) use error::{At, hint, refusal};
pub(crate) use file::{append, lock, open, read, read_text, write};
pub(crate) use folder::{Folder, create, owned, private, remove_all};
pub(crate) use scratch::Scratch;
#[cfg(test)]
pub(crate) use walk::tests::nest;
pub(crate) use walk::{DEPTH, Kind, WalkError, walk};
