//! The trust of `merge` in plans and digest files, which come from other machines
//! and may say anything.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::support::{Builder, DebianRegistry, Project, crane};

/// Two versions, built and not merged, with the plan that they were built by.
struct Built {
    project: Project,
    registry: DebianRegistry,
    plan: Value,
    digests: BTreeMap<String, Value>,
}

/// What somebody does to a plan.
type Edit<'a> = &'a dyn Fn(&mut Value);

const VERSIONS: [&str; 2] = ["1.0.0", "2.0.0"];
const PLATFORMS: [&str; 2] = ["linux-amd64", "linux-arm64"];

impl Built {
    fn new() -> Self {
        let registry = DebianRegistry::start();
        let host = registry.host();
        let project = Project::new(Builder::BuildKit);
        project.misbehave(&VERSIONS);
        let at = ["--registry", host.as_str()];
        project
            .run(&[&["plan", "--save", "plan.json"][..], &at].concat())
            .expect(0);
        let mut digests = BTreeMap::new();
        for version in VERSIONS {
            let build = ["build", "misbehave", "--version", version];
            project.run(&[&build[..], &at].concat()).expect(0);
            for platform in PLATFORMS {
                let target = target(version, platform);
                let path = project.digest_file(&host, &target);
                let text = std::fs::read_to_string(project.path(&path)).unwrap();
                digests.insert(target, serde_json::from_str(&text).unwrap());
            }
        }
        let plan = std::fs::read_to_string(project.path("plan.json")).unwrap();
        Self {
            plan: serde_json::from_str(&plan).unwrap(),
            project,
            registry,
            digests,
        }
    }

    /// Merges by this plan and these digest files: exit code, and what was said.
    fn merge(&self, plan: &Value, digests: &BTreeMap<String, Value>) -> (Option<i32>, String) {
        let host = self.registry.host();
        std::fs::remove_dir_all(self.project.path("digests")).unwrap();
        for (target, file) in digests {
            let path = self.project.digest_file(&host, target);
            self.project.write(&path, file.to_string());
        }
        self.project.write("plan.json", plan.to_string());
        let merge = ["merge", "--plan", "plan.json", "--registry", &host];
        let output = self.project.run(&merge);
        (output.code, output.stderr)
    }

    fn tags(&self) -> Vec<String> {
        let tags = crane(&["ls", &format!("{}/test/misbehave", self.registry.host())]);
        let mut tags: Vec<_> = tags.lines().map(str::to_owned).collect();
        tags.sort();
        tags
    }
}

fn target(version: &str, platform: &str) -> String {
    format!("misbehave/{version}/misbehave/{platform}")
}

/// The first version of the plan, alone.
fn first(plan: &mut Value) -> &mut Value {
    let versions = plan["apps"][0]["versions"].as_array_mut().unwrap();
    versions.truncate(1);
    &mut versions[0]
}

