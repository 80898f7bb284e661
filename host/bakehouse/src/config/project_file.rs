//! `bakehouse.toml`.

use std::num::{NonZeroU32, NonZeroUsize};
use std::str::FromStr;

use bakehouse_core::grants::{Allow, Places};
use bakehouse_core::mirrors::Mirrors;
use bakehouse_core::platform::Platform;
use bakehouse_core::reference_grammar as grammar;
use bakehouse_runtime::Limits;
use serde::{Deserialize, Deserializer};

use super::{Alarms, BuildTable, BuilderChoice, Ci, Keep, Runners, builder_choice};

/// The file `bakehouse.toml` at the root of a project: its settings. Every key may be
/// left out; the environment goes before it, and flags before both.
#[derive(Debug, Clone, Default, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct ProjectFile {
    /// The registry that images are published to: `local`, which is part of the
    /// program, or `HOST[:PORT]` without a scheme. Loopback hosts speak plain HTTP. It
    /// must be said here, by `--registry` or by `BAKEHOUSE_REGISTRY`.
    #[serde(deserialize_with = "registry")]
    #[cfg_attr(test, schemars(schema_with = "super::text_schemas::registry"))]
    pub registry: Option<String>,
    /// The path between registry and image name. It must be said here, by
    /// `--namespace` or by `BAKEHOUSE_NAMESPACE`.
    #[serde(deserialize_with = "namespace")]
    #[cfg_attr(test, schemars(schema_with = "super::text_schemas::namespace"))]
    pub namespace: Option<String>,
    /// The platforms to publish, as far as a recipe has them.
    #[cfg_attr(test, schemars(extend("default" = super::default_platforms())))]
    pub platforms: Option<Vec<Platform>>,
    /// `false`: publish for one platform, this machine's where it is among
    /// `platforms`, else the first of them.
    #[cfg_attr(test, schemars(extend("default" = true)))]
    pub multi_arch: Option<bool>,
    /// `false`: a `RUN` step for a platform that no builder node is of is refused, not
    /// emulated.
    #[cfg_attr(test, schemars(extend("default" = true)))]
    pub use_qemu: Option<bool>,
    /// The number of the newest versions to look at.
    #[cfg_attr(test, schemars(extend("default" = super::settings::MAX_VERSIONS)))]
    pub max_versions: Option<NonZeroU32>,
    /// The number of jobs that are built at the same time.
    #[cfg_attr(test, schemars(extend("default" = super::settings::CONCURRENCY)))]
    pub concurrency: Option<NonZeroUsize>,
    /// The buildx builder, as `docker buildx ls` names it; or a list of them, each
    /// `NAME`, or `OS/ARCH=NAME` for one platform. Without one it is buildx's current
    /// one.
    #[serde(deserialize_with = "builder_choice::one_or_many")]
    #[cfg_attr(test, schemars(schema_with = "super::text_schemas::builders"))]
    pub builder: Vec<BuilderChoice>,
    /// Attach SLSA provenance to images (BuildKit, `mode=max`).
    #[cfg_attr(test, schemars(extend("default" = false)))]
    pub provenance: Option<bool>,
    /// The place where build layers are kept between runs.
    #[cfg_attr(test, schemars(extend("default" = "none")))]
    pub cache: Option<CacheChoice>,
    /// The workflow of GitHub Actions that publishes the project.
    pub ci: Ci,
    /// The label of the GitHub Actions runner that builds a platform, by platform. One
    /// that has none is built on `ubuntu-24.04`, under QEMU.
    pub runners: Runners,
    /// The resources that one call of a recipe may use. A recipe cannot change them.
    pub limits: Limits,
    /// The amount that is kept under `.bakehouse` of what may be deleted at any time.
    pub keep: Keep,
    /// The matters that are worth a warning with an exit code of its own.
    pub alarms: Alarms,
    /// The most that apps may be granted at all. A key that is not there draws no line.
    pub allow: Allow,
    /// The places where that is written.
    #[serde(skip)]
    pub places: Places,
    /// Other places to fetch the same from: the beginning of names, and the beginning
    /// that they have at the mirror. Both end with `/`. With `://` they are URLs: of
    /// downloads, of git repositories and of forges' APIs; without it images, which
    /// begin with their registry. The longest one that fits counts.
    pub mirrors: Mirrors,
    /// The settings that `RUN` steps with a network are handed. They are in no image,
    /// and change no digest.
    pub build: BuildTable,
}

/// `local`, or a registry's host.
fn registry<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    let text = String::deserialize(deserializer)?;
    let host = (text.contains(['.', ':']) || text == "localhost") && grammar::is_host(&text);
    match host || text == "local" {
        true => Ok(Some(text)),
        false => Err(unfit(
            &text,
            "a registry: write `local`, or HOST[:PORT] without a scheme",
        )),
    }
}

/// A path below the registry.
fn namespace<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    let text = String::deserialize(deserializer)?;
    match grammar::is_path(&text) {
        true => Ok(Some(text)),
        false => Err(unfit(
            &text,
            "a namespace: write lower-case words with `/` between them, e.g. `acme/mirrors`",
        )),
    }
}

/// A text that its key does not take.
pub(super) fn unfit<E: serde::de::Error>(text: &str, wanted: &str) -> E {
    E::custom(format!("`{}` is not {wanted}", text.escape_debug()))
}

impl FromStr for CacheChoice {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "none" => Ok(Self::None),
            "local" => Ok(Self::Local),
            "registry" => Ok(Self::Registry),
            "gha" => Ok(Self::Gha),
            _ => Err("expected none, local, registry or gha".to_owned()),
        }
    }
}

/// The place where build layers are kept between runs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum CacheChoice {
    /// Nowhere but in the builder itself.
    #[default]
    None,
    /// In the project's folder, under `.bakehouse/layers`.
    Local,
    /// In the target registry, in each image's own repository.
    Registry,
    /// In GitHub Actions' cache.
    Gha,
}
