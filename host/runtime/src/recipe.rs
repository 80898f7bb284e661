//! Calling a recipe.

use std::path::Path;
use std::sync::Arc;

use anyhow::Result;
use bakehouse_core::error::{ExitCode, Failure};
use bakehouse_core::grants::{Access, Kind, Missing, Policy};
use bakehouse_core::recipe::{App, Base, Build, CallError, Options, Prepared, Target, Version};
use bakehouse_core::target::TargetId;
use wasmtime::{AsContextMut as _, Store};

use super::bindings::{App as Bindings, AppPre};
use super::limits::{Exceeded, Limits};
use super::meter::metered;
use super::state::{Call, Prepare, State, subject};
use super::{Services, Versions, bindings, contract, validate, validate_build};

/// Bytes that one call may hand over to the host, strings and lists together.
const TRANSFER: usize = 16 << 20;

/// A loaded recipe. Each call runs in a store of its own.
#[derive(Clone)]
pub struct Recipe {
    limits: Limits,
    app: Arc<str>,
    digest: String,
    pre: AppPre<State>,
    policy: Arc<Policy>,
    options: Arc<Options>,
    services: Arc<Services>,
    described: Arc<App>,
}

impl Recipe {
    /// Asks a recipe what it is, and holds it to that.
    pub(super) async fn described(
        limits: Limits,
        digest: String,
        pre: AppPre<State>,
        policy: Policy,
        options: Arc<Options>,
        services: Arc<Services>,
    ) -> Result<Self> {
        let described = App {
            name: policy.app().to_owned(),
            ..App::default()
        };
        let mut recipe = Self {
            limits,
            app: policy.app().into(),
            digest,
            pre,
            policy: Arc::new(policy.clone()),
            options,
            services,
            described: Arc::new(described),
        };
        let app = recipe.describe().await?;
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

    /// What the recipe, its app and the operator agree on.
    #[must_use]
    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    /// What a build that starts from these images may reach.
    #[must_use]
    pub fn access(&self, bases: &[Base]) -> Access {
        let bases = bases.iter().map(|base| base.reference.clone());
        Access::new(Arc::clone(&self.policy), bases.collect())
    }

    /// The app as far as it is granted: its images must all be, platforms that
    /// are not are left out.
    ///
    /// # Errors
    /// A [`Failure`] with [`ExitCode::Denied`].
    pub fn granted_app(&self) -> Result<App, Failure> {
        let mut app = self.app().clone();
        for image in &mut app.images {
            self.policy
                .check(Kind::Images, &image.name)
                .map_err(|error| Failure::new(ExitCode::Denied, error.to_string()))?;
            image.platforms.retain(|platform| {
                let granted = self.policy.check(Kind::Platforms, &platform.to_string());
                granted.is_ok()
            });
        }
        Ok(app)
    }

    async fn describe(&self) -> Result<App> {
        let call = Call::default();
        let (mut store, guest) = self.open(call.clone()).await?;
        let interface = guest.bakehouse_recipe_recipe();
        let answer = interface.call_describe(&mut store);
        let answer = metered(&self.limits, None, answer).await.map(Ok);
        let app: App = self
            .close("describe", &call, store, answer)?
            .try_into()
            .map_err(|error: CallError| self.guest_error("describe", &call, &error))?;
        validate::app(&self.app, &app)?;
        Ok(app)
    }

    /// The newest versions, newest first, at most `limit`.
    ///
    /// # Errors
    /// A [`Failure`] whose exit code tells whether the recipe, upstream or a
    /// missing grant is the cause.
    pub async fn versions(&self, limit: u32) -> Result<Versions> {
        let call = Call::default();
        let (mut store, guest) = self.open(call.clone()).await?;
        let interface = guest.bakehouse_recipe_recipe();
        let answer = interface.call_versions(&mut store, limit);
        let answer = metered(&self.limits, None, answer).await;
        let listings = std::mem::take(&mut store.data_mut().listings);
        let answered = self.close("versions", &call, store, answer)?;
        let answered = answered.into_iter().map(Into::into).collect();
        let versions = Versions::new(&self.app, answered, listings, limit)?;
        for source in versions
            .versions
            .iter()
            .filter_map(|version| version.source.as_ref())
        {
            self.policy
                .check(Kind::Sources, &source.repository)
                .map_err(|error| Failure::new(ExitCode::Denied, error.to_string()))?;
        }
        Ok(versions)
    }

    /// The targets of one version.
    ///
    /// # Errors
    /// As [`versions`](Self::versions).
    pub async fn matrix(&self, app: &App, version: &Version) -> Result<Vec<Target>> {
        let call = Call {
            version: Some(version.number.clone()),
            prepare: None,
        };
        let (mut store, guest) = self.open(call.clone()).await?;
        let interface = guest.bakehouse_recipe_recipe();
        let guest_version = version.clone().into();
        let answer = interface.call_matrix(&mut store, &guest_version);
        let answer = metered(&self.limits, None, answer).await;
        let mut targets = self
            .close("matrix", &call, store, answer)?
            .into_iter()
            .map(Target::try_from)
            .collect::<Result<Vec<_>, _>>()
            .map_err(|error| self.guest_error("matrix", &call, &error))?;
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
        work_tree: &Path,
    ) -> Result<Prepared> {
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
        let (mut store, guest) = self.open(call.clone()).await?;
        let wanted = Target {
            image: target.image.clone(),
            platform: target.platform.clone(),
        };
        let bases: Vec<_> = bases.iter().cloned().map(Into::into).collect();
        let version = version.clone().into();
        let wanted = wanted.into();
        let interface = guest.bakehouse_recipe_recipe();
        let answer = interface.call_prepare(&mut store, &version, &wanted, &bases);
        let tree = Some(work_tree.to_owned());
        let answer = metered(&self.limits, tree, answer).await;
        let warnings = std::mem::take(&mut store.data_mut().warnings);
        let build: Build = self
            .close("prepare", &call, store, answer)?
            .try_into()
            .map_err(|error: CallError| self.guest_error("prepare", &call, &error))?;
        self.limits
            .quota()
            .measure(work_tree)
            .await
            .map_err(CallError::from)
            .and_then(|_| validate_build::build(&self.policy, &prepare, &build))
            .map_err(|error| self.guest_error("prepare", &call, &error))?;
        if build.platform != target.platform {
            let error =
                CallError::InvalidInput(format!("it returned a build for {}", build.platform));
            return Err(self.guest_error("prepare", &call, &error).into());
        }
        Ok(Prepared { build, warnings })
    }

    async fn open(&self, call: Call) -> Result<(Store<State>, Bindings)> {
        let state = State::new(
            self.limits,
            Arc::clone(&self.app),
            call,
            Arc::clone(&self.services),
            Arc::clone(&self.policy),
            Arc::clone(&self.options),
        )?;
        let mut store = Store::new(self.pre.engine(), state);
        store.limiter(|state| &mut state.memory);
        store.set_hostcall_fuel(TRANSFER);
        store.set_epoch_deadline(1);
        store.epoch_deadline_callback(|mut context| context.as_context_mut().data_mut().cpu.tick());
        let instance = metered(&self.limits, None, self.pre.instantiate_async(&mut store));
        let guest = match instance.await {
            Ok(guest) => guest,
            Err(error) => return Err(self.trap("start", &store, &error).into()),
        };
        Ok((store, guest))
    }

    /// Ends a call: what was printed goes to the log, the store is dropped.
    #[expect(clippy::needless_pass_by_value, reason = "a store is never used again")]
    fn close<T>(
        &self,
        function: &str,
        call: &Call,
        store: Store<State>,
        answer: wasmtime::Result<Result<T, bindings::bakehouse::recipe::types::Error>>,
    ) -> Result<T> {
        for (stream, pipe) in [
            ("stdout", &store.data().stdout),
            ("stderr", &store.data().stderr),
        ] {
            for line in String::from_utf8_lossy(&pipe.contents()).lines() {
                let line = bakehouse_system::terminal::clean(line);
                tracing::info!(recipe = %self.app, subject = %subject(&self.app, call), stream, "{line}");
            }
        }
        match answer {
            Ok(Ok(value)) => Ok(value),
            Ok(Err(error)) => Err(self.guest_error(function, call, &error.into()).into()),
            Err(error) => Err(self.trap(function, &store, &error).into()),
        }
    }

    /// The recipe answered with an error.
    fn guest_error(&self, function: &str, call: &Call, error: &CallError) -> Failure {
        let failure = Failure::new(
            error.exit_code(),
            format!("{}: {error}", subject(&self.app, call)),
        );
        match error {
            CallError::Denied(_) | CallError::BuildFailed(_) => failure,
            CallError::Storage { hint, .. } => failure.hint(*hint),
            CallError::NotFound(_) => {
                failure.hint("upstream may have withdrawn it; `bakehouse plan` lists what there is")
            }
            CallError::RateLimited(_) | CallError::Unavailable(_) | CallError::Timeout(_) => {
                failure.hint("upstream failed, or answered wrongly; run the same command again")
            }
            CallError::InvalidInput(_) | CallError::Other(_) => failure.hint(format!(
                "this is a fault in {function} of recipe {}",
                self.app
            )),
        }
    }

    /// The recipe trapped.
    fn trap(&self, function: &str, store: &Store<State>, error: &wasmtime::Error) -> Failure {
        let stderr = store.data().stderr.contents();
        let printed = String::from_utf8_lossy(&stderr);
        let panic = printed
            .lines()
            .skip_while(|line| !line.contains("panicked at"))
            .take(2)
            .map(str::trim)
            .collect::<Vec<_>>()
            .join(" ");
        let root = error.root_cause().to_string();
        if contract::is_misfit(error) {
            return contract::misfit(&self.app, &root);
        }
        if let Some(error) = error.downcast_ref::<CallError>() {
            return self.guest_error(function, &store.data().call, error);
        }
        let why = if let Some(exceeded) = error.downcast_ref::<Exceeded>() {
            exceeded.to_string()
        } else if panic.is_empty() {
            root
        } else {
            bakehouse_system::terminal::clean(&panic)
        };
        Failure::new(
            ExitCode::Recipe,
            format!(
                "recipe {} crashed in {function} ({}): {why}",
                self.app,
                store.data().subject()
            ),
        )
        .hint("this is a fault in the recipe; run with -v to see what it printed")
    }
}
