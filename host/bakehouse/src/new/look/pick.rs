//! The program of each platform, among the files that may have it.

use std::sync::{Arc, PoisonError};

use bakehouse_core::platform::Platform;
use bakehouse_names::Pattern;
use bakehouse_upstream::release::{Asset, Release};

use super::archive::{Opened, open};
use super::{Found, Look, Pick};
use crate::new::choose::{ambiguous, facts_of, lacks_none, program};
use crate::new::error::{NewError, some};
use crate::new::wanted::Wanted;
use crate::programs::Linked;

/// Files of one platform that are opened until one has a program in it.
const TRIED: usize = 3;

/// A file that may have the program for a platform.
#[derive(Debug, Clone)]
pub(super) struct Candidate {
    pub(super) source: String,
    pub(super) asset: Asset,
    /// Names of all files of its release.
    pub(super) among: Vec<String>,
    /// The release's tag, and its version.
    pub(super) tag: String,
    pub(super) version: String,
}

impl Candidate {
    /// One of a release's files.
    pub(super) fn of(source: &str, release: &Release, asset: &Asset) -> Self {
        let among = release.assets.iter().map(|asset| asset.name.clone());
        Self {
            source: source.to_owned(),
            asset: asset.clone(),
            among: among.collect(),
            tag: release.tag.clone(),
            version: release.version.clone(),
        }
    }
}

/// Opens the files of each platform, best first, until one has its program, and
/// puts that into `found`. A platform without one is a note there; `absent` says
/// that it has no file.
///
/// # Errors
/// None of the platforms has one; a file has several programs; or whatever keeps
/// a file from being read.
pub(super) async fn pick(
    look: &Look,
    wanted: &Wanted,
    found: &mut Found,
    candidates: impl Fn(&Found, &Platform) -> Result<Vec<Candidate>, NewError>,
    absent: impl Fn(&Found, &Platform) -> String,
) -> Result<(), NewError> {
    let files = Files { look, wanted };
    let mut failed = None;
    for platform in &wanted.platforms {
        let candidates = candidates(found, platform)?;
        match files.first(platform, candidates, found).await {
            Ok(Some(pick)) => found.picks.push(pick),
            Ok(None) => found.notes.push(absent(found, platform)),
            Err(error @ (NewError::NoProgram { .. } | NewError::Packed(_))) => {
                found.notes.push(error.to_string());
                failed.get_or_insert(error);
            }
            Err(error) => return Err(error),
        }
    }
    match (found.picks.is_empty(), failed) {
        (false, _) => Ok(()),
        (true, Some(error)) => Err(error),
        (true, None) => Err(NewError::NoFile {
            source_text: found.source.clone(),
            version: found.release.version.clone(),
            platforms: wanted.platforms.clone(),
            seen: some(&found.seen()),
        }),
    }
}

/// The program of an opened file: how it is linked, and its path among all paths.
type Chosen = (Linked, Option<(String, Vec<String>)>);

/// Files that are opened once, for platforms may share one.
struct Files<'a> {
    look: &'a Look,
    wanted: &'a Wanted,
}

impl Files<'_> {
    /// The program that lacks nothing, else the first; none where there is no
    /// file.
    async fn first(
        &self,
        platform: &Platform,
        candidates: Vec<Candidate>,
        found: &mut Found,
    ) -> Result<Option<Pick>, NewError> {
        let wanted = self.wanted;
        let mut failed = None;
        let mut second: Option<Pick> = None;
        for candidate in candidates.into_iter().take(TRIED) {
            let opened = match self.open(&candidate.asset).await {
                Ok(opened) => opened,
                Err(error @ NewError::Packed(_)) => {
                    failed.get_or_insert(error);
                    continue;
                }
                Err(error) => return Err(error),
            };
            let (linked, member) = match chosen(wanted, platform, &candidate, &opened, found) {
                Ok(chosen) => chosen,
                Err(error @ NewError::NoProgram { .. }) => {
                    failed.get_or_insert(error);
                    continue;
                }
                Err(error) => return Err(error),
            };
            found.heard(&opened);
            let pick = Pick {
                platform: platform.clone(),
                source: candidate.source,
                asset: candidate.asset,
                among: candidate.among,
                member,
                linked,
            };
            if lacks_none(&pick.linked) {
                return Ok(Some(pick));
            }
            second.get_or_insert(pick);
        }
        match (second, failed) {
            (None, Some(error)) => Err(error),
            (second, _) => Ok(second),
        }
    }

    async fn open(&self, asset: &Asset) -> Result<Arc<Opened>, NewError> {
        let all = || {
            let opened = self.look.opened.0.lock();
            opened.unwrap_or_else(PoisonError::into_inner)
        };
        if let Some(opened) = all().get(&asset.url) {
            return Ok(Arc::clone(opened));
        }
        let opened = Arc::new(open(self.look, asset).await?);
        all().insert(asset.url.clone(), Arc::clone(&opened));
        Ok(opened)
    }
}

/// The program for a platform in an opened file.
fn chosen(
    wanted: &Wanted,
    platform: &Platform,
    candidate: &Candidate,
    opened: &Opened,
    found: &Found,
) -> Result<Chosen, NewError> {
    let file = &candidate.asset.name;
    let several = |programs: Vec<String>| NewError::Several {
        file: file.clone(),
        platform: platform.clone(),
        programs,
    };
    let by_member = match &wanted.member {
        Some(text) if !opened.files.is_empty() => {
            let pattern = Pattern::parse(text).map_err(NewError::Pattern)?;
            let words = facts_of(platform);
            let names: Vec<&str> = opened.files.iter().map(String::as_str).collect();
            let chosen = pattern.choose(&names, &words.facts(&candidate.tag, &candidate.version));
            let chosen = chosen
                .map_err(|names| several(names.iter().map(|name| (*name).to_owned()).collect()))?;
            Some(
                ambiguous(&opened.programs, platform)
                    .into_iter()
                    .find(|packed| Some(packed.path.as_str()) == chosen),
            )
        }
        _ => None,
    };
    let called = wanted.programs(&found.about.programs, &found.source);
    let found = by_member.unwrap_or_else(|| program(&opened.programs, platform, &called));
    if let Some(packed) = found {
        let member =
            (!opened.files.is_empty()).then(|| (packed.path.clone(), opened.files.clone()));
        return Ok((packed.linked.clone(), member));
    }
    let fitting = ambiguous(&opened.programs, platform);
    if fitting.len() > 1 && by_member.is_none() {
        return Err(several(
            fitting.iter().map(|packed| packed.path.clone()).collect(),
        ));
    }
    let of_programs = opened.programs.iter();
    let mut seen: Vec<String> = of_programs
        .map(|packed| format!("{} for {}", packed.path, packed.linked.architecture))
        .collect();
    if seen.is_empty() {
        seen.clone_from(&opened.files);
    }
    Err(NewError::NoProgram {
        file: file.clone(),
        platform: platform.clone(),
        seen: some(&seen),
    })
}
