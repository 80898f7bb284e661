//! SPDX expressions of what upstreams write of their licence.
//!
//! Forges write identifiers in small letters, package indexes full names, and
//! people what they like. What could be several licences is none.

use spdx::identifiers::LICENSES;
use spdx::{Expression, ParseMode};

/// Bytes of an expression; a licence's whole text is none.
const LONGEST: usize = 200;
/// Words that say that nothing is said.
const NOTHING: &[&str] = &["noassertion", "none", "unknown", "other", "unlicensed"];

/// The expression, as the specification writes it (SPDX 2.3, annex D); none where
/// the text is not one, or leaves open which licence it is.
pub(super) fn canonical(text: &str) -> Option<String> {
    let text = text.trim().trim_end_matches('.');
    if text.len() > LONGEST || NOTHING.contains(&text.to_ascii_lowercase().as_str()) {
        return None;
    }
    let named = by_name(text).or_else(|| {
        // `MPL 2.0`, `Apache License, Version 2.0`.
        let words = text.split(|c: char| c.is_whitespace() || c == ',');
        let words = words.filter(|word| {
            let said = ["", "the", "license", "licence", "version"];
            !said.contains(&word.to_ascii_lowercase().as_str())
        });
        by_name(&words.collect::<Vec<_>>().join("-"))
    });
    let text = named.unwrap_or(text);
    let written = match Expression::canonicalize(text).ok()? {
        // `BSD` and `Apache` are several licences, of which it takes one.
        Some(_) if named.is_none() && !text.contains(|c: char| c.is_ascii_digit() || c == ' ') => {
            return None;
        }
        Some(written) => written,
        None => text.to_owned(),
    };
    Expression::parse_mode(&written, ParseMode::STRICT)
        .is_ok()
        .then_some(written)
}

/// The identifier of one licence, by itself or by its full name.
fn by_name(text: &str) -> Option<&'static str> {
    let mut all = LICENSES.iter();
    let found = all.find(|known| {
        known.name.eq_ignore_ascii_case(text) || known.full_name.eq_ignore_ascii_case(text)
    });
    found.map(|known| known.name)
}

#[cfg(test)]
mod tests {
    use super::canonical;

    #[test]
    fn every_way_to_write_one_licence_is_its_identifier() {
        for (written, wanted) in [
            ("MIT", "MIT"),
            ("MIT License", "MIT"),
            ("mit", "MIT"),
            ("Apache 2.0", "Apache-2.0"),
            ("Apache License 2.0", "Apache-2.0"),
            ("Apache License, Version 2.0", "Apache-2.0"),
            ("gpl-3.0", "GPL-3.0-only"),
            ("GPLv2+", "GPL-2.0-or-later"),
            ("MPL 2.0", "MPL-2.0"),
            ("unlicense", "Unlicense"),
            ("MIT/Apache-2.0", "MIT OR Apache-2.0"),
            ("MIT and PSF-2.0", "MIT AND PSF-2.0"),
            (
                "(MIT OR Apache-2.0) AND 0BSD",
                "(MIT OR Apache-2.0) AND 0BSD",
            ),
            ("LicenseRef-Ours", "LicenseRef-Ours"),
        ] {
            assert_eq!(canonical(written).as_deref(), Some(wanted), "{written}");
        }
    }

    #[test]
    fn what_leaves_the_licence_open_is_none() {
        for open in [
            "",
            "BSD",
            "BSD License",
            "Apache",
            "Apache Software License",
            "GPL",
            "Other",
            "NOASSERTION",
            "UNLICENSED",
            "SEE LICENSE IN LICENSE.md",
            "MIT License\n\nCopyright (c) 2022 Charles Marsh",
            "Apache-2.0 OR",
        ] {
            assert_eq!(canonical(open), None, "{open}");
        }
    }
}
