//! A release's files for a platform, by their names: best first.

use std::cmp::Reverse;

use bakehouse_core::platform::Platform;
use bakehouse_names::architecture_names;

/// Architectures that files are for, with their variants.
const ARCHITECTURES: &[(&str, Option<&str>)] = &[
    ("amd64", None),
    ("amd64", Some("v2")),
    ("amd64", Some("v3")),
    ("arm64", None),
    ("arm", Some("v7")),
    ("arm", Some("v6")),
    ("arm", Some("v5")),
    ("386", None),
    ("ppc64le", None),
    ("ppc64", None),
    ("s390x", None),
    ("riscv64", None),
    ("loong64", None),
    ("mips64le", None),
    ("mips64", None),
    ("mipsle", None),
    ("mips", None),
];
/// More words for an architecture, which are one with the system's.
const GLUED: &[(&str, &str)] = &[
    ("linux64", "amd64"),
    ("linuxamd64", "amd64"),
    ("linuxarm64", "arm64"),
    ("linux32", "386"),
    ("linux386", "386"),
];
/// Words that look like an architecture's, and are of another.
const OTHER_MACHINES: &[&str] = &[
    "aarch64_be",
    "armeb",
    "powerpc",
    "ppc",
    "sparc64",
    "sparcv9",
    "universal2",
    "amd64v4",
    "mipsel",
    "powerpc64",
    "i486",
];
/// How words of other systems begin.
const OTHER_SYSTEMS: &[&str] = &[
    "darwin",
    "macos",
    "osx",
    "apple",
    "windows",
    "mingw",
    "msvc",
    "freebsd",
    "netbsd",
    "openbsd",
    "dragonfly",
    "android",
    "wasm",
    "wasi",
    "emscripten",
];
/// Words of other systems.
const OTHER_SYSTEM_WORDS: &[&str] = &[
    "mac",
    "win",
    "win32",
    "win64",
    "winx64",
    "solaris",
    "illumos",
    "sunos",
    "ios",
    "aix",
    "plan9",
    "haiku",
    "redox",
    "openharmony",
    "ohos",
    "sunos64",
];
/// Endings of what is no program and no archive of one: signatures, checksums,
/// bills of materials, texts, and packages of other systems.
const NO_PROGRAMS: &[&str] = &[
    "asc",
    "att",
    "appimage",
    "apk",
    "bat",
    "bundle",
    "cdx",
    "cert",
    "crt",
    "css",
    "diff",
    "digest",
    "dll",
    "dmg",
    "exe",
    "flatpak",
    "gem",
    "html",
    "img",
    "intoto",
    "iso",
    "jar",
    "js",
    "json",
    "jsonl",
    "key",
    "lock",
    "log",
    "map",
    "md",
    "md5",
    "md5sum",
    "minisig",
    "msi",
    "msix",
    "nupkg",
    "patch",
    "pem",
    "pkg",
    "prov",
    "provenance",
    "ps1",
    "pub",
    "qcow2",
    "rb",
    "rpm",
    "sbom",
    "sh",
    "sha1",
    "sha1sum",
    "sha256",
    "sha256sum",
    "sha256sums",
    "sha512",
    "sha512sum",
    "sha512sums",
    "sig",
    "sigstore",
    "snap",
    "so",
    "spdx",
    "sum",
    "sums",
    "tar.gz.sig",
    "toml",
    "torrent",
    "txt",
    "vsix",
    "whl",
    "xml",
    "yaml",
    "yml",
    "zsync",
    "7z",
    "rar",
    "a",
    "h",
    "deb",
    "ipk",
    "nix",
];
/// Words of files beside the program that most people want.
const ODD: &[&str] = &[
    "baseline",
    "bench",
    "completion",
    "completions",
    "cover",
    "dbg",
    "dbgsym",
    "debug",
    "debuginfo",
    "dev",
    "devel",
    "doc",
    "docs",
    "extended",
    "gogit",
    "headers",
    "lite",
    "man",
    "manpages",
    "nightly",
    "profile",
    "rootless",
    "sdk",
    "slim",
    "source",
    "sources",
    "src",
    "sym",
    "symbols",
    "test",
    "tests",
    "upx",
    "vendor",
    "vendored",
    "web",
    "withdeploy",
];
/// Endings of archives and compressed files, most usual first. None at all is a
/// program as it is.
const PACKED: &[&str] = &[
    ".tar.gz", ".tgz", ".tar.xz", ".txz", ".tar.zst", ".tzst", ".tar.bz2", ".tbz2", ".tbz", ".tar",
    ".zip", ".gz", ".xz", ".zst", ".bz2",
];

/// Where in a name the word for its architecture is, and for which it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::new) struct Machine {
    pub(in crate::new) place: std::ops::Range<usize>,
    pub(in crate::new) architecture: &'static str,
    pub(in crate::new) variant: Option<&'static str>,
}

