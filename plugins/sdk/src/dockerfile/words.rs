//! Words of an instruction's arguments.

use std::ops::Range;

/// Where the words in `text` are, quotes included. Spaces, continued lines and
/// comments between continued lines separate them.
pub(super) fn words(text: &str, escape: char) -> Vec<Range<usize>> {
    let mut words = Vec::new();
    let mut start = None;
    let mut quote = None;
    let mut line_start = false;
    let mut rest = text.char_indices().peekable();
    while let Some((at, c)) = rest.next() {
        let next = rest.peek().map(|(_, c)| *c);
        if quote.is_none() && c == escape && matches!(next, Some('\n' | '\r')) {
            words.extend(start.take().map(|start| start..at));
            while rest.next_if(|(_, c)| *c == '\r').is_some() {}
            rest.next();
            line_start = true;
        } else if quote.is_none() && c.is_whitespace() {
            words.extend(start.take().map(|start| start..at));
        } else if quote.is_none() && line_start && c == '#' {
            while rest.next_if(|(_, c)| *c != '\n').is_some() {}
        } else {
            line_start = false;
            start.get_or_insert(at);
            match (quote, c) {
                (None, '"' | '\'') => quote = Some(c),
                (Some(open), c) if open == c => quote = None,
                (None | Some('"'), c) if c == escape => drop(rest.next()),
                _ => {}
            }
        }
    }
    words.extend(start.map(|start| start..text.len()));
    words
}
