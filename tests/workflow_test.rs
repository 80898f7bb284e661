//! The workflow files: each job on a machine of its own, ending as one local run.

use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use crate::support::actions::Repository;
use crate::support::{Builder, DebianRegistry, Package, Project, crane, golang_image, tool};

fn project() -> Project {
    Project::new(Builder::BuildKit)
}

pub fn esbuild(project: &Project) {
    project.npm.publish("esbuild", Package::new(&["1.0.0"]));
    for package in ["@esbuild/linux-x64", "@esbuild/linux-arm64"] {
        let files = Package::new(&["1.0.0"])
            .file("README.md", b"readme")
            .versioned_file("bin/esbuild", &format!("{package} VERSION"));
        project.npm.publish(package, files);
    }
    project.real("esbuild");
}

pub fn crosshello(project: &Project) {
    let golang = golang_image();
    let package = Package::new(&["1.0.0"]).description(golang);
    project.npm.publish("crosshello", package);
    let grants = "releases = [\"npm:crosshello\"]\nimages = [\"crosshello\", \"crosshello-base\"]";
    project.app("crosshello", &format!("{grants}\nbases = [\"{golang}\"]"));
}

/// Inputs of a run by hand.
fn inputs(host: &str) -> Value {
    json!({
        "REGISTRY": host, "NAMESPACE": "Daily", "MULTI_ARCH": true, "USE_QEMU": true,
        "MAX_VERSIONS": "10", "APPS": "", "REBUILD": false, "DRY_RUN": false,
    })
}

/// Tags and digests of repositories in the registry.
fn tags(host: &str, namespace: &str, images: &[&str]) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for image in images {
        let repository = format!("{host}/{namespace}/{image}");
        for tag in crane(&["ls", &repository]).lines() {
            let digest = crane(&["digest", &format!("{repository}:{tag}")]);
            found.push((format!("{image}:{tag}"), digest));
        }
    }
    found.sort();
    found
}

#[test]
fn three_apps_end_as_one_local_run() {
    let project = project();
    esbuild(&project);
    crosshello(&project);
    project.misbehave(&["1.0.0"]);
    let registry = DebianRegistry::start();
    let host = registry.host();
    let repository = Repository::new(&project, &host);
    let mut run = repository.dispatched(&inputs(&host));
    assert!(run.whole(), "{}", run.log());

    let names: Vec<&str> = run.ended("build").keys().map(String::as_str).collect();
    assert_eq!(
        names,
        [
            "crosshello 1.0.0 crosshello-base+crosshello linux/amd64",
            "crosshello 1.0.0 crosshello-base+crosshello linux/arm64",
            "esbuild 1.0.0 linux/amd64",
            "esbuild 1.0.0 linux/arm64",
            "misbehave 1.0.0 linux/amd64",
            "misbehave 1.0.0 linux/arm64",
        ]
    );
    let job = &run.ended("build")["esbuild 1.0.0 linux/arm64"];
    assert!(
        job.log
            .contains("::group::esbuild 1.0.0 linux/arm64: pushed sha256:"),
        "{}",
        job.log
    );
    assert!(
        job.summary
            .contains("| esbuild | 1.0.0 | esbuild | linux/arm64 | `sha256:"),
        "{}",
        job.summary
    );
    let merge = &run.ended("merge")["merge"];
    assert!(
        merge
            .summary
            .contains(&format!("| `{host}/daily/esbuild:1.0.0` |")),
        "{}",
        merge.summary
    );
    assert!(
        merge.log.contains("vnd.oci.image.index.v1+json"),
        "{}",
        merge.log
    );

    let local = project.run(&["run", "--registry", &host, "--namespace", "local"]);
    local.expect(0);
    // A checkout has nothing that a run leaves behind.
    std::fs::remove_dir_all(project.path(".bakehouse")).unwrap();
    let images = ["crosshello", "crosshello-base", "esbuild", "misbehave"];
    let expected = tags(&host, "local", &images);
    assert_eq!(expected.len(), 9, "{expected:?}");
    assert_eq!(tags(&host, "daily", &images), expected);

    assert!(!run.log().contains("much secret\n") || run.log().contains("::add-mask::much secret"));

    // The next day's run finds nothing to do, in one job, and keeps nothing.
    let kept = repository.cache_keys();
    let next = json!({ "registry": host, "namespace": "daily" });
    let mut run = repository.scheduled(&next);
    assert!(run.whole(), "{}", run.log());
    assert_eq!(tags(&host, "daily", &images), expected);
    assert_eq!(run.count(), 1, "{}", run.log());
    assert_eq!(repository.cache_keys(), kept);
    let of = |prefix: &str| kept.iter().filter(|key| key.starts_with(prefix)).count();
    // That it was seen, and how long it took.
    assert_eq!(of("bakehouse-history-"), 2, "{kept:?}");
    assert_eq!(of("bakehouse-layers-esbuild-linux-arm64-"), 1, "{kept:?}");
    assert_eq!(of("bakehouse-layers-"), 6, "{kept:?}");
}

