//! The embedded registry in the program: large layers, damage, several processes.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use axum::body::Bytes;
use bakehouse_registry::{Endpoint, LocalRegistry, Registry};
use sha2::{Digest as _, Sha256};

use crate::support::{Builder, Project, child, client, publish, push, silent};

/// Where a project's embedded registry keeps what it holds.
const FOLDER: &str = ".bakehouse/registry";

/// `bakehouse serve`; ended with the test.
struct Serve {
    process: Child,
    host: String,
}

impl Serve {
    fn start(project: &Project) -> Self {
        let mut command: Command = project.command(&["serve", "--port", "0"]);
        let mut process = command
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut host = String::new();
        BufReader::new(process.stdout.take().unwrap())
            .read_line(&mut host)
            .unwrap();
        Self {
            process,
            host: host.trim().to_owned(),
        }
    }

    /// A line of its `/proc/PID/status`, in KiB.
    fn status(&self, field: &str) -> u64 {
        let text = std::fs::read_to_string(format!("/proc/{}/status", self.process.id())).unwrap();
        let line = text
            .lines()
            .find_map(|line| line.strip_prefix(field))
            .unwrap();
        line.trim_matches([':', ' ', '\t', 'k', 'B'])
            .parse()
            .unwrap()
    }
}

impl Drop for Serve {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn project() -> Project {
    let project = Project::new(Builder::Docker);
    project.misbehave(&["1.0.0"]);
    project
}

/// Publishes `misbehave:1.0.0` as a run does, without building it.
async fn published(project: &Project) {
    let folder = project.path(FOLDER);
    let local = LocalRegistry::open(&folder, 0, silent()).await.unwrap();
    let registry = client(&local.address().to_string());
    publish_as(&registry, "misbehave").await;
}

async fn publish_as(registry: &Registry, image: &str) {
    let mut children = Vec::new();
    for platform in crate::support::PLATFORMS {
        let descriptor = push(registry, image, platform, 1).await;
        children.push(child(platform, &descriptor));
    }
    let mut request = crate::support::request("1.0.0", children);
    request.image = image;
    registry.merge(&request).await.unwrap();
}

/// All blobs' files, the largest first.
fn blobs(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for shard in std::fs::read_dir(folder.join("sha256")).unwrap() {
        let shard = std::fs::read_dir(shard.unwrap().path()).unwrap();
        files.extend(shard.map(|entry| entry.unwrap().path()));
    }
    files.sort_by_key(|file| std::cmp::Reverse(std::fs::metadata(file).unwrap().len()));
    files
}

#[tokio::test(flavor = "multi_thread")]
async fn a_layer_of_any_size_is_stored_in_little_memory() {
    const PIECE: usize = 1 << 20;
    const PIECES: usize = 640;
    let project = project();
    let serve = Serve::start(&project);
    let url = |path: &str| format!("http://{}{path}", serve.host);
    let piece = Bytes::from(vec![7_u8; PIECE]);
    let mut hash = Sha256::new();
    for _ in 0..PIECES {
        hash.update(&piece);
    }
    let digest = format!("sha256:{}", hex::encode(hash.finalize()));
    let pieces = futures_util::stream::iter(
        (0..PIECES).map(move |_| Ok::<_, std::io::Error>(piece.clone())),
    );

    let http = reqwest::Client::new();
    let begun = http
        .post(url("/v2/test/app/blobs/uploads/"))
        .send()
        .await
        .unwrap();
    let location = begun.headers()["location"].to_str().unwrap().to_owned();
    let sent = http
        .patch(url(&location))
        .body(reqwest::Body::wrap_stream(pieces))
        .send()
        .await
        .unwrap();
    assert_eq!(sent.status(), 202);
    let closed = http
        .put(url(&format!("{location}?digest={digest}")))
        .send()
        .await
        .unwrap();
    assert_eq!(closed.status(), 201);
    let blob = url(&format!("/v2/test/app/blobs/{digest}"));
    let head = http.head(&blob).send().await.unwrap();
    assert_eq!(
        head.headers()["content-length"],
        (PIECE * PIECES).to_string().as_str()
    );
    let mut got = http.get(&blob).send().await.unwrap();
    let mut hash = Sha256::new();
    while let Some(piece) = got.chunk().await.unwrap() {
        hash.update(&piece);
    }
    assert_eq!(format!("sha256:{}", hex::encode(hash.finalize())), digest);
    let peak = serve.status("VmHWM");
    assert!(peak < 150 << 10, "{peak} KiB at its peak");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_damaged_is_not_published_and_is_mended() {
    let project = project();
    published(&project).await;
    let folder = project.path(FOLDER);
    let plan = || project.run(&["plan", "--format", "json"]).expect(0);
    let missing = |output: &crate::support::Output| {
        let plan = output.json();
        let jobs = plan["apps"][0]["versions"][0]["jobs"].as_array();
        jobs.unwrap().len()
    };
    assert_eq!(missing(&plan()), 0);
    let layer = blobs(&folder).remove(0);
    let whole = std::fs::read(&layer).unwrap();
    let garbage = vec![b'x'; whole.len()];
    for (damage, told) in [
        (Some(&whole[..1]), "has 1 of"),
        (Some(b"".as_slice()), "has 0 of"),
        (Some(garbage.as_slice()), "holds something else"),
        (None, "is missing"),
    ] {
        match damage {
            Some(bytes) => std::fs::write(&layer, bytes).unwrap(),
            None => std::fs::remove_file(&layer).unwrap(),
        }
        let output = plan().says("warning: local: blob sha256:").says(told);
        assert!(missing(&output) > 0, "{told}: {}", output.stdout);
        // A run pushes it again.
        published(&project).await;
        let output = plan();
        assert_eq!(missing(&output), 0, "{told}");
        assert!(!output.stderr.contains("warning"), "{}", output.stderr);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_of_images_that_is_damaged_is_an_error() {
    let project = project();
    published(&project).await;
    let list = project.path(FOLDER).join("metadata.json");
    let whole = std::fs::read_to_string(&list).unwrap();
    let key = whole.find("body_hex").unwrap() + 20;
    let mut flipped = whole.clone();
    flipped.replace_range(key..=key, "0");
    flipped.replace_range(
        key + 1..=key + 1,
        if &whole[key + 1..=key + 1] == "0" {
            "1"
        } else {
            "0"
        },
    );
    for garbage in ["{garbage", "", &whole[..whole.len() / 2], &flipped] {
        std::fs::write(&list, garbage).unwrap();
        for command in [
            ["plan"].as_slice(),
            &["inspect", "misbehave:1.0.0"],
            &["serve"],
        ] {
            project
                .run(command)
                .expect(13)
                .says("metadata.json")
                .says("hint: put a copy of the file back");
        }
        assert_eq!(
            std::fs::read_to_string(&list).unwrap(),
            garbage,
            "nothing is thrown away"
        );
    }
    std::fs::remove_file(&list).unwrap();
    project.run(&["plan"]).expect(13).says("it is missing");
    std::fs::write(&list, whole).unwrap();
    project.run(&["plan"]).expect(0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_goes_on_when_the_one_that_serves_is_killed() {
    let project = project();
    let mut owner = Serve::start(&project);
    for round in 0..20_u64 {
        let next = tokio::task::block_in_place(|| Serve::start(&project));
        assert_eq!(next.host, owner.host);
        // Waits as the program does: the next one takes over when it is scheduled.
        let endpoint = Endpoint::new(&next.host, "test").unwrap();
        let registry = Registry::new(endpoint, silent()).unwrap();
        let pushing = tokio::spawn({
            let registry = registry.clone();
            async move {
                for seed in 0..4 {
                    push(&registry, "app", "linux/amd64", round * 10 + seed).await;
                }
            }
        });
        tokio::time::sleep(std::time::Duration::from_millis(round * 3)).await;
        drop(std::mem::replace(&mut owner, next));
        pushing.await.unwrap();
    }
    publish(&client(&owner.host), "1.0.0", 7).await;
    drop(owner);
    // Nothing was lost on the way.
    let folder = project.path(FOLDER);
    let local = LocalRegistry::open(&folder, 0, silent()).await.unwrap();
    let registry = client(&local.address().to_string());
    assert!(registry.published("app", "1.0.0").await.unwrap().is_some());
    for seed in [0, 3, 90, 193] {
        push(&registry, "app", "linux/amd64", seed).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_pushed_is_the_same_with_its_configuration_read_ahead() {
    let project = project();
    let serve = tokio::task::block_in_place(|| Serve::start(&project));
    let registry = client(&serve.host);
    let pushed = push(&registry, "app", "linux/arm64", 1).await;
    let other = push(&registry, "app", "linux/amd64", 2).await;
    let config = async |digest: &str| {
        let manifest = registry.manifest("app", digest).await.unwrap().unwrap();
        manifest.image().unwrap().config().digest().to_string()
    };
    let digest = pushed.digest().as_ref();
    let (own, others) = (config(digest).await, config(other.digest().as_ref()).await);
    // The manifest decides, whatever a builder says.
    let absent = format!("sha256:{}", "0".repeat(64));
    for config in [None, Some(own), Some(others), Some(absent)] {
        let seen = registry.pushed("app", digest, config.as_deref()).await;
        let platforms = seen.unwrap().platforms;
        let names: Vec<_> = platforms.keys().map(ToString::to_string).collect();
        assert_eq!(names, ["linux/arm64"], "{config:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tag_is_absent_until_it_is_put() {
    let project = project();
    let serve = tokio::task::block_in_place(|| Serve::start(&project));
    let registry = client(&serve.host);
    let lately = std::time::Duration::from_secs(3600);
    assert!(!registry.was_absent("app", "1.0.0", lately));
    assert!(registry.published("app", "1.0.0").await.unwrap().is_none());
    assert!(registry.was_absent("app", "1.0.0", lately));
    publish(&registry, "1.0.0", 1).await;
    assert!(!registry.was_absent("app", "1.0.0", lately));
    assert!(registry.published("app", "1.0.0").await.unwrap().is_some());
}
