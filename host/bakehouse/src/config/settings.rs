//! The settings of one invocation.

use std::num::{NonZeroU32, NonZeroUsize};

use bakehouse_core::platform::Platform;

use super::{BuilderChoice, CacheChoice, Given, Origin, Overrides, ProjectFile, Scope};
use crate::failure::{ExitCode, Failure};

/// Versions looked at where nothing is said.
pub(super) const MAX_VERSIONS: NonZeroU32 = NonZeroU32::new(10).expect("not zero");
/// Targets built at the same time where nothing is said: one version's two
/// platforms.
pub(super) const CONCURRENCY: NonZeroUsize = NonZeroUsize::new(2).expect("not zero");

/// The place where indexes are published.
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
    /// The origins of registry, namespace and the like.
    pub origins: Origins,
    /// Platforms to publish, and those of this run.
    pub scope: Scope,
    /// Platforms that were named for this run alone.
    pub named: Vec<Platform>,
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
    /// The place where build layers are kept between runs.
    pub cache: CacheChoice,
    /// Use recipes as they were built.
    pub locked: bool,
    /// Build anew what is published already.
    pub rebuild: bool,
    /// Options of every command, as they stand on the command line: with them
    /// another command does the same elsewhere.
    pub flags: Vec<String>,
}

/// The origins of the settings that say what is published where.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Origins {
    /// Of the registry.
    pub registry: Origin,
    /// Of the namespace.
    pub namespace: Origin,
    /// Of the platforms.
    pub platforms: Origin,
    /// Of how many versions are looked at.
    pub max_versions: Origin,
}

impl Origins {
    fn new(file: &ProjectFile, overrides: &Overrides) -> Self {
        let given = &overrides.given;
        let platforms = file.platforms.is_some() || file.multi_arch.is_some();
        Self {
            registry: Given::or_file(given.registry, file.registry.is_some()),
            namespace: Given::or_file(given.namespace, file.namespace.is_some()),
            platforms: Given::or_file(given.platforms, platforms),
            max_versions: Given::or_file(given.max_versions, file.max_versions.is_some()),
        }
    }
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
        Ok(Self {
            registry,
            namespace,
            origins: Origins::new(file, overrides),
            scope: scope(file, overrides)?,
            named: overrides.platforms.clone(),
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
            locked: overrides.locked,
            rebuild: overrides.rebuild,
            flags: overrides.flags.clone(),
        })
    }
}

/// The platforms. What the file says is what is published; flags and
/// environment choose among it for one run.
fn scope(file: &ProjectFile, overrides: &Overrides) -> Result<Scope, Failure> {
    let mut configured = file.platforms.clone().unwrap_or_else(default_platforms);
    if configured.is_empty() {
        return Err(Failure::new(ExitCode::Config, "`platforms` is empty")
            .hint("name at least one, e.g. platforms = [\"linux/amd64\"]"));
    }
    if !overrides.multi_arch.or(file.multi_arch).unwrap_or(true) && file.multi_arch == Some(false) {
        configured = one(configured);
    }
    let mut only = match overrides.platforms.as_slice() {
        [] => configured.clone(),
        only if overrides.whole => [&configured, only].concat(),
        only => only.to_vec(),
    };
    // Who says this of a run asks for a part, in other words.
    let alone = overrides.multi_arch == Some(false);
    if alone {
        only = one(only);
    }
    Ok(Scope::part(&configured, &only, overrides.partial || alone))
}

/// One of these platforms: this machine's, else the first.
fn one(mut platforms: Vec<Platform>) -> Vec<Platform> {
    let native = Platform::native();
    if platforms.contains(&native) {
        return vec![native];
    }
    platforms.truncate(1);
    platforms
}

/// Platforms of a project that names none.
#[must_use]
pub fn default_platforms() -> Vec<Platform> {
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
        assert_eq!(settings.scope.only().len(), 1);
        assert_eq!(settings.scope.wanted(), default_platforms());
        assert_eq!(settings.concurrency, CONCURRENCY);
    }

    fn shown(platforms: &[Platform]) -> String {
        let texts: Vec<_> = platforms.iter().map(ToString::to_string).collect();
        texts.join(" ")
    }

    #[test]
    fn one_platform_is_this_machines_else_the_first() {
        let chosen = |platforms: &str, multi_arch: &str, flag| {
            let file = format!(
                "registry = \"local\"\nnamespace = \"n\"\nplatforms = {platforms}\n{multi_arch}"
            );
            let overrides = Overrides {
                multi_arch: flag,
                ..Overrides::default()
            };
            let scope = Settings::resolve(&toml::from_str(&file).unwrap(), &overrides)
                .unwrap()
                .scope;
            (shown(scope.wanted()), scope.is_partial())
        };
        let native = Platform::native().to_string();
        let with_native = format!("[\"linux/s390x\", \"{native}\"]");
        let without = r#"["linux/s390x", "linux/riscv64"]"#;
        let off = "multi-arch = false";
        // In the file it is what is published, for one run it is a part.
        assert_eq!(chosen(&with_native, off, None), (native.clone(), false));
        assert_eq!(chosen(&with_native, "", Some(false)), (native, true));
        assert_eq!(chosen(without, off, None), ("linux/s390x".into(), false));
        assert_eq!(
            chosen(without, off, Some(true)),
            ("linux/riscv64 linux/s390x".into(), false)
        );
        assert!(!chosen(r#"["linux/s390x"]"#, "", Some(false)).1);
    }

    #[test]
    fn registry_and_namespace_must_come_from_somewhere() {
        let failure =
            Settings::resolve(&ProjectFile::default(), &Overrides::default()).unwrap_err();
        assert_eq!(failure.code(), ExitCode::Config);
        assert!(failure.hint_text().unwrap().contains("--registry"));
    }
}
