//! `bakehouse doctor`, with faults as they come.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::time::{Duration, Instant};

use bakehouse_loopback::{Odd, reply};
use serde_json::Value;

use crate::support::{Builder, Output, Project, finish, recipe};

/// All that `misbehave` asks for.
const GRANTS: &str =
    "releases = [\"npm:misbehave\"]\nimages = [\"misbehave\"]\nbases = [\"base.invalid/x\"]";

fn project() -> Project {
    let project = Project::new(Builder::Docker);
    project.misbehave(&["1.0.0"]);
    project.app("misbehave", GRANTS);
    project
}

/// The only finding of a check that is so; it says this, and this of what to do.
#[track_caller]
fn found(output: &Output, check: &str, state: &str, says: &str, fix: &str) -> Value {
    let json = output.json();
    let has = |finding: &Value, key: &str, words: &str| {
        finding[key].as_str().unwrap_or_default().contains(words)
    };
    let checks = json["checks"].as_array().unwrap().iter();
    let mut of = checks.filter(|finding| {
        finding["check"] == check
            && finding["state"] == state
            && has(finding, "found", says)
            && has(finding, "fix", fix)
    });
    let finding = of
        .next()
        .unwrap_or_else(|| panic!("no {state} of {check} in {json:#}"));
    assert!(of.next().is_none(), "{json:#}");
    finding.clone()
}

/// A registry that lets nobody push, and whose clock is years behind (the date is
/// that of RFC 9110, section 5.6.7). It ends with the test.
fn refusing() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
            let request = lines.next().unwrap().unwrap_or_default();
            while lines
                .next()
                .is_some_and(|line| !line.unwrap_or_default().is_empty())
            {}
            let status = match request.starts_with("GET /v2/ ") {
                true => "200 OK",
                false => "403 Forbidden",
            };
            let body = r#"{"errors":[{"code":"DENIED","message":"no"}]}"#;
            let length = body.len();
            let mut stream = stream;
            let _ = write!(
                stream,
                "HTTP/1.1 {status}\r\ndate: Sun, 06 Nov 1994 08:49:37 GMT\r\ncontent-type: application/json\r\n\
                 content-length: {length}\r\nconnection: close\r\n\r\n{body}"
            );
        }
    });
    address
}

#[test]
fn where_all_is_well_it_is_quick_and_says_so() {
    let project = project();
    // Compiled recipes are cached.
    let _ = project.run(&["doctor"]);
    let output = project.run(&["doctor"]).expect(0);
    assert!(
        output.stdout.ends_with("\nall is well\n"),
        "{}",
        output.stdout
    );
    for check in [
        "engine",
        "image-store",
        "buildx",
        "builder",
        "registry",
        "recipe",
        "state",
    ] {
        let line = format!("ok       {check:<12}");
        assert!(output.stdout.contains(&line), "{}", output.stdout);
    }
    // The fastest of several: a machine that does much else is not what is looked at.
    let took = (0..5).map(|_| {
        let begun = Instant::now();
        project.run(&["doctor"]).expect(0);
        begun.elapsed()
    });
    let fastest = took.min().unwrap();
    assert!(fastest < Duration::from_secs(3), "{fastest:?}");
    let quiet = project.run(&["doctor", "-q"]).expect(0);
    assert_eq!((quiet.stdout.as_str(), quiet.stderr.as_str()), ("", ""));
    // It leaves nothing behind.
    assert!(!project.path(".bakehouse/runs").exists());
}

#[test]
fn a_machine_without_engine_is_told_what_to_do() {
    let project = project();
    let mut command = project.command(&["doctor", "--format", "json"]);
    let gone = format!("unix://{}", project.path("gone.sock").display());
    let output = finish(command.env("DOCKER_HOST", &gone)).expect(7);
    assert_eq!(output.json()["exitCode"], 7);
    let _ = found(
        &output,
        "engine",
        "problem",
        "(DOCKER_HOST)",
        "unset DOCKER_HOST",
    );
    let _ = found(&output, "builder", "skipped", "no engine", "");
    // Elsewhere than in a project, too.
    let mut command = project.command(&["doctor", "--format", "json"]);
    let output = finish(command.env("DOCKER_HOST", &gone).current_dir("/")).expect(8);
    let _ = found(&output, "project", "problem", "no bakehouse.toml", "--root");
    let _ = found(&output, "engine", "problem", "(DOCKER_HOST)", "");
}

