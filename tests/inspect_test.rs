//! `inspect`: each fact once, with its age, and the lag behind upstream.

use crate::support::{Builder, DebianRegistry, Package, Project};

/// The lines of an inspection, and how often a name stands before one.
fn told(project: &Project, reference: &str) -> (String, impl Fn(&str) -> usize + use<>) {
    let text = project.run(&["inspect", reference]).expect(0).stdout;
    let lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let count = move |name: &str| {
        let begin = format!("  {name:11} ");
        lines.iter().filter(|line| line.starts_with(&begin)).count()
    };
    (text, count)
}

#[test]
fn each_fact_is_told_once_and_the_lag_behind_upstream() {
    let project = Project::new(Builder::Docker);
    project.misbehave(&["1.0.0"]);
    project.run(&["run"]).expect(0);
    let (text, count) = told(&project, "misbehave:1.0.0");
    for (name, times) in [
        ("media type", 1),
        ("image type", 1),
        ("version", 1),
        ("created", 1),
        ("recipe", 1),
        ("pushed", 1),
        ("upstream", 1),
        // Of the index, and of each of two images.
        ("digest", 3),
        ("download", 2),
    ] {
        assert_eq!(count(name), times, "{name} in\n{text}");
    }
    for words in [
        "1.0.0 is the newest version\n",
        " ago)\n",
        "), by the run 20",
        ", as it is now\n",
    ] {
        assert!(text.contains(words), "{words} in\n{text}");
    }
    // Upstream goes on.
    let package = Package::new(&["1.0.0", "1.1.0", "1.2.0"]).file("asset", b"asset");
    project.npm.publish("misbehave", package);
    let (text, _) = told(&project, "misbehave");
    assert!(
        text.contains("1.2.0 is newer; behind by 2 versions, "),
        "{text}"
    );
    let json = project.run(&["inspect", "misbehave", "--format", "json"]);
    let json = json.expect(0).json();
    assert_eq!(json["upstream"]["lag"]["versions"], 2, "{json}");
    assert_eq!(json["upstream"]["newest"], "1.2.0", "{json}");
    assert!(json["pushed"]["run"].as_str().unwrap().starts_with("20"));

    // What upstream does not list is not told as if it was the newest.
    let package = Package::new(&["0.9.0"]).file("asset", b"asset");
    project.npm.publish("misbehave", package);
    let (text, _) = told(&project, "misbehave:1.0.0");
    assert!(
        text.contains("0.9.0 is the newest version, and it lists no such one as this\n"),
        "{text}"
    );

    // What is meant by what is not there.
    let missing = |reference: &str| project.run(&["inspect", reference]).expect(4);
    let _ = missing("misbehave:v1.0.0").says("did you mean 1.0.0? its tags are 1.0.0, latest");
    let _ = missing("misbehav").says("did you mean misbehave?");
    project
        .run(&["logs", "misbehave", "v1.0.0", "arm64"])
        .expect(0);
    let _ = project
        .run(&["logs", "misbehav"])
        .expect(4)
        .says("did you mean misbehave? there are logs of misbehave");
}

#[tokio::test]
async fn an_index_without_an_image_is_no_image() {
    let registry = DebianRegistry::start();
    let media_type = "application/vnd.oci.image.index.v1+json";
    let empty = format!(r#"{{"schemaVersion":2,"mediaType":"{media_type}","manifests":[]}}"#);
    let put = reqwest::Client::new()
        .put(format!(
            "http://{}/v2/test/odd/manifests/1.0.0",
            registry.host()
        ))
        .header("content-type", media_type)
        .body(empty)
        .send();
    assert_eq!(put.await.unwrap().status(), 201);
    let project = Project::new(Builder::Docker);
    let reference = format!("{}/test/odd:1.0.0", registry.host());
    for command in [
        ["inspect", reference.as_str()].as_slice(),
        &["smoke", &reference, "--", "--version"],
    ] {
        let output = project.run(command).expect(9);
        assert_eq!(output.stdout, "");
        output
            .says("has no image for any platform")
            .says("see who put it there");
    }
}
