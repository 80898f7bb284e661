//! Programs of an npm package: in packages of their own by platform
//! (`optionalDependencies`), or all in one.

use bakehouse_core::platform::Platform;
use bakehouse_upstream::release::{About, Machines, Release, SourceId};

use super::pick::{Candidate, pick};
use super::{Found, Look};
use crate::new::choose::{is_for_other_system, platform_of};
use crate::new::error::NewError;
use crate::new::wanted::Wanted;

/// A package for some platforms.
struct Part {
    source: SourceId,
    release: Release,
    about: About,
}

/// The programs of the newest version of a package.
pub(in crate::new) async fn npm(look: &Look, wanted: &Wanted) -> Result<Found, NewError> {
    let mut found = look.begin(wanted).await?;
    let parts = parts(look, wanted, &found).await?;
    let files = |found: &Found, platform: &Platform| {
        Ok(match parts.is_empty() {
            true => whole(found),
            false => of_parts(&parts, platform),
        })
    };
    let absent = |found: &Found, platform: &Platform| {
        format!("{} names no package for {platform}", found.source)
    };
    pick(look, wanted, &mut found, files, absent).await?;
    Ok(found)
}

/// The package itself.
fn whole(found: &Found) -> Vec<Candidate> {
    let release = &found.release;
    let asset = release.assets.first();
    let candidate = asset.map(|asset| Candidate::of(&found.source, release, asset));
    candidate.into_iter().collect()
}

/// The packages for a platform, best first.
fn of_parts(parts: &[Part], platform: &Platform) -> Vec<Candidate> {
    let mut fitting: Vec<_> = parts
        .iter()
        .filter(|part| is_for(&part.about.machines, &part.source.to_string(), platform))
        .collect();
    fitting.sort_by_key(|part| libc(&part.about.machines, &part.source.to_string()));
    let candidate = |part: &&Part| {
        let asset = part.release.assets.first()?;
        let source = part.source.to_string();
        Some(Candidate::of(&source, &part.release, asset))
    };
    fitting.iter().filter_map(candidate).collect()
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
