//! The words of the option `words`, wherever a recipe can say something.

use bakehouse_sdk::log::{self, Level};
use bakehouse_sdk::{Error, options};

use super::{Case, good};

pub(crate) const CASES: &[(&str, Case)] = &[
    ("words-built", |target| {
        say();
        let label = |build: bakehouse_sdk::Build, (n, word): (usize, String)| {
            build.label(&format!("words.{n}"), &word)
        };
        Ok(words().into_iter().enumerate().fold(good(target), label))
    }),
    ("words-failed", |_| {
        say();
        Err(Error::Other(words().join("\n")))
    }),
];

#[expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "that is the point"
)]
fn say() {
    for word in words() {
        for level in [Level::Debug, Level::Info, Level::Warn] {
            log::log(level, &word);
        }
        println!("{word}");
        eprintln!("{word}");
    }
}

/// The words, between record separators.
fn words() -> Vec<String> {
    let all = options::text("words").unwrap_or_default();
    all.split('\u{1e}').map(str::to_owned).collect()
}
