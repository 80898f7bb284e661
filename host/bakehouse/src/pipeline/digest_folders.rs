//! Digest files that several jobs handed on.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::path::PathBuf;

use anyhow::Result;
use bakehouse_core::recipe::Version;
use bakehouse_core::target::TargetId;
use bakehouse_registry::Endpoint;

use super::batches::Batch;
use super::digest_file::DigestFile;
use super::failure_note::FailureNote;
use super::plan::{Job, Plan};
use crate::failure::{ExitCode, Failure};

/// Folders with digest files. Downloaded artifacts lie in a folder each, so the
/// folders directly below are looked through, too.
#[derive(Debug, Clone)]
pub struct DigestFolders {
    destination: Endpoint,
    given: Vec<PathBuf>,
    all: Vec<PathBuf>,
    /// The batch of each job, where a folder that a job handed on counts only for
    /// that which the job builds.
    of_jobs: Option<HashMap<String, String>>,
}

/// The beginning of the name of a folder that holds the files that one machine
/// handed on; the id of its batch follows, or of its job.
const ARTIFACT: &str = "digests-";

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
            of_jobs: None,
        }
    }

    /// Takes from a folder that is named as an artifact only what its batch (or
    /// job) of this plan builds: none speaks for another.
    #[must_use]
    pub fn of_jobs(self, plan: &Plan) -> Self {
        let pairs = |batch: &Batch| {
            let id = batch.id.clone();
            let jobs = batch.jobs.clone().into_iter();
            jobs.map(move |job| (job, id.clone())).collect::<Vec<_>>()
        };
        Self {
            of_jobs: Some(plan.batches.iter().flat_map(pairs).collect()),
            ..self
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

    /// The digest file of a target that this job builds; none when no folder has
    /// one.
    ///
    /// # Errors
    /// As [`DigestFile::read`]; [`ExitCode::Config`] when two folders disagree.
    pub fn read(&self, target: &TargetId, job: &Job) -> Result<Option<DigestFile>> {
        let mut found: Option<(&PathBuf, DigestFile)> = None;
        let id = job.id();
        for folder in self.all.iter().filter(|folder| self.may_have(folder, &id)) {
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

    /// The note of a target that this job was to build, and that failed; none where
    /// no folder has one.
    #[must_use]
    pub fn failure(&self, target: &TargetId, job: &Job) -> Option<FailureNote> {
        let id = job.id();
        let mut folders = self.all.iter().filter(|folder| self.may_have(folder, &id));
        folders.find_map(|folder| FailureNote::read(folder, &self.destination, target))
    }

    fn may_have(&self, folder: &PathBuf, job: &str) -> bool {
        let name = folder.file_name().and_then(OsStr::to_str);
        let (Some(of), Some(batches)) = (
            name.and_then(|name| name.strip_prefix(ARTIFACT)),
            &self.of_jobs,
        ) else {
            return true;
        };
        let batch = batches.get(job).is_some_and(|batch| batch == of);
        self.given.contains(folder) || of == job || batch
    }

    /// The first repository of another destination that a digest file of this
    /// target names.
    #[must_use]
    pub fn elsewhere(&self, target: &TargetId) -> Option<String> {
        let own = self.destination.show_repository(&target.image);
        self.all
            .iter()
            .filter_map(|folder| DigestFile::repositories(folder, target).ok())
            .flatten()
            .find(|repository| *repository != own)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pipeline::digest_file::tests::{destination, example};
    use crate::pipeline::plan::tests_support::plan_of;

    fn job(file: &DigestFile) -> Job {
        Job {
            app: file.target.app.clone(),
            version: file.target.version.clone(),
            platform: file.target.platform.clone(),
            images: vec![file.target.image.clone()],
            rebuild: false,
        }
    }

    #[test]
    fn artifacts_are_found_in_folders_of_their_own() {
        let root = tempfile::tempdir().unwrap();
        let file = example();
        let folders = || {
            let given = vec![root.path().join("none"), root.path().to_owned()];
            DigestFolders::new(destination(), given)
        };
        assert_eq!(folders().read(&file.target, &job(&file)).unwrap(), None);
        assert_eq!(folders().elsewhere(&file.target), None);
        file.write(&root.path().join("digests-a"), &destination())
            .unwrap();
        assert_eq!(
            folders().read(&file.target, &job(&file)).unwrap(),
            Some(file.clone())
        );
        file.write(root.path(), &destination()).unwrap();
        assert_eq!(
            folders().read(&file.target, &job(&file)).unwrap(),
            Some(file.clone())
        );

        let mut other = file.clone();
        let digest = format!("sha256:{}", "d".repeat(64));
        other.descriptor.set_digest(digest.parse().unwrap());
        other
            .write(&root.path().join("digests-b"), &destination())
            .unwrap();
        let error = folders().read(&file.target, &job(&file)).unwrap_err();
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
        assert_eq!(folders.read(&file.target, &job(&file)).unwrap(), None);
        let repository = folders.elsewhere(&file.target);
        assert_eq!(repository.as_deref(), Some("registry.example/ns/esbuild"));
    }

    #[test]
    fn no_job_speaks_for_another() {
        let root = tempfile::tempdir().unwrap();
        let file = example();
        let job = job(&file);
        let folders = || DigestFolders::new(destination(), vec![root.path().to_owned()]);
        let mut plan = plan_of(vec![job.clone()]);
        plan.batches = vec![
            Batch {
                id: "mine".to_owned(),
                platform: job.platform.clone(),
                apps: vec![job.app.clone()],
                jobs: vec![job.id()],
                targets: 1,
                seconds: 1,
            },
            Batch {
                id: "of-another-job".to_owned(),
                platform: job.platform.clone(),
                apps: vec![job.app.clone()],
                jobs: vec!["of-another-job".to_owned()],
                targets: 1,
                seconds: 1,
            },
        ];
        file.write(&root.path().join("digests-of-another-job"), &destination())
            .unwrap();
        assert_eq!(
            folders().of_jobs(&plan).read(&file.target, &job).unwrap(),
            None
        );
        assert!(folders().read(&file.target, &job).unwrap().is_some());
        let own = format!("digests-{}", job.id());
        for name in [own.as_str(), "digests-mine", "whatever"] {
            let mut mine = file.clone();
            mine.recipe = name.to_owned();
            mine.write(&root.path().join(name), &destination()).unwrap();
            let read = folders().of_jobs(&plan).read(&file.target, &job).unwrap();
            assert_eq!(read, Some(mine));
            std::fs::remove_dir_all(root.path().join(name)).unwrap();
        }
        // A folder that was named is whatever it is called.
        let given = vec![root.path().join("digests-of-another-job")];
        let folders = DigestFolders::new(destination(), given).of_jobs(&plan);
        assert_eq!(folders.read(&file.target, &job).unwrap(), Some(file));
    }
}
