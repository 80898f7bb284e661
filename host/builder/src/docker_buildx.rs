//! The builder that runs `docker-buildx`.

use std::collections::HashMap;
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use bakehouse_core::platform::Platform;
use bakehouse_core::progress::{Event, Reporter};
use bakehouse_core::target::TargetId;
use bakehouse_registry::Upstream;
use bakehouse_system::process::{RunError, run, run_into};
use bakehouse_system::storage::trouble;
use bakehouse_system::work_tree::WorkTree;
use tokio::sync::OnceCell;

use super::build_site::BuildSite;
use super::builder::{BuildRequest, Builder, Built, Capabilities, Output};
use super::command::command_line;
use crate::cache::layer_cache::{CacheArgs, LayerCache};
use crate::dockerfile::check as dockerfile;
use crate::engine::Engine;
use crate::error::{BuildError, BuilderError};
use crate::inspect::builder_state::BuilderState;
use crate::inspect::capabilities::Inspected;
use crate::inspect::memory::Memory;
use crate::inspect::nodes::UnreachableNode;
use crate::inspect::program::Program;
use crate::inspect::watch::{Heard, lost};
use crate::options::BuildxOptions;
use crate::output::classify::classify;
use crate::output::metadata::{Exported, exported};
use crate::output::provenance::provenance;
use crate::output::rawjson::{Progress, Shown};
use crate::output::receive::{ReceiveError, receive};
use crate::output::used::{self, Bases};
use crate::sandbox::confine::BuildSandbox;

/// A builder that needs longer to start is not coming.
const BOOT_LIMIT: Duration = Duration::from_secs(180);

/// Of a process that wrote to a pipe which nobody reads any more (signal(7)).
const SIGPIPE: i32 = 13;

/// The builder that runs `docker-buildx`. Clones share what was found out
/// about the builder.
#[derive(Clone)]
pub struct Buildx {
    options: BuildxOptions,
    reporter: Arc<dyn Reporter>,
    bases: Bases,
    /// The builder as it was before there was work for it; none where that is not
    /// known, or not all of it runs.
    ahead: Arc<OnceCell<Option<Found>>>,
    /// The builder as it is, started.
    found: Arc<OnceCell<Found>>,
    /// The builder was not as it was remembered.
    changed: Arc<AtomicBool>,
    /// Steps of compile steps, of targets whose image is not built yet.
    compiled: Arc<Mutex<HashMap<TargetId, Steps>>>,
}

/// Whether a builder that does not run is started.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Start {
    Yes,
    No,
}

/// Steps of builds, and how many of them came from a cache.
type Steps = (usize, usize);

#[derive(Debug, Clone)]
struct Found {
    program: Program,
    capabilities: Capabilities,
    down: Vec<UnreachableNode>,
    /// As an earlier process found it.
    remembered: bool,
}

impl Buildx {
    /// Nothing is started before the first question.
    pub fn new(options: BuildxOptions, reporter: Arc<dyn Reporter>) -> Self {
        let upstream = Upstream::new(Arc::clone(&reporter)).mirrors(options.mirrors.clone());
        let upstream = upstream.keeping(options.kept.clone());
        Self {
            options,
            reporter,
            bases: Bases::new(upstream),
            ahead: Arc::default(),
            found: Arc::default(),
            changed: Arc::default(),
            compiled: Arc::default(),
        }
    }

    /// The builder: as it was found ahead, as it is remembered, or as it is once it
    /// was started.
    async fn found(&self) -> Result<&Found, BuilderError> {
        if self.found.get().is_none() && !self.changed.load(Ordering::Relaxed) {
            let ahead = self.ahead.get_or_init(|| self.recall()).await;
            if let Some(found) = ahead {
                return Ok(found);
            }
        }
        self.found.get_or_try_init(|| self.find(Start::Yes)).await
    }

    /// The builder as an earlier process found it. Where it is the engine's own, the
    /// engine is asked how it keeps images, which takes no client.
    async fn recall(&self) -> Option<Found> {
        let memory = Memory::of(&self.options)?;
        let (program, text) = memory.recall()?;
        let found = self.understood(program, &text).await.ok()?;
        Some(Found {
            remembered: true,
            ..found
        })
    }

