//! An app with a recipe of its own: a crate in `plugins/`, begun with what was
//! found.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::new::definition::Definition;
use crate::new::error::NewError;
use crate::new::look::Found;
use crate::new::wanted::Wanted;

use super::{binaries, told};

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
        (format!("{folder}/Cargo.toml"), manifest(&wanted.app)),
        (format!("{folder}/src/lib.rs"), source(wanted, found, &made)),
    ];
    Ok(made)
}

fn manifest(app: &str) -> String {
    let package = app.replace('.', "-");
    format!(
        r#"[package]
name = "bakehouse-recipe-{package}"
version = "0.1.0"
edition = "2024"
publish = false

[lib]
crate-type = ["cdylib"]

[dependencies]
bakehouse-sdk = {{ path = "../sdk" }}
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
            quoted(&told::repository(from))
        );
    }
    let (unpack, program) = match found.picks.first().and_then(|pick| pick.member.as_ref()) {
        Some((path, _)) => (
            "Unpack::TarGz(0)",
            path.replace(&found.release.version, "*"),
        ),
        None => ("Unpack::None", String::new()),
    };
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
        .replace("@UNPACK@", unpack)
        .replace("@FIRST@", platforms.first().map_or("\"\"", String::as_str))
}

/// A string literal of Rust.
fn quoted(text: &str) -> String {
    format!("{text:?}")
}

const TEMPLATE: &str = r#"//! @APP@, as upstream publishes it.

use bakehouse_sdk::fetch::{self, Unpack};
use bakehouse_sdk::release::{self, Selection};
use bakehouse_sdk::{App, Base, Build, Error, Grant, Image, Recipe, Target, Version};

struct App_;

const PLATFORMS: &[&str] = &[@PLATFORMS@];

const DOCKERFILE: &str = "\
FROM @FROM@
COPY --chmod=0755 @COPIED@ /usr/local/bin/@APP@
ENTRYPOINT [\"/usr/local/bin/@APP@\"]
";

impl Recipe for App_ {
    fn describe() -> App {
        App::new(@QUOTED@, env!("CARGO_PKG_VERSION"))
            .summary(@SUMMARY@)
            .upstream(@UPSTREAM@)
            .license(@LICENSE@)
            .image(Image::new(@QUOTED@, PLATFORMS).summary(@SUMMARY@))@WANTS@
    }

    fn versions(limit: u32) -> Result<Vec<Version>, Error> {
        let releases = release::list(@SOURCE@, &Selection::stable(), limit)?;
        Ok(releases.iter().map(Version::of).collect())
    }

    fn prepare(version: Version, target: Target, _: Vec<Base>) -> Result<Build, Error> {
        let platform = target.platform.to_string();
        let (source, name) = file(&platform, &version.number)
            .ok_or_else(|| Error::InvalidInput(format!("there is no file for {platform}")))?;
        let release = release::get(source, &version.number)?;
        let asset = release
            .assets
            .iter()
            .find(|asset| asset.name == name)
            .ok_or_else(|| Error::NotFound(format!("{source} {} has no {name}", version.number)))?;
        fetch::download(&asset.url, asset.integrity.as_deref(), "upstream", @UNPACK@)?;
        Ok(Build::inline(DOCKERFILE, &target.platform))
    }
}

/// Where a platform's file is, and its name.
fn file(platform: &str, version: &str) -> Option<(&'static str, String)> {
    let (source, name) = match platform {
@ARMS@        _ => return None,
    };
    Some((source, name.replace("{version}", version)))
}

bakehouse_sdk::export!(App_);

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
