//! The content of a version's tag: told by what it says, not by its being there.

use bakehouse_core::version_number::VersionNumber;

use super::client::Registry;
use super::error::RegistryError;
use super::moving::VERSION_ANNOTATION;
use super::published::Published;
use super::reserved::revision_of;

/// The content of the tag of a version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Held {
    /// Nothing.
    Nothing,
    /// The version. Also what does not say which version it is: others may have
    /// put it there.
    Version(Box<Published>),
    /// A moving tag that shows this other version, which has its own tag, too.
    Moving(String),
}

impl Held {
    /// The published version, where the tag holds it.
    #[must_use]
    pub fn version(self) -> Option<Published> {
        match self {
            Self::Version(published) => Some(*published),
            Self::Nothing | Self::Moving(_) => None,
        }
    }
}

impl Registry {
    /// The content of the tag of a version.
    ///
    /// # Errors
    /// As [`published`](Self::published); also when it is another version that no
    /// tag of its own holds: it would be lost.
    pub async fn version(&self, image: &str, number: &str) -> Result<Held, RegistryError> {
        let published = self.published(image, number).await;
        self.held(image, number, published).await
    }

    /// The same for who is about to write the tag: whatever `HEAD` says here, what
    /// exists must not be missed.
    pub(super) async fn version_to_write(
        &self,
        image: &str,
        number: &str,
    ) -> Result<Held, RegistryError> {
        let published = self.read_published(image, number).await;
        self.held(image, number, published).await
    }

    async fn held(
        &self,
        image: &str,
        number: &str,
        published: Result<Option<Published>, RegistryError>,
    ) -> Result<Held, RegistryError> {
        let name = self.endpoint().show(image, number);
        let Some(published) = published.map_err(|error| named(&name, error))? else {
            return Ok(Held::Nothing);
        };
        let said = published.annotations.get(VERSION_ANNOTATION);
        let Some(other) = said.and_then(|said| another(said, number)) else {
            return Ok(Held::Version(Box::new(published)));
        };
        published.refuse_revision(&name, number)?;
        if self.head(image, &other).await?.is_some() {
            return Ok(Held::Moving(other));
        }
        Err(RegistryError::OtherVersion {
            name,
            tag: number.to_owned(),
            other,
        })
    }
}

/// Names the tag that an error is about, where it is about one.
fn named(name: &str, error: RegistryError) -> RegistryError {
    let of_all = matches!(
        error,
        RegistryError::Reference(_) | RegistryError::Client { .. }
    );
    if of_all || error.is_refused() || error.is_unreachable() {
        return error;
    }
    RegistryError::VersionTag {
        name: name.to_owned(),
        source: Box::new(error),
    }
}

/// The version that something says it is, where that is not `number`. What is no
/// version number says nothing, and neither does the number without its suffix,
/// with which others annotate their revisions.
fn another(said: &str, number: &str) -> Option<String> {
    let plain = |text: &str| text.strip_prefix('v').unwrap_or(text).replace('+', "-");
    let (said, number) = (plain(said), plain(number));
    let rest = number.strip_prefix(&said);
    let same = rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['-', '_']));
    let revision = revision_of(&number) == Some(said.as_str());
    let other = (!same || revision) && VersionNumber::parse(&said).is_some();
    other.then_some(said)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_another_version() {
        let another = |said: &str, number: &str| another(said, number).unwrap_or_default();
        assert_eq!(another("26.2.1", "26.2"), "26.2.1");
        assert_eq!(another("v26.2.0", "26.2"), "26.2.0");
        assert_eq!(another("1.33.0-k3s2", "1.33.0-k3s1"), "1.33.0-k3s2");
        // What a rebuild left behind.
        assert_eq!(another("1.2.3", "1.2.3-r1"), "1.2.3");
        for (said, number) in [
            ("26.2", "26.2"),
            ("v26.2", "26.2"),
            ("main", "26.2"),
            ("", "26.2"),
            ("1.0.0", "v1.0.0"),
            ("v1.33.0+k3s1", "1.33.0-k3s1"),
            // As Bitnami and LinuxServer annotate.
            ("16.3.0", "16.3.0-debian-12-r4"),
            ("4.0.0.741", "4.0.0.741-ls123"),
        ] {
            assert_eq!(another(said, number), "", "{said}");
        }
    }
}
