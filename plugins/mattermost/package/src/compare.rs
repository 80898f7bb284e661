//! Packages of one version side by side: what one platform's lacks.

use bakehouse_sdk::log::{self, Level};
use bakehouse_sdk::{Error, Platform};

use crate::contents::{ANY, Names, list, named, regardless};
use crate::package::Package;
use crate::plugins::{self, STORE};

/// Names that are written out in a label or a message.
const SHOWN: usize = 40;

/// The differences of an image's content from upstream's package for its platform,
/// and from other platforms' images.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Differences {
    /// Plugins that were fetched from elsewhere, as other platforms' packages
    /// have them.
    pub added: Vec<String>,
    /// The content that other platforms' packages have and this image has not:
    /// plugins by name, other files by path.
    pub lacking: Vec<String>,
}

impl Differences {
    /// Labels that tell them.
    pub(crate) fn labels(&self) -> impl Iterator<Item = (&'static str, String)> {
        [
            ("mattermost.package.added", &self.added),
            ("mattermost.package.lacking", &self.lacking),
        ]
        .into_iter()
        .filter(|(_, names)| !names.is_empty())
        .map(|(label, names)| (label, shown(names)))
    }

    /// Tells them to the operator.
    fn tell(&self, name: &str, others: &str) {
        if !self.added.is_empty() {
            let added = shown(&self.added);
            log::log(
                Level::Warn,
                &format!(
                    "{name} lacks plugins that upstream's package for {others} has; fetched from {STORE}: {added}"
                ),
            );
        }
        if !self.lacking.is_empty() {
            let lacking = shown(&self.lacking);
            log::log(
                Level::Warn,
                &format!(
                    "{name} lacks what upstream's package for {others} has, and upstream does not publish it apart: {lacking}"
                ),
            );
        }
    }
}

impl Package<'_> {
    /// Compares the package with those for `platforms`, fetches the plugins that
    /// it lacks, where upstream publishes them, and tells the operator what
    /// differs. `checksums` as for [`fetch`](Self::fetch).
    ///
    /// # Errors
    /// As `fetch.download`. A package that is not there to compare with is no
    /// error.
    pub fn complete(
        &self,
        platforms: &[Platform],
        checksums: &[(String, String)],
    ) -> Result<Differences, Error> {
        let Some(own) = self.compared(checksums)? else {
            return Ok(Differences::default());
        };
        let mut missing = Names::new();
        let mut others = Vec::new();
        for platform in platforms.iter().filter(|other| *other != self.platform) {
            let other = Package { platform, ..*self };
            if let Some(names) = other.compared(checksums)? {
                missing.extend(names.difference(&own).cloned());
                others.push(platform.to_string());
            }
        }
        let differences = self.fill(&missing)?;
        differences.tell(&self.file_name(), &others.join(", "));
        Ok(differences)
    }

    /// Names of its files, whatever platform they are named after; none, and a
    /// warning, where upstream has no such package or it cannot be unpacked.
    fn compared(&self, checksums: &[(String, String)]) -> Result<Option<Names>, Error> {
        match list(&self.url(), self.checksum(checksums)) {
            Ok((names, _)) => Ok(Some(regardless(&names, self.platform))),
            Err(Error::NotFound(why) | Error::InvalidInput(why)) => {
                let name = self.file_name();
                let line = format!("packages are not compared with {name}: {why}");
                log::log(Level::Warn, &line);
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    /// Fetches the plugins among files that the package lacks.
    fn fill(&self, missing: &Names) -> Result<Differences, Error> {
        let mut differences = Differences::default();
        let plugins = plugins::among(missing);
        for plugin in &plugins {
            let to = match plugins::fetch_for(plugin, self.platform)? {
                true => &mut differences.added,
                false => &mut differences.lacking,
            };
            to.push(plugin.clone());
        }
        let rest = missing
            .iter()
            .filter(|file| !plugins.iter().any(|plugin| plugins::is_of(plugin, file)));
        let named = rest.map(|file| file.replace(ANY, &named(self.platform)));
        differences.lacking.extend(named);
        Ok(differences)
    }
}

/// Names with commas between them, not more than fit a line.
fn shown(names: &[String]) -> String {
    let mut text = names
        .iter()
        .take(SHOWN)
        .map(String::as_str)
        .collect::<Vec<_>>()
        .join(", ");
    if names.len() > SHOWN {
        text.push_str(&format!(" and {} more", names.len() - SHOWN));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_tell_what_differs_and_nothing_else() {
        assert_eq!(Differences::default().labels().count(), 0);
        let many: Vec<_> = (0..42).map(|i| format!("i18n/{i}.json")).collect();
        let differences = Differences {
            added: vec!["a-v1".to_owned(), "b-v2".to_owned()],
            lacking: many,
        };
        let labels: Vec<_> = differences.labels().collect();
        assert_eq!(
            labels[0],
            ("mattermost.package.added", "a-v1, b-v2".to_owned())
        );
        assert!(
            labels[1].1.ends_with("i18n/39.json and 2 more"),
            "{labels:?}"
        );
    }
}
