//! Meaning of what a failed `docker-buildx` printed.
//!
//! Neither buildx nor BuildKit has codes for it, so this module alone reads the
//! words, and everything else matches on the error's variants.

use bakehouse_core::grants::Access;
use bakehouse_core::platform::Platform;

use super::rawjson::{self, Progress};
use crate::error::{BuildError, BuilderError, FailedStep};
use crate::sandbox::source_policy;

/// Signs that the builder, not the build, failed.
const BUILDER: &[&str] = &[
    "cannot connect to the docker daemon",
    "is the docker daemon running",
    "failed to dial",
    "connection error: desc",
    "error reading from server",
    "rpc error: code = unavailable",
    "failed to list workers",
    "failed to find driver",
    "no builder",
    "couldn't connect",
    "transport is closing",
    "closing transport",
    "graceful_stop",
    "no active sessions",
    "context deadline exceeded while waiting",
    "waiting for connection",
    "listing workers",
];

/// The entitlements that BuildKit gives only to clients that hand them on; this one
/// never does.
const ENTITLEMENTS: &[&str] = &["network.host", "security.insecure", "device"];

/// BuildKit's words for a step whose program ended with a failure.
const STEP_FAILED: &str = "did not complete successfully: ";
/// The words of its exporter for a registry that did not take the image.
const PUSH_FAILED: &str = "failed to push";
/// The kernel's words for a program that is for another machine.
const EXEC_FORMAT: &str = "exec format error";

/// Whether a program's last words, or an engine's, say that it is for another
/// machine.
pub(crate) fn is_exec_format(text: &str) -> bool {
    text.to_ascii_lowercase().contains(EXEC_FORMAT)
}

/// The words of a container's runtime over a program that the kernel did not
/// start, `exec PATH: REASON`, where they are all that a container said.
pub(crate) fn not_started(stderr: &str) -> Option<&str> {
    let said = stderr.trim();
    let (path, why) = said.strip_prefix("exec ")?.rsplit_once(": ")?;
    let known = ["no such file or directory", "permission denied"];
    (path.starts_with('/') && !said.contains('\n') && known.contains(&why)).then_some(said)
}

/// The error for a build that ended with a non-zero status.
pub(crate) fn classify(
    progress: &Progress,
    builder: &str,
    platform: &Platform,
    access: &Access,
) -> BuildError {
    let said = progress
        .error()
        .unwrap_or("docker-buildx failed and said nothing");
    let step = progress.failed();
    let text = step.as_ref().map_or(said, |step| step.error.as_str());
    let (own, last) = (buildkits_own(text), buildkits_own(said));
    if let Some(source) = denied(last).or_else(|| denied(own)) {
        return BuildError::Denied(source_policy::denial(access, &source));
    }
    if let Some(entitlement) = ENTITLEMENTS.iter().find(|name| {
        let words = format!("{name} is not allowed");
        last.contains(&words) || own.contains(&words)
    }) {
        return BuildError::Entitlement {
            app: access.policy().app().to_owned(),
            entitlement,
        };
    }
    let lower = own.to_ascii_lowercase();
    if BUILDER.iter().any(|sign| lower.contains(sign)) {
        return BuildError::BuilderGone(BuilderError::Failed {
            builder: builder.to_owned(),
            said: text.to_owned(),
        });
    }
    let pushed = own.contains(PUSH_FAILED);
    match step.map(failed_step) {
        Some(step) if pushed => BuildError::PushFailed(step.to_string()),
        Some(step) if says_exec_format(&step) => BuildError::ExecFormat {
            step,
            platform: Box::new(platform.clone()),
        },
        Some(step) => BuildError::Step(step),
        None => {
            let said = said
                .trim_start_matches("failed to build: ")
                .trim_start_matches("failed to solve: ")
                .to_owned();
            match pushed {
                true => BuildError::PushFailed(said),
                false => BuildError::Refused(said),
            }
        }
    }
}

/// The message without a step's command line, which is the Dockerfile's.
fn buildkits_own(text: &str) -> &str {
    text.rsplit_once(STEP_FAILED).map_or(text, |(_, why)| why)
}

fn failed_step(step: rawjson::FailedStep) -> FailedStep {
    let why = match step.error.rsplit_once(STEP_FAILED) {
        Some((_, why)) => why.to_owned(),
        None => step.error,
    };
    FailedStep {
        name: step.name,
        why,
        tail: step.tail,
    }
}

fn says_exec_format(step: &FailedStep) -> bool {
    is_exec_format(&step.why) || step.tail.iter().any(|line| is_exec_format(line))
}

