//! Platforms as a Dockerfile's `FROM --platform=` has them.
//!
//! BuildKit reads them with containerd's `platforms.Parse`, which takes more than
//! `os/architecture`.

use bakehouse_core::platform::Platform;

/// Systems that containerd knows when they stand alone.
const SYSTEMS: &[&str] = &[
    "aix",
    "android",
    "darwin",
    "dragonfly",
    "freebsd",
    "hurd",
    "illumos",
    "ios",
    "js",
    "linux",
    "nacl",
    "netbsd",
    "openbsd",
    "plan9",
    "solaris",
    "windows",
    "zos",
];
/// Architectures that containerd knows when they stand alone.
const ARCHITECTURES: &[&str] = &[
    "386",
    "amd64",
    "amd64p32",
    "arm",
    "armbe",
    "arm64",
    "arm64be",
    "ppc64",
    "ppc64le",
    "loong64",
    "mips",
    "mipsle",
    "mips64",
    "mips64le",
    "mips64p32",
    "mips64p32le",
    "ppc",
    "riscv",
    "riscv64",
    "s390",
    "s390x",
    "sparc",
    "sparc64",
    "wasm",
];

/// A platform, where `build` is that of the machine that reads it; none for a text
/// that containerd does not take.
pub(super) fn read(text: &str, build: &Platform) -> Option<Platform> {
    let parts: Vec<&str> = text.split('/').collect();
    let (os, rest) = parts.split_first()?;
    let os = system(os)?;
    match rest {
        [] if SYSTEMS.contains(&os.as_str()) => {
            Platform::new(&os, build.architecture(), build.variant()).ok()
        }
        [] => {
            let (architecture, variant) = architecture(text, "");
            let known = ARCHITECTURES.contains(&architecture.as_str());
            known.then_some(())?;
            Platform::new("linux", &architecture, Some(&variant)).ok()
        }
        [arch] => {
            let (architecture, variant) = architecture(arch, "");
            Platform::new(&os, &architecture, Some(&variant)).ok()
        }
        [arch, variant] => {
            let (architecture, variant) = architecture(arch, variant);
            Platform::new(&os, &architecture, Some(&variant)).ok()
        }
        _ => None,
    }
}

/// `os` or `os(version)`.
fn system(text: &str) -> Option<String> {
    let name = match text.split_once('(') {
        Some((name, version)) => version.strip_suffix(')').map(|_| name)?,
        None => text,
    };
    let name = name.to_ascii_lowercase();
    Some(match name.as_str() {
        "" => "linux".to_owned(),
        "macos" => "darwin".to_owned(),
        _ => name,
    })
}

/// Architecture and variant by their usual names (containerd/platforms,
/// `normalizeArch`).
fn architecture(architecture: &str, variant: &str) -> (String, String) {
    let (architecture, variant) = (
        architecture.to_ascii_lowercase(),
        variant.to_ascii_lowercase(),
    );
    let (architecture, variant) = match (architecture.as_str(), variant.as_str()) {
        ("i386", _) => ("386", ""),
        ("x86_64" | "x86-64" | "amd64", "v1") => ("amd64", ""),
        ("x86_64" | "x86-64" | "amd64", other) => ("amd64", other),
        ("aarch64" | "arm64", "8" | "v8" | "v8.0") => ("arm64", ""),
        ("aarch64" | "arm64", "9" | "9.0" | "v9.0") => ("arm64", "v9"),
        ("aarch64" | "arm64", other) => ("arm64", other),
        ("armhf", _) => ("arm", "v7"),
        ("armel", _) => ("arm", "v6"),
        ("arm", "" | "7") => ("arm", "v7"),
        ("arm", "5") => ("arm", "v5"),
        ("arm", "6") => ("arm", "v6"),
        ("arm", "8") => ("arm", "v8"),
        (other, variant) => (other, variant),
    };
    (architecture.to_owned(), variant.to_owned())
}
