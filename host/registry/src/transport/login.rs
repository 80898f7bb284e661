//! Authentication, by what the registry's first refusal asks for.

use std::collections::HashMap;
use std::sync::Arc;

use bakehouse_core::loopback::is_private;
use bakehouse_system::docker::credentials::{Credentials, RegistryAuth};
use bakehouse_system::http::redirect;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::Client;
use reqwest::header::{HeaderMap, HeaderValue};
use tokio::sync::Mutex;

use super::challenge::Challenge;
use super::login_error::LoginError;
use super::token::{self, Token};
use super::{RetryPolicy, Scope, TransportError};

/// Credentials and tokens for one registry. Nothing is looked up before the
/// registry asks for it; a token is asked for once and shared.
pub(super) struct Login {
    credentials: Arc<dyn Credentials>,
    plain_http: bool,
    state: Mutex<LoginState>,
}

#[derive(Default)]
struct LoginState {
    challenge: Option<Challenge>,
    auth: Option<RegistryAuth>,
    tokens: HashMap<Scope, Token>,
}

impl Login {
    pub(super) fn new(credentials: Arc<dyn Credentials>, plain_http: bool) -> Self {
        Self {
            credentials,
            plain_http,
            state: Mutex::default(),
        }
    }

    /// The `Authorization` for a request; none before the registry asked.
    pub(super) async fn authorization(
        &self,
        client: &Client,
        policy: &RetryPolicy,
        scope: &Scope,
    ) -> Result<Option<HeaderValue>, TransportError> {
        // Held while a token is fetched, so that one request fetches it for all.
        let mut state = self.state.lock().await;
        let Some(challenge) = state.challenge.clone() else {
            return Ok(None);
        };
        let auth = match &state.auth {
            Some(auth) => auth.clone(),
            None => {
                let auth = self.credentials.find().await?;
                state.auth.insert(auth).clone()
            }
        };
        let Challenge::Bearer { realm, service } = challenge else {
            return match auth {
                RegistryAuth::Basic(user, password) => {
                    let pair = STANDARD.encode(format!("{user}:{password}"));
                    secret(&format!("Basic {pair}")).map(Some)
                }
                RegistryAuth::Anonymous | RegistryAuth::Bearer(_) | RegistryAuth::Token(_) => {
                    Err(LoginError::NoPassword.into())
                }
            };
        };
        if let RegistryAuth::Token(token) = auth {
            return secret(&format!("Bearer {token}")).map(Some);
        }
        // A registry on loopback may have its token server there, too.
        let open = realm.scheme() == "https" || self.plain_http && is_private(&realm);
        if !open {
            let server = redirect::origin(&realm);
            return Err(LoginError::OpenTokenServer { server }.into());
        }
        if let Some(token) = state.tokens.get(scope).filter(|token| token.is_good()) {
            return secret(&format!("Bearer {}", token.text)).map(Some);
        }
        let token = token::fetch(client, policy, &realm, service.as_deref(), scope, &auth).await?;
        let header = secret(&format!("Bearer {}", token.text))?;
        state.tokens.insert(scope.clone(), token);
        Ok(Some(header))
    }

    /// Takes a 401 in: whether the request is worth sending once more.
    pub(super) async fn refused(
        &self,
        headers: &HeaderMap,
        scope: &Scope,
        sent: Option<&HeaderValue>,
    ) -> bool {
        let Some(challenge) = Challenge::of(headers) else {
            return false;
        };
        let mut state = self.state.lock().await;
        let known = state.challenge.replace(challenge.clone()) == Some(challenge.clone());
        match challenge {
            // The same password would be refused again.
            Challenge::Basic => !known || sent.is_none(),
            // So would the same registry token.
            Challenge::Bearer { .. } if matches!(state.auth, Some(RegistryAuth::Token(_))) => {
                sent.is_none()
            }
            Challenge::Bearer { .. } => {
                // Somebody else may have renewed it already.
                let ours = state.tokens.get(scope).is_some_and(|token| {
                    sent.is_some_and(|sent| {
                        sent.as_bytes().strip_prefix(b"Bearer ") == Some(token.text.as_bytes())
                    })
                });
                if ours {
                    state.tokens.remove(scope);
                }
                true
            }
        }
    }
}

fn secret(text: &str) -> Result<HeaderValue, TransportError> {
    let mut value = HeaderValue::from_str(text).map_err(|_| LoginError::NoHeader)?;
    value.set_sensitive(true);
    Ok(value)
}
