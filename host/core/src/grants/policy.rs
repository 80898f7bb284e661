//! The one place that decides.

use serde::Serialize;

use super::kind::{ALL, NETWORK};
use super::{Allow, Denied, Grants, Kind, Places};
use crate::recipe::App;

/// Characters of a text that a denial shows.
const SHOWN: usize = 300;

/// Something that a recipe declares to need.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Want {
    /// Its kind.
    pub kind: Kind,
    /// An entry as in `app.toml`, or `*` for whatever is granted there.
    pub value: String,
    /// The purpose, one line for a reviewer.
    pub why: String,
}

impl Want {
    /// The reason why this cannot be declared; none when it can.
    #[must_use]
    pub fn fault(&self) -> Option<&'static str> {
        match (self.kind, self.value.as_str()) {
            (_, ALL) | (Kind::Network, NETWORK) => None,
            (Kind::Network, _) => Some("must be `default`"),
            (kind, value) => kind.fault(value),
        }
    }
}

/// The table that does not name what was asked for, or the recipe itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Missing {
    /// The app's `[grants]`.
    Grant,
    /// The operator's `[allow]`.
    Allowance,
    /// The recipe's own declaration.
    Declaration,
}

/// One line of what a recipe asks for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Asked {
    /// The want, as the recipe declares it.
    #[serde(flatten)]
    pub want: Want,
    /// The entries of `app.toml` behind it.
    pub granted: Vec<String>,
    /// The first that does not name it; none when it is granted.
    pub missing: Option<Missing>,
    /// The line to add.
    pub add: Option<String>,
}

/// The reach of one app: declared by its recipe, and granted by its `app.toml`, and
/// allowed by the operator.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Policy {
    app: String,
    wants: Vec<Want>,
    grants: Grants,
    allow: Allow,
    granted_in: Places,
    allowed_in: Places,
}

impl Policy {
    /// Nothing is declared yet, so nothing is granted.
    #[must_use]
    pub fn new(app: &str, grants: (Grants, Places), allow: (Allow, Places)) -> Self {
        Self {
            app: app.to_owned(),
            wants: Vec::new(),
            grants: grants.0,
            allow: allow.0,
            granted_in: grants.1,
            allowed_in: allow.1,
        }
    }

    /// The same policy for a recipe that describes its app like this.
    #[must_use]
    pub fn declared(mut self, app: &App) -> Self {
        let want = |kind, value: &str, why: &str| Want {
            kind,
            value: value.to_owned(),
            why: why.to_owned(),
        };
        self.wants = app.wants.clone();
        for image in &app.images {
            self.wants
                .push(want(Kind::Images, &image.name, &image.summary));
            for platform in &image.platforms {
                let platform = want(Kind::Platforms, &platform.to_string(), "");
                if !self.wants.contains(&platform) {
                    self.wants.push(platform);
                }
            }
        }
        self.wants.sort_by_key(|want| want.kind);
        self
    }

    /// The app it is for.
    #[must_use]
    pub fn app(&self) -> &str {
        &self.app
    }

    /// The places where the app's grants are written.
    #[must_use]
    pub const fn granted_in(&self) -> &Places {
        &self.granted_in
    }

    /// May this be reached?
    ///
    /// # Errors
    /// [`Denied`] naming app, missing grant, file and line.
    pub fn check(&self, kind: Kind, asked: &str) -> Result<(), Denied> {
        match self.missing(kind, asked) {
            None => Ok(()),
            Some(missing) => Err(Denied(self.denial(kind, asked, missing))),
        }
    }

    /// May `RUN` steps use the network?
    ///
    /// # Errors
    /// As [`check`](Self::check).
    pub fn network(&self) -> Result<(), Denied> {
        self.check(Kind::Network, NETWORK)
    }

    /// The first of recipe, app and operator that does not name what is asked for;
    /// none when it is granted.
    #[must_use]
    pub fn missing(&self, kind: Kind, asked: &str) -> Option<Missing> {
        let named = |entries: Option<Vec<String>>| {
            entries.is_none_or(|entries| entries.iter().any(|entry| kind.covers(entry, asked)))
        };
        if !named(self.grants.entries(kind)) {
            return Some(Missing::Grant);
        }
        if !named(self.allow.entries(kind)) {
            return Some(Missing::Allowance);
        }
        if !named(Some(self.declarations(kind))) {
            return Some(Missing::Declaration);
        }
        None
    }

