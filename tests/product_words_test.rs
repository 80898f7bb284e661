//! The program's words are for who installed the program alone: they name
//! nothing of this source tree.

use std::path::{Path, PathBuf};

use proc_macro2::{Delimiter, TokenStream, TokenTree};

/// What only a checkout of this repository has.
const OURS: &[&str] = &[
    "justw",
    "`just ",
    ": just ",
    "scripts/",
    "docs/",
    "host/",
    "tests/",
    "wit/",
    "plugins/sdk",
    "target/",
    "--package bakehouse",
    "CONTRIBUTING",
];

/// A file's string literals, with the line of each. Comments are for who reads
/// the sources, but clap shows those of the command line.
fn literals(path: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(path).unwrap();
    let tokens: TokenStream = text
        .parse()
        .unwrap_or_else(|error| panic!("{path:?}: {error}"));
    let mut found = Vec::new();
    collect(tokens, path.ends_with("cli.rs"), &mut found);
    found
}

fn collect(tokens: TokenStream, documented: bool, found: &mut Vec<String>) {
    let mut tokens = tokens.into_iter().peekable();
    while let Some(token) = tokens.next() {
        match token {
            TokenTree::Literal(literal) => found.push(literal.to_string()),
            TokenTree::Punct(punct) if punct.as_char() == '#' => {
                let inner =
                    matches!(tokens.peek(), Some(TokenTree::Punct(p)) if p.as_char() == '!');
                if inner {
                    tokens.next();
                }
                let Some(TokenTree::Group(attribute)) = tokens.peek() else {
                    continue;
                };
                let words = attribute.stream().to_string();
                if words.starts_with("doc") && !documented {
                    tokens.next();
                } else if words.replace(' ', "") == "cfg(test)" {
                    // The item goes with its attribute.
                    tokens.find(|token| match token {
                        TokenTree::Group(group) => group.delimiter() == Delimiter::Brace,
                        TokenTree::Punct(punct) => punct.as_char() == ';',
                        _ => false,
                    });
                }
            }
            TokenTree::Group(group) => collect(group.stream(), documented, found),
            _ => {}
        }
    }
}

/// Modules of tests alone, as the files of a folder declare them.
fn of_tests(folder: &Path) -> Vec<String> {
    let files = ["lib.rs", "mod.rs"].map(|name| std::fs::read_to_string(folder.join(name)));
    let text: String = files.into_iter().flatten().collect();
    let declared = text.split("#[cfg(test)]\n").skip(1).filter_map(|rest| {
        let line = rest.lines().next()?;
        let line = line.strip_prefix("pub(crate) ").unwrap_or(line);
        line.strip_prefix("mod ")?.strip_suffix(';')
    });
    declared.map(str::to_owned).collect()
}

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    let of_tests = of_tests(folder);
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if of_tests.contains(&name.trim_end_matches(".rs").to_owned()) {
            continue;
        }
        if path.is_dir() {
            sources(&path, found);
        } else if name.ends_with(".rs") && !name.ends_with("tests.rs") {
            found.push(path);
        }
    }
}

#[test]
fn no_message_names_what_only_this_repository_has() {
    let host = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let mut files = Vec::new();
    for krate in std::fs::read_dir(host).unwrap() {
        sources(&krate.unwrap().path().join("src"), &mut files);
    }
    assert!(files.len() > 100, "{}", files.len());
    let mut wrong = Vec::new();
    let mut count = 0;
    for file in files {
        for literal in literals(&file) {
            count += 1;
            // An address says where it leads; a folder of the contract is the
            // compiler's to read.
            let address = literal.starts_with("\"https://") || literal.starts_with("\"../../wit/");
            if !address && OURS.iter().any(|ours| literal.contains(ours)) {
                wrong.push(format!("{}: {literal}", file.display()));
            }
        }
    }
    assert!(count > 1000, "{count}");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn literals_are_found_wherever_they_are() {
    let folder = tempfile::tempdir().unwrap();
    let of = |name: &str| {
        let path = folder.path().join(name);
        let text = "//! docs/a\n/// docs/b\n#[error(\"c\")]\nfn f() { g(format!(\"d\")) }\n\
                    #[cfg(test)]\nmod tests { fn t() { \"e\"; } }\nconst H: &str = r\"h\";\n";
        std::fs::write(&path, text).unwrap();
        literals(&path).concat()
    };
    assert_eq!(of("x.rs"), "\"c\"\"d\"r\"h\"");
    assert!(of("cli.rs").contains("docs/b"));
}
