//! Tables that fit where they are shown.

use super::{Row, Style, escape, width};

/// Spaces between two columns.
const GAP: usize = 2;
/// Columns that one that is broken has at least: those of a short digest.
const NARROW: usize = 19;
/// Columns of what is short enough not to be broken.
const SHORT: usize = 10;
/// A cell in which there is nothing.
const NOTHING: &str = "-";

/// A cell, with a shorter form for where there is little room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cell {
    style: Style,
    words: String,
    short: Option<String>,
}

impl Cell {
    /// A cell with these words.
    #[must_use]
    pub fn of(style: Style, words: impl Into<String>) -> Self {
        let words = words.into();
        Self {
            style,
            words: escape::line(&words).replace('\t', "  "),
            short: None,
        }
    }

    /// The same cell in a style.
    #[must_use]
    pub fn styled(self, style: Style) -> Self {
        Self { style, ..self }
    }

    /// The same cell, with a shorter form that says as much.
    #[must_use]
    pub fn or(self, short: impl Into<String>) -> Self {
        let short = short.into();
        Self {
            short: Some(escape::line(&short).into_owned()),
            ..self
        }
    }

    fn words(&self, short: bool) -> &str {
        match &self.short {
            Some(words) if short => words,
            _ => &self.words,
        }
    }
}

impl<W: Into<String>> From<W> for Cell {
    fn from(words: W) -> Self {
        Self::of(Style::Plain, words)
    }
}

/// Rows of cells below a head. Where there is no end of room each is one line, so
/// that other programs find it whole. On a terminal that is too narrow, cells are
/// first shown in their shorter forms, then broken between words; and where that
/// is not enough, each row is a paragraph. Nothing is cut off.
#[derive(Debug, Clone, Default)]
pub struct Table {
    head: Vec<&'static str>,
    rows: Vec<Vec<Cell>>,
}

impl Table {
    /// A table of these columns.
    #[must_use]
    pub fn new(head: &[&'static str]) -> Self {
        Self {
            head: head.to_vec(),
            rows: Vec::new(),
        }
    }

    /// Adds a row.
    pub fn row<const N: usize>(&mut self, cells: [Cell; N]) {
        self.rows.push(cells.into());
    }

    /// Whether it has a head alone.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The rows for so many columns.
    pub(super) fn rows(&self, room: Option<usize>) -> Vec<Row> {
        let mut short = vec![false; self.head.len()];
        let Some(room) = room else {
            return self.lines(&self.widths(&short), &short);
        };
        // The last one first: what names a row is at its beginning.
        for column in (0..self.head.len()).rev() {
            if total(&self.widths(&short)) <= room {
                break;
            }
            if let Some(short) = short.get_mut(column) {
                *short = true;
            }
        }
        let mut widths = self.widths(&short);
        let least: Vec<usize> = (0..widths.len())
            .map(|column| self.least(column, &short))
            .collect();
        let mut over = total(&widths).saturating_sub(room);
        // The widest is broken first.
        while over > 0 {
            let breakable = |column: &usize| widths.get(*column) > least.get(*column);
            let widest = (0..widths.len())
                .filter(breakable)
                .max_by_key(|column| widths.get(*column).copied());
            let Some(column) = widest else {
                return self.paragraphs(room);
            };
            if let Some(width) = widths.get_mut(column) {
                *width -= 1;
                over -= 1;
            }
        }
        self.lines(&widths, &short)
    }

    /// Leaves out a column that says the same as another one in all rows, where
    /// there is an end of the room.
    #[must_use]
    pub fn without(mut self, name: &str, same_as: &str, room: Option<usize>) -> Self {
        let place = |name: &str| self.head.iter().position(|head| *head == name);
        let (Some(place), Some(other)) = (place(name), place(same_as)) else {
            return self;
        };
        let words = |row: &Vec<Cell>, place: usize| row.get(place).map(|cell| cell.words.clone());
        let mut rows = self.rows.iter();
        if room.is_some() && rows.all(|row| words(row, place) == words(row, other)) {
            self.head.remove(place);
            self.rows.iter_mut().for_each(|row| {
                row.remove(place);
            });
        }
        self
    }

    /// Columns that each column takes.
    fn widths(&self, short: &[bool]) -> Vec<usize> {
        let widest = |(column, head): (usize, &&str)| {
            let short = short.get(column).copied().unwrap_or_default();
            let cells = self.rows.iter().filter_map(|row| row.get(column));
            let cells = cells.map(|cell| width::columns(cell.words(short)));
            cells.max().unwrap_or(0).max(width::columns(head))
        };
        self.head.iter().enumerate().map(widest).collect()
    }

    /// Columns that a column takes at least: those of its head and of its longest
    /// word, where that is no long one.
    fn least(&self, column: usize, short: &[bool]) -> usize {
        let short = short.get(column).copied().unwrap_or_default();
        let cells = self.rows.iter().filter_map(|row| row.get(column));
        let words = cells.map(|cell| cell.words(short));
        // An amount and its unit stay together.
        let words = words.flat_map(|words| match width::columns(words) <= SHORT {
            true => vec![words],
            false => words.split(' ').collect(),
        });
        let longest = words.map(width::columns).max().unwrap_or(0);
        let head = self.head.get(column).map_or(0, |head| width::columns(head));
        // What names a row is not broken.
        let most = if column == 0 { usize::MAX } else { NARROW };
        longest.min(most).max(head)
    }

    /// Each row in as many lines as its highest cell has.
    fn lines(&self, widths: &[usize], short: &[bool]) -> Vec<Row> {
        let head = self.head.iter().map(|name| Cell::of(Style::Faint, *name));
        let head: Vec<Cell> = head.collect();
        let mut out = Vec::new();
        for row in std::iter::once(&head).chain(&self.rows) {
            let cells: Vec<(Style, Vec<String>)> = row
                .iter()
                .zip(widths)
                .zip(short)
                .map(|((cell, width), short)| {
                    (cell.style, width::broken(cell.words(*short), *width))
                })
                .collect();
            let high = cells.iter().map(|(_, lines)| lines.len()).max();
            for line in 0..high.unwrap_or(0) {
                let mut shown = Row::new();
                let mut behind = 0;
                for ((style, lines), width) in cells.iter().zip(widths) {
                    let words = lines.get(line).map_or("", String::as_str);
                    if !words.is_empty() {
                        shown.push(Style::Plain, &" ".repeat(behind));
                        shown.push(*style, words);
                        behind = 0;
                    }
                    behind += width.saturating_sub(width::columns(words)) + GAP;
                }
                out.push(shown);
            }
        }
        out
    }

    /// Each row as a paragraph: its first cell, and a line for each other one that
    /// has anything in it.
    fn paragraphs(&self, room: usize) -> Vec<Row> {
        let names = self.head.iter().skip(1).map(|name| width::columns(name));
        let indent = names.max().unwrap_or(0) + 2 * GAP;
        let mut out = Vec::new();
        for row in &self.rows {
            if !out.is_empty() {
                out.push(Row::new());
            }
            let named = self.head.iter().zip(row);
            for (place, (name, cell)) in named.enumerate() {
                let style = cell.style;
                if place == 0 {
                    let lines = width::broken(cell.words(true), room);
                    out.extend(lines.iter().map(|line| Row::of(Style::Strong, line)));
                    continue;
                }
                if cell.words == NOTHING {
                    continue;
                }
                let name = format!("  {}", name.to_lowercase());
                let mut name = width::padded(&name, indent);
                for line in width::broken(cell.words(true), room.saturating_sub(indent).max(1)) {
                    out.push(Row::of(Style::Faint, &name).with(style, &line));
                    name = " ".repeat(indent);
                }
            }
        }
        out
    }
}

/// Columns of a whole line.
fn total(widths: &[usize]) -> usize {
    widths.iter().sum::<usize>() + widths.len().saturating_sub(1) * GAP
}

#[cfg(test)]
mod tests {
    use super::*;

