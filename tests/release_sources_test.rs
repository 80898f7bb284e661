//! Kinds of release sources, and what each tells, from the API to the plan.

use bakehouse_core::recipe::CallError;
use sha2::{Digest as _, Sha256};

use crate::support::{
    Builder, DebianRegistry, Fault, Forge, Git, Project, Reader, Release, Tag, Tree, crane, finish,
    tar_gz, tool,
};

/// Releases whose order by date is not that by version.
fn fill(forge: &Forge, repository: &str) {
    for release in [
        Release::new("v9.11.0").date("2024-08-16T10:00:00Z"),
        Release::new("v10.4.0").date("2025-01-16T10:00:00Z"),
        Release::new("v10.5.0")
            .date("2025-02-14T10:00:00Z")
            .notes("Many things")
            .file("server-10.5.0-linux-arm64.tar.gz", b"arm64"),
        Release::new("v10.6.0-rc1").date("2025-02-20T10:00:00Z"),
        Release::new("v9.11.7").date("2025-03-01T10:00:00Z"),
        Release::new("nightly").date("2025-03-02T10:00:00Z"),
    ] {
        forge.release(repository, release);
    }
    let draft = Release::new("v10.6.0").date("2025-03-03T10:00:00Z").draft();
    let early = Release::new("v11.0.0").date("2025-03-04T10:00:00Z");
    forge.release(repository, early.prerelease());
    forge.release(repository, draft);
}

const EXPECTED: [&str; 6] = [
    "11.0.0*",
    "10.6.0-rc1*",
    "10.5.0",
    "10.4.0",
    "9.11.7",
    "9.11.0",
];

#[test]
fn github_releases() {
    let forge = Forge::github();
    fill(&forge, "acme/server");
    forge.page_size(2);
    let reader = Reader::new(&[("GITHUB_API_URL", &forge.api_url())], None);
    let source = "github:acme/server";
    assert_eq!(reader.versions(source, None), EXPECTED);
    let pages = forge.requests();
    assert_eq!(pages.len(), 4, "eight releases, two a page");
    assert!(
        pages[3]
            .path
            .ends_with("/repositories/1/releases?per_page=2&page=4")
    );

    let latest = reader.latest(source, None).unwrap();
    assert_eq!(
        (latest.tag.as_str(), latest.version.as_str()),
        ("v10.5.0", "10.5.0")
    );
    assert_eq!(latest.published.as_deref(), Some("2025-02-14T10:00:00Z"));
    let [asset] = latest.assets.as_slice() else {
        panic!("{:?}", latest.assets);
    };
    let file = "server-10.5.0-linux-arm64.tar.gz";
    assert_eq!((asset.name.as_str(), asset.size), (file, Some(5)));
    let digest = format!("sha256:{}", hex::encode(Sha256::digest("arm64")));
    assert_eq!(asset.integrity.as_deref(), Some(digest.as_str()));
    let path = format!(
        "{}/acme/server/releases/download/v10.5.0/{file}",
        forge.url()
    );
    assert_eq!(
        (asset.url.as_str(), asset.elsewhere),
        (path.as_str(), false)
    );

    assert_eq!(reader.get(source, "nightly").unwrap().version, "nightly");
    let draft = reader.get(source, "v10.6.0").unwrap_err();
    assert!(matches!(draft, CallError::NotFound(_)), "{draft}");
    assert!(forge.statuses().is_empty(), "the list is not read twice");

    let error = reader.list("github:acme/other", None).unwrap_err();
    assert!(matches!(&error, CallError::NotFound(text) if text.contains("no github:acme/other")));
}

#[test]
fn one_release_takes_one_request() {
    for (forge, kind, here) in [
        (Forge::github(), "github", "acme/server".to_owned()),
        (Forge::gitlab(), "gitlab", String::new()),
        (Forge::gitea(), "gitea", String::new()),
        (Forge::gitlab(), "gitlab-tags", String::new()),
        (Forge::gitea(), "gitea-tags", String::new()),
    ] {
        let here = match here.is_empty() {
            true => format!("{}/acme/server", forge.host()),
            false => here,
        };
        let odd = "server/v1.0.0#%2F+\u{e9}";
        forge.release("acme/server", Release::new(odd));
        forge.release("acme/server", Release::new("v2.0.0-rc1"));
        let reader = Reader::new(&[("GITHUB_API_URL", &forge.api_url())], None);
        let source = format!("{kind}:{here}");
        let found = reader.get(&source, odd).unwrap();
        assert_eq!(
            (found.tag.as_str(), found.version.as_str()),
            (odd, odd),
            "{kind}"
        );
        let early = reader.get(&source, "v2.0.0-rc1").unwrap();
        assert_eq!(
            (early.version.as_str(), early.prerelease),
            ("2.0.0-rc1", true)
        );
        assert_eq!(forge.statuses(), [200, 200], "{kind}");
        let error = reader.get(&source, "v3").unwrap_err();
        assert_eq!(
            error,
            CallError::NotFound(format!("{source} has no release v3"))
        );
        for bad in ["", "..", "a\nb"] {
            let error = reader.get(&source, bad).unwrap_err();
            assert!(matches!(error, CallError::InvalidInput(_)), "{error}");
        }
    }
}

