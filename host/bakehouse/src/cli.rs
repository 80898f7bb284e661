//! The command line.

mod review;
mod values;

use std::num::{NonZeroU32, NonZeroUsize};
use std::path::PathBuf;

use bakehouse_core::platform::Platform;
use clap::builder::PossibleValuesParser;
use clap::parser::ValueSource;
use clap::{
    ArgMatches, Args, CommandFactory as _, FromArgMatches as _, Parser, Subcommand, ValueEnum,
};

use crate::completion::{self, Shell};
use crate::config::{BuilderChoice, CacheChoice, Given, Origin, Overrides};
use crate::environment;
use crate::help;
use crate::new::Kind;
use crate::printer::{self, Colour};
use crate::product::Product;
use crate::reporters::Progress;
use crate::schema::Document;

pub(crate) use review::{
    Change, ReviewArgs, ReviewBuildArgs, ReviewFormat, ReviewPageArgs, ReviewPart, ReviewPlanArgs,
};

/// Builds and publishes multi-arch container images of upstream projects.
#[derive(Debug, Parser)]
#[command(name = "bakehouse", version)]
pub struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
    /// The origin of each setting: a flag, or the environment.
    #[arg(skip)]
    pub(crate) given: Given,
    /// Options of every command that are on the command line, and change what is
    /// done.
    #[arg(skip)]
    pub(crate) flags: Vec<String>,
    /// Variables of the environment that decide something which nothing else tells
    /// of, with their values.
    #[arg(skip)]
    pub(crate) variables: Vec<String>,
    /// The command, and options on the command line that it has no use for.
    #[arg(skip)]
    pub(crate) unused: (String, Vec<String>),
}