#[test]
fn many_versions_are_few_jobs() {
    let project = project();
    let versions: Vec<String> = (0..6).map(|n| format!("1.{n}.0")).collect();
    let versions: Vec<&str> = versions.iter().map(String::as_str).collect();
    project.misbehave(&versions);
    let registry = DebianRegistry::start();
    let host = registry.host();
    let repository = Repository::new(&project, &host);
    let mut run = repository.dispatched(&inputs(&host));
    assert!(run.whole(), "{}", run.log());
    // Emulated ones are expected to take longer.
    let names: Vec<&str> = run.ended("build").keys().map(String::as_str).collect();
    assert_eq!(
        names,
        [
            "misbehave 1.0.0 to 1.1.0 linux/arm64 (2 targets)",
            "misbehave 1.0.0 to 1.5.0 linux/amd64 (6 targets)",
            "misbehave 1.2.0 to 1.3.0 linux/arm64 (2 targets)",
            "misbehave 1.4.0 to 1.5.0 linux/arm64 (2 targets)",
        ]
    );
    let published = tags(&host, "daily", &["misbehave"]);
    assert_eq!(published.len(), 7);

    // A tag that a stopped run left behind is something to do, without a build.
    crane(&["tag", &format!("{host}/daily/misbehave:1.0.0"), "latest"]);
    let next = json!({ "registry": host, "namespace": "daily" });
    let mut run = repository.scheduled(&next);
    assert!(run.whole(), "{}", run.log());
    assert_eq!(run.count(), 2, "{}", run.log());
    assert_eq!(tags(&host, "daily", &["misbehave"]), published);
}

#[test]
fn a_program_that_is_not_the_released_one_is_not_run() {
    let project = project();
    project.misbehave(&["1.0.0"]);
    let registry = DebianRegistry::start();
    let host = registry.host();
    let repository = Repository::new(&project, &host);
    repository.release().forge();
    let mut run = repository.dispatched(&inputs(&host));
    assert!(!run.whole());
    assert_eq!(run.count(), 1, "{}", run.log());
    let of = "--repo test/bakehouse --signer-workflow test/bakehouse/.github/workflows/release.yml";
    assert!(
        run.log().contains(&format!("gh verified: {of}")),
        "{}",
        run.log()
    );
    assert!(!run.log().contains("destination"), "{}", run.log());

    let repository = Repository::new(&project, &host);
    repository.release().replace(".tar.gz", b"something else");
    let mut run = repository.dispatched(&inputs(&host));
    assert!(!run.whole());
    assert!(run.log().contains("did NOT match"), "{}", run.log());
    assert!(!run.log().contains("gh verified"), "{}", run.log());
}

