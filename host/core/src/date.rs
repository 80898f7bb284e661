//! Dates of releases, images and commits.
//!
//! Upstreams, registries and recipes say when something was made, and some say a
//! time at which nothing was: the year 1 is Go's zero time, 1970 that of Unix,
//! and others say nothing, or text. What counts as a date is decided here, and
//! what does not is left out wherever it comes in, so that no image is dated to
//! it and no build fails by it.

use std::fmt;

use jiff::Timestamp;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The first second that is a date, 1970-01-02: before, somebody's clock or
/// variable had never been set, whatever the time zone.
const FIRST: i64 = 24 * 3600;
/// The first second that is none any more, 2100-01-01.
const END: i64 = 4_102_444_800;
/// Seconds of a day.
const DAY: i64 = 24 * 3600;

/// A date and time, RFC 3339, as it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Date {
    text: String,
    seconds: i64,
}

impl Date {
    /// Reads a date; none where the text is not one of RFC 3339 (section 5.6), or
    /// is of a time at which nothing was released: before 1970-01-02 or from 2100
    /// on.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let time: Timestamp = text.parse().ok().filter(|_| is_rfc_3339(text))?;
        let seconds = time.as_second();
        (FIRST..END).contains(&seconds).then(|| Self {
            text: text.to_owned(),
            seconds,
        })
    }

    /// The date so many seconds after 1970, in UTC, or the nearest that is one.
    #[must_use]
    pub fn at(seconds: i64) -> Self {
        let seconds = seconds.clamp(FIRST, END - 1);
        let time = Timestamp::from_second(seconds).unwrap_or_default();
        Self {
            text: time.to_string(),
            seconds,
        }
    }

    /// Now, by this machine's clock, in UTC.
    #[must_use]
    pub fn now() -> Self {
        Self::at(Timestamp::now().as_second())
    }

    /// Whole days since an earlier date; none where it is a later one.
    #[must_use]
    pub fn days_since(&self, earlier: &Self) -> u64 {
        let seconds = self.seconds.saturating_sub(earlier.seconds);
        u64::try_from(seconds / DAY).unwrap_or(0)
    }

    /// Its day in UTC, `2025-06-10`.
    #[must_use]
    pub fn day(&self) -> String {
        let time = Timestamp::from_second(self.seconds).unwrap_or_default();
        time.strftime("%Y-%m-%d").to_string()
    }

    /// Its minute in UTC, `2025-06-10 22:43 UTC`.
    #[must_use]
    pub fn minute(&self) -> String {
        let time = Timestamp::from_second(self.seconds).unwrap_or_default();
        time.strftime("%Y-%m-%d %H:%M UTC").to_string()
    }

    /// As it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whole seconds since 1970, as `SOURCE_DATE_EPOCH` wants them.
    #[must_use]
    pub const fn epoch_seconds(&self) -> i64 {
        self.seconds
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl From<Date> for String {
    fn from(date: Date) -> Self {
        date.text
    }
}

impl Serialize for Date {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

impl<'de> Deserialize<'de> for Date {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| D::Error::custom("not a date of RFC 3339"))
    }
}

/// The date of a file's field, none where what stands there is no date; for
/// `#[serde(default, deserialize_with)]`.
///
/// # Errors
/// When the field is neither text nor null.
pub fn if_any<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Date>, D::Error> {
    let text = Option::<String>::deserialize(deserializer)?;
    Ok(text.and_then(|text| Date::parse(&text)))
}

