//! Everything a command works with, opened once.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use reqwest::redirect::Policy;

use crate::buildx::{Builder, Buildx};
use crate::config::{Overrides, Project, RegistryChoice, Settings};
use crate::fetch::Fetcher;
use crate::plugin::{Runtime, Services};
use crate::progress::Reporter;
use crate::registry::{Endpoint, LocalRegistry, Registry, Upstream};
use crate::release::Releases;

/// Time to connect, and longest silence while reading, for upstream servers.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(15);
const READ_TIMEOUT: Duration = Duration::from_secs(60);
/// Redirects followed for one download.
const MAX_REDIRECTS: usize = 5;

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
    /// Compiles and runs recipes.
    pub runtime: Runtime,
    /// What recipes may use.
    pub services: Arc<Services>,
    /// Told what happens.
    pub reporter: Arc<dyn Reporter>,
    _local: Option<LocalRegistry>,
}

impl Context {
    /// Opens the project and its target registry.
    ///
    /// # Errors
    /// As [`Settings::resolve`], [`Endpoint::new`] and [`LocalRegistry::open`].
    pub async fn open(
        project: Project,
        overrides: &Overrides,
        reporter: Arc<dyn Reporter>,
    ) -> Result<Self> {
        let settings = Settings::resolve(project.file(), overrides)?;
        let (registry, local) =
            open_registry(&project, &settings, Arc::clone(&reporter), 0).await?;
        let builder: Arc<dyn Builder> =
            Arc::new(Buildx::new(settings.builder.clone(), Arc::clone(&reporter)));
        let http = reqwest::Client::builder()
            .user_agent(concat!("bakehouse/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(CONNECT_TIMEOUT)
            .read_timeout(READ_TIMEOUT)
            .redirect(redirects())
            .build()?;
        let services = Arc::new(Services {
            releases: Releases::new(http.clone()),
            fetcher: Fetcher::new(http, project.downloads()),
            upstream: Upstream::new(Arc::clone(&reporter)),
            builder: Arc::clone(&builder),
            reporter: Arc::clone(&reporter),
        });
        let runtime = Runtime::new(&project.compile_cache())?;
        Ok(Self {
            project,
            settings,
            registry,
            builder,
            runtime,
            services,
            reporter,
            _local: local,
        })
    }
}

/// A few redirects, none of which gives up encryption.
fn redirects() -> Policy {
    Policy::custom(|attempt| {
        let encrypted = attempt
            .previous()
            .last()
            .is_some_and(|url| url.scheme() == "https");
        if attempt.previous().len() > MAX_REDIRECTS {
            attempt.error("too many redirects")
        } else if encrypted && attempt.url().scheme() != "https" {
            attempt.error("redirected from https to http")
        } else {
            attempt.follow()
        }
    })
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
            let endpoint = Endpoint::new(host, &settings.namespace)?;
            Ok((Registry::new(endpoint, reporter)?, None))
        }
        RegistryChoice::Local => {
            let local = LocalRegistry::open(&project.local_registry(), port).await?;
            let endpoint =
                Endpoint::new(&local.address().to_string(), &settings.namespace)?.shown_as_local();
            Ok((Registry::new(endpoint, reporter)?, Some(local)))
        }
    }
}
