//! Progress as BuildKit tells it (`--progress=rawjson`, one `SolveStatus` a
//! line).

use std::collections::{HashMap, HashSet, VecDeque};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde::Deserialize;

use crate::progress::{Event, Reporter};
use crate::target::TargetId;

/// Output lines kept for an error.
const TAIL: usize = 20;

#[derive(Deserialize)]
struct Status {
    #[serde(default)]
    vertexes: Vec<Vertex>,
    #[serde(default)]
    logs: Vec<Log>,
}

#[derive(Deserialize)]
struct Vertex {
    digest: String,
    #[serde(default)]
    name: String,
    started: Option<String>,
    completed: Option<String>,
    #[serde(default)]
    cached: bool,
    #[serde(default)]
    error: String,
}

#[derive(Deserialize)]
struct Log {
    vertex: String,
    #[serde(default)]
    data: String,
}

/// Follows one build's progress stream.
#[derive(Debug, Default)]
pub(super) struct Follower {
    names: HashMap<String, String>,
    started: HashSet<String>,
    completed: HashSet<String>,
    cached: HashSet<String>,
    failed: Option<(String, String)>,
    tails: HashMap<String, VecDeque<String>>,
    /// Lines that are no progress: what buildx itself says.
    other: VecDeque<String>,
}

impl Follower {
    /// Takes one line of buildx's standard error.
    pub(super) fn line(&mut self, line: &str, target: &TargetId, reporter: &dyn Reporter) {
        let Ok(status) = serde_json::from_str::<Status>(line) else {
            push(&mut self.other, clean(line));
            return;
        };
        for vertex in status.vertexes {
            let key = vertex.digest;
            if !vertex.name.is_empty() {
                self.names.insert(key.clone(), clean(&vertex.name));
            }
            let name = self.names.get(&key).map_or("", String::as_str);
            if vertex.started.is_some() && self.started.insert(key.clone()) && !name.is_empty() {
                reporter.report(Event::TargetStep { target, step: name });
            }
            if vertex.cached {
                self.cached.insert(key.clone());
            }
            if vertex.completed.is_some() {
                self.completed.insert(key.clone());
            }
            // Others are cancelled because of the first one.
            if !vertex.error.is_empty() && !vertex.error.contains("context canceled") {
                self.failed.get_or_insert((key, clean(&vertex.error)));
            }
        }
        for log in status.logs {
            let Ok(data) = BASE64_STANDARD.decode(&log.data) else {
                continue;
            };
            let tail = self.tails.entry(log.vertex).or_default();
            for line in String::from_utf8_lossy(&data).lines() {
                let line = clean(line);
                reporter.report(Event::TargetOutput {
                    target,
                    line: &line,
                });
                push(tail, line);
            }
        }
    }

    /// Steps that ended, and those of them that came from the cache.
    pub(super) fn counts(&self) -> (usize, usize) {
        let real = |key: &&String| {
            self.names
                .get(*key)
                .is_some_and(|name| !name.starts_with("[internal]"))
        };
        let steps = self.completed.iter().filter(real).count();
        let cached = self.cached.iter().filter(real).count();
        (steps, cached)
    }

    /// The failing step with its last output, where a step failed.
    pub(super) fn failed_step(&self) -> Option<String> {
        let (key, error) = self.failed.as_ref()?;
        let name = self.names.get(key).map_or("a step", String::as_str);
        let mut text = format!("step `{name}` failed: {error}");
        for line in self.tails.get(key).into_iter().flatten() {
            text.push_str("\n    ");
            text.push_str(line);
        }
        Some(text)
    }

    /// What buildx said beside the progress, its last line first.
    pub(super) fn other(&self) -> impl Iterator<Item = &str> {
        self.other
            .iter()
            .rev()
            .map(|line| line.strip_prefix("ERROR: ").unwrap_or(line))
            .filter(|line| !line.trim().is_empty())
    }
}

fn push(lines: &mut VecDeque<String>, line: String) {
    if lines.len() == TAIL {
        lines.pop_front();
    }
    lines.push_back(line);
}

/// One line for a terminal that obeys no control characters; at most 500
/// characters.
pub(crate) fn clean(line: &str) -> String {
    let mut out = String::new();
    let mut characters = line.trim_end().chars();
    while let Some(character) = characters.next() {
        match character {
            // CSI sequences end with a byte from @ to ~.
            '\u{1b}' => {
                if characters.next() == Some('[') {
                    characters.by_ref().find(|c| ('@'..='~').contains(c));
                }
            }
            '\t' => out.push(' '),
            other if other.is_control() => {}
            other => out.push(other),
        }
        if out.len() >= 500 {
            out.push('…');
            break;
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::progress::Silent;

    #[test]
    fn follows_a_failing_build() {
        let target = TargetId {
            app: "x".into(),
            version: "1".into(),
            image: "x".into(),
            platform: "linux/amd64".parse().unwrap(),
        };
        let log = BASE64_STANDARD.encode("\u{1b}[31mno such\u{1b}[0m file\n");
        let lines = [
            r#"{"vertexes":[{"digest":"sha256:0","name":"[internal] load build definition","started":"t","completed":"t"}]}"#.to_owned(),
            r#"{"vertexes":[{"digest":"sha256:1","name":"[1/2] FROM base","started":"t","completed":"t","cached":true}]}"#.to_owned(),
            r#"{"vertexes":[{"digest":"sha256:2","name":"[2/2] RUN false","started":"t"}]}"#.to_owned(),
            format!(r#"{{"logs":[{{"vertex":"sha256:2","stream":2,"data":"{log}","timestamp":"t"}}]}}"#),
            r#"{"vertexes":[{"digest":"sha256:2","name":"[2/2] RUN false","started":"t","completed":"t","error":"exit code: 1"}]}"#.to_owned(),
            "ERROR: failed to build".to_owned(),
        ];
        let mut follower = Follower::default();
        for line in &lines {
            follower.line(line, &target, &Silent);
        }
        assert_eq!(follower.counts(), (2, 1));
        assert_eq!(
            follower.failed_step().unwrap(),
            "step `[2/2] RUN false` failed: exit code: 1\n    no such file"
        );
        assert_eq!(follower.other().next(), Some("failed to build"));
    }

    #[test]
    fn controls_are_dropped() {
        assert_eq!(clean("a\u{1b}[2Jb\u{7}c\td\r"), "abc d");
        assert!(clean(&"x".repeat(9999)).len() < 600);
    }
}
