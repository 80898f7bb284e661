//! The two tables: what an app is granted, and what an operator allows at all.

use serde::{Deserialize, Serialize};

use super::Kind;
use super::kind::NETWORK;
use crate::platform::Platform;

/// Grants of one app, from the `[grants]` table of its `app.toml`. Everything
/// that is not listed is denied.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Grants {
    /// The release sources that the recipe may read, as `KIND:NAME`; files that they
    /// serve may be downloaded. An entry may end in `*` after `:` or `/`.
    #[cfg_attr(feature = "schema", schemars(schema_with = "crate::schema::releases"))]
    pub releases: Vec<String>,
    /// The git repositories that are checked out, submodules included, or that
    /// Dockerfiles add, by address. An entry that ends with `/` covers everything below
    /// it.
    #[cfg_attr(feature = "schema", schemars(schema_with = "crate::schema::sources"))]
    pub sources: Vec<String>,
    /// Other URLs that may be downloaded, or that Dockerfiles add, by what they begin
    /// with; each ends with `/`.
    #[cfg_attr(feature = "schema", schemars(schema_with = "crate::schema::downloads"))]
    pub downloads: Vec<String>,
    /// The images that the app may publish.
    #[cfg_attr(feature = "schema", schemars(schema_with = "crate::schema::images"))]
    pub images: Vec<String>,
    /// The images that the recipe may look up and Dockerfiles may start from:
    /// `HOST/PATH/IMAGE`, `HOST/PATH/IMAGE:TAG`, or everything below `HOST/PATH/*`.
    /// `...:TAG@sha256:HEX` pins the tag to the digest. Names of Docker Hub may be short:
    /// `golang` is `docker.io/library/golang`.
    #[cfg_attr(feature = "schema", schemars(schema_with = "crate::schema::bases"))]
    pub bases: Vec<String>,
    /// `true`: `RUN` steps may use the network.
    pub network: bool,
    /// The variables of the operator's environment that the recipe may offer to
    /// `RUN --mount=type=secret,id=NAME`.
    #[cfg_attr(feature = "schema", schemars(schema_with = "crate::schema::secrets"))]
    pub secrets: Vec<String>,
    /// The platforms of the app, where it gets fewer than `bakehouse.toml` names.
    pub platforms: Option<Vec<Platform>>,
}

/// The most that apps may be granted at all, from the `[allow]` table of
/// `bakehouse.toml`. A key that is not there draws no line; platforms have their
/// own key outside of the table.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Allow {
    /// The release sources that any app may read, as in `grants`.
    #[cfg_attr(feature = "schema", schemars(schema_with = "crate::schema::releases"))]
    pub releases: Option<Vec<String>>,
    /// The git repositories that may be checked out, as in `grants`.
    #[cfg_attr(feature = "schema", schemars(schema_with = "crate::schema::sources"))]
    pub sources: Option<Vec<String>>,
    /// The beginnings of URLs that may be downloaded, as in `grants`.
    #[cfg_attr(feature = "schema", schemars(schema_with = "crate::schema::downloads"))]
    pub downloads: Option<Vec<String>>,
    /// The images that may be published.
    #[cfg_attr(feature = "schema", schemars(schema_with = "crate::schema::images"))]
    pub images: Option<Vec<String>>,
    /// The images that may be looked up and started from, as in `grants`.
    #[cfg_attr(feature = "schema", schemars(schema_with = "crate::schema::bases"))]
    pub bases: Option<Vec<String>>,
    /// `false`: no `RUN` step uses the network, whatever apps grant.
    pub network: Option<bool>,
    /// The variables of the environment that `RUN` steps may mount.
    #[cfg_attr(feature = "schema", schemars(schema_with = "crate::schema::secrets"))]
    pub secrets: Option<Vec<String>>,
}

impl Grants {
    /// The entries of one kind; none where the app leaves it to others.
    #[must_use]
    pub fn entries(&self, kind: Kind) -> Option<Vec<String>> {
        match kind {
            Kind::Releases => Some(self.releases.clone()),
            Kind::Sources => Some(self.sources.clone()),
            Kind::Downloads => Some(self.downloads.clone()),
            Kind::Images => Some(self.images.clone()),
            Kind::Bases => Some(self.bases.clone()),
            Kind::Secrets => Some(self.secrets.clone()),
            Kind::Network => Some(network(self.network)),
            Kind::Platforms => {
                let platforms = self.platforms.as_ref()?;
                Some(platforms.iter().map(ToString::to_string).collect())
            }
        }
    }

    /// The first entry that cannot be one, and why.
    ///
    /// # Errors
    /// Kind, entry and fault.
    pub fn check(&self) -> Result<(), (Kind, String)> {
        check(|kind| self.entries(kind))
    }
}

impl Allow {
    /// The entries of one kind; none where no line is drawn.
    #[must_use]
    pub fn entries(&self, kind: Kind) -> Option<Vec<String>> {
        match kind {
            Kind::Releases => self.releases.clone(),
            Kind::Sources => self.sources.clone(),
            Kind::Downloads => self.downloads.clone(),
            Kind::Images => self.images.clone(),
            Kind::Bases => self.bases.clone(),
            Kind::Secrets => self.secrets.clone(),
            Kind::Network => self.network.map(network),
            Kind::Platforms => None,
        }
    }

    /// The first entry that cannot be one, and why.
    ///
    /// # Errors
    /// Kind, entry and fault.
    pub fn check(&self) -> Result<(), (Kind, String)> {
        check(|kind| self.entries(kind))
    }
}

fn network(granted: bool) -> Vec<String> {
    granted.then(|| NETWORK.to_owned()).into_iter().collect()
}

fn check(entries: impl Fn(Kind) -> Option<Vec<String>>) -> Result<(), (Kind, String)> {
    for kind in Kind::ALL {
        for entry in entries(kind).into_iter().flatten() {
            if let Some(fault) = kind.fault(&entry) {
                return Err((kind, format!("\"{}\" {fault}", entry.escape_debug())));
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_and_checks() {
        let grants: Grants = toml::from_str("network = true\nbases = [\"golang\"]").unwrap();
        assert_eq!(grants.entries(Kind::Network).unwrap(), ["default"]);
        assert_eq!(grants.entries(Kind::Platforms), None);
        assert!(grants.check().is_ok());
        let wide: Grants = toml::from_str("downloads = [\"https://h.example\"]").unwrap();
        let (kind, why) = wide.check().unwrap_err();
        assert_eq!(kind, Kind::Downloads);
        assert!(
            why.starts_with("\"https://h.example\" does not end"),
            "{why}"
        );
        let allow: Allow = toml::from_str("network = false").unwrap();
        assert_eq!(allow.entries(Kind::Network), Some(Vec::new()));
        assert_eq!(allow.entries(Kind::Bases), None);
        assert!(toml::from_str::<Allow>("base = []").is_err());
    }
}
