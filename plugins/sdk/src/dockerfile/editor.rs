//! The text, and how edits get into it.

use std::ops::Range;

use bakehouse_dockerfile::{Dockerfile, Heredoc, Instruction, Line};

use crate::{Error, tree};

/// A Dockerfile that is being edited. See the module for an example.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Editor {
    /// Shown in errors; the path in the work tree.
    pub(super) name: String,
    pub(super) text: String,
}

/// One change of an edit.
#[derive(Debug)]
pub(super) struct Change {
    /// The instruction that it is about.
    pub(super) instruction: usize,
    pub(super) place: Place,
    pub(super) with: String,
}

/// The place of a change: the text that it replaces.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Place {
    /// Nothing: lines are inserted before the instruction, or at the end.
    Before,
    /// A range of its line.
    Line(Range<usize>),
    /// A range of the file, in one of its here-documents.
    Body(usize, Range<usize>),
}

impl Change {
    /// Replaces a range of an instruction's line.
    pub(super) fn line(instruction: usize, range: Range<usize>, with: String) -> Self {
        Self {
            instruction,
            place: Place::Line(range),
            with,
        }
    }

    /// Inserts lines before an instruction, or at the end.
    pub(super) fn before(instruction: usize, with: String) -> Self {
        Self {
            instruction,
            place: Place::Before,
            with,
        }
    }
}

impl Editor {
    /// Takes a Dockerfile's text; `name` is what errors call it. A byte order
    /// mark is dropped, as BuildKit does.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] with the line that is not understood.
    pub fn parse(name: &str, text: &str) -> Result<Self, Error> {
        let editor = Self {
            name: name.to_owned(),
            text: text.strip_prefix('\u{feff}').unwrap_or(text).to_owned(),
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
        let text = tree::read(path)?;
        Self::parse(path, &text)
    }

    /// Writes the text back to where [`open`](Self::open) read it.
    ///
    /// # Errors
    /// [`Error::Other`] when it cannot be written.
    pub fn save(&self) -> Result<(), Error> {
        tree::write(&self.name, &self.text)
    }

    /// The text as it is now.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    pub(super) fn read(&self) -> Result<Dockerfile, Error> {
        // A mark that is left is a character, which BuildKit does not take.
        if self.text.starts_with('\u{feff}') {
            return Err(self.error(1, "there are two byte order marks"));
        }
        Dockerfile::parse(&self.text).map_err(|error| self.error(error.line, &error.message))
    }

    /// Makes the changes that `plan` names, in their order in the text. Where the result has any other change
    /// in BuildKit's eyes, nothing is changed.
    pub(super) fn edit(
        &mut self,
        plan: impl FnOnce(&Self, &Dockerfile) -> Result<Vec<Change>, Error>,
    ) -> Result<(), Error> {
        let file = self.read()?;
        let changes = plan(self, &file)?;
        self.apply(&file, &changes)
    }

    fn apply(&mut self, file: &Dockerfile, changes: &[Change]) -> Result<(), Error> {
        let mut text = String::with_capacity(self.text.len());
        let mut copied = 0;
        for change in changes {
            let at = self.place(file, change);
            text.push_str(self.text.get(copied..at.start).unwrap_or_default());
            text.push_str(&change.with);
            copied = copied.max(at.end);
        }
        text.push_str(&self.text[copied..]);
        let edited = Self {
            name: self.name.clone(),
            text,
        };
        let read = edited.read()?;
        if let Some(change) = self.other_change(file, changes, &edited, &read) {
            let at = self.place(file, change).start;
            let message = format!(
                "an edit that puts `{}` here would change more than this place; nothing was changed",
                short(&change.with)
            );
            return Err(self.error(self.line(at), &message));
        }
        self.text = edited.text;
        Ok(())
    }

    /// The range of a change in the text.
    fn place(&self, file: &Dockerfile, change: &Change) -> Range<usize> {
        let Some(instruction) = file.instructions.get(change.instruction) else {
            return self.text.len()..self.text.len();
        };
        match &change.place {
            Place::Before => instruction.span.start..instruction.span.start,
            Place::Line(range) => instruction.line.place(range.clone()),
            Place::Body(_, range) => range.clone(),
        }
    }

