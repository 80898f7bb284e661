//! Escapes for what a terminal, or the runner of a CI job, would obey.

use std::borrow::Cow;
use std::fmt::Write as _;

use serde::Serialize;

/// One line of text, with what would end it, hide in it, reorder it or be
/// obeyed written as an escape: `\n`, `\u{1b}`, `\::error::`, `##\[group]`.
///
/// GitHub's runner (`ActionCommand.cs`) takes `::name ...::` as a command at the
/// beginning of a line, behind any white space, and `##[name ...]` anywhere in
/// it; those of Azure and `TeamCity` take `##vso[...]` and `##teamcity[...]`. GitLab's
/// sections begin with controls.
#[must_use]
pub fn line(text: &str) -> Cow<'_, str> {
    let visible = visible(text);
    if !is_command(&visible) && !visible.contains("##") {
        return visible;
    }
    let mut out = String::with_capacity(visible.len() + 8);
    let mut rest = &*visible;
    if is_command(rest) {
        let (space, command) = rest.split_at(rest.len() - rest.trim_start().len());
        out.push_str(space);
        out.push('\\');
        rest = command;
    }
    while let Some(length) = marker(rest) {
        let (before, bracket) = rest.split_at(length);
        out.push_str(before);
        out.push('\\');
        rest = bracket;
    }
    out.push_str(rest);
    Cow::Owned(out)
}

/// JSON for people and programs: the same value, with its invisible characters
/// and commands to runners in JSON's own escapes.
///
/// # Errors
/// When the value cannot be written as JSON.
pub fn json(value: &(impl Serialize + ?Sized)) -> serde_json::Result<String> {
    serde_json::to_string_pretty(value).map(|json| escaped(&json))
}

/// [`json`] in one line.
///
/// # Errors
/// When the value cannot be written as JSON.
pub fn json_line(value: &(impl Serialize + ?Sized)) -> serde_json::Result<String> {
    serde_json::to_string(value).map(|json| escaped(&json))
}

fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(length) = marker(rest) {
        // Only strings have a `#`.
        let (before, bracket) = rest.split_at(length);
        push_units(&mut out, before);
        out.push_str("\\u005b");
        rest = &bracket[1..];
    }
    push_units(&mut out, rest);
    out
}

/// JSON's text, with its invisible characters in UTF-16 escapes.
fn push_units(out: &mut String, text: &str) {
    for c in text.chars() {
        if c == '\n' || !is_invisible(c) {
            out.push(c);
            continue;
        }
        for unit in c.encode_utf16(&mut [0; 2]) {
            let _ = write!(out, "\\u{unit:04x}");
        }
    }
}

/// The text with its invisible characters as escapes.
fn visible(text: &str) -> Cow<'_, str> {
    if !text.contains(is_invisible) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            c if !is_invisible(c) => out.push(c),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            c => out.extend(c.escape_unicode()),
        }
    }
    Cow::Owned(out)
}

/// Whether GitHub's runner may read the line as `::name ...::`.
fn is_command(line: &str) -> bool {
    let command = line.trim_start().strip_prefix("::");
    command.is_some_and(|rest| rest.contains("::"))
}

/// Bytes before the bracket of the first `##[`, `##vso[` or the like.
fn marker(text: &str) -> Option<usize> {
    let word = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
    text.match_indices('#').find_map(|(at, _)| {
        let rest = text.as_bytes().get(at..)?.strip_prefix(b"##")?;
        let length = rest.iter().take_while(|b| word(b)).count();
        (rest.get(length) == Some(&b'[')).then_some(at + 2 + length)
    })
}

