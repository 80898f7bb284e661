//! Builds with real builders and the embedded registry. `./justw test` sets
//! engine, BuildKit and QEMU up.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "tests end by panicking"
)]

use std::os::unix::fs::PermissionsExt as _;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use bakehouse_builder::engine::{Engine, Smoke, SmokeError, SmokeResult};
use bakehouse_builder::{
    BuildError, BuildRequest, Builder as _, BuilderError, Buildx, BuildxOptions, LayerCache,
    Output, SetUp,
};
use bakehouse_core::date::Date;
use bakehouse_core::grants::{Access, Kind, policy_for_tests};
use bakehouse_core::platform::Platform;
use bakehouse_core::progress::{Event, Reporter, Silent};
use bakehouse_core::recipe::{Build, Dockerfile, Network};
use bakehouse_core::target::TargetId;
use bakehouse_loopback::elf;
use bakehouse_registry::LocalRegistry;
use bakehouse_system::quota::Quota;

const DOCKERFILE: &str = r#"
FROM scratch AS run
ARG TARGETARCH
COPY hello-${TARGETARCH} /bin/hello
COPY fails-${TARGETARCH} /bin/fails
COPY spins-${TARGETARCH} /bin/spins
RUN ["/bin/hello"]
FROM run AS failing
RUN ["/bin/fails"]
FROM run AS spinning
RUN ["/bin/spins"]
FROM scratch AS files
COPY --from=run /bin/ /out/
FROM run
CMD ["/bin/hello"]
"#;

struct Place(tempfile::TempDir);

impl Place {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let tree = dir.path().join("src");
        std::fs::create_dir(&tree).unwrap();
        for architecture in ["amd64", "arm64"] {
            let line = format!("hello from {architecture}\n");
            for (name, exit) in [("hello", Some(0)), ("fails", Some(7)), ("spins", None)] {
                let path = tree.join(format!("{name}-{architecture}"));
                std::fs::write(&path, elf(architecture, &line, exit)).unwrap();
                let mode = std::fs::Permissions::from_mode(0o755);
                std::fs::set_permissions(&path, mode).unwrap();
            }
        }
        Self(dir)
    }

    fn request(&self, platform: &str, stage: Option<&str>, output: Output) -> BuildRequest {
        let platform: Platform = platform.parse().unwrap();
        BuildRequest {
            target: TargetId {
                app: "esbuild".to_owned(),
                version: "0.25.1".to_owned(),
                image: "esbuild".to_owned(),
                platform: platform.clone(),
            },
            work_tree: self.0.path().join("src"),
            build: Build {
                context: ".".to_owned(),
                dockerfile: Dockerfile::Inline(DOCKERFILE.to_owned()),
                platform,
                stage: stage.map(str::to_owned),
                args: Vec::new(),
                contexts: Vec::new(),
                labels: Vec::new(),
                network: Network::None,
                secrets: Vec::new(),
            },
            access: Access::default(),
            output,
            room: Quota {
                bytes: 1 << 30,
                entries: 100_000,
            },
            provenance: false,
            created: Date::parse("2025-06-10T22:43:59Z"),
        }
    }

    fn is_tidy(&self, expected: &[&str]) {
        let entries = std::fs::read_dir(self.0.path()).unwrap();
        let mut names: Vec<_> = entries
            .map(|e| e.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        assert_eq!(names, expected);
    }
}

#[derive(Default)]
struct Lines(Mutex<Vec<String>>);

impl Reporter for Lines {
    fn report(&self, event: Event<'_>) {
        if let Event::TargetOutput { line, .. } | Event::TargetStep { step: line, .. } = event {
            self.0.lock().unwrap().push(line.to_owned());
        }
    }
}

fn buildx(name: &str, layer_cache: LayerCache) -> Buildx {
    let options = BuildxOptions {
        builder: Some(name.to_owned()),
        layer_cache,
        ..BuildxOptions::default()
    };
    Buildx::new(options, Arc::new(Silent))
}

/// The builder that `./justw up` makes, with the remote driver.
const REMOTE: &str = "bakehouse";

