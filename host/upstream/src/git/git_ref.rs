//! Names of tags, branches and commits.

use super::RefError;

/// Checks that this can be a tag, branch or commit (git-check-ref-format).
///
/// # Errors
/// If it cannot.
pub fn check_ref(text: &str) -> Result<(), RefError> {
    let bad_character =
        |c: char| c.is_control() || matches!(c, ' ' | '~' | '^' | ':' | '?' | '*' | '[' | '\\');
    let bad_part = |part: &str| {
        part.is_empty()
            || part.starts_with('.')
            || part.ends_with('.')
            || std::path::Path::new(part)
                .extension()
                .is_some_and(|e| e.eq_ignore_ascii_case("lock"))
    };
    let bad = text.len() > 255
        || text.starts_with('-')
        || text.contains("..")
        || text.contains("@{")
        || text == "@"
        || text.contains(bad_character)
        || text.split('/').any(bad_part);
    if bad {
        return Err(RefError(text.to_owned()));
    }
    Ok(())
}

/// Whether this is a commit's whole name.
#[must_use]
pub fn is_commit(text: &str) -> bool {
    text.len() == 40 && text.bytes().all(|b| b.is_ascii_hexdigit())
}

/// The refs that a name may stand for, in the order in which git takes them.
pub(super) fn candidates(name: &str) -> Vec<String> {
    if name.starts_with("refs/") {
        return vec![name.to_owned()];
    }
    vec![format!("refs/tags/{name}"), format!("refs/heads/{name}")]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_refs_and_no_options() {
        for good in ["v10.5.0", "main", "release/1.2", "v1.0-limitless", "a@b"] {
            assert!(check_ref(good).is_ok(), "{good}");
        }
        for bad in [
            "",
            "-v",
            "--upload-pack=id",
            "a..b",
            "a b",
            "a\nb",
            "v1^{}",
            "v1~1",
            "a:b",
            "/a",
            "a/",
            "a//b",
            ".a",
            "a.lock",
            "@",
            "a@{1}",
            &"a".repeat(256),
        ] {
            assert!(check_ref(bad).is_err(), "{bad}");
        }
        assert!(is_commit(&"0a".repeat(20)) && !is_commit("0a"));
    }
}
