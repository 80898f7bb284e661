//! Publishing while every fifth request fails in one way or another: at the end
//! either everything is there, or an error, and never a tag on half an index.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use bakehouse::failure::{ExitCode, explain};
use bakehouse_loopback::{
    DebianRegistry, Fault, FaultProxy, Random, Record, RetryAfter, TokenServer, Tokens,
};
use bakehouse_registry::{Registry, RetryPolicy};
use bakehouse_system::docker::credentials::RegistryAuth;
use futures_util::StreamExt as _;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use bakehouse_clients::{Archives, NAMESPACE, hasty, through};

const RUNS: u64 = 200;
const PARALLEL: usize = 12;
/// All runs together, and one of them: nothing hangs.
const DEADLINE: Duration = Duration::from_secs(1200);
const RUN_DEADLINE: Duration = Duration::from_secs(300);
/// Longer than a client waits.
const LONG: Duration = Duration::from_secs(300);
const VERSIONS: [&str; 2] = ["1.0.0", "1.1.0"];
const INDEX: &str = "application/vnd.oci.image.index.v1+json";
const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";

fn faults() -> Vec<Fault> {
    let quick = [
        Fault::Reset,
        Fault::LostAnswer,
        Fault::BrokenUpload,
        Fault::LostUpload,
        Fault::Down,
        Fault::TruncatedBody,
        Fault::Throttled(RetryAfter::Seconds(0)),
        Fault::Throttled(RetryAfter::Date(0)),
        Fault::Status(500),
        Fault::Status(502),
        Fault::Status(503),
        Fault::WrongDigest,
        Fault::ExpiredToken,
        Fault::Unseen(2),
    ];
    let slow = [Fault::SlowHeaders(LONG), Fault::SlowBody(LONG)];
    [&quick[..], &quick, &slow].concat()
}

/// Patient enough for a busy machine.
fn policy() -> RetryPolicy {
    RetryPolicy {
        connect: Duration::from_secs(2),
        answer: Duration::from_secs(3),
        silence: Duration::from_secs(4),
        ..hasty()
    }
}

struct Truth {
    registry: DebianRegistry,
    tokens: TokenServer,
    archives: Archives,
    http: reqwest::Client,
}

/// How a run ended.
#[derive(Debug, PartialEq, Eq)]
enum End {
    Published,
    Failed(String),
}

impl Truth {
    fn new() -> Self {
        let tokens = TokenServer::start(Tokens::default());
        Self {
            registry: DebianRegistry::with_tokens(&tokens),
            tokens,
            archives: Archives::packed(),
            http: reqwest::Client::builder().no_proxy().build().unwrap(),
        }
    }

    /// Publishes two versions; the log of what passed the proxy, and how it
    /// ended.
    async fn run(&self, image: &str, random: Option<Random>) -> (Vec<Record>, u32, End) {
        let proxy = Arc::new(FaultProxy::start(&self.registry.host()));
        if let Some(random) = random {
            proxy.randomly(random);
        }
        let (registry, retries) = through(&proxy, RegistryAuth::Anonymous, policy());
        let publishing = self.publish(&registry, image);
        let published = tokio::time::timeout(RUN_DEADLINE, publishing)
            .await
            .unwrap_or_else(|_| panic!("{image} hangs: {:#?}", retries.seen()));
        assert_eq!(registry.retries() as usize, retries.seen().len());
        let end = match published {
            Ok(()) => End::Published,
            Err(error) => {
                let told = explain(&error);
                assert_ne!(told.code, ExitCode::Internal, "{image}: {error:#}");
                assert!(told.hint.is_some(), "{image}: no hint: {error:#}");
                End::Failed(format!("{error:#}"))
            }
        };
        (proxy.log(), registry.retries(), end)
    }

    async fn publish(&self, registry: &Registry, image: &str) -> anyhow::Result<()> {
        for version in VERSIONS {
            self.archives.publish(registry, image, version).await?;
        }
        Ok(())
    }

    /// Every tag that the registry has for an image, with the digest of the
    /// index it shows. Panics where that is not complete.
    async fn tags(&self, image: &str, token: &str) -> BTreeMap<String, String> {
        let mut tags = BTreeMap::new();
        for tag in VERSIONS.into_iter().chain(["latest"]) {
            let path = format!("{image}/manifests/{tag}");
            let Some(bytes) = self.get(&path, INDEX, token).await else {
                continue;
            };
            let index: Value = serde_json::from_slice(&bytes).unwrap();
            assert_eq!(index["mediaType"], INDEX, "{image}:{tag}");
            let mut digests = BTreeMap::new();
            for child in index["manifests"].as_array().unwrap() {
                let digest = child["digest"].as_str().unwrap();
                let architecture = child["platform"]["architecture"].as_str().unwrap();
                digests.insert(architecture.to_owned(), digest.to_owned());
                self.complete(image, digest, token).await;
            }
            let expected: BTreeMap<_, _> = self
                .archives
                .images
                .iter()
                .map(|(architecture, image)| (architecture.clone(), image.manifest.clone()))
                .collect();
            assert_eq!(digests, expected, "{image}:{tag}");
            tags.insert(tag.to_owned(), digest(&bytes));
        }
        tags
    }

