//! Digests (image-spec v1.1, "Digests").

use std::str::FromStr as _;

use oci_spec::image::Digest;
use sha2::{Digest as _, Sha256, Sha512};

use super::transport::Fault;

/// The digest of some bytes.
#[must_use]
pub fn sha256(bytes: &[u8]) -> Digest {
    let text = format!("sha256:{}", hex::encode(Sha256::digest(bytes)));
    Digest::from_str(&text).unwrap_or_else(|_| unreachable!("hex of a SHA-256 is a digest"))
}

/// The digest of some bytes, which must be the expected one where there is one.
pub(super) fn verify(bytes: &[u8], expected: Option<&str>) -> Result<Digest, Fault> {
    let Some(expected) = expected else {
        return Ok(sha256(bytes));
    };
    let actual = match expected.split_once(':') {
        Some(("sha512", _)) => format!("sha512:{}", hex::encode(Sha512::digest(bytes))),
        _ => sha256(bytes).to_string(),
    };
    if actual != expected {
        return Err(Fault::Digest(format!(
            "it sent bytes of digest {actual} for {expected}"
        )));
    }
    Digest::from_str(&actual).map_err(|error| Fault::Local(error.to_string()))
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
        assert!(matches!(verify(b"y", Some(&sha256)), Err(Fault::Digest(_))));
        assert!(matches!(verify(b"y", Some(&sha512)), Err(Fault::Digest(_))));
    }
}
