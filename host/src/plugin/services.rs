//! What the host lends to recipes.

use std::sync::Arc;

use crate::buildx::Builder;
use crate::fetch::Fetcher;
use crate::progress::Reporter;
use crate::registry::Upstream;
use crate::release::Releases;

/// The outside world, as far as recipes may see it; shared by all calls.
#[derive(Clone)]
pub struct Services {
    /// Upstream releases.
    pub releases: Releases,
    /// Downloads.
    pub fetcher: Fetcher,
    /// Other people's registries.
    pub upstream: Upstream,
    /// Compile steps.
    pub builder: Arc<dyn Builder>,
    /// Log lines.
    pub reporter: Arc<dyn Reporter>,
}
