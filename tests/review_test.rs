//! Reviews: what a change touches, in a real repository, built and run.

use std::process::Command;

use serde_json::{Value, json};

use crate::support::{Builder, Package, Project, busybox, finish};
use crate::workflow_test::crosshello;

const TOOL: &str = r#"recipe = "bakehouse:binaries"
[options]
source = "npm:tool"
license = "GPL-2.0-only"
summary = "A tool"
sources = { "linux/amd64" = "npm:@tool/linux-x64", "linux/arm64" = "npm:@tool/linux-arm64" }
member = "*/bin/busybox"
path = "/busybox"
[grants]
images = ["tool"]
releases = ["npm:tool", "npm:@tool/linux-x64", "npm:@tool/linux-arm64"]
"#;

/// A project with `tool`, a real program, in one commit.
fn project() -> Project {
    let project = Project::new(Builder::BuildKit);
    let versions = ["1.0.0", "1.1.0"];
    for (cpu, machine) in [("x64", "amd64"), ("arm64", "arm64")] {
        let package = Package::new(&versions)
            .file("bin/busybox", &busybox(machine))
            .facts(json!({ "os": ["linux"], "cpu": [cpu] }));
        project.npm.publish(&format!("@tool/linux-{cpu}"), package);
    }
    project.npm.publish("tool", Package::new(&versions));
    project.write("apps/tool/app.toml", TOOL);
    project.write(".gitignore", ".bakehouse/\ndigests/\n");
    git(&project, &["init", "--quiet", "--initial-branch=main"]);
    commit(&project);
    project
}

fn git(project: &Project, arguments: &[&str]) {
    let status = Command::new("git")
        .args(["-c", "user.name=A", "-c", "user.email=a@b.example"])
        .args(arguments)
        .current_dir(project.path("."))
        .status();
    assert!(status.expect("git starts").success(), "git {arguments:?}");
}

fn commit(project: &Project) {
    git(project, &["add", "--all"]);
    git(project, &["commit", "--quiet", "--message", "x"]);
}

/// The findings of `review` without a build.
fn looked(project: &Project, base: &str) -> Value {
    let arguments = ["review", "--base", base, "--no-build", "--format", "json"];
    project.run(&arguments).expect(0).json()
}

fn touched(review: &Value) -> Vec<String> {
    let apps = review["apps"].as_array().unwrap().iter();
    apps.map(|app| {
        format!(
            "{} {}",
            app["app"].as_str().unwrap(),
            app["state"].as_str().unwrap()
        )
    })
    .collect()
}

#[test]
fn a_change_is_told_built_and_run() {
    let project = project();
    project
        .run(&["run", "tool", "--max-versions", "1"])
        .expect(0);
    let published = project.digest("tool:1.1.0");
    let changed = format!(
        "{TOOL}downloads = [\"https://h.example/x/\"]\n[images.tool]\nsmoke = [\"echo\", \"a|b\"]\n"
    );
    project.write("apps/tool/app.toml", &changed);
    project.misbehave(&["1.0.0"]);
    commit(&project);
    // What is not committed yet is part of it, too.
    project.write(
        "apps/tool/app.toml",
        changed.replace("h.example", "i.example"),
    );

    let output = project
        .run(&[
            "review",
            "--base",
            "HEAD~1",
            "--format",
            "json",
            "--summary",
            "page.md",
        ])
        .expect(0);
    let review = output.json();
    assert_eq!(touched(&review), ["misbehave new", "tool changed"]);
    let grants = review["grants"].as_array().unwrap();
    assert_eq!(grants.len(), 2, "{grants:?}");
    let new = json!([{ "kind": "downloads", "entry": "https://i.example/x/" }]);
    assert_eq!(
        grants[1],
        json!({ "app": "tool", "added": new, "removed": [] })
    );
    let targets = review["targets"].as_array().unwrap();
    let seen: Vec<String> = targets
        .iter()
        .map(|target| {
            assert!(target["size"].as_u64().unwrap() > 0, "{target}");
            let [app, version, platform, kind] =
                ["app", "version", "platform", "kind"].map(|key| {
                    target
                        .get(key)
                        .unwrap_or(&target["ran"][key])
                        .as_str()
                        .unwrap()
                });
            format!("{app} {version} {platform} {kind}")
        })
        .collect();
    assert_eq!(
        seen,
        [
            "misbehave 1.0.0 linux/amd64 not",
            "misbehave 1.0.0 linux/arm64 not",
            "tool 1.1.0 linux/amd64 well",
            "tool 1.1.0 linux/arm64 well",
        ]
    );

    let page = std::fs::read_to_string(project.path("page.md")).unwrap();
    for line in [
        "### The change since ",
        "| tool | apps/tool/app.toml | 1.1.0 | tool |\n",
        "**tool** may now\n\n- download from `https://i.example/x/`\n",
        "| +0.0 % | `runs: echo a\\|b: a\\|b` |\n",
        "| `not run: it has no program of its own` |\n",
    ] {
        assert!(page.contains(line), "no {line} in\n{page}");
    }

    // Nothing of it is anywhere, and nothing that is published has changed.
    assert_eq!(project.digest("tool:1.1.0"), published);
    project.run(&["inspect", "misbehave:1.0.0"]).expect(4);
    assert!(!project.path("digests/local+test/misbehave").exists());
    let work = std::fs::read_dir(project.path(".bakehouse/work")).unwrap();
    assert_eq!(work.count(), 0);
}

