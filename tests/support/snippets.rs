//! Snippets of the documentation: fenced blocks whose first line names a file.

#![allow(dead_code, reason = "unit tests and end-to-end tests each use a part")]

use std::path::{Path, PathBuf};

/// A fenced block.
#[derive(Debug)]
pub(crate) struct Snippet {
    /// The page and the line of its first line.
    pub(crate) place: String,
    /// `toml`, `rust`, ...
    pub(crate) language: String,
    /// The file that it is, or is of; none where its first line names none.
    pub(crate) file: Option<String>,
    /// The words that follow the file's name in that line.
    pub(crate) note: String,
    /// All lines after that one.
    pub(crate) text: String,
}

/// The repository.
pub(crate) fn root() -> PathBuf {
    let host = Path::new(env!("CARGO_MANIFEST_DIR"));
    host.join("../..").canonicalize().unwrap()
}

/// The snippets of all pages in `docs/`.
pub(crate) fn snippets() -> Vec<Snippet> {
    let pages = pages("docs").into_iter();
    pages
        .flat_map(|(page, text)| of_page(&page, &text))
        .collect()
}

/// The pages in a folder of the repository, by their paths from its root.
pub(crate) fn pages(folder: &str) -> Vec<(String, String)> {
    let root = root();
    let mut found = Vec::new();
    let mut todo = vec![root.join(folder)];
    while let Some(folder) = todo.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                todo.push(path);
            } else if path.extension().is_some_and(|end| end == "md") {
                let page = path.strip_prefix(&root).unwrap().display().to_string();
                found.push((page, std::fs::read_to_string(&path).unwrap()));
            }
        }
    }
    found
}

fn of_page(page: &str, text: &str) -> Vec<Snippet> {
    let mut found = Vec::new();
    let mut lines = text.lines().enumerate();
    while let Some((number, line)) = lines.next() {
        let Some(language) = line.trim_start().strip_prefix("```") else {
            continue;
        };
        let block = lines.by_ref().take_while(|(_, line)| line.trim() != "```");
        let block: Vec<&str> = block.map(|(_, line)| line).collect();
        let named = block.first().and_then(|first| {
            let words = first.strip_prefix("# ").or(first.strip_prefix("// "))?;
            let (file, note) = words.split_once(' ').unwrap_or((words, ""));
            let is_path = file.contains('.') && !file.ends_with('.');
            is_path.then(|| (file.to_owned(), note.to_owned()))
        });
        let body = &block[usize::from(named.is_some())..];
        let (file, note) = named.unzip();
        found.push(Snippet {
            place: format!("{page}:{}", number + 2),
            language: language.to_owned(),
            file,
            note: note.unwrap_or_default(),
            text: body.iter().map(|line| format!("{line}\n")).collect(),
        });
    }
    found
}

impl Snippet {
    /// The app whose `app.toml` it is.
    pub(crate) fn app(&self) -> Option<&str> {
        self.file
            .as_deref()?
            .strip_prefix("apps/")?
            .strip_suffix("/app.toml")
    }

    /// The text of the repository's file of this name, where it says that it is of
    /// that one, and there is one.
    pub(crate) fn original(&self) -> Option<String> {
        let file = self.file.as_ref().filter(|_| self.note.is_empty())?;
        // Every project has one.
        if file == "bakehouse.toml" {
            return None;
        }
        std::fs::read_to_string(root().join(file)).ok()
    }
}
