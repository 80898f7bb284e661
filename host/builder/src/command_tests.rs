use bakehouse_core::grants::Access;
use bakehouse_core::recipe::Build;
use bakehouse_core::target::TargetId;
use bakehouse_system::quota::Quota;
use bakehouse_system::work_tree::PathError;

use super::*;

/// A request that says as little as possible.
pub(crate) fn request() -> BuildRequest {
    BuildRequest {
        target: TargetId {
            app: "esbuild".to_owned(),
            version: "0.25.1".to_owned(),
            image: "esbuild".to_owned(),
            platform: "linux/arm64".parse().unwrap(),
        },
        work_tree: "/".into(),
        build: Build {
            context: ".".to_owned(),
            dockerfile: Dockerfile::Inline("FROM scratch\n".to_owned()),
            platform: "linux/arm64".parse().unwrap(),
            stage: None,
            args: Vec::new(),
            contexts: Vec::new(),
            labels: Vec::new(),
            network: Network::None,
            secrets: Vec::new(),
        },
        access: Access::default(),
        output: Output::PushByDigest {
            repository: "registry.test/ns/esbuild".to_owned(),
            plain_http: false,
        },
        room: Quota {
            bytes: 1 << 30,
            entries: 100_000,
        },
        provenance: false,
        created: None,
    }
}

fn pair(name: &str, value: &str) -> (String, String) {
    (name.to_owned(), value.to_owned())
}

fn tree() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(dir.path().join("docker/ctx")).unwrap();
    std::fs::write(dir.path().join("docker/Dockerfile"), "FROM scratch\n").unwrap();
    dir
}

fn line(request: &BuildRequest) -> Result<CommandLine, BuildError> {
    let site = BuildSite::open(&request.work_tree)?;
    command_line(
        request,
        &site,
        "bakehouse",
        &CacheArgs::default(),
        &Handed::default(),
    )
}

/// One argument a line, a flag together with its value.
fn shown(request: &BuildRequest) -> String {
    let root = request.work_tree.canonicalize().unwrap();
    let site = BuildSite::open(&request.work_tree).unwrap();
    let line = command_line(
        request,
        &site,
        "bakehouse",
        &CacheArgs::default(),
        &Handed::default(),
    )
    .unwrap();
    let key = step_key(&request.target.app, &request.build.secrets);
    let mut text = String::new();
    for arg in &line.args {
        let arg = arg
            .to_str()
            .unwrap()
            .replace(root.to_str().unwrap(), "[TREE]")
            .replace(site.scratch().to_str().unwrap(), "[SCRATCH]")
            .replace(&key, "[KEY]");
        text.push_str(if arg.starts_with("--") { "\n" } else { " " });
        text.push_str(&arg);
    }
    text.push_str(&format!("\nstdin: {:?}", line.stdin));
    text.trim().to_owned()
}

