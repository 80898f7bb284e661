//! Members of an archive that are asked for.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::Path;

use super::UnpackError;

/// Names that an error tells.
const TOLD: usize = 20;

/// The paths that are taken of an archive; all of them where none is named.
pub(super) struct Members<'a> {
    wanted: Vec<(&'a str, Vec<&'a str>, bool)>,
    /// Some of what there is, for who asked for something else.
    there: BTreeSet<String>,
    more: bool,
}

impl<'a> Members<'a> {
    /// # Errors
    /// [`UnpackError::Member`] for what is no path in an archive.
    pub(super) fn new(paths: &'a [String]) -> Result<Self, UnpackError> {
        let wanted = paths.iter().map(|path| {
            let parts: Vec<_> = path.trim_end_matches('/').split('/').collect();
            let fits = |part: &&str| !part.is_empty() && *part != "." && *part != "..";
            match parts.iter().all(fits) {
                true => Ok((path.as_str(), parts, false)),
                false => Err(UnpackError::Member(path.clone())),
            }
        });
        Ok(Self {
            wanted: wanted.collect::<Result<_, _>>()?,
            there: BTreeSet::new(),
            more: false,
        })
    }

    /// Whether an entry with these components is taken.
    pub(super) fn take(&mut self, parts: &[OsString]) -> bool {
        if self.wanted.is_empty() {
            return true;
        }
        let mut taken = false;
        for (_, wanted, found) in &mut self.wanted {
            let fits = parts.len() >= wanted.len()
                && wanted
                    .iter()
                    .zip(parts)
                    .all(|(pattern, part)| matches(pattern, &part.to_string_lossy()));
            *found |= fits;
            taken |= fits;
        }
        if !taken {
            self.note(parts);
        }
        taken
    }

    fn note(&mut self, parts: &[OsString]) {
        let name: std::path::PathBuf = parts.iter().collect();
        let name = shown(&name);
        if self.there.len() < TOLD || self.there.contains(&name) {
            self.there.insert(name);
        } else {
            self.more = true;
        }
    }

    /// Whether all that was asked for was there.
    ///
    /// # Errors
    /// [`UnpackError::Absent`], with what there is.
    pub(super) fn all_found(self) -> Result<(), UnpackError> {
        let absent = self.wanted.iter().find(|(_, _, found)| !found);
        let Some((path, _, _)) = absent else {
            return Ok(());
        };
        let mut there: Vec<String> = self.there.into_iter().collect();
        if self.more {
            there.push("...".to_owned());
        }
        Err(UnpackError::Absent {
            member: (*path).to_owned(),
            there,
        })
    }
}

/// A name as an error tells it.
fn shown(name: &Path) -> String {
    let text = name.to_string_lossy();
    text.chars()
        .take(100)
        .flat_map(char::escape_debug)
        .collect()
}

/// Whether a component fits a pattern, in which `*` is any text. In linear time:
/// what stands between stars is taken where it is first found.
fn matches(pattern: &str, part: &str) -> bool {
    let Some((start, rest)) = pattern.split_once('*') else {
        return pattern == part;
    };
    let Some(mut left) = part.strip_prefix(start) else {
        return false;
    };
    let mut pieces: Vec<&str> = rest.split('*').collect();
    let end = pieces.pop().unwrap_or_default();
    for piece in pieces {
        match left.find(piece) {
            Some(at) => left = left.get(at + piece.len()..).unwrap_or_default(),
            None => return false,
        }
    }
    left.ends_with(end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_is_any_text_in_one_component() {
        for (pattern, part, fits) in [
            ("ruff", "ruff", true),
            ("ruff", "ruff2", false),
            ("*", "anything", true),
            ("*", "", true),
            ("ruff-*.data", "ruff-0.14.0.data", true),
            ("ruff-*.data", "ruff-0.14.0.dist-info", false),
            ("*.so*", "lib.so.1", true),
            ("a*b*c", "abc", true),
            ("a*b*c", "acb", false),
            ("ab*ba", "aba", false),
            ("**", "x", true),
        ] {
            assert_eq!(matches(pattern, part), fits, "{pattern} {part}");
        }
        // No time beyond the length of both.
        let long = "a".repeat(100_000);
        assert!(!matches(&format!("{}b", "*a".repeat(50)), &long));
    }
}
