//! Programs of an npm package: in packages of their own by platform
//! (`optionalDependencies`), or all in one.

use bakehouse_core::platform::Platform;
use bakehouse_upstream::release::{About, Asset, Machines, Release, SourceId};

use super::archive::{Opened, open};
use super::assets::chosen;
use super::{Found, Look, Pick};
use crate::new::choose::{is_for_other_system, lacks_none, platform_of};
use crate::new::error::{NewError, some};
use crate::new::wanted::Wanted;

/// Packages of one platform that are opened until one has a program in it.
const TRIED: usize = 3;

/// A package for some platforms.
struct Part {
    source: SourceId,
    release: Release,
    about: About,
}

/// The programs of the newest version of a package.
pub(in crate::new) async fn npm(look: &Look, wanted: &Wanted) -> Result<Found, NewError> {
    let source = &wanted.from;
    let (release, tag) = look.newest(source, wanted).await?;
    let about = look.releases.about(source, &release.tag).await?;
    let mut found = Found {
        source: source.to_string(),
        tag,
        picks: Vec::new(),
        licences: Vec::new(),
        checksums: None,
        notes: Vec::new(),
        about,
        release,
    };
    let parts = parts(look, wanted, &found).await?;
    if parts.is_empty() {
        whole(look, wanted, &mut found).await?;
        return Ok(found);
    }
    let mut failed = None;
    for platform in &wanted.platforms {
        match from_parts(look, wanted, platform, &parts, &mut found).await {
            Ok(true) => {}
            Ok(false) => {
                let none = format!("{} names no package for {platform}", found.source);
                found.notes.push(none);
            }
            Err(error @ (NewError::NoProgram { .. } | NewError::Packed(_))) => {
                found.notes.push(error.to_string());
                failed.get_or_insert(error);
            }
            Err(error) => return Err(error),
        }
    }
    match (found.picks.is_empty(), failed) {
        (false, _) => Ok(found),
        (true, Some(error)) => Err(error),
        (true, None) => Err(NewError::NoFile {
            source_text: found.source,
            version: found.release.version,
            platforms: wanted.platforms.clone(),
            seen: some(&found.about.parts),
        }),
    }
}

/// The packages that may be for Linux, with what they say of themselves.
async fn parts(look: &Look, wanted: &Wanted, found: &Found) -> Result<Vec<Part>, NewError> {
    let architectures: Vec<&str> = wanted
        .platforms
        .iter()
        .map(Platform::architecture)
        .collect();
    let may_be = |name: &&String| {
        let machine = platform_of(name);
        !is_for_other_system(name)
            && machine.is_none_or(|machine| architectures.contains(&machine.architecture))
    };
    let mut parts = Vec::new();
    for name in found.about.parts.iter().filter(may_be) {
        look.tell(name);
        let source: SourceId = name.parse()?;
        // One that has not this version is of another cycle.
        let Ok(release) = look.releases.get(&source, &found.release.tag).await else {
            continue;
        };
        let about = look.releases.about(&source, &release.tag).await?;
        let of_linux =
            about.machines.os.is_empty() || about.machines.os.iter().any(|os| os == "linux");
        let has_machine = !about.machines.cpu.is_empty() || platform_of(name).is_some();
        if of_linux && has_machine {
            parts.push(Part {
                source,
                release,
                about,
            });
        }
    }
    Ok(parts)
}

async fn from_parts(
    look: &Look,
    wanted: &Wanted,
    platform: &Platform,
    parts: &[Part],
    found: &mut Found,
) -> Result<bool, NewError> {
    let mut fitting: Vec<_> = parts
        .iter()
        .filter(|part| is_for(&part.about.machines, &part.source.to_string(), platform))
        .collect();
    fitting.sort_by_key(|part| libc(&part.about.machines, &part.source.to_string()));
    let mut failed = None;
    let mut second: Option<Pick> = None;
    let source = found.source.clone();
    let called = found.about.programs.clone();
    let called = wanted.programs(&called, &source);
    for part in fitting.into_iter().take(TRIED) {
        let Some(asset) = part.release.assets.first() else {
            continue;
        };
        let opened = open(look, asset).await?;
        let names = (part.release.tag.as_str(), part.release.version.as_str());
        match chosen(wanted, platform, &asset.name, &opened, &called, names) {
            Ok((linked, member)) => {
                let source = part.source.to_string();
                let pick = picked(platform, source, asset, member, linked);
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

/// All platforms' programs in the package itself.
async fn whole(look: &Look, wanted: &Wanted, found: &mut Found) -> Result<(), NewError> {
    let Some(asset) = found.release.assets.first().cloned() else {
        return Ok(());
    };
    let opened: Opened = open(look, &asset).await?;
    let source = found.source.clone();
    let called = found.about.programs.clone();
    let called = wanted.programs(&called, &source);
    let mut failed = None;
    for platform in &wanted.platforms {
        let names = (found.release.tag.as_str(), found.release.version.as_str());
        match chosen(wanted, platform, &asset.name, &opened, &called, names) {
            Ok((linked, member)) => {
                let pick = picked(platform, source.clone(), &asset, member, linked);
                found.picks.push(pick);
            }
            Err(error @ NewError::NoProgram { .. }) => {
                found.notes.push(error.to_string());
                failed.get_or_insert(error);
            }
            Err(error) => return Err(error),
        }
    }
    found.licences.extend(&opened.licences);
    match (found.picks.is_empty(), failed) {
        (true, Some(error)) => Err(error),
        _ => Ok(()),
    }
}

fn picked(
    platform: &Platform,
    source: String,
    asset: &Asset,
    member: Option<(String, Vec<String>)>,
    linked: crate::programs::Linked,
) -> Pick {
    Pick {
        platform: platform.clone(),
        source,
        asset: asset.clone(),
        among: vec![asset.name.clone()],
        member,
        linked,
    }
}

/// Whether a package is for a platform: by what it says, else by its name.
fn is_for(machines: &Machines, name: &str, platform: &Platform) -> bool {
    if machines.cpu.is_empty() {
        let variant = |said: Option<&str>| said.is_none() || said == platform.variant();
        return platform_of(name).is_some_and(|machine| {
            machine.architecture == platform.architecture() && variant(machine.variant)
        });
    }
    let wanted = match (platform.architecture(), platform.variant()) {
        ("amd64", None) => "x64",
        ("arm64", _) => "arm64",
        ("arm", _) => "arm",
        ("386", _) => "ia32",
        ("ppc64le", _) => "ppc64",
        ("s390x", _) => "s390x",
        ("riscv64", _) => "riscv64",
        ("loong64", _) => "loong64",
        _ => return false,
    };
    machines.cpu.iter().any(|cpu| cpu == wanted)
}

/// Sorts packages for musl first, which are static, mostly.
fn libc(machines: &Machines, name: &str) -> u8 {
    let says = |libc: &str| machines.libc.iter().any(|one| one == libc) || name.contains(libc);
    match () {
        () if says("musl") => 0,
        () if says("glibc") || name.contains("gnu") => 2,
        () => 1,
    }
}
