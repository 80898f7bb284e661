//! The kinds of things that can be granted, and which entry covers what.

use serde::{Deserialize, Serialize};
use url::Url;

use super::image;
use crate::platform::Platform;

/// Covers everything; only a recipe's declaration may say so.
pub(super) const ALL: &str = "*";
/// The one entry of [`Kind::Network`], which `network = true` stands for.
pub(super) const NETWORK: &str = "default";

/// A kind of grant; its key is the same in `app.toml`, in `bakehouse.toml` and
/// in the contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Release sources, `kind:name`. Their files may be downloaded.
    Releases,
    /// Git repositories that may be checked out or added.
    Sources,
    /// URLs, by what they begin with.
    Downloads,
    /// Images the app publishes, by repository name.
    Images,
    /// Images to look up and to start from.
    Bases,
    /// Network of `RUN` steps; the only value is `default`.
    Network,
    /// Secrets of the operator's environment, by name.
    Secrets,
    /// Platforms to build for.
    Platforms,
}

impl Kind {
    /// All of them, in the order of the documentation.
    pub const ALL: [Self; 8] = [
        Self::Images,
        Self::Platforms,
        Self::Releases,
        Self::Sources,
        Self::Downloads,
        Self::Bases,
        Self::Network,
        Self::Secrets,
    ];

    /// The key in a table.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::Releases => "releases",
            Self::Sources => "sources",
            Self::Downloads => "downloads",
            Self::Images => "images",
            Self::Bases => "bases",
            Self::Network => "network",
            Self::Secrets => "secrets",
            Self::Platforms => "platforms",
        }
    }

    /// Whether an entry of a table covers what is asked for. An entry that ends
    /// in `*` after a `/` or `:` covers everything below; one for URLs and
    /// repositories that ends in `/` does, too.
    #[must_use]
    pub fn covers(self, entry: &str, asked: &str) -> bool {
        if entry == ALL {
            return true;
        }
        match self {
            Self::Bases => image::covers(entry, asked),
            Self::Downloads | Self::Sources => {
                // Only the normal form: `/granted/../other` begins with a granted prefix, too.
                asked == entry || (is_normal(asked) && below(entry, asked))
            }
            Self::Releases => asked == entry || below_star(entry, asked),
            Self::Platforms => match (entry.parse::<Platform>(), asked.parse::<Platform>()) {
                (Ok(entry), Ok(asked)) => entry == asked,
                _ => false,
            },
            Self::Images | Self::Network | Self::Secrets => asked == entry,
        }
    }

    /// The reason why this cannot be an entry; none when it can.
    pub(super) fn fault(self, entry: &str) -> Option<&'static str> {
        if entry.is_empty() || entry.chars().any(|c| c.is_whitespace() || c.is_control()) {
            return Some("is empty or has a space in it");
        }
        if entry == ALL {
            return Some("covers everything; name what you grant");
        }
        let stem = entry.strip_suffix('*').unwrap_or(entry);
        if stem.contains('*') || (stem != entry && !stem.ends_with(['/', ':'])) {
            return Some("may have a `*` only at its end, after `/` or `:`");
        }
        match self {
            Self::Releases if !entry.contains(':') => Some("is not of the form KIND:NAME"),
            Self::Downloads if !entry.ends_with(['/', '*']) => {
                Some("does not end with `/`; it would cover other hosts, too")
            }
            Self::Downloads | Self::Sources if !is_address(stem) => {
                Some("is not an http or https URL in normal form, without user and query")
            }
            Self::Bases => (!image::is_entry(entry)).then_some("is not HOST/PATH/IMAGE"),
            Self::Secrets if !is_variable(entry) => Some("is not the name of a variable"),
            Self::Images | Self::Secrets if stem != entry => Some("takes no `*`"),
            _ => None,
        }
    }

    /// The entry to write into a table so that it covers this: for a file its
    /// folder, for an image its repository.
    #[must_use]
    pub fn entry_for(self, asked: &str) -> String {
        match self {
            Self::Downloads => asked
                .rsplit_once('/')
                .map_or_else(|| asked.to_owned(), |(folder, _)| format!("{folder}/")),
            Self::Bases => image::repository(asked).unwrap_or_else(|| asked.to_owned()),
            _ => asked.to_owned(),
        }
    }
}

fn below_star(entry: &str, asked: &str) -> bool {
    entry
        .strip_suffix('*')
        .is_some_and(|stem| asked.len() > stem.len() && asked.starts_with(stem))
}

