//! The errors of requests to a registry, and of what it holds.

use bakehouse_system::docker::credentials::CredentialsError;

use crate::endpoint::EndpointError;
use crate::manifest::ManifestError;
use crate::transport::TransportError;

/// A request to a registry failed, or what the registry holds is not what it
/// should be. Holds no address with a query and no header, hence no secret.
#[derive(Debug, thiserror::Error)]
pub enum RegistryError {
    /// No image can have this name.
    #[error(transparent)]
    Reference(#[from] EndpointError),
    /// The HTTP client cannot be made.
    #[error("cannot make an HTTP client for registry {host}")]
    Client {
        /// `host[:port]`.
        host: String,
        /// The reason that the client gave.
        #[source]
        source: Box<TransportError>,
    },
    /// The credentials for the registry cannot be found out.
    #[error(transparent)]
    Credentials(#[from] CredentialsError),
    /// The registry wants other credentials, or lets nobody do this.
    #[error("registry {host} refused: {what}")]
    Refused {
        /// `host[:port]`.
        host: String,
        /// The request that failed: "reading ghcr.io/acme/app:1.0.0".
        what: String,
        /// The registry's answer.
        #[source]
        source: Box<TransportError>,
    },
    /// There was no talking to the registry at all.
    #[error("cannot reach registry {host}: {what}")]
    Unreachable {
        /// `host[:port]`.
        host: String,
        /// The request that failed.
        what: String,
        /// The reason why there was no answer.
        #[source]
        source: Box<TransportError>,
    },
    /// The registry answered with a failure, or with nonsense, to the last try.
    #[error("registry {host} failed: {what}")]
    Failed {
        /// `host[:port]`.
        host: String,
        /// The request that failed.
        what: String,
        /// The registry's answer, or the reason why it is no answer.
        #[source]
        source: Box<TransportError>,
    },
    /// The reference holds something that is no image.
    #[error("{reference} holds no image that can be read")]
    Unreadable {
        /// The reference, as people see it.
        reference: String,
        /// The fault of the manifest.
        #[source]
        source: Box<ManifestError>,
    },
    /// An image's configuration is not one.
    #[error("{what}")]
    Configuration {
        /// The request that failed.
        what: String,
        /// The error in its JSON.
        #[source]
        source: serde_json::Error,
    },
    /// The reference shows nothing.
    #[error("{reference} does not exist")]
    NotFound {
        /// The reference, as people see it.
        reference: String,
    },
    /// An index names an image that the registry does not have.
    #[error("{reference} is named in an index but does not exist")]
    MissingChild {
        /// The image, as people see it.
        reference: String,
    },
    /// The registry took an image, and does not have it.
    #[error("{reference} was pushed, and the registry does not have it")]
    Lost {
        /// The image, as people see it.
        reference: String,
    },
    /// The registry took a manifest, and shows another one.
    #[error("{reference} does not show what was just pushed ({digest})")]
    Overwritten {
        /// The reference, as people see it.
        reference: String,
        /// Digest of what was pushed.
        digest: String,
    },
    /// A moving tag is to show a version that is not published.
    #[error("{reference} does not exist, so {tag} cannot show it")]
    NoVersion {
        /// The version's reference, as people see it.
        reference: String,
        /// The moving tag.
        tag: String,
    },
    /// A version's tag cannot be read.
    #[error("{name}")]
    VersionTag {
        /// The version's reference, as people see it.
        name: String,
        /// The error that reading it ended with.
        #[source]
        source: Box<Self>,
    },
    /// A version's tag holds another version, which no tag of its own holds.
    #[error("{name} holds version {other}, and would be overwritten")]
    OtherVersion {
        /// The version's reference, as people see it.
        name: String,
        /// The tag.
        tag: String,
        /// The version that it holds.
        other: String,
    },
    /// A version's tag is a revision tag of another version.
    #[error("{name} keeps what version {other} was before a rebuild")]
    RevisionTag {
        /// The version's reference, as people see it.
        name: String,
        /// The version that it keeps a revision of.
        other: String,
    },
}

impl RegistryError {
    /// Whether the registry wants other credentials than it was given. Who may
    /// not see one tag of an image may see none of it.
    #[must_use]
    pub fn is_refused(&self) -> bool {
        match self {
            Self::Credentials(_) | Self::Refused { .. } => true,
            Self::VersionTag { source, .. } => source.is_refused(),
            _ => false,
        }
    }

    /// Whether there was no talking to the registry at all, so that nothing else
    /// is worth asking it.
    #[must_use]
    pub fn is_unreachable(&self) -> bool {
        match self {
            Self::Unreachable { .. } => true,
            Self::VersionTag { source, .. } => source.is_unreachable(),
            _ => false,
        }
    }
}
