//! A build's access as a BuildKit source policy.
//!
//! The rules are read from the file that `EXPERIMENTAL_BUILDKIT_SOURCE_POLICY`
//! names and are evaluated by BuildKit for everything that a build fetches:
//! `FROM`, `COPY --from`, `RUN --mount=from`, `# syntax=`, `ADD` of URLs and
//! git, named contexts, and what `ONBUILD` of a base adds. Of `ALLOW` and
//! `DENY` rules that match the last one wins; `*` matches any text.

use bakehouse_core::grants::{Access, ImageEntry, Kind};
use bakehouse_core::mirrors::Mirrors;
use serde_json::{Value, json};

use super::mirror_rules;

/// Ways to write `..` that a server may understand, and BuildKit does not
/// resolve.
const DISGUISED: &[&str] = &["..", "%2e", "%2E", "%5c", "%5C", "%2f", "%2F"];

/// The policy: what is not granted is denied; the build's own context is not
/// fetched from anywhere. What a mirror has is fetched from there.
pub(crate) fn rules(access: &Access, mirrors: &Mirrors) -> Value {
    let mut rules = vec![deny("*"), allow("local://*")];
    for reference in access.bases() {
        rules.push(allow(&format!("docker-image://{reference}")));
    }
    let mut granted: Vec<Value> = access.images().iter().flat_map(image).collect();
    for entry in access.entries(Kind::Downloads) {
        granted.push(allow(&format!("{}*", entry.trim_end_matches('*'))));
    }
    let elsewhere = mirror_rules::rules(&granted, mirrors);
    rules.extend(granted);
    rules.extend(elsewhere);
    for entry in access.entries(Kind::Sources) {
        // BuildKit names every git source like this, whatever its transport.
        let Some((scheme, place)) = entry.split_once("://") else {
            continue;
        };
        let stem = place.trim_end_matches('*');
        let identifiers = match stem.ends_with('/') {
            true => vec![format!("git://{stem}*")],
            false => vec![format!("git://{stem}"), format!("git://{stem}#*")],
        };
        rules.extend(identifiers.iter().map(|id| allow_git(id, scheme)));
    }
    for scheme in ["http", "git"] {
        for text in DISGUISED {
            rules.push(deny(&format!("{scheme}*{text}*")));
        }
    }
    json!({ "version": 1, "rules": rules })
}

/// Images of one entry; a tag with a digest is pinned to it.
fn image(entry: &ImageEntry) -> Vec<Value> {
    let id = |reference: String| format!("docker-image://{reference}");
    match entry {
        ImageEntry::Below(prefix) => vec![allow(&id(format!("{prefix}*")))],
        ImageEntry::Repository(repository) => vec![
            allow(&id(format!("{repository}:*"))),
            allow(&id(format!("{repository}@*"))),
        ],
        ImageEntry::Tag(repository, tag) => vec![
            allow(&id(format!("{repository}:{tag}"))),
            allow(&id(format!("{repository}:{tag}@*"))),
        ],
        ImageEntry::Digest(repository, digest) => vec![
            allow(&id(format!("{repository}@{digest}"))),
            allow(&id(format!("{repository}:*@{digest}"))),
        ],
        ImageEntry::Pinned(repository, tag, digest) => vec![
            allow(&id(format!("{repository}@{digest}"))),
            allow(&id(format!("{repository}:{tag}@{digest}"))),
            json!({
                "action": "CONVERT",
                "selector": { "identifier": id(format!("{repository}:{tag}")) },
                "updates": { "identifier": id(format!("{repository}:{tag}@{digest}")) },
            }),
        ],
    }
}

fn allow(identifier: &str) -> Value {
    json!({ "action": "ALLOW", "selector": { "identifier": identifier } })
}

/// Only over the transport that is granted: the address itself is an attribute
/// of the source (`git.fullurl`).
fn allow_git(identifier: &str, scheme: &str) -> Value {
    json!({
        "action": "ALLOW",
        "selector": {
            "identifier": identifier,
            "constraints": [{
                "key": "git.fullurl",
                "value": format!("^{scheme}://"),
                "condition": "MATCHES",
            }],
        },
    })
}

fn deny(identifier: &str) -> Value {
    json!({ "action": "DENY", "selector": { "identifier": identifier } })
}

