//! Overrides of the files, by the command line and the environment.

use std::num::{NonZeroU32, NonZeroUsize};

use bakehouse_core::platform::Platform;

use super::{BuilderChoice, CacheChoice, Given};

/// Settings given by flags or environment; each one wins over
/// `bakehouse.toml`.
#[derive(Debug, Clone, Default)]
pub struct Overrides {
    /// The origin of each of these: a flag, or a variable.
    pub given: Given,
    /// Options of every command, as they stand on the command line.
    pub flags: Vec<String>,
    /// `--registry`, `REGISTRY`.
    pub registry: Option<String>,
    /// `--namespace`, `NAMESPACE`.
    pub namespace: Option<String>,
    /// `--builder`, `BAKEHOUSE_BUILDER`.
    pub builders: Vec<BuilderChoice>,
    /// `--multi-arch`, `BAKEHOUSE_MULTI_ARCH`.
    pub multi_arch: Option<bool>,
    /// `--use-qemu`, `BAKEHOUSE_USE_QEMU`.
    pub use_qemu: Option<bool>,
    /// `--cache`, `BAKEHOUSE_CACHE`.
    pub cache: Option<CacheChoice>,
    /// `--platform`.
    pub platforms: Vec<Platform>,
    /// Platforms are beside those that are configured, not in their place.
    pub whole: bool,
    /// `--partial`.
    pub partial: bool,
    /// `--max-versions`, `BAKEHOUSE_MAX_VERSIONS`.
    pub max_versions: Option<NonZeroU32>,
    /// `--locked`.
    pub locked: bool,
    /// `--rebuild`, `REBUILD`.
    pub rebuild: bool,
    /// `--concurrency`.
    pub concurrency: Option<NonZeroUsize>,
}
