//! BuildKit's progress, as `--progress=rawjson` prints it: one `SolveStatus`
//! a line (moby/buildkit `client/graph.go`), then buildx's own error.

use std::collections::{HashMap, HashSet, VecDeque};

use bakehouse_system::redaction::Redactor;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde::Deserialize;

/// Output lines kept of each step, for its error.
const TAIL: usize = 20;
/// Characters kept of each of them. The log has it all.
const WIDE: usize = 400;
/// Lines kept that are not JSON.
const TALK: usize = 60;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Status {
    vertexes: Vec<RawVertex>,
    logs: Vec<RawLog>,
    warnings: Vec<RawWarning>,
}

#[derive(Debug, Deserialize)]
struct RawVertex {
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

#[derive(Debug, Deserialize)]
struct RawLog {
    vertex: String,
    #[serde(default)]
    stream: u8,
    #[serde(default)]
    data: String,
}

#[derive(Debug, Deserialize)]
struct RawWarning {
    #[serde(default)]
    short: String,
}

#[derive(Debug, Default)]
struct Vertex {
    name: String,
    announced: bool,
    /// It went well.
    done: bool,
    cached: bool,
    /// Unfinished lines of stdout and stderr.
    partial: HashMap<u8, Vec<u8>>,
    tail: VecDeque<String>,
}

/// Something to show.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Shown {
    Step(String),
    Output(String),
    Warning(String),
    /// The numbers of steps changed.
    Steps(StepCount),
}

/// Numbers of a build's steps.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct StepCount {
    pub(crate) done: usize,
    /// Of those that are done.
    pub(crate) cached: usize,
    /// All that BuildKit has named so far.
    pub(crate) total: usize,
}

/// The step that failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FailedStep {
    pub(crate) name: String,
    pub(crate) error: String,
    pub(crate) tail: Vec<String>,
}

/// The progress of a build so far, by BuildKit's account.
#[derive(Debug, Default)]
pub(crate) struct Progress {
    hidden: Redactor,
    /// Flags that the host added to steps.
    flags: String,
    vertexes: HashMap<String, Vertex>,
    /// Names of steps that were shown.
    announced: HashSet<String>,
    failed: Option<(String, String)>,
    talk: VecDeque<String>,
    counted: StepCount,
}

impl Progress {
    /// Nothing said yet; these are never shown, and no more are `flags` that
    /// steps have beside those of their Dockerfile.
    pub(crate) fn hiding(hidden: Redactor, flags: String) -> Self {
        Self {
            hidden,
            flags,
            ..Self::default()
        }
    }

    /// Takes one line of stderr.
    pub(crate) fn line(&mut self, line: &str) -> Vec<Shown> {
        let status = line
            .starts_with('{')
            .then(|| serde_json::from_str::<Status>(line));
        let Some(Ok(status)) = status else {
            let line = self.clean(line);
            keep(&mut self.talk, line, TALK);
            return Vec::new();
        };
        let mut shown = Vec::new();
        let changed = !status.vertexes.is_empty();
        for raw in status.vertexes {
            self.vertex(raw, &mut shown);
        }
        if changed {
            self.count(&mut shown);
        }
        for raw in status.logs {
            self.log(&raw, &mut shown);
        }
        for raw in status.warnings {
            if let Ok(text) = BASE64_STANDARD.decode(&raw.short) {
                let text = self.hidden.clean(&String::from_utf8_lossy(&text));
                shown.push(Shown::Warning(text));
            }
        }
        shown
    }

    /// BuildKit's text about steps, as their Dockerfile has them.
    fn clean(&self, text: &str) -> String {
        let text = self.hidden.clean(text);
        match self.flags.as_str() {
            "" => text,
            flags => text.replace(flags, ""),
        }
    }

    fn vertex(&mut self, raw: RawVertex, shown: &mut Vec<Shown>) {
        let name = self.clean(&raw.name);
        let vertex = self.vertexes.entry(raw.digest.clone()).or_default();
        if !raw.name.is_empty() {
            vertex.name = name;
        }
        vertex.cached |= raw.cached;
        if raw.started.is_some() && !vertex.announced {
            vertex.announced = true;
            if !vertex.is_step() || self.announced.insert(vertex.name.clone()) {
                shown.push(Shown::Step(vertex.name.clone()));
            }
        }
        if raw.completed.is_some() {
            vertex.done = raw.error.is_empty();
            for (_, rest) in std::mem::take(&mut vertex.partial) {
                vertex.output(&rest, &self.hidden, shown);
            }
        }
        // The other steps are cancelled when one fails.
        if !raw.error.is_empty() && !raw.error.contains("context canceled") && self.failed.is_none()
        {
            self.failed = Some((raw.digest, self.clean(&raw.error)));
        }
    }

    fn log(&mut self, raw: &RawLog, shown: &mut Vec<Shown>) {
        let Ok(data) = BASE64_STANDARD.decode(&raw.data) else {
            return;
        };
        let vertex = self.vertexes.entry(raw.vertex.clone()).or_default();
        let mut partial = vertex.partial.remove(&raw.stream).unwrap_or_default();
        partial.extend_from_slice(&data);
        let end = partial.iter().rposition(|b| *b == b'\n');
        let rest = partial.split_off(end.map_or(0, |end| end + 1));
        for line in partial.split_inclusive(|b| *b == b'\n') {
            vertex.output(line, &self.hidden, shown);
        }
        partial = rest;
        if partial.len() > 1 << 16 {
            vertex.output(&std::mem::take(&mut partial), &self.hidden, shown);
        }
        vertex.partial.insert(raw.stream, partial);
    }

    /// Steps of the Dockerfile that are done, and how many of them came from
    /// the cache.
    pub(crate) fn steps(&self) -> (usize, usize) {
        let StepCount { done, cached, .. } = self.step_count();
        (done, cached)
    }

