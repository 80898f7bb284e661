//! The reasons why no app is written.

use std::path::PathBuf;

use bakehouse_core::platform::Platform;
use bakehouse_core::storage_error::StorageError;
use bakehouse_dockerfile::Unreadable;
use bakehouse_registry::LookupError;
use bakehouse_system::http::SetUpError;
use bakehouse_upstream::fetch::FetchError;
use bakehouse_upstream::git::GitError;
use bakehouse_upstream::release::ReleaseError;

use crate::text;

/// Why no app is written.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NewError {
    /// No image can be called so.
    #[error("`{}` is no name for an app: small letters and digits, with `-`, `_` or `.` between them", .0.escape_debug())]
    Name(String),
    /// It is never overwritten.
    #[error("{} exists", .0.display())]
    Exists(PathBuf),
    /// A recipe that is not written for such a source.
    #[error("`--recipe {recipe}` is not for {source_text}")]
    Recipe {
        /// The recipe.
        recipe: &'static str,
        /// The source.
        source_text: String,
    },
    /// Releases are not known.
    #[error(transparent)]
    Release(#[from] ReleaseError),
    /// A file is not downloaded.
    #[error(transparent)]
    Fetch(#[from] FetchError),
    /// A repository is not checked out.
    #[error(transparent)]
    Git(#[from] GitError),
    /// An image is not looked at.
    #[error(transparent)]
    Lookup(#[from] LookupError),
    /// The local file system refused.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// TLS cannot be set up.
    #[error(transparent)]
    SetUp(#[from] SetUpError),
    /// No file of a release is for any of the platforms.
    #[error("{source_text} {version} has no program for {}; it has {seen}", list(.platforms))]
    NoFile {
        /// The source.
        source_text: String,
        /// The version.
        version: String,
        /// The platforms that were looked for.
        platforms: Vec<Platform>,
        /// The files that there are.
        seen: String,
    },
    /// No package for any of the platforms has the version of the one that names them.
    #[error("{source_text} {version} has its programs in packages that have no {version}: {parts}")]
    Late {
        /// The source.
        source_text: String,
        /// The version.
        version: String,
        /// The sources of those packages.
        parts: String,
    },
    /// A file has no program for its platform in it.
    #[error("{file} holds no program for {platform}; it holds {seen}")]
    NoProgram {
        /// The file.
        file: String,
        /// The platform.
        platform: Platform,
        /// What there is.
        seen: String,
    },
    /// A file has several programs for its platform in it.
    #[error("{file} holds several programs for {platform}: {}", .programs.join(", "))]
    Several {
        /// The file.
        file: String,
        /// The platform.
        platform: Platform,
        /// Their paths.
        programs: Vec<String>,
    },
    /// No pattern picks the files that were found.
    #[error("nothing in the names of {files} would pick the next version's files")]
    NoPattern {
        /// The files.
        files: String,
    },
    /// A pattern of the command line is none.
    #[error("{0}")]
    Pattern(String),
    /// An archive of a format that is not read.
    #[error("{0} is an archive of a kind that is not unpacked")]
    Packed(String),
    /// Nothing says the licence.
    #[error("nothing says the licence of {0}")]
    NoLicence(String),
    /// A repository has no Dockerfile.
    #[error("{repository} has no Dockerfile at {tag}; it has {seen}")]
    NoDockerfile {
        /// The repository.
        repository: String,
        /// The tag.
        tag: String,
        /// What is at its root.
        seen: String,
    },
    /// A Dockerfile is not read for certain as BuildKit reads it.
    #[error("{path}: {source}")]
    Dockerfile {
        /// Its path in the repository.
        path: String,
        /// Why.
        source: Unreadable,
    },
    /// An image does not say of which repository it is made.
    #[error("{image} has {}{}, and no label that says where its source is", list(.has), wanting(.lacks))]
    Image {
        /// The reference.
        image: String,
        /// The platforms that it has.
        has: Vec<Platform>,
        /// Those that were asked for, and that it lacks.
        lacks: Vec<Platform>,
    },
    /// There is no SDK to write a crate on.
    #[error("{} has no crate `sdk` in its plugins/, and names no release of Bakehouse to take it from", .0.display())]
    NoSdk(PathBuf),
    /// Nobody answers.
    #[error("the answer cannot be read: {0}")]
    Answer(#[source] std::io::Error),
}

/// Platforms, for a sentence.
pub(super) fn list(platforms: &[Platform]) -> String {
    let texts: Vec<String> = platforms.iter().map(ToString::to_string).collect();
    match texts.as_slice() {
        [] => "no platform".to_owned(),
        texts => texts.join(", "),
    }
}

fn wanting(platforms: &[Platform]) -> String {
    match platforms {
        [] => String::new(),
        some => format!(", lacks {}", list(some)),
    }
}

/// The first of many names, for a sentence.
pub(super) fn some<T: AsRef<str>>(names: &[T]) -> String {
    const SHOWN: usize = 12;
    match names.is_empty() {
        true => "nothing".to_owned(),
        false => text::some(names, SHOWN),
    }
}
