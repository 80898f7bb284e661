//! Faults as they look on the wire, in front of a real registry.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests end by panicking")]

use std::time::{Duration, Instant, SystemTime};

use bakehouse_loopback::{DebianRegistry, Fault, FaultProxy, Kind, Random, RetryAfter, Rule};
use bytes::Bytes;
use reqwest::{Client, Response, StatusCode};
use sha2::{Digest as _, Sha256};

/// A manifest without blobs is enough for a registry.
const MANIFEST: &str =
    r#"{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[]}"#;
const INDEX: &str = "application/vnd.oci.image.index.v1+json";
/// Longer than a client here waits.
const LONG: Duration = Duration::from_secs(60);

struct Wire {
    _registry: DebianRegistry,
    proxy: FaultProxy,
    client: Client,
}

impl Wire {
    fn new() -> Self {
        let registry = DebianRegistry::start();
        let proxy = FaultProxy::start(&registry.host());
        let client = Client::builder()
            .read_timeout(Duration::from_millis(500))
            .build()
            .unwrap();
        Self {
            _registry: registry,
            proxy,
            client,
        }
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}/v2/{path}", self.proxy.host())
    }

    async fn put(&self) -> reqwest::Result<Response> {
        self.client
            .put(self.url("a/manifests/1"))
            .header("Content-Type", INDEX)
            .body(MANIFEST)
            .send()
            .await
    }

    async fn get(&self) -> reqwest::Result<Response> {
        self.client
            .get(self.url("a/manifests/1"))
            .header("Accept", INDEX)
            .send()
            .await
    }

    /// Where an upload goes on: behind the proxy.
    fn next(&self, answer: &Response) -> reqwest::Url {
        let base = reqwest::Url::parse(&self.url("")).unwrap();
        let location = answer.headers()["Location"].to_str().unwrap();
        let next = base.join(location).unwrap();
        assert_eq!(next.port(), base.port(), "{location}");
        next
    }

    /// The answer to a read that gets this fault, when the manifest is there.
    async fn read_with(&self, fault: Fault) -> reqwest::Result<Response> {
        assert_eq!(self.put().await.unwrap().status(), 201);
        self.proxy.inject(Rule::new(fault).method("GET"));
        self.get().await
    }
}

fn digest(bytes: &[u8]) -> String {
    format!("sha256:{}", hex::encode(Sha256::digest(bytes)))
}

fn chain(error: &reqwest::Error) -> String {
    format!("{:?}", error)
}

#[tokio::test]
async fn without_faults_everything_passes() {
    let wire = Wire::new();
    assert_eq!(wire.put().await.unwrap().status(), 201);
    let answer = wire.get().await.unwrap();
    assert_eq!(
        answer.headers()["Docker-Content-Digest"],
        digest(MANIFEST.as_bytes())
    );
    assert_eq!(answer.text().await.unwrap(), MANIFEST);
    let head = wire
        .client
        .head(wire.url("a/manifests/1"))
        .header("Accept", INDEX);
    let head = head.send().await.unwrap();
    assert_eq!(head.headers()["Content-Length"], MANIFEST.len().to_string());
    let counts = wire.proxy.counts();
    for method in ["PUT", "GET", "HEAD"] {
        assert_eq!(counts[&(method.to_owned(), Kind::Manifest)], 1, "{method}");
    }
    let log = wire.proxy.log();
    assert_eq!(log[0].sent, MANIFEST.len() as u64);
    assert!(log.iter().all(|r| r.fault.is_none() && r.status.is_some()));
}

#[tokio::test]
async fn connections_are_reset_before_and_after_the_registry() {
    let wire = Wire::new();
    wire.proxy.inject(Rule::new(Fault::Reset).method("PUT"));
    wire.proxy
        .inject(Rule::new(Fault::LostAnswer).method("PUT"));
    for expected in [404, 200] {
        let error = chain(&wire.put().await.unwrap_err());
        assert!(error.contains("ConnectionReset"), "{error}");
        assert_eq!(wire.get().await.unwrap().status(), expected);
    }
}

#[tokio::test]
async fn a_registry_goes_away_and_comes_back() {
    let wire = Wire::new();
    assert_eq!(wire.put().await.unwrap().status(), 201);
    wire.proxy.inject(Rule::new(Fault::Down));
    let error = chain(&wire.get().await.unwrap_err());
    assert!(error.contains("ConnectionReset"), "{error}");
    wire.proxy.down();
    for _ in 0..3 {
        let error = chain(&wire.get().await.unwrap_err());
        assert!(error.contains("ConnectionRefused"), "{error}");
    }
    wire.proxy.up();
    wire.proxy.up();
    assert_eq!(wire.get().await.unwrap().status(), 200);
}

#[tokio::test]
async fn slow_and_short_answers() {
    let wire = Wire::new();
    let silent = wire.read_with(Fault::SlowHeaders(LONG)).await;
    assert!(silent.unwrap_err().is_timeout());
    let pausing = wire.read_with(Fault::SlowBody(LONG)).await.unwrap();
    assert_eq!(pausing.status(), 200);
    assert!(pausing.bytes().await.unwrap_err().is_timeout());
    let short = wire.read_with(Fault::TruncatedBody).await.unwrap();
    assert_eq!(short.content_length(), Some(MANIFEST.len() as u64));
    let error = short.bytes().await.unwrap_err();
    assert!(error.is_body() || error.is_decode(), "{error:?}");
    // A pause that the client bears loses nothing.
    let slow = wire
        .read_with(Fault::SlowBody(Duration::from_millis(50)))
        .await;
    assert_eq!(slow.unwrap().text().await.unwrap(), MANIFEST);
}