/// Options of every command.
#[derive(Debug, Args)]
pub(crate) struct Global {
    /// Folder of bakehouse.toml [default: the nearest at or above here]
    #[arg(long, global = true, value_name = "FOLDER")]
    pub(crate) root: Option<PathBuf>,
    /// Registry to publish to: HOST[:PORT], or `local` for the embedded one
    #[arg(long, global = true, env = "BAKEHOUSE_REGISTRY", value_name = "HOST")]
    pub(crate) registry: Option<String>,
    /// Path between registry and image name
    #[arg(long, global = true, env = "BAKEHOUSE_NAMESPACE", value_name = "PATH")]
    pub(crate) namespace: Option<String>,
    /// buildx builder to use, or OS/ARCH=NAME for one platform; may be given
    /// several times, or with commas [default: buildx's current one]
    #[arg(
        long = "builder",
        global = true,
        env = "BAKEHOUSE_BUILDER",
        value_name = "NAME",
        value_delimiter = ','
    )]
    pub(crate) builders: Vec<BuilderChoice>,
    /// Publish for all configured platforms, or for one: this machine's, else
    /// the first [default: true]
    #[arg(
        long,
        global = true,
        env = "BAKEHOUSE_MULTI_ARCH",
        value_name = "BOOL",
        value_parser = values::boolean()
    )]
    multi_arch: Option<bool>,
    /// Run steps for other platforms emulated, where the builder can
    /// [default: true]
    #[arg(
        long,
        global = true,
        env = "BAKEHOUSE_USE_QEMU",
        value_name = "BOOL",
        value_parser = values::boolean()
    )]
    use_qemu: Option<bool>,
    /// Where build layers are kept: none, local, registry, gha
    #[arg(
        long,
        global = true,
        env = "BAKEHOUSE_CACHE",
        value_name = "WHERE",
        value_parser = values::cache(),
        hide_possible_values = true
    )]
    cache: Option<CacheChoice>,
    /// Use recipes as they were built, and Cargo.lock as it is
    #[arg(long, global = true)]
    locked: bool,
    /// Show every step, what it prints, and recipes' logs
    #[arg(short, long, global = true, conflicts_with = "quiet")]
    pub(crate) verbose: bool,
    /// Say nothing when all is well: show errors, alarms, and results that were
    /// asked for
    #[arg(short, long, global = true)]
    pub(crate) quiet: bool,
    /// Progress: auto (by what stderr is), tty (drawn on a
    /// terminal), plain (line by line) or json (one event a line)
    #[arg(
        long,
        global = true,
        env = "BAKEHOUSE_PROGRESS",
        value_name = "HOW",
        value_enum,
        hide_possible_values = true,
        default_value = "auto"
    )]
    pub(crate) progress: Progress,
    /// Colours: auto (on a terminal, as `NO_COLOR` and `CLICOLOR_FORCE` say), always,
    /// never
    #[arg(
        long,
        global = true,
        value_name = "WHEN",
        value_enum,
        hide_possible_values = true,
        default_value = "auto"
    )]
    pub(crate) color: Colour,
    /// `--progress plain`, by its earlier name
    #[arg(long, global = true, hide = true, conflicts_with = "progress")]
    no_progress: bool,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Make a project of a folder
    Init(InitArgs),
    /// Write an app of what upstream publishes
    New(NewArgs),
    /// Show what the registry lacks
    Plan(PlanArgs),
    /// Build and push targets of one version by digest; tag nothing
    Build(BuildArgs),
    /// Merge the digests of one version into an index, and tag it
    Merge(MergeArgs),
    /// Show what is published against what upstream has, as a table, a page or a
    /// badge
    Status(StatusArgs),
    /// All of it: plan, build, push, merge, tag, for every app or those named
    Run(RunArgs),
    /// Look at a change before it is merged: what it touches and grants; build
    /// and run that, and publish nothing
    Review(ReviewArgs),
    /// List the runs that are kept
    Runs(RunsArgs),
    /// Show logs of a run's targets
    Logs(LogsArgs),
    /// Show the report of a run, as text or as a page
    Report(ReportArgs),
    /// Show the index or image that a reference names
    Inspect(InspectArgs),
    /// Run each platform's image once, in the Docker Engine
    Smoke(SmokeArgs),
    /// Serve the embedded registry until Ctrl-C
    Serve(ServeArgs),
    /// Work on recipes
    Recipe(RecipeArgs),
    /// Write the GitHub Actions workflow
    Workflows(WorkflowsArgs),
    /// Set up what builds need and this machine lacks: Docker Engine, buildx,
    /// emulation
    Up(UpArgs),
    /// Stop what `up` started
    Down,
    /// Say what is wrong with this machine and this project, and how to mend it
    Doctor(DoctorArgs),
    /// Print what a shell completes command lines with
    Completions(CompletionsArgs),
    /// Print the manual page, or write all of them
    Man(ManArgs),
    /// Print the JSON Schema of a file or of an output, or list all
    Schema(SchemaArgs),
}

/// What `plan` and `run` look at.
#[derive(Debug, Args)]
pub(crate) struct AppSelection {
    /// Apps [default: all]
    #[arg(env = "BAKEHOUSE_APPS", value_delimiter = ' ', add = completion::apps())]
    pub(crate) apps: Vec<String>,
    /// Platform to build for; may be given several times [default: all that are
    /// configured]
    #[arg(long = "platform", value_name = "OS/ARCH", add = completion::platforms())]
    pub(crate) platforms: Vec<Platform>,
    /// Tag versions with these platforms alone, though more are configured;
    /// moving tags stay
    #[arg(long, requires = "platforms")]
    pub(crate) partial: bool,
    /// How many of the newest versions to look at
    #[arg(
        long,
        env = "BAKEHOUSE_MAX_VERSIONS",
        value_name = "N",
        value_parser = values::count::<NonZeroU32>
    )]
    pub(crate) max_versions: Option<NonZeroU32>,
    #[command(flatten)]
    pub(crate) rebuild: Rebuild,
    /// Try now what failed before, too; else it waits as long as it has been
    /// failing
    #[arg(
        long,
        env = "BAKEHOUSE_RETRY_FAILED",
        value_parser = values::boolean()
    )]
    pub(crate) retry_failed: bool,
}

impl Cli {
    /// The command line, as it is read and as help, completions and manual pages
    /// tell of it.
    pub(crate) fn shaped() -> clap::Command {
        help::shape(environment::read(Self::command()))
    }

    /// The command line without shape, and without an environment.
    pub(crate) fn plain() -> clap::Command {
        Self::command()
    }

