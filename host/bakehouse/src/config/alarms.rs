//! Thresholds of alarms.

use serde::Deserialize;

/// The `[alarms]` table of `bakehouse.toml`: what is worth a warning with an exit
/// code of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct Alarms {
    /// Days behind upstream that raise one of an image; 0 raises none.
    pub behind_days: u32,
    /// Failures of a target, one after the other, that raise one; 0 raises none.
    pub failures: u32,
    /// `false`: far fewer versions than last time raise none.
    pub fewer: bool,
}

impl Default for Alarms {
    fn default() -> Self {
        Self {
            behind_days: 14,
            failures: 3,
            fewer: true,
        }
    }
}
