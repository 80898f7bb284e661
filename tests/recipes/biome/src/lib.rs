//! biome, as upstream publishes it.

use bakehouse_sdk::fetch::{self, Archive};
use bakehouse_sdk::release::{self, Selection};
use bakehouse_sdk::{App, Build, Error, Grant, Image, Job, Prepared, Recipe, Version};

struct Upstream;

const PLATFORMS: &[&str] = &["linux/amd64", "linux/arm64"];

/// Carries upstream's tag from `versions` to `prepare`.
const TAG: &str = "tag";

const DOCKERFILE: &str = "\
FROM scratch
COPY --chmod=0755 upstream/package/biome /usr/local/bin/biome
USER 65532:65532
ENTRYPOINT [\"/usr/local/bin/biome\"]
";

impl Recipe for Upstream {
    fn describe() -> Result<App, Error> {
        Ok(App::new("biome", env!("CARGO_PKG_VERSION"))
            .summary("A toolchain for the web")
            .upstream("https://www.npmjs.com/package/@biomejs/biome")
            .license("MIT OR Apache-2.0")
            .image(Image::new("biome", PLATFORMS).summary("A toolchain for the web"))
            .wants(Grant::Releases, "npm:@biomejs/biome", "versions and files")
            .wants(
                Grant::Releases,
                "npm:@biomejs/cli-linux-arm64-musl",
                "versions and files",
            )
            .wants(
                Grant::Releases,
                "npm:@biomejs/cli-linux-x64-musl",
                "versions and files",
            ))
    }

    fn versions(limit: u32) -> Result<Vec<Version>, Error> {
        let releases = release::list("npm:@biomejs/biome", &Selection::stable(), limit)?;
        let version = |release: &release::Release| {
            let mut version = Version::of(release);
            version.extras.push((TAG.to_owned(), release.tag.clone()));
            version
        };
        Ok(releases.iter().map(version).collect())
    }

    fn prepare(job: Job) -> Result<Prepared, Error> {
        let (version, target) = (&job.version, &job.target);
        let platform = target.platform.to_string();
        let (source, name) = file(&platform, &version.number)
            .ok_or_else(|| Error::InvalidInput(format!("there is no file for {platform}")))?;
        let tag = version.extras.iter().find(|(fact, _)| fact == TAG);
        let tag = tag.map_or(&version.number, |(_, tag)| tag);
        let release = release::get(source, tag)?;
        let asset = release
            .assets
            .iter()
            .find(|asset| asset.name == name)
            .ok_or_else(|| Error::NotFound(format!("{source} {} has no {name}", version.number)))?;
        fetch::download(
            &asset.url,
            asset.integrity.as_deref(),
            "upstream",
            Archive::tar_gz(),
        )?;
        Ok(Build::inline(DOCKERFILE, &target.platform).into())
    }
}

/// The source of a platform's file, and its name.
fn file(platform: &str, version: &str) -> Option<(&'static str, String)> {
    let (source, name) = match platform {
        "linux/amd64" => (
            "npm:@biomejs/cli-linux-x64-musl",
            "cli-linux-x64-musl-{version}.tgz",
        ),
        "linux/arm64" => (
            "npm:@biomejs/cli-linux-arm64-musl",
            "cli-linux-arm64-musl-{version}.tgz",
        ),
        _ => return None,
    };
    Some((source, name.replace("{version}", version)))
}

bakehouse_sdk::export!(Upstream);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_platform_has_a_file_of_its_version() {
        for platform in PLATFORMS {
            let (_, name) = file(platform, "1.2.3").unwrap();
            assert!(!name.contains('{'), "{name}");
        }
        assert!(file("plan9/mips", "1.2.3").is_none());
    }
}
