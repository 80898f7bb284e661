//! Integrity of a download: digests that it must have.
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use sha2::{Digest as _, Sha256, Sha384, Sha512};

use super::FetchError;

/// Bytes of an integrity text: some dozens of digests.
const MAX_TEXT: usize = 4096;

/// The reasons why a text is no integrity: neither digests nor a value of
/// Subresource Integrity.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IntegrityError {
    /// It is of another form, or only names hashes that vouch for nothing.
    #[error("`{0}` is not an integrity; write sha256:HEX or sha512-BASE64 (sha256, sha384)")]
    Malformed(String),
    /// It goes on and on.
    #[error("an integrity has more than {MAX_TEXT} bytes")]
    Long,
}

/// Hash functions that vouch for a download; SHA-1 and MD5 do not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Algorithm {
    Sha256,
    Sha384,
    Sha512,
}

/// The strongest digests of an integrity text; one of them must match.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Integrity {
    algorithm: Algorithm,
    hex: Vec<String>,
}

/// Digests of some bytes.
#[derive(Debug, Clone)]
pub(crate) struct Digests {
    pub(crate) size: u64,
    pub(crate) sha256: String,
    other: Option<(Algorithm, String)>,
}

/// Hashes bytes as they pass.
#[derive(Debug, Clone)]
pub(crate) struct Hashing {
    size: u64,
    sha256: Sha256,
    other: Other,
}

#[derive(Debug, Clone)]
enum Other {
    None,
    Sha384(Sha384),
    Sha512(Sha512),
}

impl Algorithm {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Sha256 => "sha256",
            Self::Sha384 => "sha384",
            Self::Sha512 => "sha512",
        }
    }

    fn named(name: &str) -> Option<Self> {
        [Self::Sha256, Self::Sha384, Self::Sha512]
            .into_iter()
            .find(|algorithm| algorithm.name() == name)
    }

    const fn bytes(self) -> usize {
        match self {
            Self::Sha256 => 32,
            Self::Sha384 => 48,
            Self::Sha512 => 64,
        }
    }
}

impl Integrity {
    /// Reads `sha256:HEX` or Subresource Integrity (W3C SRI, section 3.5).
    ///
    /// # Errors
    /// If it is neither, or only names weak hashes.
    pub(crate) fn parse(text: &str) -> Result<Self, IntegrityError> {
        let bad = || IntegrityError::Malformed(text.to_owned());
        if text.len() > MAX_TEXT {
            return Err(IntegrityError::Long);
        }
        if let Some(digits) = text.strip_prefix("sha256:") {
            let bytes = hex::decode(digits).map_err(|_| bad())?;
            return Self::new(Algorithm::Sha256, &[bytes]).ok_or_else(bad);
        }
        // Options (`?...`) mean nothing, and neither do hashes of other kinds.
        let hashes: Vec<(Algorithm, &str)> = text
            .split_ascii_whitespace()
            .filter_map(|token| token.split('?').next()?.split_once('-'))
            .filter_map(|(name, digest)| Some((Algorithm::named(name)?, digest)))
            .collect();
        let strongest = hashes.iter().map(|(algorithm, _)| *algorithm).max();
        let strongest = strongest.ok_or_else(bad)?;
        let digests: Vec<_> = hashes
            .iter()
            .filter(|(algorithm, _)| *algorithm == strongest)
            .filter_map(|(_, digest)| BASE64_STANDARD.decode(digest).ok())
            .collect();
        Self::new(strongest, &digests).ok_or_else(bad)
    }

    fn new(algorithm: Algorithm, digests: &[Vec<u8>]) -> Option<Self> {
        let good = !digests.is_empty() && digests.iter().all(|d| d.len() == algorithm.bytes());
        good.then(|| Self {
            algorithm,
            hex: digests.iter().map(hex::encode).collect(),
        })
    }

    pub(crate) const fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The accepted digests in hexadecimal.
    pub(crate) fn hex(&self) -> &[String] {
        &self.hex
    }

    pub(crate) fn accepts(&self, digests: &Digests) -> bool {
        self.hex.iter().any(|hex| hex == digests.of(self.algorithm))
    }

