//! esbuild: upstream publishes a static binary for each platform on npm, and no
//! image.

use std::collections::BTreeSet;

use bakehouse_sdk::fetch::{self, Archive};
use bakehouse_sdk::release::{self, Release, Selection};
use bakehouse_sdk::{
    App, Build, Error, Grant, Image, Job, Prepared, Recipe, Target, Version, platform,
};

struct Esbuild;

/// The package of each platform. Before 0.15.18 there is none of these names, and
/// a few versions have one alone.
const PACKAGES: &[(&str, &str)] = &[
    ("linux/amd64", "npm:@esbuild/linux-x64"),
    ("linux/arm64", "npm:@esbuild/linux-arm64"),
];
/// Where a version says which platforms it has a package for.
const PLATFORMS: &str = "platforms";
/// More versions than there are.
const ALL: u32 = u32::MAX;

const DOCKERFILE: &str = "\
FROM scratch
COPY package/bin/esbuild /usr/local/bin/esbuild
COPY package/README.md package/package.json /usr/local/share/esbuild/
WORKDIR /work
USER 65532:65532
ENTRYPOINT [\"/usr/local/bin/esbuild\"]
";

impl Recipe for Esbuild {
    fn describe() -> Result<App, Error> {
        Ok(App::new("esbuild", env!("CARGO_PKG_VERSION"))
            .summary("An extremely fast bundler for the web")
            .upstream("https://github.com/evanw/esbuild")
            .license("MIT")
            .image(
                Image::new("esbuild", &["linux/amd64", "linux/arm64"])
                    .summary("The esbuild command, and nothing else"),
            )
            .wants(Grant::Releases, "npm:esbuild", "versions")
            .wants(
                Grant::Releases,
                "npm:@esbuild/linux-x64",
                "binary for amd64",
            )
            .wants(
                Grant::Releases,
                "npm:@esbuild/linux-arm64",
                "binary for arm64",
            ))
    }

    fn versions(limit: u32) -> Result<Vec<Version>, Error> {
        let numbers = |releases: Vec<Release>| -> BTreeSet<String> {
            releases
                .into_iter()
                .map(|release| release.version)
                .collect()
        };
        let mut packages = Vec::new();
        for (platform, package) in PACKAGES {
            let releases = release::list(package, &Selection::stable(), ALL)?;
            packages.push((*platform, numbers(releases)));
        }
        let releases = release::list("npm:esbuild", &Selection::stable(), ALL)?;
        let versions = releases.iter().map(Version::of);
        Ok(offered(versions, &packages, limit))
    }

    fn matrix(version: Version) -> Result<Vec<Target>, Error> {
        let has = version.extras.iter().find(|(key, _)| key == PLATFORMS);
        let all = || PACKAGES.iter().map(|(platform, _)| *platform).collect();
        let has: Vec<&str> = has.map_or_else(all, |(_, has)| has.split(' ').collect());
        let target = |text: &str| Target {
            image: "esbuild".to_owned(),
            platform: platform(text),
        };
        Ok(has.into_iter().map(target).collect())
    }

    fn prepare(job: Job) -> Result<Prepared, Error> {
        let (version, target) = (&job.version, &job.target);
        let mut packages = PACKAGES.iter();
        let package = packages.find(|(text, _)| platform(text) == target.platform);
        let Some((_, package)) = package else {
            let other = &target.platform.architecture;
            let message = format!("esbuild has no package for {other}");
            return Err(Error::InvalidInput(message));
        };
        let release = release::get(package, &version.number)?;
        let [asset] = release.assets.as_slice() else {
            let message = format!("{package} {} has no tarball", version.number);
            return Err(Error::NotFound(message));
        };
        let integrity = asset.integrity.as_deref().ok_or_else(|| {
            Error::NotFound(format!(
                "{package} {} has no integrity value",
                version.number
            ))
        })?;
        let archive = Archive::tar_gz().strip(1);
        fetch::download(&asset.url, Some(integrity), "package", archive)?;
        Ok(Build::inline(DOCKERFILE, &target.platform).into())
    }
}

/// The newest versions that there is a package of, with its platforms; `packages`
/// are versions by platform.
fn offered(
    versions: impl Iterator<Item = Version>,
    packages: &[(&str, BTreeSet<String>)],
    limit: u32,
) -> Vec<Version> {
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let with_platforms = |mut version: Version| {
        let has = packages
            .iter()
            .filter(|(_, numbers)| numbers.contains(&version.number));
        let has: Vec<&str> = has.map(|(platform, _)| *platform).collect();
        if has.is_empty() {
            return None;
        }
        version.extras.push((PLATFORMS.to_owned(), has.join(" ")));
        Some(version)
    };
    versions.filter_map(with_platforms).take(limit).collect()
}

bakehouse_sdk::export!(Esbuild);

#[cfg(test)]
mod tests {
    use super::*;

    /// As npm has them.
    #[test]
    fn a_version_is_offered_for_what_it_has_packages_of() {
        let set = |numbers: &[&str]| numbers.iter().map(|n| (*n).to_owned()).collect();
        let packages = [
            (
                "linux/amd64",
                set(&["0.18.4", "0.18.3", "0.16.0", "0.15.18"]),
            ),
            ("linux/arm64", set(&["0.18.4", "0.16.0"])),
        ];
        let numbers = ["0.18.4", "0.18.3", "0.16.0", "0.15.18", "0.15.17", "0.0.1"];
        let all = |limit| {
            let versions = numbers.iter().map(|number| Version::new(number));
            offered(versions, &packages, limit)
        };
        let platforms = |version: &Version| {
            let targets = Esbuild::matrix(version.clone()).unwrap();
            targets
                .iter()
                .map(|target| target.platform.architecture.clone())
                .collect::<Vec<_>>()
                .join(" ")
        };
        let shown: Vec<_> = all(100)
            .iter()
            .map(|version| format!("{} {}", version.number, platforms(version)))
            .collect();
        assert_eq!(
            shown,
            [
                "0.18.4 amd64 arm64",
                "0.18.3 amd64",
                "0.16.0 amd64 arm64",
                "0.15.18 amd64"
            ]
        );
        assert_eq!(all(2).len(), 2);
        // As a digest file of an earlier recipe has it.
        assert_eq!(platforms(&Version::new("0.28.0")), "amd64 arm64");
    }
}
