//! Versions: which are built, in which order, and where moving tags end.

use crate::support::{Builder, Output, Package, Project};

const RUN: [&str; 3] = ["run", "--concurrency", "1"];

fn publish(project: &Project, versions: &[&str]) {
    let package = Package::new(versions).file("asset", b"asset");
    project.npm.publish("misbehave", package);
}

/// The versions whose builds began, in order.
fn started(output: &Output) -> Vec<&str> {
    let lines = output.stderr.lines();
    lines
        .filter_map(|line| {
            line.strip_prefix("misbehave ")?
                .strip_suffix(" linux/amd64: started")
        })
        .collect()
}

#[test]
fn the_newest_ten_oldest_first_and_only_what_is_missing() {
    let project = Project::new(Builder::Docker);
    project.platforms(&["linux/amd64"]);
    project.misbehave(&[]);
    // In the order in which upstream published them.
    let mut versions = vec![
        "1.0.0", "9.9.0", "9.10.0", "9.11.0", "10.0.0", "10.1.0", "10.2.0", "10.3.0", "10.4.0",
        "10.5.0", "9.11.1",
    ];
    let settings = std::fs::read_to_string(project.path("apps/misbehave/app.toml")).unwrap();
    let tags = "[tags]\nmoving = [\"latest\", \"{major}\", \"{major}.{minor}\"]\n\n[grants]";
    let settings = settings.replace("[grants]", tags);
    project.write("apps/misbehave/app.toml", settings);
    publish(&project, &versions);

    let first = project.run(&RUN).expect(0);
    let expected = [
        "9.9.0", "9.10.0", "9.11.0", "9.11.1", "10.0.0", "10.1.0", "10.2.0", "10.3.0", "10.4.0",
        "10.5.0",
    ];
    assert_eq!(started(&first), expected);
    let shows = |tag: &str, version: &str| {
        assert_eq!(
            project.digest(&format!("misbehave:{tag}")),
            project.digest(&format!("misbehave:{version}")),
            "{tag} is not {version}"
        );
    };
    shows("latest", "10.5.0");
    shows("9", "9.11.1");

    // Two new versions, of which one is a patch of an old line.
    versions.extend(["10.6.0", "9.11.2"]);
    publish(&project, &versions);
    let second = project.run(&RUN).expect(0);
    assert_eq!(started(&second), ["9.11.2", "10.6.0"]);
    shows("latest", "10.6.0");
    shows("10", "10.6.0");
    shows("10.5", "10.5.0");
    shows("9", "9.11.2");
    shows("9.11", "9.11.2");

    let third = project.run(&RUN).expect(0);
    assert_eq!(started(&third), Vec::<&str>::new());
    project.run(&["inspect", "misbehave:1.0.0"]).expect(4);
}
