//! Paths inside a work tree: the only place where a recipe's files go.
//!
//! A recipe stands still while the host answers its call, and every target has
//! its own tree, so nothing moves between the check of a path and its use.

use std::collections::VecDeque;
use std::ffi::OsString;
use std::io::{self, ErrorKind};
use std::path::{Component, Path, PathBuf};

use bakehouse_core::storage_error::{At as _, StorageError};

/// Bytes of a path (`PATH_MAX`).
const MAX_PATH: usize = 4096;
/// Symbolic links followed before a path counts as a loop, as in Linux.
const MAX_LINKS: usize = 40;

/// The reasons why a path of a recipe is not used.
#[derive(Debug, thiserror::Error)]
pub enum PathError {
    /// The work tree itself is no folder.
    #[error("work tree {} is not a folder", .0.display())]
    Root(PathBuf),
    /// Nothing, or a NUL.
    #[error("a path in the work tree is empty or holds a NUL; `.` is the tree itself")]
    Empty,
    /// Longer than paths are.
    #[error("a path in the work tree has more than {MAX_PATH} bytes")]
    Long,
    /// Absolute, or with `..`.
    #[error("`{0}` is not a path inside the work tree; write it relative and without `..`")]
    Outside(String),
    /// It leaves the tree through a link.
    #[error("`{0}` leaves the work tree through a symbolic link")]
    Leaves(String),
    /// Something on its way is a file.
    #[error("{} is below a file", .0.display())]
    BelowFile(PathBuf),
    /// The system takes no such name.
    #[error("a path in the work tree: {0}")]
    Name(#[source] io::Error),
    /// There is no folder of this name.
    #[error("there is no folder `{0}` in the work tree")]
    NoFolder(String),
    /// There is no file of this name.
    #[error("there is no file `{0}` in the work tree")]
    NoFile(String),
    /// The system refused.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

/// A folder that paths given by a recipe cannot leave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkTree {
    root: PathBuf,
}

impl WorkTree {
    /// A work tree at this existing folder.
    ///
    /// # Errors
    /// If it cannot be opened, or is not a folder.
    pub fn open(root: &Path) -> Result<Self, PathError> {
        let real = root.canonicalize().at("open", root)?;
        if !real.is_dir() {
            return Err(PathError::Root(root.to_owned()));
        }
        Ok(Self { root: real })
    }

    /// Its absolute path, without symbolic links.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The absolute path, free of symbolic links, of something inside the tree
    /// that may not exist yet. `.` is the tree itself.
    ///
    /// # Errors
    /// For an absolute path, one with `..`, and one that leaves the tree through
    /// a symbolic link.
    pub fn resolve(&self, relative: &str) -> Result<PathBuf, PathError> {
        let mut real = self.root.clone();
        let mut todo: VecDeque<OsString> = parts(relative)?;
        let mut links = 0;
        while let Some(part) = todo.pop_front() {
            if part == ".." {
                // Only a link's target has these; `real` holds no link, so
                // its parent by name is its parent.
                if real == self.root {
                    return Err(leaves(relative));
                }
                real.pop();
                continue;
            }
            real.push(part);
            // A dangling link counts too: writing would create its target.
            let Some(target) = link_target(&real)? else {
                continue;
            };
            links += 1;
            real.pop();
            let target = match target.strip_prefix(&self.root) {
                Ok(inside) => {
                    real.clone_from(&self.root);
                    inside
                }
                Err(_) if target.is_absolute() => return Err(leaves(relative)),
                Err(_) => &target,
            };
            if links > MAX_LINKS {
                return Err(leaves(relative));
            }
            for component in target.components().rev() {
                if component != Component::CurDir {
                    todo.push_front(component.as_os_str().to_owned());
                }
            }
        }
        Ok(real)
    }

    /// As [`resolve`](Self::resolve), of a folder that exists.
    ///
    /// # Errors
    /// The same, and if there is no such folder.
    pub fn folder(&self, relative: &str) -> Result<PathBuf, PathError> {
        let path = self.resolve(relative)?;
        if path.is_dir() {
            return Ok(path);
        }
        Err(PathError::NoFolder(relative.to_owned()))
    }

