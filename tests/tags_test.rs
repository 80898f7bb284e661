//! Tags, and what each holds: versions, moving tags, names that belong to the host.

use crate::support::{Builder, Package, Project, finish};

const MOVING: &str = "[tags]\nmoving = [\"latest\", \"{major}.{minor}\"]\n\n[grants]";

/// `misbehave` for one platform, with versions and moving tags.
fn project(versions: &[&str]) -> Project {
    let project = Project::new(Builder::Docker);
    project.platforms(&["linux/amd64"]);
    project.misbehave(versions);
    let settings = std::fs::read_to_string(project.path("apps/misbehave/app.toml")).unwrap();
    let settings = settings.replace("[grants]", MOVING);
    project.write("apps/misbehave/app.toml", settings);
    project
}

/// The version that a tag says it is.
fn says(project: &Project, tag: &str) -> String {
    let reference = format!("misbehave:{tag}");
    let output = project.run(&["inspect", &reference, "--format", "json"]);
    let version = &output.expect(0).json()["annotations"]["org.opencontainers.image.version"];
    version.as_str().unwrap_or("nothing").to_owned()
}

#[test]
fn a_moving_tag_leaves_the_name_of_a_version_alone() {
    // As Keycloak numbers its releases.
    let project = project(&["26.2.1", "26.2", "26.1"]);
    let output = project.run(&["run"]).expect(0);
    let note = "the moving tag 26.2 of 26.2.1 is not set, since a version has that name";
    assert!(output.stdout.contains(note), "{}", output.stdout);
    let all =
        |project: &Project| ["26.1", "26.2", "26.2.1", "latest"].map(|tag| says(project, tag));
    let expected = ["26.1", "26.2", "26.2.1", "26.2.1"];
    assert_eq!(all(&project), expected);
    let again = project.run(&["run"]).expect(0);
    assert!(again.stdout.starts_with("everything is published"));
    assert_eq!(all(&project), expected);
}

#[test]
fn a_version_takes_its_name_from_a_moving_tag() {
    let project = project(&["26.2.1", "26.1"]);
    project.run(&["run"]).expect(0);
    assert_eq!(says(&project, "26.2"), "26.2.1");

    // Upstream releases, late, what the moving tag was called.
    let package = Package::new(&["26.2.1", "26.2", "26.1"]).file("asset", b"asset");
    project.npm.publish("misbehave", package);
    let plan = project.run(&["plan", "--format", "json"]).expect(0).json();
    let versions = plan["apps"][0]["versions"].as_array().unwrap();
    let missing: Vec<_> = versions
        .iter()
        .filter(|version| !version["jobs"].as_array().unwrap().is_empty())
        .map(|version| version["version"]["number"].as_str().unwrap())
        .collect();
    assert_eq!(missing, ["26.2"], "that the tag is there says nothing");
    project.run(&["run"]).expect(0);
    assert_eq!(says(&project, "26.2"), "26.2");
    assert_eq!(says(&project, "latest"), "26.2.1");
    project.run(&["run"]).expect(0);
    assert_eq!(says(&project, "26.2"), "26.2");
}

#[test]
fn versions_that_nobody_looks_at_keep_their_names() {
    let project = project(&["26.2.1", "26.2"]);
    project.run(&["run", "--max-versions", "1"]).expect(0);
    project.run(&["inspect", "misbehave:26.2"]).expect(4);

    // One that is merged later is not all that upstream has.
    project
        .run(&["build", "misbehave", "--version", "26.2"])
        .expect(0);
    let merge = ["merge", "misbehave", "--version", "26.2", "--dry-run"];
    let output = project.run(&merge).expect(0);
    assert!(
        !output.stdout.contains("upstream lists"),
        "{}",
        output.stdout
    );

    // Another machine knows nothing but the digest file.
    let other = self::project(&["26.2.1", "26.2"]);
    let build = ["build", "misbehave", "--version", "26.2.1"];
    other.run(&build).expect(0);
    other.npm.publish("misbehave", Package::new(&["26.2.1"]));
    other
        .run(&["merge", "misbehave", "--version", "26.2.1"])
        .expect(0);
    other.run(&["inspect", "misbehave:26.2"]).expect(4);
    assert_eq!(says(&other, "latest"), "26.2.1");
}

