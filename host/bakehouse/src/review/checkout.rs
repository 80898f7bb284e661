//! A project's git repository, and the commit that a change begins at.

use std::collections::{BTreeMap, BTreeSet};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::time::Duration;

use bakehouse_system::process::{RunError, run};
use bakehouse_system::storage;
use bakehouse_system::terminal;
use tokio::process::Command;

use super::{Base, ReviewError, Snapshot};

/// Longest that git may think.
const LIMIT: Duration = Duration::from_secs(60);
/// Lines of what git says that are kept.
const SAID: usize = 20;
/// Bytes of a file that is compared; larger ones are not written by hand.
const LARGEST: u64 = 1 << 20;
/// The project's own workflow.
const CALLER: &str = ".github/workflows/bakehouse.yml";
/// The project's own settings.
const SETTINGS: &str = "bakehouse.toml";

/// A project in a git repository, compared with a commit of it.
#[derive(Debug, Clone)]
pub struct Checkout {
    root: PathBuf,
    /// The commit.
    pub base: Base,
}

impl Checkout {
    /// The project at `root`, compared with where its `HEAD` left `revision`.
    ///
    /// # Errors
    /// When the two cannot be compared.
    pub async fn open(root: &Path, revision: &str) -> Result<Self, ReviewError> {
        let mut checkout = Self {
            root: root.to_owned(),
            base: Base::default(),
        };
        let inside = checkout
            .git(&["rev-parse", "--is-inside-work-tree"])
            .await?;
        if !inside.0.success() {
            return Err(match inside.2 {
                // What else git may have against a repository, it says best itself.
                said if checkout.has_repository() => ReviewError::Refused(said),
                _ => ReviewError::NoRepository(root.display().to_string()),
            });
        }
        let unknown = || ReviewError::UnknownRevision(revision.to_owned());
        if revision.starts_with('-') || revision.is_empty() {
            return Err(unknown());
        }
        let commit = format!("{revision}^{{commit}}");
        let commit = checkout
            .git(&["rev-parse", "--verify", "--quiet", &commit])
            .await?;
        if !commit.0.success() {
            return Err(unknown());
        }
        let common = checkout
            .git(&["merge-base", commit.1.trim(), "HEAD"])
            .await?;
        if !common.0.success() {
            return Err(ReviewError::NothingCommon(revision.to_owned()));
        }
        checkout.base = Base {
            revision: revision.to_owned(),
            commit: common.1.trim().to_owned(),
        };
        Ok(checkout)
    }

    /// Files that differ now from the commit, committed or not: paths from the
    /// project's root.
    ///
    /// # Errors
    /// When git does not tell.
    pub async fn changed(&self) -> Result<BTreeSet<String>, ReviewError> {
        let commit = self.base.commit.as_str();
        let differ = [
            "diff",
            "--name-only",
            "-z",
            "--no-renames",
            "--no-ext-diff",
            "--no-textconv",
            "--relative",
            commit,
            "--",
            ".",
        ];
        let new = ["ls-files", "-z", "--others", "--exclude-standard"];
        let mut changed = self.names(&differ).await?;
        changed.extend(self.names(&new).await?);
        Ok(changed)
    }

    /// The files that say what is built, as the commit has them.
    ///
    /// # Errors
    /// When git does not tell.
    pub async fn before(&self) -> Result<Snapshot, ReviewError> {
        let commit = self.base.commit.as_str();
        let list = [
            "ls-tree",
            "-r",
            "-z",
            "--name-only",
            commit,
            "--",
            "apps",
            SETTINGS,
            CALLER,
        ];
        let mut files = BTreeMap::new();
        for path in self.names(&list).await? {
            if is_read(&path) {
                let object = format!("{commit}:./{path}");
                let text = self.told(&["cat-file", "blob", &object]).await?;
                files.insert(path, text);
            }
        }
        Ok(snapshot(files))
    }

    /// The same files, as they are now.
    #[must_use]
    pub fn now(&self) -> Snapshot {
        let names = std::fs::read_dir(self.root.join("apps"))
            .into_iter()
            .flatten();
        let names = names
            .flatten()
            .filter_map(|app| app.file_name().into_string().ok());
        let apps = names.map(|name| format!("apps/{name}/app.toml"));
        let all = apps.chain([SETTINGS, CALLER].map(str::to_owned));
        let read = |path: String| match storage::read_text(&self.root.join(&path), LARGEST) {
            Ok(text) => Some((path, text)),
            Err(error)
                if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) =>
            {
                None
            }
            // It is there, and something else than it was.
            Err(_) => Some((path, String::new())),
        };
        snapshot(all.filter_map(read).collect())
    }

    fn has_repository(&self) -> bool {
        let mut folders = self.root.ancestors();
        folders.any(|folder| folder.join(".git").symlink_metadata().is_ok())
    }

    async fn names(&self, arguments: &[&str]) -> Result<BTreeSet<String>, ReviewError> {
        let told = self.told(arguments).await?;
        let names = told.split('\0').filter(|name| !name.is_empty());
        Ok(names.map(str::to_owned).collect())
    }

    async fn told(&self, arguments: &[&str]) -> Result<String, ReviewError> {
        let (status, told, said) = self.git(arguments).await?;
        match status.success() {
            true => Ok(told),
            false => Err(ReviewError::Refused(said)),
        }
    }

    /// Runs git in the project's folder: how it ended, what it printed, and what
    /// it said of errors.
    async fn git(&self, arguments: &[&str]) -> Result<(ExitStatus, String, String), ReviewError> {
        let mut command = Command::new("git");
        command
            .args(["-c", "core.fsmonitor=false"])
            .args(arguments)
            .current_dir(&self.root)
            .env("GIT_OPTIONAL_LOCKS", "0")
            .env("GIT_TERMINAL_PROMPT", "0")
            .env("LC_ALL", "C");
        let mut said: Vec<String> = Vec::new();
        let ended = run(command, None, LIMIT, |line| {
            if said.len() < SAID {
                said.push(terminal::last_seen(line).trim().to_owned());
            }
        });
        let ended = ended.await.map_err(ReviewError::Git)?;
        Ok((ended.status, ended.stdout, said.join(" ")))
    }
}

fn is_read(path: &str) -> bool {
    let app = || app_of(path).is_some();
    path == SETTINGS || path == CALLER || app()
}

/// The app of an `app.toml`.
fn app_of(path: &str) -> Option<&str> {
    let name = path.strip_prefix("apps/")?.strip_suffix("/app.toml")?;
    (!name.contains('/')).then_some(name)
}

fn snapshot(files: BTreeMap<String, String>) -> Snapshot {
    let mut snapshot = Snapshot::default();
    for (path, text) in files {
        match (path.as_str(), app_of(&path)) {
            (SETTINGS, _) => snapshot.settings = text,
            (CALLER, _) => snapshot.caller = text,
            (_, Some(app)) => {
                snapshot.apps.insert(app.to_owned(), text);
            }
            _ => {}
        }
    }
    snapshot
}

/// The hint's half of [`ReviewError::Git`]: whether there is no git at all.
#[must_use]
pub const fn is_absent(error: &RunError) -> bool {
    matches!(error, RunError::Start(_))
}
