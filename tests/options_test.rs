//! Options that recipes declare, and app.toml sets.

use crate::support::{Builder, Project};

const MATTERMOST: &str = "images = [\"mattermost\"]\n[options]\n";

#[test]
fn what_a_recipe_does_not_declare_is_refused_with_its_line() {
    let project = Project::new(Builder::Docker);
    project.misbehave(&["1.0.0"]);
    project.options(&[("hallo", "x")]);
    project
        .run(&["plan"])
        .expect(3)
        .says("apps/misbehave/app.toml:7: recipe misbehave has no option `hallo` (did you mean `hello`?); it has ")
        .says("`checks` (a list of texts), `members` (a list of texts), `source` (a text)")
        .says("hint: `bakehouse recipe check` lists the options of a recipe");
}

#[test]
fn what_an_option_cannot_be_is_refused_with_what_it_can() {
    for (line, says) in [
        (
            "edition = \"pro\"",
            "app.toml:6: option `edition` is `pro`; recipe mattermost takes `team` or `enterprise`",
        ),
        (
            "build = true",
            "app.toml:6: option `build` is `true`; recipe mattermost takes `package` or `source`",
        ),
        (
            "editions = \"team\"",
            "app.toml:6: recipe mattermost has no option `editions` (did you mean `edition`?); \
             it has `edition` (`team` or `enterprise`), `build` (`package` or `source`)",
        ),
    ] {
        let project = Project::new(Builder::Docker);
        project.app("mattermost", &format!("{MATTERMOST}{line}"));
        project.run(&["plan"]).expect(3).says(says);
    }
    let project = Project::new(Builder::Docker);
    project.app("fromsource", "images = [\"fromsource\"]");
    project.run(&["plan"]).expect(3).says(
        "apps/fromsource/app.toml: recipe fromsource needs the option `repository` under [options]: \
         a text, what is built",
    );
}

#[test]
fn a_check_lists_them() {
    let project = Project::new(Builder::Docker);
    project.app(
        "mattermost",
        &format!("{MATTERMOST}edition = \"enterprise\""),
    );
    let check = ["recipe", "check", "mattermost", "--offline"];
    let output = project.run(&check).expect(11);
    for row in [
        "edition          `team` or `enterprise`  \"enterprise\"         which of upstream's packages\n",
        "build            `package` or `source`   \"package\" (default)  where the server's programs come from\n",
    ] {
        assert!(output.stdout.contains(row), "{}", output.stdout);
    }
    let json = project
        .run(&[&check[..], &["--format", "json"]].concat())
        .expect(11)
        .json();
    let options = &json["options"];
    assert_eq!(options[0]["name"], "edition");
    assert_eq!(options[0]["value"], "enterprise");
    assert_eq!(options[0]["set"], true);
    assert_eq!(options[1]["default"], "package");
    assert_eq!(options[1]["choices"][1], "source");
    assert_eq!(options[1]["set"], false);
}

#[test]
fn a_recipe_that_asks_for_another_one_ends_there() {
    let project = Project::new(Builder::Docker);
    project.misbehave(&["1.0.0"]);
    project.options(&[("ask", "hello"), ("hello", "there")]);
    project
        .run(&["plan"])
        .expect(5)
        .says("`hello` is Some(OptionValue::Text(\"there\"))");
    project.options(&[("ask", "secret")]);
    project
        .run(&["plan"])
        .expect(5)
        .says("crashed in versions (misbehave): it asks for the option `secret`, which it does not declare");
}

/// What this program does not do yet is told, and refused where it would do
/// something else instead.
#[test]
fn checks_and_orders_that_are_not_there_are_told() {
    let project = Project::new(Builder::Docker);
    project.misbehave(&["1.0.0", "1.1.0"]);
    // All that the recipe asks for.
    project.app(
        "misbehave",
        "releases = [\"npm:misbehave\"]\nimages = [\"misbehave\"]\nbases = [\"base.invalid/x\"]",
    );
    let file = "apps/misbehave/app.toml";
    let app = std::fs::read_to_string(project.path(file)).unwrap();
    project.write(file, format!("{app}[options]\nchecks = [\"/hello\"]\n"));
    let checked = project.run(&["recipe", "check", "misbehave"]).expect(0);
    let warned = "linux/arm64: it asks for the check `/hello`, which this program does not run\n";
    assert!(checked.stdout.contains(warned), "{}", checked.stdout);
    let report = project.run(&["run", "--format", "json"]).expect(0).json();
    let notes = report["notes"].as_array().unwrap();
    assert_eq!(
        notes,
        &["misbehave: its recipe asks for checks of its images, which this program does not run"]
    );
    project.write(file, format!("{app}[options]\nchecks = [\"/a\", \"/a\"]\n"));
    project
        .run(&["run", "--rebuild"])
        .expect(5)
        .says("recipe misbehave, prepare: two checks are called `/a`");

    let project = Project::new(Builder::Docker);
    project.app("listed", "images = [\"listed\"]");
    project.run(&["plan"]).expect(5).says(
        "recipe listed orders its versions as it lists them; this program orders versions by their numbers alone",
    );
}

#[test]
fn a_revision_is_newer_than_its_version_by_a_suffix_alone() {
    let project = Project::new(Builder::Docker);
    project.misbehave(&["1.0.0", "1.0.0-2", "1.1.0"]);
    project.options(&[("revision-of", "1.0.0")]);
    let plan = project.run(&["plan", "--format", "json"]).expect(5);
    let versions = &plan.json()["apps"][0]["versions"];
    let numbers: Vec<_> = versions
        .as_array()
        .unwrap()
        .iter()
        .map(|version| {
            let version = &version["version"];
            let of = version["revisionOf"].as_str().map(str::to_owned);
            (version["number"].as_str().unwrap().to_owned(), of)
        })
        .collect();
    let revision = ("1.0.0-2".to_owned(), Some("1.0.0".to_owned()));
    assert_eq!(numbers, [("1.0.0".to_owned(), None), revision]);
    plan.says("1.1.0 is said to be a revision of 1.0.0, and its number is not newer than that by a suffix alone");
}
