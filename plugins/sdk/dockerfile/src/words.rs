//! Words of an instruction's arguments.

use std::ops::Range;

/// White space that separates a keyword, its flags and its words.
pub(crate) fn is_blank(byte: u8) -> bool {
    matches!(byte, b'\t' | 0x0b | 0x0c | b'\r' | b' ')
}

/// The words in a range of `text`: what white space separates.
#[must_use]
pub fn words(text: &str, range: Range<usize>) -> Vec<Range<usize>> {
    let bytes = text.as_bytes();
    let mut words = Vec::new();
    let mut start = None;
    for at in range.clone() {
        if is_blank(bytes[at]) {
            words.extend(start.take().map(|start| start..at));
        } else {
            start.get_or_insert(at);
        }
    }
    words.extend(start.map(|start| start..range.end));
    words
}

/// The words of `ARG`, `ENV` and `LABEL` in a range of `text`: white space in
/// quotes and behind an escape separates nothing. Quotes and escapes stay.
#[must_use]
pub fn assignments(text: &str, range: Range<usize>, escape: char) -> Vec<Range<usize>> {
    let mut words = Vec::new();
    let mut start = None;
    let mut quote = None;
    let (from, end) = (range.start, range.end);
    let mut chars = text[range].char_indices();
    while let Some((at, c)) = chars.next() {
        let at = from + at;
        if start.is_none() && c.is_whitespace() {
            continue;
        }
        let begun = *start.get_or_insert(at);
        if quote.is_none() && c.is_whitespace() {
            words.push(begun..at);
            start = None;
        } else if c == escape && quote != Some('\'') {
            if chars.next().is_none() {
                // An escape at the very end counts for nothing.
                words.extend((begun < at).then_some(begun..at));
                return words;
            }
        } else if quote == Some(c) {
            quote = None;
        } else if quote.is_none() && matches!(c, '\'' | '"') {
            quote = Some(c);
        }
    }
    words.extend(start.map(|start| start..end));
    words
}
