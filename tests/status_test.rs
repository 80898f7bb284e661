//! `status`, alarms, and failures that are remembered.

use std::path::PathBuf;
use std::process::Command;

use bakehouse_registry::{Registry, VERSION_ANNOTATION};
use serde_json::{Value, json};

use crate::support::{
    Builder, DebianRegistry, Output, PLATFORMS, Package, Project, child, client, finish, push,
    request,
};

/// Publishes versions of `misbehave` for these platforms, and `latest`.
fn published(host: &str, versions: &[(&str, &[&str])]) {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let registry: Registry = client(host);
        for (seed, (version, platforms)) in versions.iter().enumerate() {
            let mut children = Vec::new();
            for platform in *platforms {
                let pushed = push(&registry, "misbehave", platform, seed as u64).await;
                children.push(child(platform, &pushed));
            }
            let mut request = request(version, children);
            request.image = "misbehave";
            assert!(request.annotations.contains_key(VERSION_ANNOTATION));
            registry.merge(&request).await.unwrap();
        }
        let (newest, _) = versions.last().unwrap();
        registry
            .move_tag("misbehave", "latest", newest)
            .await
            .unwrap();
    });
}

/// The program in a machine without engine, BuildKit or anything else.
fn alone(project: &Project, host: &str, arguments: &[&str]) -> Output {
    let arguments = [arguments, &["--registry", host]].concat();
    let mut command: Command = project.command(&arguments);
    finish(command.env("PATH", "/nowhere").env_remove("DOCKER_HOST"))
}

fn settings(project: &Project, more: &str) {
    let settings = std::fs::read_to_string(project.path("bakehouse.toml")).unwrap();
    project.write("bakehouse.toml", format!("{settings}{more}"));
}

#[test]
fn what_is_published_against_what_upstream_has() {
    let project = Project::new(Builder::Docker);
    let registry = DebianRegistry::start();
    let host = registry.host();
    project.misbehave(&["1.0.0", "1.1.0", "1.2.0", "2.0.0-rc.behave"]);
    published(&host, &[("1.0.0", &PLATFORMS)]);
    settings(&project, "[alarms]\nbehind-days = 0\n");

    let seen = alone(&project, &host, &["status", "--format", "json"])
        .expect(0)
        .json();
    let image = &seen["apps"][0]["images"][0];
    assert_eq!(image["state"], "behind", "{image}");
    assert_eq!(
        image["upstream"]["version"], "1.2.0",
        "a prerelease does not count"
    );
    assert_eq!(image["published"]["version"], "1.0.0");
    assert_eq!(image["lag"]["versions"], 2);
    assert!(image["lag"]["days"].as_u64().unwrap() > 30, "{image}");
    assert_eq!(image["pull"], format!("{host}/test/misbehave"));
    let platforms = image["published"]["platforms"].as_array().unwrap();
    assert_eq!(platforms.len(), 2);
    assert!(
        platforms
            .iter()
            .all(|platform| platform["size"].as_u64().unwrap() > 5000),
        "{image}"
    );
    let latest = json!([{ "tag": "latest", "template": "latest", "current": true }]);
    assert_eq!(image["published"]["tags"], latest);
    assert_eq!(image["next"][0]["version"], "2.0.0-rc.behave");
    assert_eq!(image["next"][0]["reasons"], json!(["new version"]));
    assert_eq!(image["next"][0]["builds"], json!(PLATFORMS));

    let table = alone(&project, &host, &["status"]).expect(0).stdout;
    let row = "misbehave  behind  1.2.0     1.0.0      2 versions, ";
    assert!(table.contains(row), "{table}");
    assert!(table.contains("amd64 arm64  build 6 targets\n"), "{table}");
    assert!(
        table.contains("\n0 of 1 images current, 1 behind\n"),
        "{table}"
    );

    // It is alarmed of by default.
    let text = std::fs::read_to_string(project.path("bakehouse.toml")).unwrap();
    project.write(
        "bakehouse.toml",
        text.replace("behind-days = 0", "behind-days = 30"),
    );
    let site = ["status", "--site", "public", "--format", "shields"];
    let output = alone(&project, &host, &site)
        .expect(15)
        .says("warning: misbehave has been behind upstream for");
    let shields = json!({
        "schemaVersion": 1, "label": "misbehave", "message": "1.0.0, 2 behind", "color": "orange",
    });
    assert_eq!(output.json(), shields);
    let read = |name: &str| std::fs::read_to_string(project.path("public").join(name)).unwrap();
    assert!(read("index.html").contains(&format!("docker pull {host}/test/misbehave:1.0.0")));
    assert!(read("status.md").contains("has been behind upstream"));
    let status: Value = serde_json::from_str(&read("status.json")).unwrap();
    assert_eq!(status["alarms"][0]["kind"], "behind");
    assert_eq!(
        serde_json::from_str::<Value>(&read("badges/misbehave.json")).unwrap(),
        shields
    );
    assert!(read("badges/misbehave.svg").contains("1.0.0, 2 behind"));

    // What is missing alone, and whether there is any.
    let missing = ["plan", "--missing", "--exit-code"];
    let output = alone(&project, &host, &missing).expect(17);
    assert!(output.stdout.contains("1.1.0"), "{}", output.stdout);
    assert!(!output.stdout.contains("1.0.0"), "{}", output.stdout);
    let all: Vec<_> = [("1.1.0", &PLATFORMS[..]), ("1.2.0", &PLATFORMS[..])].into();
    published(&host, &all);
    let limited = [&missing[..], &["--max-versions", "3"]].concat();
    alone(&project, &host, &limited).expect(17);
    published(
        &host,
        &[("2.0.0-rc.behave", &PLATFORMS), ("1.2.0", &PLATFORMS)],
    );
    let output = alone(&project, &host, &missing).expect(0);
    assert!(
        output
            .stdout
            .starts_with("everything is published, nothing to build\n"),
        "{}",
        output.stdout
    );
    let badge = alone(
        &project,
        &host,
        &["status", "misbehave", "--format", "badge"],
    )
    .expect(0);
    assert!(
        badge.stdout.contains("<title>misbehave: 1.2.0</title>"),
        "{}",
        badge.stdout
    );
}

