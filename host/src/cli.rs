//! The command line.

use std::num::{NonZeroU32, NonZeroUsize};
use std::path::PathBuf;
use std::str::FromStr;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::config::{CacheChoice, Overrides};
use crate::platform::Platform;

/// Publishes the multi-arch container images that upstream projects do not ship.
#[derive(Debug, Parser)]
#[command(name = "bakehouse", version)]
pub struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Options of every command.
#[derive(Debug, Args)]
pub(crate) struct Global {
    /// Folder of bakehouse.toml [default: the nearest at or above here]
    #[arg(long, global = true, value_name = "FOLDER")]
    pub(crate) root: Option<PathBuf>,
    /// Registry to publish to: HOST[:PORT], or `local` for the embedded one
    #[arg(long, global = true, env = "REGISTRY", value_name = "HOST")]
    pub(crate) registry: Option<String>,
    /// Path between registry and image name
    #[arg(long, global = true, env = "NAMESPACE", value_name = "PATH")]
    pub(crate) namespace: Option<String>,
    /// buildx builder to use [default: buildx's current one]
    #[arg(long, global = true, env = "BAKEHOUSE_BUILDER", value_name = "NAME")]
    pub(crate) builder: Option<String>,
    /// Publish for all configured platforms, or for one: this machine's, else
    /// the first [default: true]
    #[arg(long, global = true, env = "MULTI_ARCH", value_name = "BOOL", value_parser = given::<bool>)]
    multi_arch: Option<Given<bool>>,
    /// Run steps for other platforms emulated, where the builder can
    /// [default: true]
    #[arg(long, global = true, env = "USE_QEMU", value_name = "BOOL", value_parser = given::<bool>)]
    use_qemu: Option<Given<bool>>,
    /// Where build layers are kept: none, local, registry, gha
    #[arg(long, global = true, env = "BAKEHOUSE_CACHE", value_name = "WHERE", value_parser = given::<CacheChoice>)]
    cache: Option<Given<CacheChoice>>,
    /// Show every step, what it prints, and recipes' logs
    #[arg(short, long, global = true, conflicts_with = "quiet")]
    pub(crate) verbose: bool,
    /// Show results and errors only
    #[arg(short, long, global = true)]
    pub(crate) quiet: bool,
    /// Plain lines instead of bars on a terminal
    #[arg(long, global = true)]
    pub(crate) no_progress: bool,
}

/// A value that may be empty: CI hands unset inputs on as empty variables.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Given<T>(Option<T>);

fn given<T: FromStr>(text: &str) -> Result<Given<T>, T::Err> {
    match text {
        "" => Ok(Given(None)),
        _ => text.parse().map(|value| Given(Some(value))),
    }
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Show what the registry lacks
    Plan(PlanArgs),
    /// Build and push targets of one version by digest; tag nothing
    Build(BuildArgs),
    /// Merge the digests of one version into an index, and tag it
    Merge(MergeArgs),
    /// All of it: plan, build, push, merge, tag, for every app or those named
    Run(RunArgs),
    /// Show what is behind a reference
    Inspect(InspectArgs),
    /// Run each platform's image once, in the Docker Engine
    Smoke(SmokeArgs),
    /// Serve the embedded registry until Ctrl-C
    Serve(ServeArgs),
    /// Work on recipes
    Recipe(RecipeArgs),
}

/// Which part of a plan.
#[derive(Debug, Args)]
pub(crate) struct Selection {
    /// Platform to publish; may be given several times
    #[arg(long = "platform", value_name = "OS/ARCH")]
    pub(crate) platforms: Vec<Platform>,
    /// How many of the newest versions to look at
    #[arg(long, env = "MAX_VERSIONS", value_name = "N")]
    pub(crate) max_versions: Option<NonZeroU32>,
}

/// How results are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people
    Text,
    /// For programs; its schema is stable
    Json,
}

/// `bakehouse plan`
#[derive(Debug, Args)]
pub(crate) struct PlanArgs {
    /// Apps [default: all]
    pub(crate) apps: Vec<String>,
    #[command(flatten)]
    pub(crate) selection: Selection,
    /// Output format
    #[arg(long, value_enum, default_value = "text")]
    pub(crate) format: Format,
}

