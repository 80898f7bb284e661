//! Rows of a terminal: text in several styles.

use super::{Text, escape, width};

/// Columns by which the rest of a row that was broken is indented.
const INDENT: usize = 4;

/// The look of a part of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// As the terminal's own text.
    Plain,
    /// Text that is looked for first.
    Strong,
    /// Text that is worth less.
    Faint,
    /// Something that is well.
    Good,
    /// Something that failed.
    Bad,
    /// Something odd that does not fail.
    Odd,
    /// Something that is at work.
    Busy,
}

impl Style {
    /// The style's parameters (ECMA-48, "Select Graphic Rendition").
    const fn code(self) -> Option<&'static str> {
        match self {
            Self::Plain => None,
            Self::Strong => Some("1"),
            Self::Faint => Some("2"),
            Self::Good => Some("32"),
            Self::Bad => Some("1;31"),
            Self::Odd => Some("33"),
            Self::Busy => Some("36"),
        }
    }

    /// Words of this program's own in this style.
    #[must_use]
    pub fn on(self, words: &str) -> String {
        match self.code() {
            Some(code) => format!("\u{1b}[{code}m{words}\u{1b}[0m"),
            None => words.to_owned(),
        }
    }

    /// Lines, each in this style.
    #[must_use]
    pub fn of_lines(self, text: &Text) -> String {
        let lines = text.as_str().lines();
        lines.map(|line| self.on(line) + "\n").collect()
    }
}

/// One row. Whatever goes into one is shown, not obeyed; see
/// [`line`](super::line).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Row(Vec<(Style, String)>);

impl Row {
    /// An empty row.
    #[must_use]
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// A row with this in it.
    #[must_use]
    pub fn of(style: Style, words: &str) -> Self {
        Self::new().with(style, words)
    }

    /// The same row, with this behind it.
    #[must_use]
    pub fn with(mut self, style: Style, words: &str) -> Self {
        self.push(style, words);
        self
    }

    /// The same row, with another behind it.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        self.0.extend(other.0);
        self
    }

    /// Adds something behind it.
    pub fn push(&mut self, style: Style, words: &str) {
        if !words.is_empty() {
            // A tab is as wide as the terminal wants.
            let words = escape::line(words).replace('\t', "  ");
            self.0.push((style, words));
        }
    }

    /// Columns that it takes.
    #[must_use]
    pub fn columns(&self) -> usize {
        self.0.iter().map(|(_, words)| width::columns(words)).sum()
    }

    /// The row as text.
    #[must_use]
    pub fn plain(&self) -> String {
        let words = self.0.iter().map(|(_, words)| words.as_str());
        // What is nothing in parts may be a command as a whole.
        escape::line(&words.collect::<String>()).into_owned()
    }

    /// The row with its styles.
    #[must_use]
    pub fn styled(&self) -> String {
        let mut out = String::new();
        for (style, words) in &self.0 {
            out.push_str(&style.on(words));
        }
        out
    }

    /// The row in rows of at most so many columns, broken between words, and later
    /// ones indented. A word that is longer stays whole.
    #[must_use]
    pub fn broken(&self, columns: usize) -> Vec<Self> {
        if self.columns() <= columns {
            return vec![self.clone()];
        }
        // A word may have several styles.
        let mut all = vec![Self::new()];
        for (style, words) in &self.0 {
            for (place, word) in words.split(' ').enumerate() {
                if place > 0 {
                    all.push(Self::new());
                }
                if let Some(last) = all.last_mut() {
                    last.push(*style, word);
                }
            }
        }
        let mut rows = Vec::new();
        let (mut row, mut taken) = (Self::new(), 0);
        for (place, word) in all.into_iter().enumerate() {
            let wide = word.columns();
            if taken > INDENT && taken + 1 + wide > columns {
                let next = Self::of(Style::Plain, &" ".repeat(INDENT));
                rows.push(std::mem::replace(&mut row, next));
                taken = INDENT;
            } else if place > 0 {
                row.push(Style::Plain, " ");
                taken += 1;
            }
            taken += wide;
            row = row.and(word);
        }
        rows.push(row);
        rows
    }

    /// The row, cut to so many columns.
    #[must_use]
    pub fn cut(self, columns: usize, mark: &str) -> Self {
        if self.columns() <= columns {
            return self;
        }
        let mut out = Vec::new();
        let mut left = columns;
        let mut parts = self.0.into_iter().peekable();
        while let Some((style, words)) = parts.next() {
            let taken = width::columns(&words);
            let more = parts.peek().is_some();
            if taken < left || (taken == left && !more) {
                left -= taken;
                out.push((style, words));
                continue;
            }
            // Something is behind it, which the mark stands for.
            let marked = if taken == left {
                format!("{words} ")
            } else {
                words
            };
            out.push((style, width::cut(&marked, left, mark).into_owned()));
            break;
        }
        Self(out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_line_has_its_own_style() {
        let mut text = Text::of("+a\u{1b}[2J");
        text.line("+b");
        assert_eq!(
            Style::Good.of_lines(&text),
            "\u{1b}[32m+a\\u{1b}[2J\u{1b}[0m\n\u{1b}[32m+b\u{1b}[0m\n"
        );
        assert_eq!(Style::Plain.of_lines(&text), text.as_str());
    }

    #[test]
    fn a_row_is_broken_between_words_and_keeps_its_styles() {
        let row =
            Row::of(Style::Strong, "==> build: ").with(Style::Plain, "18 targets with default");
        let shown = |columns: usize| {
            let rows = row.broken(columns);
            rows.iter().map(Row::plain).collect::<Vec<_>>()
        };
        assert_eq!(shown(40), [row.plain()]);
        assert_eq!(shown(22), ["==> build: 18 targets", "    with default"]);
        assert_eq!(
            shown(8),
            [
                "==> build:",
                "    18",
                "    targets",
                "    with",
                "    default"
            ]
        );
        assert!(row.broken(22)[0].styled().starts_with("\u{1b}[1m==>"));
    }

    #[test]
    fn parts_make_no_command() {
        let row = Row::of(Style::Plain, "::").with(Style::Bad, "error::x");
        assert_eq!(row.plain(), "\\::error::x");
    }

    #[test]
    fn a_row_is_escaped_and_cut_with_its_styles() {
        let row = Row::of(Style::Bad, "a\u{1b}[2J").with(Style::Plain, "\u{4e2d}\tx");
        assert_eq!(row.plain(), "a\\u{1b}[2J\u{4e2d}  x");
        assert_eq!(row.columns(), 15);
        assert_eq!(row.styled(), "\u{1b}[1;31ma\\u{1b}[2J\u{1b}[0m\u{4e2d}  x");
        for columns in 0..=15 {
            let cut = row.clone().cut(columns, "~");
            assert!(cut.columns() <= columns, "{columns}: {cut:?}");
            let whole = columns == 15;
            assert_eq!(cut.plain().ends_with('~'), !whole && columns > 0, "{cut:?}");
        }
    }
}
