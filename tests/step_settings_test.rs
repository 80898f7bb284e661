//! Settings that `RUN` steps are handed: they see them, and the image does not.

use crate::support::{Builder, Git, Output, Project, Tree, busybox};

const DOCKERFILE: &str = "\
FROM scratch AS base
COPY busybox /bin/sh
FROM base
COPY nonce /
ARG HTTP_PROXY
RUN echo \"npm=$NPM_CONFIG_REGISTRY go=$GOPROXY proxy=$https_proxy ca=$SSL_CERT_FILE\" >&2
RUN [\"/bin/sh\", \"-c\", \"while read line; do echo read $line >&2; done </.cargo/config.toml || true\"]
RUN while read line; do echo \"read $line\" >&2; done <$NODE_EXTRA_CA_CERTS; cat </dev/null
RUN cat <<E > /here; echo step >/there
plain
E
ONBUILD RUN no
CMD [\"/bin/sh\"]
";
const TABLE: &str = "
[build]
proxy = { http = \"http://proxy.corp.example:3128\", https = \"$CORP_PROXY\", no-proxy = \"localhost\" }
mirrors.npm = \"https://npm.corp.example/all/\"
mirrors.go = \"https://go.corp.example,direct\"
mirrors.cargo = \"sparse+https://cargo.corp.example/index/\"
ca = \"corp.pem\"
";
const CERTIFICATE: &str = "-----BEGIN CERTIFICATE-----\nTHEIRS\n-----END CERTIFICATE-----\n";

/// The digests of what a project of this builder publishes, and what it said.
fn built(git: &Git, builder: Builder, table: &str) -> (Vec<String>, Output) {
    let project = Project::new(builder);
    project.platforms(&["linux/amd64"]);
    let url = git.url("a/b");
    project.app(
        "fromsource",
        &format!(
            "images = [\"fromsource\"]\nsources = [\"{url}\"]\nnetwork = true\n[options]\nrepository = \"{url}\"\nversions = \"1.0.0\"\nnetwork = \"yes\""
        ),
    );
    project.write("corp.pem", CERTIFICATE);
    let settings = std::fs::read_to_string(project.path("bakehouse.toml")).unwrap();
    project.write("bakehouse.toml", settings + table);
    let mut command = project.command(&["run", "-v", "--format", "json"]);
    command.env(
        "CORP_PROXY",
        "http://user:s3cret-word@proxy.corp.example:3128",
    );
    let output = crate::support::finish(&mut command).expect(0);
    let report = output.json();
    let targets = report["targets"].as_array().unwrap();
    let digests = targets
        .iter()
        .map(|t| t["digest"].as_str().unwrap().to_owned());
    (digests.collect(), output)
}

#[test]
fn steps_are_handed_settings_that_no_image_has() {
    // The image names its source's address, and no step is in the builder's cache.
    let git = Git::start();
    let nonce = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap();
    let tree = Tree::new()
        .executable("busybox", busybox("amd64"))
        .file("Dockerfile.dockerignore", "ignored\n")
        .file("nonce", nonce.as_nanos().to_string())
        .file(
            "Dockerfile",
            DOCKERFILE.replace("cat </dev/null", "cat </dev/null || true"),
        );
    git.release("a/b", "v1.0.0", &tree);
    for builder in [Builder::BuildKit, Builder::Docker] {
        let (plain, without) = built(&git, builder, "");
        let (handed, with) = built(&git, builder, TABLE);
        assert_eq!(plain, handed, "{builder:?}");
        assert!(
            without.stderr.contains("npm= go= proxy= ca="),
            "{}",
            without.stderr
        );
        for line in [
            "npm=https://npm.corp.example/all go=https://go.corp.example,direct proxy=*** ca=/.bakehouse/ca.pem",
            "read registry = \"sparse+https://cargo.corp.example/index/\"",
            "read THEIRS",
            // Steps are shown as their Dockerfile has them.
            "RUN echo \"npm=",
        ] {
            assert!(with.stderr.contains(line), "{line}: {}", with.stderr);
        }
        for hidden in ["s3cret-word", "dev.bakehouse.npm"] {
            assert!(!with.stderr.contains(hidden), "{hidden}: {}", with.stderr);
        }
    }
}

#[test]
fn a_table_that_cannot_be_used_is_told_with_its_place() {
    let project = Project::new(Builder::Docker);
    let settings = std::fs::read_to_string(project.path("bakehouse.toml")).unwrap();
    for (table, says) in [
        (
            "mirrors.npm = \"npm.corp.example\"",
            "bakehouse.toml:5:15: `mirrors.npm`: `npm.corp.example` is not an address",
        ),
        ("ca = \"none.pem\"", "`ca` of [build]: "),
        (
            "proxy.https = \"$NOT_SET_HERE\"",
            "$NOT_SET_HERE as https-proxy to RUN steps, and it is not set",
        ),
    ] {
        project.write("bakehouse.toml", format!("{settings}[build]\n{table}\n"));
        project.run(&["plan"]).expect(3).says(says);
    }
}