/// The files that may be programs for a platform, or archives with one, best
/// first. `program` is how the program may be called.
pub(in crate::new) fn rank<'n>(
    names: &[&'n str],
    platform: &Platform,
    program: &str,
) -> Vec<&'n str> {
    let named = names.iter().any(|name| {
        usable(name) && platform_of(name).is_some_and(|machine| machine.architecture == "amd64")
    });
    let mut found: Vec<_> = names
        .iter()
        .filter(|name| usable(name))
        .filter_map(|name| Some((score(name, platform, program, named)?, *name)))
        .collect();
    found.sort();
    found.into_iter().map(|(_, name)| name).collect()
}

/// Sorts low what is wanted.
fn score(name: &str, platform: &Platform, program: &str, named: bool) -> Option<impl Ord + use<>> {
    let lower = name.to_ascii_lowercase();
    let linux = words(&lower).any(|word| word.starts_with("linux"));
    let machine = match platform_of(name) {
        Some(machine) => fits(&machine, platform)?,
        // Upstreams that began with one machine do not name it.
        None if platform.architecture() == "amd64" && linux && !named => 9,
        None => return None,
    };
    let odd = words(&lower).filter(|word| ODD.contains(word)).count();
    let libc = words(&lower).map(libc).min().unwrap_or(1);
    let packed = PACKED.iter().position(|end| lower.ends_with(end));
    let called = lower.starts_with(&program.to_ascii_lowercase());
    Some((
        machine,
        !linux,
        odd,
        Reverse(called),
        libc,
        packed.unwrap_or(3),
        word_rank(name, platform),
        name.len(),
        lower,
    ))
}

/// How usual the word for the architecture is, among several of one file.
fn word_rank(name: &str, platform: &Platform) -> usize {
    let lower = name.to_ascii_lowercase();
    let words = architecture_names(platform.architecture(), platform.variant());
    let machine = platform_of(name);
    let word = machine.map(|machine| &lower[machine.place]);
    let at = word.and_then(|word| words.iter().position(|known| *known == word));
    at.unwrap_or(words.len())
}

/// How little a program asks of the image: musl's are static, mostly.
fn libc(word: &str) -> u8 {
    match word {
        "static" => 0,
        word if word.starts_with("musl") => 0,
        word if word.starts_with("gnu") || word == "glibc" => 2,
        _ => 1,
    }
}

fn fits(machine: &Machine, platform: &Platform) -> Option<u8> {
    if machine.architecture != platform.architecture() {
        return None;
    }
    let variant = platform.variant();
    match (machine.architecture, machine.variant, variant) {
        (_, one, other) if one == other => Some(0),
        ("arm64", None, Some("v8")) => Some(0),
        // Programs for an older variant run on a newer one.
        (_, None, Some(_)) => Some(2),
        ("arm", Some(one), Some(other)) if one < other => Some(3),
        _ => None,
    }
}

/// Whether a file can be a program of Linux, or an archive with one.
fn usable(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    let checksums = lower.contains("checksum") || lower.contains("sha256sum");
    let last = lower
        .rsplit('.')
        .next()
        .filter(|end| end.len() < lower.len());
    let ends = |end: &str| NO_PROGRAMS.contains(&end);
    let inside = |end: &str| lower.contains(&format!(".{end}."));
    !checksums
        && !last.is_some_and(ends)
        && !["sbom", "spdx", "cdx", "intoto", "cyclonedx"]
            .into_iter()
            .any(inside)
        && !is_for_other_system(name)
}

/// Whether a name has a word of another system than Linux.
pub(in crate::new) fn is_for_other_system(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    words(&lower).any(|word| {
        OTHER_SYSTEM_WORDS.contains(&word)
            || OTHER_SYSTEMS.iter().any(|system| word.starts_with(system))
    })
}

/// The architecture that a name says: by the longest word for one.
pub(in crate::new) fn platform_of(name: &str) -> Option<Machine> {
    let lower = name.to_ascii_lowercase();
    let mut best: Option<Machine> = None;
    let mut better = |word: &str, architecture, variant| {
        for place in places(&lower, word) {
            if best
                .as_ref()
                .is_none_or(|best| place.len() > best.place.len())
            {
                best = Some(Machine {
                    place,
                    architecture,
                    variant,
                });
            }
        }
    };
    for word in OTHER_MACHINES {
        better(word, "", None);
    }
    for (architecture, variant) in ARCHITECTURES {
        for word in architecture_names(architecture, *variant) {
            better(word, architecture, *variant);
        }
    }
    for (word, architecture) in GLUED {
        better(word, architecture, None);
    }
    // Just `arm` is told by nothing else than that it is the first variant's.
    let mut best = best?;
    if &lower[best.place.clone()] == "arm" {
        best.variant = None;
    }
    Some(best)
}

