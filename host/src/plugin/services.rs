//! What the host lends to recipes.

use std::sync::Arc;

use super::Lazy;
use crate::buildx::Builder;
use crate::fetch::Fetcher;
use crate::progress::Reporter;
use crate::registry::Upstream;
use crate::release::Releases;

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
