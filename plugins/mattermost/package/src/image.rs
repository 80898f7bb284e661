//! Upstream's Dockerfile, fed from the build context.

use bakehouse_sdk::dockerfile::Editor;
use bakehouse_sdk::{Build, Error};

use crate::compare::Differences;
use crate::package::{FILE, Package};
use crate::plugins::{PLUGINS, PREPACKAGED};
use crate::search::DocumentSearch;

/// Upstream's build context: Dockerfile, entrypoint, passwd.
pub(crate) const FOLDER: &str = "server/build";
/// The stage that holds the unpacked package.
const STAGE: &str = "bakehouse-package";
/// The path at which steps find it.
const MOUNT: &str = "/tmp/bakehouse-package";
/// The words that the command that fetches the package has in it, in every version.
const FETCHES: &[&str] = &["curl", "MM_PACKAGE"];

/// A program of the package that another one replaces.
#[derive(Debug, Clone, Copy)]
pub struct Replaced<'a> {
    /// The new program, relative to `server/build`.
    pub by: &'a str,
    /// Its name in `/mattermost/bin`.
    pub name: &'a str,
}

/// The build of an image from upstream's Dockerfile and a package that was
/// fetched before.
///
/// BuildKit itself unpacks the package, in a stage that runs nothing; upstream's
/// step copies it from there instead of calling curl. Plugins that were added go
/// with it, and labels tell the differences. Digests of bases stay where
/// they are good for the platform.
///
/// # Errors
/// [`Error::InvalidInput`] where upstream's Dockerfile is not as expected, with
/// its lines; as [`Editor::fit_digests`].
pub fn image(
    package: &Package<'_>,
    replaced: &[Replaced<'_>],
    differences: &Differences,
    search: DocumentSearch,
) -> Result<Build, Error> {
    let path = format!("{FOLDER}/Dockerfile");
    let mut file = Editor::open(&path)?;
    file.fit_digests(package.platform)?;
    edit(&mut file, package, replaced, !differences.added.is_empty())?;
    search.edit(&mut file)?;
    file.save()?;
    let build = Build::file(&path, package.platform)
        .in_folder(FOLDER)
        .with_network();
    let labels = differences.labels();
    Ok(labels.fold(build, |build, (label, value)| build.label(label, &value)))
}

fn edit(
    file: &mut Editor,
    package: &Package<'_>,
    replaced: &[Replaced<'_>],
    plugins: bool,
) -> Result<(), Error> {
    file.set_arg("MM_PACKAGE", &package.url())?;
    file.add_mount(FETCHES, &format!("type=bind,from={STAGE},target={MOUNT}"))?;
    file.replace_command(FETCHES, |_| format!("cp -a {MOUNT}/* ."))?;
    let mut stage = vec![format!("FROM scratch AS {STAGE}"), format!("ADD {FILE} /")];
    stage.extend(
        replaced
            .iter()
            .map(|Replaced { by, name }| format!("COPY --chmod=755 {by} /mattermost/bin/{name}")),
    );
    if plugins {
        stage.push(format!("COPY {PLUGINS}/ /mattermost/{PREPACKAGED}/"));
    }
    let lines: Vec<_> = stage.iter().map(String::as_str).collect();
    file.insert_before_stages(&lines)
}

#[cfg(test)]
mod tests {
    use bakehouse_sdk::platform;

    use super::*;
    use crate::Edition;

    #[test]
    fn every_shape_gets_the_package_from_the_context() {
        let platform = platform("linux/arm64");
        let package = Package {
            number: "10.5.0",
            edition: Edition::Enterprise,
            platform: &platform,
        };
        let replaced = [Replaced {
            by: "fork",
            name: "mattermost",
        }];
        let before = "FROM debian:x AS builder\n\
            ARG MM_PACKAGE=\"https://latest.example/mattermost\"\n\
            RUN mkdir /mattermost && if [ -n \"$MM_PACKAGE\" ]; then curl $MM_PACKAGE | tar -xvz ; \\\n  else exit 1 ; fi\n";
        let after = "FROM scratch AS bakehouse-package\nADD mattermost.tar.gz /\n\
            COPY --chmod=755 fork /mattermost/bin/mattermost\n\
            COPY plugins/ /mattermost/prepackaged_plugins/\n\
            FROM debian:x AS builder\n\
            ARG MM_PACKAGE=https://releases.mattermost.com/10.5.0/mattermost-10.5.0-linux-arm64.tar.gz\n\
            RUN --mount=type=bind,from=bakehouse-package,target=/tmp/bakehouse-package \
            mkdir /mattermost && if [ -n \"$MM_PACKAGE\" ]; then cp -a /tmp/bakehouse-package/* . ; \\\n  else exit 1 ; fi\n";
        let mut file = Editor::parse("Dockerfile", before).unwrap();
        edit(&mut file, &package, &replaced, true).unwrap();
        assert_eq!(file.text(), after);

        let other = "FROM a\nARG MM_PACKAGE\nADD ${MM_PACKAGE} /\n";
        let mut file = Editor::parse("Dockerfile", other).unwrap();
        let Err(Error::InvalidInput(text)) = edit(&mut file, &package, &[], false) else {
            panic!("not refused");
        };
        assert!(text.contains("no RUN step with a command that has `curl` and `MM_PACKAGE`"));
    }
}
