//! Stage 4, build: jobs, target by target.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use bakehouse_builder::{BuildError, BuildRequest, Built, Capabilities};
use bakehouse_core::progress::Event;
use bakehouse_core::recipe::{Base, Version};
use bakehouse_core::target::TargetId;
use bakehouse_registry::Manifest;

use super::checkout::{checked_out, checkout};
use super::digest_file::DigestFile;
use super::discover::Discovered;
use super::facts::{annotations, dated};
use super::failure_record::FailureRecord;
use super::identity;
use super::ledger::Ledger;
use super::memory;
use super::outcome::{Done, Outcome};
use super::plan::{Job, Plan};
use super::push;
use super::rebuild::{Mark, Rebuild};
use super::work::WorkFolder;
use crate::context::Context;
use crate::failure::{self, ExitCode, Failure};

/// Tries in all for a push that BuildKit does.
const PUSH_ATTEMPTS: u32 = 3;
/// Pause before the second one; longer before the third.
const PUSH_PAUSE: Duration = Duration::from_secs(1);

/// Time for which it need not be asked again whether a version is published.
const FRESH: Duration = Duration::from_secs(5);

/// Builds jobs against one builder.
pub struct JobRunner<'a> {
    context: &'a Context,
    capabilities: Capabilities,
    work: WorkFolder,
    rebuild: Option<Rebuild>,
    /// The machine has a trouble of its own: no further target is begun.
    stopped: AtomicBool,
    /// Failures are handed on with the digest files.
    hands_on: bool,
    ledger: &'a Ledger,
}

impl<'a> JobRunner<'a> {
    /// Asks the builder what it can do, makes room for work trees, and writes
    /// down the rebuild that the plan asks for. How each target ends goes into the
    /// ledger.
    ///
    /// # Errors
    /// [`ExitCode::Builder`] when there is no usable builder.
    pub async fn open(context: &'a Context, plan: &Plan, ledger: &'a Ledger) -> Result<Self> {
        let destination = context.registry.endpoint().file_name();
        Ok(Self {
            context,
            capabilities: context.builder.capabilities().await?,
            work: WorkFolder::create(&context.project.work())?,
            rebuild: Rebuild::begin(context.project.rebuild(&destination), plan)?,
            stopped: AtomicBool::new(false),
            hands_on: false,
            ledger,
        })
    }

    /// Hands failures on with the digest files: another machine publishes.
    #[must_use]
    pub fn handing_on(self) -> Self {
        Self {
            hands_on: true,
            ..self
        }
    }

    /// Ends the rebuild, whatever became of its targets.
    ///
    /// # Errors
    /// When the file system refuses.
    pub fn close(self) -> Result<()> {
        self.rebuild.map_or(Ok(()), Rebuild::end)
    }

    /// Targets of a rebuild that an earlier run left open.
    #[must_use]
    pub fn resumed(&self) -> usize {
        self.rebuild.as_ref().map_or(0, Rebuild::resumed)
    }

    /// The builder's abilities.
    #[must_use]
    pub const fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    /// The number of jobs that are built at the same time.
    #[must_use]
    pub const fn concurrency(&self) -> usize {
        self.context.settings.concurrency.get()
    }

