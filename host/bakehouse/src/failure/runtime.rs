//! Exit codes and hints of recipes' errors.

use bakehouse_core::recipe::CallError;
use bakehouse_runtime::{
    CallSite, ContractError, Fault, HostError, InvalidAnswer, InvalidBuild, NotComponent,
    RecipeError,
};

use super::{ExitCode, Explanation, builder, core, registry, system, upstream};

/// The advice about a file that is no component.
const COMPONENT: &str = "compile it into a component, for the target wasm32-wasip2: \
    `bakehouse recipe build` does so with a crate in plugins/";

pub(super) fn recipe(error: &RecipeError) -> Explanation {
    let own = Explanation::new(ExitCode::Recipe);
    match error {
        RecipeError::Absent { app, .. } => own.hint(format!(
            "put the component there, or name another in `recipe` of apps/{app}/app.toml"
        )),
        RecipeError::NotComponent { why, .. } => match why {
            NotComponent::File(_)
            | NotComponent::NotWasm
            | NotComponent::Module
            | NotComponent::Compile(_) => own.hint(COMPONENT),
        },
        RecipeError::Contract(error) => contract(error),
        RecipeError::Unfit { app, .. } => Explanation::new(ExitCode::Config).hint(format!(
            "change what apps/{app}/app.toml has under [options]"
        )),
        RecipeError::Options(_) => Explanation::new(ExitCode::Config)
            .hint("`bakehouse recipe check` lists the options of a recipe"),
        RecipeError::Listed { .. } => {
            own.hint("update bakehouse, or give the recipe's versions numbers that order them")
        }
        RecipeError::Crashed { .. } => {
            own.hint("this is a fault in the recipe; run with -v to see what it printed")
        }
        RecipeError::WorkTree { at, .. } => own.hint(fault(at)),
        RecipeError::Answered {
            at,
            error,
            reported,
        } => answered(at, error, reported.as_deref()),
        RecipeError::Invalid(error) => invalid(error),
        RecipeError::Build { at, source } => build(source).or_hint(ExitCode::Recipe, || fault(at)),
        RecipeError::Denied(error) => core::denied(error),
        RecipeError::Host { source, .. } => host(source),
        RecipeError::Storage(error) => core::storage(error),
        RecipeError::Engine(_) | RecipeError::Thread(_) => Explanation::new(ExitCode::Internal),
    }
}

pub(super) fn invalid(error: &InvalidAnswer) -> Explanation {
    Explanation::new(ExitCode::Recipe).hint(match error.fault {
        Fault::ImageName(_) => {
            "an image's name is of lower-case letters and digits, with `.`, `_` or `-` between them; recipes of \
             the program take it from the app's folder, or from `image` under [options]"
        }
        _ => "this is a fault in the recipe",
    })
}

fn fault(at: &CallSite) -> String {
    format!("this is a fault in {} of recipe {}", at.function, at.app)
}

fn contract(error: &ContractError) -> Explanation {
    let own = Explanation::new(ExitCode::Recipe);
    match error {
        ContractError::Version { newer: true, .. } => {
            own.hint("update bakehouse, or take a build of the recipe for a version that it speaks")
        }
        ContractError::Version { newer: false, .. } | ContractError::Mixed { .. } => {
            own.hint("build the recipe anew, with the bakehouse-sdk of this bakehouse")
        }
        ContractError::NoExport { .. } => {
            own.hint("a recipe exports that interface; in Rust, bakehouse_sdk::export! does")
        }
        ContractError::Imports { .. } => {
            own.hint("a recipe may import bakehouse:recipe and WASI 0.2 only")
        }
        ContractError::Misfit { .. } => own.hint(
            "compile it anew, with the bakehouse-sdk or the WIT files of this program's version",
        ),
    }
}

