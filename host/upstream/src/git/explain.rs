//! What git says, as a failure that a person can act on.

use std::io;

use bakehouse_core::error::{ExitCode, Failure};
use bakehouse_core::recipe::CallError;
use bakehouse_core::storage_error::StorageError;

use super::Address;

/// Why git did not do something, and what that means for trying again.
#[derive(Debug)]
pub(super) enum Problem {
    /// It may work in a moment.
    Passing(Failure),
    /// The object store may be damaged.
    Broken(Failure),
    /// Trying again changes nothing.
    Lasting(Failure),
}

impl Problem {
    pub(super) fn failure(self) -> Failure {
        match self {
            Self::Passing(failure) | Self::Broken(failure) | Self::Lasting(failure) => failure,
        }
    }
}

impl From<CallError> for Problem {
    fn from(error: CallError) -> Self {
        let failure = Failure::new(error.exit_code(), error.to_string());
        Self::Lasting(match error {
            CallError::Storage { hint, .. } => failure.hint(hint),
            _ => failure,
        })
    }
}

impl From<StorageError> for Problem {
    fn from(error: StorageError) -> Self {
        Self::Lasting(error.into())
    }
}

/// There is no git to run.
pub(super) fn cannot_start(error: &io::Error) -> Problem {
    Problem::Lasting(
        Failure::new(
            ExitCode::Upstream,
            format!("git cannot be started: {error}"),
        )
        .hint("install git, or run ./justw up, and run the same command again"),
    )
}

/// Beginnings and parts of messages of a host that is down or busy. The texts
/// are libcurl's and git's own, which do not change with the locale `C`.
const PASSING: &[&str] = &[
    "Could not resolve host",
    "Couldn't resolve host",
    "Failed to connect",
    "Couldn't connect",
    "Connection refused",
    "Connection reset",
    "onnection timed out",
    "Operation timed out",
    "Operation too slow",
    "Empty reply from server",
    "RPC failed",
    "early EOF",
    "hung up unexpectedly",
    "unexpected disconnect",
    "git took longer than",
    "returned error: 429",
    "returned error: 5",
];

/// What git's lines on stderr mean.
pub(super) fn explain(address: &Address, said: &[String]) -> Problem {
    let text = said.join("\n");
    let has = |parts: &[&str]| parts.iter().any(|part| text.contains(part));
    let upstream = |message: String| Failure::new(ExitCode::Upstream, message);
    let line = said
        .iter()
        .rev()
        .find(|line| line.starts_with("fatal: ") || line.starts_with("error: "))
        .or(said.last())
        .map_or("no reason given", |line| {
            line.trim_start_matches("fatal: ")
                .trim_start_matches("error: ")
        });
    if has(&[
        "returned error: 301",
        "returned error: 302",
        "returned error: 307",
        "returned error: 308",
    ]) {
        return Problem::Lasting(
            upstream(format!("{address} sends to another address"))
                .hint("look where it went, and name that address in the recipe and under [grants]"),
        );
    }
    if has(&[
        "could not read Username",
        "Authentication failed",
        "returned error: 401",
        "returned error: 403",
    ]) {
        return Problem::Lasting(
            upstream(format!("{address} wants a login, or does not exist")).hint(
                "only public repositories can be checked out; check the address in the recipe",
            ),
        );
    }
    if has(&["certificate", "SSL"]) {
        return Problem::Lasting(
            upstream(format!("{address} cannot be trusted: {line}"))
                .hint("where its certificate is your own, name the bundle in SSL_CERT_FILE"),
        );
    }
    if has(PASSING) {
        return Problem::Passing(
            upstream(format!("{address} cannot be fetched from: {line}"))
                .hint("upstream's host, or the way to it, is down; run the same command again"),
        );
    }
    if has(&["not our ref", "unadvertised object"]) {
        return Problem::Lasting(
            upstream(format!("{address} does not have that commit: {line}")).hint(
                "upstream removed it; delete this version's digest files, and its tag where it has one",
            ),
        );
    }
    if has(&["returned error: 404", "returned error: 410"])
        || (text.contains("repository '") && text.contains("not found"))
    {
        return Problem::Lasting(
            upstream(format!("there is no git repository at {address}"))
                .hint("check the address in the recipe; upstream may have moved"),
        );
    }
    Problem::Broken(
        upstream(format!("git failed for {address}: {line}"))
            .hint("run the same command again; if it stays, delete .bakehouse/sources"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_passing_from_lasting() {
        let address = Address::parse("https://git.example/a").unwrap();
        let explain = |text: &str| explain(&address, &[text.to_owned()]);
        let passing = explain(
            "fatal: unable to access 'https://git.example/a/': Could not resolve host: git.example",
        );
        assert!(matches!(passing, Problem::Passing(_)));
        let passing = passing.failure();
        assert!(
            passing
                .to_string()
                .contains("Could not resolve host: git.example")
        );
        for lasting in [
            "fatal: could not read Username for 'https://git.example': terminal prompts disabled",
            "fatal: repository 'https://git.example/a/' not found",
            "fatal: remote error: upload-pack: not our ref 0000",
            "fatal: unable to access 'https://git.example/a/': The requested URL returned error: 301",
        ] {
            assert!(matches!(explain(lasting), Problem::Lasting(_)), "{lasting}");
        }
        assert!(matches!(
            explain("fatal: bad object HEAD"),
            Problem::Broken(_)
        ));
    }
}
