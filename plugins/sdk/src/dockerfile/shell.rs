//! Commands of a `RUN` step's shell text.

use std::ops::Range;

/// Where the commands in `text` are: what `&&`, `||`, `;`, a single `&` and line
/// ends separate, without the words of shell grammar before them (`if`, `then`,
/// `!`, ...). A pipeline is one command.
///
/// This follows quotes, escapes, command substitution and comments as far as
/// finding separators needs it, and is no shell.
pub(super) fn commands(text: &str, escape: char) -> Vec<Range<usize>> {
    let mut commands = Vec::new();
    let mut start = 0;
    let mut quote = None;
    let mut depth = 0_usize;
    let mut line_start = true;
    let mut rest = text.char_indices().peekable();
    while let Some((at, c)) = rest.next() {
        let next = rest.peek().map(|(_, c)| *c);
        match (quote, c) {
            (Some('\''), '\'') => quote = None,
            (Some('\''), _) => {}
            (_, c) if c == escape || c == '\\' => {
                let continued = matches!(next, Some('\n' | '\r'));
                while rest.next_if(|(_, c)| *c == '\r').is_some() {}
                rest.next();
                line_start = continued;
                continue;
            }
            (Some(open), c) if open == c => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'') => quote = Some(c),
            (None, '#') if line_start => {
                // A comment between continued lines; separators in it are none.
                while rest.next_if(|(_, c)| *c != '\n').is_some() {}
                rest.next();
                if text[start..at].trim().is_empty() {
                    start = rest.peek().map_or(text.len(), |(at, _)| *at);
                }
                continue;
            }
            (None, '(') if at > 0 && text[..at].ends_with('$') => depth += 1,
            (None, '(') if depth > 0 => depth += 1,
            (None, ')') if depth > 0 => depth -= 1,
            (None, '&') if text[..at].ends_with('>') || next == Some('>') => {}
            (None, '&' | ';' | '\n' | '(' | ')') if depth == 0 => {
                commands.push(start..at);
                start = at + 1;
            }
            (None, '|') if depth == 0 && next == Some('|') => {
                commands.push(start..at);
                rest.next();
                start = at + 2;
            }
            _ => {}
        }
        line_start = c == '\n' || (line_start && c.is_whitespace());
    }
    commands.push(start..text.len());
    commands
        .into_iter()
        .map(|range| bare(text, range, escape))
        .filter(|range| !range.is_empty())
        .collect()
}

/// Leaves out space, continued line ends and grammar at the ends.
fn bare(text: &str, range: Range<usize>, escape: char) -> Range<usize> {
    const GRAMMAR: &[&str] = &[
        "if", "then", "else", "elif", "while", "until", "do", "!", "{", "time",
    ];
    let mut piece = &text[range.clone()];
    loop {
        let before = piece.len();
        piece = piece.trim_start();
        if let Some(rest) = piece.strip_prefix(escape)
            && rest.starts_with(['\n', '\r'])
        {
            piece = rest;
        }
        if piece.starts_with('#') {
            piece = piece.split_once('\n').map_or("", |(_, rest)| rest);
        }
        for word in GRAMMAR {
            if let Some(rest) = piece.strip_prefix(word)
                && rest.starts_with(char::is_whitespace)
            {
                piece = rest;
            }
        }
        if piece.len() == before {
            break;
        }
    }
    let start = range.end - piece.len();
    loop {
        let before = piece.len();
        piece = piece.trim_end();
        // Only a line's end leaves an escape at the end of a command.
        piece = piece.strip_suffix(escape).unwrap_or(piece);
        if piece.len() == before {
            break;
        }
    }
    start..start + piece.len()
}
