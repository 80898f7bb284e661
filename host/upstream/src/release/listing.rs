//! Account of a release source: how many tags it lists, and why some do not count.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use bakehouse_core::date::Date;

use super::SourceId;
use super::pattern::Pattern;

/// The entries that a release source lists, those of them that do not count, and
/// the reason: the answer to "why is there nothing?".
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listing {
    source: String,
    pattern: Option<String>,
    listed: usize,
    /// Numbers of all versions that it lists, prereleases and those beyond any
    /// limit included, with the dates of their releases, where it tells them.
    pub versions: BTreeMap<String, Option<Date>>,
    /// Numbers of those of them that are prereleases, by number or by mark.
    pub early: BTreeSet<String>,
    /// Tags without a version number where one is looked for.
    pub(super) unfit: Tags,
    /// Prereleases, where they do not count.
    pub(super) prereleases: Tags,
}

/// Some tags: how many, and the first as an example.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Tags {
    count: usize,
    example: String,
}

impl Tags {
    pub(super) fn add(&mut self, tag: &str) {
        if self.count == 0 {
            tag.clone_into(&mut self.example);
        }
        self.count += 1;
    }
}

impl Listing {
    pub(super) fn new(source: &SourceId, pattern: Option<&Pattern>, listed: usize) -> Self {
        Self {
            source: source.to_string(),
            pattern: pattern.map(ToString::to_string),
            listed,
            versions: BTreeMap::new(),
            early: BTreeSet::new(),
            unfit: Tags::default(),
            prereleases: Tags::default(),
        }
    }
}

impl fmt::Display for Listing {
    /// "npm:x lists 3 tags: 2 do not fit `v{version}`, e.g. `1.0.0`; 1 is a
    /// prerelease, e.g. `v1.0.0-rc1`".
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.listed == 0 {
            return write!(f, "{} lists nothing", self.source);
        }
        let (noun, listed) = (plural(self.listed, "tag", "tags"), self.listed);
        write!(f, "{} lists {listed} {noun}", self.source)?;
        let mut between = ": ";
        if self.unfit.count > 0 {
            let Tags { count, example } = &self.unfit;
            let verb = plural(*count, "does", "do");
            match &self.pattern {
                Some(pattern) => write!(f, "{between}{count} {verb} not fit `{pattern}`")?,
                None => write!(f, "{between}{count} {verb} not begin with a version number")?,
            }
            write!(f, ", e.g. `{}`", example.escape_debug())?;
            between = "; ";
        }
        if self.prereleases.count > 0 {
            let Tags { count, example } = &self.prereleases;
            let noun = plural(*count, "is a prerelease", "are prereleases");
            write!(
                f,
                "{between}{count} {noun}, e.g. `{}`",
                example.escape_debug()
            )?;
        }
        Ok(())
    }
}

fn plural<'a>(count: usize, one: &'a str, many: &'a str) -> &'a str {
    if count == 1 { one } else { many }
}

#[cfg(test)]
mod tests {
    use crate::release::{Release, Selection};

    fn told(pattern: Option<&str>, tags: &[&str]) -> String {
        let all: Vec<Release> = tags.iter().map(|tag| Release::tag(*tag)).collect();
        let source = "npm:tool".parse().unwrap();
        let selected = Selection::new(pattern, false).unwrap().of(&source, &all);
        selected.listing.to_string()
    }

    #[test]
    fn says_why_nothing_counts() {
        assert_eq!(told(None, &[]), "npm:tool lists nothing");
        assert_eq!(told(None, &["v1.0.0"]), "npm:tool lists 1 tag");
        assert_eq!(
            told(Some("v{version}-limitless"), &["10.5.0", "v10.5.0"]),
            "npm:tool lists 2 tags: 2 do not fit `v{version}-limitless`, e.g. `10.5.0`"
        );
        assert_eq!(
            told(None, &["nightly", "1.0.0-rc1", "v1.0.0-rc2"]),
            "npm:tool lists 3 tags: 1 does not begin with a version number, e.g. `nightly`; \
             2 are prereleases, e.g. `1.0.0-rc1`"
        );
    }
}
