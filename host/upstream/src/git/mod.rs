//! Upstream's source, checked out into work trees by the `git` program.
//!
//! [`Sources::checkout`] resolves a ref, once a run; fetches that one commit
//! into the object store of its repository under `.bakehouse/sources`, which all
//! targets and runs share; and writes the commit's files into the target's work
//! tree, without a `.git` folder. git runs blind: no configuration, hooks,
//! credentials, prompts or redirects, and only over HTTPS (loopback: HTTP, too).

mod address;
mod checkout;
mod command;
mod error;
mod git_ref;
mod limits;
mod object_store;
mod sources;
mod submodules;
mod tags;

pub use address::Address;
pub use error::{AddressError, GitError, RefError};
pub use git_ref::{check_ref, is_commit};
pub use limits::SourceLimits;
pub use sources::{Revision, Sources};
pub use tags::{RemoteTag, remote_tags};
