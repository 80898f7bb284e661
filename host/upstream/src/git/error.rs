//! Failures of a checkout, and what git's messages mean.

use std::io;
use std::time::Duration;

use bakehouse_core::grants::Denied;
use bakehouse_core::storage_error::StorageError;
use bakehouse_system::http::retry::Transient;
use bakehouse_system::storage::DEPTH;
use bakehouse_system::work_tree::PathError;

use super::Address;

/// The reason why a text is not the address of a repository.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{}` is not a repository's address: {why}", text.escape_debug())]
pub struct AddressError {
    /// The text.
    pub text: String,
    /// The fault of the text.
    pub why: String,
}

/// A text that is not the name of a tag, branch or commit.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{}` cannot be a tag, branch or commit", .0.escape_debug())]
pub struct RefError(pub String);

/// The reasons why a repository is not read, or not checked out.
#[derive(Debug, thiserror::Error)]
pub enum GitError {
    /// The app has no grant for it.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// There is no such address.
    #[error(transparent)]
    Address(#[from] AddressError),
    /// There is no such name.
    #[error(transparent)]
    Ref(#[from] RefError),
    /// A submodule's place in the work tree is none.
    #[error(transparent)]
    Path(#[from] PathError),
    /// A submodule without an address.
    #[error("{address} does not say in .gitmodules where its submodule {path} comes from")]
    Submodule {
        /// The repository's address.
        address: String,
        /// The submodule's path.
        path: String,
    },
    /// Submodules in submodules, without end.
    #[error("{0} has too many submodules")]
    Submodules(String),
    /// The local file system refused.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// There is no git to run.
    #[error("git cannot be started: {0}")]
    Start(#[source] io::Error),
    /// Its host redirects.
    #[error("{address} sends to another address")]
    Elsewhere {
        /// The repository's address.
        address: String,
    },
    /// It is not public, or not there.
    #[error("{address} wants a login, or does not exist")]
    Login {
        /// The repository's address.
        address: String,
    },
    /// Its host has no certificate that this machine trusts.
    #[error("{address} cannot be trusted: {line}")]
    Untrusted {
        /// The repository's address.
        address: String,
        /// The line in which git says so.
        line: String,
    },
    /// Its host, or the way to it, is down or busy; it may work in a moment.
    #[error("{address} cannot be fetched from: {line}")]
    Unreachable {
        /// The repository's address.
        address: String,
        /// The line in which git says so.
        line: String,
    },
    /// The commit is gone.
    #[error("{address} does not have that commit: {line}")]
    NoCommit {
        /// The repository's address.
        address: String,
        /// The line in which git says so.
        line: String,
    },
    /// There is nothing at the address.
    #[error("there is no git repository at {address}")]
    NoRepository {
        /// The repository's address.
        address: String,
    },
    /// Its host only hands out files (git's "dumb" protocol), which has no way to
    /// send one commit.
    #[error(
        "{address} is a plain web server, which cannot send one commit: git calls it the dumb HTTP protocol"
    )]
    PlainServer {
        /// The repository's address.
        address: String,
    },
    /// It has no tag or branch of this name.
    #[error("{address} has no tag or branch `{name}`")]
    NoRef {
        /// The repository's address.
        address: String,
        /// The name.
        name: String,
    },
    /// Its objects that are fetched are too many bytes.
    #[error("{address} is larger than {limit} bytes")]
    Large {
        /// The repository's address.
        address: String,
        /// Bytes.
        limit: u64,
    },
    /// Its files are too many, or too much.
    #[error("{address} has {count} files of {bytes} bytes, more than {most} of {most_bytes}")]
    Files {
        /// The repository's address.
        address: String,
        /// Its files.
        count: usize,
        /// Their bytes.
        bytes: u64,
        /// Files that it may have.
        most: usize,
        /// Bytes that they may have.
        most_bytes: u64,
    },
    /// Its folders are too deep.
    #[error("{address} has folders nested more than {DEPTH} deep")]
    Deep {
        /// The repository's address.
        address: String,
    },
    /// It took too long.
    #[error("checking out {repository} took longer than {} s", limit.as_secs())]
    Slow {
        /// The repository's address.
        repository: String,
        /// The time that it may take.
        limit: Duration,
    },
    /// Something else failed; perhaps the object store is damaged.
    #[error("git failed for {address}: {line}")]
    Failed {
        /// The repository's address.
        address: String,
        /// The line in which git says so.
        line: String,
    },
}

impl Transient for GitError {
    fn is_transient(&self) -> bool {
        matches!(self, Self::Unreachable { .. })
    }
}

/// Parts of messages of a host that is down or busy. The texts are libcurl's and
/// git's own, which do not change with the locale `C`.
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

/// The error that git's lines on stderr mean: the one place that reads them.
pub(super) fn explain(address: &Address, said: &[String]) -> GitError {
    let address = address.to_string();
    let text = said.join("\n");
    let has = |parts: &[&str]| parts.iter().any(|part| text.contains(part));
    let line = said
        .iter()
        .rev()
        .find(|line| line.starts_with("fatal: ") || line.starts_with("error: "))
        .or(said.last())
        .map_or("no reason given", |line| {
            line.trim_start_matches("fatal: ")
                .trim_start_matches("error: ")
        })
        .to_owned();
    if has(&[
        "returned error: 301",
        "returned error: 302",
        "returned error: 307",
        "returned error: 308",
    ]) {
        return GitError::Elsewhere { address };
    }
    if has(&[
        "could not read Username",
        "Authentication failed",
        "returned error: 401",
        "returned error: 403",
    ]) {
        return GitError::Login { address };
    }
    if has(&["dumb http transport"]) {
        return GitError::PlainServer { address };
    }
    if has(&["certificate", "SSL"]) {
        return GitError::Untrusted { address, line };
    }
    if has(PASSING) {
        return GitError::Unreachable { address, line };
    }
    if has(&["not our ref", "unadvertised object"]) {
        return GitError::NoCommit { address, line };
    }
    if has(&["returned error: 404", "returned error: 410"])
        || (text.contains("repository '") && text.contains("not found"))
    {
        return GitError::NoRepository { address };
    }
    GitError::Failed { address, line }
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
        assert!(passing.is_transient());
        assert!(
            passing
                .to_string()
                .contains("Could not resolve host: git.example")
        );
        for lasting in [
            "fatal: could not read Username for 'https://git.example': terminal prompts disabled",
            "fatal: repository 'https://git.example/a/' not found",
            "fatal: dumb http transport does not support shallow capabilities",
            "fatal: remote error: upload-pack: not our ref 0000",
            "fatal: unable to access 'https://git.example/a/': The requested URL returned error: 301",
        ] {
            let lasting = explain(lasting);
            let broken = matches!(lasting, GitError::Failed { .. });
            assert!(!lasting.is_transient() && !broken, "{lasting}");
        }
        assert!(matches!(
            explain("fatal: bad object HEAD"),
            GitError::Failed { .. }
        ));
    }
}
