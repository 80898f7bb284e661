//! Revision tags: `{version}-r{n}`, under which an index that was replaced can
//! still be pulled.
//!
//! Registries cannot write a tag only where there is none, so a run looks first.
//! Two runs that look at the same moment write the same bytes: both saw the
//! index that they replace under the version's tag, and the first of them to
//! change that tag has its revision in place by then.

use bakehouse_core::reference_grammar::is_tag;

use super::client::Registry;
use super::error::RegistryError;
use super::manifest::Manifest;
use super::merge_error::MergeError;
use super::moving::VERSION_ANNOTATION;
use super::published::Published;

/// Most revisions of a version.
const MOST: u64 = 10_000;

impl Registry {
    /// Gives the index that a version's tag shows a revision tag, unless one
    /// shows it already; the tag. Numbers count up from 1, and no tag that exists
    /// is written.
    ///
    /// # Errors
    /// When a request fails, also where the version's tag has moved meanwhile.
    pub(super) async fn keep(
        &self,
        image: &str,
        version: &str,
        old: &Manifest,
    ) -> Result<String, MergeError> {
        let digest = old.descriptor().digest();
        let tags = self.tags(image).await?;
        let mut known: Vec<u64> = tags.iter().filter_map(|tag| number(version, tag)).collect();
        known.sort_unstable();
        let newest = known.last().copied().unwrap_or(0);
        for n in known.into_iter().rev().chain(newest + 1..MOST) {
            let tag = revision(&self.endpoint().show(image, version), version, n)?;
            match self.head(image, &tag).await? {
                Some(there) if there.digest() == digest => {}
                // Not all registries list at once what was just written.
                Some(_) => continue,
                None if n <= newest => continue,
                None => {
                    let (bytes, media_type) = (old.bytes().clone(), old.descriptor().media_type());
                    self.put_manifest(image, &tag, bytes, media_type).await?;
                }
            }
            self.refuse_if_moved(image, version, old).await?;
            return Ok(tag);
        }
        let name = self.endpoint().show(image, version);
        Err(MergeError::Revisions { name, most: MOST })
    }

    async fn refuse_if_moved(
        &self,
        image: &str,
        version: &str,
        old: &Manifest,
    ) -> Result<(), MergeError> {
        let now = self.head(image, version).await?;
        if now.is_some_and(|now| now.digest() == old.descriptor().digest()) {
            return Ok(());
        }
        let name = self.endpoint().show(image, version);
        Err(MergeError::Meanwhile { name })
    }
}

impl Published {
    /// The version that this index is a revision of, where `tag` is a revision
    /// tag of it. Upstream may call a version what a revision is called.
    #[must_use]
    pub fn revision_of(&self, tag: &str) -> Option<&str> {
        let version = self.annotations.get(VERSION_ANNOTATION)?;
        number(version, tag).map(|_| version.as_str())
    }

    /// Refuses to publish a version under a tag that keeps a revision of another.
    pub(super) fn refuse_revision(&self, name: &str, version: &str) -> Result<(), RegistryError> {
        let Some(other) = self.revision_of(version) else {
            return Ok(());
        };
        Err(RegistryError::RevisionTag {
            name: name.to_owned(),
            other: other.to_owned(),
        })
    }
}

/// The number of a revision tag of this version.
fn number(version: &str, tag: &str) -> Option<u64> {
    let number = tag.strip_prefix(version)?.strip_prefix("-r")?;
    let written = number.parse().ok()?;
    (revision_tag(version, written) == tag && written > 0).then_some(written)
}

fn revision_tag(version: &str, n: u64) -> String {
    format!("{version}-r{n}")
}

fn revision(name: &str, version: &str, n: u64) -> Result<String, MergeError> {
    let tag = revision_tag(version, n);
    if is_tag(&tag) {
        return Ok(tag);
    }
    Err(MergeError::LongTag {
        name: name.to_owned(),
        tag,
    })
}

#[cfg(test)]
mod tests {
    use super::number;

    #[test]
    fn only_tags_that_are_written_here_are_revisions() {
        assert_eq!(number("1.0.0", "1.0.0-r1"), Some(1));
        assert_eq!(number("1.0.0", "1.0.0-r120"), Some(120));
        assert_eq!(number("1.0.0-r1", "1.0.0-r1-r2"), Some(2));
        for other in [
            "1.0.0",
            "1.0.0-r",
            "1.0.0-r0",
            "1.0.0-r01",
            "1.0.0-r+1",
            "1.0.0-rc1",
            "1.0.0-r1x",
            "11.0.0-r1",
            "1.0.0.1-r1",
            "1.0.0-r1-r2",
            "1.0.0-r99999999999999999999",
        ] {
            assert_eq!(number("1.0.0", other), None, "{other}");
        }
    }
}
