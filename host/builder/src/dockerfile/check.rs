//! Facts of a Dockerfile that are read before it is built.

use std::borrow::Cow;

use bakehouse_core::recipe::{Build, Dockerfile};
use bakehouse_system::storage;
use bakehouse_system::work_tree::WorkTree;

use super::{DockerfileError, emulation, growth};
use crate::builder::{BuildRequest, Capabilities};
use crate::error::BuildError;

/// Bytes of a Dockerfile.
pub const MAX_DOCKERFILE: u64 = 1 << 20;

/// Refuses a build whose Dockerfile gets too large when its variables are filled
/// in, or has a `RUN` step that the builder cannot run or may not emulate.
///
/// # Errors
/// [`BuildError::Dockerfile`] naming the line.
pub(crate) fn check(
    request: &BuildRequest,
    tree: &WorkTree,
    can: &Capabilities,
    emulate: bool,
) -> Result<(), BuildError> {
    let build = &request.build;
    let Some((name, text)) = text(build, tree)? else {
        return Ok(());
    };
    growth::check(&text, &build.args).map_err(|growth| DockerfileError::Growth {
        file: name.to_owned(),
        growth,
    })?;
    emulation::check(build, (name, text.as_ref()), can, emulate)?;
    Ok(())
}

/// A build's Dockerfile and what to call it; none where it cannot be read:
/// BuildKit says what is wrong with it.
pub(crate) fn text<'a>(
    build: &'a Build,
    tree: &WorkTree,
) -> Result<Option<(&'a str, Cow<'a, str>)>, BuildError> {
    let path = match &build.dockerfile {
        Dockerfile::Inline(text) => {
            return Ok(Some(("the Dockerfile", Cow::Borrowed(text.as_str()))));
        }
        Dockerfile::Path(path) => path,
    };
    let bytes = storage::read(&tree.file(path)?, MAX_DOCKERFILE).ok();
    let text = bytes.map(|bytes| Cow::Owned(String::from_utf8_lossy(&bytes).into_owned()));
    Ok(text.map(|text| (path.as_str(), text)))
}