    /// Fails with both digests unless these are the right ones.
    ///
    /// # Errors
    /// [`FetchError::Digest`]: what arrived is not what was published.
    pub(crate) fn verify(&self, digests: &Digests, what: &str) -> Result<(), FetchError> {
        if self.accepts(digests) {
            return Ok(());
        }
        let name = self.algorithm.name();
        Err(FetchError::Digest {
            what: what.to_owned(),
            size: digests.size,
            actual: format!("{name}:{}", digests.of(self.algorithm)),
            expected: format!("{name}:{}", self.hex.join(&format!(" or {name}:"))),
        })
    }
}

impl Digests {
    fn of(&self, algorithm: Algorithm) -> &str {
        match &self.other {
            Some((other, hex)) if *other == algorithm => hex,
            _ if algorithm == Algorithm::Sha256 => &self.sha256,
            _ => "",
        }
    }
}

impl Hashing {
    /// SHA-256, and what this integrity needs.
    pub(crate) fn new(integrity: Option<&Integrity>) -> Self {
        Self {
            size: 0,
            sha256: Sha256::new(),
            other: match integrity.map(Integrity::algorithm) {
                Some(Algorithm::Sha384) => Other::Sha384(Sha384::new()),
                Some(Algorithm::Sha512) => Other::Sha512(Sha512::new()),
                Some(Algorithm::Sha256) | None => Other::None,
            },
        }
    }

    pub(crate) fn update(&mut self, bytes: &[u8]) {
        self.size += bytes.len() as u64;
        self.sha256.update(bytes);
        match &mut self.other {
            Other::None => {}
            Other::Sha384(hash) => hash.update(bytes),
            Other::Sha512(hash) => hash.update(bytes),
        }
    }

    pub(crate) const fn size(&self) -> u64 {
        self.size
    }

    pub(crate) fn finish(self) -> Digests {
        Digests {
            size: self.size,
            sha256: hex::encode(self.sha256.finalize()),
            other: match self.other {
                Other::None => None,
                Other::Sha384(hash) => Some((Algorithm::Sha384, hex::encode(hash.finalize()))),
                Other::Sha512(hash) => Some((Algorithm::Sha512, hex::encode(hash.finalize()))),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digests(bytes: &[u8], integrity: &Integrity) -> Digests {
        let mut hashing = Hashing::new(Some(integrity));
        hashing.update(bytes);
        hashing.finish()
    }

    #[test]
    fn verifies_what_other_tools_print() {
        // `printf hello | openssl dgst -sha512 -binary | base64 -w0`, sha256sum
        for text in [
            "sha512-m3HSJL1i83hdltRq0+o9czGb+8KJDKra4t/3JRlnPKcjI8PZm6XBHXx6zG4UuMXaDEZjR1wuXDre9G9zvN7AQw==",
            "sha256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824",
            "sha256-LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=",
        ] {
            let integrity = Integrity::parse(text).unwrap();
            integrity
                .verify(&digests(b"hello", &integrity), "x")
                .unwrap();
            let error = integrity
                .verify(&digests(b"hellp", &integrity), "https://host.test/x")
                .unwrap_err();
            assert!(matches!(error, FetchError::Digest { .. }), "{error}");
            assert!(error.to_string().contains(&integrity.hex()[0]), "{error}");
        }
    }

    #[test]
    fn the_strongest_hash_decides() {
        let weak_is_right = "sha256-LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ= sha512-AAHSJL1i83hdltRq0+o9czGb+8KJDKra4t/3JRlnPKcjI8PZm6XBHXx6zG4UuMXaDEZjR1wuXDre9G9zvN7AQw==";
        let integrity = Integrity::parse(weak_is_right).unwrap();
        assert_eq!(integrity.algorithm(), Algorithm::Sha512);
        assert!(!integrity.accepts(&digests(b"hello", &integrity)));
    }

    #[test]
    fn options_and_other_hashes_mean_nothing() {
        let text = "md5-XUFAKrxLKna5cZ2REBfFkg== sha256-LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=?ct=text/plain";
        let integrity = Integrity::parse(text).unwrap();
        assert_eq!(integrity.algorithm(), Algorithm::Sha256);
        assert!(integrity.accepts(&digests(b"hello", &integrity)));
    }

    #[test]
    fn refuses_weak_and_malformed() {
        for text in [
            "",
            "sha1-qvTGHdzF6KLavt4PO0gs2a6pQ00=",
            "md5-XUFAKrxLKna5cZ2REBfFkg==",
            "sha256:abc",
            "sha256:zz",
            "sha512-AAAA",
            "hello",
        ] {
            assert!(Integrity::parse(text).is_err(), "{text}");
        }
    }
}
