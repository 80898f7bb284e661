//! One fault at a time: what the client does, how often, and what it says.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Result;
use bakehouse_clients::{Archives, NAMESPACE, Retries, hasty, through};
use bakehouse_core::progress::Silent;
use bakehouse_loopback::{
    DebianRegistry, Fault, FaultProxy, Kind, PASSWORD, RetryAfter, Rule, TokenServer, Tokens, USER,
    crane,
};
use bakehouse_registry::{
    Endpoint, LocalRegistry, Manifest, Moved, PushError, Registry, RegistryError, RetryPolicy,
};
use bakehouse_system::docker::credentials::{Anonymous, RegistryAuth};
use futures_util::future::join_all;

/// Longer than a client waits.
const LONG: Duration = Duration::from_secs(300);

/// Time limits that a busy machine keeps.
fn patient() -> RetryPolicy {
    RetryPolicy {
        connect: Duration::from_secs(20),
        answer: Duration::from_secs(20),
        silence: Duration::from_secs(20),
        ..hasty()
    }
}

/// A registry with an image, behind the proxy.
struct Scene {
    server: DebianRegistry,
    proxy: Arc<FaultProxy>,
    registry: Registry,
    retries: Arc<Retries>,
    archives: Archives,
}

impl Scene {
    fn empty(server: DebianRegistry, auth: RegistryAuth, policy: RetryPolicy) -> Self {
        let proxy = Arc::new(FaultProxy::start(&server.host()));
        let (registry, retries) = through(&proxy, auth, policy);
        Self {
            server,
            proxy,
            registry,
            retries,
            archives: Archives::packed(),
        }
    }

    /// With `app:1.0.0` and `app:latest`, and an empty log.
    async fn with(policy: RetryPolicy) -> Self {
        let scene = Self::empty(DebianRegistry::start(), RegistryAuth::Anonymous, policy);
        let direct = Arc::new(FaultProxy::start(&scene.server.host()));
        let (registry, _) = through(&direct, RegistryAuth::Anonymous, patient());
        let published = scene.archives.publish(&registry, "app", "1.0.0").await;
        published.unwrap();
        scene
    }

    /// Reads the manifest while this rule holds.
    async fn read(&self, rule: Rule) -> Result<Manifest> {
        self.proxy.inject(rule.kind(Kind::Manifest));
        let found = self.registry.manifest("app", "1.0.0").await?;
        Ok(found.expect("it is there"))
    }

    fn reference(&self, tag: &str) -> String {
        format!("{}/{NAMESPACE}/app:{tag}", self.server.host())
    }

    /// The client retried so often, always for this reason.
    #[track_caller]
    fn retried(&self, times: usize, why: &str) {
        let seen = self.retries.seen();
        assert_eq!(seen.len(), times, "{seen:?}");
        assert_eq!(self.registry.retries() as usize, times);
        assert!(seen.iter().all(|(what, _)| what.contains(why)), "{seen:?}");
    }
}

/// The error is of this kind, by which the program tells what to do, and has this
/// text.
#[track_caller]
fn failed<T, E: Into<anyhow::Error>>(
    result: Result<T, E>,
    kind: fn(&RegistryError) -> bool,
    text: &str,
) {
    let error = result.err().expect("an error").into();
    let mut known = error
        .chain()
        .filter_map(|cause| match cause.downcast_ref() {
            Some(PushError::Registry(error)) => Some(error),
            _ => cause.downcast_ref(),
        });
    assert!(known.next().is_some_and(kind), "{error:#}");
    assert!(format!("{error:#}").contains(text), "{error:#}");
}

/// It answered, and not what was asked for.
const fn answered(error: &RegistryError) -> bool {
    matches!(error, RegistryError::Failed { .. })
}

