//! The local file system, as far as strangers and other processes have a hand
//! in it.
//!
//! Files are read within bounds and only where they are regular files; folders
//! are walked without recursion, without following links, and however long
//! their paths are; what the system refuses is a [`StorageError`].

mod blocking;
mod file;
mod folder;
mod mode;
mod scratch;
mod state;
#[cfg(any(test, feature = "test-util"))]
mod testing;
mod walk;

pub use bakehouse_core::storage_error::{At, StorageError};
pub use blocking::blocking;
pub use file::{append, lock, open, read, read_text, trouble, write, write_for_now};
pub use folder::{Folder, create, owned, private, remove_all};
pub use scratch::Scratch;
pub use state::{create_state, lock_state, make_room, read_state, set_aside, write_state};
#[cfg(any(test, feature = "test-util"))]
pub use testing::nest;
pub use walk::{DEPTH, Kind, WalkError, walk};
