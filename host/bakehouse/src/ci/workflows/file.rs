//! A workflow file, and the one in its place.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use bakehouse_system::storage;

/// Bytes of a workflow file that is compared.
const LARGEST: u64 = 1 << 20;
/// The beginning of every file of ours, and of no other.
pub const MARKER: &str = "# Written by `bakehouse workflows`";

/// One workflow file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// Path from the project's root.
    pub path: PathBuf,
    /// Its text.
    pub text: String,
}

/// The state of a workflow file in a project.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum There {
    /// The same.
    Same,
    /// Nothing.
    Nothing,
    /// One that `bakehouse workflows` wrote, and that is another now.
    Other,
    /// Something that it did not write.
    Foreign,
}

impl There {
    /// The words for it in messages.
    #[must_use]
    pub const fn told(self) -> &'static str {
        match self {
            Self::Same => "is in step",
            Self::Nothing => "is missing",
            Self::Other => "differs",
            Self::Foreign => "was not written by `bakehouse workflows`",
        }
    }
}

impl File {
    /// Its state in the project.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn there(&self, root: &Path) -> Result<There> {
        let path = root.join(&self.path);
        match storage::read_text(&path, LARGEST) {
            Ok(text) if text == self.text => Ok(There::Same),
            Ok(text) if text.starts_with(MARKER) => Ok(There::Other),
            Ok(_) => Ok(There::Foreign),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(There::Nothing),
            // A folder, a pipe, bytes that are no text, more of them than ours.
            Err(error)
                if matches!(
                    error.kind(),
                    ErrorKind::IsADirectory
                        | ErrorKind::InvalidInput
                        | ErrorKind::InvalidData
                        | ErrorKind::FileTooLarge
                ) =>
            {
                Ok(There::Foreign)
            }
            Err(error) => Err(error).with_context(|| format!("cannot read {}", path.display())),
        }
    }

    /// Writes it.
    ///
    /// # Errors
    /// When the file system refuses.
    pub fn write(&self, root: &Path) -> Result<()> {
        let path = root.join(&self.path);
        let folder = path.parent().unwrap_or(root);
        std::fs::create_dir_all(folder)
            .and_then(|()| storage::write(&path, self.text.as_bytes()))
            .with_context(|| format!("cannot write {}", path.display()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_differs_is_told_from_what_is_not_ours() {
        let root = tempfile::tempdir().unwrap();
        let file = File {
            path: PathBuf::from("a/b.yml"),
            text: format!("{MARKER} from x\nname: a\n"),
        };
        let path = root.path().join(&file.path);
        assert_eq!(file.there(root.path()).unwrap(), There::Nothing);
        file.write(root.path()).unwrap();
        assert_eq!(file.there(root.path()).unwrap(), There::Same);
        std::fs::write(&path, format!("{MARKER}, once\n")).unwrap();
        assert_eq!(file.there(root.path()).unwrap(), There::Other);
        let foreign: [&[u8]; 4] = [b"", b"name: mine\n", b"\xff", &[b' '; 2 << 20]];
        for bytes in foreign {
            std::fs::write(&path, bytes).unwrap();
            assert_eq!(file.there(root.path()).unwrap(), There::Foreign);
        }
        std::fs::remove_file(&path).unwrap();
        std::fs::create_dir(&path).unwrap();
        assert_eq!(file.there(root.path()).unwrap(), There::Foreign);
    }
}
