//! Fresh dates for a work tree, so that a build sees its own files and no other's.
//!
//! BuildKit keeps the last context it was sent, and takes a file for unchanged
//! when path, size, mode and modification time are the same (fsutil's
//! differential transfer). Two versions of an app differ in just the content
//! often enough: archives carry fixed dates, and compile steps are dated to the
//! release. So every file gets a time of its own before it is sent; the image's
//! files are dated by `SOURCE_DATE_EPOCH`.

use std::io;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use bakehouse_system::storage::{Kind, walk};
use rustix::fs::{AtFlags, Timespec, Timestamps, utimensat};

/// Gives every file and link below `folder` the present time.
pub(crate) fn touch(folder: &Path) -> io::Result<()> {
    walk(folder, |entry| {
        if entry.kind == Kind::Folder {
            return Ok(());
        }
        let now = now();
        let times = Timestamps {
            last_access: now,
            last_modification: now,
        };
        Ok(utimensat(
            entry.folder,
            entry.name,
            &times,
            AtFlags::SYMLINK_NOFOLLOW,
        )?)
    })
}

fn now() -> Timespec {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    Timespec {
        tv_sec: i64::try_from(since.as_secs()).unwrap_or_default(),
        tv_nsec: since.subsec_nanos().into(),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::{MetadataExt as _, symlink};

    use super::*;

    #[test]
    fn dates_differ_between_trees() {
        let date = |path: &Path| {
            let metadata = path.symlink_metadata().unwrap();
            (metadata.mtime(), metadata.mtime_nsec())
        };
        let dates = || {
            let tree = tempfile::tempdir().unwrap();
            let deep = tree.path().join("a/b");
            fs::create_dir_all(&deep).unwrap();
            let file = fs::File::create(deep.join("file")).unwrap();
            file.set_modified(UNIX_EPOCH).unwrap();
            symlink("/nowhere", deep.join("link")).unwrap();
            touch(tree.path()).unwrap();
            [date(&deep.join("file")), date(&deep.join("link"))]
        };
        let (one, two) = (dates(), dates());
        assert!(
            one[0].0 > 0 && one[0] != two[0] && one[1] != two[1],
            "{one:?} {two:?}"
        );
    }

    #[test]
    fn deep_trees_are_dated_or_refused() {
        for depth in [200, 1900] {
            let tree = tempfile::tempdir().unwrap();
            bakehouse_system::storage::nest(tree.path(), "d", depth);
            // As small a stack as any thread has.
            let root = tree.path().to_owned();
            let thread = std::thread::Builder::new().stack_size(256 << 10);
            let dated = thread.spawn(move || touch(&root)).unwrap().join();
            assert_eq!(dated.unwrap().is_ok(), depth <= 200, "{depth}");
            bakehouse_system::storage::remove_all(tree.path()).unwrap();
        }
    }
}
