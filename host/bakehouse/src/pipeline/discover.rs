//! Stage 1, discover: what recipes say.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use anyhow::Result;
use bakehouse_core::date::Date;
use bakehouse_core::grants::Kind;
use bakehouse_core::nearest::nearest;
use bakehouse_core::platform::Platform;
use bakehouse_core::progress::{Event, Looking};
use bakehouse_core::recipe::{App, Version};
use bakehouse_core::version_number::VersionNumber;
use bakehouse_registry::reserved::{reserved, taken};
use bakehouse_runtime::{InvalidAnswer, Recipe, Versions};

use crate::config::{AppFile, FIRST_APP};
use crate::context::Context;
use crate::failure::{ExitCode, Failure};
use crate::names;
use crate::pipeline::side_by_side::{LIMIT, Look, Looks};
use crate::recipes::{Recipes, refresh};

/// The number of versions within which one that is named on the command line is
/// looked for.
pub(super) const FAR: u32 = 1000;
/// Versions named in a hint.
const HINT: usize = 5;
/// Characters that are shown of what should be a date.
const DATE: usize = 40;

/// An app, its recipe, and the versions to look at, newest first.
#[derive(Clone)]
pub struct Discovered {
    /// Its `app.toml`.
    pub file: AppFile,
    /// Its recipe.
    pub recipe: Recipe,
    /// The recipe's account of it.
    pub app: App,
    /// Versions, newest first.
    pub versions: Vec<Version>,
    /// Numbers of all versions that upstream is known to have; none where it was
    /// not asked.
    pub known: BTreeSet<String>,
    /// The dates of their releases, where upstream gives one.
    pub released: BTreeMap<String, Date>,
    /// Numbers of those of upstream's versions that are prereleases.
    pub early: BTreeSet<String>,
    /// Versions that cannot be published, and why.
    pub refused: Vec<Refused>,
}

/// A version that cannot be published.
#[derive(Debug, Clone)]
pub struct Refused {
    /// Its number.
    pub number: String,
    /// The fault of the version.
    pub why: WhyRefused,
}

/// The reasons why a version cannot be published.
#[derive(Debug, Clone)]
pub enum WhyRefused {
    /// No version is like this.
    Invalid(InvalidAnswer),
    /// Its number is the name of something else.
    Reserved(Failure),
    /// There is none of this number.
    Missing(Failure),
}

impl From<WhyRefused> for anyhow::Error {
    fn from(why: WhyRefused) -> Self {
        match why {
            WhyRefused::Invalid(error) => error.into(),
            WhyRefused::Reserved(error) | WhyRefused::Missing(error) => error.into(),
        }
    }
}

/// Loads the recipes of these apps (all of them when none is named) and asks
/// for their newest versions, or for the one version named. Images that are named
/// must be theirs.
///
/// # Errors
/// [`ExitCode::NotFound`] for unknown apps and versions, and whatever the
/// recipe's calls answer.
pub async fn discover(
    context: &Context,
    apps: &[String],
    version: Option<&str>,
    images: &[String],
) -> Result<Vec<Discovered>> {
    look_ahead(context);
    let mut loaded = Vec::new();
    for (name, loading) in load_all(context, apps).await? {
        let (file, recipe, app) = loading?;
        know_images(&app, images)?;
        loaded.push((name, Ok((file, recipe, app))));
    }
    let wanted: Vec<&str> = version.into_iter().collect();
    let rules = rules(context, Looking::Discover);
    let looked = rules.at(asking(loaded), async |name, app| {
        let mut found = one(context, name, app?, &wanted).await?;
        match found.refused.pop() {
            Some(refused) if version.is_some() => Err(refused.why.into()),
            _ => Ok(found),
        }
    });
    looked.await?.into_iter().map(|(_, found)| found).collect()
}

/// Begins to set up what asks upstreams, while recipes are loaded: an HTTP client reads
/// all of the machine's certificates. An error is told by whoever asks.
pub(super) fn look_ahead(context: &Context) {
    let services = Arc::clone(&context.services);
    tokio::task::spawn_blocking(move || services.releases.open().is_ok());
}

/// Loads the recipes of these apps, and asks for these of their versions. What
/// cannot be discovered keeps no other from it, and is named with what went
/// wrong.
///
/// # Errors
/// [`ExitCode::NotFound`] for unknown apps.
pub async fn discover_these(
    context: &Context,
    wanted: &BTreeMap<&str, BTreeSet<&str>>,
) -> Result<(Vec<Discovered>, Vec<(String, anyhow::Error)>)> {
    if wanted.is_empty() {
        return Ok((Vec::new(), Vec::new()));
    }
    let names: Vec<String> = wanted.keys().map(|&name| name.to_owned()).collect();
    let loaded = load_all(context, &names).await?;
    let rules = rules(context, Looking::Discover);
    let looked = rules.at(asking(loaded), async |name, app| {
        let versions: Vec<&str> = wanted.get(name).into_iter().flatten().copied().collect();
        one(context, name, app?, &versions).await
    });
    Ok(sorted(looked.await?))
}

