//! Memory between commands: manifests by digest, and builders. It saves requests and
//! processes, and decides nothing that has become otherwise.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use bakehouse_loopback::{Fault, FaultProxy, Kind, Rule};

use crate::support::{
    Builder, DebianRegistry, Output, PLATFORMS, Project, buildx, child, client, crane, finish,
    push, request, tool,
};

/// Publishes versions of `misbehave`, each of other bytes.
fn published(host: &str, versions: &[&str]) {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let registry = client(host);
        for (seed, version) in versions.iter().enumerate() {
            let mut children = Vec::new();
            for platform in PLATFORMS {
                let pushed = push(&registry, "misbehave", platform, seed as u64).await;
                children.push(child(platform, &pushed));
            }
            let mut request = request(version, children);
            request.image = "misbehave";
            registry.merge(&request).await.unwrap();
        }
    });
}

/// The numbers of requests since this was asked last, by kind and of all.
struct Requests {
    heads: usize,
    manifests: usize,
    blobs: usize,
    tags: usize,
}

fn requests(proxy: &FaultProxy) -> Requests {
    let counts = proxy.counts();
    proxy.forget();
    let of = |method: &str, kind| counts.get(&(method.to_owned(), kind)).copied().unwrap_or(0);
    let counted = Requests {
        heads: of("HEAD", Kind::Manifest),
        manifests: of("GET", Kind::Manifest),
        blobs: of("GET", Kind::Blob),
        tags: of("GET", Kind::Tags),
    };
    let Requests {
        heads,
        manifests,
        blobs,
        tags,
    } = counted;
    assert_eq!(
        counts.into_values().sum::<usize>(),
        heads + manifests + blobs + tags
    );
    counted
}

/// The files below a folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => files.extend(self::files(&path)),
            false => files.push(path),
        }
    }
    files.sort();
    files
}

const VERSIONS: [&str; 5] = ["1.0.0", "1.1.0", "1.2.0", "1.3.0", "1.4.0"];

#[test]
fn what_a_digest_names_is_asked_for_once() {
    let registry = DebianRegistry::start();
    let proxy = FaultProxy::start(&registry.host());
    let host = proxy.host();
    published(&registry.host(), &VERSIONS);
    let project = Project::new(Builder::Docker);
    project.misbehave(&VERSIONS);
    let run = |more: &[&str]| -> Output {
        let arguments = [more, &["--registry", &host, "--max-versions", "5"]].concat();
        finish(&mut project.command(&arguments))
    };
    let plan = || run(&["plan", "--format", "json"]).expect(0).json();

    let first = plan();
    let asked = requests(&proxy);
    assert_eq!((asked.heads, asked.manifests, asked.tags), (5, 5, 1));
    // The same again is told by HEAD alone.
    assert_eq!(plan(), first);
    let asked = requests(&proxy);
    assert_eq!(
        (asked.heads, asked.manifests, asked.blobs, asked.tags),
        (5, 0, 0, 1)
    );

    // What is damaged is never believed, and read anew.
    let folder = project.path(".bakehouse/manifests");
    let kept = files(&folder);
    assert_eq!(kept.len(), 5);
    let whole = std::fs::read(&kept[0]).unwrap();
    std::fs::write(&kept[0], &whole[..whole.len() / 2]).unwrap();
    std::fs::write(&kept[1], &whole).unwrap();
    assert_eq!(plan(), first);
    assert_eq!(requests(&proxy).manifests, 2);
    assert_eq!(plan(), first);
    assert_eq!(requests(&proxy).manifests, 0);

    // Another repository with the same images is another.
    let copy = |version: &str| {
        let at = |namespace: &str| format!("{}/{namespace}/misbehave:{version}", registry.host());
        crane(&["copy", "--insecure", &at("test"), &at("other")]);
    };
    VERSIONS.iter().for_each(|version| copy(version));
    run(&["plan", "--namespace", "other"]).expect(0);
    assert_eq!(requests(&proxy).manifests, 5);
    assert_eq!(files(&folder).len(), 10);

    // Who may not see a tag is not told what is behind it.
    let refused = Rule::new(Fault::Status(403)).kind(Kind::Manifest);
    proxy.inject(refused.times(u32::MAX));
    run(&["plan"]).expect(10);
}

