//! The object stores that checkouts share.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bakehouse::failure::hint;
use bakehouse_core::date::Date;
use bakehouse_core::progress::Silent;
use bakehouse_core::recipe::Source;
use bakehouse_upstream::git::{GitError, Revision, SourceLimits, Sources};

use crate::support::{Fault, Git, Tree};

fn sources(folder: &Path, limits: SourceLimits) -> Sources {
    Sources::new(folder.to_owned(), limits, Arc::new(Silent))
}

fn source(git: &Git, git_ref: &str) -> Source {
    Source {
        repository: git.url("a/b"),
        git_ref: git_ref.to_owned(),
        submodules: false,
    }
}

/// Checks out into a folder of its own; answers the file `text`, too.
async fn checkout(sources: &Sources, source: &Source) -> Result<(Revision, String), GitError> {
    let room = tempfile::tempdir().unwrap();
    let tree = room.path().join("src");
    fs::create_dir(&tree).unwrap();
    let revision = sources.checkout(source, None, |_| Ok(()), &tree).await?;
    let text = fs::read_to_string(tree.join("text")).unwrap();
    assert!(!tree.join(".git").exists());
    assert_eq!(fs::read_dir(room.path()).unwrap().count(), 1, "only src");
    Ok((revision, text))
}

fn text(text: &str) -> Tree {
    Tree::new().file("text", text)
}

fn uploads(git: &Git) -> usize {
    let requests = git.requests();
    requests.iter().filter(|r| r.starts_with("POST")).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ref_is_resolved_once_and_fetched_once() {
    let git = Git::start();
    let folder = tempfile::tempdir().unwrap();
    let first = git.release("a/b", "v1", &text("one"));
    let run = sources(folder.path(), SourceLimits::default());
    let (revision, _) = checkout(&run, &source(&git, "v1")).await.unwrap();
    assert_eq!(revision.commit, first);
    assert_eq!(revision.committed, Date::parse("2025-01-01T00:00:00Z"));
    let requests = git.requests().len();

    git.release("a/b", "v1", &text("moved"));
    let (again, content) = checkout(&run, &source(&git, "v1")).await.unwrap();
    assert_eq!((again.commit, content.as_str()), (first.clone(), "one"));
    assert_eq!(git.requests().len(), requests, "nothing was asked again");

    // The next run sees the tag where it is now; branches and commits, too.
    let next = sources(folder.path(), SourceLimits::default());
    let (_, content) = checkout(&next, &source(&git, "v1")).await.unwrap();
    assert_eq!(content, "moved");
    let (_, content) = checkout(&next, &source(&git, &first)).await.unwrap();
    assert_eq!(content, "one");
    git.commit("a/b", &text("head"));
    let (_, content) = checkout(&next, &source(&git, "main")).await.unwrap();
    assert_eq!(content, "head");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_store_is_made_anew() {
    let git = Git::start();
    let folder = tempfile::tempdir().unwrap();
    git.release("a/b", "v1", &text("one"));
    let limits = SourceLimits::default();
    checkout(&sources(folder.path(), limits), &source(&git, "v1"))
        .await
        .unwrap();
    let store = fs::read_dir(folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .find(|path| path.is_dir())
        .unwrap();
    let packs = store.join("objects/pack");
    let damage = |what: &dyn Fn(&Path)| {
        for entry in fs::read_dir(&packs).unwrap() {
            what(&entry.unwrap().path());
        }
    };
    let cut = |path: &Path| {
        fs::remove_file(path).unwrap();
        fs::write(path, "cut").unwrap();
    };
    damage(&cut);
    fs::write(packs.join("tmp_pack_killed"), "half").unwrap();
    let run = sources(folder.path(), limits);
    let (_, content) = checkout(&run, &source(&git, "v1")).await.unwrap();
    assert_eq!(content, "one");
    assert!(!packs.join("tmp_pack_killed").exists());

    // A fetch that was killed left its lock.
    fs::write(store.join("shallow.lock"), "").unwrap();
    git.release("a/b", "v2", &text("two"));
    let (_, content) = checkout(&run, &source(&git, "v2")).await.unwrap();
    assert_eq!(content, "two");
}

#[tokio::test(flavor = "multi_thread")]
async fn runs_beside_each_other_wait_for_each_other() {
    let git = Arc::new(Git::start());
    let folder = tempfile::tempdir().unwrap();
    let versions: Vec<String> = (1..=4).map(|n| format!("v{n}")).collect();
    for version in &versions {
        git.release("a/b", version, &text(version));
    }
    let tasks = versions.iter().map(|version| {
        // As in another process: nothing is shared but the folder.
        let run = sources(folder.path(), SourceLimits::default());
        let (git, version) = (Arc::clone(&git), version.clone());
        tokio::spawn(async move {
            let (_, content) = checkout(&run, &source(&git, &version)).await.unwrap();
            assert_eq!(content, version);
        })
    });
    for task in tasks.collect::<Vec<_>>() {
        task.await.unwrap();
    }
    let fetched = uploads(&git);
    let run = sources(folder.path(), SourceLimits::default());
    for version in &versions {
        checkout(&run, &source(&git, version)).await.unwrap();
    }
    // Only refs are listed anew, one request each.
    assert_eq!(uploads(&git), fetched + versions.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_does_not_grow_for_ever() {
    let git = Git::start();
    let folder = tempfile::tempdir().unwrap();
    let limits = SourceLimits {
        kept: 0,
        ..SourceLimits::default()
    };
    let first = git.release("a/b", "v1", &text("one"));
    git.release("a/b", "v2", &text("two"));
    for version in ["v1", "v2"] {
        let run = sources(folder.path(), limits);
        checkout(&run, &source(&git, version)).await.unwrap();
    }
    let store = fs::read_dir(folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .find(|path| path.is_dir())
        .unwrap();
    let refs = store.join("refs/bakehouse");
    assert!(!refs.join(first).exists());
    assert_eq!(fs::read_dir(refs).unwrap().count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn limits_hold() {
    let git = Git::start();
    git.release("a/b", "v1", &text("more than ten bytes"));
    let refused = |limits: SourceLimits| {
        let git = &git;
        async move {
            let folder = tempfile::tempdir().unwrap();
            let run = sources(folder.path(), limits);
            let error = checkout(&run, &source(git, "v1")).await.unwrap_err();
            let kind = matches!(
                error,
                GitError::Files { .. } | GitError::Large { .. } | GitError::Slow { .. }
            );
            assert!(kind, "{error:?}");
            let told = error.to_string();
            assert!(hint(&error.into()).is_some(), "{told}");
            told
        }
    };
    let all = SourceLimits::default();
    let message = refused(SourceLimits { files: 10, ..all }).await;
    assert!(message.contains("1 files of 19 bytes"), "{message}");
    let message = refused(SourceLimits { count: 0, ..all }).await;
    assert!(message.contains("more than 0"), "{message}");
    let message = refused(SourceLimits { fetched: 10, ..all }).await;
    assert!(message.contains("is larger than 10 bytes"), "{message}");
    git.fault("a/b", Some(Fault::Hang));
    let time = Duration::from_millis(500);
    let message = refused(SourceLimits { time, ..all }).await;
    assert!(message.contains("took longer than"), "{message}");
}
