//! Recipes that are part of the program: apps that are an app.toml alone.

use bakehouse_loopback::{elf, tar_gz};
use serde_json::{Value, json};

use crate::support::{Builder, DebianRegistry, Forge, Git, Package, Project, Release, Tree, crane};

/// The configuration of one platform's image.
fn inspected(project: &Project, reference: &str) -> Value {
    let arguments = ["inspect", reference, "--format", "json"];
    project.run(&arguments).expect(0).json()
}

#[track_caller]
fn platforms(inspection: &Value) -> Vec<&str> {
    let images = inspection["images"].as_array().unwrap();
    let platforms = images
        .iter()
        .map(|image| image["platform"].as_str().unwrap());
    platforms.collect()
}

/// The packages of a program that npm has for each platform.
fn on_npm(project: &Project, versions: &[&str]) {
    let mut optional = json!({});
    for (cpu, machine) in [("x64", "amd64"), ("arm64", "arm64")] {
        let package = Package::new(versions)
            .file("bin/tool", &elf(machine, "tool", Some(0)))
            .file("LICENSE", b"MIT License")
            .facts(json!({ "os": ["linux"], "cpu": [cpu] }));
        let name = format!("@tool/linux-{cpu}");
        project.npm.publish(&name, package);
        optional[name] = versions[versions.len() - 1].into();
    }
    let package = Package::new(versions)
        .description("A tool")
        .facts(json!({ "license": "MIT", "optionalDependencies": optional }));
    project.npm.publish("tool", package);
}

#[test]
fn from_nothing_to_an_image_in_two_commands() {
    let project = Project::new(Builder::BuildKit);
    on_npm(&project, &["1.0.0", "1.1.0"]);
    project
        .run(&["new", "tool", "--from", "npm:tool", "--yes"])
        .expect(0);
    let text = std::fs::read_to_string(project.path("apps/tool/app.toml")).unwrap();
    assert!(text.lines().count() <= 15, "{text}");
    project.run(&["run", "tool"]).expect(0);
    let seen = inspected(&project, "tool:1.1.0");
    assert_eq!(platforms(&seen), ["linux/amd64", "linux/arm64"]);
    assert_eq!(
        seen["annotations"]["org.opencontainers.image.licenses"],
        "MIT"
    );
    project.run(&["inspect", "tool:latest"]).expect(0);
    let again = project.run(&["run", "tool"]).expect(0);
    assert!(again.stdout.contains("nothing"), "{}", again.stdout);
}

#[test]
fn every_setting_of_an_image_is_in_it() {
    let project = Project::new(Builder::BuildKit);
    on_npm(&project, &["1.0.0"]);
    project.write(
        "apps/tool/app.toml",
        r#"recipe = "bakehouse:binaries"
[options]
source = "npm:tool"
license = "MIT"
summary = "Has everything"
sources = { "linux/amd64" = "npm:@tool/linux-x64", "linux/arm64" = "npm:@tool/linux-arm64" }
member = "*/bin/tool"
path = "/opt/tool"
copy = { "package/LICENSE" = "/licenses/LICENSE" }
user = "1000"
workdir = "/work"
cmd = ["serve", "--all"]
env = { MODE = "a $b" }
ports = ["8080", "53/udp"]
volumes = ["/data"]
labels = { "org.example.team" = "tools" }
[grants]
images = ["tool"]
releases = ["npm:tool", "npm:@tool/linux-x64", "npm:@tool/linux-arm64"]
"#,
    );
    let registry = DebianRegistry::start();
    let host = registry.host();
    project.run(&["run", "tool", "--registry", &host]).expect(0);
    let reference = format!("{host}/test/tool:1.0.0");
    let config = crane(&["config", "--platform", "linux/arm64", &reference]);
    let config: Value = serde_json::from_str(&config).unwrap();
    let config = &config["config"];
    assert_eq!(config["Labels"]["org.example.team"], "tools");
    assert_eq!(config["Entrypoint"], json!(["/opt/tool"]));
    assert_eq!(config["Cmd"], json!(["serve", "--all"]));
    assert_eq!(config["User"], "1000");
    assert_eq!(config["WorkingDir"], "/work");
    assert_eq!(
        config["ExposedPorts"],
        json!({ "8080/tcp": {}, "53/udp": {} })
    );
    assert_eq!(config["Volumes"], json!({ "/data": {} }));
    let env = config["Env"].as_array().unwrap();
    assert!(env.contains(&json!("MODE=a $b")), "{config}");
}

