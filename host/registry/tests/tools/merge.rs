//! Merges and moving tags, against Debian's registry and the embedded one.

use bakehouse_clients::{PLATFORMS, child, client, publish, push, quick, request, silent, told};
use bakehouse_loopback::{DebianRegistry, FaultProxy, Kind, crane};
use bakehouse_registry::{Endpoint, LocalRegistry, MergeError, Move, Moved, Registry, Replace};
use oci_spec::image::{Descriptor, MediaType};

/// A descriptor with the platform that a push tells.
fn known(platform: &str, mut descriptor: Descriptor) -> Descriptor {
    let platform: bakehouse_core::platform::Platform = platform.parse().unwrap();
    descriptor.set_platform(Some(platform.to_oci()));
    descriptor
}

#[tokio::test(flavor = "multi_thread")]
async fn two_platforms_and_two_tags_take_five_requests() {
    let debian = DebianRegistry::start();
    let proxy = FaultProxy::start(&debian.host());
    let registry = client(&proxy.host());
    publish(&registry, "1.0.0", 1).await;
    assert_eq!(
        registry.move_tag("app", "latest", "1.0.0").await.unwrap(),
        Moved::Forward
    );
    let mut children = Vec::new();
    for platform in PLATFORMS {
        let descriptor = push(&registry, "app", platform, 2).await;
        children.push(child(platform, &known(platform, descriptor)));
    }

    proxy.forget();
    let merged = registry.merge(&request("1.1.0", children)).await.unwrap();
    let wanted = Move {
        tag: "latest".to_owned(),
        version: "1.1.0".to_owned(),
        manifest: Some(merged.manifest),
    };
    let moved = registry
        .move_tags("app", &[wanted], &["latest".to_owned()])
        .await
        .unwrap();
    assert_eq!(moved[0].how, Moved::Forward);
    let asked: Vec<_> = proxy
        .log()
        .into_iter()
        .map(|record| format!("{} {}", record.method, record.target))
        .collect();
    assert_eq!(
        asked,
        [
            "GET /v2/test/app/manifests/1.1.0",
            "PUT /v2/test/app/manifests/1.1.0",
            "GET /v2/test/app/manifests/latest",
            "PUT /v2/test/app/manifests/latest",
            "GET /v2/test/app/tags/list?n=1000",
        ]
    );
    let digest = |tag: &str| crane(&["digest", &format!("{}/test/app:{tag}", debian.host())]);
    assert_eq!(digest("latest"), digest("1.1.0"));
    crane(&[
        "validate",
        "--fast",
        "--remote",
        &format!("{}/test/app:latest", debian.host()),
    ]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_does_not_fit_is_refused_by_name() {
    let debian = DebianRegistry::start();
    let folder = tempfile::tempdir().unwrap();
    let embedded = LocalRegistry::open(folder.path(), 0, silent())
        .await
        .unwrap();
    let endpoint = Endpoint::new(&embedded.address().to_string(), "test").unwrap();
    let embedded = Registry::with(
        endpoint.embedded(),
        std::sync::Arc::new(bakehouse_system::docker::credentials::Anonymous),
        quick(),
        silent(),
    )
    .unwrap();
    for registry in [client(&debian.host()), embedded] {
        let amd64 = push(&registry, "app", "linux/amd64", 1).await;
        let arm64 = push(&registry, "app", "linux/arm64", 1).await;
        let refused = async |children: &[(&str, &Descriptor)]| {
            let children = children.iter().map(|(p, d)| child(p, d)).collect();
            told(registry.merge(&request("1.0.0", children)).await)
        };
        let digest = amd64.digest().to_string();

        let twice = refused(&[("linux/amd64", &amd64), ("linux/amd64", &arm64)]).await;
        assert!(
            twice.contains("linux/arm64") || twice.contains("two images for linux/amd64"),
            "{twice}"
        );

        // Told by the push, and found out where it is not.
        for wrong in [amd64.clone(), known("linux/amd64", amd64.clone())] {
            let text = refused(&[("linux/arm64", &wrong)]).await;
            let expected = format!("{digest}, given for linux/arm64, is for linux/amd64");
            assert!(text.contains(&expected), "{text}");
        }
        // Even where a digest file lies about both.
        let lie = known("linux/arm64", amd64.clone());
        let text = refused(&[
            ("linux/amd64", &known("linux/amd64", amd64.clone())),
            ("linux/arm64", &lie),
        ])
        .await;
        assert!(
            text.contains(&format!(
                "{digest}, given for linux/arm64, is for linux/amd64"
            )),
            "{text}"
        );

        let gone = format!("sha256:{}", "0".repeat(64));
        let gone = Descriptor::new(
            MediaType::ImageManifest,
            7,
            gone.parse::<oci_spec::image::Digest>().unwrap(),
        );
        let gone = known("linux/arm64", gone);
        let both = vec![child("linux/amd64", &amd64), child("linux/arm64", &gone)];
        let error = registry.merge(&request("1.0.0", both)).await.unwrap_err();
        assert!(matches!(error, MergeError::Missing { .. }), "{error:?}");
        let text = error.to_string();
        assert!(
            text.contains("does not have the image for linux/arm64 (sha256:000"),
            "{text}"
        );

        let platforms = PLATFORMS.map(|platform| platform.parse().unwrap());
        let mut incomplete = request("1.0.0", vec![child("linux/amd64", &amd64)]);
        incomplete.wanted = &platforms;
        let text = told(registry.merge(&incomplete).await);
        assert!(text.contains("no image for linux/arm64"), "{text}");

        assert_eq!(
            registry.head("app", "1.0.0").await.unwrap(),
            None,
            "nothing was tagged"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_platform_joins_what_is_published() {
    let debian = DebianRegistry::start();
    let registry = client(&debian.host());
    let amd64 = push(&registry, "app", "linux/amd64", 1).await;
    let arm64 = push(&registry, "app", "linux/arm64", 1).await;
    let one = vec![child("linux/amd64", &amd64)];
    registry
        .merge(&request("1.0.0", one.clone()))
        .await
        .unwrap();
    let other = vec![child("linux/arm64", &arm64)];
    let both = registry.merge(&request("1.0.0", other)).await.unwrap();
    assert_eq!(both.platforms.len(), 2);
    assert!(both.tagged);

    // The same again is nothing to write.
    let again = registry.merge(&request("1.0.0", one)).await.unwrap();
    assert!(!again.tagged);
    assert_eq!(again.descriptor.digest(), both.descriptor.digest());

    // Another image is, only when it is asked for.
    let changed = push(&registry, "app", "linux/amd64", 2).await;
    let mut change = request("1.0.0", vec![child("linux/amd64", &changed)]);
    let text = told(registry.merge(&change).await);
    assert!(
        text.contains("has another image for linux/amd64 already"),
        "{text}"
    );
    change.replace = Replace::Always;
    let replaced = registry.merge(&change).await.unwrap().replaced;
    assert_eq!(replaced.len(), 1);
    assert_eq!(replaced[0].from, amd64.digest().to_string());
    assert_eq!(replaced[0].to, changed.digest().to_string());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_replaced_keeps_a_revision_tag() {
    let debian = DebianRegistry::start();
    let registry = client(&debian.host());
    let show = async |tag: &str| {
        let there = registry.head("app", tag).await.unwrap();
        there.map(|there| there.digest().to_string())
    };
    let replace = async |seed: u64, replace: Replace<'_>| {
        let image = push(&registry, "app", "linux/amd64", seed).await;
        let mut request = request("1.0.0", vec![child("linux/amd64", &image)]);
        request.replace = replace;
        registry.merge(&request).await
    };
    replace(1, Replace::Never).await.unwrap();
    let first = show("1.0.0").await.unwrap();
    // Somebody else's tags: two of the revisions' names are taken.
    for (tag, seed) in [("1.0.0-r1", 90), ("1.0.0-r01", 91), ("1.0.0-rc7", 92)] {
        publish(&registry, tag, seed).await;
    }
    let taken = show("1.0.0-r1").await;
    let merged = replace(2, Replace::Always).await.unwrap();
    assert_eq!(merged.revision.as_deref(), Some("1.0.0-r2"));
    assert_eq!(show("1.0.0-r2").await.as_ref(), Some(&first));
    assert_eq!(show("1.0.0-r1").await, taken);
    // The index is kept as it was, to the byte.
    crane(&[
        "validate",
        "--fast",
        "--remote",
        &format!("{}/test/app@{first}", debian.host()),
    ]);

    // A run that was killed between the two tags goes on with the first.
    let second = show("1.0.0").await.unwrap();
    let manifest = registry.manifest("app", "1.0.0").await.unwrap().unwrap();
    let (bytes, media_type) = (manifest.bytes().clone(), manifest.descriptor().media_type());
    registry
        .put_manifest("app", "1.0.0-r3", bytes, media_type)
        .await
        .unwrap();
    let merged = replace(3, Replace::Index(&second)).await.unwrap();
    assert_eq!(merged.revision.as_deref(), Some("1.0.0-r3"));
    assert_eq!(show("1.0.0-r4").await, None);

    // Planned for another index than there is.
    let text = told(replace(4, Replace::Index(&first)).await);
    assert!(text.contains("the rebuild was planned for"), "{text}");
    // The same again replaces nothing, and so needs no revision.
    let merged = replace(3, Replace::Index(&first)).await.unwrap();
    assert_eq!((merged.tagged, merged.revision), (false, None));
    let tags = registry.tags("app").await.unwrap();
    let revisions = tags.iter().filter(|tag| tag.starts_with("1.0.0-r"));
    assert_eq!(revisions.count(), 5, "{tags:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revision_is_no_version() {
    let debian = DebianRegistry::start();
    let registry = client(&debian.host());
    publish(&registry, "1.0.0", 1).await;
    let image = push(&registry, "app", "linux/amd64", 2).await;
    let mut change = request("1.0.0", vec![child("linux/amd64", &image)]);
    change.replace = Replace::Always;
    registry.merge(&change).await.unwrap();
    // No moving tag goes there, whoever looks for newer versions.
    let wanted = Move {
        tag: "latest".to_owned(),
        version: "1.0.0".to_owned(),
        manifest: None,
    };
    let templates = ["latest".to_owned()];
    let moved = registry.move_tags("app", &[wanted], &templates).await;
    assert_eq!(moved.unwrap()[0].version, "1.0.0");
    assert_eq!(
        registry.head("app", "latest").await.unwrap(),
        registry.head("app", "1.0.0").await.unwrap()
    );
    // Upstream may call a version so: it does not take the revision's place.
    let kept = registry
        .published("app", "1.0.0-r1")
        .await
        .unwrap()
        .unwrap();
    assert_eq!(kept.revision_of("1.0.0-r1"), Some("1.0.0"));
    assert_eq!(kept.revision_of("1.0.0"), None);
    let mut version = request("1.0.0-r1", vec![child("linux/amd64", &image)]);
    for replace in [Replace::Never, Replace::Always] {
        version.replace = replace;
        let text = told(registry.merge(&version).await);
        assert!(text.contains("keeps what version 1.0.0 was"), "{text}");
    }
}

/// Runs that replace the same version by different images at the same time.
#[tokio::test(flavor = "multi_thread")]
async fn racing_rebuilds_lose_no_revision() {
    let debian = DebianRegistry::start();
    for round in 0..4u64 {
        let image = format!("app{round}");
        let first = client(&debian.host());
        let old = push(&first, &image, "linux/amd64", 1).await;
        let mut request = request("1.0.0", vec![child("linux/amd64", &old)]);
        request.image = &image;
        first.merge(&request).await.unwrap();
        let before = first.head(&image, "1.0.0").await.unwrap();
        let runs = (2..6).map(|seed| {
            let registry = client(&debian.host());
            let mut request = request.clone();
            async move {
                let new = push(&registry, request.image, "linux/amd64", seed).await;
                request.children = vec![child("linux/amd64", &new)];
                request.replace = Replace::Always;
                let merged = registry.merge(&request).await;
                merged.map(|merged| merged.descriptor.digest().to_string())
            }
        });
        let ended = futures_util::future::join_all(runs).await;
        assert!(ended.iter().any(Result::is_ok), "round {round}");
        // Revisions keep what was published, each under a tag that is its own for
        // good: none shows what a run wrote over it.
        let mut published: Vec<_> = ended.into_iter().flatten().collect();
        published.extend(before.as_ref().map(|there| there.digest().to_string()));
        assert_eq!(first.head(&image, "1.0.0-r1").await.unwrap(), before);
        let tags = first.tags(&image).await.unwrap();
        for tag in tags.iter().filter(|tag| tag.contains("-r")) {
            let kept = first.head(&image, tag).await.unwrap().unwrap();
            let digest = kept.digest().to_string();
            assert!(published.contains(&digest), "round {round}: {tag}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn indexes_and_docker_manifests_are_merged_as_what_they_are() {
    let debian = DebianRegistry::start();
    let registry = client(&debian.host());
    let amd64 = push(&registry, "app", "linux/amd64", 1).await;
    let arm64 = push(&registry, "app", "linux/arm64", 1).await;

    // What BuildKit pushes for an image with an attestation.
    let attestation = format!(
        r#"{{"mediaType":"{}","digest":"{}","size":{},"platform":{{"architecture":"unknown","os":"unknown"}},"annotations":{{"vnd.docker.reference.digest":"{}","vnd.docker.reference.type":"attestation-manifest"}}}}"#,
        arm64.media_type(),
        arm64.digest(),
        arm64.size(),
        amd64.digest()
    );
    let image = format!(
        r#"{{"mediaType":"{}","digest":"{}","size":{},"platform":{{"architecture":"amd64","os":"linux"}}}}"#,
        amd64.media_type(),
        amd64.digest(),
        amd64.size()
    );
    let index = format!(
        r#"{{"schemaVersion":2,"mediaType":"{}","manifests":[{image},{attestation}]}}"#,
        MediaType::ImageIndex
    );
    registry
        .put_manifest(
            "app",
            "attested",
            index.clone().into(),
            &MediaType::ImageIndex,
        )
        .await
        .unwrap();
    let attested = registry.head("app", "attested").await.unwrap().unwrap();
    let children = vec![
        child("linux/amd64", &attested),
        child("linux/arm64", &arm64),
    ];
    registry.merge(&request("1.0.0", children)).await.unwrap();
    let published = registry.published("app", "1.0.0").await.unwrap().unwrap();
    let digests: Vec<_> = published
        .platforms
        .values()
        .map(|d| d.digest().clone())
        .collect();
    assert_eq!(digests, [amd64.digest().clone(), arm64.digest().clone()]);
    assert_eq!(published.attestations.len(), 1);
    // They stay when a platform joins later, too.
    registry
        .merge(&request("1.1.0", vec![child("linux/amd64", &attested)]))
        .await
        .unwrap();
    registry
        .merge(&request("1.1.0", vec![child("linux/arm64", &arm64)]))
        .await
        .unwrap();
    let later = registry.published("app", "1.1.0").await.unwrap().unwrap();
    assert_eq!((later.platforms.len(), later.attestations.len()), (2, 1));

    // A list of Docker images is Docker's; an index of both kinds is OCI's.
    let docker_type = MediaType::from("application/vnd.docker.distribution.manifest.v2+json");
    let mut docker = Vec::new();
    for (platform, oci) in [("linux/amd64", &amd64), ("linux/arm64", &arm64)] {
        let manifest = registry
            .manifest("app", oci.digest().as_ref())
            .await
            .unwrap()
            .unwrap();
        let text = String::from_utf8(manifest.bytes().to_vec()).unwrap();
        let text = text
            .replace(
                "application/vnd.oci.image.manifest.v1+json",
                docker_type.as_ref(),
            )
            .replace(
                "application/vnd.oci.image.config.v1+json",
                "application/vnd.docker.container.image.v1+json",
            )
            .replace(
                "application/vnd.oci.image.layer.v1.tar",
                "application/vnd.docker.image.rootfs.diff.tar",
            );
        registry
            .put_manifest("app", "docker", text.into(), &docker_type)
            .await
            .unwrap();
        docker.push(child(
            platform,
            &registry.head("app", "docker").await.unwrap().unwrap(),
        ));
    }
    let list = registry
        .merge(&request("2.0.0", docker.clone()))
        .await
        .unwrap();
    assert_eq!(
        list.descriptor.media_type().to_string(),
        "application/vnd.docker.distribution.manifest.list.v2+json"
    );
    let mixed = vec![docker[0].clone(), child("linux/arm64", &arm64)];
    let index = registry.merge(&request("2.1.0", mixed)).await.unwrap();
    assert_eq!(*index.descriptor.media_type(), MediaType::ImageIndex);
    for tag in ["1.0.0", "1.1.0", "2.0.0", "2.1.0"] {
        let inspected = registry.inspect("app", tag).await.unwrap();
        assert_eq!(inspected.images.len(), 2, "{tag}");
    }
    // A single image, by tag and by digest.
    for reference in ["docker", amd64.digest().as_ref()] {
        let inspected = registry.inspect("app", reference).await.unwrap();
        assert_eq!(inspected.images.len(), 1, "{reference}");
    }
}

/// Runs that publish different versions at the same time.
#[tokio::test(flavor = "multi_thread")]
async fn racing_runs_leave_latest_at_the_newest() {
    let debian = DebianRegistry::start();
    for round in 0..8u64 {
        let image = format!("app{round}");
        let mut order: Vec<u64> = (0..5).collect();
        fastrand::Rng::with_seed(round).shuffle(&mut order);
        let runs = order.into_iter().map(|minor| {
            let registry = client(&debian.host());
            let image = image.clone();
            async move {
                let version = format!("1.{minor}.0");
                let amd64 = push(&registry, &image, "linux/amd64", minor).await;
                let mut request = request(&version, vec![child("linux/amd64", &amd64)]);
                request.image = &image;
                registry.merge(&request).await.unwrap();
                let templates = ["latest", "{major}"].map(str::to_owned);
                let wanted = ["latest", "1"].map(|tag| Move {
                    tag: tag.to_owned(),
                    version: version.clone(),
                    manifest: None,
                });
                registry
                    .move_tags(&image, &wanted, &templates)
                    .await
                    .unwrap();
            }
        });
        futures_util::future::join_all(runs).await;
        let registry = client(&debian.host());
        let newest = registry.head(&image, "1.4.0").await.unwrap();
        for tag in ["latest", "1"] {
            assert_eq!(
                registry.head(&image, tag).await.unwrap(),
                newest,
                "round {round}, {tag}"
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn moving_tags_go_forward_only() {
    let debian = DebianRegistry::start();
    let registry = client(&debian.host());
    for (version, seed) in [("9.11.0", 1), ("10.5.0", 2), ("9.11.1", 3)] {
        publish(&registry, version, seed).await;
    }
    let mover = async |version: &str| registry.move_tag("app", "latest", version).await.unwrap();
    assert_eq!(mover("9.11.0").await, Moved::Forward);
    // 10.5.0 is published: a run that comes late with 9.11.1 is led there.
    let moved = registry
        .move_tags(
            "app",
            &[Move {
                tag: "latest".into(),
                version: "9.11.1".into(),
                manifest: None,
            }],
            &["latest".into()],
        )
        .await
        .unwrap();
    assert_eq!(
        (moved[0].version.as_str(), &moved[0].how),
        (
            "9.11.1",
            &Moved::Skipped("it is at 10.5.0, which is newer".into())
        )
    );
    assert_eq!(mover("10.5.0").await, Moved::Unchanged);
    assert!(told(registry.move_tag("app", "latest", "11.0.0").await).contains("does not exist"));
    // What Bakehouse did not put there is not overwritten.
    let amd64 = push(&registry, "app", "linux/amd64", 9).await;
    let manifest = registry
        .manifest("app", amd64.digest().as_ref())
        .await
        .unwrap()
        .unwrap();
    registry
        .put_manifest(
            "app",
            "stable",
            manifest.bytes().clone(),
            amd64.media_type(),
        )
        .await
        .unwrap();
    let Moved::Skipped(why) = registry.move_tag("app", "stable", "10.5.0").await.unwrap() else {
        panic!("it was moved")
    };
    assert!(why.contains("annotation"), "{why}");
}

#[tokio::test(flavor = "multi_thread")]
async fn layers_of_another_image_are_mounted() {
    let debian = DebianRegistry::start();
    let proxy = FaultProxy::start(&debian.host());
    let registry = client(&proxy.host());
    push(&registry, "base", "linux/amd64", 1).await;
    proxy.forget();
    push(&registry, "app", "linux/amd64", 1).await;
    let log = proxy.log();
    let mounts = log
        .iter()
        .filter(|r| r.target.contains("from=test%2Fbase"))
        .count();
    let sent: Vec<_> = log
        .iter()
        .filter(|record| record.kind == Kind::Upload && record.sent > 0)
        .collect();
    // Two layers mounted; the configuration is sent.
    assert_eq!((mounts, sent.len()), (2, 1), "{log:#?}");
}