    /// Whether targets are no longer begun.
    #[must_use]
    pub fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::Relaxed)
    }

    /// Builds a job's targets in order. An image whose base failed is not
    /// tried, and none is once this machine's own disk failed one.
    pub async fn job(&self, found: &Discovered, version: &Version, job: &Job) -> Vec<Outcome> {
        let mut outcomes: Vec<Outcome> = Vec::new();
        let mut bases: BTreeMap<String, Base> = BTreeMap::new();
        for target in job.targets() {
            if self.is_stopped() {
                break;
            }
            let started = Instant::now();
            let reporter = &self.context.reporter;
            reporter.report(Event::TargetStarted { target: &target });
            let result = self.target(found, version, &target, &bases).await;
            let elapsed = started.elapsed();
            let result = match result {
                Ok(done) => {
                    let digest = done.descriptor.digest().to_string();
                    reporter.report(Event::TargetFinished {
                        target: &target,
                        digest: &digest,
                        reused: done.reused,
                        aside: self.context.is_aside,
                        elapsed,
                    });
                    let repository = self.context.registry.endpoint().repository(&target.image);
                    let base = Base {
                        image: target.image.clone(),
                        reference: format!("{repository}@{digest}"),
                    };
                    bases.insert(target.image.clone(), base);
                    Ok(done)
                }
                Err(error) => {
                    let alone = failure::alone(&target, job.rebuild, &self.context.settings.flags);
                    let failure = FailureRecord::new(&error).of_target(&target, alone);
                    if failure.stops_the_run() {
                        self.stopped.store(true, Ordering::Relaxed);
                    }
                    self.tell(&target, &failure, elapsed);
                    Err(failure)
                }
            };
            let outcome = Outcome {
                target,
                result,
                elapsed,
            };
            memory::ended(self.context, &outcome, found.recipe.digest(), self.hands_on);
            self.ledger
                .ended(self.context.registry.endpoint(), &outcome);
            outcomes.push(outcome);
        }
        outcomes
    }

    fn tell(&self, target: &TargetId, failure: &FailureRecord, elapsed: Duration) {
        self.context.reporter.report(Event::TargetFailed {
            target,
            error: &failure.message,
            hint: failure.hint.as_deref(),
            log: self.ledger.log(target).as_deref(),
            reproduce: failure.reproduce.as_deref().unwrap_or_default(),
            code: failure.code.code(),
            elapsed,
        });
    }

    async fn target(
        &self,
        found: &Discovered,
        version: &Version,
        target: &TargetId,
        built: &BTreeMap<String, Base>,
    ) -> Result<Done> {
        let context = self.context;
        let mut bases = Vec::new();
        let image = found.app.images.iter().find(|i| i.name == target.image);
        for need in image.into_iter().flat_map(|image| &image.needs) {
            let base = built.get(need).cloned().ok_or_else(|| {
                Failure::new(
                    ExitCode::Build,
                    format!("{target}: its base {need} was not built"),
                )
            })?;
            bases.push(base);
        }
        if let Some(done) = self.earlier(found, target).await? {
            return Ok(done);
        }

        let started = Instant::now();
        let (room, tree) = self.work.target()?;
        let revision = checkout(context, found, version, target, &tree).await?;
        let version = &dated(version, revision.as_ref());
        let checkout = checked_out(version, revision.as_ref());
        let prepared = found
            .recipe
            .prepare(version, target, &bases, checkout, &tree)
            .await?;
        let mut build = prepared.build;
        let facts = annotations(&found.app, version, &target.image, revision.as_ref());
        let labels = identity::expected(&facts);
        identity::label(&mut build, facts);
        let capabilities = context.builder.capabilities_for(&target.platform).await;
        let capabilities = capabilities.with_context(|| target.to_string())?;
        let output = push::output(context, &capabilities, &target.image, room.path());
        let mut request = BuildRequest {
            target: target.clone(),
            work_tree: tree,
            build,
            access: found.recipe.access(&bases),
            output,
            room: context.project.file().limits.image(),
            provenance: context.settings.provenance,
            created: version.created.clone(),
        };
        let result = match self.build(&request).await {
            Err(BuildError::OtherBuilder(_)) => {
                let capabilities = context.builder.capabilities_for(&target.platform).await;
                let capabilities = capabilities.with_context(|| target.to_string())?;
                request.output = push::output(context, &capabilities, &target.image, room.path());
                self.build(&request).await
            }
            ended => ended,
        };
        let result = result.with_context(|| target.to_string())?;
        let pushed = push::push(context, target, &request.output, &result, &labels).await?;
        let descriptor = pushed.descriptor;
        DigestFile {
            rebuild: self.mark(target).cloned(),
            seconds: u32::try_from(started.elapsed().as_millis().div_ceil(1000)).ok(),
            ..DigestFile::new(
                target.clone(),
                version.clone(),
                context.registry.endpoint().show_repository(&target.image),
                descriptor.clone(),
                found.recipe.digest().to_owned(),
                request.build,
                revision.clone(),
            )
        }
        .write(&context.project.digests(), context.registry.endpoint())?;
        Ok(Done {
            descriptor,
            reused: false,
            steps: result.steps,
            cached: result.cached,
            size: Some(pushed.size),
            pushed: pushed.bytes,
            revision,
            recipe: Some(found.recipe.digest().to_owned()),
            warnings: prepared.warnings,
            unchecked: !prepared.checks.is_empty(),
        })
    }

    /// Builds; where only BuildKit's push failed it is tried again, and the
    /// build itself comes from its cache.
    async fn build(&self, request: &BuildRequest) -> Result<Built, BuildError> {
        let mut attempt = 1;
        loop {
            match self.context.builder.build(request).await {
                Err(BuildError::PushFailed(text)) if attempt < PUSH_ATTEMPTS => {
                    let after = PUSH_PAUSE * attempt;
                    self.context.reporter.report(Event::Retry {
                        what: &format!("{}: {text}", request.target),
                        after,
                    });
                    tokio::time::sleep(after).await;
                    attempt += 1;
                }
                ended => return ended,
            }
        }
    }

    fn mark(&self, target: &TargetId) -> Option<&Mark> {
        self.rebuild.as_ref()?.mark(target)
    }

    /// The target from an earlier run: its digest file is by the same recipe
    /// for the same registry, and the registry still has it; or it is published.
    /// What is built again is taken from the same rebuild only.
    async fn earlier(&self, found: &Discovered, target: &TargetId) -> Result<Option<Done>> {
        let context = self.context;
        let registry = &context.registry;
        let done = |descriptor, size, revision, recipe| Done {
            descriptor,
            reused: true,
            steps: 0,
            cached: 0,
            size,
            pushed: None,
            revision,
            recipe,
            warnings: Vec::new(),
            unchecked: false,
        };
        let mark = self.mark(target);
        if let Some((file, there)) = pushed_before(context, found, target, mark).await? {
            return Ok(Some(done(
                file.descriptor,
                push::size(&there).ok(),
                file.revision,
                Some(file.recipe),
            )));
        }
        let absent = || registry.was_absent(&target.image, &target.version, FRESH);
        if mark.is_some() || absent() {
            return Ok(None);
        }
        let published = registry.published(&target.image, &target.version).await?;
        let there = published.and_then(|mut p| {
            let recipe = p.recipes.remove(&target.platform).flatten();
            Some((p.platforms.remove(&target.platform)?, recipe))
        });
        Ok(there.map(|(descriptor, recipe)| done(descriptor, None, None, recipe)))
    }
}