#[test]
fn a_failed_job_leaves_the_others_and_is_run_again() {
    let project = project();
    esbuild(&project);
    project.misbehave(&["1.0.0"]);
    let registry = DebianRegistry::start();
    let host = registry.host();
    let repository = Repository::new(&project, &host);
    let mut run = repository.dispatched(&inputs(&host));
    project.npm.lose("@esbuild/linux-arm64");
    assert!(!run.whole());

    let failed: Vec<_> = run
        .ended("build")
        .iter()
        .filter(|(_, job)| !job.success)
        .collect();
    let [(name, job)] = failed[..] else {
        panic!("{}", run.log());
    };
    assert_eq!(name, "esbuild 1.0.0 linux/arm64");
    let annotation =
        "::error file=apps/esbuild/app.toml,line=1,title=esbuild::esbuild 1.0.0 linux/arm64: ";
    assert!(job.log.contains(annotation), "{}", job.log);
    assert!(
        job.summary.contains("| linux/arm64 | **failed** |"),
        "{}",
        job.summary
    );

    let merge = &run.ended("merge")["merge"];
    assert!(!merge.success);
    assert!(
        merge
            .log
            .contains("no digest file for esbuild 1.0.0 linux/arm64 in artifacts"),
        "{}",
        merge.log
    );
    assert!(merge.summary.contains("### 1 failure"), "{}", merge.summary);
    let names =
        |tags: Vec<(String, String)>| tags.into_iter().map(|(tag, _)| tag).collect::<Vec<_>>();
    assert_eq!(
        names(tags(&host, "daily", &["misbehave"])),
        ["misbehave:1.0.0", "misbehave:latest"]
    );
    let untagged = format!("{host}/daily/esbuild:1.0.0");
    project.run(&["inspect", &untagged]).expect(4);

    project.npm.find_again();
    assert!(run.rerun_failed(), "{}", run.log());
    assert_eq!(
        names(tags(&host, "daily", &["esbuild"])),
        ["esbuild:1.0", "esbuild:1.0.0", "esbuild:latest"]
    );
}

#[test]
fn an_app_that_cannot_be_looked_at_keeps_no_other_from_it() {
    let project = project();
    esbuild(&project);
    let grants = "releases = [\"npm:misbehave\"]\nimages = [\"misbehave\"]";
    project.app("misbehave", grants);
    let registry = DebianRegistry::start();
    let host = registry.host();
    let repository = Repository::new(&project, &host);
    let mut run = repository.dispatched(&inputs(&host));
    assert!(!run.whole());
    let plan = &run.ended("plan")["plan"];
    assert!(!plan.success);
    assert!(plan.log.contains("title=misbehave::"), "{}", plan.log);
    assert_eq!(run.ended("build").len(), 2);
    let names: Vec<_> = tags(&host, "daily", &["esbuild"]);
    assert_eq!(names.len(), 3, "{}", run.log());
}

#[test]
fn a_lost_artifact_is_named_and_built_again() {
    let project = project();
    project.batches_of_one();
    project.misbehave(&["1.0.0", "1.1.0"]);
    let registry = DebianRegistry::start();
    let host = registry.host();
    let repository = Repository::new(&project, &host);
    let mut run = repository.dispatched(&inputs(&host));
    run.lose(Some("digests-misbehave-1.0.0-linux-amd64"));
    assert!(!run.whole());
    let merge = &run.ended("merge")["merge"];
    assert!(
        merge
            .log
            .contains("no digest file for misbehave 1.0.0 linux/amd64"),
        "{}",
        merge.log
    );
    let before = tags(&host, "daily", &["misbehave"]);
    let names: Vec<_> = before.iter().map(|(tag, _)| tag.as_str()).collect();
    assert_eq!(names, ["misbehave:1.1.0", "misbehave:latest"]);

    // The build job was green, so a new run mends it; the newer version stays.
    run.lose(None);
    let mut next = repository.scheduled(&json!({ "registry": host, "namespace": "daily" }));
    assert!(next.whole(), "{}", next.log());
    assert_eq!(next.ended("build").len(), 2);
    let after = tags(&host, "daily", &["misbehave"]);
    assert_eq!(after.len(), 3);
    assert!(before.iter().all(|tag| after.contains(tag)));
}

