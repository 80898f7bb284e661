//! JSON Schemas (draft 2020-12) of what the program reads and writes, for editors
//! and for other programs.
//!
//! They are made from the very types that are read and written, by a test, which
//! fails where the files in `schemas/` say something else; the program has those
//! files in it.

mod number;

#[cfg(test)]
mod config_tests;
#[cfg(test)]
mod generate;

use std::io::Read as _;

use flate2::read::GzDecoder;

#[cfg(test)]
pub(crate) use generate::{descriptor, of, same};
pub use number::SchemaNumber;

/// A document, and its schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Document {
    /// Its name.
    pub name: &'static str,
    /// The places where it is met, for people.
    pub about: &'static str,
    /// Its schema, compressed by `build.rs`.
    packed: &'static [u8],
}

macro_rules! documents {
    ($($name:literal: $about:literal,)*) => {
        /// All of them: the files that people write, and what is written for others.
        pub const DOCUMENTS: &[Document] = &[$(Document {
            name: $name,
            about: $about,
            packed: include_bytes!(concat!(env!("OUT_DIR"), "/", $name, ".json.gz")),
        }),*];
    };
}

documents! {
    "project": "the file bakehouse.toml",
    "app": "the file apps/APP/app.toml",
    "plan": "plan --format json, --dry-run --format json, and their summaries",
    "saved-plan": "the file of plan --save",
    "report": "run --format json, report --format json, summaries, and report.json of a run",
    "event": "a line of --progress json, and of timeline.jsonl of a run",
    "runs": "runs --format json",
    "status": "status --format json, and status.json of a site",
    "inspect": "inspect --format json",
    "doctor": "doctor --format json",
    "recipe-check": "recipe check --format json",
    "recipe-show": "recipe show --format json",
    "review": "review --format json, and its summaries",
    "review-plan": "the file of review plan --save",
    "review-build": "the file of review build --save",
    "digest": "a file in digests/: one target that is in the registry",
    "failure": "a note beside such files: one target that failed",
}

impl Document {
    /// The one of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<&'static Self> {
        DOCUMENTS.iter().find(|document| document.name == name)
    }

    /// Its schema.
    #[must_use]
    pub fn schema(&self) -> String {
        let mut schema = String::new();
        // What the program itself packed cannot be torn.
        let _ = GzDecoder::new(self.packed).read_to_string(&mut schema);
        schema
    }

    /// The names of all.
    pub fn names() -> impl Iterator<Item = &'static str> {
        DOCUMENTS.iter().map(|document| document.name)
    }
}
