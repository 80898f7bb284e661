//! Outline's upstream, in the shape that it has: its package manager is the
//! real one, its modules come from the source tree.

use std::path::Path;
use std::process::Command;

use super::{Release, Tree, Upstreams, package, program};

const REPOSITORY: &str = "outline/outline";
const PROGRAM: &str = "package main\n\nimport (\"os\"; \"runtime\")\n\nfunc main() { os.Stdout.WriteString(\"native \" + runtime.GOARCH) }\n";

/// How a version manages its packages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Yarn {
    /// `yarn install --production=true`, a base named in the Dockerfile.
    One,
    /// `yarn workspaces focus --production`, `BASE_IMAGE`.
    Four,
}

impl Upstreams {
    /// Publishes a version of Outline.
    pub fn outline(&self, number: &str, yarn: Yarn) {
        let tag = format!("v{number}");
        self.git.release(REPOSITORY, &tag, &tree(number, yarn));
        self.github.release(REPOSITORY, Release::new(&tag));
    }
}

fn tree(number: &str, yarn: Yarn) -> Tree {
    let folder = tempfile::tempdir().unwrap();
    let write = |path: &str, bytes: &[u8]| {
        let path = folder.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    };
    write("patches/devtool.tgz", &module("devtool", "", None));
    for (node, arch) in [("x64", "amd64"), ("arm64", "arm64")] {
        let name = format!("native-linux-{node}");
        let about = format!(",\"os\":[\"linux\"],\"cpu\":[\"{node}\"]");
        let program = program(PROGRAM, arch, "native");
        write(
            &format!("patches/{name}.tgz"),
            &module(&name, &about, Some(&program)),
        );
    }
    write(
        "package.json",
        format!(
            r#"{{ "name": "outline", "private": true, "version": "{number}",
  "scripts": {{ "build": "node ./build.js", "start": "node ./build/server/index.js" }},
  "optionalDependencies": {{
    "native-linux-x64": "file:./patches/native-linux-x64.tgz",
    "native-linux-arm64": "file:./patches/native-linux-arm64.tgz"
  }},
  "devDependencies": {{ "devtool": "file:./patches/devtool.tgz" }} }}
"#
        )
        .as_bytes(),
    );
    write("build.js", include_bytes!("upstreams/outline/build.js"));
    write("index.js", include_bytes!("upstreams/outline/index.js"));
    write(".dockerignore", b".git\nnode_modules\nbuild\n.yarn\n");
    let (base, app): (&[u8], &[u8]) = match yarn {
        Yarn::One => (
            include_bytes!("upstreams/outline/0.82.base.Dockerfile"),
            include_bytes!("upstreams/outline/0.82.Dockerfile"),
        ),
        Yarn::Four => (
            include_bytes!("upstreams/outline/1.9.base.Dockerfile"),
            include_bytes!("upstreams/outline/1.9.Dockerfile"),
        ),
    };
    write("Dockerfile.base", base);
    write("Dockerfile", app);
    if yarn == Yarn::Four {
        let settings = "nodeLinker: node-modules\nenableScripts: false\nenableNetwork: false\nenableTelemetry: false\n";
        write(".yarnrc.yml", settings.as_bytes());
        write("yarn.lock", b"");
    }
    lock(folder.path(), yarn);
    let mut tree = Tree::new();
    let mut names = vec![
        "yarn.lock",
        "package.json",
        "build.js",
        "index.js",
        ".dockerignore",
        "Dockerfile.base",
        "Dockerfile",
    ];
    names.extend([
        "patches/devtool.tgz",
        "patches/native-linux-x64.tgz",
        "patches/native-linux-arm64.tgz",
    ]);
    names.extend((yarn == Yarn::Four).then_some(".yarnrc.yml"));
    for name in names {
        tree = tree.file(name, std::fs::read(folder.path().join(name)).unwrap());
    }
    tree
}

/// A package whose main module is its name, or the path of its program.
fn module(name: &str, about: &str, program: Option<&[u8]>) -> Vec<u8> {
    let manifest = format!("{{\"name\":\"{name}\",\"version\":\"1.0.0\"{about}}}");
    let main = match program {
        Some(_) => "module.exports = __dirname + '/program';\n".to_owned(),
        None => format!("module.exports = '{name}';\n"),
    };
    let mut files = vec![
        ("package/package.json", manifest.as_bytes()),
        ("package/index.js", main.as_bytes()),
    ];
    files.extend(program.map(|program| ("package/program", program)));
    package(&files)
}

/// Lets the real Yarn write `yarn.lock`.
fn lock(folder: &Path, yarn: Yarn) {
    let home = std::env::var("BAKEHOUSE_HOME").expect("BAKEHOUSE_HOME is set by ./justw test");
    let version = match yarn {
        Yarn::One => "yarn-1",
        Yarn::Four => "yarn-4",
    };
    let output = Command::new(format!("{home}/tools/node-amd64/bin/node"))
        .arg(format!("{home}/tools/{version}/bin/yarn.js"))
        .arg("install")
        .current_dir(folder)
        // Yarn's own cache knows packages by name and version only.
        .env("YARN_CACHE_FOLDER", folder.join("cache"))
        .env("YARN_GLOBAL_FOLDER", folder.join("global"))
        .env_remove("CI")
        .output()
        .expect("Node.js starts; scripts/node.sh unpacks it");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{yarn:?} install: {said}");
}
