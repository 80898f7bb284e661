//! BuildKit as a daemon of one test, with nothing in its cache.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::{Network, tool};

/// A daemon that nobody has used; it ends with the test.
pub struct Buildkitd {
    folder: TempDir,
    child: Child,
    _network: Option<Network>,
}

impl Buildkitd {
    /// The builder's name.
    pub const NAME: &str = "fresh";

    /// One with a buildx builder of its own.
    pub fn start() -> Self {
        let daemon = Self::spawn(Command::new("sh"), &[], None);
        let address = daemon.address();
        let create = ["create", "--name", Self::NAME, "--driver", "remote"];
        buildx(&daemon.config(), &[&create[..], &[&address]].concat());
        daemon
    }

    /// A machine of one platform in a network of its own.
    pub fn on(network: Network, platform: &str) -> Self {
        let shell = network.command("sh");
        Self::spawn(shell, &["--oci-worker-platform", platform], Some(network))
    }

    fn spawn(mut shell: Command, more: &[&str], network: Option<Network>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let address = format!("unix://{}", folder.path().join("socket").display());
        // Ends when our end of its standard input closes, however that happens.
        let script = "\"$0\" \"$@\" & cat; kill $!; wait";
        let child = shell
            .args(["-c", script])
            .arg(tool("buildkitd"))
            .args(["--addr", &address, "--root"])
            .arg(folder.path().join("root"))
            .args(["--oci-worker=true", "--containerd-worker=false"])
            .args(more)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("buildkitd starts");
        let daemon = Self {
            folder,
            child,
            _network: network,
        };
        let end = Instant::now() + Duration::from_secs(60);
        let workers = ["--addr", &address, "debug", "workers"];
        while !quiet(Command::new(tool("buildctl")).args(workers)) {
            assert!(Instant::now() < end, "buildkitd does not answer");
            std::thread::sleep(Duration::from_millis(100));
        }
        daemon
    }

    /// Lets a command use this builder.
    pub fn choose<'a>(&self, command: &'a mut Command) -> &'a mut Command {
        command
            .env("BUILDX_CONFIG", self.config())
            .env("BAKEHOUSE_BUILDER", Self::NAME)
    }

    /// Where it listens, for `docker-buildx create`.
    pub fn address(&self) -> String {
        format!("unix://{}", self.folder.path().join("socket").display())
    }

    /// How many things it keeps; none when it never built anything.
    pub fn records(&self) -> usize {
        let output = Command::new(tool("buildctl"))
            .args(["--addr", &self.address(), "du", "--verbose"])
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        text.lines().filter(|line| line.starts_with("ID:")).count()
    }

    /// Tells it to end when its builds have; it answers nobody else any more.
    pub fn dismiss(&mut self) {
        drop(self.child.stdin.take());
    }

    fn config(&self) -> PathBuf {
        self.folder.path().join("buildx")
    }
}

impl Drop for Buildkitd {
    fn drop(&mut self) {
        self.dismiss();
        let _ = self.child.wait();
    }
}

/// Runs `docker-buildx` with this configuration folder.
pub fn buildx(config: &Path, arguments: &[&str]) {
    let mut buildx = Command::new(tool("docker-buildx"));
    buildx.args(arguments).env("BUILDX_CONFIG", config);
    assert!(quiet(&mut buildx), "docker-buildx {arguments:?}");
}

fn quiet(command: &mut Command) -> bool {
    let status = command.stdout(Stdio::null()).stderr(Stdio::null()).status();
    status.is_ok_and(|status| status.success())
}
