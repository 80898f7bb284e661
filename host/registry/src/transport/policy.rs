//! Retry and timeout policy.

use std::time::Duration;

use bakehouse_system::http::pages::ListLimits;
use bakehouse_system::http::retry::Backoff;

/// Limits of every request to a registry. A request ends after at most
/// `attempts` tries, each of them bounded by the timeouts, with pauses of at
/// most `max_pause` (or `max_retry_after`, where the registry asks for one)
/// between them.
#[derive(Debug, Clone)]
pub struct RetryPolicy {
    /// Tries in all, the first one included.
    pub attempts: u32,
    /// Pause before the second try; doubled for each further one, half of it
    /// random.
    pub first_pause: Duration,
    /// Longest pause of our own choice.
    pub max_pause: Duration,
    /// Longest `Retry-After` that is waited for; a registry that asks for more
    /// fails the request at once.
    pub max_retry_after: Duration,
    /// Time to connect, TLS included.
    pub connect: Duration,
    /// Time from the end of a request to its answer's headers.
    pub answer: Duration,
    /// Longest silence while a body goes either way.
    pub silence: Duration,
    /// Time for all of an answer's body, manifests and lists of tags, however
    /// it trickles in. Layers that are sent are bounded by `silence` alone,
    /// for each mebibyte of them.
    pub whole: Duration,
    /// Bounds of a list of tags, all its pages together.
    pub list: ListLimits,
    /// Requests at the same time.
    pub parallel: usize,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self {
            attempts: 5,
            first_pause: Duration::from_millis(250),
            max_pause: Duration::from_secs(8),
            max_retry_after: Duration::from_secs(120),
            connect: Duration::from_secs(10),
            answer: Duration::from_secs(30),
            silence: Duration::from_secs(60),
            whole: Duration::from_secs(60),
            list: ListLimits {
                pages: 1000,
                bytes: 64 << 20,
                entries: 300_000,
                time: Duration::from_secs(300),
            },
            parallel: 32,
        }
    }
}

impl RetryPolicy {
    /// The pause after try number `attempt`, or none to give up.
    pub(super) fn pause(&self, attempt: u32, asked: Option<Duration>) -> Option<Duration> {
        let backoff = Backoff {
            tries: self.attempts,
            first: self.first_pause,
            cap: self.max_pause,
            jitter: 0.5,
        };
        let own = backoff.pause(attempt)?;
        match asked {
            Some(asked) => (asked <= self.max_retry_after).then_some(asked),
            None => Some(own),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_and_end() {
        let policy = RetryPolicy::default();
        let first = policy.pause(1, None).unwrap();
        assert!(first >= policy.first_pause / 2 && first <= policy.first_pause);
        let fourth = policy.pause(4, None).unwrap();
        assert!(fourth >= policy.first_pause * 4 && fourth <= policy.first_pause * 8);
        assert_eq!(policy.pause(5, None), None);
        assert_eq!(policy.pause(5, Some(Duration::ZERO)), None);
    }

    #[test]
    fn what_the_registry_asks_for_is_waited_for_within_reason() {
        let policy = RetryPolicy::default();
        let asked = Duration::from_secs(90);
        assert_eq!(policy.pause(1, Some(asked)), Some(asked));
        assert_eq!(policy.pause(1, Some(Duration::from_secs(3600))), None);
    }
}
