//! The program that installs Outline's modules for another machine, with the real
//! Node.js and Yarn and packages of every kind: for arm64 on this amd64 machine.
//!
//! Nothing of the machine is on `PATH` but busybox: packages find no compiler and
//! nothing can be installed.

use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

use crate::support::{Output, busybox, package};

/// The start of an ELF file, up to `e_machine`, and a C library that it needs.
fn elf(machine: u8, libc: &str) -> Vec<u8> {
    let mut bytes = b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0\x03\0".to_vec();
    bytes.extend([machine, 0, 1, 0, 0, 0]);
    bytes.extend(libc.bytes());
    bytes.push(0);
    bytes
}
/// A user namespace has emulators of its own, and this one has none.
const WITHOUT_EMULATION: &[&str] = &[
    "/usr/bin/unshare",
    "--user",
    "--map-root-user",
    "--mount",
    "/bin/sh",
    "-c",
    "/bin/mount -t binfmt_misc none /proc/sys/fs/binfmt_misc && exec \"$0\" \"$@\"",
];
const GLIBC: &str = "libc.so.6";
const MUSL: &str = "libc.musl-aarch64.so.1";
const AMD64: u8 = 62;
const ARM64: u8 = 183;

/// A project whose packages are archives beside it.
struct Tree {
    folder: TempDir,
    dependencies: Vec<(&'static str, &'static str)>,
}

impl Tree {
    fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
            dependencies: Vec::new(),
        }
    }

    /// Adds a package that the project needs. `about` goes into its
    /// `package.json`.
    fn needs(self, name: &'static str, about: &str, files: &[(&str, &[u8])]) -> Self {
        self.add("dependencies", name, about, files)
    }

    /// Adds one that it can do without.
    fn likes(self, name: &'static str, about: &str, files: &[(&str, &[u8])]) -> Self {
        self.add("optionalDependencies", name, about, files)
    }

    fn add(
        mut self,
        kind: &'static str,
        name: &'static str,
        about: &str,
        files: &[(&str, &[u8])],
    ) -> Self {
        let comma = if about.is_empty() { "" } else { "," };
        let manifest = format!("{{\"name\":\"{name}\",\"version\":\"1.0.0\"{comma}{about}}}");
        let mut all = vec![("package/package.json".to_owned(), manifest.as_bytes())];
        all.extend(
            files
                .iter()
                .map(|(path, bytes)| (format!("package/{path}"), *bytes)),
        );
        let all: Vec<_> = all
            .iter()
            .map(|(path, bytes)| (path.as_str(), *bytes))
            .collect();
        std::fs::write(self.path(&format!("{name}.tgz")), package(&all)).unwrap();
        self.dependencies.push((kind, name));
        self
    }

    fn path(&self, relative: &str) -> PathBuf {
        self.folder.path().join(relative)
    }

    /// What is in the folder of a package, none when it is not there.
    fn read(&self, relative: &str) -> Option<String> {
        std::fs::read_to_string(self.path("node_modules").join(relative)).ok()
    }

    /// Installs all of it as a project with `more` in its `package.json` and
    /// these settings of Yarn.
    fn install(&self, more: &str, settings: &str) -> Output {
        self.install_with(&[], more, settings)
    }

    /// [`Self::install`] by way of another program.
    fn install_with(&self, way: &[&str], more: &str, settings: &str) -> Output {
        let list = |kind: &str| {
            let of_kind = self.dependencies.iter().filter(|(k, _)| *k == kind);
            let lines = of_kind.map(|(_, name)| format!("\"{name}\":\"file:./{name}.tgz\""));
            lines.collect::<Vec<_>>().join(",")
        };
        let (needed, optional) = (list("dependencies"), list("optionalDependencies"));
        let manifest = format!(
            "{{\"name\":\"project\",\"private\":true,\"packageManager\":\"yarn@4.11.0\",{more}\
             \"dependencies\":{{{needed}}},\"optionalDependencies\":{{{optional}}}}}"
        );
        std::fs::write(self.path("package.json"), manifest).unwrap();
        let settings = format!(
            "nodeLinker: node-modules\nenableNetwork: false\nenableTelemetry: false\n{settings}"
        );
        std::fs::write(self.path(".yarnrc.yml"), settings).unwrap();
        std::fs::write(self.path("yarn.lock"), "").unwrap();
        let program =
            Path::new(env!("CARGO_MANIFEST_DIR")).join("../../plugins/outline/src/modules.cjs");
        let node = self.path("bin/node").display().to_string();
        let line = [way, &[node.as_str()]].concat();
        let output = self
            .command(line[0])
            .args(&line[1..])
            .arg(program)
            .args(["arm64", "yarn", "install", "--no-immutable"])
            .output()
            .unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Output {
            code: output.status.code(),
            stdout: text(output.stdout),
            stderr: text(output.stderr),
        }
    }

    fn command(&self, program: &str) -> Command {
        let home = std::env::var("BAKEHOUSE_HOME").expect("BAKEHOUSE_HOME is set by ./justw test");
        let bin = self.path("bin");
        if !bin.exists() {
            std::fs::create_dir(&bin).unwrap();
            let link = |target: &str, name: &str| {
                symlink(format!("{home}/tools/{target}"), bin.join(name)).unwrap();
            };
            link("node-amd64/bin/node", "node");
            link("yarn-4/bin/yarn.js", "yarn");
            for name in ["sh", "env", "cp", "test", "uname"] {
                link("busybox-amd64/bin/busybox", name);
            }
        }
        let mut command = Command::new(program);
        command
            .current_dir(self.folder.path())
            .env_clear()
            .env("PATH", &bin)
            .env("HOME", self.path("home"))
            .env("TMPDIR", self.folder.path())
            .env("YARN_GLOBAL_FOLDER", self.path("global"))
            .stdin(Stdio::null());
        command
    }
}

