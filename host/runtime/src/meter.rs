//! Wall time, host calls and files of a running call.
//!
//! The CPU budget does not see a recipe that sleeps, or that keeps the host
//! busy with calls that cost itself nothing.

use std::future::Future;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::host::error::HostError;
use super::limits::{Exceeded, Limits};

/// The pause between two looks at a running call.
const LOOK: Duration = Duration::from_millis(200);
/// The pause between two measurements of its work tree, while the recipe itself
/// runs.
const MEASURE: Duration = Duration::from_secs(2);

tokio::task_local! {
    static METER: Arc<Meter>;
}

#[derive(Debug)]
struct Meter {
    limit: u32,
    state: Mutex<MeterState>,
}

#[derive(Debug, Default)]
struct MeterState {
    calls: u32,
    /// Time that host functions worked, and since when one does.
    outside: Duration,
    since: Option<Instant>,
}

impl Meter {
    fn state(&self) -> MutexGuard<'_, MeterState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn enter(&self) -> Result<(), HostError> {
        let mut state = self.state();
        state.calls += 1;
        if state.calls > self.limit {
            return Err(HostError::TooManyCalls(self.limit));
        }
        state.since = Some(Instant::now());
        Ok(())
    }

    /// Whether a host function works now, and for how long none did.
    fn inside(&self, begun: Instant) -> (bool, Duration) {
        let state = self.state();
        let outside = state.outside + state.since.map_or(Duration::ZERO, |since| since.elapsed());
        (
            state.since.is_some(),
            begun.elapsed().saturating_sub(outside),
        )
    }
}

/// Runs a call of a recipe; ends it when it idles longer than its limit, or
/// when its work tree gets too large.
pub(super) async fn metered<T>(
    limits: &Limits,
    tree: Option<PathBuf>,
    call: impl Future<Output = wasmtime::Result<T>>,
) -> wasmtime::Result<T> {
    let meter = Arc::new(Meter {
        limit: limits.calls,
        state: Mutex::default(),
    });
    let watch = async {
        let begun = Instant::now();
        let mut measured = Duration::ZERO;
        loop {
            tokio::time::sleep(LOOK).await;
            let (outside, inside) = meter.inside(begun);
            if inside > limits.idle() + limits.cpu() {
                let seconds = (limits.idle() + limits.cpu()).as_secs();
                return wasmtime::Error::new(Exceeded::Idle(seconds));
            }
            if let Some(tree) = &tree
                && !outside
                && inside > measured + MEASURE
            {
                measured = inside;
                if let Err(error) = limits.quota().measure(tree).await {
                    return wasmtime::Error::new(HostError::from(error));
                }
            }
        }
    };
    let call = METER.scope(Arc::clone(&meter), call);
    tokio::select! {
        ended = call => ended,
        error = watch => Err(error),
    }
}

/// Runs the work of a host function: counted, and not as the recipe's time.
pub(super) async fn outside<T>(
    work: impl Future<Output = Result<T, HostError>>,
) -> Result<T, HostError> {
    let Ok(meter) = METER.try_with(Arc::clone) else {
        return work.await;
    };
    meter.enter()?;
    let _working = Working(meter);
    work.await
}

/// A host function that works; it ends also when it is given up.
struct Working(Arc<Meter>);

impl Drop for Working {
    fn drop(&mut self) {
        let mut state = self.0.state();
        if let Some(since) = state.since.take() {
            state.outside += since.elapsed();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: Limits = Limits {
        cpu_seconds: 0,
        idle_seconds: 1,
        memory_mib: 1,
        calls: 2,
        tree_mib: 1,
        tree_files: 1,
        image_mib: 1,
    };

    #[tokio::test]
    async fn sleeping_ends_and_waiting_for_the_host_does_not() {
        let sleeper = std::future::pending::<wasmtime::Result<()>>();
        let error = metered(&LIMITS, None, sleeper).await.unwrap_err();
        assert_eq!(error.downcast_ref(), Some(&Exceeded::Idle(1)));
        let waiting = async {
            let work = async {
                tokio::time::sleep(Duration::from_millis(1500)).await;
                Ok(7)
            };
            Ok(outside(work).await.unwrap())
        };
        assert_eq!(metered(&LIMITS, None, waiting).await.unwrap(), 7);
    }

    #[tokio::test]
    async fn work_that_is_given_up_counts_no_longer() {
        let call = async {
            let forever = outside(std::future::pending::<Result<(), HostError>>());
            let given_up = tokio::time::timeout(Duration::from_millis(10), forever).await;
            assert!(given_up.is_err());
            std::future::pending::<wasmtime::Result<()>>().await
        };
        let error = metered(&LIMITS, None, call).await.unwrap_err();
        assert_eq!(error.downcast_ref(), Some(&Exceeded::Idle(1)));
    }

    #[tokio::test]
    async fn calls_are_counted() {
        let call = async {
            let one = || outside(async { Ok(()) });
            assert!(one().await.is_ok() && one().await.is_ok());
            Ok(one().await)
        };
        let last = metered(&LIMITS, None, call).await.unwrap();
        assert!(matches!(last, Err(HostError::TooManyCalls(2))), "{last:?}");
    }
}