    /// Steps of the Dockerfile. Loading contexts and exporting are no steps. One that
    /// builds have in common may come under a digest of each.
    fn step_count(&self) -> StepCount {
        let steps = self.vertexes.values().filter(|vertex| vertex.is_step());
        let done = steps.clone().filter(|vertex| vertex.done);
        let names = |steps: &mut dyn Iterator<Item = &Vertex>| {
            let names: HashSet<&str> = steps.map(|vertex| vertex.name.as_str()).collect();
            names.len()
        };
        StepCount {
            done: names(&mut done.clone()),
            cached: names(&mut done.filter(|vertex| vertex.cached)),
            total: names(&mut steps.into_iter()),
        }
    }

    fn count(&mut self, shown: &mut Vec<Shown>) {
        let now = self.step_count();
        if now != self.counted {
            self.counted = now;
            shown.push(Shown::Steps(now));
        }
    }

    /// The first step that failed.
    pub(crate) fn failed(&self) -> Option<FailedStep> {
        let (digest, error) = self.failed.as_ref()?;
        let vertex = self.vertexes.get(digest)?;
        Some(FailedStep {
            name: vertex.name.clone(),
            error: error.clone(),
            tail: vertex.tail.iter().cloned().collect(),
        })
    }

    /// buildx's own last words, without `ERROR: `.
    pub(crate) fn error(&self) -> Option<&str> {
        let said = self
            .talk
            .iter()
            .rev()
            .find_map(|l| l.strip_prefix("ERROR: "));
        said.or_else(|| {
            self.talk
                .iter()
                .rev()
                .map(String::as_str)
                .find(|l| !l.is_empty())
        })
    }
}

impl Vertex {
    fn is_step(&self) -> bool {
        self.name.starts_with('[')
            && !self.name.starts_with("[internal]")
            && !self.name.starts_with("[auth]")
    }

    fn output(&mut self, bytes: &[u8], hidden: &Redactor, shown: &mut Vec<Shown>) {
        let line = hidden.last_seen(&String::from_utf8_lossy(bytes));
        if !line.is_empty() {
            let kept = match line.char_indices().nth(WIDE) {
                Some((end, _)) => format!("{}…", line.get(..end).unwrap_or_default()),
                None => line.clone(),
            };
            keep(&mut self.tail, kept, TAIL);
            shown.push(Shown::Output(line));
        }
    }
}

fn keep(lines: &mut VecDeque<String>, line: String, most: usize) {
    if lines.len() == most {
        lines.pop_front();
    }
    lines.push_back(line);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> (Progress, Vec<Shown>) {
        let mut progress = Progress::default();
        let shown = text.lines().flat_map(|line| progress.line(line)).collect();
        (progress, shown)
    }

    #[test]
    fn reads_a_build_that_was_pushed() {
        let (progress, shown) = read(include_str!("testdata/pushed.jsonl"));
        assert_eq!(progress.steps(), (3, 0));
        assert_eq!(progress.failed(), None);
        let outputs: Vec<_> = shown
            .iter()
            .filter(|s| matches!(s, Shown::Output(_)))
            .collect();
        assert_eq!(
            outputs,
            [&Shown::Output("hello".into()), &Shown::Output("err".into())]
        );
        assert!(shown.contains(&Shown::Step("exporting to image".into())));
        let counts: Vec<_> = shown
            .iter()
            .filter_map(|shown| match shown {
                Shown::Steps(count) => Some(*count),
                _ => None,
            })
            .collect();
        let last = StepCount {
            done: 3,
            cached: 0,
            total: 3,
        };
        assert_eq!(counts.last(), Some(&last));
        assert!(counts.is_sorted_by(|a, b| a != b && a.done <= b.done && a.total <= b.total));
        let copies = shown
            .iter()
            .filter(|s| **s == Shown::Step("[base 1/2] COPY arm64/busybox /bin/sh".into()));
        assert_eq!(copies.count(), 1);
    }

    #[test]
    fn keeps_the_end_of_the_failed_step() {
        let (progress, _) = read(include_str!("testdata/failed.jsonl"));
        let failed = progress.failed().unwrap();
        assert!(
            failed.name.starts_with("[fail 1/1] RUN for i in"),
            "{failed:?}"
        );
        assert!(failed.error.ends_with("exit code: 7"), "{failed:?}");
        assert_eq!(failed.tail, ["line 1", "line 2", "line 3", "red partial"]);
        assert!(progress.error().unwrap().starts_with("failed to build"));
    }

    #[test]
    fn survives_what_it_does_not_know() {
        let (progress, shown) = read("{\"new\":1}\n{broken\n\nERROR: no builder \"x\" found\n");
        assert_eq!(shown, []);
        assert_eq!(progress.error(), Some("no builder \"x\" found"));
        let warning = r#"{"warnings":[{"vertex":"x","level":1,"short":"RnJvbUFzQ2FzaW5n"}]}"#;
        assert_eq!(read(warning).1, [Shown::Warning("FromAsCasing".into())]);
    }

    #[test]
    fn a_flood_of_lines_takes_no_time() {
        let begun = std::time::Instant::now();
        let data = BASE64_STANDARD.encode("\n".repeat(700_000) + "end\nhalf");
        let log = format!(r#"{{"logs":[{{"vertex":"v","stream":1,"data":"{data}"}}]}}"#);
        let (progress, shown) = read(&log);
        assert_eq!(shown, [Shown::Output("end".to_owned())]);
        assert_eq!(progress.vertexes["v"].partial[&1], b"half");
        assert!(begun.elapsed().as_secs() < 60, "{:?}", begun.elapsed());
    }
}
