//! The real recipe of Mostlymatter against upstreams on loopback.

use crate::support::{Builder, Project, Tag, Upstreams, VERSIONS};

#[test]
fn mattermosts_package_with_mostlymatters_program() {
    let upstreams = Upstreams::start();
    for (number, dockerfile) in &VERSIONS[2..] {
        upstreams.mattermost(number, dockerfile);
        upstreams.mostlymatter(number);
    }
    // Tags of Mattermost itself are there, too, and do not count.
    for tag in ["v99.0.0", "v99.1.0-rc1", "limitless"] {
        upstreams
            .framagit
            .tag("framasoft/framateam/mostlymatter", Tag::new(tag));
    }
    let project = upstreams.project(Builder::BuildKit, "mostlymatter", "");
    project
        .run(&["run"])
        .expect(0)
        .says("tagged local/test/mostlymatter:latest -> 11.1.0");
    for (number, _) in &VERSIONS[2..] {
        for (program, made) in [("mattermost", "framasoft"), ("mmctl", "upstream")] {
            let path = format!("/mattermost/bin/{program}");
            let image = format!("mostlymatter:{number}");
            let output = project.run(&["smoke", &image, "--", &path]).expect(0);
            let line = |platform: &str| {
                format!("{platform}\t{path} team-{number} {platform} made by {made}\n")
            };
            assert_eq!(output.stdout, line("linux/amd64") + &line("linux/arm64"));
        }
    }
    source_and_revision_are_of_one_origin(&project, "mostlymatter:11.1.0");
}

/// The commit is one of Mattermost's repository, which images are built from;
/// the app's own address is beside it. The index says the same.
fn source_and_revision_are_of_one_origin(project: &Project, reference: &str) {
    let seen = project
        .run(&["inspect", reference, "--format", "json"])
        .expect(0)
        .json();
    let images = seen["images"].as_array().unwrap();
    assert_eq!(images.len(), 2);
    let labels = images.iter().map(|image| &image["labels"]);
    for facts in labels.chain([&seen["annotations"]]) {
        assert_eq!(
            facts["org.opencontainers.image.source"],
            "https://github.com/mattermost/mattermost"
        );
        assert_eq!(
            facts["dev.bakehouse.upstream"],
            "https://framagit.org/framasoft/framateam/mostlymatter"
        );
        let revision = facts["org.opencontainers.image.revision"].as_str();
        assert_eq!(revision.unwrap().len(), 40, "{facts}");
        assert_eq!(
            revision,
            images[0]["labels"]["org.opencontainers.image.revision"].as_str()
        );
    }
}
