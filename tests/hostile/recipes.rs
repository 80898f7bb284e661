//! Cases of `tests/recipes/hostile`, and the refusal of each.

use super::run::{Case, project, run};
use super::upstream::Upstream;
use crate::support::{Builder, DebianRegistry, Package};

/// Denied: the grant is named.
const fn denied<'a>(name: &'a str, says: &'a [&'a str]) -> Case<'a> {
    Case {
        name,
        code: 11,
        says,
    }
}

/// The recipe's own fault.
const fn fault<'a>(name: &'a str, says: &'a [&'a str]) -> Case<'a> {
    Case {
        name,
        code: 5,
        says,
    }
}

/// Upstream did not give what was asked for.
const fn upstream<'a>(name: &'a str, says: &'a [&'a str]) -> Case<'a> {
    Case {
        name,
        code: 6,
        says,
    }
}

const CASES: &[Case<'_>] = &[
    denied("release-other", &["add \"npm:other\" to `releases`"]),
    denied("release-dots", &["no grant for npm:../other"]),
    fault("release-file", &["file:/etc/passwd"]),
    denied("release-newline", &["no grant for npm:granted\\nHost: x"]),
    denied("release-url", &["to `releases`"]),
    upstream("release-tag", &["no release"]),
    fault("release-pattern", &["pattern"]),
    denied("lookup", &["/secret/x\" to `bases`"]),
    denied("lookup-neighbour", &["/granted/base-evil\" to `bases`"]),
    denied("lookup-nonsense", &["no grant"]),
    denied("download-other", &["to `downloads`"]),
    denied("download-dots", &["no grant for"]),
    denied("download-encoded", &["no grant for"]),
    denied("download-user", &["no grant for"]),
    denied("download-file", &["no grant for file:///etc/passwd"]),
    denied("download-redirect", &["redirects to"]),
    denied("download-redirect-name", &["redirects to http://localhost"]),
    denied(
        "download-redirect-metadata",
        &["redirects to http://169.254.169.254"],
    ),
    upstream("download-redirect-loop", &["more than 5 redirects"]),
    upstream("download-wrong-digest", &["expected sha256:0000"]),
    fault("download-into-parent", &["is not a path inside"]),
    fault("download-into-root", &["is not a path inside"]),
    fault("download-into-nothing", &["is empty"]),
    fault("archive-dots", &["is absolute or has `..`"]),
    fault("archive-absolute", &["is absolute or has `..`"]),
    fault("archive-link", &["outside of the archive"]),
    fault("archive-through-link", &["is below a link"]),
    fault("archive-hard-link", &["is absolute or has `..`"]),
    fault("archive-device", &["a device or a pipe"]),
    fault("archive-bomb", &["larger than the limit"]),
    fault("archive-many", &["more than 399 entries"]),
    fault("archive-garbage", &["archive is damaged"]),
    fault("compile-into-tree", &["must name a folder"]),
    fault("compile-into-parent", &["is not a path inside"]),
    fault("compile-into-root", &["is not a path inside"]),
    denied("call-flood", &["more than 50 calls"]),
    fault(
        "call-flood-free",
        &["computed for more than 2 s", "took more than 10 s"],
    ),
    fault("log-flood", &["the end of the flood"]),
    fault("log-huge", &["crashed in prepare"]),
    fault("url-huge", &["crashed in prepare"]),
    fault("error-terminal", &["met: clean", "clean"]),
    fault("error-huge", &["met: long", "crashed in prepare"]),
    denied("network", &["add `network = true`"]),
    denied("secret", &["add \"CANARY\" to `secrets`"]),
    denied("secret-option", &["no grant for X,src=/etc/passwd"]),
    denied("base", &["/secret/x\" to `bases`"]),
    fault("context-git", &["neither a folder nor docker-image://"]),
    fault("context-layout", &["neither a folder nor docker-image://"]),
    fault("context-folder", &["is not a path inside"]),
    fault("context-name", &["is not a name for a context"]),
    fault("folder-parent", &["is not a path inside"]),
    fault("folder-root", &["is not a path inside"]),
    fault(
        "folder-url",
        &["there is no folder", "is not a path inside"],
    ),
    fault("folder-flag", &["there is no folder"]),
    fault("dockerfile-root", &["is not a path inside"]),
    fault("dockerfile-parent", &["is not a path inside"]),
    fault("dockerfile-folder", &["there is no file"]),
    fault("dockerfile-huge", &["larger than"]),
    denied("dockerfile-syntax", &["/secret/x\" to `bases`"]),
    fault("arg-syntax", &["belongs to BuildKit"]),
    fault("arg-cache", &["belongs to BuildKit"]),
    fault("arg-proxy", &["http_proxy belongs to BuildKit"]),
    fault("arg-proxy-case", &["Https_Proxy belongs to BuildKit"]),
    fault("arg-proxy-fold", &["takes ASCII letters"]),
    fault("arg-hostname", &["belongs to BuildKit"]),
    fault("arg-platform", &["BUILDPLATFORM belongs to BuildKit"]),
    fault("arg-flag", &["is not a name for a build argument"]),
    fault("arg-zero", &["has a NUL"]),
    fault("args-many", &["can be passed on"]),
    fault("args-huge", &["can be passed on"]),
    fault("label-flag", &["is not a name for a label"]),
    fault("stage-flag", &["there is no stage `--ssh=default`"]),
    denied("other-platform", &["no grant for linux/s390x"]),
    fault("nonsense-platform", &["platform"]),
    denied("compile-network", &["add `network = true`"]),
    fault("links", &["leaves the work tree through a symbolic link"]),
    fault("read-root", &["met:"]),
    fault("read-parent", &["met:"]),
    fault("read-canary", &["met:"]),
    fault("read-environment", &["met:"]),
    fault("list-root", &["met:"]),
    fault("write-root", &["met:"]),
    fault("write-parent", &["met:"]),
    fault("move-out", &["met:"]),
    fault("hard-link-in", &["met:"]),
    fault("remove-tree", &["met:"]),
    fault("environment", &["no variables"]),
    fault("connect", &["met:"]),
    fault("listen", &["met:"]),
    fault("datagram", &["met:"]),
    fault("resolve", &["met:"]),
    fault("command", &["met:"]),
    fault("panic", &["hostile panic"]),
    fault("exit", &["crashed in prepare"]),
    fault("spin", &["computed for more than 2 s"]),
    fault("sleep", &["took more than 10 s"]),
    fault("memory", &["wanted more than 256 MiB"]),
    fault("stack", &["stack"]),
    fault(
        "print-flood",
        &["the end of the flood", "crashed in prepare"],
    ),
    fault("open-files", &["met:", "crashed in prepare"]),
    fault("tree-bytes", &["more than 64 MiB"]),
    fault("tree-files", &["more than 400 files"]),
    fault("tree-depth", &["200 deep"]),
];

#[test]
fn a_recipe_gets_nothing_that_it_was_not_granted() {
    assert!(CASES.len() >= 40);
    let registry = DebianRegistry::start();
    let upstream = Upstream::start();
    let project = project(Builder::Docker);
    project.npm.publish("granted", Package::new(&["1.0.0"]));
    let names: Vec<_> = CASES.iter().map(|case| case.name).collect();
    let grants = format!(
        "images = [\"hostile\"]\nplatforms = [\"linux/amd64\"]\nreleases = [\"npm:granted\"]\n\
         downloads = [\"{url}/granted/\"]\nbases = [\"{registry}/granted/base\"]\n\
         [options]\ncases = {cases:?}\nhttp = {url:?}\nregistry = {registry:?}\ncanary = {canary:?}\n",
        url = upstream.url(),
        registry = registry.host(),
        cases = names.join(" "),
        canary = project.path("canary"),
    );
    project.app("hostile", &grants);
    run(&project, 8).expect(CASES, |name| format!("hostile 1.0.0-{name} "));
    assert_eq!(
        upstream.secrets(),
        0,
        "something was fetched that is not granted"
    );
}
