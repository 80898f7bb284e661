//! States, lags and failures in a few words.

use std::fmt;

use super::model::{Failing, ImageStatus, Lag, State, Status};
use crate::pipeline::causes::CauseKey;
use crate::text::{count, some};
use crate::told_cause::LISTED;

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

    /// The last failure in words, without the target or the app that it begins with.
    fn cause(&self, name: &str) -> &str {
        let Some((about, cause)) = self.message.split_once(": ") else {
            return &self.message;
        };
        let platform = self.platform.as_ref().map(ToString::to_string);
        let words: Vec<&str> = about.split(' ').collect();
        match words[..] {
            [_, version, on] | [_, version, _, on]
                if self.version.as_deref() == Some(version) && platform.as_deref() == Some(on) =>
            {
                cause
            }
            _ if about == name => cause,
            _ => &self.message,
        }
    }
}

/// Failures of one cause, told once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToldFailing<'a> {
    /// Their subjects, as `outline 1.2.0 linux/arm64`.
    pub of: Vec<String>,
    /// [`Failing::words`].
    pub words: String,
    /// The last failure in words.
    pub cause: &'a str,
    key: CauseKey,
}

impl<'a> ToldFailing<'a> {
    /// These failures, each of the app or image of this name, those with the same words
    /// and cause together.
    #[must_use]
    pub fn all(failing: impl IntoIterator<Item = (&'a str, &'a Failing)>) -> Vec<Self> {
        let mut told: Vec<Self> = Vec::new();
        for (name, one) in failing {
            let platform = one.platform.as_ref();
            let words = [Some(name.to_owned()), one.version.clone()];
            let of = words.into_iter().chain([platform.map(ToString::to_string)]);
            let of = of.flatten().collect::<Vec<_>>().join(" ");
            let (words, cause) = (one.words(), one.cause(name));
            let key = CauseKey::about(name, one.version.as_deref(), platform, cause);
            match told
                .iter_mut()
                .find(|told| told.words == words && told.key.is_like(&key))
            {
                Some(same) => same.of.push(of),
                None => told.push(Self {
                    of: vec![of],
                    words,
                    cause,
                    key,
                }),
            }
        }
        told
    }

    /// Those of a whole status.
    #[must_use]
    pub fn of_status(status: &'a Status) -> Vec<Self> {
        Self::all(status.apps.iter().flat_map(|app| {
            let images = app.images.iter();
            let images =
                images.flat_map(|image| image.failing.iter().map(|one| (&image.image, one)));
            let own = app.failing.iter().map(|one| (&app.app, one));
            images.chain(own).map(|(name, one)| (name.as_str(), one))
        }))
    }

    /// The first of their subjects, and the number of the others.
    #[must_use]
    pub fn subjects(&self) -> String {
        some(&self.of, LISTED)
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
        let told = ToldFailing::all(all.iter().map(|failing| ("b", failing)));
        let told: Vec<_> = told.iter().map(|t| (t.subjects(), t.cause)).collect();
        let expected = [
            (
                "b 2.0 linux/amd64, b 2.0 linux/arm64",
                "step `x` failed: no",
            ),
            (
                "b 1.0 linux/arm64",
                "a 2.0 linux/arm64: step `x` failed: no",
            ),
            ("b 1.0 linux/amd64", "no"),
        ];
        assert_eq!(told, expected.map(|(of, cause)| (of.to_owned(), cause)));
    }

    #[test]
    fn apps_that_ask_one_server_in_vain_are_told_together() {
        let apps: Vec<String> = (1..=8).map(|n| format!("app{n}")).collect();
        let all: Vec<Failing> = apps
            .iter()
            .map(|app| Failing {
                version: None,
                platform: None,
                ..failing(
                    "",
                    "linux/amd64",
                    &format!("{app}: https://h.test/x-{app}: no answer for 30 s"),
                )
            })
            .collect();
        let told = ToldFailing::all(apps.iter().map(String::as_str).zip(&all));
        let [told] = told.as_slice() else {
            panic!("{told:?}");
        };
        assert_eq!(told.subjects(), "app1, app2, app3, app4, app5 and 3 more");
        assert_eq!(told.cause, "https://h.test/x-app1: no answer for 30 s");
    }
}