    /// As [`resolve`](Self::resolve), of a file that exists.
    ///
    /// # Errors
    /// The same, and if there is no such file.
    pub fn file(&self, relative: &str) -> Result<PathBuf, PathError> {
        let path = self.resolve(relative)?;
        if path.is_file() {
            return Ok(path);
        }
        Err(PathError::NoFile(relative.to_owned()))
    }
}

fn parts(relative: &str) -> Result<VecDeque<OsString>, PathError> {
    if relative.is_empty() || relative.contains('\0') {
        return Err(PathError::Empty);
    }
    if relative.len() > MAX_PATH {
        return Err(PathError::Long);
    }
    let mut parts = VecDeque::new();
    for component in Path::new(relative).components() {
        match component {
            Component::Normal(part) => parts.push_back(part.to_owned()),
            Component::CurDir => {}
            Component::ParentDir | Component::RootDir | Component::Prefix(_) => {
                return Err(PathError::Outside(relative.to_owned()));
            }
        }
    }
    Ok(parts)
}

fn link_target(path: &Path) -> Result<Option<PathBuf>, PathError> {
    match path.symlink_metadata() {
        Ok(meta) if meta.is_symlink() => path
            .read_link()
            .map(Some)
            .map_err(|e| StorageError::new("read", path, e).into()),
        Ok(_) => Ok(None),
        Err(e) if matches!(e.kind(), ErrorKind::NotFound) => Ok(None),
        Err(e) if e.kind() == ErrorKind::NotADirectory => {
            Err(PathError::BelowFile(path.to_owned()))
        }
        Err(e) if e.kind() == ErrorKind::InvalidFilename => Err(PathError::Name(e)),
        Err(e) => Err(StorageError::new("read", path, e).into()),
    }
}

fn leaves(relative: &str) -> PathError {
    PathError::Leaves(relative.to_owned())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    fn tree() -> (tempfile::TempDir, WorkTree) {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().join("src");
        std::fs::create_dir_all(root.join("a/b/c")).unwrap();
        std::fs::write(root.join("file"), "x").unwrap();
        let tree = WorkTree::open(&root).unwrap();
        (dir, tree)
    }

    #[test]
    fn resolves_inside() {
        let (_dir, tree) = tree();
        let root = tree.root().to_owned();
        assert_eq!(tree.resolve(".").unwrap(), root);
        assert_eq!(tree.resolve("./a//b/").unwrap(), root.join("a/b"));
        assert_eq!(tree.resolve("new/x").unwrap(), root.join("new/x"));
        assert_eq!(tree.folder("a").unwrap(), root.join("a"));
        assert_eq!(tree.file("file").unwrap(), root.join("file"));
        assert!(tree.folder("file").is_err());
        assert!(tree.file("none").is_err());
    }

    #[test]
    fn refuses_what_is_not_inside_by_name() {
        let (_dir, tree) = tree();
        let long = ["a/".repeat(1 << 20), "a/".repeat(2047), "n".repeat(300)];
        let bad = ["", "/", "/etc", "..", "a/..", "a/../..", "a\0b", "file/x"];
        for path in bad.into_iter().chain(long.iter().map(String::as_str)) {
            let error = tree.resolve(&path.replace("\\0", "\0")).unwrap_err();
            assert!(
                !matches!(error, PathError::Storage(_) | PathError::Root(_)),
                "{path}: {error}"
            );
        }
    }

    #[test]
    fn follows_links_inside_and_refuses_links_out() {
        let (dir, tree) = tree();
        let root = tree.root().to_owned();
        let link = |target: &str, at: &str| symlink(target, root.join(at)).unwrap();
        link("a/b", "in");
        link("../a", "a/b/up");
        link("../../file", "a/b/c/two-up");
        link(root.join("a").to_str().unwrap(), "absolute-in");
        assert_eq!(tree.resolve("in/c").unwrap(), root.join("a/b/c"));
        assert_eq!(tree.resolve("in/new").unwrap(), root.join("a/b/new"));
        assert_eq!(tree.resolve("absolute-in/b").unwrap(), root.join("a/b"));

        link("/etc", "absolute-out");
        link("..", "parent");
        link("../gone", "dangling");
        // By name this stays inside, by the file system it does not.
        link("in/../../../..", "tricky");
        link("in/../../x", "tricky-dangling");
        link("loop", "loop");
        std::fs::write(dir.path().join("outside"), "x").unwrap();
        link("../outside", "file-out");
        for path in [
            "absolute-out",
            "absolute-out/passwd",
            "parent/x",
            "dangling",
            "dangling/new",
            "tricky",
            "in/../x",
            "loop",
            "file-out",
        ] {
            assert!(tree.resolve(path).is_err(), "{path}");
        }
        assert_eq!(
            tree.resolve("tricky-dangling").unwrap(),
            root.join("x"),
            "a/b/../../x"
        );
    }
}
