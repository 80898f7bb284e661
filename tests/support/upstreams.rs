//! The upstreams of the real apps, on loopback: forges' APIs, git repositories
//! and download servers, reached through `[mirrors]`, so that the recipes run as
//! they are.

use std::path::Path;
use std::process::Command;

use sha2::{Digest as _, Sha256};

use super::golang::identity_of_golang;
use super::shared::{lock, shared};
use super::{Builder, Forge, Git, Project, bases, recipe, tar_gz, tool};

/// All of them; they end with the test.
pub struct Upstreams {
    /// api.github.com; serves releases.mattermost.com, too, below `/mattermost`,
    /// and plugins.releases.mattermost.com below `/plugins`.
    pub github: Forge,
    /// framagit.org; serves packages.framasoft.org, too, below `/packages`.
    pub framagit: Forge,
    /// github.com, its git repositories.
    pub git: Git,
}

impl Upstreams {
    pub fn start() -> Self {
        Self {
            github: Forge::github(),
            framagit: Forge::gitlab(),
            git: Git::start(),
        }
    }

    /// A project with one of the real apps, its `app.toml` as it is but for
    /// where the recipe lies, and these lines under `[options]`.
    pub fn project(&self, builder: Builder, app: &str, options: &str) -> Project {
        let project = Project::new(builder);
        let bases = bases();
        let (github, framagit, git) = (&self.github, &self.framagit, self.git.url(""));
        project.write(
            "bakehouse.toml",
            format!(
                r#"registry = "local"
namespace = "test"
platforms = ["linux/amd64", "linux/arm64"]

[mirrors]
"https://api.github.com/" = "{}/"
"https://github.com/" = "{git}"
"https://releases.mattermost.com/" = "{}/mattermost/"
"https://plugins.releases.mattermost.com/" = "{}/plugins/"
"https://framagit.org/" = "{}/"
"https://packages.framasoft.org/" = "{}/packages/"
"docker.io/" = "{bases}/"
"gcr.io/" = "{bases}/"
"#,
                github.api_url(),
                github.url(),
                github.url(),
                framagit.url(),
                framagit.url(),
            ),
        );
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../../apps/{app}/app.toml"));
        let text = std::fs::read_to_string(path).unwrap();
        let line = format!("recipe = \"plugins/{app}\"");
        assert!(text.contains(&line), "{text}");
        let mut text = text.replace(&line, "recipe = \"recipe.wasm\"");
        if !options.is_empty() {
            text.push_str(&format!("\n[options]\n{options}\n"));
        }
        project.write(&format!("apps/{app}/app.toml"), text);
        let wasm = std::fs::read(recipe(app)).unwrap();
        project.write(&format!("apps/{app}/recipe.wasm"), wasm);
        project
    }
}

/// A Go program for an architecture; `made` is what its variable `main.made`
/// says.
pub fn program(source: &str, arch: &str, made: &str) -> Vec<u8> {
    // One at a time: the first fills Go's cache for the others.
    let _turn = lock("go");
    let programs = shared("programs", &identity_of_golang(), |_| {});
    let key = Sha256::digest(format!("{arch} {made} {source}"));
    let program = programs.join(hex::encode(key));
    if program.is_file() {
        return std::fs::read(program).unwrap();
    }
    let folder = tempfile::tempdir_in(&programs).unwrap();
    std::fs::write(folder.path().join("main.go"), source).unwrap();
    let output = Command::new(tool("go"))
        .args(["build", "-trimpath", "-o", "program"])
        .args(["-ldflags", &format!("-s -w -X main.made={made}")])
        .arg("main.go")
        .current_dir(folder.path())
        .env("CGO_ENABLED", "0")
        .env("GOOS", "linux")
        .env("GOARCH", arch)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "go build for {arch}: {said}");
    std::fs::rename(folder.path().join("program"), &program).unwrap();
    std::fs::read(program).unwrap()
}

/// A gzip-compressed archive of files that can be run.
pub fn package(files: &[(&str, &[u8])]) -> Vec<u8> {
    let owned = files
        .iter()
        .map(|(path, bytes)| ((*path).to_owned(), bytes.to_vec()));
    tar_gz(&owned.collect::<Vec<_>>())
}
