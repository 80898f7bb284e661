//! The program among the files of an archive.

use bakehouse_core::platform::Platform;
use bakehouse_names::Pattern;

use super::pattern::{candidates, facts_of};
use crate::programs::{Linked, is_for};

/// A file of an archive that is a program of Linux.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::new) struct Packed {
    /// Its path in the archive.
    pub(in crate::new) path: String,
    /// What it is linked with.
    pub(in crate::new) linked: Linked,
}

impl Packed {
    fn name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or(&self.path)
    }

    fn is_library(&self) -> bool {
        let name = self.name();
        name.ends_with(".so") || name.contains(".so.") || name.ends_with(".node")
    }
}

/// The one program for a platform: by one of the names that it may have, best
/// first, else the only one. None where several could be it, or none is.
pub(in crate::new) fn program<'p>(
    all: &'p [Packed],
    platform: &Platform,
    names: &[&str],
) -> Option<&'p Packed> {
    let fitting = ambiguous(all, platform);
    let by_name = names.iter().find_map(|name| {
        let mut named = fitting.iter().filter(|packed| packed.name() == *name);
        match (named.next(), named.next()) {
            (Some(only), None) => Some(*only),
            _ => None,
        }
    });
    by_name.or(match fitting.as_slice() {
        [only] => Some(*only),
        _ => None,
    })
}

/// The programs among which nothing chooses.
pub(in crate::new) fn ambiguous<'p>(all: &'p [Packed], platform: &Platform) -> Vec<&'p Packed> {
    let fits =
        |packed: &&Packed| is_for(packed.linked.architecture, platform) && !packed.is_library();
    all.iter().filter(fits).collect()
}

/// What the recipe's option `member` names the programs by: nothing where they
/// have the image's name, and else a pattern that picks each among the files of
/// its archive. None where there is none.
pub(in crate::new) fn member_pattern(
    picks: &[(Platform, &str, Vec<&str>)],
    image: &str,
    (tag, version): (&str, &str),
) -> Option<Option<String>> {
    let plain = picks.iter().all(|(_, path, files)| {
        let named = |file: &&&str| file.rsplit('/').next() == Some(image);
        let mut found = files.iter().filter(named);
        found.next() == Some(path) && found.next().is_none()
    });
    if plain {
        return Some(None);
    }
    let (platform, path, _) = picks.first()?;
    let fits = |text: &String| {
        let Ok(pattern) = Pattern::parse(text) else {
            return false;
        };
        picks.iter().all(|(platform, path, files)| {
            let architectures = facts_of(platform);
            let facts = architectures.facts(tag, version);
            pattern.choose(files, &facts) == Ok(Some(*path))
        })
    };
    candidates(path, platform, tag, version)
        .into_iter()
        .find(fits)
        .map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packed(path: &str, architecture: &'static str) -> Packed {
        Packed {
            path: path.to_owned(),
            linked: Linked {
                architecture,
                ..Linked::default()
            },
        }
    }

    #[test]
    fn by_name_or_the_only_one() {
        let amd64: Platform = "linux/amd64".parse().unwrap();
        let all = [
            packed("package/biome", "amd64"),
            packed("package/biome-arm", "arm64"),
            packed("package/helper", "amd64"),
            packed("package/lib/x.so", "amd64"),
        ];
        let path = |all: &[Packed], names: &[&str]| {
            program(all, &amd64, names).map(|packed| packed.path.clone())
        };
        assert_eq!(
            path(&all, &["none", "biome"]).as_deref(),
            Some("package/biome")
        );
        assert_eq!(path(&all, &["none"]), None);
        assert_eq!(ambiguous(&all, &amd64).len(), 2);
        assert_eq!(
            path(&all[2..], &["none"]).as_deref(),
            Some("package/helper")
        );
        assert_eq!(path(&all[1..2], &["biome-arm"]), None);
    }

    #[test]
    fn a_member_is_named_where_its_name_does_not_tell() {
        let platform = |text: &str| -> Platform { text.parse().unwrap() };
        let (amd64, arm64) = (
            "helm-v4.0.1/linux-amd64/tool",
            "helm-v4.0.1/linux-arm64/tool",
        );
        let picks = |image: &str| {
            let picks = [
                (platform("linux/amd64"), amd64, vec![amd64, "LICENSE"]),
                (platform("linux/arm64"), arm64, vec![arm64, "LICENSE"]),
            ];
            member_pattern(&picks, image, ("v4.0.1", "4.0.1"))
        };
        assert_eq!(picks("tool"), Some(None));
        let pattern = "helm-v{version}/linux-{arch}/tool".to_owned();
        assert_eq!(picks("helm"), Some(Some(pattern)));
    }
}
