//! The errors of logging in.

use bakehouse_system::http::page::PageTitle;
use bakehouse_system::http::redirect::RedirectError;
use reqwest::StatusCode;

/// The reasons why a registry, or its token server, does not let us in.
#[derive(Debug, thiserror::Error)]
pub enum LoginError {
    /// It wants a user and a password, and we have none.
    #[error("it wants a user and a password")]
    NoPassword,
    /// The credentials have bytes that no header can have.
    #[error("the credentials cannot be sent in a header")]
    NoHeader,
    /// Others could read the credentials on their way.
    #[error("its token server {server} is not reached by https")]
    OpenTokenServer {
        /// Scheme, host and port.
        server: String,
    },
    /// The token server redirects to where credentials are not sent.
    #[error("its token server cannot be used: {0}")]
    Redirect(RedirectError),
    /// The token server refused.
    #[error("{server} gives no token {whom} ({status})")]
    NoToken {
        /// Host of the token server.
        server: String,
        /// For whom: "for this account".
        whom: &'static str,
        /// HTTP status.
        status: StatusCode,
    },
    /// The token server, or what stands in front of it, answers people.
    #[error("its token server {server} answered with a web page{title}")]
    Page {
        /// Host of the token server.
        server: String,
        /// The page's title.
        title: PageTitle,
    },
    /// The token server's answer has no token in it.
    #[error("the token server gave no token")]
    EmptyToken,
    /// The token server's answer is not one.
    #[error("the connection broke: the token server's answer is malformed")]
    Malformed,
    /// The token was no longer taken in the middle of an upload.
    #[error("the connection broke: the login expired")]
    Expired,
}

impl LoginError {
    /// Whether the next try may be let in.
    pub(crate) const fn is_transient(&self) -> bool {
        matches!(self, Self::Malformed | Self::Expired)
    }
}
