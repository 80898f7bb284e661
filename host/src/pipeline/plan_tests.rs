use oci_spec::image::MediaType;

use super::*;
use crate::recipe::Image;
use crate::registry::digest::sha256;

const BOTH: [&str; 2] = ["linux/amd64", "linux/arm64"];

fn platforms(texts: &[&str]) -> Vec<Platform> {
    texts.iter().map(|text| text.parse().unwrap()).collect()
}

/// An app whose images are named with what they need: `("b", &["a"])`.
fn app(images: &[(&str, &[&str])]) -> App {
    let image = |(name, needs): &(&str, &[&str])| Image {
        name: (*name).to_owned(),
        summary: String::new(),
        needs: needs.iter().map(|need| (*need).to_owned()).collect(),
        platforms: platforms(&BOTH),
    };
    App {
        name: "app".to_owned(),
        recipe_version: "1.0.0".to_owned(),
        summary: String::new(),
        upstream: String::new(),
        license: String::new(),
        extras: Vec::new(),
        images: images.iter().map(image).collect(),
        wants: Vec::new(),
    }
}

/// A version with every image for both platforms; `published` names what is
/// there, as `image platform`.
fn facts(app: &App, number: &str, published: &[&str]) -> VersionFacts {
    let targets = app.images.iter().flat_map(|image| {
        image.platforms.iter().map(|platform| Target {
            image: image.name.clone(),
            platform: platform.clone(),
        })
    });
    let mut there: BTreeMap<String, BTreeMap<Platform, Descriptor>> = BTreeMap::new();
    for text in published {
        let (image, platform) = text.split_once(' ').unwrap();
        let descriptor = Descriptor::new(MediaType::ImageManifest, 1, sha256(text.as_bytes()));
        let platforms = there.entry(image.to_owned()).or_default();
        platforms.insert(platform.parse().unwrap(), descriptor);
    }
    VersionFacts {
        version: Version {
            number: number.to_owned(),
            source: None,
            prerelease: false,
            created: None,
            extras: Vec::new(),
        },
        matrix: targets.collect(),
        published: there,
    }
}

fn jobs_of(plan: &AppPlan) -> Vec<String> {
    let jobs = plan.versions.iter().flat_map(|version| &version.jobs);
    jobs.map(|job| format!("{} {} {}", job.version, job.platform, job.images.join("+")))
        .collect()
}

#[test]
fn oldest_first_and_only_what_is_missing() {
    let app = app(&[("app", &[])]);
    let facts = vec![
        facts(&app, "3.0.0", &[]),
        facts(&app, "2.0.0", &["app linux/amd64"]),
        facts(&app, "1.0.0", &["app linux/amd64", "app linux/arm64"]),
    ];
    let plan = plan_app(&app, facts, &platforms(&BOTH), &["latest".to_owned()]).unwrap();
    assert_eq!(
        jobs_of(&plan),
        [
            "2.0.0 linux/arm64 app",
            "3.0.0 linux/amd64 app",
            "3.0.0 linux/arm64 app"
        ]
    );
    let newest = &plan.versions[2].images[0];
    assert_eq!(newest.tags, ["3.0.0", "latest"]);
    assert_eq!(newest.moving("3.0.0").collect::<Vec<_>>(), ["latest"]);
}

#[test]
fn images_that_need_each_other_are_one_job() {
    let app = app(&[
        ("web", &["base"]),
        ("worker", &["base"]),
        ("base", &[]),
        ("docs", &[]),
    ]);
    let missing_one = &["web linux/amd64", "base linux/amd64", "docs linux/amd64"];
    let facts = vec![facts(&app, "1", missing_one)];
    let plan = plan_app(&app, facts, &platforms(&["linux/amd64"]), &[]).unwrap();
    // base is published, but its digest is needed.
    assert_eq!(jobs_of(&plan), ["1 linux/amd64 base+worker"]);

    let nothing = vec![self::facts(&app, "1", &[])];
    let plan = plan_app(&app, nothing, &platforms(&["linux/amd64"]), &[]).unwrap();
    let mut jobs = jobs_of(&plan);
    jobs.sort();
    assert_eq!(
        jobs,
        ["1 linux/amd64 base+web+worker", "1 linux/amd64 docs"]
    );
}

#[test]
fn platforms_nobody_asked_for_are_left_alone() {
    let app = app(&[("app", &[])]);
    let facts = vec![facts(&app, "1", &["app linux/arm64"])];
    let plan = plan_app(&app, facts, &platforms(&["linux/amd64"]), &[]).unwrap();
    let image = &plan.versions[0].images[0];
    assert_eq!(image.wanted, platforms(&["linux/amd64"]));
    assert_eq!(image.present, platforms(&["linux/arm64"]));
    assert_eq!(jobs_of(&plan), ["1 linux/amd64 app"]);
}

#[test]
fn circles_and_unknown_needs_are_named() {
    for images in [
        [("a", &["b"][..]), ("b", &["a"][..])],
        [("a", &["nobody"][..]), ("b", &[][..])],
    ] {
        let failure = plan_app(&app(&images), Vec::new(), &[], &[]).unwrap_err();
        assert_eq!(failure.code(), ExitCode::Recipe);
        assert!(failure.to_string().contains("images a"), "{failure}");
    }
}
