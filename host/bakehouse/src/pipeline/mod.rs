//! From upstream's releases to tags in a registry:
//!
//! 1. [`discover`]: each app's recipe says what versions there are;
//! 2. [`check`]: which platforms of them the registry has;
//! 3. [`plan`]: what is missing, as pure data;
//! 4. [`build`]: every missing target, in a work tree of its own;
//! 5. [`push`]: by digest, untagged;
//! 6. [`publish`]: merge the digests, tag the index, move moving tags;
//! 7. [`report`]: what was done, and what was not.
//!
//! [`run`] is all of it; [`merge`] is the end of it, for targets that other
//! machines built. Nothing here knows the command line or draws.

pub mod admission;
pub mod alarm;
pub mod batches;
pub mod build;
pub mod causes;
pub mod check;
pub mod checkout;
pub mod destination;
pub mod digest_file;
pub mod digest_folders;
pub mod discover;
mod facts;
pub mod failure_note;
pub mod failure_record;
pub mod held;
pub mod history;
mod identity;
pub mod image_key;
pub mod ledger;
pub mod memory;
pub mod merge;
pub mod older;
mod origin;
pub mod outcome;
pub mod overdue;
pub mod plan;
pub mod preview;
pub mod previewed;
pub mod publish;
pub mod push;
pub mod reason;
pub mod rebuild;
pub mod rehearsal;
pub mod report;
pub mod run;
pub mod run_folder;
mod shrink;
mod side_by_side;
pub mod survey;
pub mod target_key;
pub mod times;
pub mod unbuilt;
mod upstream_dockerfile;
pub mod web_page;
pub(crate) mod work;
