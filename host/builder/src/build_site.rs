//! The folders of one build: the work tree that it reads, and a scratch folder
//! where its result arrives. Both are opened once, so that the check, the command
//! line and the result all mean the same places.

use std::io;
use std::path::{Path, PathBuf};

use bakehouse_core::storage_error::At as _;
use bakehouse_system::place::{place, placed, scratch};
use bakehouse_system::storage::{Scratch, blocking};
use bakehouse_system::work_tree::WorkTree;

use super::builder::Output;
use crate::cache::touch::touch;
use crate::error::BuildError;

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

    /// Where a result arrives before it is delivered.
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

/// Where a build's result arrives.
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
