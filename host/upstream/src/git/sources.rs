//! Checkouts of upstream's source.

use std::collections::{HashMap, HashSet, VecDeque};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use bakehouse_core::date::{self, Date};
use bakehouse_core::grants::Denied;
use bakehouse_core::mirrors::Mirrors;
use bakehouse_core::progress::{Event, Reporter};
use bakehouse_core::recipe::Source;
use bakehouse_core::storage_error::{At as _, StorageError};
use bakehouse_system::storage::{blocking, trouble};
use bakehouse_system::work_tree::WorkTree;
use serde::{Deserialize, Serialize};
use tokio::sync::OnceCell;

use super::checkout::{Gitlink, checkout};
use super::git_ref::is_commit;
use super::object_store::ObjectStore;
use super::{Address, GitError, SourceLimits, check_ref, submodules};

/// Most submodules of one checkout, those of submodules included.
const MAX_SUBMODULES: usize = 200;

/// The revision that was checked out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Revision {
    /// The commit's name, 40 hexadecimal digits.
    pub commit: String,
    /// The date on which it was committed.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "date::if_any"
    )]
    pub committed: Option<Date>,
}

/// Upstream's repositories. Clones share what refs were resolved to.
#[derive(Clone)]
pub struct Sources {
    folder: PathBuf,
    limits: SourceLimits,
    mirrors: Mirrors,
    reporter: Arc<dyn Reporter>,
    pins: Arc<Mutex<HashMap<Source, Arc<OnceCell<String>>>>>,
    /// Repositories of whose commits one without a date was told.
    undated: Arc<Mutex<HashSet<String>>>,
}

/// One commit, placed.
struct Placed {
    submodules: Vec<(Gitlink, Address)>,
    /// As the commit says it.
    committed: String,
}

impl Sources {
    /// Keeps object stores below this folder.
    pub fn new(folder: PathBuf, limits: SourceLimits, reporter: Arc<dyn Reporter>) -> Self {
        Self {
            folder,
            limits,
            mirrors: Mirrors::default(),
            reporter,
            pins: Arc::default(),
            undated: Arc::default(),
        }
    }

    /// Fetches from these mirrors what they have.
    #[must_use]
    pub fn mirrors(mut self, mirrors: Mirrors) -> Self {
        self.mirrors = mirrors;
        self
    }

    /// Checks a source out into the empty folder `tree`. A ref is resolved when
    /// it is first asked for, or is `known` from an earlier run, and stays what
    /// it was after that. `granted` is asked about every repository.
    ///
    /// # Errors
    /// [`GitError::Denied`] without a grant; whatever else keeps it from being
    /// checked out.
    pub async fn checkout(
        &self,
        source: &Source,
        known: Option<&str>,
        granted: impl Fn(&str) -> Result<(), Denied>,
        tree: &Path,
    ) -> Result<Revision, GitError> {
        let work = self.checkout_all(source, known, granted, tree);
        let ended = tokio::time::timeout(self.limits.time, work).await;
        let ended = ended.unwrap_or_else(|_| {
            Err(GitError::Slow {
                repository: source.repository.clone(),
                limit: self.limits.time,
            })
        });
        if ended.is_err() {
            self.room(tree).await?;
        }
        ended
    }

    /// Whether git could write: it tells no full disk from other failures.
    async fn room(&self, tree: &Path) -> Result<(), StorageError> {
        let folders = [self.folder.clone(), tree.to_owned()];
        let asked = move || Ok(folders.iter().find_map(|folder| trouble(folder)));
        let found = blocking(asked).await.at("write to", tree)?;
        found.map_or(Ok(()), Err)
    }

    /// Tells of the first commit of a repository whose date is none.
    fn tell_undated(&self, repository: &str, commit: &str, said: &str) {
        let mut told = self.undated.lock().unwrap_or_else(PoisonError::into_inner);
        if told.insert(repository.to_owned()) {
            let message = format!(
                "{repository}: commit {commit} is of no date (`{}`), which is left out",
                said.escape_debug()
            );
            self.reporter.report(Event::Warning { message: &message });
        }
    }