/// The digest file of a target that an earlier run pushed by the same recipe, or in
/// the same rebuild, and its manifest; none where the registry has it no more.
async fn pushed_before(
    context: &Context,
    found: &Discovered,
    target: &TargetId,
    mark: Option<&Mark>,
) -> Result<Option<(DigestFile, Manifest)>> {
    let registry = &context.registry;
    let digests = context.project.digests();
    let Some(file) = DigestFile::own(&digests, registry.endpoint(), target)? else {
        return Ok(None);
    };
    let of = file.rebuild.as_ref().map(|rebuild| &rebuild.id);
    let same = file.recipe == found.recipe.digest() && mark.is_none_or(|mark| of == Some(&mark.id));
    if !same {
        return Ok(None);
    }
    let digest = file.descriptor.digest().to_string();
    let there = registry.manifest(&target.image, &digest).await?;
    Ok(there.map(|there| (file, there)))
}

/// The targets of a plan that a run would not build, since an earlier one pushed
/// them. Of a rebuild all are built.
///
/// # Errors
/// When a digest file cannot be read, or the registry does not answer.
pub async fn reusable(
    context: &Context,
    discovered: &[Discovered],
    plan: &Plan,
) -> Result<BTreeSet<TargetId>> {
    let mut reusable = BTreeSet::new();
    for job in plan.jobs().filter(|job| !job.rebuild) {
        let found = discovered.iter().find(|found| found.app.name == job.app);
        for target in job.targets() {
            if let Some(found) = found
                && pushed_before(context, found, &target, None)
                    .await?
                    .is_some()
            {
                reusable.insert(target);
            }
        }
    }
    Ok(reusable)
}
