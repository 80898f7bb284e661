//! Upstream's newest version against one that somebody looks at.

use anyhow::Result;
use bakehouse_core::date::Date;
use bakehouse_core::recipe::Version;
use bakehouse_core::version_number::VersionNumber;
use serde::Serialize;

use super::model::Lag;
use crate::pipeline::discover::{nothing, settle};
use crate::pipeline::older::Known;
use crate::pipeline::unbuilt::Unbuilt;

/// Versions that a recipe is asked for.
const LISTED: u32 = 50;

/// Upstream's newest version against another one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Against {
    /// The app that publishes the image.
    pub app: String,
    /// Upstream's newest version that is meant for general use.
    pub newest: Option<String>,
    /// The date of its release, where upstream gives one.
    pub released: Option<Date>,
    /// The lag of the other one behind it; none where it has none.
    pub lag: Option<Lag>,
    /// False where the other one is no version of upstream's.
    pub known: bool,
}

/// Asks an app's recipe for upstream's versions, and compares them with one.
///
/// # Errors
/// As [`Recipe::versions`](bakehouse_runtime::Recipe::versions), and where it lists
/// none.
pub async fn against(app: &Unbuilt, version: &str, now: &Date) -> Result<Against> {
    let name = &app.recipe.app().name;
    let mut found = app.recipe.versions(LISTED).await?;
    if found.versions.is_empty() && found.refused.is_empty() {
        return Err(nothing(name, &found).into());
    }
    settle(name, &mut found, &app.file.tags.moving);
    let known = Known {
        numbers: &found.known,
        released: &found.released,
        early: &found.early,
    };
    Ok(compared(name, version, &found.versions, known, now))
}

/// `versions` are the newest of those that are known.
fn compared(
    app: &str,
    version: &str,
    versions: &[Version],
    known: Known<'_>,
    now: &Date,
) -> Against {
    let mut general = versions.iter().filter(|version| !version.prerelease);
    let newest = general.next();
    let shown = VersionNumber::parse(version);
    let newest_number = newest.and_then(|newest| VersionNumber::parse(&newest.number));
    let lag = shown.filter(|shown| newest_number.is_some_and(|newest| newest > *shown));
    let lag = lag.map(|shown| {
        let (newer, since) = known.newer(&shown);
        Lag::since(newer, since, now)
    });
    Against {
        app: app.to_owned(),
        newest: newest.map(|newest| newest.number.clone()),
        released: newest.and_then(|newest| newest.created.clone()),
        lag,
        known: known.numbers.contains(version),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(number: &str, day: u32, prerelease: bool) -> Version {
        Version {
            number: number.to_owned(),
            created: Date::parse(&format!("2026-05-{day:02}T00:00:00Z")),
            prerelease,
            source: None,
            revision_of: None,
            extras: Vec::new(),
            taken: Vec::new(),
        }
    }

    #[test]
    fn a_version_is_behind_those_that_are_newer_and_meant_for_all() {
        let now = Date::parse("2026-05-30T12:00:00Z").unwrap();
        let versions = [
            version("2.0.0-rc.1", 29, true),
            version("1.10.0", 20, false),
            version("1.9.1", 10, false),
            version("1.9.0", 1, false),
        ];
        let numbers = [
            "2.0.0-rc.1",
            "1.10.0",
            "1.9.1",
            "1.9.0",
            "1.8.0",
            "1.8.1",
            "1.2.0",
        ];
        let numbers = numbers.map(str::to_owned).into();
        let released = versions
            .iter()
            .map(|version| (version.number.clone(), version.created.clone().unwrap()));
        let released = released.collect();
        let early = versions.iter().filter(|version| version.prerelease);
        let early = early.map(|version| version.number.clone()).collect();
        let known = Known {
            numbers: &numbers,
            released: &released,
            early: &early,
        };
        let lag = |number: &str| {
            let against = compared("a", number, &versions, known, &now);
            assert_eq!(against.newest.as_deref(), Some("1.10.0"));
            (against.lag.map(|lag| lag.to_string()), against.known)
        };
        assert_eq!(lag("1.10.0"), (None, true));
        assert_eq!(lag("2.0.0-rc.1"), (None, true));
        assert_eq!(lag("1.9.1"), (Some("1 version, 10 days".to_owned()), true));
        // Of 1.8.1 there is no date.
        assert_eq!(lag("1.8.0"), (Some("4 versions, 29 days".to_owned()), true));
        let lags = Some("2 versions, 20 days".to_owned());
        assert_eq!(lag("1.9.0-r2"), (lags, false));
        assert_eq!(lag("latest"), (None, false));
    }
}
