//! Validation of what a recipe answers, which is input like any other.

use std::collections::{BTreeSet, HashSet};

use bakehouse_core::error::{ExitCode, Failure};
use bakehouse_core::recipe::{App, Target, Version};
use bakehouse_core::reference_grammar::{is_component, is_tag};
use bakehouse_upstream::git::{Address, check_ref};

/// Most images or versions or targets taken from a recipe.
const MANY: usize = 1000;
/// Longest image name; a namespace comes before it.
const LONGEST_NAME: usize = 128;
/// Most versions.
const LISTED: usize = 10_000;
/// Bytes of one version's extras, which go into digest files.
const EXTRAS: usize = 64 << 10;

/// An app's description.
pub(super) fn app(folder: &str, app: &App) -> Result<(), Failure> {
    let bad = |why: String| fault(folder, "describe", &why);
    if app.name != folder {
        return Err(bad(format!(
            "it calls the app `{}`, app.toml is in apps/{folder}",
            shown(&app.name)
        )));
    }
    if app.wants.len() > MANY {
        return Err(bad(format!("it declares {} wants", app.wants.len())));
    }
    for want in &app.wants {
        if let Some(why) = want.fault() {
            return Err(bad(format!(
                "`{}` in {} {why}",
                want.value.escape_debug(),
                want.kind.key()
            )));
        }
    }
    if app.images.is_empty() || app.images.len() > MANY {
        return Err(bad(format!("it names {} images", app.images.len())));
    }
    let mut names = HashSet::new();
    for image in &app.images {
        if !is_component(&image.name) || image.name.len() > LONGEST_NAME {
            return Err(bad(format!(
                "`{}` cannot name a repository",
                shown(&image.name)
            )));
        }
        if !names.insert(&image.name) {
            return Err(bad(format!("it names image `{}` twice", image.name)));
        }
    }
    let needs = app.images.iter().flat_map(|image| &image.needs);
    if let Some(need) = needs.into_iter().find(|need| !names.contains(need)) {
        let why = format!("an image needs `{}`, which it does not name", shown(need));
        return Err(bad(why));
    }
    Ok(())
}

/// How many versions of an app are taken.
pub(super) fn amount(app: &str, versions: &[Version]) -> Result<(), Failure> {
    if versions.len() > LISTED {
        let why = format!("it lists {} versions", versions.len());
        return Err(fault(app, "versions", &why));
    }
    Ok(())
}

/// One version of an app, after those named before it.
pub(super) fn version(
    app: &str,
    version: &Version,
    before: &BTreeSet<String>,
) -> Result<(), Failure> {
    let bad = |why: String| Err(fault(app, "versions", &why));
    let number = &version.number;
    // It names a folder, too.
    if !is_tag(number) || number.contains("..") {
        return bad(format!("version `{}` cannot be a tag", shown(number)));
    }
    let extras = version.extras.iter();
    let bytes: usize = extras.map(|(key, value)| key.len() + value.len()).sum();
    if bytes > EXTRAS {
        return bad(format!("the extras of {number} have {bytes} bytes"));
    }
    if before.contains(number) {
        return bad(format!("it names {number} twice"));
    }
    if let Some(source) = &version.source {
        Address::parse(&source.repository)
            .map_err(|error| error.to_string())
            .and_then(|_| check_ref(&source.git_ref).map_err(|error| error.to_string()))
            .map_err(|error| fault(app, &format!("source of {number}"), &error))?;
    }
    Ok(())
}

/// The matrix of one version.
pub(super) fn matrix(app: &App, version: &Version, targets: &[Target]) -> Result<(), Failure> {
    let bad = |why: String| fault(&app.name, &format!("matrix of {}", version.number), &why);
    if targets.len() > MANY {
        return Err(bad(format!("it names {} targets", targets.len())));
    }
    let mut seen = HashSet::new();
    for target in targets {
        let Some(image) = app.images.iter().find(|image| image.name == target.image) else {
            return Err(bad(format!("it has no image `{}`", shown(&target.image))));
        };
        if !image.platforms.contains(&target.platform) {
            return Err(bad(format!(
                "{} is not described for {}",
                target.image, target.platform
            )));
        }
        if !seen.insert(target) {
            return Err(bad(format!(
                "{} for {} is named twice",
                target.image, target.platform
            )));
        }
    }
    Ok(())
}

/// The beginning of a name that may be anything.
fn shown(name: &str) -> String {
    name.chars()
        .take(100)
        .flat_map(char::escape_debug)
        .collect()
}

fn fault(app: &str, function: &str, why: &str) -> Failure {
    Failure::new(ExitCode::Recipe, format!("recipe {app}, {function}: {why}"))
        .hint("this is a fault in the recipe")
}