#[test]
fn an_app_that_cannot_be_looked_at_hides_no_other() {
    let project = Project::new(Builder::Docker);
    let registry = DebianRegistry::start();
    let host = registry.host();
    project.misbehave(&["1.0.0", "1.1.0", "1.2.0"]);
    // Older than all that are looked at, and in part.
    published(&host, &[("1.0.0", &PLATFORMS[..1])]);
    settings(&project, "[alarms]\nbehind-days = 0\n");
    let grants = "releases = [\"npm:gone\"]\nimages = [\"gone\"]";
    std::fs::create_dir(project.path("apps/gone")).unwrap();
    let gone = format!("recipe = \"recipe.wasm\"\n\n[grants]\n{grants}\n");
    project.write("apps/gone/app.toml", gone);

    let arguments = ["status", "--format", "json", "--max-versions", "1"];
    let seen = alone(&project, &host, &arguments).expect(5).json();
    let apps = seen["apps"].as_array().unwrap();
    assert_eq!(apps[0]["app"], "gone");
    assert_eq!(apps[0]["failing"]["times"], 1, "{seen}");
    assert_eq!(seen["failures"][0]["app"], "gone");
    let image = &apps[1]["images"][0];
    assert_eq!(image["published"]["version"], "1.0.0", "{image}");
    assert_eq!(image["lag"]["versions"], 2, "{image}");
    let again = alone(&project, &host, &["status"]).expect(5).stdout;
    assert!(again.contains("gone       unknown"), "{again}");
    // That somebody looked is not what it failed at; a plan is.
    assert!(again.contains("gone failed on 20"), "{again}");
    for _ in 0..2 {
        alone(&project, &host, &["plan"]).expect(5);
    }
    let again = alone(&project, &host, &["status"]).expect(5).stdout;
    assert!(again.contains("gone failed 2 times since 20"), "{again}");
    assert!(again.contains("amd64, not arm64"), "{again}");
    alone(&project, "127.0.0.1:1", &["status"])
        .expect(9)
        .says("cannot reach registry");
}

