//! Totals of a status.

use std::fmt;

use super::model::{State, Status};

/// Numbers of images by their states.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Totals {
    /// All images, and apps that could not be looked at.
    pub all: usize,
    /// Upstream's newest version, whole.
    pub current: usize,
    /// Behind, or in part.
    pub behind: usize,
    /// Nothing is published.
    pub missing: usize,
    /// Failed the last time.
    pub failing: usize,
    /// Not looked at.
    pub unknown: usize,
}

impl Totals {
    /// Those of a status.
    #[must_use]
    pub fn of(status: &Status) -> Self {
        let mut totals = Self::default();
        let unseen = status.apps.iter().filter(|app| app.images.is_empty());
        let states = status.images().map(|(_, image)| image.state);
        for state in states.chain(unseen.map(|_| State::Unknown)) {
            totals.all += 1;
            *match state {
                State::Current => &mut totals.current,
                State::Partial | State::Behind => &mut totals.behind,
                State::Missing => &mut totals.missing,
                State::Failing => &mut totals.failing,
                State::Unknown => &mut totals.unknown,
            } += 1;
        }
        totals
    }
}

impl fmt::Display for Totals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { all, current, .. } = self;
        write!(f, "{current} of {all} images current")?;
        for (count, what) in [
            (self.behind, "behind"),
            (self.missing, "missing"),
            (self.failing, "failing"),
            (self.unknown, "not looked at"),
        ] {
            if count > 0 {
                write!(f, ", {count} {what}")?;
            }
        }
        Ok(())
    }
}
