//! The table of regressions, `tests/cases`: kinds of fault that were found, each
//! with the tests that keep it from coming back.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde::Deserialize;

/// One kind of fault: `tests/cases/KIND/case.toml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    /// The general rule that was broken.
    kind: String,
    /// What the program did.
    seen: String,
    /// What it does instead.
    expected: String,
    /// Public reports of the same kind.
    #[serde(default)]
    origin: Vec<String>,
    /// Paths of tests, `it::run_test::name` or `CRATE::module::tests::name`.
    tests: Vec<String>,
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .ancestors()
        .nth(2)
        .unwrap()
}

fn names(folder: &Path) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
        .map(|entry| entry.unwrap().path())
        .collect();
    found.sort();
    found
}

/// All files below a folder that are not built.
fn files(folder: &Path) -> Vec<PathBuf> {
    let below = |path: PathBuf| match path.is_dir() {
        true if path.ends_with("target") || path.ends_with(".git") => Vec::new(),
        true => files(&path),
        false => vec![path],
    };
    names(folder).into_iter().flat_map(below).collect()
}

/// The cases, by the names of their folders.
fn cases() -> BTreeMap<String, Case> {
    let folders = names(&root().join("tests/cases")).into_iter();
    let read = |folder: PathBuf| {
        let file = folder.join("case.toml");
        let text = fs::read_to_string(&file).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
        let case = toml::from_str(&text).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
        (
            folder.file_name().unwrap().to_str().unwrap().to_owned(),
            case,
        )
    };
    folders.filter(|path| path.is_dir()).map(read).collect()
}

/// Names of the tests of the program's crates, as `cargo test` prints them
/// behind the crate's name.
fn tests() -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let folders = ["host", "plugins", "tests"].map(|folder| root().join(folder));
    let manifests = folders.iter().flat_map(|folder| files(folder));
    for manifest in manifests.filter(|file| file.ends_with("Cargo.toml")) {
        let folder = manifest.parent().unwrap();
        let manifest = fs::read_to_string(&manifest).unwrap();
        let manifest: toml::Table = manifest.parse().unwrap();
        let name = &crate_name(manifest["package"]["name"].as_str().unwrap());
        for file in ["src/lib.rs", "src/main.rs"] {
            walk(&folder.join(file), true, name, &mut found);
        }
        let own = folder.join("tests");
        for test in own.is_dir().then(|| names(&own)).into_iter().flatten() {
            let file = match test.is_dir() {
                true => test.join("main.rs"),
                false => test,
            };
            walk(&file, true, name, &mut found);
        }
    }
    walk(&root().join("tests/main.rs"), true, "it", &mut found);
    found
}

/// A package's name as it is in code.
fn crate_name(package: &str) -> String {
    package.replace('-', "_")
}

/// The tests of one source file and of the files of its modules. `owner`: its
/// modules are beside it, not in a folder of its name.
fn walk(file: &Path, owner: bool, module: &str, found: &mut BTreeSet<String>) {
    let Ok(text) = fs::read_to_string(file) else {
        return;
    };
    let source = syn::parse_file(&text).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
    let here = file.parent().unwrap();
    let below = if owner {
        here.to_owned()
    } else {
        file.with_extension("")
    };
    items(&source.items, here, &below, module, found);
}

fn items(
    items: &[syn::Item],
    here: &Path,
    below: &Path,
    module: &str,
    found: &mut BTreeSet<String>,
) {
    for item in items {
        match item {
            syn::Item::Fn(function) if is_test(&function.attrs) => {
                found.insert(format!("{module}::{}", function.sig.ident));
            }
            syn::Item::Mod(inner) => {
                let name = inner.ident.to_string();
                let path = format!("{module}::{name}");
                match (&inner.content, explicit(&inner.attrs)) {
                    (Some((_, content)), _) => {
                        let folder = below.join(&name);
                        self::items(content, &folder, &folder, &path, found);
                    }
                    (None, Some(file)) => walk(&here.join(file), false, &path, found),
                    (None, None) => {
                        walk(&below.join(format!("{name}.rs")), false, &path, found);
                        walk(&below.join(&name).join("mod.rs"), true, &path, found);
                    }
                }
            }
            _ => {}
        }
    }
}

/// `#[test]`, `#[tokio::test]`; not those that are left out of a plain run.
fn is_test(attributes: &[syn::Attribute]) -> bool {
    let has = |name: &str| {
        let mut last = attributes.iter().filter_map(|a| a.path().segments.last());
        last.any(|segment| segment.ident == name)
    };
    has("test") && !has("ignore")
}

