//! Image references as grants: `HOST/PATH/IMAGE[:TAG][@DIGEST]`, or everything
//! below `HOST/PATH/*`.

use oci_client::Reference;

/// Repository, tag and digest of a reference; Docker Hub's short names are
/// written out (`golang` is `docker.io/library/golang`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Parts {
    pub(super) repository: String,
    pub(super) tag: Option<String>,
    pub(super) digest: Option<String>,
}

pub(super) fn parse(text: &str) -> Option<Parts> {
    let reference: Reference = text.parse().ok()?;
    // The parser adds `latest` where there is neither tag nor digest.
    let named = text.rsplit('/').next().is_some_and(|last| {
        last.split('@')
            .next()
            .is_some_and(|name| name.contains(':'))
    });
    Some(Parts {
        repository: format!("{}/{}", reference.registry(), reference.repository()),
        tag: reference.tag().filter(|_| named).map(str::to_owned),
        digest: reference.digest().map(str::to_owned),
    })
}

/// The repository, written out.
pub(super) fn repository(text: &str) -> Option<String> {
    parse(text).map(|parts| parts.repository)
}

/// Whether a text can be an entry.
pub(super) fn is_entry(entry: &str) -> bool {
    match prefix(entry) {
        Some(prefix) => parse(&format!("{prefix}x")).is_some(),
        None => parse(entry).is_some(),
    }
}

/// `HOST/PATH/` of an entry that covers everything below.
pub(super) fn prefix(entry: &str) -> Option<String> {
    let stem = entry.strip_suffix('*').unwrap_or(entry);
    if !stem.ends_with('/') {
        return None;
    }
    let first = stem.split('/').next().unwrap_or_default();
    let is_host = first.contains(['.', ':']) || first == "localhost";
    Some(if is_host {
        stem.to_owned()
    } else {
        format!("docker.io/{stem}")
    })
}

/// An entry of `bases`, read; names of Docker Hub are written out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ImageEntry {
    /// Everything below `HOST/PATH/`.
    Below(String),
    /// A repository.
    Repository(String),
    /// One tag, whatever it shows.
    Tag(String, String),
    /// One digest.
    Digest(String, String),
    /// One tag at one digest.
    Pinned(String, String, String),
}

impl ImageEntry {
    /// Reads an entry; none if it is malformed.
    pub(super) fn parse(entry: &str) -> Option<Self> {
        if let Some(prefix) = prefix(entry) {
            return Some(Self::Below(prefix));
        }
        let Parts {
            repository,
            tag,
            digest,
        } = parse(entry)?;
        Some(match (tag, digest) {
            (None, None) => Self::Repository(repository),
            (Some(tag), None) => Self::Tag(repository, tag),
            (None, Some(digest)) => Self::Digest(repository, digest),
            (Some(tag), Some(digest)) => Self::Pinned(repository, tag, digest),
        })
    }

    /// Whether an entry holds the repository of `image` to a digest.
    pub fn pins(entry: &str, image: &str) -> bool {
        let (Some(entry), Some(image)) = (parse(entry), parse(image)) else {
            return false;
        };
        entry.digest.is_some() && entry.repository == image.repository
    }

    /// The digest that this entry holds an image's tag to; none where it does
    /// not, or the image has a digest itself.
    #[must_use]
    pub fn pin(&self, image: &str) -> Option<&str> {
        let Self::Pinned(repository, tag, digest) = self else {
            return None;
        };
        let image = parse(image).filter(|image| image.digest.is_none())?;
        let asked = image.tag.as_deref().unwrap_or("latest");
        (image.repository == *repository && asked == tag).then_some(digest)
    }

    /// The registry, `host[:port]`.
    #[must_use]
    pub fn registry(&self) -> &str {
        let (Self::Below(name)
        | Self::Repository(name)
        | Self::Tag(name, _)
        | Self::Digest(name, _)
        | Self::Pinned(name, _, _)) = self;
        name.split('/').next().unwrap_or(name)
    }
}

/// Whether an entry covers a reference, or another entry. A tag in the entry
/// binds the tag, a digest the digest; a digest that is asked for beside a
/// granted tag wins, as it does in registries.
pub(super) fn covers(entry: &str, asked: &str) -> bool {
    if let Some(wide) = prefix(entry) {
        return match prefix(asked) {
            Some(narrow) => narrow.starts_with(&wide),
            None => repository(asked).is_some_and(|repository| repository.starts_with(&wide)),
        };
    }
    let (Some(entry), Some(asked)) = (parse(entry), parse(asked)) else {
        return false;
    };
    if entry.repository != asked.repository {
        return false;
    }
    let tag = |parts: &Parts| parts.tag.clone().unwrap_or_else(|| "latest".to_owned());
    match (&entry.tag, &entry.digest) {
        (None, None) => true,
        (_, Some(digest)) if asked.digest.is_some() => asked.digest.as_ref() == Some(digest),
        // The build is pinned to the entry's digest.
        (Some(granted), _) => *granted == tag(&asked),
        (None, Some(_)) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DIGEST: &str = "sha256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";
    const OTHER: &str = "sha256:0cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";

    #[test]
    fn short_names_are_written_out() {
        assert_eq!(repository("golang").unwrap(), "docker.io/library/golang");
        assert_eq!(repository("acme/x:1").unwrap(), "docker.io/acme/x");
        assert_eq!(
            repository("127.0.0.1:5000/a/b").unwrap(),
            "127.0.0.1:5000/a/b"
        );
        assert_eq!(parse("127.0.0.1:5000/a/b").unwrap().tag, None);
        assert_eq!(parse("a:1").unwrap().tag.as_deref(), Some("1"));
        assert_eq!(prefix("library/*").unwrap(), "docker.io/library/");
    }

    #[test]
    fn covers_repositories_tags_and_digests() {
        let by_digest = format!("r.example/x@{DIGEST}");
        let pinned = format!("r.example/x:1@{DIGEST}");
        let other = format!("r.example/x@{OTHER}");
        for (entry, asked, is) in [
            ("r.example/x", "r.example/x", true),
            ("r.example/x", "r.example/x:1", true),
            ("r.example/x", &by_digest, true),
            ("r.example/x", "r.example/x-evil", false),
            ("r.example/x", "r.example/x/y", false),
            ("r.example/x", "r.example:80/x", false),
            ("r.example/x", "x", false),
            ("golang", "docker.io/library/golang:1", true),
            ("docker.io/library/golang", "golang", true),
            ("golang", "evil/golang", false),
            ("r.example/x:1", "r.example/x:1", true),
            ("r.example/x:1", "r.example/x:2", false),
            ("r.example/x:latest", "r.example/x", true),
            ("r.example/x:1", "r.example/x", false),
            (&by_digest, &by_digest, true),
            (&by_digest, &pinned, true),
            (&by_digest, &other, false),
            (&by_digest, "r.example/x", false),
            (&pinned, "r.example/x:1", true),
            (&pinned, &other, false),
            (&pinned, "r.example/x:2", false),
            ("r.example/a/*", "r.example/a/b/c:1", true),
            ("r.example/a/", "r.example/a/b", true),
            ("r.example/a/*", "r.example/ab", false),
            ("r.example/*", "r.example/a/*", true),
            ("r.example/a/*", "r.example/*", false),
            ("library/*", "ubuntu", true),
            ("library/*", "acme/ubuntu", false),
            ("r.example/x", "Not A Reference", false),
        ] {
            assert_eq!(covers(entry, asked), is, "{entry} {asked}");
        }
    }
}
