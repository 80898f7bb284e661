//! Names of archives and of compressed files.

/// Endings of names that are archives, or one compressed file.
const PACKED: &[&str] = &[
    ".tar", ".tgz", ".txz", ".tbz", ".tbz2", ".tzst", ".gz", ".xz", ".bz2", ".zst", ".zip", ".whl",
    ".deb",
];

/// Whether a file of this name is unpacked before it is used.
#[must_use]
pub fn is_packed(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    PACKED.iter().any(|end| lower.ends_with(end))
}
