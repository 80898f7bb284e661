//! The checks, and what each matters for.

use serde::Serialize;

/// A thing that is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Check {
    /// bakehouse.toml, and the settings that come from it.
    Project,
    /// The app.toml of each app.
    App,
    /// The Docker Engine.
    Engine,
    /// The engine's way to keep images.
    ImageStore,
    /// The client of builders.
    Buildx,
    /// Builders that are named, or buildx's current one.
    Builder,
    /// Platforms that steps can run for.
    Platforms,
    /// The git program.
    Git,
    /// The target registry.
    Registry,
    /// The right to push.
    Push,
    /// This machine's clock.
    Clock,
    /// APIs of forges, their tokens and rate limits.
    Forge,
    /// Release sources of the apps, and the way to them.
    Sources,
    /// Recipes, and the versions of the contract that they are for.
    Recipe,
    /// Things that recipes ask for and are not granted.
    Grants,
    /// Secrets that are granted.
    Secrets,
    /// Folders of state.
    State,
    /// Room on their disk.
    Disk,
    /// The workflow of GitHub Actions.
    Workflow,
    /// The schemas of the project's files, for editors.
    Schemas,
}

impl Check {
    /// Its name, as in JSON.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Project => "project",
            Self::App => "app",
            Self::Engine => "engine",
            Self::ImageStore => "image-store",
            Self::Buildx => "buildx",
            Self::Builder => "builder",
            Self::Platforms => "platforms",
            Self::Git => "git",
            Self::Registry => "registry",
            Self::Push => "push",
            Self::Clock => "clock",
            Self::Forge => "forge",
            Self::Sources => "sources",
            Self::Recipe => "recipe",
            Self::Grants => "grants",
            Self::Secrets => "secrets",
            Self::State => "state",
            Self::Disk => "disk",
            Self::Workflow => "workflow",
            Self::Schemas => "schemas",
        }
    }

    /// The thing that goes wrong where it is not well.
    #[must_use]
    pub const fn matters(self) -> &'static str {
        match self {
            Self::Project => "no command but `up`, `down` and `init` works without it",
            Self::App => "it is left out of runs, which end with this code; other apps go on",
            Self::Engine => "buildx's own builder builds in it, and `smoke` runs images in it",
            Self::ImageStore => "images for other platforms are exported from nowhere else",
            Self::Buildx => "every build goes through it",
            Self::Builder => "every build runs in one",
            Self::Platforms => {
                "RUN steps for such a platform are refused; recipes that cross-compile go on"
            }
            Self::Git => "upstream's sources are checked out with it",
            Self::Registry => "every plan asks it what is published, and every run pushes to it",
            Self::Push => "what is built cannot be published",
            Self::Clock => "certificates, logins and caches are good for a time",
            Self::Forge => "versions are read from it; a run of many apps needs many requests",
            Self::Sources => {
                "versions are read from there; an app whose sources cannot be read fails"
            }
            Self::Recipe => "its app is left out of runs, or built as it was before",
            Self::Grants => "its recipe is refused what it asks for, and its app fails",
            Self::Secrets => "builds that are to mount it fail",
            Self::State => "no run begins where its state cannot be written",
            Self::Disk => "a run ends where its disk is full",
            Self::Workflow => "CI goes on with the settings of before",
            Self::Schemas => "editors complete and check by the keys of another release",
        }
    }
}
