//! TOML files, with errors that point at line and key.

use std::io::{self, ErrorKind};
use std::path::Path;

use bakehouse_core::grants::{Kind, Places};
use bakehouse_core::storage_error::StorageError;
use bakehouse_system::storage;
use serde::de::DeserializeOwned;

use crate::failure::{ExitCode, Failure};
use crate::names;
use crate::product;

/// Bytes of a file that people write.
const MAX_FILE: u64 = 1 << 20;
/// Characters of a line that an error shows.
const MAX_SHOWN: usize = 400;

/// Reads a TOML file; its text is for who looks for lines in it.
///
/// # Errors
/// A [`Failure`] with [`ExitCode::Config`]: `FILE:LINE:COLUMN: key `KEY`: MESSAGE`, or
/// with [`ExitCode::Storage`] when the system refuses.
pub(super) fn read<T: DeserializeOwned>(path: &Path, shown: &str) -> Result<(T, String), Failure> {
    let text = storage::read_text(path, MAX_FILE).map_err(|error| unread(shown, error))?;
    Ok((parse(&text, shown)?, text))
}

/// A file that is none that could be configuration, or that the system refuses.
fn unread(shown: &str, error: io::Error) -> Failure {
    let wrong = matches!(
        error.kind(),
        ErrorKind::NotFound
            | ErrorKind::IsADirectory
            | ErrorKind::InvalidInput
            | ErrorKind::InvalidData
            | ErrorKind::FileTooLarge
    );
    let error = StorageError::new("read", Path::new(shown), error);
    match wrong {
        true => Failure::new(ExitCode::Config, error.to_string())
            .hint(format!("put a TOML file there; {}", keys(shown))),
        false => Failure::storage(&error),
    }
}

/// An entry of a table of grants that cannot be one.
pub(super) fn fault(places: &Places, (kind, why): (Kind, String)) -> Failure {
    Failure::new(
        ExitCode::Config,
        format!("{}: `{}`: {why}", places.of(kind), kind.key()),
    )
    .hint(keys(places.file()))
}

fn parse<T: DeserializeOwned>(text: &str, shown: &str) -> Result<T, Failure> {
    toml::from_str(text).map_err(|error| {
        let span = error.span().unwrap_or(0..0);
        let before = text.get(..span.start).unwrap_or(text);
        let line = before.matches('\n').count() + 1;
        let start = before.rsplit('\n').next().unwrap_or_default();
        let column = start.chars().count() + 1;
        let source = text.lines().nth(line - 1).unwrap_or("").trim();
        let key = source.split_once('=').map_or(source, |(key, _)| key).trim();
        let key = cut(key);
        let place = if key.is_empty() {
            String::new()
        } else {
            format!(" `{key}`:")
        };
        let message = cut(&in_toml(&error.message().trim().replace('\n', "; ")));
        Failure::new(
            ExitCode::Config,
            format!("{shown}:{line}:{column}:{place} {message}"),
        )
        .hint(keys(shown))
    })
}

/// The parser's message about a key or a value, in TOML's words instead of Rust's.
fn in_toml(message: &str) -> String {
    let quoted = |text: &str| -> Vec<String> {
        let names = text.split('`').skip(1).step_by(2);
        names.map(str::to_owned).collect()
    };
    if let Some((unknown, rest)) = message
        .strip_prefix("unknown field `")
        .and_then(|m| m.split_once("`, expected "))
    {
        let known = quoted(rest);
        let known: Vec<&str> = known.iter().map(String::as_str).collect();
        return format!(
            "there is no such key; {}",
            names::hint(unknown, &known, "there are")
        );
    }
    let Some((is, takes)) = message.rsplit_once(", expected ") else {
        return message.to_owned();
    };
    let takes = match takes {
        "a sequence" => "a list",
        "a map" => "a table",
        takes if takes.starts_with("struct ") => "a table",
        takes if takes.starts_with("a nonzero ") => "a number from 1",
        "u8" | "u16" | "u32" | "u64" | "usize" => "a number from 0",
        other => other,
    };
    format!("{is}, expected {takes}")
}