/// The apps that were discovered, and those that were not.
fn sorted(
    looked: Vec<(String, Result<Discovered>)>,
) -> (Vec<Discovered>, Vec<(String, anyhow::Error)>) {
    let (mut found, mut failed) = (Vec::new(), Vec::new());
    for (name, app) in looked {
        match app {
            Ok(app) => {
                let refused = app.refused.iter();
                failed.extend(refused.map(|refused| (name.clone(), refused.why.clone().into())));
                if !app.versions.is_empty() {
                    found.push(app);
                }
            }
            Err(error) => failed.push((name, error)),
        }
    }
    (found, failed)
}

/// As [`discover`], for the newest versions; an app that cannot be discovered
/// keeps no other from it, and is named with what went wrong.
///
/// # Errors
/// When `apps/` cannot be read, or the only app cannot be discovered.
pub async fn discover_each(
    context: &Context,
    apps: &[String],
) -> Result<(Vec<Discovered>, Vec<(String, anyhow::Error)>)> {
    let loaded = load_all(context, apps).await?;
    let (found, mut failed) = newest(context, loaded, |_| {}).await?;
    if found.is_empty()
        && failed.len() == 1
        && let Some((_, error)) = failed.pop()
    {
        return Err(error);
    }
    Ok((found, failed))
}

/// Asks for the newest versions of apps that are loaded, and tells of each app that
/// has some as soon as it is known.
///
/// # Errors
/// None of its own.
pub(super) async fn newest(
    context: &Context,
    loaded: Vec<(String, Result<Loaded>)>,
    tell: impl Fn(&Discovered),
) -> Result<(Vec<Discovered>, Vec<(String, anyhow::Error)>)> {
    let rules = rules(context, Looking::Discover);
    let looked = rules.at(asking(loaded), async |name, app| {
        let found = one(context, name, app?, &[]).await?;
        if !found.versions.is_empty() {
            tell(&found);
        }
        Ok(found)
    });
    Ok(sorted(looked.await?))
}

/// The rules of looking at apps. An upstream that is slow holds up its own apps alone.
fn rules(context: &Context, stage: Looking) -> Looks<'_> {
    Looks {
        reporter: &*context.reporter,
        stage,
        late: too_slow,
        stops: |_| false,
    }
}

/// Apps whose recipes are going to be asked, with the hosts of their upstreams.
fn asking(loaded: Vec<(String, Result<Loaded>)>) -> Vec<Look<Result<Loaded>>> {
    let look = |(app, loaded): (String, Result<Loaded>)| Look {
        app,
        detail: String::new(),
        hosts: match &loaded {
            Ok((file, _, app)) => upstreams(file, app),
            Err(_) => BTreeSet::new(),
        },
        with: loaded,
    };
    loaded.into_iter().map(look).collect()
}

/// The hosts that an app's release sources are of, by name as far as they have one.
fn upstreams(file: &AppFile, app: &App) -> BTreeSet<String> {
    let wanted = app
        .wants
        .iter()
        .filter(|want| want.kind == Kind::Releases)
        .map(|want| want.value.as_str());
    let granted = file.grants.entries(Kind::Releases).unwrap_or_default();
    let granted = granted.iter().map(String::as_str);
    wanted.chain(granted).map(upstream).collect()
}

/// The host of a release source: `github` of `github-tags:acme/server`,
/// `gitlab.test` of `gitlab:gitlab.test/group/project`.
fn upstream(source: &str) -> String {
    let (kind, name) = source.split_once(':').unwrap_or((source, ""));
    let address = name.split_once("://").map_or(name, |(_, address)| address);
    let first = address.split('/').next().unwrap_or_default();
    let host = first.contains(['.', ':']).then_some(first);
    let kind = kind.split('-').next().unwrap_or(kind);
    host.unwrap_or(kind).to_owned()
}

fn too_slow(name: &str) -> Failure {
    Failure::new(
        ExitCode::Upstream,
        format!(
            "{name}: asking for its versions took longer than {} s",
            LIMIT.as_secs()
        ),
    )
    .hint("its upstream is slow to answer; run the same command again later")
}

fn named(context: &Context, apps: &[String]) -> Result<Vec<String>> {
    if apps.is_empty() {
        let names = context.project.apps()?;
        if names.is_empty() {
            return Err(Failure::new(ExitCode::Nothing, "there is no app in apps/")
                .hint(FIRST_APP)
                .into());
        }
        return Ok(names);
    }
    let mut names = apps.to_vec();
    names.retain(|name| !name.is_empty());
    if names.is_empty() {
        return Err(
            Failure::new(ExitCode::NotFound, "the name of the app is empty")
                .hint("name an app, or none for all of them")
                .into(),
        );
    }
    names.sort();
    names.dedup();
    context.project.knows(names.iter().map(String::as_str))?;
    Ok(names)
}

