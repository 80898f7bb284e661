//! Stage 4, build: jobs, target by target.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use oci_spec::image::Descriptor;

use super::checkout::checkout;
use super::digest_file::DigestFile;
use super::discover::Discovered;
use super::origin::{REVISION_ANNOTATION, SOURCE_ANNOTATION};
use super::plan::Job;
use super::publish::{annotations, dated};
use super::push;
use super::work::WorkFolder;
use crate::buildx::{BuildRequest, Built, Capabilities};
use crate::context::Context;
use crate::error::{ExitCode, Failure, exit_code};
use crate::progress::Event;
use crate::recipe::{Base, Build, CallError, Version};
use crate::source::Revision;
use crate::target::TargetId;

/// Tries in all for a push that BuildKit does.
const PUSH_ATTEMPTS: u32 = 3;
/// Pause before the second one; longer before the third.
const PUSH_PAUSE: Duration = Duration::from_secs(1);

/// How one target ended.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// The target.
    pub target: TargetId,
    /// How it ended.
    pub result: Result<Done, TargetFailure>,
    /// Wall time.
    pub elapsed: Duration,
}

/// A target that is in the registry.
#[derive(Debug, Clone)]
pub struct Done {
    /// What an index refers to.
    pub descriptor: Descriptor,
    /// It was there already, from an earlier run.
    pub reused: bool,
    /// Build steps.
    pub steps: usize,
    /// Of these, from the cache.
    pub cached: usize,
    /// The commit it was built from, where that is known.
    pub revision: Option<Revision>,
}

/// Why a target is not in the registry.
#[derive(Debug, Clone)]
pub struct TargetFailure {
    /// What failed.
    pub message: String,
    /// What to do next.
    pub hint: Option<String>,
    /// Exit code when this ends the command.
    pub code: ExitCode,
}

/// Builds jobs against one builder.
pub struct Bakery<'a> {
    context: &'a Context,
    capabilities: Capabilities,
    work: WorkFolder,
}

impl<'a> Bakery<'a> {
    /// Asks the builder what it can do and makes room for work trees.
    ///
    /// # Errors
    /// [`ExitCode::Builder`] when there is no usable builder.
    pub async fn open(context: &'a Context) -> Result<Self> {
        Ok(Self {
            context,
            capabilities: context.builder.capabilities().await?,
            work: WorkFolder::create(&context.project.work())?,
        })
    }

    /// What the builder can do.
    #[must_use]
    pub const fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    /// How many jobs are built at the same time.
    #[must_use]
    pub const fn concurrency(&self) -> usize {
        self.context.settings.concurrency.get()
    }

