//! Release sources of the apps: whether they can be read, but for those of forges,
//! and the variables of the way to them.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use bakehouse_builder::Builder;
use bakehouse_core::progress::{Reporter, Silent};
use bakehouse_system::http::environment;
use bakehouse_upstream::release::{Releases, SourceId};
use futures_util::StreamExt as _;

use super::{Check, Finding};
use crate::config::Project;
use crate::context::services;
use crate::failure::ExitCode;
use crate::pipeline::unbuilt::Understudy;
use crate::text::count;

/// Longest that a source may take.
const LIMIT: Duration = Duration::from_secs(6);
/// Sources that are asked for at the same time.
const PARALLEL: usize = 16;

/// Asks for these sources, which have the name of an app each.
pub(super) async fn findings(project: &Project, named: &BTreeMap<String, String>) -> Vec<Finding> {
    let unusable = environment::unusable();
    let unusable = unusable.iter().map(|variable| {
        let fix = "correct the variable, or unset it";
        Finding::warning(Check::Sources, variable.to_string(), fix)
    });
    let mut findings: Vec<Finding> = unusable.collect();
    let reporter: Arc<dyn Reporter> = Arc::new(Silent);
    let builder: Arc<dyn Builder> = Arc::new(Understudy::default());
    // What keeps them from being set up is told of forges.
    let Ok(services) = services(project, &builder, &reporter) else {
        return findings;
    };
    let releases = match services.releases.open() {
        Ok(releases) => releases,
        Err(error) => {
            findings.push(Finding::failed(Check::Sources, error));
            return findings;
        }
    };
    let asking = named.iter().map(|(text, app)| ask(releases, text, app));
    let asked: Vec<_> = futures_util::stream::iter(asking)
        .buffered(PARALLEL)
        .collect()
        .await;
    findings.extend(told(asked));
    findings
}

/// The kind of a source, and what is wrong with it.
type Asked = (String, Result<(), Finding>);

/// Asks for a source; none where a forge is asked in its place.
async fn ask(releases: &Releases, text: &str, app: &str) -> Option<Asked> {
    let source: SourceId = match text.parse() {
        Ok(source) => source,
        Err(error) => {
            let found = format!("{app}: {error}");
            let fix = format!("correct it in apps/{app}/app.toml");
            let finding = Finding::problem(Check::Sources, ExitCode::Config, found, fix);
            return Some((text.to_owned(), Err(finding)));
        }
    };
    if source.is_of_forge() {
        return None;
    }
    let fix = || format!("check the name in apps/{app}/app.toml, and the way to its host");
    let probed = match tokio::time::timeout(LIMIT, releases.probe(&source)).await {
        Ok(probed) => probed.map_err(|error| Finding::failed(Check::Sources, error).or_fix(fix)),
        Err(_) => {
            let found = format!("{source}: no answer within {} s", LIMIT.as_secs());
            let code = ExitCode::Upstream;
            let fix = format!(
                "see why the host of {} sources does not answer",
                source.kind()
            );
            Err(Finding::problem(Check::Sources, code, found, fix))
        }
    };
    Some((source.kind().to_owned(), probed))
}

/// A finding for each kind that can be read, and one for each cause of what cannot.
fn told(asked: Vec<Option<Asked>>) -> Vec<Finding> {
    let mut read: BTreeMap<String, usize> = BTreeMap::new();
    let mut failed: Vec<(String, usize, Finding)> = Vec::new();
    for (kind, asked) in asked.into_iter().flatten() {
        let Err(finding) = asked else {
            *read.entry(kind).or_default() += 1;
            continue;
        };
        let same = failed
            .iter_mut()
            .find(|(of, _, first)| *of == kind && first.fix == finding.fix);
        match same {
            Some((_, more, _)) => *more += 1,
            None => failed.push((kind, 0, finding)),
        }
    }
    let read = read.into_iter().map(|(kind, number)| {
        let found = format!("{} of {kind} can be read", count(number, "source"));
        Finding::ok(Check::Sources, found)
    });
    let failed = failed.into_iter().map(|(kind, more, mut finding)| {
        if more > 0 {
            let more = count(more, "other source");
            finding
                .found
                .push_str(&format!("; the same of {more} of {kind}"));
        }
        finding
    });
    read.chain(failed).collect()
}

#[cfg(test)]
mod tests {
    use super::super::State;
    use super::*;

    #[test]
    fn one_cause_is_told_once_a_kind() {
        let down = |name: &str| {
            let found = format!("{name}: no connection");
            let down = Finding::problem(Check::Sources, ExitCode::Upstream, found, "mend it");
            Some(("npm".to_owned(), Err(down)))
        };
        let well = || Some(("pypi".to_owned(), Ok(())));
        let told = told(vec![down("a"), well(), None, down("b"), down("c"), well()]);
        let found: Vec<_> = told
            .iter()
            .map(|one| (one.state, one.found.as_str()))
            .collect();
        let expected = [
            (State::Ok, "2 sources of pypi can be read"),
            (
                State::Problem,
                "a: no connection; the same of 2 other sources of npm",
            ),
        ];
        assert_eq!(found, expected);
    }
}
