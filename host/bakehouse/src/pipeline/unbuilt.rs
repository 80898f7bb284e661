//! Targets up to their build: an app whose recipe is called with a builder that
//! builds nothing.
//!
//! Everything else is as in a run: upstream is asked, sources are checked out,
//! files are downloaded, in work trees that are thrown away.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Result;
use async_trait::async_trait;
use bakehouse_builder::{
    BuildError, BuildRequest, Builder, BuilderError, Built, Capabilities, MAX_DOCKERFILE,
};
use bakehouse_core::grants::Kind;
use bakehouse_core::progress::Reporter;
use bakehouse_core::recipe::{App, Base, Build, Dockerfile, Prepared, Version};
use bakehouse_core::storage_error::At as _;
use bakehouse_core::target::TargetId;
use bakehouse_runtime::{Recipe, Runtime, Services};
use bakehouse_system::storage;
use bakehouse_system::work_tree::WorkTree;
use bakehouse_upstream::git::{Revision, Sources};

use super::checkout::checked_out;
use super::facts::dated;
use super::plan::Job;
use crate::config::{AppFile, Project};
use crate::context::{services, sources};
use crate::failure::{ExitCode, Failure};
use crate::recipes::refresh;

/// In place of a base that a real run would have built before.
const UNBUILT: &str = "unbuilt.invalid";

/// A builder that takes note of what it is asked, and builds nothing.
#[derive(Debug, Default)]
pub struct Understudy {
    asked: Mutex<BTreeMap<TargetId, Build>>,
}

impl Understudy {
    /// The first compile step that a target's recipe asked for.
    pub(super) fn asked(&self, target: &TargetId) -> Option<Build> {
        let asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        asked.get(target).cloned()
    }
}

#[async_trait]
impl Builder for Understudy {
    async fn capabilities(&self) -> Result<Capabilities, BuilderError> {
        Err(BuilderError::NotAsked("nothing is built here"))
    }

    async fn build(&self, request: &BuildRequest) -> Result<Built, BuildError> {
        let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        asked
            .entry(request.target.clone())
            .or_insert_with(|| request.build.clone());
        Err(BuilderError::NotAsked("compile steps are not run here").into())
    }
}

/// An app with its recipe, and without a builder.
pub struct Unbuilt {
    pub(super) project: Project,
    /// Its `app.toml`.
    pub file: AppFile,
    /// Its recipe.
    pub recipe: Recipe,
    pub(super) builder: Arc<Understudy>,
    pub(super) sources: Sources,
    pub(super) services: Arc<Services>,
}

/// A target that its recipe is done with.
pub(super) struct Made {
    /// The version, as a run dates it.
    pub(super) version: Version,
    /// The commit that was checked out.
    pub(super) revision: Option<Revision>,
    /// The recipe's answer.
    pub(super) prepared: Prepared,
}

impl Unbuilt {
    /// Loads an app's recipe; with `locked` as it was built.
    ///
    /// # Errors
    /// [`ExitCode::NotFound`] for an unknown app, [`ExitCode::Config`] for a
    /// malformed file, and as the recipe is loaded.
    pub async fn open(
        project: Project,
        app: &str,
        locked: bool,
        reporter: &Arc<dyn Reporter>,
    ) -> Result<Self> {
        let file = project.app(app)?;
        let names = [app.to_owned()];
        let recipes = refresh(&project, &names, locked, &**reporter).await;
        let wasm = recipes.source(&project, app, &file.recipe)?;
        let builder = Arc::new(Understudy::default());
        let seen: Arc<dyn Builder> = Arc::clone(&builder) as Arc<dyn Builder>;
        let services = services(&project, &seen, reporter)?;
        let recipe = Runtime::new(&project.compile_cache(), project.file().limits)?
            .load(
                &wasm,
                project.policy(app, &file),
                Arc::new(file.options.clone()),
                Arc::clone(&services),
            )
            .await?;
        let sources = sources(&project, reporter);
        Ok(Self {
            project,
            file,
            recipe,
            builder,
            sources,
            services,
        })
    }

    /// Checks a target's source out into the empty folder `tree`, and has the
    /// recipe prepare it.
    ///
    /// # Errors
    /// As [`Sources::checkout`] and [`Recipe::prepare`].
    pub(super) async fn make(
        &self,
        version: &Version,
        target: &TargetId,
        bases: &[Base],
        tree: &Path,
    ) -> Result<Made> {
        let revision = self.checkout(version, tree).await?;
        let version = dated(version, revision.as_ref());
        let checkout = checked_out(&version, revision.as_ref());
        let prepared = self
            .recipe
            .prepare(&version, target, bases, checkout, tree)
            .await?;
        Ok(Made {
            version,
            revision,
            prepared,
        })
    }

    /// Checks a version's source out into the empty folder `tree`; none where it
    /// has none.
    ///
    /// # Errors
    /// As [`Sources::checkout`].
    pub(super) async fn checkout(
        &self,
        version: &Version,
        tree: &Path,
    ) -> Result<Option<Revision>> {
        let Some(source) = &version.source else {
            return Ok(None);
        };
        let policy = self.recipe.policy();
        let granted = |repository: &str| policy.check(Kind::Sources, repository);
        let checkout = self.sources.checkout(source, None, granted, tree);
        Ok(Some(checkout.await?))
    }
}

/// References for what a target needs, of images that nobody has.
pub(super) fn unbuilt(app: &App, job: &Job, target: &TargetId) -> Vec<Base> {
    let image = app.images.iter().find(|image| image.name == target.image);
    let needs = image.into_iter().flat_map(|image| &image.needs);
    needs
        .filter(|need| job.images.contains(need))
        .map(|need| Base {
            image: need.clone(),
            reference: format!("{UNBUILT}/{need}@sha256:{}", "0".repeat(64)),
        })
        .collect()
}

/// The text of a build's Dockerfile.
///
/// # Errors
/// When it cannot be read, or is not UTF-8.
pub(super) fn dockerfile<'a>(build: &'a Build, tree: &Path) -> Result<Cow<'a, str>> {
    let path = match &build.dockerfile {
        Dockerfile::Inline(text) => return Ok(Cow::Borrowed(text)),
        Dockerfile::Path(path) => path,
    };
    let file = WorkTree::open(tree)?.file(path)?;
    let bytes = storage::read(&file, MAX_DOCKERFILE).at("read", &file)?;
    let text = String::from_utf8(bytes).map_err(|error| {
        let why = format!("`{path}` cannot be read: {}", error.utf8_error());
        Failure::new(ExitCode::Recipe, why)
    })?;
    Ok(Cow::Owned(text))
}
