//! A build whose layers are all in the builder's cache, pushed by digest.

use anyhow::Result;

use super::merge::{self, VERSION};
use crate::bed::{APP, Bed, NAMESPACE};
use crate::contest::{Contestant, contest};
use crate::table;

/// What the recipe builds, too.
const DOCKERFILE: &str = "FROM scratch\nCOPY hello /hello\n";

pub(super) fn run(bed: &Bed, rounds: usize) -> Result<()> {
    if !merge::is_built(bed) {
        merge::build(bed)?;
    }
    bed.write("context/Dockerfile", DOCKERFILE)?;
    bed.write("context/hello", "hello")?;
    let outcomes = contest(bed, rounds, None, &|host| Ok(contestants(bed, host)))?;
    table::print("Cached build of one platform, pushed by digest", &outcomes);
    Ok(())
}

fn contestants<'a>(bed: &'a Bed, host: &str) -> Vec<Contestant<'a>> {
    let platform = "linux/amd64";
    let build = ["build", APP, "--version", VERSION, "--platform", platform];
    let ours = bed.both(host, &build);
    let output = format!(
        "--output=type=image,name={host}/{NAMESPACE}/buildx,push-by-digest=true,name-canonical=true,push=true"
    );
    let buildx = [
        "build",
        "--builder=bakehouse",
        "--platform=linux/amd64",
        "--provenance=false",
        &output,
        "context",
    ];
    let buildx = bed.tool("docker-buildx", &buildx);
    let contestant = |(name, command)| Contestant {
        name,
        commands: vec![command],
        scale: 1,
        // Neither published nor, without digest files, known to be built.
        prepare: Box::new(|| {
            bed.remove(VERSION)?;
            bed.forget(&["digests"])
        }),
    };
    let buildx = ("`docker buildx build`".to_owned(), buildx);
    ours.into_iter().chain([buildx]).map(contestant).collect()
}
