//! Columns that text takes on a terminal (Unicode Standard Annex 11).

use std::borrow::Cow;

use unicode_width::UnicodeWidthChar as _;

/// Columns of a line without controls.
#[must_use]
pub fn columns(line: &str) -> usize {
    line.chars().map(of_char).sum()
}

/// A line that takes at most so many columns: where it took more, its end is cut
/// off and marked.
#[must_use]
pub fn cut<'a>(line: &'a str, columns: usize, mark: &str) -> Cow<'a, str> {
    if self::columns(line) <= columns {
        return Cow::Borrowed(line);
    }
    let marked = self::columns(mark);
    let (mark, room) = match columns.checked_sub(marked) {
        Some(room) => (mark, room),
        None => ("", columns),
    };
    let mut out = String::new();
    let mut taken = 0;
    for c in line.chars() {
        taken += of_char(c);
        if taken > room {
            break;
        }
        out.push(c);
    }
    out.push_str(mark);
    Cow::Owned(out)
}

/// A line with spaces behind it, up to so many columns.
#[must_use]
pub fn padded(line: &str, columns: usize) -> String {
    let missing = columns.saturating_sub(self::columns(line));
    format!("{line}{}", " ".repeat(missing))
}

/// A line in pieces of at most so many columns: broken between words, and within
/// one that is longer than that. There is one piece at least.
#[must_use]
pub fn broken(line: &str, columns: usize) -> Vec<String> {
    if self::columns(line) <= columns {
        return vec![line.to_owned()];
    }
    let mut pieces = Vec::new();
    let (mut piece, mut taken) = (String::new(), 0);
    for word in line.split(' ') {
        let wide = self::columns(word);
        if taken > 0 && taken + 1 + wide > columns {
            pieces.push(std::mem::take(&mut piece));
            taken = 0;
        } else if !piece.is_empty() || taken > 0 {
            piece.push(' ');
            taken += 1;
        }
        for c in word.chars() {
            let wide = of_char(c);
            if taken > 0 && taken + wide > columns {
                pieces.push(std::mem::take(&mut piece));
                taken = 0;
            }
            piece.push(c);
            taken += wide;
        }
    }
    pieces.push(piece);
    pieces
}

fn of_char(c: char) -> usize {
    c.width().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_cut_where_its_columns_end() {
        for (line, room, expected) in [
            ("abc", 3, "abc"),
            ("abcd", 3, "ab\u{2026}"),
            ("\u{4e2d}\u{6587}x", 5, "\u{4e2d}\u{6587}x"),
            ("\u{4e2d}\u{6587}xy", 5, "\u{4e2d}\u{6587}\u{2026}"),
            // Half of a wide character is none.
            ("\u{4e2d}\u{6587}x", 4, "\u{4e2d}\u{2026}"),
            ("e\u{301}e\u{301}e\u{301}", 3, "e\u{301}e\u{301}e\u{301}"),
            ("abc", 1, "\u{2026}"),
            ("abc", 0, ""),
        ] {
            let shown = cut(line, room, "\u{2026}");
            assert_eq!(shown, expected, "{line}");
            assert!(columns(&shown) <= room, "{line}");
        }
        assert_eq!(cut("abc", 2, "..."), "ab");
    }

    #[test]
    fn a_line_is_broken_between_words_and_within_long_ones() {
        for (line, room, expected) in [
            ("a bc def", 8, &["a bc def"][..]),
            ("a bc def", 7, &["a bc", "def"]),
            ("a bc def", 3, &["a", "bc", "def"]),
            ("a abcdefgh i", 4, &["a", "abcd", "efgh", "i"]),
            (
                "\u{4e2d}\u{6587}\u{4e2d} x",
                5,
                &["\u{4e2d}\u{6587}", "\u{4e2d} x"],
            ),
            ("\u{4e2d}", 1, &["\u{4e2d}"]),
            ("", 4, &[""]),
        ] {
            assert_eq!(broken(line, room), expected, "{line}");
        }
    }

    #[test]
    fn a_line_is_filled_up() {
        assert_eq!(padded("\u{4e2d}", 4), "\u{4e2d}  ");
        assert_eq!(padded("abc", 2), "abc");
    }
}
