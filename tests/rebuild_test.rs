//! Published versions that are built again: by a changed recipe, or because
//! somebody says so.

use serde_json::Value;

use crate::support::{Builder, DebianRegistry, Project, crane};

const RECIPE: &str = "dev.bakehouse.recipe.digest";

/// Tags of the image, with what they show.
fn tags(host: &str) -> Vec<(String, String)> {
    let repository = format!("{host}/test/misbehave");
    let digest = |tag: &str| crane(&["digest", &format!("{repository}:{tag}")]);
    let listed = crane(&["ls", &repository]);
    let mut tags: Vec<_> = listed
        .lines()
        .map(|tag| (tag.to_owned(), digest(tag)))
        .collect();
    tags.sort();
    tags
}

fn names(tags: &[(String, String)]) -> Vec<&str> {
    tags.iter().map(|(tag, _)| tag.as_str()).collect()
}

fn digest<'a>(tags: &'a [(String, String)], tag: &str) -> &'a str {
    let found = tags.iter().find(|(name, _)| name == tag);
    &found.unwrap_or_else(|| panic!("no {tag} in {tags:?}")).1
}

fn index(host: &str, tag: &str) -> Value {
    let manifest = crane(&["manifest", &format!("{host}/test/misbehave:{tag}")]);
    serde_json::from_str(&manifest).unwrap()
}

/// How many targets were built by this run.
fn built(report: &Value) -> usize {
    let targets = report["targets"].as_array().unwrap().iter();
    targets.filter(|target| target["reused"] == false).count()
}

#[test]
fn a_changed_recipe_reaches_published_versions() {
    let registry = DebianRegistry::start();
    let host = registry.host();
    let project = Project::new(Builder::BuildKit);
    let run = |arguments: &[&str]| project.run(&[arguments, &["--registry", &host]].concat());
    project.misbehave(&["1.0.0", "1.1.0"]);
    run(&["run"]).expect(0);
    let first = tags(&host);
    assert_eq!(names(&first), ["1.0.0", "1.1.0", "latest"]);
    let made_by = index(&host, "1.0.0")["annotations"][RECIPE].clone();
    assert!(
        made_by.as_str().unwrap().starts_with("sha256:"),
        "{made_by}"
    );
    let plan = run(&["plan"]).expect(0).stdout;
    assert!(!plan.contains("recipe"), "{plan}");

    // Nothing is built unasked, but everybody says that there is another recipe.
    project.options(&[("hello", "mended")]);
    let plan = run(&["plan"]).expect(0).stdout;
    assert_eq!(
        plan.matches("recipe changed for linux/amd64 linux/arm64")
            .count(),
        2
    );
    assert!(
        plan.contains("2 published images were made by another recipe"),
        "{plan}"
    );
    let plan = run(&["plan", "--format", "json"]).expect(0).json();
    let image = &plan["apps"][0]["versions"][0]["images"][0];
    assert_eq!(image["reasons"][0]["kind"], "recipe-changed");
    assert_eq!(image["reasons"][0]["from"]["linux/arm64"], made_by);
    let seen = |tag: &str| {
        run(&["inspect", &format!("misbehave:{tag}")])
            .expect(0)
            .stdout
    };
    let old = format!(
        "recipe      {}, changed since: now sha256:",
        made_by.as_str().unwrap()
    );
    assert_eq!(seen("1.0.0").matches(&old).count(), 1, "{}", seen("1.0.0"));
    for command in [&["run"][..], &["build", "misbehave", "--version", "1.0.0"]] {
        run(command).expect(0).says("--rebuild builds anew");
    }
    let dry = run(&["run", "--rebuild", "--dry-run"]).expect(0).stdout;
    assert!(
        dry.contains("recipe changed for linux/amd64 linux/arm64, forced)"),
        "{dry}"
    );
    assert_eq!(tags(&host), first);

    let report = run(&["run", "--rebuild", "--format", "json"])
        .expect(0)
        .json();
    assert_eq!(built(&report), 4);
    assert_eq!(report["images"][0]["revision"], "1.0.0-r1");
    let second = tags(&host);
    let all = ["1.0.0", "1.0.0-r1", "1.1.0", "1.1.0-r1", "latest"];
    assert_eq!(names(&second), all);
    for version in ["1.0.0", "1.1.0"] {
        let before = digest(&first, version);
        assert_eq!(digest(&second, &format!("{version}-r1")), before);
        assert_ne!(digest(&second, version), before);
        assert_ne!(index(&host, version)["annotations"][RECIPE], made_by);
    }
    assert_eq!(digest(&second, "latest"), digest(&second, "1.1.0"));
    assert!(
        !seen("1.0.0").contains("changed since"),
        "{}",
        seen("1.0.0")
    );
    assert!(seen("1.0.0-r1").contains(&old), "{}", seen("1.0.0-r1"));
    let plan = run(&["plan"]).expect(0).stdout;
    assert!(!plan.contains("recipe"), "{plan}");

    // The same bytes move nothing, by the same recipe or by another one.
    for more in [None, Some(("source", "npm:misbehave"))] {
        let mended = std::iter::once(("hello", "mended"));
        project.options(&mended.chain(more).collect::<Vec<_>>());
        let report = run(&["run", "--rebuild", "--format", "json"])
            .expect(0)
            .json();
        assert_eq!(built(&report), 4, "{more:?}");
        assert_eq!(tags(&host), second, "{more:?}");
        let plan = run(&["plan"]).expect(0).stdout;
        assert!(!plan.contains("recipe"), "{more:?}: {plan}");
    }

    project.options(&[("hello", "mended again")]);
    run(&["run", "--rebuild", "--max-versions", "1"]).expect(0);
    let third = tags(&host);
    let all = [
        "1.0.0", "1.0.0-r1", "1.1.0", "1.1.0-r1", "1.1.0-r2", "latest",
    ];
    assert_eq!(names(&third), all);
    assert_eq!(digest(&third, "1.1.0-r2"), digest(&second, "1.1.0"));
    assert_eq!(digest(&third, "1.1.0-r1"), digest(&first, "1.1.0"));
    assert_eq!(digest(&third, "latest"), digest(&third, "1.1.0"));
}

