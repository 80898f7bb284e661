//! Logins: tokens, how many, and for how long.

use std::sync::Arc;
use std::time::Duration;

use bakehouse_clients::{Given, client_as, publish, push, told};
use bakehouse_loopback::{DebianRegistry, FaultProxy, PASSWORD, TokenServer, Tokens, USER};
use bakehouse_system::docker::credentials::RegistryAuth;

fn baker() -> Arc<Given> {
    Arc::new(Given(RegistryAuth::Basic(USER.into(), PASSWORD.into())))
}

#[tokio::test(flavor = "multi_thread")]
async fn one_token_serves_all_requests_of_its_scope() {
    let server = TokenServer::start(Tokens {
        locked: true,
        length: 800,
        ..Tokens::default()
    });
    let debian = DebianRegistry::with_tokens(&server);
    let proxy = FaultProxy::start(&debian.host());
    let registry = client_as(&proxy.host(), baker());
    publish(&registry, "1.0.0", 1).await;
    let before = server.requests().len();
    let tags: Vec<String> = (0..50).map(|n| format!("2.{n}.0")).collect();
    let looked = tags.iter().map(|tag| registry.head("app", tag));
    for found in futures_util::future::join_all(looked).await {
        assert_eq!(found.unwrap(), None);
    }
    assert!(
        server.requests().len() <= before + 1,
        "{:#?}",
        server.requests()
    );
    // Push and pull of one repository, and no more.
    assert!(server.requests().len() <= 3, "{:#?}", server.requests());
    // Long tokens arrive whole.
    let longest = proxy
        .log()
        .iter()
        .filter_map(|record| record.authorization)
        .max();
    assert!(longest.unwrap() > 800, "{longest:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_that_expire_are_renewed() {
    // Told to be good for a second, so they are renewed on time.
    let server = TokenServer::start(Tokens {
        locked: true,
        lifetime: Duration::from_secs(1),
        ..Tokens::default()
    });
    let debian = DebianRegistry::with_tokens(&server);
    let registry = client_as(&debian.host(), baker());
    push(&registry, "app", "linux/amd64", 1).await;
    let before = server.requests().len();
    tokio::time::sleep(Duration::from_millis(1100)).await;
    push(&registry, "app", "linux/amd64", 2).await;
    assert!(server.requests().len() > before);
    assert_eq!(registry.retries(), 0, "renewing is no retry");

    // Said to be good, and refused: renewed when the registry says so.
    server.change(|tokens| tokens.expired = 1);
    let late = client_as(&debian.host(), baker());
    push(&late, "app", "linux/amd64", 3).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn identity_tokens_are_exchanged() {
    let server = TokenServer::start(Tokens {
        locked: true,
        ..Tokens::default()
    });
    let debian = DebianRegistry::with_tokens(&server);
    let token = RegistryAuth::Bearer(TokenServer::REFRESH.into());
    push(
        &client_as(&debian.host(), Arc::new(Given(token))),
        "app",
        "linux/amd64",
        1,
    )
    .await;
    assert!(
        server
            .requests()
            .iter()
            .all(|request| request.grant == "refresh_token")
    );

    let secret = "not-the-token-canary";
    let wrong = Arc::new(Given(RegistryAuth::Bearer(secret.into())));
    let text = told(client_as(&debian.host(), wrong).head("app", "1").await);
    assert!(text.contains("refused") && !text.contains(secret), "{text}");
}
