//! The actions that the workflows use, pinned by commit.

use std::fmt;

/// An action at one commit.
pub(super) struct Action {
    /// Its name in the templates.
    pub(super) key: &'static str,
    name: &'static str,
    commit: &'static str,
    version: &'static str,
}

const fn action(
    key: &'static str,
    name: &'static str,
    commit: &'static str,
    version: &'static str,
) -> Action {
    Action {
        key,
        name,
        commit,
        version,
    }
}

pub(super) const PINNED: &[Action] = &[
    action(
        "checkout",
        "actions/checkout",
        "3d3c42e5aac5ba805825da76410c181273ba90b1",
        "v7.0.1",
    ),
    action(
        "cache",
        "actions/cache",
        "27d5ce7f107fe9357f9df03efb73ab90386fccae",
        "v5.0.5",
    ),
    action(
        "upload",
        "actions/upload-artifact",
        "bbbca2ddaa5d8feaa63e36b76fdaad77386f024f",
        "v7.0.0",
    ),
    action(
        "download",
        "actions/download-artifact",
        "3e5f45b2cfb9172054b4087a40e8e0b5a5461e7c",
        "v8.0.1",
    ),
    action(
        "qemu",
        "docker/setup-qemu-action",
        "96fe6ef7f33517b61c61be40b68a1882f3264fb8",
        "v4.2.0",
    ),
    action(
        "buildx",
        "docker/setup-buildx-action",
        "37fe631027851001ddb9b187196cc803df7f5f0e",
        "v4.3.0",
    ),
];

impl fmt::Display for Action {
    /// `owner/name@COMMIT # vX.Y.Z`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{} # {}", self.name, self.commit, self.version)
    }
}