    async fn checkout_all(
        &self,
        source: &Source,
        known: Option<&str>,
        granted: impl Fn(&str) -> Result<(), Denied>,
        tree: &Path,
    ) -> Result<Revision, GitError> {
        granted(&source.repository)?;
        check_ref(&source.git_ref)?;
        let address = Address::parse(&source.repository)?;
        let work = WorkTree::open(tree)?;
        let commit = self.resolve(source, &address, known).await?;
        let submodules = source.submodules;
        let placed = self
            .place(&address, &commit, &work, ".", submodules)
            .await?;
        let committed = Date::parse(&placed.committed);
        if committed.is_none() {
            self.tell_undated(&source.repository, &commit, &placed.committed);
        }
        let revision = Revision { commit, committed };
        let mut count = 0;
        let mut todo: VecDeque<(String, Gitlink, Address)> = VecDeque::new();
        let below = |folder: &str, submodules: Vec<(Gitlink, Address)>| {
            let folder = folder.to_owned();
            let place = move |(gitlink, address): (Gitlink, Address)| {
                (format!("{folder}/{}", gitlink.path), gitlink, address)
            };
            submodules.into_iter().map(place)
        };
        todo.extend(below(".", placed.submodules));
        while let Some((folder, gitlink, address)) = todo.pop_front() {
            count += 1;
            if count > MAX_SUBMODULES {
                return Err(GitError::Submodules(source.repository.clone()));
            }
            granted(address.as_str())?;
            let placed = self.place(&address, &gitlink.commit, &work, &folder, true);
            todo.extend(below(&folder, placed.await?.submodules));
        }
        Ok(revision)
    }

    /// The commit that a source's ref stands for in this run.
    async fn resolve(
        &self,
        source: &Source,
        address: &Address,
        known: Option<&str>,
    ) -> Result<String, GitError> {
        let pin = {
            let mut pins = self.pins.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(pins.entry(source.clone()).or_default())
        };
        let first = async {
            if let Some(commit) = known {
                return Ok(commit.to_owned());
            }
            if is_commit(&source.git_ref) {
                return Ok(source.git_ref.clone());
            }
            self.open(address).await?.resolve(&source.git_ref).await
        };
        pin.get_or_try_init(|| first).await.cloned()
    }

    async fn open<'a>(&'a self, address: &'a Address) -> Result<ObjectStore<'a>, GitError> {
        let reporter = Arc::clone(&self.reporter);
        ObjectStore::open(&self.folder, address, &self.mirrors, self.limits, reporter).await
    }

    /// Fetches one commit and writes it into a folder of the work tree. A
    /// damaged object store is made anew, once.
    async fn place(
        &self,
        address: &Address,
        commit: &str,
        work: &WorkTree,
        folder: &str,
        submodules: bool,
    ) -> Result<Placed, GitError> {
        let store = self.open(address).await?;
        match self
            .place_from(&store, commit, work, folder, submodules)
            .await
        {
            Err(error @ GitError::Failed { .. }) => {
                self.room(work.root()).await?;
                tracing::warn!(%error, "the objects of {address} are fetched anew");
                store.reset().await?;
                self.place_from(&store, commit, work, folder, submodules)
                    .await
            }
            ended => ended,
        }
    }

    async fn place_from(
        &self,
        store: &ObjectStore<'_>,
        commit: &str,
        work: &WorkTree,
        folder: &str,
        submodules: bool,
    ) -> Result<Placed, GitError> {
        store.fetch(commit).await?;
        let index = work.root().with_extension("git-index");
        let folder = work.resolve(folder)?;
        std::fs::create_dir_all(&folder).at("create", &folder)?;
        let gitlinks = checkout(store, commit, &folder, &index, self.limits).await?;
        let addresses = if submodules {
            submodules::addresses(store, commit, &gitlinks).await?
        } else {
            Vec::new()
        };
        Ok(Placed {
            committed: store.date(commit).await?,
            submodules: gitlinks.into_iter().zip(addresses).collect(),
        })
    }
}
