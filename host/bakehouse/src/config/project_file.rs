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

/// Defaults of a project: the file `bakehouse.toml` at its root. Every key may
/// be left out; environment and flags override it.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct ProjectFile {
    /// `local`, or the target registry's `host[:port]`.
    #[serde(deserialize_with = "registry")]
    pub registry: Option<String>,
    /// Path between registry and image name.
    #[serde(deserialize_with = "namespace")]
    pub namespace: Option<String>,
    /// Platforms to publish, as far as a recipe has them.
    pub platforms: Option<Vec<Platform>>,
    /// Publish for all platforms, not for one alone.
    pub multi_arch: Option<bool>,
    /// Steps for platforms that no builder node is of may run emulated.
    pub use_qemu: Option<bool>,
    /// The number of the newest versions to look at.
    pub max_versions: Option<NonZeroU32>,
    /// The number of targets that are built at the same time.
    pub concurrency: Option<NonZeroUsize>,
    /// buildx builders, in the order they are preferred.
    #[serde(deserialize_with = "builder_choice::one_or_many")]
    pub builder: Vec<BuilderChoice>,
    /// Attach SLSA provenance to images.
    pub provenance: Option<bool>,
    /// The place where build layers are kept between runs.
    pub cache: Option<CacheChoice>,
    /// The settings of the workflow by which CI publishes it.
    pub ci: Ci,
    /// GitHub Actions runners by platform.
    pub runners: Runners,
    /// The resources that one call of a recipe may use.
    pub limits: Limits,
    /// The amount that is kept under `.bakehouse`.
    pub keep: Keep,
    /// Thresholds of warnings with exit codes of their own.
    pub alarms: Alarms,
    /// The most that apps may be granted at all.
    pub allow: Allow,
    /// The places where that is written.
    #[serde(skip)]
    pub places: Places,
    /// Other places to fetch the same from.
    pub mirrors: Mirrors,
    /// The settings that `RUN` steps are handed.
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
#[serde(rename_all = "kebab-case")]
pub enum CacheChoice {
    /// Nowhere but in the builder itself.
    #[default]
    None,
    /// In the project folder, under `.bakehouse/layers`.
    Local,
    /// In the target registry, in each image's own repository.
    Registry,
    /// In GitHub Actions' cache.
    Gha,
}
