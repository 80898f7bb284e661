//! Layers that one app's build leaves in the builder, and another app wants.

use serde_json::Value;

use super::dockerfiles::granted_base;
use super::run::{CANARY, project};
use crate::support::{Builder, DebianRegistry, Git, Output, Project, Tree, crane, finish};

/// Two apps whose builds are the same to the letter: `hostile`, which has the
/// secret, and `fromsource`, which has none.
struct Apps {
    registry: DebianRegistry,
    project: Project,
    _git: Git,
}

impl Apps {
    /// `steps` stands between a base with a shell and the copy of `/result`.
    fn new(builder: Builder, steps: &str, versions: &[&str]) -> Self {
        let registry = granted_base();
        let host = registry.host();
        let base = format!("{host}/granted/base");
        let text =
            format!("FROM {base}:1 AS x\n{steps}\nFROM scratch\nCOPY --from=x /result /result\n");
        let project = project(builder);
        let settings = std::fs::read_to_string(project.path("bakehouse.toml")).unwrap();
        let there = format!("registry = \"{host}\"");
        project.write(
            "bakehouse.toml",
            settings.replace("registry = \"local\"", &there),
        );
        let mut app = format!(
            "images = [\"hostile\"]\nbases = [\"{base}\"]\nsecrets = [\"CANARY\"]\n\
             [options]\ncanary = \"/nowhere\"\ncases = \"{}\"\n",
            versions.join(" ")
        );
        for version in versions {
            let text = serde_json::to_string(&text).unwrap();
            app.push_str(&format!("dockerfile.\"{version}\" = {text}\n"));
            app.push_str(&format!("secret.\"{version}\" = \"CANARY\"\n"));
        }
        project.app("hostile", &app);
        let git = Git::start();
        git.release("a/b", "v1.0.0", &Tree::new().file("Dockerfile", &text));
        let url = git.url("a/b");
        project.app(
            "fromsource",
            &format!(
                "images = [\"fromsource\"]\nsources = [\"{url}\"]\nbases = [\"{base}\"]\n\
                 [options]\nrepository = \"{url}\"\nversions = \"1.0.0\"\n"
            ),
        );
        Self {
            registry,
            project,
            _git: git,
        }
    }

    fn build(&self, app: &str, version: &str) -> Output {
        let platform = ["--platform", "linux/amd64"];
        let arguments = [&["build", app, "--version", version], &platform[..]].concat();
        let mut command = self.project.command(&arguments);
        finish(command.env("CANARY", CANARY))
    }

    /// Digests of the layers of what was built.
    fn layers(&self, app: &str, version: &str) -> Vec<String> {
        self.build(app, version).expect(0);
        let target = format!("{app}/{version}/{app}/linux-amd64");
        let file = self.project.digest_file(&self.registry.host(), &target);
        let file = std::fs::read_to_string(self.project.path(&file)).unwrap();
        let file: Value = serde_json::from_str(&file).unwrap();
        let digest = file["descriptor"]["digest"].as_str().unwrap();
        let image = format!("{}/test/{app}@{digest}", self.registry.host());
        let manifest: Value = serde_json::from_str(&crane(&["manifest", &image])).unwrap();
        let layers = manifest["layers"].as_array().unwrap().iter();
        layers
            .map(|layer| layer["digest"].as_str().unwrap().to_owned())
            .collect()
    }
}

#[test]
fn a_steps_layer_is_its_apps_own_and_all_its_versions() {
    for builder in [Builder::Docker, Builder::BuildKit] {
        let steps = format!(
            "RUN cat /proc/sys/kernel/random/uuid >/result && echo {} >>/result",
            fastrand::u64(..)
        );
        let apps = Apps::new(builder, &steps, &["one", "two"]);
        let first = apps.layers("hostile", "1.0.0-one");
        assert_eq!(apps.layers("hostile", "1.0.0-two"), first, "{builder:?}");
        let other = apps.layers("fromsource", "1.0.0");
        assert_ne!(other, first, "{builder:?} handed a layer on to another app");
    }
}

#[test]
fn what_a_secret_left_in_a_layer_is_not_for_others() {
    for builder in [Builder::Docker, Builder::BuildKit] {
        for mount in ["type=secret,id=CANARY", "type=$T,id=CANARY"] {
            let steps = format!(
                "ENV T=secret\nRUN --mount={mount} cat /run/secrets/CANARY >/result; echo {} >>/result",
                fastrand::u64(..)
            );
            let apps = Apps::new(builder, &steps, &["one"]);
            apps.build("hostile", "1.0.0-one").expect(0);
            apps.build("fromsource", "1.0.0")
                .expect(11)
                .says("RUN in line 3 of Dockerfile mounts the secret CANARY, which the build does not name");
        }
    }
}
