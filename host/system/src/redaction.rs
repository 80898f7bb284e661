//! Secret redaction.

use super::terminal::{clean, last_seen};

/// Shorter values are no secrets, and hiding them would hide everything.
const SHORTEST: usize = 4;

/// Values of secrets, each line of them by itself.
#[derive(Debug, Clone, Default)]
pub struct Redactor {
    values: Vec<String>,
}

impl Redactor {
    /// Hides these secrets.
    pub fn new<'a>(secrets: impl IntoIterator<Item = &'a str>) -> Self {
        let lines = secrets.into_iter().flat_map(str::lines).map(str::trim);
        Self {
            values: lines
                .filter(|line| line.len() >= SHORTEST)
                .map(str::to_owned)
                .collect(),
        }
    }

    /// A text for people: without terminal controls, and without secrets.
    pub fn clean(&self, text: &str) -> String {
        self.hide(clean(text))
    }

    /// The same of a line of progress, which may overwrite itself.
    pub fn last_seen(&self, line: &str) -> String {
        self.hide(last_seen(line))
    }

    fn hide(&self, line: String) -> String {
        let hide = |line: String, value: &String| line.replace(value.as_str(), "***");
        self.values.iter().fold(line, hide)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hides_every_line_of_a_secret() {
        let hidden = Redactor::new(["-----BEGIN\nabcdefgh\n", "x"]);
        assert_eq!(hidden.clean("key abcdefgh, abcdefgh x"), "key ***, *** x");
        assert_eq!(hidden.clean("a -----BEGIN z"), "a *** z");
        assert_eq!(hidden.last_seen("0%\rkey abcdefgh"), "key ***");
    }
}
