//! Mattermost: upstream ships images for amd64 only, and packages for arm64,
//! too.

mod compile;

use bakehouse_mattermost_package::{
    DocumentSearch, Edition, Package, Replaced, checksums, image, is_buildable,
};
use bakehouse_sdk::options::{self, OptionDeclaration};
use bakehouse_sdk::release::{self, Release, Selection};
use bakehouse_sdk::{App, Error, Grant, Image, Job, Prepared, Recipe, Version, platform};

const RELEASES: &str = "github:mattermost/mattermost";
const REPOSITORY: &str = "https://github.com/mattermost/mattermost";
/// Upstream has a package for each.
const PLATFORMS: &[&str] = &["linux/amd64", "linux/arm64"];

struct Mattermost;

impl Recipe for Mattermost {
    fn options() -> Vec<OptionDeclaration> {
        vec![
            OptionDeclaration::text("edition", "which of upstream's packages")
                .choices(&["team", "enterprise"])
                .default("team"),
            OptionDeclaration::text("build", "where the server's programs come from")
                .choices(&["package", "source"])
                .default("package"),
            DocumentSearch::declaration(),
        ]
    }

    fn describe() -> Result<App, Error> {
        Ok(App::new("mattermost", env!("CARGO_PKG_VERSION"))
            .summary("Team messaging, self-hosted")
            .upstream(REPOSITORY)
            .license("MIT")
            .vendor("Mattermost, Inc.")
            .url("https://mattermost.com")
            .documentation("https://docs.mattermost.com")
            .image(
                Image::new("mattermost", PLATFORMS)
                    .summary("The Mattermost server with its web app"),
            )
            .wants(
                Grant::Releases,
                RELEASES,
                "versions, and checksums in their notes",
            )
            .wants(
                Grant::Sources,
                REPOSITORY,
                "server/build, upstream's Dockerfile",
            )
            .wants(
                Grant::Downloads,
                "https://releases.mattermost.com/",
                "upstream's packages",
            )
            .wants(
                Grant::Downloads,
                "https://plugins.releases.mattermost.com/",
                "plugins that a platform's package lacks",
            )
            .wants(Grant::Bases, "docker.io/library/ubuntu", "upstream's base")
            .wants(
                Grant::Bases,
                "docker.io/library/debian",
                "the base of older versions; programs, with document-search = true",
            )
            .wants(
                Grant::Bases,
                "gcr.io/distroless/base-debian12",
                "the final base since 10.9",
            )
            .wants(
                Grant::Bases,
                "docker.io/library/golang",
                "the compiler, with build = \"source\"",
            )
            .wants_network("apt-get in upstream's Dockerfile; Go modules with build = \"source\""))
    }

    fn versions(limit: u32) -> Result<Vec<Version>, Error> {
        let releases = release::list(RELEASES, &Selection::stable(), limit)?;
        let version = |release: &Release| {
            let mut version = Version::of(release).source(REPOSITORY, &release.tag);
            let notes = release.extras.iter().find(|(key, _)| key == "notes");
            version.extras = notes.map_or_else(Vec::new, |(_, notes)| checksums(notes));
            version
        };
        let buildable = releases
            .iter()
            .filter(|release| is_buildable(&release.version));
        Ok(buildable.map(version).collect())
    }

    fn prepare(job: Job) -> Result<Prepared, Error> {
        let version = &job.version;
        let package = Package {
            number: &version.number,
            edition: match options::text("edition").as_deref() {
                Some("enterprise") => Edition::Enterprise,
                _ => Edition::Team,
            },
            platform: &job.target.platform,
        };
        let from_source = options::text("build").as_deref() == Some("source");
        let search = DocumentSearch::option();
        package.fetch(&version.extras)?;
        let platforms: Vec<_> = PLATFORMS.iter().map(|text| platform(text)).collect();
        let differences = package.complete(&platforms, &version.extras)?;
        if !from_source {
            return Ok(image(&package, &[], &differences, search)?.into());
        }
        if package.edition != Edition::Team {
            return Err(Error::InvalidInput(
                "upstream's sources are those of the team edition; set edition = \"team\""
                    .to_owned(),
            ));
        }
        compile::server(&job)?;
        let compiled = |name, by| Replaced { by, name };
        let build = image(
            &package,
            &[
                compiled("mattermost", "compiled/mattermost"),
                compiled("mmctl", "compiled/mmctl"),
            ],
            &differences,
            search,
        )?;
        Ok(build.into())
    }
}

bakehouse_sdk::export!(Mattermost);
