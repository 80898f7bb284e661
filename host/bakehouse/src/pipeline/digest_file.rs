//! Digest files: what is left behind by each finished target.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use bakehouse_core::recipe::{Build, Version};
use bakehouse_core::storage_error::At as _;
use bakehouse_core::target::TargetId;
use bakehouse_registry::Endpoint;
use bakehouse_system::storage;
use bakehouse_upstream::git::Revision;
use oci_spec::image::Descriptor;
use serde::{Deserialize, Serialize};

use super::rebuild::Mark;
use crate::failure::{ExitCode, Failure};
use crate::schema::SchemaNumber;

/// Bytes of a digest file; it holds a Dockerfile, and what a recipe said of a
/// version.
const MAX_BYTES: u64 = 32 << 20;

/// A finished target. `run` resumes from it, `merge` reads it, and CI hands it
/// from job to job.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct DigestFile {
    /// Number of the schema.
    pub schema: SchemaNumber,
    /// The target.
    pub target: TargetId,
    /// The version as the recipe described it.
    pub version: Version,
    /// Repository that the image was pushed to.
    pub repository: String,
    /// The descriptor of the image that was pushed.
    #[cfg_attr(test, schemars(schema_with = "crate::schema::descriptor"))]
    pub descriptor: Descriptor,
    /// `sha256:HEX` of the recipe's wasm, and of its options where it has any.
    pub recipe: String,
    /// The build that made it.
    pub build: Build,
    /// The commit it was built from, where the version names a source.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revision: Option<Revision>,
    /// The rebuild it was built for, if it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rebuild: Option<Mark>,
    /// Seconds that it took, rounded up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seconds: Option<u32>,
}

impl DigestFile {
    /// A digest file of the current schema, of no rebuild.
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
            schema: SchemaNumber::NOW,
            target,
            version,
            repository,
            descriptor,
            recipe,
            build,
            revision,
            rebuild: None,
            seconds: None,
        }
    }

    /// Writes it below `folder`, in the place of this destination, whole or not
    /// at all.
    ///
    /// # Errors
    /// When the file system refuses.
    pub fn write(&self, folder: &Path, destination: &Endpoint) -> Result<()> {
        let path = folder
            .join(destination.file_name())
            .join(self.target.digest_file());
        let parent = path.parent().unwrap_or(folder);
        std::fs::create_dir_all(parent).at("create", parent)?;
        let mut text = serde_json::to_vec_pretty(self)?;
        text.push(b'\n');
        Ok(storage::write_state(&path, &text)?)
    }

    /// The version that the digest files below `folder` are about, as the recipe
    /// described it when it was built; none where there is no digest file.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub fn version_of(
        folder: &Path,
        destination: &Endpoint,
        app: &str,
        number: &str,
    ) -> Result<Option<Version>> {
        for version in roots(folder, destination).map(|root| root.join(app).join(number)) {
            for image in entries(&version)? {
                for file in entries(&image)? {
                    // Those that cannot be read are named when their turn comes.
                    let bytes = storage::read(&file, MAX_BYTES).unwrap_or_default();
                    if let Ok(file) = serde_json::from_slice::<Self>(&bytes)
                        && file.version.number == number
                        && file.is_for(destination)
                    {
                        return Ok(Some(file.version));
                    }
                }
            }
        }
        Ok(None)
    }

    /// Reads a target's digest file for this destination below `folder`; none
    /// when there is none. Earlier programs kept one file for all destinations,
    /// which is read where it is about this one.
    ///
    /// # Errors
    /// A [`Failure`] with [`ExitCode::Config`] when it is malformed, of a later
    /// schema, or about another target than its place says.
    pub fn read(folder: &Path, destination: &Endpoint, target: &TargetId) -> Result<Option<Self>> {
        for root in roots(folder, destination) {
            let file = Self::read_from(&root.join(target.digest_file()), target)?;
            if let Some(file) = file.filter(|file| file.is_for(destination)) {
                return Ok(Some(file));
            }
        }
        Ok(None)
    }

    /// As [`read`](Self::read), of this project's own: one that cannot be used is
    /// set aside, and its target is built again.
    ///
    /// # Errors
    /// When the file system refuses.
    pub fn own(folder: &Path, destination: &Endpoint, target: &TargetId) -> Result<Option<Self>> {
        for root in roots(folder, destination) {
            let path = root.join(target.digest_file());
            let parse = |bytes: Vec<u8>| Self::parse(&bytes, target);
            let file = storage::read_state(&path, MAX_BYTES, parse)?;
            if let Some(file) = file.filter(|file| file.is_for(destination)) {
                return Ok(Some(file));
            }
        }
        Ok(None)
    }

    /// The repositories that digest files of this target below `folder` name,
    /// whatever their destination.
    ///
    /// # Errors
    /// When the file system refuses.
    pub fn repositories(folder: &Path, target: &TargetId) -> Result<Vec<String>> {
        let mut roots = entries(folder)?;
        roots.insert(0, folder.to_owned());
        let files = roots
            .iter()
            .filter_map(|root| Self::read_from(&root.join(target.digest_file()), target).ok()?);
        Ok(files.map(|file| file.repository).collect())
    }

    fn is_for(&self, destination: &Endpoint) -> bool {
        self.repository == destination.show_repository(&self.target.image)
    }

    fn read_from(path: &Path, target: &TargetId) -> Result<Option<Self>> {
        let bytes = match storage::read(path, MAX_BYTES) {
            Err(error)
                if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) =>
            {
                return Ok(None);
            }
            read => read.at("read", path)?,
        };
        let file = Self::parse(&bytes, target).map_err(|why| {
            Failure::new(
                ExitCode::Config,
                format!("{} is not a digest file: {why}", path.display()),
            )
            .hint("build it again with `bakehouse build`, where it was built")
        })?;
        Ok(Some(file))
    }

    /// The digest file of this target; why it is none.
    fn parse(bytes: &[u8], target: &TargetId) -> Result<Self, String> {
        let file: Self = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
        if let Some(fault) = file.schema.fault() {
            return Err(fault);
        }
        if file.target != *target {
            return Err(format!("it is about {}", file.target));
        }
        if file.version.number != target.version {
            return Err(format!("its version is {}", file.version.number));
        }
        Ok(file)
    }
}

