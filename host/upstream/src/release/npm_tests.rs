use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use bakehouse_core::progress::Silent;
use bakehouse_registry::Upstream;
use bakehouse_system::unpack::{Archive, Format};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use bakehouse_core::grants::Denied;

use crate::release::{
    ApiLimits, ForgeAccess, NpmConfig, PipConfig, ReleaseError, Releases, ReleasesOptions,
    Selection, SourceId,
};

const PACKAGE: &str = r#"{
  "name": "@scope/tool", "dist-tags": {"latest": "1.9.0"},
  "time": {"created": "2020-01-01T00:00:00.000Z", "1.9.0": "2024-01-01T00:00:00.000Z",
           "1.10.0": "2024-02-01T00:00:00.000Z", "2.0.0-rc.1": "2024-03-01T00:00:00.000Z",
           "0.1.0": "2020-01-01T00:00:00.000Z"},
  "versions": {
    "1.9.0": {"license": "MIT", "deprecated": "use 1.10", "dist": {"integrity": "sha512-AA==", "shasum": "0", "unpackedSize": 9, "tarball": "https://registry.test/@scope/tool/-/tool-1.9.0.tgz"}},
    "1.10.0": {"license": {"type": "MIT"}, "description": "A tool", "dist": {"tarball": "https://registry.test:443/@scope/tool/-/tool-1.10.0.tgz"}},
    "2.0.0-rc.1": {"dist": {"tarball": "https://registry.test/@scope/tool/-/tool-2.0.0-rc.1.tgz"}},
    "not-a-version": {"dist": {"tarball": "https://registry.test/x.tgz"}},
    "1.0.0": {"dist": null}
  }
}"#;

/// Answers with these statuses and bodies in turn; keeps the request heads.
async fn server(answers: Vec<(&'static str, &'static str)>) -> (String, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let heads = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&heads);
    let count = AtomicUsize::new(0);
    tokio::spawn(async move {
        loop {
            let (mut socket, _) = listener.accept().await.unwrap();
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                head.push(socket.read_u8().await.unwrap());
            }
            seen.lock().unwrap().push(String::from_utf8(head).unwrap());
            let n = count.fetch_add(1, Ordering::SeqCst);
            let (status, body) = answers.get(n).or(answers.last()).unwrap();
            let length = body.len();
            let answer = format!(
                "HTTP/1.1 {status}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
            );
            let _ = socket.write_all(answer.as_bytes()).await;
        }
    });
    (base, heads)
}

fn npm(base: &str) -> Releases {
    releases(NpmConfig::registry(base))
}

fn releases(npm: NpmConfig) -> Releases {
    Releases::new(ReleasesOptions {
        npm,
        pip: PipConfig::default(),
        access: ForgeAccess::from_env(|_| None).unwrap(),
        cache: None,
        limits: ApiLimits::default(),
        reporter: Arc::new(Silent),
        upstream: Upstream::new(Arc::new(Silent)),
    })
    .unwrap()
}

fn package(name: &str) -> SourceId {
    format!("npm:{name}").parse().unwrap()
}

fn all() -> Selection {
    Selection::new(None, true).unwrap()
}

