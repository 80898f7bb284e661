//! Alarms: what somebody should look at though no command failed.

use std::collections::BTreeMap;

use bakehouse_core::date::Date;
use serde::{Deserialize, Serialize};

use super::history::{Fewer, History};
use super::older::earliest;
use super::plan::{AppPlan, ImagePlan, OpenTarget, Plan, VersionPlan};
use crate::config::Alarms;
use crate::failure::{self, ExitCode};
use crate::text::{self, shell};

/// Something that somebody should look at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Alarm {
    /// Its kind.
    pub kind: AlarmKind,
    /// The app.
    pub app: String,
    /// The image, where it is about one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image: Option<String>,
    /// The matter, in one line.
    pub message: String,
    /// The next thing to do.
    pub hint: String,
}

/// Kinds of alarms, the worst first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum AlarmKind {
    /// Upstream lists far fewer versions than last time.
    Fewer,
    /// An image has been behind upstream for long.
    Behind,
    /// A target has failed again and again.
    Failing,
}

impl AlarmKind {
    /// The exit code of a command that all went well but for this.
    #[must_use]
    pub const fn code(self) -> ExitCode {
        match self {
            Self::Fewer => ExitCode::Fewer,
            Self::Behind => ExitCode::Behind,
            Self::Failing => ExitCode::Failing,
        }
    }
}

/// The exit code of alarms, that with the smallest number; success where there is
/// none.
#[must_use]
pub fn code(alarms: &[Alarm]) -> ExitCode {
    let worst = alarms.iter().map(|alarm| alarm.kind).min();
    worst.map_or(ExitCode::Success, AlarmKind::code)
}

/// Alarms about the apps of a plan, by app. `fewer` are those of which upstream
/// lists far fewer versions; `is_open` says of which images something is missing
/// that nobody is about to build. Commands of hints have these `flags`.
#[must_use]
pub fn alarms(
    plan: &Plan,
    fewer: &BTreeMap<String, Fewer>,
    history: &History,
    thresholds: Alarms,
    now: &Date,
    flags: &[String],
    is_open: impl Fn(&VersionPlan, &ImagePlan) -> bool,
) -> Vec<Alarm> {
    let mut all = Vec::new();
    for app in &plan.apps {
        let name = &app.app.name;
        if let Some(fewer) = fewer.get(name).filter(|_| thresholds.fewer) {
            all.push(Alarm {
                kind: AlarmKind::Fewer,
                app: name.clone(),
                image: None,
                message: format!(
                    "{name}: upstream lists {}, and listed {} the last time",
                    text::count(fewer.now, "version"),
                    fewer.before
                ),
                hint: format!(
                    "see whether upstream has renamed its tags, and what the recipe of {name} \
                     looks for; in two weeks this is what there is"
                ),
            });
        }
        let images = app.app.images.iter().filter(|image| !image.unpublished);
        for image in images {
            let behind = Behind::of(app, &image.name, history, &is_open);
            let hint = catch_up(app, history, flags);
            all.extend(behind.and_then(|behind| behind.alarm(name, thresholds, now, hint)));
        }
        all.extend(failing(app, history, thresholds, flags, &is_open));
    }
    all
}

/// An image of which the newest version is not published whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Behind<'a> {
    /// Image name.
    pub image: &'a str,
    /// The newest version of which something is missing.
    pub newest: &'a VersionPlan,
    /// The newest version that is published.
    pub published: Option<&'a str>,
    /// Versions that are newer than that.
    pub versions: usize,
    /// The date since which there is a newer one.
    pub since: Option<Date>,
}

impl<'a> Behind<'a> {
    /// The lag of an image behind upstream; none where it has none. Prereleases count
    /// only where there is nothing else.
    #[must_use]
    pub fn of(
        app: &'a AppPlan,
        image: &'a str,
        history: &History,
        is_open: &impl Fn(&VersionPlan, &ImagePlan) -> bool,
    ) -> Option<Self> {
        let all = counted(app, image);
        let newest = all.last().filter(|(v, i)| is_open(v, i))?.0;
        let is_there =
            |(v, i): &(&VersionPlan, &ImagePlan)| !is_open(v, i) && !i.present.is_empty();
        let there = all.iter().rposition(is_there);
        let published = there.and_then(|place| all.get(place));
        let newer = all.get(there.map_or(0, |place| place + 1)..)?;
        let dates = newer.iter().filter_map(|(v, _)| v.version.created.as_ref());
        let first = earliest(dates);
        let known = history.app(&app.app.name);
        let seen = known.and_then(|known| match &known.listed {
            // Upstream may give no date.
            Some(listed) if listed.newest == newest.version.number => Some(listed.since.clone()),
            _ => None,
        });
        let (published, versions, since) = match (published, app.older.get(image)) {
            (Some((version, _)), _) => {
                let number = version.version.number.as_str();
                (Some(number), newer.len(), first.or(seen))
            }
            (None, Some(older)) => {
                let since = older.since.clone().or(first).or(seen);
                (Some(older.version.as_str()), older.newer, since)
            }
            // Nobody has published any of it: the project has had it since then.
            (None, None) => (None, newer.len(), known.map(|known| known.seen.clone())),
        };
        Some(Self {
            image,
            newest,
            published,
            versions,
            since,
        })
    }

