//! Files of a release that can be programs of Linux, or archives with one.

/// Beginnings of words of other systems.
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
    "emscripten",
];
/// Beginnings of words of WebAssembly. Names of tools for it have them, too.
const WASM: &[&str] = &["wasm", "wasi"];
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
    "dgst",
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
/// Words of bills of materials and of provenance, within a name.
const STATEMENTS: &[&str] = &["sbom", "spdx", "cdx", "intoto", "cyclonedx"];

/// True of a file that can be a program of Linux, or an archive with one.
pub(super) fn usable(name: &str) -> bool {
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
        && !STATEMENTS.iter().any(|end| inside(end))
        && !is_for_other_system(name)
}

/// True of a name with a word of another system than Linux.
pub(in crate::new) fn is_for_other_system(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    let linux = words(&lower).any(|word| word.starts_with("linux"));
    let begins = |word: &str, with: &[&str]| with.iter().any(|begin| word.starts_with(begin));
    words(&lower).any(|word| {
        OTHER_SYSTEM_WORDS.contains(&word)
            || begins(word, OTHER_SYSTEMS)
            || !linux && begins(word, WASM)
    })
}

/// The words of a name.
pub(super) fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
}
