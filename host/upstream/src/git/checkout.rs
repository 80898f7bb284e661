//! A commit's files, in a folder.

use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use bakehouse_core::storage_error::At as _;
use bakehouse_system::storage::{DEPTH, Kind, blocking, walk};

use super::object_store::ObjectStore;
use super::{Address, GitError, SourceLimits};

/// The files of a commit's tree, counted, and its submodules.
#[derive(Debug, Default, PartialEq, Eq)]
struct Listing {
    bytes: u64,
    count: usize,
    /// Folders in one another.
    depth: usize,
    submodules: Vec<Gitlink>,
}

/// A place for a submodule, and the commit that belongs there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Gitlink {
    pub(super) path: String,
    pub(super) commit: String,
}

/// Writes a commit's files into `folder`, which exists. `index` is a file for
/// git's use.
pub(super) async fn checkout(
    store: &ObjectStore<'_>,
    commit: &str,
    folder: &Path,
    index: &Path,
    limits: SourceLimits,
) -> Result<Vec<Gitlink>, GitError> {
    let git = &store.git;
    let list = ["ls-tree", "-r", "-l", "-z", "--full-tree", commit];
    let listed = git.run(git.command_in(&store.folder), list).await?;
    let listing = Listing::parse(&listed);
    listing.check(git.address, limits)?;

    let mut read = git.command_in(&store.folder);
    read.env("GIT_INDEX_FILE", index);
    git.run(read, ["read-tree", commit]).await?;
    let mut write = git.command_in(&store.folder);
    write.env("GIT_INDEX_FILE", index);
    write.arg("--work-tree").arg(folder).current_dir(folder);
    let arguments = ["checkout-index", "--all", "--force", "--quiet"];
    let written = git.run(write, arguments).await;
    // Written anew for each commit.
    let _ = fs::remove_file(index);
    written?;
    let written = folder.to_owned();
    blocking(move || even_modes(&written))
        .await
        .at("set modes in", folder)?;
    Ok(listing.submodules)
}

impl Listing {
    /// Reads `MODE TYPE OBJECT SIZE\tPATH`, each ended by a NUL.
    fn parse(text: &str) -> Self {
        let mut listing = Self::default();
        let entries = text.split('\0').filter_map(|line| line.split_once('\t'));
        for (about, path) in entries {
            let mut about = about.split_ascii_whitespace();
            let (mode, _, object, size) = (about.next(), about.next(), about.next(), about.next());
            if let (Some("160000"), Some(commit)) = (mode, object) {
                listing.submodules.push(Gitlink {
                    path: path.to_owned(),
                    commit: commit.to_owned(),
                });
            }
            listing.count += 1;
            listing.depth = listing.depth.max(path.matches('/').count());
            let size = size.and_then(|size| size.parse::<u64>().ok());
            listing.bytes = listing.bytes.saturating_add(size.unwrap_or(0));
        }
        listing
    }

    fn check(&self, address: &Address, limits: SourceLimits) -> Result<(), GitError> {
        let fits = self.bytes <= limits.files && self.count <= limits.count;
        let address = address.to_string();
        match fits {
            true if self.depth <= DEPTH => Ok(()),
            true => Err(GitError::Deep { address }),
            false => Err(GitError::Files {
                address,
                count: self.count,
                bytes: self.bytes,
                most: limits.count,
                most_bytes: limits.files,
            }),
        }
    }
}

/// Modes as in the commit, whatever this process's umask: they end up in
/// images.
fn even_modes(folder: &Path) -> io::Result<()> {
    fs::set_permissions(folder, Permissions::from_mode(0o755))?;
    walk(folder, |entry| match entry.kind {
        Kind::Folder => entry.set_mode(0o755),
        Kind::File if entry.mode() & 0o100 != 0 => entry.set_mode(0o755),
        Kind::File => entry.set_mode(0o644),
        Kind::Link | Kind::Other => Ok(()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_files_and_finds_submodules() {
        let a = "a".repeat(40);
        let text = format!(
            "100644 blob {a}      12\ta file\0120000 blob {a}       3\tlink\0160000 commit {a}       -\tthird/party\0"
        );
        let listing = Listing::parse(&text);
        assert_eq!((listing.bytes, listing.count), (15, 3));
        assert_eq!(
            listing.submodules,
            [Gitlink {
                path: "third/party".to_owned(),
                commit: a
            }]
        );
        let address = Address::parse("https://git.example/a").unwrap();
        let limits = SourceLimits::default();
        assert!(listing.check(&address, limits).is_ok());
        let small = SourceLimits {
            files: 14,
            ..limits
        };
        assert!(listing.check(&address, small).is_err());
        let few = SourceLimits { count: 2, ..limits };
        assert!(listing.check(&address, few).is_err());
        let deep = |depth: usize| {
            let text = format!("100644 blob a 1\t{}file\0", "d/".repeat(depth));
            Listing::parse(&text).check(&address, limits)
        };
        assert!(deep(DEPTH).is_ok());
        assert!(deep(DEPTH + 1).is_err());
    }
}