#[test]
fn a_status_asks_for_each_index_once() {
    let registry = DebianRegistry::start();
    let proxy = FaultProxy::start(&registry.host());
    published(&registry.host(), &VERSIONS[..2]);
    let project = Project::new(Builder::Docker);
    project.misbehave(&VERSIONS[..2]);
    let status = || {
        let arguments = ["status", "--format", "json", "--registry", &proxy.host()];
        finish(&mut project.command(&arguments)).expect(0).json()
    };
    let first = status();
    let sizes = &first["apps"][0]["images"][0]["published"]["platforms"];
    assert!(sizes[0]["size"].as_u64().unwrap() > 5000, "{first}");
    let log = proxy.log();
    let mut read: Vec<&str> = log
        .iter()
        .filter(|record| record.method == "GET" && record.kind == Kind::Manifest)
        .map(|record| record.target.as_str())
        .collect();
    read.sort_unstable();
    // An index for each version, and the images of the newest.
    assert_eq!(read.len(), 4, "{read:?}");
    read.dedup();
    assert_eq!(read.len(), 4, "{read:?}");
    proxy.forget();
    let again = status();
    let published = |status: &serde_json::Value| status["apps"][0]["images"][0].clone();
    assert_eq!(published(&again), published(&first));
    assert_eq!(requests(&proxy).manifests, 0);
}

/// A `docker-buildx` on `PATH` that writes down what it is asked, and asks the real
/// one.
struct Watched {
    folder: tempfile::TempDir,
}

impl Watched {
    fn new() -> Self {
        let watched = Self {
            folder: tempfile::tempdir().unwrap(),
        };
        watched.install();
        watched
    }

    /// Another file in place of the one that is there.
    fn install(&self) {
        let at = |name: &str| self.folder.path().join(name);
        let text = format!(
            "#!/bin/sh\necho \"$*\" >> {}\nexec {} \"$@\"\n",
            at("log").display(),
            tool("docker-buildx").display()
        );
        std::fs::write(at("new"), text).unwrap();
        std::fs::set_permissions(at("new"), std::fs::Permissions::from_mode(0o755)).unwrap();
        std::fs::create_dir_all(at("bin")).unwrap();
        std::fs::rename(at("new"), at("bin/docker-buildx")).unwrap();
    }

    fn run(&self, project: &Project, config: Option<&Path>, arguments: &[&str]) -> Output {
        let mut command = project.command(arguments);
        let path = std::env::var("PATH").unwrap();
        let own = self.folder.path().join("bin");
        command.env("PATH", format!("{}:{path}", own.display()));
        if let Some(config) = config {
            command.env("BUILDX_CONFIG", config);
        }
        finish(&mut command)
    }

    /// The questions since this was called last, in order: all words, but for a
    /// build its first.
    fn asked(&self) -> Vec<String> {
        let log = self.folder.path().join("log");
        let text = std::fs::read_to_string(&log).unwrap_or_default();
        let _ = std::fs::remove_file(&log);
        let mut asked: Vec<String> = text
            .lines()
            .map(|line| match line.starts_with("build ") {
                true => "build".to_owned(),
                false => line.to_owned(),
            })
            .collect();
        asked.sort();
        asked
    }
}

/// The one file in which a builder is remembered.
fn memory(project: &Project) -> PathBuf {
    let mut files = files(&project.path(".bakehouse/builders"));
    assert_eq!(files.len(), 1, "{files:?}");
    files.remove(0)
}

