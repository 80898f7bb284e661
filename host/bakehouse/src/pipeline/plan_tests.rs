use bakehouse_core::recipe::Image;

use super::*;

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
        unpublished: false,
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
        options: None,
        ordering: Default::default(),
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
    let mut there: BTreeMap<String, PublishedImage> = BTreeMap::new();
    for text in published {
        let (image, platform) = text.split_once(' ').unwrap();
        let published = there
            .entry(image.to_owned())
            .or_insert_with(|| PublishedImage {
                digest: format!("index of {image} {number}"),
                recipes: BTreeMap::new(),
            });
        let recipe = Some("now".to_owned());
        published.recipes.insert(platform.parse().unwrap(), recipe);
    }
    VersionFacts {
        version: Version {
            number: number.to_owned(),
            source: None,
            prerelease: false,
            created: None,
            revision_of: None,
            extras: Vec::new(),
            taken: Vec::new(),
        },
        matrix: targets.collect(),
        published: there,
        recipe: "now".to_owned(),
        rebuild: false,
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
    let plan = plan_app(
        &app,
        facts,
        &Scope::all(&platforms(&BOTH)),
        &["latest".to_owned()],
    )
    .unwrap();
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
    let plan = plan_app(&app, facts, &Scope::all(&platforms(&["linux/amd64"])), &[]).unwrap();
    // base is published, but its digest is needed.
    assert_eq!(jobs_of(&plan), ["1 linux/amd64 base+worker"]);

    let nothing = vec![self::facts(&app, "1", &[])];
    let plan = plan_app(
        &app,
        nothing,
        &Scope::all(&platforms(&["linux/amd64"])),
        &[],
    )
    .unwrap();
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
    let plan = plan_app(&app, facts, &Scope::all(&platforms(&["linux/amd64"])), &[]).unwrap();
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
        let failure = plan_app(&app(&images), Vec::new(), &Scope::all(&[]), &[]).unwrap_err();
        assert_eq!(failure.code(), ExitCode::Recipe);
        assert!(failure.to_string().contains("images a"), "{failure}");
    }
}

/// Reasons of the only image, as text.
fn told(plan: &AppPlan) -> Vec<String> {
    let reasons = plan.versions[0].images[0].reasons.iter();
    reasons.map(ToString::to_string).collect()
}

#[test]
fn every_image_has_its_reason() {
    let app = app(&[("app", &[])]);
    let planned = |published: &[&str], recipes: [Option<&str>; 2], rebuild: bool| {
        let mut facts = facts(&app, "1", published);
        facts.rebuild = rebuild;
        for image in facts.published.values_mut() {
            for (made_by, recipe) in image.recipes.values_mut().zip(recipes) {
                *made_by = recipe.map(str::to_owned);
            }
        }
        plan_app(&app, vec![facts], &Scope::all(&platforms(&BOTH)), &[]).unwrap()
    };
    let one = &["app linux/amd64"][..];
    let both = &["app linux/amd64", "app linux/arm64"][..];
    let (now, then) = (Some("now"), Some("then"));
    for (published, recipes, reasons) in [
        (&[][..], [now, now], &["new version"][..]),
        (one, [now, now], &["missing linux/arm64"]),
        (both, [now, now], &[]),
        (both, [now, then], &["recipe changed for linux/arm64"]),
        (both, [now, None], &["recipe unknown for linux/arm64"]),
        (
            one,
            [then, now],
            &["missing linux/arm64", "recipe changed for linux/amd64"],
        ),
    ] {
        let plan = planned(published, recipes, false);
        assert_eq!(told(&plan), reasons);
        let image = &plan.versions[0].images[0];
        assert_eq!(image.to_build().count(), 2 - published.len());
        assert_eq!(image.replace(), Replace::Never);

        // A rebuild builds all of them, and says what it replaces.
        let plan = planned(published, recipes, true);
        let image = &plan.versions[0].images[0];
        assert_eq!(image.to_build().count(), 2);
        let forced = told(&plan).contains(&"forced".to_owned());
        assert_eq!(forced, !published.is_empty());
        if forced {
            assert_eq!(image.replace(), Replace::Index("index of app 1"));
        }
        assert!(plan.versions[0].jobs.iter().all(|job| job.rebuild));
    }
}

#[test]
fn a_rebuild_is_cut_to_the_platforms_asked_for() {
    let app = app(&[("app", &[])]);
    let mut facts = facts(&app, "1", &["app linux/amd64", "app linux/arm64"]);
    facts.rebuild = true;
    let plan = plan_app(
        &app,
        vec![facts],
        &Scope::part(&platforms(&BOTH), &platforms(&["linux/arm64"]), false),
        &[],
    )
    .unwrap();
    assert_eq!(jobs_of(&plan), ["1 linux/arm64 app"]);
    let image = &plan.versions[0].images[0];
    assert_eq!(image.rebuild, platforms(&["linux/arm64"]));
}

