//! Searches that find nothing, which is never success; and bad things that stop
//! nothing else.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};

use crate::support::{Builder, Forge, Package, Project, Release, Tag, finish};

/// `misbehave` with versions from tags of a GitHub project.
fn from_tags(pattern: &str) -> Project {
    let project = Project::new(Builder::Docker);
    let source = "github-tags:acme/server";
    let grants = format!(
        "releases = [\"{source}\", \"github:acme/server\"]\nimages = [\"misbehave\"]\n[options]\n\
         source = \"{source}\"\ntags = \"{pattern}\""
    );
    project.app("misbehave", &grants);
    project.platforms(&["linux/amd64"]);
    project
}

fn with(forge: &Forge, project: &Project, arguments: &[&str]) -> crate::support::Output {
    let mut command = project.command(arguments);
    finish(command.env("GITHUB_API_URL", forge.api_url()))
}

#[test]
fn an_app_without_versions_is_told_and_others_go_on() {
    let forge = Forge::github();
    let project = from_tags("v{version}-limitless");
    forge.tag("acme/server", Tag::new("10.5.0"));
    forge.tag("acme/server", Tag::new("v10.5.0"));
    let why = "misbehave has no version to publish: github-tags:acme/server lists 2 tags: \
               2 do not fit `v{version}-limitless`, e.g. `v10.5.0`";
    // Even where the registry is not asked, and CI reads nothing but the code.
    for arguments in [
        &["plan"][..],
        &["plan", "--format", "github"],
        &["plan", "--format", "json"],
        &["run"],
        &["run", "--dry-run"],
        &["run", "--registry", "127.0.0.1:1"],
        &["build", "misbehave", "--version", "10.5.0"],
    ] {
        let output = with(&forge, &project, arguments).expect(12).says(why);
        assert_eq!(output.stdout, "", "{arguments:?}");
    }

    let package = Package::new(&["1.0.0"]);
    project.npm.publish("crosshello", package);
    project.app(
        "crosshello",
        "releases = [\"npm:crosshello\"]\nimages = [\"crosshello\", \"crosshello-base\"]\nbases = [\"golang\"]",
    );
    let output = with(&forge, &project, &["plan"]).expect(12).says(why);
    assert!(
        output.stdout.contains("2 targets to build"),
        "{}",
        output.stdout
    );
}

#[test]
fn a_source_that_lists_nothing() {
    let forge = Forge::github();
    let project = from_tags("v{version}");
    let settings = std::fs::read_to_string(project.path("apps/misbehave/app.toml")).unwrap();
    let settings = settings.replace("source = \"github-tags:", "source = \"github:");
    project.write("apps/misbehave/app.toml", settings);
    // A repository with drafts alone answers `[]` to who may not see them.
    forge.release("acme/server", Release::new("v1.0.0").draft());
    with(&forge, &project, &["run"])
        .expect(12)
        .says("misbehave has no version to publish: github:acme/server lists nothing");
}

#[test]
fn revisions_and_commits_are_versions() {
    let forge = Forge::github();
    let project = from_tags("v{version}");
    for name in [
        "v1.33.0+k3s1",
        "v1.33.1-rc1+k3s1",
        "v1.33.1+k3s1",
        "v1.33.1+k3s2",
        "v1.32.9.10896-cb3ebc72d",
    ] {
        forge.tag("acme/server", Tag::new(name));
    }
    let plan = with(&forge, &project, &["plan", "--format", "json"]).expect(0);
    let versions: Vec<_> = plan.json()["apps"][0]["versions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|version| {
            let version = &version["version"];
            let star = if version["prerelease"] == true {
                "*"
            } else {
                ""
            };
            format!("{}{star}", version["number"].as_str().unwrap())
        })
        .collect();
    assert_eq!(
        versions,
        [
            "1.32.9.10896-cb3ebc72d",
            "1.33.0-k3s1",
            "1.33.1-rc1-k3s1*",
            "1.33.1-k3s1",
            "1.33.1-k3s2"
        ]
    );
    with(&forge, &project, &["run", "--max-versions", "2"]).expect(0);
    assert_eq!(
        project.digest("misbehave:latest"),
        project.digest("misbehave:1.33.1-k3s2")
    );
    with(&forge, &project, &["run", "--max-versions", "2"]).expect(0);
}

#[test]
fn no_apps_and_no_names() {
    let project = Project::new(Builder::Docker);
    for arguments in [&["plan"][..], &["run"], &["plan", "--format", "github"]] {
        let output = project.run(arguments).expect(12);
        let output = output.says("there is no app in apps/");
        assert_eq!(output.stdout, "");
    }
    project.misbehave(&["1.0.0"]);
    // What a shell makes of "$APP" where that is not set.
    project.run(&["run", ""]).expect(4).says("is empty");
    project
        .run(&["plan", "misbehave", "--registry", "127.0.0.1:1"])
        .expect(9)
        .says("cannot reach registry 127.0.0.1:1");
}

#[test]
fn a_plan_of_nothing_merges_nothing() {
    let project = Project::new(Builder::Docker);
    project.misbehave(&["1.0.0"]);
    project.run(&["plan", "--save", "plan.json"]).expect(0);
    let merge = ["merge", "--plan", "plan.json"];
    project
        .run(&[&merge[..], &["other", "--version", "1.0.0"]].concat())
        .expect(12)
        .says("plan.json has nothing of other 1.0.0 in it");
    let mut plan: serde_json::Value =
        serde_json::from_str(&std::fs::read_to_string(project.path("plan.json")).unwrap()).unwrap();
    plan["apps"] = serde_json::json!([]);
    project.write("plan.json", plan.to_string());
    project.run(&merge).expect(12).says("has nothing in it");
}

