//! Everything a command works with, opened once.

use std::path::Path;
use std::sync::Arc;

use anyhow::Result;
use bakehouse_builder::{
    Builder, BuilderPool, Buildx, BuildxOptions, ChildEnv, HandsBack, LayerCache, Member,
    StepSettings,
};
use bakehouse_core::progress::{Event, Reporter};
use bakehouse_registry::{
    Endpoint, EndpointError, KeptManifests, LocalRegistry, Registry, Upstream,
};
use bakehouse_runtime::{Lazy, RecipeError, Runtime, Services};
use bakehouse_system::http::environment;
use bakehouse_system::storage;
use bakehouse_upstream::fetch::Fetcher;
use bakehouse_upstream::git::{SourceLimits, Sources};
use bakehouse_upstream::release::{
    ApiLimits, ForgeAccess, NpmConfig, PipConfig, Releases, ReleasesOptions,
};

use crate::config::{BuilderChoice, CacheChoice, Overrides, Project, RegistryChoice, Settings};
use crate::up::set_up;

/// Project, settings, registry, builder and what recipes may use.
pub struct Context {
    /// The project folder.
    pub project: Project,
    /// Settings of this invocation.
    pub settings: Settings,
    /// The target registry.
    pub registry: Registry,
    /// The builder; nothing is started before it is used.
    pub builder: Arc<dyn Builder>,
    /// Upstream's git repositories.
    pub sources: Sources,
    /// Compiles and runs recipes.
    pub runtime: Lazy<Runtime, RecipeError>,
    /// The services that recipes may use.
    pub services: Arc<Services>,
    /// Told what happens.
    pub reporter: Arc<dyn Reporter>,
    /// Its registry ends with the command.
    pub is_aside: bool,
    _local: Option<LocalRegistry>,
}

impl Context {
    /// Opens the project and its target registry.
    ///
    /// # Errors
    /// As [`Settings::resolve`], [`Endpoint::new`] and [`LocalRegistry::open`],
    /// and when the project's state is another user's.
    pub async fn open(
        project: Project,
        overrides: &Overrides,
        reporter: Arc<dyn Reporter>,
    ) -> Result<Self> {
        let settings = Settings::resolve(project.file(), overrides)?;
        storage::owned(&project.state())?;
        for variable in environment::unusable() {
            let message = variable.to_string();
            reporter.report(Event::Warning { message: &message });
        }
        let mirrors = project.file().mirrors.clone();
        let kept = KeptManifests::new(project.manifests());
        let (registry, local) =
            open_registry(&project, &settings, Arc::clone(&reporter), 0).await?;
        let registry = registry.keeping(kept.clone());
        let options = BuildxOptions {
            builder: None,
            layer_cache: layer_cache(&project, &settings, registry.endpoint(), &*reporter),
            emulation: settings.use_qemu,
            mirrors: mirrors.clone(),
            step_settings: step_settings(&project)?,
            kept,
            memory: Some(project.builders()),
            env: child_env(),
            ..BuildxOptions::default()
        };
        let builder = builder(&settings.builders, &options, &reporter);
        let services = services(&project, &builder, &reporter)?;
        let sources = sources(&project, &reporter);
        let here = project.clone();
        let runtime = Lazy::new(move || Runtime::new(&here.compile_cache(), here.file().limits));
        Ok(Self {
            project,
            settings,
            registry,
            builder,
            sources,
            runtime,
            services,
            reporter,
            is_aside: false,
            _local: local,
        })
    }
}

impl Context {
    /// The same, with an embedded registry of its own in `folder`: what is built
    /// with it ends with it. Images come back to this machine, and are pushed from
    /// here, whatever the builder can: it may be where loopback is another.
    ///
    /// # Errors
    /// As [`LocalRegistry::open`].
    pub async fn aside(&self, folder: &Path) -> Result<Self> {
        let project = self.project.clone().aside(folder);
        let settings = Settings {
            registry: RegistryChoice::Local,
            rebuild: false,
            ..self.settings.clone()
        };
        let reporter = Arc::clone(&self.reporter);
        let (registry, local) = open_registry(&project, &settings, reporter, 0).await?;
        let here = project.clone();
        Ok(Self {
            registry,
            builder: Arc::new(HandsBack(Arc::clone(&self.builder))),
            sources: sources(&project, &self.reporter),
            runtime: Lazy::new(move || Runtime::new(&here.compile_cache(), here.file().limits)),
            services: Arc::clone(&self.services),
            reporter: Arc::clone(&self.reporter),
            project,
            settings,
            is_aside: true,
            _local: local,
        })
    }
}

/// The environment of builders' clients: with what `bakehouse up` set up.
fn child_env() -> ChildEnv {
    let set_up = set_up();
    if let Some(engine) = &set_up.engine {
        tracing::info!("`bakehouse up` started an engine at {engine}");
    }
    ChildEnv {
        set_up,
        ..ChildEnv::default()
    }
}

/// The settings that `RUN` steps are handed.
fn step_settings(project: &Project) -> Result<StepSettings> {
    let table = &project.file().build;
    Ok(table.settings(project.root(), |name| std::env::var(name).ok())?)
}