/// `scripts` of a `package.json` with one of them.
fn script(event: &str, text: &str) -> String {
    format!("\"scripts\":{{\"{event}\":\"{text}\"}}")
}

#[test]
fn a_module_that_is_there_for_the_target_is_not_compiled() {
    let build = script("install", "echo > built");
    let gyp: (&str, &[u8]) = ("binding.gyp", b"{}");
    let (amd64, arm64) = (elf(AMD64, GLIBC), elf(ARM64, GLIBC));
    let musl = elf(ARM64, MUSL);
    let shipped: [(&str, &[u8]); 2] = [
        ("prebuilds/linux-x64/module.node", &amd64),
        ("prebuilds/linux-arm64/module.node", &arm64),
    ];
    let tree = Tree::new()
        .needs("shipped", &build, &[gyp, shipped[0], shipped[1]])
        // For another C library, and for another Node.js.
        .needs("musl", &build, &[gyp, ("module.node", &musl)])
        .needs(
            "named",
            &build,
            &[gyp, ("node.napi.musl.node", &elf(ARM64, ""))],
        )
        .needs("old", &build, &[gyp, ("node.abi1.node", &arm64)])
        // What it brings is no module.
        .needs("vendor", &build, &[gyp, ("vendor/libvips.so", &arm64)])
        .needs("sources", &build, &[gyp]);
    let output = tree.install("", "").expect(0);
    assert!(
        output
            .stdout
            .contains("shipped 1.0.0 brings its module for arm64")
    );
    assert_eq!(tree.read("shipped/built"), None);
    for compiled in ["musl", "named", "old", "vendor", "sources"] {
        assert!(
            tree.read(&format!("{compiled}/built")).is_some(),
            "{compiled}"
        );
    }
}

