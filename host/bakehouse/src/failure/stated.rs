//! A failure that the program states itself.

use std::error::Error;
use std::fmt;

use bakehouse_core::storage_error::StorageError;

use super::{ExitCode, core};

/// A failure with a known cause.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    code: ExitCode,
    message: String,
    hint: Option<String>,
    everywhere: bool,
}

impl Failure {
    /// A failure with this exit code; `message` says what failed, for which
    /// app, version, platform or reference, in one line without a full stop.
    pub fn new(code: ExitCode, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            hint: None,
            everywhere: false,
        }
    }

    /// A refusal of the local file system.
    #[must_use]
    pub fn storage(error: &StorageError) -> Self {
        Self {
            everywhere: error.is_everywhere(),
            ..Self::new(ExitCode::Storage, error.to_string()).hint(core::hint(error.kind()))
        }
    }

    /// Adds what to do next, one imperative sentence without a full stop.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// It is of everything, not of one app or version alone: nothing else is
    /// worth trying.
    #[must_use]
    pub const fn everywhere(mut self) -> Self {
        self.everywhere = true;
        self
    }

    /// Whether nothing else is worth trying.
    #[must_use]
    pub const fn is_everywhere(&self) -> bool {
        self.everywhere
    }

    /// The exit code.
    #[must_use]
    pub const fn code(&self) -> ExitCode {
        self.code
    }

    /// The advice about the next step.
    #[must_use]
    pub fn hint_text(&self) -> Option<&str> {
        self.hint.as_deref()
    }

    /// The outermost failure in an error's chain.
    #[must_use]
    pub fn find(error: &anyhow::Error) -> Option<&Self> {
        error
            .downcast_ref::<Self>()
            .or_else(|| error.chain().find_map(|cause| cause.downcast_ref::<Self>()))
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl Error for Failure {}

#[cfg(test)]
mod tests {
    use anyhow::Context as _;

    use super::*;

    #[test]
    fn finds_the_failure_under_and_over_context() {
        let inner = Failure::new(ExitCode::Registry, "refused").hint("start it");
        let wrapped = Err::<(), _>(inner.clone()).context("pushing").unwrap_err();
        assert_eq!(Failure::find(&wrapped), Some(&inner));
    }
}