/// Attestations tell when something was built, so they are never the same.
#[test]
fn the_same_images_are_not_attested_to_again() {
    let registry = DebianRegistry::start();
    let host = registry.host();
    let project = Project::new(Builder::BuildKit);
    let run = |arguments: &[&str]| project.run(&[arguments, &["--registry", &host]].concat());
    project.misbehave(&["1.0.0"]);
    let settings = std::fs::read_to_string(project.path("bakehouse.toml")).unwrap();
    project.write("bakehouse.toml", format!("{settings}provenance = true\n"));
    run(&["run"]).expect(0);
    let before = tags(&host);
    let report = run(&["run", "--rebuild", "--format", "json"])
        .expect(0)
        .json();
    assert_eq!(built(&report), 2);
    assert_eq!(tags(&host), before);

    project.options(&[("hello", "mended")]);
    run(&["run", "--rebuild"]).expect(0);
    assert_eq!(names(&tags(&host)), ["1.0.0", "1.0.0-r1", "latest"]);
    let index = index(&host, "1.0.0");
    assert_eq!(index["manifests"].as_array().unwrap().len(), 4);
}

#[test]
fn one_platform_is_rebuilt_beside_the_other() {
    let registry = DebianRegistry::start();
    let host = registry.host();
    let project = Project::new(Builder::BuildKit);
    let run = |arguments: &[&str]| project.run(&[arguments, &["--registry", &host]].concat());
    project.misbehave(&["1.0.0"]);
    run(&["run"]).expect(0);
    let before = index(&host, "1.0.0");
    project.options(&[("hello", "mended")]);
    run(&["run", "--rebuild", "--platform", "linux/arm64"]).expect(0);
    let mixed = index(&host, "1.0.0");
    assert_eq!(mixed["manifests"][0], before["manifests"][0]);
    assert_ne!(
        mixed["manifests"][1]["digest"],
        before["manifests"][1]["digest"]
    );
    // Each image is said to be of the recipe that made it.
    assert_eq!(mixed["annotations"][RECIPE], before["annotations"][RECIPE]);
    let own = &mixed["manifests"][1]["annotations"][RECIPE];
    assert!(
        own.is_string() && *own != before["annotations"][RECIPE],
        "{mixed}"
    );
    let plan = run(&["plan"]).expect(0).stdout;
    assert!(plan.contains("recipe changed for linux/amd64\n"), "{plan}");

    run(&["run", "--rebuild"]).expect(0);
    let whole = index(&host, "1.0.0");
    assert_eq!(
        whole["manifests"][1]["digest"],
        mixed["manifests"][1]["digest"]
    );
    assert_eq!(whole["annotations"][RECIPE], *own);
    assert!(whole["manifests"][1]["annotations"].is_null(), "{whole}");
    let kept = ["1.0.0", "1.0.0-r1", "1.0.0-r2", "latest"];
    assert_eq!(names(&tags(&host)), kept);
}

