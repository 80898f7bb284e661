//! Dockerfiles as BuildKit reads them, with the place of everything in the text.
//!
//! BuildKit joins an instruction's physical lines first and takes the result
//! apart afterwards; so does this. What is found in a joined [`Line`] is a range
//! of it, and [`Line::place`] tells where that is in the file. The rules follow
//! `frontend/dockerfile/parser` and `frontend/dockerfile/shell` of BuildKit
//! v0.31, oddities included; what is not certain to be read alike is an
//! [`Unreadable`] with its line.
//!
//! Host and recipes read Dockerfiles with it, so that both see what BuildKit
//! sees. Reading takes time in proportion to the text, and no recursion.

mod directive;
mod document;
mod exec;
mod heredoc;
mod instruction;
mod lex;
mod line;
mod pattern;
mod shell;
mod words;

pub use document::Dockerfile;
pub use heredoc::{Heredoc, heredoc_word};
pub use instruction::{Flag, Instruction, Kind};
pub use lex::{Value, expand};
pub use line::Line;
pub use shell::{Grammar, Unsplit, commands};
pub use words::{assignments, words};

/// A text that is no Dockerfile, or that this crate does not read for certain as
/// BuildKit does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreadable {
    /// Its line, from 1.
    pub line: usize,
    /// The fault that is there, without the line.
    pub message: String,
}

impl Unreadable {
    pub(crate) fn new(line: usize, message: impl Into<String>) -> Self {
        Self {
            line,
            message: message.into(),
        }
    }
}

impl std::fmt::Display for Unreadable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("line ")?;
        self.line.fmt(f)?;
        f.write_str(": ")?;
        f.write_str(&self.message)
    }
}

impl std::error::Error for Unreadable {}