#[test]
fn what_cannot_be_built_or_does_not_run_is_told_beside_the_rest() {
    let project = project();
    project.write(
        "apps/tool/app.toml",
        format!("{TOOL}[images.tool]\nsmoke = [\"false\"]\n"),
    );
    project.misbehave(&["1.0.0-arm64fails"]);
    project.write("apps/broken/app.toml", "recipe = \"none.wasm\"\n");
    let output = project
        .run(&["review", "--base", "main", "--summary", "page.md"])
        .expect(8)
        .says("there is no recipe for broken at ")
        .says("misbehave 1.0.0-arm64fails linux/arm64: ")
        .says("tool 1.1.0 linux/amd64: its image does not run: false: exit code 1")
        .says(
            "hint: see what its program needs; `smoke` under [images.tool] in apps/tool/app.toml",
        );
    assert!(
        !output
            .stderr
            .contains("error: misbehave 1.0.0-arm64fails linux/amd64"),
        "{}",
        output.stderr
    );
    let rows: Vec<&str> = output
        .stdout
        .lines()
        .filter(|line| line.contains("linux/"))
        .collect();
    assert!(
        rows[0].ends_with("not run: it has no program of its own"),
        "{rows:?}"
    );
    assert!(rows[1].ends_with("NOT BUILT"), "{rows:?}");
    assert!(rows[2].ends_with("FAILS: false: exit code 1"), "{rows:?}");
    let page = std::fs::read_to_string(project.path("page.md")).unwrap();
    assert!(page.contains("#### 4 failures\n"), "{page}");

    // Without arguments it is enough that it starts.
    project.write(
        "apps/tool/app.toml",
        format!("# why\n{TOOL}[images.tool]\nsmoke = true\n"),
    );
    project.options(&[
        ("behaviour", "behave"),
        ("hello", "#!/nonexistent\n"),
        (
            "dockerfile",
            "COPY --chmod=755 hello /x\nENTRYPOINT [\"/x\"]",
        ),
    ]);
    std::fs::remove_dir_all(project.path("apps/broken")).unwrap();
    let output = project
        .run(&["review", "--base", "main", "--platform", "linux/arm64"])
        .expect(8)
        .says("misbehave 1.0.0-arm64fails linux/arm64: its image does not run: exec /x: no such file or directory");
    let said = "starts: --version: exit code 127: --version: applet not found";
    assert!(output.stdout.contains(said), "{}", output.stdout);
}

#[test]
fn what_a_change_touches() {
    let project = project();
    project.write("README.md", "# words\n");
    project.write("apps/tool/app.toml", format!("# why\n{TOOL}"));
    let output = project.run(&["review", "--base", "main"]).expect(0);
    assert!(
        output
            .stdout
            .starts_with("Nothing to build: the change since "),
        "{}",
        output.stdout
    );
    assert!(
        output.stdout.ends_with(" touches no app\n"),
        "{}",
        output.stdout
    );

    project.misbehave(&["1.0.0", "1.1.0"]);
    commit(&project);
    let mut component = std::fs::read(project.path("apps/misbehave/recipe.wasm")).unwrap();
    component.extend(b"\0\x02\x01x");
    project.write("apps/misbehave/recipe.wasm", component);
    let review = looked(&project, "main");
    assert_eq!(touched(&review), ["misbehave changed"]);
    assert_eq!(
        review["apps"][0]["why"][0]["files"],
        json!(["apps/misbehave/recipe.wasm"])
    );
    let versions = review["plan"]["apps"][0]["versions"].as_array().unwrap();
    assert_eq!(versions.len(), 1, "the newest alone");
    assert_eq!(review["built"], false);

    // A branch is compared with where it began.
    git(&project, &["checkout", "--quiet", "--", "."]);
    git(
        &project,
        &["switch", "--quiet", "--create", "other", "main~1"],
    );
    git(&project, &["checkout", "--quiet", "main", "--", "."]);
    std::fs::remove_dir_all(project.path("apps/tool")).unwrap();
    let review = looked(&project, "main");
    assert_eq!(touched(&review), ["misbehave new", "tool removed"]);
    assert_eq!(
        review["grants"][1]["removed"][0]["entry"],
        "npm:@tool/linux-arm64"
    );

    // What is for all apps touches all; more than are built are named.
    git(&project, &["reset", "--quiet", "--hard", "main"]);
    project.platforms(&["linux/amd64"]);
    let review = ["review", "--base", "main", "--no-build", "--max-apps", "1"];
    let output = project.run(&review).expect(0);
    assert!(
        output.stdout.contains("bakehouse.toml: platforms"),
        "{}",
        output.stdout
    );
    assert!(
        output
            .stdout
            .contains("1 more apps are touched, and not built: tool; --max-apps"),
        "{}",
        output.stdout
    );
}

