//! `bakehouse up` and `down`, on a machine of its own: network, processes and
//! `/run` are nobody else's, and end with the test.

use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::symlink;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use crate::support::{Builder, Network, Output, Project, finish, tool};

/// Folders of the system's programs. Nothing is there that builds.
const PATH: &str = "/usr/sbin:/usr/bin:/sbin:/bin";

/// A machine, and a project on it.
struct Machine {
    holder: Child,
    network: Network,
    project: Project,
}

impl Machine {
    fn new() -> Self {
        let project = Project::new(Builder::Docker);
        project.misbehave(&["1.0.0"]);
        let port = project
            .npm
            .url()
            .rsplit(':')
            .next()
            .unwrap()
            .trim_end_matches('/')
            .parse();
        let network = Network::new(&[port.unwrap()]);
        // The first process of a namespace ends all others with itself.
        let script = "mount -t tmpfs tmpfs /run && echo up && exec cat";
        let mut holder = network
            .command("unshare")
            .args(["--mount", "--pid", "--fork", "--kill-child", "--mount-proc"])
            .args(["sh", "-c", script])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let stdout = holder.stdout.take().unwrap();
        BufReader::new(stdout).read_line(&mut line).unwrap();
        assert_eq!(line, "up\n", "no namespaces\nhint: run the tests as root");
        let machine = Self {
            holder,
            network,
            project,
        };
        // What is unpacked is the same for all.
        std::fs::create_dir_all(machine.home().join("up")).unwrap();
        for tree in ["docker", "beside", "buildx", "qemu"] {
            symlink(tools().join(tree), machine.home().join("up").join(tree)).unwrap();
        }
        machine
    }

    fn home(&self) -> PathBuf {
        self.project.path("home")
    }

    /// Runs a command on this machine.
    fn run(&self, program: &str, arguments: &[&str]) -> Output {
        let id = self.holder.id();
        let mut command = self.network.command("nsenter");
        command
            .arg(format!("--mount=/proc/{id}/ns/mnt"))
            .arg(format!("--pid=/proc/{id}/ns/pid_for_children"))
            .args(["env", "-C"])
            .arg(self.project.path(""))
            .arg(program)
            .args(arguments)
            .env_clear()
            .envs(self.project.environment())
            .env_remove("DOCKER_HOST")
            .env_remove("BUILDX_CONFIG")
            .env("PATH", PATH)
            .env("BAKEHOUSE_HOME", self.home());
        finish(&mut command)
    }

    fn bakehouse(&self, arguments: &[&str]) -> Output {
        self.run(env!("CARGO_BIN_EXE_bakehouse"), arguments)
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        drop(self.holder.stdin.take());
        let _ = self.holder.wait();
    }
}

/// The folder that `bakehouse up` unpacked into for the tests.
fn tools() -> PathBuf {
    let home = std::env::var("BAKEHOUSE_HOME").expect("BAKEHOUSE_HOME is set by ./justw test");
    let tools = PathBuf::from(home).join("up");
    assert!(
        tools.join("docker").is_dir() && tools.join("qemu").is_dir(),
        "no engine is unpacked in {}\nhint: bakehouse up --unpack",
        tools.display()
    );
    tools
}

