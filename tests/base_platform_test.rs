//! Bases and programs that are not for the image's platform.

use std::path::Path;

use crate::support::{Builder, DebianRegistry, Git, Output, Project, Tree, busybox, crane};

/// As upstream's: the base is one manifest, whose configuration says amd64.
const REPORTED: &str = include_str!("cases/base-for-another-platform/Dockerfile");

/// A registry with images of one manifest each: `x/amd64only:1` and
/// `x/arm64only:1` hold what they say, `x/lies:1` says arm64 and holds amd64's.
fn registry() -> DebianRegistry {
    let registry = DebianRegistry::start();
    let folder = tempfile::tempdir().unwrap();
    for (name, says, holds) in [
        ("amd64only", "amd64", "amd64"),
        ("arm64only", "arm64", "arm64"),
        ("lies", "arm64", "amd64"),
    ] {
        let layer = folder.path().join(format!("{name}.tar"));
        write_layer(&layer, &busybox(holds));
        let image = format!("{}/x/{name}:1", registry.host());
        let layer = layer.to_str().unwrap();
        crane(&["append", "--insecure", "-f", layer, "-t", &image]);
        let platform = format!("linux/{says}");
        crane(&[
            "mutate",
            "--insecure",
            "--set-platform",
            &platform,
            &image,
            "-t",
            &image,
        ]);
    }
    registry
}

fn write_layer(path: &Path, program: &[u8]) {
    let mut tar = tar::Builder::new(std::fs::File::create(path).unwrap());
    let mut header = tar::Header::new_gnu();
    header.set_mode(0o755);
    header.set_size(program.len() as u64);
    tar.append_data(&mut header, "bin/busybox", program)
        .unwrap();
    header.set_size(0);
    header.set_entry_type(tar::EntryType::Symlink);
    tar.append_link(&mut header, "bin/sh", "/bin/busybox")
        .unwrap();
    tar.into_inner().unwrap();
}

/// Builds `Dockerfile` for arm64, after `compile.Dockerfile` where there is one;
/// `BASES` stands for the images' place.
fn build(
    builder: Builder,
    registry: &DebianRegistry,
    dockerfile: &str,
    compile: &str,
    more: &str,
) -> Output {
    let git = Git::start();
    let here = |text: &str| text.replace("127.0.0.1:5000", &registry.host());
    let mut tree = Tree::new()
        .file("hello", "hello")
        .executable("busybox-amd64", busybox("amd64"))
        .file("Dockerfile", here(dockerfile));
    if !compile.is_empty() {
        tree = tree.file("compile.Dockerfile", here(compile));
    }
    git.release("a/b", "v1.0.0", &tree);
    let url = git.url("a/b");
    let project = Project::new(builder);
    project.app(
        "fromsource",
        &here(&format!(
            "images = [\"fromsource\"]\nsources = [\"{url}\"]\nbases = [\"127.0.0.1:5000/x/*\"]\n\
             [options]\nrepository = \"{url}\"\nversions = \"1.0.0\"\n{more}"
        )),
    );
    let output = project.run(&["run", "--platform", "linux/arm64", "--partial"]);
    if output.code != Some(0) {
        let tags = project.run(&["inspect", "fromsource:latest"]);
        assert_eq!(tags.code, Some(4), "tagged all the same: {}", tags.stdout);
    }
    output
}

