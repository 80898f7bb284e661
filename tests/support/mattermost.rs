//! Mattermost's upstream and Mostlymatter's, in the shape that they have.

use sha2::{Digest as _, Sha256};

use super::{Release, Tag, Tree, Upstreams, package, program, with_pins};

pub const ARCHES: [&str; 2] = ["amd64", "arm64"];
const REPOSITORY: &str = "mattermost/mattermost";
const PROGRAM: &str = include_str!("upstreams/mattermost/program.go");
const MODULE: &str = "github.com/mattermost/mattermost/server";

/// Plugins in amd64's package, as `PLUGIN_PACKAGES` of upstream's server/Makefile
/// names them; the suffix under which upstream publishes them for arm64, too, or
/// for all platforms, if it does; and the programs in that.
const PLUGINS: &[(&str, Option<&str>, &[&str])] = &[
    (
        "mattermost-plugin-calls-v0.26.2",
        Some("-linux-arm64"),
        &["linux-arm64"],
    ),
    (
        "mattermost-plugin-playbooks-v1.39.3",
        Some(""),
        &["linux-amd64", "linux-arm64", "darwin-arm64"],
    ),
    (
        "mattermost-plugin-nps-v1.3.3",
        Some(""),
        &["linux-amd64", "darwin-arm64"],
    ),
    ("mattermost-plugin-servicenow-v2.3.4", None, &[]),
];

/// Versions whose Dockerfiles differ: one stage on Debian, one on Ubuntu, two
/// stages, two stages with everything pinned.
pub const VERSIONS: [(&str, &str); 4] = [
    (
        "7.10.0",
        include_str!("upstreams/mattermost/7.10.Dockerfile"),
    ),
    (
        "9.11.9",
        include_str!("upstreams/mattermost/9.11.Dockerfile"),
    ),
    (
        "10.11.4",
        include_str!("upstreams/mattermost/10.11.Dockerfile"),
    ),
    (
        "11.1.0",
        include_str!("upstreams/mattermost/11.1.Dockerfile"),
    ),
];

impl Upstreams {
    /// Publishes a version of Mattermost: source, packages of both editions,
    /// release with their checksums in its notes. The commit.
    pub fn mattermost(&self, number: &str, dockerfile: &str) -> String {
        self.plugins();
        let mut notes = format!("Mattermost {number}.\n\n### Downloads\n");
        for edition in ["", "team-"] {
            for arch in ARCHES {
                let name = format!("mattermost-{edition}{number}-linux-{arch}.tar.gz");
                let program = program(PROGRAM, arch, "upstream");
                let version = format!("{edition}{number}");
                let mut files = vec![
                    ("mattermost/VERSION".to_owned(), version.as_bytes()),
                    ("mattermost/bin/mattermost".to_owned(), &program),
                    ("mattermost/bin/mmctl".to_owned(), &program),
                ];
                // As `package-linux-arm64` in upstream's server/build/release.mk.
                let plugins = PLUGINS.iter().filter(|_| arch == "amd64");
                for (plugin, _, _) in plugins {
                    let path =
                        format!("mattermost/prepackaged_plugins/{plugin}-linux-{arch}.tar.gz");
                    files.push((format!("{path}.sig"), b"signature"));
                    files.push((path, b"plugin"));
                }
                let files: Vec<_> = files
                    .iter()
                    .map(|(path, bytes)| (path.as_str(), *bytes))
                    .collect();
                let bytes = package(&files);
                let checksum = hex::encode(Sha256::digest(&bytes));
                notes.push_str(&format!("- {name}\n  - SHA-256 Checksum: `{checksum}`\n"));
                self.github
                    .file(&format!("/mattermost/{number}/{name}"), bytes);
            }
        }
        let tag = format!("v{number}");
        let release = Release::new(&tag).notes(&notes);
        self.github.release(REPOSITORY, release);
        self.git
            .release(REPOSITORY, &tag, &tree(&with_pins(dockerfile)))
    }

    /// Publishes plugins as plugins.releases.mattermost.com does.
    fn plugins(&self) {
        self.github.unlisted("/plugins/");
        for (plugin, suffix, programs) in PLUGINS {
            let Some(suffix) = suffix else { continue };
            let path = format!("/plugins/release/{plugin}{suffix}.tar.gz");
            let paths: Vec<_> = programs
                .iter()
                .map(|platform| format!("x/server/dist/plugin-{platform}"))
                .collect();
            let mut files: Vec<(&str, &[u8])> = vec![("x/plugin.json", b"{}")];
            files.extend(
                paths
                    .iter()
                    .map(|path| (path.as_str(), b"program".as_slice())),
            );
            self.github.file(&path, package(&files));
            self.github.file(&format!("{path}.sig"), "signature");
        }
    }

    /// Publishes a version of Mostlymatter on top of Mattermost's.
    pub fn mostlymatter(&self, number: &str) {
        for arch in ARCHES {
            let path = format!("/packages/projects/mostlymatter/mostlymatter-{arch}-v{number}");
            self.framagit
                .file(&path, program(PROGRAM, arch, "framasoft"));
        }
        let tag = Tag::new(&format!("v{number}-limitless"));
        self.framagit.tag("framasoft/framateam/mostlymatter", tag);
    }
}

/// Upstream's source, as far as an image needs it.
fn tree(dockerfile: &str) -> Tree {
    Tree::new()
        .file("README.md", "Mattermost")
        .file("server/build/Dockerfile", dockerfile)
        .executable(
            "server/build/entrypoint.sh",
            include_bytes!("upstreams/mattermost/entrypoint.sh"),
        )
        .file(
            "server/build/passwd",
            include_bytes!("upstreams/mattermost/passwd"),
        )
        .file("server/.go-version", format!("{}\n", super::GOLANG))
        .file(
            "server/go.mod",
            format!("module {MODULE}/v8\n\ngo 1.25\n\nrequire {MODULE}/public v0.0.0\n"),
        )
        .file(
            "server/public/go.mod",
            format!("module {MODULE}/public\n\ngo 1.25\n"),
        )
        .file(
            "server/public/model/version.go",
            "package model\n\nvar BuildNumber, BuildHash, BuildDate string\n",
        )
        .file(
            "server/cmd/mattermost/main.go",
            include_bytes!("upstreams/mattermost/server.go"),
        )
        .file(
            "server/cmd/mmctl/main.go",
            include_bytes!("upstreams/mattermost/mmctl.go"),
        )
        .file(
            "server/cmd/mmctl/commands/version.go",
            include_bytes!("upstreams/mattermost/version.go"),
        )
}
