//! RFC 3339 times as `SOURCE_DATE_EPOCH` wants them.

use jiff::Timestamp;

/// Seconds since 1970 of an RFC 3339 time; none if it is not one, or earlier.
#[must_use]
pub fn epoch_seconds(text: &str) -> Option<i64> {
    let time: Timestamp = text.parse().ok().filter(|_| is_rfc_3339(text))?;
    (time >= Timestamp::UNIX_EPOCH).then(|| time.as_second())
}

/// Whether a time that jiff understands is written as RFC 3339 has it (section
/// 5.6); jiff takes the shorter forms of ISO 8601, too.
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
    fn agrees_with_date() {
        // `date -d TEXT +%s`
        for (text, seconds) in [
            ("1970-01-01T00:00:00Z", 0),
            ("2000-02-29T12:00:00Z", 951_825_600),
            ("2025-06-10T22:43:59.123Z", 1_749_595_439),
            ("2025-06-11T00:43:59+02:00", 1_749_595_439),
            ("2025-06-10T17:13:59-05:30", 1_749_595_439),
            ("2025-06-10 22:43:59z", 1_749_595_439),
            ("2100-03-01T00:00:00Z", 4_107_542_400),
        ] {
            assert_eq!(epoch_seconds(text), Some(seconds), "{text}");
        }
        for text in [
            "",
            "2025",
            "2025-06-10",
            "2025-13-10T00:00:00Z",
            "2025-06-10T00:00:00",
            "2025-02-31T00:00:00Z",
            "2025-02-29T00:00:00Z",
            "2025-06-10T24:00:00Z",
            "2025-06-10T22:43Z",
            "2025-06-10T224359Z",
            "2025-06-10T22:43:59+02",
            "2025-06-10T22:43:59+0200",
            "2025-06-10T22:43:59Z[Europe/Berlin]",
            "x025-06-10T00:00:00Z",
            "1969-01-01T00:00:00Z",
            "1969-12-31T23:59:59.5Z",
        ] {
            assert_eq!(epoch_seconds(text), None, "{text}");
        }
    }
}
