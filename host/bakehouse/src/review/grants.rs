//! Differences in what apps may do, in plain words.

use std::collections::BTreeSet;

use bakehouse_core::grants::{Allow, Grants, Kind};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use toml::Table;

use super::Snapshot;

/// In place of entries, where a table draws no line at all.
const ALL: &str = "*";

/// A difference in what one app may do.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct GrantsChange {
    /// The app; none for the line that `[allow]` draws for all of them.
    pub app: Option<String>,
    /// Grants that are new.
    pub added: Vec<Grant>,
    /// Grants that are gone.
    pub removed: Vec<Grant>,
}

/// One entry of a table of grants.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Grant {
    /// Its kind.
    pub kind: Kind,
    /// The entry; `*` where no line is drawn.
    pub entry: String,
}

impl Grant {
    /// Its meaning, in words before the entry; the entry, where it is one to
    /// show; and words after it.
    #[must_use]
    pub fn words(&self) -> (&'static str, Option<&str>, &'static str) {
        let entry = Some(self.entry.as_str());
        if self.entry == ALL {
            return match self.kind {
                Kind::Images => ("publish images of any name", None, ""),
                Kind::Platforms => ("be built for all platforms of bakehouse.toml", None, ""),
                Kind::Releases => ("read the releases of whatever app.toml names", None, ""),
                Kind::Sources => ("check out whatever app.toml names", None, ""),
                Kind::Downloads => ("download from wherever app.toml names", None, ""),
                Kind::Bases => ("start from whatever images app.toml names", None, ""),
                Kind::Network => (
                    "use the network in RUN steps",
                    None,
                    ", where app.toml says so",
                ),
                Kind::Secrets => (
                    "hand whatever secrets app.toml names to RUN steps",
                    None,
                    "",
                ),
            };
        }
        match self.kind {
            Kind::Images => ("publish the image ", entry, ""),
            Kind::Platforms => ("be built for ", entry, ""),
            Kind::Releases => ("read the releases of ", entry, " and download their files"),
            Kind::Sources => ("check out the repository ", entry, ""),
            Kind::Downloads => ("download from ", entry, ""),
            Kind::Bases => ("look up, and start from, the image ", entry, ""),
            Kind::Network => ("use the network in RUN steps", None, ""),
            Kind::Secrets => ("hand the secret ", entry, " to RUN steps"),
        }
    }
}

/// The differences in the grants of these apps, and in what the operator allows. A
/// table that cannot be read grants nothing; what is wrong with it is told when
/// its app is looked at.
#[must_use]
pub fn compared<'a>(
    before: &Snapshot,
    now: &Snapshot,
    apps: impl IntoIterator<Item = &'a str>,
) -> Vec<GrantsChange> {
    let allowed = |snapshot: &Snapshot| {
        let allow: Allow = table(&snapshot.settings, "allow");
        let kinds = Kind::ALL
            .into_iter()
            .filter(|kind| *kind != Kind::Platforms);
        grants(kinds, |kind| allow.entries(kind))
    };
    let granted = |snapshot: &Snapshot, app: &str| match snapshot.apps.get(app) {
        Some(text) => {
            let table: Grants = table(text, "grants");
            grants(Kind::ALL.into_iter(), |kind| table.entries(kind))
        }
        None => BTreeSet::new(),
    };
    let mut changes = vec![change(None, &allowed(before), &allowed(now))];
    for app in apps {
        changes.push(change(Some(app), &granted(before, app), &granted(now, app)));
    }
    changes.retain(|change| !change.added.is_empty() || !change.removed.is_empty());
    changes
}

fn table<T: DeserializeOwned + Default>(text: &str, name: &str) -> T {
    let mut table: Table = text.parse().unwrap_or_default();
    let table = table.remove(name).and_then(|value| value.try_into().ok());
    table.unwrap_or_default()
}

fn grants(
    kinds: impl Iterator<Item = Kind>,
    entries: impl Fn(Kind) -> Option<Vec<String>>,
) -> BTreeSet<Grant> {
    let of_kind = |kind| {
        let entries = entries(kind).unwrap_or_else(|| vec![ALL.to_owned()]);
        entries.into_iter().map(move |entry| Grant { kind, entry })
    };
    kinds.flat_map(of_kind).collect()
}

fn change(app: Option<&str>, before: &BTreeSet<Grant>, now: &BTreeSet<Grant>) -> GrantsChange {
    GrantsChange {
        app: app.map(str::to_owned),
        added: now.difference(before).cloned().collect(),
        removed: before.difference(now).cloned().collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn snapshot(settings: &str, grants: &str) -> Snapshot {
        let app = format!("recipe = \"a.wasm\"\n[grants]\n{grants}");
        Snapshot {
            settings: settings.to_owned(),
            apps: [("a".to_owned(), app)].into(),
            caller: String::new(),
        }
    }

    fn told(change: &GrantsChange) -> Vec<String> {
        let line = |sign: &str, grant: &Grant| {
            let (before, entry, after) = grant.words();
            format!("{sign}{before}{}{after}", entry.unwrap_or_default())
        };
        let added = change.added.iter().map(|grant| line("+", grant));
        let removed = change.removed.iter().map(|grant| line("-", grant));
        added.chain(removed).collect()
    }

    #[test]
    fn what_comes_and_what_goes() {
        let before = snapshot(
            "",
            "images = [\"a\"]\nnetwork = true\nplatforms = [\"linux/amd64\"]\n",
        );
        let now = snapshot(
            "",
            "images = [\"a\"]\nsecrets = [\"T\"]\nbases = [\"golang\"]\n",
        );
        let changes = compared(&before, &now, ["a"]);
        assert_eq!(changes.len(), 1);
        assert_eq!(changes[0].app.as_deref(), Some("a"));
        assert_eq!(
            told(&changes[0]),
            [
                "+look up, and start from, the image golang",
                "+hand the secret T to RUN steps",
                "+be built for all platforms of bakehouse.toml",
                "-use the network in RUN steps",
                "-be built for linux/amd64",
            ]
        );
        assert!(compared(&now, &now, ["a"]).is_empty());
        // One that has gone may do nothing any more.
        let gone = compared(&now, &Snapshot::default(), ["a"]);
        assert!(
            gone[0].added.is_empty() && gone[0].removed.len() == 4,
            "{gone:?}"
        );
    }

    #[test]
    fn the_line_of_the_operator() {
        let before = snapshot("", "");
        let now = snapshot("[allow]\nnetwork = false\nbases = [\"golang\"]\n", "");
        let changes = compared(&before, &now, ["a"]);
        assert_eq!(changes.len(), 1);
        assert_eq!(changes[0].app, None);
        assert_eq!(
            told(&changes[0]),
            [
                "+look up, and start from, the image golang",
                "-start from whatever images app.toml names",
                "-use the network in RUN steps, where app.toml says so",
            ]
        );
    }
}
