//! Options of builds.

use std::path::PathBuf;
use std::time::Duration;

use bakehouse_core::mirrors::Mirrors;
use bakehouse_registry::KeptManifests;

use crate::cache::layer_cache::LayerCache;
use crate::sandbox::child_env::ChildEnv;
use crate::step_settings::StepSettings;

/// The settings of all builds.
#[derive(Debug, Clone)]
pub struct BuildxOptions {
    /// The builder's name, as in `docker buildx ls`; none: the current one.
    pub builder: Option<String>,
    /// The longest that one build may take.
    pub time_limit: Duration,
    /// The place where layers are kept between builds.
    pub layer_cache: LayerCache,
    /// Steps for platforms that no node is of may run emulated.
    pub emulation: bool,
    /// The variables that the child may see.
    pub env: ChildEnv,
    /// The mirrors that images are pulled from instead.
    pub mirrors: Mirrors,
    /// The settings that steps with a network are handed.
    pub step_settings: StepSettings,
    /// Facts of bases that registries have shown.
    pub kept: KeptManifests,
    /// The folder in which builders are remembered; none: they are looked at each
    /// time.
    pub memory: Option<PathBuf>,
}

impl Default for BuildxOptions {
    fn default() -> Self {
        Self {
            builder: None,
            time_limit: Duration::from_secs(2 * 3600),
            layer_cache: LayerCache::None,
            emulation: true,
            env: ChildEnv::default(),
            mirrors: Mirrors::default(),
            step_settings: StepSettings::default(),
            kept: KeptManifests::default(),
            memory: None,
        }
    }
}
