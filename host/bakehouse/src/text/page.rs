//! Results for people, as wide as the place where they are shown.

use std::fmt::Display;

use super::{Row, Style, Table, escape, width};

/// Columns below which nothing is broken any more.
const NARROW: usize = 24;

/// Lines in several styles. On a terminal what is too long is broken between
/// words, with its later lines indented; elsewhere a line stays a line, so that
/// other programs find it whole.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Page {
    rows: Vec<Row>,
    /// Columns of the terminal; none where it is shown elsewhere.
    room: Option<usize>,
}

impl Page {
    /// No lines, for a terminal of so many columns.
    #[must_use]
    pub const fn new(room: Option<usize>) -> Self {
        Self {
            rows: Vec::new(),
            room,
        }
    }

    /// Columns that there are; none where there is no end of them.
    #[must_use]
    pub const fn room(&self) -> Option<usize> {
        self.room
    }

    /// Adds one line, which is broken nowhere: a command, or what is short.
    pub fn line(&mut self, words: impl Display) {
        self.row(Row::of(Style::Plain, &words.to_string()));
    }

    /// Adds one row, which is broken nowhere.
    pub fn row(&mut self, row: Row) {
        self.rows.push(row);
    }

    /// Adds one row of words, broken where it has to be.
    pub fn prose(&mut self, row: &Row) {
        self.rows
            .extend(row.broken(self.room.unwrap_or(usize::MAX)));
    }

    /// Adds words behind a label, broken where they have to be.
    pub fn words(&mut self, label: Row, words: impl Display) {
        self.styled_words(label, Style::Plain, words);
    }

    /// The same, in a style.
    pub fn styled_words(&mut self, label: Row, style: Style, words: impl Display) {
        let words = words.to_string();
        let indent = label.columns();
        let room = self.room.map(|room| room.saturating_sub(indent));
        // One word is something to copy.
        let breaks = |room: &usize| *room >= NARROW && words.contains(' ');
        let Some(room) = room.filter(breaks) else {
            return self.row(label.with(style, &words));
        };
        let words = escape::line(&words);
        let mut label = Some(label);
        for line in width::broken(&words, room) {
            let before = label.take();
            let before = before.unwrap_or_else(|| Row::of(Style::Plain, &" ".repeat(indent)));
            self.row(before.with(style, &line));
        }
    }

    /// Adds an empty line.
    pub fn blank(&mut self) {
        self.rows.push(Row::new());
    }

    /// Adds a table.
    pub fn table(&mut self, table: &Table) {
        self.rows.extend(table.rows(self.room));
    }

    /// Adds all lines of another.
    pub fn append(&mut self, other: Self) {
        self.rows.extend(other.rows);
    }

    /// Whether there is no line.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The lines, each with its line end, with their styles or without.
    #[must_use]
    pub fn shown(&self, colours: bool) -> String {
        let rows = self.rows.iter().map(|row| match colours {
            true => row.styled() + "\n",
            false => row.plain() + "\n",
        });
        rows.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_broken_on_a_terminal_and_whole_elsewhere() {
        let label = || Row::of(Style::Faint, "note: ");
        let words = "upstream lists 3 versions now, and had 40 before\n\u{1b}[2J";
        let mut page = Page::new(Some(36));
        page.words(label(), words);
        assert_eq!(
            page.shown(false),
            "note: upstream lists 3 versions now,\n      and had 40 before\\n\\u{1b}[2J\n"
        );
        let mut page = Page::new(None);
        page.words(label(), words);
        assert_eq!(
            page.shown(true),
            "\u{1b}[2mnote: \u{1b}[0mupstream lists 3 versions now, and had 40 before\\n\\u{1b}[2J\n"
        );
        // Where there is next to no room the terminal breaks it itself.
        let mut page = Page::new(Some(20));
        page.words(label(), words);
        assert_eq!(page.shown(false).lines().count(), 1);
    }
}