#[test]
fn names_of_the_host_are_no_versions() {
    let project = Project::new(Builder::Docker);
    let source = "https://127.0.0.1:1/owner/name";
    let fallback = format!("sha256-{}", "0a".repeat(32));
    let versions =
        format!("2.0.0 latest {fallback} bakehouse-cache-linux-amd64 1.0.0 1.0.0-r1 a/b 1.0.0");
    let grants = format!(
        "images = [\"fromsource\"]\nsources = [\"{source}\"]\n[options]\nrepository = \"{source}\"\n\
         versions = \"{versions}\""
    );
    project.app("fromsource", &grants);
    let output = project.run(&["plan", "--format", "json"]).expect(5);
    for name in [
        "`latest`",
        &format!("`{fallback}`"),
        "`bakehouse-cache-linux-amd64`",
        "`1.0.0-r1`",
    ] {
        let why = format!("fromsource: version {name} cannot be tagged with its name");
        assert!(output.stderr.contains(&why), "{}", output.stderr);
    }
    let output = output
        .says("version `a/b` cannot be a tag")
        .says("it names 1.0.0 twice");
    let numbers: Vec<_> = output.json()["apps"][0]["versions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|version| version["version"]["number"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(numbers, ["1.0.0", "2.0.0"]);
    project
        .run(&["build", "fromsource", "--version", "latest"])
        .expect(5)
        .says("it is the name of a moving tag");
}

#[test]
fn a_publish_says_where_to_and_what_said_so() {
    let project = Project::new(Builder::Docker);
    project.misbehave(&["1.0.0"]);
    let plan = |arguments: &[&str], variables: &[(&str, &str)]| {
        let mut command = project.command(&[&["plan"], arguments].concat());
        finish(command.envs(variables.iter().copied())).expect(0)
    };
    let output = plan(&[], &[("NAMESPACE", "elsewhere"), ("MAX_VERSIONS", "3")]);
    let line = "local/elsewhere (registry: bakehouse.toml, namespace: environment variable \
                NAMESPACE), linux/amd64, linux/arm64 (bakehouse.toml), newest 3 versions \
                (environment variable MAX_VERSIONS)";
    assert!(output.stdout.contains(&format!("destination: {line}\n")));
    assert!(output.stderr.contains(&format!("destination: {line}\n")));

    let flags = ["--namespace", "flag", "--format", "json"];
    let json = plan(
        &flags,
        &[("NAMESPACE", "elsewhere"), ("MULTI_ARCH", "false")],
    )
    .json();
    let destination = &json["destination"];
    assert_eq!(destination["namespace"], "flag");
    assert_eq!(destination["namespaceFrom"], "--namespace");
    assert_eq!(destination["registryFrom"], "bakehouse.toml");
    assert_eq!(
        destination["platformsFrom"],
        "environment variable MULTI_ARCH"
    );
    assert_eq!(destination["maxVersionsFrom"], "default");

    let summary = ["--summary", "page.md", "--registry", "local"];
    plan(&summary, &[]);
    let page = std::fs::read_to_string(project.path("page.md")).unwrap();
    assert!(page.contains("(registry: --registry,"), "{page}");
    let mut run = project.command(&["run", "--platform", "linux/amd64", "--partial"]);
    let report = finish(run.env("REGISTRY", "local")).expect(0);
    let line = "local/test (registry: environment variable REGISTRY, namespace: bakehouse.toml), \
                linux/amd64 (--platform)";
    assert!(report.stdout.contains(line), "{}", report.stdout);
    let mut build = project.command(&["build", "misbehave", "--version", "1.0.0"]);
    let report = finish(build.env("NAMESPACE", "other")).expect(0);
    assert!(
        report
            .stderr
            .contains("namespace: environment variable NAMESPACE")
    );
}
