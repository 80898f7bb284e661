//! Patterns that pick what was picked, with the recipe's own rules.

use std::collections::BTreeMap;

use bakehouse_core::platform::Platform;
use bakehouse_names::{Facts, Pattern, architecture_names};

use super::machine::platform_of;

/// A platform's file, by name.
#[derive(Debug, Clone, Copy)]
pub(in crate::new) struct Picked<'a> {
    pub(in crate::new) platform: &'a Platform,
    pub(in crate::new) name: &'a str,
    /// The names among which it is found.
    pub(in crate::new) among: &'a [&'a str],
}

/// What names the files of a release.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::new) enum File {
    /// Nothing: each source has one.
    Only,
    /// One pattern for all platforms.
    One(String),
    /// One a platform.
    Each(BTreeMap<String, String>),
}

/// A platform, in the words of patterns.
pub(in crate::new) struct Words<'a> {
    os: &'a str,
    architectures: Vec<&'a str>,
}

impl Words<'_> {
    /// What stands for placeholders.
    pub(in crate::new) fn facts<'a>(&'a self, tag: &'a str, version: &'a str) -> Facts<'a> {
        Facts {
            tag,
            version,
            os: self.os,
            architectures: &self.architectures,
        }
    }
}

/// The words of a platform.
pub(in crate::new) fn facts_of(platform: &Platform) -> Words<'_> {
    Words {
        os: platform.os(),
        architectures: architecture_names(platform.architecture(), platform.variant()),
    }
}

/// What picks exactly these files. None where no pattern does: their names say
/// nothing that the next version's would say, too.
pub(in crate::new) fn file(picks: &[Picked<'_>], tag: &str, version: &str) -> Option<File> {
    if picks.iter().all(|pick| pick.among == [pick.name]) {
        return Some(File::Only);
    }
    let picks_it = |text: &str, pick: &Picked<'_>| {
        let words = facts_of(pick.platform);
        let chosen = Pattern::parse(text).map(|pattern| {
            let facts = words.facts(tag, version);
            pattern.choose(pick.among, &facts) == Ok(Some(pick.name))
        });
        chosen.unwrap_or(false)
    };
    let first = picks.first()?;
    let told_apart = |text: &&String| picks.len() == 1 || text.contains("{arch}");
    let all = candidates(first.name, first.platform, tag, version);
    let one = all
        .iter()
        .filter(told_apart)
        .find(|text| picks.iter().all(|pick| picks_it(text, pick)));
    if let Some(one) = one {
        return Some(File::One(one.clone()));
    }
    let each = picks.iter().map(|pick| {
        let text = versioned(pick.name, tag, version);
        let fits = picks_it(&text, pick);
        fits.then(|| (pick.platform.to_string(), text))
    });
    each.collect::<Option<BTreeMap<_, _>>>().map(File::Each)
}

/// Patterns for a name, the one that says most first.
pub(super) fn candidates(name: &str, platform: &Platform, tag: &str, version: &str) -> Vec<String> {
    let mut found = Vec::new();
    if let Some(machine) = platform_of(name) {
        let (before, behind) = (&name[..machine.place.start], &name[machine.place.end..]);
        let [before, behind] = [before, behind].map(|part| versioned(part, tag, version));
        found.push(format!("{before}{{arch}}{behind}"));
        // The ABI's name goes with the machine's: `musleabihf`, `gnueabihf`.
        if let Some(place) = behind
            .find("eabi")
            .or_else(|| behind.find("musl").map(|at| at + 4))
            && let Some((begun, rest)) = behind.split_at_checked(place)
        {
            let rest = rest.find(['.', '-', '_']).map_or("", |at| &rest[at..]);
            found.push(format!("{before}{{arch}}{begun}*{rest}"));
        }
    }
    let _ = platform;
    found.push(versioned(name, tag, version));
    found
}

/// A name with `{version}` or `{tag}` where they are in it.
pub(super) fn versioned(name: &str, tag: &str, version: &str) -> String {
    let plain = |part: &str| part.replace(['{', '}'], "*");
    for (text, placeholder) in [(version, "{version}"), (tag, "{tag}")] {
        if text.is_empty() {
            continue;
        }
        let mut filled = String::new();
        let mut from = 0;
        for (start, _) in name.match_indices(text) {
            let end = start + text.len();
            if start >= from && whole(&name[..start], &name[end..], text) {
                filled.push_str(&plain(&name[from..start]));
                filled.push_str(placeholder);
                from = end;
            }
        }
        if from > 0 {
            filled.push_str(&plain(&name[from..]));
            return filled;
        }
    }
    plain(name)
}