#[test]
fn a_rebuild_is_asked_for_by_hand() {
    let project = project();
    project.misbehave(&["1.0.0"]);
    let registry = DebianRegistry::start();
    let host = registry.host();
    let at = ["--registry", host.as_str(), "--namespace", "daily"];
    project.run(&[&["run"][..], &at].concat()).expect(0);
    let before = tags(&host, "daily", &["misbehave"]);
    project.options(&[("hello", "mended")]);
    let repository = Repository::new(&project, &host);
    let mut daily = repository.scheduled(&json!({ "registry": host, "namespace": "daily" }));
    assert!(daily.whole(), "{}", daily.log());
    assert_eq!(tags(&host, "daily", &["misbehave"]), before);

    let mut wanted = inputs(&host);
    wanted["REBUILD"] = true.into();
    let mut run = repository.dispatched(&wanted);
    assert!(run.whole(), "{}", run.log());
    assert_eq!(run.ended("build").len(), 2);
    let after = tags(&host, "daily", &["misbehave"]);
    let names: Vec<_> = after.iter().map(|(tag, _)| tag.as_str()).collect();
    assert_eq!(
        names,
        ["misbehave:1.0.0", "misbehave:1.0.0-r1", "misbehave:latest"]
    );
    assert_eq!(after[1].1, before[0].1);
    assert_eq!(after[2].1, after[0].1);
    assert_ne!(after[0].1, before[0].1);
}

#[test]
fn overlapping_runs_end_alike() {
    let project = project();
    project.misbehave(&["1.0.0"]);
    let registry = DebianRegistry::start();
    let host = registry.host();
    let repository = Repository::new(&project, &host);
    let scheduled = json!({ "registry": host, "namespace": "daily" });
    let mut runs = [
        repository.scheduled(&scheduled),
        repository.scheduled(&scheduled),
    ];
    for job in ["plan", "build", "merge"] {
        for run in &mut runs {
            assert!(run.job(job), "{}", run.log());
        }
    }
    assert!(runs.iter().all(|run| run.ended("build").len() == 2));
    assert_eq!(tags(&host, "daily", &["misbehave"]).len(), 2);
    // On GitHub the second waits for the first.
    let caller = std::fs::read_to_string(project.path(".github/workflows/bakehouse.yml")).unwrap();
    let caller: Value = yaml_serde::from_str(&caller).unwrap();
    let concurrency = &caller["concurrency"];
    assert_eq!(
        concurrency["cancel-in-progress"],
        "${{ github.event_name == 'pull_request' }}"
    );
    assert!(
        concurrency["group"]
            .as_str()
            .unwrap()
            .contains("inputs.REGISTRY")
    );
}

/// Commits all of a project.
fn commit(project: &Project) {
    let script = "git init --quiet && git add --all && \
        git -c user.name=A -c user.email=a@b.example commit --quiet --message x";
    let status = Command::new("sh")
        .args(["-ec", script])
        .current_dir(project.path("."))
        .status();
    assert!(status.unwrap().success());
}

