//! Values of flags, and of the variables that stand for them.

use std::str::FromStr;

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};

use crate::config::CacheChoice;

/// Reads a number of 1 or more.
pub(super) fn count<N: FromStr>(text: &str) -> Result<N, String> {
    let number = text.trim().parse();
    number.map_err(|_| format!("`{}` is not a number of 1 or more", text.escape_debug()))
}

/// Reads yes or no, in the words that CI systems have for them.
pub(super) fn boolean() -> impl TypedValueParser<Value = bool> {
    // A switch cannot be told to ignore case.
    const YES: [&str; 10] = [
        "true", "True", "TRUE", "1", "yes", "Yes", "YES", "on", "On", "ON",
    ];
    const NO: [&str; 10] = [
        "false", "False", "FALSE", "0", "no", "No", "NO", "off", "Off", "OFF",
    ];
    let values = [YES, NO].map(|[name, others @ ..]| PossibleValue::new(name).aliases(others));
    PossibleValuesParser::new(values).map(|text| YES.contains(&text.as_str()))
}

/// Reads where build layers are kept.
pub(super) fn cache() -> impl TypedValueParser<Value = CacheChoice> {
    PossibleValuesParser::new(["none", "local", "registry", "gha"])
        .try_map(|text| text.parse::<CacheChoice>())
}
