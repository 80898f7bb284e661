//! Answers of registries in place of what was asked for: exit code, words and
//! hint of each.

use axum::http::Method;
use bakehouse_clients::client;
use bakehouse_loopback::{Odd, reply};

const INDEX: &str = "application/vnd.oci.image.index.v1+json";

/// The exit code of a failure, and what is told of it.
fn explained<T, E: Into<anyhow::Error>>(result: Result<T, E>) -> (u8, String) {
    let error = result.err().expect("it did not fail").into();
    let hint = bakehouse::failure::hint(&error).expect("no hint");
    let code = bakehouse::failure::exit_code(&error).code();
    (code, format!("{error:#}\n{hint}"))
}

const SIGN_IN: &str =
    "<!DOCTYPE html><html><head><title>Sign in</title></head><body>SSO login</body></html>";

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_has_a_hint_by_its_cause() {
    for (status, body, code, said, hint) in [
        (
            404,
            r#"{"errors":[{"code":"NAME_UNKNOWN","message":"The repository with name bugs/probe does not exist in the registry with id 123"}]}"#,
            9,
            "The repository with name bugs/probe",
            "makes no repository",
        ),
        (
            403,
            r#"{"errors":[{"code":"DENIED","message":"permission_denied: write_package"}]}"#,
            10,
            "permission_denied: write_package",
            "docker login",
        ),
        (
            405,
            r#"{"errors":[{"code":"DENIED","detail":{},"is_readonly":true,"message":"System is currently read-only."}]}"#,
            9,
            "System is currently read-only.\n",
            "takes no pushes",
        ),
        (
            400,
            r#"{"errors":[{"code":"TAG_INVALID","message":"the repository is immutable"}]}"#,
            9,
            "immutable",
            "the registry keeps it as it is",
        ),
        (
            412,
            r#"{"errors":[{"code":"PRECONDITION","message":"configured as immutable"}]}"#,
            9,
            "configured as immutable",
            "the registry keeps it as it is",
        ),
        (
            413,
            "<html>\r\n<head><title>413 Request Entity Too Large</title></head>\r\n<body>\r\n<center><h1>413 Request Entity Too Large</h1></center>\r\n<hr><center>cloudflare</center>\r\n</body>\r\n</html>\r\n",
            9,
            "413 Request Entity Too Large\n",
            "client_max_body_size",
        ),
        (507, "", 9, "507 Insufficient Storage", "no room"),
        (429, "", 9, "429 Too Many Requests", "fewer requests"),
        (
            502,
            "<html><h1>Bad Gateway</h1>",
            9,
            "Bad Gateway",
            "trouble of its own",
        ),
        (418, "", 9, "418", "run the same command again"),
    ] {
        let odd = Odd::start(move |_, _| reply(status, &[], body));
        let (found, text) = explained(client(&odd.host()).check_push("app").await);
        assert_eq!(found, code, "{text}");
        for part in [said, hint, "/test/app"] {
            assert!(text.contains(part), "{status}: {part}: {text}");
        }
        assert!(!text.contains('<'), "{text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_in_place_of_an_answer_is_told_by_its_title() {
    let page = Odd::start(|_, _| reply(200, &[("content-type", "text/html")], SIGN_IN));
    let tokens = Odd::start(|host, seen| match seen.path.starts_with("/token") {
        true => reply(200, &[("content-type", "text/html")], SIGN_IN),
        false => {
            let challenge = format!(r#"Bearer realm="http://{host}/token",service="s""#);
            reply(401, &[("www-authenticate", &challenge)], "{}")
        }
    });
    for odd in [&page, &tokens] {
        let registry = client(&odd.host());
        for told in [
            explained(registry.manifest("app", "1.0").await),
            explained(registry.published("app", "1.0").await),
            explained(registry.inspect("app", "1.0").await),
            explained(registry.tags("app").await),
            explained(registry.check_push("app").await),
        ] {
            let (code, text) = told;
            assert_eq!(code, 9, "{text}");
            assert!(text.contains("web page (Sign in)"), "{text}");
            assert!(
                text.contains("/test/app") && text.contains("answers in place"),
                "{text}"
            );
        }
    }
}

/// A registry with this under every tag.
fn holds(body: String) -> Odd {
    Odd::start(move |_, seen| match seen.method {
        Method::GET => reply(200, &[], body.clone()),
        _ => reply(404, &[], ""),
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn odd_entries_of_an_index_hide_no_other() {
    let digest = format!("sha256:{}", "0".repeat(64));
    let entry = |changes: serde_json::Value| {
        let mut entry = serde_json::json!({
            "mediaType": "application/vnd.oci.image.manifest.v1+json", "digest": digest,
            "size": 300, "platform": { "architecture": "amd64", "os": "linux" },
        });
        let changes = changes.as_object().unwrap().clone();
        entry.as_object_mut().unwrap().extend(changes);
        entry
    };
    let good = entry(serde_json::json!({}));
    let index = |entries: &[&serde_json::Value]| {
        let index = serde_json::json!({
            "schemaVersion": 2, "mediaType": INDEX, "manifests": entries, "annotations": null,
        });
        holds(index.to_string())
    };
    for odd in [
        serde_json::json!({ "platform": { "architecture": "", "os": "linux" } }),
        serde_json::json!({ "platform": { "architecture": "", "os": "" } }),
        serde_json::json!({ "platform": { "architecture": "arm64", "os": "unknown" } }),
        serde_json::json!({ "platform": { "architecture": 7, "os": "linux" } }),
        serde_json::json!({ "platform": {} }),
        serde_json::json!({ "platform": null }),
        serde_json::json!({ "size": -1 }),
        serde_json::json!({ "size": 1e30 }),
        serde_json::json!({ "digest": "sha256:0" }),
        serde_json::json!({ "mediaType": null }),
    ] {
        let odd = entry(odd);
        let registry = index(&[&odd, &good]);
        let found = client(&registry.host()).published("app", "1.0").await;
        assert_eq!(found.unwrap().unwrap().platforms.len(), 1, "{odd}");
        let alone = index(&[&odd]);
        let (code, text) = explained(client(&alone.host()).published("app", "1.0").await);
        assert_eq!(code, 9, "{text}");
        assert!(text.contains("no entry that is of an image"), "{text}");
    }
    let empty = holds(format!(
        r#"{{"schemaVersion":2,"mediaType":"{INDEX}","manifests":null}}"#
    ));
    let found = client(&empty.host()).published("app", "1.0").await;
    assert!(found.unwrap().unwrap().platforms.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_artifact_is_told_as_what_it_is() {
    let empty = "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a";
    let manifest = |config: &str, more: &str| {
        format!(
            r#"{{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json",{more}"config":{{"mediaType":"{config}","digest":"sha256:{empty}","size":2}},"layers":null}}"#
        )
    };
    for (body, kind) in [
        (
            manifest("application/vnd.oci.empty.v1+json", ""),
            "application/vnd.oci.empty.v1+json",
        ),
        (
            manifest(
                "application/vnd.oci.empty.v1+json",
                r#""artifactType":"text/plain","#,
            ),
            "text/plain",
        ),
        // As `helm push` makes one.
        (
            manifest("application/vnd.cncf.helm.config.v1+json", ""),
            "application/vnd.cncf.helm.config.v1+json",
        ),
    ] {
        let odd = holds(body);
        let registry = client(&odd.host());
        for told in [
            explained(registry.published("app", "1.0").await),
            explained(registry.inspect("app", "1.0").await),
        ] {
            let (code, text) = told;
            assert_eq!(code, 9, "{text}");
            assert!(
                text.contains(&format!("is an artifact of type {kind}")),
                "{text}"
            );
            assert!(text.contains("/test/app:1.0"), "{text}");
        }
    }
}