/// The places where the keys of a file are explained.
fn keys(file: &str) -> String {
    let (page, schema) = match file.ends_with("app.toml") {
        true => ("reference/app-toml", "app"),
        false => ("reference/bakehouse-toml", "project"),
    };
    format!(
        "{} lists every key and what it takes; so does `bakehouse schema {schema}`",
        product::page(page)
    )
}

/// The beginning of a text that may be as long as the file.
fn cut(text: &str) -> String {
    match text.char_indices().nth(MAX_SHOWN) {
        Some((at, _)) => format!("{}...", text.get(..at).unwrap_or_default()),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::ProjectFile;

    fn message(text: &str) -> String {
        parse::<ProjectFile>(text, "bakehouse.toml")
            .unwrap_err()
            .to_string()
    }

    #[test]
    fn points_at_line_and_key() {
        assert_eq!(
            message("namespace = \"a\"\nmax-versions = \"many\"\n"),
            "bakehouse.toml:2:16: `max-versions`: invalid type: string \"many\", expected a number from 1"
        );
        for (text, says) in [
            (
                "# c\nregsitry = \"local\"\n",
                "bakehouse.toml:2:1: `regsitry`: there is no such key; did you mean registry? there are",
            ),
            ("max_versions = 1", "did you mean max-versions?"),
            ("[alarm]\nfewer = true", "did you mean alarms?"),
            ("colour = 1", "`colour`: there is no such key; there are"),
            ("max-versions = 0", "integer `0`, expected a number from 1"),
            ("platforms = \"x\"", "expected a list"),
            ("alarms = 1", "expected a table"),
            ("[alarms]\nfailures = -1", "expected a number from 0"),
        ] {
            let message = message(text);
            assert!(message.contains(says), "{text}: {message}");
        }
        assert!(message("platforms = [\"linux\"]").contains("is not a platform"));
        assert!(message("registry = ").starts_with("bakehouse.toml:1:12: `registry`:"));
        for (text, says) in [
            (
                "registry = \"https://ghcr.io\"",
                ":1:12: `registry`: `https://ghcr.io` is not",
            ),
            ("registry = \"ghcr\"", ":1:12: `registry`: `ghcr` is not"),
            (
                "# ü\nnamespace = \"Acme/x\"",
                ":2:13: `namespace`: `Acme/x` is not",
            ),
            ("namespace = \"a//b\"", ":1:13: `namespace`: `a//b` is not"),
            ("builder = \"\"", ":1:11: `builder`: a builder's name is"),
            (
                "builder = [\"linux/arm64=\"]",
                ":1:11: `builder`: a builder's name is",
            ),
            ("builder = \"--x\"", ":1:11: `builder`: a builder's name is"),
            (
                "[runners]\n\"linux/arm64\" = \"\"",
                ":2:17: `\"linux/arm64\"`: `` is not",
            ),
            ("[runners]\n\"linux/arm64\" = \"a\\nb\"", "`a\\nb` is not"),
            (
                "[runners]\n\"linux/arm64\" = \"${{ x }}\"",
                "`${{ x }}` is not",
            ),
        ] {
            let message = message(text);
            assert!(message.contains(says), "{text}: {message}");
        }
    }

    #[test]
    fn what_is_no_file_of_people_is_refused_at_once() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("app.toml");
        let failure = || read::<ProjectFile>(&path, "app.toml").unwrap_err();
        assert_eq!(failure().code(), ExitCode::Config);
        let huge = std::fs::File::create(&path).unwrap();
        huge.set_len(1 << 30).unwrap();
        let said = failure().to_string();
        assert!(said.contains("larger than 1048576 bytes"), "{said}");
        std::fs::write(&path, format!("a = {}", "[".repeat(500_000))).unwrap();
        assert!(failure().to_string().len() < 1000);
        std::fs::write(&path, "x".repeat(1_000_000)).unwrap();
        assert!(failure().to_string().len() < 1000);
        std::fs::write(&path, [0xff, 0xfe]).unwrap();
        assert_eq!(failure().code(), ExitCode::Config);
        std::fs::remove_file(&path).unwrap();
        std::os::unix::fs::symlink("app.toml", &path).unwrap();
        assert_eq!(failure().code(), ExitCode::Storage);
    }
}
