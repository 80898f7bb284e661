//! Releases of Python packages, as the simple API lists them.

use bakehouse_core::error::chain;
use bakehouse_loopback::PyPi;
use bakehouse_upstream::release::ReleaseError;

use crate::reader::{Reader, is_unavailable};

const RUFF: &str = include_str!("pypi/ruff.json");
const BLACK: &str = include_str!("pypi/black.json");

fn index() -> PyPi {
    let index = PyPi::start();
    index.page("ruff", RUFF);
    index.page("black", BLACK);
    index
}

#[test]
fn what_is_withdrawn_is_no_release_and_prereleases_are_known() {
    let index = index();
    let reader = Reader::of_index(&index.url(), None);
    assert_eq!(
        reader.versions("pypi:ruff", None),
        ["0.17.6", "0.9.10", "0.9.9"]
    );
    assert_eq!(
        reader.versions("pypi:black", None),
        ["24.1.1", "24.1.0", "24.1a1*", "23.12.1", "18.9b0*"]
    );
    let latest = reader.latest("pypi:Black", None).unwrap();
    assert_eq!(latest.version, "24.1.1", "a name has one normal form");

    let release = reader.get("pypi:ruff", "0.9.9").unwrap();
    assert_eq!(
        release.published.as_deref(),
        Some("2025-02-28T10:15:56.900273Z"),
        "that of its first file"
    );
    let wheel = release
        .assets
        .iter()
        .find(|asset| {
            asset.name == "ruff-0.9.9-py3-none-manylinux_2_17_x86_64.manylinux2014_x86_64.whl"
        })
        .unwrap();
    assert!(
        wheel
            .url
            .starts_with("https://files.pythonhosted.org/packages/")
    );
    assert!(wheel.size.is_some_and(|size| size > 10_000_000));
    assert!(
        wheel
            .integrity
            .as_ref()
            .is_some_and(|text| text.len() == 71)
    );
    let sources = "ruff-0.9.9.tar.gz";
    assert!(release.assets.iter().any(|asset| asset.name == sources));
    let error = reader.get("pypi:ruff", "0.0.258").unwrap_err();
    assert!(matches!(error, ReleaseError::NoRelease { .. }), "{error}");
}

#[test]
fn an_answer_that_did_not_change_is_not_sent_again() {
    let index = index();
    let kept = tempfile::tempdir().unwrap();
    let read = || {
        let reader = Reader::of_index(&index.url(), Some(kept.path()));
        reader.versions("pypi:ruff", None)
    };
    let first = read();
    assert_eq!(read(), first);
    let statuses: Vec<_> = index
        .requests()
        .into_iter()
        .map(|r| (r.path, r.status))
        .collect();
    let page = || "/simple/ruff/".to_owned();
    assert_eq!(statuses, [(page(), 200), (page(), 304)]);
}

#[test]
fn what_is_not_there_is_told_and_a_login_goes_along() {
    let index = index();
    index.page("html", "<!DOCTYPE html><a href=\"x-1.0.tar.gz\">x</a>");
    index.page("empty", "{ \"files\": [] }");
    let url = index.url_as("me", "secret");
    let reader = Reader::of_index(&url, None);
    let told = |source: &str| reader.list(source, None).unwrap_err();
    let absent = told("pypi:absent");
    assert!(
        matches!(absent, ReleaseError::Absent { .. }) && chain(&absent).contains("pypi:absent"),
        "{absent}"
    );
    let html = told("pypi:html");
    assert!(is_unavailable(&html), "{html}");
    let empty = told("pypi:empty");
    assert!(
        empty.to_string().contains("has neither wheels nor sources"),
        "{empty}"
    );
    for error in [absent, html, empty] {
        assert!(!chain(&error).contains("secret"), "{error}");
    }
    let logins: Vec<_> = index
        .requests()
        .into_iter()
        .map(|r| r.authorization)
        .collect();
    let login = Some("Basic bWU6c2VjcmV0".to_owned());
    assert!(logins.iter().all(|sent| *sent == login), "{logins:?}");
    let bad = Reader::of_index("http://index.test/simple", None);
    let error = bad.list("pypi:ruff", None).unwrap_err().to_string();
    assert!(error.contains("check PIP_INDEX_URL"), "{error}");
    for bad in ["pypi:", "pypi:a/b", "pypi:../x", "pypi:-x"] {
        let error = reader.list(bad, None).unwrap_err();
        assert!(matches!(error, ReleaseError::Unknown { .. }), "{error}");
    }
}
