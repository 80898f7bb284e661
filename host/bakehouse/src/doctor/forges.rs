//! Forges that releases are read from: their tokens, and how much may be asked.

use std::collections::BTreeSet;
use std::time::{Duration, SystemTime};

use bakehouse_upstream::release::{Forge, ForgeAccess, Standing};
use futures_util::future::join_all;

use super::{Check, Finding};
use crate::config::Project;
use crate::failure::ExitCode;

/// Longest that a forge may say nothing.
const IDLE: Duration = Duration::from_secs(5);
/// Fewer requests than this are soon used up: each app takes some.
const FEW: u64 = 100;

pub(super) async fn findings(project: &Project) -> Vec<Finding> {
    let apps = project.apps().unwrap_or_default();
    // What is wrong with app.toml is told of recipes.
    let files = apps.iter().filter_map(|app| project.app(app).ok());
    let sources: BTreeSet<String> = files.flat_map(|file| file.grants.releases).collect();
    let access = match ForgeAccess::from_env(|name| std::env::var(name).ok()) {
        Ok(access) => access.mirrors(project.file().mirrors.clone()),
        Err(error) => return vec![Finding::failed(Check::Forge, error)],
    };
    let forges = access.forges(sources.iter().map(String::as_str));
    join_all(forges.iter().map(forge)).await
}

async fn forge(forge: &Forge) -> Finding {
    let (host, variables) = (forge.host(), forge.variables());
    let standing = match forge.standing(IDLE).await {
        Ok(standing) => standing,
        // One that counts no requests has nothing to say of them.
        Err(error) if error.is_absent() => {
            return Finding::ok(Check::Forge, format!("{host} answers"));
        }
        Err(error) => {
            let fix = match forge.has_token() {
                true => format!("check {variables}, and the way to {host}"),
                false => format!("check the way to {host}; it may want a token in {variables}"),
            };
            return Finding::failed(Check::Forge, error).or_fix(|| fix);
        }
    };
    told(&host, forge.has_token(), variables, &standing)
}

fn told(host: &str, token: bool, variables: &str, standing: &Standing) -> Finding {
    let known = match token {
        true => "knows the token",
        false => "asked without a token",
    };
    let Some(quota) = standing.quota else {
        return Finding::ok(Check::Forge, format!("{host} {known}"));
    };
    let wait = quota.reset.duration_since(SystemTime::now());
    let minutes = wait.unwrap_or_default().as_secs().div_ceil(60);
    let (left, limit) = (quota.remaining, quota.limit);
    let found = match limit {
        // It refuses, and does not say of how many.
        0 => format!("{host} takes no requests for {minutes} min"),
        _ => format!("{host} {known}; {left} of {limit} requests left for {minutes} min"),
    };
    let fix = match token {
        true => format!("wait {minutes} min, or look for fewer versions with --max-versions"),
        false => format!("set {variables}"),
    };
    match left {
        0 => Finding::problem(Check::Forge, ExitCode::Upstream, found, fix),
        left if left < FEW => Finding::warning(Check::Forge, found, fix),
        _ => Finding::ok(Check::Forge, found),
    }
}

#[cfg(test)]
mod tests {
    use bakehouse_upstream::release::Quota;

    use super::super::State;
    use super::*;

    #[test]
    fn few_requests_are_warned_of() {
        let at = |remaining| {
            let quota = Quota {
                limit: 60,
                remaining,
                reset: SystemTime::now() + Duration::from_secs(119),
            };
            let standing = Standing {
                quota: Some(quota),
                time: None,
            };
            told("h.test", false, "H_TOKEN", &standing)
        };
        let few = at(12);
        assert_eq!(few.state, State::Warning);
        let words = "h.test asked without a token; 12 of 60 requests left for 2 min";
        assert_eq!(few.found, words);
        assert_eq!(few.fix.as_deref(), Some("set H_TOKEN"));
        assert_eq!(at(0).code, ExitCode::Upstream);
    }
}
