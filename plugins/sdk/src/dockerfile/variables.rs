//! Variables in `FROM` lines (Dockerfile reference, "Environment replacement").

use std::collections::BTreeMap;

use parse_dockerfile::Dockerfile;

use super::Editor;
use crate::Platform;

/// Values by name.
pub(super) type Variables = BTreeMap<String, String>;

/// The longest value that is worked out, in bytes: far above any image
/// reference. Lines like `ARG B=$A$A` double what the line before them made.
const LONGEST_VALUE: usize = 4 << 10;
/// The most that all values of one file may take, in bytes.
const ALL_VALUES: usize = 1 << 20;

impl Editor {
    /// What `FROM` lines can use: the target's platform, and the defaults of
    /// `ARG` instructions before the first of them.
    pub(super) fn variables(&self, file: &Dockerfile<'_>, target: &Platform) -> Variables {
        let variant = target.variant.clone().unwrap_or_default();
        let mut variables = Variables::from([
            ("TARGETPLATFORM".to_owned(), target.to_string()),
            ("TARGETOS".to_owned(), target.os.clone()),
            ("TARGETARCH".to_owned(), target.architecture.clone()),
            ("TARGETVARIANT".to_owned(), variant),
        ]);
        let mut left = ALL_VALUES;
        for arg in self.declared(file).into_iter().filter(|arg| arg.global) {
            let text = &self.text[arg.span.clone()];
            let default = text.split_once('=').map(|(_, default)| default);
            let value = default.and_then(|default| expand(default, &variables));
            // A default that is not known hides what the name stood for before.
            if arg.has_default {
                variables.remove(arg.name);
            }
            if let Some(value) = value
                && let Some(rest) = left.checked_sub(arg.name.len() + value.len())
            {
                left = rest;
                variables.insert(arg.name.to_owned(), value);
            }
        }
        variables
    }
}

/// A word without its quotes, `$NAME`, `${NAME}`, `${NAME:-default}` and
/// `${NAME:+other}` replaced; none for a variable without value, and for forms
/// that are not known here, and for more than [`LONGEST_VALUE`].
pub(super) fn expand(word: &str, variables: &Variables) -> Option<String> {
    let mut expanded = String::new();
    let mut rest = word;
    let mut literal = false;
    while let Some(c) = rest.chars().next() {
        rest = &rest[c.len_utf8()..];
        match c {
            '\'' => literal = !literal,
            '"' if !literal => {}
            '$' if !literal => {
                let (value, after) = variable(rest, variables)?;
                expanded.push_str(&value);
                rest = after;
            }
            other => expanded.push(other),
        }
        if expanded.len() > LONGEST_VALUE {
            return None;
        }
    }
    Some(expanded)
}

/// The value of the variable whose name begins `text`, and what follows it.
fn variable<'a>(text: &'a str, variables: &Variables) -> Option<(String, &'a str)> {
    let name_end = |text: &str| {
        text.find(|c: char| !c.is_ascii_alphanumeric() && c != '_')
            .unwrap_or(text.len())
    };
    let Some(braced) = text.strip_prefix('{') else {
        let (name, after) = text.split_at(name_end(text));
        return Some((variables.get(name)?.clone(), after));
    };
    let (inner, after) = braced.split_once('}')?;
    let (name, operator) = inner.split_at(name_end(inner));
    // Defaults within defaults are left to BuildKit.
    if operator.contains('$') {
        return None;
    }
    let value = variables.get(name).cloned();
    let filled = value.clone().filter(|value| !value.is_empty());
    let value = if operator.is_empty() {
        value?
    } else if let Some(default) = operator.strip_prefix(":-") {
        filled.unwrap_or_else(|| default.to_owned())
    } else if let Some(default) = operator.strip_prefix('-') {
        value.unwrap_or_else(|| default.to_owned())
    } else if let Some(other) = operator.strip_prefix(":+") {
        filled.map_or_else(String::new, |_| other.to_owned())
    } else if let Some(other) = operator.strip_prefix('+') {
        value.map_or_else(String::new, |_| other.to_owned())
    } else {
        return None;
    };
    Some((value, after))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_that_grow_without_end_are_not_known() {
        let mut text = "ARG A0=xxxxxxxxxxxxxxxx\n".to_owned();
        for n in 1..64 {
            text += &format!("ARG A{n}=$A{}$A{}\n", n - 1, n - 1);
        }
        let editor = Editor::parse("Dockerfile", &(text + "FROM scratch\n")).unwrap();
        let file = editor.read().unwrap();
        let variables = editor.variables(&file, &crate::platform("linux/arm64"));
        assert_eq!(variables["A2"].len(), 64);
        assert!(!variables.contains_key("A63"));
        let all: usize = variables.values().map(String::len).sum();
        assert!(all < ALL_VALUES);
    }

    #[test]
    fn expands_as_dockerfiles_do() {
        let variables = [("A", "x"), ("EMPTY", "")]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into();
        for (word, expected) in [
            ("plain", Some("plain")),
            ("\"a$A-b\"", Some("ax-b")),
            ("'$A'${A}b", Some("$Axb")),
            ("${NO:-d}${EMPTY:-e}${EMPTY-d}${NO-f}", Some("def")),
            ("${A:+set}${NO:+set}${EMPTY+set}", Some("setset")),
            ("$NO", None),
            ("${NO:-${A}}", None),
            ("${A#x}", None),
            ("${A", None),
            ("$", None),
        ] {
            assert_eq!(expand(word, &variables).as_deref(), expected, "{word}");
        }
    }
}
