//! Source checkout, from the release's ref to the image's labels.

use std::process::Command;

use serde_json::Value;

use crate::support::{Builder, Fault, Git, Project, Tree, finish};

const REPOSITORY: &str = "owner/name";

/// A project with `fromsource`: these versions, newest first.
fn project(git: &Git, versions: &str, more: &str) -> Project {
    let project = Project::new(Builder::Docker);
    let url = git.url(REPOSITORY);
    project.app(
        "fromsource",
        &format!(
            "images = [\"fromsource\"]\nsources = [\"{url}\"]\n[options]\nrepository = \"{url}\"\nversions = \"{versions}\"\n{more}"
        ),
    );
    project
}

/// What upstream's repository holds at a version.
fn tree(version: &str) -> Tree {
    Tree::new()
        .file(
            "Dockerfile",
            "FROM scratch\nCOPY . /app/\nCMD [\"/app/run\"]\n",
        )
        .file("version", version)
        .executable("bin/run", "#!/bin/sh\n")
        .link("current", "version")
}

fn build(project: &Project, version: &str, platform: &str) -> crate::support::Output {
    let arguments = [
        "build",
        "fromsource",
        "--version",
        version,
        "--platform",
        platform,
    ];
    project.run(&arguments)
}

fn digest_file(project: &Project, version: &str, platform: &str) -> Value {
    let path = project.digest_file(
        "local",
        &format!("fromsource/{version}/fromsource/{platform}"),
    );
    let text = std::fs::read_to_string(project.path(&path)).unwrap();
    serde_json::from_str(&text).unwrap()
}

fn inspect(project: &Project, reference: &str) -> Value {
    let arguments = ["inspect", reference, "--format", "json"];
    project.run(&arguments).expect(0).json()
}

#[test]
fn the_commit_is_built_and_named_everywhere() {
    let git = Git::start();
    let first = git.release(REPOSITORY, "v1.0.0", &tree("1.0.0"));
    let second = git.release(REPOSITORY, "v1.1.0", &tree("1.1.0"));
    let project = project(&git, "1.1.0 1.0.0", "");
    project.run(&["run"]).expect(0);
    for (version, commit, date) in [
        ("1.0.0", &first, "2025-01-01T00:00:00Z"),
        ("1.1.0", &second, "2025-01-02T00:00:00Z"),
    ] {
        for platform in ["linux-amd64", "linux-arm64"] {
            let file = digest_file(&project, version, platform);
            assert_eq!(file["revision"]["commit"], **commit);
            assert_eq!(file["version"]["source"]["gitRef"], format!("v{version}"));
        }
        let seen = inspect(&project, &format!("fromsource:{version}"));
        for facts in std::iter::once(&seen["annotations"]).chain(
            seen["images"]
                .as_array()
                .unwrap()
                .iter()
                .map(|i| &i["labels"]),
        ) {
            for (key, value) in [
                ("revision", commit.as_str()),
                ("version", version),
                ("created", date),
                ("title", "fromsource"),
                ("description", "Is what its source says"),
                ("source", &git.url(REPOSITORY)),
                ("documentation", "https://fromsource.example/docs"),
                ("vendor", "Source & Sons"),
                ("licenses", "Apache-2.0"),
            ] {
                let key = format!("org.opencontainers.image.{key}");
                assert_eq!(facts[&key], value, "{key} of {version} in {seen}");
            }
            assert_eq!(
                facts["dev.bakehouse.upstream"],
                "https://fromsource.example"
            );
        }
    }
    // The recipe was told the same.
    let image = inspect(&project, "fromsource:1.1.0")["images"][1].clone();
    for (key, value) in [
        ("repository", git.url(REPOSITORY).as_str()),
        ("git-ref", "v1.1.0"),
        ("commit", &second),
        ("committed", "2025-01-02T00:00:00Z"),
    ] {
        assert_eq!(image["labels"][format!("checkout.{key}")], value, "{image}");
    }
    // Nothing but upstream's files, with upstream's modes.
    let files = image_files(&project, "fromsource:1.1.0");
    for line in [
        "-rwxr-xr-x app/bin/run",
        "-rw-r--r-- app/version",
        "lrwxrwxrwx app/current",
    ] {
        assert!(files.contains(line), "no {line} in\n{files}");
    }
    assert!(!files.contains(".git"), "{files}");
}

