//! The line of a project that an error is about.

use std::cmp::Reverse;
use std::fs;
use std::path::{Path, PathBuf};

use bakehouse_system::storage;

use crate::config::RecipeReference;

/// Shortest beginning of a step that tells it from others, in bytes.
const TELLING: usize = 8;
/// Larger files are not written by hand.
const LARGEST: u64 = 1 << 20;

/// A line of a file of the project.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Location {
    /// Path from the project's root, with `/`.
    pub file: String,
    /// Line, from 1.
    pub line: usize,
}

/// The line that an error message is about:
///
/// - one that names `FILE:LINE` of the project, as those about the
///   configuration and about grants do, says so itself;
/// - a failed build step is looked up by its text in the app's and its recipe's
///   folders, where the Dockerfile was written;
/// - everything else of an app is its app.toml.
#[must_use]
pub fn locate(root: &Path, app: Option<&str>, message: &str) -> Option<Location> {
    if let Some(found) = named(root, message) {
        return Some(found);
    }
    let folder = format!("apps/{}", app?);
    let file = format!("{folder}/app.toml");
    let text = storage::read_text(&root.join(&file), LARGEST).ok()?;
    if let Some(step) = step(message) {
        let mut folders = vec![folder];
        folders.extend(recipe(&text).map(|name| format!("plugins/{name}")));
        if let Some(found) = folders.iter().find_map(|folder| find(root, folder, step)) {
            return Some(found);
        }
    }
    Some(Location { file, line: 1 })
}

/// `FILE:LINE`, or `FILE:LINE:COLUMN`, among the message's words.
fn named(root: &Path, message: &str) -> Option<Location> {
    let words = message.split_whitespace();
    let place = |word| {
        let (file, last) = numbered(word)?;
        Some(numbered(file).unwrap_or((file, last)))
    };
    words
        .filter_map(|word| place(word.trim_end_matches([':', ',', ';'])))
        .find(|(file, _)| {
            let inside = Path::new(file).is_relative() && !file.contains("..");
            inside && root.join(file).is_file()
        })
        .map(|(file, line)| Location {
            file: file.to_owned(),
            line,
        })
}

/// `TEXT:NUMBER`, taken apart.
fn numbered(text: &str) -> Option<(&str, usize)> {
    let (text, number) = text.rsplit_once(':')?;
    Some((text, number.parse().ok()?))
}

/// The instruction in ``step `[stage 2/3] RUN make` failed``.
fn step(message: &str) -> Option<&str> {
    let (_, rest) = message.split_once("step `")?;
    let (name, _) = rest.split_once("` failed")?;
    Some(match name.strip_prefix('[') {
        Some(inner) => inner.split_once("] ")?.1,
        None => name,
    })
}

fn recipe(app_file: &str) -> Option<String> {
    let table: toml::Table = app_file.parse().ok()?;
    match table.get("recipe")?.as_str()?.parse() {
        Ok(RecipeReference::Crate(name)) => Some(name),
        _ => None,
    }
}

/// The line below a folder that begins most like this instruction.
fn find(root: &Path, folder: &str, step: &str) -> Option<Location> {
    let mut best: Option<((usize, Reverse<usize>), Location)> = None;
    for path in files(&root.join(folder)) {
        let Ok(text) = storage::read_text(&path, LARGEST) else {
            continue;
        };
        for (at, line) in text.lines().enumerate() {
            let line = line.trim().trim_end_matches('\\').trim_end();
            let alike = line.bytes().zip(step.bytes()).take_while(|(a, b)| a == b);
            let alike = alike.count();
            let enough = alike >= TELLING && alike >= line.len().min(step.len());
            let score = (alike, Reverse(line.len()));
            if enough && best.as_ref().is_none_or(|(most, _)| score > *most) {
                let file = path.strip_prefix(root).unwrap_or(&path);
                let location = Location {
                    file: file.to_string_lossy().into_owned(),
                    line: at + 1,
                };
                best = Some((score, location));
            }
        }
    }
    best.map(|(_, location)| location)
}

/// Dockerfiles and sources below a folder, sorted.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            let name = entry.file_name().to_string_lossy().to_ascii_lowercase();
            match entry.metadata() {
                Ok(meta) if meta.is_dir() && name != "target" => open.push(entry.path()),
                Ok(meta)
                    if meta.is_file()
                        && meta.len() <= LARGEST
                        && (name.contains("dockerfile") || name.ends_with(".rs")) =>
                {
                    found.push(entry.path());
                }
                _ => {}
            }
        }
    }
    found.sort();
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn project() -> tempfile::TempDir {
        let root = tempfile::tempdir().unwrap();
        let write = |path: &str, text: &str| {
            let path = root.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        write("bakehouse.toml", "a\nb\n");
        write(
            "apps/a/app.toml",
            "recipe = \"plugins/r\"\n\n[grants]\nimages = []\n",
        );
        write(
            "plugins/r/src/lib.rs",
            "const D: &str = \"\\\nFROM x\nRUN cd /work && make \\\\\n    all\nRUN cd /work\n\";\n",
        );
        root
    }

    #[test]
    fn each_kind_of_error_has_its_line() {
        let root = project();
        let found = |app, message| {
            let at = locate(root.path(), app, message)?;
            Some(format!("{}:{}", at.file, at.line))
        };
        let cases = [
            (None, "bakehouse.toml:2: `b`: no", Some("bakehouse.toml:2")),
            (None, "bakehouse.toml:2:7: no", Some("bakehouse.toml:2")),
            (
                Some("a"),
                "a 1 linux/arm64: step `[build 2/2] RUN cd /work && make all` failed: exit code: 1",
                Some("plugins/r/src/lib.rs:3"),
            ),
            (
                Some("a"),
                "a 1 linux/arm64: step `[2/2] RUN cd /work` failed: exit code: 1",
                Some("plugins/r/src/lib.rs:5"),
            ),
            (
                Some("a"),
                "a 1 linux/arm64: step `[2/2] COPY nothing` failed: not found",
                Some("apps/a/app.toml:1"),
            ),
            (
                Some("a"),
                "a has no grant for npm:x; add \"npm:x\" to `releases` under [grants] in apps/a/app.toml:3",
                Some("apps/a/app.toml:3"),
            ),
            (Some("a"), "upstream is down", Some("apps/a/app.toml:1")),
            (Some("gone"), "x", None),
            (None, "/etc/passwd:1: x", None),
            (None, "../x/bakehouse.toml:1: x", None),
        ];
        for (app, message, expected) in cases {
            assert_eq!(found(app, message).as_deref(), expected, "{message}");
        }
    }
}
