use std::os::unix::fs::PermissionsExt as _;

use super::*;

const RUNNING: &str = "Name:   default\nDriver: docker\nLast Activity: 2026-11-24 09:57:29 +0000 UTC\n\nNodes:\nName:             default\nEndpoint:         default\nDriver Options:   env.http_proxy=\"http://user:secret@proxy.test\"\nStatus:           running\nBuildkit version: v0.25.2\nPlatforms:        linux/amd64, linux/arm64\nLabels:\n org.mobyproject.buildkit.worker.moby.host-gateway-ip: 172.17.0.1\n";

fn options(folder: &Path) -> BuildxOptions {
    BuildxOptions {
        builder: Some("default".to_owned()),
        memory: Some(folder.join("builders")),
        ..BuildxOptions::default()
    }
}

fn program() -> Program {
    let words = vec!["docker-buildx".to_owned()];
    Program::known(words, Version::new(0, 29, 1))
}

#[test]
fn a_builder_is_remembered_with_the_lines_that_count() {
    let dir = tempfile::tempdir().unwrap();
    let options = options(dir.path());
    let memory = Memory::of(&options).unwrap();
    assert!(memory.recall().is_none());
    memory.remember(&program(), RUNNING);
    let (known, text) = Memory::of(&options).unwrap().recall().unwrap();
    assert_eq!(known, program());
    assert_eq!(Inspected::parse(&text), Inspected::parse(RUNNING));
    assert_eq!(UnreachableNode::parse(&text), []);
    let file = fs::read_to_string(&memory.path).unwrap();
    assert!(!file.contains("secret"), "{file}");
    // Another builder is another.
    let other = BuildxOptions {
        builder: None,
        ..options.clone()
    };
    assert!(Memory::of(&other).unwrap().recall().is_none());
    memory.forget();
    assert!(memory.recall().is_none());
    memory.forget();
}

#[test]
fn what_does_not_run_whole_is_not_remembered() {
    let dir = tempfile::tempdir().unwrap();
    let memory = Memory::of(&options(dir.path())).unwrap();
    let down = RUNNING.replace("running", "inactive");
    let half = format!("{RUNNING}\nName: two1\nEndpoint: ssh://arm.test\nStatus: stopped\n");
    for text in [&down, &half, ""] {
        memory.remember(&program(), text);
        assert!(memory.recall().is_none(), "{text}");
    }
}

#[test]
fn nothing_is_remembered_where_emulation_decides() {
    let dir = tempfile::tempdir().unwrap();
    let options = BuildxOptions {
        emulation: false,
        ..options(dir.path())
    };
    assert!(Memory::of(&options).is_none());
    assert!(Memory::of(&BuildxOptions::default()).is_none());
}

#[test]
fn what_is_old_or_damaged_is_not_believed() {
    let dir = tempfile::tempdir().unwrap();
    let memory = Memory::of(&options(dir.path())).unwrap();
    let changed = |change: &dyn Fn(&mut serde_json::Value)| {
        memory.remember(&program(), RUNNING);
        let text = fs::read_to_string(&memory.path).unwrap();
        let mut json: serde_json::Value = serde_json::from_str(&text).unwrap();
        change(&mut json);
        fs::write(&memory.path, json.to_string()).unwrap();
        memory.recall().is_some()
    };
    assert!(changed(&|_| {}));
    let at = |json: &serde_json::Value| json["at"].as_u64().unwrap();
    assert!(changed(&|json| json["at"] = (at(json) - 3000).into()));
    assert!(!changed(&|json| json["at"] = (at(json) - 3601).into()));
    assert!(!changed(&|json| json["at"] = (at(json) + 60).into()));
    assert!(!changed(&|json| json["schema"] = 0.into()));
    assert!(!changed(&|json| json["stamp"] = "".into()));
    assert!(!changed(&|json| json["version"] = "x".into()));
    fs::write(&memory.path, "{").unwrap();
    assert!(memory.recall().is_none());
}

#[test]
fn everything_by_which_a_builder_is_found_counts() {
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name);
    let stamp = || {
        let mut seen = Seen::default();
        seen.place(Some(&at("docker-buildx")));
        seen.folder(&at("instances"));
        hex::encode(seen.0.finalize())
    };
    fs::create_dir_all(at("instances/deep")).unwrap();
    let mut stamps = vec![stamp()];
    let mut is_another = |why: &str| {
        let now = stamp();
        assert_eq!(now, stamp(), "{why}");
        assert!(!stamps.contains(&now), "{why}");
        stamps.push(now);
    };
    fs::write(at("docker-buildx"), "1").unwrap();
    is_another("buildx was installed");
    fs::write(at("new"), "2").unwrap();
    fs::rename(at("new"), at("docker-buildx")).unwrap();
    is_another("buildx was upgraded");
    fs::set_permissions(at("docker-buildx"), fs::Permissions::from_mode(0o755)).unwrap();
    is_another("and made one that runs");
    let instance = |driver: &str| {
        let socket = at("socket");
        let text = format!(
            r#"{{"Driver":"{driver}","Nodes":[{{"Endpoint":"unix://{}"}}]}}"#,
            socket.display()
        );
        fs::write(at("instances/one"), text).unwrap();
    };
    instance("remote");
    is_another("a builder was made");
    instance("docker-container");
    is_another("and replaced");
    let socket = std::os::unix::net::UnixListener::bind(at("socket")).unwrap();
    is_another("its daemon was started");
    drop(socket);
    fs::rename(at("socket"), at("old")).unwrap();
    let _socket = std::os::unix::net::UnixListener::bind(at("socket")).unwrap();
    is_another("and started again");
    fs::write(at("instances/deep/meta.json"), "{}").unwrap();
    is_another("a context was made");
    fs::remove_file(at("instances/one")).unwrap();
    is_another("the builder was removed");
}
