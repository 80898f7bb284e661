//! Outline: upstream builds one architecture at a time, each one's JavaScript
//! on that architecture.

mod app;
mod base;

use bakehouse_sdk::release::{self, Release, Selection};
use bakehouse_sdk::{App, Error, Grant, Image, Job, Prepared, Recipe, Version};

const RELEASES: &str = "github:outline/outline";
const REPOSITORY: &str = "https://github.com/outline/outline";
const PLATFORMS: &[&str] = &["linux/amd64", "linux/arm64"];
/// The first version, as major and minor number, that is built from a `Dockerfile`
/// on the image of a `Dockerfile.base`.
const FIRST: (u32, u32) = (0, 63);
const BASE: &str = "base-outline";

struct Outline;

impl Recipe for Outline {
    fn describe() -> Result<App, Error> {
        Ok(App::new("outline", env!("CARGO_PKG_VERSION"))
            .summary("A wiki and knowledge base for teams")
            .upstream(REPOSITORY)
            .license("BUSL-1.1")
            .vendor("General Outline, Inc.")
            .url("https://www.getoutline.com")
            .documentation("https://docs.getoutline.com/s/hosting")
            .image(
                Image::new("outline", PLATFORMS)
                    .summary("The Outline server with its web app")
                    .needs(BASE),
            )
            .image(Image::new(BASE, PLATFORMS).summary("Outline built, on Node.js"))
            .wants(Grant::Releases, RELEASES, "versions")
            .wants(Grant::Sources, REPOSITORY, "upstream's source")
            .wants(Grant::Bases, "docker.io/library/node", "upstream's base")
            .wants_network("yarn and apt-get in upstream's Dockerfiles, and a cross compiler"))
    }

    fn versions(limit: u32) -> Result<Vec<Version>, Error> {
        let releases = release::list(RELEASES, &Selection::stable(), limit)?;
        let version = |release: &Release| Version::of(release).source(REPOSITORY, &release.tag);
        let buildable = releases
            .iter()
            .filter(|release| is_buildable(&release.version));
        Ok(buildable.map(version).collect())
    }

    fn prepare(job: Job) -> Result<Prepared, Error> {
        let platform = &job.target.platform;
        let build = match job.target.image.as_str() {
            BASE => base::prepare(platform)?,
            _ => app::prepare(platform, job.base(BASE)?)?,
        };
        Ok(build.into())
    }
}

/// Whether a version's tree has `Dockerfile.base`.
fn is_buildable(number: &str) -> bool {
    let mut parts = number.split(['.', '-']);
    let mut part = || parts.next().and_then(|part| part.parse::<u32>().ok());
    matches!((part(), part()), (Some(major), Some(minor)) if (major, minor) >= FIRST)
}

bakehouse_sdk::export!(Outline);

#[cfg(test)]
mod tests {
    use super::*;

    /// As upstream's tags have it.
    #[test]
    fn versions_with_two_dockerfiles() {
        for number in ["0.63.0", "0.64.1", "0.82.0", "1.9.2"] {
            assert!(is_buildable(number), "{number}");
        }
        for number in ["0.62.0", "0.50.0", "0", "x"] {
            assert!(!is_buildable(number), "{number}");
        }
    }
}
