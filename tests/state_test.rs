//! State that is damaged stops nothing: it is set aside, and made anew.

use std::fs;
use std::path::{Path, PathBuf};

use crate::support::{Builder, Output, Project, finish};

/// What becomes of a file.
type Spoil<'a> = &'a dyn Fn(&Path);

/// All files below a folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let (mut found, mut open) = (Vec::new(), vec![folder.to_owned()]);
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let entry = entry.unwrap();
            match entry.file_type().unwrap().is_dir() {
                true => open.push(entry.path()),
                false => found.push(entry.path()),
            }
        }
    }
    found
}

/// The files of state that a run reads, but for what the embedded registry holds.
fn state(project: &Project) -> Vec<PathBuf> {
    let folders = ["digests", ".bakehouse/downloads", ".bakehouse/compiled"];
    let folders = folders
        .iter()
        .chain(&[".bakehouse/rebuild", ".bakehouse/runs"])
        .chain(&[".bakehouse/history"]);
    let mut all: Vec<_> = folders
        .flat_map(|folder| files(&project.path(folder)))
        .filter(|path| !path.to_string_lossy().contains(".broken"))
        .collect();
    for file in ["lock", "address"] {
        all.push(project.path(&format!(".bakehouse/registry/{file}")));
    }
    all
}

/// Runs the program with compiled recipes of its own, which others would share.
fn run(project: &Project, arguments: &[&str]) -> Output {
    let mut command = project.command(arguments);
    finish(command.env("BAKEHOUSE_HOME", project.path(".bakehouse")))
}

#[test]
fn whatever_became_of_it_the_next_run_is_as_good_as_the_first() {
    let project = Project::new(Builder::Docker);
    project.misbehave(&["1.0.0-asset"]);
    run(&project, &["run"]).expect(0);
    let destination = fs::read_dir(project.path("digests")).unwrap().next();
    let destination = destination.unwrap().unwrap().file_name();
    let rebuild = format!(".bakehouse/rebuild/{}.json", destination.to_str().unwrap());
    let digest = project.digest("misbehave:1.0.0-asset");
    let spoil: [(&str, Spoil<'_>); 4] = [
        ("cut off", &|path| {
            let bytes = fs::read(path).unwrap();
            fs::write(path, &bytes[..bytes.len() / 2]).unwrap();
        }),
        ("emptied", &|path| fs::write(path, "").unwrap()),
        ("filled with junk", &|path| {
            fs::write(path, [0xff, 0, b'{', b'\n'].repeat(1000)).unwrap();
        }),
        ("made a folder", &|path| {
            fs::remove_file(path).unwrap();
            fs::create_dir(path).unwrap();
            fs::write(path.join("x"), "x").unwrap();
        }),
    ];
    for (how, spoil) in spoil {
        project.write(&rebuild, "{\"schema\": 1, \"open\": [");
        let state = state(&project);
        let kinds = [
            "digests/",
            "/downloads/sha",
            "/compiled/",
            "/rebuild/",
            "/history/local",
            "registry/lock",
        ];
        for kind in kinds {
            let is_there = |path: &PathBuf| path.to_string_lossy().contains(kind);
            assert!(state.iter().any(is_there), "{how}: there is no {kind}");
        }
        for path in &state {
            spoil(path);
        }
        let output = run(&project, &["run", "--rebuild"]).expect(0);
        for kind in ["digests/", "/rebuild/", "/history/"] {
            let warned = output.stderr.lines().any(|line| {
                line.starts_with("warning: ")
                    && line.contains(kind)
                    && line.contains("cannot be used")
            });
            assert!(warned, "{how}: no warning of {kind} in\n{}", output.stderr);
        }
        assert_eq!(project.digest("misbehave:1.0.0-asset"), digest, "{how}");
        // All of it is good again.
        let again = run(&project, &["run", "--rebuild"]).expect(0);
        assert!(
            !again.stderr.contains("cannot be used"),
            "{how}:\n{}",
            again.stderr
        );
    }
    let digests = files(&project.path("digests"));
    let broken = digests
        .iter()
        .filter(|path| path.to_string_lossy().contains(".broken"));
    // Two targets, the last of each, which was a folder with a file.
    assert_eq!(broken.count(), 2, "{digests:?}");
}