#[test]
fn a_registry_that_refuses_and_a_clock_that_is_wrong_are_told() {
    let project = project();
    let host = refusing();
    let json = ["doctor", "--format", "json", "--registry", &host];
    let output = project.run(&json).expect(8);
    let _ = found(&output, "registry", "ok", "answers in", "");
    let login = format!("docker login {host}");
    let push = found(&output, "push", "problem", "misbehave", &login);
    assert_eq!(push["code"], 10);
    let _ = found(
        &output,
        "clock",
        "problem",
        "s ahead of the clock of",
        "timedatectl",
    );

    // A forge that does not know the token.
    project.app(
        "misbehave",
        &GRANTS.replace("[\"npm", "[\"github:acme/x\", \"npm"),
    );
    let mut command = project.command(&["doctor", "--format", "json"]);
    command
        .env("GITHUB_API_URL", format!("http://{host}"))
        .env("GITHUB_TOKEN", "x");
    let output = finish(&mut command).expect(6);
    let _ = found(&output, "forge", "problem", "403", "GITHUB_TOKEN");
    // What answers is no API.
    let page = Odd::start(|_, _| reply(200, &[], "<html><title>Login</title></html>"));
    let api = format!("http://{}", page.host());
    command.env("GITHUB_API_URL", &api);
    let output = finish(&mut command).expect(6);
    let _ = found(&output, "forge", "problem", "is a web page (Login)", "");
    project.app("misbehave", GRANTS);

    let gone = ["doctor", "--format", "json", "--registry", "127.0.0.1:1"];
    let output = project.run(&gone).expect(9);
    let _ = found(
        &output,
        "registry",
        "problem",
        "127.0.0.1:1 does not answer",
        "--registry",
    );
    let _ = found(&output, "push", "skipped", "does not answer", "");
    let _ = found(&output, "clock", "skipped", "", "");
}

#[test]
fn what_is_wrong_with_the_project_is_told_and_mended_where_that_is_safe() {
    let project = project();
    let settings = std::fs::read_to_string(project.path("bakehouse.toml")).unwrap();
    let with = |more: &str| project.write("bakehouse.toml", format!("{settings}\n{more}"));
    with("[ci]\nuses = \"acme/bakehouse@v1\"\n");
    let _ = project.run(&["workflows"]).expect(0);
    with("[ci]\nuses = \"acme/bakehouse@v2\"\n");
    // A crate that was changed since it was compiled.
    project.write(
        "plugins/misbehave/Cargo.toml",
        "[package]\nname = \"own\"\n",
    );
    let kept = project.path(".bakehouse/recipes/misbehave.wasm");
    std::fs::create_dir_all(kept.parent().unwrap()).unwrap();
    std::fs::copy(recipe("misbehave"), kept).unwrap();
    project.write(
        "apps/misbehave/app.toml",
        "recipe = \"plugins/misbehave\"\n[grants]\nreleases = [\"npm:misbehave\"]\nsecrets = [\"OWN_KEY\"]\n",
    );
    let json = ["doctor", "--format", "json"];
    let output = project.run(&json).expect(8);
    let fix = "bakehouse workflows";
    let drift = found(
        &output,
        "workflow",
        "problem",
        "not what bakehouse.toml asks for",
        fix,
    );
    assert_eq!(drift["fixable"], true);
    let stale = "misbehave: plugins/misbehave was changed since it was compiled";
    let _ = found(
        &output,
        "recipe",
        "warning",
        stale,
        "bakehouse recipe build plugins/misbehave",
    );
    let _ = found(&output, "secrets", "warning", "OWN_KEY", "OWN_KEY");
    let _ = found(
        &output,
        "grants",
        "problem",
        "misbehave: asks for misbehave in `images`",
        "bakehouse recipe check misbehave",
    );

    project.write("schemas/app.json", "{}");
    let output = project.run(&json).expect(8);
    let names = "schemas/project.json, schemas/app.json";
    let old = found(&output, "schemas", "warning", names, "bakehouse init");
    assert_eq!(old["fixable"], true);

    project.app("misbehave", GRANTS);
    let mended = project.run(&["doctor", "--fix"]).expect(0);
    assert!(
        mended.stdout.contains("bakehouse.yml is in step"),
        "{}",
        mended.stdout
    );
    let _ = mended.says("==> writing .github/workflows/bakehouse.yml");
    let _ = project.run(&["workflows", "--check"]).expect(0);
    let output = project.run(&json).expect(0);
    let _ = found(&output, "schemas", "ok", "of this release", "");

    std::fs::remove_dir_all(project.path(".bakehouse")).unwrap();
    project.write(".bakehouse", "in the way");
    let output = project.run(&json).expect(13);
    let _ = found(&output, "state", "problem", ".bakehouse", "");
    let _ = found(&output, "project", "ok", "1 app", "");
}

