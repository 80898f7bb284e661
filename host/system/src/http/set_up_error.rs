//! A client that is not there.

/// No HTTP client can be made: it reads the machine's certificates for that.
#[derive(Debug, thiserror::Error)]
#[error("an HTTP client cannot be made: {0}")]
pub struct SetUpError(#[from] reqwest::Error);
