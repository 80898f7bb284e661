//! Contents of a forge: repositories, their tags and releases.

use sha2::{Digest as _, Sha256};

/// A repository, releases and tags in the order they were added.
#[derive(Default)]
pub(crate) struct Repository {
    /// The forge's own number for it.
    pub(crate) number: usize,
    pub(crate) releases: Vec<Release>,
    pub(crate) tags: Vec<Tag>,
}

impl Repository {
    pub(crate) fn new(number: usize) -> Self {
        Self {
            number,
            ..Self::default()
        }
    }

    /// As forges list them: the newest date first.
    pub(crate) fn newest_first(&self) -> Vec<&Release> {
        let mut releases: Vec<_> = self.releases.iter().collect();
        releases.sort_by(|one, two| two.date.cmp(&one.date));
        releases
    }

    /// As forges list them: by name, backwards.
    pub(crate) fn tags_by_name(&self) -> Vec<&Tag> {
        let mut tags: Vec<_> = self.tags.iter().collect();
        tags.sort_by(|one, two| two.name.cmp(&one.name));
        tags
    }
}

/// A release.
#[derive(Debug, Clone)]
pub struct Release {
    pub(crate) tag: String,
    pub(crate) date: String,
    pub(crate) prerelease: bool,
    pub(crate) draft: bool,
    pub(crate) notes: String,
    pub(crate) files: Vec<(String, Vec<u8>)>,
    pub(crate) links: Vec<(String, String)>,
}

impl Release {
    /// Of this tag, without files.
    pub fn new(tag: &str) -> Self {
        Self {
            tag: tag.to_owned(),
            date: "2025-01-01T10:00:00Z".to_owned(),
            prerelease: false,
            draft: false,
            notes: String::new(),
            files: Vec::new(),
            links: Vec::new(),
        }
    }

    /// When it was published, RFC 3339.
    pub fn date(mut self, date: &str) -> Self {
        date.clone_into(&mut self.date);
        self
    }

    /// It is marked as not for general use.
    pub const fn prerelease(mut self) -> Self {
        self.prerelease = true;
        self
    }

    /// Nobody sees it yet.
    pub const fn draft(mut self) -> Self {
        self.draft = true;
        self
    }

    /// What it says of itself.
    pub fn notes(mut self, text: &str) -> Self {
        text.clone_into(&mut self.notes);
        self
    }

    /// Adds a file, which the forge serves.
    pub fn file(mut self, name: &str, bytes: &[u8]) -> Self {
        self.files.push((name.to_owned(), bytes.to_vec()));
        self
    }

    /// Adds a link to elsewhere (GitLab's `assets.links`).
    pub fn link(mut self, name: &str, url: &str) -> Self {
        self.links.push((name.to_owned(), url.to_owned()));
        self
    }
}

/// A tag.
#[derive(Debug, Clone)]
pub struct Tag {
    pub(crate) name: String,
    pub(crate) date: String,
    /// That of an annotated tag.
    pub(crate) message: Option<String>,
}

impl Tag {
    /// Of this name, at a commit of its own.
    pub fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            date: "2025-01-01T10:00:00Z".to_owned(),
            message: None,
        }
    }

    /// When its commit was made, RFC 3339.
    pub fn date(mut self, date: &str) -> Self {
        date.clone_into(&mut self.date);
        self
    }

    /// It is an object with this message.
    pub fn annotated(mut self, message: &str) -> Self {
        self.message = Some(message.to_owned());
        self
    }

    /// Its commit, made up from the name.
    pub fn commit(&self) -> String {
        hex::encode(Sha256::digest(&self.name))[..40].to_owned()
    }
}