#[test]
fn a_pull_request_is_built_and_run_and_told_in_a_comment() {
    let project = project();
    project.write(".gitignore", ".bakehouse/\ndigests/\n");
    let settings = std::fs::read_to_string(project.path("bakehouse.toml")).unwrap();
    project.write(
        "bakehouse.toml",
        format!("{settings}[ci]\npull-requests = \"comment\"\n"),
    );
    project.misbehave(&["1.0.0"]);
    let registry = DebianRegistry::start();
    let host = registry.host();
    let with = json!({ "registry": host, "namespace": "daily" });
    let repository = Repository::new(&project, &host);
    commit(&project);

    // A change that touches no app is one job, and no comment.
    project.write("README.md", "# words\n");
    commit(&project);
    let mut run = repository.requested(&with);
    assert!(run.whole(), "{}", run.log());
    assert_eq!(run.count(), 1, "{}", run.log());
    let summary = &run.ended("plan")["plan"].summary;
    assert!(summary.contains("### Nothing to build: "), "{summary}");
    assert!(!run.comment());

    // One that touches an app, and adds one that cannot be built.
    project.options(&[("hello", "mended")]);
    project.write("apps/broken/app.toml", "recipe = \"none.wasm\"\n");
    commit(&project);
    let mut run = repository.requested(&with);
    assert!(!run.whole());
    let names: Vec<&str> = run.ended("build").keys().map(String::as_str).collect();
    assert_eq!(
        names,
        ["misbehave 1.0.0 linux/amd64", "misbehave 1.0.0 linux/arm64"]
    );
    assert!(
        run.ended("build").values().all(|job| job.success),
        "{}",
        run.log()
    );
    let page = &run.ended("page")["page"];
    assert!(!page.success);
    for line in [
        "| broken | new; apps/broken/app.toml | - | - |\n",
        "| misbehave | apps/misbehave/app.toml | 1.0.0 | misbehave |\n",
        "| misbehave | 1.0.0 | linux/arm64 | 858 B | - | - | `not run: it has no program of its own` |\n",
        "#### 1 failure\n",
    ] {
        assert!(
            page.summary.contains(line),
            "no {line} in\n{}",
            page.summary
        );
    }
    // Nothing is published, for all that.
    project
        .run(&["inspect", &format!("{host}/daily/misbehave:1.0.0")])
        .expect(4);
    assert!(!run.log().contains("much secret"));

    // The comment is written once, and then again; from a fork there is none.
    for request in [
        "--method POST repos/Test/images/issues/7/comments --field body=@page.md",
        "--method PATCH repos/Test/images/issues/comments/42 --field body=@page.md",
    ] {
        assert!(run.comment(), "{}", run.log());
        let log = run.log();
        assert!(log.contains(request), "no {request} in\n{log}");
        run.forget("comment");
    }
    run.from = "Stranger/images";
    assert!(!run.comment());

    // Without an artifact of one job its target is missing from the page.
    let mut run = repository.requested(&with);
    run.lose(Some("review-part-misbehave-1.0.0-linux-arm64"));
    run.whole();
    let page = &run.ended("page")["page"].summary;
    assert!(page.contains("| - | - | - | `NOT BUILT` |\n"), "{page}");
    assert!(
        page.contains("misbehave 1.0.0 linux/arm64: nothing is known of its build"),
        "{page}"
    );
}

#[test]
fn a_dry_run_builds_nothing() {
    let project = project();
    project.misbehave(&["1.0.0"]);
    let registry = DebianRegistry::start();
    let host = registry.host();
    let repository = Repository::new(&project, &host);
    let mut wanted = inputs(&host);
    wanted["DRY_RUN"] = true.into();
    let mut run = repository.dispatched(&wanted);
    assert!(run.whole(), "{}", run.log());
    let summary = &run.ended("plan")["plan"].summary;
    assert!(
        summary.contains("### 2 targets to build in 2 jobs"),
        "{summary}"
    );
    assert!(
        project
            .run(&["inspect", &format!("{host}/daily/misbehave:1.0.0")])
            .code
            == Some(4)
    );
}

/// This repository's workflows.
fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .ancestors()
        .nth(2)
        .unwrap()
}

/// A witness that is pleased with the workflows of a folder.
#[track_caller]
pub fn finds_nothing(program: &str, arguments: &[&str], folder: &Path) {
    let output = Command::new(tool(program))
        .args(arguments)
        .current_dir(folder)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    let why = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}{why}");
}

#[test]
fn actionlint_finds_nothing() {
    finds_nothing("actionlint", &["-no-color", "-oneline"], root());
    let project = callers();
    std::fs::create_dir(project.path(".git")).unwrap();
    finds_nothing("actionlint", &["-no-color", "-oneline"], &project.path("."));
}