#[test]
fn scripts_see_the_target() {
    let see = script(
        "postinstall",
        "node -p 'process.arch + os.machine() + process.env.npm_config_arch' > seen",
    );
    let tree = Tree::new()
        .needs("sees", &see, &[])
        .needs("quiet", &see, &[]);
    tree.install("\"dependenciesMeta\":{\"quiet\":{\"built\":false}},", "")
        .expect(0);
    assert_eq!(
        tree.read("sees/seen").as_deref(),
        Some("arm64aarch64arm64\n")
    );
    assert_eq!(tree.read("quiet/seen"), None);

    // The same tree, when upstream lets no package run scripts, or only one.
    tree.install("", "enableScripts: false\n").expect(0);
    let tree = Tree::new()
        .needs("sees", &see, &[])
        .needs("quiet", &see, &[]);
    tree.install("", "enableScripts: false\n").expect(0);
    assert_eq!(tree.read("sees/seen"), None);
    tree.install(
        "\"dependenciesMeta\":{\"sees\":{\"built\":true}},",
        "enableScripts: false\n",
    )
    .expect(0);
    assert!(tree.read("sees/seen").is_some());
    assert_eq!(tree.read("quiet/seen"), None);
}

#[test]
fn an_optional_package_may_fail_where_it_fails_for_every_machine() {
    let tree = Tree::new()
        .likes("broken", &script("install", "exit 3"), &[])
        .needs("works", &script("install", "echo > done"), &[]);
    let output = tree.install("", "").expect(0);
    assert!(
        output
            .stdout
            .contains("broken 1.0.0 is optional, and its install fails for x64, too: left out"),
        "{}",
        output.stdout
    );
    assert_eq!(tree.read("broken/package.json"), None);
    assert!(tree.read("works/done").is_some());

    Tree::new()
        .likes("picky", &script("install", "test -z $npm_config_arch"), &[])
        .install("", "")
        .expect(1)
        .says("picky 1.0.0: `test -z $npm_config_arch` (install) failed for arm64");
}

#[test]
fn a_package_that_is_needed_may_not_fail() {
    Tree::new()
        .needs("broken", &script("preinstall", "echo no >&2; exit 3"), &[])
        .install("", "")
        .expect(1)
        .says("no\n")
        .says("broken 1.0.0: `echo no >&2; exit 3` (preinstall) failed for arm64")
        .says("on this x64 machine, and the package brings no program for arm64")
        .says("build this platform on a builder with a node of it");
    // It says that all went well, and made nothing.
    let (amd64, arm64) = (elf(AMD64, GLIBC), elf(ARM64, GLIBC));
    let silent = script("install", "test $npm_config_arch || cp x64 module.node");
    let files: [(&str, &[u8]); 3] = [("binding.gyp", b"{}"), ("x64", &amd64), ("arm64", &arm64)];
    Tree::new()
        .needs("silent", &silent, &files)
        .install("", "")
        .expect(1)
        .says("silent 1.0.0 makes a module for x64, and none for arm64");
}

#[test]
fn a_package_may_try_the_program_that_it_brings() {
    let program = busybox("arm64");
    let tries = script("postinstall", "./busybox true");
    let tree = || Tree::new().needs("tries", &tries, &[("busybox", &program)]);
    let output = tree().install("", "").expect(0);
    let said = "tries 1.0.0: postinstall for arm64";
    assert!(output.stdout.contains(said), "{}", output.stdout);

    let output = tree().install_with(WITHOUT_EMULATION, "", "").expect(0);
    let said = "tries 1.0.0 brings its program for arm64, which its postinstall cannot try here";
    assert!(output.stdout.contains(said), "{}", output.stdout);
}

#[test]
fn no_program_of_the_building_machine_stays() {
    let (amd64, arm64) = (elf(AMD64, GLIBC), elf(ARM64, GLIBC));
    let both: [(&str, &[u8]); 2] = [("x64/program", &amd64), ("arm64/program", &arm64)];
    let tree = Tree::new().needs(
        "chooses",
        &script("install", "cp $npm_config_arch/program program"),
        &both,
    );
    tree.install("", "").expect(0);
    assert!(tree.path("node_modules/chooses/program").exists());

    Tree::new()
        .needs("made", &script("install", "cp x64/program program"), &both)
        .install("", "")
        .expect(1)
        .says("node_modules/made/program of made 1.0.0 was compiled for another architecture than arm64");
    for file in ["bin/program", "module.node"] {
        Tree::new()
            .needs("single", "", &[(file, &amd64)])
            .install("", "")
            .expect(1)
            .says(&format!(
                "node_modules/single/{file} of single 1.0.0 was compiled for another architecture than arm64"
            ));
    }
}