#[test]
fn a_rebuild_of_which_a_platform_fails_changes_nothing() {
    let registry = DebianRegistry::start();
    let host = registry.host();
    let project = Project::new(Builder::BuildKit);
    let run = |arguments: &[&str]| project.run(&[arguments, &["--registry", &host]].concat());
    project.misbehave(&["1.0.0"]);
    run(&["run"]).expect(0);
    let before = tags(&host);
    project.options(&[("hello", "mended"), ("behaviour", "arm64fails")]);
    let failed = run(&["run", "--rebuild"]).expect(8).stdout;
    let line = format!("not published: {host}/test/misbehave:1.0.0\n");
    assert!(failed.contains(&line), "{failed}");
    assert_eq!(tags(&host), before);

    // The digest file of the first build is of no rebuild.
    run(&["merge", "misbehave", "--version", "1.0.0", "--rebuild"])
        .expect(4)
        .says("no digest file of this rebuild for misbehave 1.0.0 linux/arm64")
        .says("--platform linux/arm64 --rebuild");
    run(&["merge", "misbehave", "--version", "1.0.0"])
        .expect(3)
        .says("has another image for linux/amd64 already");
    assert_eq!(tags(&host), before);

    project.options(&[("hello", "mended")]);
    run(&["run", "--rebuild"]).expect(0);
    assert_eq!(names(&tags(&host)), ["1.0.0", "1.0.0-r1", "latest"]);
}

/// `plan`, `build` on a machine for each platform, `merge`: as CI does it.
#[test]
fn a_planned_rebuild_is_merged_without_force() {
    let registry = DebianRegistry::start();
    let host = registry.host();
    let at = ["--registry", host.as_str()];
    let first = Project::new(Builder::BuildKit);
    first.misbehave(&["1.0.0", "1.1.0"]);
    first.run(&[&["run"][..], &at].concat()).expect(0);
    let before = tags(&host);

    let machine = || {
        let machine = Project::new(Builder::BuildKit);
        machine.misbehave(&["1.0.0", "1.1.0"]);
        machine.options(&[("hello", "mended")]);
        machine
    };
    let merging = machine();
    let plan = [
        "plan",
        "--rebuild",
        "--max-versions",
        "1",
        "--save",
        "plan.json",
    ];
    let planned = merging.run(&[&plan[..], &at, &["--format", "github"]].concat());
    let outputs = planned.expect(0).stdout;
    assert!(outputs.starts_with("jobs=2\n"), "{outputs}");
    let saved = std::fs::read_to_string(merging.path("plan.json")).unwrap();
    let saved: serde_json::Value = serde_json::from_str(&saved).unwrap();
    let jobs = saved["apps"][0]["versions"][0]["jobs"].as_array().unwrap();
    let rebuilt = jobs.iter().filter(|job| job["rebuild"] == true);
    assert_eq!(rebuilt.count(), 2, "{saved}");
    let merge = ["merge", "--plan", "plan.json", "--digests", "artifacts"];
    let merge = [&merge[..], &at].concat();
    let mut machines = Vec::new();
    for platform in ["linux/amd64", "linux/arm64"] {
        let machine = machine();
        let build = [
            "build",
            "misbehave",
            "--version",
            "1.1.0",
            "--platform",
            platform,
        ];
        let mut command = machine.command(&[&build[..], &at].concat());
        let output = crate::support::finish(command.env("REBUILD", "true")).expect(0);
        assert!(output.stdout.contains("built 1"), "{}", output.stdout);
        machines.push((machine, platform.replace('/', "-")));
    }
    let target = |platform: &str| format!("misbehave/1.1.0/misbehave/{platform}");
    let hand_on = |project: &Project, platform: &str| {
        let file = project.digest_file(&host, &target(platform));
        let bytes = std::fs::read(project.path(&file)).unwrap();
        merging.write(&file.replace("digests/", "artifacts/"), bytes);
    };
    // One job's, and beside it the file of a build before the rebuild.
    hand_on(&machines[0].0, &machines[0].1);
    hand_on(&first, "linux-arm64");
    merging
        .run(&merge)
        .expect(4)
        .says("no digest file of this rebuild for misbehave 1.1.0 linux/arm64");
    assert_eq!(tags(&host), before);

    hand_on(&machines[1].0, &machines[1].1);
    merging.run(&merge).expect(0);
    let after = tags(&host);
    assert_eq!(names(&after), ["1.0.0", "1.1.0", "1.1.0-r1", "latest"]);
    assert_eq!(digest(&after, "1.1.0-r1"), digest(&before, "1.1.0"));
    assert_eq!(digest(&after, "latest"), digest(&after, "1.1.0"));
    // Merging again changes nothing.
    merging.run(&merge).expect(0);
    assert_eq!(tags(&host), after);

    // Another run published it since it was planned.
    first.options(&[("hello", "mended elsewhere")]);
    first
        .run(&[&["run", "--rebuild"][..], &at].concat())
        .expect(0);
    let last = tags(&host);
    merging
        .run(&merge)
        .expect(3)
        .says("the rebuild was planned for")
        .says("plan the rebuild again");
    assert_eq!(tags(&host), last);
}
