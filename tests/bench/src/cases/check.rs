//! A check of 500 versions against the registry, for both platforms.

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

use super::distances;
use super::merge::{self, VERSION, digests_for};
use crate::bed::{APP, Bed, REPOSITORY};
use crate::contest::{Contestant, contest};
use crate::table;

/// Loops over tags are measured on so many of them.
const SAMPLE: usize = 50;
/// Rounds where every round takes long.
const ROUNDS: usize = 3;

pub(super) fn run(bed: &Bed, rounds: usize, versions: &[String]) -> Result<()> {
    publish(bed, versions)?;
    bed.publish(versions);
    let all = versions.len().to_string();
    let plan = bed.bakehouse(
        &bed.registry.host(),
        &["plan", APP, "--max-versions", &all, "--format", "json"],
    );
    ensure_published(&plan.output()?, versions.len())?;

    let rounds = rounds.min(ROUNDS);
    for (latency, distance) in distances() {
        // One that forgets would have the others begin anew.
        let outcomes = contest(bed, rounds, latency, &|host| Ok(first(bed, host, &all)))?;
        let title = format!("Check of {all} tags for the first time, {distance}");
        table::print(&title, &outcomes);
        let outcomes = contest(bed, rounds, latency, &|host| {
            contestants(bed, host, versions)
        })?;
        table::print(&format!("Check of {all} tags, {distance}"), &outcomes);
    }
    Ok(())
}

/// Plans that know nothing of the tags.
fn first<'a>(bed: &'a Bed, host: &str, all: &str) -> Vec<Contestant<'a>> {
    let plans = bed.both(host, &["plan", APP, "--max-versions", all]);
    let contestant = |(name, command)| Contestant {
        name,
        commands: vec![command],
        scale: 1,
        prepare: Box::new(|| bed.forget(&[".bakehouse/manifests"])) as Box<dyn Fn() -> Result<()>>,
    };
    plans.into_iter().map(contestant).collect()
}

/// Puts an index of its own under every version's tag.
fn publish(bed: &Bed, versions: &[String]) -> Result<()> {
    if !merge::is_built(bed) {
        merge::build(bed)?;
    }
    let host = bed.registry.host();
    let folder = digests_for(&host);
    bed.bakehouse(
        &host,
        &["merge", APP, "--version", VERSION, "--digests", &folder],
    )
    .output()?;
    let index = bed.index(VERSION)?.context("the index was just merged")?;
    let mut index: Value = serde_json::from_slice(&index)?;
    versions.iter().try_for_each(|version| {
        index["annotations"]["org.opencontainers.image.version"] = version.as_str().into();
        bed.put(version, index.to_string().as_bytes())
    })
}

/// The plan has all versions, and nothing to build.
fn ensure_published(plan: &str, versions: usize) -> Result<()> {
    let plan: Value = serde_json::from_str(plan)?;
    let planned = plan["apps"][0]["versions"].as_array();
    let planned = planned.context("a plan has versions")?;
    ensure!(
        planned.len() == versions,
        "{} versions planned",
        planned.len()
    );
    let idle = planned
        .iter()
        .all(|version| version["jobs"].as_array().is_some_and(Vec::is_empty));
    ensure!(idle, "not all versions are found in the registry");
    Ok(())
}

fn contestants<'a>(bed: &'a Bed, host: &str, versions: &[String]) -> Result<Vec<Contestant<'a>>> {
    let all = versions.len().to_string();
    let sample = &versions[..SAMPLE.min(versions.len())];
    let scale = u32::try_from(versions.len() / sample.len())?;
    let each = |program: &str, arguments: &[&str]| {
        let commands = sample.iter().map(|version| {
            let reference = format!("{host}/{REPOSITORY}:{version}");
            bed.tool(program, &[arguments, &[reference.as_str()]].concat())
        });
        commands.collect::<Vec<_>>()
    };
    let contestant = |name: &str, commands, scale| Contestant {
        name: name.to_owned(),
        commands,
        scale,
        prepare: Box::new(|| Ok(())) as Box<dyn Fn() -> Result<()>>,
    };
    let plans = bed.both(host, &["plan", APP, "--max-versions", &all]);
    let plans = plans.into_iter();
    let plans = plans.map(|(name, command)| contestant(&name, vec![command], 1));
    let crane = each("crane", &["digest"]);
    let docker = each("docker", &["manifest", "inspect", "--insecure"]);
    let others = [
        contestant("`crane digest`, each tag", crane, scale),
        contestant("`docker manifest inspect`, each tag", docker, scale),
    ];
    Ok(plans.chain(others).collect())
}
