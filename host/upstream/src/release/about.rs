//! Facts of a project that its source tells beside its releases.

/// The facts of a project that a source tells, for who writes an app of it. Nothing
/// is certain to be there.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct About {
    /// The licence, as the source writes it; mostly an SPDX expression.
    pub license: Option<String>,
    /// One line that says what it is.
    pub summary: Option<String>,
    /// Its home page.
    pub home: Option<String>,
    /// Names of the programs that it installs.
    pub programs: Vec<String>,
    /// Sources that have its files for one platform each, as npm's
    /// `optionalDependencies`.
    pub parts: Vec<PlatformSource>,
    /// The only machines that it is for; each list empty for all.
    pub machines: Machines,
}

/// A source that has files for one platform.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlatformSource {
    /// Its text, as of a [`SourceId`](super::SourceId).
    pub source: String,
    /// The version that is wanted of it, as npm writes one: `1.2.3`, `^1.2.3`, ...
    pub version: String,
}

impl PlatformSource {
    /// Whether it has the same versions as whatever names it, which has this one.
    #[must_use]
    pub fn goes_with(&self, version: &str) -> bool {
        self.version.trim_start_matches(['^', '~', '=']) == version
    }
}

/// Machines in the words of Node.js (`process.platform`, `process.arch`).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Machines {
    /// `linux`, `darwin`, ...
    pub os: Vec<String>,
    /// `x64`, `arm64`, ...
    pub cpu: Vec<String>,
    /// `musl`, `glibc`.
    pub libc: Vec<String>,
}

impl About {
    /// The facts that a forge tells; texts that are empty are none.
    pub(super) fn of(
        license: Option<String>,
        summary: Option<String>,
        home: Option<String>,
    ) -> Self {
        let filled = |text: Option<String>| text.filter(|text| !text.trim().is_empty());
        Self {
            license: filled(license),
            summary: filled(summary),
            home: filled(home),
            ..Self::default()
        }
    }
}
