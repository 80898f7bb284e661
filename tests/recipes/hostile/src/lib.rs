//! A recipe for tests that tries to get out. The app's options list the cases; each is a
//! version whose prerelease part names it.

mod builds;
mod calls;
mod files;
mod resources;
mod words;

use std::collections::BTreeMap;

use bakehouse_sdk::options::{self, OptionDeclaration};
use bakehouse_sdk::{App, Build, Error, Grant, Image, Job, Prepared, Recipe, Target, Version};

struct Hostile;

/// Options: what the tests tell.
const TEXTS: [&str; 5] = ["cases", "http", "registry", "canary", "words"];
/// What they tell of each case.
const TABLES: [&str; 3] = ["dockerfile", "context", "secret"];

/// A case: it returns the build it wants, or the error it met. One that gets
/// what it must not have answers with [`escaped`].
type Case = fn(&Target) -> Result<Build, Error>;

impl Recipe for Hostile {
    /// Declares everything, so that grants alone decide.
    fn options() -> Vec<OptionDeclaration> {
        let texts = TEXTS.iter();
        let texts = texts.map(|name| OptionDeclaration::text(name, "a text").default(""));
        let tables = TABLES.iter();
        texts
            .chain(tables.map(|name| OptionDeclaration::table(name, "by case")))
            .collect()
    }

    fn describe() -> Result<App, Error> {
        Ok(App::new("hostile", env!("CARGO_PKG_VERSION"))
            .summary("Tries \u{1b}[31mto get out\u{7}")
            .upstream("https://hostile.example")
            .license("Apache-2.0")
            .image(Image::new("hostile", &["linux/amd64", "linux/arm64"]))
            .wants(Grant::Releases, "*", "everything")
            .wants(Grant::Sources, "*", "everything")
            .wants(Grant::Downloads, "*", "everything")
            .wants(Grant::Bases, "*", "everything")
            .wants(Grant::Secrets, "*", "everything")
            .wants_network("everything"))
    }

    fn versions(_: u32) -> Result<Vec<Version>, Error> {
        let cases = address("cases");
        let number = |case: &str| Version::new(&format!("1.0.0-{case}"));
        Ok(cases.split_whitespace().map(number).collect())
    }

    fn prepare(job: Job) -> Result<Prepared, Error> {
        let target = &job.target;
        let case = job.version.number.trim_start_matches("1.0.0-");
        write("file", b"file")?;
        if let Some(dockerfile) = option("dockerfile", case) {
            return Ok(builds::dockerfile(case, &dockerfile, target)?.into());
        }
        let groups = [
            calls::CASES,
            builds::CASES,
            files::CASES,
            resources::CASES,
            words::CASES,
        ];
        let mut cases = groups.into_iter().flatten();
        match cases.find(|(name, _)| *name == case) {
            Some((_, run)) => Ok(run(target)?.into()),
            None => Err(Error::InvalidInput(format!("there is no case {case}"))),
        }
    }
}

/// What the app's options say for a case.
fn option(key: &str, case: &str) -> Option<String> {
    let table: BTreeMap<String, String> = serde_json::from_str(&options::json(key)?).ok()?;
    table.get(case).cloned()
}

/// An address that the test tells.
fn address(name: &str) -> String {
    options::text(name).unwrap_or_default()
}

fn write(name: &str, bytes: &[u8]) -> Result<(), Error> {
    std::fs::write(format!("/src/{name}"), bytes).map_err(|error| met(&error))
}

fn met(error: &dyn std::fmt::Display) -> Error {
    Error::Other(format!("met: {error}"))
}

/// The build that every case ends with that was not stopped.
fn good(target: &Target) -> Build {
    Build::inline("FROM scratch\nCOPY file /file\n", &target.platform)
}

/// Something was reached that must not be.
fn escaped(what: &str) -> Error {
    Error::Other(format!("ESCAPED: {what}"))
}

bakehouse_sdk::export!(Hostile);
