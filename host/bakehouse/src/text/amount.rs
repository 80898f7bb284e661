//! Amounts and digests in the short forms that people read.

use bakehouse_core::date::Date;
use bakehouse_core::storage_error::Bytes;

/// Bytes in the unit that fits (SI): `12.3 MB`.
#[must_use]
pub fn bytes(bytes: u64) -> String {
    Bytes(bytes).to_string()
}

/// A number of things, by the word for one of them: `1 target`, `2 targets`.
#[must_use]
pub fn count(number: impl TryInto<u128>, thing: &str) -> String {
    match number.try_into().unwrap_or(u128::MAX) {
        1 => format!("1 {thing}"),
        many => format!("{many} {thing}s"),
    }
}

/// The first of many names, and the number of the others: `a, b and 3 more`.
#[must_use]
pub fn some<T: AsRef<str>>(names: &[T], most: usize) -> String {
    let shown: Vec<&str> = names.iter().take(most).map(AsRef::as_ref).collect();
    let shown = shown.join(", ");
    match names.len().saturating_sub(most) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

/// The first twelve digits of a digest, as Docker shows them, with its
/// algorithm: `sha256:0123456789ab`.
#[must_use]
pub fn short_digest(digest: &str) -> String {
    let (kind, hex) = digest.split_once(':').unwrap_or(("", digest));
    format!("{kind}:{}", hex.get(..12).unwrap_or(hex))
}

/// The age of something, in the unit that fits: `3 days ago`.
#[must_use]
pub fn age(date: &Date, now: &Date) -> String {
    let seconds = now.epoch_seconds().saturating_sub(date.epoch_seconds());
    let (number, unit) = match seconds {
        ..=-60 => return "in the future, by this machine's clock".to_owned(),
        -59..60 => return "just now".to_owned(),
        60..3600 => (seconds / 60, "minute"),
        3600..86_400 => (seconds / 3600, "hour"),
        86_400..5_184_000 => (seconds / 86_400, "day"),
        5_184_000..63_072_000 => (seconds / 2_629_800, "month"),
        _ => (seconds / 31_557_600, "year"),
    };
    format!("{} ago", count(number.unsigned_abs(), unit))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_age_is_told_in_the_unit_that_fits() {
        let now = Date::at(1_800_000_000);
        for (seconds, expected) in [
            (-3600, "in the future, by this machine's clock"),
            (-5, "just now"),
            (59, "just now"),
            (60, "1 minute ago"),
            (7300, "2 hours ago"),
            (86_399, "23 hours ago"),
            (3 * 86_400, "3 days ago"),
            (59 * 86_400, "59 days ago"),
            (61 * 86_400, "2 months ago"),
            (729 * 86_400, "23 months ago"),
            (731 * 86_400, "2 years ago"),
        ] {
            let date = Date::at(1_800_000_000 - seconds);
            assert_eq!(age(&date, &now), expected);
        }
    }
}
