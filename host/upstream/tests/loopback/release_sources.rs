//! Kinds of release sources, and what each tells.

use bakehouse_core::error::chain;
use bakehouse_loopback::{Forge, Odd, Release, Tag, reply};
use bakehouse_upstream::release::ReleaseError;
use sha2::{Digest as _, Sha256};

use crate::reader::Reader;

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
    assert!(draft.is_absent(), "{draft}");
    assert!(forge.statuses().is_empty(), "the list is not read twice");

    let error = reader.list("github:acme/other", None).unwrap_err();
    assert!(error.is_absent());
    assert!(
        error.to_string().contains("no github:acme/other"),
        "{error}"
    );
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
        assert!(error.is_absent(), "{error:?}");
        assert_eq!(error.to_string(), format!("{source} has no release v3"));
        for bad in ["", "..", "a\nb"] {
            let error = reader.get(&source, bad).unwrap_err();
            assert!(matches!(error, ReleaseError::Tag(_)), "{error}");
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
        assert!(error.is_absent(), "{error}");
        let error = reader.list(&source, Some("v*")).unwrap_err();
        assert!(matches!(error, ReleaseError::Pattern(_)), "{error}");
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

/// A registry whose first page of tags has 1.0.0 and this link, and whose second
/// has 2.0.0.
fn two_pages(link: &'static str) -> Odd {
    Odd::start(move |_, seen| match seen.path.contains("last=1.0.0") {
        true => reply(200, &[], r#"{"name":"test/app","tags":["2.0.0"]}"#),
        false => reply(
            200,
            &[("link", link)],
            r#"{"name":"test/app","tags":["1.0.0"]}"#,
        ),
    })
}

#[test]
fn the_newest_version_of_a_source_is_on_the_page_that_a_proxy_names() {
    let odd =
        two_pages("<https://registry.internal/v2/test/app/tags/list?last=1.0.0&n=1>; rel=\"next\"");
    let source = format!("oci:{}/test/app", odd.host());
    assert_eq!(
        Reader::new(&[], None).versions(&source, None),
        ["2.0.0", "1.0.0"]
    );

    let odd = two_pages("<https://elsewhere.example/v2/x>; rel=\"next\"");
    let source = format!("oci:{}/test/app", odd.host());
    let error = Reader::new(&[], None).list(&source, None).unwrap_err();
    let text = chain(&error);
    assert!(text.contains("elsewhere"), "{text}");
}
