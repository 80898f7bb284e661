//! Here-documents.

use std::ops::Range;

use crate::lex::{self, Stop};

/// A here-document of `RUN`, `COPY` or `ADD`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heredoc {
    /// The line that ends it.
    pub name: String,
    /// `<<-`: tabs that begin its lines do not count.
    pub chomp: bool,
    /// Its lines in the file, without the one that ends it.
    pub body: Range<usize>,
}

/// Name and `-` of a word that begins a here-document.
pub(crate) type Mark = (String, bool);

/// The here-documents that a line announces.
pub(crate) fn marks(line: &str) -> Result<Vec<Mark>, &'static str> {
    let words = match lex::words(line, true) {
        Ok(words) => words,
        Err(Stop::Syntax) => Vec::new(),
        Err(Stop::Unknown) => return Err("what `<<` stands for cannot be told for certain here"),
    };
    let mut marks = Vec::new();
    for word in words {
        marks.extend(mark(&word)?);
    }
    Ok(marks)
}

/// Whether a text is the mark of one here-document and nothing else, as BuildKit
/// asks of the arguments of a `RUN` whose here-document is the script.
#[must_use]
pub fn heredoc_word(text: &str) -> bool {
    matches!(mark(text), Ok(Some(_)))
}

fn mark(word: &str) -> Result<Option<Mark>, &'static str> {
    let unnumbered = word.trim_start_matches(|c: char| c.is_ascii_digit());
    let Some(rest) = unnumbered.strip_prefix("<<") else {
        return Ok(None);
    };
    let (chomp, rest) = match rest.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, rest),
    };
    let name = rest.trim_start_matches(['\t', '\n', '\x0c', '\r', ' ']);
    if name.is_empty() || name.contains('<') {
        return Ok(None);
    }
    let names = lex::words(name, false).map_err(|_| "the name of a here-document is not closed")?;
    match <[String; 1]>::try_from(names) {
        Ok([name]) => Ok(Some((name, chomp))),
        Err(_) => Ok(None),
    }
}
