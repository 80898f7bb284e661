//! For tests: calls every import of the contract's version 0.1, uses every field
//! of its records, and labels its image with what it was answered.

use bakehouse_sdk::fetch::{self, Unpack};
use bakehouse_sdk::log::{self, Level};
use bakehouse_sdk::release::{self, Release, Selection};
use bakehouse_sdk::{
    App, Base, Build, Error, Grant, Image, Recipe, Target, Version, buildx, options, platform,
    registry,
};

struct EveryImport;

const PLATFORMS: [&str; 3] = ["linux/amd64", "linux/arm64", "linux/arm/v7"];

impl Recipe for EveryImport {
    fn describe() -> App {
        App::new("everyimport", "0.1.0")
            .summary("Calls all there is")
            .upstream("https://everyimport.example")
            .license("Apache-2.0 OR MIT")
            .vendor("Every & All")
            .documentation("https://everyimport.example/docs")
            .url("https://everyimport.example/home")
            .image(
                Image::new("everyimport", &PLATFORMS)
                    .summary("What it was answered")
                    .needs("everyimport-base"),
            )
            .image(Image::new("everyimport-base", &PLATFORMS).summary("One file"))
            .wants(Grant::Releases, "*", "versions")
            .wants(Grant::Sources, "*", "a Dockerfile")
            .wants(Grant::Downloads, "*", "what the source links to")
            .wants(Grant::Bases, "*", "looked up, and started from")
            .wants(Grant::Secrets, "EVERY_SECRET", "mounted")
            .wants_network("a step that says so")
    }

    fn versions(limit: u32) -> Result<Vec<Version>, Error> {
        let source = option("source")?;
        let selection = Selection::all().tags("v{version}");
        let releases = release::list(&source, &selection, limit)?;
        let latest = release::latest(&source, Some("v{version}"))?;
        let image = option("image")?;
        let head = registry::head(&image)?;
        let platforms = registry::platforms(&image)?;
        let tags = registry::tags(&option("repository")?)?;
        let version = |release: &Release| {
            let mut version = Version::of(release).source(&option("git")?, &release.tag);
            if options::get("submodules").is_some() {
                version = version.with_submodules();
            }
            version.extras = vec![
                ("latest".to_owned(), told(&latest)),
                ("listed".to_owned(), told(release)),
                (
                    "head".to_owned(),
                    format!("{} {} {}", head.media_type, head.digest, head.size),
                ),
                ("platforms".to_owned(), format!("{platforms:?}")),
                ("tags".to_owned(), tags.join(" ")),
            ];
            Ok(version)
        };
        releases.iter().map(version).collect()
    }

    fn matrix(version: Version) -> Result<Vec<Target>, Error> {
        let prereleases = &PLATFORMS[..1];
        let all = if version.prerelease {
            prereleases
        } else {
            &PLATFORMS
        };
        let target = |image: &str, text: &str| Target {
            image: image.to_owned(),
            platform: platform(text),
        };
        Ok(all
            .iter()
            .flat_map(|text| {
                [
                    target("everyimport-base", text),
                    target("everyimport", text),
                ]
            })
            .collect())
    }