#[test]
fn what_is_not_published_any_more_is_no_success() {
    let project = Project::new(Builder::Docker);
    project.platforms(&["linux/amd64"]);
    project.misbehave(&["1.0.0"]);
    project.run(&["run"]).expect(0);
    project.run(&["plan", "--save", "plan.json"]).expect(0);
    project.run(&["merge", "--plan", "plan.json"]).expect(0);
    std::fs::remove_dir_all(project.path(".bakehouse/registry")).unwrap();
    std::fs::remove_dir_all(project.path("digests")).unwrap();
    project
        .run(&["merge", "--plan", "plan.json"])
        .expect(4)
        .says("misbehave:1.0.0 was published when the plan was made, and is not any more");
}

#[test]
fn upstream_that_loses_its_versions_is_told() {
    let project = Project::new(Builder::Docker);
    project.platforms(&["linux/amd64"]);
    project.misbehave(&["1.0.0", "1.1.0", "2.0.0"]);
    project.run(&["run"]).expect(0);
    let package = Package::new(&["1.0.0", "1.1.0"]).file("asset", b"asset");
    project.npm.publish("misbehave", package);
    let told = "misbehave: upstream lists 2 versions, the newest 1.1.0; 3 are published, and of \
                these it does not list 1, e.g. 2.0.0";
    let output = project.run(&["run"]).expect(0).says(told);
    assert!(output.stdout.contains(told), "{}", output.stdout);
    let plan = project.run(&["plan", "--format", "json"]).expect(0).json();
    let note = plan["apps"][0]["notes"][0].as_str().unwrap();
    assert!(note.starts_with(told), "{note}");
}

#[test]
fn a_bad_tag_stops_its_own_version_alone() {
    let host = bad_registry();
    let project = Project::new(Builder::Docker);
    project.platforms(&["linux/amd64"]);
    project.misbehave(&["1.0.0", "1.1.0", "1.2.0", "1.3.0", "1.4.0", "2.0.0"]);
    let output = project
        .run(&["plan", "--registry", &host, "--format", "json"])
        .expect(9);
    for version in ["1.0.0", "1.1.0", "1.2.0", "1.3.0", "1.4.0"] {
        let name = format!("error: {host}/test/misbehave:{version}: ");
        assert!(output.stderr.contains(&name), "{}", output.stderr);
    }
    let versions = output.json()["apps"][0]["versions"].clone();
    assert_eq!(versions.as_array().unwrap().len(), 1, "{versions}");
    assert_eq!(versions[0]["version"]["number"], "2.0.0");
    // Who looks at what is no image, is not told to delete it.
    let artifact = format!("{host}/test/misbehave:1.2.0");
    let inspected = project.run(&["inspect", &artifact]).expect(9);
    let inspected =
        inspected.says("is an artifact of type text/plain, not an image\nhint: name an image;");
    assert!(!inspected.stderr.contains("delete"), "{}", inspected.stderr);
    // A page in place of the registry is told as in a plan.
    let page = format!("{host}/test/misbehave:1.0.0");
    let _ = project
        .run(&["inspect", &page])
        .expect(9)
        .says("something answers in place of the registry");
    let note = "misbehave: whether upstream has withdrawn versions is not known: registry";
    let notes = &output.json()["apps"][0]["notes"];
    assert!(notes[0].as_str().unwrap().starts_with(note), "{notes}");
}

/// A registry that has something else than an image under each version's tag
/// but the newest, which it does not have, and lists no tags.
fn bad_registry() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let host = listener.local_addr().unwrap().to_string();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            std::thread::spawn(move || answer(stream));
        }
    });
    host
}

fn answer(mut stream: TcpStream) {
    let mut lines = BufReader::new(stream.try_clone().unwrap());
    let mut first = String::new();
    let _ = lines.read_line(&mut first);
    let mut line = String::new();
    while lines.read_line(&mut line).is_ok_and(|read| read > 2) {
        line.clear();
    }
    let empty = "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a";
    let path = first.split(' ').nth(1).unwrap_or_default();
    let (media_type, body) = match path.rsplit('/').next() {
        Some(list) if list.starts_with("list") => ("text/html", "<html>Sign in</html>".to_owned()),
        Some("1.0.0") => ("text/html", "<html>Sign in</html>".to_owned()),
        Some("1.1.0") => (
            "application/vnd.oci.image.index.v1+json",
            format!(
                r#"{{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[{{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"sha256:{empty}","size":2,"platform":{{"os":"linux","architecture":""}}}}]}}"#
            ),
        ),
        // As `oras push` makes one.
        Some("1.2.0") => (
            "application/vnd.oci.image.manifest.v1+json",
            format!(
                r#"{{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","artifactType":"text/plain","config":{{"mediaType":"application/vnd.oci.empty.v1+json","digest":"sha256:{empty}","size":2}},"layers":[]}}"#
            ),
        ),
        Some("1.3.0") => (
            "application/vnd.oci.image.manifest.v1+json",
            format!(
                r#"{{"schemaVersion":2,"config":{{"mediaType":"application/vnd.oci.image.config.v1+json","digest":"sha256:{empty}","size":2}},"layers":null}}"#
            ),
        ),
        Some("1.4.0") => (
            "application/vnd.oci.image.index.v1+json",
            " ".repeat(32 << 20),
        ),
        Some(digest) if digest.ends_with(empty) => ("application/json", "{}".to_owned()),
        _ => {
            let _ = stream.write_all(
                b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
            );
            return;
        }
    };
    let head = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: {media_type}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    let _ = stream.write_all(head.as_bytes());
    if first.starts_with("GET") {
        let _ = stream.write_all(body.as_bytes());
    }
    let _ = stream.shutdown(std::net::Shutdown::Write);
    let _ = stream.read(&mut [0; 64]);
}
