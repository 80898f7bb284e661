//! Physical lines, and the instruction's line that they make when they are joined.

use std::ops::Range;

/// The line of an instruction: its physical lines without the escapes that
/// continue them, and without comments and blank lines between them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Line {
    text: String,
    /// The beginning of each piece, here and in the file.
    pieces: Vec<(usize, usize)>,
}

impl Line {
    /// The joined text.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The place in the file of a range of the joined text. Text that was left out
    /// between its lines is in it, text that was left out around it is not; an
    /// empty one is right behind the text before it.
    #[must_use]
    pub fn place(&self, range: Range<usize>) -> Range<usize> {
        let end = self.end(range.end);
        match self.at(range.start) {
            Some(start) if range.start < range.end => start..end,
            _ => end..end,
        }
    }

    /// The position in the file at which the text before a position ends.
    #[must_use]
    pub fn end(&self, position: usize) -> usize {
        match position.checked_sub(1) {
            Some(last) => self.at(last).map_or(0, |at| at + 1),
            None => self.at(0).unwrap_or(0),
        }
    }

    /// The position in the file of a byte of the joined text.
    fn at(&self, position: usize) -> Option<usize> {
        let next = self.pieces.partition_point(|(start, _)| *start <= position);
        let (start, source) = self.pieces.get(next.checked_sub(1)?)?;
        Some(source + (position - start))
    }

    pub(crate) fn push(&mut self, piece: &str, source: usize) {
        if !piece.is_empty() || self.pieces.is_empty() {
            self.pieces.push((self.text.len(), source));
            self.text.push_str(piece);
        }
    }

    /// Joins a piece of a Dockerfile that continues a line, as it will be joined
    /// when it is in its place.
    #[must_use]
    pub fn join(fragment: &str, escape: char) -> String {
        let mut joined = String::new();
        let mut lines = fragment.split_inclusive('\n').peekable();
        let mut first = true;
        while let Some(line) = lines.next() {
            let last = lines.peek().is_none() && !line.ends_with('\n');
            let bare = without_end(line);
            if !first && (is_comment(bare) || bare.trim().is_empty()) && !last {
                continue;
            }
            let piece = if last {
                line
            } else {
                continued(bare, escape).0
            };
            joined.push_str(piece);
            first = false;
        }
        joined
    }
}

/// The physical lines of a text.
pub(crate) struct Physical<'a> {
    text: &'a str,
    at: usize,
    /// The number of the line that was read last, from 1.
    pub(crate) number: usize,
}

impl<'a> Physical<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        Self {
            text,
            at: 0,
            number: 0,
        }
    }

    /// The position at which the next line begins.
    pub(crate) fn at(&self) -> usize {
        self.at
    }
}

impl<'a> Iterator for Physical<'a> {
    type Item = &'a str;

    /// A line with its end.
    fn next(&mut self) -> Option<&'a str> {
        let line = self.text.get(self.at..)?.split_inclusive('\n').next()?;
        self.at += line.len();
        self.number += 1;
        Some(line)
    }
}

/// A line without its end.
pub(crate) fn without_end(line: &str) -> &str {
    line.trim_end_matches(['\r', '\n'])
}

pub(crate) fn is_comment(line: &str) -> bool {
    line.trim_start().starts_with('#')
}

/// A line without the escape that continues it, and whether it ends here.
pub(crate) fn continued(line: &str, escape: char) -> (&str, bool) {
    let trimmed = line.trim_end_matches([' ', '\t']);
    match trimmed.strip_suffix(escape) {
        Some(rest) if !rest.ends_with(escape) => (rest, false),
        _ => (line, true),
    }
}