#[test]
fn release_sources_are_asked_for_as_a_run_does() {
    let project = project();
    let json = ["doctor", "--format", "json"];
    let output = project.run(&json).expect(0);
    let _ = found(&output, "sources", "ok", "1 source of npm can be read", "");

    // One kind of trouble is told once, with what mends it.
    project.app(
        "misbehave",
        &GRANTS.replace("[\"npm", "[\"npm:a\", \"npm:b\", \"npm"),
    );
    let mut command = project.command(&json);
    command
        .env("NPM_CONFIG_REGISTRY", "https://npm.invalid/")
        .env("HTTPS_PROXY", "http://127.0.0.1:1");
    let output = finish(&mut command).expect(6);
    let proxy = "through the proxy http://127.0.0.1:1 (HTTPS_PROXY)";
    let same = found(&output, "sources", "problem", proxy, "check HTTPS_PROXY");
    let same = same["found"].as_str().unwrap();
    assert!(
        same.ends_with("the same of 2 other sources of npm"),
        "{same}"
    );

    let page = Odd::start(|_, _| reply(200, &[], "<html><title>Login</title></html>"));
    let mut command = project.command(&json);
    command.env("NPM_CONFIG_REGISTRY", format!("http://{}/", page.host()));
    let output = finish(&mut command).expect(6);
    let _ = found(
        &output,
        "sources",
        "problem",
        "is a web page (Login)",
        "NPM_CONFIG_REGISTRY",
    );

    project.app("misbehave", &GRANTS.replace("[\"npm", "[\"pipy:a\", \"npm"));
    let mut command = project.command(&json);
    command.env("HTTPS_PROXY", "http://");
    let output = finish(&mut command).expect(3);
    let _ = found(
        &output,
        "sources",
        "problem",
        "`pipy:a` is not",
        "apps/misbehave",
    );
    let _ = found(&output, "sources", "warning", "HTTPS_PROXY is not", "");

    project.app(
        "misbehave",
        &GRANTS.replace("[\"npm", "[\"npm:gone\", \"npm"),
    );
    let output = project.run(&json).expect(6);
    let _ = found(
        &output,
        "sources",
        "problem",
        "no package gone",
        "apps/misbehave",
    );
}

#[test]
fn the_embedded_registry_is_read_as_a_run_does() {
    let project = project();
    let local = |more: &[&str]| {
        let mut arguments = vec!["doctor", "--format", "json", "--registry", "local"];
        arguments.extend(more);
        project.run(&arguments)
    };
    let output = local(&["--namespace", "Foo Bar"]).expect(3);
    let _ = found(&output, "registry", "problem", "Foo Bar", "lower case");
    project.write(".bakehouse/registry/metadata.json", "x");
    let output = local(&[]).expect(13);
    let _ = found(
        &output,
        "registry",
        "problem",
        "metadata.json",
        "copy of the file",
    );
}

#[test]
fn an_app_that_cannot_be_read_is_told_of_that_app() {
    let project = project();
    project.write("apps/broken/app.toml", "x = [");
    let output = project.run(&["doctor", "--format", "json"]).expect(3);
    let broken = found(&output, "app", "problem", "apps/broken/app.toml", "");
    let matters = broken["matters"].as_str().unwrap();
    assert!(matters.contains("other apps go on"), "{matters}");
    let _ = found(&output, "project", "ok", "2 apps", "");
}
