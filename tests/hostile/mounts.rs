//! Secrets that are granted, and cache mounts that apps might share.

use super::dockerfiles::granted_base;
use super::run::{CANARY, project};
use crate::support::{Builder, Git, Project, Tree, finish};

fn hostile(project: &Project, base: &str, more: &str, dockerfiles: &[(&str, &str)]) {
    let names: Vec<_> = dockerfiles.iter().map(|(name, _)| *name).collect();
    let mut app = format!(
        "images = [\"hostile\"]\nbases = [\"{base}\"]\n{more}\n[options]\ncanary = \"/nowhere\"\ncases = {:?}\n",
        names.join(" ")
    );
    for (name, text) in dockerfiles {
        let text = serde_json::to_string(text).unwrap();
        app.push_str(&format!(
            "dockerfile.\"{name}\" = {text}\nsecret.\"{name}\" = \"CANARY\"\n"
        ));
    }
    project.app("hostile", &app);
}

#[test]
fn a_granted_secret_is_mounted_and_never_shown() {
    let registry = granted_base();
    let base = format!("{}/granted/base", registry.host());
    for builder in [Builder::Docker, Builder::BuildKit] {
        let project = project(builder);
        let mount = "--mount=type=secret,id=CANARY";
        let good = format!(
            "FROM {base}:1 AS x\nRUN {mount} test \"$(wc -c </run/secrets/CANARY)\" = {}\n\
             FROM scratch\nCOPY --from=x /bin/busybox /\n",
            CANARY.len()
        );
        let shown = format!("FROM {base}:1\nRUN {mount} cat /run/secrets/CANARY && false\n");
        hostile(
            &project,
            &base,
            "secrets = [\"CANARY\"]",
            &[("good", &good), ("shown", &shown)],
        );
        let arguments = |version: &'static str| {
            [
                "build",
                "hostile",
                "--version",
                version,
                "--platform",
                "linux/amd64",
                "-v",
            ]
        };
        let mut command = project.command(&arguments("1.0.0-good"));
        finish(command.env("CANARY", CANARY)).expect(0);
        let mut command = project.command(&arguments("1.0.0-shown"));
        let output = finish(command.env("CANARY", CANARY)).expect(8).says("***");
        assert!(!output.stderr.contains(CANARY), "{}", output.stderr);
        let file = project.digest_file("local", "hostile/1.0.0-good/hostile/linux-amd64");
        let digests = std::fs::read_to_string(project.path(&file));
        assert!(!digests.unwrap().contains(CANARY));
        project.run(&arguments("1.0.0-good")[..6]).expect(0);
        project
            .run(&arguments("1.0.0-shown")[..6])
            .expect(11)
            .says("set the environment variable CANARY");
    }
}

#[test]
fn a_cache_mount_is_its_apps_own() {
    let registry = granted_base();
    let base = format!("{}/granted/base", registry.host());
    for builder in [Builder::Docker, Builder::BuildKit] {
        let project = project(builder);
        // New with each test: builders keep these mounts.
        let id = format!("shared-{}", fastrand::u64(..));
        let dockerfile = |command: &str| {
            format!(
                "FROM {base}:1 AS x\nRUN --mount=type=cache,id={id},target=/c {command}\n\
                 FROM scratch\nCOPY --from=x /bin/busybox /\n"
            )
        };
        let poison = dockerfile("touch /c/poison");
        let same = dockerfile("test -f /c/poison");
        hostile(
            &project,
            &base,
            "secrets = [\"CANARY\"]",
            &[("poison", &poison), ("same", &same)],
        );
        let build = |version: &str| {
            let arguments = [
                "build",
                "hostile",
                "--version",
                version,
                "--platform",
                "linux/amd64",
            ];
            let mut command = project.command(&arguments);
            finish(command.env("CANARY", CANARY)).expect(0);
        };
        build("1.0.0-poison");
        build("1.0.0-same");

        let git = Git::start();
        let other = Tree::new().file("Dockerfile", dockerfile("test ! -f /c/poison"));
        git.release("owner/name", "v1.0.0", &other);
        let url = git.url("owner/name");
        project.app(
            "fromsource",
            &format!(
                "images = [\"fromsource\"]\nsources = [\"{url}\"]\nbases = [\"{base}\"]\n\
                 [options]\nrepository = \"{url}\"\nversions = \"1.0.0\"\n"
            ),
        );
        project
            .run(&[
                "build",
                "fromsource",
                "--version",
                "1.0.0",
                "--platform",
                "linux/amd64",
            ])
            .expect(0);
    }
}
