//! New lines.

use bakehouse_dockerfile::Kind;

use super::Editor;
use super::editor::Change;
use crate::Error;

impl Editor {
    /// Inserts lines before the first stage: stages that others may copy from.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] when the result is no Dockerfile.
    pub fn insert_before_stages(&mut self, lines: &[&str]) -> Result<(), Error> {
        self.edit(|this, file| {
            let mut all = file.instructions.iter();
            let first = all.position(|i| i.kind == Kind::From).unwrap_or_default();
            Ok(vec![Change::before(first, this.lines(lines))])
        })
    }

    /// Adds lines at the end.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] when the result is no Dockerfile.
    pub fn append(&mut self, lines: &[&str]) -> Result<(), Error> {
        self.edit(|this, file| {
            let open = !this.text.ends_with('\n');
            let before = if open { this.newline() } else { "" };
            let with = format!("{before}{}", this.lines(lines));
            Ok(vec![Change::before(file.instructions.len(), with)])
        })
    }

    pub(super) fn lines(&self, lines: &[&str]) -> String {
        let newline = self.newline();
        lines.iter().flat_map(|line| [*line, newline]).collect()
    }
}
