//! Counts what a call uses while it runs.

use std::time::Duration;

use wasmtime::{ResourceLimiter, UpdateDeadline};

use super::limits::{Exceeded, Limits, TICK};

/// Elements of all tables together.
const TABLE_ELEMENTS: usize = 100_000;
/// Core instances, memories and tables of one component.
const INSTANCES: usize = 32;

/// Memory and tables of one store, each counted together: a component may have
/// many of either. Growing beyond traps.
#[derive(Debug)]
pub(super) struct MemoryBudget {
    limit: usize,
    memory: usize,
    elements: usize,
}

impl MemoryBudget {
    pub(super) fn new(limits: &Limits) -> Self {
        Self {
            limit: limits.memory(),
            memory: limits.memory(),
            elements: TABLE_ELEMENTS,
        }
    }
}

impl ResourceLimiter for MemoryBudget {
    fn memory_growing(
        &mut self,
        current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        let left = self.memory.checked_sub(desired.saturating_sub(current));
        self.memory = left.ok_or(Exceeded::Memory(self.limit >> 20))?;
        Ok(true)
    }

    fn table_growing(
        &mut self,
        current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        let left = self.elements.checked_sub(desired.saturating_sub(current));
        self.elements = left.ok_or(Exceeded::Table(TABLE_ELEMENTS))?;
        Ok(true)
    }

    fn instances(&self) -> usize {
        INSTANCES
    }

    fn tables(&self) -> usize {
        INSTANCES
    }

    fn memories(&self) -> usize {
        INSTANCES
    }
}

/// A CPU budget in epochs that counts only the recipe's own time.
///
/// wasmtime asks [`CpuBudget::tick`] when recipe code runs past its deadline,
/// which is always one epoch ahead. However long a host call takes, it costs
/// at most the one question asked after it.
#[derive(Debug)]
pub(super) struct CpuBudget {
    budget: Duration,
    left: u128,
}

impl CpuBudget {
    pub(super) const fn new(budget: Duration) -> Self {
        Self {
            budget,
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
            None => Err(wasmtime::Error::new(Exceeded::Cpu(self.budget.as_secs()))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memories_and_tables_are_counted_together() {
        let limits = Limits {
            memory_mib: 1,
            ..Limits::default()
        };
        let mut budget = MemoryBudget::new(&limits);
        assert!(budget.memory_growing(0, 1 << 19, None).unwrap());
        assert!(budget.memory_growing(0, 1 << 19, None).unwrap());
        let error = budget
            .memory_growing(1 << 19, (1 << 19) + 1, None)
            .unwrap_err();
        assert_eq!(error.downcast_ref(), Some(&Exceeded::Memory(1)));
        assert!(budget.table_growing(0, TABLE_ELEMENTS, None).unwrap());
        let error = budget.table_growing(0, 1, None).unwrap_err();
        assert_eq!(error.downcast_ref(), Some(&Exceeded::Table(TABLE_ELEMENTS)));
    }
}
