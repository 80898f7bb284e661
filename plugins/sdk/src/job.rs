//! One call of `prepare`: what it is about, and its answer.

use crate::{Build, Check, Error, Job, Prepared};

impl Job {
    /// The reference of an image that this one needs.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] where the image does not need it.
    pub fn base(&self, image: &str) -> Result<&str, Error> {
        let base = self.bases.iter().find(|base| base.image == image);
        base.map(|base| base.reference.as_str()).ok_or_else(|| {
            Error::InvalidInput(format!(
                "{} does not need an image {image}",
                self.target.image
            ))
        })
    }
}

impl Prepared {
    /// Adds what the image must be able to do.
    #[must_use]
    pub fn check(mut self, check: Check) -> Self {
        self.checks.push(check);
        self
    }
}

impl From<Build> for Prepared {
    fn from(build: Build) -> Self {
        Self {
            build,
            checks: Vec::new(),
            extras: Vec::new(),
        }
    }
}

impl Build {
    /// With what the image must be able to do.
    #[must_use]
    pub fn check(self, check: Check) -> Prepared {
        Prepared::from(self).check(check)
    }
}
