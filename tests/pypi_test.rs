//! Programs out of Python's packages.

use crate::support::{Builder, Project, PyPi, finish};

/// A wheel is a ZIP archive, and its program one member of it.
#[test]
fn a_program_is_taken_out_of_a_wheel() {
    let wheel = include_bytes!("../host/system/src/unpack/testdata/tool.zip");
    let index = PyPi::start();
    index.publish("tool", &[("tool-1.0.0-py3-none-any.whl", wheel)]);
    let project = Project::new(Builder::Docker);
    let run = |member: &str| {
        project.app(
            "misbehave",
            &format!(
                "releases = [\"pypi:tool\"]\nimages = [\"misbehave\"]\n[options]\nsource = \"pypi:tool\"\n\
                 behaviour = \"asset\"\nmembers = [{member:?}]\ndockerfile = \"COPY asset/tool-1.0/bin/tool /tool\""
            ),
        );
        let mut command = project.command(&["run"]);
        finish(command.env("PIP_INDEX_URL", index.url()))
    };
    run("*/bin/other")
        .expect(6)
        .says("tool-1.0.0-py3-none-any.whl: the archive has no `*/bin/other`; it has ")
        .says("tool-1.0/bin/tool");
    run("*/bin/tool").expect(0);
    // Files of a package that is granted need no grant of their own.
    let paths: Vec<_> = index.requests().into_iter().map(|r| r.path).collect();
    let file = "/files/tool-1.0.0-py3-none-any.whl".to_owned();
    assert!(paths.contains(&file), "{paths:?}");
}
