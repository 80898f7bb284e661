//! An app with a recipe of its own: a crate in `plugins/`, begun with what was
//! found.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::new::definition::Definition;
use crate::new::error::NewError;
use crate::new::look::Found;
use crate::new::wanted::{OWN_SDK, Wanted};

use super::binaries;

/// The definition of an app whose recipe is a crate that does, for now, what
/// `bakehouse:binaries` would.
///
/// # Errors
/// As [`binaries`].
pub(in crate::new) fn krate(wanted: &Wanted, found: &Found) -> Result<Definition, NewError> {
    let mut made = binaries(wanted, found)?;
    made.options.clear();
    made.recipe = format!("plugins/{}", wanted.app);
    let folder = &made.recipe;
    made.files = vec![
        (format!("{folder}/Cargo.toml"), manifest(wanted)),
        (format!("{folder}/src/lib.rs"), source(wanted, found, &made)),
    ];
    Ok(made)
}

fn manifest(wanted: &Wanted) -> String {
    let package = wanted.app.replace('.', "-");
    let sdk = wanted.sdk.as_deref().unwrap_or(OWN_SDK);
    format!(
        r#"[package]
name = "bakehouse-recipe-{package}"
version = "0.1.0"
edition = "2024"
publish = false

[lib]
crate-type = ["cdylib"]

[dependencies]
bakehouse-sdk = {sdk}
"#
    )
}

fn source(wanted: &Wanted, found: &Found, made: &Definition) -> String {
    let about = &made.about;
    let files: BTreeMap<String, String> = found
        .picks
        .iter()
        .map(|pick| {
            let name = pick.asset.name.replace(&found.release.version, "{version}");
            (
                pick.platform.to_string(),
                format!("({}, {})", quoted(&pick.source), quoted(&name)),
            )
        })
        .collect();
    let platforms: Vec<String> = files.keys().map(|platform| quoted(platform)).collect();
    let mut arms = String::new();
    for (platform, file) in &files {
        let _ = writeln!(arms, "        {} => {file},", quoted(platform));
    }
    let mut wants = String::new();
    let mut sources: Vec<&str> = found
        .picks
        .iter()
        .map(|pick| pick.source.as_str())
        .collect();
    sources.push(&found.source);
    sources.sort_unstable();
    sources.dedup();
    for source in sources {
        let _ = write!(
            wants,
            "\n            .wants(Grant::Releases, {}, \"versions and files\")",
            quoted(source)
        );
    }
    let base = made.grants.iter().any(|(name, _)| *name == "bases");
    let from = match base {
        true => about.made.rsplit(' ').next().unwrap_or("scratch"),
        false => "scratch",
    };
    if base {
        let _ = write!(
            wants,
            "\n            .wants(Grant::Bases, {}, \"what the image starts from\")",
            quoted(&bakehouse_names::repository(from))
        );
    }
    let program = member(found);
    let packed = found.picks.iter().all(|pick| {
        let name = pick.asset.name.to_ascii_lowercase();
        name.ends_with(".tar.gz") || name.ends_with(".tgz")
    });
    let (used, unpack) = match (program.is_empty(), packed) {
        (true, _) => ("Unpack", "Unpack::None"),
        (false, true) => ("Archive", "Archive::tar_gz()"),
        (false, false) => ("Archive", "Archive::auto()"),
    };
    let tags = found.tag.as_ref();
    let tags = tags.map_or(String::new(), |tag| format!(".tags({})", quoted(tag)));
    let copied = match program.is_empty() {
        true => "upstream".to_owned(),
        false => format!("upstream/{program}"),
    };
    TEMPLATE
        .replace("@APP@", &wanted.app)
        .replace("@QUOTED@", &quoted(&wanted.app))
        .replace("@SUMMARY@", &quoted(&about.summary))
        .replace("@LICENSE@", &quoted(&about.license))
        .replace("@UPSTREAM@", &quoted(&about.upstream))
        .replace("@SOURCE@", &quoted(&found.source))
        .replace("@PLATFORMS@", &platforms.join(", "))
        .replace("@WANTS@", &wants)
        .replace("@ARMS@", &arms)
        .replace("@FROM@", from)
        .replace("@COPIED@", &copied.replace(['"', '\\', '\n'], "?"))
        .replace("@USER@", if from == "scratch" { NOBODY } else { "" })
        .replace("@UNPACK@", unpack)
        .replace("@USED@", used)
        .replace("@TAGS@", &tags)
}

