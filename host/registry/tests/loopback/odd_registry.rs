//! Registries, and what stands in front of them, that do not do what the
//! specification says: what is believed, what is followed, and where it ends.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::{Method, Response};
use bakehouse_clients::{Given, client, client_as, push, quick, silent, told};
use bakehouse_loopback::{Odd, Seen, drops, reply};
use bakehouse_registry::{Endpoint, Registry, RegistryError, RetryPolicy, TransportError};
use bakehouse_system::docker::credentials::RegistryAuth;
use bakehouse_system::http::pages::ListLimits;
use sha2::{Digest as _, Sha256};

const INDEX: &str = "application/vnd.oci.image.index.v1+json";
const LIST: &str = "/v2/test/app/tags/list";

fn limited(host: &str, policy: RetryPolicy) -> Registry {
    let endpoint = Endpoint::new(host, "test").unwrap();
    let nobody = Arc::new(Given(RegistryAuth::Anonymous));
    Registry::with(endpoint, nobody, policy, silent()).unwrap()
}

fn tags(tags: &[&str], link: &str) -> Response<Body> {
    let body = serde_json::json!({ "name": "test/app", "tags": tags }).to_string();
    match link {
        "" => reply(200, &[], body),
        link => reply(200, &[("link", link)], body),
    }
}

