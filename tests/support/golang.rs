//! A stand-in for the `golang` image: the machine's Go toolchain on busybox.

use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use super::{DebianRegistry, tool};

const DOCKERFILE: &str = "\
FROM scratch
COPY . /
ENV PATH=/usr/local/go/bin:/bin HOME=/tmp GOCACHE=/tmp/cache GOTOOLCHAIN=local
";

/// Reference of the image, in a registry that lives as long as the tests.
pub fn golang_image() -> &'static str {
    static IMAGE: OnceLock<(String, DebianRegistry)> = OnceLock::new();
    let (reference, _) = IMAGE.get_or_init(|| {
        let registry = DebianRegistry::start();
        let reference = format!("{}/test/golang", registry.host());
        push_golang(&format!("{reference}:latest"));
        (reference, registry)
    });
    reference
}

/// Builds the image and pushes it under this name.
pub fn push_golang(name: &str) {
    let context = tempfile::tempdir().unwrap();
    fill(context.path());
    std::fs::write(context.path().join("Dockerfile"), DOCKERFILE).unwrap();
    let status = Command::new(tool("docker-buildx"))
        .args(["build", "--builder=bakehouse", "--platform=linux/amd64,linux/arm64", "--provenance=false"])
        .arg(format!("--output=type=image,name={name},push=true,registry.insecure=true,compression=uncompressed"))
        .arg(context.path())
        .stderr(Stdio::null())
        .status()
        .unwrap();
    assert!(
        status.success(),
        "the golang stand-in cannot be built\nhint: ./justw test starts BuildKit"
    );
}

fn fill(context: &Path) {
    let go = Command::new(tool("go"))
        .args(["env", "GOROOT"])
        .output()
        .unwrap();
    let goroot = String::from_utf8(go.stdout).unwrap();
    let script = r#"
        set -e
        mkdir -p "$2/usr/local/go" "$2/bin" "$2/tmp" "$2/work"
        cd "$1"
        tar -chf - --exclude='*_test.go' --exclude=testdata --exclude=src/cmd \
            bin/go src pkg/include pkg/tool VERSION go.env | tar -xf - -C "$2/usr/local/go"
        cp "$3" "$2/bin/sh"
    "#;
    let busybox = format!(
        "{}/tools/busybox-amd64/bin/busybox",
        std::env::var("BAKEHOUSE_HOME").expect("BAKEHOUSE_HOME is set by ./justw test")
    );
    let status = Command::new("sh")
        .args(["-c", script, "sh", goroot.trim()])
        .arg(context)
        .arg(busybox)
        .status()
        .unwrap();
    assert!(
        status.success(),
        "cannot copy the Go toolchain from {goroot}"
    );
}