#[test]
fn tags_that_fit_a_pattern() {
    let github = Forge::github();
    let gitlab = Forge::gitlab();
    let gitea = Forge::gitea();
    for forge in [&github, &gitlab, &gitea] {
        for name in [
            "v10.10.0-limitless",
            "v10.9.1-limitless",
            "v10.9.1",
            "v10.10.1",
            "v10.11.0-rc1-limitless",
            "vlimitless",
            "server-v1.2.3",
            "latest",
        ] {
            forge.tag("acme/server", Tag::new(name).date("2025-02-03T04:05:06Z"));
        }
        let annotated = Tag::new("v9.11.16-limitless").date("2025-06-01T00:00:00Z");
        forge.tag("acme/server", annotated.annotated("Release"));
        forge.page_size(3);
    }
    let reader = Reader::new(&[("GITHUB_API_URL", &github.api_url())], None);
    for (source, dated) in [
        ("github-tags:acme/server".to_owned(), false),
        (format!("gitlab-tags:{}/acme/server", gitlab.host()), true),
        (format!("gitea-tags:{}/acme/server", gitea.host()), true),
    ] {
        let pattern = Some("v{version}-limitless");
        let expected = ["10.11.0-rc1*", "10.10.0", "10.9.1", "9.11.16"];
        assert_eq!(reader.versions(&source, pattern), expected, "{source}");
        assert_eq!(
            reader.versions(&source, Some("server-v{version}")),
            ["1.2.3"]
        );
        let latest = reader.latest(&source, pattern).unwrap();
        assert_eq!(latest.tag, "v10.10.0-limitless");
        assert_eq!(
            latest.extras,
            [("commit".to_owned(), Tag::new(&latest.tag).commit())]
        );
        assert_eq!(latest.published.is_some(), dated, "{source}");
        let error = reader.latest(&source, Some("web-v{version}")).unwrap_err();
        assert!(matches!(error, CallError::NotFound(_)), "{error}");
        let error = reader.list(&source, Some("v*")).unwrap_err();
        assert!(matches!(error, CallError::InvalidInput(_)), "{error}");
    }
    for forge in [github, gitlab, gitea] {
        assert_eq!(forge.statuses(), [200, 200, 200]);
    }
}

#[test]
fn gitlab_and_gitea_releases() {
    let gitlab = Forge::gitlab();
    let gitea = Forge::gitea();
    for (forge, source) in [
        (
            &gitlab,
            format!("gitlab:{}/group/sub/server", gitlab.host()),
        ),
        (&gitea, format!("gitea:{}/acme/server", gitea.host())),
    ] {
        let repository = source.split_once('/').unwrap().1;
        fill(forge, repository);
        let linked = Release::new("v10.5.1")
            .file("server.tar.gz", b"server")
            .link("elsewhere.tar.gz", "http://127.0.0.1:1/secret.tar.gz")
            .link("not-of-the-web", "file:///etc/passwd");
        forge.release(repository, linked);
        forge.page_size(4);
        let reader = Reader::new(&[], None);
        let mut expected = EXPECTED.to_vec();
        expected.insert(2, "10.5.1");
        assert_eq!(reader.versions(&source, None), expected, "{source}");
        let latest = reader.latest(&source, None).unwrap();
        let assets: Vec<_> = latest
            .assets
            .iter()
            .map(|a| (a.name.as_str(), a.elsewhere))
            .collect();
        assert_eq!(
            assets,
            [("server.tar.gz", false), ("elsewhere.tar.gz", true)]
        );
        assert!(latest.assets[0].url.starts_with(&forge.url()), "{latest:?}");
    }
}

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
    assert!(matches!(error, CallError::NotFound(_)), "{error}");
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
        (Fault::Status(401), "wants a login, or does not exist"),
        (Fault::Status(404), "there is no git repository"),
        (
            Fault::Redirect(elsewhere.url("x")),
            "sends to another address",
        ),
        (Fault::Status(503), "cannot be fetched from"),
    ] {
        git.fault("acme", Some(fault));
        let error = Reader::new(&[], None).list(&source, None).unwrap_err();
        assert!(matches!(error, CallError::Unavailable(_)), "{error:?}");
        assert!(error.to_string().contains(expected), "{error}");
    }
    assert_eq!(
        git.requests().len(),
        2 + 3 + 3,
        "only passing faults are tried again"
    );
    assert!(elsewhere.requests().is_empty());
}

