//! Release sources in a plan: what they cost, what they need, what is told.

use crate::support::{Builder, Forge, Project, Release, Tag, finish, tar_gz};

/// `misbehave` with another source than npm.
fn project(source: &str, tags: &str) -> Project {
    let project = Project::new(Builder::Docker);
    project.app(
        "misbehave",
        &format!(
            "releases = [\"{source}\"]\nimages = [\"misbehave\"]\n[options]\nsource = \"{source}\"\ntags = \"{tags}\""
        ),
    );
    project
}

#[test]
fn a_second_plan_spends_no_rate_limit() {
    let forge = Forge::github();
    for patch in 0..250 {
        let release = Release::new(&format!("server-v1.{patch}.0"));
        forge.release("acme/server", release.notes(&"x".repeat(2000)));
    }
    forge.budget(60, 3600);
    let project = project("github:acme/server", "server-v{version}");
    let api = forge.api_url();
    let plan = || {
        let mut command = project.command(&["plan", "--format", "json"]);
        command
            .env("GITHUB_API_URL", &api)
            .env("GITHUB_TOKEN", "canary");
        finish(&mut command).expect(0)
    };
    let first = plan();
    let requests = forge.requests();
    assert_eq!(requests.len(), 3);
    for request in requests {
        assert_eq!(
            (request.status, request.authorization.as_deref()),
            (200, Some("Bearer canary"))
        );
    }
    assert_eq!(forge.left(), 57);
    let versions = &first.json()["apps"][0]["versions"];
    let numbers: Vec<_> = versions
        .as_array()
        .unwrap()
        .iter()
        .map(|v| &v["number"])
        .collect();
    assert_eq!(numbers.len(), 10, "{versions}");

    let second = plan();
    assert_eq!(second.stdout, first.stdout);
    assert_eq!(forge.statuses(), [304, 304, 304]);
    assert_eq!(forge.left(), 57);
    for entry in std::fs::read_dir(project.path(".bakehouse/api")).unwrap() {
        let file = std::fs::File::open(entry.unwrap().path()).unwrap();
        let mut text = String::new();
        std::io::Read::read_to_string(&mut flate2::read::GzDecoder::new(file), &mut text).unwrap();
        assert!(text.contains("server-v1.") && !text.contains("canary"));
    }
}

#[test]
fn a_spent_rate_limit_is_told() {
    let forge = Forge::github();
    forge.release("acme/server", Release::new("v1.0.0"));
    forge.budget(0, 3000);
    let project = project("github:acme/server", "v{version}");
    let mut command = project.command(&["plan"]);
    command.env("GITHUB_API_URL", forge.api_url());
    finish(&mut command)
        .expect(6)
        .says("rate limited; try again after ")
        .says("; with GITHUB_TOKEN there may be more requests");
}

#[test]
fn files_that_a_source_serves_may_be_downloaded_and_others_not() {
    let archive = tar_gz(&[("file".to_owned(), b"content".to_vec())]);
    let forge = Forge::gitlab();
    let served = Release::new("1.0.0-asset").file("served.tar.gz", &archive);
    forge.release("acme/server", served);
    let elsewhere = Forge::gitlab();
    elsewhere.file("/file.tar.gz", archive);
    let source = format!("gitlab:{}/acme/server", forge.host());
    let project = project(&source, "{version}");
    let platform = ["--platform", "linux/amd64", "--partial"];
    project.run(&[&["run"], &platform[..]].concat()).expect(0);
    let files = forge.requests();
    assert!(
        files
            .iter()
            .any(|r| r.path.ends_with("served.tar.gz") && r.status == 200)
    );

    let url = format!("{}/file.tar.gz", elsewhere.url());
    let linked = Release::new("2.0.0-asset").link("linked.tar.gz", &url);
    forge.release("acme/server", linked);
    project
        .run(&[&["run"], &platform[..]].concat())
        .expect(11)
        .says(&format!("has no grant for {url}"));
    assert!(elsewhere.requests().is_empty());
}

#[test]
fn a_source_needs_its_own_grant() {
    let forge = Forge::gitlab();
    forge.tag("acme/server", Tag::new("v1.0.0-limitless"));
    let source = format!("gitlab-tags:{}/acme/server", forge.host());
    let project = project(&source, "v{version}-limitless");
    let plan = project.run(&["plan"]).expect(0);
    assert!(plan.stdout.contains("1.0.0"), "{}", plan.stdout);
    let text = std::fs::read_to_string(project.path("apps/misbehave/app.toml")).unwrap();
    let other = text.replacen("gitlab-tags", "gitlab", 1);
    project.write("apps/misbehave/app.toml", other);
    project
        .run(&["plan"])
        .expect(11)
        .says(&format!("has no grant for {source}"));
    assert_eq!(forge.statuses(), [200], "nothing is asked without a grant");
}
