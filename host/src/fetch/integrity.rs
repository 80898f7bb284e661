//! What a download must be.

use std::io::Read;
use std::str::FromStr;

use sha2::{Digest as _, Sha256};

use crate::recipe::CallError;

/// The expected content of a download: Subresource Integrity (W3C SRI,
/// `sha512-BASE64`) or `sha256:HEX`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Integrity(ssri::Integrity);

impl FromStr for Integrity {
    type Err = CallError;

    fn from_str(text: &str) -> Result<Self, CallError> {
        let invalid = || {
            CallError::InvalidInput(format!(
                "`{text}` is no integrity value; give sha512-BASE64 or sha256:HEX"
            ))
        };
        let integrity = if let Some(digits) = text.strip_prefix("sha256:") {
            if digits.len() != 64 {
                return Err(invalid());
            }
            ssri::Integrity::from_hex(digits, ssri::Algorithm::Sha256).map_err(|_| invalid())?
        } else {
            text.parse::<ssri::Integrity>().map_err(|_| invalid())?
        };
        let strong = integrity.hashes.iter().all(|hash| {
            matches!(
                hash.algorithm,
                ssri::Algorithm::Sha256 | ssri::Algorithm::Sha384 | ssri::Algorithm::Sha512
            )
        });
        if integrity.hashes.is_empty() || !strong {
            return Err(invalid());
        }
        Ok(Self(integrity))
    }
}

impl Integrity {
    /// A name for the cache, the same for the same content.
    #[must_use]
    pub fn file_name(&self) -> String {
        let (algorithm, hex) = self.0.to_hex();
        format!("{algorithm}-{hex}")
    }
}

/// Reads everything; answers its size, `sha256:HEX`, and whether it is what was
/// expected.
pub(super) fn measure(
    mut source: impl Read,
    expected: Option<&Integrity>,
) -> std::io::Result<(u64, String, bool)> {
    let mut sha256 = Sha256::new();
    let mut checker = expected.map(|integrity| ssri::IntegrityChecker::new(integrity.0.clone()));
    let mut size = 0;
    let mut piece = vec![0; 64 * 1024];
    loop {
        let read = source.read(&mut piece)?;
        if read == 0 {
            break;
        }
        size += read as u64;
        sha256.update(&piece[..read]);
        if let Some(checker) = &mut checker {
            checker.input(&piece[..read]);
        }
    }
    let good = checker.is_none_or(|checker| checker.result().is_ok());
    Ok((
        size,
        format!("sha256:{}", hex::encode(sha256.finalize())),
        good,
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    const EMPTY: &str = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    #[test]
    fn both_forms_verify() {
        let hex: Integrity = EMPTY.parse().unwrap();
        let sri: Integrity = "sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="
            .parse()
            .unwrap();
        assert_eq!(hex, sri);
        assert_eq!(
            measure(&b""[..], Some(&hex)).unwrap(),
            (0, EMPTY.to_owned(), true)
        );
        assert!(!measure(&b"x"[..], Some(&sri)).unwrap().2);
    }

    #[test]
    fn weak_or_malformed_is_refused() {
        for bad in [
            "",
            "sha256:12",
            "sha1-2jmj7l5rSw0yVb/vlWAYkK/YBwk=",
            "md5-x",
            "hello",
            "sha256:zz",
        ] {
            assert!(bad.parse::<Integrity>().is_err(), "{bad}");
        }
    }
}
