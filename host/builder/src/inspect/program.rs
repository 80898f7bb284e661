//! Finds the `docker-buildx` program.

use std::ffi::{OsStr, OsString};
use std::path::PathBuf;
use std::time::Duration;

use bakehouse_system::docker::docker_folder;
use bakehouse_system::process::{located, run};
use semver::Version;
use tokio::process::Command;

use crate::sandbox::child_env::ChildEnv;

/// The first version that says what a build was made of, in its metadata file.
const OLDEST: Version = Version::new(0, 14, 0);
const LIMIT: Duration = Duration::from_secs(20);
/// The program that is tried first, on `PATH`.
const FIRST: &str = "docker-buildx";

/// The folders in which Docker's own CLI looks for its plugins.
const PLUGIN_FOLDERS: &[&str] = &[
    "/usr/local/lib/docker/cli-plugins",
    "/usr/local/libexec/docker/cli-plugins",
    "/usr/lib/docker/cli-plugins",
    "/usr/libexec/docker/cli-plugins",
];

/// There is no `docker-buildx` that will do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no docker-buildx of version {oldest} or later; tried {}", .tried.join(", "))]
pub struct ProgramError {
    /// The oldest version that will do.
    pub oldest: Version,
    /// The programs that were tried, with the age of each.
    pub tried: Vec<String>,
}

/// A `docker-buildx` that answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Program {
    words: Vec<OsString>,
    version: Version,
}

impl Program {
    /// Tries `docker-buildx` on `PATH`, then as a plugin in Docker's folders,
    /// then `docker buildx`. The plugin is started directly, so that another
    /// `DOCKER_CONFIG` does not hide it.
    ///
    /// # Errors
    /// If there is none, or only one before 0.13.
    pub async fn find(env: &ChildEnv) -> Result<Self, ProgramError> {
        let mut tried = Vec::new();
        for words in candidates() {
            let shown = words
                .join(&OsString::from(" "))
                .to_string_lossy()
                .into_owned();
            let mut command = command(&words, env);
            command.arg("version");
            env.apply(&mut command, false);
            let version = match run(command, None, LIMIT, |_| {}).await {
                Ok(ended) if ended.status.success() => parse_version(&ended.stdout),
                _ => None,
            };
            match version {
                Some(version) if version >= OLDEST => return Ok(Self { words, version }),
                Some(version) => tried.push(format!("`{shown}` (version {version}, too old)")),
                None => tried.push(format!("`{shown}`")),
            }
        }
        Err(ProgramError {
            oldest: OLDEST,
            tried,
        })
    }

    /// One that was found before.
    pub(crate) fn known(words: Vec<String>, version: Version) -> Self {
        Self {
            words: words.into_iter().map(OsString::from).collect(),
            version,
        }
    }

    /// The words that start it, where they are text.
    pub(crate) fn words(&self) -> Option<Vec<String>> {
        let words = self.words.iter();
        words.map(|word| word.to_str().map(str::to_owned)).collect()
    }

    /// The one that is tried first, before anything is known of it: it can be
    /// asked for more than its version at the same time.
    pub(crate) fn likely() -> Self {
        Self {
            words: vec![FIRST.into()],
            version: OLDEST,
        }
    }

    /// Whether both are started in the same way.
    pub(crate) fn is(&self, other: &Self) -> bool {
        self.words == other.words
    }

    /// Its version.
    #[must_use]
    pub const fn version(&self) -> &Version {
        &self.version
    }

    /// A command line that starts with it, as a child with this environment finds it.
    pub(crate) fn command(&self, env: &ChildEnv) -> Command {
        command(&self.words, env)
    }
}

fn command(words: &[OsString], env: &ChildEnv) -> Command {
    let mut words = words.iter();
    let first = words.next().map_or(OsStr::new(""), OsString::as_os_str);
    let mut command = Command::new(located(first, env.path().as_deref()));
    command.args(words);
    command
}

/// The programs that are tried, in their order, and the file that each is.
pub(crate) fn resolved(env: &ChildEnv) -> Vec<(Vec<OsString>, Option<PathBuf>)> {
    let path = env.path();
    let file = |words: &[OsString]| {
        let file = PathBuf::from(located(words.first()?, path.as_deref()));
        file.is_absolute().then_some(file)
    };
    let programs = candidates().into_iter();
    programs
        .map(|words| {
            let file = file(&words);
            (words, file)
        })
        .collect()
}

fn candidates() -> Vec<Vec<OsString>> {
    let own = docker_folder().map(|folder| folder.join("cli-plugins"));
    let plugins = own
        .into_iter()
        .chain(PLUGIN_FOLDERS.iter().map(PathBuf::from))
        .map(|folder| folder.join("docker-buildx"))
        .filter(|path| path.is_file())
        .map(|path| vec![path.into_os_string()]);
    std::iter::once(vec![FIRST.into()])
        .chain(plugins)
        .chain([vec!["docker".into(), "buildx".into()]])
        .collect()
}

/// `github.com/docker/buildx v0.29.1 hash`; Debian's has no `v`.
fn parse_version(text: &str) -> Option<Version> {
    let word = text.split_whitespace().nth(1)?;
    let number = word.trim_start_matches('v').split(['+', '-', '~']).next()?;
    Version::parse(number).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_versions() {
        for (text, version) in [
            (
                "github.com/docker/buildx v0.13.1 788433953af10f2a698f5c07611dddce2e08c7a0\n",
                "0.13.1",
            ),
            (
                "github.com/docker/buildx 0.29.1+ds1 0.29.1+ds1-1\n",
                "0.29.1",
            ),
            ("github.com/docker/buildx v0.20.0-rc1 abc", "0.20.0"),
        ] {
            assert_eq!(parse_version(text).unwrap().to_string(), version);
        }
        assert_eq!(parse_version("buildx"), None);
    }
}
