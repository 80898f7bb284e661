//! The Docker Engine: what it can do, and trial runs of published images.

mod connect;
mod smoke;

pub use connect::Engine;
pub use smoke::SmokeResult;
