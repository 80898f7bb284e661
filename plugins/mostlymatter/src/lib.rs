//! Mostlymatter: Framasoft's fork of Mattermost without its limits. Framasoft
//! publishes the server's program; everything else is Mattermost's own.

use bakehouse_mattermost_package::{
    DocumentSearch, Edition, Package, Replaced, checksums, image, is_buildable,
};
use bakehouse_sdk::fetch::{self, Unpack};
use bakehouse_sdk::release::{self, Release, Selection};
use bakehouse_sdk::{
    App, Error, Grant, Image, Job, OptionDeclaration, Prepared, Recipe, Version, platform,
};

const TAGS: &str = "gitlab-tags:framagit.org/framasoft/framateam/mostlymatter";
const PROGRAMS: &str = "https://packages.framasoft.org/projects/mostlymatter/";
const MATTERMOST: &str = "github:mattermost/mattermost";
const REPOSITORY: &str = "https://github.com/mattermost/mattermost";
const PLATFORMS: &[&str] = &["linux/amd64", "linux/arm64"];

struct Mostlymatter;

impl Recipe for Mostlymatter {
    fn options() -> Vec<OptionDeclaration> {
        vec![DocumentSearch::declaration()]
    }

    fn describe() -> Result<App, Error> {
        Ok(App::new("mostlymatter", env!("CARGO_PKG_VERSION"))
            .summary("Mattermost without its limits on users and messages")
            .upstream("https://framagit.org/framasoft/framateam/mostlymatter")
            .license("AGPL-3.0-only")
            .vendor("Framasoft")
            .documentation("https://docs.mattermost.com")
            .image(
                Image::new("mostlymatter", PLATFORMS)
                    .summary("The Mostlymatter server with Mattermost's web app"),
            )
            .wants(Grant::Releases, TAGS, "versions")
            .wants(
                Grant::Releases,
                MATTERMOST,
                "checksums of Mattermost's packages",
            )
            .wants(
                Grant::Sources,
                REPOSITORY,
                "server/build, Mattermost's Dockerfile",
            )
            .wants(Grant::Downloads, PROGRAMS, "the server's program")
            .wants(
                Grant::Downloads,
                "https://releases.mattermost.com/",
                "Mattermost's packages",
            )
            .wants(
                Grant::Downloads,
                "https://plugins.releases.mattermost.com/",
                "plugins that a platform's package lacks",
            )
            .wants(
                Grant::Bases,
                "docker.io/library/ubuntu",
                "Mattermost's base",
            )
            .wants(
                Grant::Bases,
                "docker.io/library/debian",
                "the base of older versions",
            )
            .wants(
                Grant::Bases,
                "gcr.io/distroless/base-debian12",
                "the final base since 10.9",
            )
            .wants_network("apt-get in Mattermost's Dockerfile"))
    }

    fn versions(limit: u32) -> Result<Vec<Version>, Error> {
        let selection = Selection::stable().tags("v{version}-limitless");
        let tags = release::list(TAGS, &selection, limit)?;
        let version = |tag: &Release| {
            let mattermost = format!("v{}", tag.version);
            Version::of(tag).source(REPOSITORY, &mattermost)
        };
        let buildable = tags.iter().filter(|tag| is_buildable(&tag.version));
        Ok(buildable.map(version).collect())
    }

    fn prepare(job: Job) -> Result<Prepared, Error> {
        let (version, target) = (&job.version, &job.target);
        let number = &version.number;
        let program = format!("mostlymatter-{}-v{number}", target.platform.architecture);
        let into = "server/build/mostlymatter";
        fetch::download(&format!("{PROGRAMS}{program}"), None, into, Unpack::None)?;

        let package = Package {
            number,
            edition: Edition::Team,
            platform: &target.platform,
        };
        let release = release::get(MATTERMOST, &format!("v{number}"))?;
        let notes = release.extras.iter().find(|(key, _)| key == "notes");
        let checksums = notes.map_or_else(Vec::new, |(_, notes)| checksums(notes));
        package.fetch(&checksums)?;
        let platforms: Vec<_> = PLATFORMS.iter().map(|text| platform(text)).collect();
        let differences = package.complete(&platforms, &checksums)?;
        let replaced = Replaced {
            by: "mostlymatter",
            name: "mattermost",
        };
        let search = DocumentSearch::option();
        Ok(image(&package, &[replaced], &differences, search)?.into())
    }
}

bakehouse_sdk::export!(Mostlymatter);
