//! A recipe for tests that behaves as the version's part after `-` says.

use std::hint::black_box;
use std::io::Write as _;

use bakehouse_sdk::fetch::{self, Archive, Unpack};
use bakehouse_sdk::options::{self, OptionDeclaration};
use bakehouse_sdk::release::{self, Release, Selection};
use bakehouse_sdk::{
    App, Build, Check, Error, Grant, Image, Job, Prepared, Recipe, Target, Version, platform,
    registry, tree,
};

struct Misbehave;

impl Recipe for Misbehave {
    fn options() -> Vec<OptionDeclaration> {
        let texts = [
            ("source", "where versions come from"),
            ("tags", "which of its tags count"),
            ("behaviour", "what every version does"),
            ("dockerfile", "more lines of the Dockerfile"),
            ("labels", "labels of the image, KEY=VALUE"),
            ("hello", "the content of the image"),
            ("base", "what the image starts from"),
            ("ask", "another option to ask for"),
            ("revision-of", "what other versions are a revision of"),
        ];
        let checks = OptionDeclaration::texts("checks", "programs that the image must have");
        let members = OptionDeclaration::texts("members", "what is taken of a release's files");
        let texts = texts.iter();
        let texts = texts.map(|(name, why)| OptionDeclaration::text(name, why));
        [checks, members].into_iter().chain(texts).collect()
    }

    fn describe() -> Result<App, Error> {
        Ok(App::new("misbehave", env!("CARGO_PKG_VERSION"))
            .summary("Does what it should not")
            .upstream("https://misbehave.example")
            .license("Apache-2.0")
            .image(Image::new("misbehave", &["linux/amd64", "linux/arm64"]))
            .wants(Grant::Releases, "*", "versions")
            .wants(Grant::Bases, "*", "the option `base`"))
    }

    fn versions(limit: u32) -> Result<Vec<Version>, Error> {
        let mut selection = Selection::all();
        if let Some(pattern) = options::text("tags") {
            selection = selection.tags(&pattern);
        }
        if let Some(name) = options::text("ask") {
            let value = options::get(&name);
            return Err(Error::Other(format!("`{name}` is {value:?}")));
        }
        let releases = release::list(&source(), &selection, limit)?;
        let revision_of = options::text("revision-of");
        let version = |release: &Release| match &revision_of {
            Some(of) if *of != release.version => Version::of(release).revision_of(of),
            _ => Version::of(release),
        };
        Ok(releases.iter().map(version).collect())
    }

    fn matrix(version: Version) -> Result<Vec<Target>, Error> {
        let platforms: &[&str] = match what(&version) {
            "undescribed" => &["linux/amd64", "linux/s390x"],
            "notarget" => &[],
            "amd64only" => &["linux/amd64"],
            _ => &["linux/amd64", "linux/arm64"],
        };
        let target = |text: &&str| Target {
            image: "misbehave".to_owned(),
            platform: platform(text),
        };
        Ok(platforms.iter().map(target).collect())
    }

