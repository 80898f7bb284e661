//! Programs of an npm package: in packages of their own by platform
//! (`optionalDependencies`), or all in one.

use bakehouse_core::platform::Platform;
use bakehouse_upstream::release::{About, Machines, PlatformSource, Release, SourceId};

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

/// The packages that another one names for some platforms.
#[derive(Default)]
struct Parts {
    there: Vec<Part>,
    /// Names of those that have not this version: upstream has yet to publish it
    /// there, or the registry to fetch it.
    late: Vec<String>,
}

/// The programs of the newest version of a package.
pub(in crate::new) async fn npm(look: &Look, wanted: &Wanted) -> Result<Found, NewError> {
    let mut found = look.begin(wanted).await?;
    let Parts { there, late } = parts(look, wanted, &found).await?;
    let files = |found: &Found, platform: &Platform| {
        Ok(match there.is_empty() && late.is_empty() {
            true => whole(found),
            false => of_parts(&there, platform),
        })
    };
    let absent = |found: &Found, platform: &Platform| {
        let unknown = Machines::default();
        let late: Vec<_> = late
            .iter()
            .filter(|name| is_for(&unknown, name, platform))
            .map(String::as_str)
            .collect();
        match late.as_slice() {
            [] => format!("{} names no package for {platform}", found.source),
            late => format!(
                "there is no {} of {} for {platform}: when there is, add it to `sources` and `releases`",
                found.release.version,
                late.join(" or ")
            ),
        }
    };
    match pick(look, wanted, &mut found, files, absent).await {
        Err(NewError::NoFile { .. }) if !late.is_empty() => Err(NewError::Late {
            source_text: found.source,
            version: found.release.version,
            parts: late.join(", "),
        }),
        picked => picked.map(|()| found),
    }
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
async fn parts(look: &Look, wanted: &Wanted, found: &Found) -> Result<Parts, NewError> {
    let architectures: Vec<&str> = wanted
        .platforms
        .iter()
        .map(Platform::architecture)
        .collect();
    let may_be = |part: &&PlatformSource| {
        let machine = platform_of(&part.source);
        !is_for_other_system(&part.source)
            && machine.is_none_or(|machine| architectures.contains(&machine.architecture))
    };
    let mut parts = Parts::default();
    for part in found.about.parts.iter().filter(may_be) {
        let name = &part.source;
        look.tell(name);
        let source: SourceId = name.parse()?;
        let release = match look.releases.get(&source, &found.release.tag).await {
            Ok(release) => release,
            Err(error) if error.is_absent() => {
                // Others are of another cycle.
                if platform_of(name).is_some() && part.goes_with(&found.release.version) {
                    parts.late.push(name.clone());
                }
                continue;
            }
            Err(error) => return Err(error.into()),
        };
        let about = look.releases.about(&source, &release.tag).await?;
        let of_linux =
            about.machines.os.is_empty() || about.machines.os.iter().any(|os| os == "linux");
        let has_machine = !about.machines.cpu.is_empty() || platform_of(name).is_some();
        if of_linux && has_machine {
            parts.there.push(Part {
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
