//! A recipe's answer to "which versions are there?".

use std::collections::{BTreeMap, BTreeSet};

use bakehouse_core::date::Date;
use bakehouse_core::recipe::Version;
use bakehouse_upstream::release::Listing;

use super::contract::Given;
use super::validate::{self, InvalidAnswer};

/// The versions that a recipe names, and what the host saw meanwhile.
#[derive(Debug, Clone, Default)]
pub struct Versions {
    /// Those that can be published, newest first, at most as many as asked for.
    pub versions: Vec<Version>,
    /// Numbers of others, and why they cannot be.
    pub refused: Vec<(String, InvalidAnswer)>,
    /// Numbers of all versions that upstream has, as far as the host saw them:
    /// those beyond the limit and prereleases, too.
    pub known: BTreeSet<String>,
    /// The dates of their releases, where upstream gives one.
    pub released: BTreeMap<String, Date>,
    /// Numbers of those that are prereleases, by number or as upstream marks them.
    pub early: BTreeSet<String>,
    /// Numbers of versions whose date is none, and what was given for it: they
    /// have no date now.
    pub undated: Vec<(String, String)>,
    /// The listings of the release sources that the recipe asked.
    pub listings: Vec<Listing>,
}

impl Versions {
    pub(super) fn new(
        app: &str,
        answered: Vec<Given>,
        listings: Vec<Listing>,
        limit: u32,
    ) -> Result<Self, InvalidAnswer> {
        validate::amount(app, answered.len())?;
        let (mut known, mut early) = (BTreeSet::new(), BTreeSet::new());
        let (mut versions, mut refused) = (Vec::new(), Vec::new());
        let mut undated = Vec::new();
        for Given { version, said } in answered {
            let fits = validate::version(app, &version, &known);
            known.insert(version.number.clone());
            if version.prerelease {
                early.insert(version.number.clone());
            }
            match fits {
                Ok(()) => {
                    let none = said.filter(|_| version.created.is_none());
                    undated.extend(none.map(|said| (version.number.clone(), said)));
                    versions.push(version);
                }
                Err(invalid) => refused.push((version.number, invalid)),
            }
        }
        // A source of something else, of a compiler perhaps, does not count.
        let own = |listing: &&Listing| listing.versions.keys().any(|v| known.contains(v));
        let own: Vec<&Listing> = listings.iter().filter(own).collect();
        let mut released = BTreeMap::new();
        early.extend(own.iter().flat_map(|listing| &listing.early).cloned());
        for (number, date) in own.iter().flat_map(|listing| &listing.versions) {
            known.insert(number.clone());
            released.extend(date.clone().map(|date| (number.clone(), date)));
        }
        // What the recipe says of a version decides.
        for version in &versions {
            let date = version.created.clone();
            released.extend(date.map(|date| (version.number.clone(), date)));
            if !version.prerelease {
                early.remove(&version.number);
            }
        }
        versions.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        undated.retain(|(number, _)| versions.iter().any(|version| version.number == *number));
        Ok(Self {
            versions,
            refused,
            known,
            released,
            early,
            undated,
            listings,
        })
    }

    /// The reason why there is nothing, in one sentence: what each source listed.
    #[must_use]
    pub fn why_nothing(&self) -> String {
        // A recipe may read one page after the other, or for each platform.
        let mut told: Vec<String> = Vec::new();
        for listing in self.listings.iter().map(ToString::to_string) {
            if !told.contains(&listing) {
                told.push(listing);
            }
        }
        if told.is_empty() {
            return "its recipe names none, and asked no release source".to_owned();
        }
        told.join("; ")
    }
}