fn below(entry: &str, asked: &str) -> bool {
    below_star(entry, asked) || (entry.ends_with('/') && asked.starts_with(entry))
}

/// Says the same to everyone who reads it.
fn is_normal(address: &str) -> bool {
    let lower = address.to_ascii_lowercase();
    !lower.contains("%2e")
        && !lower.contains("%2f")
        && !lower.contains("%5c")
        && Url::parse(address).is_ok_and(|url| {
            url.as_str() == address && url.username().is_empty() && url.password().is_none()
        })
}

fn is_address(text: &str) -> bool {
    is_normal(text)
        && Url::parse(text).is_ok_and(|url| {
            matches!(url.scheme(), "http" | "https")
                && url.query().is_none()
                && url.fragment().is_none()
        })
}

/// A name that a shell takes, so that it can be set at all.
fn is_variable(name: &str) -> bool {
    let word = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
    name.len() <= 128 && name.bytes().all(word) && !name.starts_with(|c: char| c.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn covers_what_is_named_and_not_its_neighbours() {
        for (kind, entry, covered, others) in [
            (
                Kind::Releases,
                "npm:a",
                &["npm:a"] as &[&str],
                &["npm:ab", "npm:", "github:a", "npm:a/b"] as &[&str],
            ),
            (
                Kind::Releases,
                "github:acme/*",
                &["github:acme/a", "github:acme/b"],
                &["github:acme/", "github:acme", "github:acme-evil/a"],
            ),
            (
                Kind::Downloads,
                "https://h.example/granted/",
                &[
                    "https://h.example/granted/file?a=b",
                    "https://h.example/granted/",
                ],
                &[
                    "https://h.example/granted/../other",
                    "https://h.example/granted/%2e%2e/other",
                    "https://h.example/granted/..%2fother",
                    "https://h.example/granted/%5c..%5cother",
                    "https://h.example/grantedx",
                    "http://h.example/granted/file",
                    "https://h.example@evil.example/granted/",
                    "https://me:pw@h.example/granted/file",
                    "https://H.example/granted/file",
                ],
            ),
            (
                Kind::Sources,
                "https://git.example/a/b",
                &["https://git.example/a/b"],
                &[
                    "https://git.example/a/b.git",
                    "https://git.example/a/bc",
                    "https://git.example/a",
                ],
            ),
            (Kind::Images, "a", &["a"], &["a/b", "ab", ""]),
            (Kind::Secrets, "TOKEN", &["TOKEN"], &["TOKENS", "token"]),
            (
                Kind::Platforms,
                "linux/arm64",
                &["linux/arm64", "linux/arm64/v8"],
                &["linux/arm", "linux"],
            ),
            (Kind::Network, "default", &["default"], &["host", "none"]),
        ] {
            for asked in covered {
                assert!(kind.covers(entry, asked), "{entry} {asked}");
            }
            for asked in others {
                assert!(!kind.covers(entry, asked), "{entry} {asked}");
            }
        }
    }

    #[test]
    fn entries_that_cover_too_much_are_faults() {
        for (kind, entry) in [
            (Kind::Releases, "*"),
            (Kind::Releases, "npm"),
            (Kind::Releases, "npm:a b"),
            (Kind::Releases, "np*"),
            (Kind::Releases, "*:a"),
            (Kind::Downloads, "https://no-slash.example"),
            (Kind::Downloads, "https://h.example*"),
            (Kind::Downloads, "ftp://h.example/"),
            (Kind::Downloads, "https://u:p@h.example/"),
            (Kind::Downloads, "https://h.example/a?b/"),
            (Kind::Sources, "git@h.example:a/b"),
            (Kind::Bases, "r.example/Not"),
            (Kind::Secrets, "A-B"),
            (Kind::Secrets, "1A"),
            (Kind::Images, "a/*"),
        ] {
            assert!(kind.fault(entry).is_some(), "{entry}");
        }
        for (kind, entry) in [
            (Kind::Releases, "npm:@a/b"),
            (Kind::Releases, "npm:*"),
            (Kind::Downloads, "https://h.example/"),
            (Kind::Downloads, "http://127.0.0.1:80/x/"),
            (Kind::Sources, "https://h.example/a/*"),
            (Kind::Bases, "golang"),
            (Kind::Bases, "docker.io/library/*"),
            (Kind::Secrets, "NPM_TOKEN"),
        ] {
            let fault = kind.fault(entry);
            // Port 80 is the one that http has anyway, so it is not written.
            assert_eq!(
                fault.is_some(),
                entry.contains(":80/"),
                "{entry}: {fault:?}"
            );
        }
    }
}
