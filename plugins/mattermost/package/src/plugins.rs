//! Plugins that Mattermost comes with, for platforms whose package has none.
//!
//! Upstream's `server/build/release.mk` puts the plugins that `server/Makefile`
//! lists into amd64's package, each `NAME-linux-amd64.tar.gz` with its signature,
//! and none into arm64's. It publishes them beside the packages: for one platform,
//! or, as `NAME.tar.gz`, for all of them. The signature goes along: the server
//! verifies it when it starts, and takes no such plugin without.

use bakehouse_sdk::fetch::{self, Unpack};
use bakehouse_sdk::{Error, Platform};

use crate::contents::{ANY, Names, list, named};
use crate::image::FOLDER;

/// The URL below which upstream publishes plugins.
pub(crate) const STORE: &str = "https://plugins.releases.mattermost.com/release/";
/// The folder of a package that has them.
pub(crate) const PREPACKAGED: &str = "prepackaged_plugins";
/// The folder of plugins in the build context.
pub(crate) const PLUGINS: &str = "plugins";
/// The end of an archive's name, and of its signature's.
const ARCHIVE: &str = ".tar.gz";
const SIGNATURE: &str = ".sig";

/// Plugins among a package's files, by name: `mattermost-plugin-jira-v4.1.1`.
pub(crate) fn among(names: &Names) -> Names {
    let name = |file: &String| {
        let name = file.strip_prefix(PREPACKAGED)?.strip_prefix('/')?;
        let name = name.strip_suffix(ARCHIVE)?;
        let name = name.strip_suffix(&format!("-{ANY}")).unwrap_or(name);
        Some(name.to_owned())
    };
    names.iter().filter_map(name).collect()
}

/// Whether a file of a package is this plugin, or its signature.
pub(crate) fn is_of(plugin: &str, file: &str) -> bool {
    let Some(name) = file
        .strip_prefix(PREPACKAGED)
        .and_then(|f| f.strip_prefix('/'))
    else {
        return false;
    };
    let name = name.strip_suffix(SIGNATURE).unwrap_or(name);
    let name = name.strip_suffix(ARCHIVE).unwrap_or(name);
    name.strip_suffix(&format!("-{ANY}")).unwrap_or(name) == plugin
}

/// Fetches a plugin for a platform into the build context, with its signature.
/// False where upstream does not publish it for that.
///
/// # Errors
/// As `fetch.download`, but for what is not found: the first one's, where no
/// archive could be had.
pub(crate) fn fetch_for(plugin: &str, platform: &Platform) -> Result<bool, Error> {
    let mut failed = None;
    for archive in archives(plugin, platform) {
        match fetched(&archive, platform) {
            Ok(true) => return Ok(true),
            Ok(false) => {}
            Err(error) => failed = failed.or(Some(error)),
        }
    }
    failed.map_or(Ok(false), Err)
}

/// Names of archives with the plugin, the smallest first.
fn archives(plugin: &str, platform: &Platform) -> [String; 2] {
    [
        format!("{plugin}-{}{ARCHIVE}", named(platform)),
        format!("{plugin}{ARCHIVE}"),
    ]
}

fn fetched(archive: &str, platform: &Platform) -> Result<bool, Error> {
    let url = format!("{STORE}{archive}");
    let Some((names, digest)) = found(list(&url, None))? else {
        return Ok(false);
    };
    if !runs_on(&names, platform) {
        return Ok(false);
    }
    let into = format!("{FOLDER}/{PLUGINS}/{archive}");
    let signature = format!("{url}{SIGNATURE}");
    let signed = fetch::download(
        &signature,
        None,
        &format!("{into}{SIGNATURE}"),
        Unpack::None,
    );
    if found(signed)?.is_none() {
        return Ok(false);
    }
    fetch::download(&url, Some(&digest), &into, Unpack::None)?;
    Ok(true)
}

/// The download; none where it does not exist.
fn found<T>(result: Result<T, Error>) -> Result<Option<T>, Error> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(Error::NotFound(_)) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Whether a plugin with these files has a server part for a platform, or none
/// at all: `server/dist/plugin-linux-arm64`.
fn runs_on(names: &Names, platform: &Platform) -> bool {
    let mut programs = names
        .iter()
        .filter_map(|name| name.rsplit_once("dist/plugin-"))
        .map(|(_, platform)| platform)
        .peekable();
    programs.peek().is_none() || programs.any(|program| program == named(platform))
}

#[cfg(test)]
mod tests {
    use bakehouse_sdk::platform;

    use super::*;

    fn names(names: &[&str]) -> Names {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn are_told_from_other_files() {
        let files = names(&[
            "bin/mattermost",
            "prepackaged_plugins/README",
            "prepackaged_plugins/focalboard-v7.8.2-{platform}.tar.gz",
            "prepackaged_plugins/focalboard-v7.8.2-{platform}.tar.gz.sig",
            "prepackaged_plugins/mattermost-plugin-jira-v4.1.1.tar.gz",
        ]);
        let plugins = among(&files);
        assert_eq!(
            plugins,
            names(&["focalboard-v7.8.2", "mattermost-plugin-jira-v4.1.1"])
        );
        let left = files
            .iter()
            .filter(|file| !plugins.iter().any(|plugin| is_of(plugin, file)));
        assert_eq!(
            Vec::from_iter(left),
            ["bin/mattermost", "prepackaged_plugins/README"]
        );
    }

    #[test]
    fn run_where_they_have_a_program_or_need_none() {
        let arm64 = platform("linux/arm64");
        for (files, runs) in [
            (
                &["x/server/dist/plugin-linux-arm64", "x/plugin.json"][..],
                true,
            ),
            (
                &[
                    "server/dist/plugin-linux-amd64",
                    "server/dist/plugin-linux-arm64",
                ],
                true,
            ),
            (
                &[
                    "server/dist/plugin-linux-amd64",
                    "server/dist/plugin-darwin-arm64",
                ],
                false,
            ),
            (&["plugin.json", "webapp/dist/main.js"], true),
        ] {
            assert_eq!(runs_on(&names(files), &arm64), runs, "{files:?}");
        }
        assert_eq!(
            archives("mattermost-plugin-jira-v4.1.1", &arm64),
            [
                "mattermost-plugin-jira-v4.1.1-linux-arm64.tar.gz",
                "mattermost-plugin-jira-v4.1.1.tar.gz"
            ]
        );
    }
}
