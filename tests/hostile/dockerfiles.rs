//! Dockerfiles that reach for what is not granted, on both builders.

use std::process::{Command, Stdio};

use super::run::{Case, project, run};
use super::upstream::Upstream;
use crate::support::{Builder, DebianRegistry, crane, tool};

/// A Dockerfile: its name, its text, a named context, the exit code, and words
/// of the refusal. `REGISTRY` and `URL` stand for the test's own.
type Dockerfile = (
    &'static str,
    &'static str,
    Option<&'static str>,
    u64,
    &'static [&'static str],
);

const BASES: &[&str] = &["/secret/x\" to `bases`"];
const DOWNLOADS: &[&str] = &["to `downloads`"];
const SECRET: &[&str] = &["mounts the secret CANARY, which the build does not name"];
const SHADOWS: &[&str] = &["would take the place of"];
const SOURCES: &[&str] = &["to `sources`"];

const DOCKERFILES: &[Dockerfile] = &[
    (
        "laughs",
        include_str!("../cases/dockerfile-variables-within-bounds/Dockerfile"),
        None,
        8,
        &["line 14 would have more than 131072 bytes"],
    ),
    ("from", "FROM REGISTRY/secret/x:1\n", None, 11, BASES),
    (
        "from-digest",
        "FROM REGISTRY/secret/x@sha256:0000000000000000000000000000000000000000000000000000000000000000\n",
        None,
        11,
        BASES,
    ),
    (
        "from-arg",
        "ARG BASE=REGISTRY/secret/x:1\nFROM ${BASE}\n",
        None,
        11,
        BASES,
    ),
    (
        "from-unused-stage",
        "FROM REGISTRY/secret/x:1 AS x\nFROM scratch\nCOPY --from=x / /\n",
        None,
        11,
        BASES,
    ),
    (
        "from-neighbour",
        "FROM REGISTRY/granted/base-evil:1\n",
        None,
        11,
        &["base-evil\" to `bases`"],
    ),
    (
        "from-hub",
        "FROM busybox\n",
        None,
        11,
        &["\"docker.io/library/busybox\" to `bases`"],
    ),
    (
        "copy-from",
        "FROM scratch\nCOPY --from=REGISTRY/secret/x:1 / /\n",
        None,
        11,
        BASES,
    ),
    (
        "mount-from",
        "FROM REGISTRY/granted/base:1\nRUN --mount=from=REGISTRY/secret/x:1,target=/x ls /x\n",
        None,
        11,
        BASES,
    ),
    (
        "mount-cache-from",
        "FROM REGISTRY/granted/base:1\nRUN --mount=type=cache,from=REGISTRY/secret/x:1,target=/x ls /x\n",
        None,
        11,
        BASES,
    ),
    (
        "syntax",
        "# syntax=REGISTRY/secret/x:1\nFROM scratch\nCOPY file /\n",
        None,
        11,
        BASES,
    ),
    (
        "syntax-granted",
        "# syntax=REGISTRY/granted/base:1\nFROM scratch\nCOPY file /\n",
        None,
        11,
        &["as its frontend, which could read"],
    ),
    (
        "syntax-slashes",
        "// syntax=REGISTRY/secret/x:1\nFROM scratch\n",
        None,
        11,
        BASES,
    ),
    (
        "syntax-mark",
        "\u{feff}# syntax=REGISTRY/secret/x:1\nFROM scratch\n",
        None,
        11,
        BASES,
    ),
    (
        "syntax-shebang",
        "#!/x\n# syntax=REGISTRY/secret/x:1\nFROM scratch\n",
        None,
        11,
        BASES,
    ),
    (
        "syntax-json",
        "{\"syntax\": \"REGISTRY/secret/x:1\"}",
        None,
        11,
        &["no grant for"],
    ),
    (
        "syntax-hub",
        "# syntax=docker/dockerfile:1\nFROM scratch\nCOPY file /\n",
        None,
        11,
        &[
            "line 1 of the Dockerfile names a frontend (`# syntax`)",
            "\"docker.io/docker/dockerfile\" to `bases`",
        ],
    ),
    (
        "add-url",
        "FROM scratch\nADD URL/secret /\n",
        None,
        11,
        DOWNLOADS,
    ),
    (
        "add-dots",
        "FROM scratch\nADD URL/granted/../secret /\n",
        None,
        11,
        &["no grant for", "which nothing in"],
    ),
    (
        "add-encoded",
        "FROM scratch\nADD URL/granted/%2e%2e/secret /\n",
        None,
        11,
        &["no grant for", "which nothing in"],
    ),
    (
        "add-git",
        "FROM scratch\nADD https://git.example/a/b.git /\n",
        None,
        11,
        SOURCES,
    ),
    (
        "add-git-ssh",
        "FROM scratch\nADD git@git.example:a/b.git /\n",
        None,
        11,
        SOURCES,
    ),
    (
        "add-git-ref",
        "FROM scratch\nADD https://git.example/a/b.git#v1:sub /\n",
        None,
        11,
        SOURCES,
    ),
    (
        "add-git-plain",
        "FROM scratch\nADD http://git.example/granted/b.git /\n",
        None,
        11,
        &["which nothing in", "to `sources`"],
    ),
    (
        "add-git-protocol",
        "FROM scratch\nADD git://git.example/granted/b.git /\n",
        None,
        11,
        &["which nothing in", "to `sources`"],
    ),
    (
        "add-git-user",
        "FROM scratch\nADD git@git.example:granted/b.git /\n",
        None,
        11,
        &["which nothing in", "to `sources`"],
    ),
    (
        "onbuild-copy",
        "FROM REGISTRY/granted/onbuild-copy:1\n",
        None,
        11,
        BASES,
    ),
    (
        "onbuild-add",
        "FROM REGISTRY/granted/onbuild-add:1\n",
        None,
        11,
        DOWNLOADS,
    ),
    (
        "onbuild-host",
        "FROM REGISTRY/granted/onbuild-host:1\n",
        None,
        11,
        &["network.host"],
    ),
    (
        "network-host",
        "FROM REGISTRY/granted/base:1\nRUN --network=host ls\n",
        None,
        11,
        &["network.host"],
    ),
    (
        "network-default",
        "FROM REGISTRY/granted/base:1\nRUN --network=default ls /sys/class/net | grep -v '^lo$'\n",
        None,
        8,
        &["exit code: 1"],
    ),
    (
        "network-heredoc",
        "FROM REGISTRY/granted/base:1\nRUN <<EOF\nset -e\nls /sys/class/net | grep -v '^lo$'\nEOF\n",
        None,
        8,
        &["exit code: 1", "parse error"],
    ),
    (
        "insecure",
        "FROM REGISTRY/granted/base:1\nRUN --security=insecure ls\n",
        None,
        11,
        &["security.insecure", "unknown flag: --security"],
    ),
    (
        "secret-mount",
        "FROM REGISTRY/granted/base:1\nRUN --mount=type=secret,id=CANARY,required=true cat /run/secrets/CANARY\n",
        None,
        8,
        &["secret CANARY: not found"],
    ),
    (
        "secret-file",
        "FROM REGISTRY/granted/base:1\nRUN --mount=type=secret,id=CANARY cat /run/secrets/CANARY\n",
        None,
        8,
        &["exit code: 1"],
    ),
    (
        "secret-optional",
        "FROM REGISTRY/granted/base:1\nRUN --mount=type=secret,id=CANARY true\n",
        None,
        11,
        &[
            "RUN in line 2 of the Dockerfile mounts the secret CANARY, which the build does not name",
        ],
    ),
    (
        "secret-variable",
        "FROM REGISTRY/granted/base:1\nENV T=secret N=CANARY\nRUN --mount=type=$T,id=$N true\n",
        None,
        11,
        SECRET,
    ),
    (
        "secret-environment",
        "FROM REGISTRY/granted/base:1\nRUN --mount=type=secret,id=CANARY,env=X true\n",
        None,
        11,
        SECRET,
    ),
    (
        "onbuild-secret",
        "FROM REGISTRY/granted/onbuild-secret:1\n",
        None,
        11,
        SECRET,
    ),
    (
        "ssh-mount",
        "FROM REGISTRY/granted/base:1\nRUN --mount=type=ssh,required=true ls\n",
        None,
        8,
        &["unset ssh forward key", "ssh"],
    ),
    (
        "environment",
        "FROM REGISTRY/granted/base:1\nRUN env | grep -E 'CANARY|TOKEN'\n",
        None,
        8,
        &["exit code: 1"],
    ),
    (
        "init-environment",
        "FROM REGISTRY/granted/base:1\nRUN tr '\\0' '\\n' </proc/1/environ | grep CANARY\n",
        None,
        8,
        &["exit code: 1"],
    ),
    (
        "engine-socket",
        "FROM REGISTRY/granted/base:1\nRUN ls /var/run/docker.sock /run/buildkit\n",
        None,
        8,
        &["exit code: 1"],
    ),
    (
        "device",
        "FROM REGISTRY/granted/base:1\nRUN mknod /disk b 254 0 && head -c 1 /disk\n",
        None,
        8,
        &["exit code: 1"],
    ),
    (
        "copy-dots",
        "FROM scratch\nCOPY ../../../etc/passwd /\n",
        None,
        8,
        &["not found"],
    ),
    (
        "copy-link",
        "FROM REGISTRY/granted/base:1\nCOPY planted/canary /canary\nRUN cat /canary\n",
        None,
        8,
        &["exit code: 1", "not found"],
    ),
    (
        "copy-through-link",
        "FROM scratch\nCOPY planted/etc/passwd /\n",
        None,
        8,
        &["not found"],
    ),
    (
        "mount-through-link",
        "FROM REGISTRY/granted/base:1\nRUN --mount=type=bind,source=planted/etc,target=/x cat /x/shadow\n",
        None,
        8,
        &["failed", "exit code: 1", "not found"],
    ),
    (
        "mount-root",
        "FROM REGISTRY/granted/base:1\nRUN --mount=type=bind,source=/,target=/x cat /x/etc/shadow\n",
        None,
        8,
        &["exit code: 1"],
    ),
    (
        "context-image",
        "FROM x\n",
        Some("x=docker-image://REGISTRY/secret/x:1"),
        11,
        BASES,
    ),
    (
        "context-git",
        "FROM x\n",
        Some("x=https://git.example/a/b.git"),
        5,
        &["neither a folder nor docker-image://"],
    ),
    (
        "context-link",
        "FROM scratch\nCOPY --from=x passwd /\n",
        Some("x=planted/etc"),
        5,
        &["symbolic link"],
    ),
    (
        "context-shadows",
        "FROM REGISTRY/granted/base:1\n",
        Some("REGISTRY/granted/base:1=docker-image://REGISTRY/secret/x:1"),
        11,
        BASES,
    ),
    (
        "context-shadows-pinned",
        "FROM REGISTRY/granted/pinned:1\n",
        Some("REGISTRY/granted/pinned:1=docker-image://REGISTRY/granted/base:1"),
        11,
        SHADOWS,
    ),
    (
        "context-shadows-folder",
        "FROM REGISTRY/granted/pinned\n",
        Some("REGISTRY/granted/pinned=."),
        11,
        SHADOWS,
    ),
    (
        "context-shadows-frontend",
        "# syntax=docker/dockerfile:1\nFROM scratch\n",
        Some("docker/dockerfile:1=docker-image://REGISTRY/granted/base:1"),
        11,
        SHADOWS,
    ),
    (
        "result-huge",
        "FROM REGISTRY/granted/base:1 AS x\nRUN mkdir /out && head -c 100000000 /dev/zero >/out/big\nFROM scratch\nCOPY --from=x /out /\n",
        None,
        5,
        &["larger than the limit"],
    ),
    (
        "result-hole",
        "FROM REGISTRY/granted/base:1 AS x\nRUN mkdir /out && truncate -s 3G /out/hole\nFROM scratch\nCOPY --from=x /out /\n",
        None,
        5,
        &["larger than the limit"],
    ),
    (
        "result-many",
        "FROM REGISTRY/granted/base:1 AS x\nRUN mkdir /out && cd /out && seq 3000 | xargs touch\nFROM scratch\nCOPY --from=x /out /\n",
        None,
        5,
        &["entries"],
    ),
    (
        "result-deep",
        "FROM REGISTRY/granted/base:1 AS x\nRUN mkdir /out; cd /out; i=0; while [ $i -lt 1000 ]; do mkdir d; cd d; i=$((i+1)); done\nFROM scratch\nCOPY --from=x /out /\n",
        None,
        5,
        &["200 folders deep"],
    ),
    (
        "flood",
        "FROM REGISTRY/granted/base:1\nRUN yes flood | head -c 100000000; false\n",
        None,
        8,
        &["exit code: 1"],
    ),
];

