//! Web pages of repositories, for registries that have them.

/// The web page of a repository, for registries that have them.
pub fn link(repository: &str) -> Option<String> {
    // A plan may come from elsewhere; nothing else is part of a name.
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | '/' | ':');
    let (host, path) = repository.split_once('/')?;
    match host {
        _ if !repository.chars().all(plain) => None,
        // Both answer browsers with the page of the package.
        "ghcr.io" | "quay.io" => Some(format!("https://{repository}")),
        "docker.io" | "index.docker.io" => Some(format!("https://hub.docker.com/r/{path}/tags")),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_where_there_is_a_page() {
        assert_eq!(link("ghcr.io/a/b").as_deref(), Some("https://ghcr.io/a/b"));
        assert_eq!(
            link("docker.io/a/b").as_deref(),
            Some("https://hub.docker.com/r/a/b/tags")
        );
        assert_eq!(link("127.0.0.1:5000/a/b"), None);
        assert_eq!(link("local/a/b"), None);
        assert_eq!(link("ghcr.io/a/b)[x](https://evil.example"), None);
    }
}
