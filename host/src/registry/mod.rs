//! Registries (OCI distribution-spec v1.1).

mod upstream;

pub use upstream::Upstream;