    /// The change that does something else than it is meant to: all instructions
    /// are what they were, but for what the changes say.
    fn other_change<'c>(
        &self,
        file: &Dockerfile,
        changes: &'c [Change],
        edited: &Self,
        read: &Dockerfile,
    ) -> Option<&'c Change> {
        let first = changes.first()?;
        let Some(more) = read.instructions.len().checked_sub(file.instructions.len()) else {
            return Some(first);
        };
        let inserts = changes.iter().filter(|c| c.place == Place::Before).count();
        if read.escape != file.escape || inserts > 1 || (inserts == 0 && more > 0) {
            return Some(first);
        }
        let mut shift = 0;
        let mut rest = changes.iter().peekable();
        let mut last = first;
        for (index, old) in file.instructions.iter().enumerate() {
            let mut own = Vec::new();
            while let Some(change) = rest.next_if(|change| change.instruction == index) {
                last = change;
                match change.place {
                    Place::Before => shift = more,
                    _ => own.push(change),
                }
            }
            let new = &read.instructions[index + shift];
            if !self.as_meant(old, &own, file.escape, edited, new) {
                return Some(last);
            }
        }
        None
    }

    /// Whether an instruction is what it was, but for its changes.
    fn as_meant(
        &self,
        old: &Instruction,
        changes: &[&Change],
        escape: char,
        edited: &Self,
        new: &Instruction,
    ) -> bool {
        let mut line = old.line.text().to_owned();
        for change in changes.iter().rev() {
            if let Place::Line(range) = &change.place {
                line.replace_range(range.clone(), &Line::join(&change.with, escape));
            }
        }
        let mut heredocs = old.heredocs.iter().zip(&new.heredocs).enumerate();
        let same = |(index, (was, is)): (usize, (&Heredoc, &Heredoc))| {
            let mut body = self.text[was.body.clone()].to_owned();
            for change in changes.iter().rev() {
                if let Place::Body(heredoc, range) = &change.place
                    && *heredoc == index
                {
                    let from = was.body.start;
                    body.replace_range(range.start - from..range.end - from, &change.with);
                }
            }
            was.name == is.name && was.chomp == is.chomp && body == edited.text[is.body.clone()]
        };
        old.kind == new.kind
            && line == new.line.text()
            && old.heredocs.len() == new.heredocs.len()
            && heredocs.all(same)
    }

    /// The line of a position, from 1.
    pub(super) fn line(&self, position: usize) -> usize {
        let before = self.text.as_bytes().get(..position).unwrap_or_default();
        before.iter().filter(|byte| **byte == b'\n').count() + 1
    }

    /// The line ending of this file.
    pub(super) fn newline(&self) -> &'static str {
        if self.text.contains("\r\n") {
            "\r\n"
        } else {
            "\n"
        }
    }

    /// The error for a line, with the fault in words.
    pub(super) fn error(&self, line: usize, message: &str) -> Error {
        Error::InvalidInput(format!("{}: line {line}: {message}", self.name))
    }

    /// The error of an edit that matched nothing: what was wanted, and what
    /// there is, as lines and texts.
    pub(super) fn nothing<'a>(
        &self,
        wanted: &str,
        there: impl Iterator<Item = (usize, &'a str)>,
    ) -> Error {
        const MOST: usize = 20;
        let there = there.map(|(line, text)| format!("line {line}: {}", short(text)));
        let there: Vec<_> = there.take(MOST).collect();
        let there = if there.is_empty() {
            "it has none at all".to_owned()
        } else {
            format!("it has {}", there.join("; "))
        };
        Error::InvalidInput(format!("{}: {wanted}; {there}", self.name))
    }
}

/// The first words of a text, on one line.
pub(super) fn short(text: &str) -> String {
    const MOST: usize = 60;
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}...", &line[..end]),
        None => line,
    }
}
