//! Rows at the bottom of a terminal that are drawn again and again, below
//! everything else that is written.
//!
//! The cursor stands below them, at the beginning of a line, where a terminal
//! writes `^C`. A terminal that was made narrower has broken the rows that no
//! longer fit, so how many lines they take is counted by its width of now.
//!
//! Lines that go are cleared one by one. tmux remembers which lines it has broken
//! until one is cleared as a whole, and joins them again in a wider window, where
//! the rows then were fewer lines than is counted, and lines above them would be
//! lost. And it puts into its history what is cleared from the top of a screen to
//! its end at once (`scroll-on-clear`).

use crate::text::Row;

/// Begins and ends what the terminal shows at once (DEC private mode 2026);
/// terminals that do not know it ignore it.
const BEGIN: &str = "\u{1b}[?2026h";
const END: &str = "\u{1b}[?2026l";
/// Clears the rest of the line, or of the screen (ECMA-48, "Erase in Line",
/// "Erase in Page").
const CLEAR_LINE: &str = "\u{1b}[K";
const CLEAR_BELOW: &str = "\u{1b}[J";
/// Clears the line, and moves to the next if there is one.
const WIPE_LINE: &str = "\u{1b}[2K\u{1b}[B";

/// The rows that are drawn.
#[derive(Debug, Default)]
pub(super) struct Screen {
    rows: Vec<Row>,
    columns: usize,
}

impl Screen {
    /// No rows.
    pub(super) const fn new() -> Self {
        Self {
            rows: Vec::new(),
            columns: 0,
        }
    }

    /// The bytes that draw these rows in place of those that are there; none where they are
    /// the same.
    pub(super) fn draw(&mut self, rows: Vec<Row>, columns: usize, colours: bool) -> Option<String> {
        if rows == self.rows && (columns == self.columns || rows.is_empty()) {
            return None;
        }
        let top = match columns == self.columns && !rows.is_empty() {
            true => self.to_the_top(columns),
            false => self.wiped(columns),
        };
        let mut out = format!("{BEGIN}{top}");
        for row in &rows {
            out.push_str(&match colours {
                true => row.styled(),
                false => row.plain(),
            });
            out.push_str(CLEAR_LINE);
            out.push('\n');
        }
        out.push_str(CLEAR_BELOW);
        out.push_str(END);
        (self.rows, self.columns) = (rows, columns);
        Some(out)
    }

    /// The bytes that write whole lines above the rows.
    pub(super) fn above(&mut self, lines: &str, columns: usize, colours: bool) -> String {
        if self.rows.is_empty() {
            return lines.to_owned();
        }
        let rows = std::mem::take(&mut self.rows);
        let top = {
            let drawn = Self {
                rows: rows.clone(),
                columns,
            };
            drawn.wiped(columns)
        };
        let again = self.draw(rows, columns, colours).unwrap_or_default();
        format!("{BEGIN}{top}{lines}{again}")
    }

    /// The bytes that take the rows away; none where there are none.
    pub(super) fn clear(&mut self, columns: usize) -> Option<String> {
        self.draw(Vec::new(), columns, false)
    }

    /// The lines that the rows take.
    fn lines(&self, columns: usize) -> usize {
        let lines = |row: &Row| row.columns().div_ceil(columns.max(1)).max(1);
        self.rows.iter().map(lines).sum()
    }

    /// The bytes that move the cursor to the first row.
    fn to_the_top(&self, columns: usize) -> String {
        match self.lines(columns) {
            0 => "\r".to_owned(),
            up => format!("\r\u{1b}[{up}A"),
        }
    }

    /// The bytes that clear the rows, and move the cursor to where the first was.
    fn wiped(&self, columns: usize) -> String {
        let top = self.to_the_top(columns);
        match self.lines(columns) {
            0 => top,
            lines => format!("{top}{}{top}", WIPE_LINE.repeat(lines)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Style;

    fn rows(words: &[&str]) -> Vec<Row> {
        words
            .iter()
            .map(|words| Row::of(Style::Busy, words))
            .collect()
    }

    #[test]
    fn rows_stay_below_what_is_written() {
        let mut screen = Screen::new();
        assert_eq!(screen.above("a\n", 80, true), "a\n");
        let drawn = screen.draw(rows(&["one", "two"]), 80, false).unwrap();
        assert_eq!(
            drawn,
            format!("{BEGIN}\rone\u{1b}[K\ntwo\u{1b}[K\n\u{1b}[J{END}")
        );
        assert_eq!(screen.draw(rows(&["one", "two"]), 80, false), None);
        let above = screen.above("b\n", 80, false);
        assert!(
            above.starts_with(&format!(
                "{BEGIN}\r\u{1b}[2A{WIPE_LINE}{WIPE_LINE}\r\u{1b}[2Ab\n"
            )),
            "{above:?}"
        );
        assert!(above.contains("one\u{1b}[K\ntwo"), "{above:?}");
        assert_eq!(
            screen.clear(80).unwrap(),
            format!("{BEGIN}\r\u{1b}[2A{WIPE_LINE}{WIPE_LINE}\r\u{1b}[2A\u{1b}[J{END}")
        );
        assert_eq!(screen.clear(80), None);
        assert_eq!(screen.above("c\n", 80, true), "c\n");
    }

    #[test]
    fn a_terminal_that_became_narrower_has_broken_the_rows() {
        let mut screen = Screen::new();
        screen.draw(
            rows(&[&"x".repeat(79), "y", &"\u{4e2d}".repeat(30)]),
            80,
            true,
        );
        let drawn = screen.draw(rows(&["x"]), 40, true).unwrap();
        // Two lines, one, and two.
        let wiped = format!("\r\u{1b}[5A{}\r\u{1b}[5A", WIPE_LINE.repeat(5));
        assert!(drawn.contains(&wiped), "{drawn:?}");
        // The same rows are drawn again where only the width is another.
        assert!(screen.draw(rows(&["x"]), 100, true).is_some());
    }
}
