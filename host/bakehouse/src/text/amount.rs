//! Amounts and digests in the short forms that people read.

/// Bytes as megabytes with one decimal place (SI): `12.3 MB`.
#[must_use]
pub fn megabytes(bytes: u64) -> String {
    format!("{:.1} MB", bytes as f64 / 1e6)
}

/// The first twelve digits of a digest, as Docker shows them, with its
/// algorithm: `sha256:0123456789ab`.
#[must_use]
pub fn short_digest(digest: &str) -> String {
    let (kind, hex) = digest.split_once(':').unwrap_or(("", digest));
    format!("{kind}:{}", hex.get(..12).unwrap_or(hex))
}
