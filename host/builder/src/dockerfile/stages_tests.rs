//! Stages, by texts and against BuildKit's own reading.

use super::*;

#[allow(
    dead_code,
    unreachable_pub,
    reason = "written for the tests of another crate, too"
)]
#[path = "../../../../plugins/sdk/tests/witness/mod.rs"]
mod witness;

fn steps(text: &str, stage: Option<&str>, args: &[(&str, &str)]) -> Vec<String> {
    tried(text, stage, args).unwrap_or_else(|unreadable| panic!("{unreadable}: {text}"))
}

fn tried(
    text: &str,
    stage: Option<&str>,
    args: &[(&str, &str)],
) -> Result<Vec<String>, Unreadable> {
    let (target, build) = (
        "linux/arm64".parse().unwrap(),
        "linux/amd64".parse().unwrap(),
    );
    let args: Vec<_> = args
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    let inputs = Inputs {
        args: &args,
        contexts: &[],
        target: &target,
        build: &build,
        stage,
    };
    let steps = run_steps(text, &inputs)?.into_iter();
    let steps = steps.map(|step| format!("{} {} {}", step.line, step.stage, step.platform));
    Ok(steps.collect())
}

#[test]
fn cross_compiling_runs_on_the_build_platform() {
    let text = "\
# syntax=docker/dockerfile:1
ARG GO=golang:1
FROM --platform=$BUILDPLATFORM ${GO} AS Compile
RUN go build \\
-o /out
FROM compile AS test
RUN <<END
go test
END
FROM scratch
COPY --from=compile /out /
";
    assert_eq!(steps(text, None, &[]), ["4 compile linux/amd64"]);
    assert_eq!(
        steps(text, Some("test"), &[]),
        ["4 compile linux/amd64", "7 test linux/amd64"]
    );
}

#[test]
fn only_needed_stages_count() {
    let text = "\
FROM debian AS a
RUN a
FROM debian AS b
RUN b
FROM debian AS c
RUN --mount=type=bind,from=a,target=/a c
FROM debian
COPY --from=2 /c /c
";
    assert_eq!(
        steps(text, None, &[]),
        ["2 a linux/arm64", "6 c linux/arm64"]
    );
    assert_eq!(steps(text, Some("b"), &[]), ["4 b linux/arm64"]);
}

#[test]
fn platforms_may_come_from_arguments() {
    let text = "\
ARG WHERE=$BUILDPLATFORM
FROM --platform=$WHERE debian AS a
RUN a
FROM --platform=linux/s390x debian AS b
RUN b
FROM scratch
COPY --from=a / /
COPY --from=b / /
";
    assert_eq!(
        steps(text, None, &[]),
        ["3 a linux/amd64", "5 b linux/s390x"]
    );
    let args = [("WHERE", "linux/riscv64")];
    assert_eq!(
        steps(text, None, &args),
        ["3 a linux/riscv64", "5 b linux/s390x"]
    );
}

#[test]
fn every_way_to_write_a_platform_counts() {
    let on = |head: &str| steps(&format!("{head}\nRUN x\n"), None, &[]);
    let one = |platform: &str, line: usize| vec![format!("{line} 0 {platform}")];
    for (head, line, platform) in [
        ("FROM --platform=\"linux/s390x\" debian", 2, "linux/s390x"),
        ("FROM --platform='linux/s390x' debian", 2, "linux/s390x"),
        ("FROM --platform=linux/'s390x' debian", 2, "linux/s390x"),
        ("FROM --platform='$BUILDPLATFORM' debian", 2, "linux/amd64"),
        (
            "FROM --platform=\"${BUILDPLATFORM}\" debian",
            2,
            "linux/amd64",
        ),
        ("FROM --platform=linux/s390\\x debian", 2, "linux/s390x"),
        ("FROM --platform=\\\nlinux/s390x debian", 3, "linux/s390x"),
        (
            "from \\\n# why\n--platform=linux/s390x debian",
            4,
            "linux/s390x",
        ),
        (
            "ARG P=\"linux/s390x\"\nFROM --platform=$P debian",
            3,
            "linux/s390x",
        ),
        (
            "ARG P='linux/s390x' Q=$P\nFROM --platform=$Q debian",
            3,
            "linux/s390x",
        ),
        ("FROM --platform=${P:-linux/s390x} debian", 2, "linux/s390x"),
        (
            "FROM --platform=${BUILDOS:+linux/s390x} debian",
            2,
            "linux/s390x",
        ),
        (
            "FROM --platform=linux/${TARGETARCH#arm} debian",
            2,
            "linux/64",
        ),
        (
            "FROM --platform=${TARGETPLATFORM%/*}/s390x debian",
            2,
            "linux/s390x",
        ),
        (
            "FROM --platform=${TARGETPLATFORM/arm64/s390x} debian",
            2,
            "linux/s390x",
        ),
        ("FROM --platform=x86_64 debian", 2, "linux/amd64"),
        ("FROM --platform=linux/AARCH64/v8 debian", 2, "linux/arm64"),
        ("FROM --platform=linux debian", 2, "linux/amd64"),
        (
            "# escape=`\nFROM --platform=linux/s390x `\n debian",
            4,
            "linux/s390x",
        ),
        ("FROM --platform=$BUILDPLATFORM scratch", 2, "linux/amd64"),
    ] {
        assert_eq!(on(head), one(platform, line), "{head}");
    }
    // A stage that continues another one is where that is.
    let text = "FROM --platform=linux/s390x debian AS a\nFROM --platform=linux/386 a\nRUN x\n";
    assert_eq!(steps(text, None, &[]), ["3 1 linux/s390x"]);
}