#[tokio::test]
async fn lists_by_version_from_one_request() {
    let (base, heads) = server(vec![("200 OK", PACKAGE)]).await;
    let npm = npm(&base);
    let (source, every) = (package("@scope/tool"), all());
    let (all, latest) = tokio::join!(
        npm.list(&source, &every, 10),
        npm.latest(&source, Some("{version}"))
    );
    let all = all.unwrap();
    let tags: Vec<_> = all.iter().map(|r| (r.tag.as_str(), r.prerelease)).collect();
    assert_eq!(
        tags,
        [("2.0.0-rc.1", true), ("1.10.0", false), ("1.9.0", false)]
    );
    let latest = latest.unwrap();
    assert_eq!(latest, all[1]);
    assert_eq!(
        latest.published.as_deref(),
        Some("2024-02-01T00:00:00.000Z")
    );
    assert_eq!(latest.assets[0].name, "tool-1.10.0.tgz");
    assert_eq!(
        latest.assets[0].url, "https://registry.test/@scope/tool/-/tool-1.10.0.tgz",
        "in the form that downloads want"
    );
    assert_eq!(
        latest.extras,
        [
            ("license".into(), "MIT".into()),
            ("description".into(), "A tool".into())
        ]
    );
    let old = npm.get(&source, "1.9.0").await.unwrap();
    assert_eq!(old.assets[0].integrity.as_deref(), Some("sha512-AA=="));
    assert!(
        old.extras
            .contains(&("deprecated".into(), "use 1.10".into()))
    );
    let error = npm.get(&source, "0.1.0").await.unwrap_err();
    assert!(matches!(&error, ReleaseError::NoRelease { tag, .. } if tag == "0.1.0"));
    assert_eq!(npm.list(&source, &every, 1).await.unwrap().len(), 1);

    let heads = heads.lock().unwrap();
    assert_eq!(heads.len(), 1);
    assert!(
        heads[0].starts_with("GET /@scope%2ftool HTTP/1.1\r\n"),
        "{}",
        heads[0]
    );
}

#[tokio::test]
async fn says_what_went_wrong() {
    let unpublished = r#"{"name":"x","time":{"unpublished":{"time":"2024-01-01T00:00:00.000Z"}}}"#;
    for (status, body, requests, expected) in [
        ("404 Not Found", "", 1, "NoPackage(\"x\")"),
        (
            "200 OK",
            unpublished,
            1,
            "EmptyPackage { name: \"x\", why: \"was unpublished\"",
        ),
        ("429 Slow", "", 1, "source: Paused {"),
        ("503 Busy", "", 3, "source: Status { status: 503"),
        ("401 Who", "", 1, "status: 401"),
        // It is there, perhaps, and not for us.
        ("403 No", "", 1, "source: Hidden { status: 403"),
        ("200 OK", "{}x", 1, "Malformed {"),
        ("200 OK", "<html><title>Login</title>", 1, "Page {"),
    ] {
        let (base, heads) = server(vec![(status, body)]).await;
        let error = npm(&base).list(&package("x"), &all(), 1).await.unwrap_err();
        assert!(
            format!("{error:?}").contains(expected),
            "{status}: {error:?}"
        );
        assert_eq!(heads.lock().unwrap().len(), requests, "{status}");
    }
}

#[tokio::test]
async fn a_package_is_probed_by_the_beginning_of_one_answer() {
    for (status, body, expected) in [
        ("200 OK", PACKAGE, "Ok(())"),
        ("404 Not Found", "", "NoPackage(\"x\")"),
        ("429 Slow", "", "source: Paused {"),
        ("503 Busy", "", "source: Status { status: 503"),
        ("200 OK", "<html><title>Login</title>", "Page {"),
    ] {
        let (base, heads) = server(vec![(status, body)]).await;
        let probed = npm(&base).probe(&package("x")).await;
        assert!(
            format!("{probed:?}").contains(expected),
            "{status}: {probed:?}"
        );
        assert_eq!(heads.lock().unwrap().len(), 1, "{status}");
    }
}

#[tokio::test]
async fn a_failed_read_is_tried_again_later() {
    let (base, _) = server(vec![("404 Not Found", ""), ("200 OK", PACKAGE)]).await;
    let npm = npm(&base);
    npm.latest(&package("x"), None).await.unwrap_err();
    npm.latest(&package("x"), None).await.unwrap();
}

#[tokio::test]
async fn refuses_names_that_are_paths() {
    let npm = npm("http://127.0.0.1:9");
    for name in [
        "..", "a/b", "@a", "@a/..", "@../b", "a?b", "a%2fb", "@a/b/c", ".x",
    ] {
        let error = npm.latest(&package(name), None).await.unwrap_err();
        assert!(
            matches!(error, ReleaseError::PackageName(_)),
            "{name}: {error}"
        );
    }
    let nameless = "npm:".parse::<SourceId>();
    assert!(matches!(nameless, Err(ReleaseError::Unknown { .. })));
}

