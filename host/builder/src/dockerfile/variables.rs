//! Variables in `FROM` lines (Dockerfile reference, "Environment replacement").

use std::collections::BTreeMap;

/// Defaults within defaults that are read; more have no use.
const DEPTH: usize = 16;
/// Bytes of a value that is read: no image or platform has as many.
const VALUE: usize = 4096;
/// Bytes of all values of one Dockerfile.
const ALL: usize = 4 << 20;

/// Variables that have a value, and how much more of them is read.
pub(crate) struct Variables {
    values: BTreeMap<String, String>,
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
        self.values.insert(name.to_owned(), value);
    }

    /// Replaces `$NAME`, `${NAME}` and `${NAME:-default}` and its like; none for
    /// a variable without value, for forms that are not known here, and for
    /// what is longer than any use of it.
    pub(crate) fn expand(&mut self, text: &str) -> Option<String> {
        let mut expanded = String::new();
        let done = within(DEPTH, text, &self.values, &mut expanded);
        self.left = self.left.checked_sub(expanded.len())?;
        done.map(|()| expanded)
    }
}

/// Appends to `expanded`; none is as in [`Variables::expand`].
fn within(
    depth: usize,
    text: &str,
    values: &BTreeMap<String, String>,
    expanded: &mut String,
) -> Option<()> {
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('$') {
        push(expanded, before)?;
        if let Some(braced) = after.strip_prefix('{') {
            let end = closing(braced)?;
            value(depth, braced.get(..end)?, values, expanded)?;
            rest = braced.get(end + 1..)?;
        } else {
            let end = name_end(after);
            push(expanded, values.get(after.get(..end)?)?)?;
            rest = after.get(end..)?;
        }
    }
    push(expanded, rest)
}

/// Appends within the bound.
fn push(expanded: &mut String, text: &str) -> Option<()> {
    let fits = expanded.len().saturating_add(text.len()) <= VALUE;
    fits.then(|| expanded.push_str(text))
}

/// Where the brace ends that was opened before `text`.
fn closing(text: &str) -> Option<usize> {
    let mut open = 1;
    for (at, c) in text.char_indices() {
        match c {
            '{' => open += 1,
            '}' => open -= 1,
            _ => {}
        }
        if open == 0 {
            return Some(at);
        }
    }
    None
}

fn name_end(text: &str) -> usize {
    text.find(|c: char| !c.is_ascii_alphanumeric() && c != '_')
        .unwrap_or(text.len())
}

/// Appends what is between the braces.
fn value(
    depth: usize,
    inner: &str,
    values: &BTreeMap<String, String>,
    expanded: &mut String,
) -> Option<()> {
    let (name, operator) = inner.split_at(name_end(inner));
    let value = values.get(name);
    let filled = value.filter(|value| !value.is_empty());
    let (present, other) = match operator {
        "" => return push(expanded, value?),
        _ => match operator.strip_prefix(':') {
            Some(other) => (filled, other),
            None => (value, operator),
        },
    };
    let mut expand = |text| within(depth.checked_sub(1)?, text, values, expanded);
    match (other.strip_prefix('-'), other.strip_prefix('+'), present) {
        (Some(_), _, Some(value)) => push(expanded, value),
        (Some(default), _, None) => expand(default),
        (_, Some(other), Some(_)) => expand(other),
        (_, Some(_), None) => Some(()),
        (None, None, _) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expands_as_dockerfiles_do() {
        let mut values = Variables::new();
        values.set("A", "x".to_owned());
        values.set("EMPTY", String::new());
        let deep = format!("{}{}", "${NO:-".repeat(100_000), "}".repeat(100_000));
        for (text, expected) in [
            ("plain", Some("plain")),
            ("a$A-b", Some("ax-b")),
            ("${A}b", Some("xb")),
            ("${NO:-d}${EMPTY:-$A}${EMPTY-d}", Some("dx")),
            ("${NO:-${A}y}", Some("xy")),
            ("${A:+set}${NO:+set}${EMPTY+set}", Some("setset")),
            ("$NO", None),
            ("${A#x}", None),
            ("${A", None),
            (deep.as_str(), None),
        ] {
            assert_eq!(values.expand(text).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn values_are_bounded_each_and_all() {
        let mut values = Variables::new();
        values.set("A", "x".repeat(VALUE / 2));
        values.set("LONG", "x".repeat(VALUE + 1));
        assert_eq!(values.expand("$A$A").unwrap().len(), VALUE);
        assert_eq!(values.expand("$A${A}x"), None);
        assert_eq!(values.expand("$LONG"), None);
        assert_eq!(values.expand(&"$A".repeat(1 << 18)), None);
        let all = (0..10_000).filter_map(|_| values.expand("$A$A"));
        let all: usize = all.map(|value| value.len()).sum();
        assert!(all <= ALL, "{all}");
    }
}
