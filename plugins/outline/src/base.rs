//! The image `base-outline`: upstream's `Dockerfile.base`, run on the build
//! machine's own platform.

use bakehouse_sdk::dockerfile::Editor;
use bakehouse_sdk::{Build, Error, Platform};

use crate::PLATFORMS;

const PATH: &str = "Dockerfile.base";
/// The command that leaves production's modules only: `yarn install
/// --production=true`, and `yarn workspaces focus --production` since 1.2.
const MODULES: &[&str] = &["yarn", "--production"];

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
/// emulated and all targets share it up to the last install, which resolves
/// native modules as if Node.js ran on the target. A new last stage, of the
/// target, takes the result.
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

    let install = modules(platform)?;
    file.pin_to_build_platform("0")?;
    file.replace_command(MODULES, install)?;
    file.append(&last)
}

/// The install, with `process.arch` and what npm reads set to the target's, and
/// a look at the programs that packages compiled while they were installed:
/// those would be the build platform's.
fn modules(platform: &Platform) -> Result<impl Fn(&str) -> String + use<>, Error> {
    let (node, elf) = match platform.architecture.as_str() {
        "amd64" => ("x64", 62),
        "arm64" => ("arm64", 183),
        other => {
            return Err(Error::InvalidInput(format!(
                "Node.js's name for {other} is not known here"
            )));
        }
    };
    Ok(move |yarn: &str| {
        format!(
            "echo 'Object.defineProperty(process, \"arch\", {{ value: \"{node}\" }})' > /tmp/target.cjs && \
             NODE_OPTIONS=\"$NODE_OPTIONS --require=/tmp/target.cjs\" npm_config_arch={node} {yarn} && \
             find node_modules -path '*/build/Release/*.node' | while read -r module; do \
             machine=$(od -An -j18 -N2 -tu2 \"$module\" | tr -d ' '); \
             test \"$machine\" = {elf} || {{ echo \"$module was compiled for another architecture\"; exit 1; }}; done"
        )
    })
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
            let run = text
                .lines()
                .find(|line| line.contains("--production"))
                .unwrap();
            assert!(run.starts_with("RUN echo 'Object"), "{run}");
            assert!(
                run.contains(&format!("npm_config_arch=arm64 {install} && find")),
                "{run}"
            );
            assert!(run.ends_with("done && \\"), "{run}");
            assert!(text.ends_with(
                "ENV PORT=3000\nFROM node:22.21.0\nARG APP_PATH\nWORKDIR $APP_PATH\nENV A=1\n\
                 ENV PORT=3000\nCOPY --from=0 $APP_PATH $APP_PATH\n"
            ));
        }
        assert!(modules(&platform("linux/s390x")).is_err());
    }
}