/// An embedded registry for all tests of this process.
fn registry() -> &'static str {
    static ADDRESS: OnceLock<String> = OnceLock::new();
    ADDRESS.get_or_init(|| {
        let (tell, told) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Runtime::new().unwrap();
            runtime.block_on(async {
                let folder = tempfile::tempdir().unwrap();
                let registry = LocalRegistry::open(folder.path(), 0, Arc::new(Silent))
                    .await
                    .unwrap();
                tell.send(registry.address().to_string()).unwrap();
                std::future::pending::<()>().await;
            });
        });
        told.recv().unwrap()
    })
}

fn push(image: &str) -> Output {
    Output::PushByDigest {
        repository: format!("{}/{image}", registry()),
        plain_http: true,
    }
}

const PLATFORMS: [&str; 2] = ["linux/amd64", "linux/arm64"];

#[tokio::test]
async fn says_what_builders_can_do() {
    let one = buildx(REMOTE, LayerCache::None)
        .capabilities()
        .await
        .unwrap();
    assert!(one.push_by_digest && one.oci_export, "{one:?}");
    let two = buildx("default", LayerCache::None)
        .capabilities()
        .await
        .unwrap();
    assert!(!two.push_by_digest && two.oci_export, "{two:?}");
    for platform in PLATFORMS {
        assert!(one.platforms.contains(&platform.parse().unwrap()));
        assert!(two.platforms.contains(&platform.parse().unwrap()));
    }
    let error = buildx("gone", LayerCache::None)
        .capabilities()
        .await
        .unwrap_err();
    assert!(matches!(error, BuilderError::Silent { .. }), "{error:?}");
    assert!(
        error.to_string().contains("no builder \"gone\" found"),
        "{error}"
    );
}

/// A builder that is remembered below a place.
fn remembered(name: &str, place: &Place) -> Buildx {
    let options = BuildxOptions {
        builder: Some(name.to_owned()),
        memory: Some(place.0.path().join("builders")),
        ..BuildxOptions::default()
    };
    Buildx::new(options, Arc::new(Silent))
}

/// Changes the memory of the one builder that is remembered.
fn forge(place: &Place, from: &str, to: &str) {
    let folder = place.0.path().join("builders");
    let mut files = std::fs::read_dir(folder).unwrap();
    let path = files.next().unwrap().unwrap().path();
    let text = std::fs::read_to_string(&path).unwrap();
    assert!(files.next().is_none() && text.contains(from), "{text}");
    std::fs::write(path, text.replace(from, to)).unwrap();
}

#[tokio::test]
async fn a_builder_that_is_not_what_it_was_is_asked_again() {
    let place = Place::new();
    let is = remembered(REMOTE, &place).capabilities().await.unwrap();
    assert_eq!(remembered(REMOTE, &place).capabilities().await.unwrap(), is);

    // An emulator was registered since: what would be refused is built.
    let arm64 = "linux/arm64".parse().unwrap();
    forge(&place, "linux/arm64", "linux/s390x");
    let builder = remembered(REMOTE, &place);
    let before = builder.capabilities().await.unwrap();
    assert!(!before.platforms.contains(&arm64));
    let request = place.request("linux/arm64", None, push("remembered/hello"));
    builder.build(&request).await.unwrap();
    assert_eq!(builder.capabilities().await.unwrap(), is);
    assert_eq!(remembered(REMOTE, &place).capabilities().await.unwrap(), is);

    // One has gone: the refusal is that of now, and no step has failed.
    forge(&place, "linux/arm64", "linux/s390x, linux/arm64");
    let builder = remembered(REMOTE, &place);
    let request = place.request("linux/s390x", None, push("remembered/hello"));
    let refused = builder.build(&request).await.unwrap_err();
    assert!(
        matches!(refused, BuildError::Dockerfile(_) | BuildError::Step(_)),
        "{refused:?}"
    );
    assert_eq!(builder.capabilities().await.unwrap(), is);

    // The program is another.
    forge(&place, "\"docker-buildx\"", "\"/nowhere/docker-buildx\"");
    let builder = remembered(REMOTE, &place);
    let request = place.request("linux/amd64", None, push("remembered/hello"));
    builder.build(&request).await.unwrap();
}

