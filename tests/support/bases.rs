//! Stand-ins for the images that upstreams start from, under their own names in
//! a registry on loopback: `library/ubuntu`, `library/debian`, `library/node`,
//! `library/golang`, `distroless/base-debian12`, each for both architectures.
//!
//! They are busybox with a few scripts in place of package managers; `node` has
//! the real Node.js and Yarn, `golang` the real Go. [`full_node`] has Debian's
//! compilers, too.

use std::collections::BTreeMap;
use std::fs::Permissions;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;
use std::process::Command;
use std::sync::OnceLock;

use super::golang::{identity_of_golang, push_golang};
use super::shared::{identity, shared};
use super::{DebianRegistry, crane, tool};

/// Tags that fixtures' Dockerfiles name. A repository may be there more than
/// once: its tags move on, and the digests of before stay.
const IMAGES: &[(&str, &str, &[&str])] = &[
    (
        "os",
        "library/ubuntu",
        &["jammy-20230308", "noble-20250415.1", "noble"],
    ),
    ("moved", "library/ubuntu", &["noble"]),
    ("os", "library/debian", &["buster-slim", "12-slim"]),
    ("distroless", "distroless/base-debian12", &["latest"]),
    (
        "node1",
        "library/node",
        &[
            "20",
            "20-slim",
            "22.21.0-slim",
            "24-slim",
            "24.15.0-slim",
            "26.3.0-slim",
        ],
    ),
    ("node4", "library/node", &["26.3.0"]),
];

/// In place of package managers and other programs.
const SCRIPTS: &[(&str, &[u8])] = &[
    ("apt-get", include_bytes!("bases/apt-get")),
    ("bash", include_bytes!("bases/bash")),
    ("corepack", include_bytes!("bases/corepack")),
    ("curl", include_bytes!("bases/curl")),
    ("ldd", include_bytes!("bases/ldd")),
    ("npm", include_bytes!("bases/npm")),
    ("useradd", include_bytes!("bases/useradd")),
];

/// The tag of the `golang` stand-in.
pub const GOLANG: &str = "1.25.9";

/// Tags of `library/node` that have to compile native modules.
const FULL_NODE: &[&str] = &["22.21.0", "24.15.0"];

/// Adds the images `node` that compile native modules, and answers with their
/// references; `packages` is Yarn's cache in them.
pub fn full_node(packages: &Path) -> Vec<String> {
    let home = tools();
    let contexts = [
        ("compilers", format!("{home}/compilers")),
        ("cross-compilers", format!("{home}/cross-compilers")),
        ("packages", packages.display().to_string()),
    ];
    let mut key = identity_of_bases();
    for (_, folder) in &contexts {
        key.push_str(&identity(folder));
    }
    let names = names(bases(), "library/node", FULL_NODE);
    shared("full-node", &key, |_| {
        let context = tempfile::tempdir().unwrap();
        fill(context.path());
        push(context.path(), "full", &names, &contexts);
    });
    names
}

/// References of all stand-ins but [`full_node`]'s.
pub fn all_bases() -> Vec<String> {
    let images = IMAGES
        .iter()
        .flat_map(|(_, repository, tags)| names(bases(), repository, tags));
    let golang = names(bases(), "library/golang", &[GOLANG]);
    images.chain(golang).collect()
}

/// Digests that upstreams pinned by which one platform's image is meant, of
/// `ubuntu:jammy-20230308` and `debian:buster-slim` for amd64. All others in the
/// fixtures are indexes'.
const OF_ONE_PLATFORM: &[&str] = &["sha256:7a57c69f", "sha256:5b0b1a9a"];

/// Folders of tools that the stand-ins' build takes from.
const ALWAYS: [&str; 6] = [
    "libc-amd64",
    "libc-arm64",
    "node-amd64",
    "node-arm64",
    "yarn-1",
    "yarn-4",
];

/// The stand-ins' registry.
struct Bases {
    host: String,
    /// Digest of each tag when it was first pushed.
    digests: BTreeMap<String, String>,
    _registry: DebianRegistry,
}

/// The registry's host; it lives as long as the test.
pub fn bases() -> &'static str {
    &started().host
}

fn started() -> &'static Bases {
    static BASES: OnceLock<Bases> = OnceLock::new();
    BASES.get_or_init(|| {
        let folder = shared("bases", &identity_of_bases(), fill_registry);
        let registry = DebianRegistry::over(&folder);
        let digests = std::fs::read(folder.join("digests.json")).unwrap();
        Bases {
            host: registry.host(),
            digests: serde_json::from_slice(&digests).unwrap(),
            _registry: registry,
        }
    })
}

/// Builds the stand-ins into a registry over this folder, and notes their
/// digests there.
fn fill_registry(folder: &Path) {
    let registry = DebianRegistry::over(folder);
    let host = registry.host();
    let mut digests = BTreeMap::new();
    let context = tempfile::tempdir().unwrap();
    fill(context.path());
    for (stage, repository, tags) in IMAGES {
        let names = names(&host, repository, tags);
        push(context.path(), stage, &names, &[]);
        for (tag, name) in tags.iter().zip(&names) {
            let image = format!("{repository}:{tag}");
            digests
                .entry(image)
                .or_insert_with(|| crane(&["digest", name]));
        }
    }
    push_golang(&format!("{host}/library/golang:{GOLANG}"));
    let digests = serde_json::to_vec(&digests).unwrap();
    std::fs::write(folder.join("digests.json"), digests).unwrap();
}

