//! Nodes of a builder that do not answer.

use std::fmt;

use bakehouse_core::platform::Platform;

/// A node that does not answer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct UnreachableNode {
    name: String,
    endpoint: String,
    /// Platforms that the builder sends to it.
    platforms: Vec<Platform>,
}

impl UnreachableNode {
    /// The nodes that `docker-buildx inspect` lists as not running.
    pub(crate) fn parse(inspected: &str) -> Vec<Self> {
        let (_, nodes) = inspected.split_once("\nNodes:").unwrap_or_default();
        let mut down = Vec::new();
        for node in nodes.split("\n\n") {
            let value = |key: &str| {
                let values = node.lines().filter_map(|line| line.split_once(':'));
                let mut values = values.filter(|(name, _)| *name == key);
                values.next().map(|(_, value)| value.trim())
            };
            let Some(name) = value("Name").filter(|_| value("Status") != Some("running")) else {
                continue;
            };
            let platforms = value("Platforms").unwrap_or_default().split(',');
            down.push(Self {
                name: name.to_owned(),
                endpoint: value("Endpoint").unwrap_or_default().to_owned(),
                platforms: platforms
                    .filter_map(|text| text.trim().trim_end_matches('*').parse().ok())
                    .collect(),
            });
        }
        down
    }

    /// Whether the builder sends this platform to it.
    pub(crate) fn takes(&self, platform: &Platform) -> bool {
        self.platforms.contains(platform)
    }
}

impl fmt::Display for UnreachableNode {
    /// `node two1 (ssh://arm.test) does not answer`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "node {} ({}) does not answer", self.name, self.endpoint)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_what_does_not_run() {
        let text = "Name:          two\nDriver:        remote\n\nNodes:\nName:             two0\nEndpoint:         unix:///run/a.sock\nStatus:           running\nPlatforms:        linux/amd64*, linux/arm64\nLabels:\n org.mobyproject.buildkit.worker.executor: oci\n\nName:      two1\nEndpoint:  unix:///tmp/nope.sock\nStatus:    inactive\nPlatforms: linux/arm64*, linux/arm/v7*\n";
        let down = UnreachableNode::parse(text);
        let [node] = down.as_slice() else {
            panic!("{down:?}");
        };
        assert_eq!(
            node.to_string(),
            "node two1 (unix:///tmp/nope.sock) does not answer"
        );
        let takes = |platform: &str| node.takes(&platform.parse().unwrap());
        assert!(takes("linux/arm64") && takes("linux/arm/v7") && !takes("linux/amd64"));
        assert_eq!(UnreachableNode::parse(""), []);
    }
}
