//! Prepares what one build's child process may see and fetch.

use std::path::Path;

use bakehouse_core::storage_error::At as _;
use bakehouse_system::docker::credentials::{Credentials as _, DockerCredentials};
use bakehouse_system::redaction::Redactor;

use super::child_env::ChildEnv;
use super::docker_config::docker_config;
use super::source_policy;
use crate::builder::{BuildRequest, Output};
use crate::cache::layer_cache::LayerCache;
use crate::error::BuildError;
use crate::options::BuildxOptions;
use crate::step_settings::StepSettings;

/// The environment of one build, its credentials, and what it must not print.
pub(crate) struct BuildSandbox {
    pub(crate) env: ChildEnv,
    /// Values of granted secrets.
    secrets: Vec<String>,
}

impl BuildSandbox {
    /// Writes the source policy into `scratch`, and a Docker configuration with
    /// the credentials of the registries that this build pulls from or pushes
    /// to.
    ///
    /// # Errors
    /// [`BuildError::SecretNotSet`], [`BuildError::Credentials`] if they cannot be
    /// read, [`BuildError::Storage`] if files cannot be written.
    pub(crate) async fn new(
        request: &BuildRequest,
        options: &BuildxOptions,
        scratch: &Path,
    ) -> Result<Self, BuildError> {
        let policy = scratch.join("source-policy.json");
        let rules = source_policy::rules(&request.access, &options.mirrors);
        std::fs::write(&policy, rules.to_string()).at("write", &policy)?;

        let mut registries = request.access.registries();
        let mirrors = options.mirrors.images().iter();
        registries.extend(
            mirrors
                .filter_map(|mirror| mirror.to.split('/').next())
                .map(str::to_owned),
        );
        if let Output::PushByDigest { repository, .. } = &request.output {
            registries.extend(repository.split('/').next().map(str::to_owned));
        }
        if let LayerCache::Registry { namespace, .. } = &options.layer_cache {
            registries.extend(namespace.split('/').next().map(str::to_owned));
        }
        let mut logins = Vec::new();
        for registry in registries {
            let login = DockerCredentials::new(&registry).find().await?;
            logins.push((registry, login));
        }
        let config = docker_config(scratch, &logins)?;

        let mut secrets = Vec::new();
        for name in &request.build.secrets {
            let value = std::env::var(name).map_err(|_| BuildError::SecretNotSet {
                secret: name.clone(),
                app: request.target.app.clone(),
            })?;
            secrets.push(value);
        }
        let mut env = options.env.clone();
        env.source_policy = Some(policy);
        env.docker_config = Some(config);
        env.pass.extend(request.build.secrets.iter().cloned());
        Ok(Self { env, secrets })
    }

    /// The texts that the build's output must not show: secrets, and those of the
    /// steps' settings that are none of a reader's business.
    pub(crate) fn hidden(&self, settings: &StepSettings) -> Redactor {
        let secrets = self.secrets.iter().map(String::as_str);
        Redactor::new(secrets.chain(settings.hidden()))
    }
}
