//! A release's files of checksums, by their names.

/// Names of files about all files of a release, in small letters.
const OF_ALL: &[&str] = &[
    "sha256sums",
    "sha256sums.txt",
    "sha256sum.txt",
    "sha256.txt",
    "sha256.sum",
    "checksums.txt",
    "checksums.sha256",
    "checksums",
    "checksum.txt",
    "sha512sums",
    "sha512sums.txt",
    "sha512sum.txt",
    "shasums256.txt",
    "checksums-sha256.txt",
    "sha256-checksums.txt",
    "checksums-bsd",
];
/// Endings of files about one file.
const OF_ONE: &[&str] = &[
    ".sha256",
    ".sha256sum",
    ".sha256.txt",
    ".sha512",
    ".sha512sum",
    ".dgst",
];

/// The files that may have the checksum of `asset`, best first: its own, and those
/// of all files.
pub(in crate::new) fn checksum_files<'n>(names: &[&'n str], asset: &str) -> Vec<&'n str> {
    let own = OF_ONE.iter().filter_map(|end| {
        let own = format!("{asset}{end}");
        let found = names.iter().find(|name| name.eq_ignore_ascii_case(&own));
        found.copied()
    });
    let of_all = |name: &&&str| {
        let lower = name.to_ascii_lowercase();
        OF_ALL.iter().any(|known| {
            let before = lower.strip_suffix(known);
            before.is_some_and(|before| before.is_empty() || before.ends_with(['_', '-', '.']))
        })
    };
    let mut shared: Vec<&str> = names.iter().filter(of_all).copied().collect();
    shared.sort_by_key(|name| (name.to_ascii_lowercase().contains("512"), name.len()));
    own.chain(shared).collect()
}

/// The name as the recipe's option has it.
pub(in crate::new) fn checksum_pattern(
    name: &str,
    asset: &str,
    (tag, version): (&str, &str),
) -> String {
    match name
        .get(..asset.len())
        .filter(|begun| begun.eq_ignore_ascii_case(asset))
    {
        Some(_) => format!("{{file}}{}", &name[asset.len()..]),
        None => super::pattern::versioned(name, tag, version),
    }
}

#[cfg(test)]
mod tests {
    use super::super::releases::{BIOME, CADDY, HUGO, JQ, RESTIC, RIPGREP, RUFF, XRAY, YQ, names};
    use super::*;

    #[test]
    fn real_releases_have_one() {
        let found = |list: &str, asset: &str, tag: &str, version: &str| -> Vec<String> {
            let names = names(list);
            let files = checksum_files(&names, asset);
            let pattern = |name: &&str| checksum_pattern(name, asset, (tag, version));
            files.iter().map(pattern).collect()
        };
        for (list, asset, tag, version, wanted) in [
            (
                CADDY,
                "caddy_2.10.2_linux_amd64.tar.gz",
                "v2.10.2",
                "2.10.2",
                &["caddy_{version}_checksums.txt"][..],
            ),
            (
                HUGO,
                "hugo_0.152.2_linux-amd64.tar.gz",
                "v0.152.2",
                "0.152.2",
                &["hugo_{version}_checksums.txt"],
            ),
            (
                JQ,
                "jq-linux-amd64",
                "jq-1.8.1",
                "1.8.1",
                &["sha256sum.txt"],
            ),
            (
                RESTIC,
                "restic_0.18.1_linux_amd64.bz2",
                "v0.18.1",
                "0.18.1",
                &["SHA256SUMS"],
            ),
            (
                RIPGREP,
                "ripgrep-14.1.1-x86_64-unknown-linux-musl.tar.gz",
                "14.1.1",
                "14.1.1",
                &["{file}.sha256"],
            ),
            (
                RUFF,
                "ruff-x86_64-unknown-linux-musl.tar.gz",
                "0.14.6",
                "0.14.6",
                &["{file}.sha256", "sha256.sum"],
            ),
            (
                XRAY,
                "Xray-linux-64.zip",
                "v25.10.15",
                "25.10.15",
                &["{file}.dgst"],
            ),
            // The first has all kinds of digests in columns, which only a third file tells.
            (
                YQ,
                "yq_linux_amd64",
                "v4.49.2",
                "4.49.2",
                &["checksums", "checksums-bsd"],
            ),
            (
                BIOME,
                "biome-linux-x64",
                "@biomejs/biome@2.3.8",
                "2.3.8",
                &[],
            ),
        ] {
            assert_eq!(found(list, asset, tag, version), wanted, "{asset}");
        }
    }
}
