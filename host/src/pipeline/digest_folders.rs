//! Digest files that several jobs handed on.

use std::path::PathBuf;

use anyhow::Result;

use super::digest_file::DigestFile;
use crate::error::{ExitCode, Failure};
use crate::recipe::Version;
use crate::target::TargetId;

/// Folders with digest files. Downloaded artifacts lie in a folder each, so the
/// folders directly below are looked through, too.
#[derive(Debug, Clone)]
pub struct DigestFolders {
    given: Vec<PathBuf>,
    all: Vec<PathBuf>,
}

impl DigestFolders {
    /// A folder that is not there is an empty one: all its artifacts were lost.
    #[must_use]
    pub fn new(given: Vec<PathBuf>) -> Self {
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
        Self { given, all }
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
            if let Some(version) = DigestFile::version_of(folder, app, number)? {
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
            let Some(file) = DigestFile::read(folder, target)? else {
                continue;
            };
            match &found {
                Some((first, known))
                    if known.descriptor.digest() != file.descriptor.digest()
                        || known.repository != file.repository =>
                {
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
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pipeline::digest_file::tests::example;

    #[test]
    fn artifacts_are_found_in_folders_of_their_own() {
        let root = tempfile::tempdir().unwrap();
        let file = example();
        let folders = || DigestFolders::new(vec![root.path().join("none"), root.path().to_owned()]);
        assert_eq!(folders().read(&file.target).unwrap(), None);
        file.write(&root.path().join("digests-a")).unwrap();
        assert_eq!(folders().read(&file.target).unwrap(), Some(file.clone()));
        file.write(root.path()).unwrap();
        assert_eq!(folders().read(&file.target).unwrap(), Some(file.clone()));

        let mut other = file.clone();
        other.repository = "elsewhere.example/esbuild".into();
        other.write(&root.path().join("digests-b")).unwrap();
        let error = folders().read(&file.target).unwrap_err();
        let failure = Failure::find(&error).unwrap();
        assert_eq!(failure.code(), ExitCode::Config);
        assert!(failure.to_string().contains("was built twice"), "{failure}");
    }
}
