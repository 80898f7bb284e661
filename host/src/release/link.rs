//! Links to further pages (RFC 8288, section 3).

use reqwest::header::{HeaderMap, LINK};
use url::Url;

/// The target of the link with relation `next`.
pub(super) fn next(headers: &HeaderMap, base: &Url) -> Option<Url> {
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
        let (parameters, following) = after.split_at(end(after));
        let is_wanted = parameters.split(';').any(|parameter| {
            let Some((name, value)) = parameter.split_once('=') else {
                return false;
            };
            let relations = value.trim().trim_matches('"');
            name.trim().eq_ignore_ascii_case("rel")
                && relations
                    .split_ascii_whitespace()
                    .any(|relation| relation.eq_ignore_ascii_case(wanted))
        });
        if is_wanted {
            return Some(target);
        }
        rest = following;
    }
}

/// Where the parameters of a link end: at a comma that is not quoted.
fn end(text: &str) -> usize {
    let mut quoted = false;
    let comma = text.bytes().position(|byte| {
        quoted ^= byte == b'"';
        byte == b',' && !quoted
    });
    comma.unwrap_or(text.len())
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
