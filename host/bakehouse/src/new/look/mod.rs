//! Facts of upstream: one file for each kind of source.

mod archive;
mod assets;
mod image;
mod npm;
mod pick;
mod repository;

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use bakehouse_core::platform::Platform;
use bakehouse_core::progress::{Event, Reporter};
use bakehouse_registry::Upstream;
use bakehouse_upstream::fetch::Fetcher;
use bakehouse_upstream::git::Sources;
use bakehouse_upstream::release::{About, Asset, Release, Releases, Selection, SourceId};

use self::archive::Opened;
use super::choose;
use super::error::NewError;
use super::wanted::Wanted;
use crate::programs::Linked;

pub(super) use assets::assets;
pub(super) use image::image;
pub(super) use npm::npm;
pub(super) use repository::{Checked, repository};

/// Files that were opened, by address.
#[derive(Default)]
pub(crate) struct OpenedFiles(Mutex<HashMap<String, Arc<Opened>>>);

/// What is looked with.
pub(crate) struct Look {
    pub(crate) releases: Releases,
    pub(crate) fetcher: Fetcher,
    pub(crate) sources: Sources,
    pub(crate) images: Upstream,
    /// A folder of its own, gone afterwards.
    pub(crate) scratch: PathBuf,
    /// Files that were opened, by address: a question may come between two looks
    /// at one.
    pub(crate) opened: OpenedFiles,
    pub(crate) reporter: Arc<dyn Reporter>,
}

/// Upstream's programs.
#[derive(Debug, Clone)]
pub(super) struct Found {
    pub(super) source: String,
    pub(super) release: Release,
    /// The pattern of its tags, where they need one.
    pub(super) tag: Option<String>,
    pub(super) about: About,
    pub(super) picks: Vec<Pick>,
    /// Licences whose texts are in the archives.
    pub(super) licences: Vec<&'static str>,
    /// The pattern of the file of checksums.
    pub(super) checksums: Option<String>,
    pub(super) notes: Vec<String>,
}

impl Found {
    /// Takes the word of a file that was opened, where the source says nothing of
    /// the project.
    fn heard(&mut self, opened: &Opened) {
        self.licences.extend(&opened.licences);
        let Some(said) = opened.metadata.clone() else {
            return;
        };
        let about = &mut self.about;
        about.license = about.license.take().or(said.license);
        about.summary = about.summary.take().or(said.summary);
        about.home = about.home.take().or(said.home);
    }

    /// Names of what there is to choose from.
    fn seen(&self) -> Vec<&str> {
        match self.about.parts.as_slice() {
            [] => self
                .release
                .assets
                .iter()
                .map(|asset| asset.name.as_str())
                .collect(),
            parts => parts.iter().map(|part| part.source.as_str()).collect(),
        }
    }
}

/// The program for one platform.
#[derive(Debug, Clone)]
pub(super) struct Pick {
    pub(super) platform: Platform,
    pub(super) source: String,
    pub(super) asset: Asset,
    /// Names of all files of its release.
    pub(super) among: Vec<String>,
    /// Its path in the archive, and all paths there; none for a program as it is.
    pub(super) member: Option<(String, Vec<String>)>,
    pub(super) linked: Linked,
}

impl Look {
    pub(super) fn tell(&self, detail: &str) {
        let name = "look";
        self.reporter.report(Event::Stage { name, detail });
    }

    /// The newest release and what its source says of it, without any pick.
    async fn begin(&self, wanted: &Wanted) -> Result<Found, NewError> {
        let source = &wanted.from;
        let (release, tag) = self.newest(source, wanted).await?;
        Ok(Found {
            source: source.to_string(),
            about: self.releases.about(source, &release.tag).await?,
            release,
            tag,
            picks: Vec::new(),
            licences: Vec::new(),
            checksums: None,
            notes: Vec::new(),
        })
    }

    /// The newest release, and the pattern of its tags where they need one.
    pub(super) async fn newest(
        &self,
        source: &SourceId,
        wanted: &Wanted,
    ) -> Result<(Release, Option<String>), NewError> {
        self.tell(&format!("releases of {source}"));
        let selection = Selection::new(wanted.tag.as_deref(), false)?;
        let mut pattern = wanted.tag.clone();
        let selected = self.releases.select(source, &selection).await?;
        if let Some(release) = selected.releases.into_iter().next() {
            return Ok((release, pattern));
        }
        if pattern.is_none() {
            let tags = self.releases.tags(source).await?;
            pattern = choose::pattern_of_tags(&tags, &wanted.app);
        }
        let release = self.releases.latest(source, pattern.as_deref()).await?;
        Ok((release, pattern))
    }
}
