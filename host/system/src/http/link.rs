//! Links to further pages (RFC 8288, section 3).

use reqwest::header::{HeaderMap, LINK};
use url::Url;

use super::pages::ListError;

/// The target of the link with relation `next`; none when there is no such
/// link.
///
/// # Errors
/// [`ListError::Malformed`] when a header that cannot be read speaks of a next
/// page, or its address is none.
pub fn next(headers: &HeaderMap, base: &Url) -> Result<Option<Url>, ListError> {
    for value in headers.get_all(LINK) {
        let text = String::from_utf8_lossy(value.as_bytes());
        match target(&text, "next") {
            Ok(None) => {}
            Ok(Some(target)) => {
                let target = base.join(target).map_err(|_| ListError::Malformed)?;
                return Ok(Some(target));
            }
            Err(Malformed) if text.to_ascii_lowercase().contains("next") => {
                return Err(ListError::Malformed);
            }
            Err(Malformed) => {}
        }
    }
    Ok(None)
}

/// The header is no list of links.
struct Malformed;

fn target<'t>(text: &'t str, wanted: &str) -> Result<Option<&'t str>, Malformed> {
    let mut rest = text;
    loop {
        rest = rest.trim_start_matches([',', ' ', '\t']);
        if rest.is_empty() {
            return Ok(None);
        }
        let from_target = rest.strip_prefix('<').ok_or(Malformed)?;
        let (target, after) = from_target.split_once('>').ok_or(Malformed)?;
        let mut parameters = after.trim_start();
        let mut is_wanted = false;
        while let Some(more) = parameters.strip_prefix(';') {
            let (parameter, end) = piece(more);
            is_wanted |= is_relation(parameter, wanted);
            parameters = more.get(end..).unwrap_or_default();
        }
        if is_wanted {
            return Ok(Some(target));
        }
        if !parameters.is_empty() && !parameters.starts_with(',') {
            return Err(Malformed);
        }
        rest = parameters;
    }
}

/// Whether a parameter is `rel` and names this relation.
fn is_relation(parameter: &str, wanted: &str) -> bool {
    let Some((name, value)) = parameter.split_once('=') else {
        return false;
    };
    let mut relations = value.trim().trim_matches('"').split_ascii_whitespace();
    name.trim().eq_ignore_ascii_case("rel") && relations.any(|r| r.eq_ignore_ascii_case(wanted))
}

/// The text up to a `;` or `,` that is not quoted, and where that is.
fn piece(text: &str) -> (&str, usize) {
    let mut quoted = false;
    let end = text.bytes().position(|byte| {
        quoted ^= byte == b'"';
        matches!(byte, b';' | b',') && !quoted
    });
    let end = end.unwrap_or(text.len());
    (text.get(..end).unwrap_or_default(), end)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Result<Option<String>, ListError> {
        let base = Url::parse("https://api.example/v1/x").unwrap();
        let headers = HeaderMap::from_iter([(LINK, text.parse().unwrap())]);
        next(&headers, &base).map(|url| url.map(String::from))
    }

    #[test]
    fn finds_the_next_page() {
        let second = Ok(Some("https://api.example/x?page=2".to_owned()));
        for text in [
            "<https://api.example/x?page=2>; rel=\"next\"",
            "<https://api.example/x?page=1>; rel=\"prev\", <https://api.example/x?page=2>; rel=\"next\", <https://api.example/x?page=9>; rel=\"last\"",
            "</x?page=2>;rel=next",
            "</x?page=2> ; rel=next",
            "</x?a=1>; title=\"a, <b>; rel=next\"; rel=first,</x?page=2>; REL=\"last Next\"",
        ] {
            assert_eq!(found(text), second, "{text}");
        }
        for text in [
            "",
            "<x>",
            "<x>; rel=\"prev\"",
            "<x>; rel=\"prev\"; title=\"next\"",
            "</next>; rel=first",
            "<x>; next",
        ] {
            assert_eq!(found(text), Ok(None), "{text}");
        }
    }

    #[test]
    fn a_next_page_that_cannot_be_found_is_no_end() {
        for text in [
            "<x; rel=next",
            "rel=next",
            "https://api.example/x?page=2; rel=\"next\"",
            "<x> rel=next",
            "<https://a:b:c/>; rel=next",
            "<http://[::1/>; rel=\"next\"",
        ] {
            assert_eq!(found(text), Err(ListError::Malformed), "{text}");
        }
        let bytes =
            HeaderMap::from_iter([(LINK, b"<\xff>; rel=next".as_slice().try_into().unwrap())]);
        let base = Url::parse("https://api.example/v1/x").unwrap();
        assert!(next(&bytes, &base).is_ok_and(|next| next.is_some()));
    }
}
