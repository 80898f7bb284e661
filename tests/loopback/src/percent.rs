//! Percent-encoded path segments (RFC 3986, section 2.1).

/// A path segment as it was before encoding.
pub(crate) fn decoded(segment: &str) -> String {
    let query = format!("x={}", segment.replace('+', "%2B"));
    let mut pairs = url::form_urlencoded::parse(query.as_bytes());
    pairs.next().unwrap().1.into_owned()
}
