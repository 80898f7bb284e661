//! New lines.

use super::Editor;
use crate::Error;

impl Editor {
    /// Inserts lines before the first stage: stages that others may copy from.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] when the result is no Dockerfile.
    pub fn insert_before_stages(&mut self, lines: &[&str]) -> Result<(), Error> {
        self.edit(|this, file| {
            let first = file.stages().next();
            let start = first.map_or(0, |stage| stage.from.from.span.start);
            Ok(vec![(start..start, this.lines(lines))])
        })
    }

    /// Adds lines at the end.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] when the result is no Dockerfile.
    pub fn append(&mut self, lines: &[&str]) -> Result<(), Error> {
        self.edit(|this, _| {
            let end = this.text.len();
            let open = !this.text.ends_with('\n');
            let before = if open { this.newline() } else { "" };
            Ok(vec![(end..end, format!("{before}{}", this.lines(lines)))])
        })
    }

    pub(super) fn lines(&self, lines: &[&str]) -> String {
        let newline = self.newline();
        lines.iter().flat_map(|line| [*line, newline]).collect()
    }
}
