//! Debian's packages, unpacked into a folder: the system's own stay as they are.
//!
//! apt runs with lists and settings of its own. Its mirror is the machine's, and
//! what it downloads is held to what Debian's archive key has signed.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use bakehouse_core::storage_error::At as _;
use bakehouse_system::process::run;
use bakehouse_system::storage;
use tokio::process::Command;

use super::UpError;

/// The keys that Debian signs with.
const KEYS: &str = "/usr/share/keyrings/debian-archive-keyring.gpg";
/// Bytes of a list of sources.
const SOURCES: u64 = 1 << 20;
/// Longest that a download may take.
const LIMIT: Duration = Duration::from_secs(30 * 60);

/// apt for one of Debian's suites.
pub(super) struct Apt {
    folder: PathBuf,
}

impl Apt {
    /// Fetches the suite's lists into a folder.
    pub(super) async fn new(folder: PathBuf, suite: &str) -> Result<Self, UpError> {
        let url = mirror().ok_or(UpError::Mirror)?;
        let apt = Self { folder };
        for below in ["state/lists/partial", "cache/archives/partial"] {
            storage::create(&apt.folder.join(below))?;
        }
        apt.write("status", "")?;
        let line = format!("deb [signed-by={KEYS}] {url} {suite} main\n");
        apt.write("sources.list", &line)?;
        let mut update = apt.command();
        update.arg("update");
        succeed("apt-get update", update).await?;
        Ok(apt)
    }

    fn write(&self, name: &str, text: &str) -> Result<(), UpError> {
        let path = self.folder.join(name);
        Ok(fs::write(&path, text).at("write", &path)?)
    }

    fn command(&self) -> Command {
        let mut command = Command::new("apt-get");
        let own = [
            ("Dir::Etc::sourcelist", "sources.list"),
            ("Dir::State", "state"),
            ("Dir::State::status", "status"),
            ("Dir::Cache", "cache"),
        ];
        for (setting, name) in own {
            let path = self.folder.join(name);
            command.arg(format!("--option={setting}={}", path.display()));
        }
        command.args([
            "--quiet",
            "--option=Dir::Etc::sourceparts=/dev/null",
            "--option=Dir::Etc::preferencesparts=/dev/null",
            "--option=APT::Sandbox::User=root",
            "--option=Acquire::Retries=3",
            // Lists that cannot be fetched are an error, too.
            "--option=APT::Update::Error-Mode=any",
            "--option=Acquire::Languages=none",
        ]);
        command
    }

    /// Downloads these packages, and unpacks them into a folder, whole or not at
    /// all.
    pub(super) async fn unpack(&self, packages: &[&str], into: &Path) -> Result<(), UpError> {
        let work = tempfile::tempdir_in(&self.folder).at("write to", &self.folder)?;
        let mut download = self.command();
        download
            .arg("download")
            .args(packages)
            .current_dir(work.path());
        succeed("apt-get download", download).await?;
        let tree = work.path().join("tree");
        storage::create(&tree)?;
        let names = fs::read_dir(work.path()).at("read", work.path())?;
        for entry in names.flatten() {
            let path = entry.path();
            if path.extension().is_some_and(|end| end == "deb") {
                let mut unpack = Command::new("dpkg-deb");
                unpack.arg("--extract").args([&path, &tree]);
                succeed("dpkg-deb", unpack).await?;
            }
        }
        storage::remove_all(into).at("remove", into)?;
        fs::rename(&tree, into).at("rename", into)?;
        Ok(())
    }
}

/// Runs a program that must succeed; else the last that it said is told.
pub(super) async fn succeed(program: &'static str, mut command: Command) -> Result<(), UpError> {
    command
        .env("LC_ALL", "C")
        .env("DEBIAN_FRONTEND", "noninteractive");
    let mut said = String::new();
    let ended = run(command, None, LIMIT, |line| {
        if !line.trim().is_empty() {
            line.trim().clone_into(&mut said);
        }
    })
    .await;
    match ended {
        Ok(ended) if ended.status.success() => Ok(()),
        Ok(ended) => Err(UpError::Program {
            program,
            said: match said.as_str() {
                "" => ended.status.to_string(),
                said => said.to_owned(),
            },
        }),
        Err(source) => Err(UpError::Run { program, source }),
    }
}

/// The mirror that the machine has Debian from.
fn mirror() -> Option<String> {
    let folders = [Path::new("/etc/apt"), Path::new("/etc/apt/sources.list.d")];
    let entries = folders
        .iter()
        .filter_map(|folder| fs::read_dir(folder).ok());
    let mut paths: Vec<PathBuf> = entries
        .flat_map(|entries| entries.flatten().map(|entry| entry.path()))
        .filter(|path| {
            let end = path.extension().and_then(|end| end.to_str());
            matches!(end, Some("list" | "sources"))
        })
        .collect();
    paths.sort();
    paths.iter().find_map(|path| {
        let text = storage::read_text(path, SOURCES).ok()?;
        mirror_in(&text).map(str::to_owned)
    })
}

/// The first address of a list of sources that is of Debian itself, by its path:
/// security updates and others have theirs (sources.list(5)).
fn mirror_in(sources: &str) -> Option<&str> {
    let lines = sources.lines().map(str::trim_start);
    let of_sources = lines.filter(|line| line.starts_with("deb ") || line.starts_with("URIs:"));
    of_sources.flat_map(str::split_whitespace).find(|word| {
        let path = word.trim_end_matches('/');
        (word.starts_with("http://") || word.starts_with("https://")) && path.ends_with("/debian")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debians_own_mirror_is_found_in_either_form() {
        let deb822 = "# deb http://old.test/debian x main\nTypes: deb\n\
            URIs: http://deb.test/debian-security\nSuites: bookworm-security\n\n\
            Types: deb\nURIs: https://deb.test/debian/\nSuites: bookworm\n";
        assert_eq!(mirror_in(deb822), Some("https://deb.test/debian/"));
        let list = "#deb http://old.test/debian x main\n\
            deb [arch=amd64 signed-by=/k.gpg] http://deb.test/debian bookworm main\n";
        assert_eq!(mirror_in(list), Some("http://deb.test/debian"));
        assert_eq!(
            mirror_in("deb http://archive.test/ubuntu noble main\n"),
            None
        );
    }
}
