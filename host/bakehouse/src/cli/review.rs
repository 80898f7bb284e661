//! The command line of `bakehouse review`.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use bakehouse_core::platform::Platform;
use clap::{Args, Subcommand, ValueEnum};

use super::{Format, Summaries, values};
use crate::completion;

/// `bakehouse review`
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub(crate) struct ReviewArgs {
    #[command(subcommand)]
    pub(crate) part: Option<ReviewPart>,
    #[command(flatten)]
    pub(crate) change: Change,
    /// Only look: build nothing
    #[arg(long)]
    pub(crate) no_build: bool,
    #[command(flatten)]
    pub(crate) trial: Trial,
    /// Output format
    #[arg(long, value_enum, default_value = "text")]
    pub(crate) format: Format,
    #[command(flatten)]
    pub(crate) summary: Summaries,
}

/// One part of a review, for CI: each on a machine of its own.
#[derive(Debug, Subcommand)]
pub(crate) enum ReviewPart {
    /// Only look, and say what is to be built
    Plan(ReviewPlanArgs),
    /// Build and run what a plan says, or one of its batches
    Build(ReviewBuildArgs),
    /// Put the parts together into one page
    Page(ReviewPageArgs),
}

/// The change that is looked at.
#[derive(Debug, Args)]
pub(crate) struct Change {
    /// Commit, branch or tag that the change is to be merged into
    #[arg(long, value_name = "REV", required = true)]
    pub(crate) base: Option<String>,
    /// How many of the touched apps to build: first those that the change itself
    /// is in [default: `review-apps` under [ci] in bakehouse.toml, else 10]
    #[arg(long, value_name = "N", value_parser = values::count::<NonZeroUsize>)]
    pub(crate) max_apps: Option<NonZeroUsize>,
    /// Platform to build for; may be given several times [default: all that are
    /// configured]
    #[arg(long = "platform", value_name = "OS/ARCH", add = completion::platforms())]
    pub(crate) platforms: Vec<Platform>,
}

/// The choice not to run images.
#[derive(Debug, Clone, Copy, Args)]
pub(crate) struct Trial {
    /// Do not run the images: no Docker Engine is needed
    #[arg(long)]
    pub(crate) no_run: bool,
}

/// The formats of a review without a build.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ReviewFormat {
    /// For people
    Text,
    /// For programs; its schema is stable
    Json,
    /// Job outputs of GitHub Actions: append it to `$GITHUB_OUTPUT`
    Github,
}

/// `bakehouse review plan`
#[derive(Debug, Args)]
pub(crate) struct ReviewPlanArgs {
    #[command(flatten)]
    pub(crate) change: Change,
    /// Write what was found as JSON, for the other parts
    #[arg(long, value_name = "FILE")]
    pub(crate) save: Option<PathBuf>,
    /// Output format
    #[arg(long, value_enum, default_value = "text")]
    pub(crate) format: ReviewFormat,
    #[command(flatten)]
    pub(crate) summary: Summaries,
}

/// `bakehouse review build`
#[derive(Debug, Args)]
pub(crate) struct ReviewBuildArgs {
    /// The file that `review plan --save` wrote
    #[arg(long, value_name = "FILE")]
    pub(crate) plan: PathBuf,
    /// Build this batch [default: all of them]
    #[arg(long, value_name = "ID")]
    pub(crate) batch: Option<String>,
    /// Write what became of it as JSON, for `review page`
    #[arg(long, value_name = "FILE")]
    pub(crate) save: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) trial: Trial,
}

/// `bakehouse review page`
#[derive(Debug, Args)]
pub(crate) struct ReviewPageArgs {
    /// The file that `review plan --save` wrote
    #[arg(long, value_name = "FILE")]
    pub(crate) plan: PathBuf,
    /// Folder with what `review build --save` wrote, or with folders of that
    #[arg(long, value_name = "FOLDER")]
    pub(crate) parts: PathBuf,
    /// Output format
    #[arg(long, value_enum, default_value = "text")]
    pub(crate) format: Format,
    #[command(flatten)]
    pub(crate) summary: Summaries,
}
