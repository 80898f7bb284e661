//! Labels that only the host sets: what an image is of, and where it came from.
//!
//! A recipe may label its images, but not with these: `merge` tells by them
//! what a digest is of, and people whom to believe.

use std::collections::BTreeMap;

use bakehouse_core::recipe::Build;
use bakehouse_registry::{Labels, PRERELEASE_ANNOTATION, VERSION_ANNOTATION};

use super::origin::{REVISION_ANNOTATION, SOURCE_ANNOTATION};

/// Annotation and label with the image's name (image-spec v1.1, "Annotations").
pub(super) const TITLE_ANNOTATION: &str = "org.opencontainers.image.title";
/// Annotation and label with the time of upstream's release.
pub(super) const CREATED_ANNOTATION: &str = "org.opencontainers.image.created";
/// The beginning of Bakehouse's own annotations and labels.
const OWN: &str = "dev.bakehouse.";

fn is_hosts(key: &str) -> bool {
    key.starts_with(OWN)
        || [
            REVISION_ANNOTATION,
            TITLE_ANNOTATION,
            SOURCE_ANNOTATION,
            CREATED_ANNOTATION,
            VERSION_ANNOTATION,
        ]
        .contains(&key)
}

/// Labels a build with what the host knows. Of the host's own keys it is the
/// only one to speak; of others only where the recipe says nothing.
pub(super) fn label(build: &mut Build, facts: BTreeMap<String, String>) {
    build.labels.retain(|(key, _)| !is_hosts(key));
    for (key, value) in facts {
        if !build.labels.iter().any(|(name, _)| *name == key) {
            build.labels.push((key, value));
        }
    }
    build.labels.sort();
}

/// The labels that an image of these facts has by [`label`]. A base image's
/// labels are its images', too, so what the host does not know is not looked
/// at; but nothing is a prerelease by its base.
pub(super) fn expected(facts: &BTreeMap<String, String>) -> Labels {
    let known = facts.iter().filter(|(key, _)| is_hosts(key));
    let mut labels: Labels = known
        .map(|(key, value)| (key.clone(), Some(value.clone())))
        .collect();
    if !facts.contains_key(PRERELEASE_ANNOTATION) {
        labels.push((PRERELEASE_ANNOTATION.to_owned(), None));
    }
    // What a person would name first.
    labels.sort_by_key(|(key, _)| (key != TITLE_ANNOTATION, key != VERSION_ANNOTATION));
    labels
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pipeline::digest_file::tests::example;

    #[test]
    fn the_hosts_facts_win_over_the_recipes() {
        let mut build = example().build;
        let claimed = [
            (VERSION_ANNOTATION, "9.9.9"),
            (VERSION_ANNOTATION, "9.9.8"),
            (REVISION_ANNOTATION, "of another repository"),
            (SOURCE_ANNOTATION, "https://evil.example"),
            (CREATED_ANNOTATION, "1999-01-01T00:00:00Z"),
            ("dev.bakehouse.prerelease", "true"),
            ("dev.bakehouse.upstream", "https://evil.example"),
            ("org.opencontainers.image.licenses", "MIT"),
            ("com.example.own", "kept"),
        ];
        build.labels = claimed.map(|(k, v)| (k.to_owned(), v.to_owned())).into();
        let facts = [
            (VERSION_ANNOTATION, "1.0.0"),
            (TITLE_ANNOTATION, "esbuild"),
            (SOURCE_ANNOTATION, "https://upstream.example"),
            ("org.opencontainers.image.licenses", "Apache-2.0"),
        ];
        let facts: BTreeMap<_, _> = facts
            .into_iter()
            .map(|(k, v)| (k.to_owned(), v.to_owned()))
            .collect();
        label(&mut build, facts.clone());
        let labels: Vec<_> = build
            .labels
            .iter()
            .map(|(k, v)| (k.as_str(), v.as_str()))
            .collect();
        assert_eq!(
            labels,
            [
                ("com.example.own", "kept"),
                ("org.opencontainers.image.licenses", "MIT"),
                (SOURCE_ANNOTATION, "https://upstream.example"),
                (TITLE_ANNOTATION, "esbuild"),
                (VERSION_ANNOTATION, "1.0.0"),
            ]
        );
        let expected = expected(&facts);
        let expected: Vec<_> = expected
            .iter()
            .map(|(key, value)| (key.as_str(), value.as_deref()))
            .collect();
        assert_eq!(
            expected,
            [
                (TITLE_ANNOTATION, Some("esbuild")),
                (VERSION_ANNOTATION, Some("1.0.0")),
                (SOURCE_ANNOTATION, Some("https://upstream.example")),
                (PRERELEASE_ANNOTATION, None),
            ]
        );
    }
}