#[test]
fn zizmor_finds_nothing() {
    let zizmor = [
        "--offline",
        "--no-progress",
        "--color=never",
        "--persona=auditor",
    ];
    let own = [&zizmor[..], &["--strict-collection", "."]].concat();
    finds_nothing("zizmor", &own, root());

    // What the program writes for other projects, without a rule of ours.
    let project = callers();
    let theirs = [&zizmor[..], &["--strict-collection", ".github/workflows"]].concat();
    finds_nothing("zizmor", &theirs, &project.path("."));
    // It is one that finds something.
    let stale = project.path(".github/workflows/bakehouse.yml");
    let text = std::fs::read_to_string(&stale).unwrap();
    let unpinned = text.replacen(&format!("@{COMMIT}"), "@v1", 1);
    std::fs::write(&stale, unpinned).unwrap();
    let output = Command::new(tool("zizmor"))
        .args(&theirs)
        .current_dir(project.path("."))
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(
        !output.status.success() && said.contains("unpinned-uses"),
        "{said}"
    );
}

/// The commit that a workflow names.
const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";

/// A project with the workflows that the program writes by several settings.
fn callers() -> Project {
    let project = project();
    let uses = format!("[ci]\nuses = \"acme/bakehouse@{COMMIT} # v1.2.3\"\n");
    let settings = [
        String::new(),
        "name = \"images: \\\"all\\\"\"\nschedule = [\"5 4 * * *\", \"0 0 * * SUN\"]\nrunner = \"self-hosted\"\n\
         setup = \"echo a\\necho \\\"b\\\" # c\"\nsecrets = [\"NPM_TOKEN\", \"GITLAB_TOKEN\"]\njob-minutes = 5\n\
         pull-requests = \"comment\"\n"
            .to_owned(),
        "schedule = []\npull-requests = \"off\"\n".to_owned(),
        "status = \"pages\"\n".to_owned(),
        "status = \"branch:status\"\nsecrets = [\"GITLAB_TOKEN\"]\n".to_owned(),
    ];
    for (number, settings) in settings.iter().enumerate() {
        project.write(
            "bakehouse.toml",
            format!("registry = \"r.example\"\nnamespace = \"n\"\n{uses}{settings}"),
        );
        project.run(&["workflows"]).expect(0);
        let written = project.path(".github/workflows/bakehouse.yml");
        let text = std::fs::read_to_string(&written).unwrap();
        let most = if settings.contains("status") { 38 } else { 31 };
        assert!(text.lines().count() < most, "{text}");
        std::fs::write(
            project.path(&format!(".github/workflows/{number}.yml")),
            text,
        )
        .unwrap();
    }
    project
}

#[test]
fn workflows_are_in_step_with_the_configuration() {
    let output = Command::new(env!("CARGO_BIN_EXE_bakehouse"))
        .args(["workflows", "--check"])
        .current_dir(root())
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );

    let project = project();
    project
        .run(&["workflows", "--check"])
        .expect(3)
        .says("no repository is known that has the reusable workflow");
    let settings = std::fs::read_to_string(project.path("bakehouse.toml")).unwrap();
    project.write(
        "bakehouse.toml",
        format!("{settings}[ci]\nuses = \"acme/bakehouse@v1\"\n"),
    );
    project
        .run(&["workflows", "--check"])
        .expect(3)
        .says("not in step with bakehouse.toml: .github/workflows/bakehouse.yml");
    project.run(&["workflows"]).expect(0);
    project.run(&["workflows", "--check"]).expect(0);
    project.write(
        "bakehouse.toml",
        "registry = \"other.example\"\nnamespace = \"n\"\n[ci]\nuses = \"acme/bakehouse@v1\"\n",
    );
    project
        .run(&["workflows", "--check"])
        .expect(3)
        .says("hint: run `bakehouse workflows`");

    // Somebody else's file stays as it is.
    let theirs = "name: mine\n";
    project.write(".github/workflows/bakehouse.yml", theirs);
    for arguments in [&["workflows"][..], &["workflows", "--check"]] {
        project
            .run(arguments)
            .expect(3)
            .says(".github/workflows/bakehouse.yml was not written by `bakehouse workflows`");
    }
    let path = project.path(".github/workflows/bakehouse.yml");
    assert_eq!(std::fs::read_to_string(path).unwrap(), theirs);
}
