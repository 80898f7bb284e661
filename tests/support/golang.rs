//! A stand-in for the `golang` image: the machine's Go toolchain on busybox.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use super::shared::{identity, shared};
use super::{DebianRegistry, tool};

const DOCKERFILE: &str = "\
FROM scratch
COPY . /
ENV PATH=/usr/local/go/bin:/bin HOME=/tmp GOCACHE=/tmp/cache GOTOOLCHAIN=local
";

/// Reference of the image, in a registry that lives as long as the test.
pub fn golang_image() -> &'static str {
    static IMAGE: OnceLock<(String, DebianRegistry)> = OnceLock::new();
    let (reference, _) = IMAGE.get_or_init(|| {
        let content = shared("golang", &identity_of_golang(), |content| {
            let registry = DebianRegistry::over(content);
            push_golang(&format!("{}/test/golang:latest", registry.host()));
        });
        let registry = DebianRegistry::over(&content);
        (format!("{}/test/golang", registry.host()), registry)
    });
    reference
}

/// Tells the image from that of another toolchain.
pub fn identity_of_golang() -> String {
    let goroot = goroot();
    let version = std::fs::read_to_string(goroot.join("VERSION")).unwrap();
    format!("{DOCKERFILE}{SCRIPT}{version}{}", identity(goroot))
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

/// Copies the toolchain, without what compiling Go does not need.
const SCRIPT: &str = r#"
    set -e
    mkdir -p "$2/usr/local/go" "$2/bin" "$2/tmp" "$2/work"
    cd "$1"
    tar -chf - --exclude='*_test.go' --exclude=testdata --exclude=src/cmd \
        bin/go src pkg/include pkg/tool VERSION go.env | tar -xf - -C "$2/usr/local/go"
    cp "$3" "$2/bin/sh"
"#;

fn goroot() -> PathBuf {
    let go = Command::new(tool("go"))
        .args(["env", "GOROOT"])
        .output()
        .unwrap();
    PathBuf::from(String::from_utf8(go.stdout).unwrap().trim())
}

fn fill(context: &Path) {
    let goroot = goroot();
    let busybox = format!(
        "{}/tools/busybox-amd64/bin/busybox",
        std::env::var("BAKEHOUSE_HOME").expect("BAKEHOUSE_HOME is set by ./justw test")
    );
    let status = Command::new("sh")
        .args(["-c", SCRIPT, "sh"])
        .arg(&goroot)
        .arg(context)
        .arg(busybox)
        .status()
        .unwrap();
    assert!(
        status.success(),
        "cannot copy the Go toolchain from {}",
        goroot.display()
    );
}