/// Reads the registry that npm is configured for.
#[tokio::test]
async fn reads_a_large_package() {
    let npm = releases(NpmConfig::load());
    let begun = std::time::Instant::now();
    let all = npm
        .list(&package("esbuild"), &all(), u32::MAX)
        .await
        .unwrap();
    println!("{} versions in {:?}", all.len(), begun.elapsed());
    assert!(all.len() > 400);
    let get = npm
        .get(&package("@esbuild/linux-arm64"), "0.25.1")
        .await
        .unwrap();
    let place = tempfile::tempdir().unwrap();
    std::fs::create_dir(place.path().join("src")).unwrap();
    let fetcher = crate::fetch::Fetcher::new(place.path().join("cache")).unwrap();
    let archive = Archive {
        format: Format::Auto,
        strip: 1,
        members: Vec::new(),
    };
    for _ in 0..2 {
        let begun = std::time::Instant::now();
        let request = crate::fetch::Download {
            url: &get.assets[0].url,
            integrity: get.assets[0].integrity.as_deref(),
            work_tree: &place.path().join("src"),
            into: "package",
            unpack: crate::fetch::Unpack::Archive(&archive),
            room: bakehouse_system::quota::Quota {
                bytes: 1 << 30,
                entries: 10,
            },
            route: crate::fetch::Route {
                asset: true,
                granted: &|_| Err(Denied(String::new())),
            },
        };
        let done = fetcher.download(request).await.unwrap();
        println!("{} bytes in {:?}", done.size, begun.elapsed());
    }
    assert!(place.path().join("src/package/bin/esbuild").is_file());
}

/// A registry with an `ETag`; what it sent, in bytes of bodies and in 304s.
async fn with_etags(body: String) -> (String, Arc<Mutex<Vec<(u16, usize)>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let sent = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&sent);
    tokio::spawn(async move {
        loop {
            let (mut socket, _) = listener.accept().await.unwrap();
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                head.push(socket.read_u8().await.unwrap());
            }
            let head = String::from_utf8(head).unwrap().to_lowercase();
            let (status, body) = match head.contains("if-none-match: \"v1\"") {
                true => ("304 Not Modified", ""),
                false => ("200 OK", body.as_str()),
            };
            let code = status[..3].parse().unwrap();
            log.lock().unwrap().push((code, body.len()));
            let length = body.len();
            let answer = format!(
                "HTTP/1.1 {status}\r\netag: \"v1\"\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
            );
            let _ = socket.write_all(answer.as_bytes()).await;
        }
    });
    (base, sent)
}

#[tokio::test]
async fn a_package_is_fetched_whole_once() {
    // Most of a document is what nobody reads.
    let readme = "x".repeat(2 << 20);
    let body = PACKAGE.replacen('{', &format!(r#"{{"readme": "{readme}","#), 1);
    let length = body.len();
    let (base, sent) = with_etags(body).await;
    let dir = tempfile::tempdir().unwrap();
    let mut lists = Vec::new();
    for _ in 0..3 {
        // Each as a run of its own.
        let npm = Releases::new(ReleasesOptions {
            npm: NpmConfig::registry(&base),
            pip: PipConfig::default(),
            access: ForgeAccess::from_env(|_| None).unwrap(),
            cache: Some(dir.path().to_owned()),
            limits: ApiLimits::default(),
            reporter: Arc::new(Silent),
            upstream: Upstream::new(Arc::new(Silent)),
        })
        .unwrap();
        lists.push(npm.list(&package("@scope/tool"), &all(), 10).await.unwrap());
    }
    assert_eq!(lists[0].len(), 3);
    assert!(lists.iter().all(|list| *list == lists[0]), "{lists:?}");
    let sent = sent.lock().unwrap().clone();
    assert_eq!(sent, [(200, length), (304, 0), (304, 0)]);
    let files = std::fs::read_dir(dir.path()).unwrap();
    let kept: u64 = files
        .map(|file| file.unwrap().metadata().unwrap().len())
        .sum();
    assert!(kept < 4096, "{kept} bytes are kept");
}