/// A recipe's own error: what it says is its own, unless it hands on what a host
/// function reported.
fn answered(at: &CallSite, error: &CallError, reported: Option<&HostError>) -> Explanation {
    let reports = |code| reported.map_or_else(|| Explanation::new(code), host);
    match error {
        CallError::NotFound(_) => match reported {
            None => Explanation::new(ExitCode::Upstream),
            Some(error) => host(error).or_hint(ExitCode::Upstream, || match at.function {
                "prepare" => "upstream may have withdrawn it; `bakehouse plan` lists what there is"
                    .to_owned(),
                _ => format!(
                    "check the name in apps/{}/app.toml; upstream may have renamed or withdrawn it",
                    at.app
                ),
            }),
        },
        CallError::RateLimited(_) | CallError::Unavailable(_) | CallError::Timeout(_) => {
            reports(ExitCode::Upstream).or_hint(ExitCode::Upstream, || {
                "upstream failed, or answered wrongly; run the same command again".to_owned()
            })
        }
        CallError::Denied(_) => reports(ExitCode::Denied),
        CallError::InvalidInput(_) | CallError::Other(_) => {
            reports(ExitCode::Recipe).or_hint(ExitCode::Recipe, || fault(at))
        }
        CallError::BuildFailed(_) => reports(ExitCode::Build),
    }
}

/// A build that is not passed on.
fn build(error: &InvalidBuild) -> Explanation {
    match error {
        InvalidBuild::Denied(_) | InvalidBuild::Frontend { .. } | InvalidBuild::Shadow { .. } => {
            Explanation::new(ExitCode::Denied)
        }
        InvalidBuild::Storage(error) => core::storage(error),
        InvalidBuild::Path(error) => system::path(error),
        InvalidBuild::Platform(_)
        | InvalidBuild::OtherPlatform(_)
        | InvalidBuild::Context(_)
        | InvalidBuild::Dockerfile { .. }
        | InvalidBuild::Large(_)
        | InvalidBuild::Nul(_)
        | InvalidBuild::Many { .. } => Explanation::new(ExitCode::Recipe),
    }
}

/// The explanation of a host function's failure.
fn host(error: &HostError) -> Explanation {
    match error {
        HostError::Denied(_) | HostError::TooManyCalls(_) => Explanation::new(ExitCode::Denied),
        HostError::Platform(_) | HostError::NotPreparing(_) | HostError::IntoRoot => {
            Explanation::new(ExitCode::Recipe)
        }
        HostError::Build(error) => build(error),
        HostError::Compile(error) => builder::build(error),
        HostError::Fetch(error) => upstream::fetch(error),
        HostError::Image(error) => registry::lookup(error),
        HostError::Release(error) => upstream::release(error),
        HostError::Path(error) => system::path(error),
        HostError::Quota(error) => system::quota(error),
        HostError::Storage(error) => core::storage(error),
        HostError::SetUp(error) => system::set_up(error),
        HostError::Timeout { .. } => Explanation::new(ExitCode::Upstream),
        HostError::SlowCompile(_) => Explanation::new(ExitCode::Build),
    }
}

#[cfg(test)]
mod tests {
    use std::io::ErrorKind;
    use std::path::Path;
    use std::time::{Duration, SystemTime};

    use bakehouse_builder::{BuildError, BuilderError};
    use bakehouse_core::storage_error::StorageError;
    use bakehouse_system::http::HttpError;
    use bakehouse_system::http::page::title;
    use bakehouse_upstream::fetch::FetchError;
    use bakehouse_upstream::git::GitError;
    use bakehouse_upstream::release::ReleaseError;
    use reqwest::StatusCode;
    use rustls::CertificateError::UnknownIssuer as Unknown;

    use super::*;

    fn at() -> CallSite {
        CallSite {
            app: "app".to_owned(),
            function: "prepare",
            subject: "app 1.0.0".to_owned(),
        }
    }

    /// The explanation for a recipe that hands on what a host function reported.
    fn handed_on(reported: impl Into<HostError>) -> Explanation {
        let reported = reported.into();
        recipe(&RecipeError::Answered {
            at: at(),
            error: reported.told().unwrap(),
            reported: Some(Box::new(reported)),
        })
    }

    fn own(error: CallError) -> Explanation {
        recipe(&RecipeError::Answered {
            at: at(),
            error,
            reported: None,
        })
    }