/// `misbehave` with another source than npm.
fn project(source: &str, tags: &str) -> Project {
    let project = Project::new(Builder::Docker);
    project.app(
        "misbehave",
        &format!(
            "releases = [\"{source}\"]\nimages = [\"misbehave\"]\n[options]\nsource = \"{source}\"\ntags = \"{tags}\""
        ),
    );
    project
}

#[test]
fn a_second_plan_spends_no_rate_limit() {
    let forge = Forge::github();
    for patch in 0..250 {
        let release = Release::new(&format!("server-v1.{patch}.0"));
        forge.release("acme/server", release.notes(&"x".repeat(2000)));
    }
    forge.budget(60, 3600);
    let project = project("github:acme/server", "server-v{version}");
    let api = forge.api_url();
    let plan = || {
        let mut command = project.command(&["plan", "--format", "json"]);
        command
            .env("GITHUB_API_URL", &api)
            .env("GITHUB_TOKEN", "canary");
        finish(&mut command).expect(0)
    };
    let first = plan();
    let requests = forge.requests();
    assert_eq!(requests.len(), 3);
    for request in requests {
        assert_eq!(
            (request.status, request.authorization.as_deref()),
            (200, Some("Bearer canary"))
        );
    }
    assert_eq!(forge.left(), 57);
    let versions = &first.json()["apps"][0]["versions"];
    let numbers: Vec<_> = versions
        .as_array()
        .unwrap()
        .iter()
        .map(|v| &v["number"])
        .collect();
    assert_eq!(numbers.len(), 10, "{versions}");

    let second = plan();
    assert_eq!(second.stdout, first.stdout);
    assert_eq!(forge.statuses(), [304, 304, 304]);
    assert_eq!(forge.left(), 57);
    for entry in std::fs::read_dir(project.path(".bakehouse/api")).unwrap() {
        let file = std::fs::File::open(entry.unwrap().path()).unwrap();
        let mut text = String::new();
        std::io::Read::read_to_string(&mut flate2::read::GzDecoder::new(file), &mut text).unwrap();
        assert!(text.contains("server-v1.") && !text.contains("canary"));
    }
}

#[test]
fn a_spent_rate_limit_is_told() {
    let forge = Forge::github();
    forge.release("acme/server", Release::new("v1.0.0"));
    forge.budget(0, 3000);
    let project = project("github:acme/server", "v{version}");
    let mut command = project.command(&["plan"]);
    command.env("GITHUB_API_URL", forge.api_url());
    finish(&mut command)
        .expect(6)
        .says("rate limited; try again after ")
        .says("; with GITHUB_TOKEN there may be more requests");
}

#[test]
fn files_that_a_source_serves_may_be_downloaded_and_others_not() {
    let archive = tar_gz(&[("file".to_owned(), b"content".to_vec())]);
    let forge = Forge::gitlab();
    let served = Release::new("1.0.0-asset").file("served.tar.gz", &archive);
    forge.release("acme/server", served);
    let elsewhere = Forge::gitlab();
    elsewhere.file("/file.tar.gz", archive);
    let source = format!("gitlab:{}/acme/server", forge.host());
    let project = project(&source, "{version}");
    let platform = ["--platform", "linux/amd64", "--partial"];
    project.run(&[&["run"], &platform[..]].concat()).expect(0);
    let files = forge.requests();
    assert!(
        files
            .iter()
            .any(|r| r.path.ends_with("served.tar.gz") && r.status == 200)
    );

    let url = format!("{}/file.tar.gz", elsewhere.url());
    let linked = Release::new("2.0.0-asset").link("linked.tar.gz", &url);
    forge.release("acme/server", linked);
    project
        .run(&[&["run"], &platform[..]].concat())
        .expect(11)
        .says(&format!("has no grant for {url}"));
    assert!(elsewhere.requests().is_empty());
}

#[test]
fn a_source_needs_its_own_grant() {
    let forge = Forge::gitlab();
    forge.tag("acme/server", Tag::new("v1.0.0-limitless"));
    let source = format!("gitlab-tags:{}/acme/server", forge.host());
    let project = project(&source, "v{version}-limitless");
    let plan = project.run(&["plan"]).expect(0);
    assert!(plan.stdout.contains("1.0.0"), "{}", plan.stdout);
    let text = std::fs::read_to_string(project.path("apps/misbehave/app.toml")).unwrap();
    let other = text.replacen("gitlab-tags", "gitlab", 1);
    project.write("apps/misbehave/app.toml", other);
    project
        .run(&["plan"])
        .expect(11)
        .says(&format!("has no grant for {source}"));
    assert_eq!(forge.statuses(), [200], "nothing is asked without a grant");
}