#[test]
fn images_stay_where_upstream_does_not_answer() {
    let project = Project::new(Builder::Docker);
    let registry = DebianRegistry::start();
    let host = registry.host();
    let grants = "releases = [\"npm:misbehave\"]\nimages = [\"misbehave\"]";
    project.app("misbehave", grants);
    published(
        &host,
        &[
            ("1.9.0", &PLATFORMS),
            ("2.0.0-rc.1", &PLATFORMS),
            ("1.10.0", &PLATFORMS[..1]),
        ],
    );
    let site = ["status", "--format", "json", "--site", "public"];
    let seen = alone(&project, &host, &site).expect(6).json();
    let app = &seen["apps"][0];
    assert_eq!(app["failing"]["times"], 1, "{app}");
    let image = &app["images"][0];
    assert_eq!(image["state"], "unknown", "{image}");
    let published = &image["published"];
    assert_eq!(published["version"], "1.10.0", "{published}");
    assert_eq!(published["platforms"][0]["platform"], PLATFORMS[0]);
    assert_eq!(published["platforms"].as_array().unwrap().len(), 1);
    assert_eq!(published["tags"][0]["current"], true, "{published}");
    let page = std::fs::read_to_string(project.path("public/index.html")).unwrap();
    let pull = format!("docker pull {host}/test/misbehave:1.10.0");
    assert!(
        page.contains(&pull) && page.contains("Not looked at"),
        "{page}"
    );
    let badge = std::fs::read_to_string(project.path("public/badges/misbehave.svg")).unwrap();
    assert!(
        badge.contains("<title>misbehave: 1.10.0</title>"),
        "{badge}"
    );
    let table = alone(&project, &host, &["status"]).expect(6).stdout;
    assert!(
        table.contains("misbehave  unknown  -         1.10.0"),
        "{table}"
    );
    assert!(table.contains("misbehave failed on 20"), "{table}");
}

/// The one file of history of a project.
fn history(project: &Project) -> PathBuf {
    let folder = project.path(".bakehouse/history");
    let files = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let mut files = files.filter(|path| path.extension().is_some_and(|end| end == "json"));
    files.next().expect("there is a history")
}

fn remembered(project: &Project) -> Value {
    serde_json::from_slice(&std::fs::read(history(project)).unwrap()).unwrap()
}

/// Makes a history of days of one of minutes.
fn age(project: &Project, change: impl Fn(&mut Value)) {
    let mut all = remembered(project);
    change(&mut all["apps"]["misbehave"]);
    std::fs::write(history(project), all.to_string()).unwrap();
}

