//! A Go program for arm64: cross-compiled by its recipe, and compiled by the
//! same compiler for arm64 under QEMU.

use std::path::PathBuf;
use std::process::Command;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, Result, ensure};
use bakehouse_loopback::{Package, tool};
use serde_json::Value;

use crate::bed::{Bed, NAMESPACE};
use crate::contest::Outcome;
use crate::measure::{Invocation, Sample};
use crate::table;

const APP: &str = "crosshello";
const PLATFORM: &str = "linux/arm64";
/// Each round takes minutes under emulation.
const ROUNDS: usize = 2;
/// What is compiled: a small web server, which comes with most of Go's library.
const PROGRAM: &str = r#"package main

import (
	"fmt"
	"net/http"
	"runtime"
)

var version string

func main() {
	hello := func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintln(w, "hello", version, runtime.GOOS+"/"+runtime.GOARCH)
	}
	if err := http.ListenAndServe(":8080", http.HandlerFunc(hello)); err != nil {
		panic(err)
	}
}
"#;
/// What is compiled first, so that the bases are there: hardly anything.
const WARM: &str = include_str!("../../../recipes/crosshello/src/main.go");
/// How the recipe does it.
const COMPILE: &str = include_str!("../../../recipes/crosshello/src/compile.Dockerfile");
const CROSS: &str = "FROM --platform=$BUILDPLATFORM golang ";

/// A Go image like the official one, of each platform's own toolchain.
const GOLANG: &str = "\
FROM go-$TARGETARCH AS go
FROM busybox-$TARGETARCH AS busybox
FROM scratch
COPY --from=go --chmod=755 / /usr/local/go
COPY --from=busybox --chmod=755 bin/busybox /bin/sh
WORKDIR /work
WORKDIR /tmp
ENV PATH=/usr/local/go/bin:/bin HOME=/tmp GOCACHE=/tmp/cache GOTOOLCHAIN=local
";

pub(super) fn run(bed: &Bed, rounds: usize) -> Result<()> {
    let rounds = rounds.min(ROUNDS);
    let golang = format!("{}/{NAMESPACE}/golang", bed.registry.host());
    push_golang(bed, &golang)?;
    // Each round is of a version that no run had before: only bases come from a
    // cache.
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
    let versions: Vec<String> = (0..=rounds)
        .map(|patch| format!("1.{now}.{patch}"))
        .collect();
    let listed: Vec<&str> = versions.iter().map(String::as_str).collect();
    ensure!(
        COMPILE.starts_with(CROSS),
        "the recipe does not cross-compile"
    );
    let emulated = COMPILE.replace(CROSS, &format!("FROM {golang} "));
    bed.write("emulated/Dockerfile", &emulated)?;

    let mut outcomes = [
        outcome("`bakehouse build`: cross-compiled, two images pushed"),
        outcome("`docker buildx build`: compiled under QEMU, one image pushed"),
    ];
    for (round, version) in versions.iter().enumerate() {
        let program = if round == 0 { WARM } else { PROGRAM };
        bed.write("emulated/main.go", program)?;
        bed.app(
            APP,
            Package::new(&listed).description(&golang),
            &format!("images = [\"{APP}\", \"{APP}-base\"]\nbases = [\"{golang}\"]\n\n[options]\nprogram = '''\n{program}'''"),
        )?;
        for (outcome, command) in outcomes.iter_mut().zip(commands(bed, version)) {
            let sample: Sample = command.sample()?;
            if round > 0 {
                outcome.samples.push(sample);
            }
        }
    }
    let title = "A Go web server for linux/arm64 on an amd64 machine";
    table::print(title, &outcomes);
    Ok(())
}

fn outcome(name: &str) -> Outcome {
    Outcome {
        name: name.to_owned(),
        samples: Vec::new(),
        scale: 1,
        requests: None,
    }
}

fn commands(bed: &Bed, version: &str) -> [Invocation; 2] {
    let host = bed.registry.host();
    let ours = ["build", APP, "--version", version, "--platform", PLATFORM];
    let argument = format!("VERSION={version}");
    let output = format!(
        "--output=type=image,name={host}/{NAMESPACE}/emulated,push-by-digest=true,name-canonical=true,push=true"
    );
    let emulated = [
        "build",
        "--builder=bakehouse",
        "--platform",
        PLATFORM,
        "--provenance=false",
        "--network=none",
        "--build-arg",
        &argument,
        &output,
        "emulated",
    ];
    [
        bed.bakehouse(&host, &ours),
        bed.tool("docker-buildx", &emulated),
    ]
}

/// Builds the image for both platforms from Go's own toolchain modules.
fn push_golang(bed: &Bed, name: &str) -> Result<()> {
    bed.write("golang/Dockerfile", GOLANG)?;
    let home = std::env::var("BAKEHOUSE_HOME").context("BAKEHOUSE_HOME is set by `just bench`")?;
    let mut buildx = Command::new(tool("docker-buildx"));
    buildx
        .args(["build", "--builder=bakehouse", "--provenance=false", "--quiet"])
        .args(["--platform=linux/amd64,linux/arm64"])
        .arg(format!(
            "--output=type=image,name={name}:latest,push=true,registry.insecure=true,compression=uncompressed"
        ));
    for architecture in ["amd64", "arm64"] {
        let go = toolchain(architecture)?;
        buildx.arg(format!(
            "--build-context=go-{architecture}={}",
            go.display()
        ));
        buildx.arg(format!(
            "--build-context=busybox-{architecture}={home}/tools/busybox-{architecture}"
        ));
    }
    let output = buildx.arg(bed.path("golang")).output()?;
    ensure!(
        output.status.success(),
        "the Go image cannot be built: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(())
}

/// The folder of this Go's toolchain module for linux (go.dev/doc/toolchain).
fn toolchain(architecture: &str) -> Result<PathBuf> {
    let go = |arguments: &[&str]| {
        let output = Command::new(tool("go")).args(arguments).output()?;
        ensure!(
            output.status.success(),
            "go {arguments:?}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        Ok(String::from_utf8(output.stdout)?)
    };
    let version = go(&["env", "GOVERSION"])?;
    let module = format!(
        "golang.org/toolchain@v0.0.1-{}.linux-{architecture}",
        version.trim()
    );
    let found: Value = serde_json::from_str(&go(&["mod", "download", "-json", &module])?)?;
    let folder = found["Dir"].as_str().context("go tells no folder")?;
    Ok(PathBuf::from(folder))
}
