//! The target registry: its answer, the right to push, and its clock.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use bakehouse_core::progress::Silent;
use bakehouse_registry::{Endpoint, LocalRegistry, Registry, RegistryError, RetryPolicy};
use bakehouse_system::docker::credentials::DockerCredentials;
use futures_util::StreamExt as _;

use super::{Check, Finding};
use crate::config::{Project, RegistryChoice, Settings};
use crate::failure::{ExitCode, way};

/// Longest for a connection, and for an answer.
const LIMIT: Duration = Duration::from_secs(6);
/// The embedded registry's host; its port is another one each time.
const EMBEDDED: &str = "127.0.0.1:1";
/// Images that are asked for at the same time.
const PARALLEL: usize = 8;
/// A clock that is this far off is worth a word; servers round to seconds.
const OFF: Duration = Duration::from_secs(30);
/// Token servers refuse clocks that are further off.
const FAR_OFF: Duration = Duration::from_secs(300);

/// The registry's first answer, and its clock.
pub(super) async fn reach(project: &Project, settings: &Settings) -> Vec<Finding> {
    let host = match &settings.registry {
        RegistryChoice::Host(host) => host,
        RegistryChoice::Local => {
            let folder = project.local_registry();
            let looked = embedded(&folder, &settings.namespace).await;
            if let Err(error) = looked {
                return vec![Finding::failed(Check::Registry, error)];
            }
            return vec![
                Finding::ok(
                    Check::Registry,
                    format!("the embedded one, in {}", folder.display()),
                ),
                Finding::skipped(Check::Clock, "no server to compare it with"),
            ];
        }
    };
    let endpoint = match Endpoint::new(host, &settings.namespace) {
        Ok(endpoint) => endpoint,
        Err(error) => return vec![Finding::failed(Check::Registry, error)],
    };
    let begun = Instant::now();
    match endpoint.greet(LIMIT).await {
        Ok(date) => {
            let took = begun.elapsed().as_millis();
            let of = format!("{}/{}", endpoint.host(), settings.namespace);
            let origin = settings.origins.registry;
            let found = format!("{of} answers in {took} ms (registry: {origin})");
            vec![Finding::ok(Check::Registry, found), clock(host, date)]
        }
        Err(error) => vec![
            Finding::problem(
                Check::Registry,
                ExitCode::Registry,
                format!("{} does not answer: {error}", endpoint.host()),
                way(&error).unwrap_or_else(|| "check the address given as --registry, as REGISTRY or in bakehouse.toml, and that the registry runs".to_owned()),
            ),
            Finding::skipped(Check::Clock, "no server to compare it with"),
        ],
    }
}

/// Looks at the embedded registry's folder, and at the names in it.
async fn embedded(folder: &Path, namespace: &str) -> anyhow::Result<()> {
    let _ = Endpoint::new(EMBEDDED, namespace)?;
    let folder = folder.to_owned();
    Ok(tokio::task::spawn_blocking(move || LocalRegistry::look(&folder)).await??)
}

fn clock(host: &str, theirs: Option<SystemTime>) -> Finding {
    let Some(theirs) = theirs else {
        return Finding::skipped(Check::Clock, format!("{host} does not tell its time"));
    };
    let ours = SystemTime::now();
    let (off, how) = match ours.duration_since(theirs) {
        Ok(off) => (off, "ahead of"),
        Err(error) => (error.duration(), "behind"),
    };
    let found = format!("{} s {how} the clock of {host}", off.as_secs());
    let fix = "set this machine's clock: `timedatectl set-ntp true`";
    match off {
        off if off >= FAR_OFF => Finding::problem(Check::Clock, ExitCode::Registry, found, fix),
        off if off >= OFF => Finding::warning(Check::Clock, found, fix),
        _ => Finding::ok(
            Check::Clock,
            format!("within {} s of {host}", OFF.as_secs()),
        ),
    }
}

/// The right to push these images.
pub(super) async fn pushes(settings: &Settings, images: &[&str]) -> Vec<Finding> {
    let RegistryChoice::Host(host) = &settings.registry else {
        return Vec::new();
    };
    let client = match registry(host, &settings.namespace) {
        Ok(client) => client,
        // It is told of the registry.
        Err(_) => return Vec::new(),
    };
    let asking = images.iter().map(|image| {
        let client = &client;
        async move { (*image, client.check_push(image).await) }
    });
    let asked: Vec<_> = futures_util::stream::iter(asking)
        .buffered(PARALLEL)
        .collect()
        .await;
    let (mut allowed, mut findings) = (Vec::new(), Vec::<Finding>::new());
    for (image, asked) in asked {
        match asked {
            Ok(()) => allowed.push(image),
            // It is told as the registry.
            Err(RegistryError::Unreachable { .. }) => {
                return vec![Finding::skipped(
                    Check::Push,
                    "the registry does not answer",
                )];
            }
            Err(error) => {
                let finding = Finding::failed(Check::Push, error);
                // One sentence of one login is enough.
                match findings.iter_mut().find(|other| other.fix == finding.fix) {
                    Some(other) => other.found.push_str(&format!("; {image}: the same")),
                    None => findings.push(finding),
                }
            }
        }
    }
    if !allowed.is_empty() {
        let found = format!("{host}/{} takes {}", settings.namespace, allowed.join(", "));
        findings.push(Finding::ok(Check::Push, found));
    }
    findings
}

/// A client that asks once.
fn registry(host: &str, namespace: &str) -> anyhow::Result<Registry> {
    let endpoint = Endpoint::new(host, namespace)?;
    let credentials = Arc::new(DockerCredentials::new(endpoint.host()));
    let policy = RetryPolicy {
        attempts: 1,
        connect: LIMIT,
        answer: LIMIT,
        max_retry_after: Duration::ZERO,
        ..RetryPolicy::default()
    };
    Ok(Registry::with(
        endpoint,
        credentials,
        policy,
        Arc::new(Silent),
    )?)
}

#[cfg(test)]
mod tests {
    use super::super::State;
    use super::*;

    #[test]
    fn a_clock_is_held_to_the_registrys() {
        let at = |seconds: u64| {
            clock(
                "h.test",
                Some(SystemTime::now() - Duration::from_secs(seconds)),
            )
        };
        assert_eq!(at(2).state, State::Ok);
        assert_eq!(at(61).state, State::Warning);
        let far = at(3600);
        assert_eq!((far.state, far.code), (State::Problem, ExitCode::Registry));
        assert_eq!(far.found, "3600 s ahead of the clock of h.test");
        let ahead = SystemTime::now() + Duration::from_secs(3601);
        let behind = clock("h.test", Some(ahead));
        assert!(
            behind.found.contains("s behind the clock"),
            "{}",
            behind.found
        );
        assert_eq!(clock("h.test", None).state, State::Skipped);
    }
}
