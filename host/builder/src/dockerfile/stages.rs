//! Stages of a Dockerfile: the platforms that its `RUN` steps run on, and the
//! images that it takes something from.

use std::collections::HashMap;
use std::sync::Arc;

use bakehouse_core::platform::Platform;
use bakehouse_core::recipe::Build;
use parse_dockerfile::{Dockerfile, FromInstruction, Instruction, Stage};

use super::DockerfileError;
use super::variables::Variables;

/// A `RUN` step that a build needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RunStep {
    /// Line in the Dockerfile, from 1.
    pub(crate) line: usize,
    /// Name of its stage, or the stage's number, from 0.
    pub(crate) stage: Arc<str>,
    /// What it runs on.
    pub(crate) platform: Platform,
}

/// An image that a build takes something from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UsedImage {
    /// Line in the Dockerfile that names it, from 1.
    pub line: usize,
    /// The image, as the build fetches it.
    pub reference: String,
    /// The platform that it must be for.
    pub platform: Platform,
}

/// What decides about platforms besides the Dockerfile.
pub(crate) struct Inputs<'a> {
    /// Build arguments.
    pub(crate) args: &'a [(String, String)],
    /// `TARGETPLATFORM`.
    pub(crate) target: &'a Platform,
    /// `BUILDPLATFORM`.
    pub(crate) build: &'a Platform,
    /// The stage that is built; none: the last one.
    pub(crate) stage: Option<&'a str>,
}

/// A stage, as far as it matters here.
struct Node {
    name: Arc<str>,
    /// None where it cannot be told.
    platform: Option<Platform>,
    needs: Vec<usize>,
    lines: Vec<usize>,
    images: Vec<UsedImage>,
}

/// Stages in their order, and the first of each name.
#[derive(Default)]
struct Stages {
    nodes: Vec<Node>,
    names: HashMap<Arc<str>, usize>,
}

impl Stages {
    fn push(&mut self, node: Node) {
        let at = self.nodes.len();
        self.names.entry(Arc::clone(&node.name)).or_insert(at);
        self.nodes.push(node);
    }

    /// A stage by its name or number.
    fn find(&self, name: &str) -> Option<usize> {
        let named = self.names.get(name.to_lowercase().as_str()).copied();
        let numbered = || {
            name.parse()
                .ok()
                .filter(|number| *number < self.nodes.len())
        };
        named.or_else(numbered)
    }
}

/// The `RUN` steps of the stage that is built and of those it needs, in the
/// order of lines; without those whose platform cannot be told. Empty for a text
/// that is no Dockerfile: BuildKit says what is wrong with it.
pub(crate) fn run_steps(text: &str, inputs: &Inputs<'_>) -> Vec<RunStep> {
    // Positions are counted from behind it.
    let text = text.trim_start_matches('\u{feff}');
    let Ok(file) = parse_dockerfile::parse(text) else {
        return Vec::new();
    };
    needed(&file, text, inputs)
        .iter()
        .filter_map(|node| Some((node, node.platform.clone()?)))
        .flat_map(|(node, platform)| {
            node.lines.iter().map(move |line| RunStep {
                line: *line,
                stage: Arc::clone(&node.name),
                platform: platform.clone(),
            })
        })
        .collect()
}

/// The images that a build starts from and takes files from, in the stages that
/// it needs; without those that only BuildKit can tell, and those that are
/// folders by a named context.
///
/// # Errors
/// [`DockerfileError::Syntax`] for a text that is no Dockerfile.
pub fn used_images(text: &str, build: &Build) -> Result<Vec<UsedImage>, DockerfileError> {
    let text = text.trim_start_matches('\u{feff}');
    let file = parse_dockerfile::parse(text)
        .map_err(|error| DockerfileError::Syntax(error.to_string()))?;
    let inputs = Inputs {
        args: &build.args,
        target: &build.platform,
        build: &Platform::native(),
        stage: build.stage.as_deref(),
    };
    let nodes = needed(&file, text, &inputs);
    let images = nodes.into_iter().flat_map(|node| node.images);
    let fetched = images.filter_map(|image| {
        let named = build
            .contexts
            .iter()
            .find(|(name, _)| *name == image.reference);
        let reference = match named {
            Some((_, value)) => value.strip_prefix("docker-image://")?.to_owned(),
            None => image.reference.clone(),
        };
        Some(UsedImage { reference, ..image })
    });
    Ok(fetched.collect())
}

/// The stage that is built and those that it needs, in their order.
fn needed(file: &Dockerfile<'_>, text: &str, inputs: &Inputs<'_>) -> Vec<Node> {
    let stages = stages(file, text, inputs);
    let wanted = match inputs.stage {
        Some(stage) => stages.find(stage),
        None => stages.nodes.len().checked_sub(1),
    };
    let nodes = stages.nodes;
    let mut needed = vec![false; nodes.len()];
    let mut todo: Vec<usize> = wanted.into_iter().collect();
    while let Some(at) = todo.pop() {
        let seen = needed
            .get_mut(at)
            .is_none_or(|n| std::mem::replace(n, true));
        if !seen && let Some(node) = nodes.get(at) {
            todo.extend(&node.needs);
        }
    }
    let stages = nodes.into_iter().zip(needed);
    stages
        .filter(|(_, needed)| *needed)
        .map(|(node, _)| node)
        .collect()
}

/// Reads a stranger's Dockerfile as a build does.
#[cfg(any(test, feature = "fuzzing"))]
pub fn read_for_fuzzing(text: &str) {
    let platforms = ["amd64", "arm64"].map(|arch| Platform::new("linux", arch, None));
    if let [Ok(build), Ok(target)] = &platforms {
        let args = [("A".to_owned(), "a".to_owned())];
        for stage in [None, Some("a")] {
            let inputs = Inputs {
                args: &args,
                target,
                build,
                stage,
            };
            run_steps(text, &inputs);
        }
        let _ = super::growth::check(text, &args);
    }
}