#[test]
fn here_documents_and_triggers_hide_no_step() {
    let text = "\
FROM busybox AS a
RUN cat <<EOF > /motd
FROM --platform=linux/s390x x
RUN no
EOF
ONBUILD RUN --mount=from=tools,target=/t cat <<E
RUN no
E
RUN one && cat <<A <<-'B' | sh
FROM no
A
\tB
FROM --platform=linux/s390x busybox AS tools
RUN t
FROM a
COPY <<E /x
RUN no
E
RUN last
";
    assert_eq!(
        steps(text, None, &[]),
        [
            "2 a linux/arm64",
            "9 a linux/arm64",
            "14 tools linux/s390x",
            "15 2 linux/arm64",
            "19 2 linux/arm64"
        ]
    );
}

#[test]
fn what_cannot_be_told_is_refused() {
    for (text, said) in [
        ("FROM", "line 1: FROM requires"),
        ("FROM --platform=$NO debian\nRUN x", "line 1: what `$NO` is"),
        ("FROM --platform=${A debian", "line 1: what `${A` is"),
        (
            "FROM --platform=one/two/three/four debian",
            "line 1: `one/two/three/four`",
        ),
        (
            "FROM --platform=bsd debian",
            "line 1: `bsd` is not a platform",
        ),
        ("FROM $NO", "line 1: what `$NO` is"),
        ("ARG A=${A?none}\nFROM $A", "line 2: what `$A` is"),
        ("FROM a\nCOPY --from=7 a b", "line 2: there is no stage 7"),
        ("FROM a\nCOPY --from=$A a b", "line 2: `$A` cannot"),
        (
            "FROM a\nRUN --mount=from=$A,target=/x x",
            "line 2: `$A` cannot",
        ),
        (
            "FROM a\nRUN cat <<EOF > /x\nRUN x",
            "line 2: the here-document",
        ),
    ] {
        let error = tried(text, None, &[]).unwrap_err().to_string();
        assert!(error.starts_with(said), "{text}: {error}");
    }
    assert!(tried("FROM a", Some("nosuch"), &[]).is_err());
}

