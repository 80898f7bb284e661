//! Names, tags and digests (distribution-spec v1.1, "Pulling manifests").
//!
//! By hand: compiling oci-spec's expression for references takes longer than
//! a whole merge.

/// Longest repository name that registries take.
const LONGEST_PATH: usize = 255;
/// Longest tag.
const LONGEST_TAG: usize = 128;

/// The beginning of the tags of layer caches, which are in the images' own
/// repositories. No version and no moving tag may begin so.
pub const CACHE_TAG: &str = "bakehouse-cache-";

/// `host[:port]`, of a registry.
pub fn is_host(text: &str) -> bool {
    let (name, port) = text.split_once(':').unwrap_or((text, "1"));
    let label = |label: &str| {
        !label.is_empty()
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'-')
    };
    port.parse::<u16>().is_ok() && name.split('.').all(label)
}

/// A repository's name: path components and `/` between them.
pub fn is_path(text: &str) -> bool {
    text.len() <= LONGEST_PATH && text.split('/').all(is_component)
}

/// One path component of a repository's name:
/// `[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*`.
pub fn is_component(text: &str) -> bool {
    let word = |b: &u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    let bytes = text.as_bytes();
    let ends = bytes.first().is_some_and(word) && bytes.last().is_some_and(word);
    ends && bytes
        .split(word)
        .filter(|separator| !separator.is_empty())
        .all(|separator| {
            matches!(separator, b"." | b"_" | b"__") || separator.iter().all(|b| *b == b'-')
        })
}

/// A tag: `[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}`.
pub fn is_tag(text: &str) -> bool {
    let word = |b: &u8| b.is_ascii_alphanumeric() || *b == b'_';
    let bytes = text.as_bytes();
    bytes.len() <= LONGEST_TAG
        && bytes.first().is_some_and(word)
        && bytes.iter().all(|b| word(b) || matches!(b, b'.' | b'-'))
}

/// A digest (image-spec v1.1, "Digests") of a registered algorithm.
pub fn is_digest(text: &str) -> bool {
    let Some((algorithm, hex)) = text.split_once(':') else {
        return false;
    };
    let length = match algorithm {
        "sha256" => 64,
        "sha512" => 128,
        _ => return false,
    };
    let lower = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
    hex.len() == length && hex.bytes().all(lower)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts() {
        for good in ["ghcr.io", "localhost:5000", "127.0.0.1:1", "a-b.example"] {
            assert!(is_host(good), "{good}");
        }
        for bad in [
            "",
            "a..b",
            "-a.b",
            "a b",
            "a:x",
            "a:70000",
            "a/b",
            "[::1]:5000",
        ] {
            assert!(!is_host(bad), "{bad}");
        }
    }

    #[test]
    fn paths_and_components() {
        for good in ["esbuild", "base-outline", "a", "a.b_c", "a__b", "a---b"] {
            assert!(is_component(good), "{good}");
        }
        for bad in [
            "", "A", "-a", "a-", "a/b", "..", "a..b", "a___b", "a:b", "a\n", "a.-b",
        ] {
            assert!(!is_component(bad), "{bad}");
        }
        assert!(is_path("acme/mirrors/a"));
        assert!(!is_path("acme//a") && !is_path("/a") && !is_path(&"a/".repeat(200)));
    }

    #[test]
    fn tags_and_digests() {
        assert!(is_tag("10.5.0-rc1_x") && is_tag(&"9".repeat(128)));
        for bad in ["", ".1", "-1", "1/2", "1+2", "a b", &"9".repeat(129)] {
            assert!(!is_tag(bad), "{bad}");
        }
        assert!(is_digest(&format!("sha256:{}", "0a".repeat(32))));
        assert!(is_digest(&format!("sha512:{}", "0a".repeat(64))));
        for bad in [
            "sha256:",
            "sha256:00",
            "md5:00",
            &format!("sha256:{}", "0A".repeat(32)),
        ] {
            assert!(!is_digest(bad), "{bad}");
        }
    }
}
