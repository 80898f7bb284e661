//! The part of every `RUN` step's cache key that names whose step it is.
//!
//! BuildKit's key of a step holds what it runs, not which secret it was given
//! nor who asked for it, so that anybody who writes the same step gets the
//! layer. What a Dockerfile cannot set is the list of names in `/etc/hosts`
//! (`add-hosts`); their names are part of the key (moby/buildkit,
//! `solver/llbsolver/ops/exec.go`, `CacheMap`) and of no layer.

use sha2::{Digest as _, Sha256};

/// The host name that marks an app's steps with these secrets: the same for all
/// versions and platforms. `.invalid` names nothing (RFC 2606).
pub(crate) fn step_key(app: &str, secrets: &[String]) -> String {
    let mut names: Vec<&str> = secrets.iter().map(String::as_str).collect();
    names.sort_unstable();
    names.dedup();
    let mut hash = Sha256::new();
    for text in std::iter::once(app).chain(names) {
        hash.update((text.len() as u64).to_be_bytes());
        hash.update(text);
    }
    let hex = hex::encode(hash.finalize());
    format!("{}.bakehouse.invalid", hex.split_at(40).0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(app: &str, secrets: &[&str]) -> String {
        let secrets: Vec<_> = secrets.iter().map(|name| (*name).to_owned()).collect();
        step_key(app, &secrets)
    }

    #[test]
    fn apps_and_secrets_make_the_key() {
        assert_eq!(key("a", &["X", "Y"]), key("a", &["Y", "X", "X"]));
        let keys = [
            key("a", &[]),
            key("b", &[]),
            key("a", &["X"]),
            key("aX", &[]),
            key("a", &["X", "Y"]),
            key("a", &["XY"]),
        ];
        for (at, key) in keys.iter().enumerate() {
            assert!(!keys[..at].contains(key), "{keys:?}");
        }
        let label = keys[0].split('.').next().unwrap();
        assert!(label.len() <= 63, "{label}");
    }
}