#[tokio::test]
async fn answers_in_the_registrys_place() {
    let wire = Wire::new();
    for code in [500, 502, 503, 404] {
        let answer = wire.read_with(Fault::Status(code)).await.unwrap();
        assert_eq!(answer.status(), code);
        assert!(answer.text().await.unwrap().contains("said by the proxy"));
    }
    let answer = wire
        .read_with(Fault::Throttled(RetryAfter::Seconds(7)))
        .await
        .unwrap();
    assert_eq!(answer.status(), StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(answer.headers()["Retry-After"], "7");
    let answer = wire
        .read_with(Fault::Throttled(RetryAfter::Date(60)))
        .await
        .unwrap();
    let date = answer.headers()["Retry-After"].to_str().unwrap();
    let until = httpdate::parse_http_date(date).unwrap();
    let delay = until.duration_since(SystemTime::now()).unwrap();
    assert!(delay > Duration::from_secs(30) && delay <= Duration::from_secs(60));
    let answer = wire.read_with(Fault::WrongDigest).await.unwrap();
    assert_ne!(
        answer.headers()["Docker-Content-Digest"],
        digest(MANIFEST.as_bytes())
    );
    assert_eq!(answer.text().await.unwrap(), MANIFEST);
}

#[tokio::test]
async fn a_put_manifest_is_not_seen_at_once() {
    let wire = Wire::new();
    wire.proxy.inject(Rule::new(Fault::Unseen(2)).method("PUT"));
    assert_eq!(wire.put().await.unwrap().status(), 201);
    for expected in [404, 404, 200, 200] {
        assert_eq!(wire.get().await.unwrap().status(), expected);
    }
}

#[tokio::test]
async fn an_upload_breaks_half_way() {
    let wire = Wire::new();
    let start = wire.client.post(wire.url("a/blobs/uploads/"));
    let location = wire.next(&start.send().await.unwrap());

    wire.proxy
        .inject(Rule::new(Fault::BrokenUpload).method("PATCH"));
    let content = vec![7; 1_000_000];
    let patch = |body: Bytes, from: usize| {
        let range = format!("{from}-{}", from + body.len() - 1);
        let request = wire
            .client
            .patch(location.clone())
            .header("Content-Range", range);
        request.body(body).send()
    };
    let error = chain(&patch(content.clone().into(), 0).await.unwrap_err());
    assert!(
        error.contains("reset") || error.contains("Reset") || error.contains("BrokenPipe"),
        "{error}"
    );
    let broken = wire.proxy.log().pop().unwrap();
    assert_eq!((broken.sent, broken.status), (500_000, None));

    // This registry gives an upload up when it does not have what its state says.
    let status = wire.client.get(location.clone()).send().await.unwrap();
    assert_eq!(status.status(), 404);
}

#[tokio::test]
async fn an_upload_goes_on_where_only_whole_chunks_are_kept() {
    let wire = Wire::new();
    let start = wire.client.post(wire.url("a/blobs/uploads/"));
    let mut location = wire.next(&start.send().await.unwrap());
    wire.proxy
        .inject(Rule::new(Fault::LostUpload).method("PATCH").skip(1));
    let content = vec![7; 500_000];
    for (from, arrives) in [(0, true), (500_000, false), (500_000, true)] {
        let range = format!("{from}-{}", from + content.len() - 1);
        let patch = wire.client.patch(location.clone());
        let answer = patch
            .header("Content-Range", range)
            .body(content.clone())
            .send()
            .await;
        assert_eq!(answer.is_ok(), arrives);
        let answer = match answer {
            Ok(answer) => answer,
            Err(_) => wire.client.get(location).send().await.unwrap(),
        };
        let has = if arrives { from + 499_999 } else { from - 1 };
        assert_eq!(answer.headers()["Range"], format!("0-{has}"));
        location = wire.next(&answer);
    }
    let digest = digest(&vec![7; 1_000_000]);
    location.query_pairs_mut().append_pair("digest", &digest);
    let end = wire.client.put(location).send().await.unwrap();
    assert_eq!(end.status(), 201);
}

#[tokio::test]
async fn random_faults_hit_their_share_and_latency_is_added() {
    let wire = Wire::new();
    assert_eq!(wire.put().await.unwrap().status(), 201);
    wire.proxy.randomly(Random {
        seed: 1,
        rate: 0.2,
        faults: vec![Fault::Status(503)],
    });
    wire.proxy.forget();
    let mut failed = 0;
    for _ in 0..200 {
        failed += usize::from(wire.get().await.unwrap().status() == 503);
    }
    let log = wire.proxy.log();
    assert_eq!(log.len(), 200);
    assert_eq!(log.iter().filter(|r| r.fault.is_some()).count(), failed);
    assert!((20..60).contains(&failed), "{failed}");

    wire.proxy.set_latency(Duration::from_millis(50));
    let start = Instant::now();
    wire.get().await.unwrap();
    assert!(start.elapsed() >= Duration::from_millis(50));
}
