//! `Retry-After` (RFC 9110, section 10.2.3).

use std::time::{Duration, SystemTime};

use reqwest::header::{DATE, HeaderMap, RETRY_AFTER};

/// The pause that the other side asks for; none when it does not, or its value
/// cannot be read. A date that has passed asks for no pause.
pub fn retry_after(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let date = httpdate::parse_http_date(text).ok()?;
    Some(date.duration_since(now).unwrap_or_default())
}

/// The server's own time, where it tells: its clock made its other times.
pub fn server_time(headers: &HeaderMap) -> SystemTime {
    headers
        .get(DATE)
        .and_then(|value| httpdate::parse_http_date(value.to_str().ok()?).ok())
        .unwrap_or_else(SystemTime::now)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(value: &str) -> Option<Duration> {
        let headers = HeaderMap::from_iter([(RETRY_AFTER, value.parse().unwrap())]);
        let now = httpdate::parse_http_date("Tue, 24 Nov 2026 10:00:00 GMT").unwrap();
        retry_after(&headers, now)
    }

    #[test]
    fn seconds_and_dates() {
        assert_eq!(read("7"), Some(Duration::from_secs(7)));
        let later = read("Tue, 24 Nov 2026 10:01:30 GMT");
        assert_eq!(later, Some(Duration::from_secs(90)));
        let past = read("Tue, 24 Nov 2026 09:00:00 GMT");
        assert_eq!(past, Some(Duration::ZERO));
        assert_eq!(read("soon"), None);
        assert_eq!(read("-1"), None);
    }
}
