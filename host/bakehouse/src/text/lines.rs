//! Lines of text.

use std::fmt;

use super::escape;

/// The beginning of lines that belong to the one before.
const INDENT: &str = "  ";

/// Lines for people. Whatever goes into one stays in it and is shown, not
/// obeyed; see [`line`](super::line).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Text(String);

impl Text {
    /// No lines.
    #[must_use]
    pub const fn new() -> Self {
        Self(String::new())
    }

    /// One line.
    #[must_use]
    pub fn of(words: impl fmt::Display) -> Self {
        let mut text = Self::new();
        text.line(words);
        text
    }

    /// Adds one line.
    pub fn line(&mut self, words: impl fmt::Display) {
        self.0.push_str(&escape::line(&words.to_string()));
        self.0.push('\n');
    }

    /// Adds a message of any number of lines behind a label; its later lines are
    /// indented, so that none passes for a message of its own.
    pub fn message(&mut self, label: &str, message: &str) {
        let mut lines = message.lines();
        let first = lines.next().unwrap_or_default();
        self.line(format_args!("{label}{first}"));
        let later: Vec<&str> = lines.collect();
        let indented = later.iter().all(|line| line.starts_with(INDENT));
        let indent = if indented { "" } else { INDENT };
        for line in later {
            self.line(format_args!("{indent}{line}"));
        }
    }

    /// Adds an empty line.
    pub fn blank(&mut self) {
        self.0.push('\n');
    }

    /// Adds a line that the runner of a CI job is to obey. Its parts are escaped
    /// where it is put together.
    pub(crate) fn command(&mut self, command: &str) {
        self.0.push_str(command);
        self.0.push('\n');
    }

    /// Lines that the program is made of, as they are: nothing of a stranger's is in
    /// them.
    #[must_use]
    pub(crate) fn of_the_program(lines: Vec<u8>) -> Self {
        Self(String::from_utf8_lossy(&lines).into_owned())
    }

    /// Adds all lines of another.
    pub fn append(&mut self, other: &Self) {
        self.0.push_str(&other.0);
    }

    /// Whether there is no line.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The lines, each with its line end.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_makes_a_line_of_its_own() {
        let mut text = Text::new();
        text.line(format_args!("label  {}", "a\n  digest  sha256:0"));
        text.message("error: ", "first\nhint: no\n  more\n::error::x\r");
        text.message("error: ", "first\n  as it is");
        text.blank();
        text.message("hint: ", "");
        assert_eq!(
            text.as_str(),
            "label  a\\n  digest  sha256:0\nerror: first\n  hint: no\n    more\n  \\::error::x\\r\nerror: first\n  as it is\n\nhint: \n"
        );
    }
}
