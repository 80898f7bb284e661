//! Calling a recipe.

use std::path::Path;
use std::sync::Arc;

use bakehouse_core::grants::{Access, Kind, Missing, Policy};
use bakehouse_core::options::{OptionDeclaration, OptionValue, Options, Settled};
use bakehouse_core::platform::PlatformError;
use bakehouse_core::recipe::{
    App, Base, Build, CallError, Checkout, Ordering, Prepared, Target, Version,
};
use bakehouse_core::target::TargetId;
use bakehouse_system::quota::QuotaError;
use bakehouse_system::storage::trouble;
use wasmtime::component::InstancePre;
use wasmtime::{AsContextMut as _, Store};

use super::contract::{Answer, Exports, Guest, Job};
use super::error::{CallSite, Crash, RecipeError, Trap};
use super::host::error::HostError;
use super::limits::{Exceeded, Limits};
use super::meter::metered;
use super::state::{Call, Prepare, State, subject};
use super::validate::{self, InvalidAnswer};
use super::validate_build::{self, InvalidBuild};
use super::{Services, Versions, contract};

/// Bytes that one call may hand over to the host, strings and lists together.
const TRANSFER: usize = 16 << 20;

/// A component with what it imports, and where its exports are.
#[derive(Clone)]
pub(super) struct Linked {
    pub(super) instance: InstancePre<State>,
    pub(super) exports: Arc<dyn Exports>,
}

/// A loaded recipe. Each call runs in a store of its own.
#[derive(Clone)]
pub struct Recipe {
    limits: Limits,
    app: Arc<str>,
    digest: String,
    linked: Linked,
    policy: Arc<Policy>,
    options: Arc<Settled>,
    services: Arc<Services>,
    described: Arc<App>,
}

impl Recipe {
    /// Asks a recipe what it is, and holds it to that.
    pub(super) async fn described(
        limits: Limits,
        digest: String,
        linked: Linked,
        policy: Policy,
        options: Arc<Options>,
        services: Arc<Services>,
    ) -> Result<Self, RecipeError> {
        let described = App {
            name: policy.app().to_owned(),
            ..App::default()
        };
        let mut recipe = Self {
            limits,
            app: policy.app().into(),
            digest,
            linked,
            policy: Arc::new(policy.clone()),
            options: Arc::default(),
            services,
            described: Arc::new(described),
        };
        let declared = recipe.declared().await?;
        let settled = options.settle(&recipe.app, declared.as_deref());
        recipe.options = Arc::new(settled.map_err(Box::new)?);
        let app = App {
            options: declared,
            ..recipe.describe().await?
        };
        if app.ordering == Ordering::Listed {
            return Err(RecipeError::Listed { app: app.name });
        }
        recipe.policy = Arc::new(policy.declared(&app));
        recipe.described = Arc::new(app);
        Ok(recipe)
    }

    /// `sha256:HEX` of its wasm, and of its options where it has any.
    #[must_use]
    pub fn digest(&self) -> &str {
        &self.digest
    }

    /// The app as the recipe describes it.
    #[must_use]
    pub fn app(&self) -> &App {
        &self.described
    }

    /// The value that it is told of an option that it declares: as app.toml sets
    /// it, or its default.
    #[must_use]
    pub fn option(&self, name: &str) -> Option<&OptionValue> {
        self.options.get(name)?.as_ref()
    }

    /// The policy that the recipe, its app and the operator agree on.
    #[must_use]
    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    /// The reach of a build that starts from these images.
    #[must_use]
    pub fn access(&self, bases: &[Base]) -> Access {
        let bases = bases.iter().map(|base| base.reference.clone());
        Access::new(Arc::clone(&self.policy), bases.collect())
    }

    /// The app as far as it is granted: its images must all be, platforms that
    /// are not are left out.
    ///
    /// # Errors
    /// [`RecipeError::Denied`].
    pub fn granted_app(&self) -> Result<App, RecipeError> {
        let mut app = self.app().clone();
        for image in &mut app.images {
            self.policy.check(Kind::Images, &image.name)?;
            image.platforms.retain(|platform| {
                let granted = self.policy.check(Kind::Platforms, &platform.to_string());
                granted.is_ok()
            });
        }
        Ok(app)
    }

    async fn declared(&self) -> Result<Option<Vec<OptionDeclaration>>, RecipeError> {
        let call = Call::default();
        let (mut store, guest) = self.open(call).await?;
        let answer = guest.options(&mut store);
        let answer = metered(&self.limits, None, answer).await;
        let declared = self
            .close("options", store, answer)?
            .map_err(|error| InvalidAnswer::new(&self.app, "options", error))?;
        validate::options(&self.app, declared.as_deref().unwrap_or_default())?;
        Ok(declared)
    }

