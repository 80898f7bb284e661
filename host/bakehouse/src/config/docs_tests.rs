//! The documentation's snippets, read by what reads the real files.

#[path = "../../../../tests/support/snippets.rs"]
pub(crate) mod snippets;

use std::collections::BTreeSet;
use std::fs;

use snippets::{Snippet, pages, root, snippets};

use super::Project;

/// Pages that show whole files.
const PAGES: [&str; 8] = [
    "docs/apps/binaries.md",
    "docs/apps/cross-compiled.md",
    "docs/apps/dockerfile.md",
    "docs/apps/several-images.md",
    "docs/configuration.md",
    "docs/own-repository.md",
    "docs/testing-without-docker-hub.md",
    "docs/writing-a-recipe.md",
];

/// Lines that say something.
fn lines(text: &str, comment: &str) -> Vec<String> {
    let lines = text.lines().map(|line| line.trim().to_owned());
    lines
        .filter(|line| !line.is_empty() && !line.starts_with(comment))
        .collect()
}

/// The fault of a snippet of TOML, where it has one.
fn fault(snippet: &Snippet) -> Result<(), String> {
    let folder = tempfile::tempdir().unwrap();
    let write = |path: &str, text: &str| {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    let file = snippet.file.as_deref().ok_or("it names no file")?;
    write(
        "bakehouse.toml",
        "registry = \"local\"\nnamespace = \"n\"\n",
    );
    write(file, &snippet.text);
    let project = Project::open(Some(folder.path())).map_err(|error| error.to_string())?;
    match snippet.app() {
        Some(app) => project
            .app(app)
            .map(drop)
            .map_err(|error| error.to_string()),
        None if file == "bakehouse.toml" => Ok(()),
        None if file.ends_with("/Cargo.toml") => {
            let manifest: toml::Table = toml::from_str(&snippet.text).map_err(|e| e.to_string())?;
            let kind = &manifest["lib"]["crate-type"][0];
            (kind.as_str() == Some("cdylib"))
                .then_some(())
                .ok_or_else(|| "it is no recipe's".to_owned())
        }
        None => Err(format!("{file} is no file of a project")),
    }
}

#[test]
fn snippets_are_pieces_of_files_or_files_that_can_be_read() {
    let (mut pages, mut faults, mut pieces) = (BTreeSet::new(), Vec::new(), 0);
    for snippet in snippets() {
        let comment = match snippet.language.as_str() {
            "toml" | "dockerfile" => "#",
            "rust" => "//",
            _ => continue,
        };
        if let Some(original) = snippet.original() {
            pieces += 1;
            let (piece, whole) = (lines(&snippet.text, comment), lines(&original, comment));
            if piece.is_empty() || !whole.windows(piece.len()).any(|part| part == piece) {
                let file = snippet.file.as_deref().unwrap_or_default();
                faults.push(format!("{}: it is no part of {file}", snippet.place));
            }
        } else if snippet.language == "toml"
            && let Err(why) = fault(&snippet)
        {
            faults.push(format!("{}: {why}", snippet.place));
        }
        if snippet.language == "toml" {
            pages.insert(snippet.place.rsplit_once(':').unwrap().0.to_owned());
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    assert_eq!(pages.into_iter().collect::<Vec<_>>(), PAGES);
    assert!(pieces >= 5, "{pieces}");
}

/// A page without its code.
fn prose(text: &str) -> String {
    let mut code = false;
    let lines = text.lines().filter(|line| {
        let fence = line.trim_start().starts_with("```");
        code ^= fence;
        !code && !fence
    });
    lines.map(|line| format!("{line}\n")).collect()
}

/// The anchors of a page's headings, as GitHub makes them.
fn anchors(text: &str) -> Vec<String> {
    let text = prose(text);
    let titles = text.lines().filter_map(|line| {
        let title = line.trim_start_matches('#');
        (title != line).then(|| title.trim().to_lowercase())
    });
    let kept = |c: &char| c.is_alphanumeric() || matches!(c, '-' | '_' | ' ');
    titles
        .map(|title| {
            title
                .chars()
                .filter(kept)
                .collect::<String>()
                .replace(' ', "-")
        })
        .collect()
}

#[test]
fn links_lead_somewhere() {
    let root = root();
    let mut all = [pages("docs"), pages("apps")].concat();
    for page in [
        "README.md",
        "CONTRIBUTING.md",
        "CHANGELOG.md",
        "SECURITY.md",
    ] {
        all.push((
            page.to_owned(),
            fs::read_to_string(root.join(page)).unwrap(),
        ));
    }
    let (mut seen, mut faults) = (0, Vec::new());
    for (page, text) in &all {
        let text = prose(text);
        let targets = text
            .split("](")
            .skip(1)
            .filter_map(|rest| rest.split(')').next());
        for target in targets.filter(|target| !target.contains("://")) {
            seen += 1;
            let (file, anchor) = target.split_once('#').unwrap_or((target, ""));
            let path = root.join(page);
            let path = match file {
                "" => path,
                file => path.parent().unwrap().join(file),
            };
            let there = match (path.is_file(), anchor) {
                (false, _) => path.is_dir(),
                (true, "") => true,
                (true, anchor) => {
                    anchors(&fs::read_to_string(&path).unwrap()).contains(&anchor.to_owned())
                }
            };
            if !there {
                faults.push(format!("{page}: {target}"));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    assert!(seen > 50, "{seen}");
}

#[test]
fn what_cannot_be_read_is_found() {
    let snippet = |file: Option<&str>, text: &str| Snippet {
        place: "page:1".to_owned(),
        language: "toml".to_owned(),
        file: file.map(str::to_owned),
        note: String::new(),
        text: text.to_owned(),
    };
    for (file, text, why) in [
        (None, "", "it names no file"),
        (Some("bakehouse.toml"), "registri = \"local\"\n", "registri"),
        (
            Some("apps/a/app.toml"),
            "recipe = \"a\"\n",
            "apps/a/app.toml:1",
        ),
        (
            Some("apps/a/app.toml"),
            "recipe = \"bakehouse:binaries\"\n[grants]\ndownloads = [\"x\"]\n",
            "apps/a/app.toml:3",
        ),
        (Some("x.toml"), "", "x.toml is no file of a project"),
    ] {
        let fault = fault(&snippet(file, text)).unwrap_err();
        assert!(fault.contains(why), "{fault}");
    }
}
