//! A new project: what its files say, and how they are written beside what is
//! there.

mod files;
mod remote;
mod schemas;
mod write;

pub use files::{NewFile, ProjectAnswers, files};
pub use remote::{folder_namespace, github_owner};
pub use schemas::{SCHEMAS, directive, outdated, schemas};
pub use write::{Written, ignore, write};
