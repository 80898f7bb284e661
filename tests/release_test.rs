//! Ways to install a release: its archive, what `cargo binstall` is told of it, and
//! the image that the program builds of itself.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

use crate::support::{
    Builder, DebianRegistry, Forge, Project, Release, crane, finish, released, tool,
};

/// Paths in the released archive.
fn archived() -> String {
    let archive = released::released().join(format!("{}.tar.gz", released::name()));
    let listed = Command::new("tar").arg("-tzf").arg(archive).output();
    String::from_utf8(listed.unwrap().stdout).unwrap()
}

#[test]
fn binstall_is_told_the_names_of_a_release() {
    let manifest = include_str!("../host/bakehouse/Cargo.toml");
    let manifest: toml::Table = toml::from_str(manifest).unwrap();
    let package = &manifest["package"];
    let told = |key: &str| {
        let template = package["metadata"]["binstall"][key].as_str().unwrap();
        let mut filled = template.to_owned();
        for (variable, value) in [
            ("repo", "https://forge.test/o/r"),
            ("name", package["name"].as_str().unwrap()),
            ("version", env!("CARGO_PKG_VERSION")),
            ("target", released::TARGET),
            ("bin", "bakehouse"),
        ] {
            filled = filled.replace(&format!("{{ {variable} }}"), value);
        }
        filled
    };
    let (version, name) = (env!("CARGO_PKG_VERSION"), released::name());
    let address = format!("https://forge.test/o/r/releases/download/v{version}/{name}.tar.gz");
    assert_eq!(told("pkg-url"), address);
    assert_eq!(told("pkg-fmt"), "tgz");
    let (inside, listed) = (told("bin-dir"), archived());
    assert!(
        listed.lines().any(|path| path == inside),
        "{inside}: {listed}"
    );
    // What action.yml and the image's app take is in it under the same names.
    let action = fs::read_to_string(released::root().join("action.yml")).unwrap();
    assert!(
        action.contains("name=bakehouse-$version-$target"),
        "{action}"
    );
}

/// The files that a program of this machine needs, and itself, below a folder.
fn install(program: &Path, at: &str, root: &Path) {
    let copy = |from: &Path, to: &Path| {
        let to = root.join(to.strip_prefix("/").unwrap());
        fs::create_dir_all(to.parent().unwrap()).unwrap();
        fs::copy(from, &to).unwrap();
        fs::set_permissions(&to, fs::Permissions::from_mode(0o755)).unwrap();
    };
    copy(program, Path::new(at));
    let linked = Command::new("ldd").arg(program).output().unwrap();
    for word in String::from_utf8_lossy(&linked.stdout).split_whitespace() {
        let path = Path::new(word);
        if path.is_absolute() && path.is_file() {
            copy(path, path);
        }
    }
}

/// A stand-in of `docker:29-cli` for this machine, with the same programs at the
/// same places.
fn docker_cli(reference: &str) {
    let root = tempfile::tempdir().unwrap();
    let real = |name: &str| fs::canonicalize(tool(name)).unwrap();
    let plugin = "/usr/local/libexec/docker/cli-plugins/docker-buildx";
    install(&real("docker"), "/usr/local/bin/docker", root.path());
    install(&real("docker-buildx"), plugin, root.path());
    install(&real("git"), "/usr/bin/git", root.path());
    // The program that is released is static; the one that tests are run with is not.
    install(
        Path::new(env!("CARGO_BIN_EXE_bakehouse")),
        "/tmp/none",
        root.path(),
    );
    fs::remove_dir_all(root.path().join("tmp")).unwrap();
    let layer = tempfile::NamedTempFile::new().unwrap();
    let mut tar = Command::new("tar");
    tar.arg("-cf")
        .arg(layer.path())
        .arg("-C")
        .arg(root.path())
        .arg(".");
    assert!(tar.status().unwrap().success());
    let layer = layer.path().to_str().unwrap();
    crane(&["append", "--new_layer", layer, "--new_tag", reference]);
    crane(&[
        "mutate",
        reference,
        "--set-platform=linux/amd64",
        "--tag",
        reference,
    ]);
}

#[test]
fn the_program_builds_its_own_image_of_its_release() {
    let project = Project::new(Builder::BuildKit);
    let registry = DebianRegistry::start();
    let host = registry.host();
    docker_cli(&format!("{host}/library/docker:29-cli"));
    let forge = Forge::github();
    let version = env!("CARGO_PKG_VERSION");
    let mut release = Release::new(&format!("v{version}"));
    for file in fs::read_dir(released::released()).unwrap() {
        let path = file.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        release = release.file(&name, &fs::read(&path).unwrap());
    }
    forge.release("acme/bakehouse", release);
    // As the release workflow does it.
    let source = released::root().join("release");
    for file in ["bakehouse.toml", "apps/bakehouse/app.toml"] {
        let text = fs::read_to_string(source.join(file)).unwrap();
        let told = text
            .replace("OWNER/REPO", "acme/bakehouse")
            .replace("OWNER", "acme");
        let mirrors = match file {
            "bakehouse.toml" => format!("[mirrors]\n\"docker.io/\" = \"{host}/\"\n"),
            _ => String::new(),
        };
        project.write(file, format!("{told}\n{mirrors}"));
    }
    let run = |arguments: &[&str]| {
        let mut command = project.command(arguments);
        finish(command.env("GITHUB_API_URL", forge.api_url()))
    };
    run(&["run", "--registry", &host]).expect(0);
    let image = format!("{host}/acme/bakehouse:{version}");
    let inspected = run(&[
        "inspect",
        &format!("{host}/acme/bakehouse:latest"),
        "--format",
        "json",
    ]);
    let inspected = inspected.expect(0).json();
    assert_eq!(
        inspected["images"][0]["entrypoint"][0],
        "/usr/local/bin/bakehouse"
    );
    for (program, arguments, says) in [
        (
            "bakehouse",
            &["--version"][..],
            format!("bakehouse {version}"),
        ),
        ("git", &["--version"], "git version ".to_owned()),
        (
            "docker",
            &["buildx", "version"],
            "github.com/docker/buildx ".to_owned(),
        ),
    ] {
        let ran = Command::new(tool("docker"))
            .args(["run", "--rm", "--entrypoint", program, &image])
            .args(arguments)
            .output()
            .unwrap();
        let (said, why) = (
            String::from_utf8_lossy(&ran.stdout),
            String::from_utf8_lossy(&ran.stderr),
        );
        assert!(said.starts_with(&says), "{program}: {said}{why}");
    }
}
