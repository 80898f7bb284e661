//! Services that the host lends to recipes.

use std::sync::Arc;

use bakehouse_builder::Builder;
use bakehouse_core::progress::Reporter;
use bakehouse_registry::Upstream;
use bakehouse_upstream::fetch::Fetcher;
use bakehouse_upstream::release::Releases;

use super::Lazy;

/// The outside world, as far as recipes may see it; shared by all calls.
pub struct Services {
    /// Upstream releases.
    pub releases: Lazy<Releases>,
    /// Downloads.
    pub fetcher: Lazy<Fetcher>,
    /// Other people's registries.
    pub upstream: Upstream,
    /// Compile steps.
    pub builder: Arc<dyn Builder>,
    /// Log lines.
    pub reporter: Arc<dyn Reporter>,
}
