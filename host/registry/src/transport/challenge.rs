//! `WWW-Authenticate` (RFC 9110, section 11.6.1).

use http_auth::ChallengeParser;
use reqwest::header::{HeaderMap, WWW_AUTHENTICATE};
use url::Url;

/// The login that a registry asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Challenge {
    /// HTTP basic authentication.
    Basic,
    /// A token from another server (distribution's "Token Authentication").
    Bearer {
        /// The URL at which tokens are had.
        realm: Url,
        /// The service that they are for, by the name that the registry gives it.
        service: Option<String>,
    },
}

impl Challenge {
    /// The challenge of a 401 answer; a bearer token wins over basic
    /// authentication.
    pub(super) fn of(headers: &HeaderMap) -> Option<Self> {
        let mut basic = None;
        for value in headers.get_all(WWW_AUTHENTICATE) {
            let Ok(text) = value.to_str() else { continue };
            for challenge in ChallengeParser::new(text).map_while(Result::ok) {
                if challenge.scheme.eq_ignore_ascii_case("basic") {
                    basic = Some(Self::Basic);
                }
                if !challenge.scheme.eq_ignore_ascii_case("bearer") {
                    continue;
                }
                let parameter = |name: &str| {
                    let found = challenge
                        .params
                        .iter()
                        .find(|(key, _)| key.eq_ignore_ascii_case(name));
                    found.map(|(_, value)| value.to_unescaped())
                };
                if let Some(realm) = parameter("realm").and_then(|realm| realm.parse().ok()) {
                    return Some(Self::Bearer {
                        realm,
                        service: parameter("service"),
                    });
                }
            }
        }
        basic
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(values: &[&str]) -> Option<Challenge> {
        let headers = values
            .iter()
            .map(|value| (WWW_AUTHENTICATE, value.parse().unwrap()))
            .collect();
        Challenge::of(&headers)
    }

    #[test]
    fn bearer_wins() {
        let bearer = r#"Bearer realm="https://auth.example/token?a=b",service="registry",scope="repository:a/b:pull""#;
        let expected = Some(Challenge::Bearer {
            realm: "https://auth.example/token?a=b".parse().unwrap(),
            service: Some("registry".to_owned()),
        });
        assert_eq!(of(&[bearer]), expected);
        assert_eq!(of(&[r#"Basic realm="x""#, bearer]), expected);
        assert_eq!(of(&[r#"Basic realm="x""#]), Some(Challenge::Basic));
        assert_eq!(of(&["Negotiate", "Bearer"]), None);
        assert_eq!(of(&[]), None);
    }
}
