use std::sync::atomic::AtomicUsize;

use sha2::{Digest as _, Sha256};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use bakehouse_core::grants::Denied;
use bakehouse_core::progress::Event;
use bakehouse_system::http::HttpError;
use bakehouse_system::unpack::{Compression, Format, UnpackError};
use bakehouse_system::work_tree::PathError;

use super::*;

/// Answers each request with the next of these raw responses, the last one for
/// ever. Returns its address and the number of requests so far.
async fn server(answers: Vec<Vec<u8>>) -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let count = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&count);
    tokio::spawn(async move {
        loop {
            let (mut socket, _) = listener.accept().await.unwrap();
            let mut seen = Vec::new();
            while !seen.ends_with(b"\r\n\r\n") {
                let mut buffer = [0; 1024];
                match socket.read(&mut buffer).await {
                    Ok(0) | Err(_) => break,
                    Ok(n) => seen.extend_from_slice(&buffer[..n]),
                }
            }
            let n = counted.fetch_add(1, Ordering::SeqCst);
            let answer = answers.get(n).or(answers.last()).unwrap();
            let _ = socket.write_all(answer).await;
            let _ = socket.shutdown().await;
        }
    });
    (base, count)
}

fn ok(body: &[u8]) -> Vec<u8> {
    let head = format!(
        "HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        body.len()
    );
    [head.as_bytes(), body].concat()
}

fn status(line: &str) -> Vec<u8> {
    format!("HTTP/1.1 {line}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n").into_bytes()
}

const ANYWHERE: Route<'_> = Route {
    asset: false,
    granted: &|_| Ok(()),
};

fn bytes(bytes: u64) -> Quota {
    Quota {
        bytes,
        entries: 1000,
    }
}

/// An archive whose top folder is dropped.
fn tar_gz() -> Archive {
    Archive {
        format: Format::Tar(Compression::Gzip),
        strip: 1,
        members: Vec::new(),
    }
}

struct Place {
    dir: tempfile::TempDir,
    fetcher: Fetcher,
}

impl Place {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(dir.path().join("src")).unwrap();
        let cache = dir.path().join("cache");
        let fetcher = Fetcher::new(cache).unwrap().limits(1000, DEFAULT_IDLE);
        Self { dir, fetcher }
    }

    fn tree(&self) -> PathBuf {
        self.dir.path().join("src")
    }

    async fn get(
        &self,
        url: &str,
        integrity: Option<&str>,
        into: &str,
        unpack: Unpack<'_>,
    ) -> Result<Downloaded, FetchError> {
        let request = Download {
            url,
            integrity,
            work_tree: &self.tree(),
            into,
            unpack,
            room: bytes(1 << 30),
            route: ANYWHERE,
        };
        self.fetcher.download(request).await
    }

    /// Nothing but the tree and the cache is left, and no part of a download.
    fn is_tidy(&self) {
        let names = |path: PathBuf| -> Vec<String> {
            let mut names: Vec<_> = std::fs::read_dir(path)
                .into_iter()
                .flatten()
                .map(|e| e.unwrap().file_name().into_string().unwrap())
                .collect();
            names.sort();
            names
        };
        let left = names(self.dir.path().to_owned());
        assert!(left.iter().all(|n| n == "src" || n == "cache"), "{left:?}");
        assert!(names(self.dir.path().join("cache/parts")).is_empty());
    }
}

fn sha256(bytes: &[u8]) -> String {
    format!("sha256:{}", hex::encode(Sha256::digest(bytes)))
}

#[tokio::test]
async fn downloads_once_for_two_tasks_and_retries() {
    let (base, count) = server(vec![status("503 Busy"), ok(b"hello")]).await;
    let place = Place::new();
    let url = format!("{base}/x");
    let want = sha256(b"hello");
    let (one, two) = tokio::join!(
        place.get(&url, Some(&want), "a/one", Unpack::None),
        place.get(&url, Some(&want), "two", Unpack::None),
    );
    assert_eq!(one.as_ref().unwrap().digest, want);
    assert_eq!(one.unwrap(), two.unwrap());
    assert_eq!(count.load(Ordering::SeqCst), 2, "one refused, one served");
    assert_eq!(std::fs::read(place.tree().join("a/one")).unwrap(), b"hello");
    place.is_tidy();
}

