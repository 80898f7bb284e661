//! Retry and back-off policy: how often a request is repeated, after which
//! pauses, and how long a server that asks to be left alone is waited for.

use std::collections::HashMap;
use std::fmt::Display;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use bakehouse_core::progress::{Event, Reporter};

use super::error::HttpError;

/// Refusals of one server before one call gives up, however short the pauses
/// that it asks for.
const MAX_REFUSALS: u32 = 3;

/// The longest time that one call waits in all for servers that ask for pauses,
/// lists and downloads alike.
pub const PATIENCE: Duration = Duration::from_secs(45);

/// The number of tries of something that may fail, and the pauses between them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Backoff {
    /// Tries in all, the first one included.
    pub tries: u32,
    /// Pause before the second try; doubled for each further one.
    pub first: Duration,
    /// Longest pause.
    pub cap: Duration,
    /// The share of each pause that is random, of 1: parallel requests spread.
    pub jitter: f64,
}

impl Backoff {
    /// For what is asked once.
    pub const ONCE: Self = Self {
        tries: 1,
        first: Duration::ZERO,
        cap: Duration::ZERO,
        jitter: 0.0,
    };

    /// For requests to upstream: three tries within about a second.
    pub const UPSTREAM: Self = Self {
        tries: 3,
        first: Duration::from_millis(300),
        cap: Duration::from_secs(8),
        jitter: 0.5,
    };

    /// The pause after so many tries, or none to give up.
    #[must_use]
    pub fn pause(&self, tried: u32) -> Option<Duration> {
        if tried >= self.tries {
            return None;
        }
        let doublings = 2_u32.saturating_pow(tried.saturating_sub(1));
        let longest = self.first.saturating_mul(doublings).min(self.cap);
        Some(longest.mul_f64(1.0 - self.jitter * fastrand::f64()))
    }
}

/// The meaning of an error for another try.
pub trait Transient {
    /// Whether the same may work another time.
    fn is_transient(&self) -> bool;

    /// Whether the server asked for a pause, which is
    /// [noted](Retry::refused) and counts as no try.
    fn is_awaited(&self) -> bool {
        false
    }
}

/// Until when servers want to be left alone, by a name for each. Clones share
/// it.
#[derive(Debug, Clone, Default)]
pub struct Pauses(Arc<Mutex<HashMap<String, SystemTime>>>);

impl Pauses {
    /// A server wants to be left alone for so long.
    pub fn note(&self, server: &str, pause: Duration) {
        if let Some(until) = SystemTime::now().checked_add(pause) {
            let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            known.insert(server.to_owned(), until);
        }
    }

    fn until(&self, server: &str) -> Option<SystemTime> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(server).copied()
    }
}

/// Tries of one call, and its patience with servers that ask for pauses.
pub struct Retry<'a> {
    /// The object of the call, as the reporter is told.
    what: &'a str,
    backoff: Backoff,
    tried: u32,
    patience: Duration,
    refusals: u32,
    pauses: Pauses,
    reporter: &'a dyn Reporter,
}

impl<'a> Retry<'a> {
    /// A call that was not tried yet, and that waits for at most `patience` in
    /// all where servers ask for pauses.
    pub fn new(
        what: &'a str,
        backoff: Backoff,
        patience: Duration,
        pauses: &Pauses,
        reporter: &'a dyn Reporter,
    ) -> Self {
        Self {
            what,
            backoff,
            tried: 0,
            patience,
            refusals: 0,
            pauses: pauses.clone(),
            reporter,
        }
    }

    /// Waits until a server may be asked, if that is soon.
    ///
    /// # Errors
    /// [`HttpError::Paused`] if it is not.
    pub async fn turn(&mut self, server: &str) -> Result<(), HttpError> {
        let Some(until) = self.pauses.until(server) else {
            return Ok(());
        };
        let pause = until.duration_since(SystemTime::now()).unwrap_or_default();
        match self.patience.checked_sub(pause) {
            Some(left) => self.patience = left,
            None => return Err(HttpError::Paused { until }),
        }
        if !pause.is_zero() {
            let what = format!("{}: rate limited", self.what);
            self.wait(&what, pause).await;
        }
        Ok(())
    }

    /// A server asked for a pause; the next [`turn`](Self::turn) waits for it.
    pub fn refused(&mut self, server: &str, pause: Duration) {
        self.refusals += 1;
        if self.refusals > MAX_REFUSALS {
            self.patience = Duration::ZERO;
        }
        self.pauses.note(server, pause.max(Duration::from_secs(1)));
    }

    /// Pauses before another try.
    ///
    /// # Errors
    /// The error itself, where another try would not help or none is left.
    pub async fn again<E: Display + Transient>(&mut self, error: E) -> Result<(), E> {
        if error.is_awaited() {
            return Ok(());
        }
        self.tried += 1;
        let pause = self.backoff.pause(self.tried);
        let Some(after) = pause.filter(|_| error.is_transient()) else {
            return Err(error);
        };
        self.wait(&error.to_string(), after).await;
        Ok(())
    }

    async fn wait(&self, what: &str, after: Duration) {
        self.reporter.report(Event::Retry { what, after });
        tokio::time::sleep(after).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_within_their_cap_and_end() {
        let backoff = Backoff {
            tries: 6,
            first: Duration::from_millis(250),
            cap: Duration::from_secs(1),
            jitter: 0.5,
        };
        let within = |tried: u32, longest: u64| {
            let pause = backoff.pause(tried).unwrap().as_millis();
            let longest = u128::from(longest);
            assert!(pause >= longest / 2 && pause <= longest, "{tried}: {pause}");
        };
        for (tried, longest) in [(1, 250), (2, 500), (3, 1000), (5, 1000)] {
            within(tried, longest);
        }
        assert_eq!(backoff.pause(6), None);
        let steady = Backoff {
            jitter: 0.0,
            ..backoff
        };
        assert_eq!(steady.pause(2), Some(Duration::from_millis(500)));
    }
}