#[test]
fn digest_files_do_not_say_what_an_image_is() {
    let built = Built::new();
    let host = built.registry.host();
    let repository = format!("{host}/test/misbehave");
    let amd64 = target("1.0.0", "linux-amd64");
    let descriptor = |target: &str| built.digests[target]["descriptor"].clone();
    // An image that calls itself another one, as another app's would.
    let own = format!(
        "{repository}@{}",
        descriptor(&amd64)["digest"].as_str().unwrap()
    );
    let other = format!("{repository}:other");
    let title = "org.opencontainers.image.title=other";
    crane(&["mutate", &own, "--label", title, "--tag", &other]);
    let mut titled = descriptor(&amd64);
    titled["digest"] = crane(&["digest", &other]).into();
    let mut arm64 = descriptor(&target("1.0.0", "linux-arm64"));
    arm64["platform"] = descriptor(&amd64)["platform"].clone();
    let before = built.tags();

    for (pointer, value, code, says) in [
        (
            "/repository",
            json!("evil.example/misbehave"),
            4,
            "no digest file for misbehave 1.0.0 linux/amd64",
        ),
        (
            "/target/platform",
            json!("linux/arm64"),
            3,
            "it is about misbehave 1.0.0 linux/arm64",
        ),
        ("/version/number", json!("1.2.3"), 3, "its version is 1.2.3"),
        (
            "/descriptor",
            descriptor(&target("2.0.0", "linux-amd64")),
            3,
            "image.version is `2.0.0`, not `1.0.0`",
        ),
        (
            "/descriptor",
            titled,
            3,
            "image.title is `other`, not `misbehave`",
        ),
        (
            "/descriptor",
            arm64,
            3,
            "given for linux/amd64, is for linux/arm64",
        ),
    ] {
        let mut digests = built.digests.clone();
        let file = digests.get_mut(&amd64).unwrap();
        *file.pointer_mut(pointer).unwrap() = value;
        let mut plan = built.plan.clone();
        first(&mut plan);
        let (ended, said) = built.merge(&plan, &digests);
        assert_eq!(ended, Some(code), "{pointer}: {said}");
        assert!(said.contains(says), "{pointer}: {said}");
        assert_eq!(built.tags(), before, "{pointer}");
    }
    // Nor what kind of thing it is, how large, of which commit where none was
    // checked out, and what there is to say of it.
    let mut digests = built.digests.clone();
    let revision = json!({ "commit": "e".repeat(40), "committed": "2025-01-01T00:00:00Z" });
    digests.get_mut(&amd64).unwrap()["revision"] = revision;
    let claimed = &mut digests.get_mut(&amd64).unwrap()["descriptor"];
    let size = claimed["size"].clone();
    claimed["size"] = 1.into();
    claimed["mediaType"] = "application/vnd.oci.image.index.v1+json".into();
    claimed["annotations"] = json!({ "vnd.docker.reference.type": "attestation-manifest" });
    let (ended, said) = built.merge(&built.plan, &digests);
    assert_eq!(ended, Some(0), "{said}");
    assert_eq!(built.tags(), ["1.0.0", "2.0.0", "latest", "other"]);
    let index = crane(&["manifest", &format!("{repository}:1.0.0")]);
    let index: Value = serde_json::from_str(&index).unwrap();
    assert!(index["annotations"]["org.opencontainers.image.revision"].is_null());
    let entry = &index["manifests"][0];
    assert_eq!(entry["size"], size);
    assert_eq!(
        entry["mediaType"],
        "application/vnd.oci.image.manifest.v1+json"
    );
    assert!(entry["annotations"].is_null(), "{entry}");
}

