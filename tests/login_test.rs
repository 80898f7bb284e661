//! Credentials: as Docker finds them, for whom they are, and nowhere else.

use std::os::unix::fs::PermissionsExt;
use std::sync::Arc;
use std::time::Duration;

use bakehouse_loopback::{DebianRegistry, FaultProxy, PASSWORD, TokenServer, Tokens, USER};
use bakehouse_system::docker::credentials::{Credentials, CredentialsError, RegistryAuth};
use base64::Engine as _;

use crate::support::{Builder, Project, client_as, finish, publish, push, told};

/// All that is logged of requests and credentials.
const LOG: &str = "info,bakehouse=trace,h2=trace,hyper=trace,\
    hyper_util=trace,reqwest=trace,rustls=trace";

/// These credentials.
struct Given(RegistryAuth);

#[async_trait::async_trait]
impl Credentials for Given {
    async fn find(&self) -> Result<RegistryAuth, CredentialsError> {
        Ok(self.0.clone())
    }
}

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

#[tokio::test(flavor = "multi_thread")]
async fn what_may_not_be_pushed_is_told_before_anything_is_built() {
    let server = TokenServer::start(Tokens {
        actions: &["pull"],
        ..Tokens::default()
    });
    let debian = DebianRegistry::with_tokens(&server);
    let registry = client_as(&debian.host(), baker());
    assert_eq!(
        registry.head("app", "1.0.0").await.unwrap(),
        None,
        "missing, not refused"
    );
    let text = told(registry.check_push("app").await);
    assert!(
        text.contains("refused") && text.contains("docker login"),
        "{text}"
    );
    assert!(!text.contains(PASSWORD), "{text}");
}

/// Runs the binary against a registry with a password, and whatever Docker
/// configuration `write` puts into the folder.
fn with_docker_config(write: impl FnOnce(&Project, &str)) -> crate::support::Output {
    let debian = DebianRegistry::locked();
    let project = Project::new(Builder::Docker);
    project.misbehave(&["1.0.0"]);
    write(&project, &debian.host());
    let host = debian.host();
    let mut command = project.command(&["plan", "--registry", &host]);
    let path = std::env::var("PATH").unwrap();
    command
        .env("DOCKER_CONFIG", project.path("docker"))
        .env("PATH", format!("{}:{path}", project.path("bin").display()))
        .env("BAKEHOUSE_LOG", LOG);
    let output = finish(&mut command);
    let secrets = [PASSWORD.to_owned(), base64(&format!("{USER}:{PASSWORD}"))];
    for secret in &secrets {
        assert!(
            !output.stderr.contains(secret.as_str()),
            "{}",
            output.stderr
        );
        assert!(
            !output.stdout.contains(secret.as_str()),
            "{}",
            output.stdout
        );
    }
    output
}

fn base64(text: &str) -> String {
    base64::engine::general_purpose::STANDARD.encode(text)
}

fn helper(project: &Project, script: &str) {
    project.write(
        "bin/docker-credential-canary",
        format!("#!/bin/sh\n{script}\n"),
    );
    let path = project.path("bin/docker-credential-canary");
    std::fs::set_permissions(path, PermissionsExt::from_mode(0o755)).unwrap();
}

#[test]
fn docker_login_is_used() {
    let auth = base64(&format!("{USER}:{PASSWORD}"));
    with_docker_config(|project, host| {
        let config = format!(r#"{{"auths":{{"{host}":{{"auth":"{auth}"}}}}}}"#);
        project.write("docker/config.json", config);
    })
    .expect(0);
    // As Docker writes it where a helper keeps the secret.
    for key in [
        r#""credHelpers":{"HOST":"canary"}"#,
        r#""auths":{"HOST":{}},"credsStore":"canary""#,
    ] {
        with_docker_config(|project, host| {
            project.write(
                "docker/config.json",
                format!("{{{}}}", key.replace("HOST", host)),
            );
            helper(
                project,
                &format!(
                    "read -r server; [ \"$1 $server\" = \"get {host}\" ] || exit 3\n\
                     echo '{{\"Username\":\"{USER}\",\"Secret\":\"{PASSWORD}\"}}'"
                ),
            );
        })
        .expect(0);
    }
}

#[test]
fn a_helper_without_an_answer_means_nobody_and_a_broken_one_is_told() {
    let config = r#"{"credsStore":"canary"}"#;
    with_docker_config(|project, _| {
        project.write("docker/config.json", config);
        helper(
            project,
            "read -r server; echo credentials not found in native keychain; exit 1",
        );
    })
    .expect(10)
    .says("it wants a user and a password");
    with_docker_config(|project, _| {
        project.write("docker/config.json", config);
        helper(project, &format!("read -r server; echo {PASSWORD}; exit 1"));
    })
    .expect(10)
    .says("credential helper docker-credential-canary failed");
    with_docker_config(|project, _| project.write("docker/config.json", "{"))
        .expect(10)
        .says("cannot read Docker's credentials");
}
