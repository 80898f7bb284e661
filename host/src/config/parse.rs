//! TOML files, with errors that point at line and key.

use std::path::Path;

use anyhow::{Context as _, Result};
use serde::de::DeserializeOwned;

use crate::error::{ExitCode, Failure};
use crate::grants::{Kind, Places};

/// Reads a TOML file; its text is for who looks for lines in it.
///
/// # Errors
/// A [`Failure`] with [`ExitCode::Config`]: `FILE:LINE: key `KEY`: MESSAGE`.
pub(super) fn read<T: DeserializeOwned>(path: &Path, shown: &str) -> Result<(T, String)> {
    let text = std::fs::read_to_string(path)
        .with_context(|| Failure::new(ExitCode::Config, format!("cannot read {shown}")))?;
    Ok((parse(&text, shown)?, text))
}

/// An entry of a table of grants that cannot be one.
pub(super) fn fault(places: &Places, (kind, why): (Kind, String)) -> Failure {
    Failure::new(
        ExitCode::Config,
        format!("{}: `{}`: {why}", places.of(kind), kind.key()),
    )
    .hint("docs/configuration.md lists every key and what it takes")
}

fn parse<T: DeserializeOwned>(text: &str, shown: &str) -> Result<T, Failure> {
    toml::from_str(text).map_err(|error| {
        let span = error.span().unwrap_or(0..0);
        let before = text.get(..span.start).unwrap_or(text);
        let line = before.matches('\n').count() + 1;
        let source = text.lines().nth(line - 1).unwrap_or("").trim();
        let key = source.split_once('=').map_or(source, |(key, _)| key).trim();
        let place = if key.is_empty() {
            String::new()
        } else {
            format!(" `{key}`:")
        };
        let message = error.message().trim().replace('\n', "; ");
        Failure::new(
            ExitCode::Config,
            format!("{shown}:{line}:{place} {message}"),
        )
        .hint("docs/configuration.md lists every key and what it takes")
    })
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
            "bakehouse.toml:2: `max-versions`: invalid type: string \"many\", expected a nonzero u32"
        );
        let unknown = message("# c\nregsitry = \"local\"\n");
        assert!(
            unknown.starts_with("bakehouse.toml:2: `regsitry`: unknown field"),
            "{unknown}"
        );
        assert!(message("platforms = [\"linux\"]").contains("is not a platform"));
        assert!(message("registry = ").starts_with("bakehouse.toml:1: `registry`:"));
    }
}
