//! Failures of release sources.

use std::time::{Duration, SystemTime};

use bakehouse_registry::LookupError;
use bakehouse_system::http::HttpError;
use bakehouse_system::http::page::{self, PageTitle};
use bakehouse_system::http::pages::ListError;
use bakehouse_system::http::redirect::RedirectError;
use bakehouse_system::http::retry::Transient;
use reqwest::StatusCode;

use crate::git::{AddressError, GitError};

/// The reasons why a source's releases are not known. URLs in it are as people may
/// see them.
#[derive(Debug, thiserror::Error)]
pub enum ReleaseError {
    /// There is no such source.
    #[error("`{}` is not a release source; this host knows {known}", text.escape_debug())]
    Unknown {
        /// The text.
        text: String,
        /// The sources that there are.
        known: String,
    },
    /// A pattern without a place for the version number.
    #[error(
        "`{}` is not a pattern of tags; write {{version}} in it, once, e.g. v{{version}}-lts",
        .0.escape_debug()
    )]
    Pattern(String),
    /// A text that no tag can be.
    #[error("`{}` cannot be a tag", .0.escape_debug())]
    Tag(String),
    /// The source's host makes no URL.
    #[error("{place}: {source}")]
    Host {
        /// The host and the repository.
        place: String,
        /// The fault of the URL.
        source: url::ParseError,
    },
    /// A text that no npm package is named by.
    #[error("`{0}` is not the name of an npm package")]
    PackageName(String),
    /// npm's registry and the package's name make no URL.
    #[error("npm package {name}: {source}")]
    PackageAddress {
        /// The package.
        name: String,
        /// The fault of the URL.
        source: url::ParseError,
    },
    /// Nothing names an npm registry.
    #[error(
        "no npm registry is configured and npm is not installed; set NPM_CONFIG_REGISTRY or add a `registry=` line to ~/.npmrc"
    )]
    NoNpmRegistry,
    /// The setting that names one is no address.
    #[error(
        "npm's `registry` setting is not an http or https address; check NPM_CONFIG_REGISTRY and ~/.npmrc"
    )]
    BadNpmRegistry,
    /// There is no such package.
    #[error("npm has no package {0}")]
    NoPackage(String),
    /// There is nothing of it.
    #[error("npm's {name} {why}")]
    EmptyPackage {
        /// The package.
        name: String,
        /// The fate of its versions, as the rest of a sentence.
        why: &'static str,
    },
    /// The setting that names the index of Python's packages is no address.
    #[error(
        "pip's `index-url` setting is not an https address (http on loopback alone); check PIP_INDEX_URL and pip.conf"
    )]
    BadIndex,
    /// There is nothing of a Python package.
    #[error("pypi:{name} {why}")]
    NoFiles {
        /// The package.
        name: String,
        /// The fate of its versions, as the rest of a sentence.
        why: &'static str,
    },
    /// An image without tags.
    #[error("it has no tags")]
    NoTags,
    /// There is no such source, or it hides.
    #[error("there is no {name}, or it is private: {source}")]
    Absent {
        /// The source, `kind:name`.
        name: String,
        /// The source's answer.
        source: Box<ReleaseError>,
    },
    /// The source has no such release.
    #[error("{name} has no release {tag}")]
    NoRelease {
        /// The source, `kind:name`.
        name: String,
        /// The tag.
        tag: String,
    },
    /// Of all that the source lists nothing counts.
    #[error("no release counts: {0}")]
    NothingCounts(String),
    /// No answer that is of use.
    #[error("{what}: {source}")]
    Http {
        /// The URL that was requested.
        what: String,
        /// The HTTP failure.
        source: HttpError,
    },
    /// An API's answer that tells a failure.
    #[error("{what}: answered {status}{}", told(said.as_deref(), advice.as_deref()))]
    Answered {
        /// The URL that was requested.
        what: String,
        /// Its status.
        status: StatusCode,
        /// The message in its body, cut.
        said: Option<String>,
        /// The advice that may help: a token.
        advice: Option<String>,
    },
    /// The API wants a longer pause than is waited for.
    #[error(
        "{what}: rate limited; try again after {}{}",
        httpdate::fmt_http_date(*until),
        variables.map_or_else(String::new, |v| format!("; with {v} there may be more requests"))
    )]
    RateLimited {
        /// The URL that was requested.
        what: String,
        /// The time from which it may be asked again.
        until: SystemTime,
        /// Variables with a token that would help, where none is set.
        variables: Option<&'static str>,
    },
    /// One exchange took too long.
    #[error("{what}: took longer than {} s", limit.as_secs())]
    Slow {
        /// The URL that was requested.
        what: String,
        /// The time that it may take.
        limit: Duration,
    },
    /// The answer is not text.
    #[error("{what}: its answer is not text")]
    NotText {
        /// The URL that was requested.
        what: String,
    },
    /// The answer is not what it should be.
    #[error("{what}: not {expected}: {source}")]
    Malformed {
        /// The URL that was requested.
        what: String,
        /// The content that it should have, in words.
        expected: &'static str,
        /// The error in its JSON.
        source: serde_json::Error,
    },
    /// A page for people came in place of an answer.
    #[error("{what}: its answer is a web page{title}")]
    Page {
        /// The URL that was requested.
        what: String,
        /// The page's title.
        title: PageTitle,
    },
    /// A list of something else.
    #[error("{what}: lists {count} entries of which none is a release")]
    NotListed {
        /// The URL that was requested.
        what: String,
        /// Its entries.
        count: usize,
    },
    /// 304 to a request that was not conditional.
    #[error("{what}: answered 304 to a request without a condition")]
    Unasked {
        /// The URL that was requested.
        what: String,
    },
    /// It redirects nowhere, or without end.
    #[error("{what}: {}", redirected(source))]
    Redirect {
        /// The URL that was requested.
        what: String,
        /// The reason why the redirect is not followed.
        source: RedirectError,
    },
    /// It redirects to another host.
    #[error(
        "{what}: redirects to another host, {to}; name that host in the source and its grant if it is meant"
    )]
    Elsewhere {
        /// The URL that was requested.
        what: String,
        /// The host that the redirect leads to.
        to: String,
    },
    /// The list could not be read to its end.
    #[error("{what}: {source}")]
    List {
        /// The list's first page.
        what: String,
        /// The reason why the list ends early.
        source: ListError,
    },
    /// The source names no repository.
    #[error(transparent)]
    Address(#[from] AddressError),
    /// A git repository's tags could not be listed.
    #[error(transparent)]
    Git(#[from] GitError),
    /// An image's tags could not be listed.
    #[error(transparent)]
    Image(#[from] LookupError),
}

impl ReleaseError {
    /// Whether the thing is not there, as far as anybody tells.
    #[must_use]
    pub fn is_absent(&self) -> bool {
        match self {
            Self::Absent { .. }
            | Self::NoPackage(_)
            | Self::EmptyPackage { .. }
            | Self::NoFiles { .. }
            | Self::NoTags
            | Self::NoRelease { .. }
            | Self::NothingCounts(_)
            | Self::Image(LookupError::Absent { .. }) => true,
            // A server of packages says 403 of what is not for us.
            Self::Http { source, .. } => matches!(source, HttpError::NotFound),
            Self::Answered { status, .. } => {
                matches!(*status, StatusCode::NOT_FOUND | StatusCode::GONE)
            }
            _ => false,
        }
    }
}

impl Transient for ReleaseError {
    fn is_transient(&self) -> bool {
        match self {
            Self::Http { source, .. } => source.is_transient(),
            Self::Answered { status, .. } => {
                *status == StatusCode::REQUEST_TIMEOUT || status.is_server_error()
            }
            // As if it had been cut off on its way.
            Self::Malformed { .. } | Self::Slow { .. } => true,
            _ => false,
        }
    }

    fn is_awaited(&self) -> bool {
        matches!(self, Self::Http { source, .. } if source.is_awaited())
    }
}

/// The error about an answer that cannot be read.
pub(super) fn unreadable(
    what: &str,
    expected: &'static str,
    answer: &[u8],
    source: serde_json::Error,
) -> ReleaseError {
    let what = what.to_owned();
    match page::is_page(answer) {
        true => ReleaseError::Page {
            what,
            title: page::title(answer),
        },
        false => ReleaseError::Malformed {
            what,
            expected,
            source,
        },
    }
}

fn told(said: Option<&str>, advice: Option<&str>) -> String {
    let said = said.map_or_else(String::new, |said| format!(" ({})", said.escape_debug()));
    let advice = advice.map_or_else(String::new, |advice| format!("; {advice}"));
    format!("{said}{advice}")
}

fn redirected(error: &RedirectError) -> String {
    match error {
        RedirectError::Nowhere => "redirects without saying where to".to_owned(),
        other => other.to_string(),
    }
}