/// Images of which only those below `granted/` are granted.
fn registry() -> DebianRegistry {
    let registry = DebianRegistry::start();
    let host = registry.host();
    let home = std::env::var("BAKEHOUSE_HOME").expect("BAKEHOUSE_HOME is set by ./justw test");
    let context = tempfile::tempdir().unwrap();
    let busybox = format!("{home}/tools/busybox-amd64/bin/busybox");
    std::fs::copy(busybox, context.path().join("busybox")).unwrap();
    // Layers that no other test's base has: where an engine pulls equal ones from two
    // registries at once, BuildKit merges the two pulls, and a build that was under way
    // leaves its steps' layers under a key that the next one may not find (moby/buildkit,
    // `solver/scheduler.go`, `mergeTo`).
    let own = fastrand::u64(..).to_string();
    std::fs::write(context.path().join("own"), own).unwrap();
    let base = "FROM scratch\nCOPY busybox /bin/busybox\nRUN [\"/bin/busybox\", \"--install\", \"-s\", \"/bin\"]\n";
    for (image, more) in [
        ("granted/base", "COPY own /own\n".to_owned()),
        ("secret/x", String::new()),
        ("granted/base-evil", String::new()),
        ("granted/pinned", String::new()),
        (
            "granted/onbuild-secret",
            "ONBUILD RUN --mount=type=secret,id=CANARY true\n".to_owned(),
        ),
        (
            "granted/onbuild-copy",
            format!("ONBUILD COPY --from={host}/secret/x:1 / /x/\n"),
        ),
        (
            "granted/onbuild-add",
            "ONBUILD ADD http://127.0.0.1:1/secret /x\n".to_owned(),
        ),
        (
            "granted/onbuild-host",
            "ONBUILD RUN --network=host ls\n".to_owned(),
        ),
    ] {
        std::fs::write(context.path().join("Dockerfile"), format!("{base}{more}")).unwrap();
        let status = Command::new(tool("docker-buildx"))
            .args([
                "build",
                "--builder=bakehouse",
                "--platform=linux/amd64",
                "--provenance=false",
            ])
            .arg(format!(
                "--output=type=image,name={host}/{image}:1,push=true,registry.insecure=true"
            ))
            .arg(context.path())
            .stderr(Stdio::null())
            .status()
            .unwrap();
        assert!(
            status.success(),
            "{image} cannot be built\nhint: ./justw test starts BuildKit"
        );
    }
    registry
}