/// A registry whose first page has 1.0.0 and this link, in which `HOST` is its
/// own address, and whose second has 2.0.0.
fn two_pages(link: &'static str) -> Odd {
    Odd::start(move |host, seen| match seen.path.contains("last=1.0.0") {
        true => tags(&["2.0.0"], ""),
        false => tags(&["1.0.0"], &link.replace("HOST", host)),
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_next_page_is_followed_however_the_registry_calls_itself() {
    for link in [
        "<https://HOST/v2/test/app/tags/list?last=1.0.0&n=1>; rel=\"next\"",
        "<http://registry.internal:5000/v2/test/app/tags/list?last=1.0.0&n=1>; rel=\"next\"",
        "<https://registry.internal/behind/a/proxy/v2/test/app/tags/list?last=1.0.0>; rel=\"next\"",
        "<http://127.0.0.1:1/v2/test%2Fapp/tags/list?last=1.0.0>; rel=next",
        "</v2/test/app/tags/list?last=1.0.0&n=1>; rel=\"next\"",
        "<?last=1.0.0&n=1>; rel=\"next\"",
        "<http://HOST/pages/last=1.0.0>; rel=next",
    ] {
        let odd = two_pages(link);
        let found = client(&odd.host()).tags("app").await.unwrap();
        assert_eq!(found, ["1.0.0", "2.0.0"], "{link}");
        assert_eq!(odd.seen().len(), 2, "{link}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_that_cannot_be_read_to_its_end_is_an_error() {
    for (link, why) in [
        (
            "<https://elsewhere.example/v2/x>; rel=\"next\"",
            "https://elsewhere.example",
        ),
        (
            "<http://HOST:1/v2/test/app/tags/list?last=1.0.0>; rel=next",
            "malformed",
        ),
        (
            "</v2/test/app/tags/list?last=1.0.0; rel=\"next\"",
            "malformed",
        ),
        (
            "</v2/test/app/tags/list?n=1000>; rel=\"next\"",
            "read before",
        ),
        ("<>; rel=next", "read before"),
    ] {
        let odd = two_pages(link);
        let listed = client(&odd.host()).tags("app").await;
        let half = matches!(&listed, Err(RegistryError::Failed { source, .. })
            if matches!(**source, TransportError::List(_)));
        assert!(half, "{link}: {listed:?}");
        let text = told(listed);
        assert!(
            text.contains("listing tags of") && text.contains(why),
            "{link}: {text}"
        );
    }
    // In a circle.
    let odd = Odd::start(|_, seen| match seen.path.contains("last=a") {
        true => tags(&["b"], "</v2/test/app/tags/list?last=b>; rel=next"),
        false if seen.path.contains("last=b") => {
            tags(&["c"], "</v2/test/app/tags/list?last=a>; rel=next")
        }
        false => tags(&["a"], "</v2/test/app/tags/list?last=a>; rel=next"),
    });
    let text = told(client(&odd.host()).tags("app").await);
    assert!(text.contains("read before"), "{text}");
    // A page that was named is not there.
    let odd = Odd::start(|_, seen| match seen.path.contains("last=") {
        true => reply(404, &[], ""),
        false => tags(&["a"], "</v2/test/app/tags/list?last=a>; rel=next"),
    });
    let text = told(client(&odd.host()).tags("app").await);
    assert!(text.contains("does not exist"), "{text}");
    // No page at all: there is no such image.
    let none = Odd::start(|_, _| reply(404, &[], ""));
    assert!(client(&none.host()).tags("app").await.unwrap().is_empty());
}

/// A registry with so many tags that gives at most `most` at a time, without
/// links; where it `pages`, what comes after `last`.
fn unlinked(count: usize, most: usize, pages: bool) -> Odd {
    let all: Vec<String> = (0..count).map(|n| format!("1.0.{n:05}")).collect();
    Odd::start(move |_, seen| {
        let last = seen.path.split_once("last=").map_or("", |(_, last)| last);
        let after = all.iter().filter(|tag| !pages || tag.as_str() > last);
        let page: Vec<&str> = after.take(most).map(String::as_str).collect();
        tags(&page, "")
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_that_is_cut_without_a_word_is_read_on() {
    for (count, most) in [
        (2345, 1000),
        (2000, 1000),
        (1000, 1000),
        (230, 100),
        (100, 100),
    ] {
        let odd = unlinked(count, most, true);
        let found = client(&odd.host()).tags("app").await.unwrap();
        assert_eq!(found.len(), count, "{count} by {most}");
    }
    // One request where nothing speaks for more.
    for (count, most) in [(3, 1000), (999, 1000), (1001, 5000), (0, 100)] {
        let odd = unlinked(count, most, true);
        let found = client(&odd.host()).tags("app").await.unwrap();
        assert_eq!((found.len(), odd.seen().len()), (count, 1));
    }
    // It knows no pages: more than asked for is everything, a full page is not.
    let whole = unlinked(100, 5000, false);
    assert_eq!(client(&whole.host()).tags("app").await.unwrap().len(), 100);
    let cut = unlinked(2000, 1000, false);
    let text = told(client(&cut.host()).tags("app").await);
    assert!(text.contains("full page"), "{text}");
}

/// A list that never ends: `count` tags of 120 characters a page.
fn endless(count: usize) -> Odd {
    let page: Vec<String> = (0..count).map(|n| format!("{n:0120}")).collect();
    let body = serde_json::json!({ "tags": page }).to_string();
    let pages = std::sync::atomic::AtomicUsize::new(0);
    Odd::start(move |_, _| {
        let page = pages.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let link = format!("<{LIST}?n=1000&last={page}>; rel=\"next\"");
        reply(200, &[("link", &link)], body.clone())
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn all_pages_of_a_list_together_are_bounded() {
    // 3.7 MB a page: as the defaults have it.
    let odd = endless(30_000);
    let text = told(client(&odd.host()).tags("app").await);
    assert!(text.contains("more than 300000 entries"), "{text}");
    assert!(odd.seen().len() <= 11, "{}", odd.seen().len());

    let odd = endless(10);
    let list = quick().list;
    let one = |change: fn(&mut ListLimits)| {
        let mut list = list;
        change(&mut list);
        limited(&odd.host(), RetryPolicy { list, ..quick() })
    };
    for (registry, why) in [
        (one(|list| list.pages = 5), "more than 5 pages"),
        (one(|list| list.bytes = 5000), "more than 5000 bytes"),
        (one(|list| list.entries = 55), "more than 55 entries"),
        (
            one(|list| (list.pages, list.time) = (usize::MAX, Duration::from_millis(300))),
            "longer than 0.3 s",
        ),
    ] {
        let text = told(registry.tags("app").await);
        assert!(text.contains(why), "{text}");
    }
}

fn index() -> (String, String) {
    let body = format!(
        r#"{{"schemaVersion":2,"mediaType":"{INDEX}","manifests":[{{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"sha256:{}","size":2,"platform":{{"os":"linux","architecture":"amd64"}}}}]}}"#,
        "0".repeat(64)
    );
    let digest = format!("sha256:{}", hex::encode(Sha256::digest(&body)));
    (body, digest)
}

/// A registry that has every tag that begins with 1, answers `HEAD` with `head`,
/// and `GET` as it should.
fn with_head(head: impl Fn(&str) -> Response<Body> + Send + Sync + 'static) -> Odd {
    let (body, digest) = index();
    Odd::start(move |_, seen| {
        let there = seen.path.ends_with(&digest) || seen.path.contains("/manifests/1");
        match (&seen.method, there) {
            (&Method::HEAD, true) => head(&digest),
            (_, false) => reply(
                404,
                &[],
                r#"{"errors":[{"code":"MANIFEST_UNKNOWN","message":""}]}"#,
            ),
            (_, true) => reply(
                200,
                &[("content-type", INDEX), ("docker-content-digest", &digest)],
                body.clone(),
            ),
        }
    })
}

fn heads(odd: &Odd) -> usize {
    let seen = odd.seen().into_iter();
    seen.filter(|seen| seen.method == Method::HEAD).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn get_decides_where_head_cannot_be_believed() {
    let size = index().0.len().to_string();
    let other = format!("sha256:{}", "1".repeat(64));
    for status in [405_u16, 404, 403, 400, 406, 501, 410] {
        let odd = with_head(move |_| reply(status, &[], ""));
        let registry = client(&odd.host());
        for tag in ["1.0", "1.1", "1.2"] {
            let found = registry.published("app", tag).await.unwrap().unwrap();
            assert_eq!(found.platforms.len(), 1, "{status}");
        }
        assert_eq!(heads(&odd), 1, "{status}: it is remembered");
        assert_eq!(registry.published("app", "2.0").await.unwrap(), None);
        assert_eq!(registry.head("app", "2.1").await.unwrap(), None);
    }
    // An answer that is not about the manifest.
    let answers: [Vec<(&str, String)>; 6] = [
        vec![],
        vec![
            ("content-type", "text/html".into()),
            ("content-length", "5".into()),
            ("docker-content-digest", index().1),
        ],
        vec![
            ("content-type", INDEX.into()),
            ("content-length", "0".into()),
            ("docker-content-digest", index().1),
        ],
        vec![
            ("content-type", INDEX.into()),
            ("content-length", size.clone()),
            ("docker-content-digest", "sha256:0".into()),
        ],
        vec![
            ("content-type", INDEX.into()),
            ("content-length", size.clone()),
            ("docker-content-digest", format!("md5:{}", "0".repeat(32))),
        ],
        vec![
            ("content-type", INDEX.into()),
            ("content-length", size.clone()),
        ],
    ];
    for headers in answers {
        let shown = format!("{headers:?}");
        let odd = with_head(move |_| {
            let headers: Vec<_> = headers.iter().map(|(n, v)| (*n, v.as_str())).collect();
            reply(200, &headers, "")
        });
        let found = client(&odd.host()).head("app", "1.0").await.unwrap();
        assert_eq!(found.unwrap().digest().to_string(), index().1, "{shown}");
    }
    let odd = with_head(move |_| {
        let headers = [
            ("content-type", INDEX),
            ("content-length", &size),
            ("docker-content-digest", &other),
        ];
        reply(200, &headers, "")
    });
    let found = client(&odd.host()).head("app", &index().1).await.unwrap();
    assert_eq!(found.unwrap().digest().to_string(), index().1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_passes_says_nothing_of_head() {
    for status in [500_u16, 502, 503] {
        let odd = with_head(move |_| reply(status, &[], ""));
        let registry = client(&odd.host());
        for tag in ["1.0", "1.1"] {
            assert!(
                registry.head("app", tag).await.unwrap().is_some(),
                "{status}"
            );
        }
        assert_eq!(heads(&odd), 2, "{status}: it may work next time");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tag_costs_one_head_where_that_works() {
    let size = index().0.len().to_string();
    let odd = with_head(move |digest| {
        let headers = [
            ("content-type", INDEX),
            ("content-length", &size),
            ("docker-content-digest", digest),
        ];
        reply(200, &headers, "")
    });
    let registry = client(&odd.host());
    for tag in ["1.0", "2.0", "1.1", "2.1", "2.2"] {
        let found = registry.head("app", tag).await.unwrap();
        assert_eq!(found.is_some(), tag.starts_with('1'));
    }
    let lines = odd.lines();
    assert!(
        lines.iter().all(|line| line.starts_with("HEAD ")),
        "{lines:?}"
    );
    assert_eq!(lines.len(), 5);
}

/// A registry that takes everything pushed, and answers `HEAD` and `GET` of blobs
/// like this.
fn takes(blob: impl Fn(&Seen) -> Response<Body> + Send + Sync + 'static) -> Odd {
    Odd::start(move |_, seen| match seen.method {
        Method::HEAD | Method::GET if seen.path.contains("/blobs/") => blob(seen),
        Method::POST => reply(202, &[("location", "/v2/test/app/blobs/uploads/1")], ""),
        Method::PUT if seen.path.contains("/manifests/") => {
            let digest = format!("sha256:{}", hex::encode(Sha256::digest(&seen.body)));
            reply(201, &[("docker-content-digest", &digest)], "")
        }
        Method::PUT => reply(201, &[], ""),
        _ => reply(404, &[], ""),
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_blob_counts_as_there_only_where_that_can_be_believed() {
    let uploads = |odd: &Odd| {
        odd.lines()
            .iter()
            .filter(|line| line.starts_with("POST"))
            .count()
    };
    // Refused, absent, or something else: uploaded.
    for status in [405_u16, 404, 403, 501, 200] {
        let odd = takes(move |_| reply(status, &[("content-length", "3")], Body::empty()));
        push(&client(&odd.host()), "app", "linux/amd64", 1).await;
        assert_eq!(uploads(&odd), 3, "{status}: {:#?}", odd.lines());
    }
    // `HEAD` is refused and `GET` has it.
    let odd = takes(|seen| match seen.method {
        Method::HEAD => reply(405, &[], ""),
        _ => reply(200, &[], drops(Duration::from_millis(1))),
    });
    push(&client(&odd.host()), "app", "linux/amd64", 1).await;
    assert_eq!(uploads(&odd), 0, "{:#?}", odd.lines());
}

/// Two servers: the first wants a token, and redirects with this status from its
/// token server to the second.
fn token_redirect(
    status: u16,
    to: impl Fn(&str, &str) -> String + Send + Sync + 'static,
) -> (Odd, Odd) {
    let sink = Odd::start(|_, _| reply(200, &[], r#"{"token":"sink"}"#));
    let other = sink.host();
    let odd = Odd::start(move |host, seen| {
        if seen.path.starts_with("/token") {
            return reply(status, &[("location", &to(host, &other))], "");
        }
        if seen.path.starts_with("/moved") {
            return reply(200, &[], r#"{"token":"own"}"#);
        }
        if seen.authorization() == "Bearer own" {
            return tags(&["1"], "");
        }
        let challenge = format!(r#"Bearer realm="http://{host}/token",service="s",scope="x""#);
        reply(401, &[("www-authenticate", &challenge)], "{}")
    });
    (odd, sink)
}

fn who() -> [RegistryAuth; 3] {
    [
        RegistryAuth::Bearer("identity-canary".to_owned()),
        RegistryAuth::Basic("user".to_owned(), "password-canary".to_owned()),
        RegistryAuth::Anonymous,
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn no_credential_follows_a_token_server_to_another_host() {
    for status in [301, 302, 303, 307, 308] {
        for auth in who() {
            let (odd, sink) = token_redirect(status, |_, other| {
                format!("http://{}/token", other.replace("127.0.0.1", "localhost"))
            });
            let text = told(
                client_as(&odd.host(), Arc::new(Given(auth)))
                    .tags("app")
                    .await,
            );
            assert!(sink.seen().is_empty(), "{status}: {:?}", sink.seen());
            assert!(text.contains("redirects to another host"), "{text}");
            assert!(!text.contains("canary"), "{text}");
        }
    }
    // The same host by another port is another one.
    let (odd, sink) = token_redirect(307, |_, other| format!("http://{other}/token"));
    let [identity, ..] = who();
    told(
        client_as(&odd.host(), Arc::new(Given(identity)))
            .tags("app")
            .await,
    );
    assert!(sink.seen().is_empty(), "{:?}", sink.seen());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_server_may_move_within_itself() {
    for auth in who() {
        let (odd, _) = token_redirect(307, |_, _| "/moved?scope=x".to_owned());
        let identity = matches!(auth, RegistryAuth::Bearer(_));
        let found = client_as(&odd.host(), Arc::new(Given(auth)))
            .tags("app")
            .await;
        assert_eq!(found.unwrap(), ["1"]);
        let moved = odd
            .seen()
            .into_iter()
            .find(|seen| seen.path.starts_with("/moved"))
            .unwrap();
        assert_eq!(moved.path, "/moved?scope=x");
        let body = String::from_utf8_lossy(&moved.body).into_owned();
        assert_eq!(body.contains("identity-canary"), identity, "{body}");
    }
    // Round and round.
    let (odd, _) = token_redirect(307, |_, _| "/token".to_owned());
    let text = told(
        client_as(&odd.host(), Arc::new(Given(RegistryAuth::Anonymous)))
            .tags("app")
            .await,
    );
    assert!(text.contains("more than 5 redirects"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_server_is_never_asked_in_the_clear() {
    for realm in [
        "http://192.0.2.1/token",
        "http://localhost.example/token",
        "ftp://127.0.0.1/token",
    ] {
        let odd = Odd::start(move |_, _| {
            let challenge = format!(r#"Bearer realm="{realm}",service="s""#);
            reply(401, &[("www-authenticate", &challenge)], "{}")
        });
        let [_, basic, _] = who();
        let text = told(
            client_as(&odd.host(), Arc::new(Given(basic)))
                .tags("app")
                .await,
        );
        assert!(text.contains("not reached by https"), "{text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_registry_that_redirects_gives_nothing_away() {
    // Reading goes where it is sent, without credentials; what is asked for there
    // is not our registry asking.
    let (body, digest) = index();
    let sink = Odd::start(move |host, seen| match seen.path.contains("locked") {
        false => reply(200, &[("content-type", INDEX)], body.clone()),
        true => {
            let challenge = format!(r#"Bearer realm="http://{host}/token",service="s""#);
            reply(401, &[("www-authenticate", &challenge)], "{}")
        }
    });
    let other = sink.host();
    let odd = Odd::start(move |_, seen| match seen.authorization() {
        "" => reply(401, &[("www-authenticate", "Basic realm=\"r\"")], ""),
        _ => reply(
            307,
            &[("location", &format!("http://{other}{}", seen.path))],
            "",
        ),
    });
    let [_, basic, _] = who();
    let registry = client_as(&odd.host(), Arc::new(Given(basic)));
    assert!(registry.manifest("app", &digest).await.unwrap().is_some());
    told(registry.manifest("app", "locked").await);
    for seen in sink.seen() {
        assert_eq!(seen.authorization(), "", "{seen:?}");
        assert!(
            !seen.path.contains("token"),
            "it believed another host: {seen:?}"
        );
        assert!(!seen.headers.contains_key("referer"), "{seen:?}");
    }
    // Writing does not.
    let before = sink.seen().len();
    let text = told(registry.check_push("app").await);
    assert!(text.contains("redirects to another host"), "{text}");
    assert_eq!(sink.seen().len(), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_goes_on_at_the_registry_by_whatever_name_it_is_given() {
    let sink = Odd::start(|_, _| reply(201, &[], ""));
    let other = sink.host();
    let odd = Odd::start(move |_, seen| match seen.method {
        Method::POST => {
            let location = format!("http://{other}/v2/test/app/blobs/uploads/1?state=x");
            reply(202, &[("location", &location)], "")
        }
        Method::PUT if seen.path.contains("/manifests/") => {
            let digest = format!("sha256:{}", hex::encode(Sha256::digest(&seen.body)));
            reply(201, &[("docker-content-digest", &digest)], "")
        }
        Method::PUT => reply(201, &[], ""),
        _ => reply(404, &[], ""),
    });
    push(&client(&odd.host()), "app", "linux/amd64", 1).await;
    assert!(sink.seen().is_empty(), "{:?}", sink.seen());
    assert!(
        odd.lines()
            .iter()
            .any(|line| line.starts_with("PUT /v2/test/app/blobs/uploads/1?state=x&digest="))
    );

    // Elsewhere in the clear is refused.
    let odd = Odd::start(|_, seen| match seen.method {
        Method::POST => reply(202, &[("location", "http://192.0.2.1/upload/1")], ""),
        _ => reply(404, &[], ""),
    });
    let registry = client(&odd.host());
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("image.tar");
    bakehouse_loopback::write_archive(&path, "amd64", &[]);
    let text = told(registry.push_archive("app", &path).await);
    assert!(
        text.contains("192.0.2.1") && text.contains("refused"),
        "{text}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_in_drops_ends() {
    let odd = Odd::start(|_, _| {
        reply(
            200,
            &[("content-type", INDEX)],
            drops(Duration::from_millis(50)),
        )
    });
    let policy = RetryPolicy {
        whole: Duration::from_millis(600),
        silence: Duration::from_millis(500),
        ..quick()
    };
    let registry = limited(&odd.host(), policy);
    let text = told(registry.manifest("app", "1.0").await);
    assert!(text.contains("the answer took longer than 0.6 s"), "{text}");
    let text = told(registry.tags("app").await);
    assert!(text.contains("the answer took longer than 0.6 s"), "{text}");
    assert_eq!(odd.seen().len(), 2, "it is not asked again");
    // An error in drops is an error all the same.
    let odd = Odd::start(|_, _| reply(400, &[], drops(Duration::from_millis(50))));
    let policy = RetryPolicy {
        whole: Duration::from_millis(300),
        ..quick()
    };
    let text = told(limited(&odd.host(), policy).manifest("app", "1.0").await);
    assert!(text.contains("400"), "{text}");
    // And a token server's.
    let odd = Odd::start(|host, seen| match seen.path.starts_with("/token") {
        true => reply(200, &[], drops(Duration::from_millis(50))),
        false => {
            let challenge = format!(r#"Bearer realm="http://{host}/token",service="s""#);
            reply(401, &[("www-authenticate", &challenge)], "{}")
        }
    });
    let policy = RetryPolicy {
        whole: Duration::from_millis(300),
        ..quick()
    };
    let text = told(limited(&odd.host(), policy).tags("app").await);
    assert!(text.contains("took longer"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_redirected_to_is_named_where_it_does_not_answer() {
    let to = [("location", "http://127.0.0.1:1/login")];
    let odd = Odd::start(move |_, _| reply(302, &to, ""));
    let text = told(client(&odd.host()).tags("app").await);
    assert!(
        text.contains("it redirects to http://127.0.0.1:1: no connection"),
        "{text}"
    );
}