    const DIGEST: &str = "sha256:07b7f89ff13fbbfb93b82f9958ae7acdf828d0f28cdf5ac96d229a7eb16332a0";

    fn table() -> Table {
        let mut table = Table::new(&["IMAGE", "DIGEST", "PLATFORMS", "WHY"]);
        let digest = || Cell::from(DIGEST).or("sha256:07b7f89ff13f");
        let both = "linux/amd64, linux/arm64";
        table.row(["esbuild".into(), digest(), both.into(), "-".into()]);
        let why = "\u{7ffb}\u{8bd1}\u{5931}\u{8d25} \u{1f680} and more of it\n";
        let why = Cell::of(Style::Bad, why);
        table.row(["outline".into(), digest(), "linux/arm64".into(), why]);
        table
    }

    fn shown(room: Option<usize>) -> String {
        let rows = table().rows(room);
        if let Some(room) = room {
            let widest = rows.iter().map(Row::columns).max().unwrap();
            assert!(widest <= room, "{room}: {rows:?}");
        }
        rows.iter().map(|row| row.plain() + "\n").collect()
    }

    #[test]
    fn a_table_is_whole_shorter_broken_or_in_paragraphs() {
        let whole = shown(None);
        assert_eq!(whole.lines().count(), 3, "{whole}");
        assert_eq!(whole, shown(Some(200)));
        assert!(whole.contains(DIGEST) && whole.lines().all(|line| !line.ends_with(' ')));
        let mut all = String::new();
        for room in [100, 80, 50, 30] {
            all.push_str(&format!("{room}:\n{}", shown(Some(room))));
        }
        insta::assert_snapshot!(all);
    }

    #[test]
    fn nothing_is_lost_at_any_width() {
        let bare = |text: &str| text.replace([' ', '\n'], "");
        for room in 20..130 {
            let shown = bare(&shown(Some(room)));
            for words in [
                "esbuild",
                "sha256:07b7f89ff13f",
                "\u{7ffb}\u{8bd1}\u{5931}\u{8d25}\u{1f680}",
            ] {
                assert!(shown.contains(words), "{room}: {shown}");
            }
        }
    }

    #[test]
    fn styles_are_of_the_words_alone() {
        let rows = table().rows(None);
        assert!(
            rows[0]
                .styled()
                .starts_with("\u{1b}[2mIMAGE\u{1b}[0m    \u{1b}[2mDIGEST")
        );
        assert!(
            rows[2].styled().contains("  \u{1b}[1;31m\u{7ffb}"),
            "{:?}",
            rows[2]
        );
    }
}