#[tokio::test]
async fn nothing_appears_unless_verified() {
    let (base, _) = server(vec![ok(b"jello")]).await;
    let place = Place::new();
    let url = format!("{base}/x?token=secret");
    let error = place
        .get(&url, Some(&sha256(b"hello")), "x", Unpack::None)
        .await
        .unwrap_err()
        .to_string();
    assert!(error.contains(&sha256(b"hello")) && error.contains(&sha256(b"jello")));
    assert!(!error.contains("secret"), "{error}");
    assert!(!place.tree().join("x").exists());
    place.is_tidy();
}

#[tokio::test]
async fn unpacks_all_or_nothing() {
    let mut tar = tar::Builder::new(Vec::new());
    let mut header = tar::Header::new_gnu();
    header.set_size(2);
    header.set_mode(0o755);
    tar.append_data(&mut header.clone(), "package/bin/x", &b"ok"[..])
        .unwrap();
    let good = tar.into_inner().unwrap();
    let gz = |bytes: &[u8]| {
        let mut out = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        io::Write::write_all(&mut out, bytes).unwrap();
        out.finish().unwrap()
    };
    let mut tar = tar::Builder::new(Vec::new());
    tar.append_data(&mut header, "package/bin/x", &b"ok"[..])
        .unwrap();
    let mut pipe = tar::Header::new_gnu();
    pipe.set_entry_type(tar::EntryType::Fifo);
    pipe.set_size(0);
    tar.append_data(&mut pipe, "package/pipe", std::io::empty())
        .unwrap();
    let bad = tar.into_inner().unwrap();

    let (base, _) = server(vec![ok(&gz(&good)), ok(&gz(&bad)), ok(b"no gzip")]).await;
    let place = Place::new();
    let url = format!("{base}/x.tgz");
    std::fs::create_dir_all(place.tree().join("out/bin")).unwrap();
    std::fs::write(place.tree().join("out/bin/kept"), "").unwrap();
    place
        .get(&url, None, "out", Unpack::Archive(&tar_gz()))
        .await
        .unwrap();
    assert!(place.tree().join("out/bin/x").exists());
    assert!(place.tree().join("out/bin/kept").exists());
    for _ in 0..2 {
        let error = place
            .get(&url, None, "other", Unpack::Archive(&tar_gz()))
            .await
            .unwrap_err();
        let FetchError::Unpack { source, .. } = &error else {
            panic!("{error:?}");
        };
        assert!(
            matches!(
                source,
                UnpackError::Refused { .. } | UnpackError::Damaged(_)
            ),
            "{error}"
        );
    }
    assert!(!place.tree().join("other").exists());
    place.is_tidy();
}

#[tokio::test]
async fn bounds_size_and_says_what_went_wrong() {
    let endless = [
        b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n",
        &[b'x'; 2000][..],
    ]
    .concat();
    let (base, count) = server(vec![
        ok(&[b'x'; 2000]),
        endless,
        status("404 No"),
        status("403 No"),
        status("401 No"),
        status("500 No"),
        status("500 No"),
        status("500 No"),
        status("429 Slow"),
    ])
    .await;
    let place = Place::new();
    let url = format!("{base}/x");
    let mut kinds = Vec::new();
    for _ in 0..7 {
        let error = place.get(&url, None, "x", Unpack::None).await.unwrap_err();
        kinds.push(match error {
            FetchError::Large { limit, .. } => format!("more than {limit}"),
            FetchError::Http { source, .. } => format!("{source:?}"),
            error => format!("{error:?}"),
        });
    }
    assert_eq!(kinds[..2], ["more than 1000", "more than 1000"]);
    assert_eq!(kinds[2], "NotFound");
    // As an object store says it to who may not list what it has.
    assert!(kinds[3].starts_with("Hidden"), "{}", kinds[3]);
    assert!(kinds[4].starts_with("Unauthorized"), "{}", kinds[4]);
    assert!(kinds[5].starts_with("Status"), "{}", kinds[5]);
    assert!(kinds[6].starts_with("Paused"), "{}", kinds[6]);
    assert_eq!(count.load(Ordering::SeqCst), 6 + 3);
    place.is_tidy();
}