#[test]
fn an_engine_is_set_up_found_used_and_stopped() {
    let machine = Machine::new();
    let before = machine.bakehouse(&["run"]).expect(7);
    let _ = before.says("hint: run `bakehouse up`");
    let dry = machine.bakehouse(&["up", "--dry-run"]).expect(0);
    assert!(
        dry.stdout
            .starts_with("engine     would unpack Debian's Docker Engine"),
        "{}",
        dry.stdout
    );
    let nothing = machine.bakehouse(&["down"]).expect(0);
    assert_eq!(nothing.stdout, "");

    let up = machine.bakehouse(&["up"]).expect(0);
    assert!(up.stdout.starts_with("engine     Docker "), "{}", up.stdout);
    assert!(
        up.stdout.contains(" (started by `bakehouse up`)\nbuildx "),
        "{}",
        up.stdout
    );
    // What is there is left alone.
    let again = machine.bakehouse(&["up"]).expect(0);
    assert_eq!((again.stdout, again.stderr.as_str()), (up.stdout, ""));

    let run = machine.bakehouse(&["run", "-v"]).expect(0);
    let run = run.says("`bakehouse up` started an engine at unix:///run/bakehouse-");
    let _ = run.says("tagged local/test/misbehave:1.0.0");
    let smoke = ["smoke", "misbehave:1.0.0", "--platform", "linux/amd64"];
    let _ = machine.bakehouse(&smoke);

    let down = machine.bakehouse(&["down"]).expect(0);
    assert!(
        down.stdout
            .starts_with("stopped the engine at unix:///run/bakehouse-"),
        "{}",
        down.stdout
    );
    let left = machine.run("sh", &["-c", "cat /proc/[0-9]*/cmdline"]);
    assert!(!left.stdout.contains("dockerd"), "{}", left.stdout);
    assert!(!left.stdout.contains("containerd"), "{}", left.stdout);
    let left = machine.run("ls", &["/run"]);
    assert!(!left.stdout.contains("bakehouse"), "{}", left.stdout);
}

#[test]
fn an_engine_that_was_killed_is_started_anew() {
    let machine = Machine::new();
    let _ = machine.bakehouse(&["up"]).expect(0);
    let kill = "kill -KILL $(sed -n 's/.*\"pid\": \\([0-9]*\\),*/\\1/p' home/up/started.json)";
    let _ = machine.run("sh", &["-c", kill]).expect(0);
    let _ = machine
        .bakehouse(&["run"])
        .expect(7)
        .says("hint: run `bakehouse up` again");
    let _ = machine.bakehouse(&["up"]).expect(0);
    let _ = machine.bakehouse(&["run"]).expect(0);
}

#[test]
fn emulators_are_registered_and_removed() {
    let engine = std::env::var("DOCKER_HOST").unwrap_or_default();
    let project = Project::new(Builder::Docker);
    let busybox = format!("{}/tools/busybox-arm64/bin/busybox", {
        std::env::var("BAKEHOUSE_HOME").expect("BAKEHOUSE_HOME is set by ./justw test")
    });
    let home = project.path("home/up");
    std::fs::create_dir_all(&home).unwrap();
    symlink(tools().join("qemu"), home.join("qemu")).unwrap();
    // A user namespace may have emulators of its own.
    let script = "set -e
        mount -t binfmt_misc binfmt_misc /proc/sys/fs/binfmt_misc
        if \"$1\" echo before; then exit 9; fi
        \"$0\" up
        \"$1\" echo emulated
        \"$0\" down
        if \"$1\" echo after; then exit 9; fi";
    let mut command = Command::new("unshare");
    command
        .args(["--user", "--map-root-user", "--mount", "sh", "-c", script])
        .args([env!("CARGO_BIN_EXE_bakehouse"), &busybox])
        .current_dir(project.path(""))
        .env_clear()
        .envs(project.environment())
        .env("BAKEHOUSE_HOME", project.path("home"));
    let output = finish(&mut command).expect(0);
    let (up, rest) = output.stdout.split_once("emulators  ").unwrap();
    assert!(engine.is_empty() || up.contains(&engine), "{up}");
    assert_eq!(
        rest,
        "linux/amd64, linux/arm64\nemulated\nremoved the emulator qemu-aarch64\n"
    );
}

#[test]
fn who_may_not_set_up_is_told_what_to_do() {
    let project = Project::new(Builder::Docker);
    let run = |variables: &[(&str, &str)]| {
        let mut command = Command::new(tool("setpriv"));
        command
            .args(["--reuid=65534", "--regid=65534", "--clear-groups", "--"])
            .args([env!("CARGO_BIN_EXE_bakehouse"), "up", "--dry-run"])
            .current_dir("/")
            .env_clear()
            .env("PATH", "/nowhere")
            .env("HOME", "/nonexistent")
            .envs(variables.iter().copied());
        finish(&mut command)
    };
    let gone = project.path("gone.sock");
    let gone = format!("unix://{}", gone.display());
    let chosen = run(&[("DOCKER_HOST", &gone)]).expect(7);
    let _ = chosen.says("(DOCKER_HOST)").says("unset DOCKER_HOST");
    assert!(!project.path("home").exists());
}
