//! A build that a recipe asks for, be it the final one or a compile step.

use std::io::ErrorKind;

use bakehouse_builder::{MAX_DOCKERFILE, frontend};
use bakehouse_core::grants::{ImageEntry, Kind, Policy};
use bakehouse_core::recipe::{Build, CallError, Dockerfile, Network};
use bakehouse_system::storage;
use bakehouse_system::work_tree::WorkTree;

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

/// Checks a build against the grants; what it fetches is checked again by
/// BuildKit.
///
/// # Errors
/// [`CallError::Denied`], or [`CallError::InvalidInput`] for what cannot be
/// passed on.
pub(super) fn build(policy: &Policy, prepare: &Prepare, build: &Build) -> Result<(), CallError> {
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
            return Err(CallError::InvalidInput(format!(
                "build context `{value}` is neither a folder nor docker-image://"
            )));
        }
    }
    match &build.dockerfile {
        Dockerfile::Inline(text) => named_frontend(policy, text),
        Dockerfile::Path(path) => {
            let file = WorkTree::open(prepare.tree())?.file(path)?;
            let bytes = match storage::read(&file, MAX_DOCKERFILE) {
                Err(e) if e.kind() == ErrorKind::FileTooLarge => return Err(too_large(path)),
                read => read.map_err(|e| {
                    CallError::InvalidInput(format!("`{path}` cannot be read: {e}"))
                })?,
            };
            named_frontend(policy, &String::from_utf8_lossy(&bytes))
        }
    }
}

/// A frontend writes the build's steps itself: with network, and with the key
/// of whatever layers it wants. Only one is known to do neither by itself.
fn named_frontend(policy: &Policy, dockerfile: &str) -> Result<(), CallError> {
    let Some(named) = frontend(dockerfile) else {
        return Ok(());
    };
    policy.check(Kind::Bases, named)?;
    if is_known_frontend(named) {
        return Ok(());
    }
    Err(CallError::Denied(format!(
        "the Dockerfile names {named} as its frontend, which could read other apps' layers and \
         reach the network; use docker/dockerfile, or leave out the `syntax` line"
    )))
}

fn is_known_frontend(image: &str) -> bool {
    FRONTENDS
        .iter()
        .any(|known| Kind::Bases.covers(known, image))
}

/// A named context takes the place of the image that it is named as: of a base
/// whose digest was reviewed, or of the frontend.
fn shadows(policy: &Policy, name: &str) -> Result<(), CallError> {
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
    Err(CallError::Denied(format!(
        "{}: the build context `{}` would take the place of {what}; give the context another name",
        policy.app(),
        name.escape_debug()
    )))
}

fn texts(build: &Build) -> Result<(), CallError> {
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
            return Err(CallError::InvalidInput(format!(
                "`{}` has a NUL in it",
                text.escape_debug()
            )));
        }
        bytes += text.len();
        count += 1;
    }
    if bytes > TEXT || count > MANY {
        return Err(CallError::InvalidInput(format!(
            "arguments, labels and contexts of a build are {count} texts of {bytes} bytes; at most {MANY} and {TEXT} can be passed on"
        )));
    }
    match &build.dockerfile {
        Dockerfile::Inline(text) if text.len() as u64 > MAX_DOCKERFILE => Err(too_large("inline")),
        _ => Ok(()),
    }
}

fn too_large(dockerfile: &str) -> CallError {
    CallError::InvalidInput(format!(
        "the Dockerfile ({dockerfile}) is larger than {MAX_DOCKERFILE} bytes"
    ))
}