    fn prepare(job: Job) -> Result<Prepared, Error> {
        let (version, target) = (&job.version, &job.target);
        let behaviour = options::text("behaviour");
        let what = behaviour.as_deref().unwrap_or_else(|| what(version));
        let more = options::text("dockerfile").unwrap_or_default();
        let text = format!("FROM scratch\nCOPY hello /hello\n{more}\n");
        let mut good = Build::inline(&text, &target.platform);
        for label in options::text("labels")
            .unwrap_or_default()
            .split_whitespace()
        {
            let (key, value) = label.split_once('=').unwrap_or((label, ""));
            good = good.label(key, value);
        }
        let write = |text: &str| std::fs::write("/src/hello", text);
        write(options::text("hello").as_deref().unwrap_or("hello"))
            .map_err(|error| Error::Other(error.to_string()))?;
        match what {
            "behave" => {}
            "panic" => panic_now(target),
            "spin" => loop {
                black_box(());
            },
            "hungry" => {
                let mut eaten: Vec<Vec<u8>> = Vec::new();
                loop {
                    eaten.push(black_box(vec![1; 1 << 20]));
                }
            }
            // All that the disk takes; with or without what was written.
            "fill" | "tidy" => fill(what == "tidy")?,
            // What upstream has not, and what the tree has not.
            "withdrawn" => drop(release::get(&source(), "99.9.9")?),
            "missing" => drop(tree::read("server/Dockerfile")?),
            "both" => {
                let gone = release::get(&source(), "99.9.9");
                let missing = tree::read("server/Dockerfile");
                return match (gone, missing) {
                    (Err(Error::NotFound(_)), Err(error)) => Err(error),
                    _ => Ok(good.into()),
                };
            }
            "source" => drop(release::latest("npm:not-granted", None)?),
            "asset" => {
                let release = release::get(&source(), &version.number)?;
                let members = options::texts("members");
                let archive = Archive::auto();
                let archive = members.iter().fold(archive, |all, path| all.member(path));
                for asset in &release.assets {
                    fetch::download(
                        &asset.url,
                        asset.integrity.as_deref(),
                        "asset",
                        archive.clone(),
                    )?;
                }
            }
            "download" => drop(fetch::download(
                "http://127.0.0.1:1/x",
                None,
                "x",
                Unpack::None,
            )?),
            "lookup" => drop(registry::tags("127.0.0.1:1/x/y")?),
            "network" => return Ok(good.with_network().into()),
            "from" => {
                let base = options::text("base").unwrap_or_default();
                let build = Build::inline("FROM base\nCOPY hello /hello\n", &target.platform);
                let build = build.context("base", &format!("docker-image://{base}"));
                return Ok(build.into());
            }
            "base" => return Ok(good.context("x", "docker-image://127.0.0.1:1/x/y").into()),
            "escape" => return Ok(good.in_folder("../..").into()),
            "dockerfile" => return Ok(Build::file("/etc/passwd", &target.platform).into()),
            "arm64refused" if target.platform.architecture == "arm64" => {
                return Err(Error::InvalidInput("no program for arm64".to_owned()));
            }
            "arm64refused" | "amd64only" => {}
            "arm64fails" if target.platform.architecture == "arm64" => {
                let dockerfile = "FROM scratch\nCOPY missing /\n";
                return Ok(Build::inline(dockerfile, &target.platform).into());
            }
            "arm64fails" => {}
            "files" => {
                let outside = std::fs::read_dir("/").map(Iterator::count).unwrap_or(0);
                let passwd = std::fs::read("/etc/passwd").is_ok();
                let variables = std::env::vars().count();
                let message = format!("entries {outside}, passwd {passwd}, variables {variables}");
                return Err(Error::Other(message));
            }
            // A revision, or a commit.
            other if other.bytes().any(|b| b.is_ascii_digit()) => {}
            other => return Err(Error::InvalidInput(format!("no such behaviour: {other}"))),
        }
        let checks = options::texts("checks");
        let check = |prepared: Prepared, path: &String| prepared.check(Check::program(path, path));
        Ok(checks.iter().fold(good.into(), check))
    }
}

/// Writes until it cannot.
fn fill(tidy: bool) -> Result<(), Error> {
    let mut file = std::fs::File::create("/src/fill").map_err(told)?;
    let written = (0..100_000).try_for_each(|_| file.write_all(&[7; 1 << 14]));
    drop(file);
    if tidy {
        std::fs::remove_file("/src/fill").map_err(told)?;
    }
    written.map_err(told)
}

fn told(error: std::io::Error) -> Error {
    Error::Other(format!("cannot write: {error}"))
}

/// What a version does.
fn what(version: &Version) -> &str {
    let parts = version.number.split_once('-');
    parts.map_or("behave", |(_, what)| what.trim_start_matches("rc."))
}

fn source() -> String {
    options::text("source").unwrap_or_else(|| "npm:misbehave".to_owned())
}

#[expect(clippy::panic, reason = "that is the point")]
fn panic_now(target: &Target) -> ! {
    panic!("asked to panic on {}", target.platform)
}

bakehouse_sdk::export!(Misbehave);
