//! Whole plans without an engine: recipe, images and registry are real, and the
//! builder packs where BuildKit would run steps.

use std::collections::{BTreeMap, BTreeSet};
use std::num::{NonZeroU32, NonZeroUsize};
use std::sync::{Arc, Mutex};

use bakehouse_builder::{BuildError, Fake};
use bakehouse_components::Answers;
use bakehouse_core::progress::{Reporter, Silent};
use bakehouse_core::target::TargetId;
use serde_json::json;
use tempfile::TempDir;
use tokio::sync::Notify;

use super::*;
use crate::config::{Overrides, Project};
use crate::failure::ExitCode;
use crate::pipeline::report::Report;
use crate::pipeline::{check, discover};

const PLATFORMS: [&str; 2] = ["linux/amd64", "linux/arm64"];
const RELEASE_CANDIDATE: &str = "4.0.0-rc1";
const NEWEST: &str = "3.32.0";
/// Versions where a hundred would show no more.
const SOME: u32 = 40;

/// A hundred versions, oldest first; the newest is a prerelease.
fn numbers() -> Vec<String> {
    let released = (1..=3).flat_map(|major| (0..33).map(move |minor| format!("{major}.{minor}.0")));
    released.chain([RELEASE_CANDIDATE.to_owned()]).collect()
}

fn recipe() -> Vec<u8> {
    let platforms = PLATFORMS.map(|platform| {
        let (os, architecture) = platform.split_once('/').unwrap();
        json!({ "os": os, "architecture": architecture })
    });
    let version = |number: String| json!({ "number": number, "created": "2025-06-01T00:00:00Z" });
    let image = |platform| json!({ "image": "fixed", "platform": platform });
    let answers = Answers {
        app: json!({
            "name": "fixed", "recipe-version": "1", "upstream": "https://upstream.example",
            "license": "MIT", "images": [{ "name": "fixed", "platforms": platforms }],
        }),
        versions: numbers().into_iter().rev().map(version).collect(),
        matrix: platforms.iter().map(image).collect(),
        build: json!({
            "context": ".", "dockerfile": { "inline": "FROM scratch\n" }, "network": "none",
        }),
    };
    answers.component()
}

/// A project with that recipe.
fn project() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let app = folder.path().join("apps/fixed");
    std::fs::create_dir_all(&app).unwrap();
    std::fs::write(app.join("recipe.wasm"), recipe()).unwrap();
    std::fs::write(
        app.join("app.toml"),
        "recipe = \"recipe.wasm\"\n[tags]\nmoving = [\"latest\", \"{major}\"]\n\
         [grants]\nimages = [\"fixed\"]\n",
    )
    .unwrap();
    std::fs::write(
        folder.path().join("bakehouse.toml"),
        format!("registry = \"local\"\nnamespace = \"test\"\nplatforms = {PLATFORMS:?}\n"),
    )
    .unwrap();
    folder
}

/// One process's work in a project.
struct Process {
    context: Context,
    builder: Arc<Fake>,
    discovered: Vec<Discovered>,
    plan: Plan,
}

impl Process {
    /// Plans the newest of the versions.
    async fn plan(folder: &TempDir, versions: u32, builder: Fake) -> Self {
        Self::told(folder, versions, builder, Arc::new(Silent)).await
    }

    async fn told(
        folder: &TempDir,
        versions: u32,
        builder: Fake,
        reporter: Arc<dyn Reporter>,
    ) -> Self {
        let project = Project::open(Some(folder.path())).unwrap();
        let overrides = Overrides {
            max_versions: NonZeroU32::new(versions),
            concurrency: NonZeroUsize::new(8),
            ..Overrides::default()
        };
        let context = Context::open(project, &overrides, reporter).await;
        let mut context = context.unwrap();
        let builder = Arc::new(builder);
        context.builder = Arc::clone(&builder) as Arc<_>;
        let (discovered, failed) = discover::discover_each(&context, &[]).await.unwrap();
        assert!(failed.is_empty(), "{failed:?}");
        let (plan, failed) = check::plan(&context, &discovered).await.unwrap();
        assert!(failed.is_empty(), "{failed:?}");
        Self {
            context,
            builder,
            discovered,
            plan,
        }
    }

    async fn run(&self) -> Report {
        let ledger = Ledger::new("bakehouse run".to_owned());
        let ran = run(&self.context, &self.discovered, &self.plan, &ledger).await;
        ran.unwrap();
        ledger.with(|report| report.clone())
    }

