//! Requests to one registry: credentials, time limits, bounded retries, counts.
//!
//! oci-client gives references and credentials. It shows no response headers
//! (`Retry-After`, an upload's `Location` and `Range`) and asks a registry
//! without login for one before every request. So requests are made here, and
//! [`Registry`](super::Registry) says which.

mod answer;
mod challenge;
mod error;
mod error_body;
mod exchange;
mod login;
mod login_error;
mod outgoing;
mod policy;
mod refusal;
mod request;
mod token;

pub(super) use answer::Answer;
pub use error::TransportError;
pub use error_body::ErrorBody;
pub(super) use exchange::Transport;
pub use login_error::LoginError;
pub(super) use outgoing::Outgoing;
pub use policy::RetryPolicy;
pub use refusal::Refusal;
pub(super) use request::{Request, Scope};
