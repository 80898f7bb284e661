//! Versions of Outline with some of upstream's own packages, from npm's
//! registry: those that compile, download or try a program while they are
//! installed.
//!
//! `package.json` and `yarn.lock` are cut from the files of the tag: the packages
//! below and all that they need, at the versions that upstream locked, with
//! upstream's checksums. `.yarnrc.yml` is the tag's. `esbuild` is upstream's, too,
//! by way of i18next-parser.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use super::shared::lock;
use super::{Release, Tree, Upstreams, full_node};

const REPOSITORY: &str = "outline/outline";

/// A version, and what is cut from its tag.
pub struct Cut {
    pub number: &'static str,
    /// The tag of the Node.js image.
    node: &'static str,
    package: &'static str,
    lock: &'static str,
    settings: &'static str,
}

macro_rules! cut {
    ($number:literal, $node:literal) => {
        Cut {
            number: $number,
            node: $node,
            package: include_str!(concat!("upstreams/outline/", $number, "/package.json")),
            lock: include_str!(concat!("upstreams/outline/", $number, "/yarn.lock")),
            settings: include_str!(concat!("upstreams/outline/", $number, "/.yarnrc.yml")),
        }
    };
}

/// Oldest first. For arm64 1.5.0 compiles msgpackr-extract, 1.6.1 and 1.7.0
/// unix-dgram, too; in 1.7.1 packages run no scripts.
pub const CUTS: &[Cut] = &[
    cut!("1.5.0", "22.21.0"),
    cut!("1.6.1", "22.21.0"),
    cut!("1.7.0", "24.15.0"),
    cut!("1.7.1", "24.15.0"),
];

impl Upstreams {
    /// Publishes a version of Outline whose packages are upstream's.
    pub fn outline_cut(&self, cut: &Cut) {
        stand_in();
        let tag = format!("v{}", cut.number);
        self.git.release(REPOSITORY, &tag, &tree(cut));
        self.github.release(REPOSITORY, Release::new(&tag));
    }
}

/// The images `node` with what the cuts compile and install; the repositories' names
/// and tags.
pub fn stand_in() -> Vec<String> {
    full_node(packages())
}

/// The Dockerfiles of these tags are those of 1.9.2, but for Node.js's version
/// and, in `Dockerfile.base`, corepack, which came with Node.js.
fn tree(cut: &Cut) -> Tree {
    let dockerfile = |text: &str| {
        let text = text.replace("node:26.3.0", &format!("node:{}", cut.node));
        text.replace("RUN npm install -g corepack\n", "")
    };
    Tree::new()
        .file("package.json", cut.package)
        .file("yarn.lock", cut.lock)
        .file(".yarnrc.yml", cut.settings)
        .file(".dockerignore", ".git\nnode_modules\nbuild\n.yarn\n")
        .file("patches/README", "No patch of the packages above.\n")
        .file(
            "build.js",
            include_str!("upstreams/outline/build-with-esbuild.js"),
        )
        .file("server.js", include_str!("upstreams/outline/server.js"))
        .file(
            "Dockerfile.base",
            dockerfile(include_str!("upstreams/outline/1.9.base.Dockerfile")),
        )
        .file(
            "Dockerfile",
            dockerfile(include_str!("upstreams/outline/1.9.Dockerfile")),
        )
}

/// Yarn's cache with the packages of all cuts for both architectures, filled
/// from npm's registry once.
fn packages() -> &'static Path {
    static PACKAGES: OnceLock<PathBuf> = OnceLock::new();
    PACKAGES.get_or_init(|| {
        let home = std::env::var("BAKEHOUSE_HOME").expect("BAKEHOUSE_HOME is set by ./justw test");
        let packages = Path::new(&home).join("outline-packages");
        // Yarn's cache is filled by one of all processes.
        let _turn = lock("outline-packages");
        for cut in CUTS {
            fill(&packages, cut, &home);
        }
        packages
    })
}

fn fill(packages: &Path, cut: &Cut, home: &str) {
    let filled = packages.join(format!("{}.lock", cut.number));
    if std::fs::read_to_string(&filled).is_ok_and(|lock| lock == cut.lock) {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let both = "supportedArchitectures:\n  os: [linux]\n  cpu: [x64, arm64]\n  libc: [glibc]\n";
    for (name, text) in [
        ("package.json", cut.package),
        ("yarn.lock", cut.lock),
        (".yarnrc.yml", &format!("{}\n{both}", cut.settings)),
    ] {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    let output = Command::new(format!("{home}/tools/node-amd64/bin/node"))
        .arg(format!("{home}/tools/yarn-4/bin/yarn.js"))
        .args(["install", "--immutable", "--mode=skip-build"])
        .current_dir(folder.path())
        .env("YARN_GLOBAL_FOLDER", packages)
        .env("YARN_NPM_REGISTRY_SERVER", registry())
        .output()
        .expect("Node.js starts; scripts/witness.sh unpacks it");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success(),
        "packages of {}: {said}\nhint: `npm config get registry` must be reachable",
        cut.number
    );
    std::fs::write(filled, cut.lock).unwrap();
}

/// npm's registry, as npm is configured.
fn registry() -> String {
    if let Ok(registry) = std::env::var("NPM_CONFIG_REGISTRY") {
        return registry;
    }
    let output = Command::new("npm")
        .args(["config", "get", "registry"])
        .output()
        .expect("npm starts, or NPM_CONFIG_REGISTRY is set");
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}
