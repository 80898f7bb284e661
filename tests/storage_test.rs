//! The local file system: what it refuses, what hangs, and what was planted.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt as _, chown, symlink};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::support::{Builder, Output, Project, finish, tool};

/// What the system's `nobody` is known by.
const NOBODY: u32 = 65534;

fn project() -> Project {
    let project = Project::new(Builder::Docker);
    project.misbehave(&["1.0.0"]);
    project
}

fn pipe(path: &Path) {
    let made = Command::new(tool("mkfifo")).arg(path).status().unwrap();
    assert!(made.success());
}

/// Runs the binary as somebody who owns nothing.
fn as_nobody(project: &Project, arguments: &[&str]) -> Output {
    let run = project.command(arguments);
    let mut command = Command::new(tool("setpriv"));
    command
        .args(["--reuid=65534", "--regid=65534", "--clear-groups", "--"])
        .arg(run.get_program())
        .args(run.get_args())
        .env_clear()
        .envs(project.environment())
        .current_dir(project.path(""));
    finish(&mut command)
}

#[test]
fn refusals_of_the_file_system_are_exit_13() {
    let state = |make: &dyn Fn(&Project)| {
        let project = project();
        make(&project);
        let mut run = project.command(&["run"]);
        // Where compiled recipes are kept for all projects.
        finish(run.env("BAKEHOUSE_HOME", project.path(".bakehouse"))).expect(13)
    };
    let file = state(&|project| project.write(".bakehouse", "in the way"));
    file.says("hint: ").says(".bakehouse");
    let dangling = |project: &Project| symlink("/nowhere/x", project.path(".bakehouse")).unwrap();
    state(&dangling).says(".bakehouse");
    state(&|project| project.write(".bakehouse/registry", "")).says("registry");
    state(&|project| project.write(".bakehouse/work", "")).says("work");
    state(&|project| project.write(".bakehouse/compiled", "")).says("compiled");
    state(&|project| project.write("digests", "")).says("digests");

    let project = project();
    for output in ["nowhere/plan.json", "apps", "apps/misbehave/app.toml/x"] {
        for option in ["--save", "--summary"] {
            project
                .run(&["plan", option, output])
                .expect(13)
                .says(output);
        }
    }
    // A job's outputs on a full disk are no job with nothing to do.
    let full = fs::File::options().write(true).open("/dev/full").unwrap();
    let mut plan = project.command(&["plan", "--format", "github"]);
    let status = plan.stdout(full).stderr(Stdio::null()).status().unwrap();
    assert_eq!(status.code(), Some(13));
    let folder = |mode| {
        let state = project.path(".bakehouse");
        fs::set_permissions(state, Permissions::from_mode(mode)).unwrap();
    };
    fs::set_permissions(project.path(""), Permissions::from_mode(0o755)).unwrap();
    folder(0o555);
    let refused = as_nobody(&project, &["plan"]).expect(13);
    refused.says("hint: give the user that runs bakehouse access");
    chown(project.path(".bakehouse"), Some(NOBODY - 1), None).unwrap();
    as_nobody(&project, &["plan"])
        .expect(13)
        .says("it belongs to another user");
    folder(0o755);
    let app = project.path("apps/misbehave/app.toml");
    fs::set_permissions(app, Permissions::from_mode(0o0)).unwrap();
    chown(project.path(".bakehouse"), Some(NOBODY), None).unwrap();
    as_nobody(&project, &["plan", "--registry", "127.0.0.1:1"])
        .expect(13)
        .says("cannot read apps/misbehave/app.toml");
}

#[test]
fn what_is_no_regular_file_is_refused_at_once() {
    let project = project();
    let app = project.path("apps/misbehave/app.toml");
    let text = fs::read(&app).unwrap();
    let huge = fs::File::create(&app).unwrap();
    huge.set_len(1 << 30).unwrap();
    project.run(&["plan"]).expect(3).says("larger than 1048576");
    // An app that cannot be read is there all the same.
    fs::remove_file(&app).unwrap();
    pipe(&app);
    project.run(&["plan"]).expect(3).says("not a regular file");
    fs::remove_file(&app).unwrap();
    symlink("gone", &app).unwrap();
    project
        .run(&["plan"])
        .expect(3)
        .says("apps/misbehave/app.toml");
    fs::remove_file(&app).unwrap();
    fs::write(&app, text).unwrap();
    let wasm = project.path("apps/misbehave/recipe.wasm");
    let recipe = fs::read(&wasm).unwrap();
    fs::remove_file(&wasm).unwrap();
    pipe(&wasm);
    project.run(&["plan"]).expect(5).says("not a regular file");
    fs::remove_file(&wasm).unwrap();
    fs::write(&wasm, recipe).unwrap();
    pipe(&project.path("plan.json"));
    let merge = ["merge", "--plan", "plan.json"];
    project.run(&merge).expect(3).says("not a regular file");
    // In the place of state: what is not needed is left, what is needed refused.
    fs::create_dir_all(project.path(".bakehouse/work")).unwrap();
    pipe(&project.path(".bakehouse/work/run-x.lock"));
    project.run(&["run"]).expect(0);
    let stamps = project.path(".bakehouse/registry/verified");
    fs::remove_file(&stamps).unwrap();
    pipe(&stamps);
    project.run(&["run"]).expect(0);
    let lock = project.path(".bakehouse/registry/lock");
    fs::remove_file(&lock).unwrap();
    pipe(&lock);
    project.run(&["plan"]).expect(13).says("registry/lock");
}

#[test]
fn signals_are_answered_while_the_file_system_hangs() {
    let project = project();
    project.run(&["plan"]).expect(0);
    for signal in ["-TERM", "-INT"] {
        let summary = project.path(&format!("summary{signal}.md"));
        // Opening it to write waits for a reader, on the very thread that asked.
        pipe(&summary);
        let mut child = project
            .command(&["plan", "--summary", summary.to_str().unwrap()])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        std::thread::sleep(Duration::from_secs(3));
        assert!(child.try_wait().unwrap().is_none(), "nothing hangs");
        let pid = child.id().to_string();
        let sent = Command::new("kill").args([signal, &pid]).status().unwrap();
        assert!(sent.success());
        let begun = Instant::now();
        let status = loop {
            match child.try_wait().unwrap() {
                Some(status) => break status,
                None if begun.elapsed() < Duration::from_secs(60) => {
                    std::thread::sleep(Duration::from_millis(50));
                }
                None => {
                    child.kill().unwrap();
                    panic!("{signal} was not answered");
                }
            }
        };
        assert_eq!(status.code(), Some(130), "{signal}");
    }
}

#[test]
fn a_planted_link_leads_the_sweep_nowhere() {
    let project = project();
    let victim = project.path("victim");
    project.write("victim/file", "");
    project.write(".bakehouse/work/run-planted.lock", "");
    let planted = project.path(".bakehouse/work/run-planted");
    symlink(&victim, &planted).unwrap();
    project.run(&["run"]).expect(0);
    assert!(victim.join("file").exists(), "it was emptied");
    assert!(planted.symlink_metadata().is_err(), "the link stayed");
}
