//! Output of a build: progress, failures, metadata, provenance, and its result.

pub(crate) mod classify;
pub(crate) mod metadata;
pub(crate) mod provenance;
pub(crate) mod rawjson;
pub(crate) mod receive;
pub(crate) mod used;