#[test]
fn a_platform_that_a_release_lacks_is_not_offered() {
    let project = Project::new(Builder::BuildKit);
    let forge = Forge::gitea();
    let archive = |machine| {
        let program = elf(machine, "tool", Some(0));
        tar_gz(&[("tool-1.0.0/tool".to_owned(), program)])
    };
    let only = Release::new("v1.0.0").file("tool-linux-x86_64.tar.gz", &archive("amd64"));
    let both = Release::new("v1.1.0")
        .file("tool-linux-x86_64.tar.gz", &archive("amd64"))
        .file("tool-linux-aarch64.tar.gz", &archive("arm64"));
    forge.release("owner/tool", only);
    forge.release("owner/tool", both);
    let source = format!("gitea:{}/owner/tool", forge.host());
    project.write(
        "apps/tool/app.toml",
        format!(
            r#"recipe = "bakehouse:binaries"
[options]
source = "{source}"
license = "MIT"
file = "tool-{{os}}-{{arch}}.tar.gz"
[grants]
images = ["tool"]
releases = ["{source}"]
"#
        ),
    );
    project.run(&["run", "tool"]).expect(0);
    let seen = inspected(&project, "tool:1.1.0");
    assert_eq!(platforms(&seen), ["linux/amd64", "linux/arm64"]);
    let seen = inspected(&project, "tool:1.0.0");
    assert_eq!(platforms(&seen), ["linux/amd64"]);
}

#[test]
fn options_that_make_no_app_are_a_fault_of_its_file() {
    let project = Project::new(Builder::BuildKit);
    on_npm(&project, &["1.0.0"]);
    for (option, why) in [
        ("path = \"bin/tool\"", "`path` is `bin/tool`"),
        ("ports = [\"http\"]", "`http` in `ports` is no port"),
        ("member = \"{machine}\"", "`{machine}`"),
        ("env = { A = 1 }", "option `env` is a table of texts"),
        (
            "sources = {}\nfile = \"tool.tgz\"",
            "nothing tells the file for linux/amd64",
        ),
        ("fiel = \"x\"", "did you mean `file`"),
    ] {
        let sources = match option.starts_with("sources") {
            true => "",
            false => "sources = { \"linux/amd64\" = \"npm:a\", \"linux/arm64\" = \"npm:b\" }\n",
        };
        project.write(
            "apps/tool/app.toml",
            format!(
                "recipe = \"bakehouse:binaries\"\n[options]\nsource = \"npm:tool\"\nlicense = \"MIT\"\n{sources}{option}\n[grants]\nimages = [\"tool\"]\nreleases = [\"npm:tool\"]\n"
            ),
        );
        project.run(&["plan", "tool"]).expect(3).says(why);
    }
}

#[test]
fn upstreams_dockerfile_is_built_with_the_edits_that_are_listed() {
    let project = Project::new(Builder::BuildKit);
    let git = Git::start();
    let files = Forge::gitea();
    files.file("/files/1.0.0/data", "data");
    let downloads = format!("{}/files/", files.url());
    let dockerfile = "# syntax=docker/dockerfile:1\nARG VERSION=none\nFROM scratch AS files\nCOPY run /run\n\
                      FROM example.com/missing:1 AS main\nARG VERSION\nCOPY --from=files /run /run\n\
                      ADD FILES1.0.0/data /data\nLABEL of=$VERSION\nCMD [\"/run\"]\n";
    let dockerfile = dockerfile.replace("FILES", &downloads);
    let tree = Tree::new()
        .file("deploy/Dockerfile", dockerfile)
        .executable("deploy/run", "#!/bin/sh\n");
    git.release("owner/app", "v1.0.0", &tree);
    let repository = git.url("owner/app");
    project.write(
        "apps/app/app.toml",
        format!(
            r#"recipe = "bakehouse:dockerfile"
[options]
repository = "{repository}"
license = "MIT"
dockerfile = "deploy/Dockerfile"
context = "deploy"
syntax = "drop"
bases = {{ "example.com/missing" = "scratch" }}
build-stages = ["files"]
args = {{ VERSION = "{{version}}" }}
downloads = ["{downloads}"]
[grants]
images = ["app"]
releases = ["git:{repository}"]
sources = ["{repository}"]
downloads = ["{downloads}"]
"#
        ),
    );
    project.run(&["run", "app"]).expect(0);
    let seen = inspected(&project, "app:1.0.0");
    assert_eq!(platforms(&seen), ["linux/amd64", "linux/arm64"]);
    for image in seen["images"].as_array().unwrap() {
        assert_eq!(image["labels"]["of"], "1.0.0", "{seen}");
    }
}

/// BuildKit writes `"layers": null` for it.
#[test]
fn an_image_without_layers_is_published_by_every_builder() {
    for builder in [Builder::BuildKit, Builder::Docker] {
        let project = Project::new(builder);
        let git = Git::start();
        let tree = Tree::new().file("Dockerfile", "FROM scratch\nLABEL of=nothing\n");
        git.release("owner/empty", "v1.0.0", &tree);
        let repository = git.url("owner/empty");
        project.write(
            "apps/empty/app.toml",
            format!(
                "recipe = \"bakehouse:dockerfile\"\n[options]\nrepository = \"{repository}\"\nlicense = \"MIT\"\n\
                 [grants]\nimages = [\"empty\"]\nreleases = [\"git:{repository}\"]\nsources = [\"{repository}\"]\n"
            ),
        );
        project.run(&["run", "empty"]).expect(0);
        let seen = inspected(&project, "empty:1.0.0");
        assert_eq!(
            platforms(&seen),
            ["linux/amd64", "linux/arm64"],
            "{builder:?}"
        );
        for image in seen["images"].as_array().unwrap() {
            assert_eq!(image["labels"]["of"], "nothing", "{seen}");
        }
    }
}
