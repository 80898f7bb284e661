//! The confinement of a build: its environment, credentials and source policy.

pub(crate) mod child_env;
pub(crate) mod confine;
pub(crate) mod docker_config;
pub(crate) mod mirror_rules;
pub(crate) mod source_policy;
