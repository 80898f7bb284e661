//! Checks: what an image must be able to do before it is published.

use crate::{Check, CheckKind, FileCheck, HttpCheck, RunCheck};

/// Seconds that a check may take.
const SECONDS: u32 = 60;

impl Check {
    /// Its program runs with these arguments, and says this.
    #[must_use]
    pub fn runs(name: &str, args: &[&str], output: &str) -> Self {
        Self::new(
            name,
            CheckKind::Run(RunCheck {
                args: args.iter().map(|text| (*text).to_owned()).collect(),
                env: Vec::new(),
                exit_code: 0,
                output: Some(output.to_owned()),
                seconds: SECONDS,
            }),
        )
    }

    /// It answers `GET path` on this port with 200.
    #[must_use]
    pub fn serves(name: &str, port: u16, path: &str) -> Self {
        Self::new(
            name,
            CheckKind::Http(HttpCheck {
                port,
                path: path.to_owned(),
                status: 200,
                seconds: SECONDS,
            }),
        )
    }

    /// It has this program, for its own platform.
    #[must_use]
    pub fn program(name: &str, path: &str) -> Self {
        Self::new(
            name,
            CheckKind::File(FileCheck {
                path: path.to_owned(),
                executable: true,
            }),
        )
    }

    /// A check under this name.
    #[must_use]
    pub fn new(name: &str, kind: CheckKind) -> Self {
        Self {
            name: name.to_owned(),
            kind,
        }
    }
}