    /// One platform's image is there with all its blobs, and they are right.
    async fn complete(&self, image: &str, manifest: &str, token: &str) {
        let path = format!("{image}/manifests/{manifest}");
        let bytes = self.get(&path, MANIFEST, token).await;
        let bytes = bytes.unwrap_or_else(|| panic!("no {path}"));
        assert_eq!(digest(&bytes), manifest);
        let parsed: Value = serde_json::from_slice(&bytes).unwrap();
        let layers = parsed["layers"].as_array().unwrap().iter();
        for blob in layers.chain([&parsed["config"]]) {
            let blob = blob["digest"].as_str().unwrap();
            let path = format!("{image}/blobs/{blob}");
            let bytes = self.get(&path, "*/*", token).await;
            assert_eq!(digest(&bytes.unwrap_or_else(|| panic!("no {path}"))), blob);
        }
    }

    /// Asks the registry itself, not by the client under test.
    async fn get(&self, path: &str, accept: &str, token: &str) -> Option<Vec<u8>> {
        let url = format!("http://{}/v2/{NAMESPACE}/{path}", self.registry.host());
        let request = self
            .http
            .get(url)
            .bearer_auth(token)
            .header("Accept", accept);
        let answer = request.send().await.unwrap();
        if answer.status() == 404 {
            return None;
        }
        assert_eq!(answer.status(), 200, "{path}");
        Some(answer.bytes().await.unwrap().to_vec())
    }

    async fn token(&self, image: &str) -> String {
        let mut url = reqwest::Url::parse(&self.tokens.realm()).unwrap();
        url.query_pairs_mut()
            .append_pair("service", TokenServer::SERVICE)
            .append_pair("scope", &format!("repository:{NAMESPACE}/{image}:pull"));
        let answer = self.http.get(url).send().await.unwrap();
        let answer: Value = serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap();
        answer["token"].as_str().unwrap().to_owned()
    }

    /// What the registry has is what the run said.
    async fn check(&self, image: &str, end: &End) {
        let token = self.token(image).await;
        let tags = self.tags(image, &token).await;
        let latest = tags.get("latest");
        let versions: Vec<_> = VERSIONS.iter().map(|version| tags.get(*version)).collect();
        match end {
            End::Published => {
                assert!(versions.iter().all(Option::is_some), "{image}: {tags:?}");
                assert_ne!(versions[0], versions[1], "{image}");
                assert_eq!(latest, versions[1], "{image}");
            }
            // A version comes before latest does.
            End::Failed(_) if latest.is_some() => {
                assert!(versions.contains(&latest), "{image}: {tags:?}");
            }
            End::Failed(_) => assert_eq!(versions[1], None, "{image}: {tags:?}"),
        }
    }
}

fn digest(bytes: &[u8]) -> String {
    format!("sha256:{}", hex::encode(Sha256::digest(bytes)))
}

/// The retries of a run come from its faults, are all counted, and end.
fn check_retries(image: &str, calm: usize, log: &[Record], retries: u32) {
    let retries = retries as usize;
    let quiet = log
        .iter()
        .all(|record| record.fault.is_none() && record.status.is_some());
    // A broken upload is looked for, resumed and begun anew; a lost token is
    // asked for again; a digest that is not right is read back.
    let uncounted = log
        .iter()
        .filter(|r| matches!(r.fault, Some(Fault::ExpiredToken | Fault::WrongDigest)))
        .count();
    let allowed = calm + 4 * retries + 2 * uncounted;
    assert!(
        log.len() <= allowed,
        "{image}: {} requests, {allowed} allowed with {retries} retries",
        log.len()
    );
    assert!(
        !quiet || retries == 0,
        "{image}: {retries} retries for nothing"
    );
    assert!(log.len() <= calm * 25, "{image}: {} requests", log.len());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn published_or_an_error_and_nothing_between() {
    let truth = Truth::new();
    let (log, retries, end) = truth.run("calm", None).await;
    assert_eq!((retries, end), (0, End::Published), "{log:#?}");
    truth.check("calm", &End::Published).await;
    let calm = log.len();

    let truth = &truth;
    let runs = futures_util::stream::iter(0..RUNS).map(|seed| async move {
        let image = format!("run-{seed}");
        let random = Random {
            seed,
            rate: 0.2,
            faults: faults(),
        };
        let (log, retries, end) = truth.run(&image, Some(random)).await;
        check_retries(&image, calm, &log, retries);
        truth.check(&image, &end).await;
        let faults = log.iter().filter(|record| record.fault.is_some()).count();
        (end, log.len(), faults, retries)
    });
    let runs = runs.buffer_unordered(PARALLEL).collect::<Vec<_>>();
    let runs = tokio::time::timeout(DEADLINE, runs).await.expect("in time");

    let published = runs.iter().filter(|run| run.0 == End::Published).count();
    let sum = |of: fn(&(End, usize, usize, u32)) -> usize| runs.iter().map(of).sum::<usize>();
    let (requests, faults, retries) = (sum(|r| r.1), sum(|r| r.2), sum(|r| r.3 as usize));
    eprintln!(
        "{RUNS} runs: {published} published; {requests} requests, {faults} with faults, {retries} retries"
    );
    // Faults did happen, and many were overcome, even on a busy machine.
    assert!(faults * 8 > requests, "{faults} of {requests}");
    assert!(published * 4 > runs.len(), "{published}: {runs:#?}");
}