    /// Asks the builder. One that does not run whole is started, or told as an
    /// error.
    async fn find(&self, start: Start) -> Result<Found, BuilderError> {
        let memory = Memory::of(&self.options);
        // Each takes a client's whole start.
        let likely = Program::likely();
        let (program, text) = tokio::join!(
            Program::find(&self.options.env),
            self.inspect(&likely, false)
        );
        let program = program?;
        let mut text = match program.is(&likely) {
            true => text,
            false => self.inspect(&program, false).await,
        };
        let silent = |why: String| BuilderError::Silent {
            builder: self.named(),
            why,
        };
        let runs = |text: &String| {
            Inspected::parse(text).running && UnreachableNode::parse(text).is_empty()
        };
        if text.as_ref().is_ok_and(|text| !runs(text)) {
            if start == Start::No {
                return Err(silent("it is not running".to_owned()));
            }
            let as_it_was = text;
            text = match self.inspect(&program, true).await {
                Err(why) => match as_it_was {
                    // One of several nodes may be down, and the others not.
                    Ok(text) if Inspected::parse(&text).running => Ok(text),
                    _ => Err(why),
                },
                started => started,
            };
        }
        let text = text.map_err(silent)?;
        let found = self.understood(program, &text).await?;
        if let Some(memory) = memory {
            memory.remember(&found.program, &text);
        }
        Ok(found)
    }

    /// The builder of which `docker-buildx inspect` says this.
    async fn understood(&self, program: Program, text: &str) -> Result<Found, BuilderError> {
        let silent = |why: &str| BuilderError::Silent {
            builder: self.named(),
            why: why.to_owned(),
        };
        let inspected = Inspected::parse(text);
        if !inspected.running {
            // The builder of an engine that is not there has no driver: the engine's
            // own error says more.
            if inspected.driver.is_empty() {
                Engine::connect(&self.options.env.set_up)?.info().await?;
            }
            let why = inspected.error.as_deref().unwrap_or("it is not running");
            return Err(silent(why));
        }
        let down = UnreachableNode::parse(text);
        for node in &down {
            self.reporter.report(Event::Warning {
                message: &format!("builder {}: {node}", inspected.name),
            });
        }
        let docker = inspected.driver == "docker";
        let store = docker
            && Engine::connect(&self.options.env.set_up)?
                .info()
                .await?
                .containerd_image_store;
        if docker && !store {
            return Err(BuilderError::NoImageStore {
                builder: inspected.name,
            });
        }
        let mut capabilities = inspected.capabilities(store);
        let up = |platform: &Platform| !down.iter().any(|node| node.takes(platform));
        capabilities.platforms.retain(up);
        capabilities.native.retain(up);
        Ok(Found {
            program,
            capabilities,
            down,
            remembered: false,
        })
    }

    /// Forgets what was remembered of the builder, and asks it.
    async fn found_anew(&self) -> Result<&Found, BuilderError> {
        self.changed.store(true, Ordering::Relaxed);
        if let Some(memory) = Memory::of(&self.options) {
            memory.forget();
        }
        self.found().await
    }

    /// The builder's state, without starting it.
    ///
    /// # Errors
    /// [`BuilderError::Program`] where there is no client, [`BuilderError::Silent`]
    /// where there is no such builder.
    pub async fn look(&self) -> Result<BuilderState, BuilderError> {
        let program = Program::find(&self.options.env).await?;
        let text = self.inspect(&program, false).await;
        let text = text.map_err(|why| BuilderError::Silent {
            builder: self.named(),
            why,
        })?;
        let inspected = Inspected::parse(&text);
        let (running, error) = (inspected.running, inspected.error.clone());
        Ok(BuilderState {
            // Whether a layout can be exported is the engine's to tell.
            capabilities: inspected.capabilities(true),
            running,
            error,
            down: UnreachableNode::parse(&text)
                .iter()
                .map(ToString::to_string)
                .collect(),
        })
    }

    /// The builder as messages name it, before it has answered.
    #[must_use]
    pub fn named(&self) -> String {
        match &self.options.builder {
            Some(name) => format!("builder {name}"),
            None => "the current builder".to_owned(),
        }
    }

    /// The output of `docker-buildx inspect`; an error is the reason why there is
    /// none.
    async fn inspect(&self, program: &Program, start: bool) -> Result<String, String> {
        let mut command = program.command(&self.options.env);
        command.arg("inspect");
        command.args(start.then_some("--bootstrap"));
        command.args(&self.options.builder);
        self.options.env.apply(&mut command, false);
        let mut said = Progress::default();
        let ended = run(command, None, BOOT_LIMIT, |line| {
            said.line(line);
        })
        .await;
        match ended {
            Ok(ended) if ended.status.success() => Ok(ended.stdout),
            Ok(_) => Err(said.error().unwrap_or("no reason given").to_owned()),
            Err(error) => Err(error.to_string()),
        }
    }

