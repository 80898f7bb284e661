//! Shell patterns in `${NAME#PATTERN}` and its like (POSIX, XCU 2.13).
//!
//! BuildKit makes regular expressions of them (`shell/lex.go`,
//! `convertShellPatternToRegex`): `*` and `?` without bracket expressions.

use std::ops::Range;

/// Comparisons for one replacement: far above what any tag or platform needs.
const STEPS: usize = 1 << 14;

/// A pattern.
pub(crate) struct Pattern(Vec<Piece>);

#[derive(Clone, Copy, PartialEq, Eq)]
enum Piece {
    Is(char),
    /// `?`
    One,
    /// `*`
    Any,
}

impl Pattern {
    /// None for an escape that BuildKit does not take.
    pub(crate) fn new(text: &str) -> Option<Self> {
        let mut pieces = Vec::new();
        let mut chars = text.chars().peekable();
        while let Some(c) = chars.next() {
            pieces.push(match c {
                '*' => Piece::Any,
                '?' => Piece::One,
                '\\' => match chars.next() {
                    Some(c @ ('}' | '/' | '*' | '?' | '\\')) => Piece::Is(c),
                    _ => return None,
                },
                c => Piece::Is(c),
            });
        }
        Some(Self(pieces))
    }

    /// `value` without the beginning that is like the pattern, the longest or the
    /// shortest; none where that is too much work, or where lines matter.
    pub(crate) fn without_prefix(&self, value: &str, longest: bool) -> Option<String> {
        let value = self.readable(value, 1)?;
        let end = self.end(&value, longest).unwrap_or(0);
        Some(value[end..].iter().collect())
    }

    /// As [`without_prefix`](Self::without_prefix), at the end.
    pub(crate) fn without_suffix(&self, value: &str, longest: bool) -> Option<String> {
        let mut value = self.readable(value, 1)?;
        value.reverse();
        let pieces = self.0.iter().rev().copied().collect();
        let end = Self(pieces).end(&value, longest).unwrap_or(0);
        Some(value[end..].iter().rev().collect())
    }

    /// `value` with what is like the pattern replaced, once or everywhere; none as
    /// in [`without_prefix`](Self::without_prefix).
    pub(crate) fn replace(&self, value: &str, with: &str, all: bool) -> Option<String> {
        // Go reads `$` in it, and finds empty text between other matches.
        let empty = self.0.iter().all(|piece| *piece == Piece::Any);
        if all && (with.contains('$') || empty) {
            return None;
        }
        let value = self.readable(value, value.len() + 1)?;
        let mut replaced = String::new();
        let mut at = 0;
        while let Some(found) = self.find(&value, at) {
            replaced.extend(&value[at..found.start]);
            replaced.push_str(with);
            at = found.end;
            if !all {
                break;
            }
        }
        replaced.extend(&value[at..]);
        Some(replaced)
    }

    /// The characters of a value that is compared as often as `times`.
    fn readable(&self, value: &str, times: usize) -> Option<Vec<char>> {
        let steps = (value.len() + 1).saturating_mul(self.0.len() + 1);
        // In Go's expressions `.` is no line break.
        let fits = steps.saturating_mul(times) <= STEPS && !value.contains('\n');
        fits.then(|| value.chars().collect())
    }

    fn find(&self, value: &[char], from: usize) -> Option<Range<usize>> {
        let mut starts = from..=value.len();
        starts.find_map(|start| Some(start..start + self.end(&value[start..], true)?))
    }

    /// The end of a match that begins with `value`: the last or the first such
    /// place.
    fn end(&self, value: &[char], longest: bool) -> Option<usize> {
        // ends[n]: what was read of the pattern may be the first n characters.
        let mut ends = vec![false; value.len() + 1];
        ends[0] = true;
        for piece in &self.0 {
            if *piece == Piece::Any {
                let first = ends.iter().position(|end| *end)?;
                ends[first..].fill(true);
                continue;
            }
            for at in (0..value.len()).rev() {
                let like = match piece {
                    Piece::Is(c) => value[at] == *c,
                    _ => true,
                };
                ends[at + 1] = ends[at] && like;
            }
            ends[0] = false;
        }
        if longest {
            ends.iter().rposition(|end| *end)
        } else {
            ends.iter().position(|end| *end)
        }
    }
}
