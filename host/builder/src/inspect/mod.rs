//! Builders: the `docker-buildx` program, what it can do, and whether it still answers.

pub(crate) mod builder_state;
pub(crate) mod capabilities;
pub(crate) mod memory;
pub(crate) mod nodes;
pub(crate) mod program;
pub(crate) mod watch;
