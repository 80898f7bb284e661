//! Digest files: what is left behind by each finished target.

use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use oci_spec::image::Descriptor;
use serde::{Deserialize, Serialize};

use crate::error::{ExitCode, Failure};
use crate::recipe::{Build, Version};
use crate::source::Revision;
use crate::target::TargetId;

/// Version of the digest file's JSON.
const SCHEMA: u32 = 1;

/// A finished target. `run` resumes from it, `merge` reads it, and CI hands it
/// from job to job.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DigestFile {
    /// 1.
    pub schema: u32,
    /// The target.
    pub target: TargetId,
    /// The version as the recipe described it.
    pub version: Version,
    /// Repository that the image was pushed to.
    pub repository: String,
    /// What was pushed.
    pub descriptor: Descriptor,
    /// `sha256:HEX` of the recipe's wasm, and of its options where it has any.
    pub recipe: String,
    /// What was built.
    pub build: Build,
    /// The commit it was built from, where the version names a source.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revision: Option<Revision>,
}

impl DigestFile {
    /// A digest file of the current schema.
    #[must_use]
    pub fn new(
        target: TargetId,
        version: Version,
        repository: String,
        descriptor: Descriptor,
        recipe: String,
        build: Build,
        revision: Option<Revision>,
    ) -> Self {
        Self {
            schema: SCHEMA,
            target,
            version,
            repository,
            descriptor,
            recipe,
            build,
            revision,
        }
    }

    /// Writes it below `folder`, whole or not at all.
    ///
    /// # Errors
    /// When the file system refuses.
    pub fn write(&self, folder: &Path) -> Result<()> {
        let path = folder.join(self.target.digest_file());
        let parent = path.parent().unwrap_or(folder);
        std::fs::create_dir_all(parent)
            .with_context(|| format!("cannot create {}", parent.display()))?;
        let mut file = tempfile::NamedTempFile::new_in(parent)?;
        serde_json::to_writer_pretty(&mut file, self)?;
        file.write_all(b"\n")?;
        file.as_file().sync_all()?;
        file.persist(&path)
            .with_context(|| format!("cannot write {}", path.display()))?;
        Ok(())
    }

    /// The version that the digest files below `folder` are about, as the recipe
    /// described it when it was built; none where there is no digest file.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub fn version_of(folder: &Path, app: &str, number: &str) -> Result<Option<Version>> {
        let version = folder.join(app).join(number);
        for image in entries(&version)? {
            for file in entries(&image)? {
                let bytes = std::fs::read(&file)
                    .with_context(|| format!("cannot read {}", file.display()))?;
                // Those that cannot be read are named when their turn comes.
                if let Ok(file) = serde_json::from_slice::<Self>(&bytes)
                    && file.version.number == number
                {
                    return Ok(Some(file.version));
                }
            }
        }
        Ok(None)
    }

    /// Reads a target's digest file below `folder`; none when there is none.
    ///
    /// # Errors
    /// A [`Failure`] with [`ExitCode::Config`] when it is malformed, of a later
    /// schema, or about another target than its place says.
    pub fn read(folder: &Path, target: &TargetId) -> Result<Option<Self>> {
        let path = folder.join(target.digest_file());
        let bytes = match std::fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => {
                return Err(error).with_context(|| format!("cannot read {}", path.display()));
            }
        };
        let malformed = |why: String| {
            Failure::new(
                ExitCode::Config,
                format!("{} is not a digest file: {why}", path.display()),
            )
            .hint("delete it, and `bakehouse build` makes it anew")
        };
        let file: Self =
            serde_json::from_slice(&bytes).map_err(|error| malformed(error.to_string()))?;
        if file.schema != SCHEMA {
            return Err(malformed(format!("schema {}, expected {SCHEMA}", file.schema)).into());
        }
        if file.target != *target {
            return Err(malformed(format!("it is about {}", file.target)).into());
        }
        Ok(Some(file))
    }
}

/// What is in a folder, sorted; nothing where there is none.
fn entries(folder: &Path) -> Result<Vec<PathBuf>> {
    let found = match std::fs::read_dir(folder) {
        Ok(found) => found,
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            return Ok(Vec::new());
        }
        Err(error) => {
            return Err(error).with_context(|| format!("cannot read {}", folder.display()));
        }
    };
    let mut paths = found
        .map(|entry| Ok(entry?.path()))
        .collect::<Result<Vec<_>>>()?;
    paths.sort();
    Ok(paths)
}

#[cfg(test)]
pub(super) mod tests {
    use std::str::FromStr as _;

    use oci_spec::image::{Digest, MediaType};

    use super::*;
    use crate::recipe::{Dockerfile, Network};

    pub(in crate::pipeline) fn example() -> DigestFile {
        let platform: crate::platform::Platform = "linux/arm64".parse().unwrap();
        DigestFile::new(
            TargetId {
                app: "esbuild".into(),
                version: "1.0.0".into(),
                image: "esbuild".into(),
                platform: platform.clone(),
            },
            Version {
                number: "1.0.0".into(),
                source: None,
                prerelease: false,
                created: None,
                extras: Vec::new(),
            },
            "registry.example/ns/esbuild".into(),
            Descriptor::new(
                MediaType::ImageManifest,
                7,
                Digest::from_str(&format!("sha256:{}", "a".repeat(64))).unwrap(),
            ),
            format!("sha256:{}", "b".repeat(64)),
            Build {
                context: ".".into(),
                dockerfile: Dockerfile::Inline("FROM scratch".into()),
                platform,
                stage: None,
                args: Vec::new(),
                contexts: Vec::new(),
                labels: Vec::new(),
                network: Network::None,
                secrets: Vec::new(),
            },
            Some(Revision {
                commit: "c".repeat(40),
                committed: "2025-01-01T00:00:00Z".into(),
            }),
        )
    }

    #[test]
    fn what_is_written_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let file = example();
        assert_eq!(DigestFile::read(folder.path(), &file.target).unwrap(), None);
        file.write(folder.path()).unwrap();
        assert_eq!(
            DigestFile::read(folder.path(), &file.target).unwrap(),
            Some(file.clone())
        );
        // Those of an app without source, and earlier ones, have no revision.
        let path = folder.path().join(file.target.digest_file());
        let text = std::fs::read_to_string(&path).unwrap();
        let mut json: serde_json::Value = serde_json::from_str(&text).unwrap();
        json.as_object_mut().unwrap().remove("revision");
        std::fs::write(&path, json.to_string()).unwrap();
        let read = DigestFile::read(folder.path(), &file.target).unwrap();
        assert_eq!(read.unwrap().revision, None);
    }

    #[test]
    fn bad_files_are_named() {
        let folder = tempfile::tempdir().unwrap();
        let file = example();
        let path = folder.path().join(file.target.digest_file());
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        let moved = {
            let mut other = file.clone();
            other.target.version = "2.0.0".into();
            serde_json::to_string(&other).unwrap()
        };
        let later = serde_json::to_string(&file)
            .unwrap()
            .replace("\"schema\":1", "\"schema\":9");
        for (text, expected) in [
            ("", "EOF"),
            ("{}", "missing field"),
            (moved.as_str(), "it is about esbuild 2.0.0 linux/arm64"),
            (later.as_str(), "schema 9, expected 1"),
        ] {
            std::fs::write(&path, text).unwrap();
            let error = DigestFile::read(folder.path(), &file.target).unwrap_err();
            let failure = Failure::find(&error).unwrap();
            assert_eq!(failure.code(), ExitCode::Config);
            assert!(failure.to_string().contains(expected), "{failure}");
        }
    }
}
