//! The embedded registry: who is answered, and what is said of damage.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use bakehouse_clients::{PLATFORMS, child, client, push, quick, request, silent};
use bakehouse_core::progress::{Event, Reporter};
use bakehouse_registry::{Endpoint, LocalRegistry, Registry};
use bakehouse_system::docker::credentials::Anonymous;

/// A registry that has `misbehave:1.0.0`.
async fn published(folder: &Path) -> LocalRegistry {
    let local = LocalRegistry::open(folder, 0, silent()).await.unwrap();
    let registry = client(&local.address().to_string());
    let mut children = Vec::new();
    for platform in PLATFORMS {
        let descriptor = push(&registry, "misbehave", platform, 1).await;
        children.push(child(platform, &descriptor));
    }
    let mut request = request("1.0.0", children);
    request.image = "misbehave";
    registry.merge(&request).await.unwrap();
    local
}

/// The file of the largest blob.
fn largest(folder: &Path) -> PathBuf {
    let mut files = Vec::new();
    for shard in std::fs::read_dir(folder.join("sha256")).unwrap() {
        let shard = std::fs::read_dir(shard.unwrap().path()).unwrap();
        files.extend(shard.map(|entry| entry.unwrap().path()));
    }
    files.sort_by_key(|file| std::fs::metadata(file).unwrap().len());
    files.pop().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_answered_but_clients_on_this_machine() {
    let room = tempfile::tempdir().unwrap();
    let folder = room.path().join("registry");
    let local = published(&folder).await;
    let at = local.address();
    let http = reqwest::Client::new();
    let tags = format!("http://{at}/v2/test/misbehave/tags/list");
    let with = |name: &'static str, value: &str| {
        let request = http.get(&tags).header(name, value.to_owned());
        async move { request.send().await.unwrap().status().as_u16() }
    };
    assert_eq!(with("host", &at.to_string()).await, 200);
    assert_eq!(with("host", &format!("localhost:{}", at.port())).await, 200);
    // A name of somebody else's that resolves to this machine; a web page.
    assert_eq!(with("host", "rebound.example").await, 403);
    assert_eq!(
        with("host", &format!("rebound.example:{}", at.port())).await,
        403
    );
    assert_eq!(with("origin", "https://page.example").await, 403);
    for path in [
        "manifests/1.0.0",
        &format!("blobs/sha256:{}", "0".repeat(64)),
        "manifests/sha256:0",
    ] {
        let url = format!("http://{at}/v2/test/misbehave/{path}");
        let deleted = http.delete(url).send().await.unwrap();
        assert_eq!(deleted.status(), 405, "{path}");
    }
    let registry = client(&at.to_string());
    assert!(
        registry
            .published("misbehave", "1.0.0")
            .await
            .unwrap()
            .is_some()
    );
}

/// Keeps warnings.
#[derive(Default)]
struct Warnings(Mutex<Vec<String>>);

impl Reporter for Warnings {
    fn report(&self, event: Event<'_>) {
        if let Event::Warning { message } = event {
            self.0.lock().unwrap().push(message.to_owned());
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_warning_of_a_registry_is_told_once() {
    let room = tempfile::tempdir().unwrap();
    let folder = room.path().join("registry");
    let local = published(&folder).await;
    std::fs::write(largest(&folder), "").unwrap();
    let warnings = Arc::new(Warnings::default());
    let endpoint = Endpoint::new(&local.address().to_string(), "test")
        .unwrap()
        .embedded();
    let reporter: Arc<dyn Reporter> = warnings.clone();
    let registry = Registry::with(endpoint, Arc::new(Anonymous), quick(), reporter).unwrap();
    for _ in 0..3 {
        assert_eq!(
            registry.published("misbehave", "1.0.0").await.unwrap(),
            None
        );
    }
    let told = warnings.0.lock().unwrap();
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(
        told[0].starts_with("local: blob sha256:") && told[0].contains("counts as not published")
    );
}
