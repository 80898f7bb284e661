//! Releases with files for each platform: those of forges, and wheels.

use bakehouse_core::platform::Platform;
use bakehouse_names::{Pattern, checksum};
use bakehouse_upstream::release::Release;

use super::archive::text;
use super::pick::{Candidate, pick};
use super::{Found, Look};
use crate::new::choose::{checksum_files, checksum_pattern, facts_of, rank, rank_wheels};
use crate::new::error::{NewError, some};
use crate::new::wanted::Wanted;

/// Files of checksums that are read until one has a file's.
const SUMS: usize = 3;

/// The programs among the files of the newest release.
pub(in crate::new) async fn assets(look: &Look, wanted: &Wanted) -> Result<Found, NewError> {
    let mut found = look.begin(wanted).await?;
    let files = |found: &Found, platform: &Platform| candidates(wanted, found, platform);
    let absent = |found: &Found, platform: &Platform| {
        let version = &found.release.version;
        format!("{} {version} has no file for {platform}", found.source)
    };
    pick(look, wanted, &mut found, files, absent).await?;
    found.checksums = checksums(look, &found).await?;
    Ok(found)
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
    found: &Found,
    platform: &Platform,
) -> Result<Vec<Candidate>, NewError> {
    let (kind, source) = wanted.source();
    let release = &found.release;
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
    let candidate = |name: &str| {
        let asset = release.assets.iter().find(|asset| asset.name == name)?;
        Some(Candidate::of(&found.source, release, asset))
    };
    Ok(chosen.into_iter().filter_map(candidate).collect())
}

/// The pattern of the file of checksums, where one has those of all picks.
async fn checksums(look: &Look, found: &Found) -> Result<Option<String>, NewError> {
    let mut pattern: Option<String> = None;
    for pick in &found.picks {
        let this = checksum_of(look, &found.release, &pick.asset.name).await?;
        let Some(this) = this else { return Ok(None) };
        if pattern.get_or_insert_with(|| this.clone()) != &this {
            return Ok(None);
        }
    }
    Ok(pattern)
}

/// The pattern of the first file that has the checksum of `asset`.
async fn checksum_of(
    look: &Look,
    release: &Release,
    asset: &str,
) -> Result<Option<String>, NewError> {
    let version = (release.tag.as_str(), release.version.as_str());
    for name in checksum_files(&names(release), asset)
        .into_iter()
        .take(SUMS)
    {
        let Some(sums) = release.assets.iter().find(|asset| asset.name == name) else {
            continue;
        };
        if checksum(&text(look, sums).await?, asset).is_some() {
            return Ok(Some(checksum_pattern(name, asset, version)));
        }
    }
    Ok(None)
}