    #[test]
    fn what_upstream_withdrew_is_told_only_where_upstream_was_asked() {
        let absent = handed_on(FetchError::Http {
            what: "https://host.test/x".to_owned(),
            source: HttpError::NotFound,
        });
        assert_eq!(absent.code, ExitCode::Upstream);
        assert!(absent.hint.unwrap().contains("withdrawn"));
        let no_release = handed_on(ReleaseError::NoPackage("x".to_owned()));
        assert!(no_release.hint.unwrap().contains("withdrawn"));
        let own = own(CallError::NotFound("there is no Dockerfile".to_owned()));
        assert_eq!(own, Explanation::new(ExitCode::Upstream));
    }

    #[test]
    fn the_advice_about_upstream_is_of_the_cause() {
        let what = || "https://host.test/x".to_owned();
        let http = |source| ReleaseError::Http {
            what: what(),
            source,
        };
        let answered = |advice: &str| ReleaseError::Answered {
            what: what(),
            status: StatusCode::UNAUTHORIZED,
            said: None,
            advice: Some(advice.to_owned()),
        };
        let limited = |variables| ReleaseError::RateLimited {
            what: what(),
            until: SystemTime::UNIX_EPOCH,
            variables,
        };
        let until = SystemTime::UNIX_EPOCH;
        let hidden = StatusCode::FORBIDDEN;
        for (error, says) in [
            (answered("check GITHUB_TOKEN"), "check GITHUB_TOKEN"),
            (limited(Some("GITHUB_TOKEN")), "set GITHUB_TOKEN"),
            (limited(None), "wait until then"),
            (http(HttpError::Paused { until }), "wait until then"),
            (http(HttpError::Hidden { status: hidden }), ".npmrc"),
            (http(HttpError::Untrusted(Unknown)), "SSL_CERT_FILE"),
            (
                ReleaseError::Page {
                    what: what(),
                    title: title(b"<html>"),
                },
                "login page",
            ),
            (
                ReleaseError::NotText { what: what() },
                "run the same command again",
            ),
        ] {
            let told = error.to_string();
            let explained = handed_on(error);
            assert_eq!(explained.code, ExitCode::Upstream, "{told}");
            let hint = explained.hint.unwrap();
            assert!(hint.contains(says), "{told}: {hint}");
        }
        // Where versions are looked for, there is no plan to look into.
        let absent = HostError::from(ReleaseError::NoPackage("x".to_owned()));
        let looked_for = recipe(&RecipeError::Answered {
            at: CallSite {
                function: "versions",
                ..at()
            },
            error: absent.told().unwrap(),
            reported: Some(Box::new(absent)),
        });
        let hint = looked_for.hint.unwrap();
        assert!(
            hint.contains("apps/app/app.toml") && !hint.contains("plan"),
            "{hint}"
        );
    }

    #[test]
    fn what_a_host_function_reported_keeps_its_meaning() {
        let gone = handed_on(BuildError::from(BuilderError::NoneLeft));
        assert_eq!(gone.code, ExitCode::Builder);
        let slow = handed_on(BuildError::Timeout(Duration::from_secs(1)));
        assert_eq!(slow.code, ExitCode::Build);
        let git = handed_on(ReleaseError::Git(GitError::NoRepository {
            address: "https://git.test/x".to_owned(),
        }));
        assert_eq!(git.code, ExitCode::Upstream);
        assert!(git.hint.unwrap().contains("check the address"));
        let npm = handed_on(ReleaseError::NoNpmRegistry);
        assert_eq!(npm, Explanation::new(ExitCode::Config));
        let own = own(CallError::Other("what?".to_owned()));
        assert_eq!(own.code, ExitCode::Recipe);
        let hint = "this is a fault in prepare of recipe app";
        assert_eq!(own.hint.as_deref(), Some(hint));
    }

    #[test]
    fn a_full_disk_is_no_fault_of_a_recipe() {
        let full = StorageError::new("write", Path::new("/x"), ErrorKind::StorageFull.into());
        let told = recipe(&RecipeError::Host {
            at: at(),
            source: Box::new(FetchError::Storage(full).into()),
        });
        assert_eq!(told.code, ExitCode::Storage);
        assert!(told.hint.unwrap().starts_with("free space"));
    }
}
