//! The machine: engine, buildx, builders, platforms, git.

use std::sync::Arc;
use std::time::Duration;

use bakehouse_builder::engine::EngineInfo;
use bakehouse_builder::{BuilderError, BuilderState, Buildx, BuildxOptions, ChildEnv, SetUp};
use bakehouse_core::platform::Platform;
use bakehouse_core::progress::Silent;
use futures_util::future::join_all;

use super::{Check, Cure, Finding};
use crate::config::Settings;
use crate::failure::ExitCode;
use crate::up::{Found, Part, Verdict, look, plan};

/// Longest that a builder is waited for.
const LIMIT: Duration = Duration::from_secs(8);
/// Names a builder of another driver, for who cannot change the engine.
const STORE: &str = "add {\"features\":{\"containerd-snapshotter\":true}} to Docker's daemon.json and restart it, \
    or name a builder of another driver";

pub(super) async fn findings(
    set_up: &SetUp,
    settings: Option<&Settings>,
    platforms: &[Platform],
) -> Vec<Finding> {
    let (found, builders) = tokio::join!(look(set_up, platforms), builders(set_up, settings));
    let info = found.engine.as_ref().ok().cloned();
    let here = found.is_here().then_some(found.root && found.debian);
    let mut findings = parts(found, settings);
    let docker = builders
        .iter()
        .any(|(_, state)| matches!(state, Ok(state) if state.capabilities.driver == "docker"));
    findings.extend(info.map(|info| image_store(&info, docker)));
    findings.extend(platforms_of(&builders, settings, platforms, here));
    findings.extend(builders.into_iter().map(builder));
    findings
}

/// Engine and buildx, as `up` sees them.
fn parts(found: Found, settings: Option<&Settings>) -> Vec<Finding> {
    let why = found.engine.as_ref().err().map(ToString::to_string);
    let no_buildx = found.buildx.as_ref().err().map(ToString::to_string);
    // Builders that are named need no engine.
    let named = settings.is_some_and(|settings| !settings.builders.is_empty());
    let mut findings = Vec::new();
    for (part, verdict) in plan(found) {
        let (check, missing) = match part {
            Part::Engine => (Check::Engine, &why),
            Part::Buildx => (Check::Buildx, &no_buildx),
            // By builders, below.
            Part::Emulators => continue,
        };
        let finding = match verdict {
            Verdict::There(what) => Finding::ok(check, what),
            Verdict::Todo(_) => {
                let missing = missing.clone().unwrap_or_default();
                let fix = "run `bakehouse up`";
                Finding::problem(check, ExitCode::Builder, missing, fix).curable(Cure::Up)
            }
            Verdict::Cannot(error) => Finding::failed(check, *error),
        };
        findings.push(match part {
            Part::Engine if named => finding.softened(),
            _ => finding,
        });
    }
    findings
}

fn image_store(info: &EngineInfo, used: bool) -> Finding {
    match (info.containerd_image_store, used) {
        (true, _) => Finding::ok(Check::ImageStore, "containerd's"),
        (false, true) => Finding::problem(
            Check::ImageStore,
            ExitCode::Builder,
            "Docker's containerd image store is off, and its own builder is used",
            STORE,
        ),
        (false, false) => Finding::skipped(
            Check::ImageStore,
            "containerd's is off; no builder that is used needs it",
        ),
    }
}

type Looked = (Option<Platform>, Result<BuilderState, BuilderError>);

/// The builders that are named, or buildx's current one, each with the platform
/// that it is named for.
async fn builders(set_up: &SetUp, settings: Option<&Settings>) -> Vec<Looked> {
    let choices = settings.map_or(&[][..], |settings| settings.builders.as_slice());
    let mut named: Vec<(Option<Platform>, Option<String>)> = choices
        .iter()
        .map(|choice| (choice.platform.clone(), Some(choice.name.clone())))
        .collect();
    if named.is_empty() {
        named.push((None, None));
    }
    let looking = named.into_iter().map(|(platform, name)| async move {
        let options = BuildxOptions {
            builder: name,
            env: ChildEnv {
                set_up: set_up.clone(),
                ..ChildEnv::default()
            },
            ..BuildxOptions::default()
        };
        let builder = Buildx::new(options, Arc::new(Silent));
        let state = tokio::time::timeout(LIMIT, builder.look()).await;
        let state = state.unwrap_or_else(|_| {
            Err(BuilderError::Silent {
                builder: builder.named(),
                why: format!("no answer within {} s", LIMIT.as_secs()),
            })
        });
        (platform, state)
    });
    join_all(looking).await
}