fn escapes(builder: Builder) {
    assert!(DOCKERFILES.len() >= 20);
    let registry = registry();
    let upstream = Upstream::start();
    let project = project(builder);
    let here = |text: &str| {
        text.replace("REGISTRY", &registry.host())
            .replace("URL", &upstream.url())
    };
    let names: Vec<_> = DOCKERFILES.iter().map(|(name, ..)| *name).collect();
    let granted = [
        "base",
        "onbuild-copy",
        "onbuild-add",
        "onbuild-host",
        "onbuild-secret",
    ];
    let mut bases: Vec<_> = granted
        .map(|image| here(&format!("REGISTRY/granted/{image}")))
        .into();
    let pinned = here("REGISTRY/granted/pinned:1");
    bases.push(format!("{pinned}@{}", crane(&["digest", &pinned]).trim()));
    let mut app = format!(
        "images = [\"hostile\"]\nbases = {bases:?}\ndownloads = [\"{url}/granted/\"]\n\
         sources = [\"https://git.example/granted/\"]\n[options]\n\
         cases = {cases:?}\ncanary = {canary:?}\n",
        url = upstream.url(),
        cases = names.join(" "),
        canary = project.path("canary"),
    );
    for (name, text, context, ..) in DOCKERFILES {
        let text = toml_text(&here(text));
        app.push_str(&format!("dockerfile.\"{name}\" = {text}\n"));
        if let Some(context) = context {
            app.push_str(&format!(
                "context.\"{name}\" = {}\n",
                toml_text(&here(context))
            ));
        }
    }
    project.app("hostile", &app);
    let cases: Vec<_> = DOCKERFILES
        .iter()
        .map(|(name, _, _, code, says)| Case {
            name,
            // The engine's own frontend has no such flag at all.
            code: match (*name, builder) {
                ("insecure", Builder::Docker) => 8,
                _ => *code,
            },
            says,
        })
        .collect();
    run(&project, 8).expect(&cases, |name| format!("hostile 1.0.0-{name} "));
    assert_eq!(
        upstream.secrets(),
        0,
        "something was fetched that is not granted"
    );
}

/// A basic string; JSON's escapes are TOML's, too.
fn toml_text(text: &str) -> String {
    serde_json::to_string(text).unwrap()
}

#[test]
fn dockerfiles_get_nothing_from_the_engine() {
    escapes(Builder::Docker);
}

#[test]
fn dockerfiles_get_nothing_from_buildkit() {
    escapes(Builder::BuildKit);
}

/// Used by [`mounts`](super::mounts), too.
pub fn granted_base() -> DebianRegistry {
    registry()
}