    /// Targets that the builder was asked for, by version and platform.
    fn asked(&self) -> Vec<(String, String)> {
        let requests = self.builder.requests().into_iter();
        let mut asked: Vec<_> = requests.map(|request| key(&request.target)).collect();
        asked.sort();
        asked
    }

    /// The digest of the index that a tag shows, and of the images in it.
    async fn shows(&self, tag: &str) -> Option<(String, BTreeMap<String, String>)> {
        let published = self
            .context
            .registry
            .published("fixed", tag)
            .await
            .unwrap()?;
        let images = published.platforms.into_iter();
        let images = images.map(|(of, image)| (of.to_string(), image.digest().to_string()));
        Some((published.descriptor.digest().to_string(), images.collect()))
    }

    /// The version that each moving tag shows; every other tag must be a version.
    async fn moving(&self) -> BTreeMap<String, String> {
        let mut digests = BTreeMap::new();
        let numbers = numbers();
        let tags = self.context.registry.tags("fixed").await.unwrap();
        let (versions, moving): (Vec<_>, Vec<_>) =
            tags.into_iter().partition(|tag| numbers.contains(tag));
        for version in versions {
            let (digest, _) = self.shows(&version).await.unwrap();
            digests.insert(digest, version);
        }
        let mut shown = BTreeMap::new();
        for tag in moving {
            let (digest, _) = self.shows(&tag).await.unwrap();
            shown.insert(tag, digests[&digest].clone());
        }
        shown
    }
}

fn key(target: &TargetId) -> (String, String) {
    (target.version.clone(), target.platform.to_string())
}

/// The newest of the versions, oldest first.
fn newest(versions: u32) -> Vec<String> {
    let mut numbers = numbers();
    numbers.split_off(numbers.len() - versions as usize)
}

/// Every target of these versions.
fn everything(numbers: &[String]) -> BTreeSet<(String, String)> {
    let of = |number: &String| PLATFORMS.map(|platform| (number.clone(), platform.to_owned()));
    numbers.iter().flat_map(of).collect()
}

/// The moving tags once these versions are published, oldest first.
fn settled<'a>(numbers: impl IntoIterator<Item = &'a String>) -> BTreeMap<String, String> {
    let mut tags = BTreeMap::new();
    for number in numbers {
        let (major, _) = number.split_once('.').unwrap();
        if number != RELEASE_CANDIDATE {
            for tag in [major, "latest"] {
                tags.insert(tag.to_owned(), number.clone());
            }
        }
    }
    tags
}