#[tokio::test]
async fn a_result_that_the_builder_of_now_does_not_give_is_not_asked_for() {
    let place = Place::new();
    let is = remembered("default", &place).capabilities().await.unwrap();
    assert!(!is.push_by_digest);
    forge(&place, "docker\\n", "remote\\n");
    let builder = remembered("default", &place);
    assert!(builder.capabilities().await.unwrap().push_by_digest);
    let request = place.request("linux/amd64", None, push("remembered/other"));
    let error = builder.build(&request).await.unwrap_err();
    assert!(matches!(error, BuildError::OtherBuilder(_)), "{error:?}");
    assert_eq!(builder.capabilities().await.unwrap(), is);
    // A step's own failure stays one.
    let builder = remembered("default", &place);
    let archive = Output::OciArchive(place.0.path().join("image.tar"));
    let failing = place.request("linux/amd64", Some("failing"), archive);
    let error = builder.build(&failing).await.unwrap_err();
    assert!(matches!(error, BuildError::Step(_)), "{error:?}");
}

#[tokio::test]
async fn pushes_by_digest_and_the_images_run() {
    let registry = registry();
    let place = Place::new();
    let builder = buildx(REMOTE, LayerCache::Local(place.0.path().join("cache")));
    let mut manifests = Vec::new();
    for platform in PLATFORMS {
        let request = place.request(platform, None, push("real/hello"));
        let built = builder.build(&request).await.unwrap();
        assert_eq!(built.steps, 4);
        let again = builder.build(&request).await.unwrap();
        assert_eq!((again.steps, again.cached), (4, 4));
        println!(
            "{platform}: {:?}, cached {:?}",
            built.elapsed, again.elapsed
        );
        assert_eq!(built.descriptor, again.descriptor);
        manifests.push(built.descriptor.unwrap());
    }
    place.is_tidy(&["cache", "src"]);

    let media_type = "application/vnd.oci.image.index.v1+json";
    let index = serde_json::json!({
        "schemaVersion": 2, "mediaType": media_type, "manifests": manifests
    });
    let put = reqwest::Client::new()
        .put(format!("http://{registry}/v2/real/hello/manifests/1"))
        .header("content-type", media_type)
        .body(index.to_string())
        .send()
        .await
        .unwrap();
    assert!(put.status().is_success(), "{put:?}");
    let digest = put.headers()["docker-content-digest"].to_str().unwrap();

    let engine = Engine::connect(&SetUp::default()).unwrap();
    let by_digest = format!("{registry}/real/hello@{digest}");
    let by_tag = format!("{registry}/real/hello:1");
    for reference in [by_digest.as_str(), by_tag.as_str()] {
        // Both platforms one after the other, and the first again.
        for platform in ["linux/amd64", "linux/arm64", "linux/amd64"] {
            let result = smoke(&engine, reference, platform, &[]).await.unwrap();
            let expected = platform.replace("linux/", "hello from ");
            assert_eq!(
                (result.stdout.trim(), result.exit_code),
                (expected.as_str(), 0)
            );
        }
    }
    let failing = smoke(&engine, &by_tag, "linux/arm64", &["/bin/fails"]).await;
    assert_eq!(failing.unwrap().exit_code, 7);
    let spinning = smoke(&engine, &by_tag, "linux/amd64", &["/bin/spins"]).await;
    let error = spinning.unwrap_err();
    assert!(
        error.to_string().contains("did not end within"),
        "{error:#}"
    );
    let error = smoke(&engine, &by_tag, "linux/s390x", &[])
        .await
        .unwrap_err();
    assert!(matches!(error, SmokeError::NotFound { .. }), "{error:?}");
    let gone = format!("{registry}/real/gone:1");
    let error = smoke(&engine, &gone, "linux/amd64", &[]).await.unwrap_err();
    assert!(matches!(error, SmokeError::NotFound { .. }), "{error:?}");
    assert!(engine.info().await.unwrap().containerd_image_store);
}