fn stages(file: &Dockerfile<'_>, text: &str, inputs: &Inputs<'_>) -> Stages {
    let mut variables = variables(file, inputs);
    let breaks: Vec<usize> = text.match_indices('\n').map(|(at, _)| at).collect();
    let mut stages = Stages::default();
    for (number, stage) in file.stages().enumerate() {
        let from = stage.from;
        let named = variables.expand(&from.image.value);
        let base = named.as_ref().and_then(|base| stages.find(base));
        let platform = match platform_flag(from) {
            Some(flag) => variables.expand(flag).and_then(|flag| flag.parse().ok()),
            // A stage that continues another one is for the same platform.
            None => match base.and_then(|base| stages.nodes.get(base)) {
                Some(base) => base.platform.clone(),
                None => Some(inputs.target.clone()),
            },
        };
        let line = |at: usize| breaks.partition_point(|end| *end < at) + 1;
        let start = named
            .filter(|name| base.is_none() && name != "scratch")
            .zip(platform.clone())
            .map(|(reference, platform)| UsedImage {
                line: line(from.from.span.start),
                reference,
                platform,
            });
        let sources = sources(&stage);
        // Files are taken from images for the target, wherever the stage runs.
        let taken = sources
            .iter()
            .filter(|(name, _)| stages.find(name).is_none() && !name.contains('$'))
            .map(|(name, at)| UsedImage {
                line: line(*at),
                reference: (*name).to_owned(),
                platform: inputs.target.clone(),
            });
        let images = start.into_iter().chain(taken).collect();
        let copied = sources.iter().filter_map(|(name, _)| stages.find(name));
        let needs = base.into_iter().chain(copied).collect();
        let name = from.as_.as_ref().map(|(_, name)| name.value.to_lowercase());
        stages.push(Node {
            name: name.unwrap_or_else(|| number.to_string()).into(),
            platform,
            needs,
            lines: lines(&stage, &breaks),
            images,
        });
    }
    stages
}

/// Values of the variables that `FROM` lines can use (Dockerfile reference,
/// "Automatic platform ARGs in the global scope").
fn variables(file: &Dockerfile<'_>, inputs: &Inputs<'_>) -> Variables {
    let mut variables = Variables::new();
    for (prefix, platform) in [("BUILD", inputs.build), ("TARGET", inputs.target)] {
        let variant = platform.variant().unwrap_or_default();
        for (part, value) in [
            ("PLATFORM", platform.to_string().as_str()),
            ("OS", platform.os()),
            ("ARCH", platform.architecture()),
            ("VARIANT", variant),
        ] {
            variables.set(&format!("{prefix}{part}"), value.to_owned());
        }
    }
    let given = inputs.args.iter().rev();
    let given: HashMap<&str, &str> = given.map(|(n, v)| (n.as_str(), v.as_str())).collect();
    for arg in file.global_args() {
        for word in arg.arguments.value.split_whitespace() {
            let (name, default) = word
                .split_once('=')
                .map_or((word, None), |(n, d)| (n, Some(d)));
            let value = match given.get(name) {
                Some(value) => Some((*value).to_owned()),
                None => default.and_then(|d| variables.expand(d.trim_matches(['"', '\'']))),
            };
            if let Some(value) = value {
                variables.set(name, value);
            }
        }
    }
    variables
}

fn platform_flag<'a>(from: &'a FromInstruction<'_>) -> Option<&'a str> {
    let mut flags = from.options.iter();
    let flag = flags.find(|flag| flag.name.value == "platform")?;
    flag.value.as_ref().map(|value| value.value.as_ref())
}

/// Stages and images whose files a stage copies or mounts, and where they are
/// named.
fn sources<'a>(stage: &Stage<'_, 'a>) -> Vec<(&'a str, usize)> {
    let mut names: Vec<(&str, usize)> = Vec::new();
    for instruction in stage.instructions {
        let (flags, key) = match instruction {
            Instruction::Copy(copy) => (&copy.options, "from"),
            Instruction::Run(run) => (&run.options, "mount"),
            _ => continue,
        };
        for flag in flags.iter().filter(|flag| flag.name.value == key) {
            let Some(value) = &flag.value else { continue };
            let at = value.span.start;
            if key == "from" {
                names.push((&value.value, at));
            } else {
                let parts = value.value.split(',');
                let from = parts.filter_map(|part| part.strip_prefix("from="));
                names.extend(from.map(|name| (name, at)));
            }
        }
    }
    names
}

/// Lines of a stage's `RUN` steps, by the places where lines end.
fn lines(stage: &Stage<'_, '_>, breaks: &[usize]) -> Vec<usize> {
    let runs = stage
        .instructions
        .iter()
        .filter_map(|instruction| match instruction {
            Instruction::Run(run) => Some(run.run.span.start),
            _ => None,
        });
    runs.map(|start| breaks.partition_point(|at| *at < start) + 1)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn steps(text: &str, stage: Option<&str>, args: &[(&str, &str)]) -> Vec<String> {
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
            target: &target,
            build: &build,
            stage,
        };
        let steps = run_steps(text, &inputs).into_iter();
        steps
            .map(|step| format!("{} {} {}", step.line, step.stage, step.platform))
            .collect()
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
FROM --platform=${UNKNOWN} debian AS c
RUN c
FROM scratch
COPY --from=a / /
COPY --from=b / /
COPY --from=c / /
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
        assert!(steps("FROM", None, &[]).is_empty());
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
        assert!(begun.elapsed().as_secs() < 20, "{:?}", begun.elapsed());
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
    }
}