/// Every Dockerfile of the table, for both platforms, with and without build
/// arguments: names, bases, platforms and lines are BuildKit's.
#[test]
fn stages_are_those_that_buildkit_sees() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests");
    let mut open = vec![root.join("dockerfiles"), root.join("support/upstreams")];
    let mut texts = Vec::new();
    while let Some(path) = open.pop() {
        for entry in std::fs::read_dir(&path).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|e| e == "Dockerfile") {
                texts.push((
                    path.display().to_string(),
                    std::fs::read_to_string(&path).unwrap(),
                ));
            }
        }
    }
    let mut witness = witness::Witness::start();
    let (mut alike, mut refused, mut wrong) = (0, 0, Vec::new());
    let build: Platform = "linux/amd64".parse().unwrap();
    for (name, text) in &texts {
        // Every variable that the file names gets a value of its own.
        let names = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
        let names = names.filter(|name| name.len() > 2 && *name == name.to_uppercase());
        let given: Vec<_> = names
            .filter(|name| !super::super::reserved::is_reserved(name))
            .map(|name| (name.to_owned(), format!("v{}", name.len())))
            .collect();
        for (args, target) in [
            (&[][..], "linux/amd64"),
            (&[][..], "linux/arm64"),
            (&given[..], "linux/arm64"),
        ] {
            let platform = target.parse().unwrap();
            let inputs = Inputs {
                args,
                contexts: &[],
                target: &platform,
                build: &build,
                stage: None,
            };
            let ours = Stages::read(text, &inputs);
            let map: HashMap<_, _> = args.iter().cloned().collect();
            let theirs = witness.ask(&serde_json::json!({
                "kind": "stages", "text": text, "args": map,
                "target": target, "build": "linux/amd64",
            }));
            let theirs = theirs["stages"].as_array().cloned();
            let ours = ours.map(|stages| {
                let all = stages.all.iter().enumerate().map(|(number, stage)| {
                    let named = *stage.name != *number.to_string();
                    serde_json::json!({
                        "name": if named { &stage.name } else { "" },
                        "base": stage.base,
                        "platform": stage.platform.to_string(),
                        "line": stage.line,
                    })
                });
                all.collect::<Vec<_>>()
            });
            match (ours, theirs) {
                (Ok(ours), Some(theirs)) if ours == theirs => alike += 1,
                (Err(_), None) => refused += 1,
                (ours, theirs) => wrong.push(format!("{name}: {ours:?}\n  {theirs:?}")),
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(
        alike > 380 && refused > 50,
        "{alike} alike, {refused} refused"
    );
}

#[test]
fn large_texts_take_no_time() {
    let many = |piece: &str| piece.repeat((1 << 20) / piece.len());
    let long = "s".repeat(500_000);
    let begun = std::time::Instant::now();
    for text in [
        format!("FROM a\n{}", many("RUN x\n")),
        format!("FROM a AS {long}\n{}", "RUN x\n".repeat(80_000)),
        many("FROM a\n"),
        (0..40_000).map(|n| format!("FROM a AS s{n}\n")).collect(),
        (0..20_000)
            .map(|n| format!("FROM s{n}\nCOPY --from=s{n} a b\n"))
            .collect(),
        format!("{}FROM a", many("ARG A=$A$A$BUILDPLATFORM\n")),
        format!("FROM {}", many("${A:-")),
        format!("FROM {}", many("$BUILDPLATFORM")),
        format!("FROM a\nRUN {}", many("--mount=from=a ")),
        format!("FROM a\nCOPY <<E /\n{}", many("x\n")),
        format!("FROM a\nCMD [{}", many("\"x\",")),
        many("\\\n"),
        many("ONBUILD "),
    ] {
        read_for_fuzzing(&text);
    }
    // In linear time they take ten seconds of one core, in quadratic time many minutes.
    assert!(begun.elapsed().as_secs() < 120, "{:?}", begun.elapsed());
}

#[test]
fn images_are_those_that_the_build_needs() {
    let text = "\
ARG BASE=debian:13@sha256:00
FROM --platform=$BUILDPLATFORM golang:1 AS compile
FROM $BASE AS unused
FROM base AS files
FROM folder
COPY --from=compile /a /a
COPY --from=ghcr.io/x/y:2 /y /y
RUN --mount=type=bind,from=files,target=/f --mount=type=bind,from=z,target=/z x
FROM last
";
    let contexts = [
        ("base", "docker-image://r.example/base@sha256:01"),
        ("folder", "files/"),
    ];
    let mut build = crate::command::tests::request().build;
    build.platform = "linux/arm64".parse().unwrap();
    build.stage = Some("3".to_owned());
    build.args = Vec::new();
    build.contexts = contexts
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .to_vec();
    let native = Platform::native();
    let images = used_images(text, &build).unwrap();
    let said: Vec<_> = images
        .iter()
        .map(|image| format!("{} {} {}", image.line, image.reference, image.platform))
        .collect();
    assert_eq!(
        said,
        [
            format!("2 golang:1 {native}"),
            "4 r.example/base@sha256:01 linux/arm64".to_owned(),
            "7 ghcr.io/x/y:2 linux/arm64".to_owned(),
            "8 z linux/arm64".to_owned(),
        ]
    );
    build.stage = None;
    assert_eq!(used_images(text, &build).unwrap()[0].reference, "last");
    assert!(used_images("FROMM x", &build).is_err());
    // A context takes the place of a stage, and of an image by its short name.
    let text =
        "FROM debian AS base\nRUN x\nFROM docker.io/library/folder:latest\nCOPY --from=base / /\n";
    assert_eq!(
        used_images(text, &build).unwrap()[0].reference,
        "r.example/base@sha256:01"
    );
    assert_eq!(used_images(text, &build).unwrap().len(), 1);
}