/// Runs all of it with this builder, and once more.
async fn publishes_everything_once(builder: fn() -> Fake, versions: u32) {
    let folder = project();
    let first = Process::plan(&folder, versions, builder()).await;
    let targets = 2 * versions as usize;
    assert_eq!(first.plan.target_count(), targets);
    let report = first.run().await;
    assert_eq!(report.failures.len(), 0, "{:?}", report.failures);
    assert_eq!((report.built(), report.targets.len()), (targets, targets));
    assert_eq!(
        (report.images.len(), report.retries),
        (versions as usize, 0)
    );
    let asked: BTreeSet<_> = first.asked().into_iter().collect();
    assert_eq!((asked.len(), first.asked().len()), (targets, targets));

    let mut digests = BTreeSet::new();
    for image in &report.images {
        let number = &image.key.version;
        assert_eq!(image.tags, std::slice::from_ref(number));
        let (index, images) = first.shows(number).await.unwrap();
        assert_eq!(index, image.digest, "{number}");
        let built = report
            .targets
            .iter()
            .filter(|target| target.id.version == *number);
        let built: BTreeMap<_, _> = built
            .map(|target| {
                (
                    target.id.platform.to_string(),
                    target.digest.clone().unwrap(),
                )
            })
            .collect();
        assert_eq!(images, built, "{number}");
        digests.insert(index);
        digests.extend(images.into_values());
    }
    assert_eq!(digests.len(), 3 * versions as usize, "no two are the same");
    let moving = first.moving().await;
    assert_eq!(moving["latest"], NEWEST);
    assert_eq!(moving["3"], NEWEST);
    assert_eq!(moving, settled(&newest(versions)));
    assert_eq!(report.moved.len(), moving.len());
    assert_eq!(asked, everything(&newest(versions)));
    let latest = first.shows("latest").await;
    drop(first);

    let second = Process::plan(&folder, versions, builder()).await;
    assert_eq!(second.plan.target_count(), 0);
    let report = second.run().await;
    assert_eq!(report.failures.len(), 0, "{:?}", report.failures);
    assert_eq!((report.targets.len(), report.moved.len()), (0, 0));
    assert_eq!(second.asked(), []);
    assert_eq!(second.moving().await, moving);
    assert_eq!(second.shows("latest").await, latest);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_targets_are_pushed_merged_and_tagged_once() {
    publishes_everything_once(Fake::new, 100).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_host_pushes_what_a_builder_can_only_export() {
    publishes_everything_once(|| Fake::new().exports_only(), 20).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_target_that_fails_holds_back_its_own_version_alone() {
    let broken = [("2.30.0", "linux/arm64"), (NEWEST, "linux/amd64")];
    let fails = move |target: &TargetId| {
        let (version, platform) = key(target);
        let refused = || BuildError::Refused("it is broken".to_owned());
        broken.contains(&(&version, &platform)).then(refused)
    };
    let numbers = newest(SOME);
    let is_whole = |number: &&String| broken.iter().all(|(version, _)| version != number);
    let folder = project();
    let first = Process::plan(&folder, SOME, Fake::new().failing(fails)).await;
    let targets = first.plan.target_count();
    let report = first.run().await;
    let failed: Vec<_> = report.failures.iter().map(|failure| failure.code).collect();
    assert_eq!(failed, [ExitCode::Build; 2]);
    assert_eq!(report.built(), targets - 2);
    assert_eq!(report.images.len(), numbers.len() - 2);
    for number in &numbers {
        let tagged = first.shows(number).await.is_some();
        assert_eq!(tagged, is_whole(&number), "{number}");
    }
    let moving = first.moving().await;
    assert_eq!(moving, settled(numbers.iter().filter(is_whole)));
    assert_eq!(moving["latest"], "3.31.0");
    drop(first);

    // What was built of the two versions is not built again.
    let second = Process::plan(&folder, SOME, Fake::new()).await;
    assert_eq!(second.plan.target_count(), 4);
    let report = second.run().await;
    assert_eq!(report.failures.len(), 0, "{:?}", report.failures);
    assert_eq!((report.targets.len(), report.built()), (4, 2));
    let broken = broken.map(|(version, platform)| (version.to_owned(), platform.to_owned()));
    assert_eq!(second.asked(), broken);
    assert_eq!(second.moving().await, settled(&numbers));
}

/// Tells when so many targets are done, and which.
struct Stop {
    after: usize,
    done: Mutex<BTreeSet<(String, String)>>,
    now: Notify,
}

impl Reporter for Stop {
    fn report(&self, event: Event<'_>) {
        let Event::TargetFinished { target, .. } = event else {
            return;
        };
        let mut done = self.done.lock().unwrap();
        done.insert(key(target));
        if done.len() == self.after {
            self.now.notify_one();
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_was_stopped_goes_on_where_it_was() {
    let folder = project();
    let stop = Arc::new(Stop {
        after: 25,
        done: Mutex::default(),
        now: Notify::new(),
    });
    let reporter = Arc::clone(&stop) as Arc<dyn Reporter>;
    let first = Process::told(&folder, SOME, Fake::new(), reporter).await;
    tokio::select! {
        _ = first.run() => panic!("it ran to its end"),
        () = stop.now.notified() => {}
    }
    drop(first);
    let done = std::mem::take(&mut *stop.done.lock().unwrap());

    let numbers = newest(SOME);
    let targets = everything(&numbers);
    let second = Process::plan(&folder, SOME, Fake::new()).await;
    let planned = second.plan.target_count();
    assert!(
        (targets.len() - done.len()..targets.len()).contains(&planned),
        "{planned} are left"
    );
    let report = second.run().await;
    assert_eq!(report.failures.len(), 0, "{:?}", report.failures);
    let again: BTreeSet<_> = second.asked().into_iter().collect();
    assert_eq!(again.intersection(&done).count(), 0, "{again:?} {done:?}");
    assert_eq!(&again | &done, targets);
    assert_eq!(report.targets.len(), planned);
    assert_eq!(report.built(), targets.len() - done.len());
    for number in &numbers {
        let (_, images) = second.shows(number).await.unwrap();
        assert_eq!(images.len(), 2, "{number}");
    }
    assert_eq!(second.moving().await, settled(&numbers));
}