    /// The entries that all three name, each as narrow as the narrowest.
    #[must_use]
    pub fn effective(&self, kind: Kind) -> Vec<String> {
        let all = || vec![ALL.to_owned()];
        let grants = self.grants.entries(kind).unwrap_or_else(all);
        let allow = self.allow.entries(kind).unwrap_or_else(all);
        let mut both = narrow(kind, &grants, &allow);
        both = narrow(kind, &both, &self.declarations(kind));
        both.sort();
        both.dedup();
        both
    }

    /// The recipe's wants, each with the first that does not name it.
    #[must_use]
    pub fn asked(&self) -> Vec<Asked> {
        self.wants
            .iter()
            .map(|want| {
                let entries = self.grants.entries(want.kind);
                let open = want.value == ALL;
                let missing = if open {
                    let some = entries.as_ref().is_none_or(|entries| !entries.is_empty());
                    // A Dockerfile from scratch starts from none.
                    (!some && want.kind != Kind::Bases).then_some(Missing::Grant)
                } else {
                    self.missing(want.kind, &want.value)
                };
                let covering = |entry: &String| open || want.kind.covers(entry, &want.value);
                Asked {
                    granted: entries.into_iter().flatten().filter(covering).collect(),
                    add: missing.map(|missing| self.line(want.kind, &want.value, missing)),
                    want: want.clone(),
                    missing,
                }
            })
            .collect()
    }

    /// Entries of `app.toml` that the recipe asks nothing of.
    #[must_use]
    pub fn unused(&self) -> Vec<(Kind, String)> {
        let mut unused = Vec::new();
        for kind in Kind::ALL {
            let wants = self.declarations(kind);
            for entry in self.grants.entries(kind).into_iter().flatten() {
                let used = |want: &String| kind.covers(want, &entry) || kind.covers(&entry, want);
                if !wants.iter().any(used) {
                    unused.push((kind, entry));
                }
            }
        }
        unused
    }

    fn declarations(&self, kind: Kind) -> Vec<String> {
        let of_kind = self.wants.iter().filter(|want| want.kind == kind);
        of_kind.map(|want| want.value.clone()).collect()
    }

    fn denial(&self, kind: Kind, asked: &str, missing: Missing) -> String {
        let app = &self.app;
        let also = missing == Missing::Grant
            && !self
                .declarations(kind)
                .iter()
                .any(|entry| kind.covers(entry, asked));
        // It may be anything, of any length.
        let asked: String = asked
            .chars()
            .take(SHOWN)
            .flat_map(char::escape_debug)
            .collect();
        let line = self.line(kind, &asked, missing);
        let what = match (kind, missing) {
            (Kind::Network, Missing::Grant) => format!("RUN steps of {app} have no network"),
            (_, Missing::Grant) => format!("{app} has no grant for {asked}"),
            (_, Missing::Allowance) => {
                format!("{app} is granted {asked}, which this project does not allow")
            }
            (_, Missing::Declaration) => {
                format!("{app} is granted {asked}, which its recipe does not declare")
            }
        };
        let also = if also {
            "; its recipe does not declare it, either"
        } else {
            ""
        };
        format!("{what}; {line}{also}")
    }

    /// The line to add, and its table and file.
    fn line(&self, kind: Kind, asked: &str, missing: Missing) -> String {
        let key = kind.key();
        let entry = kind.entry_for(asked);
        let (table, place) = match missing {
            Missing::Grant => ("grants", self.granted_in.of(kind)),
            Missing::Allowance => ("allow", self.allowed_in.of(kind)),
            Missing::Declaration => {
                let call = match kind {
                    Kind::Network => ".wants_network(\"...\")".to_owned(),
                    _ => format!(".wants(Grant::{kind:?}, \"{entry}\", \"...\")"),
                };
                return format!("add `{call}` to its describe()");
            }
        };
        match kind {
            Kind::Network => format!("add `network = true` under [{table}] in {place}"),
            _ if asked == ALL => {
                format!("add what it may use to `{key}` under [{table}] in {place}")
            }
            _ => format!("add \"{entry}\" to `{key}` under [{table}] in {place}"),
        }
    }
}

/// Of each pair of entries where one covers the other, the covered one.
fn narrow(kind: Kind, some: &[String], others: &[String]) -> Vec<String> {
    let mut both = Vec::new();
    for one in some {
        for other in others {
            if kind.covers(other, one) {
                both.push(one.clone());
            } else if kind.covers(one, other) {
                both.push(other.clone());
            }
        }
    }
    both
}

#[cfg(any(test, feature = "test-util"))]
pub(super) mod testing;
#[cfg(test)]
#[path = "policy_tests.rs"]
mod tests;
