//! A build that a recipe asks for, be it the final one or a compile step.

use super::state::Prepare;
use crate::buildx::frontend;
use crate::grants::{Kind, Policy};
use crate::recipe::{Build, CallError, Dockerfile, Network};
use crate::work_tree::WorkTree;

/// Bytes of a Dockerfile.
const DOCKERFILE: u64 = 1 << 20;
/// Bytes of all names and values that become arguments of one process.
const TEXT: usize = 256 << 10;
/// Arguments, labels, contexts and secrets.
const MANY: usize = 1000;

/// Frontends that run `RUN` steps without network where the host says so, as
/// the one that is part of BuildKit does.
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
    for (_, value) in &build.contexts {
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
            let size = file.metadata().map_or(u64::MAX, |meta| meta.len());
            if size > DOCKERFILE {
                return Err(too_large(path));
            }
            let bytes = std::fs::read(&file)
                .map_err(|e| CallError::InvalidInput(format!("`{path}` cannot be read: {e}")))?;
            named_frontend(policy, &String::from_utf8_lossy(&bytes))
        }
    }
}

/// A frontend is an image that BuildKit runs, with any network it likes.
fn named_frontend(policy: &Policy, dockerfile: &str) -> Result<(), CallError> {
    let Some(named) = frontend(dockerfile) else {
        return Ok(());
    };
    policy.check(Kind::Bases, named)?;
    let known = FRONTENDS
        .iter()
        .any(|known| Kind::Bases.covers(known, named));
    if known {
        return Ok(());
    }
    policy.network().map_err(|error| {
        CallError::Denied(format!(
            "the Dockerfile's frontend {named} decides itself what has network: {error}"
        ))
    })
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
        Dockerfile::Inline(text) if text.len() as u64 > DOCKERFILE => Err(too_large("inline")),
        _ => Ok(()),
    }
}

fn too_large(dockerfile: &str) -> CallError {
    CallError::InvalidInput(format!(
        "the Dockerfile ({dockerfile}) is larger than {DOCKERFILE} bytes"
    ))
}
