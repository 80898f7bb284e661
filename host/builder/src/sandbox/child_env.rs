//! The environment of the `docker-buildx` program, cut to what it may see.
//!
//! An allow-list: tokens and passwords that Bakehouse itself was given stay
//! here. Proxies are for reaching the builder and registries; buildx does not
//! hand them to build steps.

use std::ffi::OsString;
use std::path::PathBuf;

use bakehouse_system::docker::{PROXIES, docker_folder};
use tokio::process::Command;

use crate::set_up::SetUp;

/// Passed on when set.
const ALLOWED: &[&str] = &[
    // Finding programs and files.
    "PATH",
    "HOME",
    "USER",
    "TMPDIR",
    "XDG_RUNTIME_DIR",
    "XDG_CONFIG_HOME",
    // Finding the engine and the builder.
    "DOCKER_HOST",
    "DOCKER_CONTEXT",
    "DOCKER_CONFIG",
    "DOCKER_CERT_PATH",
    "DOCKER_TLS",
    "DOCKER_TLS_VERIFY",
    "DOCKER_API_VERSION",
    "BUILDX_CONFIG",
    "BUILDX_BUILDER",
    "BUILDX_CPU_PROFILE",
    "KUBECONFIG",
    "SSH_AUTH_SOCK",
    // Reaching them.
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
];

/// Only for `type=gha` layer caches.
const GITHUB_CACHE: &[&str] = &[
    "ACTIONS_CACHE_URL",
    "ACTIONS_CACHE_SERVICE_V2",
    "ACTIONS_RESULTS_URL",
    "ACTIONS_RUNTIME_TOKEN",
    "GITHUB_REPOSITORY",
];

/// Set whatever the environment says: no hints, nothing taken from the working
/// directory's git repository, no attestations nobody asked for.
const FIXED: &[(&str, &str)] = &[
    ("DOCKER_CLI_HINTS", "false"),
    ("BUILDX_GIT_INFO", "false"),
    ("BUILDX_GIT_CHECK_DIRTY", "false"),
    ("BUILDX_NO_DEFAULT_ATTESTATIONS", "1"),
    // What is checked of a build; its image gets none by this.
    ("BUILDX_METADATA_PROVENANCE", "max"),
    // It lives for a second, and collects garbage several times while it starts: with
    // the default, that is a twentieth of a cached build (Go's gc guide, "GOGC").
    ("GOGC", "400"),
];

/// The environment of the child.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ChildEnv {
    /// A folder with `config.json`, holding only the credentials this build
    /// needs. buildx's own state is still found where it was.
    pub docker_config: Option<PathBuf>,
    /// A BuildKit source policy (JSON): what `FROM`, `ADD` and named contexts
    /// may fetch.
    pub source_policy: Option<PathBuf>,
    /// More variables to pass on, by name: what a credential helper needs.
    pub pass: Vec<String>,
    /// Programs and an engine beside those of the machine.
    pub set_up: SetUp,
}

impl ChildEnv {
    /// `PATH` of the child.
    pub(crate) fn path(&self) -> Option<OsString> {
        self.set_up.path().or_else(|| std::env::var_os("PATH"))
    }

    /// Replaces the child's environment.
    pub(crate) fn apply(&self, command: &mut Command, github_cache: bool) {
        command.env_clear();
        let github = if github_cache { GITHUB_CACHE } else { &[] };
        let pass = self.pass.iter().map(String::as_str);
        for name in ALLOWED
            .iter()
            .chain(PROXIES)
            .chain(github)
            .copied()
            .chain(pass)
        {
            if let Some(value) = std::env::var_os(name) {
                command.env(name, value);
            }
        }
        command.envs(FIXED.iter().copied());
        if let Some(path) = self.set_up.path() {
            command.env("PATH", path);
        }
        if let Some(host) = self.set_up.docker_host() {
            command.env("DOCKER_HOST", host);
        }
        if let Some(folder) = &self.docker_config {
            if std::env::var_os("BUILDX_CONFIG").is_none()
                && let Some(docker) = docker_folder()
            {
                command.env("BUILDX_CONFIG", docker.join("buildx"));
            }
            command.env("DOCKER_CONFIG", folder);
        }
        if let Some(policy) = &self.source_policy {
            command.env("EXPERIMENTAL_BUILDKIT_SOURCE_POLICY", policy);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passes_only_what_is_listed() {
        let mut command = Command::new("x");
        command.env("GITHUB_TOKEN", "secret");
        let env = ChildEnv {
            docker_config: Some("/tmp/config".into()),
            source_policy: Some("/tmp/policy.json".into()),
            pass: vec!["CARGO_PKG_NAME".to_owned()],
            set_up: SetUp {
                programs: Some("/up/bin".into()),
                engine: Some("unix:///up".to_owned()),
            },
        };
        env.apply(&mut command, false);
        let set: Vec<_> = command
            .as_std()
            .get_envs()
            .filter_map(|(k, v)| Some((k.to_str()?, v?.to_str()?)))
            .collect();
        let value = |name| set.iter().find(|(k, _)| *k == name).map(|(_, v)| *v);
        assert_eq!(value("GITHUB_TOKEN"), None);
        assert_eq!(value("CARGO_MANIFEST_DIR"), None);
        assert_eq!(value("CARGO_PKG_NAME"), Some(env!("CARGO_PKG_NAME")));
        assert_eq!(value("DOCKER_CONFIG"), Some("/tmp/config"));
        assert_eq!(
            value("EXPERIMENTAL_BUILDKIT_SOURCE_POLICY"),
            Some("/tmp/policy.json")
        );
        assert!(value("BUILDX_CONFIG").is_some());
        assert!(value("PATH").unwrap().starts_with("/up/bin:"));
    }
}
