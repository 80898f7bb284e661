//! Releases with files for each platform: those of forges, and wheels.

use bakehouse_core::platform::Platform;
use bakehouse_names::{Pattern, checksum};
use bakehouse_upstream::release::{Asset, Release};

use super::archive::{Opened, open, text};
use super::{Found, Look, Pick};
use crate::new::choose::{
    ambiguous, checksum_file, checksum_pattern, facts_of, lacks_none, program, rank, rank_wheels,
};
use crate::new::error::{NewError, some};
use crate::new::wanted::Wanted;

/// Files of one platform that are opened until one has a program in it.
const TRIED: usize = 3;

/// The programs among the files of the newest release.
pub(in crate::new) async fn assets(look: &Look, wanted: &Wanted) -> Result<Found, NewError> {
    let source = &wanted.from;
    let (release, tag) = look.newest(source, wanted).await?;
    let about = look.releases.about(source, &release.tag).await?;
    let mut found = Found {
        source: source.to_string(),
        tag,
        about,
        picks: Vec::new(),
        licences: Vec::new(),
        checksums: None,
        notes: Vec::new(),
        release,
    };
    let mut failed = None;
    for platform in &wanted.platforms {
        let candidates = candidates(wanted, &found.release, platform)?;
        match pick(look, wanted, platform, &candidates, &mut found).await {
            Ok(true) => {}
            Ok(false) => found.notes.push(format!(
                "{} {} has no file for {platform}",
                found.source, found.release.version
            )),
            Err(error @ (NewError::NoProgram { .. } | NewError::Packed(_))) => {
                found.notes.push(error.to_string());
                failed.get_or_insert(error);
            }
            Err(error) => return Err(error),
        }
    }
    if found.picks.is_empty() {
        return Err(failed.unwrap_or_else(|| no_file(&found, wanted)));
    }
    found.checksums = checksums(look, &found).await?;
    Ok(found)
}

fn no_file(found: &Found, wanted: &Wanted) -> NewError {
    let names: Vec<&str> = names(&found.release);
    NewError::NoFile {
        source_text: found.source.clone(),
        version: found.release.version.clone(),
        platforms: wanted.platforms.clone(),
        seen: some(&names),
    }
}

fn names(release: &Release) -> Vec<&str> {
    release
        .assets
        .iter()
        .map(|asset| asset.name.as_str())
        .collect()
}

/// The files that may be for a platform, best first.
fn candidates(
    wanted: &Wanted,
    release: &Release,
    platform: &Platform,
) -> Result<Vec<Asset>, NewError> {
    let (kind, source) = wanted.source();
    let names = names(release);
    let chosen = match &wanted.file {
        Some(text) => {
            let pattern = Pattern::parse(text).map_err(NewError::Pattern)?;
            let words = facts_of(platform);
            let facts = words.facts(&release.tag, &release.version);
            let chosen = pattern.choose(&names, &facts).map_err(|several| {
                let several = some(&several);
                NewError::Pattern(format!(
                    "`{text}` fits more than one file for {platform}: {several}"
                ))
            })?;
            chosen.into_iter().collect()
        }
        None if kind == "pypi" => rank_wheels(&names, platform),
        None => {
            let called = wanted.programs(&[], &source);
            let called = called.iter().find(|called| {
                names.iter().any(|name| {
                    name.to_ascii_lowercase()
                        .starts_with(&called.to_ascii_lowercase())
                })
            });
            rank(&names, platform, called.unwrap_or(&""))
        }
    };
    let asset = |name: &str| {
        release
            .assets
            .iter()
            .find(|asset| asset.name == name)
            .cloned()
    };
    Ok(chosen.into_iter().filter_map(asset).collect())
}

