//! RFC 3339 times as `SOURCE_DATE_EPOCH` wants them.

/// Seconds since 1970 of an RFC 3339 time; none if it is not one, or earlier.
#[must_use]
pub fn epoch_seconds(text: &str) -> Option<i64> {
    let bytes = text.as_bytes();
    let number = |from: usize, to: usize| -> Option<i64> {
        let digits = text.get(from..to)?;
        let good = digits.bytes().all(|b| b.is_ascii_digit());
        good.then(|| digits.parse().ok())?
    };
    let separators = [(4, b'-'), (7, b'-'), (13, b':'), (16, b':')];
    if !separators.iter().all(|(i, b)| bytes.get(*i) == Some(b))
        || !matches!(bytes.get(10), Some(b'T' | b't' | b' '))
    {
        return None;
    }
    let (year, month, day) = (number(0, 4)?, number(5, 7)?, number(8, 10)?);
    let (hour, minute, second) = (number(11, 13)?, number(14, 16)?, number(17, 19)?);
    if !(1..=12).contains(&month)
        || !(1..=31).contains(&day)
        || hour > 23
        || minute > 59
        || second > 60
    {
        return None;
    }
    let zone = text.get(19..)?;
    let zone = match zone.strip_prefix('.') {
        Some(fraction) => fraction.trim_start_matches(|c: char| c.is_ascii_digit()),
        None => zone,
    };
    let offset = match zone.as_bytes() {
        [b'Z' | b'z'] => 0,
        [sign @ (b'+' | b'-'), _, _, b':', _, _] => {
            let hours: i64 = zone.get(1..3)?.parse().ok()?;
            let minutes: i64 = zone.get(4..6)?.parse().ok()?;
            let seconds = hours * 3600 + minutes * 60;
            if *sign == b'-' { -seconds } else { seconds }
        }
        _ => return None,
    };
    let seconds = days(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second - offset;
    (seconds >= 0).then_some(seconds)
}

/// Days since 1970-01-01 in the Gregorian calendar, by counting years from
/// March.
const fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
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
            "x025-06-10T00:00:00Z",
            "1969-01-01T00:00:00Z",
        ] {
            assert_eq!(epoch_seconds(text), None, "{text}");
        }
    }
}
