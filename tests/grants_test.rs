//! Grants: who has a say in what a recipe reaches, and what the builder's process
//! sees.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::support::{Builder, DebianRegistry, Project, finish, tool};

#[test]
fn recipe_check_lists_what_is_asked_granted_and_missing() {
    let project = Project::new(Builder::Docker);
    project.real("esbuild");
    let check = ["recipe", "check", "esbuild", "--offline"];
    let output = project.run(&check).expect(0);
    for line in [
        "images     esbuild                   esbuild",
        "platforms  linux/arm64               bakehouse.toml",
        "releases   npm:@esbuild/linux-arm64  npm:@esbuild/linux-arm64  the program for linux/arm64",
    ] {
        assert!(output.stdout.contains(line), "{}", output.stdout);
    }
    project.write(
        "apps/esbuild/app.toml",
        "recipe = \"bakehouse:binaries\"\n\n[grants]\nimages = [\"esbuild\"]\n\
         downloads = [\"https://unused.example/\"]\n\n[options]\nsource = \"npm:esbuild\"\n\
         license = \"MIT\"\nfile = \"{arch}\"\n",
    );
    let output = project.run(&check).expect(11);
    for line in [
        "missing: add \"npm:esbuild\" to `releases` under [grants] in apps/esbuild/app.toml:3",
        "unused: \"https://unused.example/\" in `downloads`, apps/esbuild/app.toml:5",
    ] {
        assert!(output.stdout.contains(line), "{}", output.stdout);
    }
    let arguments = [&check[..], &["--format", "json"]].concat();
    let json = project.run(&arguments).expect(11).json();
    assert_eq!(json["schema"], 1);
    let asks = json["asks"].as_array().unwrap();
    let releases = asks.iter().find(|ask| ask["kind"] == "releases").unwrap();
    assert_eq!(releases["missing"], "grant");
    assert_eq!(json["unused"][0]["kind"], "downloads");
}

#[test]
fn the_operator_draws_a_line_for_all_apps() {
    let project = Project::new(Builder::Docker);
    project.misbehave(&["1.0.0"]);
    let settings = std::fs::read_to_string(project.path("bakehouse.toml")).unwrap();
    project.write(
        "bakehouse.toml",
        format!("{settings}\n[allow]\nreleases = [\"github:*\"]\n"),
    );
    project.run(&["plan"]).expect(11).says(
        "misbehave is granted npm:misbehave, which this project does not allow; \
         add \"npm:misbehave\" to `releases` under [allow] in bakehouse.toml:6",
    );
    project.write(
        "bakehouse.toml",
        format!("{settings}\n[allow]\nreleases = [\"npm:*\"]\n"),
    );
    project.run(&["plan"]).expect(0);
    project.write(
        "bakehouse.toml",
        format!("{settings}\n[allow]\ndownloads = [\"https://h.example\"]\n"),
    );
    project
        .run(&["plan"])
        .expect(3)
        .says("bakehouse.toml:6: `downloads`: \"https://h.example\" does not end with `/`");
}

/// Puts a program before the real `docker-buildx` that notes what it is given.
struct Look {
    folder: PathBuf,
}

impl Look {
    fn new(project: &Project) -> Self {
        let folder = project.path("look");
        let script = format!(
            "#!/bin/sh\n\
             if [ \"$1\" = build ]; then\n\
             to=$(mktemp -d {folder}/build.XXXXXX)\n\
             env >$to/env; printf '%s\\n' \"$@\" >$to/args\n\
             cp \"$DOCKER_CONFIG/config.json\" $to/config.json\n\
             cp \"$EXPERIMENTAL_BUILDKIT_SOURCE_POLICY\" $to/policy.json\n\
             stat -c %a \"$DOCKER_CONFIG\" \"$DOCKER_CONFIG/config.json\" >$to/modes\n\
             fi\nexec {real} \"$@\"\n",
            folder = folder.display(),
            real = tool("docker-buildx").display(),
        );
        project.write("look/docker-buildx", script);
        let mode = std::fs::Permissions::from_mode(0o755);
        std::fs::set_permissions(folder.join("docker-buildx"), mode).unwrap();
        Self { folder }
    }

    fn path(&self) -> String {
        let path = std::env::var("PATH").unwrap();
        format!("{}:{path}", self.folder.display())
    }

    /// Folders with what each build was given.
    fn builds(&self) -> Vec<PathBuf> {
        let entries = std::fs::read_dir(&self.folder).unwrap();
        let paths = entries.map(|entry| entry.unwrap().path());
        paths.filter(|path| path.is_dir()).collect()
    }
}

fn json(folder: &Path, name: &str) -> Value {
    serde_json::from_str(&std::fs::read_to_string(folder.join(name)).unwrap()).unwrap()
}

#[test]
fn the_builder_sees_only_the_credentials_it_needs() {
    let registry = DebianRegistry::start();
    for (builder, needed) in [
        (Builder::Docker, Vec::new()),
        (Builder::BuildKit, vec![registry.host()]),
    ] {
        let project = Project::new(builder);
        project.misbehave(&["1.0.0"]);
        let look = Look::new(&project);
        let login = "dXNlcjpjYW5hcnk=";
        project.write(
            ".docker/config.json",
            serde_json::json!({
                "auths": { registry.host(): { "auth": login }, "other.example": { "auth": login } },
                "HttpHeaders": { "X-Canary": "canary" },
                "proxies": { "default": { "httpProxy": "http://canary.example" } },
            })
            .to_string(),
        );
        let mut command = project.command(&[
            "run",
            "--registry",
            &registry.host(),
            "--namespace",
            &format!("{builder:?}").to_lowercase(),
            "--platform",
            "linux/amd64",
            "--partial",
        ]);
        command.env("PATH", look.path());
        let canaries = [
            "GITHUB_TOKEN",
            "AWS_SECRET_ACCESS_KEY",
            "NPM_TOKEN",
            "ACTIONS_RUNTIME_TOKEN",
        ];
        command.envs(canaries.map(|name| (name, "canary")));
        finish(&mut command).expect(0);

        let builds = look.builds();
        assert_eq!(builds.len(), 1, "{builder:?}");
        for build in builds {
            let config = json(&build, "config.json");
            let auths = config["auths"].as_object().unwrap();
            assert_eq!(
                auths.keys().cloned().collect::<Vec<_>>(),
                needed,
                "{builder:?}"
            );
            assert_eq!(config.as_object().unwrap().len(), 1, "{config}");
            let modes = std::fs::read_to_string(build.join("modes")).unwrap();
            assert_eq!(modes, "700\n600\n");
            let env = std::fs::read_to_string(build.join("env")).unwrap();
            let variables: BTreeMap<_, _> = env.lines().filter_map(|l| l.split_once('=')).collect();
            assert!(!env.contains("canary"), "{env}");
            assert!(!variables["DOCKER_CONFIG"].contains(".docker"), "{env}");
            let policy = json(&build, "policy.json");
            assert_eq!(policy["rules"][0]["action"], "DENY");
            assert_eq!(policy["rules"][0]["selector"]["identifier"], "*");
            let args = std::fs::read_to_string(build.join("args")).unwrap();
            for never in ["--allow", "--ssh", "--secret", "--push"] {
                assert!(!args.lines().any(|arg| arg.starts_with(never)), "{args}");
            }
            assert!(args.contains("--network\nnone\n"), "{args}");
            assert!(!Path::new(variables["DOCKER_CONFIG"]).exists());
        }
    }
}