    /// Reads the command line and the environment, and ends the process where
    /// they cannot be understood.
    #[must_use]
    pub fn read() -> Self {
        // Help and errors of the command line itself are told before it is read.
        let asked = help::colour(std::env::args_os());
        let mut shaped = Self::shaped().color(asked);
        let matches = shaped
            .try_get_matches_from_mut(std::env::args_os())
            .unwrap_or_else(|error| {
                environment::blamed(&shaped, std::env::args_os(), error).exit()
            });
        let read = Self::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
        printer::choose_colour(read.global.color);
        Self {
            given: given(&matches),
            flags: flags(&matches),
            variables: variables(&shaped, &matches),
            unused: help::unused(&shaped, &matches),
            ..read
        }
    }
}

/// The origin of each setting: a flag, or the environment.
fn given(matches: &ArgMatches) -> Given {
    let mut levels = vec![matches];
    while let Some((_, below)) = levels.last().and_then(|matches| matches.subcommand()) {
        levels.push(below);
    }
    let source = |id: &str| {
        let sources = levels
            .iter()
            .filter(|matches| matches.ids().any(|i| i == id));
        sources.filter_map(|matches| matches.value_source(id)).max()
    };
    let origin = |id, flag, variable| match source(id)? {
        ValueSource::CommandLine => Some(Origin::Flag(flag)),
        ValueSource::EnvVariable => Some(Origin::Variable(
            environment::deciding(variable).unwrap_or(variable),
        )),
        _ => None,
    };
    Given {
        registry: origin("registry", "--registry", "BAKEHOUSE_REGISTRY"),
        namespace: origin("namespace", "--namespace", "BAKEHOUSE_NAMESPACE"),
        platforms: origin("platforms", "--platform", "")
            .or_else(|| origin("multi_arch", "--multi-arch", "BAKEHOUSE_MULTI_ARCH")),
        max_versions: origin("max_versions", "--max-versions", "BAKEHOUSE_MAX_VERSIONS"),
    }
}

/// The options of every command that were given as flags, as they were given;
/// not those that change what is said alone.
fn flags(matches: &ArgMatches) -> Vec<String> {
    const TALK: [&str; 5] = ["verbose", "quiet", "progress", "color", "no_progress"];
    let mut last = matches;
    while let Some((_, below)) = last.subcommand() {
        last = below;
    }
    let mut flags = Vec::new();
    for arg in Global::augment_args(clap::Command::new("")).get_arguments() {
        let id = arg.get_id().as_str();
        let is_flag = is_flag(last, id) && !TALK.contains(&id);
        let Some(long) = arg.get_long().filter(|_| is_flag) else {
            continue;
        };
        match arg.get_action().takes_values() {
            false => flags.push(format!("--{long}")),
            true => {
                for value in last.get_raw(id).into_iter().flatten() {
                    flags.push(format!("--{long}"));
                    flags.push(value.to_string_lossy().into_owned());
                }
            }
        }
    }
    flags
}

/// Says that an argument was given on the command line.
pub(crate) fn is_flag(matches: &ArgMatches, id: &str) -> bool {
    matches.ids().any(|given| given == id)
        && matches.value_source(id) == Some(ValueSource::CommandLine)
}

/// Variables that decide something, as `NAME=VALUE`; not those that are told with
/// the destination, or that change what is said alone.
fn variables(shaped: &clap::Command, matches: &ArgMatches) -> Vec<String> {
    const TOLD: [&str; 7] = [
        "registry",
        "namespace",
        "multi_arch",
        "max_versions",
        "platforms",
        "progress",
        "summaries",
    ];
    let (mut command, mut matches) = (shaped, matches);
    while let Some((name, below)) = matches.subcommand()
        && let Some(found) = command.find_subcommand(name)
    {
        (command, matches) = (found, below);
    }
    let decides = |arg: &&clap::Arg| {
        let id = arg.get_id().as_str();
        !TOLD.contains(&id)
            && matches.ids().any(|known| known == id)
            && matches.value_source(id) == Some(ValueSource::EnvVariable)
    };
    let arguments = command.get_arguments().filter(decides);
    let shown = arguments.filter_map(|arg| {
        let name = arg.get_env()?.to_string_lossy();
        Some(format!("{name}={}", std::env::var(&*name).ok()?.trim()))
    });
    shown.collect()
}