#[tokio::test]
async fn an_idle_server_times_out() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/x", listener.local_addr().unwrap());
    let place = Place::new();
    let fetcher = place.fetcher.clone().limits(10, Duration::from_millis(50));
    let request = Download {
        url: &url,
        integrity: None,
        work_tree: &place.tree(),
        into: "x",
        unpack: Unpack::None,
        room: bytes(10),
        route: ANYWHERE,
    };
    let error = fetcher.download(request).await.unwrap_err();
    assert!(
        matches!(&error, FetchError::Http { source, .. } if source.is_timeout()),
        "{error}"
    );
}

#[tokio::test]
async fn a_download_in_drops_ends() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/x", listener.local_addr().unwrap());
    tokio::spawn(async move {
        let (mut socket, _) = listener.accept().await.unwrap();
        let mut request = [0; 1024];
        assert!(socket.read(&mut request).await.unwrap() > 0);
        let head = "HTTP/1.1 200 OK\r\ncontent-length: 900\r\n\r\n";
        let mut sent = socket.write_all(head.as_bytes()).await;
        while sent.is_ok() {
            sent = socket.write_all(b"x").await;
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    });
    let place = Place::new();
    let fetcher = place.fetcher.clone().rate(100, Duration::from_millis(200));
    let request = Download {
        url: &url,
        integrity: None,
        work_tree: &place.tree(),
        into: "x",
        unpack: Unpack::None,
        room: bytes(900),
        route: ANYWHERE,
    };
    let error = fetcher.download(request).await.unwrap_err();
    assert!(matches!(error, FetchError::Slow { .. }), "{error}");
    assert!(
        error.to_string().contains("slower than 100 bytes"),
        "{error}"
    );
    place.is_tidy();
}

#[tokio::test]
async fn follows_five_redirects() {
    let hop =
        b"HTTP/1.1 302 Found\r\nlocation: /next\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
    let (base, _) = server([vec![hop.to_vec(); 5], vec![ok(b"x")]].concat()).await;
    let place = Place::new();
    place
        .get(&format!("{base}/x"), None, "x", Unpack::None)
        .await
        .unwrap();
    let (base, _) = server(vec![hop.to_vec()]).await;
    let error = place
        .get(&format!("{base}/x"), None, "x", Unpack::None)
        .await
        .unwrap_err();
    assert!(error.to_string().contains("redirects"), "{error}");
}

#[tokio::test]
async fn refuses_urls_that_grants_would_misread() {
    let place = Place::new();
    for url in [
        "ftp://host.test/x",
        "file:///etc/passwd",
        "https://host.test/granted/../other",
        "https://host.test/granted/%2e%2e/other",
        "https://host.test/granted\\..\\other",
        "HTTPS://host.test/x",
        "not a url",
    ] {
        let error = place.get(url, None, "x", Unpack::None).await.unwrap_err();
        assert!(matches!(error, FetchError::Url(_)), "{url}: {error}");
    }
    let error = place
        .get("https://host.test/x", None, "../x", Unpack::None)
        .await
        .unwrap_err();
    assert!(
        matches!(error, FetchError::Path(PathError::Outside(_))),
        "{error}"
    );
}

fn redirect(to: &str) -> Vec<u8> {
    let head = "HTTP/1.1 302 Found\r\ncontent-length: 0\r\nconnection: close";
    format!("{head}\r\nlocation: {to}\r\n\r\n").into_bytes()
}

