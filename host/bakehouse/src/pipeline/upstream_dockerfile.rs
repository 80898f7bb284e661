//! Upstream's Dockerfile, among its source, that a recipe's came from.
//!
//! A recipe that edits a file in place says which. One that answers with a text
//! does not: then it is the one of which most is in that text.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use bakehouse_builder::MAX_DOCKERFILE;
use bakehouse_core::recipe::Dockerfile;
use bakehouse_core::storage_error::{At as _, StorageError};
use bakehouse_system::storage;
use bakehouse_system::work_tree::WorkTree;

use crate::diff::in_common;

/// Parts of the names of Dockerfiles, in lower case.
const NAMES: [&str; 2] = ["dockerfile", "containerfile"];
/// Dockerfiles that are looked at.
const MANY: usize = 200;
/// Longest that they are looked at, all together.
const LIMIT: Duration = Duration::from_secs(2);

/// A file of upstream's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Original {
    /// Its path in the repository.
    pub(super) path: String,
    /// Its text.
    pub(super) text: String,
}

/// The file in the folder `source` that `text` came from; none where it is of
/// its recipe's own making.
///
/// # Errors
/// When the folder cannot be read. A file that is no text is none.
pub(super) fn original(
    source: &Path,
    build: &Dockerfile,
    text: &str,
) -> Result<Option<Original>, StorageError> {
    if let Dockerfile::Path(path) = build
        && let Some(named) = read(source, path)
    {
        return Ok(Some(named));
    }
    let paths = dockerfiles(source).at("read", source)?;
    let until = Instant::now() + LIMIT;
    let files = paths.iter().filter_map(|path| read(source, path));
    let alike = files.filter_map(|file| Some((likeness(&file.text, text, until)?, file)));
    // Of those that are as alike the first one.
    let best = alike.reduce(|best, next| if next.0 > best.0 { next } else { best });
    Ok(best.map(|(_, file)| file))
}

/// The likeness of a text to one that it may have been made of, in thousandths; none
/// where not even half of that is left.
fn likeness(original: &str, text: &str, until: Instant) -> Option<usize> {
    let (common, old, new) = in_common(original, text, until);
    let enough = common > 0 && 2 * common >= old;
    enough.then(|| 2000 * common / (old + new))
}

fn read(source: &Path, path: &str) -> Option<Original> {
    let file = WorkTree::open(source).ok()?.file(path).ok()?;
    let bytes = storage::read(&file, MAX_DOCKERFILE).ok()?;
    Some(Original {
        path: path.to_owned(),
        text: String::from_utf8(bytes).ok()?,
    })
}

/// The paths of what is called as Dockerfiles are, sorted. Links are not
/// followed, and a folder whose path is longer than the system takes is left out.
fn dockerfiles(source: &Path) -> std::io::Result<Vec<String>> {
    let mut found = Vec::new();
    let mut todo: Vec<PathBuf> = vec![source.to_owned()];
    while let Some(folder) = todo.pop() {
        let entries = match std::fs::read_dir(&folder) {
            Err(error) if error.kind() == ErrorKind::InvalidFilename => continue,
            entries => entries?,
        };
        for entry in entries {
            let entry = entry?;
            let kind = entry.file_type()?;
            if kind.is_dir() {
                todo.push(entry.path());
                continue;
            }
            let name = entry.file_name().to_string_lossy().to_lowercase();
            let path = entry.path();
            let path = path.strip_prefix(source).ok().and_then(Path::to_str);
            if kind.is_file()
                && NAMES.iter().any(|part| name.contains(part))
                && let Some(path) = path
            {
                found.push(path.to_owned());
            }
        }
    }
    found.sort();
    found.truncate(MANY);
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAIN: &str = "FROM node:22 AS deps\nWORKDIR /app\nCOPY . .\nRUN yarn install\nRUN yarn build\nENV PORT=3000\n";
    const OTHER: &str =
        "FROM node:22 AS deps\nCOPY . .\nRUN make\nRUN make install\nUSER node\nCMD [\"x\"]\n";

    fn source() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("deploy")).unwrap();
        let write = |path: &str, text: &[u8]| std::fs::write(folder.path().join(path), text);
        write("deploy/Dockerfile.base", MAIN.as_bytes()).unwrap();
        write("Dockerfile", OTHER.as_bytes()).unwrap();
        // All of it is in the text that is looked for, and little of that in it.
        write("Containerfile.small", b"COPY . .\n").unwrap();
        write("Dockerfile.bytes", b"FROM \xff\n").unwrap();
        write("build.docker", b"FROM scratch\n").unwrap();
        std::os::unix::fs::symlink("/", folder.path().join("dockerfiles")).unwrap();
        folder
    }

    #[test]
    fn a_text_is_traced_to_the_file_that_it_was_made_of() {
        let source = source();
        let path = |build: &Dockerfile, text: &str| {
            let found = original(source.path(), build, text).unwrap();
            found.map(|original| original.path)
        };
        let inline = Dockerfile::Inline(String::new());
        let edited = MAIN.replace("FROM node", "FROM --platform=$BUILDPLATFORM node");
        let program = "COPY <<END /x\n".to_owned() + &"a line\n".repeat(100) + "END\n";
        assert_eq!(
            path(&inline, &format!("{edited}{program}")).as_deref(),
            Some("deploy/Dockerfile.base")
        );
        // What the recipe names is that, however little is left of it.
        let named = Dockerfile::Path("build.docker".to_owned());
        assert_eq!(path(&named, MAIN).as_deref(), Some("build.docker"));
        let own = "FROM scratch\nCOPY --chmod=0755 [\"program\", \"/x\"]\n";
        assert_eq!(path(&inline, own), None);
        let absent = Dockerfile::Path("made/Dockerfile".to_owned());
        assert_eq!(path(&absent, own), None);
    }
}
