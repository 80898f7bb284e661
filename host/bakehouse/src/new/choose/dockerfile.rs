//! Upstream's Dockerfile: which of several, and what a build of it needs.

use std::collections::BTreeMap;

use bakehouse_dockerfile::{Dockerfile, Instruction, Kind, Unreadable, Value, expand};

/// Folders that are looked in first.
const LIKELY: &[&str] = &[
    "",
    "docker",
    "build",
    "package",
    "packaging",
    "deploy",
    "server",
    "build/docker",
];
/// Words in paths of Dockerfiles that make no release's image.
const UNLIKELY: &[&str] = &[
    "test",
    "tests",
    "testdata",
    "e2e",
    "example",
    "examples",
    "vendor",
    "node_modules",
    "hack",
    "devcontainer",
    "dev",
    "ci",
    "fixtures",
    "integration",
    "benchmark",
    "docs",
    "debug",
    "windows",
    "arm",
    "armhf",
    "dapper",
];
/// Programs that fetch something, as words of a `RUN` step.
const FETCHES: &[&str] = &[
    "apk", "apt", "apt-get", "bun", "bundle", "bundler", "cargo", "composer", "conda", "corepack",
    "curl", "deno", "dnf", "dotnet", "gem", "git", "go", "gradle", "gradlew", "make", "microdnf",
    "mix", "mvn", "mvnw", "npm", "npx", "pdm", "pip", "pip3", "pipenv", "pnpm", "poetry", "rustup",
    "sbt", "stack", "tdnf", "uv", "wget", "xx-apk", "xx-apt", "xx-go", "yarn", "yum", "zypper",
];
/// Programs that compile for the machine that they run on.
const COMPILES: &[&str] = &[
    "cargo", "cc", "clang", "cmake", "g++", "gcc", "go", "make", "ninja", "rustc", "xx-go",
];
/// Bytes of an image's name.
const LONGEST: usize = 4096;

/// What a build of a Dockerfile needs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::new) struct Read {
    /// Images that stages start from, and that files are copied from.
    pub(in crate::new) bases: Vec<String>,
    /// Those that only the build tells, as they are written.
    pub(in crate::new) unknown: Vec<String>,
    /// A step that fetches something, by its line.
    pub(in crate::new) network: Option<usize>,
    /// Stages that cross-compile once they run on the machine that builds.
    pub(in crate::new) build_stages: Vec<String>,
    /// Stages that compile for the machine that they run on.
    pub(in crate::new) native: Vec<String>,
    /// `# syntax`.
    pub(in crate::new) syntax: Option<String>,
    /// Bases that are named by digest.
    pub(in crate::new) pinned: usize,
    /// What is copied of the context.
    pub(in crate::new) copied: Vec<String>,
}

/// A Dockerfile among a repository's files.
pub(in crate::new) struct Placed<'a> {
    pub(in crate::new) path: &'a str,
    pub(in crate::new) files: &'a [String],
}

/// The Dockerfiles, likeliest first.
pub(in crate::new) fn find(files: &[String]) -> Vec<String> {
    let mut found: Vec<_> = files
        .iter()
        .filter_map(|path| {
            let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
            let lower = name.to_ascii_lowercase();
            let plain = lower == "dockerfile" || lower == "containerfile";
            if !plain && !lower.starts_with("dockerfile.") && !lower.ends_with(".dockerfile") {
                return None;
            }
            if lower.ends_with(".dockerignore") || lower.ends_with(".md") {
                return None;
            }
            let all = path.to_ascii_lowercase();
            let mut words = all.split(|c: char| !c.is_ascii_alphanumeric());
            let unlikely = words.any(|word| UNLIKELY.contains(&word));
            let place = LIKELY.iter().position(|likely| *likely == folder);
            let place = place.unwrap_or(LIKELY.len());
            let depth = path.matches('/').count();
            Some(((unlikely, !plain, place, depth, path.len()), path.clone()))
        })
        .collect();
    found.sort();
    found.into_iter().map(|(_, path)| path).collect()
}

/// The context that has what the Dockerfile copies: the repository's root, else
/// the Dockerfile's folder.
pub(in crate::new) fn context(read: &Read, placed: &Placed<'_>) -> String {
    let Some((folder, _)) = placed.path.rsplit_once('/') else {
        return ".".to_owned();
    };
    let there = |folder: &str| {
        let has = |copied: &&String| {
            let copied = copied
                .trim_start_matches("./")
                .trim_start_matches('/')
                .trim_end_matches('/');
            let path = match folder {
                "" => copied.to_owned(),
                folder => format!("{folder}/{copied}"),
            };
            placed.files.contains(&path)
        };
        read.copied.iter().filter(has).count()
    };
    match there(folder) > there("") {
        true => folder.to_owned(),
        false => ".".to_owned(),
    }
}

