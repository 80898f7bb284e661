//! Digest files that several jobs handed on.

use std::path::PathBuf;

use anyhow::Result;

use super::digest_file::DigestFile;
use crate::error::{ExitCode, Failure};
use crate::recipe::Version;
use crate::registry::Endpoint;
use crate::target::TargetId;

/// Folders with digest files. Downloaded artifacts lie in a folder each, so the
/// folders directly below are looked through, too.
#[derive(Debug, Clone)]
pub struct DigestFolders {
    destination: Endpoint,
    given: Vec<PathBuf>,
    all: Vec<PathBuf>,
}

impl DigestFolders {
    /// Digest files of this destination. A folder that is not there is an empty
    /// one: all its artifacts were lost.
    #[must_use]
    pub fn new(destination: Endpoint, given: Vec<PathBuf>) -> Self {
        let mut all = Vec::new();
        for folder in &given {
            all.push(folder.clone());
            let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
            let mut below: Vec<PathBuf> = entries
                .map(|entry| entry.path())
                .filter(|path| path.is_dir())
                .collect();
            below.sort();
            all.extend(below);
        }
        Self {
            destination,
            given,
            all,
        }
    }

    /// The folders as they were named.
    #[must_use]
    pub fn shown(&self) -> String {
        let names: Vec<_> = self.given.iter().map(|f| f.display().to_string()).collect();
        names.join(", ")
    }

    /// The version that the digest files are about, as the recipe described it
    /// when it was built; none where there is no digest file of it.
    ///
    /// # Errors
    /// As [`DigestFile::version_of`].
    pub fn version_of(&self, app: &str, number: &str) -> Result<Option<Version>> {
        for folder in &self.all {
            if let Some(version) = DigestFile::version_of(folder, &self.destination, app, number)? {
                return Ok(Some(version));
            }
        }
        Ok(None)
    }

    /// The target's digest file; none when no folder has one.
    ///
    /// # Errors
    /// As [`DigestFile::read`]; [`ExitCode::Config`] when two folders disagree.
    pub fn read(&self, target: &TargetId) -> Result<Option<DigestFile>> {
        let mut found: Option<(&PathBuf, DigestFile)> = None;
        for folder in &self.all {
            let Some(file) = DigestFile::read(folder, &self.destination, target)? else {
                continue;
            };
            match &found {
                Some((first, known)) if known.descriptor.digest() != file.descriptor.digest() => {
                    return Err(Failure::new(
                        ExitCode::Config,
                        format!(
                            "{target} was built twice: {} has {}, {} has {}",
                            first.display(),
                            known.descriptor.digest(),
                            folder.display(),
                            file.descriptor.digest()
                        ),
                    )
                    .hint("keep the artifacts of one run only")
                    .into());
                }
                Some(_) => {}
                None => found = Some((folder, file)),
            }
        }
        Ok(found.map(|(_, file)| file))
    }

    /// The first repository that a digest file of this target names: another
    /// destination's, where [`read`](Self::read) found none.
    #[must_use]
    pub fn elsewhere(&self, target: &TargetId) -> Option<String> {
        self.all
            .iter()
            .filter_map(|folder| DigestFile::repositories(folder, target).ok())
            .flatten()
            .next()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pipeline::digest_file::tests::{destination, example};

    #[test]
    fn artifacts_are_found_in_folders_of_their_own() {
        let root = tempfile::tempdir().unwrap();
        let file = example();
        let folders = || {
            let given = vec![root.path().join("none"), root.path().to_owned()];
            DigestFolders::new(destination(), given)
        };
        assert_eq!(folders().read(&file.target).unwrap(), None);
        assert_eq!(folders().elsewhere(&file.target), None);
        file.write(&root.path().join("digests-a"), &destination())
            .unwrap();
        assert_eq!(folders().read(&file.target).unwrap(), Some(file.clone()));
        file.write(root.path(), &destination()).unwrap();
        assert_eq!(folders().read(&file.target).unwrap(), Some(file.clone()));

        let mut other = file.clone();
        let digest = format!("sha256:{}", "d".repeat(64));
        other.descriptor.set_digest(digest.parse().unwrap());
        other
            .write(&root.path().join("digests-b"), &destination())
            .unwrap();
        let error = folders().read(&file.target).unwrap_err();
        let failure = Failure::find(&error).unwrap();
        assert_eq!(failure.code(), ExitCode::Config);
        assert!(failure.to_string().contains("was built twice"), "{failure}");
    }

    #[test]
    fn those_of_another_destination_are_named_and_not_taken() {
        let root = tempfile::tempdir().unwrap();
        let file = example();
        file.write(&root.path().join("digests-a"), &destination())
            .unwrap();
        let other = Endpoint::new("registry.example", "other").unwrap();
        let folders = DigestFolders::new(other, vec![root.path().to_owned()]);
        assert_eq!(folders.read(&file.target).unwrap(), None);
        let repository = folders.elsewhere(&file.target);
        assert_eq!(repository.as_deref(), Some("registry.example/ns/esbuild"));
    }
}