/// Modes and paths of the files in an image's layers, from the embedded
/// registry's own storage.
fn image_files(project: &Project, reference: &str) -> String {
    let image = &inspect(project, reference)["images"][0];
    let digest = image["digest"].as_str().unwrap().to_owned();
    let script = r#"
        for blob in $(find "$1" -type f -size -64k); do
            if tar -tzf "$blob" >/dev/null 2>&1; then tar -tvzf "$blob" | awk '{ print $1, $6 }'; fi
        done
    "#;
    let output = Command::new("sh")
        .args(["-c", script, "sh"])
        .arg(project.path(".bakehouse/registry"))
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(!text.is_empty(), "no layers of {digest}");
    text
}

#[test]
fn a_tag_that_moves_does_not_mix_commits() {
    let git = Git::start();
    let first = git.release(REPOSITORY, "v1.0.0", &tree("as released"));
    let project = project(&git, "1.0.0", "");
    build(&project, "1.0.0", "linux/amd64").expect(0);
    let second = git.release(REPOSITORY, "v1.0.0", &tree("released again"));
    assert_ne!(first, second);
    build(&project, "1.0.0", "linux/arm64").expect(0);
    let file = digest_file(&project, "1.0.0", "linux-arm64");
    assert_eq!(file["revision"]["commit"], *first);

    // Two machines that know nothing of each other: merging them is refused.
    let path = &project.digest_file("local", "fromsource/1.0.0/fromsource/linux-arm64");
    let text = std::fs::read_to_string(project.path(path)).unwrap();
    project.write(path, text.replace(&first, &second));
    project
        .run(&["merge", "fromsource", "--version", "1.0.0"])
        .expect(3)
        .says(&format!("would mix commits {first} and {second}"))
        .says("hint: upstream moved its tag");
    // Nor is a commit believed that both of them name, but no image.
    let other = &project.digest_file("local", "fromsource/1.0.0/fromsource/linux-amd64");
    let built = std::fs::read_to_string(project.path(other)).unwrap();
    project.write(other, built.replace(&first, &second));
    project
        .run(&["merge", "fromsource", "--version", "1.0.0"])
        .expect(3)
        .says(&format!("image.revision is `{first}`, not `{second}`"));
    project.write(other, built);
    project.write(path, text);
    project
        .run(&["merge", "fromsource", "--version", "1.0.0"])
        .expect(0);
    let seen = inspect(&project, "fromsource:1.0.0");
    assert_eq!(
        seen["annotations"]["org.opencontainers.image.revision"],
        *first
    );
}

#[test]
fn a_platform_that_joins_later_is_of_the_published_commit() {
    let git = Git::start();
    let first = git.release(REPOSITORY, "v1.0.0", &tree("as released"));
    let project = project(&git, "1.0.0", "");
    project
        .run(&["run", "--platform", "linux/amd64", "--partial"])
        .expect(0);
    // As on another machine: only the registry knows.
    std::fs::remove_dir_all(project.path("digests")).unwrap();
    git.release(REPOSITORY, "v1.0.0", &tree("released again"));
    project.run(&["run"]).expect(0);
    let seen = inspect(&project, "fromsource:1.0.0");
    let images = seen["images"].as_array().unwrap();
    assert_eq!(images.len(), 2);
    for image in images {
        let revision = &image["labels"]["org.opencontainers.image.revision"];
        assert_eq!(*revision, *first, "{seen}");
    }
}

#[test]
fn failures_name_app_version_repository_and_way_out() {
    let git = Git::start();
    git.release(REPOSITORY, "v1.0.0", &tree("1.0.0"));
    let url = git.url(REPOSITORY);
    let missing = project(&git, "2.0.0", "");
    build(&missing, "2.0.0", "linux/amd64")
        .expect(6)
        .says(&format!(
            "fromsource 2.0.0 linux/amd64: {url} has no tag or branch `v2.0.0`"
        ))
        .says("hint: upstream may have removed it");
    let elsewhere = Git::start();
    elsewhere.release(REPOSITORY, "v1.0.0", &tree("1.0.0"));
    let other_host = elsewhere.url("").trim_end_matches('/').to_owned();
    for (fault, says, hint) in [
        (
            Fault::Status(404),
            "there is no git repository at",
            "upstream may have moved",
        ),
        (
            Fault::Status(401),
            "wants a login",
            "only public repositories",
        ),
        (
            Fault::Status(503),
            "cannot be fetched from",
            "run the same command again",
        ),
        (
            Fault::Redirect(other_host),
            "sends to another address",
            "look where it went",
        ),
    ] {
        git.fault(REPOSITORY, Some(fault));
        build(&project(&git, "1.0.0", ""), "1.0.0", "linux/amd64")
            .expect(6)
            .says("fromsource 1.0.0 linux/amd64: ")
            .says(&url)
            .says(says)
            .says(hint);
    }
    assert_eq!(elsewhere.requests(), Vec::<String>::new());
    // Three tries where the host was busy, one where asking again is no use.
    let tries = git
        .requests()
        .iter()
        .filter(|r| r.ends_with("/info/refs"))
        .count();
    assert_eq!(tries, 1 + 1 + 1 + 3 + 1, "{:?}", git.requests());
}

