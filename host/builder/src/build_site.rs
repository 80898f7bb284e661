//! The folders of one build: the work tree that it reads, and a scratch folder
//! where its result arrives. Both are opened once, so that the check, the command
//! line and the result all mean the same places.

use std::io;
use std::path::{Path, PathBuf};

use bakehouse_core::recipe::{Dockerfile, Network};
use bakehouse_core::storage_error::{At as _, StorageError};
use bakehouse_system::place::{place, placed, scratch};
use bakehouse_system::storage::{self, Scratch, blocking};
use bakehouse_system::work_tree::WorkTree;

use super::builder::{BuildRequest, Output};
use crate::cache::touch::touch;
use crate::dockerfile::DockerfileError;
use crate::dockerfile::check::{MAX_DOCKERFILE, text};
use crate::dockerfile::handed::handed as edited;
use crate::error::BuildError;
use crate::step_settings::StepSettings;

/// An open work tree, and the scratch folder beside it.
pub(crate) struct BuildSite {
    tree: WorkTree,
    scratch: Scratch,
}

impl BuildSite {
    /// Opens a work tree. The scratch folder goes with the value.
    ///
    /// # Errors
    /// [`BuildError::WorkTree`] and [`BuildError::Storage`].
    pub(crate) fn open(work_tree: &Path) -> Result<Self, BuildError> {
        let tree = WorkTree::open(work_tree)?;
        let scratch = scratch(&tree)?;
        Ok(Self { tree, scratch })
    }

    /// The files that the build may read.
    pub(crate) const fn tree(&self) -> &WorkTree {
        &self.tree
    }

    /// A folder that no build context includes.
    pub(crate) fn scratch(&self) -> &Path {
        self.scratch.path()
    }

    /// The file in which `docker-buildx` describes the result
    /// (`--metadata-file`).
    pub(crate) fn metadata(&self) -> PathBuf {
        self.scratch().join("metadata.json")
    }

    /// The place where a result arrives before it is delivered.
    pub(crate) fn arrival(&self, output: &Output) -> Arrival {
        match output {
            Output::PushByDigest { .. } => Arrival::Registry,
            Output::OciArchive(_) => Arrival::Archive(self.scratch().join("image.tar")),
            Output::Files(_) => Arrival::Files(self.scratch().join("files")),
        }
    }

    /// Gives each file of the work tree a date of its own.
    ///
    /// # Errors
    /// [`BuildError::Storage`].
    pub(crate) async fn date(&self) -> Result<(), BuildError> {
        let root = self.tree.root().to_owned();
        let dated = blocking(move || touch(&root)).await;
        Ok(dated.at("date the files of", self.tree.root())?)
    }

    /// Hands settings to the steps of a build, where they have a network: writes
    /// values and the edited Dockerfile into the scratch folder.
    ///
    /// # Errors
    /// [`BuildError::Dockerfile`] for one that cannot be edited, and
    /// [`BuildError::Storage`].
    pub(crate) fn hand(
        &self,
        request: &BuildRequest,
        settings: &StepSettings,
    ) -> Result<Handed, BuildError> {
        let build = &request.build;
        let mut handed = Handed::default();
        if settings.is_empty() || build.network == Network::None {
            return Ok(handed);
        }
        let Some((name, text)) = text(build, &self.tree)? else {
            return Ok(handed);
        };
        let edited = edited(&text, &settings.mounts());
        let edited = edited.map_err(|unreadable| DockerfileError::Syntax {
            file: name.to_owned(),
            unreadable,
        })?;
        settings.write(self.scratch())?;
        handed.settings = settings.clone();
        match &build.dockerfile {
            Dockerfile::Inline(_) => handed.text = Some(edited),
            Dockerfile::Path(path) => {
                handed.dockerfile = Some(self.beside(&self.tree.file(path)?, &edited)?);
            }
        }
        Ok(handed)
    }

    /// A copy of a Dockerfile with another text, and what is not sent with it as
    /// BuildKit finds it: in a file of the same name beside it.
    fn beside(&self, file: &Path, text: &str) -> Result<PathBuf, BuildError> {
        const IGNORED: &str = ".dockerignore";
        let folder = self.scratch().join("dockerfile");
        std::fs::create_dir(&folder).at("make", &folder)?;
        let name = file.file_name().unwrap_or_default();
        let copy = folder.join(name);
        std::fs::write(&copy, text).at("write", &copy)?;
        let mut ignored = name.to_owned();
        ignored.push(IGNORED);
        let (from, to) = (file.with_file_name(&ignored), folder.join(&ignored));
        match storage::read(&from, MAX_DOCKERFILE) {
            Ok(bytes) => std::fs::write(&to, bytes).at("write", &to)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(StorageError::new("read", &from, error).into()),
        }
        Ok(copy)
    }

    /// Moves what has arrived to where it was asked for.
    ///
    /// # Errors
    /// [`BuildError::Storage`], and where a file is in the way of a folder.
    pub(crate) async fn deliver(self, output: &Output) -> Result<(), BuildError> {
        let (Output::OciArchive(to) | Output::Files(to)) = output else {
            return Ok(());
        };
        let (arrival, to) = (self.arrival(output), to.clone());
        let (tree, scratch) = (self.tree, self.scratch);
        let moved = blocking(move || {
            let moved = arrival.move_to(&to);
            drop(scratch);
            moved
        });
        Ok(moved.await.map_err(|e| placed(tree.root(), e))?)
    }
}

/// The settings and files that a build's steps are handed.
#[derive(Debug, Default)]
pub(crate) struct Handed {
    /// The settings, their values in the scratch folder; without any, nothing else
    /// is there.
    pub(crate) settings: StepSettings,
    /// The edited text of an inline Dockerfile.
    pub(crate) text: Option<String>,
    /// The edited copy of a Dockerfile in the work tree.
    pub(crate) dockerfile: Option<PathBuf>,
}

/// The place where a build's result arrives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Arrival {
    /// The builder pushes it.
    Registry,
    /// An OCI archive, in this file.
    Archive(PathBuf),
    /// Files, in this folder.
    Files(PathBuf),
}

impl Arrival {
    fn move_to(&self, to: &Path) -> io::Result<()> {
        match self {
            Self::Registry => Ok(()),
            // Another file system than the work tree's takes a copy.
            Self::Archive(from) => place(from, to).or_else(|_| std::fs::copy(from, to).map(drop)),
            Self::Files(from) => place(from, to),
        }
    }
}