    /// Whether the builder's node for a platform answers; an error is why not.
    async fn answers(&self, found: &Found, platform: &Platform) -> Result<(), String> {
        let text = self.inspect(&found.program, false).await?;
        let inspected = Inspected::parse(&text);
        if !inspected.running {
            let why = inspected.error;
            return Err(why.unwrap_or_else(|| "it is not running".to_owned()));
        }
        let down = UnreachableNode::parse(&text);
        match down.iter().find(|node| node.takes(platform)) {
            Some(node) => Err(node.to_string()),
            None => Ok(()),
        }
    }

    async fn run(
        &self,
        request: &BuildRequest,
        found: &Found,
        site: &BuildSite,
        cache: &CacheArgs,
    ) -> Result<(Progress, Option<Exported>), BuildError> {
        let name = &found.capabilities.name;
        let handed = site.hand(request, &self.options.step_settings)?;
        let line = command_line(request, site, name, cache, &handed)?;
        let scratch = site.scratch();
        let mut command = found.program.command(&self.options.env);
        command.args(&line.args).current_dir(scratch);
        let github = self.options.layer_cache == LayerCache::Gha;
        let confined = BuildSandbox::new(request, &self.options, scratch).await?;
        confined.env.apply(&mut command, github);
        // What a killed client leaves is swept with the run's work folder.
        command.env("TMPDIR", scratch);

        let before = self.steps_before(&request.target);
        let mut progress =
            Progress::hiding(confined.hidden(&handed.settings), handed.settings.mounts());
        let limit = self.options.time_limit;
        let heard = Heard::new();
        let arrival = site.arrival(&request.output);
        let take = async |stdout| Ok(receive(stdout, arrival, request.room).await);
        let building = run_into(command, line.stdin.as_deref(), limit, take, |line| {
            heard.now();
            for shown in progress.line(line) {
                self.show(request, before, &shown);
            }
        });
        let ended = tokio::select! {
            ended = building => ended,
            why = lost(&heard, || self.answers(found, &request.build.platform)) => {
                let builder = name.clone();
                return Err(BuilderError::Stopped { builder, why }.into());
            }
        };
        match ended {
            Ok(ended) if ended.status.success() => ended.stdout?,
            Ok(ended) => {
                // A client whose output is refused is ended by that.
                let refused = ended.status.signal() == Some(SIGPIPE);
                match ended.stdout {
                    Err(error) if refused => return Err(error.into()),
                    Err(error @ ReceiveError::Storage(_)) => return Err(error.into()),
                    _ => {}
                }
                room(scratch).await?;
                let platform = &request.build.platform;
                return Err(classify(&progress, name, platform, &request.access));
            }
            Err(RunError::Timeout(_)) => return Err(BuildError::Timeout(limit)),
            Err(error) => return Err(BuilderError::Client(error).into()),
        }
        let metadata = tokio::fs::read_to_string(site.metadata()).await;
        let metadata = metadata.map_err(|e| nothing_said(&e))?;
        let used = provenance(&metadata).map_err(|e| nothing_said(&e))?;
        match used {
            Some(used) => used::check(request, &used, &self.bases, &*self.reporter).await?,
            // BuildKit says nothing of a build without a step: it is of nothing.
            None if progress.steps().0 == 0 => {}
            None => return Err(BuilderError::NoProvenance(name.clone()).into()),
        }
        let exported = match &request.output {
            Output::Files(_) => None,
            Output::PushByDigest { .. } | Output::OciArchive(_) => {
                Some(exported(&metadata).map_err(|e| nothing_said(&e))?)
            }
        };
        Ok((progress, exported))
    }

    /// Checks a request by its Dockerfile, which is read beside the tasks that
    /// drive the run.
    async fn check(
        &self,
        request: &BuildRequest,
        tree: &WorkTree,
        can: &Capabilities,
    ) -> Result<(), BuildError> {
        let (request, tree, can) = (request.clone(), tree.clone(), can.clone());
        let emulate = self.options.emulation;
        tokio::task::spawn_blocking(move || dockerfile::check(&request, &tree, &can, emulate))
            .await?
    }

