//! What a failed build means.

use bakehouse_core::grants::Access;
use bakehouse_core::recipe::CallError;

use super::rawjson::{FailedStep, Progress};
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

/// What BuildKit gives only to clients that hand it on; this one never does.
const ENTITLEMENTS: &[&str] = &["network.host", "security.insecure", "device"];

/// The error for a build that ended with a non-zero status.
pub(crate) fn classify(progress: &Progress, builder: &str, access: &Access) -> CallError {
    let said = progress
        .error()
        .unwrap_or("docker-buildx failed and said nothing");
    let step = progress.failed();
    let text = step.as_ref().map_or(said, |step| step.error.as_str());
    if let Some(source) = denied(said).or_else(|| denied(text)) {
        return source_policy::denial(access, &source);
    }
    if let Some(entitlement) = ENTITLEMENTS.iter().find(|name| {
        let words = format!("{name} is not allowed");
        said.contains(&words) || text.contains(&words)
    }) {
        return CallError::Denied(format!(
            "{}: the build wants {entitlement}, which no build is given",
            access.policy().app()
        ));
    }
    let lower = text.to_ascii_lowercase();
    if BUILDER.iter().any(|sign| lower.contains(sign)) {
        return CallError::Unavailable(format!("builder {builder}: {text}"));
    }
    match step {
        Some(step) => CallError::BuildFailed(describe(&step)),
        None => CallError::BuildFailed(
            said.trim_start_matches("failed to build: ")
                .trim_start_matches("failed to solve: ")
                .to_owned(),
        ),
    }
}

fn describe(step: &FailedStep) -> String {
    let mut text = match step.error.rsplit_once("did not complete successfully: ") {
        Some((_, why)) => format!("step `{}` failed: {why}", step.name),
        None => format!("step `{}` failed: {}", step.name, step.error),
    };
    for line in &step.tail {
        text.push_str("\n  ");
        text.push_str(line);
    }
    if text.contains("exec format error") {
        text.push_str("\nthe builder cannot run programs for this platform: cross-compile in the step, or register QEMU with `./justw up`");
    }
    text
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

    fn of(lines: &str) -> CallError {
        let mut progress = Progress::default();
        for line in lines.lines() {
            progress.line(line);
        }
        classify(&progress, "b", &Access::default())
    }

    #[test]
    fn tells_builds_from_builders() {
        let failed = of(include_str!("testdata/failed.jsonl"));
        assert!(
            matches!(&failed, CallError::BuildFailed(text) if text.contains("exit code: 7\n  line 1") && text.ends_with("red partial")),
            "{failed:?}"
        );
        let parse = of(
            "ERROR: failed to build: failed to solve: dockerfile parse error on line 2: unknown instruction: RNU",
        );
        assert_eq!(
            parse,
            CallError::BuildFailed(
                "dockerfile parse error on line 2: unknown instruction: RNU".into()
            )
        );
        for gone in [
            "ERROR: Cannot connect to the Docker daemon at unix:///nope. Is the docker daemon running?",
            "ERROR: no builder \"nope\" found",
            "ERROR: failed to build: failed to receive status: rpc error: code = Unavailable desc = error reading from server: EOF",
        ] {
            assert!(matches!(of(gone), CallError::Unavailable(_)), "{gone}");
        }
        let policy = of(
            "ERROR: failed to build: failed to solve: host.test/x: could not resolve image due to policy: source \"docker-image://host.test/x:latest\" denied by policy: source denied by policy",
        );
        assert!(
            matches!(&policy, CallError::Denied(text) if text.contains("no grant for host.test/x:latest")),
            "{policy:?}"
        );
    }
}
