//! An app of upstream's own binaries, for the recipe `bakehouse:binaries`.

use std::collections::{BTreeMap, BTreeSet};

use toml::{Table, Value};

use super::told;
use crate::new::choose::{Base, File, Picked, base, file, member_pattern};
use crate::new::definition::{Definition, Described, array};
use crate::new::error::{NewError, some};
use crate::new::look::{Found, Pick};
use crate::new::wanted::Wanted;

/// The platforms of an app that names none.
const PLATFORMS: &[&str] = &["linux/amd64", "linux/arm64"];

/// The definition of an app of these programs.
///
/// # Errors
/// [`NewError::NoLicence`]; [`NewError::NoPattern`] where nothing would pick the
/// same files of the next version.
pub(in crate::new) fn binaries(wanted: &Wanted, found: &Found) -> Result<Definition, NewError> {
    let mut made = Definition {
        app: wanted.app.clone(),
        recipe: "bakehouse:binaries".to_owned(),
        notes: found.notes.clone(),
        ..Definition::default()
    };
    let license = told::licence(wanted, &found.about, &found.licences);
    let license = license.ok_or_else(|| NewError::NoLicence(found.source.clone()))?;
    let summary = told::summary(wanted, &found.about);
    let base = base_of(wanted, found, &mut made.notes);
    made.option("source", Some(&found.source));
    made.option("tag", found.tag.as_ref());
    made.option("license", Some(&license));
    made.option("summary", summary.as_ref());
    files(wanted, found, &mut made)?;
    made.option("checksums", found.checksums.as_ref());
    made.option("base", base.reference.as_ref());
    grants(found, base.reference.as_deref(), &mut made);
    let program = match &base.reference {
        Some(base) => format!("upstream's own program, on {base}"),
        None => "upstream's own program, and nothing else".to_owned(),
    };
    made.about = Described {
        summary: summary.unwrap_or_else(|| wanted.app.clone()),
        license,
        upstream: told::upstream(&found.source, &found.about),
        platforms: found
            .picks
            .iter()
            .map(|pick| pick.platform.clone())
            .collect(),
        version: found.release.version.clone(),
        made: format!("has {program}"),
    };
    Ok(made)
}

fn base_of(wanted: &Wanted, found: &Found, notes: &mut Vec<String>) -> Base {
    let linked = found
        .picks
        .iter()
        .map(|pick| (pick.platform.clone(), &pick.linked));
    let chosen = base(&linked.collect::<Vec<_>>());
    match &wanted.base {
        Some(base) if base == "scratch" => Base {
            reference: None,
            why: None,
            lacks: None,
        },
        Some(base) => Base {
            reference: Some(base.clone()),
            why: None,
            lacks: None,
        },
        None => {
            if let (Some(reference), Some(why)) = (&chosen.reference, &chosen.why) {
                notes.push(format!("the image starts from {reference}: {why}"));
            }
            notes.extend(chosen.lacks.iter().cloned());
            chosen
        }
    }
}

/// Which files, and which programs in them.
fn files(wanted: &Wanted, found: &Found, made: &mut Definition) -> Result<(), NewError> {
    let release = &found.release;
    let (tag, version) = (release.tag.as_str(), release.version.as_str());
    let among: Vec<Vec<&str>> = found
        .picks
        .iter()
        .map(|pick| pick.among.iter().map(String::as_str).collect())
        .collect();
    let picked: Vec<Picked> = found
        .picks
        .iter()
        .zip(&among)
        .map(|(pick, among)| Picked {
            platform: &pick.platform,
            name: &pick.asset.name,
            among,
        })
        .collect();
    let each_has_its_own = found.picks.iter().any(|pick| pick.source != found.source);
    let file = match &wanted.file {
        Some(text) => File::One(text.clone()),
        None => file(&picked, tag, version).ok_or_else(|| no_pattern(&found.picks))?,
    };
    let mut names_platforms = false;
    match file {
        File::Only if each_has_its_own || found.picks.len() > 1 => {
            names_platforms = true;
            let sources = found
                .picks
                .iter()
                .map(|pick| (pick.platform.to_string(), pick.source.clone()));
            made.options.push(("sources", table(sources.collect())));
        }
        File::Only => {}
        File::One(text) => made.option("file", Some(text)),
        File::Each(files) => {
            names_platforms = true;
            made.options.push(("files", table(files)));
        }
    }
    let platforms: Vec<String> = found
        .picks
        .iter()
        .map(|pick| pick.platform.to_string())
        .collect();
    if !names_platforms && platforms != PLATFORMS {
        made.options.push(("platforms", array(&platforms)));
    }
    let member = match &wanted.member {
        Some(text) => Some(text.clone()),
        None => member(wanted, found, (tag, version))?,
    };
    made.option("member", member);
    Ok(())
}

fn member(
    wanted: &Wanted,
    found: &Found,
    version: (&str, &str),
) -> Result<Option<String>, NewError> {
    let members: Vec<_> = found
        .picks
        .iter()
        .filter_map(|pick| {
            let (path, files) = pick.member.as_ref()?;
            let files = files.iter().map(String::as_str).collect::<Vec<_>>();
            Some((pick.platform.clone(), path.as_str(), files))
        })
        .collect();
    if members.is_empty() {
        return Ok(None);
    }
    let pattern = member_pattern(&members, &wanted.app, version);
    pattern.ok_or_else(|| {
        let paths: Vec<&str> = members.iter().map(|(_, path, _)| *path).collect();
        NewError::NoPattern {
            files: some(&paths),
        }
    })
}

fn no_pattern(picks: &[Pick]) -> NewError {
    let names: Vec<&str> = picks.iter().map(|pick| pick.asset.name.as_str()).collect();
    NewError::NoPattern {
        files: some(&names),
    }
}

fn grants(found: &Found, base: Option<&str>, made: &mut Definition) {
    let image = made.app.clone();
    made.grant("images", &[image]);
    let sources = found.picks.iter().map(|pick| pick.source.clone());
    let sources: Vec<String> = std::iter::once(found.source.clone())
        .chain(sources)
        .collect();
    made.grant("releases", &sources);
    let elsewhere = found.picks.iter().filter(|pick| pick.asset.elsewhere);
    let named = [&*found.release.tag, &*found.release.version];
    let downloads: BTreeSet<String> = elsewhere
        .map(|pick| told::below(&pick.asset.url, &named))
        .collect();
    let downloads: Vec<String> = downloads.into_iter().collect();
    if !downloads.is_empty() {
        made.options.push(("downloads", array(&downloads)));
    }
    made.grant("downloads", &downloads);
    let bases: Vec<String> = base.map(bakehouse_names::repository).into_iter().collect();
    made.grant("bases", &bases);
}

fn table(texts: BTreeMap<String, String>) -> Value {
    let texts = texts
        .into_iter()
        .map(|(name, text)| (name, Value::String(text)));
    Value::Table(texts.collect::<Table>())
}
