//! Capabilities of a builder, as `docker-buildx inspect` tells them.

use bakehouse_core::platform::Platform;

use crate::builder::Capabilities;

/// `docker-buildx inspect` has no other format than text for people.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Inspected {
    pub(crate) name: String,
    pub(crate) driver: String,
    pub(crate) buildkit: Option<String>,
    pub(crate) native: Vec<Platform>,
    pub(crate) platforms: Vec<Platform>,
    pub(crate) running: bool,
    pub(crate) error: Option<String>,
}

impl Inspected {
    pub(crate) fn parse(text: &str) -> Self {
        let mut found = Self::default();
        for line in text.lines() {
            // Indented lines are labels and rules of a node.
            let Some((key, value)) = line.split_once(':').filter(|_| !line.starts_with(' ')) else {
                continue;
            };
            let value = value.trim();
            match key.to_ascii_lowercase().as_str() {
                "name" if found.name.is_empty() => found.name = value.to_owned(),
                "driver" => found.driver = value.to_owned(),
                "status" => found.running |= value == "running",
                "error" => found.error = Some(value.to_owned()),
                // Builds without version information say v0.0.0.
                "buildkit version" | "buildkit" if !value.starts_with("v0.0.0") => {
                    found.buildkit.get_or_insert_with(|| value.to_owned());
                }
                "platforms" => found.add_platforms(value),
                _ => {}
            }
        }
        found
    }

    fn add_platforms(&mut self, list: &str) {
        // A star marks platforms that the user set.
        let parse = |text: &str| text.trim().trim_end_matches('*').parse().ok();
        let all: Vec<Platform> = list.split(',').filter_map(parse).collect();
        // A node names itself first.
        self.native.extend(all.first().cloned());
        for platform in all {
            if !self.platforms.contains(&platform) {
                self.platforms.push(platform);
            }
        }
    }

    /// The docker driver lacks push by digest, and exports OCI layouts only
    /// with containerd's image store.
    pub(crate) fn capabilities(self, containerd_image_store: bool) -> Capabilities {
        let docker = self.driver == "docker";
        Capabilities {
            push_by_digest: !docker,
            oci_export: !docker || containerd_image_store,
            name: self.name,
            driver: self.driver,
            buildkit: self.buildkit,
            native: self.native,
            platforms: self.platforms,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_a_builder_with_two_nodes() {
        let text = "Name:          two\nDriver:        docker-container\nLast Activity: 2026-11-24 09:57:29 +0000 UTC\n\nNodes:\nName:                  two0\nEndpoint:              unix:///var/run/docker.sock\nStatus:                running\nBuildKit daemon flags: --allow-insecure-entitlement=network.host\nBuildKit version:      v0.25.1\nPlatforms:             linux/amd64*, linux/amd64/v2, linux/386\nLabels:\n org.mobyproject.buildkit.worker.executor:         oci\nGC Policy rule#0:\n All:            false\n\nName:      two1\nEndpoint:  ssh://arm.test\nStatus:    inactive\nPlatforms: linux/arm64*, linux/amd64\n";
        let found = Inspected::parse(text);
        assert_eq!(
            (found.name.as_str(), found.driver.as_str()),
            ("two", "docker-container")
        );
        assert_eq!(found.buildkit.as_deref(), Some("v0.25.1"));
        let platforms: Vec<_> = found.platforms.iter().map(ToString::to_string).collect();
        assert_eq!(
            platforms,
            ["linux/amd64", "linux/amd64/v2", "linux/386", "linux/arm64"]
        );
        let native: Vec<_> = found.native.iter().map(ToString::to_string).collect();
        assert_eq!(native, ["linux/amd64", "linux/arm64"]);
        assert!(found.running && found.error.is_none());
        let can = found.capabilities(false);
        assert!(can.push_by_digest && can.oci_export);
    }

    #[test]
    fn reads_the_docker_driver_and_its_absence() {
        let found = Inspected::parse(
            "Name:   default\nDriver: docker\n\nNodes:\nName:             default\nStatus:           running\nBuildkit version: v0.0.0+unknown\nPlatforms:        linux/amd64\n",
        );
        assert_eq!(found.buildkit, None);
        let can = found.capabilities(true);
        assert!(!can.push_by_digest && can.oci_export);
        let gone = Inspected::parse(
            "Name:   default\nDriver: \nError:  Cannot connect to the Docker daemon at unix:///nope. Is the docker daemon running?\n\nNodes:\n",
        );
        assert!(!gone.running && gone.error.unwrap().contains("unix:///nope"));
    }
}