    /// Builds a job's targets in order. An image whose base failed is not
    /// tried.
    pub async fn job(&self, found: &Discovered, version: &Version, job: &Job) -> Vec<Outcome> {
        let mut outcomes: Vec<Outcome> = Vec::new();
        let mut bases: BTreeMap<String, Base> = BTreeMap::new();
        for target in job.targets() {
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
                    let message = message(&error);
                    reporter.report(Event::TargetFailed {
                        target: &target,
                        error: &message,
                    });
                    Err(TargetFailure {
                        hint: Failure::find(&error)
                            .and_then(Failure::hint_text)
                            .map(str::to_owned),
                        code: exit_code(&error),
                        message,
                    })
                }
            };
            outcomes.push(Outcome {
                target,
                result,
                elapsed,
            });
        }
        outcomes
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

        let (room, tree) = self.work.target()?;
        let revision = checkout(context, found, version, target, &tree).await?;
        let version = &dated(version, revision.as_ref());
        let mut build = found.recipe.prepare(version, target, &bases, &tree).await?;
        let facts = annotations(&found.app, version, &target.image, revision.as_ref());
        add_labels(&mut build, facts);
        let capabilities = context.builder.capabilities_for(&target.platform).await;
        let capabilities = capabilities.with_context(|| target.to_string())?;
        let output = push::output(context, &capabilities, &target.image, room.path());
        let request = BuildRequest {
            target: target.clone(),
            work_tree: tree,
            build,
            access: found.recipe.access(&bases),
            output,
            provenance: context.settings.provenance,
            created: version.created.clone(),
        };
        let result = self
            .build(&request)
            .await
            .map_err(|error| build_failure(target, &error))?;
        let descriptor = push::push(context, target, &request.output, &result).await?;
        DigestFile::new(
            target.clone(),
            version.clone(),
            context.registry.endpoint().show_repository(&target.image),
            descriptor.clone(),
            found.recipe.digest().to_owned(),
            request.build,
            revision.clone(),
        )
        .write(&context.project.digests(), context.registry.endpoint())?;
        Ok(Done {
            descriptor,
            reused: false,
            steps: result.steps,
            cached: result.cached,
            revision,
        })
    }

    /// Builds; where only BuildKit's push failed it is tried again, and the
    /// build itself comes from its cache.
    async fn build(&self, request: &BuildRequest) -> Result<Built, CallError> {
        let mut attempt = 1;
        loop {
            match self.context.builder.build(request).await {
                Err(CallError::BuildFailed(text))
                    if text.contains("failed to push") && attempt < PUSH_ATTEMPTS =>
                {
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

    /// The target from an earlier run: its digest file is by the same recipe
    /// for the same registry, and the registry still has it; or it is published.
    async fn earlier(&self, found: &Discovered, target: &TargetId) -> Result<Option<Done>> {
        let context = self.context;
        let registry = &context.registry;
        let done = |descriptor, revision| Done {
            descriptor,
            reused: true,
            steps: 0,
            cached: 0,
            revision,
        };
        let digests = context.project.digests();
        if let Some(file) = DigestFile::read(&digests, registry.endpoint(), target)? {
            let same = file.recipe == found.recipe.digest();
            let digest = file.descriptor.digest().to_string();
            if same && registry.manifest(&target.image, &digest).await?.is_some() {
                return Ok(Some(done(file.descriptor, file.revision)));
            }
        }
        let published = registry.published(&target.image, &target.version).await?;
        let there = published.and_then(|mut p| p.platforms.remove(&target.platform));
        Ok(there.map(|descriptor| done(descriptor, None)))
    }
}

/// Labels that image users expect (image-spec v1.1, "Annotations"), where the
/// recipe did not set them. Where a commit was checked out, a recipe's own
/// `source` and `revision` give way: the two must be of one origin.
fn add_labels(build: &mut Build, facts: BTreeMap<String, String>) {
    if facts.contains_key(REVISION_ANNOTATION) {
        let pair = [SOURCE_ANNOTATION, REVISION_ANNOTATION];
        build
            .labels
            .retain(|(name, _)| !pair.contains(&name.as_str()));
    }
    for (key, value) in facts {
        if !build.labels.iter().any(|(name, _)| *name == key) {
            build.labels.push((key, value));
        }
    }
    build.labels.sort();
}

fn build_failure(target: &TargetId, error: &CallError) -> Failure {
    let failure = match error {
        CallError::Unavailable(_) => Failure::new(ExitCode::Builder, format!("{target}: {error}"))
            .hint("start the builder and run the same command again"),
        _ => Failure::new(error.exit_code(), format!("{target}: {error}")),
    };
    match error {
        CallError::BuildFailed(text) if text.contains("exec format error") => {
            failure.hint(format!(
                "{} needs emulation: run ./justw up, which registers QEMU",
                target.platform
            ))
        }
        _ => failure,
    }
}

/// An error's chain, without repetitions.
pub(crate) fn message(error: &anyhow::Error) -> String {
    let mut parts: Vec<String> = Vec::new();
    for cause in error.chain().map(ToString::to_string) {
        if !parts.iter().any(|part| part.contains(&cause)) {
            parts.push(cause);
        }
    }
    parts.join(": ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recipe::{Dockerfile, Network};

    /// Labels after the host added its own to the recipe's.
    fn labels(own: &[(&str, &str)], facts: &[(&str, &str)]) -> Vec<(String, String)> {
        let owned = |pairs: &[(&str, &str)]| -> Vec<(String, String)> {
            let pairs = pairs.iter();
            pairs
                .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
                .collect()
        };
        let mut build = Build {
            context: ".".to_owned(),
            dockerfile: Dockerfile::Inline("FROM scratch".to_owned()),
            platform: "linux/arm64".parse().unwrap(),
            stage: None,
            args: Vec::new(),
            contexts: Vec::new(),
            labels: owned(own),
            network: Network::None,
            secrets: Vec::new(),
        };
        add_labels(&mut build, owned(facts).into_iter().collect());
        build.labels
    }

    #[test]
    fn a_recipe_cannot_pair_another_source_with_the_commit() {
        let source = (SOURCE_ANNOTATION, "https://h.example/source");
        let commit = (REVISION_ANNOTATION, "c0ffee");
        let title = ("org.opencontainers.image.title", "title");
        let owned = |pairs: &[(&str, &str)]| labels(pairs, &[]);
        for own in [
            vec![(SOURCE_ANNOTATION, "https://h.example/fork")],
            vec![(REVISION_ANNOTATION, "decaf")],
        ] {
            assert_eq!(labels(&own, &[source, commit]), owned(&[commit, source]));
        }
        // Without a commit, and in all else, the recipe knows best.
        let own = (SOURCE_ANNOTATION, "https://h.example/fork");
        assert_eq!(labels(&[own], &[source]), owned(&[own]));
        let own = ("org.opencontainers.image.title", "own");
        assert_eq!(
            labels(&[own], &[source, commit, title]),
            owned(&[commit, source, own])
        );
    }
}
