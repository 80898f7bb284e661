//! The settings of one invocation.

use std::num::{NonZeroU32, NonZeroUsize};

use super::{BuilderChoice, CacheChoice, Overrides, ProjectFile};
use crate::error::{ExitCode, Failure};
use crate::platform::Platform;

/// Versions looked at where nothing is said.
const MAX_VERSIONS: NonZeroU32 = NonZeroU32::new(10).expect("not zero");
/// Targets built at the same time where nothing is said: one version's two
/// platforms.
const CONCURRENCY: NonZeroUsize = NonZeroUsize::new(2).expect("not zero");

/// Where indexes are published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RegistryChoice {
    /// The embedded loopback registry.
    Local,
    /// A registry, `host[:port]`.
    Host(String),
}

/// Flags over environment over `bakehouse.toml` over defaults.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The target registry.
    pub registry: RegistryChoice,
    /// Path between registry and image name.
    pub namespace: String,
    /// Platforms to publish.
    pub platforms: Vec<Platform>,
    /// Steps for platforms that no builder node is of may run emulated.
    pub use_qemu: bool,
    /// Newest versions to look at.
    pub max_versions: NonZeroU32,
    /// Targets built at the same time.
    pub concurrency: NonZeroUsize,
    /// buildx builders, in the order they are preferred; none is buildx's
    /// current one.
    pub builders: Vec<BuilderChoice>,
    /// Attach SLSA provenance.
    pub provenance: bool,
    /// Where build layers are kept between runs.
    pub cache: CacheChoice,
    /// Build anew what is published already.
    pub rebuild: bool,
}

impl Settings {
    /// Puts the layers together.
    ///
    /// # Errors
    /// A [`Failure`] with [`ExitCode::Config`] when registry or namespace are
    /// not set anywhere, or cannot be used.
    pub fn resolve(file: &ProjectFile, overrides: &Overrides) -> Result<Self, Failure> {
        let registry = overrides
            .registry
            .as_ref()
            .or(file.registry.as_ref())
            .ok_or_else(|| {
                Failure::new(ExitCode::Config, "no registry to publish to").hint(
                    "set `registry` in bakehouse.toml, or pass --registry HOST or --registry local",
                )
            })?;
        let registry = match registry.as_str() {
            "local" => RegistryChoice::Local,
            host => RegistryChoice::Host(host.to_owned()),
        };
        let namespace = overrides
            .namespace
            .as_ref()
            .or(file.namespace.as_ref())
            .ok_or_else(|| {
                Failure::new(ExitCode::Config, "no namespace to publish under")
                    .hint("set `namespace` in bakehouse.toml, or pass --namespace")
            })?
            .clone();
        let mut platforms = if overrides.platforms.is_empty() {
            file.platforms.clone().unwrap_or_else(default_platforms)
        } else {
            overrides.platforms.clone()
        };
        if !overrides.multi_arch.or(file.multi_arch).unwrap_or(true) {
            let native = Platform::native();
            if platforms.contains(&native) {
                platforms = vec![native];
            }
            platforms.truncate(1);
        }
        platforms.sort();
        platforms.dedup();
        if platforms.is_empty() {
            return Err(Failure::new(ExitCode::Config, "`platforms` is empty")
                .hint("name at least one, e.g. platforms = [\"linux/amd64\"]"));
        }
        Ok(Self {
            registry,
            namespace,
            platforms,
            use_qemu: overrides.use_qemu.or(file.use_qemu).unwrap_or(true),
            max_versions: overrides
                .max_versions
                .or(file.max_versions)
                .unwrap_or(MAX_VERSIONS),
            concurrency: overrides
                .concurrency
                .or(file.concurrency)
                .unwrap_or(CONCURRENCY),
            builders: if overrides.builders.is_empty() {
                file.builder.clone()
            } else {
                overrides.builders.clone()
            },
            provenance: file.provenance.unwrap_or(false),
            cache: overrides.cache.or(file.cache).unwrap_or_default(),
            rebuild: overrides.rebuild,
        })
    }
}

fn default_platforms() -> Vec<Platform> {
    ["amd64", "arm64"]
        .iter()
        .filter_map(|architecture| Platform::new("linux", architecture, None).ok())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_win_over_the_file() {
        let file: ProjectFile =
            toml::from_str("registry = \"a.example\"\nnamespace = \"n\"\nmax-versions = 4")
                .unwrap();
        let overrides = Overrides {
            registry: Some("local".to_owned()),
            platforms: vec![
                "linux/arm64".parse().unwrap(),
                "linux/arm64/v8".parse().unwrap(),
            ],
            ..Overrides::default()
        };
        let settings = Settings::resolve(&file, &overrides).unwrap();
        assert_eq!(settings.registry, RegistryChoice::Local);
        assert_eq!(settings.namespace, "n");
        assert_eq!(settings.max_versions.get(), 4);
        assert_eq!(settings.platforms.len(), 1);
        assert_eq!(settings.concurrency, CONCURRENCY);
    }

    #[test]
    fn one_platform_is_this_machines_else_the_first() {
        let file: ProjectFile =
            toml::from_str("registry = \"local\"\nnamespace = \"n\"\nmulti-arch = false").unwrap();
        let chosen = |platforms: &[&str], multi_arch| {
            let overrides = Overrides {
                platforms: platforms.iter().map(|p| p.parse().unwrap()).collect(),
                multi_arch,
                ..Overrides::default()
            };
            let settings = Settings::resolve(&file, &overrides).unwrap();
            let texts = settings.platforms.iter().map(ToString::to_string);
            texts.collect::<Vec<_>>().join(" ")
        };
        let native = Platform::native().to_string();
        assert_eq!(chosen(&[], None), native);
        assert_eq!(chosen(&["linux/s390x", &native], None), native);
        assert_eq!(
            chosen(&["linux/s390x", "linux/riscv64"], None),
            "linux/s390x"
        );
        assert_eq!(chosen(&[], Some(true)), "linux/amd64 linux/arm64");
    }

    #[test]
    fn registry_and_namespace_must_come_from_somewhere() {
        let failure =
            Settings::resolve(&ProjectFile::default(), &Overrides::default()).unwrap_err();
        assert_eq!(failure.code(), ExitCode::Config);
        assert!(failure.hint_text().unwrap().contains("--registry"));
    }
}
