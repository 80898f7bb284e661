//! What `docker buildx inspect` prints.

use crate::platform::Platform;

/// The parts of it that matter.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Inspected {
    pub(super) name: String,
    pub(super) driver: String,
    pub(super) buildkit: Option<String>,
    pub(super) platforms: Vec<Platform>,
    pub(super) running: bool,
    pub(super) error: Option<String>,
}

/// Reads the output; platforms of all nodes are put together.
pub(super) fn parse(text: &str) -> Inspected {
    let mut inspected = Inspected::default();
    for line in text.lines() {
        let Some((key, value)) = line.split_once(':') else {
            continue;
        };
        let value = value.trim();
        match key.trim() {
            "Name" if inspected.name.is_empty() => value.clone_into(&mut inspected.name),
            "Driver" => value.clone_into(&mut inspected.driver),
            "Status" => inspected.running |= value == "running",
            "Error" => inspected.error = Some(value.to_owned()),
            "BuildKit version" | "Buildkit" => inspected.buildkit = Some(value.to_owned()),
            "Platforms" => {
                for platform in value.split(',') {
                    // A star marks what the user chose.
                    if let Ok(platform) = platform.trim().trim_end_matches('*').parse()
                        && !inspected.platforms.contains(&platform)
                    {
                        inspected.platforms.push(platform);
                    }
                }
            }
            _ => {}
        }
    }
    inspected
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_a_remote_builder() {
        let text = "Name:          bakehouse\nDriver:        remote\nLast Activity: 2026-11-24 09:57:40 +0000 UTC\n\nNodes:\nName:             bakehouse0\nEndpoint:         unix:///run/x.sock\nStatus:           running\nBuildKit version: v0.31.1\nPlatforms:        linux/amd64*, linux/amd64/v2, linux/arm64\nLabels:\n org.mobyproject.buildkit.worker.executor: oci\n";
        let inspected = parse(text);
        assert_eq!(
            (inspected.name.as_str(), inspected.driver.as_str()),
            ("bakehouse", "remote")
        );
        assert_eq!(inspected.buildkit.as_deref(), Some("v0.31.1"));
        assert!(inspected.running);
        let platforms: Vec<_> = inspected
            .platforms
            .iter()
            .map(ToString::to_string)
            .collect();
        assert_eq!(platforms, ["linux/amd64", "linux/amd64/v2", "linux/arm64"]);
    }
}