#[test]
fn reasons_of_later_programs_are_read() {
    let text = r#"[{"kind":"new-version"},{"kind":"base-moved","from":"a"}]"#;
    let reasons: Vec<Reason> = serde_json::from_str(text).unwrap();
    assert_eq!(reasons, [Reason::NewVersion, Reason::Other]);
    let changed = Reason::RecipeChanged {
        from: [("linux/arm64".parse().unwrap(), "then".to_owned())].into(),
        to: "now".to_owned(),
    };
    let text = serde_json::to_string(&changed).unwrap();
    let expected = r#"{"kind":"recipe-changed","from":{"linux/arm64":"then"},"to":"now"}"#;
    assert_eq!(text, expected);
    assert_eq!(serde_json::from_str::<Reason>(&text).unwrap(), changed);
}

#[test]
fn a_part_is_built_but_not_everything_wanted() {
    let app = app(&[("app", &[])]);
    let versions = || {
        vec![
            facts(&app, "2", &[]),
            facts(&app, "1", &["app linux/arm64"]),
        ]
    };
    let latest = ["latest".to_owned()];
    let (both, amd64) = (platforms(&BOTH), platforms(&["linux/amd64"]));
    let plan = plan_app(
        &app,
        versions(),
        &Scope::part(&both, &amd64, false),
        &latest,
    )
    .unwrap();
    assert_eq!(jobs_of(&plan), ["1 linux/amd64 app", "2 linux/amd64 app"]);
    let [one, two] = &plan.versions[..] else {
        panic!("{plan:?}");
    };
    // Version 1 becomes complete, version 2 would not.
    assert_eq!(Short::of(one, &one.images[0]), None);
    let short = Short::of(two, &two.images[0]).unwrap();
    assert_eq!(
        (short.built, short.missing),
        (vec![&both[0]], vec![&both[1]])
    );

    let plan = plan_app(&app, versions(), &Scope::part(&both, &amd64, true), &latest).unwrap();
    for version in &plan.versions {
        let image = &version.images[0];
        assert_eq!(image.wanted, amd64);
        assert_eq!(image.tags, [version.version.number.as_str()]);
        assert_eq!(Short::of(version, image), None);
    }
}

#[test]
fn a_moving_tag_leaves_a_versions_name_to_the_version() {
    let app = app(&[("app", &[])]);
    let mut newest = facts(&app, "26.2.1", &[]);
    newest.version.taken = vec!["26.2".to_owned()];
    let all = vec![newest, facts(&app, "26.2", &[])];
    let moving = ["latest", "{major}.{minor}"].map(str::to_owned);
    let plan = plan_app(&app, all, &Scope::all(&platforms(&BOTH)), &moving).unwrap();
    assert_eq!(plan.versions[1].images[0].tags, ["26.2.1", "latest"]);
    assert_eq!(plan.versions[0].images[0].tags, ["26.2", "latest"]);
}

#[test]
fn an_unpublished_image_is_built_where_another_one_needs_it() {
    let mut app = app(&[("base", &[]), ("app", &["base"]), ("other", &[])]);
    app.images[0].unpublished = true;
    let scope = Scope::all(&platforms(&BOTH));
    let moving = ["latest".to_owned()];
    let facts = vec![
        facts(&app, "2.0.0", &["other linux/amd64"]),
        facts(&app, "1.1.0", &["app linux/amd64", "other linux/amd64"]),
        facts(
            &app,
            "1.0.0",
            &[
                "app linux/amd64",
                "app linux/arm64",
                "other linux/amd64",
                "other linux/arm64",
            ],
        ),
    ];
    let plan = plan_app(&app, facts, &scope, &moving).unwrap();
    let mut jobs = jobs_of(&plan);
    jobs.sort();
    assert_eq!(
        jobs,
        [
            "1.1.0 linux/arm64 base+app",
            "1.1.0 linux/arm64 other",
            "2.0.0 linux/amd64 base+app",
            "2.0.0 linux/arm64 base+app",
            "2.0.0 linux/arm64 other"
        ]
    );
    let bases: Vec<_> = plan
        .versions
        .iter()
        .map(|version| &version.images[0])
        .collect();
    assert!(
        bases
            .iter()
            .all(|base| base.unpublished && base.tags.is_empty())
    );
    assert!(bases[0].is_done() && bases[0].reasons.is_empty());
    assert_eq!(bases[1].missing, platforms(&["linux/arm64"]));
    assert_eq!(bases[1].reasons[0].to_string(), "needed by app");
}