#[tokio::test]
async fn redirects_lead_only_to_what_is_granted() {
    let (secret, hits) = server(vec![ok(b"secret")]).await;
    let port = secret.rsplit(':').next().unwrap();
    let place = Place::new();
    for to in [
        format!("{secret}/x"),
        format!("http://localhost:{port}/x"),
        format!("http://[::ffff:127.0.0.1]:{port}/x"),
        format!("http://0x7f.1:{port}/x"),
        "http://169.254.169.254/latest/meta-data/".to_owned(),
        "file:///etc/passwd".to_owned(),
    ] {
        let (base, _) = server(vec![redirect(&to)]).await;
        let url = format!("{base}/x");
        let refuse = |asked: &str| match asked.starts_with(&base) {
            true => Ok(()),
            false => Err(Denied("no grant".to_owned())),
        };
        let never = |_: &str| Err(Denied("no grant".to_owned()));
        // By its own grant, and as a file that a granted source serves.
        for route in [
            Route {
                asset: false,
                granted: &refuse,
            },
            Route {
                asset: true,
                granted: &never,
            },
        ] {
            let request = Download {
                url: &url,
                integrity: None,
                work_tree: &place.tree(),
                into: "x",
                unpack: Unpack::None,
                room: bytes(100),
                route,
            };
            let error = place.fetcher.download(request).await.unwrap_err();
            let file = to.starts_with("file:");
            assert_eq!(
                matches!(error, FetchError::Denied { .. }),
                !file,
                "{to}: {error}"
            );
        }
    }
    assert_eq!(hits.load(Ordering::SeqCst), 0);
    place.is_tidy();
}

#[tokio::test]
async fn nothing_larger_than_the_room_is_left() {
    let (base, _) = server(vec![ok(&[b'x'; 100])]).await;
    let place = Place::new();
    let url = format!("{base}/x");
    let request = Download {
        url: &url,
        integrity: None,
        work_tree: &place.tree(),
        into: "x",
        unpack: Unpack::None,
        room: bytes(99),
        route: ANYWHERE,
    };
    let error = place.fetcher.download(request).await.unwrap_err();
    assert!(error.to_string().contains("larger than"), "{error}");
    place.is_tidy();
}

#[tokio::test]
async fn a_digest_is_no_key_to_what_others_fetched() {
    let (theirs, hits) = server(vec![ok(b"private"), status("500 No")]).await;
    let (mine, _) = server(vec![status("404 No")]).await;
    let place = Place::new();
    let integrity = sha256(b"private");
    let digest = Some(integrity.as_str());
    let get = async |url: &str| place.get(url, digest, "x", Unpack::None).await;
    get(&format!("{theirs}/x")).await.unwrap();
    for url in [format!("{mine}/x"), format!("{mine}/?{theirs}/x")] {
        let error = get(&url).await.unwrap_err();
        let absent = matches!(
            &error,
            FetchError::Http {
                source: HttpError::NotFound,
                ..
            }
        );
        assert!(absent, "{error}");
    }
    assert!(get(&format!("{theirs}/other")).await.is_err());
    let asked = hits.load(Ordering::SeqCst);
    get(&format!("{theirs}/x")).await.unwrap();
    assert_eq!(hits.load(Ordering::SeqCst), asked, "its own is cached");
}

#[tokio::test]
async fn a_cached_file_needs_the_way_that_it_came_by() {
    let (files, hits) = server(vec![ok(b"file")]).await;
    let (front, _) = server(vec![redirect(&format!("{files}/x?signature=1"))]).await;
    let place = Place::new();
    let integrity = sha256(b"file");
    let url = format!("{front}/x");
    let get = async |granted: &[&str]| {
        let granted = |asked: &str| match granted.iter().any(|start| asked.starts_with(start)) {
            true => Ok(()),
            false => Err(Denied("no grant".to_owned())),
        };
        let request = Download {
            url: &url,
            integrity: Some(&integrity),
            work_tree: &place.tree(),
            into: "x",
            unpack: Unpack::None,
            room: bytes(100),
            route: Route {
                asset: false,
                granted: &granted,
            },
        };
        place.fetcher.download(request).await
    };
    let (front, files) = (format!("{front}/"), format!("{files}/"));
    get(&[&front, &files]).await.unwrap();
    get(&[&front, &files]).await.unwrap();
    assert_eq!(hits.load(Ordering::SeqCst), 1, "the second is cached");
    let error = get(&[&front]).await.unwrap_err();
    assert!(matches!(error, FetchError::Denied { .. }), "{error}");
}

/// The pauses that the reporter is told of.
#[derive(Default)]
struct Told(Mutex<Vec<(String, Duration)>>);

impl Reporter for Told {
    fn report(&self, event: Event<'_>) {
        if let Event::Retry { what, after } = event {
            self.0.lock().unwrap().push((what.to_owned(), after));
        }
    }
}