/// The program's path in all archives: `*` for what differs by platform or
/// version. Empty where there are none.
fn member(found: &Found) -> String {
    let version = &found.release.version;
    let paths: Vec<Vec<String>> = found
        .picks
        .iter()
        .filter_map(|pick| pick.member.as_ref())
        .map(|(path, _)| {
            path.split('/')
                .map(|part| part.replace(version, "*"))
                .collect()
        })
        .collect();
    let Some(first) = paths.first() else {
        return String::new();
    };
    let same = |at: usize| paths.iter().all(|path| path.get(at) == first.get(at));
    let parts = first.iter().enumerate();
    let parts = parts.map(|(at, part)| if same(at) { part.as_str() } else { "*" });
    parts.collect::<Vec<_>>().join("/")
}

/// A string literal of Rust.
fn quoted(text: &str) -> String {
    format!("{text:?}")
}

/// The user of an image that starts from nothing, as `bakehouse:binaries` has it.
const NOBODY: &str = "USER 65532:65532\n";

const TEMPLATE: &str = r#"//! @APP@, as upstream publishes it.

use bakehouse_sdk::fetch::{self, @USED@};
use bakehouse_sdk::release::{self, Selection};
use bakehouse_sdk::{App, Build, Error, Grant, Image, Job, Prepared, Recipe, Version};

struct Upstream;

const PLATFORMS: &[&str] = &[@PLATFORMS@];

/// Carries upstream's tag from `versions` to `prepare`.
const TAG: &str = "tag";

const DOCKERFILE: &str = "\
FROM @FROM@
COPY --chmod=0755 @COPIED@ /usr/local/bin/@APP@
@USER@ENTRYPOINT [\"/usr/local/bin/@APP@\"]
";

impl Recipe for Upstream {
    fn describe() -> Result<App, Error> {
        Ok(App::new(@QUOTED@, env!("CARGO_PKG_VERSION"))
            .summary(@SUMMARY@)
            .upstream(@UPSTREAM@)
            .license(@LICENSE@)
            .image(Image::new(@QUOTED@, PLATFORMS).summary(@SUMMARY@))@WANTS@)
    }

    fn versions(limit: u32) -> Result<Vec<Version>, Error> {
        let releases = release::list(@SOURCE@, &Selection::stable()@TAGS@, limit)?;
        let version = |release: &release::Release| {
            let mut version = Version::of(release);
            version.extras.push((TAG.to_owned(), release.tag.clone()));
            version
        };
        Ok(releases.iter().map(version).collect())
    }

    fn prepare(job: Job) -> Result<Prepared, Error> {
        let (version, target) = (&job.version, &job.target);
        let platform = target.platform.to_string();
        let (source, name) = file(&platform, &version.number)
            .ok_or_else(|| Error::InvalidInput(format!("there is no file for {platform}")))?;
        let tag = version.extras.iter().find(|(fact, _)| fact == TAG);
        let tag = tag.map_or(&version.number, |(_, tag)| tag);
        let release = release::get(source, tag)?;
        let asset = release
            .assets
            .iter()
            .find(|asset| asset.name == name)
            .ok_or_else(|| Error::NotFound(format!("{source} {} has no {name}", version.number)))?;
        fetch::download(&asset.url, asset.integrity.as_deref(), "upstream", @UNPACK@)?;
        Ok(Build::inline(DOCKERFILE, &target.platform).into())
    }
}

/// The source of a platform's file, and its name.
fn file(platform: &str, version: &str) -> Option<(&'static str, String)> {
    let (source, name) = match platform {
@ARMS@        _ => return None,
    };
    Some((source, name.replace("{version}", version)))
}

bakehouse_sdk::export!(Upstream);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_platform_has_a_file_of_its_version() {
        for platform in PLATFORMS {
            let (_, name) = file(platform, "1.2.3").unwrap();
            assert!(!name.contains('{'), "{name}");
        }
        assert!(file("plan9/mips", "1.2.3").is_none());
    }
}
"#;