/// The file of `#[path = "..."]`.
fn explicit(attributes: &[syn::Attribute]) -> Option<String> {
    let value = attributes
        .iter()
        .find(|attribute| attribute.path().is_ident("path"))
        .and_then(|attribute| attribute.meta.require_name_value().ok())?;
    match &value.value {
        syn::Expr::Lit(syn::ExprLit {
            lit: syn::Lit::Str(text),
            ..
        }) => Some(text.value()),
        _ => None,
    }
}

#[test]
fn every_case_is_told_and_names_tests_that_exist() {
    let tests = tests();
    let mut wrong = Vec::new();
    for (name, case) in cases() {
        let slug = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        if !name.chars().all(slug) {
            wrong.push(format!("{name}: lower case, digits and `-` make a name"));
        }
        for (key, text) in [
            ("kind", &case.kind),
            ("seen", &case.seen),
            ("expected", &case.expected),
        ] {
            if text.trim().is_empty() {
                wrong.push(format!("{name}: `{key}` is empty"));
            }
        }
        if case.kind.contains('\n') {
            wrong.push(format!("{name}: `kind` is one line"));
        }
        for origin in case
            .origin
            .iter()
            .filter(|url| !url.starts_with("https://"))
        {
            wrong.push(format!("{name}: {origin} is no address"));
        }
        if case.tests.is_empty() {
            wrong.push(format!("{name}: no test keeps it"));
        }
        let known = |test: &str| {
            let (first, path) = test.split_once("::").unwrap_or((test, ""));
            tests.contains(&format!("{}::{path}", crate_name(first)))
        };
        for test in case.tests.iter().filter(|test| !known(test)) {
            wrong.push(format!("{name}: there is no test {test}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn tests_are_found_as_cargo_finds_them() {
    let program = std::env::current_exe().unwrap();
    let listed = Command::new(program)
        .args(["--list", "--format", "terse"])
        .output()
        .unwrap();
    let listed = String::from_utf8(listed.stdout).unwrap();
    let listed: BTreeSet<String> = listed
        .lines()
        .filter_map(|line| Some(format!("it::{}", line.strip_suffix(": test")?)))
        .collect();
    let mut found = tests();
    found.retain(|test| test.starts_with("it::"));
    assert_eq!(found, listed);
}

#[test]
fn every_input_is_read_by_a_test() {
    let folders = ["host", "plugins", "tests"].map(|folder| root().join(folder));
    let sources: Vec<String> = folders
        .iter()
        .flat_map(|folder| files(folder))
        .filter(|file| file.extension().is_some_and(|suffix| suffix == "rs"))
        .map(|file| fs::read_to_string(file).unwrap())
        .collect();
    let table = root().join("tests/cases");
    let unread: Vec<String> = files(&table)
        .into_iter()
        .filter_map(|file| Some(file.strip_prefix(&table).ok()?.to_str()?.to_owned()))
        .filter(|file| file != "README.md" && !file.ends_with("/case.toml"))
        .filter(|file| {
            // One by one, or as the whole folder.
            let (folder, _) = file.split_once('/').unwrap();
            let whole = format!("cases/{folder}\"");
            !sources
                .iter()
                .any(|text| text.contains(&format!("cases/{file}\"")) || text.contains(&whole))
        })
        .collect();
    assert!(unread.is_empty(), "no test reads {unread:#?}");
}

const HEAD: &str = "| kind | rule | tests |";

fn rows() -> String {
    let mut rows = format!("{HEAD}\n| --- | --- | --- |\n");
    for (name, case) in cases() {
        let kind = case.kind.trim().replace('|', "\\|");
        let _ = writeln!(
            rows,
            "| [{name}]({name}/case.toml) | {kind} | {} |",
            case.tests.len()
        );
    }
    rows
}

/// Lines of a table in any order: git puts the rows of two branches together.
fn sorted(rows: &str) -> Vec<&str> {
    let mut rows: Vec<&str> = rows.lines().collect();
    rows.sort_unstable();
    rows
}

#[test]
fn the_table_is_in_step() {
    let file = root().join("tests/cases/README.md");
    let text = fs::read_to_string(&file).unwrap();
    let start = text.find(HEAD).expect("README.md has a table");
    let (words, table) = text.split_at(start);
    let rows = rows();
    if std::env::var_os("UPDATE_CASES").is_some() {
        fs::write(&file, format!("{words}{rows}")).unwrap();
        return;
    }
    assert_eq!(
        sorted(table),
        sorted(&rows),
        "write it anew: UPDATE_CASES=1 ./justw test the_table_is_in_step"
    );
}
