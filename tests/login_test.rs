//! Credentials: as Docker finds them, for whom they are, and nowhere else.

use std::os::unix::fs::PermissionsExt;
use std::sync::Arc;

use bakehouse::failure::hint;
use bakehouse_clients::Given;
use bakehouse_loopback::{DebianRegistry, PASSWORD, TokenServer, Tokens, USER};
use bakehouse_system::docker::credentials::RegistryAuth;
use base64::Engine as _;

use crate::support::{Builder, Project, client_as, finish};

/// All that is logged of requests and credentials.
const LOG: &str = "info,bakehouse=trace,h2=trace,hyper=trace,\
    hyper_util=trace,reqwest=trace,rustls=trace";

#[tokio::test(flavor = "multi_thread")]
async fn what_may_not_be_pushed_is_told_before_anything_is_built() {
    let server = TokenServer::start(Tokens {
        actions: &["pull"],
        ..Tokens::default()
    });
    let debian = DebianRegistry::with_tokens(&server);
    let baker = Given(RegistryAuth::Basic(USER.into(), PASSWORD.into()));
    let registry = client_as(&debian.host(), Arc::new(baker));
    assert_eq!(
        registry.head("app", "1.0.0").await.unwrap(),
        None,
        "missing, not refused"
    );
    let error = anyhow::Error::new(registry.check_push("app").await.unwrap_err());
    let text = format!("{error:#}\n{}", hint(&error).unwrap());
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
