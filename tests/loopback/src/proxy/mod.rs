//! An HTTP proxy in front of a registry that injects faults, adds latency, and
//! keeps a log.
//!
//! [`FaultProxy`] listens; what happens to a request is decided by [`Rule`]s and
//! by [`Random`], and done in `exchange`. [`Record`]s tell what did happen.

mod bodies;
mod decide;
mod exchange;
mod fault;
mod record;
mod server;
mod state;

pub use decide::{Random, Rule};
pub use fault::{Fault, RetryAfter};
pub use record::{Kind, Record};
pub use server::FaultProxy;
