//! Whose a project is, by its git remote and its folder.

use std::path::Path;

/// Hosts of GitHub's repositories.
const GITHUB: &[&str] = &["github.com", "ssh.github.com", "www.github.com"];

/// The owner of a repository on GitHub, as ghcr.io writes it: in small letters.
/// None for a remote elsewhere.
#[must_use]
pub fn github_owner(remote: &str) -> Option<String> {
    // `SCHEME://[USER@]HOST[:PORT]/PATH`, or ssh's `[USER@]HOST:PATH`.
    let (authority, path) = match remote.split_once("://") {
        Some((_, rest)) => rest.split_once('/')?,
        None => remote.split_once(':')?,
    };
    let host = authority.rsplit('@').next()?;
    let host = host.split(':').next()?.to_ascii_lowercase();
    let mut parts = path.trim_start_matches('/').split('/');
    let (owner, _repository) = (parts.next()?, parts.next()?);
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    let is_owner = !owner.is_empty() && owner.bytes().all(fits);
    (GITHUB.contains(&host.as_str()) && is_owner).then(|| owner.to_ascii_lowercase())
}

/// A namespace made of a folder's name.
#[must_use]
pub fn folder_namespace(folder: &Path) -> String {
    let name = folder.file_name().unwrap_or_default().to_string_lossy();
    let small = name.to_lowercase();
    let words = small.split(|letter: char| !letter.is_ascii_alphanumeric());
    let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
    match words.is_empty() {
        true => "images".to_owned(),
        false => words.join("-"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_owner_is_of_github_alone() {
        for remote in [
            "https://github.com/Acme-Inc/images.git",
            "https://user:secret@github.com/Acme-Inc/images",
            "git@github.com:Acme-Inc/images.git",
            "git@github.com:/Acme-Inc/images.git",
            "ssh://git@ssh.github.com:443/Acme-Inc/images.git",
            "git://GitHub.com/Acme-Inc/images/",
        ] {
            assert_eq!(
                github_owner(remote).as_deref(),
                Some("acme-inc"),
                "{remote}"
            );
        }
        for remote in [
            "",
            "https://gitlab.com/acme/images",
            "https://github.com.evil.example/acme/images",
            "https://evil.example/github.com/acme/images",
            "git@evil.example:github.com/acme",
            "/srv/github.com/acme/images",
            "https://github.com/acme",
            "https://github.com//images",
            "https://github.com/a\"b/images",
        ] {
            assert_eq!(github_owner(remote), None, "{remote}");
        }
    }

    #[test]
    fn a_folder_makes_a_namespace() {
        for (folder, namespace) in [
            ("/srv/My Images", "my-images"),
            ("/srv/a__b.c-", "a-b-c"),
            ("/srv/ÄÖ", "images"),
            ("/", "images"),
        ] {
            assert_eq!(folder_namespace(Path::new(folder)), namespace);
        }
    }
}
