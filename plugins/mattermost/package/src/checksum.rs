//! Checksums in upstream's release notes.

/// Digits of SHA-256.
const DIGITS: usize = 64;

/// Packages named in release notes, each with the checksum that follows it as
/// integrity value, `sha256:HEX`: the first SHA-256 after the name and before
/// the next package's.
#[must_use]
pub fn checksums(notes: &str) -> Vec<(String, String)> {
    let mut found: Vec<(String, String)> = Vec::new();
    let mut package = None;
    let words = notes.split(|c: char| !(c.is_ascii_alphanumeric() || "-._".contains(c)));
    for word in words {
        let checksum = word.len() == DIGITS && word.bytes().all(|b| b.is_ascii_hexdigit());
        if word.starts_with("mattermost-") && word.ends_with(".tar.gz") {
            package = Some(word);
        } else if checksum && let Some(package) = package.take() {
            let known = found.iter().any(|(name, _)| name == package);
            if !known {
                let checksum = format!("sha256:{}", word.to_ascii_lowercase());
                found.push((package.to_owned(), checksum));
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn belong_to_the_package_named_before_them() {
        let (one, two) = ("A1".repeat(32), "b2".repeat(32));
        let notes = format!(
            "Mattermost 10.5.0 has 10 fixes.\n\n### Downloads\n\
             - [Enterprise](https://r.example/10.5.0/mattermost-10.5.0-linux-amd64.tar.gz?src=rn)\n\
             \x20 - SHA-256 Checksum: `{one}`\n\
             \x20 - GPG Signature: https://r.example/mattermost-10.5.0-linux-amd64.tar.gz.sig\n\
             - mattermost-team-10.5.0-linux-arm64.tar.gz ({two})\n\
             - mattermost-team-10.5.0-linux-amd64.tar.gz\n\
             \x20 - SHA-256 Checksum: soon\n"
        );
        assert_eq!(
            checksums(&notes),
            [
                (
                    "mattermost-10.5.0-linux-amd64.tar.gz".to_owned(),
                    format!("sha256:{}", one.to_lowercase())
                ),
                (
                    "mattermost-team-10.5.0-linux-arm64.tar.gz".to_owned(),
                    format!("sha256:{two}")
                ),
            ]
        );
        assert_eq!(checksums("nothing"), []);
    }
}
