//! Rate limits of APIs, as pauses.
//!
//! GitHub: "Rate limits for the REST API" (primary: `x-ratelimit-*`, secondary:
//! `retry-after`, else a minute). GitLab and others: 429 with `Retry-After` (RFC
//! 9110, section 10.2.3) and `RateLimit-*`.

use std::time::{Duration, UNIX_EPOCH};

use bakehouse_system::http::request::pause;
use bakehouse_system::http::{retry_after, server_time};
use reqwest::StatusCode;
use reqwest::header::{HeaderMap, RETRY_AFTER};

/// The pause where the answer does not say how long.
const UNSAID: Duration = Duration::from_secs(60);

/// The time that a refused request should wait; none if rate limits are not the
/// cause.
pub(super) fn refused(status: StatusCode, headers: &HeaderMap, body: &str) -> Option<Duration> {
    let spent = remaining(headers) == Some(0);
    let reset = || spent.then(|| reset(headers)).flatten();
    match status {
        StatusCode::FORBIDDEN
            if spent || headers.contains_key(RETRY_AFTER) || body.contains("rate limit") =>
        {
            let asked = retry_after(headers, server_time(headers));
            Some(asked.or_else(reset).unwrap_or(UNSAID))
        }
        StatusCode::TOO_MANY_REQUESTS => {
            let asked = retry_after(headers, server_time(headers));
            asked.or_else(reset).or_else(|| pause(status, headers))
        }
        _ => pause(status, headers),
    }
}

/// The time to wait after an answer that took the last request of the limit.
pub(super) fn used_up(headers: &HeaderMap) -> Option<Duration> {
    (remaining(headers)? == 0).then(|| reset(headers))?
}

fn remaining(headers: &HeaderMap) -> Option<u64> {
    number(headers, &["x-ratelimit-remaining", "ratelimit-remaining"])
}

/// Until the limit is reset, and a second more.
fn reset(headers: &HeaderMap) -> Option<Duration> {
    let at = number(headers, &["x-ratelimit-reset", "ratelimit-reset"])?;
    let at = UNIX_EPOCH.checked_add(Duration::from_secs(at))?;
    let left = at.duration_since(server_time(headers)).unwrap_or_default();
    Some(left + Duration::from_secs(1))
}

pub(super) fn number(headers: &HeaderMap, names: &[&str]) -> Option<u64> {
    let value = names.iter().find_map(|name| headers.get(*name))?;
    value.to_str().ok()?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        let pair = |(name, value): &(&'static str, &str)| {
            ((*name).parse().unwrap(), value.parse().unwrap())
        };
        pairs.iter().map(pair).collect()
    }

    #[test]
    fn pauses() {
        let date = ("date", "Tue, 24 Nov 2026 10:00:00 GMT");
        // 2026-11-24T10:00:30Z
        let reset = ("x-ratelimit-reset", "1795514430");
        let seconds = |status: u16, pairs: &[(&'static str, &str)], body: &str| {
            let status = StatusCode::from_u16(status).unwrap();
            refused(status, &headers(pairs), body).map(|pause| pause.as_secs())
        };
        let spent = ("x-ratelimit-remaining", "0");
        assert_eq!(seconds(403, &[date, reset, spent], ""), Some(31));
        assert_eq!(
            seconds(429, &[("retry-after", "7"), date, reset, spent], ""),
            Some(7)
        );
        let dated = ("retry-after", "Tue, 24 Nov 2026 10:01:00 GMT");
        assert_eq!(seconds(403, &[date, dated], ""), Some(60));
        let past = ("retry-after", "Tue, 24 Nov 2026 09:00:00 GMT");
        assert_eq!(seconds(429, &[date, past], ""), Some(0));
        let text = "You have exceeded a secondary rate limit";
        assert_eq!(
            seconds(403, &[("x-ratelimit-remaining", "9")], text),
            Some(60)
        );
        assert_eq!(seconds(429, &[("retry-after", "soon")], ""), Some(60));
        assert_eq!(seconds(403, &[], "Resource not accessible"), None);
        assert_eq!(seconds(404, &[spent, date, reset], ""), None);
        assert_eq!(
            used_up(&headers(&[date, reset, spent])),
            Some(Duration::from_secs(31))
        );
        assert_eq!(used_up(&headers(&[date, reset])), None);
        assert_eq!(used_up(&headers(&[spent])), None);
    }
}