    fn alarm(&self, app: &str, thresholds: Alarms, now: &Date, hint: String) -> Option<Alarm> {
        let days = now.days_since(self.since.as_ref()?);
        if thresholds.behind_days == 0 || days <= u64::from(thresholds.behind_days) {
            return None;
        }
        let newest = &self.newest.version.number;
        let shows = match self.published {
            Some(version) => format!("is at {version}"),
            None => "has no version".to_owned(),
        };
        Some(Alarm {
            kind: AlarmKind::Behind,
            app: app.to_owned(),
            image: Some(self.image.to_owned()),
            message: format!(
                "{} has been behind upstream for {}: it {shows}, and upstream is at {newest}",
                self.image,
                text::count(days, "day")
            ),
            hint,
        })
    }
}

/// Versions of an image, oldest first: prereleases only where there is nothing
/// else.
#[must_use]
pub fn counted<'a>(app: &'a AppPlan, image: &str) -> Vec<(&'a VersionPlan, &'a ImagePlan)> {
    let versions = app.versions.iter();
    let all = versions.filter_map(|version| {
        let image = version.images.iter().find(|i| i.image == image)?;
        Some((version, image))
    });
    let all: Vec<_> = all.collect();
    let released = all.iter().filter(|(v, _)| !v.version.prerelease);
    let released: Vec<_> = released.copied().collect();
    match released.is_empty() {
        true => all,
        false => released,
    }
}

/// The advice about an app that is behind: what failed waits, unless it is asked for.
fn catch_up(app: &AppPlan, history: &History, flags: &[String]) -> String {
    let failed = |open: OpenTarget<'_>| history.trouble(&open.target).is_some();
    let retry = app.to_build().any(failed).then_some("--retry-failed");
    let words = ["run", &app.app.name].into_iter().chain(retry);
    let command = shell::command(words.chain(flags.iter().map(String::as_str)));
    format!("see what keeps it: {command}")
}

/// One alarm for all targets of an app that have failed often.
fn failing(
    app: &AppPlan,
    history: &History,
    thresholds: Alarms,
    flags: &[String],
    is_open: &impl Fn(&VersionPlan, &ImagePlan) -> bool,
) -> Option<Alarm> {
    let often = |times: u32| thresholds.failures > 0 && times >= thresholds.failures;
    let open = app
        .to_build()
        .filter(|open| is_open(open.version, open.image));
    let found: Vec<_> = open
        .filter_map(|open| {
            let trouble = history.trouble(&open.target)?;
            often(trouble.times).then_some((open.target, trouble))
        })
        .collect();
    let (target, trouble) = found.first()?;
    let more = match found.len() {
        1 => String::new(),
        count => {
            let more = text::count(count - 1, "more target");
            format!(", and so did {more} of {}", app.app.name)
        }
    };
    let message = trouble.message.as_str();
    let bare = message.strip_prefix(&format!("{target}: "));
    // Logs are found by the project alone.
    let project = flags
        .windows(2)
        .find(|pair| pair.first().is_some_and(|flag| flag == "--root"));
    let project = project.into_iter().flatten().map(String::as_str);
    let logs = ["logs", &app.app.name, "--failed"].into_iter();
    let logs = shell::command(logs.chain(project));
    let alone = failure::alone(target, false, flags);
    Some(Alarm {
        kind: AlarmKind::Failing,
        app: app.app.name.clone(),
        image: None,
        message: format!(
            "{target}: failed {} since {}{more}: {}",
            text::count(trouble.times, "time"),
            trouble.since.day(),
            bare.unwrap_or(message)
        ),
        hint: format!("see its log ({logs}), mend what that tells of, and try it alone: {alone}"),
    })
}

#[cfg(test)]
#[path = "alarm_tests.rs"]
mod tests;
