//! Apps: their app.toml, recipes and grants.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use bakehouse_builder::Builder;
use bakehouse_core::grants::Kind;
use bakehouse_core::progress::Reporter;
use bakehouse_runtime::{Recipe, RecipeError, Runtime};
use bakehouse_system::process::{RunError, run};
use bakehouse_upstream::git::GitError;
use futures_util::StreamExt as _;
use tokio::process::Command;

use super::{Check, Cure, Finding};
use crate::config::{AppFile, Project, RecipeReference};
use crate::context::services;
use crate::failure::ExitCode;
use crate::pipeline::unbuilt::Understudy;
use crate::recipes::{RecipeCrate, is_stale};
use crate::text::count;

/// Recipes that are compiled at the same time, where they are not cached.
const PARALLEL: usize = 4;
/// Longest that git may take to say its version.
const GIT: Duration = Duration::from_secs(5);

/// A project's apps, as far as they were looked at.
pub(super) struct Seen {
    pub(super) findings: Vec<Finding>,
    /// Images that they publish.
    pub(super) images: Vec<String>,
    /// Release sources that they read, as far as they are known by name, each with
    /// an app.
    pub(super) sources: BTreeMap<String, String>,
}

/// One app.
struct App {
    findings: Vec<Finding>,
    images: Vec<String>,
    sources: Vec<String>,
    /// The recipe was loaded.
    loaded: bool,
    git: bool,
}

/// Looks at all apps.
pub(super) async fn look(project: &Project, reporter: Arc<dyn Reporter>) -> Seen {
    let names = match project.apps() {
        Ok(names) => names,
        Err(error) => return Seen::only(Finding::failed(Check::Project, error)),
    };
    if names.is_empty() {
        return Seen::only(Finding::problem(
            Check::Project,
            ExitCode::Nothing,
            format!("{} has no app", project.root().display()),
            "write one with `bakehouse new APP --from SOURCE`",
        ));
    }
    let runtime = match Runtime::new(&project.compile_cache(), project.file().limits) {
        Ok(runtime) => runtime,
        Err(error) => return Seen::only(Finding::failed(Check::Recipe, error)),
    };
    let looking = names
        .iter()
        .map(|name| app(project, name, &runtime, &reporter));
    let apps: Vec<App> = futures_util::stream::iter(looking)
        .buffered(PARALLEL)
        .collect()
        .await;
    let mut seen = Seen {
        findings: vec![Finding::ok(
            Check::Project,
            format!(
                "{}, {}",
                project.root().display(),
                count(names.len(), "app")
            ),
        )],
        images: Vec::new(),
        sources: BTreeMap::new(),
    };
    let loaded = apps.iter().filter(|app| app.loaded).count();
    if loaded > 0 {
        let found = format!("{} loaded", count(loaded, "recipe"));
        seen.findings.push(Finding::ok(Check::Recipe, found));
    }
    if apps.iter().any(|app| app.git) {
        seen.findings.push(git().await);
    }
    for (app, name) in apps.into_iter().zip(names) {
        seen.findings.extend(app.findings);
        seen.images.extend(app.images);
        let sources = app.sources.into_iter().map(|source| (source, name.clone()));
        seen.sources.extend(sources);
    }
    seen.images.sort();
    seen.images.dedup();
    seen
}

impl Seen {
    fn only(finding: Finding) -> Self {
        Self {
            findings: vec![finding],
            images: Vec::new(),
            sources: BTreeMap::new(),
        }
    }
}

async fn app(
    project: &Project,
    name: &str,
    runtime: &Runtime,
    reporter: &Arc<dyn Reporter>,
) -> App {
    let file = match project.app(name) {
        Ok(file) => file,
        Err(error) => {
            return App {
                findings: vec![Finding::failed(Check::App, error)],
                images: Vec::new(),
                sources: Vec::new(),
                loaded: false,
                git: false,
            };
        }
    };
    let mut findings = Vec::new();
    let stale = stale(project, name, &file);
    findings.extend(stale);
    findings.extend(secrets(name, &file));
    let git = !file.grants.sources.is_empty();
    let granted = file.grants.images.clone();
    let mut sources = file.grants.releases.clone();
    // One that was never compiled cannot be loaded, and is told already.
    let absent = findings
        .iter()
        .any(|finding| finding.check == Check::Recipe)
        && !project.recipe(name, &file.recipe).path().is_file();
    let (loaded, images) = match absent {
        true => (false, granted),
        false => match load(project, name, file, runtime, reporter).await {
            Ok(recipe) => {
                findings.extend(grants(name, &recipe));
                sources.extend(asked(&recipe));
                let images = recipe.app().images.iter().map(|image| image.name.clone());
                (true, images.collect())
            }
            Err(error) => {
                findings.push(Finding::failed(Check::Recipe, error));
                (false, granted)
            }
        },
    };
    // A pattern names none.
    sources.retain(|source| !source.contains('*'));
    App {
        findings,
        images,
        sources,
        loaded,
        git,
    }
}

