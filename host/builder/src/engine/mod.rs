//! The Docker Engine, through its API: what it is, what it can run, and runs
//! of a finished image for one platform.

mod connection;
mod endpoint;
mod error;
mod load;
mod said;
mod smoke;

pub use connection::{Engine, EngineInfo};
pub use endpoint::{EngineEndpoint, NamedBy, endpoint};
pub use error::{EngineError, SmokeError};
pub use load::LoadedImage;
pub use smoke::{PullCredentials, Smoke, SmokeResult};
