//! Limits of one call of a recipe.

use std::time::Duration;

use bakehouse_system::quota::Quota;
use serde::Deserialize;

/// Length of one epoch, the grain of a recipe's CPU budget.
pub(super) const TICK: Duration = Duration::from_millis(10);

/// Limits of every call of every recipe, from the `[limits]` table of
/// `bakehouse.toml`. They are the operator's; a recipe cannot change them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Limits {
    /// Seconds of CPU time of the recipe's own code.
    pub cpu_seconds: u32,
    /// Seconds that pass while no host function of the contract works for it,
    /// its own computing included.
    pub idle_seconds: u32,
    /// MiB of linear memory, all memories together.
    pub memory_mib: u32,
    /// Calls of host functions that reach the network or the builder.
    pub calls: u32,
    /// MiB in a work tree.
    pub tree_mib: u32,
    /// Files, folders and links in a work tree.
    pub tree_files: u32,
    /// MiB of an image that the host pushes for its builder.
    pub image_mib: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            cpu_seconds: 10,
            idle_seconds: 60,
            memory_mib: 256,
            calls: 1000,
            tree_mib: 20 << 10,
            tree_files: 1_000_000,
            image_mib: 20 << 10,
        }
    }
}

impl Limits {
    pub(super) fn cpu(&self) -> Duration {
        Duration::from_secs(self.cpu_seconds.into())
    }

    pub(super) fn idle(&self) -> Duration {
        Duration::from_secs(self.idle_seconds.into())
    }

    pub(super) fn memory(&self) -> usize {
        usize::try_from(self.memory_mib).unwrap_or(usize::MAX) << 20
    }

    /// The most that a work tree may hold.
    #[must_use]
    pub fn quota(&self) -> Quota {
        Quota {
            bytes: u64::from(self.tree_mib) << 20,
            entries: self.tree_files.into(),
        }
    }

    /// The most that an exported image may hold.
    #[must_use]
    pub fn image(&self) -> Quota {
        Quota {
            bytes: u64::from(self.image_mib) << 20,
            entries: u64::MAX,
        }
    }
}

/// A limit that a recipe went over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Exceeded {
    /// CPU time, in seconds.
    #[error("it computed for more than {0} s")]
    Cpu(u64),
    /// Time that no host function worked for it, in seconds.
    #[error("it took more than {0} s without asking the host for anything")]
    Idle(u64),
    /// Linear memory, in MiB.
    #[error("it wanted more than {0} MiB of memory")]
    Memory(usize),
    /// Elements of tables.
    #[error("it wanted tables of more than {0} elements")]
    Table(usize),
}