/// The sentence for a source that BuildKit refused, named as BuildKit does.
pub(crate) fn denial(access: &Access, source: &str) -> String {
    let asked = match source.split_once("://") {
        Some(("docker-image", reference)) => Some((Kind::Bases, reference.to_owned())),
        Some(("http" | "https", _)) => Some((Kind::Downloads, source.to_owned())),
        Some(("git", rest)) => {
            let place = rest.split('#').next().unwrap_or_default();
            Some((Kind::Sources, format!("https://{place}")))
        }
        _ => None,
    };
    asked
        .and_then(|(kind, asked)| access.policy().check(kind, &asked).err())
        .map_or_else(
            || {
                format!(
                    "{}: the build fetches {source}, which nothing in {} covers",
                    access.policy().app(),
                    access.policy().granted_in().file()
                )
            },
            |denied| denied.to_string(),
        )
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use bakehouse_core::grants::policy_for_tests;

    const DIGEST: &str = "sha256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";

    fn access() -> Access {
        let grants = format!(
            "bases = [\"golang\", \"docker.io/acme/*\", \"r.example/x:1\", \"r.example/y:2@{DIGEST}\"]
             downloads = [\"https://h.example/a/\"]
             sources = [\"https://git.example/a/b\", \"https://git.example/c/\"]"
        );
        let all = Kind::ALL.map(|kind| (kind, "*"));
        let policy = policy_for_tests(&grants, "", &all);
        Access::new(Arc::new(policy), vec![format!("r.example/base@{DIGEST}")])
    }

    /// Evaluates as BuildKit does (moby/buildkit, sourcepolicy/engine.go); git
    /// sources are over HTTPS.
    fn allows(rules: &Value, identifier: &str) -> bool {
        allows_over("https://", rules, identifier)
    }

    fn allows_over(transport: &str, rules: &Value, identifier: &str) -> bool {
        let mut denied = false;
        for rule in rules["rules"].as_array().unwrap() {
            let pattern = rule["selector"]["identifier"].as_str().unwrap();
            if !wildcard(pattern, identifier) {
                continue;
            }
            let constraints = rule["selector"]["constraints"].as_array();
            let met = |constraint: &Value| {
                assert_eq!(constraint["key"], "git.fullurl");
                assert_eq!(constraint["condition"], "MATCHES");
                constraint["value"].as_str().unwrap() == format!("^{transport}")
            };
            if !constraints.is_none_or(|all| all.iter().all(met)) {
                continue;
            }
            match rule["action"].as_str().unwrap() {
                "ALLOW" => denied = false,
                "DENY" => denied = true,
                _ => return allows(rules, rule["updates"]["identifier"].as_str().unwrap()),
            }
        }
        !denied
    }

    fn wildcard(pattern: &str, text: &str) -> bool {
        assert!(!pattern.contains("**"), "BuildKit refuses {pattern}");
        match pattern.split_once('*') {
            None => pattern == text,
            Some((before, after)) => text.strip_prefix(before).is_some_and(|rest| {
                (0..=rest.len())
                    .filter(|at| rest.is_char_boundary(*at))
                    .any(|at| wildcard(after, &rest[at..]))
            }),
        }
    }

    #[test]
    fn allows_what_is_granted_and_nothing_else() {
        let rules = rules(&access(), &Mirrors::default());
        for granted in [
            "local://context",
            &format!("docker-image://r.example/base@{DIGEST}"),
            "docker-image://docker.io/library/golang:latest",
            &format!("docker-image://docker.io/library/golang:1@{DIGEST}"),
            &format!("docker-image://docker.io/library/golang@{DIGEST}"),
            "docker-image://docker.io/acme/a/b:1",
            "docker-image://r.example/x:1",
            "docker-image://r.example/y:2",
            &format!("docker-image://r.example/y@{DIGEST}"),
            "https://h.example/a/b?c=d",
            "git://git.example/a/b",
            "git://git.example/a/b#v1:sub",
            "git://git.example/c/d.git#main",
        ] {
            assert!(allows(&rules, granted), "{granted}");
        }
        for denied in [
            "docker-image://r.example/base:latest",
            "docker-image://docker.io/library/golang-evil:1",
            "docker-image://docker.io/evil/golang:1",
            "docker-image://docker.io/acme-evil/a:1",
            "docker-image://r.example/x:2",
            "docker-image://r.example/y:3",
            "docker-image://r.example/y@sha256:00",
            "docker-image+blob://docker.io/library/golang@sha256:00",
            "oci-layout://x@sha256:00",
            "https://h.example/ab",
            "https://h.example/a/../b",
            "https://h.example/a/%2e%2e/b",
            "http://h.example/a/b",
            "https://h.example@evil.example/a/b",
            "git://git.example/a/bc",
            "git://git.example/a/b.git",
            "git://git.example/c/../a/x#y",
            "git://evil.example/a/b",
            "",
        ] {
            assert!(!allows(&rules, denied), "{denied}");
        }
    }

    #[test]
    fn git_is_granted_with_its_transport() {
        let rules = rules(&access(), &Mirrors::default());
        for source in ["git://git.example/a/b", "git://git.example/c/d.git#main"] {
            assert!(allows_over("https://", &rules, source), "{source}");
            for transport in ["http://", "git://", "ssh://", "git@git.example:"] {
                assert!(
                    !allows_over(transport, &rules, source),
                    "{transport} {source}"
                );
            }
        }
    }

    #[test]
    fn denials_name_the_grant() {
        let access = access();
        for (source, words) in [
            (
                &format!("docker-image://docker.io/library/debian:12@{DIGEST}") as &str,
                "add \"docker.io/library/debian\" to `bases`",
            ),
            (
                "https://other.example/f",
                "add \"https://other.example/\" to `downloads`",
            ),
            (
                "git://git.example/x#v1",
                "add \"https://git.example/x\" to `sources`",
            ),
            ("oci-layout://x", "which nothing in apps/x/app.toml covers"),
        ] {
            let text = denial(&access, source);
            assert!(text.contains(words), "{text}");
        }
    }
}