/// Whether a number stands by itself: `7` is not the version in `armv7`.
fn whole(before: &str, behind: &str, number: &str) -> bool {
    let last = before.chars().next_back();
    let longer = |c: char| c.is_ascii_digit() || c == '.';
    let begins = !last.is_some_and(longer);
    let mut behind = behind.chars();
    let next = behind.next();
    let goes_on = next.is_some_and(|c| c.is_ascii_digit())
        || next == Some('.') && behind.next().is_some_and(|c| c.is_ascii_digit());
    let alone = number.contains('.') || !last.is_some_and(char::is_alphanumeric);
    begins && !goes_on && alone
}

#[cfg(test)]
mod tests {
    use super::super::rank;
    use super::super::releases::{
        BIOME, CADDY, HUGO, JQ, PROTOC, RESTIC, RIPGREP, RUFF, XRAY, YQ, names,
    };
    use super::*;

    fn written(list: &str, platforms: &[&str], program: &str, tag: &str) -> Option<File> {
        let names = names(list);
        let platforms: Vec<Platform> = platforms.iter().map(|text| text.parse().unwrap()).collect();
        let picks: Vec<Picked> = platforms
            .iter()
            .map(|platform| Picked {
                platform,
                name: rank(&names, platform, program)[0],
                among: &names,
            })
            .collect();
        let version = tag.trim_start_matches(|c: char| !c.is_ascii_digit());
        file(&picks, tag, version)
    }

    #[test]
    fn one_pattern_picks_the_files_of_real_releases() {
        let both = &["linux/amd64", "linux/arm64"];
        let one = |list: &str, program: &str, tag: &str| match written(list, both, program, tag) {
            Some(File::One(text)) => text,
            other => panic!("{program}: {other:?}"),
        };
        for (list, program, tag, wanted) in [
            (
                BIOME,
                "biome",
                "@biomejs/biome@2.3.8",
                "biome-linux-{arch}-musl",
            ),
            (
                CADDY,
                "caddy",
                "v2.10.2",
                "caddy_{version}_linux_{arch}.tar.gz",
            ),
            (
                HUGO,
                "hugo",
                "v0.152.2",
                "hugo_{version}_linux-{arch}.tar.gz",
            ),
            (JQ, "jq", "jq-1.8.1", "jq-linux-{arch}"),
            (
                PROTOC,
                "protoc",
                "v33.0",
                "protoc-{version}-linux-{arch}.zip",
            ),
            (
                RESTIC,
                "restic",
                "v0.18.1",
                "restic_{version}_linux_{arch}.bz2",
            ),
            (
                RUFF,
                "ruff",
                "0.14.6",
                "ruff-{arch}-unknown-linux-musl.tar.gz",
            ),
            (YQ, "yq", "v4.49.2", "yq_linux_{arch}.tar.gz"),
        ] {
            assert_eq!(one(list, program, tag), wanted);
        }
    }

    #[test]
    fn files_of_unlike_names_are_named_each() {
        let three = &["linux/amd64", "linux/arm64", "linux/arm/v7"];
        let pattern = "ruff-{arch}-unknown-linux-musl*.tar.gz".to_owned();
        assert_eq!(
            written(RUFF, three, "ruff", "0.14.6"),
            Some(File::One(pattern))
        );
        for (list, program, tag, each) in [
            (
                RUFF,
                "ruff",
                "0.14.6",
                [
                    ("linux/amd64", "ruff-x86_64-unknown-linux-musl.tar.gz"),
                    ("linux/ppc64le", "ruff-powerpc64le-unknown-linux-gnu.tar.gz"),
                ],
            ),
            (
                RIPGREP,
                "rg",
                "14.1.1",
                [
                    (
                        "linux/amd64",
                        "ripgrep-{version}-x86_64-unknown-linux-musl.tar.gz",
                    ),
                    (
                        "linux/arm64",
                        "ripgrep-{version}-aarch64-unknown-linux-gnu.tar.gz",
                    ),
                ],
            ),
            (
                XRAY,
                "xray",
                "v25.10.15",
                [
                    ("linux/amd64", "Xray-linux-64.zip"),
                    ("linux/arm64", "Xray-linux-arm64-v8a.zip"),
                ],
            ),
        ] {
            let platforms = each.map(|(platform, _)| platform);
            let each = each.map(|(platform, name)| (platform.to_owned(), name.to_owned()));
            let each = File::Each(each.into());
            assert_eq!(written(list, &platforms, program, tag), Some(each));
        }
    }

    #[test]
    fn versions_stand_by_themselves() {
        assert_eq!(versioned("tool-7-armv7", "v7", "7"), "tool-{version}-armv7");
        assert_eq!(
            versioned("tool_v1.2.3.tgz", "v1.2.3", "1.2.3"),
            "tool_v{version}.tgz"
        );
        assert_eq!(versioned("tool-1.2.34", "v1.2.3", "1.2.3"), "tool-1.2.34");
        assert_eq!(versioned("k-v1.0+k3s1", "v1.0+k3s1", "1.0-k3s1"), "k-{tag}");
        assert_eq!(versioned("{a}", "1", "1"), "*a*");
    }
}
