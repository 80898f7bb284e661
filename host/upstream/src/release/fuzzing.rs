//! Pages of releases as fuzz targets read them.

use bakehouse_system::http::link;
use reqwest::header::{HeaderMap, HeaderValue, LINK};

use super::repository::Repository;
use super::{ForgeAccess, Release, Selection, SourceId, gitea, github, gitlab, npm, pypi};

/// Reads bytes as every kind of page, and orders what they list.
///
/// # Panics
/// If what was selected is not in order, which is what fuzzing looks for.
pub fn pages(data: &[u8]) {
    let Ok(access) = ForgeAccess::from_env(|_| None) else {
        return;
    };
    let github = access.github();
    let Some(repository) = Repository::parse("git.test/a/b") else {
        return;
    };
    let (Ok(gitlab), Ok(gitea)) = (access.gitlab(&repository), access.gitea(&repository)) else {
        return;
    };
    let Ok(source) = "npm:fuzz".parse::<SourceId>() else {
        return;
    };
    for found in [
        github::page(data, &github),
        gitlab::page(data, &gitlab),
        gitea::page(data, &gitea),
        npm::document(data),
        pypi::document(&github.base, data),
    ] {
        for pattern in [None, Some("v{version}"), Some("*-{version}-*")] {
            if let Ok(selection) = Selection::new(pattern, true) {
                selected(&selection.of(&source, &found).releases, &found);
            }
        }
    }
    if let Ok(text) = HeaderValue::from_bytes(data) {
        let _ = link::next(&HeaderMap::from_iter([(LINK, text)]), &github.base);
    }
    let text = String::from_utf8_lossy(data);
    if let Ok(selection) = Selection::new(Some(&text), false) {
        selection.of(&source, &[Release::tag(text.to_string())]);
    }
}

fn selected(selected: &[Release], all: &[Release]) {
    for one in selected {
        assert!(all.iter().any(|release| release.tag == one.tag), "{one:?}");
    }
}
