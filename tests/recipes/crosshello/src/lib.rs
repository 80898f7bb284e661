//! A recipe for tests that cross-compiles a Go program (its own, or the option
//! `program`), in two images of which one needs the other.

use bakehouse_sdk::log::{self, Level};
use bakehouse_sdk::options::{self, OptionDeclaration};
use bakehouse_sdk::release::{self, Selection};
use bakehouse_sdk::{App, Build, Error, Grant, Image, Job, Prepared, Recipe, Version, buildx};

struct CrossHello;

const PROGRAM: &str = include_str!("main.go");
const COMPILE: &str = include_str!("compile.Dockerfile");

impl Recipe for CrossHello {
    fn options() -> Vec<OptionDeclaration> {
        vec![OptionDeclaration::text("program", "another program").default(PROGRAM)]
    }

    fn describe() -> Result<App, Error> {
        let platforms = ["linux/amd64", "linux/arm64"];
        Ok(App::new("crosshello", env!("CARGO_PKG_VERSION"))
            .summary("Says hello from where it runs")
            .upstream("https://crosshello.example")
            .license("Apache-2.0")
            .image(Image::new("crosshello", &platforms).needs("crosshello-base"))
            .image(Image::new("crosshello-base", &platforms))
            .wants(Grant::Releases, "npm:crosshello", "versions")
            .wants(Grant::Bases, "*", "the Go toolchain"))
    }

    fn versions(limit: u32) -> Result<Vec<Version>, Error> {
        let releases = release::list("npm:crosshello", &Selection::all(), limit)?;
        let version = |release: &release::Release| {
            let mut version = Version::of(release);
            // Tests tell the compiler's image in the package's description.
            version.extras = release
                .extras
                .iter()
                .filter(|(key, _)| key == "description")
                .cloned()
                .collect();
            version
        };
        Ok(releases.iter().map(version).collect())
    }

    fn prepare(job: Job) -> Result<Prepared, Error> {
        let (version, target) = (&job.version, &job.target);
        if target.image == "crosshello-base" {
            write("motd", "baked by crosshello\n")?;
            let dockerfile = "FROM scratch\nCOPY motd /etc/motd\nUSER 65532:65532\n";
            return Ok(Build::inline(dockerfile, &target.platform).into());
        }
        let program = options::text("program").unwrap_or_default();
        write("main.go", &program)?;
        log::log(Level::Info, &format!("compiling for {}", target.platform));
        let (_, golang) = version
            .extras
            .first()
            .ok_or_else(|| Error::InvalidInput("no image to compile with".to_owned()))?;
        let compile = Build::inline(COMPILE, &target.platform)
            .context("golang", &format!("docker-image://{golang}"))
            .arg("VERSION", &version.number);
        buildx::compile(&compile, "out")?;
        let base = job.base("crosshello-base")?;
        let dockerfile = "FROM base\nCOPY hello /hello\nENTRYPOINT [\"/hello\"]\n";
        Ok(Build::inline(dockerfile, &target.platform)
            .in_folder("out")
            .context("base", &format!("docker-image://{base}"))
            .into())
    }
}

fn write(name: &str, text: &str) -> Result<(), Error> {
    std::fs::write(format!("/src/{name}"), text)
        .map_err(|error| Error::Other(format!("{name}: {error}")))
}

bakehouse_sdk::export!(CrossHello);
