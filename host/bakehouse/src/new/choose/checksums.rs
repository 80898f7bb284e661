//! A release's file of checksums, by its name.

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
];
/// Endings of files about one file.
const OF_ONE: &[&str] = &[
    ".sha256",
    ".sha256sum",
    ".sha256.txt",
    ".sha512",
    ".sha512sum",
];

/// The file that has the checksum of `asset`: its own, else that of all files.
pub(in crate::new) fn checksum_file<'n>(names: &[&'n str], asset: &str) -> Option<&'n str> {
    let own = OF_ONE.iter().find_map(|end| {
        let own = format!("{asset}{end}");
        names
            .iter()
            .find(|name| name.eq_ignore_ascii_case(&own))
            .copied()
    });
    own.or_else(|| {
        let of_all = |name: &&&str| {
            let lower = name.to_ascii_lowercase();
            OF_ALL.iter().any(|known| {
                let before = lower.strip_suffix(known);
                before.is_some_and(|before| before.is_empty() || before.ends_with(['_', '-', '.']))
            })
        };
        let mut found: Vec<&&str> = names.iter().filter(of_all).collect();
        found.sort_by_key(|name| (name.to_ascii_lowercase().contains("512"), name.len()));
        found.first().map(|name| **name)
    })
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
    use super::*;

    fn found(list: &str, asset: &str, tag: &str, version: &str) -> Option<String> {
        let names: Vec<&str> = list.lines().skip(1).collect();
        let name = checksum_file(&names, asset)?;
        Some(checksum_pattern(name, asset, (tag, version)))
    }

    #[test]
    fn real_releases_have_one() {
        let caddy = include_str!("testdata/caddy.txt");
        let asset = "caddy_2.10.2_linux_amd64.tar.gz";
        assert_eq!(
            found(caddy, asset, "v2.10.2", "2.10.2").as_deref(),
            Some("caddy_{version}_checksums.txt")
        );
        let restic = include_str!("testdata/restic.txt");
        let asset = "restic_0.18.1_linux_amd64.bz2";
        assert_eq!(
            found(restic, asset, "v0.18.1", "0.18.1").as_deref(),
            Some("SHA256SUMS")
        );
        let ruff = include_str!("testdata/ruff.txt");
        let asset = "ruff-x86_64-unknown-linux-musl.tar.gz";
        assert_eq!(
            found(ruff, asset, "0.14.6", "0.14.6").as_deref(),
            Some("{file}.sha256")
        );
        let biome = include_str!("testdata/biome.txt");
        assert_eq!(found(biome, "biome-linux-x64", "2.3.8", "2.3.8"), None);
    }
}
