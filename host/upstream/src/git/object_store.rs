//! The objects fetched from one repository, shared by targets and runs.

use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use bakehouse_core::mirrors::Mirrors;
use bakehouse_core::progress::Reporter;
use bakehouse_core::storage_error::At as _;
use bakehouse_system::http::retry::{Backoff, Pauses, Retry};
use bakehouse_system::storage::{self, blocking};

use super::command::Git;
use super::git_ref::candidates;
use super::limits::{outgrown, size};
use super::{Address, GitError, SourceLimits};

/// Tries where upstream's host is down.
const BACKOFF: Backoff = Backoff {
    tries: 3,
    first: Duration::from_secs(1),
    ..Backoff::UPSTREAM
};
/// The pause between two tries of a lock that another process holds.
const LOCK_PAUSE: Duration = Duration::from_millis(100);

/// A bare repository for one address, locked against other processes for as
/// long as this lives.
pub(super) struct ObjectStore<'a> {
    pub(super) git: Git<'a>,
    pub(super) folder: PathBuf,
    limits: SourceLimits,
    reporter: Arc<dyn Reporter>,
    _lock: File,
}

impl<'a> ObjectStore<'a> {
    /// Opens the store of an address below `parent`; waits while another
    /// process uses it.
    pub(super) async fn open(
        parent: &Path,
        address: &'a Address,
        mirrors: &'a Mirrors,
        limits: SourceLimits,
        reporter: Arc<dyn Reporter>,
    ) -> Result<Self, GitError> {
        storage::create(parent)?;
        let name = address.file_name();
        let lock_path = parent.join(format!("{name}.lock"));
        let lock = storage::lock_state(&lock_path)?;
        loop {
            match lock.try_lock() {
                Ok(()) => break,
                Err(TryLockError::WouldBlock) => tokio::time::sleep(LOCK_PAUSE).await,
                Err(error) => return Err(error).at("lock", &lock_path)?,
            }
        }
        let git = Git {
            address,
            mirrors,
            limit: limits.time,
        };
        let store = Self {
            git,
            folder: parent.join(format!("{name}.git")),
            limits,
            reporter,
            _lock: lock,
        };
        store.sweep();
        if !store.folder.join("HEAD").is_file() || size(&store.packs()) > limits.kept {
            store.reset().await?;
        }
        Ok(store)
    }

    /// Makes the store anew, empty.
    pub(super) async fn reset(&self) -> Result<(), GitError> {
        let folder = self.folder.clone();
        let removed = blocking(move || storage::remove_all(&folder)).await;
        removed.at("remove", &self.folder)?;
        let mut init = self.git.command();
        // No template: it would bring hooks.
        init.args(["init", "--quiet", "--bare", "--template="]);
        self.git.run(init, [&self.folder]).await?;
        Ok(())
    }

    /// The commit that upstream's tag, else branch, of this name shows now.
    pub(super) async fn resolve(&self, name: &str) -> Result<String, GitError> {
        let address = self.git.address;
        // Annotated tags are listed again, with `^{}`, as what they point to.
        let wanted: Vec<String> = candidates(name)
            .into_iter()
            .flat_map(|name| [format!("{name}^{{}}"), name])
            .collect();
        let mut arguments = vec!["ls-remote", "--quiet", "--", address.as_str()];
        arguments.extend(wanted.iter().map(String::as_str));
        let listed = self.remote(&arguments).await?;
        let commit = wanted.iter().find_map(|wanted| {
            let mut lines = listed.lines().filter_map(|line| line.split_once('\t'));
            lines.find(|(_, name)| name == wanted).map(|(id, _)| id)
        });
        commit.map(str::to_owned).ok_or_else(|| GitError::NoRef {
            address: address.to_string(),
            name: name.to_owned(),
        })
    }

    /// Fetches a commit, without its history, unless it is there.
    pub(super) async fn fetch(&self, commit: &str) -> Result<(), GitError> {
        if self.has(commit).await {
            return Ok(());
        }
        let refspec = format!("+{commit}:refs/bakehouse/{commit}");
        let arguments = [
            "fetch",
            "--quiet",
            "--depth=1",
            "--no-tags",
            "--no-write-fetch-head",
            "--",
            self.git.address.as_str(),
            &refspec,
        ];
        let packs = self.packs();
        let most = size(&packs).saturating_add(self.limits.fetched);
        tokio::select! {
            ended = self.remote(&arguments) => drop(ended?),
            () = outgrown(&packs, most) => {}
        }
        if size(&packs) <= most {
            return Ok(());
        }
        self.reset().await?;
        Err(GitError::Large {
            address: self.git.address.to_string(),
            limit: self.limits.fetched,
        })
    }

    fn packs(&self) -> PathBuf {
        self.folder.join("objects/pack")
    }

    async fn has(&self, commit: &str) -> bool {
        let command = self.git.command_in(&self.folder);
        let object = format!("{commit}^{{tree}}");
        let found = self.git.run(command, ["cat-file", "-e", &object]).await;
        found.is_ok()
    }

    /// The date that a commit says it was made at, RFC 3339 in UTC where it is a
    /// date.
    pub(super) async fn date(&self, commit: &str) -> Result<String, GitError> {
        let arguments = [
            "log",
            "-1",
            "--format=%cd",
            "--date=format-local:%Y-%m-%dT%H:%M:%SZ",
            commit,
        ];
        let command = self.git.command_in(&self.folder);
        let date = self.git.run(command, arguments).await?;
        Ok(date.trim().to_owned())
    }

    /// Runs a command that talks to upstream, again where its host was down.
    async fn remote(&self, arguments: &[&str]) -> Result<String, GitError> {
        // git's own words tell no pause that the host asks for.
        let pauses = Pauses::default();
        let what = self.git.address.as_str();
        let mut retry = Retry::new(what, BACKOFF, Duration::ZERO, &pauses, &*self.reporter);
        loop {
            let command = self.git.command_in(&self.folder);
            match self.git.run(command, arguments).await {
                Ok(said) => return Ok(said),
                Err(error) => retry.again(error).await?,
            }
        }
    }

    /// Removes what a fetch that was stopped left behind.
    fn sweep(&self) {
        let packs = fs::read_dir(self.packs());
        for path in packs.into_iter().flatten().flatten().map(|e| e.path()) {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            if name.starts_with("tmp_") {
                // The next sweep takes what stays.
                let _ = fs::remove_file(&path);
            }
        }
    }
}
