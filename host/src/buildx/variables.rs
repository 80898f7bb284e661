//! Variables in `FROM` lines (Dockerfile reference, "Environment replacement").

use std::collections::BTreeMap;

/// Defaults within defaults that are read; more have no use.
const DEPTH: usize = 16;

/// Replaces `$NAME`, `${NAME}` and `${NAME:-default}` and its like; none for a
/// variable without value, and for forms that are not known here.
pub(super) fn expand(text: &str, values: &BTreeMap<String, String>) -> Option<String> {
    within(DEPTH, text, values)
}

fn within(depth: usize, text: &str, values: &BTreeMap<String, String>) -> Option<String> {
    let mut expanded = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('$') {
        expanded.push_str(before);
        if let Some(braced) = after.strip_prefix('{') {
            let end = closing(braced)?;
            expanded.push_str(&value(depth, braced.get(..end)?, values)?);
            rest = braced.get(end + 1..)?;
        } else {
            let end = name_end(after);
            expanded.push_str(values.get(after.get(..end)?)?);
            rest = after.get(end..)?;
        }
    }
    expanded.push_str(rest);
    Some(expanded)
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

/// What is between the braces.
fn value(depth: usize, inner: &str, values: &BTreeMap<String, String>) -> Option<String> {
    let expand = |text| within(depth.checked_sub(1)?, text, values);
    let (name, operator) = inner.split_at(name_end(inner));
    let value = values.get(name);
    let filled = value.filter(|value| !value.is_empty());
    match operator {
        "" => value.cloned(),
        _ => {
            if let Some(default) = operator.strip_prefix(":-") {
                filled.map_or_else(|| expand(default), |v| Some(v.clone()))
            } else if let Some(default) = operator.strip_prefix('-') {
                value.map_or_else(|| expand(default), |v| Some(v.clone()))
            } else if let Some(other) = operator.strip_prefix(":+") {
                filled.map_or(Some(String::new()), |_| expand(other))
            } else if let Some(other) = operator.strip_prefix('+') {
                value.map_or(Some(String::new()), |_| expand(other))
            } else {
                None
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expands_as_dockerfiles_do() {
        let values = [("A", "x"), ("EMPTY", "")]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into();
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
            assert_eq!(expand(text, &values).as_deref(), expected, "{text}");
        }
    }
}