/// The source that the policy refused:
/// `source "docker-image://..." denied by policy`.
fn denied(text: &str) -> Option<String> {
    let refused = ["denied by policy", "not allowed by policy"];
    if !refused.iter().any(|sign| text.contains(sign)) {
        return None;
    }
    let source = text
        .split("source \"")
        .nth(1)
        .and_then(|rest| rest.split('"').next());
    Some(source.unwrap_or("a source").to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_runtimes_words_are_told_from_a_programs() {
        // Of runc 1.1.5, over a program whose loader is not there.
        let said = "exec /app: no such file or directory\n";
        assert_eq!(not_started(said), Some(said.trim()));
        for other in [
            "",
            "exec: serve: not found",
            "/entry.sh: exec: line 3: serve: not found",
            "cannot open /x: no such file or directory",
            "exec /app: no such file or directory\nand more",
        ] {
            assert_eq!(not_started(other), None, "{other}");
        }
    }

    fn of(lines: &str) -> BuildError {
        let mut progress = Progress::default();
        for line in lines.lines() {
            progress.line(line);
        }
        classify(
            &progress,
            "b",
            &"linux/arm64".parse().unwrap(),
            &Access::default(),
        )
    }

    #[test]
    fn tells_builds_from_builders() {
        let failed = of(include_str!("testdata/failed.jsonl"));
        let BuildError::Step(step) = &failed else {
            panic!("{failed:?}");
        };
        assert_eq!((step.why.as_str(), step.tail.len()), ("exit code: 7", 4));
        let text = failed.to_string();
        assert!(text.contains("exit code: 7\n  line 1") && text.ends_with("red partial"));
        let parse = of(
            "ERROR: failed to build: failed to solve: dockerfile parse error on line 2: unknown instruction: RNU",
        );
        assert!(
            matches!(&parse, BuildError::Refused(said) if said == "dockerfile parse error on line 2: unknown instruction: RNU"),
            "{parse:?}"
        );
        for gone in [
            "ERROR: Cannot connect to the Docker daemon at unix:///nope. Is the docker daemon running?",
            "ERROR: no builder \"nope\" found",
            "ERROR: failed to build: failed to receive status: rpc error: code = Unavailable desc = error reading from server: EOF",
        ] {
            assert!(matches!(of(gone), BuildError::BuilderGone(_)), "{gone}");
        }
        let policy = of(
            "ERROR: failed to build: failed to solve: host.test/x: could not resolve image due to policy: source \"docker-image://host.test/x:latest\" denied by policy: source denied by policy",
        );
        assert!(
            matches!(&policy, BuildError::Denied(text) if text.contains("no grant for host.test/x:latest")),
            "{policy:?}"
        );
    }

    fn failed(name: &str, error: &str, printed: &str) -> BuildError {
        let data = base64::Engine::encode(&base64::prelude::BASE64_STANDARD, printed);
        of(&format!(
            "{}\n{}",
            serde_json::json!({"logs": [{"vertex": "v", "stream": 2, "data": data}]}),
            serde_json::json!({"vertexes": [{
                "digest": "v", "name": name, "error": error,
                "started": "2026-01-01T00:00:00Z", "completed": "2026-01-01T00:00:01Z",
            }]})
        ))
    }

    #[test]
    fn what_a_step_prints_is_not_what_buildkit_says() {
        let refused = "failed to push registry.test/x/hello: unexpected status: 500";
        let push = failed("exporting to image", refused, "");
        assert!(matches!(push, BuildError::PushFailed(_)), "{push:?}");
        assert_eq!(
            push.to_string(),
            format!("step `exporting to image` failed: {refused}")
        );
        let said = of(&format!(
            "ERROR: failed to build: failed to solve: {refused}"
        ));
        assert!(
            matches!(&said, BuildError::PushFailed(text) if text == refused),
            "{said:?}"
        );

        for words in [
            "failed to push",
            "no builder",
            "network.host is not allowed",
            "denied by policy",
        ] {
            let own = format!(
                "process \"/bin/sh -c x || echo {words}\" did not complete successfully: exit code: 1"
            );
            let step = failed("RUN x", &own, &format!("{words}\n"));
            assert!(matches!(step, BuildError::Step(_)), "{step:?}");
            let said = format!("ERROR: failed to build: failed to solve: {own}");
            assert!(matches!(of(&said), BuildError::Refused(_)), "{words}");
        }

        let exit = "process \"/bin/sh -c x\" did not complete successfully: exit code: 255";
        let foreign = failed("RUN x", exit, "exec /bin/sh: exec format error\n");
        let arm64: Platform = "linux/arm64".parse().unwrap();
        assert!(matches!(&foreign, BuildError::ExecFormat { platform, .. } if **platform == arm64));
        assert!(foreign.to_string().ends_with("or register QEMU"));
    }
}
