//! A recipe for tests that builds what the Dockerfiles in upstream's source say.
//! The app's options name the repository and the versions.

use bakehouse_sdk::options::{self, OptionDeclaration};
use bakehouse_sdk::{App, Build, Error, Grant, Image, Job, Prepared, Recipe, Version, buildx};

struct FromSource;

/// The last one is an architecture that BuildKit knows no emulator for.
const PLATFORMS: [&str; 3] = ["linux/amd64", "linux/arm64", "linux/ppc64"];

impl Recipe for FromSource {
    fn options() -> Vec<OptionDeclaration> {
        vec![
            OptionDeclaration::text("repository", "what is built").required(),
            OptionDeclaration::text("versions", "its numbers, newest first").required(),
            OptionDeclaration::boolean("submodules", "with submodules"),
            OptionDeclaration::text("base", "what the build context `base` is"),
            OptionDeclaration::text("network", "steps have the network"),
        ]
    }

    fn describe() -> Result<App, Error> {
        Ok(App::new("fromsource", env!("CARGO_PKG_VERSION"))
            .summary("Is what its source says")
            .upstream("https://fromsource.example")
            .license("Apache-2.0")
            .vendor("Source & Sons")
            .documentation("https://fromsource.example/docs")
            .image(Image::new("fromsource", &PLATFORMS))
            .wants(Grant::Sources, "*", "what is built")
            .wants(Grant::Bases, "*", "the option `base`")
            .wants_network("the option `network`"))
    }

    fn versions(limit: u32) -> Result<Vec<Version>, Error> {
        let repository = option("repository")?;
        let numbers = option("versions")?;
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let version = |number: &str| {
            let tag = format!("v{number}");
            let version = Version::new(number).source(&repository, &tag);
            match options::boolean("submodules") {
                true => version.with_submodules(),
                false => version,
            }
        };
        Ok(numbers.split(' ').take(limit).map(version).collect())
    }

    /// `compile.Dockerfile`, where there is one, then `Dockerfile` on its output.
    /// Labels name the commit as the recipe was told it.
    fn prepare(job: Job) -> Result<Prepared, Error> {
        let build = |path: &str| {
            let build = Build::file(path, &job.target.platform);
            let build = match options::text("network") {
                Some(_) => build.with_network(),
                None => build,
            };
            match options::text("base") {
                Some(base) => build.context("base", &format!("docker-image://{base}")),
                None => build,
            }
        };
        let checkout = job.checkout.as_ref();
        let checkout = checkout.ok_or_else(|| Error::Other("there is no checkout".to_owned()))?;
        if std::fs::exists("/src/compile.Dockerfile").unwrap_or(false) {
            buildx::compile(&build("compile.Dockerfile"), "out")?;
        }
        let committed = checkout.committed.as_deref().unwrap_or_default();
        Ok(build("Dockerfile")
            .label("checkout.repository", &checkout.repository)
            .label("checkout.git-ref", &checkout.git_ref)
            .label("checkout.commit", &checkout.commit)
            .label("checkout.committed", committed)
            .into())
    }
}

fn option(name: &str) -> Result<String, Error> {
    options::text(name).ok_or_else(|| Error::InvalidInput(format!("there is no option `{name}`")))
}

bakehouse_sdk::export!(FromSource);
