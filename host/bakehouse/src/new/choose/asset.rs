//! A release's files for a platform, by their names: best first.

use std::cmp::Reverse;

use bakehouse_core::platform::Platform;
use bakehouse_names::architecture_names;

use super::machine::{Machine, platform_of};
use super::usable::{usable, words};

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
    // ARM's software floating point, which runs on every such machine, is slow.
    let soft = |word: &str| word == "softfloat" || word.ends_with("eabi");
    let is_odd = |word: &&str| ODD.contains(word) || soft(word);
    let odd = words(&lower).filter(is_odd).count();
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

#[cfg(test)]
mod tests {
    use super::super::releases::{
        BIOME, CADDY, HELM, HUGO, JQ, PROTOC, RESTIC, RIPGREP, RUFF, XRAY, YQ, names,
    };
    use super::*;

    fn best<'n>(list: &'n str, platform: &str, program: &str) -> Option<&'n str> {
        let names = names(list);
        let ranked = rank(&names, &platform.parse().unwrap(), program);
        ranked.first().copied()
    }

    #[test]
    fn real_releases_have_one_best_file_for_each_platform() {
        for (list, program, amd64, arm64, v7) in [
            (
                BIOME,
                "biome",
                "biome-linux-x64-musl",
                "biome-linux-arm64-musl",
                None,
            ),
            (
                CADDY,
                "caddy",
                "caddy_2.10.2_linux_amd64.tar.gz",
                "caddy_2.10.2_linux_arm64.tar.gz",
                Some("caddy_2.10.2_linux_armv7.tar.gz"),
            ),
            (
                HUGO,
                "hugo",
                "hugo_0.152.2_linux-amd64.tar.gz",
                "hugo_0.152.2_linux-arm64.tar.gz",
                Some("hugo_0.152.2_linux-arm.tar.gz"),
            ),
            (
                JQ,
                "jq",
                "jq-linux-amd64",
                "jq-linux-arm64",
                Some("jq-linux-armhf"),
            ),
            (
                PROTOC,
                "protoc",
                "protoc-33.0-linux-x86_64.zip",
                "protoc-33.0-linux-aarch_64.zip",
                None,
            ),
            (
                RESTIC,
                "restic",
                "restic_0.18.1_linux_amd64.bz2",
                "restic_0.18.1_linux_arm64.bz2",
                Some("restic_0.18.1_linux_arm.bz2"),
            ),
            (
                RIPGREP,
                "rg",
                "ripgrep-14.1.1-x86_64-unknown-linux-musl.tar.gz",
                "ripgrep-14.1.1-aarch64-unknown-linux-gnu.tar.gz",
                Some("ripgrep-14.1.1-armv7-unknown-linux-musleabihf.tar.gz"),
            ),
            (
                RUFF,
                "ruff",
                "ruff-x86_64-unknown-linux-musl.tar.gz",
                "ruff-aarch64-unknown-linux-musl.tar.gz",
                Some("ruff-armv7-unknown-linux-musleabihf.tar.gz"),
            ),
            (
                XRAY,
                "xray",
                "Xray-linux-64.zip",
                "Xray-linux-arm64-v8a.zip",
                Some("Xray-linux-arm32-v7a.zip"),
            ),
            (
                YQ,
                "yq",
                "yq_linux_amd64.tar.gz",
                "yq_linux_arm64.tar.gz",
                Some("yq_linux_arm.tar.gz"),
            ),
        ] {
            assert_eq!(best(list, "linux/amd64", program), Some(amd64));
            assert_eq!(best(list, "linux/arm64", program), Some(arm64));
            assert_eq!(best(list, "linux/arm/v7", program), v7);
        }
        let of = |list, platform| best(list, platform, "");
        assert_eq!(
            of(PROTOC, "linux/s390x"),
            Some("protoc-33.0-linux-s390_64.zip")
        );
        assert_eq!(of(JQ, "linux/ppc64le"), Some("jq-linux-ppc64el"));
        assert_eq!(of(YQ, "linux/loong64"), Some("yq_linux_loong64.tar.gz"));
        assert_eq!(of(XRAY, "linux/386"), Some("Xray-linux-32.zip"));
    }

    /// Helm's release has signatures only; its programs are elsewhere.
    #[test]
    fn signatures_and_checksums_are_no_programs() {
        for platform in ["linux/amd64", "linux/arm64"] {
            assert_eq!(best(HELM, platform, "helm"), None);
        }
        let amd64: Platform = "linux/amd64".parse().unwrap();
        for list in [CADDY, HUGO, JQ, RESTIC, RIPGREP, RUFF, XRAY, YQ] {
            for name in rank(&names(list), &amd64, "") {
                let end = name.rsplit('.').next().unwrap();
                let beside = ["sig", "pem", "sbom", "sha256", "asc", "dgst", "txt", "deb"];
                assert!(!beside.contains(&end), "{name}");
            }
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
        // Programs that are about another system, and for this one.
        let about = [
            "wasm-tool-x86_64-linux.tar.gz",
            "wasm-tool-x86_64-windows.zip",
        ];
        assert_eq!(best(&about, "linux/amd64"), Some(about[0]));
        assert_eq!(best(&["tool-wasm32-wasip1.tar.gz"], "linux/amd64"), None);
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
