//! States, lags and failures in a few words.

use std::fmt;

use super::model::{Failing, ImageStatus, Lag, State};

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
            (1, _) => "build 1 target".to_owned(),
            (count, _) => format!("build {count} targets"),
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
        let plural = |count: u64| if count == 1 { "" } else { "s" };
        let versions = self.versions;
        write!(
            f,
            "{versions} version{}",
            if versions == 1 { "" } else { "s" }
        )?;
        match self.days {
            Some(days) => write!(f, ", {days} day{}", plural(days)),
            None => Ok(()),
        }
    }
}
