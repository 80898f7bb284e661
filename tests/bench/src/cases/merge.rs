//! Two platforms, pushed by digest, become an index with one tag or two.

use std::path::Path;

use anyhow::{Context as _, Result};
use bakehouse_registry::Endpoint;
use serde_json::Value;

use super::distances;
use crate::bed::{APP, Bed, REPOSITORY};
use crate::contest::{Contestant, contest};
use crate::table;

pub(super) const VERSION: &str = "1.0.0";
const PLATFORMS: [&str; 2] = ["linux-amd64", "linux-arm64"];

pub(super) fn run(bed: &Bed, rounds: usize) -> Result<()> {
    let digests = build(bed)?;
    for latest in [false, true] {
        bed.moving(if latest { "\"latest\"" } else { "" })?;
        for (latency, distance) in distances() {
            let outcomes = contest(bed, rounds, latency, &|host| {
                contestants(bed, host, &digests, latest)
            })?;
            let tags = if latest { "2 tags" } else { "1 tag" };
            table::print(
                &format!("Merge of 2 platforms, {tags}, {distance}"),
                &outcomes,
            );
        }
    }
    bed.moving("\"latest\"")
}

/// Builds and pushes both platforms; the digests of their manifests.
pub(super) fn build(bed: &Bed) -> Result<Vec<String>> {
    bed.publish(&[VERSION]);
    let host = bed.registry.host();
    bed.bakehouse(&host, &["build", APP, "--version", VERSION])
        .output()?;
    let there = folder(VERSION);
    let mut digests = Vec::new();
    for platform in PLATFORMS {
        let file = format!("{there}/{platform}.json");
        let own = format!("digests/{}/{file}", destination(&host)?);
        let text = std::fs::read_to_string(bed.path(&own))?;
        let json: Value = serde_json::from_str(&text)?;
        let digest = json["descriptor"]["digest"].as_str();
        digests.push(digest.context("a digest file has a digest")?.to_owned());
        // The same, as if it had been pushed through the proxy.
        for host in [&host, &bed.proxy.host()] {
            let text = text.replace(&bed.registry.host(), host);
            let folder = format!("{}/{}", digests_for(host), destination(host)?);
            bed.write(&format!("{folder}/{file}"), &text)?;
        }
    }
    Ok(digests)
}

fn folder(version: &str) -> String {
    format!("{APP}/{version}/{APP}")
}

/// The folder that digest files of a destination lie in.
fn destination(host: &str) -> Result<String> {
    let namespace = REPOSITORY.split('/').next().unwrap_or_default();
    Ok(Endpoint::new(host, namespace)?.file_name())
}

/// The folder with digest files of what is at this host.
pub(super) fn digests_for(host: &str) -> String {
    format!("digests-at-{}", host.replace(':', "-"))
}

fn contestants<'a>(
    bed: &'a Bed,
    host: &str,
    digests: &[String],
    latest: bool,
) -> Result<Vec<Contestant<'a>>> {
    let repository = format!("{host}/{REPOSITORY}");
    let tag = format!("{repository}:{VERSION}");
    let images: Vec<String> = digests
        .iter()
        .map(|digest| format!("{repository}@{digest}"))
        .collect();

    let folder = digests_for(host);
    // As CI does it, and without a plan, where the recipe is asked again.
    bed.remove(VERSION)?;
    let plan = format!("plan-{folder}.json");
    bed.bakehouse(host, &["plan", APP, "--save", &plan])
        .output()?;
    let planned = ["merge", "--plan", &plan, "--digests", &folder];
    let planned = vec![bed.bakehouse(host, &planned)];
    let merge = ["merge", APP, "--version", VERSION, "--digests", &folder];
    let unplanned = vec![bed.bakehouse(host, &merge)];

    let mut crane = vec![bed.tool(
        "crane",
        &[
            "index", "append", "-m", &images[0], "-m", &images[1], "-t", &tag,
        ],
    )];
    if latest {
        crane.push(bed.tool("crane", &["tag", &tag, "latest"]));
    }

    let moving = format!("{repository}:latest");
    let mut create = vec!["imagetools", "create", "-t", &tag];
    if latest {
        create.extend(["-t", &moving]);
    }
    create.extend(images.iter().map(String::as_str));
    let imagetools = vec![bed.tool("docker-buildx", &create)];

    let crane_name = if latest {
        "`crane index append`, `crane tag`"
    } else {
        "`crane index append`"
    };
    let contestant = |name: &str, commands| Contestant {
        name: name.to_owned(),
        commands,
        scale: 1,
        prepare: Box::new(|| bed.remove(VERSION)),
    };
    Ok(vec![
        contestant("`bakehouse merge --plan`", planned),
        contestant("`bakehouse merge APP`", unplanned),
        contestant(crane_name, crane),
        contestant("`docker buildx imagetools create`", imagetools),
    ])
}

/// Whether the two platforms are built already.
pub(super) fn is_built(bed: &Bed) -> bool {
    Path::new(&bed.path(&digests_for(&bed.registry.host()))).is_dir()
}
