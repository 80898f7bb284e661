//! Pieces of Markdown.

use std::fmt::Write as _;

/// The head of a page that nobody edits.
pub(super) fn head(title: &str, about: &str) -> String {
    format!("# {title}\n\n{about}\n")
}

/// A text as a cell of a table: one line.
pub(super) fn cell(text: &str) -> String {
    text.trim()
        .replace("\n\n", "<br>")
        .replace('\n', " ")
        .replace('|', "\\|")
}

/// Code within a line or a cell.
pub(super) fn code(text: &str) -> String {
    match text {
        "" => String::new(),
        text => format!("`{}`", text.replace('|', "\\|")),
    }
}

/// A table; columns in which no row says anything are left out.
pub(super) fn table(head: &[&str], rows: &[Vec<String>]) -> String {
    let said = |column: &usize| {
        let mut cells = rows.iter().filter_map(|row| row.get(*column));
        cells.any(|cell| !cell.is_empty())
    };
    let columns: Vec<usize> = (0..head.len()).filter(said).collect();
    let line = |cell: &dyn Fn(usize) -> String| {
        let cells = columns.iter().map(|column| match cell(*column) {
            cell if cell.is_empty() => " |".to_owned(),
            cell => format!(" {cell} |"),
        });
        format!("|{}\n", cells.collect::<String>())
    };
    let mut text = line(&|column| head[column].to_owned());
    let _ = writeln!(text, "|{}", "---|".repeat(columns.len()));
    for row in rows {
        text.push_str(&line(&|column| row[column].clone()));
    }
    text
}
