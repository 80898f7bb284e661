//! Docker's client settings: its configuration folder, the credentials in it,
//! and the variables that its programs read.

mod config;
pub mod credentials;
mod folder;
mod helper;
mod proxies;

pub use config::ConfigError;
pub use folder::docker_folder;
pub use helper::HelperError;
pub use proxies::PROXIES;
