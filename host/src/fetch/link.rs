//! Links to further pages (RFC 8288, section 3).

use reqwest::header::{HeaderMap, LINK};
use url::Url;

/// The target of the link with relation `next`.
pub(crate) fn next(headers: &HeaderMap, base: &Url) -> Option<Url> {
    headers
        .get_all(LINK)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .find_map(|text| target(text, "next"))
        .and_then(|target| base.join(target).ok())
}

fn target<'t>(text: &'t str, wanted: &str) -> Option<&'t str> {
    let mut rest = text;
    loop {
        let (_, from_target) = rest.split_once('<')?;
        let (target, after) = from_target.split_once('>')?;
        let mut parameters = after;
        let mut is_wanted = false;
        loop {
            let (parameter, end) = piece(parameters);
            is_wanted |= is_relation(parameter, wanted);
            parameters = parameters.get(end..).unwrap_or_default();
            match parameters.strip_prefix(';') {
                Some(more) => parameters = more,
                None => break,
            }
        }
        if is_wanted {
            return Some(target);
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

    #[test]
    fn finds_the_next_page() {
        let base = Url::parse("https://api.example/v1/x").unwrap();
        let found = |text: &str| {
            let headers = HeaderMap::from_iter([(LINK, text.parse().unwrap())]);
            next(&headers, &base).map(String::from)
        };
        let second = Some("https://api.example/x?page=2".to_owned());
        for text in [
            "<https://api.example/x?page=2>; rel=\"next\"",
            "<https://api.example/x?page=1>; rel=\"prev\", <https://api.example/x?page=2>; rel=\"next\", <https://api.example/x?page=9>; rel=\"last\"",
            "</x?page=2>;rel=next",
            "</x?a=1>; title=\"a, <b>; rel=next\"; rel=first,</x?page=2>; REL=\"last Next\"",
        ] {
            assert_eq!(found(text), second, "{text}");
        }
        for text in [
            "",
            "<x>",
            "<x>; rel=\"prev\"",
            "<x; rel=next",
            "<x>; next",
            "rel=next",
        ] {
            assert_eq!(found(text), None, "{text}");
        }
    }
}
