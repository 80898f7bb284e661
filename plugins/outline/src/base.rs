//! The image `base-outline`: upstream's `Dockerfile.base`, run on the build
//! machine's own platform.

use bakehouse_sdk::dockerfile::Editor;
use bakehouse_sdk::{Build, Error, Platform};

use crate::PLATFORMS;

const PATH: &str = "Dockerfile.base";
/// The command that leaves production's modules only: `yarn install
/// --production=true`, and `yarn workspaces focus --production` since 1.2.
const MODULES: &[&str] = &["yarn", "--production"];
/// Runs that command for another machine than the one that builds.
const PROGRAM: &str = include_str!("modules.cjs");

/// Builds [`PATH`], edited. The file stays as it is: it is copied into the image,
/// and a copy that differs between targets would make each build its own
/// JavaScript.
pub(crate) fn prepare(platform: &Platform) -> Result<Build, Error> {
    let mut file = Editor::open(PATH)?;
    // All targets share the first stage, and so its base.
    for platform in PLATFORMS {
        file.fit_digests(&bakehouse_sdk::platform(platform))?;
    }
    edit(&mut file, platform)?;
    Ok(Build::inline(file.text(), platform).with_network())
}

/// Upstream's only stage moves to the build platform, so that nothing in it is
/// emulated and all targets share it up to the last install, which [`PROGRAM`]
/// runs for the target. A new last stage, of the target, takes the result.
fn edit(file: &mut Editor, platform: &Platform) -> Result<(), Error> {
    let stages = file.stages()?;
    let [stage] = stages.as_slice() else {
        return Err(Error::InvalidInput(format!(
            "{PATH} has {} stages, expected one",
            stages.len()
        )));
    };
    let settings = file.settings("0")?;
    let workdir = settings.iter().rev().find_map(|line| {
        let (keyword, path) = line.split_once(char::is_whitespace)?;
        keyword
            .eq_ignore_ascii_case("WORKDIR")
            .then(|| path.trim().to_owned())
    });
    let workdir = workdir.ok_or_else(|| {
        Error::InvalidInput(format!("{PATH} has no WORKDIR to take the result from"))
    })?;
    let mut last = vec![format!("FROM {}", stage.base)];
    last.extend(settings);
    last.push(format!("COPY --from=0 {workdir} {workdir}"));
    let last: Vec<_> = last.iter().map(String::as_str).collect();

    let node = node_architecture(platform)?;
    file.pin_to_build_platform("0")?;
    // Behind everything that all targets share.
    let mut program = vec!["COPY <<'END_OF_PROGRAM' /tmp/modules.cjs"];
    program.extend(PROGRAM.lines());
    program.push("END_OF_PROGRAM");
    file.insert_before_run(MODULES, &program)?;
    file.replace_command(MODULES, |yarn| {
        format!("node /tmp/modules.cjs {node} {yarn}")
    })?;
    file.append(&last)
}

/// Node.js's name for the architecture (`process.arch`).
fn node_architecture(platform: &Platform) -> Result<&'static str, Error> {
    match platform.architecture.as_str() {
        "amd64" => Ok("x64"),
        "arm64" => Ok("arm64"),
        other => Err(Error::InvalidInput(format!(
            "Node.js's name for {other} is not known here"
        ))),
    }
}

#[cfg(test)]
mod tests {
    use bakehouse_sdk::platform;

    use super::*;

    #[test]
    fn both_package_managers_install_for_the_target() {
        for install in [
            "yarn install --production=true --frozen-lockfile",
            "yarn workspaces focus --production",
        ] {
            let text = format!(
                "ARG APP_PATH=/opt/outline\nFROM node:22.21.0 AS deps\nARG APP_PATH\nWORKDIR $APP_PATH\n\
                 RUN yarn install --no-optional && \\\n  yarn cache clean\nENV A=1\nRUN yarn build\n\
                 RUN {install} && \\\n  yarn cache clean\nENV PORT=3000\n"
            );
            let mut file = Editor::parse(PATH, &text).unwrap();
            edit(&mut file, &platform("linux/arm64")).unwrap();
            let text = file.text();
            assert!(text.contains("\nFROM --platform=$BUILDPLATFORM node:22.21.0 AS deps\n"));
            let program = text
                .find("COPY <<'END_OF_PROGRAM' /tmp/modules.cjs")
                .unwrap();
            assert!(text[..program].ends_with("RUN yarn build\n"), "{text}");
            let run = format!(
                "\nEND_OF_PROGRAM\nRUN node /tmp/modules.cjs arm64 {install} && \\\n  yarn cache clean\n"
            );
            assert!(text.contains(&run), "{text}");
            assert!(text.ends_with(
                "ENV PORT=3000\nFROM node:22.21.0\nARG APP_PATH\nWORKDIR $APP_PATH\nENV A=1\n\
                 ENV PORT=3000\nCOPY --from=0 $APP_PATH $APP_PATH\n"
            ));
        }
        assert!(node_architecture(&platform("linux/s390x")).is_err());
    }
}