/// Reads what a build of a Dockerfile needs.
///
/// # Errors
/// [`Unreadable`] for what BuildKit may read in another way.
pub(in crate::new) fn read(text: &str) -> Result<Read, Unreadable> {
    let file = Dockerfile::parse(text)?;
    let mut found = Read {
        syntax: bakehouse_builder::frontend(text).map(str::to_owned),
        ..Read::default()
    };
    let defaults = defaults(&file);
    let stages = file.stages();
    let mut names: Vec<String> = Vec::new();
    for (number, range) in stages.iter().enumerate() {
        let Some((from, rest)) = file.instructions[range.clone()].split_first() else {
            continue;
        };
        let words = texts(from, file.escape);
        let image = words.first().cloned().unwrap_or_default();
        found.image(&image, &names, &defaults, file.escape);
        for instruction in rest {
            found.instruction(instruction, (text, file.escape), &names, &defaults);
        }
        let name = words.get(2).cloned().unwrap_or_else(|| number.to_string());
        let pinned = from
            .flags
            .iter()
            .any(|flag| flag.value("platform").is_some());
        let last = number + 1 == stages.len();
        if !pinned && compiles(rest, text) {
            match !last && cross_compiles(rest, text) {
                true => found.build_stages.push(name.clone()),
                false => found.native.push(name.clone()),
            }
        }
        names.push(name);
    }
    Ok(found)
}

impl Read {
    /// Takes down an image, unless it is a stage of the same file.
    fn image(
        &mut self,
        written: &str,
        stages: &[String],
        defaults: &BTreeMap<String, String>,
        escape: char,
    ) {
        let value = |name: &str| match defaults.get(name) {
            Some(value) => Value::Set(value.clone()),
            None => Value::Unknown,
        };
        let Some(image) = expand(written, escape, LONGEST, value).filter(|image| !image.is_empty())
        else {
            return self.unknown.push(written.to_owned());
        };
        let own = stages.iter().any(|name| name.eq_ignore_ascii_case(&image));
        let number = image
            .parse::<usize>()
            .is_ok_and(|number| number < stages.len());
        if own || number || image.eq_ignore_ascii_case("scratch") {
            return;
        }
        if image.contains('@') && !self.bases.contains(&image) {
            self.pinned += 1;
        }
        if !self.bases.contains(&image) {
            self.bases.push(image);
        }
    }

    fn instruction(
        &mut self,
        instruction: &Instruction,
        (text, escape): (&str, char),
        stages: &[String],
        defaults: &BTreeMap<String, String>,
    ) {
        let of_flag = |flag: &bakehouse_dockerfile::Flag| -> Option<String> {
            if let Some(from) = flag.value("from") {
                return Some(from.to_owned());
            }
            let mount = flag.value("mount")?;
            let from = mount
                .split(',')
                .find_map(|part| part.strip_prefix("from="))?;
            Some(from.to_owned())
        };
        let from: Vec<String> = instruction.flags.iter().filter_map(of_flag).collect();
        for image in &from {
            self.image(image, stages, defaults, escape);
        }
        match instruction.kind {
            Kind::Run if self.network.is_none() => {
                let fetches = has_word(&step(instruction, text), FETCHES);
                self.network = fetches.then_some(instruction.numbers.0);
            }
            Kind::Copy | Kind::Add if from.is_empty() => {
                let words = texts(instruction, escape);
                let words = instruction.exec.clone().unwrap_or(words);
                let sources = words.split_last().map_or(&[][..], |(_, sources)| sources);
                let plain =
                    |word: &&String| !word.contains(['$', '*', '?', ':', '<']) && *word != ".";
                self.copied.extend(sources.iter().filter(plain).cloned());
            }
            _ => {}
        }
    }
}

/// Values of `ARG` before the first stage.
fn defaults(file: &Dockerfile) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let before = file
        .instructions
        .iter()
        .take_while(|one| one.kind != Kind::From);
    for word in before.flat_map(|one| texts(one, file.escape)) {
        let Some((name, value)) = word.split_once('=') else {
            continue;
        };
        let known = |name: &str| match found.get(name) {
            Some(value) => Value::Set(String::clone(value)),
            None => Value::Unknown,
        };
        if let Some(value) = expand(value, file.escape, LONGEST, known) {
            found.insert(name.to_owned(), value);
        }
    }
    found
}

fn texts(instruction: &Instruction, escape: char) -> Vec<String> {
    let words = instruction.words(escape).into_iter();
    words
        .map(|range| instruction.line.text()[range].to_owned())
        .collect()
}

/// A step's whole text: its line, and its here-documents.
fn step(instruction: &Instruction, text: &str) -> String {
    let mut step = instruction.line.text()[instruction.arguments.clone()].to_owned();
    for heredoc in &instruction.heredocs {
        step.push('\n');
        step.push_str(text.get(heredoc.body.clone()).unwrap_or_default());
    }
    step
}

fn has_word(text: &str, known: &[&str]) -> bool {
    let between = |c: char| !(c.is_ascii_alphanumeric() || "-_+./".contains(c));
    let mut words = text.split(between);
    words.any(|word| known.contains(&word.rsplit('/').next().unwrap_or(word)))
}

