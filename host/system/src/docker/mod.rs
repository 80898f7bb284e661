//! Docker's client settings: its configuration folder, the credentials in it,
//! and the variables that its programs read.

pub mod credentials;
mod folder;
mod proxies;

pub use folder::docker_folder;
pub use proxies::PROXIES;
