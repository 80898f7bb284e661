//! Variables in `FROM` lines (Dockerfile reference, "Environment replacement").

use std::collections::BTreeMap;

use bakehouse_dockerfile::Value;

/// Bytes of a value that is read: no image or platform has as many.
const LONGEST: usize = 4096;
/// Bytes of all values of one Dockerfile.
const ALL: usize = 4 << 20;

/// Variables by name, and how much more of them is read.
pub(crate) struct Variables {
    /// None: it has a value that cannot be told.
    values: BTreeMap<String, Option<String>>,
    left: usize,
}

impl Variables {
    pub(crate) fn new() -> Self {
        Self {
            values: BTreeMap::new(),
            left: ALL,
        }
    }

    /// Sets a variable.
    pub(crate) fn set(&mut self, name: &str, value: String) {
        self.values.insert(name.to_owned(), Some(value));
    }

    /// Sets a variable to what cannot be told.
    pub(crate) fn forget(&mut self, name: &str) {
        self.values.insert(name.to_owned(), None);
    }

    /// A word as BuildKit fills it in; none for what it does not take, for what
    /// cannot be told, and for what is longer than any use of it.
    pub(crate) fn expand(&mut self, word: &str, escape: char) -> Option<String> {
        let value = |name: &str| match self.values.get(name) {
            Some(Some(value)) => Value::Set(value.clone()),
            Some(None) => Value::Unknown,
            None => Value::Unset,
        };
        let expanded = bakehouse_dockerfile::expand(word, escape, LONGEST, value)?;
        self.left = self.left.checked_sub(expanded.len())?;
        Some(expanded)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_bounded_each_and_all() {
        let mut values = Variables::new();
        values.set("A", "x".repeat(LONGEST / 2));
        values.set("LONG", "x".repeat(LONGEST + 1));
        assert_eq!(values.expand("$A$A", '\\').unwrap().len(), LONGEST);
        assert_eq!(values.expand("$A${A}x", '\\'), None);
        assert_eq!(values.expand("$LONG", '\\'), None);
        assert_eq!(values.expand(&"$A".repeat(1 << 18), '\\'), None);
        let deep = format!("{}{}", "${NO:-".repeat(100_000), "}".repeat(100_000));
        assert_eq!(values.expand(&deep, '\\'), None);
        let all = (0..10_000).filter_map(|_| values.expand("$A$A", '\\'));
        let all: usize = all.map(|value| value.len()).sum();
        assert!(all <= ALL, "{all}");
    }

    #[test]
    fn what_cannot_be_told_hides_what_was_there() {
        let mut values = Variables::new();
        values.set("A", "x".to_owned());
        values.forget("A");
        for (word, expected) in [
            ("$A", None),
            ("${A:-y}", None),
            ("$NO", Some("")),
            ("${NO:-\"y\"}", Some("y")),
            ("'$A'", Some("$A")),
        ] {
            assert_eq!(values.expand(word, '\\').as_deref(), expected, "{word}");
        }
    }
}