/// Tells the stand-ins from those of other tools or texts.
fn identity_of_bases() -> String {
    let mut key = format!(
        "{IMAGES:?}{SCRIPTS:?}{}{}",
        include_str!("bases/Dockerfile"),
        identity_of_golang()
    );
    let home = tools();
    for folder in ALWAYS.iter().chain(&["busybox-amd64", "busybox-arm64"]) {
        key.push_str(&identity(format!("{home}/{folder}")));
    }
    key
}

/// A Dockerfile of upstream with the stand-ins' digests in place of the real
/// images': an index's for an index's, amd64's for amd64's.
pub fn with_pins(dockerfile: &str) -> String {
    let mut text = String::new();
    for line in dockerfile.split_inclusive('\n') {
        let from = line.strip_prefix("FROM ");
        let image = from.and_then(|rest| rest.split_whitespace().next());
        match image.and_then(|image| image.split_once('@')) {
            Some((image, digest)) => text.push_str(&line.replace(digest, &pin(image, digest))),
            None => text.push_str(line),
        }
    }
    text
}

/// The digest that stands for `digest` of an image.
pub fn pin(image: &str, digest: &str) -> String {
    let Bases { host, digests, .. } = started();
    let short = image.trim_start_matches("gcr.io/");
    let (name, tag) = short.split_once(':').unwrap_or((short, "latest"));
    let repository = if name.contains('/') {
        name.to_owned()
    } else {
        format!("library/{name}")
    };
    let index = &digests[&format!("{repository}:{tag}")];
    if !OF_ONE_PLATFORM.iter().any(|one| digest.starts_with(one)) {
        return index.clone();
    }
    let reference = format!("{host}/{repository}@{index}");
    crane(&["digest", "--platform", "linux/amd64", &reference])
}

fn names(host: &str, repository: &str, tags: &[&str]) -> Vec<String> {
    let name = |tag: &&str| format!("{host}/{repository}:{tag}");
    tags.iter().map(name).collect()
}

/// Where the scripts unpack tools.
fn tools() -> String {
    let home = std::env::var("BAKEHOUSE_HOME").expect("BAKEHOUSE_HOME is set by ./justw test");
    format!("{home}/tools")
}

fn push(context: &Path, stage: &str, names: &[String], more: &[(&str, String)]) {
    let home = tools();
    let names = names.join(",");
    let mut command = Command::new(tool("docker-buildx"));
    command.args([
        "build",
        "--builder=bakehouse",
        "--platform=linux/amd64,linux/arm64",
        "--provenance=false",
        "--progress=quiet",
        &format!("--target={stage}"),
        &format!(
            "--output=type=image,\"name={names}\",push=true,registry.insecure=true,compression=uncompressed"
        ),
    ]);
    let always = ALWAYS.map(|name| (name, format!("{home}/{name}")));
    for (name, folder) in always.iter().chain(more) {
        assert!(
            Path::new(folder).is_dir(),
            "there is no {folder}\nhint: scripts/witness.sh"
        );
        command.arg(format!("--build-context={name}={folder}"));
    }
    let status = command.arg(context).status().unwrap();
    assert!(
        status.success(),
        "the stand-in {names} cannot be built\nhint: ./justw test starts BuildKit"
    );
}

/// The build context of all of them.
fn fill(context: &Path) {
    let home = tools();
    let write = |path: &str, mode: u32, content: &[u8]| {
        let path = context.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, content).unwrap();
        std::fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
    };
    write("Dockerfile", 0o644, include_bytes!("bases/Dockerfile"));
    for (script, text) in SCRIPTS {
        write(&format!("common/usr/local/bin/{script}"), 0o755, text);
    }
    write(
        "common/etc/passwd",
        0o644,
        b"root:x:0:0:root:/root:/bin/sh\n",
    );
    write("common/etc/group", 0o644, b"root:x:0:\n");
    for name in ["groupadd", "addgroup", "adduser"] {
        symlink("useradd", context.join("common/usr/local/bin").join(name)).unwrap();
    }
    let tmp = context.join("common/tmp");
    std::fs::create_dir(&tmp).unwrap();
    std::fs::set_permissions(&tmp, Permissions::from_mode(0o1777)).unwrap();

    for arch in ["amd64", "arm64"] {
        let busybox = std::fs::read(format!("{home}/busybox-{arch}/bin/busybox"));
        write(&format!("{arch}/bin/busybox"), 0o755, &busybox.unwrap());
    }
    let list = Command::new(format!("{home}/busybox-amd64/bin/busybox"))
        .arg("--list")
        .output()
        .unwrap();
    std::fs::create_dir_all(context.join("common/bin")).unwrap();
    for applet in String::from_utf8(list.stdout).unwrap().lines() {
        if applet != "busybox" {
            symlink("busybox", context.join("common/bin").join(applet)).unwrap();
        }
    }
    symlink("/usr/local/bin/bash", context.join("common/bin/bash")).unwrap();
    std::fs::create_dir_all(context.join("common/usr/bin")).unwrap();
    symlink("/bin/env", context.join("common/usr/bin/env")).unwrap();
}