/// The roots of a destination's digest files below a folder: in one of its own, and
/// in the folder itself, where earlier programs put them.
fn roots(folder: &Path, destination: &Endpoint) -> impl Iterator<Item = PathBuf> {
    [folder.join(destination.file_name()), folder.to_owned()].into_iter()
}

/// The entries of a folder, sorted; none where there is no folder.
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
    use bakehouse_core::date::Date;
    use bakehouse_core::recipe::{Dockerfile, Network};

    pub(in crate::pipeline) fn example() -> DigestFile {
        let platform: bakehouse_core::platform::Platform = "linux/arm64".parse().unwrap();
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
                revision_of: None,
                extras: Vec::new(),
                taken: Vec::new(),
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
                committed: Date::parse("2025-01-01T00:00:00Z"),
            }),
        )
    }

    pub(in crate::pipeline) fn destination() -> Endpoint {
        Endpoint::new("registry.example", "ns").unwrap()
    }

    fn read(folder: &Path, target: &TargetId) -> Result<Option<DigestFile>> {
        DigestFile::read(folder, &destination(), target)
    }

    #[test]
    fn what_is_written_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let file = example();
        assert_eq!(read(folder.path(), &file.target).unwrap(), None);
        file.write(folder.path(), &destination()).unwrap();
        assert_eq!(
            read(folder.path(), &file.target).unwrap(),
            Some(file.clone())
        );
        // Those of an app without source, and earlier ones, have no revision.
        let path = folder.path().join("registry.example+ns");
        let path = path.join(file.target.digest_file());
        let text = std::fs::read_to_string(&path).unwrap();
        let mut json: serde_json::Value = serde_json::from_str(&text).unwrap();
        json.as_object_mut().unwrap().remove("revision");
        std::fs::write(&path, json.to_string()).unwrap();
        let read = read(folder.path(), &file.target).unwrap();
        assert_eq!(read.unwrap().revision, None);
    }

    #[test]
    fn destinations_do_not_share_digest_files() {
        let folder = tempfile::tempdir().unwrap();
        let mut files = Vec::new();
        for (host, namespace) in [
            ("registry.example", "ns"),
            ("registry.example", "other"),
            ("registry.example", "ns/other"),
            ("registry.example:5000", "ns"),
        ] {
            let destination = Endpoint::new(host, namespace).unwrap();
            let mut file = example();
            file.repository = destination.show_repository(&file.target.image);
            file.write(folder.path(), &destination).unwrap();
            files.push((destination, file));
        }
        for (destination, file) in &files {
            let read = DigestFile::read(folder.path(), destination, &file.target);
            assert_eq!(read.unwrap().as_ref(), Some(file));
        }
        let third = Endpoint::new("registry.example", "third").unwrap();
        let target = &files[0].1.target;
        assert_eq!(
            DigestFile::read(folder.path(), &third, target).unwrap(),
            None
        );
        let known = DigestFile::repositories(folder.path(), target).unwrap();
        assert_eq!(known.len(), 4);
    }

    #[test]
    fn the_layout_of_earlier_programs_is_read_for_its_own_destination() {
        let folder = tempfile::tempdir().unwrap();
        let file = example();
        let path = folder.path().join(file.target.digest_file());
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, serde_json::to_string(&file).unwrap()).unwrap();
        assert_eq!(
            read(folder.path(), &file.target).unwrap(),
            Some(file.clone())
        );
        let version = |destination: &Endpoint| {
            DigestFile::version_of(folder.path(), destination, "esbuild", "1.0.0").unwrap()
        };
        assert!(version(&destination()).is_some());
        let other = Endpoint::new("registry.example", "other").unwrap();
        assert_eq!(
            DigestFile::read(folder.path(), &other, &file.target).unwrap(),
            None
        );
        assert_eq!(version(&other), None);
        // A newer one of the destination's own goes first.
        let mut newer = file.clone();
        newer.recipe = "newer".into();
        newer.write(folder.path(), &destination()).unwrap();
        assert_eq!(read(folder.path(), &file.target).unwrap(), Some(newer));
    }

    #[test]
    fn bad_files_are_named() {
        let folder = tempfile::tempdir().unwrap();
        let file = example();
        let path = folder.path().join("registry.example+ns");
        let path = path.join(file.target.digest_file());
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        let other = {
            let mut other = file.clone();
            other.version.number = "2.0.0".into();
            serde_json::to_string(&other).unwrap()
        };
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
            (other.as_str(), "its version is 2.0.0"),
            (later.as_str(), "schema 9, expected 1"),
        ] {
            std::fs::write(&path, text).unwrap();
            let error = read(folder.path(), &file.target).unwrap_err();
            let failure = Failure::find(&error).unwrap();
            assert_eq!(failure.code(), ExitCode::Config);
            assert!(failure.to_string().contains(expected), "{failure}");
        }
    }
}