#[test]
fn a_builder_is_asked_what_it_is_once() {
    let registry = DebianRegistry::start();
    let host = registry.host();
    let project = Project::new(Builder::BuildKit);
    project.misbehave(&VERSIONS);
    let watched = Watched::new();
    let build = |version: &str| {
        let arguments = ["build", "misbehave", "--version", version];
        let more = ["--platform", "linux/amd64", "--registry", &host];
        let arguments = [&arguments[..], &more].concat();
        watched.run(&project, None, &arguments).expect(0);
        watched.asked()
    };
    let whole = ["build", "inspect bakehouse", "version"];
    assert_eq!(build("1.0.0"), whole);
    assert_eq!(build("1.1.0"), ["build"]);
    // Another program may be of another version.
    watched.install();
    assert_eq!(build("1.2.0"), whole);
    assert_eq!(build("1.3.0"), ["build"]);
    // A memory that cannot be used is none.
    std::fs::write(memory(&project), "{").unwrap();
    assert_eq!(build("1.4.0"), whole);
    // Nothing to do: nobody is asked anything.
    assert_eq!(build("1.4.0"), ["build"; 0]);
}

#[test]
fn a_builder_is_not_started_before_there_is_work_for_it() {
    let registry = DebianRegistry::start();
    let host = registry.host();
    published(&host, &["1.0.0"]);
    let project = Project::new(Builder::Docker);
    project.misbehave(&["1.0.0", "1.1.0"]);
    // It would be started from an image that nobody has.
    let config = tempfile::tempdir().unwrap();
    let image = "image=127.0.0.1:1/none";
    let create = [
        "create",
        "--name",
        "stopped",
        "--driver",
        "docker-container",
    ];
    buildx(
        config.path(),
        &[&create[..], &["--driver-opt", image]].concat(),
    );
    let watched = Watched::new();
    let build = |version: &str, code: i32| {
        let arguments = ["build", "misbehave", "--version", version];
        let more = ["--builder", "stopped", "--registry", &host];
        let arguments = [&arguments[..], &more].concat();
        let output = watched.run(&project, Some(config.path()), &arguments);
        (output.expect(code), watched.asked().join("\n"))
    };
    let (_, asked) = build("1.0.0", 0);
    assert!(!asked.contains("bootstrap"), "{asked}");
    let (output, asked) = build("1.1.0", 7);
    assert!(asked.contains("inspect --bootstrap stopped"), "{asked}");
    output.says("builder stopped does not answer");
}

#[test]
fn images_are_right_whatever_was_remembered() {
    let registry = DebianRegistry::start();
    let host = registry.host();
    let run = |project: &Project, namespace: &str| {
        let arguments = ["run", "--registry", &host, "--namespace", namespace];
        finish(&mut project.command(&arguments)).expect(0)
    };
    let digest =
        |namespace: &str| crane(&["digest", &format!("{host}/{namespace}/misbehave:1.0.0")]);
    // The engine's own builder was one that pushes by digest; and one that does was
    // the engine's own.
    for (builder, was, is) in [
        (Builder::Docker, "remote", "docker"),
        (Builder::BuildKit, "docker", "remote"),
    ] {
        let project = Project::new(builder);
        project.misbehave(&["1.0.0"]);
        run(&project, is).says(&format!("({is} driver"));
        let path = memory(&project);
        let text = std::fs::read_to_string(&path).unwrap();
        let lie = text.replacen(&format!("{is}\\n"), &format!("{was}\\n"), 1);
        assert_ne!(lie, text);
        std::fs::write(&path, lie).unwrap();
        let namespace = format!("was-{was}");
        run(&project, &namespace).says(&format!("({was} driver"));
        assert_eq!(digest(&namespace), digest(is));
        let platforms = crane(&["manifest", &format!("{host}/{namespace}/misbehave:1.0.0")]);
        assert!(PLATFORMS.iter().all(|platform| {
            let architecture = platform.replace("linux/", "\"architecture\":\"");
            platforms.replace(' ', "").contains(&architecture)
        }));
    }
}