/// Whether to build what is published.
#[derive(Debug, Clone, Copy, Args)]
pub(crate) struct Rebuild {
    /// Build anew what is published, too; other images than before replace the
    /// version's, which keep the tag VERSION-rN
    #[arg(
        long,
        env = "BAKEHOUSE_REBUILD",
        value_parser = values::boolean()
    )]
    pub(crate) rebuild: bool,
}

/// Where a summary goes.
#[derive(Debug, Args)]
pub(crate) struct Summaries {
    /// Also write a summary: JSON to a FILE ending with .json, else Markdown;
    /// may be given several times
    #[arg(long = "summary", env = "GITHUB_STEP_SUMMARY", value_name = "FILE")]
    pub(crate) summaries: Vec<PathBuf>,
}

/// The form in which results are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people
    Text,
    /// For programs; its schema is stable
    Json,
}

/// The form in which a plan is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum PlanFormat {
    /// For people
    Text,
    /// For programs; its schema is stable
    Json,
    /// Job outputs of GitHub Actions: append it to `$GITHUB_OUTPUT`
    Github,
    /// A child pipeline of GitLab CI, whose jobs have `--save plan.json`
    Gitlab,
}

/// `bakehouse new`
#[derive(Debug, Args)]
pub(crate) struct NewArgs {
    /// The app's name, and the image's
    pub(crate) app: String,
    /// Upstream: npm:PACKAGE, pypi:PACKAGE, github:OWNER/REPO,
    /// gitlab:HOST/GROUP/PROJECT, gitea:HOST/OWNER/REPO, git:ADDRESS or
    /// oci:HOST/REPOSITORY
    #[arg(long, value_name = "SOURCE")]
    pub(crate) from: String,
    /// What it is made with [default: binaries; dockerfile for git: and oci:]
    #[arg(long, value_enum)]
    pub(crate) recipe: Option<Kind>,
    /// Upstream's licence, as an SPDX expression
    #[arg(long, value_name = "SPDX")]
    pub(crate) license: Option<String>,
    /// One line that says what it is
    #[arg(id = "about", long = "summary", value_name = "TEXT")]
    pub(crate) about: Option<String>,
    /// Platforms to look for, with commas [default: the project's]
    #[arg(
        id = "on",
        long = "platforms",
        value_name = "OS/ARCH",
        value_delimiter = ',',
        add = completion::platforms()
    )]
    pub(crate) on: Vec<Platform>,
    /// Which of upstream's tags count, with {version} in it
    #[arg(long, value_name = "PATTERN")]
    pub(crate) tag: Option<String>,
    /// The release's file, with {version}, {tag}, {os}, {arch} and *
    #[arg(long, value_name = "PATTERN")]
    pub(crate) file: Option<String>,
    /// The program in the archive, written as the file
    #[arg(long, value_name = "PATTERN")]
    pub(crate) member: Option<String>,
    /// The image to start from, or scratch
    #[arg(long, value_name = "IMAGE")]
    pub(crate) base: Option<String>,
    /// The Dockerfile, by its path in the repository
    #[arg(long, value_name = "PATH")]
    pub(crate) dockerfile: Option<String>,
    /// Ask nothing: take what is guessed
    #[arg(short, long)]
    pub(crate) yes: bool,
}

/// The format of a status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum StatusFormat {
    /// For people, at a terminal
    Table,
    /// For programs; its schema is stable
    Json,
    /// GitHub-flavoured Markdown
    Markdown,
    /// One page that loads nothing, with search
    Html,
    /// A badge as SVG: of the app named, or of all
    Badge,
    /// A badge as JSON, for shields.io's endpoint
    Shields,
}

