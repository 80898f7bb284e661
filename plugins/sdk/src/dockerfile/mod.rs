//! Edits of upstream's Dockerfiles.
//!
//! Upstreams build for one platform; a few words in their Dockerfile decide
//! that. An [`Editor`] changes these words in the text and leaves everything
//! else, comments and layout included, as upstream wrote it. An edit that
//! matches nothing is an error that tells what the file has instead, with line
//! numbers: upstream has changed, and somebody must look.
//!
//! ```
//! use bakehouse_sdk::dockerfile::Editor;
//!
//! # fn main() -> Result<(), bakehouse_sdk::Error> {
//! let mut file = Editor::parse(
//!     "Dockerfile",
//!     "FROM golang:1.26 AS build\nRUN go build\nFROM scratch\nCOPY --from=build /app /\n",
//! )?;
//! file.pin_to_build_platform("build")?;
//! assert!(file.text().starts_with("FROM --platform=$BUILDPLATFORM golang:1.26 AS build\n"));
//! # Ok(())
//! # }
//! ```
//!
//! The file is read by [`bakehouse_dockerfile`], as BuildKit reads it. An edit
//! changes what it says and nothing else: afterwards the file is read again, and
//! where any other instruction, or another part of the same one, is not what it
//! was, the edit is an error and the text stays as it was.

mod arg;
mod editor;
mod from;
mod insert;
mod pin;
mod run;
mod script;
mod settings;
mod syntax;
mod variables;

#[cfg(test)]
mod tests;

pub use editor::Editor;
pub use from::Stage;
pub use pin::Pin;
