//! Which platforms the `RUN` steps of a Dockerfile run on.

use std::collections::BTreeMap;

use parse_dockerfile::{Dockerfile, FromInstruction, Instruction, Stage};

use super::variables::expand;
use crate::platform::Platform;

/// A `RUN` step that a build needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct RunStep {
    /// Line in the Dockerfile, from 1.
    pub(super) line: usize,
    /// Name of its stage, or the stage's number, from 0.
    pub(super) stage: String,
    /// What it runs on.
    pub(super) platform: Platform,
}

/// What decides about platforms besides the Dockerfile.
pub(super) struct Inputs<'a> {
    /// Build arguments.
    pub(super) args: &'a [(String, String)],
    /// `TARGETPLATFORM`.
    pub(super) target: &'a Platform,
    /// `BUILDPLATFORM`.
    pub(super) build: &'a Platform,
    /// The stage that is built; none: the last one.
    pub(super) stage: Option<&'a str>,
}

/// A stage, as far as it matters here.
struct Node {
    name: String,
    /// None where it cannot be told.
    platform: Option<Platform>,
    needs: Vec<usize>,
    lines: Vec<usize>,
}

/// The `RUN` steps of the stage that is built and of those it needs, in the
/// order of lines; without those whose platform cannot be told. Empty for a text
/// that is no Dockerfile: BuildKit says what is wrong with it.
pub(super) fn run_steps(text: &str, inputs: &Inputs<'_>) -> Vec<RunStep> {
    // Positions are counted from behind it.
    let text = text.trim_start_matches('\u{feff}');
    let Ok(file) = parse_dockerfile::parse(text) else {
        return Vec::new();
    };
    let nodes = nodes(&file, text, inputs);
    let last = nodes.len().checked_sub(1);
    let wanted = match inputs.stage {
        Some(stage) => find(&nodes, stage),
        None => last,
    };
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
    let stages = nodes.iter().zip(needed).filter(|(_, needed)| *needed);
    stages
        .filter_map(|(node, _)| Some((node, node.platform.clone()?)))
        .flat_map(|(node, platform)| {
            node.lines.iter().map(move |line| RunStep {
                line: *line,
                stage: node.name.clone(),
                platform: platform.clone(),
            })
        })
        .collect()
}

/// Reads a stranger's Dockerfile as a build does.
pub(crate) fn read_for_fuzzing(text: &str) {
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
    }
}

fn nodes(file: &Dockerfile<'_>, text: &str, inputs: &Inputs<'_>) -> Vec<Node> {
    let variables = variables(file, inputs);
    let mut nodes: Vec<Node> = Vec::new();
    for (number, stage) in file.stages().enumerate() {
        let from = stage.from;
        let base = expand(&from.image.value, &variables).and_then(|base| find(&nodes, &base));
        let platform = match platform_flag(from) {
            Some(flag) => expand(flag, &variables).and_then(|flag| flag.parse().ok()),
            // A stage that continues another one is for the same platform.
            None => match base.and_then(|base| nodes.get(base)) {
                Some(base) => base.platform.clone(),
                None => Some(inputs.target.clone()),
            },
        };
        let name = from.as_.as_ref().map(|(_, name)| name.value.to_lowercase());
        nodes.push(Node {
            name: name.unwrap_or_else(|| number.to_string()),
            platform,
            needs: base.into_iter().chain(copied(&nodes, &stage)).collect(),
            lines: lines(&stage, text),
        });
    }
    nodes
}

/// Values of the variables that `FROM` lines can use (Dockerfile reference,
/// "Automatic platform ARGs in the global scope").
fn variables(file: &Dockerfile<'_>, inputs: &Inputs<'_>) -> BTreeMap<String, String> {
    let mut variables = BTreeMap::new();
    for (prefix, platform) in [("BUILD", inputs.build), ("TARGET", inputs.target)] {
        let variant = platform.variant().unwrap_or_default();
        for (part, value) in [
            ("PLATFORM", platform.to_string().as_str()),
            ("OS", platform.os()),
            ("ARCH", platform.architecture()),
            ("VARIANT", variant),
        ] {
            variables.insert(format!("{prefix}{part}"), value.to_owned());
        }
    }
    for arg in file.global_args() {
        for word in arg.arguments.value.split_whitespace() {
            let (name, default) = word
                .split_once('=')
                .map_or((word, None), |(n, d)| (n, Some(d)));
            let given = inputs.args.iter().find(|(given, _)| given == name);
            let value = match given {
                Some((_, value)) => Some(value.clone()),
                None => default.and_then(|d| expand(d.trim_matches(['"', '\'']), &variables)),
            };
            variables.extend(value.map(|value| (name.to_owned(), value)));
        }
    }
    variables
}

fn platform_flag<'a>(from: &'a FromInstruction<'_>) -> Option<&'a str> {
    let mut flags = from.options.iter();
    let flag = flags.find(|flag| flag.name.value == "platform")?;
    flag.value.as_ref().map(|value| value.value.as_ref())
}

/// A stage by its name or number.
fn find(nodes: &[Node], name: &str) -> Option<usize> {
    let lower = name.to_lowercase();
    let named = nodes.iter().position(|node| node.name == lower);
    named.or_else(|| name.parse().ok().filter(|number| *number < nodes.len()))
}

/// Stages whose files a stage copies or mounts.
fn copied(nodes: &[Node], stage: &Stage<'_, '_>) -> Vec<usize> {
    let mut names: Vec<&str> = Vec::new();
    for instruction in stage.instructions {
        let (flags, key) = match instruction {
            Instruction::Copy(copy) => (&copy.options, "from"),
            Instruction::Run(run) => (&run.options, "mount"),
            _ => continue,
        };
        for flag in flags.iter().filter(|flag| flag.name.value == key) {
            let Some(value) = &flag.value else { continue };
            if key == "from" {
                names.push(&value.value);
            } else {
                names.extend(
                    value
                        .value
                        .split(',')
                        .filter_map(|p| p.strip_prefix("from=")),
                );
            }
        }
    }
    names.iter().filter_map(|name| find(nodes, name)).collect()
}

/// Lines of a stage's `RUN` steps.
fn lines(stage: &Stage<'_, '_>, text: &str) -> Vec<usize> {
    let runs = stage
        .instructions
        .iter()
        .filter_map(|instruction| match instruction {
            Instruction::Run(run) => text.get(..run.run.span.start),
            _ => None,
        });
    runs.map(|before| before.matches('\n').count() + 1)
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
}
