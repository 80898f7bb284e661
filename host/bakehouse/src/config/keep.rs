//! Bounds of what is kept under `.bakehouse`.

use serde::Deserialize;

/// The `[keep]` table of `bakehouse.toml`: how much is kept of what may be
/// deleted at any time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct Keep {
    /// The number of runs, with the one at work.
    pub runs: usize,
    /// Days that a run is kept.
    pub runs_days: u32,
    /// MiB of logs and reports of the runs before the one at work.
    pub runs_mib: u64,
    /// MiB of verified downloads.
    pub downloads_mib: u64,
}

impl Default for Keep {
    fn default() -> Self {
        Self {
            runs: 50,
            runs_days: 90,
            runs_mib: 512,
            downloads_mib: 10 * 1024,
        }
    }
}
