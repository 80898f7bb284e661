//! Mirrors as rules of a BuildKit source policy.
//!
//! A `CONVERT` rule names what a build fetches anew; in `updates`, `${1}` is what
//! the first `*` of the selector stood for. BuildKit evaluates the policy again
//! for the new name, so that must be allowed, too. Only names that are granted
//! are converted: grants are decided on the original.

use bakehouse_core::mirrors::{Mirror, Mirrors};
use serde_json::{Value, json};

const IMAGE: &str = "docker-image://";

/// Rules for what these `ALLOW` rules grant and a mirror has.
pub(crate) fn rules(granted: &[Value], mirrors: &Mirrors) -> Vec<Value> {
    let mut rules = Vec::new();
    let allowed = granted.iter().filter(|rule| rule["action"] == "ALLOW");
    for identifier in allowed.filter_map(|rule| rule["selector"]["identifier"].as_str()) {
        let (scheme, name, mirrors) = match identifier.strip_prefix(IMAGE) {
            Some(name) => (IMAGE, name, mirrors.images()),
            None => ("", identifier, mirrors.urls()),
        };
        for mirror in mirrors {
            let Some((from, to)) = convert(name, mirror) else {
                continue;
            };
            rules.push(json!({
                "action": "ALLOW",
                "selector": { "identifier": format!("{scheme}{to}") },
            }));
            rules.push(json!({
                "action": "CONVERT",
                "selector": { "identifier": format!("{scheme}{from}") },
                "updates": { "identifier": format!("{scheme}{}", numbered(&to)) },
            }));
        }
    }
    rules
}

/// The part of a granted pattern that the mirror has, and its pattern there.
fn convert(granted: &str, mirror: &Mirror) -> Option<(String, String)> {
    if let Some(there) = mirror.name(granted) {
        return Some((granted.to_owned(), there));
    }
    // The grant is wider than the mirror.
    let stem = granted.strip_suffix('*')?;
    let narrower = !stem.contains('*') && mirror.from.starts_with(stem);
    narrower.then(|| (format!("{}*", mirror.from), format!("{}*", mirror.to)))
}

/// Each `*` as the text that it stands for.
fn numbered(pattern: &str) -> String {
    let mut parts = pattern.split('*');
    let mut text = parts.next().unwrap_or_default().to_owned();
    for (number, part) in (1..).zip(parts) {
        text.push_str(&format!("${{{number}}}{part}"));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(identifier: &str) -> Vec<(String, String, String)> {
        let mirrors: Mirrors = toml::from_str(
            "\"docker.io/library/\" = \"m.example:5000/hub/\"\n\"https://a.example/b/\" = \"https://m.example/\"",
        )
        .unwrap();
        let granted = json!({ "action": "ALLOW", "selector": { "identifier": identifier } });
        let pairs = rules(&[granted], &mirrors);
        let text = |value: &Value| value["identifier"].as_str().unwrap().to_owned();
        pairs
            .chunks(2)
            .map(|pair| {
                let [allow, convert] = pair else { panic!() };
                assert_eq!(convert["action"], "CONVERT");
                (
                    text(&convert["selector"]),
                    text(&convert["updates"]),
                    text(&allow["selector"]),
                )
            })
            .collect()
    }

    #[test]
    fn only_what_is_granted_is_fetched_elsewhere() {
        let rule = |from: &str, to: &str, allowed: &str| {
            vec![(from.to_owned(), to.to_owned(), allowed.to_owned())]
        };
        assert_eq!(
            of("docker-image://docker.io/library/golang:*"),
            rule(
                "docker-image://docker.io/library/golang:*",
                "docker-image://m.example:5000/hub/golang:${1}",
                "docker-image://m.example:5000/hub/golang:*"
            )
        );
        assert_eq!(
            of("docker-image://docker.io/library/x:*@sha256:00"),
            rule(
                "docker-image://docker.io/library/x:*@sha256:00",
                "docker-image://m.example:5000/hub/x:${1}@sha256:00",
                "docker-image://m.example:5000/hub/x:*@sha256:00"
            )
        );
        assert_eq!(
            of("docker-image://docker.io/*"),
            rule(
                "docker-image://docker.io/library/*",
                "docker-image://m.example:5000/hub/${1}",
                "docker-image://m.example:5000/hub/*"
            )
        );
        assert_eq!(
            of("https://a.example/b/c/*"),
            rule(
                "https://a.example/b/c/*",
                "https://m.example/c/${1}",
                "https://m.example/c/*"
            )
        );
        for other in [
            "docker-image://docker.io/acme/x:*",
            "https://a.example/*x*",
            "local://*",
        ] {
            assert_eq!(of(other), [], "{other}");
        }
    }
}