fn compiles(stage: &[Instruction], text: &str) -> bool {
    let mut runs = stage.iter().filter(|one| one.kind == Kind::Run);
    runs.any(|run| has_word(&step(run, text), COMPILES))
}

/// Whether what it compiles is for the target wherever it runs: Go that is told
/// `GOARCH`, or a program that reads `TARGETARCH` or `TARGETPLATFORM`.
fn cross_compiles(stage: &[Instruction], text: &str) -> bool {
    let target = |text: &str| text.contains("TARGETARCH") || text.contains("TARGETPLATFORM");
    let declared = stage
        .iter()
        .any(|one| one.kind == Kind::Arg && target(one.line.text()));
    let used = stage.iter().any(|one| {
        let text = step(one, text);
        match one.kind {
            Kind::Run => {
                target(&text) && (text.contains("GOARCH") || has_word(&text, &["cargo", "rustup"]))
            }
            Kind::Env => target(&text) && text.contains("GOARCH"),
            _ => false,
        }
    });
    let go = stage
        .iter()
        .any(|one| one.kind == Kind::Run && has_word(&step(one, text), &["xx-go"]));
    declared && (used || go)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(paths: &[&str]) -> Vec<String> {
        paths.iter().map(|path| (*path).to_owned()).collect()
    }

    #[test]
    fn the_likeliest_dockerfile_comes_first() {
        let found = |paths: &[&str]| find(&files(paths));
        assert_eq!(
            found(&[
                "test/Dockerfile",
                "docker/Dockerfile",
                "Dockerfile",
                "Dockerfile.dev",
                "src/Dockerfile"
            ]),
            [
                "Dockerfile",
                "docker/Dockerfile",
                "src/Dockerfile",
                "test/Dockerfile",
                "Dockerfile.dev"
            ]
        );
        assert_eq!(
            found(&["Dockerfile.dockerignore", "docs/dockerfile.md", "x"]),
            [""; 0]
        );
        assert_eq!(
            found(&["server/build/Dockerfile"]),
            ["server/build/Dockerfile"]
        );
    }

    #[test]
    fn go_that_is_told_its_target_runs_where_it_is_built() {
        let read = read(
            "# syntax=docker/dockerfile:1\nARG GO=1.25\nFROM golang:${GO}-alpine AS build\n\
             ARG TARGETOS TARGETARCH\nCOPY . .\n\
             RUN CGO_ENABLED=0 GOOS=$TARGETOS GOARCH=$TARGETARCH go build -o /app .\n\
             FROM gcr.io/distroless/static@sha256:0000000000000000000000000000000000000000000000000000000000000000\n\
             COPY --from=build /app /app\nCOPY --from=busybox:1 /bin/busybox /bin/\nENTRYPOINT [\"/app\"]\n",
        )
        .unwrap();
        let digest = "0".repeat(64);
        let distroless = format!("gcr.io/distroless/static@sha256:{digest}");
        assert_eq!(read.bases, ["golang:1.25-alpine", &distroless, "busybox:1"]);
        assert_eq!(read.build_stages, ["build"]);
        assert_eq!(
            (read.native.len(), read.pinned, read.network),
            (0, 1, Some(6))
        );
        assert_eq!(read.syntax.as_deref(), Some("docker/dockerfile:1"));
    }

    #[test]
    fn what_compiles_for_its_own_machine_is_told() {
        let simple =
            "FROM golang AS build\nRUN go build -o /app .\nFROM scratch\nCOPY --from=0 /app /\n";
        let found = read(simple).unwrap();
        assert_eq!(
            (found.build_stages.len(), found.native),
            (0, vec!["build".to_owned()])
        );
        let pinned = simple.replacen("FROM", "FROM --platform=$BUILDPLATFORM", 1);
        assert_eq!(read(&pinned).unwrap().native.len(), 0);
        let plain = read("FROM debian\nCOPY app /app\nRUN chmod 755 /app\n").unwrap();
        assert_eq!((plain.network, plain.native.len()), (None, 0));
        let heredoc = read("FROM debian\nRUN <<EOF\napt-get update\nEOF\n").unwrap();
        assert_eq!(heredoc.network, Some(2));
        let unknown = read("ARG BASE\nFROM ${BASE}\n").unwrap();
        assert_eq!(unknown.unknown, ["${BASE}"]);
        assert!(read("RUN x\n").is_err());
    }

    #[test]
    fn the_context_has_what_is_copied() {
        let read = read("FROM scratch\nCOPY entrypoint.sh go.mod /\n").unwrap();
        let at = |paths: &[&str]| {
            let files = files(paths);
            context(
                &read,
                &Placed {
                    path: "docker/Dockerfile",
                    files: &files,
                },
            )
        };
        assert_eq!(at(&["go.mod", "docker/entrypoint.sh"]), ".");
        assert_eq!(at(&["docker/go.mod", "docker/entrypoint.sh"]), "docker");
    }
}
