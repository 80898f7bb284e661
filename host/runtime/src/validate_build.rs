//! A build that a recipe asks for, be it the final one or a compile step.

use std::io::{self, ErrorKind};
use std::path::Path;

use bakehouse_builder::{MAX_DOCKERFILE, frontend_line};
use bakehouse_core::grants::{Denied, ImageEntry, Kind, Policy};
use bakehouse_core::platform::{Platform, PlatformError};
use bakehouse_core::recipe::{Build, Dockerfile, Network};
use bakehouse_core::storage_error::StorageError;
use bakehouse_system::storage;
use bakehouse_system::work_tree::{PathError, WorkTree};

use super::state::Prepare;

/// Bytes of all names and values that become arguments of one process.
const TEXT: usize = 256 << 10;
/// Arguments, labels, contexts and secrets.
const MANY: usize = 1000;

/// Frontends that are the one which is part of BuildKit, in other versions.
const FRONTENDS: &[&str] = &[
    "docker.io/docker/dockerfile",
    "docker.io/docker/dockerfile-upstream",
];

/// The reasons why a build is not passed on to the builder.
#[derive(Debug, thiserror::Error)]
pub enum InvalidBuild {
    /// It takes what the app has no grant for.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// It is for a platform that is none.
    #[error(transparent)]
    Platform(#[from] PlatformError),
    /// It is for another platform than the target.
    #[error("it returned a build for {0}")]
    OtherPlatform(Platform),
    /// A path in it is none in the work tree.
    #[error(transparent)]
    Path(#[from] PathError),
    /// A named context that is neither.
    #[error("build context `{0}` is neither a folder nor docker-image://")]
    Context(String),
    /// Its Dockerfile is no file of text.
    #[error("`{path}` cannot be read: {source}")]
    Dockerfile {
        /// Its path in the work tree.
        path: String,
        /// The error that reading it as a text ended with.
        source: io::Error,
    },
    /// Its Dockerfile is too large.
    #[error("the Dockerfile ({0}) is larger than {MAX_DOCKERFILE} bytes")]
    Large(String),
    /// Its Dockerfile wants another frontend than BuildKit's own.
    #[error(
        "the Dockerfile names {frontend} as its frontend, which could read other apps' layers and \
         reach the network; use docker/dockerfile, or leave out the `syntax` line"
    )]
    Frontend {
        /// The frontend's image.
        frontend: String,
    },
    /// A named context takes the place of an image.
    #[error(
        "{app}: the build context `{}` would take the place of {what}; give the context another name",
        context.escape_debug()
    )]
    Shadow {
        /// The app.
        app: String,
        /// The context's name.
        context: String,
        /// The image, and why that one.
        what: String,
    },
    /// A text with a NUL in it.
    #[error("`{}` has a NUL in it", .0.escape_debug())]
    Nul(String),
    /// More texts, or longer ones, than one command line takes.
    #[error(
        "arguments, labels and contexts of a build are {count} texts of {bytes} bytes; at most {MANY} and {TEXT} can be passed on"
    )]
    Many {
        /// The number of those texts.
        count: usize,
        /// Their bytes.
        bytes: usize,
    },
    /// The local file system refused.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

/// Checks a build against the grants; what it fetches is checked again by
/// BuildKit.
///
/// # Errors
/// What is not granted, and what cannot be passed on.
pub(super) fn build(policy: &Policy, prepare: &Prepare, build: &Build) -> Result<(), InvalidBuild> {
    texts(build)?;
    if build.network == Network::Default {
        policy.network()?;
    }
    for name in &build.secrets {
        policy.check(Kind::Secrets, name)?;
    }
    policy.check(Kind::Platforms, &build.platform.to_string())?;
    for (name, value) in &build.contexts {
        shadows(policy, name)?;
        if let Some(reference) = value.strip_prefix("docker-image://") {
            if !prepare.bases.iter().any(|base| base.reference == reference) {
                policy.check(Kind::Bases, reference)?;
            }
        } else if value.contains("://") {
            return Err(InvalidBuild::Context(value.clone()));
        }
    }
    match &build.dockerfile {
        Dockerfile::Inline(text) => named_frontend(policy, text),
        Dockerfile::Path(path) => {
            let file = WorkTree::open(prepare.tree())?.file(path)?;
            let bytes = storage::read(&file, MAX_DOCKERFILE);
            let bytes = bytes.map_err(|source| unread(path, &file, source))?;
            named_frontend(policy, &String::from_utf8_lossy(&bytes))
        }
    }
}

/// A frontend writes the build's steps itself: with network, and with the key
/// of whatever layers it wants. Only one is known to do neither by itself.
fn named_frontend(policy: &Policy, dockerfile: &str) -> Result<(), InvalidBuild> {
    let Some((line, named)) = frontend_line(dockerfile) else {
        return Ok(());
    };
    policy.check(Kind::Bases, named).map_err(|denied| {
        let place = format!("line {line} of the Dockerfile names a frontend (`# syntax`)");
        Denied(format!("{place}: {denied}"))
    })?;
    if is_known_frontend(named) {
        return Ok(());
    }
    Err(InvalidBuild::Frontend {
        frontend: named.to_owned(),
    })
}

fn is_known_frontend(image: &str) -> bool {
    FRONTENDS
        .iter()
        .any(|known| Kind::Bases.covers(known, image))
}

/// A named context takes the place of the image that it is named as: of a base
/// whose digest was reviewed, or of the frontend.
fn shadows(policy: &Policy, name: &str) -> Result<(), InvalidBuild> {
    let (image, _) = name.split_once("::").unwrap_or((name, ""));
    let pinned = policy
        .effective(Kind::Bases)
        .into_iter()
        .find(|entry| ImageEntry::pins(entry, image));
    let what = match pinned {
        Some(entry) => format!("`{entry}`, which is granted at that digest alone"),
        None if is_known_frontend(image) => "the Dockerfile's frontend".to_owned(),
        None => return Ok(()),
    };
    Err(InvalidBuild::Shadow {
        app: policy.app().to_owned(),
        context: name.to_owned(),
        what,
    })
}

fn texts(build: &Build) -> Result<(), InvalidBuild> {
    let pairs = [&build.args, &build.contexts, &build.labels];
    let texts = pairs
        .into_iter()
        .flatten()
        .flat_map(|(name, value)| [name, value])
        .chain(&build.secrets)
        .chain(&build.stage)
        .chain([&build.context]);
    let (mut bytes, mut count) = (0, 0);
    for text in texts {
        if text.contains('\0') {
            return Err(InvalidBuild::Nul(text.clone()));
        }
        bytes += text.len();
        count += 1;
    }
    if bytes > TEXT || count > MANY {
        return Err(InvalidBuild::Many { count, bytes });
    }
    match &build.dockerfile {
        Dockerfile::Inline(text) if text.len() as u64 > MAX_DOCKERFILE => {
            Err(InvalidBuild::Large("inline".to_owned()))
        }
        _ => Ok(()),
    }
}

/// A Dockerfile that is none, or that the system refuses.
fn unread(path: &str, file: &Path, source: io::Error) -> InvalidBuild {
    let path = path.to_owned();
    match source.kind() {
        ErrorKind::FileTooLarge => InvalidBuild::Large(path),
        ErrorKind::NotFound | ErrorKind::IsADirectory | ErrorKind::InvalidInput => {
            InvalidBuild::Dockerfile { path, source }
        }
        _ => StorageError::new("read", file, source).into(),
    }
}
