//! Upstream's facts of a version, as annotations of its image and index.

use std::collections::BTreeMap;

use bakehouse_core::date::Date;
use bakehouse_core::recipe::{App, Version};
use bakehouse_registry::{PRERELEASE_ANNOTATION, VERSION_ANNOTATION};
use bakehouse_upstream::git::Revision;

use super::identity::{CREATED_ANNOTATION, TITLE_ANNOTATION};
use super::origin::{Origin, REVISION_ANNOTATION, SOURCE_ANNOTATION, UPSTREAM_ANNOTATION};

/// A version with a date: where its recipe knows none, the commit's.
pub(super) fn dated(version: &Version, revision: Option<&Revision>) -> Version {
    let mut version = version.clone();
    if version.created.is_none() {
        version.created = revision.and_then(|revision| revision.committed.clone());
    }
    version
}

/// The facts of a version that are known from upstream, under the image-spec's
/// annotation keys; nothing in it depends on when or where it was built.
pub(super) fn annotations(
    app: &App,
    version: &Version,
    image: &str,
    revision: Option<&Revision>,
) -> BTreeMap<String, String> {
    let described = app.images.iter().find(|i| i.name == image);
    let description = described
        .map(|i| i.summary.as_str())
        .filter(|s| !s.is_empty());
    let extra = |key: &str| {
        let mut extras = app.extras.iter();
        extras
            .find(|(name, _)| name == key)
            .map(|(_, value)| value.as_str())
    };
    let origin = Origin::of(app, version, revision);
    let facts = [
        (TITLE_ANNOTATION, Some(image)),
        (
            "org.opencontainers.image.description",
            description.or(Some(&app.summary)),
        ),
        (VERSION_ANNOTATION, Some(&version.number)),
        (SOURCE_ANNOTATION, Some(origin.source)),
        (UPSTREAM_ANNOTATION, origin.upstream),
        ("org.opencontainers.image.url", extra("url")),
        (
            "org.opencontainers.image.documentation",
            extra("documentation"),
        ),
        ("org.opencontainers.image.vendor", extra("vendor")),
        (REVISION_ANNOTATION, origin.revision),
        ("org.opencontainers.image.licenses", Some(&app.license)),
        (
            CREATED_ANNOTATION,
            version.created.as_ref().map(Date::as_str),
        ),
        (PRERELEASE_ANNOTATION, version.prerelease.then_some("true")),
    ];
    facts
        .into_iter()
        .filter_map(|(key, value)| {
            Some((key.to_owned(), value.filter(|v| !v.is_empty())?.to_owned()))
        })
        .collect()
}
