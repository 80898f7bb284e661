//! Tags of an image's versions, and tags that move: pure rules.

use bakehouse_core::version_number::VersionNumber;

/// The moving tags that a version number makes from templates such as `latest`,
/// `{major}`, `{major}.{minor}`: each once, and never its own name. A number
/// that cannot be read makes none, and one without a minor part none with it.
#[must_use]
pub fn moving_tags(number: &str, templates: &[String]) -> Vec<String> {
    let Some(version) = VersionNumber::parse(number) else {
        return Vec::new();
    };
    let mut tags: Vec<String> = Vec::new();
    for tag in templates
        .iter()
        .filter_map(|template| version.fill(template))
    {
        if tag != number && !tags.contains(&tag) {
            tags.push(tag);
        }
    }
    tags
}

/// Whether a moving tag may go from version `from` to version `to`: only
/// forward, and never when either cannot be read.
#[must_use]
pub(crate) fn moves_forward(from: &str, to: &str) -> bool {
    match (VersionNumber::parse(from), VersionNumber::parse(to)) {
        (Some(from), Some(to)) => to > from,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_forward() {
        assert!(moves_forward("9.11.7", "10.5.0"));
        assert!(moves_forward("1.33.0-k3s1", "1.33.0-k3s2"));
        assert!(!moves_forward("10.5.0", "9.11.7"));
        assert!(!moves_forward("10.5.0", "10.5.0"));
        assert!(!moves_forward("nightly", "1.0.0"));
    }

    #[test]
    fn templates() {
        let templates = ["latest", "{major}", "{major}.{minor}"].map(str::to_owned);
        assert_eq!(moving_tags("10.5.2", &templates), ["latest", "10", "10.5"]);
        assert_eq!(moving_tags("10.5", &templates), ["latest", "10"]);
        assert_eq!(
            moving_tags("1.33.0-k3s1", &templates),
            ["latest", "1", "1.33"]
        );
        assert!(moving_tags("nightly", &templates).is_empty());
        assert_eq!(
            moving_tags("24.04.2", &templates),
            ["latest", "24", "24.04"]
        );
        assert_eq!(moving_tags("5", &templates), ["latest"]);
        let twice = ["{major}", "10", "{major}"].map(str::to_owned);
        assert_eq!(moving_tags("10.5.2", &twice), ["10"]);
    }
}