/// `bakehouse status`
#[derive(Debug, Args)]
pub(crate) struct StatusArgs {
    /// Apps [default: all]
    #[arg(env = "BAKEHOUSE_APPS", value_delimiter = ' ', add = completion::apps())]
    pub(crate) apps: Vec<String>,
    /// Look at so many of the newest versions
    #[arg(
        long,
        env = "BAKEHOUSE_MAX_VERSIONS",
        value_name = "N",
        value_parser = values::count::<NonZeroU32>
    )]
    pub(crate) max_versions: Option<NonZeroU32>,
    /// Output format
    #[arg(long, value_enum, default_value = "table")]
    pub(crate) format: StatusFormat,
    /// Also write all formats to a folder, to be published as it is: index.html,
    /// status.json, status.md, badge.svg, shields.json, badges/
    #[arg(long, value_name = "FOLDER")]
    pub(crate) site: Option<PathBuf>,
}

/// `bakehouse plan`
#[derive(Debug, Args)]
pub(crate) struct PlanArgs {
    #[command(flatten)]
    pub(crate) selection: AppSelection,
    /// Output format
    #[arg(long, value_enum, default_value = "text")]
    pub(crate) format: PlanFormat,
    /// Show only what is missing
    #[arg(long)]
    pub(crate) missing: bool,
    /// Exit with 17 where there is work, and all is well but for that
    #[arg(long)]
    pub(crate) exit_code: bool,
    /// Also write the plan as JSON, for `merge --plan`
    #[arg(long, value_name = "FILE")]
    pub(crate) save: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) summary: Summaries,
}

/// `bakehouse build`
#[derive(Debug, Args)]
pub(crate) struct BuildArgs {
    /// The app
    #[arg(required_unless_present = "plan", conflicts_with = "plan", add = completion::apps())]
    pub(crate) app: Option<String>,
    /// The version
    #[arg(
        long,
        value_name = "NUMBER",
        required_unless_present = "plan",
        conflicts_with = "plan"
    )]
    pub(crate) version: Option<String>,
    /// Build what the plan has to build that `plan --save` wrote
    #[arg(long, value_name = "FILE", conflicts_with_all = ["platforms", "images", "rebuild"])]
    pub(crate) plan: Option<PathBuf>,
    /// Of the plan, build this batch
    #[arg(long, value_name = "ID", requires = "plan")]
    pub(crate) batch: Option<String>,
    /// Platform to build; may be given several times [default: all missing]
    #[arg(long = "platform", value_name = "OS/ARCH", add = completion::platforms())]
    pub(crate) platforms: Vec<Platform>,
    /// Image to build, and those it needs; may be given several times, or with
    /// commas [default: all missing]
    #[arg(long = "image", value_name = "NAME", value_delimiter = ',')]
    pub(crate) images: Vec<String>,
    #[command(flatten)]
    pub(crate) rebuild: Rebuild,
    /// Targets built at the same time
    #[arg(long, value_name = "N", value_parser = values::count::<NonZeroUsize>)]
    pub(crate) concurrency: Option<NonZeroUsize>,
    /// Show what would be built and pushed, and do nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    #[command(flatten)]
    pub(crate) summary: Summaries,
}

/// `bakehouse merge`
#[derive(Debug, Args)]
pub(crate) struct MergeArgs {
    /// The app
    #[arg(required_unless_present = "plan", add = completion::apps())]
    pub(crate) app: Option<String>,
    /// The version
    #[arg(long, value_name = "NUMBER", required_unless_present = "plan")]
    pub(crate) version: Option<String>,
    /// Merge all of the plan that `plan --save` wrote, asking no recipe
    #[arg(long, value_name = "FILE")]
    pub(crate) plan: Option<PathBuf>,
    /// Platform the index must have, beside those configured; may be given
    /// several times
    #[arg(
        long = "platform",
        value_name = "OS/ARCH",
        conflicts_with = "plan",
        add = completion::platforms()
    )]
    pub(crate) platforms: Vec<Platform>,
    /// Tag the version with these platforms alone, though more are configured;
    /// moving tags stay
    #[arg(long, requires = "platforms")]
    pub(crate) partial: bool,
    /// Folder with digest files, or with folders of them; may be given several
    /// times [default: digests/ of the project]
    #[arg(long, value_name = "FOLDER")]
    pub(crate) digests: Vec<PathBuf>,
    /// Replace published images by those of `build --rebuild`; a plan says it
    /// by itself
    #[arg(long, conflicts_with = "plan")]
    pub(crate) rebuild: bool,
    /// Replace images that are published under this version already
    #[arg(long)]
    pub(crate) force: bool,
    /// Show what would be tagged, and do nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    #[command(flatten)]
    pub(crate) summary: Summaries,
}