#[tokio::test(flavor = "multi_thread")]
async fn passing_faults_are_retried_once() {
    for (fault, why) in [
        (Fault::Reset, "the connection broke"),
        (Fault::LostAnswer, "the connection broke"),
        (Fault::TruncatedBody, "the connection broke"),
        (Fault::Status(500), "500 Internal Server Error"),
        (Fault::Status(502), "502 Bad Gateway"),
        (Fault::Status(503), "503 Service Unavailable"),
        (Fault::Throttled(RetryAfter::Seconds(0)), "429"),
        (Fault::WrongDigest, "sha256:"),
    ] {
        let scene = Scene::with(patient()).await;
        let read = scene.read(Rule::new(fault)).await;
        assert!(read.is_ok(), "{fault:?}: {read:?}");
        scene.retried(1, why);
        assert_eq!(scene.proxy.log().len(), 2, "{fault:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn silence_ends() {
    let ends = [Fault::SlowHeaders(LONG), Fault::SlowBody(LONG)].map(|fault| async move {
        let scene = Scene::with(hasty()).await;
        assert!(scene.read(Rule::new(fault)).await.is_ok(), "{fault:?}");
        scene.retried(1, "no answer for");

        let scene = Scene::with(hasty()).await;
        let read = scene.read(Rule::new(fault).always()).await;
        failed(read, RegistryError::is_unreachable, "cannot reach registry");
        scene.retried(4, "no answer for");
        assert_eq!(scene.proxy.log().len(), 5);
    });
    join_all(ends).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_registry_that_stays_down_fails_after_all_tries() {
    let scene = Scene::with(patient()).await;
    let read = scene.read(Rule::new(Fault::Status(503)).always()).await;
    failed(read, answered, "503");
    scene.retried(4, "503");
    assert_eq!(scene.proxy.log().len(), 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_registry_that_is_away_for_a_moment() {
    let scene = Scene::with(patient()).await;
    scene.proxy.down();
    let read = scene.registry.manifest("app", "1.0.0").await;
    assert!(read.unwrap().is_some());
    scene.retried(1, "no connection");

    // A port where nobody comes up again.
    let away = {
        let other = Arc::new(FaultProxy::start(&scene.server.host()));
        let endpoint = Endpoint::new(&other.host(), NAMESPACE).unwrap();
        other.down();
        let credentials = Arc::new(Anonymous);
        let registry = Registry::with(endpoint, credentials, patient(), Arc::new(Silent)).unwrap();
        let read = registry.manifest("app", "1.0.0").await;
        assert_eq!(registry.retries(), 4);
        read
    };
    failed(away, RegistryError::is_unreachable, "cannot reach registry");
}

#[tokio::test(flavor = "multi_thread")]
async fn retry_after_is_honoured() {
    let waits = [
        (RetryAfter::Seconds(1), Duration::from_secs(1)),
        // Dates have whole seconds.
        (RetryAfter::Date(3), Duration::from_millis(500)),
    ];
    let waits = waits.map(|(asked, least)| async move {
        let scene = Scene::with(patient()).await;
        let start = Instant::now();
        let read = scene.read(Rule::new(Fault::Throttled(asked))).await;
        assert!(read.is_ok(), "{read:?}");
        scene.retried(1, "429");
        let (_, after) = scene.retries.seen().remove(0);
        assert!(after >= least, "{after:?}");
        assert!(start.elapsed() >= after);
    });
    join_all(waits).await;
    let scene = Scene::with(patient()).await;
    let hour = RetryAfter::Seconds(3600);
    let read = scene.read(Rule::new(Fault::Throttled(hour))).await;
    failed(read, answered, "429");
    scene.retried(0, "");
    assert_eq!(scene.proxy.log().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_will_not_change_is_not_tried_again() {
    for code in [401, 403] {
        let scene = Scene::with(patient()).await;
        let read = scene.read(Rule::new(Fault::Status(code)).always()).await;
        failed(read, RegistryError::is_refused, "refused");
        scene.retried(0, "");
        assert_eq!(scene.proxy.log().len(), 1);
    }
    let scene = Scene::with(patient()).await;
    let absent = scene.registry.manifest("app", "2.0.0").await;
    assert_eq!(absent.unwrap(), None);
    scene.retried(0, "");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_manifest_that_is_not_seen_at_once() {
    let scene = Scene::with(patient()).await;
    scene
        .proxy
        .inject(Rule::new(Fault::Unseen(2)).method("PUT").always());
    scene
        .archives
        .publish(&scene.registry, "app", "1.1.0")
        .await
        .unwrap();
    let digest = crane(&["digest", &scene.reference("1.1.0")]);
    assert_eq!(crane(&["digest", &scene.reference("latest")]), digest);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_goes_on_after_a_broken_connection() {
    for fault in [Fault::BrokenUpload, Fault::LostUpload] {
        for method in ["POST", "PATCH", "PUT"] {
            let auth = RegistryAuth::Anonymous;
            let scene = Scene::empty(DebianRegistry::start(), auth, patient());
            let rule = Rule::new(fault).method(method).kind(Kind::Upload);
            scene.proxy.inject(rule.times(2));
            let pushed = scene.archives.push(&scene.registry, "app").await;
            assert!(pushed.is_ok(), "{fault:?} {method}: {pushed:?}");
            scene.retried(2, "the connection broke");
            let image = &scene.archives.images["amd64"].manifest;
            let reference = format!("{}/{NAMESPACE}/app@{image}", scene.server.host());
            crane(&["validate", "--remote", &reference]);
        }
    }
}

/// docker-registry forgets an upload whose chunk broke; the embedded registry
/// goes on from any byte.
#[tokio::test(flavor = "multi_thread")]
async fn an_upload_goes_on_from_the_byte_that_it_came_to() {
    let folder = tempfile::tempdir().unwrap();
    let server = LocalRegistry::open(folder.path(), 0, Arc::new(Silent))
        .await
        .unwrap();
    let host = server.address().to_string();
    let proxy = Arc::new(FaultProxy::start(&host));
    let (registry, retries) = through(&proxy, RegistryAuth::Anonymous, patient());
    let archives = Archives::packed();
    proxy.inject(Rule::new(Fault::KeptUpload).method("PATCH").times(2));
    archives.push(&registry, "app").await.unwrap();
    assert_eq!(retries.seen().len(), 2, "{:?}", retries.seen());

    let log = proxy.log();
    let chunks = log.iter().filter(|record| record.method == "PATCH");
    let chunks: Vec<u64> = chunks.map(|record| record.sent).collect();
    let &[first, second, third] = &chunks[..] else {
        panic!("{chunks:?}");
    };
    // Half, half of the rest, the rest: no byte twice.
    assert!(first > 500_000, "{chunks:?}");
    assert!(
        first.abs_diff(second + third) <= 1 && second.abs_diff(third) <= 1,
        "{chunks:?}"
    );
    let begun = log
        .iter()
        .filter(|r| r.method == "POST" && r.kind == Kind::Upload);
    assert_eq!(begun.count(), 4, "one for each blob");
    let image = &archives.images["amd64"].manifest;
    crane(&[
        "validate",
        "--remote",
        &format!("{host}/{NAMESPACE}/app@{image}"),
    ]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_version_that_is_not_seen_at_once_when_a_tag_moves() {
    let scene = Scene::with(patient()).await;
    let absent = Rule::new(Fault::Status(404)).method("GET").path("/1.0.0");
    scene.proxy.inject(absent.times(2));
    let moved = scene.registry.move_tag("app", "stable", "1.0.0").await;
    assert_eq!(moved.unwrap(), Moved::Forward);
    scene.retried(2, "404");
    let digest = crane(&["digest", &scene.reference("1.0.0")]);
    assert_eq!(crane(&["digest", &scene.reference("stable")]), digest);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_blob_is_not_sent_twice() {
    let scene = Scene::with(patient()).await;
    scene.archives.push(&scene.registry, "app").await.unwrap();
    let sent: u64 = scene.proxy.log().iter().map(|record| record.sent).sum();
    assert!(sent < 2000, "{sent}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_expired_token_is_renewed() {
    let tokens = TokenServer::start(Tokens::default());
    let server = DebianRegistry::with_tokens(&tokens);
    let scene = Scene::empty(server, RegistryAuth::Anonymous, patient());
    scene.archives.push(&scene.registry, "app").await.unwrap();
    let asked = tokens.requests().len();
    assert_eq!(asked, 1, "{:?}", tokens.requests());

    scene.proxy.inject(Rule::new(Fault::ExpiredToken));
    scene.archives.push(&scene.registry, "app").await.unwrap();
    assert_eq!(tokens.requests().len(), asked + 1);
    scene.retried(0, "");
}

#[tokio::test(flavor = "multi_thread")]
async fn long_tokens_arrive_whole() {
    let tokens = TokenServer::start(Tokens {
        length: 6000,
        ..Tokens::default()
    });
    let server = DebianRegistry::with_tokens(&tokens);
    let scene = Scene::empty(server, RegistryAuth::Anonymous, patient());
    scene.archives.push(&scene.registry, "app").await.unwrap();
    let log = scene.proxy.log();
    let longest = log.iter().filter_map(|record| record.authorization).max();
    assert!(longest.is_some_and(|length| length > 6000), "{longest:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn credentials_are_used_as_docker_does() {
    let basic = |password: &str| RegistryAuth::Basic(USER.to_owned(), password.to_owned());
    let identity = |token: &str| RegistryAuth::Bearer(token.to_owned());
    for (auth, grant, good) in [
        (basic(PASSWORD), "basic", true),
        (basic("wr0ng-secret"), "basic", false),
        (identity(TokenServer::REFRESH), "refresh_token", true),
        (identity("wr0ng-secret"), "refresh_token", false),
        (RegistryAuth::Anonymous, "anonymous", false),
    ] {
        let tokens = TokenServer::start(Tokens {
            locked: true,
            ..Tokens::default()
        });
        let scene = Scene::empty(DebianRegistry::with_tokens(&tokens), auth, patient());
        let pushed = scene.archives.push(&scene.registry, "app").await;
        if good {
            pushed.unwrap();
        } else {
            let text = format!("{:?}", pushed.as_ref().err());
            assert!(!text.contains("wr0ng-secret"), "{text}");
            failed(pushed, RegistryError::is_refused, "refused");
        }
        let requests = tokens.requests();
        assert!(
            requests
                .iter()
                .all(|r| r.grant == grant && r.granted == good),
            "{requests:?}"
        );
        assert!(!requests.is_empty() && requests.len() <= 2, "{requests:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_without_tokens() {
    let user = |password: &str| RegistryAuth::Basic(USER.to_owned(), password.to_owned());
    let scene = Scene::empty(DebianRegistry::locked(), user(PASSWORD), patient());
    scene.archives.push(&scene.registry, "app").await.unwrap();
    let scene = Scene::empty(DebianRegistry::locked(), user("wrong"), patient());
    let pushed = scene.archives.push(&scene.registry, "app").await;
    failed(pushed, RegistryError::is_refused, "refused");
    // Once without and once with the password, for each of four blobs at a time.
    assert!(scene.proxy.log().len() <= 8, "{:?}", scene.proxy.log());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_may_only_read() {
    let tokens = TokenServer::start(Tokens {
        actions: &["pull"],
        ..Tokens::default()
    });
    let server = DebianRegistry::with_tokens(&tokens);
    let scene = Scene::empty(server, RegistryAuth::Anonymous, patient());
    let checked = scene.registry.check_push("app").await;
    failed(checked, RegistryError::is_refused, "refused");
    // It did not ask for ever.
    assert!(tokens.requests().len() <= 3, "{:?}", tokens.requests());
}
