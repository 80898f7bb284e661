//! The token server as docker-registry, and a client, see it.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests end by panicking")]

use bakehouse_loopback::{DebianRegistry, PASSWORD, TokenServer, Tokens, USER};
use reqwest::{Client, StatusCode};
use serde_json::Value;

/// Asks for a token; none where the server refuses.
async fn token(server: &TokenServer, form: Option<&[(&str, &str)]>) -> Option<String> {
    let scope = ("scope", "repository:a/b:pull,push");
    let service = ("service", TokenServer::SERVICE);
    let client = Client::new();
    let request = match form {
        None => {
            let mut url = reqwest::Url::parse(&server.realm()).unwrap();
            url.query_pairs_mut().extend_pairs([service, scope]);
            client.get(url)
        }
        Some(form) => {
            let mut body = url::form_urlencoded::Serializer::new(String::new());
            body.extend_pairs([service, scope]).extend_pairs(form);
            client.post(server.realm()).body(body.finish())
        }
    };
    let answer = request.send().await.unwrap();
    if !answer.status().is_success() {
        return None;
    }
    let answer: Value = answer.json().await.unwrap();
    Some(answer["token"].as_str().unwrap().to_owned())
}

/// What the registry answers when an upload to `a/b` begins.
async fn upload(registry: &DebianRegistry, token: &str) -> StatusCode {
    let url = format!("http://{}/v2/a/b/blobs/uploads/", registry.host());
    let request = Client::new().post(url).bearer_auth(token);
    request.send().await.unwrap().status()
}

#[tokio::test]
async fn the_registry_takes_its_tokens_only() {
    let server = TokenServer::start(Tokens::default());
    let registry = DebianRegistry::with_tokens(&server);
    let answer = reqwest::get(format!("http://{}/v2/", registry.host()))
        .await
        .unwrap();
    assert_eq!(answer.status(), 401);
    let challenge = answer.headers()["WWW-Authenticate"].to_str().unwrap();
    assert!(challenge.contains(&server.realm()), "{challenge}");

    let good = token(&server, None).await.unwrap();
    assert_eq!(upload(&registry, &good).await, 202);
    assert_eq!(upload(&registry, "nonsense").await, 401);
    let other = TokenServer::start(Tokens::default());
    assert_eq!(
        upload(&registry, &token(&other, None).await.unwrap()).await,
        401
    );

    server.change(|tokens| tokens.actions = &["pull"]);
    assert_eq!(
        upload(&registry, &token(&server, None).await.unwrap()).await,
        401
    );
    server.change(|tokens| {
        *tokens = Tokens {
            expired: 1,
            ..Tokens::default()
        }
    });
    assert_eq!(
        upload(&registry, &token(&server, None).await.unwrap()).await,
        401
    );
    server.change(|tokens| tokens.length = 4000);
    let long = token(&server, None).await.unwrap();
    assert!(long.len() > 4000);
    assert_eq!(upload(&registry, &long).await, 202);
}

#[tokio::test]
async fn a_locked_server_wants_the_user() {
    let server = TokenServer::start(Tokens {
        locked: true,
        ..Tokens::default()
    });
    assert_eq!(token(&server, None).await, None);
    let password = |password| {
        [
            ("grant_type", "password"),
            ("username", USER),
            ("password", password),
        ]
    };
    assert!(token(&server, Some(&password(PASSWORD))).await.is_some());
    assert!(token(&server, Some(&password("wrong"))).await.is_none());
    let refresh = |token| [("grant_type", "refresh_token"), ("refresh_token", token)];
    assert!(
        token(&server, Some(&refresh(TokenServer::REFRESH)))
            .await
            .is_some()
    );
    assert!(token(&server, Some(&refresh("wrong"))).await.is_none());
    let requests = server.requests();
    let granted: Vec<_> = requests
        .iter()
        .map(|r| (r.grant.as_str(), r.granted))
        .collect();
    assert_eq!(
        granted,
        [
            ("anonymous", false),
            ("password", true),
            ("password", false),
            ("refresh_token", true),
            ("refresh_token", false)
        ]
    );
    assert_eq!(requests[0].scopes, ["repository:a/b:pull,push"]);
}

#[tokio::test]
async fn a_locked_registry_wants_the_user() {
    let registry = DebianRegistry::locked();
    let ping = |password: &'static str| {
        let url = format!("http://{}/v2/", registry.host());
        Client::new()
            .get(url)
            .basic_auth(USER, Some(password))
            .send()
    };
    assert_eq!(ping(PASSWORD).await.unwrap().status(), 200);
    assert_eq!(ping("wrong").await.unwrap().status(), 401);
}