    async fn describe(&self) -> Result<App, RecipeError> {
        let call = Call::default();
        let (mut store, guest) = self.open(call).await?;
        let answer = guest.describe(&mut store);
        let answer = metered(&self.limits, None, answer).await;
        let answer = match answer {
            Ok(Err(CallError::InvalidInput(why))) => {
                let app = self.app.to_string();
                return Err(RecipeError::Unfit { app, why });
            }
            answer => answer,
        };
        let app = self
            .close("describe", store, answer)?
            .map_err(|error| InvalidAnswer::new(&self.app, "describe", error))?;
        validate::app(&self.app, &app)?;
        Ok(app)
    }

    /// The newest versions, newest first, at most `limit`.
    ///
    /// # Errors
    /// What the recipe answers, what is wrong with its answer, how it ended
    /// without one, what it has no grant for, and what the host could not do.
    pub async fn versions(&self, limit: u32) -> Result<Versions, RecipeError> {
        let call = Call::default();
        let (mut store, guest) = self.open(call).await?;
        let answer = guest.versions(&mut store, limit);
        let answer = metered(&self.limits, None, answer).await;
        let listings = std::mem::take(&mut store.data_mut().listings);
        let answered = self
            .close("versions", store, answer)?
            .map_err(|error| InvalidAnswer::new(&self.app, "versions", error))?;
        let versions = Versions::new(&self.app, answered, listings, limit)?;
        for source in versions
            .versions
            .iter()
            .filter_map(|version| version.source.as_ref())
        {
            self.policy.check(Kind::Sources, &source.repository)?;
        }
        Ok(versions)
    }

    /// The targets of one version.
    ///
    /// # Errors
    /// As [`versions`](Self::versions).
    pub async fn matrix(&self, app: &App, version: &Version) -> Result<Vec<Target>, RecipeError> {
        let call = Call {
            version: Some(version.number.clone()),
            prepare: None,
        };
        let (mut store, guest) = self.open(call).await?;
        let answer = guest.matrix(&mut store, version);
        let answer = metered(&self.limits, None, answer).await;
        let targets = self.close("matrix", store, answer)?;
        let function = || format!("matrix of {}", version.number);
        let mut targets =
            targets.map_err(|error| InvalidAnswer::new(&self.app, function(), error))?;
        targets.retain(|target| {
            let platform = target.platform.to_string();
            self.policy.missing(Kind::Platforms, &platform) != Some(Missing::Grant)
        });
        validate::matrix(app, version, &targets)?;
        Ok(targets)
    }

    /// Runs the cross-compile steps of a target in its work tree and returns
    /// its final build.
    ///
    /// # Errors
    /// As [`versions`](Self::versions).
    pub async fn prepare(
        &self,
        version: &Version,
        target: &TargetId,
        bases: &[Base],
        checkout: Option<Checkout>,
        work_tree: &Path,
    ) -> Result<Prepared, RecipeError> {
        let prepare = Prepare {
            target: target.clone(),
            work_tree: work_tree.to_owned(),
            bases: bases.to_vec(),
            created: version.created.clone(),
        };
        let call = Call {
            version: Some(version.number.clone()),
            prepare: Some(prepare.clone()),
        };
        let at = CallSite {
            app: self.app.to_string(),
            function: "prepare",
            subject: subject(&self.app, &call),
        };
        let (mut store, guest) = self.open(call).await?;
        let job = Job {
            version: version.clone(),
            target: Target {
                image: target.image.clone(),
                platform: target.platform.clone(),
            },
            bases: bases.to_vec(),
            checkout,
        };
        let answer = guest.prepare(&mut store, job);
        let tree = Some(work_tree.to_owned());
        let answer = metered(&self.limits, tree, answer).await;
        let warnings = std::mem::take(&mut store.data_mut().warnings);
        let answered = match self.close("prepare", store, answer) {
            Ok(answered) => answered,
            Err(error) => return Err(blamed(error, at, work_tree).await),
        };
        let measured = self.limits.quota().measure(work_tree).await;
        measured.map_err(|error| host_error(at.clone(), error.into()))?;
        let (build, checks) = match answered {
            Ok(answered) => (self.checked(&prepare, answered.build), answered.checks),
            Err(error) => (Err(error.into()), Vec::new()),
        };
        let build = build.map_err(|error| RecipeError::Build {
            at,
            source: Box::new(error),
        })?;
        validate::checks(&self.app, &checks)?;
        Ok(Prepared {
            build,
            checks,
            warnings,
        })
    }

    /// The build that a recipe answered with, as the host's own.
    fn checked(&self, prepare: &Prepare, build: Build) -> Result<Build, InvalidBuild> {
        validate_build::build(&self.policy, prepare, &build)?;
        match build.platform == prepare.target.platform {
            true => Ok(build),
            false => Err(InvalidBuild::OtherPlatform(build.platform)),
        }
    }