    /// An image's steps include those of the compile steps before it.
    fn steps_until(&self, request: &BuildRequest, (steps, cached): Steps) -> Steps {
        let mut compiled = self.compiled.lock().unwrap_or_else(PoisonError::into_inner);
        let before = compiled.remove(&request.target).unwrap_or_default();
        let all = (before.0 + steps, before.1 + cached);
        if matches!(request.output, Output::Files(_)) {
            compiled.insert(request.target.clone(), all);
        }
        all
    }

    /// Steps of the compile steps before an image.
    fn steps_before(&self, target: &TargetId) -> Steps {
        let compiled = self.compiled.lock().unwrap_or_else(PoisonError::into_inner);
        compiled.get(target).copied().unwrap_or_default()
    }

    fn show(&self, request: &BuildRequest, before: Steps, shown: &Shown) {
        let target = &request.target;
        self.reporter.report(match shown {
            Shown::Steps(count) => Event::TargetSteps {
                target,
                done: before.0 + count.done,
                cached: before.1 + count.cached,
                total: before.0 + count.total,
            },
            Shown::Step(step) => Event::TargetStep { target, step },
            Shown::Output(line) => Event::TargetOutput { target, line },
            Shown::Warning(message) => Event::TargetOutput {
                target,
                line: message,
            },
        });
    }
}

#[async_trait]
impl Builder for Buildx {
    async fn capabilities(&self) -> Result<Capabilities, BuilderError> {
        Ok(self.found().await?.capabilities.clone())
    }

    async fn look_ahead(&self) {
        let look = async || match self.recall().await {
            None => self.find(Start::No).await.ok(),
            remembered => remembered,
        };
        self.ahead.get_or_init(look).await;
    }

    async fn build(&self, request: &BuildRequest) -> Result<Built, BuildError> {
        let found = self.found().await?;
        let error = match self.build_with(found, request).await {
            Err(error) if found.remembered && error.may_be_the_builders() => error,
            ended => return ended,
        };
        let now = self.found_anew().await?;
        if now.is(found) {
            return Err(error);
        }
        tracing::info!("builder {} is not as it was", found.capabilities.name);
        match request.output.fits(&now.capabilities) {
            true => self.build_with(now, request).await,
            false => Err(BuildError::OtherBuilder(now.capabilities.name.clone())),
        }
    }
}

impl Found {
    /// Whether a build goes the same way with another one.
    fn is(&self, other: &Self) -> bool {
        let Self {
            program,
            capabilities,
            down,
            remembered: _,
        } = self;
        program.is(&other.program) && *capabilities == other.capabilities && *down == other.down
    }
}

impl Buildx {
    async fn build_with(&self, found: &Found, request: &BuildRequest) -> Result<Built, BuildError> {
        let begun = Instant::now();
        let platform = &request.build.platform;
        if let Some(node) = found.down.iter().find(|node| node.takes(platform)) {
            return Err(BuilderError::UnreachableNode {
                builder: found.capabilities.name.clone(),
                node: node.to_string(),
            }
            .into());
        }
        let site = BuildSite::open(&request.work_tree)?;
        self.check(request, site.tree(), &found.capabilities)
            .await?;
        site.date().await?;
        let cache = self.options.layer_cache.args(request);
        let result = self.run(request, found, &site, &cache).await;
        if result.is_err() {
            cache.discard();
        }
        let (progress, exported) = result?;
        if let Err(error) = cache.rotate() {
            tracing::warn!(%error, "the layer cache was not renewed");
        }
        site.deliver(&request.output).await?;
        let (steps, cached) = self.steps_until(request, progress.steps());
        let (descriptor, config) = match exported {
            Some(exported) => (Some(exported.descriptor), exported.config),
            None => (None, None),
        };
        Ok(Built {
            descriptor,
            config,
            steps,
            cached,
            elapsed: begun.elapsed(),
        })
    }
}

/// Whether the client could write: it tells no full disk from other failures.
async fn room(scratch: &Path) -> Result<(), BuildError> {
    let folder = scratch.to_owned();
    match tokio::task::spawn_blocking(move || trouble(&folder)).await? {
        Some(error) => Err(error.into()),
        None => Ok(()),
    }
}

fn nothing_said(error: &dyn std::fmt::Display) -> BuildError {
    BuildError::Metadata(error.to_string())
}