#[test]
fn a_plan_does_no_more_than_the_project_allows() {
    let built = Built::new();
    // 1.0.0's images with digest files that say they are this version's.
    let as_version = |version: &str| {
        let mut digests = built.digests.clone();
        for platform in PLATFORMS {
            let mut file = built.digests[&target("1.0.0", platform)].clone();
            file["target"]["version"] = version.into();
            file["version"]["number"] = version.into();
            digests.insert(target(version, platform), file);
        }
        digests
    };
    let renumber = |plan: &mut Value, number: &str| {
        let version = first(plan);
        version["version"]["number"] = number.into();
        for job in version["jobs"].as_array_mut().unwrap() {
            job["version"] = number.into();
        }
    };
    let edits: [(&str, Edit<'_>, i32, &str); 15] = [
        (
            "app",
            &|plan| plan["apps"][0]["app"]["name"] = "ghost".into(),
            3,
            "names the app `ghost`",
        ),
        (
            "app path",
            &|plan| plan["apps"][0]["app"]["name"] = "../../tmp".into(),
            3,
            "names the app `../../tmp`",
        ),
        (
            "image",
            &|plan| first(plan)["images"][0]["image"] = "evil".into(),
            3,
            "publish the image `evil`",
        ),
        (
            "image path",
            &|plan| first(plan)["images"][0]["image"] = "../evil/x".into(),
            3,
            "publish the image `../evil/x`",
        ),
        (
            "platform",
            &|plan| first(plan)["images"][0]["wanted"] = json!(["linux/s390x"]),
            3,
            "published for linux/s390x",
        ),
        (
            "job",
            &|plan| first(plan)["jobs"][0]["app"] = "other".into(),
            3,
            "a job of another version",
        ),
        (
            "no jobs",
            &|plan| first(plan)["jobs"] = json!([]),
            4,
            "no digest file",
        ),
        (
            "version path",
            &|plan| renumber(plan, "../../../tmp"),
            3,
            "which cannot be a tag",
        ),
        (
            "other version",
            &|plan| renumber(plan, "7.7.7"),
            3,
            "image.version is `1.0.0`, not `7.7.7`",
        ),
        ("latest", &|plan| renumber(plan, "latest"), 3, "latest"),
        (
            "source",
            &|plan| plan["apps"][0]["app"]["upstream"] = "https://evil.example".into(),
            3,
            "image.source is `https://misbehave.example`",
        ),
        (
            "created",
            &|plan| first(plan)["version"]["created"] = "1999-01-01T00:00:00Z".into(),
            3,
            "image.created is `2025-",
        ),
        (
            "prerelease",
            &|plan| first(plan)["version"]["prerelease"] = true.into(),
            3,
            "prerelease is absent",
        ),
        (
            "namespace",
            &|plan| plan["namespace"] = "evil".into(),
            3,
            "is a plan for",
        ),
        (
            "complete",
            &|plan| {
                renumber(plan, "9.9.9");
                first(plan)["images"][0]["missing"] = json!([]);
                first(plan)["images"][0]["present"] = json!(["linux/amd64", "linux/arm64"]);
                first(plan)["jobs"] = json!([]);
            },
            4,
            "9.9.9 does not exist",
        ),
    ];
    for (name, edit, code, says) in edits {
        let mut plan = built.plan.clone();
        edit(&mut plan);
        let number = first(&mut plan.clone())["version"]["number"].clone();
        let number = number.as_str().unwrap();
        let digests = match number {
            "7.7.7" | "latest" => as_version(number),
            _ => built.digests.clone(),
        };
        let (ended, said) = built.merge(&plan, &digests);
        assert_eq!(ended, Some(code), "{name}: {said}");
        assert!(said.contains(says), "{name}: {said}");
        let listed = crane(&["catalog", &built.registry.host()]);
        assert!(!listed.contains("evil"), "{name}: {listed}");
    }
    // Which tags move is for app.toml to say.
    let mut plan = built.plan.clone();
    plan["apps"][0]["moving"] = json!(["evil", "{major}"]);
    for version in plan["apps"][0]["versions"].as_array_mut().unwrap() {
        let tags = version["images"][0]["tags"].as_array_mut().unwrap();
        tags.push("evil".into());
    }
    let (ended, said) = built.merge(&plan, &built.digests);
    assert_eq!(ended, Some(0), "{said}");
    assert_eq!(built.tags(), ["1.0.0", "2.0.0", "latest"]);
}

/// Labels of the recipe, and of its Dockerfile, about what only the host knows.
#[test]
fn the_hosts_labels_are_nobody_elses() {
    for builder in [Builder::Docker, Builder::BuildKit] {
        let project = Project::new(builder);
        project.misbehave(&["1.0.0"]);
        project.options(&[
            (
                "labels",
                "org.opencontainers.image.version=9.9.9 org.opencontainers.image.source=https://evil.example \
                 org.opencontainers.image.created=1999-01-01T00:00:00Z org.opencontainers.image.revision=eeee \
                 dev.bakehouse.prerelease=true org.opencontainers.image.vendor=Mine com.example.own=kept",
            ),
            (
                "dockerfile",
                "LABEL org.opencontainers.image.version=8.8.8 org.opencontainers.image.title=other \
                 com.example.file=kept",
            ),
        ]);
        let part = ["run", "--platform", "linux/amd64", "--partial"];
        project.run(&part).expect(0);
        let seen = project.run(&["inspect", "misbehave:1.0.0", "--format", "json"]);
        let seen = seen.expect(0).json();
        let label = |key: &str| seen["images"][0]["labels"][key].as_str();
        for (key, value) in [
            ("version", Some("1.0.0")),
            ("title", Some("misbehave")),
            ("source", Some("https://misbehave.example")),
            ("created", Some("2025-01-01T10:00:00.000Z")),
            ("revision", None),
            ("vendor", Some("Mine")),
        ] {
            let key = format!("org.opencontainers.image.{key}");
            assert_eq!(label(&key), value, "{builder:?}: {key}");
        }
        assert_eq!(label("dev.bakehouse.prerelease"), None);
        assert_eq!(label("com.example.own"), Some("kept"));
        assert_eq!(label("com.example.file"), Some("kept"));

        // A Dockerfile that claims what the host says nothing of is refused.
        project.options(&[("dockerfile", "LABEL dev.bakehouse.prerelease=true")]);
        project
            .run(&[&part[..], &["--rebuild"]].concat())
            .expect(8)
            .says("dev.bakehouse.prerelease is `true`, not absent");
    }
}
