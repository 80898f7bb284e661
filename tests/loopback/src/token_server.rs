//! A token server (distribution, "Token Authentication Specification" and its
//! counterpart for OAuth 2.0).

use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use axum::Router;
use axum::extract::{RawQuery, State};
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use rcgen::{Certificate, CertificateParams, KeyPair};
use serde_json::{Value, json};

use crate::service::Service;
use crate::{PASSWORD, USER};

pub(crate) const ISSUER: &str = "loopback token server";

/// Which tokens are handed out.
#[derive(Debug, Clone)]
pub struct Tokens {
    /// Only to [`USER`] with [`PASSWORD`] or with [`TokenServer::REFRESH`].
    pub locked: bool,
    /// At least so many characters long.
    pub length: usize,
    /// The lifetime that clients are told.
    pub lifetime: Duration,
    /// So many tokens, the first ones, have expired already.
    pub expired: u32,
    /// No rights but these.
    pub actions: &'static [&'static str],
}

impl Default for Tokens {
    fn default() -> Self {
        Self {
            locked: false,
            length: 0,
            lifetime: Duration::from_secs(300),
            expired: 0,
            actions: &["pull", "push", "delete"],
        }
    }
}

/// One request for a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenRequest {
    /// `anonymous`, `basic`, `password` or `refresh_token`.
    pub grant: String,
    /// What the token was for: `repository:NAME:ACTIONS`.
    pub scopes: Vec<String>,
    /// Whether there was a token for it.
    pub granted: bool,
}

/// The server; it ends with the test.
pub struct TokenServer {
    service: Service,
    issuer: Arc<Issuer>,
}

struct Issuer {
    key: EncodingKey,
    certificate: Certificate,
    tokens: Mutex<Tokens>,
    requests: Mutex<Vec<TokenRequest>>,
}

impl TokenServer {
    /// The user's refresh token, which Docker calls identity token.
    pub const REFRESH: &str = "refresh-token-of-the-baker";
    /// The service that tokens are for.
    pub const SERVICE: &str = "loopback registry";

    /// Hands out such tokens.
    #[must_use]
    pub fn start(tokens: Tokens) -> Self {
        let key = KeyPair::generate().unwrap();
        let certificate = CertificateParams::default().self_signed(&key).unwrap();
        let issuer = Arc::new(Issuer {
            key: EncodingKey::from_ec_der(key.serialize_der().as_slice()),
            certificate,
            tokens: Mutex::new(tokens),
            requests: Mutex::default(),
        });
        let app = Router::new()
            .route("/token", get(by_query).post(by_form))
            .with_state(Arc::clone(&issuer));
        Self {
            service: Service::start(app),
            issuer,
        }
    }

    /// The address that a registry names in its challenge.
    #[must_use]
    pub fn realm(&self) -> String {
        format!("http://{}/token", self.service.address)
    }

    /// The certificate that a registry trusts, as PEM.
    #[must_use]
    pub fn certificate(&self) -> String {
        self.issuer.certificate.pem()
    }

    /// Changes which tokens are handed out.
    pub fn change(&self, change: impl FnOnce(&mut Tokens)) {
        change(&mut self.issuer.tokens.lock().unwrap());
    }

    /// All requests so far.
    #[must_use]
    pub fn requests(&self) -> Vec<TokenRequest> {
        self.issuer.requests.lock().unwrap().clone()
    }
}

async fn by_query(
    State(issuer): State<Arc<Issuer>>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let basic = format!(
        "Basic {}",
        BASE64_STANDARD.encode(format!("{USER}:{PASSWORD}"))
    );
    let (grant, known) = match headers.get(AUTHORIZATION) {
        None => ("anonymous", false),
        Some(value) => ("basic", value.as_bytes() == basic.as_bytes()),
    };
    let parameters = parse(query.as_deref().unwrap_or_default());
    issuer.answer(grant, known, &parameters)
}

async fn by_form(State(issuer): State<Arc<Issuer>>, form: String) -> Response {
    let parameters = parse(&form);
    let value = |name: &str| {
        let found = parameters.iter().find(|(key, _)| key == name);
        found.map_or("", |(_, value)| value.as_str())
    };
    let known = match value("grant_type") {
        "password" => value("username") == USER && value("password") == PASSWORD,
        "refresh_token" => value("refresh_token") == TokenServer::REFRESH,
        other => {
            let text = format!("unsupported grant_type `{other}`");
            return (StatusCode::BAD_REQUEST, text).into_response();
        }
    };
    issuer.answer(value("grant_type"), known, &parameters)
}

fn parse(text: &str) -> Vec<(String, String)> {
    url::form_urlencoded::parse(text.as_bytes())
        .into_owned()
        .collect()
}

impl Issuer {
    fn answer(&self, grant: &str, known: bool, parameters: &[(String, String)]) -> Response {
        let scopes: Vec<String> = parameters
            .iter()
            .filter(|(key, _)| key == "scope")
            .flat_map(|(_, value)| value.split(' ').map(str::to_owned))
            .collect();
        let for_us = parameters.contains(&("service".into(), TokenServer::SERVICE.into()));
        let mut tokens = self.tokens.lock().unwrap();
        let granted = for_us && (known || (grant == "anonymous" && !tokens.locked));
        self.requests.lock().unwrap().push(TokenRequest {
            grant: grant.to_owned(),
            scopes: scopes.clone(),
            granted,
        });
        if !granted {
            return (StatusCode::UNAUTHORIZED, "wrong credentials").into_response();
        }
        let token = self.sign(&scopes, &tokens);
        tokens.expired = tokens.expired.saturating_sub(1);
        let body = json!({
            "token": token,
            "access_token": token,
            "expires_in": tokens.lifetime.as_secs(),
        });
        ([(CONTENT_TYPE, "application/json")], body.to_string()).into_response()
    }

    fn sign(&self, scopes: &[String], tokens: &Tokens) -> String {
        let access: Vec<Value> = scopes
            .iter()
            .filter_map(|scope| {
                let (kind, rest) = scope.split_once(':')?;
                let (name, actions) = rest.rsplit_once(':')?;
                let actions: Vec<_> = actions
                    .split(',')
                    .filter(|action| tokens.actions.contains(action))
                    .collect();
                Some(json!({ "type": kind, "name": name, "actions": actions }))
            })
            .collect();
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap()
            .as_secs();
        // Registries allow for clocks that differ by a minute.
        let expires = if tokens.expired > 0 {
            now - 3600
        } else {
            now + tokens.lifetime.as_secs()
        };
        let claims = json!({
            "iss": ISSUER, "aud": TokenServer::SERVICE, "sub": USER, "jti": fastrand::u64(..).to_string(),
            "iat": now - 7200, "nbf": now - 7200, "exp": expires, "access": access,
            "padding": "x".repeat(tokens.length * 3 / 4),
        });
        let mut header = Header::new(Algorithm::ES256);
        header.x5c = Some(vec![BASE64_STANDARD.encode(self.certificate.der())]);
        jsonwebtoken::encode(&header, &claims, &self.key).unwrap()
    }
}