/// An app that is loaded: its `app.toml`, its recipe, and what that says of it.
pub(super) type Loaded = (AppFile, Recipe, App);

/// Loads the recipes of these apps, all of them when none is named. Names that
/// were mistyped are told before anything is asked for.
pub(super) async fn load_all(
    context: &Context,
    apps: &[String],
) -> Result<Vec<(String, Result<Loaded>)>> {
    let names = named(context, apps)?;
    let recipes = recipes(context, &names).await;
    let rules = rules(context, Looking::Load);
    let names = names.into_iter().map(|app| Look {
        app,
        detail: String::new(),
        // Each is compiled by threads of its own.
        hosts: BTreeSet::from(["compiler".to_owned()]),
        with: (),
    });
    let load = async |name: &str, ()| load(context, &recipes, name).await;
    let loaded = rules.at(names.collect(), load).await?;
    let known: Option<Vec<&App>> = loaded
        .iter()
        .map(|(_, app)| app.as_ref().ok().map(|(_, _, app)| app))
        .collect();
    if let Some(apps) = known {
        know_platforms(&apps, &context.settings.named)?;
    }
    Ok(loaded)
}

/// Refuses names that are no image of the app.
pub(super) fn know_images(app: &App, named: &[String]) -> Result<(), Failure> {
    let known: Vec<&str> = app.images.iter().map(|image| image.name.as_str()).collect();
    match named.iter().find(|name| !known.contains(&name.as_str())) {
        None => Ok(()),
        Some(name) => Err(Failure::new(
            ExitCode::NotFound,
            format!("{} has no image {name}", app.name),
        )
        .hint(names::hint(name, &known, "its recipe has"))),
    }
}

/// Refuses named platforms that none of the apps has an image for.
pub(super) fn know_platforms(apps: &[&App], named: &[Platform]) -> Result<(), Failure> {
    let images = apps.iter().flat_map(|app| &app.images);
    let offered: BTreeSet<String> = images
        .flat_map(|image| image.platforms.iter().map(ToString::to_string))
        .collect();
    let offered: Vec<&str> = offered.iter().map(String::as_str).collect();
    let unknown = named
        .iter()
        .find(|platform| !offered.contains(&platform.to_string().as_str()));
    let Some(platform) = unknown else {
        return Ok(());
    };
    let message = match apps {
        [app] => format!("{} is not built for {platform}", app.name),
        apps => {
            let names: Vec<&str> = apps.iter().map(|app| app.name.as_str()).collect();
            format!("none of {} is built for {platform}", names.join(", "))
        }
    };
    let there_are = match apps {
        [_] => "its recipe has",
        _ => "their recipes have",
    };
    let hint = names::hint(platform.to_string(), &offered, there_are);
    Err(Failure::new(ExitCode::NotFound, message).hint(hint))
}

/// An app with one version that is known already; upstream is not asked.
///
/// # Errors
/// As [`discover`].
pub async fn known(context: &Context, name: &str, version: Version) -> Result<Discovered> {
    context.project.knows([name])?;
    let recipes = recipes(context, &[name.to_owned()]).await;
    let (file, recipe, app) = load(context, &recipes, name).await?;
    know_platforms(&[&app], &context.settings.named)?;
    Ok(Discovered {
        file,
        recipe,
        app,
        known: BTreeSet::new(),
        released: BTreeMap::new(),
        early: BTreeSet::new(),
        versions: vec![version],
        refused: Vec::new(),
    })
}

async fn recipes(context: &Context, names: &[String]) -> Recipes {
    let locked = context.settings.locked;
    refresh(&context.project, names, locked, &*context.reporter).await
}

async fn load(context: &Context, recipes: &Recipes, name: &str) -> Result<Loaded> {
    let file = context.project.app(name)?;
    let wasm = recipes.source(&context.project, name, &file.recipe)?;
    let recipe = context
        .runtime
        .open()?
        .load(
            &wasm,
            context.project.policy(name, &file),
            Arc::new(file.options.clone()),
            Arc::clone(&context.services),
        )
        .await?;
    let mut app = recipe.granted_app()?;
    file.leave_unpublished(&mut app)?;
    Ok((file, recipe, app))
}