#[test]
fn what_is_not_granted_is_not_fetched() {
    let git = Git::start();
    let library = git.commit("owner/library", &Tree::new().file("lib", "library"));
    let modules = "[submodule \"l\"]\n\tpath = third/library\n\turl = ../library\n";
    let with_submodule = tree("1.0.0")
        .file(".gitmodules", modules)
        .submodule("third/library", &library);
    git.release(REPOSITORY, "v1.0.0", &with_submodule);

    let closed = project(&git, "1.0.0", "submodules = true\n");
    let url = git.url("owner/library");
    build(&closed, "1.0.0", "linux/amd64")
        .expect(11)
        .says(&format!("fromsource has no grant for {url}"))
        .says("to `sources` under [grants] in apps/fromsource/app.toml");
    assert!(!git.requests().iter().any(|r| r.contains("library")));

    let without = project(&git, "1.0.0", "");
    build(&without, "1.0.0", "linux/amd64").expect(0);
    assert!(!git.requests().iter().any(|r| r.contains("library")));

    let open = project(&git, "1.0.0", "submodules = true\n");
    let file = std::fs::read_to_string(open.path("apps/fromsource/app.toml")).unwrap();
    let all = format!("sources = [\"{}\"]", git.url("owner/"));
    let granted = file.replace(&format!("sources = [\"{}\"]", git.url(REPOSITORY)), &all);
    open.write("apps/fromsource/app.toml", granted);
    open.run(&["run", "--platform", "linux/amd64", "--partial"])
        .expect(0);
    assert!(image_files(&open, "fromsource:1.0.0").contains("app/third/library/lib"));

    let none = project(&git, "1.0.0", "");
    none.write(
        "apps/fromsource/app.toml",
        file.replace(&format!("sources = [\"{}\"]", git.url(REPOSITORY)), ""),
    );
    none.run(&["plan"]).expect(11).says(&format!(
        "fromsource has no grant for {}",
        git.url(REPOSITORY)
    ));
}

#[test]
fn neither_upstream_nor_this_machine_steers_git() {
    let git = Git::start();
    let pointer = "version https://git-lfs.github.com/spec/v1\n";
    let hostile = tree("1.0.0")
        .file(".gitattributes", "* filter=evil\n*.bin filter=lfs\n")
        .file("large.bin", pointer)
        .link("etc", "/etc");
    git.release(REPOSITORY, "v1.0.0", &hostile);
    let one = project(&git, "1.0.0", "");
    let canary = one.path("canary");
    let touch = format!("touch {}; cat", canary.display());
    let settings = format!(
        "[url \"http://127.0.0.1:1/\"]\n\tinsteadOf = http://\n[filter \"evil\"]\n\tsmudge = {touch}\n\trequired = true\n[filter \"lfs\"]\n\tprocess = {touch}\n[core]\n\thooksPath = /nowhere\n\tfsmonitor = {touch}\n[credential]\n\thelper = \"!{touch}\"\n",
    );
    // HOME of the binary, and a repository around the project.
    one.write(".gitconfig", &settings);
    let root = one.path("");
    let init = Command::new("git")
        .args(["init", "--quiet"])
        .arg(&root)
        .status();
    assert!(init.unwrap().success());
    one.write(".git/config", &settings);
    let mut command = one.command(&["run", "--platform", "linux/amd64", "--partial"]);
    command
        .env("GIT_DIR", one.path(".git"))
        .env("GIT_SSH_COMMAND", &touch)
        .env("GIT_CONFIG_COUNT", "1")
        .env("GIT_CONFIG_KEY_0", "url.http://127.0.0.1:1/.insteadOf")
        .env("GIT_CONFIG_VALUE_0", "http://");
    finish(&mut command).expect(0);
    assert!(!canary.exists(), "something ran");

    // A Dockerfile that is a link out of the work tree.
    git.release(
        REPOSITORY,
        "v2.0.0",
        &Tree::new().link("Dockerfile", "/etc/passwd"),
    );
    build(&project(&git, "2.0.0", ""), "2.0.0", "linux/amd64")
        .expect(5)
        .says("leaves the work tree through a symbolic link");
    // A tree that brings a repository's insides.
    git.release(
        REPOSITORY,
        "v3.0.0",
        &tree("3.0.0").file(".git/hooks/x", "x"),
    );
    build(&project(&git, "3.0.0", ""), "3.0.0", "linux/amd64").expect(6);
}