fn builder((_, looked): Looked) -> Finding {
    let state = match looked {
        Ok(state) => state,
        // It is told as buildx.
        Err(BuilderError::Program(_)) => {
            return Finding::skipped(Check::Builder, "there is no buildx to ask");
        }
        Err(error) => return Finding::failed(Check::Builder, error),
    };
    let can = &state.capabilities;
    let buildkit = can
        .buildkit
        .as_deref()
        .map_or(String::new(), |v| format!(", BuildKit {v}"));
    let name = format!("{} (driver {}{buildkit})", can.name, can.driver);
    // It is told as the engine.
    if !state.running && can.driver.is_empty() {
        return Finding::skipped(Check::Builder, "there is no engine to ask for its builder");
    }
    match (state.running, &state.error) {
        (true, _) if state.down.is_empty() => Finding::ok(Check::Builder, name),
        (true, _) => Finding::warning(
            Check::Builder,
            format!("{name}: {}", state.down.join("; ")),
            "start what does not answer, or take it out with `docker buildx rm` or `create --leave`",
        ),
        (false, Some(error)) => Finding::problem(
            Check::Builder,
            ExitCode::Builder,
            format!("{name} cannot be asked: {error}"),
            "start what it runs on, or name another with --builder",
        ),
        (false, None) if can.driver == "docker" || can.driver == "remote" => Finding::problem(
            Check::Builder,
            ExitCode::Builder,
            format!("{name} does not run"),
            "start what it runs on, or name another with --builder",
        ),
        (false, None) => Finding::skipped(
            Check::Builder,
            format!("{name} starts with the first build"),
        ),
    }
}

/// Platforms, by the builders that run their programs. `here` is of an engine on
/// this machine: whether `up` may register emulators.
fn platforms_of(
    builders: &[Looked],
    settings: Option<&Settings>,
    platforms: &[Platform],
    here: Option<bool>,
) -> Option<Finding> {
    let running: Vec<_> = builders
        .iter()
        .filter_map(|(of, state)| Some((of, state.as_ref().ok().filter(|state| state.running)?)))
        .collect();
    if running.is_empty() {
        return Some(Finding::skipped(
            Check::Platforms,
            "no builder runs that could tell",
        ));
    }
    let allowed = settings.is_none_or(|settings| settings.use_qemu);
    let (mut told, mut missing) = (Vec::new(), Vec::new());
    for platform in platforms {
        let fits = |of: &Option<Platform>| of.as_ref().is_none_or(|of| of == platform);
        let of = || {
            running
                .iter()
                .filter(|(of, _)| fits(of))
                .map(|(_, state)| &state.capabilities)
        };
        if of().any(|can| can.native.iter().any(|native| platform.runs_on(native))) {
            told.push(format!("{platform} natively"));
        } else if allowed && of().any(|can| can.platforms.contains(platform)) {
            told.push(format!("{platform} emulated"));
        } else {
            missing.push(platform.to_string());
        }
    }
    if missing.is_empty() {
        return Some(Finding::ok(Check::Platforms, told.join(", ")));
    }
    let missing = missing.join(", ");
    let found = match allowed {
        true => format!("{missing}: neither native nor emulated"),
        false => format!("{missing}: not native, and `use-qemu` forbids emulation"),
    };
    let fix = match (allowed, here) {
        (true, Some(_)) => {
            "run `bakehouse up` as root, or `docker run --privileged --rm tonistiigi/binfmt --install all`"
        }
        (true, None) => {
            "add a node of that platform with `docker buildx create --append --platform`"
        }
        (false, _) => {
            "add a builder node of that platform, or allow emulation with `use-qemu = true`"
        }
    };
    let finding = Finding::warning(Check::Platforms, found, fix);
    Some(match allowed && here == Some(true) {
        true => finding.curable(Cure::Up),
        false => finding,
    })
}