#[test]
fn an_image_is_built_on_another_of_the_same_review() {
    let project = project();
    crosshello(&project);
    let arguments = ["review", "--base", "main", "--platform", "linux/amd64"];
    let output = project.run(&arguments).expect(0);
    let rows = output.stdout.lines().filter(|line| line.contains("linux/"));
    let rows: Vec<&str> = rows.collect();
    assert!(
        rows[0].starts_with("crosshello-base  1.0.0    linux/amd64"),
        "{rows:?}"
    );
    assert!(
        rows[1].starts_with("crosshello       1.0.0    linux/amd64"),
        "{rows:?}"
    );
    assert!(rows[1].contains("starts: "), "{rows:?}");
    let tags = project.run(&["inspect", "crosshello:1.0.0"]);
    tags.expect(4);
}

#[test]
fn parts_on_several_machines_are_one_page() {
    let project = project();
    project.write("apps/tool/app.toml", TOOL.replace("A tool", "Another"));
    let plan = ["review", "plan", "--base", "main", "--save", "review.json"];
    let plan = [&plan[..], &["--format", "github"]].concat();
    let outputs = project.run(&plan).expect(0).stdout;
    let outputs: Vec<&str> = outputs.lines().collect();
    assert_eq!([outputs[0], outputs[2]], ["jobs=2", "touched=true"]);
    let batches: Value = serde_json::from_str(outputs[1].strip_prefix("matrix=").unwrap()).unwrap();
    std::fs::create_dir_all(project.path("parts/a")).unwrap();
    let part = |batch: usize, to: &str| {
        let id = batches[batch]["id"].as_str().unwrap();
        let arguments = [
            "review",
            "build",
            "--plan",
            "review.json",
            "--batch",
            id,
            "--save",
            to,
        ];
        project.command(&arguments)
    };
    finish(&mut part(0, "parts/a/part.json"))
        .expect(0)
        .says("try: tool 1.1.0 linux/amd64");
    // On another one there is no engine.
    let mut other = part(1, "parts/part.json");
    finish(other.env("DOCKER_HOST", "unix:///nonexistent")).expect(7);
    let page = [
        "review",
        "page",
        "--plan",
        "review.json",
        "--parts",
        "parts",
    ];
    let output = project
        .run(&page)
        .expect(7)
        .says("no Docker Engine answers at unix:///nonexistent");
    let rows = output.stdout.lines().filter(|line| line.contains("linux/"));
    let rows: Vec<&str> = rows.collect();
    assert!(rows[0].contains("starts: --version: "), "{rows:?}");
    assert!(rows[1].ends_with("NOT BUILT"), "{rows:?}");
    // A file that is none stops no page, and a machine of which nothing came is told.
    project.write("parts/part.json", "{}");
    project
        .run(&page)
        .expect(3)
        .says("parts/part.json is no part of a review: missing field `schema`");
    std::fs::remove_file(project.path("parts/part.json")).unwrap();
    let page = project.run(&page).expect(8);
    page.says("tool 1.1.0 linux/arm64: nothing is known of its build");
}

#[test]
fn without_history_it_says_so() {
    let project = project();
    project
        .run(&["review", "--base", "nowhere"])
        .expect(4)
        .says("the repository has no commit `nowhere`");
    project.run(&["review", "--base", "--help"]).expect(2);
    project.run(&["review"]).expect(2).says("--base <REV>");
    let mut gitless = project.command(&["review", "--base", "main"]);
    finish(gitless.env("PATH", "/nonexistent"))
        .expect(3)
        .says("hint: install git");
    std::fs::remove_dir_all(project.path(".git")).unwrap();
    project
        .run(&["review", "--base", "main"])
        .expect(3)
        .says("is not in a git repository")
        .says("hint: run it in a clone of the project's repository");
}