    fn prepare(version: Version, target: Target, bases: Vec<Base>) -> Result<Build, Error> {
        if target.image == "everyimport-base" {
            write("motd", "every\n")?;
            let build = Build::inline("FROM scratch\nCOPY motd /etc/motd\n", &target.platform);
            return Ok(build.label("base.label", "kept"));
        }
        log::log(Level::Debug, "a word for authors");
        log::log(Level::Info, "a line of progress");
        log::log(Level::Warn, "a warning, for the report");

        let release = release::get(&option("source")?, &format!("v{}", version.number))?;
        let mut answers = vec![told(&release)];
        for asset in &release.assets {
            let unpack = match asset.name.as_str() {
                "files.tar" => Unpack::Tar(1),
                "files.tar.gz" => Unpack::TarGz(2),
                _ => Unpack::None,
            };
            let into = format!("downloads/{}", asset.name);
            let there = fetch::download(&asset.url, asset.integrity.as_deref(), &into, unpack)?;
            answers.push(format!("{} {} {}", asset.name, there.size, there.digest));
        }
        for path in ["plain", "files.tar/b/one", "files.tar.gz/two"] {
            answers.push(format!("{path}: {}", read(&format!("downloads/{path}"))?));
        }

        let compile = Build::file("build/compile.Dockerfile", &target.platform)
            .in_folder("build")
            .arg("WORD", "compiled");
        buildx::compile(&compile, "out")?;
        answers.push(format!("compiled: {}", read("out/word")?));

        let source = version.source.as_ref();
        answers.push(format!("source: {source:?}"));
        answers.push(format!("created: {:?}", version.created));
        answers.push(format!("prerelease: {}", version.prerelease));
        answers.push(format!("absent: {:?}", options::get("absent")));
        for (name, refused) in refusals(&version) {
            answers.push(format!("{name}: {refused:?}"));
        }

        let [base] = bases.as_slice() else {
            return Err(Error::Other(format!("there are {} bases", bases.len())));
        };
        let mut build = Build::inline(
            "FROM base AS wanted\nARG WORD\nLABEL argument=$WORD\nCOPY out downloads /\n\
             FROM scratch\nCOPY absent /\n",
            &target.platform,
        )
        .stage("wanted")
        .arg("WORD", "argued")
        .context("base", &format!("docker-image://{}", base.reference))
        .label("base.image", &base.image)
        .secret("EVERY_SECRET")
        .with_network();
        for (key, value) in &version.extras {
            build = build.label(&format!("extra.{key}"), value);
        }
        for (number, answer) in answers.iter().enumerate() {
            build = build.label(&format!("answer.{number:02}"), answer);
        }
        Ok(build)
    }
}

/// Calls that are refused, and how.
fn refusals(version: &Version) -> Vec<(&'static str, Option<Error>)> {
    let url = options::get("gone").unwrap_or_default();
    let source = options::get("source").unwrap_or_default();
    let wrong = format!("sha256:{}", "0".repeat(64));
    vec![
        ("no such release", release::get(&source, "v0.0.0").err()),
        (
            "no such kind of source",
            release::latest("cvs:x", None).err(),
        ),
        ("not granted", release::latest("npm:other", None).err()),
        (
            "not there",
            fetch::download(&url, None, "gone", Unpack::None).err(),
        ),
        (
            "not in the work tree",
            fetch::download(&url, None, "../gone", Unpack::None).err(),
        ),
        (
            "no digest",
            fetch::download(&url, Some("md5-x"), "gone", Unpack::None).err(),
        ),
        (
            "not what is said",
            release::get(&source, &format!("v{}", version.number))
                .and_then(|release| {
                    let plain = release.assets.iter().find(|asset| asset.name == "plain");
                    let url = plain.map(|asset| asset.url.clone()).unwrap_or_default();
                    fetch::download(&url, Some(&wrong), "wrong", Unpack::None)
                })
                .err(),
        ),
    ]
}

fn told(release: &Release) -> String {
    let mut text = format!(
        "{} {} {} {:?}",
        release.tag, release.version, release.prerelease, release.published
    );
    for asset in &release.assets {
        text.push_str(&format!(
            "; {} {:?} {:?}",
            asset.name, asset.size, asset.integrity
        ));
    }
    for (key, value) in &release.extras {
        text.push_str(&format!("; {key}={value}"));
    }
    text
}

fn option(name: &str) -> Result<String, Error> {
    options::get(name).ok_or_else(|| Error::InvalidInput(format!("there is no option `{name}`")))
}

fn write(name: &str, text: &str) -> Result<(), Error> {
    std::fs::write(format!("/src/{name}"), text)
        .map_err(|error| Error::Other(format!("{name}: {error}")))
}

fn read(name: &str) -> Result<String, Error> {
    let text = std::fs::read_to_string(format!("/src/{name}"));
    text.map(|text| text.trim().to_owned())
        .map_err(|error| Error::Other(format!("{name}: {error}")))
}

bakehouse_sdk::export!(EveryImport);
