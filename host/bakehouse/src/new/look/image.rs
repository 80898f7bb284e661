//! An image of upstream's own: which platforms it has, and what it is made of.

use bakehouse_core::platform::Platform;
use bakehouse_upstream::release::{About, ReleaseError};

use super::Look;
use crate::new::choose::{Labels, labels};
use crate::new::error::{NewError, list};
use crate::new::make::licence;
use crate::new::wanted::{Kind, Wanted};

/// Upstream's image, looked at.
#[derive(Debug, Clone)]
pub(in crate::new) struct Image {
    /// Its reference.
    pub(in crate::new) reference: String,
    /// The platforms that it has.
    pub(in crate::new) has: Vec<Platform>,
    /// Those that are wanted, and that it lacks.
    pub(in crate::new) lacks: Vec<Platform>,
    /// Its own words on its project.
    pub(in crate::new) says: Labels,
}

/// Looks at the newest image.
pub(in crate::new) async fn image(look: &Look, wanted: &Wanted) -> Result<Image, NewError> {
    let (_, repository) = wanted.source();
    let reference = match look.newest(&wanted.from, wanted).await {
        Ok((release, _)) => format!("{repository}:{}", release.tag),
        // Images without versions have mostly this.
        Err(NewError::Release(ReleaseError::NothingCounts(_))) => format!("{repository}:latest"),
        Err(error) => return Err(error),
    };
    look.tell(&reference);
    let seen = look.images.inspect(&reference).await?;
    let mut sets = vec![&seen.annotations];
    for image in &seen.images {
        sets.extend([&image.labels, &image.annotations]);
    }
    let has: Vec<Platform> = seen
        .images
        .iter()
        .map(|image| image.platform.clone())
        .collect();
    let lacking = wanted
        .platforms
        .iter()
        .filter(|wanted| !has.iter().any(|has| has.runs_on(wanted)));
    Ok(Image {
        reference,
        lacks: lacking.cloned().collect(),
        says: labels(&sets),
        has,
    })
}

impl Image {
    /// The same wish for the repository that it is made of, as if that had been
    /// named: for its Dockerfile, unless the command line says otherwise.
    ///
    /// # Errors
    /// [`NewError::Image`]: it does not say of which.
    pub(in crate::new) fn source(&self, wanted: Wanted) -> Result<Wanted, NewError> {
        let unknown = || NewError::Image {
            image: self.reference.clone(),
            has: self.has.clone(),
            lacks: self.lacks.clone(),
        };
        let repository = self.says.repository.as_ref().ok_or_else(unknown)?;
        let on_github = repository.strip_prefix("https://github.com/");
        let from = match (wanted.kind, on_github) {
            (Kind::Binaries | Kind::Rust, Some(name)) => format!("github:{name}"),
            _ => format!("git:{repository}"),
        };
        Ok(Wanted {
            from: from.parse()?,
            // Its tags are others than the repository's.
            tag: None,
            ..wanted
        })
    }

    /// Adds what it says of itself, where its repository says nothing, and a note
    /// of what it is.
    pub(in crate::new) fn adds(
        &self,
        wanted: &Wanted,
        about: &mut About,
        licences: &[&str],
        notes: &mut Vec<String>,
    ) {
        // Labels can be those of a base.
        if licence(wanted, about, licences).is_none() {
            about.license.clone_from(&self.says.license);
        }
        about.summary = about.summary.take().or_else(|| self.says.summary.clone());
        let (reference, has) = (&self.reference, list(&self.has));
        let lacks = match self.lacks.as_slice() {
            [] => " already".to_owned(),
            lacks => format!(", and lacks {}", list(lacks)),
        };
        let from = &wanted.from;
        notes.push(format!(
            "{reference} has {has}{lacks}; it says that it is made of {from}"
        ));
    }

    /// A note, where it says another commit than that of the tag which is built.
    pub(in crate::new) fn differs(&self, tag: &str, commit: &str) -> Option<String> {
        let version = tag.trim_start_matches('v');
        let same = self.reference.rsplit(':').next()?.trim_start_matches('v') == version;
        let says = self.says.revision.as_ref()?;
        (same && !commit.starts_with(says.as_str())).then(|| {
            format!(
                "{} says that it is made of commit {says}, and {tag} is {commit}",
                self.reference
            )
        })
    }
}