/// `bakehouse build`
#[derive(Debug, Args)]
pub(crate) struct BuildArgs {
    /// The app
    pub(crate) app: String,
    /// The version
    #[arg(long, value_name = "NUMBER")]
    pub(crate) version: String,
    /// Platform to build; may be given several times [default: all missing]
    #[arg(long = "platform", value_name = "OS/ARCH")]
    pub(crate) platforms: Vec<Platform>,
    /// Targets built at the same time
    #[arg(long, value_name = "N")]
    pub(crate) concurrency: Option<NonZeroUsize>,
    /// Show what would be built and pushed, and do nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
}

/// `bakehouse merge`
#[derive(Debug, Args)]
pub(crate) struct MergeArgs {
    /// The app
    pub(crate) app: String,
    /// The version
    #[arg(long, value_name = "NUMBER")]
    pub(crate) version: String,
    /// Platform the index must have; may be given several times
    #[arg(long = "platform", value_name = "OS/ARCH")]
    pub(crate) platforms: Vec<Platform>,
    /// Folder with digest files [default: digests/ of the project]
    #[arg(long, value_name = "FOLDER")]
    pub(crate) digests: Option<PathBuf>,
    /// Replace images that are published under this version already
    #[arg(long)]
    pub(crate) force: bool,
    /// Show what would be tagged, and do nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
}

/// `bakehouse run`
#[derive(Debug, Args)]
pub(crate) struct RunArgs {
    /// Apps [default: all]
    pub(crate) apps: Vec<String>,
    #[command(flatten)]
    pub(crate) selection: Selection,
    /// Targets built at the same time
    #[arg(long, value_name = "N")]
    pub(crate) concurrency: Option<NonZeroUsize>,
    /// Show what would be built, pushed and tagged, and do nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Output format of the report
    #[arg(long, value_enum, default_value = "text")]
    pub(crate) format: Format,
}

/// `bakehouse inspect`
#[derive(Debug, Args)]
pub(crate) struct InspectArgs {
    /// IMAGE[:TAG|@DIGEST] of the project's registry, or a full reference
    pub(crate) reference: String,
    /// Output format
    #[arg(long, value_enum, default_value = "text")]
    pub(crate) format: Format,
}

/// `bakehouse smoke`
#[derive(Debug, Args)]
pub(crate) struct SmokeArgs {
    /// IMAGE[:TAG|@DIGEST] of the project's registry, or a full reference
    pub(crate) reference: String,
    /// Platform to run; may be given several times [default: all of the index]
    #[arg(long = "platform", value_name = "OS/ARCH")]
    pub(crate) platforms: Vec<Platform>,
    /// Arguments for the image's entrypoint
    #[arg(last = true)]
    pub(crate) arguments: Vec<String>,
}

/// `bakehouse serve`
#[derive(Debug, Args)]
pub(crate) struct ServeArgs {
    /// Port on 127.0.0.1; 0 takes a free one
    #[arg(long, default_value_t = 5000)]
    pub(crate) port: u16,
}

/// `bakehouse recipe`
#[derive(Debug, Args)]
pub(crate) struct RecipeArgs {
    #[command(subcommand)]
    pub(crate) command: RecipeCommand,
}

/// What to do with a recipe.
#[derive(Debug, Subcommand)]
pub(crate) enum RecipeCommand {
    /// List what a recipe asks for, what is granted, and what is missing
    Check(RecipeCheckArgs),
}

/// `bakehouse recipe check`
#[derive(Debug, Args)]
pub(crate) struct RecipeCheckArgs {
    /// The app
    pub(crate) app: String,
    /// Output format
    #[arg(long, value_enum, default_value = "text")]
    pub(crate) format: Format,
}

impl Global {
    /// Settings that come from flags and environment alone.
    pub(crate) fn overrides(&self) -> Overrides {
        // CI hands unset inputs on as empty variables.
        let given = |value: &Option<String>| value.clone().filter(|text| !text.is_empty());
        Overrides {
            registry: given(&self.registry),
            namespace: given(&self.namespace),
            builder: given(&self.builder),
            multi_arch: self.multi_arch.and_then(|given| given.0),
            use_qemu: self.use_qemu.and_then(|given| given.0),
            cache: self.cache.and_then(|given| given.0),
            ..Overrides::default()
        }
    }
}
