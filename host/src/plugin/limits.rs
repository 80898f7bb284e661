//! What one call of a recipe may use.

use std::time::Duration;

use wasmtime::{StoreLimits, StoreLimitsBuilder, UpdateDeadline};

use super::engine::TICK;

/// Linear memory, in bytes.
const MEMORY: usize = 256 << 20;
/// Elements of a table.
const TABLE_ELEMENTS: usize = 100_000;
/// Core instances, memories and tables of one component.
const INSTANCES: usize = 32;
/// CPU time of the recipe's own code in one call.
pub(super) const CPU: Duration = Duration::from_secs(10);

/// Memory, table and instance limits; growing beyond them traps.
pub(super) fn store_limits() -> StoreLimits {
    StoreLimitsBuilder::new()
        .memory_size(MEMORY)
        .table_elements(TABLE_ELEMENTS)
        .instances(INSTANCES)
        .memories(INSTANCES)
        .tables(INSTANCES)
        .trap_on_grow_failure(true)
        .build()
}

/// A CPU budget in epochs that counts only the recipe's own time.
///
/// wasmtime asks [`CpuBudget::tick`] when recipe code runs past its deadline,
/// which is always one epoch ahead. However long a host call takes, it costs
/// at most the one question asked after it.
#[derive(Debug)]
pub(super) struct CpuBudget {
    left: u128,
}

impl CpuBudget {
    pub(super) const fn new(budget: Duration) -> Self {
        Self {
            left: budget.as_millis() / TICK.as_millis(),
        }
    }

    /// One epoch of recipe code has passed.
    pub(super) fn tick(&mut self) -> wasmtime::Result<UpdateDeadline> {
        match self.left.checked_sub(1) {
            Some(left) => {
                self.left = left;
                Ok(UpdateDeadline::Yield(1))
            }
            None => Err(wasmtime::Error::new(OutOfTime)),
        }
    }
}

/// The recipe's own code ran longer than [`CPU`].
#[derive(Debug, thiserror::Error)]
#[error("it computed for more than {} s", CPU.as_secs())]
pub(super) struct OutOfTime;
