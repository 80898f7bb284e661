//! A project in a folder of its own, and the binary run in it.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{ChildStderr, Command, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::schemas::Watched;
use super::{Npm, Output, tool};

/// Which of the two builders, and with it which way to push.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Builder {
    /// The Docker Engine's own: the host pushes an OCI export.
    Docker,
    /// BuildKit as a daemon: pushes by digest itself.
    BuildKit,
}

/// Variables of the machine that the binary needs to find engine and tools.
const INHERITED: &[&str] = &["PATH", "DOCKER_HOST", "BUILDX_CONFIG"];

/// A project with an npm fixture.
pub struct Project {
    folder: TempDir,
    pub npm: Npm,
    builder: Builder,
}

impl Project {
    pub fn new(builder: Builder) -> Self {
        let folder = tempfile::Builder::new()
            .prefix("bakehouse-test-")
            .tempdir()
            .unwrap();
        let project = Self {
            folder,
            npm: Npm::start(),
            builder,
        };
        project.write(
            "bakehouse.toml",
            "registry = \"local\"\nnamespace = \"test\"\nplatforms = [\"linux/amd64\", \"linux/arm64\"]\n",
        );
        std::fs::create_dir(project.path("apps")).unwrap();
        project
    }

    /// Publishes for these platforms.
    pub fn platforms(&self, platforms: &[&str]) {
        let settings = std::fs::read_to_string(self.path("bakehouse.toml")).unwrap();
        let kept = settings
            .lines()
            .filter(|line| !line.starts_with("platforms"));
        let settings = kept.collect::<Vec<_>>().join("\n");
        let settings = format!("{settings}\nplatforms = {platforms:?}\n");
        self.write("bakehouse.toml", settings);
    }

    pub fn path(&self, relative: &str) -> PathBuf {
        self.folder.path().join(relative)
    }

    pub fn write(&self, relative: &str, text: impl AsRef<[u8]>) {
        let path = self.path(relative);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    /// Adds an app of a test recipe, or of a real one.
    pub fn app(&self, name: &str, grants: &str) {
        let wasm = recipe(name);
        std::fs::create_dir_all(self.path(&format!("apps/{name}"))).unwrap();
        std::fs::copy(&wasm, self.path(&format!("apps/{name}/recipe.wasm"))).unwrap();
        self.write(
            &format!("apps/{name}/app.toml"),
            format!("recipe = \"recipe.wasm\"\n\n[grants]\n{grants}\n"),
        );
    }

    /// Adds a real app that is an `app.toml` alone, as it is.
    pub fn real(&self, name: &str) {
        let apps = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../apps");
        let text = std::fs::read_to_string(apps.join(name).join("app.toml")).unwrap();
        assert!(text.contains("recipe = \"bakehouse:"), "{text}");
        self.write(&format!("apps/{name}/app.toml"), text);
    }

    /// Adds `misbehave` with these versions.
    pub fn misbehave(&self, versions: &[&str]) {
        let package = super::Package::new(versions).file("asset", b"asset");
        self.npm.publish("misbehave", package);
        self.app(
            "misbehave",
            "releases = [\"npm:misbehave\"]\nimages = [\"misbehave\"]",
        );
    }

    /// Adds `crosshello`, which is compiled in an image that no builder can have:
    /// for what is told without one.
    pub fn crosshello(&self) {
        let package = super::Package::new(&["1.0.0"]).description("golang.invalid/golang:1");
        self.npm.publish("crosshello", package);
        self.app(
            "crosshello",
            "images = [\"crosshello\", \"crosshello-base\"]\nreleases = [\"npm:crosshello\"]\nbases = [\"golang.invalid/golang\"]",
        );
    }

    /// Has CI build each target in a job of its own.
    pub fn batches_of_one(&self) {
        let settings = std::fs::read_to_string(self.path("bakehouse.toml")).unwrap();
        self.write(
            "bakehouse.toml",
            format!("{settings}[ci]\njob-minutes = 1\n"),
        );
    }

    /// Gives `misbehave` these options, which makes another recipe of it.
    pub fn options(&self, options: &[(&str, &str)]) {
        let path = "apps/misbehave/app.toml";
        let text = std::fs::read_to_string(self.path(path)).unwrap();
        let (before, _) = text.split_once("[options]").unwrap_or((&text, ""));
        let lines = options
            .iter()
            .map(|(key, value)| format!("{key} = {value:?}\n"));
        let lines: String = lines.collect();
        self.write(path, format!("{before}[options]\n{lines}"));
    }

    /// What the binary finds in its environment.
    pub fn environment(&self) -> BTreeMap<String, String> {
        let inherited = INHERITED
            .iter()
            .filter_map(|name| Some(((*name).to_owned(), std::env::var(name).ok()?)));
        let mut variables: BTreeMap<String, String> = inherited.collect();
        let home = self.folder.path().to_string_lossy().into_owned();
        variables.insert("HOME".to_owned(), home);
        // A recipe is compiled once for all tests.
        let cache = concat!(env!("CARGO_TARGET_TMPDIR"), "/cache");
        variables.insert("XDG_CACHE_HOME".to_owned(), cache.to_owned());
        variables.insert("NPM_CONFIG_REGISTRY".to_owned(), self.npm.url());
        if self.builder == Builder::BuildKit {
            variables.insert("BAKEHOUSE_BUILDER".to_owned(), "bakehouse".to_owned());
        }
        variables
    }

    /// The binary with arguments, in this project, with an environment of its
    /// own.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_bakehouse"));
        command
            .args(arguments)
            .current_dir(self.folder.path())
            .env_clear()
            .envs(self.environment())
            .stdin(Stdio::null());
        command
    }