/// Places of a whole word.
fn places<'t>(text: &'t str, word: &'t str) -> impl Iterator<Item = std::ops::Range<usize>> + 't {
    let alone = |c: Option<char>| c.is_none_or(|c| !c.is_alphanumeric());
    text.match_indices(word).filter_map(move |(start, word)| {
        let end = start + word.len();
        let before = text[..start].chars().next_back();
        let whole = alone(before) && alone(text[end..].chars().next());
        whole.then_some(start..end)
    })
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Names of a release's files, one a line; the first line tells upstream and
    /// version.
    fn release(text: &str) -> Vec<&str> {
        text.lines().skip(1).collect()
    }

    fn best<'n>(text: &'n str, platform: &str, program: &str) -> Option<&'n str> {
        let names = release(text);
        rank(&names, &platform.parse().unwrap(), program)
            .first()
            .copied()
    }

    const BIOME: &str = include_str!("testdata/biome.txt");
    const CADDY: &str = include_str!("testdata/caddy.txt");
    const GITEA: &str = include_str!("testdata/gitea.txt");
    const HELM: &str = include_str!("testdata/helm.txt");
    const HUGO: &str = include_str!("testdata/hugo.txt");
    const JQ: &str = include_str!("testdata/jq.txt");
    const RESTIC: &str = include_str!("testdata/restic.txt");
    const RUFF: &str = include_str!("testdata/ruff.txt");

    #[test]
    fn real_releases_have_one_best_file_for_each_platform() {
        for (list, program, amd64, arm64) in [
            (
                BIOME,
                "biome",
                "biome-linux-x64-musl",
                "biome-linux-arm64-musl",
            ),
            (
                CADDY,
                "caddy",
                "caddy_2.10.2_linux_amd64.tar.gz",
                "caddy_2.10.2_linux_arm64.tar.gz",
            ),
            (
                GITEA,
                "gitea",
                "gitea-1.25.2-linux-amd64",
                "gitea-1.25.2-linux-arm64",
            ),
            (
                HUGO,
                "hugo",
                "hugo_0.152.2_linux-amd64.tar.gz",
                "hugo_0.152.2_linux-arm64.tar.gz",
            ),
            (JQ, "jq", "jq-linux-amd64", "jq-linux-arm64"),
            (
                RESTIC,
                "restic",
                "restic_0.18.1_linux_amd64.bz2",
                "restic_0.18.1_linux_arm64.bz2",
            ),
            (
                RUFF,
                "ruff",
                "ruff-x86_64-unknown-linux-musl.tar.gz",
                "ruff-aarch64-unknown-linux-musl.tar.gz",
            ),
        ] {
            assert_eq!(best(list, "linux/amd64", program), Some(amd64));
            assert_eq!(best(list, "linux/arm64", program), Some(arm64));
        }
        let v7 = |list, program| best(list, "linux/arm/v7", program);
        assert_eq!(
            v7(RUFF, "ruff"),
            Some("ruff-armv7-unknown-linux-musleabihf.tar.gz")
        );
        assert_eq!(v7(CADDY, "caddy"), Some("caddy_2.10.2_linux_armv7.tar.gz"));
        assert_eq!(v7(RESTIC, "restic"), Some("restic_0.18.1_linux_arm.bz2"));
        assert_eq!(v7(BIOME, "biome"), None);
    }

    /// Helm's release has signatures only; its programs are elsewhere.
    #[test]
    fn signatures_and_checksums_are_no_programs() {
        for platform in ["linux/amd64", "linux/arm64"] {
            assert_eq!(best(HELM, platform, "helm"), None);
        }
    }

    #[test]
    fn what_names_no_machine_is_the_oldest_ones() {
        let best = |names: &[&'static str], platform: &str| {
            rank(names, &platform.parse().unwrap(), "tool")
                .first()
                .copied()
        };
        assert_eq!(
            best(&["tool-linux", "tool-macos"], "linux/amd64"),
            Some("tool-linux")
        );
        assert_eq!(best(&["tool-linux", "tool-macos"], "linux/arm64"), None);
        let both = ["tool-linux.zip", "tool-linux64.zip", "tool-linux32.zip"];
        assert_eq!(best(&both, "linux/amd64"), Some("tool-linux64.zip"));
        assert_eq!(
            best(&["tool.tar.gz", "tool-1.0.tar.gz"], "linux/amd64"),
            None
        );
        // Programs of other machines whose names hold this one's.
        let near = [
            "tool-aarch64_be-linux",
            "tool-amd64v3-linux",
            "tool-darwin-arm64",
        ];
        assert_eq!(best(&near, "linux/arm64"), None);
        assert_eq!(best(&near, "linux/amd64"), None);
        assert_eq!(best(&near, "linux/amd64/v3"), Some("tool-amd64v3-linux"));
    }

    #[test]
    fn odd_names_are_no_trouble() {
        for name in [
            "",
            ".",
            "é-linux-amd64",
            "linux-amd64",
            "\u{1f600}.tar.gz",
            "_____",
        ] {
            let _ = rank(&[name], &"linux/amd64".parse().unwrap(), "é");
        }
    }
}
