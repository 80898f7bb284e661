//! Kinds of release sources that others' programs serve.

use bakehouse_loopback::{DebianRegistry, Git, GitFault, Tree, crane, tool};

use crate::reader::{Reader, is_unavailable};

#[test]
fn registry_tags() {
    let registry = DebianRegistry::start();
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("file"), "content").unwrap();
    let layer = folder.path().join("layer.tar");
    let status = std::process::Command::new("tar")
        .args([
            "-cf",
            layer.to_str().unwrap(),
            "-C",
            folder.path().to_str().unwrap(),
            "file",
        ])
        .status();
    assert!(status.unwrap().success());
    let _ = tool("crane");
    let image = format!("{}/upstream/tool", registry.host());
    for tag in ["1.9.0", "1.10.0", "1.10.0-alpine", "latest"] {
        crane(&[
            "append",
            "-f",
            layer.to_str().unwrap(),
            "-t",
            &format!("{image}:{tag}"),
        ]);
    }
    let reader = Reader::new(&[], None);
    let source = format!("oci:{image}");
    assert_eq!(
        reader.versions(&source, None),
        ["1.10.0-alpine", "1.10.0", "1.9.0"]
    );
    assert_eq!(
        reader.versions(&source, Some("{version}-alpine")),
        ["1.10.0"]
    );
    let error = reader.list(&format!("{source}s"), None).unwrap_err();
    assert!(error.is_absent(), "{error}");
}

#[test]
fn tags_of_a_git_repository() {
    let git = Git::start();
    let mut commits = Vec::new();
    for tag in [
        "v1.9.0",
        "v1.10.0",
        "v1.11.0-rc1",
        "server/v3.0.0",
        "latest",
    ] {
        commits.push(git.release("acme/server", tag, &Tree::new().file("a", tag)));
    }
    let reader = Reader::new(&[], None);
    let source = format!("git:{}", git.url("acme/server"));
    let expected = ["1.11.0-rc1*", "1.10.0", "1.9.0"];
    assert_eq!(reader.versions(&source, None), expected);
    assert_eq!(
        reader.versions(&source, Some("server/v{version}")),
        ["3.0.0"]
    );
    let latest = reader.latest(&source, None).unwrap();
    assert_eq!(latest.extras, [("commit".to_owned(), commits[1].clone())]);
    assert_eq!(reader.get(&source, "latest").unwrap().version, "latest");
    assert_eq!(git.requests().len(), 2, "one listing: {:?}", git.requests());

    let elsewhere = Git::start();
    for (fault, expected) in [
        (GitFault::Status(401), "wants a login, or does not exist"),
        (GitFault::Status(404), "there is no git repository"),
        (
            GitFault::Redirect(elsewhere.url("x")),
            "sends to another address",
        ),
        (GitFault::Status(503), "cannot be fetched from"),
    ] {
        git.fault("acme", Some(fault));
        let error = Reader::new(&[], None).list(&source, None).unwrap_err();
        assert!(is_unavailable(&error), "{error:?}");
        assert!(error.to_string().contains(expected), "{error}");
    }
    assert_eq!(
        git.requests().len(),
        2 + 3 + 3,
        "only passing faults are tried again"
    );
    assert!(elsewhere.requests().is_empty());
}
