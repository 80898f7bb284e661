//! A recipe that cross-compiles, with a base image, through both ways to push.

use std::process::Command;

use crate::support::{
    Builder, DebianRegistry, Package, Project, crane, finish, golang_image, tool,
};

fn project(builder: Builder) -> Project {
    let project = Project::new(builder);
    let golang = golang_image();
    project.npm.publish(
        "crosshello",
        Package::new(&["1.0.0", "1.1.0"]).description(golang),
    );
    project.app(
        "crosshello",
        &format!(
            "releases = [\"npm:crosshello\"]\nimages = [\"crosshello\", \"crosshello-base\"]\nbases = [\"{golang}\"]"
        ),
    );
    project
}

/// Both platforms of the newest version run and say where.
fn assert_runs(project: &Project, more: &[&str]) {
    let smoke = [&["smoke"][..], more, &["crosshello:latest"]].concat();
    let output = project.run(&smoke).expect(0);
    assert_eq!(
        output.stdout,
        "linux/amd64\thello 1.1.0 linux/amd64\nlinux/arm64\thello 1.1.0 linux/arm64\n"
    );
}

#[test]
fn pushed_by_the_host_into_the_embedded_registry() {
    let project = project(Builder::Docker);
    project
        .run(&["run"])
        .expect(0)
        .says("docker driver, images are pushed by the host")
        .says("tagged local/test/crosshello-base:1.1.0");
    assert_runs(&project, &[]);

    // The independent witness reads the same through the served registry.
    let mut serve = project.command(&["serve", "--port", "0"]);
    let mut child = serve.stdout(std::process::Stdio::piped()).spawn().unwrap();
    let mut address = String::new();
    let stdout = child.stdout.take().unwrap();
    std::io::BufRead::read_line(&mut std::io::BufReader::new(stdout), &mut address).unwrap();
    let reference = format!("{}/test/crosshello:1.1.0", address.trim());
    let seen = crane(&["digest", &reference]);
    // While it is served, another process of the project uses it, too.
    assert_eq!(project.digest("crosshello:1.1.0"), seen);
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn pushed_by_buildkit_into_docker_registry() {
    let project = project(Builder::BuildKit);
    let registry = DebianRegistry::start();
    let host = registry.host();
    let more = ["--registry", &host];
    project
        .run(&["run", "--registry", &host])
        .expect(0)
        .says("remote driver, pushes by digest itself");
    assert_runs(&project, &more);

    let reference = format!("{host}/test/crosshello:1.1.0");
    let index: serde_json::Value = serde_json::from_str(&crane(&["manifest", &reference])).unwrap();
    assert_eq!(
        index["mediaType"],
        "application/vnd.oci.image.index.v1+json"
    );
    let platforms: Vec<_> = index["manifests"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| entry["platform"]["architecture"].as_str().unwrap())
        .collect();
    assert_eq!(platforms, ["amd64", "arm64"]);
    let annotations = &index["annotations"];
    assert_eq!(annotations["org.opencontainers.image.version"], "1.1.0");
    assert_eq!(
        annotations["org.opencontainers.image.created"],
        "2025-01-02T10:00:00.000Z"
    );
    assert_eq!(
        crane(&["digest", &format!("{host}/test/crosshello:latest")]),
        crane(&["digest", &reference])
    );
    for platform in ["linux/amd64", "linux/arm64"] {
        crane(&["validate", "--remote", &reference, "--platform", platform]);
    }

    // The base and its dependant are one image tree: the base's file is there.
    let config = crane(&["config", &reference, "--platform", "linux/arm64"]);
    let config: serde_json::Value = serde_json::from_str(&config).unwrap();
    assert_eq!(config["config"]["User"], "65532:65532");
    assert_eq!(config["rootfs"]["diff_ids"].as_array().unwrap().len(), 2);
    assert_eq!(config["created"], "2025-01-02T10:00:00Z");
}

#[test]
fn both_ways_label_images_alike() {
    let one = project(Builder::Docker);
    let two = project(Builder::BuildKit);
    for project in [&one, &two] {
        finish(&mut project.command(&["run", "--max-versions", "1"])).expect(0);
    }
    let image = "crosshello-base:1.1.0";
    let labels = |project: &Project| {
        let output = project
            .run(&["inspect", image, "--format", "json"])
            .expect(0);
        let images = output.json()["images"].as_array().unwrap().clone();
        images
            .iter()
            .map(|i| i["labels"].clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(labels(&one), labels(&two));
}

#[test]
fn a_helper_image_can_stay_unpublished() {
    let project = project(Builder::BuildKit);
    let file = std::fs::read_to_string(project.path("apps/crosshello/app.toml")).unwrap();
    let images =
        |tables: &str| project.write("apps/crosshello/app.toml", format!("{file}\n{tables}"));
    let registry = DebianRegistry::start();
    let host = registry.host();
    let more = ["--registry", &host];

    for (tables, says) in [
        (
            "[images.crosshello-bse]\npublish = false\n",
            "the recipe has no such image",
        ),
        (
            "[images.crosshello]\npublish = false\n",
            "[images.crosshello]: nothing that is published is built on it",
        ),
        (
            "[images.crosshello-base]\npublish = \"no\"\n",
            "invalid type: string \"no\"",
        ),
    ] {
        images(tables);
        project
            .run(&["plan", "--registry", &host])
            .expect(3)
            .says(says);
    }

    images("[images.crosshello-base]\npublish = false\n");
    let plan = project.run(&["plan", "--registry", &host]).expect(0);
    let line = plan
        .stdout
        .lines()
        .find(|line| line.contains("crosshello-base"));
    let line = line.unwrap();
    assert!(
        line.contains("never") && line.ends_with("needed by crosshello"),
        "{}",
        plan.stdout
    );
    let dry = project
        .run(&["run", "--dry-run", "--registry", &host])
        .expect(0);
    assert!(
        !dry.stdout.contains("would tag") || !dry.stdout.contains("crosshello-base:"),
        "{}",
        dry.stdout
    );

    let ran = project.run(&["run", "--registry", &host]).expect(0);
    ran.says("test/crosshello:1.1.0");
    assert_runs(&project, &more);
    let tags = |image: &str| {
        let reference = format!("{host}/test/{image}");
        let mut crane = Command::new(tool("crane"));
        let output = crane.args(["ls", &reference]).output().unwrap();
        String::from_utf8(output.stdout).unwrap().lines().count()
    };
    assert!(tags("crosshello") >= 2);
    assert_eq!(tags("crosshello-base"), 0);

    // What is published needs no helper.
    let again = project.run(&["run", "--registry", &host]).expect(0);
    assert!(
        again.stdout.contains("nothing to build"),
        "{}",
        again.stdout
    );
}
