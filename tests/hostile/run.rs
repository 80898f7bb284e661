//! One run of all cases, and what is left of it.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;

use crate::support::{Builder, Project, finish};

/// Set in the environment of the host process, and in a file beside the
/// project's own.
pub const CANARY: &str = "canary-of-the-host-process";

/// A case: its name, the exit code that its failure stands for, and words of
/// the refusal. Of several words one is enough: builders differ.
pub struct Case<'a> {
    pub name: &'a str,
    pub code: u64,
    pub says: &'a [&'a str],
}

/// A project whose limits are short, with a good app.
pub fn project(builder: Builder) -> Project {
    let project = Project::new(builder);
    let settings = std::fs::read_to_string(project.path("bakehouse.toml")).unwrap();
    project.write(
        "bakehouse.toml",
        format!(
            "{settings}\n[limits]\ncpu-seconds = 2\nidle-seconds = 8\ntree-mib = 64\ntree-files = 400\ncalls = 50\n"
        ),
    );
    project.misbehave(&["1.0.0"]);
    project.write("canary", CANARY);
    project
}

/// What is in a folder, without what the host itself keeps.
fn listing(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .filter(|name| !matches!(name.as_str(), ".bakehouse" | "digests" | ".docker"))
        .collect();
    names.sort();
    names
}

/// What a run came to.
pub struct Run {
    failures: Vec<Value>,
}

/// Runs everything, which exits with `code`.
pub fn run(project: &Project, code: i32) -> Run {
    let before = listing(&project.path(""));
    let mut command = project.command(&[
        "run",
        "-v",
        "--platform",
        "linux/amd64",
        "--partial",
        "--max-versions",
        "200",
        "--format",
        "json",
        "--progress",
        "plain",
    ]);
    command.env("CANARY", CANARY).env("GITHUB_TOKEN", CANARY);
    let output = finish(&mut command);
    let all = format!("{}{}", output.stdout, output.stderr);
    assert!(!all.contains(CANARY), "shows a secret");
    assert!(!all.contains("ESCAPED"), "{all}");
    let controls = ['\u{1b}', '\u{7}', '\u{9b}'];
    assert!(!all.contains(controls), "terminal controls");
    assert!(all.len() < 8 << 20, "{} bytes of output", all.len());
    assert_eq!(output.code, Some(code), "{all}");
    // A recipe's own panics are told behind its name.
    let panicked = output
        .stderr
        .lines()
        .any(|line| line.starts_with("thread '"));
    assert!(!panicked, "{all}");
    let report = output.json();

    let published: Vec<_> = report["images"].as_array().unwrap().iter().collect();
    assert_eq!(published.len(), 1, "{published:#?}");
    assert_eq!(published[0]["reference"], "local/test/misbehave:1.0.0");
    let after = listing(&project.path(""));
    assert_eq!(after, before, "written outside of a tree");
    for place in ["/hostile-was-here", "/tmp/hostile-was-here"] {
        assert!(!Path::new(place).exists(), "{place}");
    }
    let work = project.path(".bakehouse/work");
    let left = std::fs::read_dir(&work).map_or(0, Iterator::count);
    assert_eq!(left, 0, "{} is not empty", work.display());
    Run {
        failures: report["failures"].as_array().unwrap().clone(),
    }
}

impl Run {
    /// Each case failed once, as it must, and nothing else did.
    #[track_caller]
    pub fn expect(&self, cases: &[Case<'_>], named: impl Fn(&str) -> String) {
        let mut wrong = BTreeMap::new();
        for case in cases {
            let name = named(case.name);
            let mine: Vec<_> = self
                .failures
                .iter()
                .filter(|failure| failure["message"].as_str().unwrap().contains(&name))
                .collect();
            let [failure] = mine.as_slice() else {
                wrong.insert(case.name, format!("{} failures", mine.len()));
                continue;
            };
            let message = failure["message"].as_str().unwrap();
            let said = case.says.iter().any(|words| message.contains(words));
            if failure["code"] != case.code || !said {
                let short: String = message.chars().take(600).collect();
                wrong.insert(case.name, format!("{} {short}", failure["code"]));
            }
        }
        assert!(wrong.is_empty(), "{wrong:#?}");
        assert_eq!(self.failures.len(), cases.len());
    }
}