/// `bakehouse run`
#[derive(Debug, Args)]
pub(crate) struct RunArgs {
    #[command(flatten)]
    pub(crate) selection: AppSelection,
    /// Targets built at the same time
    #[arg(long, value_name = "N", value_parser = values::count::<NonZeroUsize>)]
    pub(crate) concurrency: Option<NonZeroUsize>,
    /// Show what would be built, pushed and tagged, and do nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Output format of the report
    #[arg(long, value_enum, default_value = "text")]
    pub(crate) format: Format,
    #[command(flatten)]
    pub(crate) summary: Summaries,
}

/// `bakehouse runs`
#[derive(Debug, Args)]
pub(crate) struct RunsArgs {
    /// Output format
    #[arg(long, value_enum, default_value = "text")]
    pub(crate) format: Format,
}

/// `bakehouse logs`
#[derive(Debug, Args)]
pub(crate) struct LogsArgs {
    /// An app, or a target as it is shown: APP VERSION [IMAGE] PLATFORM, or some of
    /// it [default: all targets]
    #[arg(add = completion::apps())]
    pub(crate) target: Vec<String>,
    /// Run, by its name or the beginning of it [default: the newest with such a
    /// log]
    #[arg(long, value_name = "RUN", add = completion::runs())]
    pub(crate) run: Option<String>,
    /// Only those of targets that failed
    #[arg(long)]
    pub(crate) failed: bool,
}

/// `bakehouse report`
#[derive(Debug, Args)]
pub(crate) struct ReportArgs {
    /// Run, by its name or the beginning of it [default: the newest]
    #[arg(add = completion::runs())]
    pub(crate) run: Option<String>,
    /// Output format
    #[arg(long, value_enum, default_value = "text")]
    pub(crate) format: ReportFormat,
    /// The same as `--format html`
    #[arg(long, conflicts_with = "format")]
    pub(crate) html: bool,
}

/// Formats of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ReportFormat {
    /// As at the end of the run
    Text,
    /// For programs; its schema is stable
    Json,
    /// As `--summary` writes it
    Markdown,
    /// One page that needs nothing else
    Html,
}

/// `bakehouse inspect`
#[derive(Debug, Args)]
pub(crate) struct InspectArgs {
    /// IMAGE[:TAG][@DIGEST] of the project's registry, or a full reference
    #[arg(add = completion::apps())]
    pub(crate) reference: String,
    /// Output format
    #[arg(long, value_enum, default_value = "text")]
    pub(crate) format: Format,
}

/// `bakehouse smoke`
#[derive(Debug, Args)]
pub(crate) struct SmokeArgs {
    /// IMAGE[:TAG][@DIGEST] of the project's registry, or a full reference
    #[arg(add = completion::apps())]
    pub(crate) reference: String,
    /// Platform to run; may be given several times [default: all of the index]
    #[arg(long = "platform", value_name = "OS/ARCH", add = completion::platforms())]
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
    /// List what a recipe asks for, what is granted, and what is missing; then
    /// try what it offers, up to the builder
    Check(RecipeCheckArgs),
    /// Show what a version is built with: the Dockerfile as a diff against
    /// upstream's, arguments, bases; without a builder
    Show(RecipeShowArgs),
    /// Compile recipes of plugins/ into components
    Build(RecipeBuildArgs),
}

/// `bakehouse recipe show`
#[derive(Debug, Args)]
pub(crate) struct RecipeShowArgs {
    /// The app
    #[arg(add = completion::apps())]
    pub(crate) app: String,
    /// The version [default: the newest]
    #[arg(long, value_name = "NUMBER")]
    pub(crate) version: Option<String>,
    /// Platform that it is built for; may be given several times [default: this
    /// machine's, where it is built for that]
    #[arg(long = "platform", value_name = "OS/ARCH", add = completion::platforms())]
    pub(crate) platforms: Vec<Platform>,
    /// Image to show; may be given several times, or with commas [default: all]
    #[arg(long = "image", value_name = "NAME", value_delimiter = ',')]
    pub(crate) images: Vec<String>,
    /// Output format
    #[arg(long, value_enum, default_value = "text")]
    pub(crate) format: Format,
}

