//! Versions that have what an image is built from.

/// The first version, as major and minor number, whose tree has
/// `server/build/Dockerfile`. Before, server and web app were repositories of
/// their own; patches of those versions are so to their end (7.8.15).
const FIRST: (u32, u32) = (7, 10);

/// Whether a version's tree has upstream's Dockerfile in `server/build`.
#[must_use]
pub fn is_buildable(number: &str) -> bool {
    let mut parts = number.trim_start_matches('v').split(['.', '-']);
    let mut part = || parts.next().and_then(|part| part.parse::<u32>().ok());
    matches!((part(), part()), (Some(major), Some(minor)) if (major, minor) >= FIRST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_of_the_repository_as_it_is_now() {
        for number in [
            "7.10.0",
            "7.10",
            "7.10.0-rc1",
            "8.0.0",
            "10.11.4",
            "v11.1.0",
        ] {
            assert!(is_buildable(number), "{number}");
        }
        for number in ["7.8.15", "7.9.5", "6.10.0", "5.39.3", "", "7", "x.y"] {
            assert!(!is_buildable(number), "{number}");
        }
    }
}