async fn smoke(
    engine: &Engine,
    reference: &str,
    platform: &str,
    argv: &[&str],
) -> Result<SmokeResult, SmokeError> {
    let argv: Vec<_> = argv.iter().map(ToString::to_string).collect();
    let platform: Platform = platform.parse().unwrap();
    let run = Smoke {
        reference,
        platform: &platform,
        argv: &argv,
        present: false,
        credentials: None,
        limit: Duration::from_secs(10),
    };
    engine.smoke(run).await
}

#[tokio::test]
async fn says_when_nothing_here_runs_a_platform() {
    let place = Place::new();
    let mut request = place.request("linux/s390x", None, push("real/other"));
    std::fs::write(place.0.path().join("src/other"), "\x7fELF, but of what?").unwrap();
    let dockerfile = "FROM scratch\nCOPY --chmod=755 other /other\nCMD [\"/other\"]\n";
    request.build.dockerfile = Dockerfile::Inline(dockerfile.to_owned());
    let built = buildx(REMOTE, LayerCache::None)
        .build(&request)
        .await
        .unwrap();
    let registry = registry();
    let reference = format!(
        "{registry}/real/other@{}",
        built.descriptor.unwrap().digest()
    );
    let engine = Engine::connect(&SetUp::default()).unwrap();
    let error = smoke(&engine, &reference, "linux/s390x", &[])
        .await
        .unwrap_err();
    assert!(matches!(error, SmokeError::ExecFormat(_)), "{error:?}");
}

#[tokio::test]
async fn builds_two_images_at_once() {
    let place = Place::new();
    let cache = LayerCache::Local(place.0.path().join("cache"));
    let builder = buildx(REMOTE, cache);
    let [one, two] = ["one", "two"].map(|image| {
        let mut request = place.request("linux/amd64", None, push(&format!("real/{image}")));
        let label = ("org.test.image".to_owned(), image.to_owned());
        request.build.labels.push(label);
        request
    });
    let (one, two) = tokio::join!(builder.build(&one), builder.build(&two));
    assert_ne!(one.unwrap().descriptor, two.unwrap().descriptor);
    place.is_tidy(&["cache", "src"]);
}

#[tokio::test]
async fn exports_layouts_and_files_with_both_drivers() {
    for name in [REMOTE, "default"] {
        let place = Place::new();
        let builder = buildx(name, LayerCache::None);
        for platform in PLATFORMS {
            let archive = place.0.path().join("image.tar");
            let request = place.request(platform, None, Output::OciArchive(archive.clone()));
            let built = builder.build(&request).await.unwrap();
            let digest = built.descriptor.unwrap().digest().to_string();
            let mut tar = tar::Archive::new(std::fs::File::open(&archive).unwrap());
            let index = tar
                .entries()
                .unwrap()
                .map(Result::unwrap)
                .find(|entry| entry.path().unwrap().ends_with("index.json"))
                .map(|entry| std::io::read_to_string(entry).unwrap())
                .unwrap();
            assert!(index.contains(&digest), "{index}");

            let out = place.0.path().join("src/out").join(platform);
            let request = place.request(platform, Some("files"), Output::Files(out.clone()));
            let built = builder.build(&request).await.unwrap();
            assert_eq!(built.descriptor, None);
            assert!(out.join("out/hello").is_file());
        }
        place.is_tidy(&["image.tar", "src"]);
    }
}

