//! Times that targets took, which say how long the next ones may take.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::Path;

use bakehouse_core::storage_error::{At as _, StorageError};
use bakehouse_core::target::TargetId;
use bakehouse_system::storage;
use serde::{Deserialize, Serialize};

use super::digest_folders::DigestFolders;
use super::plan::Plan;

/// Version of the file's JSON.
const SCHEMA: u32 = 1;
/// Bytes of the file; a thousand images have a tenth.
const MAX_BYTES: u64 = 1 << 20;

/// Seconds that each image's targets took, by app, image and platform. They are
/// a guess, never a reason to fail: without them there are defaults.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Times {
    schema: u32,
    seconds: BTreeMap<String, u32>,
}

impl Times {
    /// Reads them; none where there is no file, or another program's.
    #[must_use]
    pub fn read(path: &Path) -> Self {
        let text = storage::read_text(path, MAX_BYTES).unwrap_or_default();
        let read: Self = serde_json::from_str(&text).unwrap_or_default();
        match read.schema {
            SCHEMA => read,
            _ => Self::default(),
        }
    }

    /// Seconds that a target may take; none where none like it was built.
    #[must_use]
    pub fn of(&self, target: &TargetId) -> Option<u32> {
        self.seconds.get(&key(target)).copied()
    }

    /// Adds how long a target took. One build from a warm cache does not make
    /// the next one short: each counts for half.
    pub fn add(&mut self, target: &TargetId, seconds: u32) {
        let key = key(target);
        let mean = match self.seconds.get(&key) {
            Some(before) => before.midpoint(seconds).max(1),
            None => seconds.max(1),
        };
        self.seconds.insert(key, mean);
    }

    /// Adds what the digest files of a plan's jobs tell, and writes the file where
    /// that is anything new.
    ///
    /// # Errors
    /// When the file system refuses.
    pub fn learn(path: &Path, plan: &Plan, digests: &DigestFolders) -> Result<(), StorageError> {
        let before = Self::read(path);
        let mut times = Self {
            schema: SCHEMA,
            ..before.clone()
        };
        for job in plan.jobs() {
            for target in job.targets() {
                // One that cannot be read has been told by the merge.
                let file = digests.read(&target, job).ok().flatten();
                if let Some(seconds) = file.and_then(|file| file.seconds) {
                    times.add(&target, seconds);
                }
            }
        }
        times.write(path, &before)
    }

    /// Adds what these targets took.
    ///
    /// # Errors
    /// When the file system refuses.
    pub fn remember<'a>(
        path: &Path,
        took: impl IntoIterator<Item = (&'a TargetId, u32)>,
    ) -> Result<(), StorageError> {
        let before = Self::read(path);
        let mut times = Self {
            schema: SCHEMA,
            ..before.clone()
        };
        for (target, seconds) in took {
            times.add(target, seconds);
        }
        times.write(path, &before)
    }

    /// Writes the file, where that is anything new.
    fn write(&self, path: &Path, before: &Self) -> Result<(), StorageError> {
        if self.seconds == before.seconds {
            return Ok(());
        }
        if let Some(folder) = path.parent() {
            match std::fs::create_dir_all(folder) {
                Err(error) if error.kind() != ErrorKind::AlreadyExists => {
                    return Err(error).at("create", folder);
                }
                _ => {}
            }
        }
        let json = serde_json::to_vec_pretty(self).unwrap_or_default();
        storage::write(path, &json).at("write", path)
    }
}

fn key(target: &TargetId) -> String {
    format!("{} {} {}", target.app, target.image, target.platform)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pipeline::digest_file::tests::{destination, example};
    use crate::pipeline::plan::Job;
    use crate::pipeline::plan::tests_support::plan_of;

    #[test]
    fn what_digest_files_tell_is_kept() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("state/times.json");
        let mut file = example();
        let target = file.target.clone();
        let plan = plan_of(vec![Job {
            app: target.app.clone(),
            version: target.version.clone(),
            platform: target.platform.clone(),
            images: vec![target.image.clone()],
            rebuild: false,
        }]);
        let digests = || DigestFolders::new(destination(), vec![root.path().join("digests")]);
        Times::learn(&path, &plan, &digests()).unwrap();
        assert!(!path.exists(), "nothing was learnt");
        for (took, mean) in [(100, 100), (50, 75), (0, 37)] {
            file.seconds = Some(took);
            file.write(&root.path().join("digests"), &destination())
                .unwrap();
            Times::learn(&path, &plan, &digests()).unwrap();
            assert_eq!(Times::read(&path).of(&target), Some(mean));
        }
        for bad in ["", "{", "{\"schema\":2,\"seconds\":{}}", "[]"] {
            std::fs::write(&path, bad).unwrap();
            assert_eq!(Times::read(&path), Times::default(), "{bad}");
        }
    }
}
