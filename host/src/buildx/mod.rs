//! Builds with BuildKit, through the `docker-buildx` program, so that every
//! driver users have works.
//!
//! [`Buildx`] turns a [`BuildRequest`] into a command line, follows its
//! progress, and reads the digest from its metadata file. [`Fleet`] is several
//! builders as one. [`Fake`] walks the same requests and builds nothing.

mod builder;

mod capabilities;
mod child_env;
mod classify;
mod command;
mod confine;
mod docker_buildx;
mod docker_config;
mod dockerfile;
mod emulation;
mod epoch;
mod fake;
mod fleet;
mod freshen;
mod frontend;
mod growth;
mod hidden;
mod layer_cache;
mod metadata;
mod mirror_rules;
mod nodes;
mod program;
mod provenance;
mod rawjson;
mod receive;
mod reserved;
mod run;
mod source_policy;
mod stages;
mod step_key;
mod terminal;
#[cfg(test)]
mod test_program;
mod used;
mod variables;
mod watch;

pub use builder::{BuildRequest, Builder, Built, Capabilities, Output};
pub use child_env::ChildEnv;
pub(crate) use child_env::{PROXIES, docker_folder};
pub use docker_buildx::{Buildx, BuildxOptions};
pub(crate) use dockerfile::MAX_DOCKERFILE;
pub use epoch::epoch_seconds;
pub use fake::Fake;
pub use fleet::{Fleet, Member};
pub(crate) use frontend::frontend;
pub use layer_cache::LayerCache;
pub use program::Program;
pub(crate) use run::{RunError, end_children, run};
pub(crate) use stages::read_for_fuzzing;
pub use stages::{UsedImage, used_images};
pub(crate) use terminal::{clean, last_seen};
#[cfg(test)]
pub(crate) use test_program::elf as elf_for_tests;
