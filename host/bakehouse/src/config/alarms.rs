//! Thresholds of alarms.

use serde::Deserialize;

/// The `[alarms]` table of `bakehouse.toml`: the matters that are worth a warning with
/// an exit code of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct Alarms {
    /// Days behind upstream that raise an alarm about an image; 0 raises none.
    pub behind_days: u32,
    /// Failures of a target, one after the other, that raise an alarm; 0 raises none.
    pub failures: u32,
    /// `false`: far fewer versions than the last time raise no alarm.
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
