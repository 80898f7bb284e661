//! Release sources as the host reads them, without recipe and binary.

use std::path::Path;
use std::sync::Arc;

use bakehouse_core::progress::Silent;
use bakehouse_registry::Upstream;
use bakehouse_system::http::HttpError;
use bakehouse_system::http::pages::ListError;
use bakehouse_upstream::release::{
    ApiLimits, ForgeAccess, NpmConfig, PipConfig, Release, ReleaseError, Releases, ReleasesOptions,
    Selection, SourceId,
};

/// Reads releases as one process does.
pub struct Reader {
    releases: Releases,
    runtime: tokio::runtime::Runtime,
}

impl Reader {
    /// With these environment variables, and answers kept in `cache`.
    pub fn new(variables: &[(&str, &str)], cache: Option<&Path>) -> Self {
        Self::with_limits(variables, cache, ApiLimits::default())
    }

    /// Of an index of Python's packages.
    pub fn of_index(url: &str, cache: Option<&Path>) -> Self {
        Self::reading(&[], cache, ApiLimits::default(), PipConfig::index(url))
    }

    /// With other limits, too.
    pub fn with_limits(
        variables: &[(&str, &str)],
        cache: Option<&Path>,
        limits: ApiLimits,
    ) -> Self {
        let nowhere = PipConfig::index("http://127.0.0.1:9/");
        Self::reading(variables, cache, limits, nowhere)
    }

    fn reading(
        variables: &[(&str, &str)],
        cache: Option<&Path>,
        limits: ApiLimits,
        pip: PipConfig,
    ) -> Self {
        let variable = |name: &str| {
            let found = variables.iter().find(|(key, _)| *key == name)?;
            Some(found.1.to_owned())
        };
        let releases = Releases::new(ReleasesOptions {
            npm: NpmConfig::registry("http://127.0.0.1:9/"),
            pip,
            access: ForgeAccess::from_env(variable).unwrap(),
            cache: cache.map(Path::to_path_buf),
            limits,
            reporter: Arc::new(Silent),
            upstream: Upstream::new(Arc::new(Silent)),
        });
        Self {
            releases: releases.unwrap(),
            runtime: tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap(),
        }
    }

    /// All releases that count, prereleases too.
    pub fn list(&self, source: &str, pattern: Option<&str>) -> Result<Vec<Release>, ReleaseError> {
        let source: SourceId = source.parse()?;
        let selection = Selection::new(pattern, true)?;
        let listed = self.releases.list(&source, &selection, u32::MAX);
        self.runtime.block_on(listed)
    }

    /// Versions of [`list`](Self::list); prereleases have a `*`.
    pub fn versions(&self, source: &str, pattern: Option<&str>) -> Vec<String> {
        let star = |release: &Release| if release.prerelease { "*" } else { "" };
        let all = self.list(source, pattern).unwrap().into_iter();
        all.map(|r| format!("{}{}", r.version, star(&r))).collect()
    }

    pub fn latest(&self, source: &str, pattern: Option<&str>) -> Result<Release, ReleaseError> {
        let source: SourceId = source.parse()?;
        let latest = self.releases.latest(&source, pattern);
        self.runtime.block_on(latest)
    }

    pub fn get(&self, source: &str, tag: &str) -> Result<Release, ReleaseError> {
        let source: SourceId = source.parse()?;
        self.runtime.block_on(self.releases.get(&source, tag))
    }
}

/// It took too long.
pub fn is_slow(error: &ReleaseError) -> bool {
    match error {
        ReleaseError::Slow { .. } => true,
        ReleaseError::Http { source, .. } => source.is_timeout(),
        _ => false,
    }
}

/// There is no answer that is of use, and nobody is to blame but the source.
pub fn is_unavailable(error: &ReleaseError) -> bool {
    match error {
        ReleaseError::Http { source, .. } => {
            let busy = matches!(source, HttpError::Busy { .. } | HttpError::Paused { .. });
            !busy && !source.is_absent() && !source.is_timeout()
        }
        ReleaseError::List { source, .. } => !matches!(source, ListError::Time(_)),
        ReleaseError::Answered { .. } => !error.is_absent(),
        ReleaseError::Malformed { .. }
        | ReleaseError::Page { .. }
        | ReleaseError::Unasked { .. }
        | ReleaseError::Redirect { .. }
        | ReleaseError::Elsewhere { .. }
        | ReleaseError::Git(_) => true,
        _ => false,
    }
}