async fn load(
    project: &Project,
    name: &str,
    file: AppFile,
    runtime: &Runtime,
    reporter: &Arc<dyn Reporter>,
) -> anyhow::Result<Recipe> {
    let wasm = project.recipe(name, &file.recipe);
    let policy = project.policy(name, &file);
    let builder: Arc<dyn Builder> = Arc::new(Understudy::default());
    let services = services(project, &builder, reporter)?;
    let loaded: Result<Recipe, RecipeError> = runtime
        .load(&wasm, policy, Arc::new(file.options), services)
        .await;
    Ok(loaded?)
}

/// A crate that was changed since its component was made.
fn stale(project: &Project, app: &str, file: &AppFile) -> Option<Finding> {
    let RecipeReference::Crate(name) = &file.recipe else {
        return None;
    };
    let component = project.component(name);
    if !is_stale(&component) {
        return None;
    }
    let krate = RecipeCrate::plugin(project, name);
    if !krate.exists() {
        return (!component.is_file())
            .then(|| Finding::failed(Check::Recipe, krate.missing(project)));
    }
    let fix = format!("run `bakehouse recipe build {}`", krate.name);
    let found = match component.is_file() {
        true => format!("{app}: {} was changed since it was compiled", krate.name),
        false => format!("{app}: {} is not compiled", krate.name),
    };
    // A run compiles it where it may.
    Some(Finding::warning(Check::Recipe, found, fix).curable(Cure::Recipe(krate.name)))
}

fn grants(app: &str, recipe: &Recipe) -> Vec<Finding> {
    let asked = recipe.policy().asked();
    let missing = asked.iter().filter(|asked| asked.missing.is_some());
    let findings = missing.map(|asked| {
        let kind = asked.want.kind.key();
        let all = format!("`bakehouse recipe check {app}` lists all of it");
        let fix = match &asked.add {
            Some(add) => format!("{add}; {all}"),
            None => all,
        };
        let value = &asked.want.value;
        // Of what is asked for in general, a build may need nothing.
        match value.as_str() {
            "*" => {
                let found = format!("{app}: may ask for any of `{kind}`, and none is granted");
                Finding::warning(Check::Grants, found, fix)
            }
            _ => {
                let found = format!("{app}: asks for {value} in `{kind}`, which is not granted");
                Finding::problem(Check::Grants, ExitCode::Denied, found, fix)
            }
        }
    });
    findings.collect()
}

/// Release sources that a recipe asks for, and is granted.
fn asked(recipe: &Recipe) -> Vec<String> {
    let asked = recipe.policy().asked().into_iter();
    let granted =
        asked.filter(|asked| asked.want.kind == Kind::Releases && asked.missing.is_none());
    granted.map(|asked| asked.want.value).collect()
}

fn secrets(app: &str, file: &AppFile) -> Vec<Finding> {
    let unset = |name: &&String| std::env::var_os(name.as_str()).is_none();
    let granted = file.grants.secrets.iter().filter(unset);
    let findings = granted.map(|name| {
        let kind = Kind::Secrets.key();
        Finding::warning(
            Check::Secrets,
            format!("{app}: {name} is granted in `{kind}`, and is not set"),
            format!("set the environment variable {name}"),
        )
    });
    findings.collect()
}

async fn git() -> Finding {
    let mut command = Command::new("git");
    command.arg("--version");
    match run(command, None, GIT, |_| {}).await {
        Ok(ended) if ended.status.success() => Finding::ok(Check::Git, ended.stdout.trim()),
        Err(RunError::Start(error)) => Finding::failed(Check::Git, GitError::Start(error)),
        Ok(_) | Err(_) => Finding::problem(
            Check::Git,
            ExitCode::Upstream,
            "`git --version` does not end well",
            "install git anew",
        ),
    }
}