fn busy(status: &str, asks: &str) -> Vec<u8> {
    let head = format!("HTTP/1.1 {status}\r\n{asks}content-length: 0\r\nconnection: close\r\n\r\n");
    head.into_bytes()
}

/// A `Retry-After` so many seconds after the server's own time.
fn dated(seconds: u64) -> String {
    let date = |time| httpdate::fmt_http_date(time);
    // By another clock than ours.
    let now = std::time::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
    let later = now + Duration::from_secs(seconds);
    format!("date: {}\r\nretry-after: {}\r\n", date(now), date(later))
}

#[tokio::test]
async fn a_busy_server_is_waited_for_as_on_a_list() {
    for (refusal, least) in [
        (busy("429 Slow", "retry-after: 1\r\n"), 1),
        (busy("429 Slow", &dated(2)), 2),
        (busy("503 Busy", "retry-after: 1\r\n"), 1),
    ] {
        let (base, count) = server(vec![refusal, ok(b"hello")]).await;
        let place = Place::new();
        let told = Arc::new(Told::default());
        let reporter = Arc::<Told>::clone(&told);
        let fetcher = place.fetcher.clone().reporter(reporter);
        let place = Place { fetcher, ..place };
        let url = format!("{base}/x?token=secret");
        let begun = std::time::Instant::now();
        place.get(&url, None, "x", Unpack::None).await.unwrap();
        assert!(begun.elapsed() > Duration::from_millis(least * 1000 - 100));
        assert_eq!(count.load(Ordering::SeqCst), 2, "asked once more");
        let told = told.0.lock().unwrap();
        let [(what, after)] = told.as_slice() else {
            panic!("{told:?}");
        };
        assert_eq!(*what, format!("{base}/x?...: rate limited"));
        assert!(
            *after > Duration::from_millis(least * 1000 - 100),
            "{after:?}"
        );
        assert!(*after <= Duration::from_secs(least), "{after:?}");
        place.is_tidy();
    }
}

#[tokio::test]
async fn a_pause_that_is_too_long_is_told_and_kept() {
    for refusal in [
        busy("429 Slow", "retry-after: 3000\r\n"),
        busy("429 Slow", &dated(3000)),
        busy("503 Busy", &dated(3000)),
        // Nothing says how long.
        busy("429 Slow", ""),
    ] {
        let (base, count) = server(vec![refusal]).await;
        let place = Place::new();
        for file in ["x", "y"] {
            let url = format!("{base}/{file}");
            let error = place.get(&url, None, file, Unpack::None).await.unwrap_err();
            let FetchError::Http {
                source: HttpError::Busy { .. } | HttpError::Paused { .. },
                ..
            } = &error
            else {
                panic!("{error:?}");
            };
            let text = error.to_string();
            let start = format!("{url}: rate limited; try again after ");
            assert!(text.starts_with(&start) && text.ends_with(" GMT"), "{text}");
        }
        assert_eq!(
            count.load(Ordering::SeqCst),
            1,
            "asked once, then left alone"
        );
        place.is_tidy();
    }
}

#[tokio::test]
async fn a_server_that_always_asks_for_a_moment_is_not_asked_for_ever() {
    let (base, count) = server(vec![busy("429 Slow", "retry-after: 0\r\n")]).await;
    let place = Place::new();
    let url = format!("{base}/x");
    let error = place.get(&url, None, "x", Unpack::None).await.unwrap_err();
    let busy = matches!(
        &error,
        FetchError::Http {
            source: HttpError::Busy { .. } | HttpError::Paused { .. },
            ..
        }
    );
    assert!(busy, "{error:?}");
    assert_eq!(count.load(Ordering::SeqCst), 4);
}

#[tokio::test]
async fn where_a_redirect_leads_may_be_busy_too() {
    let (files, hits) = server(vec![busy("429 Slow", "retry-after: 1\r\n"), ok(b"file")]).await;
    let (front, _) = server(vec![redirect(&format!("{files}/x"))]).await;
    let place = Place::new();
    let url = format!("{front}/x");
    place.get(&url, None, "x", Unpack::None).await.unwrap();
    assert_eq!(hits.load(Ordering::SeqCst), 2);
    assert_eq!(std::fs::read(place.tree().join("x")).unwrap(), b"file");
}
