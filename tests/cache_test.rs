//! Layers that outlive their builder.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde_json::Value;

use crate::support::{Builder, Output};
use crate::support::{Buildkitd, DebianRegistry, Git, Project, Tree, busybox, crane, finish};

/// The compiler's work, done once for each architecture on the build platform.
const COMPILE: &str = "\
FROM --platform=$BUILDPLATFORM scratch AS compile
ARG BUILDARCH
COPY busybox-$BUILDARCH /bin/sh
ARG TARGETARCH
RUN echo work-$((40+2))-$TARGETARCH && i=0 && while [ $i -lt 20000 ]; do i=$((i+1)); done \\
    && echo $TARGETARCH >/result
FROM scratch
COPY --from=compile /result /
";
const FINAL: &str = "FROM scratch\nCOPY out/result /result\nCOPY version /version\n";

fn tree(version: &str) -> Tree {
    Tree::new()
        .executable("busybox-amd64", busybox("amd64"))
        .file("compile.Dockerfile", COMPILE)
        .file("Dockerfile", FINAL)
        .file("version", version)
}

/// A token as GitHub hands to a job: buildkitd reads its claims.
fn runtime_token() -> String {
    let claims = r#"{"ac":"[{\"Scope\":\"refs/heads/main\",\"Permission\":3}]","nbf":1735689600,"exp":4102444800}"#;
    let part = |text: &str| BASE64_URL_SAFE_NO_PAD.encode(text);
    format!(
        "{}.{}.c2ln",
        part(r#"{"alg":"HS256","typ":"JWT"}"#),
        part(claims)
    )
}

fn project(git: &Git, cache: &str, registry: &str) -> Project {
    let project = Project::new(Builder::BuildKit);
    let url = git.url("a/b");
    project.app(
        "fromsource",
        &format!(
            "images = [\"fromsource\"]\nsources = [\"{url}\"]\n[options]\nrepository = \"{url}\"\nversions = \"1.0.0\""
        ),
    );
    project.write(
        "bakehouse.toml",
        format!("registry = \"{registry}\"\nnamespace = \"test\"\ncache = \"{cache}\"\n"),
    );
    project
}

/// Runs with a builder that has nothing of its own.
fn run(project: &Project) -> (Output, Vec<Value>) {
    let builder = Buildkitd::start();
    let mut command = project.command(&["run", "-v", "--format", "json"]);
    let output = finish(builder.choose(&mut command)).expect(0);
    let targets = output.json()["targets"].as_array().unwrap().clone();
    (output, targets)
}

/// The second build of a version, on another builder, with what the first left
/// in the cache. `unpublish` lets it be built again.
fn second_build_takes_layers(project: &Project, unpublish: impl Fn()) {
    let (first, targets) = run(project);
    assert_eq!(targets.len(), 2);
    for target in &targets {
        // The platforms share a step that is the same for both.
        assert!(target["cached"].as_u64().unwrap() <= 1, "{target}");
        assert!(target["steps"].as_u64().unwrap() >= 5, "{target}");
    }
    for architecture in ["amd64", "arm64"] {
        let line = format!("work-42-{architecture}");
        assert!(first.stderr.contains(&line), "{}", first.stderr);
    }

    std::fs::remove_dir_all(project.path("digests")).unwrap();
    unpublish();
    let (second, again) = run(project);
    assert_eq!(again.len(), 2);
    for target in &again {
        assert!(target["cached"].as_u64().unwrap() >= 5, "{target}");
        assert_eq!(target["reused"], false);
        let same = targets.iter().any(|t| t["digest"] == target["digest"]);
        assert!(same, "another image: {target}, {targets:?}");
    }
    assert!(!second.stderr.contains("work-42"), "{}", second.stderr);
}

#[test]
fn local_layers_serve_another_builder() {
    let git = Git::start();
    git.release("a/b", "v1.0.0", &tree("1.0.0"));
    let project = project(&git, "local", "local");
    second_build_takes_layers(&project, || {
        std::fs::remove_dir_all(project.path(".bakehouse/registry")).unwrap();
    });
    // The new generation took the old one's place.
    let layers = project.path(".bakehouse/layers/fromsource/fromsource");
    let scopes: Vec<_> = std::fs::read_dir(layers).unwrap().collect();
    assert_eq!(scopes.len(), 4, "{scopes:?}");
    for scope in scopes {
        let scope = scope.unwrap().path();
        let count = std::fs::read_dir(&scope).unwrap().count();
        assert!(count <= 3, "{}: {count} entries", scope.display());
    }
}

#[test]
fn layers_in_the_registry_serve_another_builder() {
    let git = Git::start();
    git.release("a/b", "v1.0.0", &tree("1.0.0"));
    let registry = DebianRegistry::start();
    let host = registry.host();
    let project = project(&git, "registry", &host);
    let repository = format!("{host}/test/fromsource");
    second_build_takes_layers(&project, || {
        let digest = crane(&["digest", &format!("{repository}:1.0.0")]);
        crane(&["delete", &format!("{repository}@{digest}")]);
    });
    let tags = |repository: &str| {
        let listed = crane(&["ls", repository]);
        let mut tags: Vec<_> = listed.lines().map(str::to_owned).collect();
        tags.sort_unstable();
        tags
    };
    let (caches, versions): (Vec<_>, Vec<_>) = tags(&repository)
        .into_iter()
        .partition(|tag| tag.starts_with("bakehouse-cache-linux-"));
    // An image and a compile step, each for two platforms.
    assert_eq!(caches.len(), 4, "{caches:?}");
    assert_eq!(versions, ["1.0.0", "latest"]);
}

#[test]
fn the_engines_own_builder_keeps_layers_in_the_registry() {
    let git = Git::start();
    git.release("a/b", "v1.0.0", &tree("1.0.0"));
    let registry = DebianRegistry::start();
    let host = registry.host();
    let project = project(&git, "registry", &host);
    let mut command = project.command(&["run", "--platform", "linux/amd64", "--partial"]);
    finish(command.env_remove("BAKEHOUSE_BUILDER"))
        .expect(0)
        .says("docker driver");
    let tags = crane(&["ls", &format!("{host}/test/fromsource")]);
    let caches = tags
        .lines()
        .filter(|tag| tag.starts_with("bakehouse-cache-"));
    assert_eq!(caches.count(), 2, "{tags}");
}

#[test]
fn only_the_builder_talks_to_github_and_a_broken_cache_fails_no_build() {
    let git = Git::start();
    git.release("a/b", "v1.0.0", &tree("1.0.0"));
    let project = project(&git, "gha", "local");
    // Answers 404 to everything.
    let github = Git::start();
    let builder = Buildkitd::start();
    let mut command = project.command(&["run", "--platform", "linux/amd64", "--partial"]);
    builder
        .choose(&mut command)
        .env("ACTIONS_RUNTIME_TOKEN", runtime_token())
        .env("ACTIONS_CACHE_SERVICE_V2", "true")
        .env("ACTIONS_RESULTS_URL", github.url(""));
    finish(&mut command).expect(0);
    let requests = github.requests();
    let asked = requests
        .iter()
        .filter(|request| request.ends_with("CacheService/GetCacheEntryDownloadURL"));
    // By both builds: before it, and after it.
    assert_eq!(asked.count(), 4, "{requests:?}");

    // Outside of a job there is no such cache; that is said, and no failure.
    std::fs::remove_dir_all(project.path("digests")).unwrap();
    std::fs::remove_dir_all(project.path(".bakehouse/registry")).unwrap();
    let seen = requests.len();
    project
        .run(&["run", "--platform", "linux/amd64", "--partial"])
        .expect(0)
        .says("layers are not cached: ACTIONS_RUNTIME_TOKEN is not set");
    assert_eq!(github.requests().len(), seen);
}
