//! From a released archive to published images, in a folder that has nothing of
//! this repository, with nothing on PATH but the program and what it needs.

use std::fs;
use std::os::unix::fs::symlink;
use std::process::Command;

use serde_json::json;
use tempfile::TempDir;

use crate::support::actions::{COMMIT, REPOSITORY, Repository};
use crate::support::{
    Builder, DebianRegistry, Git, Output, Project, PyPi, Tree, bases, crane, finish, published,
    released, tool,
};

/// A folder, and the world around it.
struct Newcomer {
    project: Project,
    index: PyPi,
    /// All that is on PATH.
    bin: TempDir,
}

impl Newcomer {
    fn new() -> Self {
        let project = Project::new(Builder::BuildKit);
        fs::remove_file(project.path("bakehouse.toml")).unwrap();
        fs::remove_dir(project.path("apps")).unwrap();
        let bin = tempfile::tempdir().unwrap();
        let program = released::unpack(bin.path()).join("bakehouse");
        symlink(program, bin.path().join("bakehouse")).unwrap();
        for needed in ["docker-buildx", "git"] {
            let found = fs::canonicalize(tool(needed)).unwrap();
            symlink(found, bin.path().join(needed)).unwrap();
        }
        let newcomer = Self {
            project,
            index: PyPi::start(),
            bin,
        };
        published::biome(&newcomer.project.npm);
        published::ruff(&newcomer.index);
        newcomer
    }

    fn run(&self, arguments: &[&str]) -> Output {
        let bin = self.bin.path();
        let mut command = Command::new(bin.join("bakehouse"));
        command
            .args(arguments)
            .current_dir(self.project.path("."))
            .env_clear()
            .envs(self.project.environment())
            .env("PIP_INDEX_URL", self.index.url())
            .env("PATH", bin);
        finish(&mut command)
    }

    /// The lines of an app's file, of which there are few.
    fn few_lines(&self, app: &str) {
        let path = self.project.path(&format!("apps/{app}/app.toml"));
        let text = fs::read_to_string(path).unwrap();
        // The first names its schema.
        assert!(text.lines().count() <= 16, "{text}");
    }

    /// Both platforms' programs say this.
    fn both_say(&self, image: &str, line: &str) {
        let line = line.trim_end();
        let smoked = self.run(&["smoke", image]).expect(0);
        let wanted = format!("linux/amd64\t{line}\nlinux/arm64\t{line}\n");
        assert_eq!(smoked.stdout, wanted);
    }
}

#[test]
fn three_commands_publish_a_program_and_a_workflow_does_the_same() {
    let newcomer = Newcomer::new();
    let registry = DebianRegistry::start();
    let host = registry.host();
    let product = format!("{REPOSITORY}@{COMMIT}");

    let init = [
        "init",
        "--yes",
        "--registry",
        &host,
        "--namespace",
        "daily",
        "--product",
        &product,
    ];
    newcomer.run(&init).expect(0);
    newcomer
        .run(&["new", "biome", "--from", "npm:@biomejs/biome", "--yes"])
        .expect(0);
    newcomer
        .run(&["run", "biome", "--registry", "local", "--max-versions", "1"])
        .expect(0);
    newcomer.few_lines("biome");

    newcomer
        .run(&["new", "ruff", "--from", "pypi:ruff", "--yes"])
        .expect(0);
    newcomer.few_lines("ruff");
    let git = Git::start();
    let tree = Tree::new()
        .file(
            "Dockerfile",
            "FROM debian:12-slim\nCOPY page /srv/page\nCMD [\"cat\", \"/srv/page\"]\n",
        )
        .file("page", "It works")
        .file("LICENSE", include_str!("../LICENSE"));
    git.release("acme/page", "v1.0.0", &tree);
    let address = git.url("acme/page");
    let settings = fs::read_to_string(newcomer.project.path("bakehouse.toml")).unwrap();
    let settings = settings
        .lines()
        .filter(|line| !line.starts_with("max-versions"));
    let settings = settings.collect::<Vec<_>>().join("\n");
    let hub = format!("\"docker.io/\" = \"{}/\"", bases());
    newcomer.project.write(
        "bakehouse.toml",
        format!("max-versions = 1\n{settings}\n[mirrors]\n{hub}\n"),
    );
    newcomer
        .run(&["new", "page", "--from", &format!("git:{address}"), "--yes"])
        .expect(0);
    newcomer.few_lines("page");

    newcomer.run(&["run", "--registry", "local"]).expect(0);
    let images = [
        ("biome:2.3.8", published::BIOME),
        ("ruff:0.14.6", published::RUFF),
        ("page:1.0.0", "It works"),
    ];
    for (image, line) in images {
        newcomer.both_say(&format!("local/daily/{image}"), line);
    }

    // The workflow that `init` wrote, with a release of the program.
    let mut repository = Repository::new(&newcomer.project, &host);
    repository.reaches(Some("PIP_INDEX_URL"), &newcomer.index.url());
    repository.reaches(None, &address);
    repository.reaches(None, bases());
    let mut run = repository.scheduled(&json!({ "registry": host, "namespace": "daily" }));
    assert!(run.whole(), "{}", run.log());
    for (image, _) in images {
        let published = crane(&["digest", &format!("{host}/daily/{image}")]);
        let inspected = newcomer
            .run(&[
                "inspect",
                &format!("local/daily/{image}"),
                "--format",
                "json",
            ])
            .expect(0);
        assert_eq!(inspected.json()["digest"], published, "{image}");
    }
}
