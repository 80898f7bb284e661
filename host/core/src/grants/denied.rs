//! A refusal for want of a grant.

/// Something that may not be reached. The sentence names the app, the missing
/// grant, and the file and line to write it to.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Denied(pub String);