/// The builder: buildx's current one, the one named, or several as one.
fn builder(
    choices: &[BuilderChoice],
    options: &BuildxOptions,
    reporter: &Arc<dyn Reporter>,
) -> Arc<dyn Builder> {
    let named = |name: Option<&String>| -> Arc<dyn Builder> {
        let options = BuildxOptions {
            builder: name.cloned(),
            ..options.clone()
        };
        Arc::new(Buildx::new(options, Arc::clone(reporter)))
    };
    match choices {
        [] => named(None),
        [only] if only.platform.is_none() => named(Some(&only.name)),
        _ => {
            let members = choices.iter().map(|choice| Member {
                name: choice.name.clone(),
                platform: choice.platform.clone(),
                builder: named(Some(&choice.name)),
            });
            Arc::new(BuilderPool::new(members.collect(), Arc::clone(reporter)))
        }
    }
}

fn layer_cache(
    project: &Project,
    settings: &Settings,
    endpoint: &Endpoint,
    reporter: &dyn Reporter,
) -> LayerCache {
    match settings.cache {
        CacheChoice::None => LayerCache::None,
        CacheChoice::Local => LayerCache::Local(project.layers()),
        CacheChoice::Registry => LayerCache::Registry {
            namespace: endpoint.repository("").trim_end_matches('/').to_owned(),
            plain_http: endpoint.plain_http(),
        },
        CacheChoice::Gha => match LayerCache::missing_for_gha() {
            None => LayerCache::Gha,
            Some(variable) => {
                reporter.report(Event::Warning {
                    message: &format!("layers are not cached: {variable} is not set"),
                });
                LayerCache::None
            }
        },
    }
}

/// Upstream's git repositories.
#[must_use]
pub fn sources(project: &Project, reporter: &Arc<dyn Reporter>) -> Sources {
    let sources = Sources::new(
        project.sources(),
        SourceLimits::default(),
        Arc::clone(reporter),
    );
    sources.mirrors(project.file().mirrors.clone())
}

/// The services that recipes may use. Nothing is started or reached before it is
/// used.
///
/// # Errors
/// As [`ForgeAccess::from_env`].
pub fn services(
    project: &Project,
    builder: &Arc<dyn Builder>,
    reporter: &Arc<dyn Reporter>,
) -> Result<Arc<Services>> {
    let mirrors = project.file().mirrors.clone();
    let upstream = Upstream::new(Arc::clone(reporter)).mirrors(mirrors.clone());
    let upstream = upstream.keeping(KeptManifests::new(project.manifests()));
    let access = ForgeAccess::from_env(|name| std::env::var(name).ok())?;
    let access = access.mirrors(mirrors.clone());
    let (answers, downloads) = (project.api_answers(), project.downloads());
    let kept = project.file().keep.downloads_mib.saturating_mul(1 << 20);
    let (told, waited) = (Arc::clone(reporter), Arc::clone(reporter));
    let images = upstream.clone();
    Ok(Arc::new(Services {
        releases: Lazy::new(move || {
            Releases::new(ReleasesOptions {
                npm: NpmConfig::load(),
                pip: PipConfig::load(),
                access: access.clone(),
                cache: Some(answers.clone()),
                limits: ApiLimits::default(),
                reporter: Arc::clone(&told),
                upstream: images.clone(),
            })
        }),
        fetcher: Lazy::new(move || {
            let fetcher = Fetcher::new(downloads.clone())?;
            let fetcher = fetcher.reporter(Arc::clone(&waited)).kept(kept);
            Ok(fetcher.mirrors(mirrors.clone()))
        }),
        upstream,
        builder: Arc::clone(builder),
        reporter: Arc::clone(reporter),
    }))
}

/// A client for the target registry, and the embedded one behind it where that
/// is the target.
///
/// # Errors
/// As [`Endpoint::new`] and [`LocalRegistry::open`].
pub async fn open_registry(
    project: &Project,
    settings: &Settings,
    reporter: Arc<dyn Reporter>,
    port: u16,
) -> Result<(Registry, Option<LocalRegistry>)> {
    match &settings.registry {
        RegistryChoice::Host(host) => {
            let endpoint = endpoint(host, settings)?;
            Ok((Registry::new(endpoint, reporter)?, None))
        }
        RegistryChoice::Local => {
            let local =
                LocalRegistry::open(&project.local_registry(), port, Arc::clone(&reporter)).await?;
            let endpoint = endpoint(&local.address().to_string(), settings)?.embedded();
            Ok((Registry::new(endpoint, reporter)?, Some(local)))
        }
    }
}

/// The endpoint under the namespace of the settings; an error names the flag,
/// variable or file that it comes from.
fn endpoint(host: &str, settings: &Settings) -> Result<Endpoint> {
    Endpoint::new(host, &settings.namespace).map_err(|error| {
        let origin = match error {
            EndpointError::Namespace(_) => settings.origins.namespace,
            EndpointError::Host(_) | EndpointError::Reference(_) => settings.origins.registry,
        };
        anyhow::Error::new(error).context(origin)
    })
}