#[test]
fn pushes_by_digest() {
    let tree = tree();
    let mut request = request();
    request.work_tree = tree.path().to_owned();
    insta::assert_snapshot!(shown(&request), @r#"
    build
    --builder bakehouse
    --progress=rawjson
    --metadata-file [SCRATCH]/metadata.json
    --platform linux/arm64
    --network none
    --provenance=false
    --sbom=false
    --build-arg BUILDKIT_CACHE_MOUNT_NS=esbuild
    --add-host [KEY]:127.0.0.1
    --output type=image,name=registry.test/ns/esbuild,push-by-digest=true,name-canonical=true,push=true,oci-mediatypes=true
    --file -
    -- [TREE]
    stdin: Some("FROM scratch\n")
    "#);
}

#[test]
fn passes_everything_on() {
    let tree = tree();
    let mut request = request();
    request.work_tree = tree.path().to_owned();
    request.provenance = true;
    request.created = Date::parse("2025-06-10T22:43:59.123Z");
    request.output = Output::OciArchive("/out/image.tar".into());
    request.build.context = "docker".to_owned();
    request.build.dockerfile = Dockerfile::Path("docker/Dockerfile".to_owned());
    request.build.stage = Some("final".to_owned());
    request.build.args = vec![pair("EMPTY", ""), pair("FLAGS", "--a=b c")];
    request.build.labels = vec![pair("org.test.a", "x=y")];
    request.build.contexts = vec![
        pair("files", "docker/ctx"),
        pair("base", "docker-image://registry.test/base@sha256:00"),
    ];
    request.build.network = Network::Default;
    request.build.secrets = vec!["TOKEN".to_owned()];
    insta::assert_snapshot!(shown(&request), @r#"
    build
    --builder bakehouse
    --progress=rawjson
    --metadata-file [SCRATCH]/metadata.json
    --platform linux/arm64
    --network default
    --provenance=mode=max
    --sbom=false
    --target final
    --build-arg EMPTY=
    --build-arg FLAGS=--a=b c
    --build-arg BUILDKIT_CACHE_MOUNT_NS=esbuild
    --add-host [KEY]:127.0.0.1
    --secret id=TOKEN,env=TOKEN
    --build-arg SOURCE_DATE_EPOCH=1749595439
    --label org.test.a=x=y
    --build-context files=[TREE]/docker/ctx
    --build-context base=docker-image://registry.test/base@sha256:00
    --output type=oci,tar=true,dest=-,oci-mediatypes=true,rewrite-timestamp=true
    --file [TREE]/docker/Dockerfile
    -- [TREE]/docker
    stdin: None
    "#);
}

#[test]
fn exports_files() {
    let tree = tree();
    let mut request = request();
    request.work_tree = tree.path().to_owned();
    request.output = Output::Files(tree.path().join("out"));
    insta::assert_snapshot!(shown(&request), @r#"
    build
    --builder bakehouse
    --progress=rawjson
    --metadata-file [SCRATCH]/metadata.json
    --platform linux/arm64
    --network none
    --provenance=false
    --sbom=false
    --build-arg BUILDKIT_CACHE_MOUNT_NS=esbuild
    --add-host [KEY]:127.0.0.1
    --output type=tar,dest=-
    --file -
    -- [TREE]
    stdin: Some("FROM scratch\n")
    "#);
}

#[test]
fn refuses_what_would_mean_something_else() {
    let tree = tree();
    let mut good = request();
    good.work_tree = tree.path().to_owned();
    line(&good).unwrap();
    let change = |change: &dyn Fn(&mut BuildRequest)| {
        let mut request = good.clone();
        change(&mut request);
        let error = line(&request).unwrap_err();
        let refused = match &error {
            BuildError::Path(error) => !matches!(error, PathError::Storage(_)),
            error => matches!(error, BuildError::Request(_)),
        };
        assert!(refused, "{error}");
    };
    change(&|r| r.build.context = "../x".to_owned());
    change(&|r| r.build.context = "none".to_owned());
    change(&|r| r.build.context = "https://host.test/x.git".to_owned());
    change(&|r| r.build.dockerfile = Dockerfile::Path("/etc/passwd".to_owned()));
    change(&|r| r.build.args = vec![pair("A=B", "c")]);
    change(&|r| r.build.args = vec![pair("", "c")]);
    change(&|r| r.build.args = vec![pair("BUILDKIT_SYNTAX", "evil.test/frontend")]);
    change(&|r| r.build.args = vec![pair("SOURCE_DATE_EPOCH", "1")]);
    change(&|r| r.build.args = vec![pair("http_proxy", "http://evil.test")]);
    change(&|r| r.build.labels = vec![pair("--x", "c")]);
    change(&|r| r.build.contexts = vec![pair("x", "https://host.test/x.git")]);
    change(&|r| r.build.contexts = vec![pair("x", "oci-layout:///etc")]);
    change(&|r| r.build.contexts = vec![pair("x", "/etc")]);
    change(&|r| r.build.stage = Some("-x".to_owned()));
    change(&|r| {
        r.output = Output::PushByDigest {
            repository: "registry.test/x,push=false".to_owned(),
            plain_http: false,
        };
    });
}