#[test]
fn a_base_for_another_platform_is_refused_however_it_is_named() {
    let registry = registry();
    let only = "127.0.0.1:5000/x/amd64only:1";
    let scratch = "FROM scratch\nCOPY hello /hello\n";
    let out = "FROM scratch\nCOPY out/busybox /busybox\n";
    let cases = [
        (REPORTED.to_owned(), "", "", "line 2 of Dockerfile"),
        (
            "ARG N=amd64\nARG B=127.0.0.1:5000/x/${N}only:1\nFROM ${B}\nCOPY hello /\n".to_owned(),
            "",
            "",
            "line 3 of Dockerfile",
        ),
        (
            format!("FROM {only} AS x\nFROM scratch\nCOPY --from=x /bin/busybox /\n"),
            "",
            "",
            "line 1 of Dockerfile",
        ),
        (
            format!("FROM scratch\nCOPY --from={only} /bin/busybox /\n"),
            "",
            "",
            "line 2 of Dockerfile",
        ),
        (
            "FROM base\nCOPY hello /hello\n".to_owned(),
            "",
            "base = \"127.0.0.1:5000/x/amd64only:1\"\n",
            "line 2 of Dockerfile",
        ),
        (
            out.to_owned(),
            "FROM 127.0.0.1:5000/x/amd64only:1 AS x\nFROM scratch\nCOPY --from=x /bin/busybox /\n",
            "",
            "line 1 of compile.Dockerfile",
        ),
        (
            format!(
                "FROM --platform=$BUILDPLATFORM {only} AS x\n\
                 RUN --mount=type=bind,from=y,target=/y [\"/bin/busybox\", \"cp\", \"/y/bin/busybox\", \"/got\"]\n\
                 {scratch}COPY --from=x /got /got\n"
            )
            .replacen("FROM", &format!("FROM {only} AS y\nFROM"), 1),
            "",
            "",
            "line 1 of Dockerfile",
        ),
    ];
    for builder in [Builder::Docker, Builder::BuildKit] {
        for (dockerfile, compile, more, line) in &cases {
            build(builder, &registry, dockerfile, compile, more)
                .expect(8)
                .says(line)
                .says(&format!("base {}/x/amd64only:1", registry.host()))
                .says("is for linux/amd64, and linux/arm64 is wanted");
        }
    }
}

#[test]
fn a_stage_for_another_platform_makes_no_image() {
    let registry = registry();
    // As upstreams write that have images for one platform.
    let only = "FROM --platform=linux/amd64 127.0.0.1:5000/x/amd64only:1";
    for (dockerfile, line) in [
        (format!("{only}\nCOPY hello /hello\n"), 1),
        (format!("\n{only} AS x\nFROM x\nCOPY --link hello /\n"), 2),
    ] {
        for builder in [Builder::Docker, Builder::BuildKit] {
            build(builder, &registry, &dockerfile, "", "")
                .expect(8)
                .says(&format!(
                    "line {line} of Dockerfile: base {}/x/amd64only:1",
                    registry.host()
                ))
                .says("is taken for linux/amd64, and the image is for linux/arm64");
        }
    }
}

#[test]
fn bases_of_stages_that_are_meant_for_the_builder_are_fine() {
    let registry = registry();
    let dockerfile = "\
FROM --platform=$BUILDPLATFORM 127.0.0.1:5000/x/amd64only:1 AS compile
RUN [\"/bin/busybox\", \"cp\", \"/bin/busybox\", \"/data\"]
FROM 127.0.0.1:5000/x/amd64only:1 AS unused
FROM 127.0.0.1:5000/x/arm64only:1
COPY --from=compile /data /data
ENTRYPOINT [\"/bin/sh\"]
";
    for builder in [Builder::Docker, Builder::BuildKit] {
        build(builder, &registry, dockerfile, "", "").expect(0);
    }
}

#[test]
fn a_program_for_another_platform_is_refused_whatever_the_configuration_says() {
    let registry = registry();
    let cases = [
        // The base says arm64 and is not.
        (
            "FROM 127.0.0.1:5000/x/lies:1\nENTRYPOINT [\"/bin/sh\", \"-c\", \"true\"]\n",
            "program /bin/busybox, which `/bin/sh` starts, is for linux/amd64",
        ),
        // Upstream's file for amd64, in an image for arm64.
        (
            "FROM 127.0.0.1:5000/x/arm64only:1\nCOPY busybox-amd64 /app\nCMD [\"/app\"]\n",
            "program /app is for linux/amd64",
        ),
        (
            "FROM --platform=$BUILDPLATFORM 127.0.0.1:5000/x/amd64only:1 AS x\nFROM scratch\n\
             COPY --from=x /bin /usr/bin\nENTRYPOINT [\"busybox\"]\n",
            "program /usr/bin/busybox, which `busybox` starts, is for linux/amd64",
        ),
    ];
    for builder in [Builder::Docker, Builder::BuildKit] {
        for (dockerfile, says) in cases {
            build(builder, &registry, dockerfile, "", "")
                .expect(8)
                .says(says);
        }
    }
}