    async fn open(&self, call: Call) -> Result<(Store<State>, Box<dyn Guest>), RecipeError> {
        let state = State::new(
            self.limits,
            Arc::clone(&self.app),
            call,
            Arc::clone(&self.services),
            Arc::clone(&self.policy),
            Arc::clone(&self.options),
        )?;
        let Linked { instance, exports } = &self.linked;
        let mut store = Store::new(instance.engine(), state);
        store.limiter(|state| &mut state.memory);
        store.set_hostcall_fuel(TRANSFER);
        store.set_epoch_deadline(1);
        store.epoch_deadline_callback(|mut context| context.as_context_mut().data_mut().cpu.tick());
        let started = metered(&self.limits, None, instance.instantiate_async(&mut store)).await;
        let started = match started {
            Ok(instance) => instance,
            Err(error) => return Err(ended("start", store, error)),
        };
        let guest = exports.load(&mut store, &started);
        let guest = guest.map_err(|error| contract::misfit(&self.app, error))?;
        Ok((store, guest))
    }

    /// Ends a call: what was printed goes to the log, the store is dropped.
    fn close<T>(
        &self,
        function: &'static str,
        mut store: Store<State>,
        answer: Answer<T>,
    ) -> Result<Result<T, PlatformError>, RecipeError> {
        let state = store.data();
        for (stream, pipe) in [("stdout", &state.stdout), ("stderr", &state.stderr)] {
            for line in String::from_utf8_lossy(&pipe.contents()).lines() {
                let line = bakehouse_system::terminal::clean(line);
                tracing::info!(recipe = %self.app, subject = %state.subject(), stream, "{line}");
            }
        }
        let error = match answer {
            Ok(Ok(value)) => return Ok(value),
            Ok(Err(error)) => error,
            Err(error) => return Err(ended(function, store, error)),
        };
        let reported = store.data_mut().reported.take();
        Err(RecipeError::Answered {
            at: CallSite::new(function, store.data()),
            reported: reported
                .filter(|told| same_case(told, &error))
                .map(Box::new),
            error,
        })
    }
}

/// The call ended without an answer.
#[expect(clippy::needless_pass_by_value, reason = "a store is never used again")]
fn ended(function: &'static str, store: Store<State>, error: wasmtime::Error) -> RecipeError {
    let at = CallSite::new(function, store.data());
    let why = match error.downcast::<HostError>() {
        Ok(error) => return host_error(at, error),
        Err(error) => match error.downcast::<Exceeded>() {
            Ok(exceeded) => Crash::Limit(exceeded),
            Err(error) => match panic(&store.data().stderr.contents()) {
                Some(panic) => Crash::Panic(panic),
                None => Crash::Trap(Trap(error)),
            },
        },
    };
    RecipeError::Crashed { at, why }
}

/// A recipe that fails because the host's disk is full, or broken, tells that as it
/// likes: a panic, or a sentence of its own. Neither is its fault.
async fn blamed(error: RecipeError, at: CallSite, tree: &Path) -> RecipeError {
    let own = matches!(
        &error,
        RecipeError::Answered { .. }
            | RecipeError::Crashed {
                why: Crash::Panic(_) | Crash::Trap(_),
                ..
            }
    );
    if !own {
        return error;
    }
    // Beside the tree, where nobody finds what is written to try.
    let beside = tree.parent().unwrap_or(tree).to_owned();
    match tokio::task::spawn_blocking(move || trouble(&beside)).await {
        Ok(Some(trouble)) => host_error(at, trouble.into()),
        Ok(None) => error,
        Err(thread) => thread.into(),
    }
}

/// The error that no recipe is told: too full a work tree is its own doing, all
/// else the host's trouble.
fn host_error(at: CallSite, error: HostError) -> RecipeError {
    match error {
        HostError::Quota(source @ QuotaError::Full(_)) => RecipeError::WorkTree { at, source },
        error => RecipeError::Host {
            at,
            source: Box::new(error),
        },
    }
}

impl CallSite {
    fn new(function: &'static str, state: &State) -> Self {
        Self {
            app: state.app.to_string(),
            function,
            subject: state.subject(),
        }
    }
}

/// Whether a recipe's error can be what a host function told it.
fn same_case(told: &HostError, answered: &CallError) -> bool {
    let case = std::mem::discriminant(answered);
    told.told()
        .is_ok_and(|told| std::mem::discriminant(&told) == case)
}

/// The message that a recipe printed of its panic.
fn panic(stderr: &[u8]) -> Option<String> {
    let printed = String::from_utf8_lossy(stderr);
    let lines = printed.lines();
    let panic = lines
        .skip_while(|line| !line.contains("panicked at"))
        .take(2)
        .map(str::trim)
        .collect::<Vec<_>>()
        .join(" ");
    (!panic.is_empty()).then(|| bakehouse_system::terminal::clean(&panic))
}