    /// Runs the binary to its end.
    pub fn run(&self, arguments: &[&str]) -> Output {
        // Names what is missing before the binary does.
        let _ = tool("docker-buildx");
        finish(&mut self.command(arguments))
    }

    /// Where the digest file of `APP/VERSION/IMAGE/PLATFORM` lies, for a
    /// registry.
    pub fn digest_file(&self, host: &str, target: &str) -> String {
        let host = host.replace(':', "@");
        format!("digests/{host}+test/{target}.json")
    }

    /// The digest that `inspect` tells.
    pub fn digest(&self, reference: &str) -> String {
        let output = self
            .run(&["inspect", reference, "--format", "json"])
            .expect(0);
        output.json()["digest"].as_str().unwrap().to_owned()
    }
}

/// After this time a run is taken for one that may hang, and tells what it does.
const LONG: Duration = Duration::from_secs(60);

/// Runs a prepared command to its end; all JSON that it writes must fit its schema.
///
/// A test that hangs is killed, and only what it has said by then is seen: a run of
/// more than [`LONG`] is passed on to the test's own standard error.
#[track_caller]
pub fn finish(command: &mut Command) -> Output {
    let watched = Watched::new(command);
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("bakehouse starts");
    let mut stdout = child.stdout.take().unwrap();
    let stdout = std::thread::spawn(move || std::io::read_to_string(&mut stdout).unwrap());
    let stderr = told(child.stderr.take().unwrap(), &format!("{command:?}"));
    let output = Output {
        code: child.wait().unwrap().code(),
        stdout: stdout.join().unwrap(),
        stderr,
    };
    watched.check(&output);
    output
}

/// All that a run says on standard error.
fn told(stderr: ChildStderr, command: &str) -> String {
    let (sender, lines) = mpsc::channel();
    let reader = std::thread::spawn(move || {
        let mut stderr = BufReader::new(stderr);
        let mut line = String::new();
        while stderr.read_line(&mut line).unwrap() > 0 {
            let _ = sender.send(std::mem::take(&mut line));
        }
    });
    let (until, mut all) = (Instant::now() + LONG, String::new());
    loop {
        match lines.recv_timeout(until.saturating_duration_since(Instant::now())) {
            Ok(line) => all.push_str(&line),
            Err(RecvTimeoutError::Disconnected) => break,
            Err(RecvTimeoutError::Timeout) => {
                eprint!("{command} has run for {LONG:?} and said:\n{all}");
                for line in &lines {
                    eprint!("{line}");
                    all.push_str(&line);
                }
            }
        }
    }
    reader.join().unwrap();
    all
}

/// The component of a recipe, built by `just build-plugins`.
pub fn recipe(name: &str) -> PathBuf {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap();
    let folder = target.join("recipes/wasm32-wasip2/recipe");
    ["bakehouse_recipe_", "bakehouse_test_recipe_"]
        .iter()
        .map(|prefix| folder.join(format!("{prefix}{name}.wasm")))
        .find(|path| path.is_file())
        .unwrap_or_else(|| {
            panic!(
                "there is no component of recipe {name} in {}\nhint: just build-plugins",
                folder.display()
            )
        })
}