/// `bakehouse recipe build`
#[derive(Debug, Args)]
pub(crate) struct RecipeBuildArgs {
    /// Crates, by their names in plugins/, or their folders from the project's
    /// root
    #[arg(required_unless_present = "all")]
    pub(crate) crates: Vec<String>,
    /// All of plugins/ that make components
    #[arg(long)]
    pub(crate) all: bool,
}

/// `bakehouse recipe check`
#[derive(Debug, Args)]
pub(crate) struct RecipeCheckArgs {
    /// The app
    #[arg(add = completion::apps())]
    pub(crate) app: String,
    /// Only ask the recipe what it needs; reach nothing
    #[arg(long)]
    pub(crate) offline: bool,
    /// Output format
    #[arg(long, value_enum, default_value = "text")]
    pub(crate) format: Format,
}

/// `bakehouse init`
#[derive(Debug, Args)]
pub(crate) struct InitArgs {
    /// The folder [default: the current one]
    pub(crate) folder: Option<PathBuf>,
    /// Ask nothing
    #[arg(short, long)]
    pub(crate) yes: bool,
    /// Release of Bakehouse whose workflow publishes in GitHub Actions
    /// [default: this program's, where it is a released one]
    #[arg(long, value_name = "OWNER/REPO@vN")]
    pub(crate) product: Option<Product>,
}

/// `bakehouse workflows`
#[derive(Debug, Args)]
pub(crate) struct WorkflowsArgs {
    /// Only tell whether it is in step with bakehouse.toml
    #[arg(long)]
    pub(crate) check: bool,
    /// Release of Bakehouse whose workflow is called [default: `uses` under
    /// [ci] in bakehouse.toml, else this program's]
    #[arg(long, value_name = "OWNER/REPO@vN")]
    pub(crate) product: Option<Product>,
}

/// `bakehouse doctor`
#[derive(Debug, Args)]
pub(crate) struct DoctorArgs {
    /// Mend what is safe to mend: set up what is missing, compile recipes that
    /// were changed, write the workflow anew
    #[arg(long)]
    pub(crate) fix: bool,
    /// Output format
    #[arg(long, value_enum, default_value = "text")]
    pub(crate) format: Format,
}

/// `bakehouse up`
#[derive(Debug, Args)]
pub(crate) struct UpArgs {
    /// Show what is there and what would be done, and do nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Unpack all programs, needed or not, and start nothing
    #[arg(long, conflicts_with = "dry_run")]
    pub(crate) unpack: bool,
}

/// `bakehouse completions`
#[derive(Debug, Args)]
pub(crate) struct CompletionsArgs {
    /// The shell
    #[arg(value_enum)]
    pub(crate) shell: Shell,
}

/// `bakehouse man`
#[derive(Debug, Args)]
pub(crate) struct ManArgs {
    /// Write a page for each command into FOLDER
    #[arg(long, value_name = "FOLDER")]
    pub(crate) folder: Option<PathBuf>,
}

/// `bakehouse schema`
#[derive(Debug, Args)]
pub(crate) struct SchemaArgs {
    /// The document [default: all are listed]
    #[arg(
        value_parser = PossibleValuesParser::new(Document::names()),
        hide_possible_values = true
    )]
    pub(crate) name: Option<String>,
    /// Write all of them into FOLDER
    #[arg(long, value_name = "FOLDER", conflicts_with = "name")]
    pub(crate) folder: Option<PathBuf>,
}

impl Global {
    /// The form in which progress is shown.
    pub(crate) const fn progress(&self) -> Progress {
        match self.no_progress {
            true => Progress::Plain,
            false => self.progress,
        }
    }

    /// Settings that come from flags and environment alone.
    pub(crate) fn overrides(&self) -> Overrides {
        Overrides {
            registry: self.registry.clone(),
            namespace: self.namespace.clone(),
            builders: self.builders.clone(),
            multi_arch: self.multi_arch,
            use_qemu: self.use_qemu,
            cache: self.cache,
            locked: self.locked,
            ..Overrides::default()
        }
    }
}