/// Controls, line and paragraph separators, and what Unicode calls "default
/// ignorable": characters that reorder text or take no room. Tabs, and the two
/// that choose between emoji and text, are left as they are.
fn is_invisible(c: char) -> bool {
    c != '\t' && c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}'
            | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0d}' | '\u{feff}'
            | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{1bca0}'..='\u{1bca3}'
            | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_lines_and_command_nothing() {
        for (text, expected) in [
            (
                "plain \u{fc} \u{4e2d}\t#1 a::b ## [x] \u{2714}\u{fe0f}",
                None,
            ),
            ("::1 localhost", None),
            ("  ::error::x", Some("  \\::error::x")),
            (
                "\u{a0}\u{3000}::add-mask::x",
                Some("\u{a0}\u{3000}\\::add-mask::x"),
            ),
            (
                "::ERROR file=a,line=1::x",
                Some("\\::ERROR file=a,line=1::x"),
            ),
            (
                "a ##[add-mask]b ##[error]c",
                Some("a ##\\[add-mask]b ##\\[error]c"),
            ),
            ("###[group]a##", Some("###\\[group]a##")),
            ("##vso[task.setvariable]", Some("##vso\\[task.setvariable]")),
            ("##teamcity[x]", Some("##teamcity\\[x]")),
            ("::error ##[x]::", Some("\\::error ##\\[x]::")),
            (
                "a\r\nb\u{b}c\u{85}d\u{2028}e",
                Some("a\\r\\nb\\u{b}c\\u{85}d\\u{2028}e"),
            ),
            (
                "\u{1b}[2J\u{9b}31m\u{7f}\0",
                Some("\\u{1b}[2J\\u{9b}31m\\u{7f}\\u{0}"),
            ),
            (
                "a\u{202e}b\u{2066}c\u{200b}d\u{feff}e\u{ad}",
                Some("a\\u{202e}b\\u{2066}c\\u{200b}d\\u{feff}e\\u{ad}"),
            ),
            ("\u{e0041}\u{1160}", Some("\\u{e0041}\\u{1160}")),
            (
                "section_start:1:x\r\u{1b}[0K",
                Some("section_start:1:x\\r\\u{1b}[0K"),
            ),
            // What is invisible joins nothing by being left out.
            ("\u{200b}::error::x", Some("\\u{200b}::error::x")),
            ("#\u{200b}#[error]x", Some("#\\u{200b}#[error]x")),
        ] {
            let expected = expected.unwrap_or(text);
            assert_eq!(line(text), expected);
            assert_eq!(line(expected), expected, "a second time");
        }
    }

    #[test]
    fn no_mixture_is_a_command() {
        let parts = [
            ":", "::", "#", "##", "[", "]", "\\", " ", "\t", "\n", "\r", "\u{a0}", "\u{2028}",
            "\u{200b}", "\u{1b}", "error", "x", "\u{e9}",
        ];
        let mut random = fastrand::Rng::with_seed(7);
        for _ in 0..20_000 {
            let count = random.usize(1..12);
            let text: String = (0..count).filter_map(|_| random.choice(parts)).collect();
            let line = line(&text);
            let first = line.trim_start().strip_prefix("::");
            assert!(
                first.is_none_or(|rest| !rest.contains("::")),
                "{text:?}: {line}"
            );
            assert!(
                !line.contains("##[") && !line.contains("##error["),
                "{text:?}: {line}"
            );
            assert!(!line.contains(is_invisible), "{text:?}: {line}");
            assert_eq!(super::line(&line), line, "{text:?}");
        }
    }

    #[test]
    fn json_says_the_same_and_commands_nothing() {
        let value = serde_json::json!({
            "##[error]\u{9b}": ["\u{7f}\u{202e}\u{e0041}\u{2028}", "##[x]##[y] # ##", "a\nb\u{1b}"],
        });
        let text = json(&value).unwrap();
        assert_eq!(
            serde_json::from_str::<serde_json::Value>(&text).unwrap(),
            value
        );
        assert!(!text.contains("##["), "{text}");
        let (line_ends, others) = text
            .chars()
            .filter(|c| is_invisible(*c))
            .partition::<String, _>(|c| *c == '\n');
        assert_eq!((line_ends.len(), others.as_str()), (6, ""), "{text}");
    }
}
