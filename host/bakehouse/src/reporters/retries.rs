//! Requests that are repeated, of which those that are alike are told now and then.
//!
//! A registry that is down is asked again for every tag of every app: one thing that
//! goes wrong, and hundreds of lines. The timeline of a run has all of them.

use std::time::{Duration, Instant};

use crate::pipeline::causes::without_ids;

/// The time for which the like of a request that was told is not told again.
const QUIET: Duration = Duration::from_secs(30);

/// The kinds of repeated requests that were told.
#[derive(Debug, Default)]
pub(super) struct Retries(Vec<Kind>);

#[derive(Debug)]
struct Kind {
    likeness: String,
    told: Instant,
    /// Those like it since then.
    untold: usize,
}

impl Retries {
    /// Takes in a request that is repeated, and why, in words. Tells how many like it
    /// were not told since the last one that was; none where it is not to be told.
    pub(super) fn again(&mut self, what: &str, now: Instant) -> Option<usize> {
        let likeness = likeness(what);
        let known = self.0.iter_mut().find(|kind| kind.likeness == likeness);
        let Some(kind) = known else {
            self.0.push(Kind {
                likeness,
                told: now,
                untold: 0,
            });
            return Some(0);
        };
        if now.duration_since(kind.told) < QUIET {
            kind.untold += 1;
            return None;
        }
        kind.told = now;
        Some(std::mem::take(&mut kind.untold))
    }
}

/// The server of a request, where it is named, and the reason, without what differs
/// among those to one server that fail for one reason: digests, and numbers.
pub(crate) fn likeness(what: &str) -> String {
    let (request, reason) = what.split_once(": ").unwrap_or((what, ""));
    let servers = request.split_whitespace().filter_map(|word| {
        let (_, rest) = word.split_once("://").unwrap_or(("", word));
        rest.split_once('/').map(|(server, _)| server.to_owned())
    });
    let reason = without_ids(reason).replace(|c: char| c.is_ascii_digit(), "");
    servers.chain([reason]).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_alike_is_told_once_in_a_while() {
        let mut retries = Retries::default();
        let start = Instant::now();
        let refused = "no connection: Connection refused (os error 111)";
        let mut at = |seconds: u64, what: &str| {
            retries.again(
                &format!("{what}: {refused}"),
                start + Duration::from_secs(seconds),
            )
        };
        assert_eq!(at(0, "reading 127.0.0.1:5000/t/a:0.28.2"), Some(0));
        assert_eq!(at(1, "reading 127.0.0.1:5000/t/a:0.28.1"), None);
        assert_eq!(at(2, "reading 127.0.0.1:5000/t/b:latest"), None);
        assert_eq!(at(3, "listing tags of 127.0.0.1:5000/t/a"), None);
        // Another server is another matter.
        assert_eq!(at(4, "reading 127.0.0.1:5001/t/a:0.28.2"), Some(0));
        assert_eq!(at(29, "reading 127.0.0.1:5000/t/c:1"), None);
        assert_eq!(at(30, "reading 127.0.0.1:5000/t/c:1"), Some(4));
        assert_eq!(at(31, "reading 127.0.0.1:5000/t/c:2"), None);
    }

    #[test]
    fn server_and_reason_make_the_difference() {
        for (one, other, alike) in [
            (
                "https://h.test/a/1.tgz: answered 503",
                "https://h.test/b: answered 503",
                true,
            ),
            (
                "https://h.test/a: answered 503",
                "https://i.test/a: answered 503",
                false,
            ),
            (
                "reading h.test/a:1: no answer for 30 s",
                "reading h.test/a:1: rate limited",
                false,
            ),
            (
                "npm x: rate limited for 3 s",
                "npm y: rate limited for 2 s",
                true,
            ),
            (
                "a 1.0.0 linux/arm64: push failed",
                "a 1.0.1 linux/amd64: push failed",
                true,
            ),
            (
                "reading h.test/a:1: got sha256:f00dfeed0123456789",
                "reading h.test/a:2: got sha256:0123456789f00dfeed",
                true,
            ),
        ] {
            assert_eq!(likeness(one) == likeness(other), alike, "{one} / {other}");
        }
    }
}
