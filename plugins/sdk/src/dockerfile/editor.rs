//! The text, and how edits get into it.

use std::ops::Range;

use parse_dockerfile::Dockerfile;

use crate::Error;

/// A Dockerfile that is being edited. See the module for an example.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Editor {
    /// Shown in errors; the path in the work tree.
    pub(super) name: String,
    pub(super) text: String,
}

/// A piece of the text, and what replaces it.
pub(super) type Splice = (Range<usize>, String);

impl Editor {
    /// Takes a Dockerfile's text; `name` is what errors call it. A byte order
    /// mark is dropped, as BuildKit does.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] with the line that is not understood.
    pub fn parse(name: &str, text: &str) -> Result<Self, Error> {
        let editor = Self {
            name: name.to_owned(),
            text: text.trim_start_matches('\u{feff}').to_owned(),
        };
        editor.read()?;
        Ok(editor)
    }

    /// Reads a Dockerfile of the work tree, `path` relative to it.
    ///
    /// # Errors
    /// [`Error::NotFound`] when there is none, [`Error::InvalidInput`] as
    /// [`parse`](Self::parse).
    pub fn open(path: &str) -> Result<Self, Error> {
        let text = std::fs::read_to_string(format!("/src/{path}")).map_err(|error| {
            let message = format!("upstream's source has no {path} to read: {error}");
            if error.kind() == std::io::ErrorKind::NotFound {
                Error::NotFound(message)
            } else {
                Error::InvalidInput(message)
            }
        })?;
        Self::parse(path, &text)
    }

    /// Writes the text back to where [`open`](Self::open) read it.
    ///
    /// # Errors
    /// [`Error::Other`] when it cannot be written.
    pub fn save(&self) -> Result<(), Error> {
        std::fs::write(format!("/src/{}", self.name), &self.text)
            .map_err(|error| Error::Other(format!("cannot write {}: {error}", self.name)))
    }

    /// The text as it is now.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    pub(super) fn read(&self) -> Result<Dockerfile<'_>, Error> {
        parse_dockerfile::parse(&self.text)
            .map_err(|error| Error::InvalidInput(format!("{}: {error}", self.name)))
    }

    /// The character that continues a line: `\`, unless an `escape` directive
    /// says otherwise.
    pub(super) fn escape(file: &Dockerfile<'_>) -> char {
        let directive = file.parser_directives.escape.as_ref();
        directive.map_or('\\', |directive| directive.value.value)
    }

    /// Replaces the pieces that `plan` names, and leaves the text as it was if
    /// the result is no Dockerfile.
    pub(super) fn edit(
        &mut self,
        plan: impl FnOnce(&Self, &Dockerfile<'_>) -> Result<Vec<Splice>, Error>,
    ) -> Result<(), Error> {
        let mut splices = plan(self, &self.read()?)?;
        splices.sort_by_key(|(range, _)| std::cmp::Reverse(range.start));
        let mut text = self.text.clone();
        for (range, with) in splices {
            text.replace_range(range, &with);
        }
        *self = Self::parse(&self.name, &text)?;
        Ok(())
    }

    /// The line of a position, from 1.
    pub(super) fn line(&self, position: usize) -> usize {
        let before = self.text.as_bytes().get(..position).unwrap_or_default();
        before.iter().filter(|byte| **byte == b'\n').count() + 1
    }

    /// How this file ends its lines.
    pub(super) fn newline(&self) -> &'static str {
        if self.text.contains("\r\n") {
            "\r\n"
        } else {
            "\n"
        }
    }

    /// The error of an edit that matched nothing: what was wanted, and what
    /// there is, as position and text.
    pub(super) fn nothing<'a>(
        &self,
        wanted: &str,
        there: impl Iterator<Item = (usize, &'a str)>,
    ) -> Error {
        let there: Vec<_> = there
            .map(|(position, text)| format!("line {}: {}", self.line(position), short(text)))
            .collect();
        let there = if there.is_empty() {
            "it has none at all".to_owned()
        } else {
            format!("it has {}", there.join("; "))
        };
        Error::InvalidInput(format!("{}: {wanted}; {there}", self.name))
    }
}

/// The first words of a text, on one line.
fn short(text: &str) -> String {
    const MOST: usize = 60;
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}...", &line[..end]),
        None => line,
    }
}
