//! A recipe for tests that builds what the Dockerfiles in upstream's source say.
//! The app's options name the repository and the versions.

use bakehouse_sdk::{
    App, Base, Build, Error, Grant, Image, Recipe, Target, Version, buildx, options,
};

struct FromSource;

/// The last one is an architecture that BuildKit knows no emulator for.
const PLATFORMS: [&str; 3] = ["linux/amd64", "linux/arm64", "linux/ppc64"];

impl Recipe for FromSource {
    fn describe() -> App {
        App::new("fromsource", env!("CARGO_PKG_VERSION"))
            .summary("Is what its source says")
            .upstream("https://fromsource.example")
            .license("Apache-2.0")
            .vendor("Source & Sons")
            .documentation("https://fromsource.example/docs")
            .image(Image::new("fromsource", &PLATFORMS))
            .wants(Grant::Sources, "*", "what is built")
            .wants(Grant::Bases, "*", "the option `base`")
            .wants_network("the option `network`")
    }

    fn versions(limit: u32) -> Result<Vec<Version>, Error> {
        let repository = option("repository")?;
        let numbers = option("versions")?;
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let version = |number: &str| {
            let tag = format!("v{number}");
            let version = Version::new(number).source(&repository, &tag);
            match options::get("submodules") {
                Some(_) => version.with_submodules(),
                None => version,
            }
        };
        Ok(numbers.split(' ').take(limit).map(version).collect())
    }

    /// `compile.Dockerfile`, where there is one, then `Dockerfile` on its output.
    fn prepare(_: Version, target: Target, _: Vec<Base>) -> Result<Build, Error> {
        let build = |path: &str| {
            let build = Build::file(path, &target.platform);
            let build = match options::get("network") {
                Some(_) => build.with_network(),
                None => build,
            };
            match options::get("base") {
                Some(base) => build.context("base", &format!("docker-image://{base}")),
                None => build,
            }
        };
        if std::fs::exists("/src/compile.Dockerfile").unwrap_or(false) {
            buildx::compile(&build("compile.Dockerfile"), "out")?;
        }
        Ok(build("Dockerfile"))
    }
}

fn option(name: &str) -> Result<String, Error> {
    options::get(name).ok_or_else(|| Error::InvalidInput(format!("there is no option `{name}`")))
}

bakehouse_sdk::export!(FromSource);