#[tokio::test]
async fn a_failed_build_says_why_and_leaves_nothing() {
    for name in [REMOTE, "default"] {
        let place = Place::new();
        let lines = Arc::new(Lines::default());
        let options = BuildxOptions {
            builder: Some(name.to_owned()),
            time_limit: Duration::from_secs(8),
            layer_cache: LayerCache::Local(place.0.path().join("cache")),
            ..BuildxOptions::default()
        };
        let builder = Buildx::new(options, lines.clone());
        let out = place.0.path().join("src/out");
        let request = place.request("linux/arm64", Some("failing"), Output::Files(out.clone()));
        let error = builder.build(&request).await.unwrap_err();
        assert!(matches!(error, BuildError::Step(_)), "{error:?}");
        let text = error.to_string();
        assert!(text.contains("exit code: 7\n  hello from arm64"), "{text}");
        assert!(!out.exists());
        let said = lines.0.lock().unwrap().join("\n");
        assert!(said.contains("hello from arm64"), "{said}");

        let request = place.request("linux/amd64", Some("spinning"), Output::Files(out.clone()));
        let error = builder.build(&request).await.unwrap_err();
        assert!(matches!(error, BuildError::Timeout(_)), "{error:?}");
        assert!(!out.exists());
        assert!(std::fs::read_dir(place.0.path()).unwrap().count() <= 2);
    }
}

#[tokio::test]
async fn a_cancelled_build_leaves_nothing() {
    let place = Place::new();
    let lines = Arc::new(Lines::default());
    let options = BuildxOptions {
        builder: Some(REMOTE.to_owned()),
        ..BuildxOptions::default()
    };
    let builder = Buildx::new(options, lines.clone());
    let out = place.0.path().join("src/out");
    let request = place.request("linux/amd64", Some("spinning"), Output::Files(out));
    let running = tokio::spawn(async move { builder.build(&request).await });
    for _ in 0..200 {
        let spins = |line: &String| line.contains("RUN [\"/bin/spins\"]");
        if lines.0.lock().unwrap().iter().any(spins) {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    running.abort();
    assert!(running.await.unwrap_err().is_cancelled());
    place.is_tidy(&["src"]);
}

#[tokio::test]
async fn only_granted_images_are_fetched() {
    let place = Place::new();
    let pushed = place.request("linux/amd64", None, push("real/granted"));
    let builder = buildx(REMOTE, LayerCache::None);
    let digest = builder.build(&pushed).await.unwrap().descriptor.unwrap();
    let digest = digest.digest();
    let repository = format!("{}/real/granted", registry());
    let by_digest = format!("{repository}@{digest}");
    let grants = format!("bases = [\"{repository}\"]");
    let granted = Arc::new(policy_for_tests(&grants, "", &[(Kind::Bases, "*")]));
    let nothing = Arc::new(policy_for_tests("", "", &[]));
    for name in [REMOTE, "default"] {
        let builder = buildx(name, LayerCache::None);
        let out = Output::Files(place.0.path().join("src/out"));
        let mut request = place.request("linux/amd64", None, out);
        let from = |reference: &str| Dockerfile::Inline(format!("FROM {reference}\n"));

        request.build.dockerfile = from(&by_digest);
        request.access = Access::new(Arc::clone(&granted), Vec::new());
        builder.build(&request).await.unwrap();
        request.access = Access::new(Arc::clone(&nothing), vec![by_digest.clone()]);
        builder.build(&request).await.unwrap();
        request.access = Access::new(Arc::clone(&nothing), Vec::new());
        let error = builder.build(&request).await.unwrap_err();
        let line = format!("add \"{repository}\" to `bases` under [grants] in apps/x/app.toml");
        assert!(
            matches!(&error, BuildError::Denied(text) if text.contains(&line)),
            "{error:?}"
        );
        request.access = Access::new(Arc::clone(&granted), Vec::new());
        request.build.dockerfile = from(&format!("{}/real/hello@{digest}", registry()));
        let error = builder.build(&request).await.unwrap_err();
        assert!(matches!(&error, BuildError::Denied(_)), "{error:?}");

        // There is no such tag: the build is pinned to the granted digest.
        let pinned = format!("bases = [\"{repository}:pinned@{digest}\"]");
        let pinned = policy_for_tests(&pinned, "", &[(Kind::Bases, "*")]);
        request.access = Access::new(Arc::new(pinned), Vec::new());
        request.build.dockerfile = from(&format!("{repository}:pinned"));
        builder.build(&request).await.unwrap();
    }
}
