//! Cases that are compared. Each case is a file; `run` prints them in order.

mod build;
mod check;
mod cross;
mod many;
mod merge;
mod plan;
mod push;

use std::path::Path;
use std::time::Duration;

use anyhow::Result;
use clap::ValueEnum;

use crate::bed::Bed;
use crate::host;

/// A comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Case {
    /// Two platforms merged into an index, with one tag and with two.
    Merge,
    /// 500 tags checked for both platforms.
    Check,
    /// An image of 1 GB pushed by the host.
    Push,
    /// A build whose layers are all cached, with its push.
    Build,
    /// Twenty published apps planned, of upstreams that take their time.
    Plan,
    /// The first plan of 500 apps.
    Many,
    /// A Go program cross-compiled, and compiled under QEMU.
    Cross,
}

/// Versions of the app, and tags that are checked.
const VERSIONS: u32 = 500;
/// Added to every request, to stand for a registry far away.
const LATENCY: Duration = Duration::from_millis(50);

/// Measures, and prints tables.
pub(crate) fn run(
    program: &Path,
    before: Option<&Path>,
    rounds: usize,
    only: &[Case],
) -> Result<()> {
    let versions: Vec<String> = (0..VERSIONS).map(|patch| format!("1.0.{patch}")).collect();
    let bed = Bed::start(program, before)?;
    println!("{}; {rounds} rounds in turns, medians.\n", host::describe());
    let wanted = |case| only.is_empty() || only.contains(&case);
    if wanted(Case::Merge) {
        merge::run(&bed, rounds)?;
    }
    if wanted(Case::Check) {
        check::run(&bed, rounds, &versions)?;
    }
    if wanted(Case::Build) {
        build::run(&bed, rounds)?;
    }
    if wanted(Case::Plan) {
        plan::run(&Bed::start(program, before)?, rounds)?;
    }
    if wanted(Case::Many) {
        many::run(program, before, rounds)?;
    }
    if wanted(Case::Cross) {
        cross::run(&bed, rounds)?;
    }
    if wanted(Case::Push) {
        push::run(&bed, rounds)?;
    }
    Ok(())
}

/// The two ways a registry is reached, with the tables' words for them.
fn distances() -> [(Option<Duration>, String); 2] {
    let far = format!("{} ms added to every request", LATENCY.as_millis());
    [(None, "on loopback".to_owned()), (Some(LATENCY), far)]
}
