//! Compose files of the apps, as whoever pulls the images uses them.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

use crate::support::snippets::root;
use crate::support::{Builder, DebianRegistry, Output, Package, Project, tool};

/// The declarations of upstream's image of each app; esbuild's is made by its app.toml.
const IMAGES: [(&str, &str); 4] = [
    ("esbuild", ""),
    (
        "mattermost",
        include_str!("support/upstreams/mattermost/11.1.Dockerfile"),
    ),
    (
        "mostlymatter",
        include_str!("support/upstreams/mattermost/11.1.Dockerfile"),
    ),
    (
        "outline",
        include_str!("support/upstreams/outline/1.9.Dockerfile"),
    ),
];

fn app(name: &str) -> PathBuf {
    root().join("apps").join(name)
}

fn read(name: &str, file: &str) -> String {
    let path = app(name).join(file);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The `.env` that an app's README makes.
fn settings(name: &str) -> BTreeMap<String, String> {
    let readme = read(name, "README.md");
    let line = |line: &str| {
        let line = line.strip_prefix("echo ").unwrap_or(line);
        let (variable, value) = line.trim_end_matches(" >.env").split_once('=').unwrap();
        let value = value.replace("$(openssl rand -hex 32)", &"0a".repeat(32));
        (variable.to_owned(), value)
    };
    match readme.split_once("cat >.env <<END\n") {
        Some((_, rest)) => {
            let (lines, _) = rest.split_once("\nEND\n").unwrap();
            lines.lines().map(line).collect()
        }
        None => {
            let lines = readme.lines().filter(|line| line.ends_with(" >.env"));
            lines.map(line).collect()
        }
    }
}

/// A folder with an app's compose file and a `.env`.
struct Installation {
    folder: TempDir,
    name: String,
}

impl Installation {
    fn new(name: &str, settings: &BTreeMap<String, String>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let text = read(name, "compose.yaml");
        std::fs::write(folder.path().join("compose.yaml"), text).unwrap();
        let lines = settings
            .iter()
            .map(|(variable, value)| format!("{variable}={value}\n"));
        std::fs::write(folder.path().join(".env"), lines.collect::<String>()).unwrap();
        let name = format!("{name}-{}", std::process::id());
        Self { folder, name }
    }

    fn compose(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(tool("docker-compose"));
        command
            .args(["--project-name", &self.name])
            .args(arguments)
            .current_dir(self.folder.path())
            .env_clear();
        for name in ["PATH", "DOCKER_HOST"] {
            command.envs(std::env::var_os(name).map(|value| (name, value)));
        }
        crate::support::finish(&mut command)
    }

    fn config(&self) -> Value {
        self.compose(&["config", "--format", "json"])
            .expect(0)
            .json()
    }
}

impl Drop for Installation {
    fn drop(&mut self) {
        self.compose(&["down", "--volumes", "--timeout", "1"]);
    }
}

/// Words of an instruction's lines, such as the paths of `VOLUME`.
fn declared(dockerfile: &str, instruction: &str) -> BTreeSet<String> {
    let lines = dockerfile
        .lines()
        .filter_map(|line| line.strip_prefix(instruction));
    let words = lines.flat_map(|line| line.split(|c: char| " [],\"".contains(c)));
    words
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect()
}

#[test]
fn readmes_settings_are_all_that_it_takes() {
    for (name, dockerfile) in IMAGES {
        let config = Installation::new(name, &settings(name)).config();
        let service = &config["services"][name];
        let image = service["image"].as_str().unwrap();
        assert!(
            image.starts_with(&format!("ghcr.io/OWNER/{name}:")),
            "{image}"
        );
        for (other, service) in config["services"].as_object().unwrap() {
            let image = service["image"].as_str().unwrap();
            assert!(
                other == name || image.starts_with("docker.io/library/"),
                "{image}"
            );
            // Nobody else on the network sees it before somebody says so.
            for port in service["ports"].as_array().unwrap_or(&Vec::new()) {
                assert_eq!(port["host_ip"], "127.0.0.1", "{name}");
            }
        }
        if dockerfile.is_empty() {
            continue;
        }
        // A volume that has no name is lost with its container.
        let volumes = service["volumes"].as_array().unwrap();
        let named = volumes.iter().filter(|volume| volume["type"] == "volume");
        let named: BTreeSet<String> = named
            .map(|volume| volume["target"].as_str().unwrap().to_owned())
            .collect();
        assert_eq!(named, declared(dockerfile, "VOLUME "), "{name}");
        let exposed = declared(dockerfile, "EXPOSE ");
        let port = service["ports"][0]["target"].to_string();
        assert!(exposed.contains(&port), "{name}: {port} of {exposed:?}");
        assert!(dockerfile.contains("\nHEALTHCHECK "), "{name}");
        let test = &service["healthcheck"]["test"];
        assert!(test.is_null(), "{name} has another check than its image");
    }
}

#[test]
fn a_setting_that_is_missing_is_named() {
    for (name, _) in IMAGES {
        let text = read(name, "compose.yaml");
        let required = text.split("${").skip(1).filter_map(|rest| {
            let (variable, _) = rest.split_once('}')?.0.split_once(":?")?;
            Some(variable)
        });
        let required: BTreeSet<_> = required.collect();
        assert!(!required.is_empty(), "{name}");
        for variable in required {
            let mut settings = settings(name);
            settings.remove(variable).unwrap();
            let output = Installation::new(name, &settings).compose(&["config"]);
            assert_ne!(output.code, Some(0), "{name} {variable}");
            output.says(&format!("{variable} is missing a value: set it in .env to"));
        }
    }
}

/// The READMEs of both say the same of them.
#[test]
fn mostlymatter_starts_as_mattermost_does() {
    let text = read("mattermost", "compose.yaml");
    let text = text
        .replace("Mattermost with", "Mostlymatter with")
        .replace("name: mattermost\n", "name: mostlymatter\n")
        .replace("\n  mattermost:\n", "\n  mostlymatter:\n")
        .replace("MATTERMOST_IMAGE", "MOSTLYMATTER_IMAGE")
        .replace("OWNER/mattermost", "OWNER/mostlymatter")
        .replace("mattermost.env", "mostlymatter.env");
    assert_eq!(text, read("mostlymatter", "compose.yaml"));
}

/// Asks until it is answered with this word.
fn answers(address: &str, path: &str, word: &str) {
    let end = Instant::now() + Duration::from_secs(60);
    loop {
        let answer = TcpStream::connect(address).and_then(|mut stream| {
            stream
                .write_all(format!("GET {path} HTTP/1.0\r\nHost: {address}\r\n\r\n").as_bytes())?;
            let mut answer = String::new();
            stream.read_to_string(&mut answer)?;
            Ok(answer)
        });
        match answer {
            Ok(answer) if answer.contains(word) => return,
            other => assert!(Instant::now() < end, "{address}{path}: {other:?}"),
        }
        std::thread::sleep(Duration::from_millis(100));
    }
}

/// The real program, in the image that the real app.toml makes, started by the
/// real compose file.
#[test]
fn esbuild_serves_the_folder() {
    let version = "0.28.2";
    let project = Project::new(Builder::Docker);
    project.platforms(&["linux/amd64"]);
    project.npm.publish("esbuild", Package::new(&[version]));
    let home = std::env::var("BAKEHOUSE_HOME").expect("BAKEHOUSE_HOME is set by ./justw test");
    let program = Path::new(&home).join("tools/esbuild-amd64/bin/esbuild");
    let program = std::fs::read(&program)
        .unwrap_or_else(|error| panic!("{}: {error}\nhint: scripts/node.sh", program.display()));
    let package = Package::new(&[version])
        .file("bin/esbuild", &program)
        .file("README.md", b"readme");
    project.npm.publish("@esbuild/linux-x64", package);
    project
        .npm
        .publish("@esbuild/linux-arm64", Package::new(&["0.27.0"]));
    project.real("esbuild");
    let registry = DebianRegistry::start();
    project
        .run(&["run", "--registry", &registry.host()])
        .expect(0);

    let mut settings = settings("esbuild");
    let image = format!("{}/test/esbuild:{version}", registry.host());
    settings.insert("ESBUILD_IMAGE".to_owned(), image);
    settings.insert("LISTEN".to_owned(), "127.0.0.1:0".to_owned());
    let installation = Installation::new("esbuild", &settings);
    let write = |path: &str, text: &str| {
        let path = installation.folder.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    };
    write("www/index.html", "<script src=\"/app.js\"></script>");
    write(
        "app.js",
        "import { word } from './word.js'; console.log(word)",
    );
    write("word.js", "export const word = 'hello'");
    // The image's user reads it.
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(installation.folder.path(), mode).unwrap();
    installation
        .compose(&["up", "--detach", "--wait"])
        .expect(0);
    let port = installation.compose(&["port", "esbuild", "8000"]).expect(0);
    let address = port.stdout.trim();
    answers(address, "/", "/app.js");
    answers(address, "/app.js", "\"hello\"");
    write("word.js", "export const word = 'again'");
    answers(address, "/app.js", "\"again\"");
}