#[test]
fn a_broken_version_is_not_tried_every_day() {
    let project = Project::new(Builder::Docker);
    project.platforms(&["linux/amd64"]);
    project.misbehave(&["1.0.0-panic"]);
    project.run(&["run"]).expect(5);
    project.run(&["run"]).expect(5);
    let key = "1.0.0-panic misbehave linux/amd64";
    let times = || remembered(&project)["apps"]["misbehave"]["targets"][key]["times"].clone();
    assert_eq!(times(), 2, "{}", remembered(&project));

    let days_ago = |days: i64| {
        let now = jiff::Timestamp::now().as_second();
        jiff::Timestamp::from_second(now - days * 24 * 3600)
            .unwrap()
            .to_string()
    };
    let (first, last) = (days_ago(7), days_ago(1));
    age(&project, |app| {
        for (field, date) in [("since", &first), ("first", &first), ("last", &last)] {
            app["targets"][key][field] = json!(date);
        }
    });
    // It has failed for six days, so it waits for six: one line says so.
    let output = project.run(&["run"]).expect(0);
    let nothing = "nothing was built; what is missing failed before\nnote: not tried: misbehave \
                   1.0.0-panic linux/amd64, which failed 2 times since ";
    assert!(output.stdout.starts_with(nothing), "{}", output.stdout);
    let plan = project.run(&["plan", "--exit-code"]).expect(0).stdout;
    assert!(
        plan.contains("later     new version, not tried until "),
        "{plan}"
    );
    let json = project.run(&["run", "--format", "json"]).expect(0).json();
    assert_eq!(json["held"][0]["version"], "1.0.0-panic", "{json}");
    let github = project
        .run(&["plan", "--format", "github"])
        .expect(0)
        .stdout;
    assert!(github.contains("jobs=0\n"), "{github}");

    // Asked for, it is tried.
    project.run(&["run", "--retry-failed"]).expect(5);
    assert_eq!(times(), 3);
    project
        .run(&["build", "misbehave", "--version", "1.0.0-panic"])
        .expect(5);
    assert_eq!(times(), 4);
    age(&project, |app| {
        for (field, date) in [("first", &first), ("last", &last)] {
            app["targets"][key][field] = json!(date);
        }
    });
    // It failed often by now, and nobody is told by a run that tries nothing: the
    // exit code tells.
    for command in [&["run"][..], &["plan"], &["status"], &["run", "-q"]] {
        let says = "warning: misbehave 1.0.0-panic linux/amd64: failed 4 times since ";
        project.run(command).expect(16).says(says);
    }
    let run = ["run", "--format", "json", "--summary", "summary.md"];
    let report = project.run(&run).expect(16).json();
    assert_eq!(
        (&report["ending"], &report["exitCode"]),
        (&"done".into(), &16.into())
    );
    assert_eq!(report["alarms"][0]["kind"], "failing", "{report}");
    let summary = std::fs::read_to_string(project.path("summary.md")).unwrap();
    assert!(summary.contains("### 1 alarm\n"), "{summary}");
    let alarm = "warning: misbehave 1.0.0-panic";
    project.run(&["report"]).expect(0).says(alarm);
    let runs = project.run(&["runs"]).expect(0).stdout;
    assert!(runs.contains("  alarm  "), "{runs}");
    let status = project
        .run(&["status", "--format", "json"])
        .expect(16)
        .json();
    let image = &status["apps"][0]["images"][0];
    assert_eq!(image["state"], "failing");
    assert_eq!(image["failing"][0]["times"], 4);
    assert!(image["failing"][0]["until"].is_string(), "{image}");

    // Another recipe may be better.
    project.options(&[("hello", "again")]);
    project.run(&["run"]).expect(5);
    let package = Package::new(&["1.0.0-panic", "1.0.1"]).file("asset", b"asset");
    project.npm.publish("misbehave", package);
    project.options(&[("behaviour", "behave")]);
    project.run(&["run"]).expect(0);
    assert_eq!(times(), Value::Null, "it went well");
}

#[test]
fn far_fewer_versions_than_last_time_are_an_alarm() {
    let project = Project::new(Builder::Docker);
    project.misbehave(&["1.0.0", "1.1.0", "1.2.0", "1.3.0", "1.4.0", "1.5.0"]);
    let output = project.run(&["plan", "--max-versions", "2"]).expect(0);
    assert!(output.stdout.contains("1.5.0"), "{}", output.stdout);
    project.misbehave(&["1.5.0"]);
    for command in ["plan", "status"] {
        project
            .run(&[command])
            .expect(14)
            .says("misbehave: upstream lists 1 version, and listed 6 the last time");
    }
    settings(&project, "[alarms]\nfewer = false\n");
    project.run(&["plan"]).expect(0);
}

#[test]
fn what_failed_elsewhere_is_handed_on_with_the_digests() {
    let project = Project::new(Builder::Docker);
    project.platforms(&["linux/amd64"]);
    project.misbehave(&["1.0.0-panic"]);
    project.run(&["plan", "--save", "plan.json"]).expect(0);
    project.run(&["build", "--plan", "plan.json"]).expect(5);
    // Another machine has the files alone.
    std::fs::remove_dir_all(project.path(".bakehouse/history")).unwrap();
    for _ in 0..2 {
        project.run(&["merge", "--plan", "plan.json"]).expect(4);
    }
    let all = remembered(&project);
    let failed = &all["apps"]["misbehave"]["targets"]["1.0.0-panic misbehave linux/amd64"];
    assert_eq!(
        (&failed["times"], &failed["code"]),
        (&json!(1), &json!(5)),
        "{all}"
    );
    assert!(
        failed["recipe"].as_str().unwrap().starts_with("sha256:"),
        "{all}"
    );
    let note = format!(
        "digests/{}/misbehave/1.0.0-panic/misbehave/linux-amd64.failed.json",
        history(&project).file_stem().unwrap().to_str().unwrap()
    );
    assert!(project.path(&note).exists(), "{note}");
    // Mended, it goes well, and the note is gone.
    project.options(&[("behaviour", "behave")]);
    project
        .run(&["build", "misbehave", "--version", "1.0.0-panic"])
        .expect(0);
    assert!(!project.path(&note).exists(), "{note}");
}
