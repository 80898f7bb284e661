//! States, lags and failures in a few words.

use std::fmt;

use super::model::{Failing, ImageStatus, Lag, State};
use crate::text::count;

impl Failing {
    /// Number of failures, their first date, and the date of the next try.
    #[must_use]
    pub fn words(&self) -> String {
        let since = self.since.day();
        let mut out = match self.times {
            1 => format!("failed on {since}"),
            times => format!("failed {times} times since {since}"),
        };
        if let Some(until) = &self.until {
            out.push_str(&format!(", not tried until {}", until.day()));
        }
        out
    }

    /// The last failure in words, without the target that it begins with.
    fn cause(&self) -> &str {
        let Some((about, cause)) = self.message.split_once(": ") else {
            return &self.message;
        };
        let platform = self.platform.as_ref().map(ToString::to_string);
        let about: Vec<&str> = about.split(' ').collect();
        match about[..] {
            [_, version, on] | [_, version, _, on]
                if self.version.as_deref() == Some(version) && platform.as_deref() == Some(on) =>
            {
                cause
            }
            _ => &self.message,
        }
    }
}

/// Failures of one cause, told once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToldFailing<'a> {
    /// Versions and platforms, as `1.2.0 linux/arm64`; none where it is about the app.
    pub of: Vec<String>,
    /// [`Failing::words`].
    pub words: String,
    /// The last failure in words.
    pub cause: &'a str,
}

impl<'a> ToldFailing<'a> {
    /// These failures, those with the same words and cause together.
    #[must_use]
    pub fn all(failing: impl IntoIterator<Item = &'a Failing>) -> Vec<Self> {
        let mut told: Vec<Self> = Vec::new();
        for one in failing {
            let platform = one.platform.as_ref().map(ToString::to_string);
            let of: Vec<String> = one.version.iter().cloned().chain(platform).collect();
            let of = Some(of.join(" ")).filter(|of| !of.is_empty());
            let (words, cause) = (one.words(), one.cause());
            match told
                .iter_mut()
                .find(|t| t.words == words && t.cause == cause)
            {
                Some(same) => same.of.extend(of),
                None => told.push(Self {
                    of: of.into_iter().collect(),
                    words,
                    cause,
                }),
            }
        }
        told
    }
}

impl ImageStatus {
    /// The lag behind upstream, or `-`.
    #[must_use]
    pub fn lag_words(&self) -> String {
        let lag = self.lag.as_ref();
        lag.map_or_else(|| "-".to_owned(), ToString::to_string)
    }

    /// The number of upstream's newest version.
    #[must_use]
    pub fn upstream_version(&self) -> Option<&str> {
        self.upstream
            .as_ref()
            .map(|upstream| upstream.version.as_str())
    }

    /// The number of the newest version that is published.
    #[must_use]
    pub fn published_version(&self) -> Option<&str> {
        self.published.as_ref().map(|shown| shown.version.as_str())
    }

    /// The next run's work in a few words.
    #[must_use]
    pub fn next_words(&self) -> String {
        let builds: usize = self.next.iter().map(|next| next.builds.len()).sum();
        let until = self
            .failing
            .iter()
            .filter_map(|failing| failing.until.as_ref());
        let until = until.min_by_key(|date| date.epoch_seconds());
        match (builds, until) {
            (0, None) => "-".to_owned(),
            (0, Some(until)) => format!("wait until {}", until.day()),
            (builds, _) => format!("build {}", count(builds, "target")),
        }
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Current => "current",
            Self::Partial => "partial",
            Self::Behind => "behind",
            Self::Missing => "missing",
            Self::Failing => "failing",
            Self::Unknown => "unknown",
        })
    }
}

impl fmt::Display for Lag {
    /// `2 versions, 12 days`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&count(self.versions, "version"))?;
        match self.days {
            Some(days) => write!(f, ", {}", count(days, "day")),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod failing_tests {
    use bakehouse_core::date::Date;

    use super::*;

    fn failing(version: &str, platform: &str, message: &str) -> Failing {
        let date = || Date::parse("2026-11-30T00:00:00Z").unwrap();
        Failing {
            version: Some(version.to_owned()),
            platform: Some(platform.parse().unwrap()),
            since: date(),
            last: date(),
            times: 1,
            until: None,
            message: message.to_owned(),
        }
    }

    #[test]
    fn one_cause_is_told_once() {
        let all = [
            failing(
                "2.0",
                "linux/amd64",
                "a 2.0 linux/amd64: step `x` failed: no",
            ),
            failing(
                "2.0",
                "linux/arm64",
                "a 2.0 b linux/arm64: step `x` failed: no",
            ),
            failing(
                "1.0",
                "linux/arm64",
                "a 2.0 linux/arm64: step `x` failed: no",
            ),
            failing("1.0", "linux/amd64", "no"),
        ];
        let told = ToldFailing::all(&all);
        let told: Vec<_> = told.iter().map(|t| (t.of.join(", "), t.cause)).collect();
        let expected = [
            ("2.0 linux/amd64, 2.0 linux/arm64", "step `x` failed: no"),
            ("1.0 linux/arm64", "a 2.0 linux/arm64: step `x` failed: no"),
            ("1.0 linux/amd64", "no"),
        ];
        assert_eq!(told, expected.map(|(of, cause)| (of.to_owned(), cause)));
    }
}
