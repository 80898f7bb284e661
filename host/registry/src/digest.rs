//! Digests (image-spec v1.1, "Digests").

use std::str::FromStr as _;

use oci_spec::image::Digest;
use sha2::{Digest as _, Sha256, Sha512};

/// Bytes are not those that a digest names.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("it sent bytes of digest {actual} for {expected}")]
pub struct DigestMismatch {
    /// Digest of the bytes.
    pub actual: String,
    /// The digest that was asked for.
    pub expected: String,
}

/// The digest of some bytes.
#[must_use]
pub fn sha256(bytes: &[u8]) -> Digest {
    let text = format!("sha256:{}", hex::encode(Sha256::digest(bytes)));
    Digest::from_str(&text).unwrap_or_else(|_| unreachable!("hex of a SHA-256 is a digest"))
}

/// The digest of some bytes, which must be the expected one where there is one.
pub(super) fn verify(bytes: &[u8], expected: Option<&str>) -> Result<Digest, DigestMismatch> {
    let Some(expected) = expected else {
        return Ok(sha256(bytes));
    };
    let actual = match expected.split_once(':') {
        Some(("sha512", _)) => format!("sha512:{}", hex::encode(Sha512::digest(bytes))),
        _ => sha256(bytes).to_string(),
    };
    match Digest::from_str(&actual) {
        Ok(digest) if actual == expected => Ok(digest),
        _ => Err(DigestMismatch {
            actual,
            expected: expected.to_owned(),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn verifies_both_algorithms() {
        let sha512 = format!("sha512:{}", hex::encode(Sha512::digest(b"x")));
        assert_eq!(verify(b"x", Some(&sha512)).unwrap().to_string(), sha512);
        let sha256 = sha256(b"x").to_string();
        assert_eq!(verify(b"x", Some(&sha256)).unwrap().to_string(), sha256);
        assert_eq!(verify(b"x", None).unwrap().to_string(), sha256);
        assert!(verify(b"y", Some(&sha256)).is_err());
        assert!(verify(b"y", Some(&sha512)).is_err());
    }
}
