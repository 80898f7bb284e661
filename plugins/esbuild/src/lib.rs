//! esbuild: upstream publishes a static binary for each platform on npm, and no
//! image.

use bakehouse_sdk::fetch::{self, Unpack};
use bakehouse_sdk::release::{self, Selection};
use bakehouse_sdk::{App, Base, Build, Error, Grant, Image, Recipe, Target, Version};

struct Esbuild;

const DOCKERFILE: &str = "\
FROM scratch
COPY package/bin/esbuild /usr/local/bin/esbuild
COPY package/README.md package/package.json /usr/local/share/esbuild/
WORKDIR /work
USER 65532:65532
ENTRYPOINT [\"/usr/local/bin/esbuild\"]
";

impl Recipe for Esbuild {
    fn describe() -> App {
        App::new("esbuild", env!("CARGO_PKG_VERSION"))
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
            )
    }

    fn versions(limit: u32) -> Result<Vec<Version>, Error> {
        let releases = release::list("npm:esbuild", &Selection::stable(), limit)?;
        Ok(releases.iter().map(Version::of).collect())
    }

    fn prepare(version: Version, target: Target, _: Vec<Base>) -> Result<Build, Error> {
        let package = match target.platform.architecture.as_str() {
            "amd64" => "npm:@esbuild/linux-x64",
            "arm64" => "npm:@esbuild/linux-arm64",
            other => {
                let message = format!("esbuild has no package for {other}");
                return Err(Error::InvalidInput(message));
            }
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
        fetch::download(&asset.url, Some(integrity), "package", Unpack::TarGz(1))?;
        Ok(Build::inline(DOCKERFILE, &target.platform))
    }
}

bakehouse_sdk::export!(Esbuild);
