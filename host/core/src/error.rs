//! Failures that a user can act on, and the exit code each maps to.
//!
//! Everything returns [`anyhow::Result`]. Where the cause is known, the chain
//! holds a [`Failure`]: what failed, a hint what to do next, and an
//! [`ExitCode`], or an error of one of the crates, which only the program knows
//! what to do about. A chain without either is what the local file system refused
//! ([`ExitCode::Storage`]), or else a bug of Bakehouse ([`ExitCode::Internal`]).

use std::error::Error;
use std::fmt;

/// Exit codes of the `bakehouse` program. They are documented API
/// (`docs/configuration.md`): a number never changes its meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ExitCode {
    /// Everything asked for is done.
    Success,
    /// A bug: the cause is not one that Bakehouse knows.
    Internal,
    /// The command line cannot be understood (clap's own code).
    Usage,
    /// `bakehouse.toml`, an `app.toml` or a digest file is missing or malformed.
    Config,
    /// No such app, image, version, platform or reference.
    NotFound,
    /// The recipe is missing, not a component, for another contract version,
    /// trapped, ran out of its budget, or answered with an error.
    Recipe,
    /// An upstream release source or download failed.
    Upstream,
    /// There is no usable builder or engine.
    Builder,
    /// At least one target failed to build; its image got no tag.
    Build,
    /// The target registry could not be reached or misbehaved.
    Registry,
    /// The registry wants other credentials.
    Credentials,
    /// A recipe asked for something it was not granted.
    Denied,
    /// Nothing was found where something is expected: an app without versions,
    /// a project without apps, a plan of nothing.
    Nothing,
    /// The local file system refused: access, space, or something else in the
    /// place of a file or folder.
    Storage,
    /// Stopped by Ctrl-C or SIGTERM.
    Interrupted,
}

impl ExitCode {
    /// The code of several failures: their common one, or
    /// [`Build`](Self::Build) where they differ; success when there are none.
    #[must_use]
    pub fn common(failures: impl IntoIterator<Item = Self>) -> Self {
        let mut codes = failures.into_iter();
        match codes.next() {
            None => Self::Success,
            Some(first) if codes.all(|code| code == first) => first,
            Some(_) => Self::Build,
        }
    }

    /// The number that the process exits with.
    #[must_use]
    pub const fn code(self) -> u8 {
        match self {
            Self::Success => 0,
            Self::Internal => 1,
            Self::Usage => 2,
            Self::Config => 3,
            Self::NotFound => 4,
            Self::Recipe => 5,
            Self::Upstream => 6,
            Self::Builder => 7,
            Self::Build => 8,
            Self::Registry => 9,
            Self::Credentials => 10,
            Self::Denied => 11,
            Self::Nothing => 12,
            Self::Storage => 13,
            Self::Interrupted => 130,
        }
    }
}

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

    /// What to do next.
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

/// An error with its sources in one sentence, without repetitions.
#[must_use]
pub fn chain(error: &(dyn Error + 'static)) -> String {
    let mut parts: Vec<String> = Vec::new();
    let mut next = Some(error);
    while let Some(cause) = next {
        let text = cause.to_string();
        if !parts.iter().any(|part| part.contains(&text)) {
            parts.push(text);
        }
        next = cause.source();
    }
    parts.join(": ")
}

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
