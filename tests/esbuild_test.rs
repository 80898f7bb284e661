//! esbuild's app.toml, as it is, against packages shaped like the real ones.

use crate::support::{Builder, DebianRegistry, Package, Project, crane_file};

fn project() -> Project {
    let project = Project::new(Builder::Docker);
    let home = std::env::var("BAKEHOUSE_HOME").expect("BAKEHOUSE_HOME is set by ./justw test");
    project.npm.publish(
        "esbuild",
        Package::new(&["0.15.17", "0.26.0", "0.27.0", "0.28.0"]),
    );
    // As npm has 0.18.3: a package for one platform alone.
    let (both, one) = (["0.27.0", "0.28.0"], ["0.26.0", "0.27.0", "0.28.0"]);
    for (package, architecture, versions) in [
        ("linux-x64", "amd64", &one[..]),
        ("linux-arm64", "arm64", &both[..]),
    ] {
        let program =
            std::fs::read(format!("{home}/tools/busybox-{architecture}/bin/busybox")).unwrap();
        let files = Package::new(versions)
            .file("bin/esbuild", &program)
            .file("README.md", b"readme");
        project.npm.publish(&format!("@esbuild/{package}"), files);
    }
    project.real("esbuild");
    project
}

#[test]
fn both_platforms_get_their_own_binary() {
    let project = project();
    project.run(&["run"]).expect(0);
    let output = project
        .run(&["inspect", "esbuild:0.28.0", "--format", "json"])
        .expect(0);
    let inspection = output.json();
    for image in inspection["images"].as_array().unwrap() {
        assert_eq!(image["user"], "65532:65532");
        assert_eq!(image["entrypoint"][0], "/usr/local/bin/esbuild");
        assert_eq!(
            image["labels"]["org.opencontainers.image.version"],
            "0.28.0"
        );
        assert_eq!(image["created"], "2025-01-04T10:00:00Z");
    }
    let one = project.run(&["inspect", "esbuild:0.26.0", "--format", "json"]);
    let one = one.expect(0).json()["images"].clone();
    let platforms: Vec<_> = one.as_array().unwrap().iter().collect();
    assert_eq!(platforms.len(), 1);
    assert_eq!(platforms[0]["platform"], "linux/amd64");
    project.run(&["inspect", "esbuild:0.15.17"]).expect(4);
    // busybox knows no applet of that name, and says so on both platforms.
    let smoke = project.run(&["smoke", "esbuild:0.28.0"]).expect(8);
    for platform in ["linux/amd64", "linux/arm64"] {
        assert!(
            smoke
                .stdout
                .contains(&format!("{platform}\tesbuild: applet not found")),
            "{}",
            smoke.stdout
        );
    }
}

/// BuildKit tells files apart by size and date; archives have neither to offer.
#[test]
fn each_version_gets_its_own_bytes() {
    for builder in [Builder::Docker, Builder::BuildKit] {
        let project = Project::new(builder);
        let versions = ["1.0.0", "1.0.1", "1.0.2", "1.0.3"];
        project.npm.publish("esbuild", Package::new(&versions));
        for package in ["@esbuild/linux-x64", "@esbuild/linux-arm64"] {
            let files = Package::new(&versions)
                .file("README.md", b"readme")
                .versioned_file("bin/esbuild", &format!("{package} VERSION"));
            project.npm.publish(package, files);
        }
        project.real("esbuild");
        let registry = DebianRegistry::start();
        project
            .run(&["run", "--registry", &registry.host()])
            .expect(0);
        for version in versions {
            let reference = format!("{}/test/esbuild:{version}", registry.host());
            for (platform, package) in
                [("linux/amd64", "linux-x64"), ("linux/arm64", "linux-arm64")]
            {
                let file = crane_file(&reference, platform, "usr/local/bin/esbuild");
                assert_eq!(file, format!("@esbuild/{package} {version}"), "{builder:?}");
            }
        }
    }
}

#[test]
fn bytes_that_were_not_published_are_refused() {
    let project = project();
    project.npm.corrupt("linux-arm64-0.28.0");
    project
        .run(&["run"])
        .expect(6)
        .says("esbuild 0.28.0 linux/arm64")
        .says("bytes have the digest sha512:")
        .says(", expected sha512:");
    project.run(&["inspect", "esbuild:0.28.0"]).expect(4);
    assert_eq!(
        project.digest("esbuild:latest"),
        project.digest("esbuild:0.27.0")
    );
}