/// Opens files until one has a program in it; whether any has.
async fn pick(
    look: &Look,
    wanted: &Wanted,
    platform: &Platform,
    candidates: &[Asset],
    found: &mut Found,
) -> Result<bool, NewError> {
    let mut failed = None;
    let mut second: Option<Pick> = None;
    let (_, source) = wanted.source();
    let called = found.about.programs.clone();
    let called = wanted.programs(&called, &source);
    for asset in candidates.iter().take(TRIED) {
        let opened = match open(look, asset).await {
            Ok(opened) => opened,
            Err(error @ NewError::Packed(_)) => {
                failed.get_or_insert(error);
                continue;
            }
            Err(error) => return Err(error),
        };
        let release = &found.release;
        let names = (release.tag.as_str(), release.version.as_str());
        match chosen(wanted, platform, &asset.name, &opened, &called, names) {
            Ok((linked, member)) => {
                let among = release.assets.iter().map(|asset| asset.name.clone());
                let pick = Pick {
                    platform: platform.clone(),
                    source: found.source.clone(),
                    asset: asset.clone(),
                    among: among.collect(),
                    member,
                    linked,
                };
                found.licences.extend(&opened.licences);
                if lacks_none(&pick.linked) {
                    found.picks.push(pick);
                    return Ok(true);
                }
                second.get_or_insert(pick);
            }
            Err(error @ NewError::Several { .. }) => return Err(error),
            Err(error) => {
                failed.get_or_insert(error);
            }
        }
    }
    match second {
        Some(pick) => {
            found.picks.push(pick);
            Ok(true)
        }
        None => failed.map_or(Ok(false), Err),
    }
}

/// What of an opened file is the program: how it is linked, and its path among
/// all paths.
type Chosen = (crate::programs::Linked, Option<(String, Vec<String>)>);

/// The program for a platform in an opened file.
pub(super) fn chosen(
    wanted: &Wanted,
    platform: &Platform,
    file: &str,
    opened: &Opened,
    called: &[&str],
    (tag, version): (&str, &str),
) -> Result<Chosen, NewError> {
    let by_member = match &wanted.member {
        Some(text) if !opened.files.is_empty() => {
            let pattern = Pattern::parse(text).map_err(NewError::Pattern)?;
            let words = facts_of(platform);
            let names: Vec<&str> = opened.files.iter().map(String::as_str).collect();
            let chosen = pattern.choose(&names, &words.facts(tag, version));
            let chosen = chosen.map_err(|several| NewError::Several {
                file: file.to_owned(),
                platform: platform.clone(),
                programs: several.iter().map(|name| (*name).to_owned()).collect(),
            })?;
            Some(
                ambiguous(&opened.programs, platform)
                    .into_iter()
                    .find(|packed| Some(packed.path.as_str()) == chosen),
            )
        }
        _ => None,
    };
    let found = by_member.unwrap_or_else(|| program(&opened.programs, platform, called));
    if let Some(packed) = found {
        let member =
            (!opened.files.is_empty()).then(|| (packed.path.clone(), opened.files.clone()));
        return Ok((packed.linked.clone(), member));
    }
    let several = ambiguous(&opened.programs, platform);
    if several.len() > 1 && by_member.is_none() {
        return Err(NewError::Several {
            file: file.to_owned(),
            platform: platform.clone(),
            programs: several.iter().map(|packed| packed.path.clone()).collect(),
        });
    }
    let of_programs = opened.programs.iter();
    let mut seen: Vec<String> = of_programs
        .map(|packed| format!("{} for {}", packed.path, packed.linked.architecture))
        .collect();
    if seen.is_empty() {
        seen.clone_from(&opened.files);
    }
    Err(NewError::NoProgram {
        file: file.to_owned(),
        platform: platform.clone(),
        seen: some(&seen),
    })
}

/// The pattern of the file of checksums, where one has those of all picks.
async fn checksums(look: &Look, found: &Found) -> Result<Option<String>, NewError> {
    let release = &found.release;
    let names = names(release);
    let mut pattern: Option<String> = None;
    for pick in &found.picks {
        let asset = &pick.asset.name;
        let Some(name) = checksum_file(&names, asset) else {
            return Ok(None);
        };
        let this = checksum_pattern(name, asset, (&release.tag, &release.version));
        if pattern.get_or_insert_with(|| this.clone()) != &this {
            return Ok(None);
        }
        let Some(sums) = release.assets.iter().find(|asset| asset.name == name) else {
            return Ok(None);
        };
        if checksum(&text(look, sums).await?, asset).is_none() {
            return Ok(None);
        }
    }
    Ok(pattern)
}