/// An app and the versions wanted; the newest, where none is.
async fn one(
    context: &Context,
    name: &str,
    (file, recipe, app): Loaded,
    wanted: &[&str],
) -> Result<Discovered> {
    let limit = match wanted {
        [] => context.settings.max_versions.get(),
        _ => FAR,
    };
    let mut found = recipe.versions(limit).await?;
    if found.versions.is_empty() && found.refused.is_empty() {
        return Err(nothing(name, &found).into());
    }
    let mut refused = settle(name, &mut found, &file.tags.moving);
    if let Some(message) = undated(name, &found, wanted) {
        context
            .reporter
            .report(Event::Warning { message: &message });
    }
    if !wanted.is_empty() {
        only(name, &mut found, &mut refused, wanted);
    }
    Ok(Discovered {
        file,
        recipe,
        app,
        versions: found.versions,
        known: found.known,
        released: found.released,
        early: found.early,
        refused,
    })
}

/// Finding nothing is never right: upstream renamed its tags, or the recipe
/// looks for them in the wrong place.
pub fn nothing(name: &str, found: &Versions) -> Failure {
    Failure::new(
        ExitCode::Nothing,
        format!("{name} has no version to publish: {}", found.why_nothing()),
    )
    .hint(format!(
        "see how upstream names its releases now, and what the recipe of {name} looks for"
    ))
}

/// Adds to versions what the host alone can say: whose names belong to something
/// else, and which are prereleases whatever their recipe says. Returns those that
/// cannot be published.
pub fn settle(name: &str, found: &mut Versions, moving: &[String]) -> Vec<Refused> {
    let invalid = std::mem::take(&mut found.refused).into_iter();
    let mut refused: Vec<_> = invalid
        .map(|(number, why)| Refused {
            number,
            why: WhyRefused::Invalid(why),
        })
        .collect();
    let numbers = found.known.clone();
    found
        .known
        .retain(|number| reserved(number, &numbers, moving).is_none());
    for mut version in std::mem::take(&mut found.versions) {
        let number = &version.number;
        if let Some(why) = reserved(number, &numbers, moving) {
            let failure = Failure::new(
                ExitCode::Recipe,
                format!("{name}: version `{number}` cannot be tagged with its name: {why}"),
            )
            .hint(
                "leave it out, or give it another name: a pattern of tags in the recipe does both",
            );
            refused.push(Refused {
                number: version.number,
                why: WhyRefused::Reserved(failure),
            });
            continue;
        }
        version.prerelease |=
            VersionNumber::parse(number).is_some_and(|number| number.is_prerelease());
        version.taken = taken(number, &found.known, moving);
        found.versions.push(version);
    }
    refused
}

/// The versions that are taken and that have no date, though their recipe gives
/// one: what is told of them, all in one.
fn undated(name: &str, found: &Versions, wanted: &[&str]) -> Option<String> {
    let taken = |number: &str| wanted.is_empty() || wanted.contains(&number);
    let mut undated = found.undated.iter().filter(|(number, _)| taken(number));
    let (number, said) = undated.next()?;
    let said: String = said.chars().take(DATE).collect();
    let more = match undated.count() {
        0 => String::new(),
        count => format!(" and {count} more"),
    };
    Some(format!(
        "{name}: what upstream says is the date of {number}{more} is none (`{}`), and is left out",
        said.escape_debug()
    ))
}

/// Leaves these versions; why others of them cannot be had is with those that
/// are refused.
pub(super) fn only(name: &str, found: &mut Versions, refused: &mut Vec<Refused>, wanted: &[&str]) {
    let numbers: Vec<String> = found.versions.iter().map(|v| v.number.clone()).collect();
    let numbers: Vec<&str> = numbers.iter().map(String::as_str).collect();
    let newest = numbers.get(..HINT).unwrap_or(&numbers).join(", ");
    found
        .versions
        .retain(|version| wanted.contains(&version.number.as_str()));
    refused.retain(|refused| wanted.contains(&refused.number.as_str()));
    for number in wanted {
        let is_there = found.versions.iter().any(|it| it.number == *number);
        if is_there || refused.iter().any(|it| it.number == *number) {
            continue;
        }
        let hint = match nearest(number, numbers.iter().copied()) {
            Some(meant) => format!("did you mean {meant}? the newest are {newest}"),
            None => format!("the newest are {newest}"),
        };
        let message = format!("{name} has no version {number}");
        refused.push(Refused {
            number: (*number).to_owned(),
            why: WhyRefused::Missing(Failure::new(ExitCode::NotFound, message).hint(hint)),
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources_of_one_host_share_its_turns() {
        for (source, host) in [
            ("npm:esbuild", "npm"),
            ("github:acme/server", "github"),
            ("github-tags:acme/server", "github"),
            ("gitlab:gitlab.test/group/project", "gitlab.test"),
            ("gitea:git.test:3000/acme/*", "git.test:3000"),
            ("git:https://git.test/a.git", "git.test"),
            ("oci:docker.io/library/debian", "docker.io"),
            ("*", "*"),
        ] {
            assert_eq!(upstream(source), host, "{source}");
        }
    }
}
