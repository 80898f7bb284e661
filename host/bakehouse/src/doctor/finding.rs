//! The finding of a check.

use serde::{Serialize, Serializer};

use super::Check;
use crate::failure::{ExitCode, explain};
use bakehouse_core::error::chain;

/// A state of health.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// All is well.
    Ok,
    /// It was not looked at, or there is nothing to look at.
    Skipped,
    /// It works, and may not for long, or not for everything.
    Warning,
    /// It does not work.
    Problem,
}

/// A thing that `doctor --fix` can do about it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Cure {
    /// Set up what is missing, as `bakehouse up`.
    Up,
    /// Compile a crate of the project, named as `bakehouse recipe build` takes it.
    Recipe(String),
    /// Write the workflow, as `bakehouse workflows`.
    Workflow,
    /// Write the schemas, as `bakehouse init`.
    Schemas,
}

/// The finding of a check. Its JSON is stable: fields are only added.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Finding {
    /// The check.
    pub check: Check,
    /// The state.
    pub state: State,
    /// The thing found, in a sentence.
    pub found: String,
    /// The thing that goes wrong where it is not well.
    pub matters: &'static str,
    /// The thing to do.
    pub fix: Option<String>,
    /// The exit code of a run that meets it; in JSON its number, 0 where none does.
    #[serde(serialize_with = "number")]
    #[cfg_attr(test, schemars(with = "u8"))]
    pub code: ExitCode,
    /// `doctor --fix` does something about it.
    #[serde(serialize_with = "is_some")]
    #[cfg_attr(test, schemars(with = "bool"))]
    pub fixable: Option<Cure>,
}

impl Finding {
    fn new(check: Check, state: State, found: String) -> Self {
        Self {
            check,
            state,
            found,
            matters: check.matters(),
            fix: None,
            code: ExitCode::Success,
            fixable: None,
        }
    }

    /// All is well.
    pub(super) fn ok(check: Check, found: impl Into<String>) -> Self {
        Self::new(check, State::Ok, found.into())
    }

    /// It was not looked at, and why.
    pub(super) fn skipped(check: Check, why: impl Into<String>) -> Self {
        Self::new(check, State::Skipped, why.into())
    }

    /// It may not work for long, or not for everything; and what to do.
    pub(super) fn warning(check: Check, found: impl Into<String>, fix: impl Into<String>) -> Self {
        Self {
            fix: Some(fix.into()),
            ..Self::new(check, State::Warning, found.into())
        }
    }

    /// It does not work; and what to do.
    pub(super) fn problem(
        check: Check,
        code: ExitCode,
        found: impl Into<String>,
        fix: impl Into<String>,
    ) -> Self {
        Self {
            fix: Some(fix.into()),
            code,
            ..Self::new(check, State::Problem, found.into())
        }
    }

    /// It does not work, as a run would say.
    pub(super) fn failed(check: Check, error: impl Into<anyhow::Error>) -> Self {
        let error = error.into();
        let explained = explain(&error);
        Self {
            fix: explained.hint,
            code: explained.code,
            ..Self::new(check, State::Problem, chain(error.as_ref()))
        }
    }

    /// The same, with this to do where nothing else is known.
    pub(super) fn or_fix(self, fix: impl FnOnce() -> String) -> Self {
        Self {
            fix: self.fix.or_else(|| Some(fix())),
            ..self
        }
    }

    /// The same, and it stops no run.
    pub(super) fn softened(self) -> Self {
        Self {
            state: self.state.min(State::Warning),
            code: ExitCode::Success,
            ..self
        }
    }

    pub(super) fn curable(self, cure: Cure) -> Self {
        Self {
            fixable: Some(cure),
            ..self
        }
    }
}

#[allow(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde calls it with a reference"
)]
fn number<S: Serializer>(code: &ExitCode, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u8(code.code())
}

#[allow(clippy::ref_option, reason = "serde calls it with a reference")]
fn is_some<S: Serializer>(cure: &Option<Cure>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_bool(cure.is_some())
}
