//! Bearer tokens (distribution's "Token Authentication Specification" and
//! "`OAuth2` Token Authentication").

use std::time::{Duration, Instant};

use bakehouse_system::docker::credentials::RegistryAuth;
use bakehouse_system::http::page;
use bakehouse_system::http::redirect::Redirects;
use bakehouse_system::http::retry_after;
use reqwest::{Client, RequestBuilder, Response, StatusCode};
use serde::Deserialize;
use url::Url;

use super::answer::Answer;
use super::error_body::ErrorBody;
use super::login_error::LoginError;
use super::{RetryPolicy, Scope, TransportError};

/// The lifetime of a token where its server does not say.
const LIFETIME: Duration = Duration::from_secs(60);
/// The longest that a token is used, whatever its server says.
const LONGEST: Duration = Duration::from_secs(24 * 3600);
/// Token answers are small.
const LIMIT: u64 = 1 << 20;
/// The name of this client in token requests.
const CLIENT: &str = "bakehouse";

/// A token; its text is shown nowhere.
#[derive(Clone)]
pub(super) struct Token {
    pub(super) text: String,
    good_until: Instant,
}

impl Token {
    pub(super) fn is_good(&self) -> bool {
        Instant::now() < self.good_until
    }
}

#[derive(Deserialize)]
struct TokenJson {
    token: Option<String>,
    access_token: Option<String>,
    expires_in: Option<u64>,
}

/// Asks a token server for one token.
pub(super) async fn fetch(
    client: &Client,
    policy: &RetryPolicy,
    realm: &Url,
    service: Option<&str>,
    scope: &Scope,
    auth: &RegistryAuth,
) -> Result<Token, TransportError> {
    let scopes = scope.texts();
    let joined = scopes.join(" ");
    let mut at = realm.clone();
    if !matches!(auth, RegistryAuth::Bearer(_)) {
        let mut query = at.query_pairs_mut();
        query.extend_pairs(service.map(|service| ("service", service)));
        query.extend_pairs(scopes.iter().map(|scope| ("scope", scope.as_str())));
    }
    let ask = |at: Url| match auth {
        RegistryAuth::Bearer(identity_token) => {
            let mut form = vec![
                ("grant_type", "refresh_token"),
                ("client_id", CLIENT),
                ("scope", &joined),
                ("refresh_token", identity_token),
            ];
            form.extend(service.map(|service| ("service", service)));
            client.post(at).form(&form)
        }
        RegistryAuth::Basic(user, password) => client.get(at).basic_auth(user, Some(password)),
        RegistryAuth::Anonymous | RegistryAuth::Token(_) => client.get(at),
    };
    let asked = Instant::now();
    let response = send(policy, at, ask).await?;
    let answer = Answer::read(response, policy, LIMIT).await?;
    if !answer.status.is_success() {
        return Err(failed(&answer, realm, auth));
    }
    let json: TokenJson = match serde_json::from_slice(&answer.body) {
        Ok(json) => json,
        Err(_) if page::is_page(&answer.body) => {
            let title = page::title(&answer.body);
            return Err(LoginError::Page {
                server: server(realm),
                title,
            }
            .into());
        }
        Err(_) => return Err(LoginError::Malformed.into()),
    };
    let text = json
        .token
        .or(json.access_token)
        .filter(|text| !text.is_empty());
    let text = text.ok_or(LoginError::EmptyToken)?;
    Ok(Token {
        text,
        good_until: asked + lifetime(json.expires_in),
    })
}

/// The time for which a token is used: a tenth less than it is good for, so that it
/// does not expire on its way.
fn lifetime(seconds: Option<u64>) -> Duration {
    let said = seconds.map_or(LIFETIME, Duration::from_secs);
    said.min(LONGEST).mul_f64(0.9)
}

/// Sends a request to a token server, and again where it leads on that server:
/// credentials and identity tokens are for the one that the registry named.
async fn send(
    policy: &RetryPolicy,
    mut at: Url,
    ask: impl Fn(Url) -> RequestBuilder,
) -> Result<Response, TransportError> {
    let limit = policy.connect + policy.answer;
    let mut redirects = Redirects::default();
    loop {
        let (client, request) = ask(at.clone()).build_split();
        let request = request?;
        let method = request.method().clone();
        let response = tokio::time::timeout(limit, client.execute(request))
            .await
            .map_err(|_| TransportError::Silent(limit))??;
        let (status, headers) = (response.status(), response.headers());
        let next = redirects.within(&method, &at, status, headers);
        match next.map_err(LoginError::Redirect)? {
            Some(to) => at = to,
            None => return Ok(response),
        }
    }
}

/// The token server, for people.
fn server(realm: &Url) -> String {
    realm.host_str().unwrap_or("the token server").to_owned()
}

fn failed(answer: &Answer, realm: &Url, auth: &RegistryAuth) -> TransportError {
    // 400 is what an OAuth2 server answers for a bad grant.
    if matches!(
        answer.status,
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN | StatusCode::BAD_REQUEST
    ) {
        let whom = match auth {
            RegistryAuth::Anonymous | RegistryAuth::Token(_) => "without credentials",
            RegistryAuth::Basic(..) => "for this account",
            RegistryAuth::Bearer(_) => "for this identity token",
        };
        let status = answer.status;
        return LoginError::NoToken {
            server: server(realm),
            whom,
            status,
        }
        .into();
    }
    TransportError::Status {
        status: answer.status,
        body: ErrorBody::parse(&answer.body),
        retry_after: retry_after(&answer.headers, std::time::SystemTime::now()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_token_is_good_for_ever() {
        assert_eq!(lifetime(None), Duration::from_secs(54));
        assert_eq!(lifetime(Some(0)), Duration::ZERO);
        assert_eq!(lifetime(Some(u64::MAX)), lifetime(Some(86_400)));
    }
}
