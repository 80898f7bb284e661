//! Refresh of recipes, before a command loads them.

use std::collections::BTreeMap;
use std::path::PathBuf;

use bakehouse_core::progress::{Event, Reporter};
use bakehouse_runtime::ComponentSource;

use super::{BuildOptions, CrateError, RecipeCrate, Unbuilt, build, kept, shipped};
use crate::config::{Project, RecipeReference};

/// The recipes of a project, as fresh as they can be had.
#[derive(Debug, Default)]
pub struct Recipes {
    /// Crates that cannot be used, by the path of their component.
    failed: BTreeMap<PathBuf, CrateError>,
}

impl Recipes {
    /// The component of an app's recipe.
    ///
    /// # Errors
    /// Why there is none, where it is made from a crate.
    pub fn source(
        &self,
        project: &Project,
        app: &str,
        recipe: &RecipeReference,
    ) -> Result<ComponentSource, CrateError> {
        let source = project.recipe(app, recipe);
        match self.failed.get(source.path()) {
            Some(error) => Err(error.clone()),
            None => Ok(source),
        }
    }
}

impl Project {
    /// Where an app's recipe is, built or not.
    #[must_use]
    pub fn recipe(&self, app: &str, recipe: &RecipeReference) -> ComponentSource {
        match recipe {
            RecipeReference::Shipped(name) => ComponentSource::Program {
                name: recipe.to_string().into(),
                // Other names are no reference.
                bytes: shipped::component(name).unwrap_or_default(),
            },
            RecipeReference::Crate(name) => ComponentSource::File(self.component(name)),
            RecipeReference::File(path) => {
                ComponentSource::File(self.root().join("apps").join(app).join(path))
            }
        }
    }
}

/// Builds crates that these apps are built by, where they have changed; or says
/// that they are used as they are. An app without a readable app.toml is left to
/// who loads it.
pub async fn refresh(
    project: &Project,
    apps: &[String],
    locked: bool,
    reporter: &dyn Reporter,
) -> Recipes {
    let mut recipes = Recipes::default();
    let mut stale: Vec<RecipeCrate> = Vec::new();
    for app in apps {
        let Ok(file) = project.app(app) else { continue };
        let RecipeReference::Crate(name) = &file.recipe else {
            continue;
        };
        let krate = RecipeCrate::plugin(project, name);
        let component = project.component(name);
        let known = stale.contains(&krate) || recipes.failed.contains_key(&component);
        if known || !kept::is_stale(&component) {
            continue;
        }
        match krate.exists() || component.is_file() {
            true => stale.push(krate),
            false => {
                recipes.failed.insert(component, krate.missing(project));
            }
        }
    }
    if stale.is_empty() {
        return recipes;
    }
    match unbuilt(locked) {
        Some(why) => recipes.as_they_are(stale, why, reporter),
        None => recipes.anew(stale, reporter).await,
    }
    recipes
}

/// Why nothing is compiled, where that is so.
fn unbuilt(locked: bool) -> Option<Unbuilt> {
    let cargo = || {
        let path = std::env::var_os("PATH").unwrap_or_default();
        std::env::split_paths(&path).any(|folder| folder.join("cargo").is_file())
    };
    match () {
        () if locked => Some(Unbuilt::Locked),
        () if in_ci() => Some(Unbuilt::Ci),
        () if !cargo() => Some(Unbuilt::NoCargo),
        () => None,
    }
}

/// Whether this is a CI job.
#[must_use]
pub fn in_ci() -> bool {
    std::env::var("CI").is_ok_and(|value| !matches!(value.as_str(), "" | "false" | "0"))
}

fn names(crates: &[RecipeCrate]) -> String {
    let names: Vec<&str> = crates.iter().map(|krate| krate.name.as_str()).collect();
    names.join(", ")
}

impl Recipes {
    fn as_they_are(&mut self, stale: Vec<RecipeCrate>, why: Unbuilt, reporter: &dyn Reporter) {
        let is_built = |krate: &RecipeCrate| krate.component.as_ref().is_some_and(|c| c.is_file());
        let (built, missing) = stale.into_iter().partition::<Vec<_>, _>(is_built);
        for krate in missing {
            let name = krate.name;
            let error = CrateError::NotBuilt { name, why };
            self.failed
                .extend(krate.component.map(|path| (path, error)));
        }
        if !built.is_empty() {
            reporter.report(Event::Stage {
                name: "recipes",
                detail: &format!("{}: used as they were built, {why}", names(&built)),
            });
        }
    }

    async fn anew(&mut self, stale: Vec<RecipeCrate>, reporter: &dyn Reporter) {
        let say = |line: &str| {
            reporter.report(Event::Stage {
                name: "recipes",
                detail: line,
            });
        };
        say(&format!("compiling {}", names(&stale)));
        let options = BuildOptions {
            locked: false,
            lines: None,
            say: &say,
        };
        for (krate, result) in build(&stale, &options).await {
            if let (Err(error), Some(path)) = (result, krate.component) {
                self.failed.insert(path, error);
            }
        }
    }
}