/// Whether a time that jiff understands is written as RFC 3339 has it; jiff takes
/// the shorter forms of ISO 8601, too.
fn is_rfc_3339(text: &str) -> bool {
    let shape: String = text
        .chars()
        .map(|c| if c.is_ascii_digit() { '0' } else { c })
        .collect();
    let Some((time, zone)) = shape.split_at_checked("0000-00-00T00:00:00".len()) else {
        return false;
    };
    let zone = match zone.strip_prefix('.') {
        Some(fraction) => fraction.trim_start_matches('0'),
        None => zone,
    };
    let is_time = [
        "0000-00-00T00:00:00",
        "0000-00-00t00:00:00",
        "0000-00-00 00:00:00",
    ];
    is_time.contains(&time) && ["Z", "z", "+00:00", "-00:00"].contains(&zone)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agrees_with_the_date_program() {
        // `date -d TEXT +%s`
        for (text, seconds) in [
            ("1970-01-02T00:00:00Z", 86_400),
            ("2000-02-29T12:00:00Z", 951_825_600),
            ("2025-06-10T22:43:59.123Z", 1_749_595_439),
            ("2025-06-11T00:43:59+02:00", 1_749_595_439),
            ("2025-06-10T17:13:59-05:30", 1_749_595_439),
            ("2025-06-10 22:43:59z", 1_749_595_439),
            ("2099-12-31T23:59:59.9Z", 4_102_444_799),
        ] {
            let date = Date::parse(text).unwrap();
            assert_eq!(date.epoch_seconds(), seconds, "{text}");
            assert_eq!(date.to_string(), text);
        }
    }

    #[test]
    fn days_between_dates() {
        let date = |text: &str| Date::parse(text).unwrap();
        let now = date("2025-06-11T00:43:59+02:00");
        assert_eq!(
            (now.day(), now.epoch_seconds()),
            ("2025-06-10".to_owned(), 1_749_595_439)
        );
        assert_eq!(Date::at(now.epoch_seconds()), date("2025-06-10T22:43:59Z"));
        for (earlier, days) in [
            ("2025-06-10T22:43:59Z", 0),
            ("2025-06-09T22:44:00Z", 0),
            ("2025-06-09T22:43:59Z", 1),
            ("2025-06-12T00:00:00Z", 0),
        ] {
            assert_eq!(now.days_since(&date(earlier)), days, "{earlier}");
        }
        assert_eq!(now.minute(), "2025-06-10 22:43 UTC");
        assert_eq!(Date::at(0).as_str(), "1970-01-02T00:00:00Z");
        assert!(Date::now().epoch_seconds() > 1_749_595_439);
    }

    #[test]
    fn what_is_no_date_is_none() {
        for text in [
            // Written otherwise.
            "",
            " ",
            "yesterday",
            "2025",
            "2025-06-10",
            "2025-06-10T00:00:00",
            "2025-06-10T22:43Z",
            "2025-06-10T224359Z",
            "2025-06-10T22:43:59+02",
            "2025-06-10T22:43:59+0200",
            "2025-06-10T22:43:59Z[Europe/Berlin]",
            "2025-06-10T22:43:59Z\n",
            "x025-06-10T00:00:00Z",
            "Tue, 10 Jun 2025 22:43:59 GMT",
            "1749595439",
            // In no calendar.
            "2025-13-10T00:00:00Z",
            "2025-02-31T00:00:00Z",
            "2025-02-29T00:00:00Z",
            "2025-06-10T24:00:00Z",
            "0000-00-00T00:00:00Z",
            "0000-00-00",
            // Nobody's.
            "0000-01-01T00:00:00Z",
            "0001-01-01T00:00:00Z",
            "0001-01-01T00:00:00+14:00",
            "1601-01-01T00:00:00Z",
            "1899-12-30T00:00:00Z",
            "1969-12-31T23:59:59.5Z",
            "1970-01-01T00:00:00Z",
            "1970-01-01T00:00:01Z",
            "1970-01-01T14:00:00-05:00",
            "2100-01-01T00:00:00Z",
            "9999-12-31T23:59:59Z",
            "99999-01-01T00:00:00Z",
            "+099999-01-01T00:00:00Z",
            "-000001-01-01T00:00:00Z",
        ] {
            assert_eq!(Date::parse(text), None, "{text}");
        }
    }
}
